"""The count noise of each scan, and how far its regions depend on misplacement, blur and threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pet_spect.commands.measure.scans import Visit
from pet_spect.model import RegionSide, RegionUptake, ScanKey
from pet_spect.results.registration.registration_record import RegistrationRecord

if TYPE_CHECKING:
    from pet_spect.quantify.measurement import ParticipantRegions, ScanMeasurement
    from pet_spect.quantify.noise import Noise
    from pet_spect.quantify.surrounding_uptake import SurroundingRegions
    from pet_spect.quantify.uncertainty import Sensitivity


def count_noises(measured: Mapping[Visit, ScanMeasurement], n_regions: int) -> dict[Visit, Noise | None]:
    """Return the count noise of each scan, which takes another scan with the same tracer."""
    from pet_spect.quantify.sensitivities import scan_noise

    noises = {}
    for visit, measurement in measured.items():
        others = [other for at, other in measured.items() if at != visit and at[1] == visit[1]]
        noises[visit] = scan_noise(measurement, others, n_regions)
    return noises


def sensitivities_of(
    visit: Visit,
    measurement: ScanMeasurement,
    noise: Noise | None,
    regions: ParticipantRegions,
    surroundings: Sequence[SurroundingRegions],
    record: RegistrationRecord,
) -> tuple[dict[tuple[str, RegionSide], Sensitivity], Sequence[Sequence[RegionUptake]]]:
    """Return the sensitivities of a scan, and the uptake of each of its surroundings."""
    from pet_spect.quantify.surrounding_uptake import sensitivities_and_surroundings

    entry = record.registered(ScanKey(record.participant, *visit))
    view = None if entry is None else entry.cut_view
    return sensitivities_and_surroundings(measurement, noise, regions, surroundings, view)
