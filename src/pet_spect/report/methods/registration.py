"""Methods text: registration."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from pet_spect.model import ANATOMICAL
from pet_spect.report.methods.citations import ANTS, CEREBRA, MATTES, MNI, NILEARN, SYN, Cited
from pet_spect.report.methods.run import Run, of_records, packages_of
from pet_spect.report.methods.wording import counted, gap, joined, spread, were
from pet_spect.results.registration.registration_entries import RefusedAnat, RegisteredAnat, RegisteredEntry
from pet_spect.results.registration.registration_record import RegistrationRecord

_METRICS = {"mattes": "mutual information", "CC": "neighbourhood cross-correlation"}
_STEPS = {
    "first": "first to the template as it is",
    "final": "then to the template with the participant's own uptake in every region and the participant's lesion",
}
_LIMITS = (
    "a correlation with the adapted template of at least {similarity_min:g}",
    "an overlap with it (Dice) of at least {overlap_min:g}",
    "a local volume change of {jacobian_min:g} to {jacobian_max:g}",
    "a scale of {scale_min:g} to {scale_max:g}",
    "a rotation of at most {rotation_max_deg:g} degrees",
)
"""Limits of the checks that are told, by the fields of `Gates`."""


def registration_text(run: Run, cited: Cited) -> str:
    """Return how scans were brought to the standard space, with which settings, and how that was checked."""
    warped = [record for record in run.records if record.warp is not None]
    if not warped:
        return f"{gap('registration: no participant has a registration record')}."
    engine = packages_of(run).get("antspyx")
    version = f"antspyx {joined(engine)}{of_records(run)}" if engine else gap("antspyx version")
    spaces = joined(sorted({record.space for record in warped}))
    sentences = [
        f"In {counted(len(warped), 'participant')} the scans were aligned rigidly to one another in a space halfway"
        " between them, and one deformation per participant, shared by all visits and tracers, carried that space to"
        f" {spaces} {cited(MNI)}.",
        f"Deformations were estimated with SyN {cited(SYN)} in ANTs {cited(ANTS)}, {version}, with a fixed seed.",
        *_steps(warped, cited),
        _led(warped),
        *_anatomy(run.records),
        *_templates(run, cited),
        *_lesions(warped),
        *_checks(run, warped),
    ]
    return " ".join(sentences)


def _steps(records: list[RegistrationRecord], cited: Cited) -> list[str]:
    """Return the steps of the deformation with their settings, and that these differ if they do."""
    settings: list[Mapping[str, Any]] = []
    for record in records:
        if record.settings.deformation not in settings:
            settings.append(record.settings.deformation)
    shown = [_steps_of(each, cited) for each in settings]
    if len(shown) == 1:
        return shown
    return [f"Participants were registered with {len(shown)} different settings.", *shown]


def _steps_of(deformation: Mapping[str, Any], cited: Cited) -> str:
    steps = [_step(name, deformation.get(name), cited) for name in _STEPS]
    known = [step for step in steps if step]
    return f"It ran {', '.join(known)}." if known else f"{gap('settings of the deformable registration')}."


def _step(name: str, step: object, cited: Cited) -> str | None:
    if not isinstance(step, dict):
        return None
    metric = str(step.get("metric"))
    called = _METRICS.get(metric, metric)
    works = f" {cited(MATTES)}" if metric == "mattes" else ""
    iterations = step.get("iterations")
    passes = " × ".join(str(number) for number in iterations) if isinstance(iterations, list) else gap("iterations")
    sigmas = f"update field smoothed by {step.get('flow_sigma')}, total field by {step.get('total_sigma')}"
    return f"{_STEPS[name]} ({called}{works}; {passes} iterations, step {step.get('gradient_step')}, {sigmas})"


def _led(records: list[RegistrationRecord]) -> str:
    leading = Counter(record.leading or "" for record in records)
    parts = [f"{_image(name)} in {counted(number, 'participant')}" for name, number in leading.most_common()]
    return f"The deformation was driven by {joined(parts)}."


def _image(leading: str) -> str:
    if leading.startswith(ANATOMICAL):
        kind = leading.removeprefix(ANATOMICAL)
        return f"the {'T1-weighted MR' if kind == 'T1w' else kind} image"
    return f"the mean {leading} image" if leading else gap("the image that drove the deformation")


def _anatomy(records: list[RegistrationRecord]) -> list[str]:
    used = sum(isinstance(record.anat, RegisteredAnat) for record in records)
    refused = sum(isinstance(record.anat, RefusedAnat) for record in records)
    if not used and not refused:
        return ["No anatomical image was used."]
    without = len(records) - used - refused
    parts = [f"used in {counted(used, 'participant')}"] if used else []
    parts += [f"refused by a check in {refused}"] if refused else []
    parts += [f"not available in {without}"] if without else []
    return [f"An anatomical image was {joined(parts)}."]


def _templates(run: Run, cited: Cited) -> list[str]:
    """Return which templates were registered to, as the plan says; a file is known by its hash."""
    names = {tracer: run.planned("tracers", tracer, "template") for tracer in run.tracers}
    built_in = [tracer for tracer, name in names.items() if name and not str(name).startswith("sha256:")]
    sentences = []
    if built_in:
        sentences.append(
            f"The templates of {joined(built_in)} were made from the ICBM tissue maps in nilearn {cited(NILEARN)} and"
            f" the regions of CerebrA {cited(CEREBRA)}."
        )
    for tracer, name in names.items():
        if name is None:
            sentences.append(f"Template of {tracer}: {gap(f'template of {tracer}')}.")
        elif str(name).startswith("sha256:"):
            sentences.append(
                f"The template of {tracer} was the study's own ({gap('its origin')}; SHA-256 {str(name)[7:19]})."
            )
    return sentences


def _lesions(records: list[RegistrationRecord]) -> list[str]:
    lesions = [record.lesion for record in records if record.lesion is not None]
    given = sum(lesion.source == "given" for lesion in lesions)
    estimated = len(lesions) - given
    unused = sum(lesion.code is not None for lesion in lesions)
    sentences = []
    if given:
        sentences.append(
            f"The lesion was a mask drawn by {gap('who, on which image')} in {counted(given, 'participant')}."
        )
    if estimated:
        sentences.append(f"The lesion was estimated from the images in {counted(estimated, 'participant')}.")
    if unused:
        sentences.append(f"The mask of {counted(unused, 'participant')} could not be used.")
    return sentences


def _checks(run: Run, records: list[RegistrationRecord]) -> list[str]:
    """Return the limits that a registration had to keep to, and what was reached."""
    gates: list[Mapping[str, float]] = []
    for record in records:
        if record.settings.gates not in gates:
            gates.append(record.settings.gates)
    refused = sum(row["stage"] == "normalise" and row["status"] == "refused" for row in run.scans)
    kept = [text for text in (_limit(words, gates[0]) for words in _LIMITS) if text] if len(gates) == 1 else []
    asked = f" (among them {joined(kept)})" if kept else ""
    by_checks = counted(refused, "scan") if refused else "none"
    sentences = [f"Automatic checks{asked} decided whether a registration was used; they refused {by_checks}."]
    if len(gates) > 1:
        sentences.append(f"The limits of these checks were not the same for all: {gap('which limits, and why')}.")
    scans = [scan.measured for record in records for scan in record.scans if isinstance(scan, RegisteredEntry)]
    if scans:
        similar = spread([each.similarity for each in scans], "")
        overlap = spread([each.overlap for each in scans], "")
        sentences.append(
            f"The {counted(len(scans), 'scan')} that {were(len(scans))} used reached a correlation of {similar} and an"
            f" overlap of {overlap}."
        )
    return sentences


def _limit(words: str, gates: Mapping[str, float]) -> str | None:
    """Return a limit in words; None if the record does not have it."""
    try:
        return words.format_map(gates)
    except KeyError:
        return None
