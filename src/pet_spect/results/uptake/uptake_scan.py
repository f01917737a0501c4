"""What became of each visit of a participant: its entry in the sidecar of the uptake table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pet_spect.model import Refusal
from pet_spect.quantify.cohort.protocol.facts import ScanProtocol
from pet_spect.remarks import Remark
from pet_spect.remarks.catalogue import Code
from pet_spect.results.record_values import VolumesMl
from pet_spect.results.typed_json import Codec, Key, Mark
from pet_spect.results.uptake.partial_volume_entry import PartialVolume
from pet_spect.results.uptake.sensitivity_entry import Sensitivities, by_region, sensitivities_of

_NO_VOLUME = VolumesMl(left=0.0, right=0.0)


@dataclass(frozen=True, kw_only=True)
class CommonResolution:
    """How a scan was brought to the common resolution; full widths at half maximum, mm.

    Attributes
    ----------
    estimated_mm : float or None
        The scan's own resolution; None where it is unknown.
    estimated_sd_mm : float or None
        Its standard deviation.
    blur_mm : float
        Gaussian that was applied before the scan was measured; 0 is none.
    """

    estimated_mm: Annotated[float | None, Key("EstimatedFWHMmm")]
    estimated_sd_mm: Annotated[float | None, Key("EstimatedFWHMSDmm")]
    blur_mm: Annotated[float, Key("AppliedBlurFWHMmm")]


@dataclass(frozen=True, kw_only=True)
class WarpFacts:
    """What the registration knows of its own error; of what its error was learned for (`registration_error`).

    Attributes
    ----------
    misplacement_mm : float
        As the registration estimated it.
    lost_left, lost_right : float
        Share of the target on either side that is lesion, drawn or seen, 0 to 1.
    """

    misplacement_mm: Annotated[float, Key("MisplacementMm")]
    lost_left: float
    lost_right: float


@dataclass(frozen=True, kw_only=True)
class UptakeScan:
    """What became of one visit, in the sidecar.

    Attributes
    ----------
    session, tracer : str
        As the tables spell them.
    status : {'measured', 'refused', 'missing'}
    stage, code, reason : str or None
        The refusal; of a missing scan `reason` alone.
    warnings : tuple of Remark
        What to look at in this scan.
    simulated : bool
    resolution : CommonResolution or None
        None if scans are measured as they are.
    partial_volume : PartialVolume or None
        None if nothing was corrected.
    cut_at : tuple of str
        Sides at which the brain is cut.
    unit : str or None
        Of the uptake.
    suv_factor : float or None
        Multiplies uptake into SUVbw, g/mL.
    suv_reason : str or None
        Why there is no factor.
    attenuation_corrected : bool or None
        None if not known.
    protocol : ScanProtocol or None
        How the scan was made; None if nothing was measured in it.
    accepted : tuple of Remark
        Faults of the registration that a person accepted; among `warnings` too.
    lesion_seen_ml : VolumesMl
        Lesion that the leading image of the registration shows.
    lesion_seen_in : str or None
        The tracer or kind of that image.
    deficit_ml : VolumesMl
        Lesion-like deficit that the scan itself shows.
    warp : WarpFacts or None
        None with an atlas of one's own, if nothing was registered, or if the scan was blurred before.
    sensitivities : mapping of (region, side) to Sensitivity, or None
        None if nothing was measured. The file keeps 9 digits.
    """

    session: str
    tracer: str
    status: Literal["measured", "refused", "missing"]
    stage: str | None = None
    code: Code | None = None
    reason: str | None = None
    warnings: tuple[Remark, ...] = ()
    simulated: bool = False
    resolution: Annotated[CommonResolution | None, Mark.FLAT] = None
    partial_volume: Annotated[PartialVolume | None, Mark.LEFT_OUT] = None
    cut_at: tuple[str, ...] = ()
    unit: str | None = None
    suv_factor: Annotated[float | None, Key("SUVbwFactor")] = None
    suv_reason: Annotated[str | None, Key("SUVReason")] = None
    attenuation_corrected: Annotated[bool | None, Key("AttenuationCorrection")] = None
    protocol: Annotated[ScanProtocol | None, Mark.LEFT_OUT] = None
    accepted: tuple[Remark, ...] = ()
    lesion_seen_ml: VolumesMl = _NO_VOLUME
    lesion_seen_in: str | None = None
    deficit_ml: VolumesMl = _NO_VOLUME
    warp: Annotated[WarpFacts | None, Mark.LEFT_OUT] = None
    sensitivities: Annotated[Sensitivities | None, Codec(by_region, sensitivities_of), Mark.LEFT_OUT] = None

    def __post_init__(self) -> None:
        """Check that what is absent says why."""
        if self.status == "refused" and self.refusal is None:
            raise ValueError("a refused scan needs Stage, Code and Reason")
        if self.status == "missing" and self.reason is None:
            raise ValueError("a missing scan needs a Reason")

    @property
    def refusal(self) -> Refusal | None:
        """Why a scan was refused; None if it was not."""
        if self.status != "refused" or self.stage is None or self.code is None or self.reason is None:
            return None
        return Refusal(self.stage, self.code, self.reason)

    @property
    def absence(self) -> Remark | None:
        """Why nothing was measured; None if something was."""
        if self.refusal is not None:
            return self.refusal.remark
        return Remark.of("no_scan") if self.status == "missing" else None


def missing_scan(session: str, tracer: str) -> UptakeScan:
    """Return what the sidecar says of a visit that was not scanned."""
    return UptakeScan(session=session, tracer=tracer, status="missing", reason=Remark.of("no_scan").text)


@dataclass(frozen=True, kw_only=True)
class SurroundingEntry:
    """A further target of the participant, in the sidecar.

    Attributes
    ----------
    region : str
        One of `surroundings.SURROUNDINGS`.
    absence : Remark or None
        Why the participant has none.
    notes : tuple of Remark
        What to look at.
    """

    region: str
    absence: Remark | None
    notes: tuple[Remark, ...]
