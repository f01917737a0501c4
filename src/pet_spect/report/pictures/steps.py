"""Views by which a person judges a registration: own space, before and after the warp, and the lesion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
from numpy.typing import NDArray

from pet_spect.errors import AtlasError
from pet_spect.imaging.resample import Points, apply_affine, displace
from pet_spect.imaging.tissue import nilearn_map
from pet_spect.model import Atlas, RegionSide, Volume, Warp
from pet_spect.report.pictures.planes import Floats, Panel, Plane, View, cut

_SIZE_MM = (192.0, 188.0)
_MIDDLE_MM = (0.0, -16.0, 17.0)
"""The middle of what is shown of the standard space: the brain and no more of the grid below it."""

_PLANES_MM: tuple[tuple[View, float], ...] = (
    ("axial", 52),
    ("axial", 4),
    ("coronal", -18),
    ("sagittal", -36),
    ("sagittal", 36),
)
"""What is cut before and after the warp: through both motor cortices, the deep nuclei and each side."""

_THROUGH: dict[View, int] = {"sagittal": 0, "coronal": 1, "axial": 2}
_PONS_MM = (0.0, -28.0, -34.0)


@dataclass(frozen=True)
class Registration:
    """One scan with all that places it in the standard space.

    Attributes
    ----------
    native : Volume
        The scan in its own space.
    standard : Volume
        The scan resampled to the standard space.
    participant_to_scan_points : (4, 4) float64 array
        Participant points to scan points, RAS+ mm.
    to_standard : Warp
        Participant points to standard points.
    from_standard : Warp
        Standard points to participant points.
    linear : (4, 4) float64 array
        What of `from_standard` only moves, turns and scales, see `linear_part`.
    """

    native: Volume
    standard: Volume
    participant_to_scan_points: NDArray[np.float64]
    to_standard: Warp
    from_standard: Warp
    linear: NDArray[np.float64]


class Outline(Volume):
    """A mask of 0 to 1 in the standard space whose voxels serve several scans."""

    @cached_property
    def points(self) -> Floats:
        """(n, 3) centres of the voxels above 0.5, RAS+ mm."""
        return apply_affine(self.affine, np.argwhere(self.data > 0.5).astype(np.float64))


@dataclass(frozen=True)
class Step:
    """One row of the picture.

    Attributes
    ----------
    title : str
        What it shows.
    good : str
        What it looks like if all is well.
    panels : list of Panel
        Empty if there is nothing to see.
    midplane : bool
        Whether the midplane is drawn.
    personal : bool
        Whether the title says what was measured of the person, which is the same at each visit.
    """

    title: str
    good: str
    panels: list[Panel]
    midplane: bool = False
    personal: bool = False


def outlines(atlas: Atlas, target: Sequence[str], references: Sequence[str] = ()) -> dict[str, Outline]:
    """Return what is drawn on a scan, each as a mask of 0 to 1 in the standard space.

    Parameters
    ----------
    atlas : Atlas
    target : sequence of str
        Regions with a left and a right side.
    references : sequence of str
        Regions drawn together as ``reference``.

    Returns
    -------
    dict of str to Outline
        ``left`` and ``right`` (the target), ``reference``, ``brain`` and ``white``
        (the ICBM 2009a symmetric tissue maps that nilearn ships).

    Raises
    ------
    AtlasError
        If the atlas lacks a region.
    """
    by_side: dict[str, list[int]] = {"left": [], "right": []}
    for name in target:
        of_name = {region.side: region.index for region in atlas.regions if region.name == name}
        if not {"left", "right"} <= of_name.keys():
            raise AtlasError(f"atlas {atlas.name}: has no region {name!r} with a left and a right side")
        for side, indices in by_side.items():
            indices.append(of_name[cast(RegionSide, side)])
    unknown = sorted(set(references) - {region.name for region in atlas.regions})
    if unknown:
        raise AtlasError(f"atlas {atlas.name}: has no region {unknown[0]!r}")
    chosen = [region.index for region in atlas.regions if region.name in references]
    grey, white = nilearn_map("gm"), nilearn_map("wm")
    return {
        "brain": Outline(grey.data + white.data, white.affine),
        "white": Outline(white.data, white.affine),
        "reference": _outline(atlas, chosen),
        "left": _outline(atlas, by_side["left"]),
        "right": _outline(atlas, by_side["right"]),
    }


def _outline(atlas: Atlas, indices: Sequence[int]) -> Outline:
    inside = np.zeros(int(atlas.labels.max()) + 1, dtype=np.float32)
    inside[list(indices)] = 1
    return Outline(inside[atlas.labels], atlas.affine)


def in_own_space(scan: Registration, masks: Mapping[str, Outline]) -> Step:
    """Return the scan on its own axes, with regions and midplane brought to it.

    They take the way the measurement takes: scan point to participant point
    (the inverse of the rigid transform), then through the warp to the standard.
    """
    scan_to_participant_points = np.linalg.inv(scan.participant_to_scan_points)

    def to_standard(points: Points) -> Points:
        return displace(scan.to_standard, apply_affine(scan_to_participant_points, points))

    def to_scan(points: Points) -> NDArray[np.float64]:
        return apply_affine(scan.participant_to_scan_points, displace(scan.from_standard, points))

    left, right = (to_scan(masks[side].points).mean(axis=0) for side in ("left", "right"))
    planes = _planes_of_scan(left, right, *to_scan(np.array([_MIDDLE_MM, _PONS_MM])))
    shown = _chosen(masks, "brain", "reference", "left", "right")
    return Step(
        "1  Own space: where the regions are measured",
        "good: the dashed line runs between the halves, the targets lie on cortex",
        [cut(scan.native, shown, plane, to_standard) for plane in planes],
        midplane=True,
    )


def _planes_of_scan(
    left: NDArray[np.float64], right: NDArray[np.float64], middle: NDArray[np.float64], pons: NDArray[np.float64]
) -> list[Plane]:
    """Return what is cut of a scan in its own space, through points of it, each (3,) RAS+ mm."""
    x, y, z = middle
    targets = (left + right) / 2
    return [
        Plane("axial", (x, y, targets[2]), _SIZE_MM, "through both targets"),
        Plane("axial", (x, y, pons[2]), _SIZE_MM, "through cerebellum and pons"),
        Plane("coronal", (x, targets[1], z), _SIZE_MM, "through both targets"),
        Plane("sagittal", (left[0], y, z), _SIZE_MM, "left target"),
        Plane("sagittal", (right[0], y, z), _SIZE_MM, "right target"),
    ]


def before_warp(scan: Registration, masks: Mapping[str, Outline]) -> Step:
    """Return the scan as the linear part of its way alone would place it in the standard space."""
    linear = scan.participant_to_scan_points @ scan.linear
    placed = Volume(scan.native.data, np.linalg.inv(linear) @ scan.native.affine)
    shown = _chosen(masks, "white", "brain")
    return Step(
        "2  Before the warp: only moved, turned and scaled",
        "good: upright, about as large as the outline of the MNI brain",
        [cut(placed, shown, plane) for plane in _standard_planes()],
    )


def after_warp(scan: Registration, masks: Mapping[str, Outline]) -> Step:
    """Return the scan in the standard space, cut as in `before_warp`."""
    shown = _chosen(masks, "white", "brain", "reference", "left", "right")
    return Step(
        "3  After the warp: standard space",
        "good: the edge of the brain fits the outline better than in row 2",
        [cut(scan.standard, shown, plane) for plane in _standard_planes()],
    )


def whole_scan(scan: Volume, head_box: Sequence[Sequence[int]] | None, title: str) -> Step:
    """Return a scan in its own space, made smaller if need be, with the box of the head that was found.

    Parameters
    ----------
    scan : Volume
        In canonical voxel order.
    head_box : sequence of (int, int) or None
        First voxel and the one behind the last along each axis; None if no head was found. The planes then run
        through the middle of the counts.
    title : str
    """
    inside = np.zeros(scan.data.shape, dtype=np.float32)
    middle = _middle_of_counts(scan.data)
    if head_box is not None:
        inside[tuple(slice(first, last) for first, last in head_box)] = 1.0
        middle = np.array([(first + last - 1) / 2 for first, last in head_box])
    shape = np.array(scan.data.shape)
    extent_mm = float((shape * scan.voxel_size).max())
    smaller = np.diag([min(1.0, _SIZE_MM[1] / extent_mm)] * 3 + [1.0]) @ scan.affine
    x, y, z = apply_affine(smaller, middle)
    across, along, up = apply_affine(smaller, (shape - 1) / 2)
    planes = [
        Plane("axial", (across, along, z), _SIZE_MM, "own space, axial"),
        Plane("coronal", (across, y, up), _SIZE_MM, "own space, coronal"),
        Plane("sagittal", (x, along, up), _SIZE_MM, "own space, sagittal"),
    ]
    head = {} if head_box is None else {"head": Volume(inside, smaller)}
    good = "" if head_box is None else "good: the box holds the whole head and little else"
    return Step(title, good, [cut(Volume(scan.data, smaller), head, plane) for plane in planes])


def tried_pose(
    scan: Volume, head_box: Sequence[Sequence[int]], pose: NDArray[np.float64], masks: Mapping[str, Outline]
) -> Step:
    """Return a refused scan in its own space with the regions where the pose that was tried puts them.

    Parameters
    ----------
    scan : Volume
        In canonical voxel order.
    head_box : sequence of (int, int)
        As in `whole_scan`. The planes stay inside it, so that the head is shown wherever the regions are.
    pose : (4, 4) float array
        Standard points to scan points; it can be inverted.
    masks : mapping of str to Outline
    """
    to_voxels, to_standard = np.linalg.inv(scan.affine), np.linalg.inv(pose)
    first, last = np.array(head_box, dtype=np.float64).T
    left, right = (masks[side].points.mean(axis=0) for side in ("left", "right"))
    carried = apply_affine(pose, np.array([left, right, _MIDDLE_MM, _PONS_MM]))
    kept = apply_affine(scan.affine, np.clip(apply_affine(to_voxels, carried), first, last - 1))
    planes = _planes_of_scan(*kept)
    shown = _chosen(masks, "brain", "reference", "left", "right")
    return Step(
        "2  The pose that was tried: the regions as it places them, before any warp",
        "good: the outline lies on the brain, the dashed line runs between the halves",
        [cut(scan, shown, plane, lambda points: apply_affine(to_standard, points)) for plane in planes],
        midplane=True,
    )


def lesion_step(scan: Registration, masks: Mapping[str, Outline], lesion: Volume, caption: str) -> Step:
    """Return the scan in the standard space where the lesion is largest, without and with its outline.

    Parameters
    ----------
    scan : Registration
    masks : mapping of str to Outline
    lesion : Volume
        Above 0.5 inside, in the standard space. Without such a voxel nothing is drawn.
    caption : str
        Where the lesion is from and how large it is.
    """
    inside = lesion.data > 0.5
    if not inside.any():
        return Step("4  Lesion: none seen", "", [])
    widest = [int(inside.sum(axis=tuple({0, 1, 2} - {axis})).argmax()) for axis in range(3)]
    at = apply_affine(lesion.affine, np.array(widest))
    shown = _chosen(masks, "left", "right") | {"lesion": Volume(inside.astype(np.float32), lesion.affine)}
    axial, coronal, sagittal = (standard_plane(view, at[_THROUGH[view]]) for view in ("axial", "coronal", "sagittal"))
    nothing = {name: Volume(np.zeros_like(mask.data), mask.affine) for name, mask in shown.items()}
    return Step(
        f"4  {caption}",
        "good: the outline holds the dark area and no healthy tissue",
        [
            cut(scan.standard, nothing, axial),
            cut(scan.standard, shown, axial),
            cut(scan.standard, nothing, coronal),
            cut(scan.standard, shown, coronal),
            cut(scan.standard, shown, sagittal),
        ],
        personal=True,
    )


def linear_part(warp: Warp, brain: Outline) -> NDArray[np.float64]:
    """Return the (4, 4) matrix that comes nearest to a warp within the brain, by least squares.

    Parameters
    ----------
    warp : Warp
        Standard points to participant points.
    brain : Outline
    """
    points = brain.points[::50]
    with_one = np.column_stack([points, np.ones(len(points))])
    matrix = np.eye(4)
    matrix[:3] = np.linalg.lstsq(with_one, displace(warp, points), rcond=None)[0].T
    return matrix


def _middle_of_counts(data: Floats) -> Floats:
    """Return the voxel in the middle of the counts, or of the grid where there are none."""
    counts = np.clip(np.nan_to_num(data.astype(np.float64)), 0.0, None)
    total = counts.sum()
    middle = (np.array(data.shape) - 1) / 2
    for axis, extent in enumerate(data.shape) if total else ():
        middle[axis] = (counts.sum(axis=tuple({0, 1, 2} - {axis})) * np.arange(extent)).sum() / total
    return middle


def _standard_planes() -> list[Plane]:
    return [standard_plane(view, at) for view, at in _PLANES_MM]


def standard_plane(view: View, at: float) -> Plane:
    """Return a plane through the standard space at a coordinate in mm that shows the whole brain."""
    through = _THROUGH[view]
    x, y, z = (at if axis == through else middle for axis, middle in enumerate(_MIDDLE_MM))
    return Plane(view, (x, y, z), _SIZE_MM, f"MNI {'xyz'[through]} = {at:.0f}".replace("-", "−"))


def _chosen(masks: Mapping[str, Outline], *names: str) -> dict[str, Volume]:
    return {name: masks[name] for name in names}
