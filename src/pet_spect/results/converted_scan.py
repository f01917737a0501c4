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
from pet_spect.quantify.cohort.protocol.facts import ScanProtocol
from pet_spect.remarks import Remark
from pet_spect.results.typed_json import Key, Mark, MismatchError, from_json

_UNTOLD = frozenset({"", "n/a", "na", "unknown", "unspecified"})


@dataclass(frozen=True, kw_only=True)
class StatedWindow:
    """One range of an energy window, keV."""

    lower_limit: float
    upper_limit: float


@dataclass(frozen=True, kw_only=True)
class StatedAcquisition:
    """What a sidecar says of acquisition and reconstruction: the keys of `pet_spect.dicom.sidecar.sidecar_of`."""

    scan_start: Annotated[float | None, Mark.LEFT_OUT]
    manufacturer: Annotated[str | None, Mark.LEFT_OUT]
    manufacturers_model_name: Annotated[str | None, Mark.LEFT_OUT]
    recon_method_name: Annotated[str | None, Mark.LEFT_OUT]
    recon_method_parameter_labels: Annotated[tuple[str, ...] | None, Mark.LEFT_OUT]
    recon_method_parameter_values: Annotated[tuple[float, ...] | None, Mark.LEFT_OUT]
    recon_filter_type: Annotated[str | None, Mark.LEFT_OUT]
    recon_filter_size: Annotated[float | None, Mark.LEFT_OUT]
    recon_filter_cutoff: Annotated[float | None, Mark.LEFT_OUT]
    recon_filter_order: Annotated[float | None, Mark.LEFT_OUT]
    scatter_correction_method: Annotated[str | None, Mark.LEFT_OUT]
    collimator_type: Annotated[str | None, Mark.LEFT_OUT]
    collimator_name: Annotated[str | None, Mark.LEFT_OUT]
    energy_windows: Annotated[tuple[StatedWindow, ...] | None, Mark.LEFT_OUT]
    injected_radioactivity: Annotated[float | None, Mark.LEFT_OUT]
    frame_duration: Annotated[tuple[float, ...] | None, Mark.LEFT_OUT]

    def protocol(self, attenuation: str | None, voxel_mm: tuple[float, float, float]) -> ScanProtocol:
        """Return the facts as the protocol guard compares them.

        Parameters
        ----------
        attenuation : str or None
            How attenuation was corrected.
        voxel_mm : three floats
            Edge lengths of a voxel of the image.
        """
        labels, values = self.recon_method_parameter_labels or (), self.recon_method_parameter_values or ()
        passes = dict(zip(labels, values, strict=False))
        return ScanProtocol(
            start_minutes=None if self.scan_start is None else round(self.scan_start / 60, 2),
            maker=self.manufacturer,
            model=self.manufacturers_model_name,
            reconstruction=self.recon_method_name,
            iterations=passes.get("iterations"),
            subsets=passes.get("subsets"),
            filter_type=self.recon_filter_type,
            filter_size_mm=self.recon_filter_size,
            filter_cutoff=self.recon_filter_cutoff,
            filter_order=self.recon_filter_order,
            attenuation=attenuation,
            scatter=self.scatter_correction_method,
            collimator_type=self.collimator_type,
            collimator=self.collimator_name,
            energy_windows=tuple((window.lower_limit, window.upper_limit) for window in self.energy_windows or ()),
            voxel_mm=voxel_mm,
            dose_mbq=self.injected_radioactivity,
            duration_s=sum(self.frame_duration) if self.frame_duration else None,
        )


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
    acquisition : StatedAcquisition or None
        None if the sidecar says nothing of it.
    """

    units: Annotated[str | None, Mark.LEFT_OUT]
    suv_factor: Annotated[float | None, Key("SUVbwFactor"), Mark.LEFT_OUT]
    suv_reason: Annotated[str | None, Key("SUVReason"), Mark.LEFT_OUT]
    attenuation_correction: Annotated[str | None, Mark.LEFT_OUT]
    tracer_identity: Annotated[str | None, Mark.LEFT_OUT]
    acquisition: Annotated[StatedAcquisition | None, Mark.FLAT]
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

    def protocol(self, voxel_mm: tuple[float, float, float]) -> ScanProtocol:
        """Return what the protocol guard compares; `voxel_mm` are the edge lengths of a voxel of the image."""
        how = {True: self.attenuation_correction, False: "none", None: None}[self.attenuation_corrected]
        if self.acquisition is None:
            return ScanProtocol(attenuation=how, voxel_mm=voxel_mm)
        return self.acquisition.protocol(how, voxel_mm)

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
