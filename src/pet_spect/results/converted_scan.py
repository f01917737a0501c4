"""Facts in the sidecar of a converted scan that later steps use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pet_spect.errors import ImageError
from pet_spect.files import sidecar
from pet_spect.imaging.attenuation import corrected_by
from pet_spect.imaging.images import read_sidecar
from pet_spect.remarks import Remark
from pet_spect.results.typed_json import Key, Mark, MismatchError, from_json

_UNTOLD = frozenset({"", "n/a", "na", "unknown", "unspecified"})


@dataclass(frozen=True, kw_only=True)
class ConvertedFacts:
    """What is known of a converted scan; None where the sidecar does not say.

    Attributes
    ----------
    units : str or None
        Of the voxels as stored.
    suv_factor : float or None
        Multiplies a voxel into SUVbw, g/mL.
    suv_reason : str or None
        Why there is no factor.
    attenuation_correction : str or None
        How attenuation was corrected; ``none`` if it was not.
    tracer_identity : str or None
        ``header`` if the header confirms the tracer.
    """

    units: Annotated[str | None, Mark.LEFT_OUT]
    suv_factor: Annotated[float | None, Key("SUVbwFactor"), Mark.LEFT_OUT]
    suv_reason: Annotated[str | None, Key("SUVReason"), Mark.LEFT_OUT]
    attenuation_correction: Annotated[str | None, Mark.LEFT_OUT]
    tracer_identity: Annotated[str | None, Mark.LEFT_OUT]
    stated_warnings: Annotated[tuple[Remark, ...] | None, Key("Warnings"), Mark.LEFT_OUT]
    stated_simulated: Annotated[bool | None, Key("Simulated"), Mark.LEFT_OUT]

    def __post_init__(self) -> None:
        if self.suv_factor is not None and self.suv_factor <= 0:
            raise ValueError("SUVbwFactor: a number above 0 is needed")

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """What convert calls attention to."""
        return self.stated_warnings or ()

    @property
    def simulated(self) -> bool:
        """Whether pet-spect simulate made the scan."""
        return bool(self.stated_simulated)

    @property
    def attenuation_corrected(self) -> bool | None:
        """Whether attenuation was corrected; None if the sidecar does not say."""
        how = (self.attenuation_correction or "").strip().lower()
        return None if how in _UNTOLD else how not in ("off", "0") and corrected_by(how) is not False


def read_converted_facts(image: Path) -> ConvertedFacts:
    """Read the sidecar of a converted scan, refused or not.

    Parameters
    ----------
    image : Path
        As convert named it.

    Raises
    ------
    ImageError
        ``sidecar_missing``, or ``sidecar_unreadable`` if it is no JSON object or a value has another type.
    """
    content = read_sidecar(image)
    try:
        return from_json(ConvertedFacts, content)
    except MismatchError as error:
        raise ImageError(
            f"{sidecar(str(image))}: is not a sidecar that convert wrote ({error})", code="sidecar_unreadable"
        ) from None


def given_facts(content: Mapping[str, Any], label: str) -> ConvertedFacts:
    """Return what the JSON beside an image of any origin says of attenuation and SUV.

    Parameters
    ----------
    content : mapping
        Only ``AttenuationCorrection`` (a text, or true or false) and ``SUVbwFactor`` are read: other programs may
        give the other keys another meaning, and their texts may name a person.
    label : str
        How messages call the JSON.

    Raises
    ------
    ImageError
        ``sidecar_unreadable`` if one of them has another type, or the factor is not above 0.
    """
    facts = {key: content[key] for key in ("AttenuationCorrection", "SUVbwFactor") if key in content}
    if isinstance(facts.get("AttenuationCorrection"), bool):
        facts["AttenuationCorrection"] = "yes" if facts["AttenuationCorrection"] else "none"
    try:
        return from_json(ConvertedFacts, facts)
    except MismatchError as error:
        raise ImageError(f"{label}: {error}", code="sidecar_unreadable") from None
