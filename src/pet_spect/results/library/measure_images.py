"""Ratios of images at hand."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

import numpy as np

from pet_spect.errors import ImageError, RegionError, did_you_mean, listed, shown
from pet_spect.imaging.atlases import AtlasSource, load_atlas
from pet_spect.imaging.brain_overlap import check_brain_overlap
from pet_spect.imaging.given_images import GivenImage, check_thickness, given_images
from pet_spect.imaging.images import check_rigid, read_rigid, read_warp
from pet_spect.imaging.lesion_mask import read_lesion_mask
from pet_spect.model import ScanKey, Side, Warp
from pet_spect.quantify.comparisons import OTHER_SIDE
from pet_spect.quantify.measurement import participant_regions
from pet_spect.quantify.participant_uptake import PlacedScan, RegionValues, participant_uptake
from pet_spect.quantify.ratios import Ratio, scan_ratios
from pet_spect.quantify.references import lesionfree_regions
from pet_spect.quantify.roles import RegionRoles, ScanUptake
from pet_spect.quantify.uptake import LESIONFREE
from pet_spect.results.converted_scan import given_facts
from pet_spect.results.library.ratio_table import (
    known_references,
    ratio_frame,
    wanted_measures,
    wanted_references,
    wanted_targets,
)
from pet_spect.tsv import MISSING

if TYPE_CHECKING:
    import pandas as pd

DEFAULT_TARGET = "precentral"
_TRANSFORMS = ("warp", "rigid")


def measure_images(
    images: Any,
    atlas: AtlasSource,
    *,
    targets: str | Sequence[str] | None,
    references: Any,
    lesion_side: Any,
    transforms: Mapping[str, Any] | None,
    tracer: Any,
    lesion: Any,
    measures: str | Sequence[str] | None,
    misplacement_mm: float,
    resolution_mm: float,
    blur_mm: float,
    min_coverage: float,
    check_space: bool,
) -> pd.DataFrame:
    """Return the ratios of images, see `pet_spect.measure`."""
    chosen = load_atlas(atlas)
    wanted = wanted_measures("uptake_ratio" if measures is None else measures)
    parts = [(region.name, region.side) for region in chosen.regions]
    groups = wanted_targets(DEFAULT_TARGET if targets is None else targets, parts, chosen.name)
    known = known_references()
    planned = [RegionRoles(group, wanted_references(references, known, group, parts), known) for group in groups]
    opened = given_images(images)
    for image in opened:
        check_thickness(image)
    _check_names(tracer, opened, "tracer", leaf=str)
    opened = [_with_tracer(image, tracer) for image in opened]
    _check_names(lesion, opened, "lesion", leaf=(str, os.PathLike))
    sides = {image.key: _side(lesion_side, image) for image in opened}
    masks = _masks(lesion, opened)
    rows: dict[ScanKey, list[Ratio]] = {image.key: [] for image in opened}
    for group in _alike(opened, transforms):
        first = group[0]
        warp = _warp(_transform(transforms, first, "warp"))
        placed = [_placed(image, transforms, blur_mm) for image in group]
        if check_space:
            for image, scan in zip(group, placed, strict=True):
                check_brain_overlap(scan.volume, scan.to_participant, warp, name=image.name)
        mask = masks[first.key.participant]
        for roles in planned:
            regions = participant_regions(
                chosen,
                warp,
                target=roles.target,
                lesionfree=lesionfree_regions(roles.references.values(), roles.target, [name for name, _ in parts]),
                misplacement_mm=misplacement_mm,
                resolution_mm=resolution_mm,
                lesion=None if mask is None else read_lesion_mask(Path(mask), chosen),
                min_coverage=min_coverage,
            )
            try:
                found = participant_uptake(placed, regions)
            except RegionError as error:
                raise RegionError(f"{first.name}: {error}", code=error.code) from None
            for image, values in zip(group, found, strict=True):
                found_rows = scan_ratios(_scan(image, values), sides[image.key], roles)
                unasked = OTHER_SIDE if mask is not None else (OTHER_SIDE, LESIONFREE)
                rows[image.key] += [row for row in found_rows if not row.region.endswith(unasked)]
    return ratio_frame((row for image in opened for row in rows[image.key]), wanted)


def _alike(images: Sequence[GivenImage], transforms: Mapping[str, Any] | None) -> Iterator[list[GivenImage]]:
    """Give the images of one participant, tracer and warp together: they tell each other's noise; others alone."""
    groups: dict[tuple[Any, ...], list[GivenImage]] = {}
    for number, image in enumerate(images):
        warp = _transform(transforms, image, "warp")
        shared = id(warp) if isinstance(warp, Warp) else str(warp)
        alone = image.key.tracer == MISSING
        groups.setdefault((image.key.participant, image.key.tracer, shared, alone and number), []).append(image)
    yield from groups.values()


def _scan(image: GivenImage, values: RegionValues) -> ScanUptake:
    facts = given_facts(image.facts, f"{image.name}: its JSON")
    reason = "no sidecar says how to reach SUV"
    if image.facts:
        # not the words themselves: in a JSON of another program they may name a person
        reason = "SUVReason in the sidecar says why" if image.facts.get("SUVReason") else ""
    return ScanUptake(image.key, None, values, (), facts.suv_factor, reason, facts.attenuation_corrected)


def _with_tracer(image: GivenImage, tracer: Any) -> GivenImage:
    name = _of(tracer, image, leaf=str)
    if name is None:
        return image
    return replace(image, key=replace(image.key, tracer=str(name)))


def _side(lesion_side: Any, image: GivenImage) -> Side:
    side = _of(lesion_side, image, leaf=str)
    if side not in get_args(Side):
        who = image.key.participant
        fault = "none is given" if side is None else f"found {shown(side)}"
        hint = ""
        if side is None and hasattr(lesion_side, "items"):
            hint = f" (the dict names {listed(lesion_side)}){did_you_mean(who, map(str, dict(lesion_side)))}"
        raise RegionError(
            f"lesion_side of {who}: {fault}, needed left or right, for all or in a dict by participant{hint}"
        )
    return cast(Side, side)


def _of(value: Any, image: GivenImage, *, leaf: Any) -> Any:
    """Return what is given for an image: the same for all, or by the name of the participant or the image."""
    if value is None or isinstance(value, leaf) or not hasattr(value, "items"):
        return value
    by_name = dict(value.items())
    return next((by_name[name] for name in _names(image) if name in by_name), None)


def _names(image: GivenImage) -> tuple[Any, ...]:
    """Return how a dict may call an image, the narrowest name first."""
    key = image.key
    return (key.participant, key.session, key.tracer), (key.participant, key.session), image.name, key.participant


def _check_names(value: Any, images: Sequence[GivenImage], what: str, *, leaf: Any) -> None:
    if value is None or isinstance(value, leaf) or not hasattr(value, "items"):
        return
    known = {name for image in images for name in _names(image)}
    unknown = next((name for name in dict(value.items()) if name not in known), None)
    if unknown is not None:
        words = [name for name in known if isinstance(name, str)]
        near = did_you_mean(str(unknown), words)
        raise ImageError(f"{what}: {shown(unknown)} is no image or participant; found {listed(sorted(words))}{near}")


def _masks(lesion: Any, images: Sequence[GivenImage]) -> dict[str, Any]:
    """Return the lesion mask of each participant, also where only one of the images names it."""
    masks: dict[str, Any] = {}
    for image in images:
        who, mask = image.key.participant, _of(lesion, image, leaf=(str, os.PathLike))
        earlier = masks.get(who)
        if mask is not None and earlier is not None and Path(mask) != Path(earlier):
            raise ImageError(f"lesion of {who}: found two masks, needed one for all images of a person")
        masks[who] = earlier if mask is None else mask
    return masks


def _transform(transforms: Mapping[str, Any] | None, image: GivenImage, kind: str) -> Any:
    if transforms is None:
        return None
    if not isinstance(transforms, Mapping):
        raise ImageError(
            f"transforms: found {shown(transforms)}, needed {{'warp': ..., 'rigid': ...}}, or such by name"
        )
    mine = transforms if set(transforms) <= set(_TRANSFORMS) else _of(transforms, image, leaf=())
    if mine is None:
        raise ImageError(f"transforms: none is given for {image.key.participant}; found {listed(transforms)}")
    if not isinstance(mine, Mapping) or not set(mine) <= set(_TRANSFORMS):
        raise ImageError(f"transforms of {image.key.participant}: found {shown(mine)}, needed warp and rigid")
    return mine.get(kind)


def _warp(warp: Any) -> Warp | None:
    return read_warp(Path(warp)) if isinstance(warp, str | os.PathLike) else warp


def _placed(image: GivenImage, transforms: Mapping[str, Any] | None, blur_mm: float) -> PlacedScan:
    rigid = _transform(transforms, image, "rigid")
    if isinstance(rigid, np.ndarray):
        check_rigid(rigid, "rigid")
    elif rigid is not None:
        rigid = read_rigid(Path(rigid))
    to_participant = None if rigid is None else np.asarray(np.linalg.inv(rigid), dtype=np.float64)
    return PlacedScan(image.key.tracer, image.volume, to_participant, None, blur_mm)
