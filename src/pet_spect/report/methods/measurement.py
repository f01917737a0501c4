"""Methods text: measurement, ratios and references."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pet_spect.quantify.membership import MOSTLY_LOST
from pet_spect.quantify.surroundings import RINGS, TREATMENT_SITE
from pet_spect.report.display import unique, words
from pet_spect.report.methods.citations import CEREBRA, DICOM_PET, ROUSSET, Cited
from pet_spect.report.methods.run import Run
from pet_spect.report.methods.wording import counted, gap, joined, plain, spread, were

_SHIPPED = "CerebrA"
_MANY = 4
_SIDES = {"ipsilesional": "on the side of the stroke", "contralesional": "on the other side", "both": "on both sides"}
_PLACES = {"target": "the target", "target_mirror": "its mirror on the other side", "all": "all regions of the atlas"}


def measurement_text(run: Run, cited: Cited) -> str:
    """Return how uptake was measured."""
    return " ".join(
        [
            *_regions(run, cited),
            *_weights(run),
            _coverage(run),
            *_resolution(run),
            *_partial_volume(run, cited),
            *_further(run),
            *_suv(run, cited),
        ]
    )


def _regions(run: Run, cited: Cited) -> list[str]:
    if run.atlas is None:
        return [f"Uptake was measured in the regions of {gap('atlas')}, in the space of each scan."]
    own = run.ratios.get("region", {}).get("OwnAtlas")
    source = gap("its origin") if own or run.atlas != _SHIPPED else cited(CEREBRA)
    checksum = run.planned("atlas", "labels_sha256")
    hashed = f" (SHA-256 of its labels {str(checksum)[:12]})" if checksum else ""
    targets = [words(str(name)) for name in run.ratios["region"].get("TargetRegions", [])]
    target = joined(targets) if targets else gap("target region")
    motor = " (motor cortex)" if targets == ["precentral"] else ""
    return [
        f"Uptake was measured in the space of each scan: the regions of the atlas {plain(run.atlas)} {source}{hashed}"
        " were carried to the scan, which was not interpolated, and the uptake of a region is the mean of its voxels,"
        " each weighted by its part in the region.",
        f"The target was {target}{motor} on the side of the stroke, as the study recorded it for each participant.",
    ]


def _weights(run: Run) -> list[str]:
    """Return how the border of the target was weighted: by each participant's misplacement, a fixed one, or not."""
    if not run.uptakes:
        return [f"Weights at the border of the target: {gap('weights')}."]
    off = [uptake.misplacement_mm for uptake in run.uptakes]
    if not any(off):
        return ["All voxels of the target counted alike, by their volume in it."]
    planned = run.planned("measure", "misplacement_mm")
    lost = [max(shares) for uptake in run.uptakes if (shares := uptake.target_lost()) is not None]
    alike = sum(share >= MOSTLY_LOST for share in lost)
    less = (
        f" The more of the target lay in the lesion, the less: from {100 * MOSTLY_LOST:g} % on all voxels weighed alike"
        f" ({counted(alike, 'participant')})."
        if any(lost)
        else ""
    )
    how = {"auto": ", estimated for each participant", None: ""}.get(planned, ", set in the configuration")
    return [
        "Voxels near the border of the target could weigh less than those in its middle, by how far the registration"
        f" may be off (standard deviation{how}: {spread(off, 'mm')}); both sides and all visits had the same weights."
        f"{less}"
    ]


def _coverage(run: Run) -> str:
    needed = sorted({uptake.min_coverage for uptake in run.uptakes})
    if not needed:
        return f"A region had a value only if {gap('minimum coverage')} of it lay in the field of view."
    shown = joined(f"{100 * value:g} %" for value in needed)
    return f"A region had a value only if at least {shown} of it lay in the field of view."


def _resolution(run: Run) -> list[str]:
    scans = run.measured()
    if not scans:
        return []
    if all(scan.blur_mm is None for scan in scans):
        return ["Scans were measured at their own resolution."]
    blurs = [scan.blur_mm for scan in scans if scan.blur_mm]
    wanted = run.planned("measure", "common_fwhm_mm")
    aim = f"a resolution of {wanted:g} mm" if isinstance(wanted, int | float) else "that of the coarsest"
    compared = "The resolution of each scan was estimated from the scan"
    if not blurs:
        return [f"{compared}; no scan had to be smoothed to match {aim} of the participant's scans of that tracer."]
    return [
        f"{compared}, and {counted(len(blurs), 'scan')} of {len(scans)} {were(len(blurs))} smoothed with a Gaussian"
        f" (full width at half maximum {spread(blurs, 'mm')}) to match {aim} of the participant's scans of that tracer."
    ]


def _partial_volume(run: Run, cited: Cited) -> list[str]:
    entries = [scan.partial_volume for scan in run.measured() if scan.partial_volume is not None]
    if not entries:
        return ["Values were not corrected for partial volume."]
    done = sum(entry.absence is None for entry in entries)
    return [
        f"As a sensitivity analysis {counted(done, 'scan')} {were(done)} corrected for partial volume with a geometric"
        f" transfer matrix {cited(ROUSSET)}; the primary values are not corrected."
    ]


def _further(run: Run) -> list[str]:
    """Return what was measured besides the target: without lesion voxels, rings, treatment site."""
    sentences = []
    if any(row["region"].endswith("_lesionfree") and int(row["n"]) for row in run.summary):
        sentences.append(
            "As a sensitivity analysis the target was also measured without the voxels of the lesion mask."
        )
    asked = unique([entry.region for uptake in run.uptakes for entry in uptake.surroundings or ()])
    rings = [f"{inner:g} to {outer:g} mm" for name, (inner, outer) in RINGS.items() if name in asked]
    if rings:
        sentences.append(f"The tissue {joined(rings)} from the lesion was measured, too.")
    if TREATMENT_SITE in asked:
        radius = run.planned("measure", "treatment_radius_mm")
        within = gap("radius") if radius is None else f"{radius:g} mm"
        sentences.append(f"The tissue within {within} of the treatment was measured, too.")
    return sentences


def _suv(run: Run, cited: Cited) -> list[str]:
    if not any(row["measure"] == "suv_mean" for row in run.summary):
        return []
    scans = run.measured()
    with_suv = sum(scan.suv_factor is not None for scan in scans)
    if not with_suv:
        return []
    depends = any(row["measure"] == "suv_mean" for row in run.primaries)
    return [
        f"The standardised uptake value (body weight) {cited(DICOM_PET)} was computed for"
        f" {counted(with_suv, 'scan')} of {len(scans)}{'' if depends else '; no primary value depends on it'}."
    ]


def ratio_text(run: Run) -> str:
    """Return what a ratio is, and what the target is compared with."""
    definitions = run.ratios.get("reference", {}).get("Definitions")
    if not isinstance(definitions, dict) or not definitions:
        return f"The uptake ratio is the uptake of the target over that of {gap('reference')}."
    primary = unique([row["reference"] for row in run.primaries if row["reference"] in definitions])
    others = [name for name in definitions if name not in primary]
    sentences = ["The uptake ratio is the uptake of the target over that of a reference."]
    for name in primary:
        tracers = joined(row["tracer"] for row in run.primaries if row["reference"] == name)
        sentences.append(
            f"The primary reference of {tracers} was {words(name)} ({reference_words(definitions[name])})."
        )
    if others:
        listed = joined(f"{words(name)} ({reference_words(definitions[name])})" for name in others)
        sentences.append(f"Sensitivity analyses used {listed}.")
    return " ".join(sentences)


def reference_words(definition: Mapping[str, Any]) -> str:
    """Return the regions of a reference in words.

    Examples
    --------
    >>> reference_words({"Regions": ["target"], "Side": "contralesional", "Exclude": []})
    'the target on the other side'
    >>> reference_words({"Regions": ["pons"], "Side": "both", "Exclude": ["lesion"]})
    'pons on both sides, without lesion'
    """
    regions: Sequence[str] = definition["Regions"]
    named = joined(_PLACES.get(name, words(name)) for name in regions)
    where = f"{len(regions)} regions" if len(regions) > _MANY else named
    left_out = [_PLACES.get(name, words(name)) for name in definition["Exclude"]]
    without = f", without {joined(left_out)}" if left_out else ""
    return f"{where} {_SIDES.get(definition['Side'], definition['Side'])}{without}"
