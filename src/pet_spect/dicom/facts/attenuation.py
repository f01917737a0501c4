"""Attenuation correction, settled from everything that a scan says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pet_spect.errors import PetSpectError
from pet_spect.remarks import Remark
from pet_spect.remarks.catalogue import Code


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
