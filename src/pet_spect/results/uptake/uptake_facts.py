"""How each scan was measured, read from the sidecar of a participant's uptake without the values of its regions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pet_spect.errors import TableError
from pet_spect.files import read_json
from pet_spect.quantify.cohort.protocol.facts import ScanProtocol
from pet_spect.results.typed_json import Key, Mark, MismatchError, from_json
from pet_spect.results.uptake.partial_volume_entry import PartialVolume
from pet_spect.results.uptake.uptake_scan import SurroundingEntry, WarpFacts
from pet_spect.tsv import sidecar_of_table


@dataclass(frozen=True, kw_only=True)
class ScanFacts:
    """How one visit was measured.

    Attributes
    ----------
    session, tracer : str
    status : {'measured', 'refused', 'missing'}
    blur_mm : float or None
        Full width at half maximum of the Gaussian that was applied before; None if scans are measured as they are.
    suv_factor : float or None
        Multiplies uptake into SUVbw, g/mL; None if there is none.
    protocol : ScanProtocol or None
        None if nothing was measured.
    partial_volume : PartialVolume or None
        None if nothing was corrected.
    warp : WarpFacts or None
        Holds how much of the target is lesion; None if that is not known.
    """

    session: str
    tracer: str
    status: Literal["measured", "refused", "missing"]
    blur_mm: Annotated[float | None, Key("AppliedBlurFWHMmm"), Mark.LEFT_OUT] = None
    suv_factor: Annotated[float | None, Key("SUVbwFactor"), Mark.LEFT_OUT] = None
    protocol: Annotated[ScanProtocol | None, Mark.LEFT_OUT] = None
    partial_volume: Annotated[PartialVolume | None, Mark.LEFT_OUT] = None
    warp: Annotated[WarpFacts | None, Mark.LEFT_OUT] = None


@dataclass(frozen=True, kw_only=True)
class UptakeFacts:
    """How the scans of one participant were measured.

    Attributes
    ----------
    misplacement_mm : float
        With which the regions of the target were weighted (standard deviation); 0 is none.
    min_coverage : float
        Of a region for its mean to be given.
    surroundings : tuple of SurroundingEntry, or None
        Further targets that were asked for.
    scans : tuple of ScanFacts
    """

    misplacement_mm: float
    min_coverage: float
    surroundings: Annotated[tuple[SurroundingEntry, ...] | None, Mark.LEFT_OUT] = None
    scans: tuple[ScanFacts, ...]

    def target_lost(self) -> tuple[float, float] | None:
        """Return which share of the target is lesion, left and right (0 to 1); None if that is not known."""
        warp = next((scan.warp for scan in self.scans if scan.warp is not None), None)
        return None if warp is None else (warp.lost_left, warp.lost_right)


def read_uptake_facts(path: Path) -> UptakeFacts:
    """Read how the scans of a participant were measured.

    Parameters
    ----------
    path : Path
        The participant's table of uptake, whose sidecar is read.

    Raises
    ------
    TableError
        If the sidecar is absent, or is not one that measure of this version wrote.
    """
    try:
        return from_json(UptakeFacts, read_json(sidecar_of_table(path), TableError, "sidecar"))
    except MismatchError as error:
        raise TableError(
            f"{path}: its sidecar is not one that measure of this version wrote ({error}); run measure again",
            code="sidecar_unreadable",
        ) from None
