"""Radionuclides and their decay: names, codes, half-lives and pure formulas.

All times are seconds. The formulas are those of DICOM PS3.3 C.8.9.4.1.5
(Frame Reference Time) and of the IBSI guideline on SUV.
"""

from __future__ import annotations

import math
import re

HALF_LIVES_S = {
    "C11": 1221.8,
    "N13": 597.9,
    "O15": 122.24,
    "F18": 6586.2,
    "Cu64": 45723.6,
    "Ga67": 281811.0,
    "Ga68": 4057.7,
    "Rb82": 75.45,
    "Zr89": 282276.0,
    "Y90": 230760.0,
    "Tc99m": 21624.1,
    "In111": 242343.0,
    "I123": 47604.3,
    "I124": 360806.4,
    "I131": 693377.0,
    "Lu177": 574335.0,
    "Tl201": 263139.0,
}
"""Radionuclide, as BIDS spells it, to its half-life in seconds (DDEP/NNDC evaluations)."""

SINGLE_PHOTON = frozenset({"Ga67", "I123", "I131", "In111", "Lu177", "Tc99m", "Tl201"})
"""Those of `HALF_LIVES_S` that only SPECT can see."""

_ELEMENTS = {
    "carbon": "C",
    "nitrogen": "N",
    "oxygen": "O",
    "fluorine": "F",
    "fluor": "F",
    "copper": "Cu",
    "gallium": "Ga",
    "rubidium": "Rb",
    "zirconium": "Zr",
    "yttrium": "Y",
    "technetium": "Tc",
    "indium": "In",
    "iodine": "I",
    "iode": "I",
    "iod": "I",
    "jod": "I",
    "lutetium": "Lu",
    "thallium": "Tl",
}

ELEMENT_WORDS = frozenset([*_ELEMENTS, *(symbol.lower() for symbol in _ELEMENTS.values()), "m", "mtc"])
"""What is left of a radionuclide without its mass, in lower case."""

_CODES = {
    "C11": ("40565003", "C-105A1"),
    "N13": ("21576001", "C-107A1"),
    "O15": ("129504001", "C-B1038"),
    "F18": ("77004003", "C-111A1"),
    "Cu64": ("3932008", "C-127A2"),
    "Ga67": ("2008008", "C-131A2"),
    "Ga68": ("35337001", "C-131A3"),
    "Rb82": ("79197006", "C-159A2"),
    "Zr89": ("63360001", "C-168A4"),
    "Y90": ("14691008", "C-162A7"),
    "Tc99m": ("72454006", "C-163A8"),
    "In111": ("56609000", "C-145A4"),
    "I123": ("21572004", "C-114A4"),
    "I124": ("40937006", "C-114A5"),
    "I131": ("1368003", "C-114B1"),
    "Lu177": ("447553000", "C-101ED"),
    "Tl201": ("60057003", "C-138A9"),
}
"""SNOMED CT and SNOMED RT codes of PS3.16 CID 18 and CID 4020."""

SNOMED_SCHEMES = ("SCT", "SRT", "SNM3", "99SDM")
"""How headers call the coding scheme SNOMED, today's name and the retired ones."""

SAME_HALF_LIFE = 0.01
"""Largest relative difference of two half-lives that are the same."""


def decay_constant(half_life: float) -> float:
    """Return λ = ln 2 / T½ in 1/s."""
    return math.log(2) / half_life


def mean_activity_time(decay: float, duration: float) -> float:
    """Return when, after the start of a frame, its mean activity was the true activity.

    ``T_ave = (1/λ) ln[λT / (1 − e^{−λT})]`` (PS3.3 C.8.9.4.1.5, example 2).

    Parameters
    ----------
    decay : float
        λ in 1/s.
    duration : float
        T, the length of the frame in seconds.

    Returns
    -------
    float
        Seconds after the start of the frame; a little less than half its length.

    Examples
    --------
    >>> round(mean_activity_time(decay_constant(6586.2), 600), 1)
    298.4
    """
    return math.log(start_of_frame_factor(decay, duration)) / decay


def start_of_frame_factor(decay: float, duration: float) -> float:
    """Return what turns the mean activity of a frame into the activity at its start, ``λT / (1 − e^{−λT})``.

    Examples
    --------
    >>> round(start_of_frame_factor(decay_constant(6586.2), 6586.2), 6)  # a frame of one half-life: 2 ln 2
    1.386294
    """
    passed = decay * duration
    return 1.0 if passed == 0 else -passed / math.expm1(-passed)


def radionuclide_name(text: str) -> str | None:
    """Return the radionuclide a header names, spelled as BIDS does, or None if it is not a known one.

    Mass and element must stand side by side.

    Examples
    --------
    >>> [radionuclide_name(t) for t in ("^18^Fluorine", "18F", "F-18", "Tc99m SC", "^123^Iodine", "99mTc", "gold")]
    ['F18', 'F18', 'F18', 'Tc99m', 'I123', 'Tc99m', None]
    """
    words = re.findall(r"[a-z]+|\d+", re.sub(r"(\d)m(?=[a-z])", r"\1 m ", text.lower()))
    symbols = {symbol.lower(): symbol for symbol in _ELEMENTS.values()}
    for place, word in enumerate(words):
        element = _ELEMENTS.get(word) or symbols.get(word)
        before = words[max(place - 2, 0) : place]
        masses = [*words[place + 1 : place + 2], *(before[:1] if before[1:] == ["m"] else before[-1:])]
        for mass in masses if element else []:
            for metastable in ("", "m"):
                name = f"{element}{mass}{metastable}"
                if name in HALF_LIVES_S:
                    return name
    return None


def coded_radionuclide(scheme: str | None, value: str | None) -> str | None:
    """Return the radionuclide that a code of RadionuclideCodeSequence means, None if it is not a known one.

    Examples
    --------
    >>> coded_radionuclide("SCT", "77004003"), coded_radionuclide("SNM3", "C-114A4")
    ('F18', 'I123')
    """
    if scheme not in SNOMED_SCHEMES:
        return None
    return next((name for name, codes in _CODES.items() if value in codes), None)


def snomed_code(nuclide: str) -> str:
    """Return the SNOMED CT code of a radionuclide of `HALF_LIVES_S`.

    Examples
    --------
    >>> snomed_code("F18")
    '77004003'
    """
    return _CODES[nuclide][0]


def radionuclides_of_half_life(half_life: float | None) -> frozenset[str]:
    """Return the radionuclides that have a half-life in seconds, within 1 %; several may.

    Examples
    --------
    >>> sorted(radionuclides_of_half_life(6588)), sorted(radionuclides_of_half_life(282000))
    (['F18'], ['Ga67', 'Zr89'])
    """
    if half_life is None:
        return frozenset()
    return frozenset(
        name for name, tabulated in HALF_LIVES_S.items() if abs(half_life / tabulated - 1) <= SAME_HALF_LIFE
    )


def hyphenated(nuclide: str) -> str:
    """Return a radionuclide as messages spell it.

    Examples
    --------
    >>> hyphenated("Tc99m")
    'Tc-99m'
    """
    return re.sub(r"(?<=[a-zA-Z])(?=\d)", "-", nuclide)
