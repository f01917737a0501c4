"""The ingredients of the warp, each on and off, on the converted scans of a study."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
from measured import KEYS, certainty, converted, leading, measure_with, prepared, read, standard
from trial import Member

from pet_spect.model import Volume
from pet_spect.registration import itk, warp
from pet_spect.registration.templates import appearance
from pet_spect.registration.templates.template import PATTERNS, make_template
from pet_spect.registration.warp import Deformation, Step, find_warp

Patches = Callable[[], Any]


@contextmanager
def _nothing() -> Iterator[None]:
    yield


@contextmanager
def _without_lesion_voxels() -> Iterator[None]:
    """Leave what the lesion covers out of the final step's metric."""
    seen: list[Any] = []
    own_appearance, both_ways = warp.own_appearance, warp._both_ways

    def remembered(scan: Any, template: Any, ignored: Any) -> Volume:
        seen.append(ignored)
        return own_appearance(scan, template, ignored)

    def masked(target: Any, mean: Any, affine: Any, mask: Any, *rest: Any) -> Any:
        return both_ways(target, mean, affine, mask & ~seen[-1] if seen else mask, *rest)

    with patch.object(warp, "own_appearance", remembered), patch.object(warp, "_both_ways", masked):
        yield


def _as_whole(scan: Any, template: Any, ignored: Any) -> tuple[Any, float]:
    _, scale = appearance_factors(scan, template, ignored)
    return np.ones(len(template.parts)), scale


appearance_factors = appearance.region_factors
_FINAL = Deformation().final


@dataclass(frozen=True)
class Variant:
    """One way to learn the warp: what is patched, the final step, and how sharp the template is (None: as usual)."""

    patches: Patches = _nothing
    final: Step = _FINAL
    fwhm_mm: float | None = None


def _no_scan_in_the_lesion(lesion: Any) -> Any:
    return np.zeros(lesion.shape, dtype=np.float32)


def _template_alone(scan: Any, template: Any, ignored: Any) -> Volume:
    return template.uptake


VARIANTS: Mapping[str, Variant] = {
    "as it is": Variant(),
    "plain template": Variant(lambda: patch.object(warp, "own_appearance", _template_alone)),
    "mutual information": Variant(final=replace(_FINAL, metric="mattes")),
    "no local ratio": Variant(lambda: patch.object(appearance, "_LOCAL_RATIO", (1.0, 1.0))),
    "no region factors": Variant(lambda: patch.object(appearance, "region_factors", _as_whole)),
    "no scan in the lesion": Variant(lambda: patch.object(appearance, "_share_of_scan", _no_scan_in_the_lesion)),
    "lesion masked out": Variant(_without_lesion_voxels),
    "neighbourhood of 3 voxels": Variant(lambda: patch.dict(itk._SAMPLING, {"CC": 1})),
    "stiffer": Variant(final=replace(_FINAL, flow_sigma=4.0, total_sigma=0.5)),
    "template 2 mm too sharp": Variant(fwhm_mm=PATTERNS["FDG"].fwhm_mm - 2),
    "template 2 mm too smooth": Variant(fwhm_mm=PATTERNS["FDG"].fwhm_mm + 2),
}
"""`hard region` is measured through the warp as it is."""


def ablation(work: Path, people: Sequence[Member]) -> pd.DataFrame:
    """Return the error of each ratio of each participant for every variant; rigid alignment is the workflow's."""
    truth = read(work / "truth.tsv")
    atlas, templates = standard()
    sharpness = {variant.fwhm_mm for variant in VARIANTS.values() if variant.fwhm_mm}
    others = {fwhm: make_template("FDG", atlas, fwhm_mm=fwhm) for fwhm in sharpness}
    parts = []
    for member in people:
        scans = converted(work, member.participant)
        ready = prepared(leading(scans), templates["FDG"])
        for name, variant in VARIANTS.items():
            template = others[variant.fwhm_mm] if variant.fwhm_mm else templates["FDG"]
            with variant.patches():
                deformation = Deformation(final=variant.final)
                warped = find_warp(ready.mean, template, ready.start, ready.grid, deformation, None)
            lesion = Volume(warped.lesion.astype(np.float32), template.uptake.affine)
            weights = {name: certainty(warped.misplacement_mm, lesion)}
            weights |= {"hard region": None} if name == "as it is" else {}
            for told, weight in weights.items():
                found = pd.DataFrame(measure_with(scans, warped.to_standard, member.side, weight))
                parts.append(found.assign(participant_id=member.participant, variant=told))
            print(f"{member.participant}: {name}", flush=True)
    rows = pd.concat(parts).merge(truth, on=KEYS)
    return rows.assign(error_percent=100 * (rows["value"] / rows["ratio_scanner"] - 1))
