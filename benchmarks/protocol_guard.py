"""Planted faults of the protocol: how many the guard finds, and how many sound pairs of visits it flags.

Usage: ``.venv/bin/python benchmarks/protocol_guard.py [seed]``. Every pair of visits consists of two sidecars, written
as ``convert`` writes them, and of the circumstances that scans.tsv holds. Each fault is planted in 100 pairs, in one
visit or the other. A fault counts as found if a scan is refused or a remark with the expected code is given. A second
table shows what is given beside the expected code.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from pet_spect.dicom.facts.acquisition import Acquisition, EnergyWindow
from pet_spect.dicom.sidecar import ScanFacts, sidecar_of
from pet_spect.files import write_json
from pet_spect.quantify.cohort.protocol.facts import VisitFacts
from pet_spect.quantify.cohort.protocol.guard import guard
from pet_spect.quantify.cohort.protocol.rules import read_protocols
from pet_spect.results.converted_scan import read_converted_facts

SESSIONS = ("baseline", "year1")
PLANTED, SOUND = 100, 200
PROTOCOLS = read_protocols({}, ("FDG", "IMZ"))
FDG, IMZ = ("FDG",), ("IMZ",)
BOTH = (*FDG, *IMZ)


@dataclass(frozen=True)
class Visit:
    """A visit before it is written."""

    tracer: str
    facts: ScanFacts
    voxel_mm: tuple[float, float, float]
    days: float
    glucose: float | None
    benzodiazepine: bool | None


Scanner = tuple[str, str, str, str | None, tuple[float, float, float], Acquisition]
SCANNERS: dict[str, list[Scanner]] = {
    "FDG": [
        (
            "SIEMENS",
            "Biograph mCT",
            "PSF+TOF 4i21s",
            "XYZ Gauss2.00",
            (2.04, 2.04, 2.03),
            Acquisition(None, None, "applied", (), "NONE", None, 4, 21, 2.0),
        ),
        (
            "GE MEDICAL SYSTEMS",
            "Discovery 690",
            "VPFX",
            "standard",
            (2.34, 2.34, 3.27),
            Acquisition(scatter="applied", collimator_type="NONE"),
        ),
        ("Philips", "Ingenuity TF", "BLOB-OS-TF", None, (2.0, 2.0, 2.0), Acquisition(scatter="SS-SIMUL")),
    ],
    "IMZ": [
        (
            "SIEMENS",
            "Symbia T6",
            "OSEM3D 8i4s",
            "Gauss 8.0",
            (3.3, 3.3, 3.3),
            Acquisition(None, 5e6, "applied", (EnergyWindow(1, "I123", 143.1, 174.9),), "PARA", "LEHR", 8, 4, 8.0),
        ),
        (
            "GE MEDICAL SYSTEMS",
            "Discovery NM 670",
            "OSEM",
            "Butterworth",
            (3.68, 3.68, 3.68),
            Acquisition(
                None, 4e6, "applied", (EnergyWindow(1, "I123", 143.1, 174.9),), "PARA", "ELEGP", 2, 10, None, 0.48, 10
            ),
        ),
        (
            "Philips",
            "BrightView XCT",
            "Astonish",
            None,
            (4.66, 4.66, 4.66),
            Acquisition(scatter="none", collimator_type="FANB"),
        ),
    ],
}
START_MIN = {"FDG": 50.0, "IMZ": 180.0}
DOSE_MBQ = {"FDG": 222.0, "IMZ": 167.0}
DURATION_S = {"FDG": 900.0, "IMZ": 1800.0}


def sound_pair(tracer: str, rng: np.random.Generator) -> list[Visit]:
    """Return two visits that differ as careful visits do: dose within 10 %, start within 5 min of plan, rounding."""
    maker, model, method, kernel, voxel, acquisition = SCANNERS[tracer][rng.integers(len(SCANNERS[tracer]))]
    visits = []
    for days in (float(rng.integers(-60, 0)), float(rng.integers(330, 400))):
        facts = ScanFacts(
            modality="PT" if tracer == "FDG" else "NM",
            units="Bq/mL",
            manufacturer=maker,
            model=model,
            reconstruction=method,
            recon_filter=kernel,
            dose_bq=round(DOSE_MBQ[tracer] * rng.uniform(0.9, 1.1), 1) * 1e6,
            scan_start_s=60 * (START_MIN[tracer] + float(rng.integers(-5, 6))),
            frame_duration_s=round(DURATION_S[tracer] + rng.uniform(-2, 2), 1),
            attenuation="CT" if tracer == "FDG" else "Chang",
            acquisition=acquisition,
        )
        drugs = False if tracer == "IMZ" else None
        size = tuple(round(edge + rng.uniform(-0.004, 0.004), 4) for edge in voxel)
        visits.append(Visit(tracer, facts, size, days, round(rng.uniform(75, 118)), drugs))  # type: ignore[arg-type]
    return visits


def _facts(**changed: object) -> Callable[[Visit, np.random.Generator], Visit]:
    return lambda visit, rng: replace(visit, facts=replace(visit.facts, **changed))  # type: ignore[arg-type]


def _acquisition(**changed: object) -> Callable[[Visit, np.random.Generator], Visit]:
    return lambda visit, rng: replace(
        visit,
        facts=replace(visit.facts, acquisition=replace(visit.facts.acquisition, **changed)),  # type: ignore[arg-type]
    )


def _scaled(name: str, factor: float) -> Callable[[Visit, np.random.Generator], Visit]:
    return lambda visit, rng: replace(visit, facts=replace(visit.facts, **{name: getattr(visit.facts, name) * factor}))


def _later(minutes: float) -> Callable[[Visit, np.random.Generator], Visit]:
    return lambda visit, rng: replace(
        visit, facts=replace(visit.facts, scan_start_s=(visit.facts.scan_start_s or 0.0) + 60 * minutes)
    )


def _other_scanner(visit: Visit, rng: np.random.Generator) -> Visit:
    others = [one for one in SCANNERS[visit.tracer] if one[1] != visit.facts.model]
    maker, model, *_ = others[rng.integers(len(others))]
    return replace(visit, facts=replace(visit.facts, manufacturer=maker, model=model))


def _scatter(visit: Visit, rng: np.random.Generator) -> Visit:
    off = visit.facts.acquisition.scatter == "none"
    return _acquisition(scatter="applied" if off else "none")(visit, rng)


def _early(visit: Visit, rng: np.random.Generator) -> Visit:
    return replace(visit, facts=replace(visit.facts, scan_start_s=60.0 * float(rng.integers(5, 40))))


Fault = tuple[str, tuple[str, ...], Callable[[Visit, np.random.Generator], Visit], str]
FAULTS: list[Fault] = [
    ("early scan in the place of the late one", IMZ, _early, "uptake_window"),
    ("a clock 12 hours off", IMZ, _later(720), "uptake_window"),
    ("times missing", BOTH, _facts(scan_start_s=None), "uptake_time_unknown"),
    ("another scanner", BOTH, _other_scanner, "scanner_differs"),
    ("another reconstruction", BOTH, _facts(reconstruction="FBP"), "reconstruction_differs"),
    ("filter switched", BOTH, _acquisition(filter_size_mm=12.0), "filter_differs"),
    ("attenuation correction off", BOTH, _facts(attenuation="none"), "attenuation_differs"),
    ("scatter correction switched", BOTH, _scatter, "scatter_differs"),
    ("dose halved", BOTH, _scaled("dose_bq", 0.5), "dose_differs"),
    ("duration halved", BOTH, _scaled("frame_duration_s", 0.5), "duration_differs"),
    ("another voxel size", BOTH, lambda visit, rng: replace(visit, voxel_mm=(4.0, 4.0, 4.0)), "voxel_size_differs"),
    ("another collimator", IMZ, _acquisition(collimator_type="PINH"), "collimator_differs"),
    (
        "another energy window",
        IMZ,
        _acquisition(windows=(EnergyWindow(1, None, 135.0, 183.0),)),
        "energy_window_differs",
    ),
    ("glucose of 190 mg/dL", BOTH, lambda visit, rng: replace(visit, glucose=190.0), "glucose_differs"),
    ("benzodiazepine", IMZ, lambda visit, rng: replace(visit, benzodiazepine=True), "benzodiazepine_differs"),
]


def remarks_of(visits: list[Visit], folder: Path) -> set[str]:
    """Return the codes that the guard gives for a pair of visits, through sidecars on disk."""
    read = []
    for session, visit in zip(SESSIONS, visits, strict=True):
        write_json(folder / "scan.json", sidecar_of(visit.facts))
        scan = read_converted_facts(folder / "scan.nii.gz").protocol(visit.voxel_mm)
        read.append(VisitFacts(session, visit.days, visit.glucose, visit.benzodiazepine, None, scan))
    said = guard(read, PROTOCOLS[visits[0].tracer], SESSIONS[0])
    return {note.code for one in said for note in one.notes} | {one.fault.code for one in said if one.fault}


def main() -> None:
    """Plant, look and print."""
    rng = np.random.default_rng(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    with TemporaryDirectory() as name:
        folder = Path(name)
        for tracer in BOTH:
            flagged = [codes for _ in range(SOUND) if (codes := remarks_of(sound_pair(tracer, rng), folder))]
            print(f"sound pairs, {tracer}: {len(flagged)} of {SOUND} flagged {flagged or ''}")
        for what, tracers, plant, code in FAULTS:
            for tracer in tracers:
                report(what, tracer, code, rng, folder, plant)
        for tracer in BOTH:
            report("start 20 min apart", tracer, "uptake_time_differs", rng, folder, None)
            report("visits exchanged", tracer, "visit_order", rng, folder, None)


def report(
    what: str,
    tracer: str,
    code: str,
    rng: np.random.Generator,
    folder: Path,
    plant: Callable[[Visit, np.random.Generator], Visit] | None,
) -> None:
    """Print in how many of the pairs with a fault it was found, and what else was said."""
    found, beside = 0, Counter[str]()
    for _ in range(PLANTED):
        visits, place = sound_pair(tracer, rng), int(rng.integers(2))
        if what == "visits exchanged":
            visits = visits[::-1]
        elif plant is None:
            start = visits[0].facts.scan_start_s or 0.0
            visits[1] = replace(visits[1], facts=replace(visits[1].facts, scan_start_s=start + 1200))
        else:
            visits[place] = plant(visits[place], rng)
        codes = remarks_of(visits, folder)
        found += code in codes
        beside.update(codes - {code})
    also = ", ".join(f"{other} {count}" for other, count in sorted(beside.items()))
    print(f"{what}, {tracer}: {found} of {PLANTED} found by {code}" + (f"; beside it {also}" if also else ""))


if __name__ == "__main__":
    main()
