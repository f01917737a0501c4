"""The ingredients of the warp, each on and off, on the converted scans of a study."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
from measured import KEYS, certainty, converted, leading, measure_with, prepared, read, standard
from trial import Member

from pet_spect.model import Volume
from pet_spect.registration import appearance, warp
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

VARIANTS: Mapping[str, tuple[Patches, Step]] = {
    "as it is": (_nothing, _FINAL),
    "plain template": (
        lambda: patch.object(warp, "own_appearance", lambda scan, template, ignored: template.uptake),
        _FINAL,
    ),
    "mutual information": (_nothing, replace(_FINAL, metric="mattes")),
    "no local ratio": (lambda: patch.object(appearance, "_LOCAL_RATIO", (1.0, 1.0)), _FINAL),
    "no region factors": (lambda: patch.object(appearance, "region_factors", _as_whole), _FINAL),
    "template in the lesion": (
        lambda: patch.object(appearance, "_share_of_scan", lambda lesion: np.zeros(lesion.shape, dtype=np.float32)),
        _FINAL,
    ),
    "lesion masked out": (_without_lesion_voxels, _FINAL),
    "stiffer": (_nothing, replace(_FINAL, flow_sigma=4.0, total_sigma=0.5)),
}
"""What is patched, and the final step. `hard region` is measured through the warp as it is."""


def ablation(work: Path, people: Sequence[Member]) -> pd.DataFrame:
    """Return the error of each ratio of each participant for every variant; rigid alignment is the workflow's."""
    truth = read(work / "truth.tsv")
    template = standard()[1]["FDG"]
    parts = []
    for member in people:
        scans = converted(work, member.participant)
        ready = prepared(leading(scans), template)
        for name, (patches, final) in VARIANTS.items():
            with patches():
                deformation = Deformation(final=final)
                warped = find_warp(ready.mean, template, ready.start, ready.grid, deformation, None)
            lesion = Volume(warped.lesion.astype(np.float32), template.uptake.affine)
            weights = {name: certainty(warped.misplacement_mm, lesion)}
            weights |= {"hard region": None} if name == "as it is" else {}
            for variant, weight in weights.items():
                found = pd.DataFrame(measure_with(scans, warped.to_standard, member.side, weight))
                parts.append(found.assign(participant_id=member.participant, variant=variant))
            print(f"{member.participant}: {name}", flush=True)
    rows = pd.concat(parts).merge(truth, on=KEYS)
    return rows.assign(error_percent=100 * (rows["value"] / rows["ratio_scanner"] - 1))
