"""Vocabulary of equipment: free text of a header is let through only where every word is in it.

Manufacturer, model and reconstruction are free text in DICOM, so a name
can have been typed into them. A text whose words are not all known here is
replaced by `UNLISTED`.
"""

from __future__ import annotations

import re

UNLISTED = "unlisted"
"""Stands for a text that was withheld."""

_MAKERS = """
    canon gems ge healthcare hermes hitachi mediso medical systems shimadzu siemens philips positron corporation
    spectrum dynamics toshiba united imaging nucmed cps adac elscint imatron trionix marconi picker sopha digirad
    synthetic pet spect simulate molecular naeotom cti electronics company neurologica uih
"""
_MODELS = """
    advance allegro anyscan biograph brightspeed brightview camstar cardius cartesion celesteion ct discovery duet
    dynasuv ecam ecat elite evo exact flash forte gemini gxl hawkeye hd horizon hr hrrt infinia ingenuity intevo irix
    ls lso luminous mcd mct mediso mi millennium mmr motion mr mpr next nm nmct omni optima pet petct pro prism quadra
    ring rx s signa skylight spect spectct st ste starguide swiss symbia t tandem tof tf time trinias truepoint truev
    umi uexplorer umr va vantage varicam veriton vereos vg vision vp x xeleris xl xr edge excel iq dr gen core
    simulate clinical legend legacy bright view big bore max pt fp neuro aquiduo panorama expert ph
"""
_METHODS = """
    osem osem3d osem2d mlem fbp dfbp rp reprojection ramla blob os em tof psf tp truex trux vpfx vphd vpfxs vphds
    qclear bpl regularized bsrem map rowaction dimensional iterative ir iteration iterations i subset subsets s it
    sub filtered filter back backprojection projection awosem op lor paradigm fore ultrahd hd pi fx sharpir sharp
    none rr sc ac nac res resolution recovery evolution flash3d flash three gaussian gauss butterworth butter hann
    hanning hamming bw ramp shepp logan parzen metz standard heavy light all pass allpass order cutoff mm cm fwhm
    kernel ct ctac derived measured calculated chang uniform zonal elliptical attenuation transmission emission
    segmented segm based and with correction scatter atten atn ge cs germanium cesium dixon ute zte mrac smoothing x
    y z xyz d e n a p b k m hermes onco brain nucleus simulated attenuated static body whole convolution subtraction
    pet tf sg xyzgauss
"""

_COLLIMATORS = """
    le me he lehr leap leuhr lehs legp lega lme megp melp meap hegp hehr elegp uhr hr hs gp ap lp low medium high energy
    general purpose resolution sensitivity ultra extended all collimator parallel hole fan beam cone pinhole multi
    smartzoom neurofocal ge siemens fanbeam wehr swiftscan
"""

_NAMES = """
    max bright logan chang hermes marconi picker sharp light heavy ring core gen mi dr forte prism horizon vision legend
    pass pro brain xyz e n a p b k d m s t x y z
"""
"""Words of the lists that are also names, titles or initials of people: they count beside another word alone."""

_ALONE = {
    "maker": frozenset(["hermes", "marconi", "picker"]),
    "model": frozenset(["forte", "horizon", "legend", "prism", "vision"]),
    "method": frozenset(["chang", "heavy", "light", "sharp"]),
}
"""Of these, what equipment writes with nothing beside it, such as Chang's attenuation correction."""

_MOST_DIGITS = 5
_YEAR = re.compile(r"(?<!\d)(19\d\d|20(?!00)[0-4]\d)(?!\d)")
"""A year of the last hundred; 2000, which is a model, is none."""

_DATE = re.compile(r"(?<!\d)(?=(\d{1,4}[\W_]+\d{1,4}[\W_]+\d{1,4}(?!\d)))")
"""Three numbers with only punctuation between."""

_KNOWN = {
    "maker": frozenset(_MAKERS.split()),
    "model": frozenset((_MAKERS + _MODELS).split()),
    "method": frozenset(_METHODS.split()),
    "collimator": frozenset(_COLLIMATORS.split()),
}

_CORRECTIONS = """
    DECY ATTN SCAT DTIM MOTN PMOT CLN RAN RADL DCAL NORM SLSENS UNIF COR NCO GEOM RANSNG RANSUB SCA2D XYSM ZSM
"""


def known_modality(text: str | None) -> str:
    """Return Modality if it is a defined one that imaging departments have, ``unknown`` otherwise."""
    return text if text in _MODALITIES else "unknown"


_MODALITIES = ("CT", "MR", "PT", "NM", "OT", "SC", "SEG", "US", "CR", "DX")


def known_corrections(terms: tuple[str, ...]) -> tuple[str, ...]:
    """Return the terms of CorrectedImage that are defined ones (PS3.3 C.8.9.1.1.3, C.8.4.9.1.3, and GE's)."""
    return tuple(term for term in terms if term in _CORRECTIONS.split())


def known_text(kind: str, text: str | None) -> str | None:
    """Return a header's text if each of its words is known, `UNLISTED` if not, None if there is none.

    One of its words must be no name of people, so that ``Logan Chang`` is withheld. So are
    more than five digits in all, a year and three numbers in a row, which may be a date
    or a number of a patient.

    Parameters
    ----------
    kind : {'maker', 'model', 'method', 'collimator'}
    text : str or None

    Examples
    --------
    >>> known_text("model", "Discovery ST"), known_text("model", "Doe Memorial 3")
    ('Discovery ST', 'unlisted')
    """
    if not text:
        return None
    words = re.findall(r"[^\W\d_]+", text.lower())
    plain = re.fullmatch(r"[\w .,;:+/*()\[\]^%=-]{1,64}", text, re.ASCII) is not None
    is_known = plain and all(word in _KNOWN[kind] for word in words) and _names_equipment(kind, words)
    return text if is_known and not _may_identify(text) else UNLISTED


def _names_equipment(kind: str, words: list[str]) -> bool:
    """Return whether words are not all such as may be somebody's name."""
    return any(word not in _NAMES.split() for word in words) or (len(words) == 1 and words[0] in _ALONE.get(kind, ()))


def _may_identify(text: str) -> bool:
    """Return whether the numbers of a text may be a date or a number of a patient; a version such as 3.5.2 is none."""
    is_long = re.search(r"\d{5,}", text) is not None or sum(map(str.isdigit, text)) > _MOST_DIGITS
    dates = (re.findall(r"\d+", candidate) for candidate in _DATE.findall(text))
    return is_long or _YEAR.search(text) is not None or any(max(map(len, numbers)) > 1 for numbers in dates)
