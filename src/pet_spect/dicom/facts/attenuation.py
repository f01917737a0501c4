"""Attenuation correction, settled from everything that a scan says of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from pet_spect.errors import PetSpectError
from pet_spect.remarks import Remark
from pet_spect.remarks.catalogue import Code

_NEGATIONS = {"none", "no", "not", "non", "nac", "uncorrected", "without", "false"}
_BESIDE_NEGATIONS = {"attenuation", "ac", "atten", "correction", "corrected", "performed", "applied", "done", "cm"}
_METHODS = {
    *("applied", "measured", "calculated", "chang", "ct", "ctac", "transmission", "segmented", "uniform", "elliptical"),
    *("mr", "mri", "mrac", "dixon", "ute", "zte", "atlas"),
}
_PLAIN = ("ac", "yes", "true", "corrected", "attenuation corrected")
"""A whole text that says yes, without a method."""

_CONTRAST = re.compile(r"\b(without|no|non|w/o)[ -]*(iv|i\.v\.|intravenous)?[ -]*contrast\b")
"""A CT without contrast medium, which does not mean without attenuation correction."""


def corrected_by(text: str | None) -> bool | None:
    """Return whether a method says that attenuation was corrected; None if it says neither or both.

    Examples
    --------
    >>> [corrected_by(text) for text in ("measured, 0.096000 cm-1,", "NONE, 0.000000 cm-1,", "", "CT, not applied")]
    [True, False, None, None]
    """
    plain = (text or "").strip().lower()
    if plain in _PLAIN:
        return True
    words = set(re.findall(r"[a-z]+", _CONTRAST.sub("", plain).replace("n/a", "none")))
    if words & _NEGATIONS:
        return False if words <= _NEGATIONS | _BESIDE_NEGATIONS else None
    return True if words & _METHODS else None


def settle_attenuation(
    statements: Mapping[str, bool | None],
    error: Callable[[str, Code], PetSpectError],
    cautions: list[Remark],
    *,
    is_spect: bool,
) -> bool:
    """Return whether attenuation was corrected, from all elements that state it.

    Parameters
    ----------
    statements : mapping
        Whether an element says so, by its name; None if it does not say.
    error : function of what is wrong and the code
        Makes the refusal.
    cautions : list of Remark
        Gets ``attenuation_conflict`` of a SPECT, whose contralateral ratio is still valid.
    is_spect : bool

    Raises
    ------
    PetSpectError
        If two elements of a PET contradict each other.
    """
    for_it = next((name for name, is_corrected in statements.items() if is_corrected is True), None)
    against = next((name for name, is_corrected in statements.items() if is_corrected is False), None)
    if for_it is None or against is None:
        return for_it is not None
    if not is_spect:
        raise error(
            f"{for_it} says that attenuation was corrected and {against} that it was not. Reconstruct or export"
            " the corrected image again; PET without attenuation correction cannot be measured",
            "attenuation",
        )
    cautions.append(Remark.of("attenuation_conflict", corrected=for_it, uncorrected=against))
    return False
