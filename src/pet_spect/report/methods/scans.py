"""Methods text: participants, scans and how they were acquired."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from pet_spect.nuclides import radionuclide_name
from pet_spect.quantify.cohort.protocol.facts import ScanProtocol
from pet_spect.report.methods.citations import NIBABEL, PYDICOM, Cited
from pet_spect.report.methods.run import Run, known
from pet_spect.report.methods.wording import counted, gap, joined, kinds, plain, spread, told, were

_STATUSES = {"refused": "refused by a check", "missing": "missing"}


def scans_text(run: Run, cited: Cited) -> str:
    """Return who was scanned, how many scans there are, and why others are not there."""
    people, tracers = len(run.participants), joined(tracer_name(run, tracer) for tracer in run.tracers)
    visits = joined(run.sessions)
    counts = Counter(row["status"] for row in run.scans)
    others = [
        f"{counts[status]} {were(counts[status])} {_STATUSES.get(status, status)}{_codes(run, status)}"
        for status in counts
        if status != "measured"
    ]
    measured = f"{counts['measured']} {were(counts['measured'])} measured"
    sentences = [
        f"Imaging of {counted(people, 'participant')} was analysed: {tracers}, at {visits}.",
        f"Of {counted(len(run.scans), 'scan')} (every participant, visit and tracer), {joined([measured, *others])}.",
        *_decisions(run),
        f"The source files ({gap('DICOM, or NIfTI with BIDS sidecars')}) were converted to NIfTI by pet_spect"
        f" with pydicom and nibabel {cited(PYDICOM, NIBABEL)}; every scan stays on its own grid.",
    ]
    if any(row["simulated"] == "true" for row in run.scans):
        sentences.insert(0, "SIMULATED DATA: scans of this study were simulated, not measured in people.")
    return " ".join(sentences)


def tracer_name(run: Run, tracer: str) -> str:
    """Return a tracer with its compound, radionuclide and modality, as far as the plan says them."""
    entry = run.planned("tracers", tracer)
    if not isinstance(entry, dict):
        return tracer
    names = entry.get("radiopharmaceutical")
    name = names[0] if isinstance(names, list) and names else names
    nuclide = entry.get("radionuclide")
    number = re.fullmatch(r"([A-Za-z]+)-?(\d+m?)", radionuclide_name(nuclide) or str(nuclide)) if nuclide else None
    compound = plain(str(name)) if name else tracer
    labelled = f"{number[2]}{number[1]}-{compound}" if number else compound
    modality = str(entry.get("datatype", "")).upper()
    return f"{labelled} {modality} ({tracer})"


def _codes(run: Run, status: str) -> str:
    codes = Counter(row["code"] for row in run.scans if row["status"] == status and known(row, "code"))
    return f" ({', '.join(f'{code}: {number}' for code, number in sorted(codes.items()))})" if codes else ""


def _decisions(run: Run) -> list[str]:
    """Return what was decided by hand about scans."""
    excluded = sum(row["decision"] == "exclude" for row in run.scans)
    accepted = sum(row["decision"] == "accept" for row in run.scans)
    sentences = []
    if excluded:
        sentences.append(f"{counted(excluded, 'scan')} {were(excluded)} excluded by a documented decision.")
    if accepted:
        sentences.append(
            f"{counted(accepted, 'scan')} {were(accepted)} used after review, although a check had a fault to report."
        )
    rated = sum(row.get("decision") == "rating" for row in run.decisions)
    if rated:
        sentences.append(f"{counted(rated, 'rating')} of scans by eye {were(rated)} recorded.")
    else:
        sentences.append(f"Review of the registrations by eye: {gap('by whom and how, or none')}.")
    if run.readers:
        sentences.append("Two readers recorded their decisions in separate tables.")
    return sentences


def acquisition_text(run: Run) -> str:
    """Return how the scans of each tracer were acquired and reconstructed, as their headers say."""
    return " ".join(_acquired(run, tracer) for tracer in run.tracers)


def _acquired(run: Run, tracer: str) -> str:
    protocols = [scan.protocol or ScanProtocol() for scan in run.measured(tracer)]
    if not protocols:
        return f"{tracer}: {gap(f'acquisition and reconstruction of {tracer}')}."
    scanners = [None if each.model is None else " ".join(filter(None, (each.maker, each.model))) for each in protocols]
    minutes = [None if each.duration_s is None else each.duration_s / 60 for each in protocols]

    def text(values: Sequence[str | None], what: str) -> str:
        return told(values, f"{tracer}: {what}", kinds)

    def number(values: Sequence[float | None], what: str, unit: str) -> str:
        return told(values, f"{tracer}: {what}", lambda known_values: spread(known_values, unit))

    sentences = [
        f"{tracer} ({counted(len(protocols), 'scan')}): scanner {text(scanners, 'scanner')};"
        f" injected activity {number([each.dose_mbq for each in protocols], 'injected activity', 'MBq')};"
        f" start {number([each.start_minutes for each in protocols], 'time from injection to scan', 'min')}"
        f" after the injection; duration {number(minutes, 'duration of the scan', 'min')}.",
        f"Reconstruction: {text([_reconstruction(each) for each in protocols], 'reconstruction settings')};"
        f" filter: {text([_filter(each) for each in protocols], 'filter')};"
        f" attenuation correction: {text([each.attenuation for each in protocols], 'attenuation correction')};"
        f" scatter correction: {text([each.scatter for each in protocols], 'scatter correction')};"
        f" voxels: {text([_voxels(each) for each in protocols], 'size of the voxels')}.",
    ]
    if run.planned("tracers", tracer, "datatype") == "spect":
        windows = text([_windows(each) for each in protocols], "energy window")
        collimators = text([each.collimator or each.collimator_type for each in protocols], "collimator")
        sentences.append(f"Collimator: {collimators}; energy window: {windows}.")
    window = run.planned("protocol", tracer, "start_minutes")
    if window:
        sentences.append(
            f"A scan that began outside {window[0]:g} to {window[1]:g} min after the injection was used only after a"
            " documented decision."
        )
    return " ".join(sentences)


def _reconstruction(scan: ScanProtocol) -> str | None:
    if scan.reconstruction is None:
        return None
    passes = [
        f"{value:g} {name}" for name, value in (("iterations", scan.iterations), ("subsets", scan.subsets)) if value
    ]
    return f"{scan.reconstruction}, {', '.join(passes)}" if passes else f"{scan.reconstruction}"


def _filter(scan: ScanProtocol) -> str | None:
    sizes = (("mm", scan.filter_size_mm), ("cutoff", scan.filter_cutoff), ("order", scan.filter_order))
    parts = [f"{name} {value:g}" for name, value in sizes if value is not None]
    return None if scan.filter_type is None else " ".join([scan.filter_type, *parts])


def _voxels(scan: ScanProtocol) -> str | None:
    return None if scan.voxel_mm is None else " × ".join(f"{edge:.3g}" for edge in scan.voxel_mm) + " mm"


def _windows(scan: ScanProtocol) -> str | None:
    return ", ".join(f"{low:g} to {high:g} keV" for low, high in scan.energy_windows) or None
