"""The picture of one scan's registration, and the picture that stands for a refused scan."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pet_spect.errors import AtlasError
from pet_spect.model import Atlas, Refusal, ScanKey, Volume, Warp
from pet_spect.report.canvas import (
    ALERT,
    GROUND,
    LEFT,
    OUTSIDE,
    REFERENCE,
    RIGHT,
    TISSUE,
    draw_image,
    draw_key,
    draw_marks,
    new_canvas,
    plain,
    save_picture,
)
from pet_spect.report.planes import Floats, Panel, Plane, View, cut, montage
from pet_spect.resample import Points, apply_affine, displace

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH_MM, _TALL_MM, _LOW_MM = 192.0, 204.0, 176.0
_VIEWS: tuple[tuple[View, float, tuple[tuple[float, float, float], ...]], ...] = (
    ("axial", _TALL_MM, ((0, -12, -32), (0, -12, 4), (0, -12, 36), (0, -12, 52))),
    ("coronal", _LOW_MM, ((0, -62, 12), (0, -30, 12), (0, -18, 12), (0, -6, 12))),
    ("sagittal", _LOW_MM, ((-36, -12, 12), (0, -12, 12), (36, -12, 12))),
)
"""What is cut in the standard space: view, height of the panels, and their middles in mm."""

_WIDTH, _TEXT_HEIGHT = 1000, 170


@dataclass(frozen=True)
class Registration:
    """One scan with all that places it in the standard space.

    Attributes
    ----------
    native : Volume
        The scan in its own space.
    standard : Volume
        The scan resampled to the standard space.
    participant_to_scan : (4, 4) float64 array
        Participant points to scan points, RAS+ mm.
    to_standard : Warp
        Participant points to standard points.
    from_standard : Warp
        Standard points to participant points.
    """

    native: Volume
    standard: Volume
    participant_to_scan: NDArray[np.float64]
    to_standard: Warp
    from_standard: Warp


def outlines(atlas: Atlas, target: str, references: Sequence[str] = ()) -> dict[str, Volume]:
    """Return what is drawn on a scan, each as a mask of 0 to 1 in the standard space.

    Parameters
    ----------
    atlas : Atlas
    target : str
        A region with a left and a right side.
    references : sequence of str
        Regions drawn together as ``reference``.

    Returns
    -------
    dict of str to Volume
        ``left`` and ``right`` (the target), ``reference``, ``brain`` and ``white``
        (the ICBM 2009a symmetric tissue maps that nilearn ships).

    Raises
    ------
    AtlasError
        If the atlas lacks a region.
    """
    from nilearn.datasets import load_mni152_gm_template, load_mni152_wm_template

    by_side = {region.side: region.index for region in atlas.regions if region.name == target}
    if not {"left", "right"} <= by_side.keys():
        raise AtlasError(f"atlas {atlas.name}: has no region {target!r} with a left and a right side")
    unknown = sorted(set(references) - {region.name for region in atlas.regions})
    if unknown:
        raise AtlasError(f"atlas {atlas.name}: has no region {unknown[0]!r}")
    chosen = [region.index for region in atlas.regions if region.name in references]
    grey, white = load_mni152_gm_template(resolution=1), load_mni152_wm_template(resolution=1)
    white_map = np.asarray(white.dataobj, dtype=np.float32)
    return {
        "brain": Volume(np.asarray(grey.dataobj, dtype=np.float32) + white_map, white.affine),
        "white": Volume(white_map, white.affine),
        "reference": Volume(np.isin(atlas.labels, chosen).astype(np.float32), atlas.affine),
        "left": Volume((atlas.labels == by_side["left"]).astype(np.float32), atlas.affine),
        "right": Volume((atlas.labels == by_side["right"]).astype(np.float32), atlas.affine),
    }


def standard_rows(standard: Volume, masks: Mapping[str, Volume]) -> list[list[Panel]]:
    """Return an axial, a coronal and a sagittal row of panels of a scan in the standard space."""
    rows = []
    for view, height, centres in _VIEWS:
        through = {"axial": 2, "coronal": 1, "sagittal": 0}[view]
        planes = [
            Plane(view, centre, (_WIDTH_MM, height), f"MNI {'xyz'[through]} = {centre[through]:.0f}".replace("-", "−"))
            for centre in centres
        ]
        rows.append([cut(standard, masks, plane) for plane in planes])
    return rows


def native_row(scan: Registration, masks: Mapping[str, Volume]) -> list[Panel]:
    """Return panels of a scan in its own space, through the middle of the two targets.

    The outlines take the way the measurement takes: scan point to participant
    point (the inverse of the rigid transform), then through the warp to the standard.
    """
    scan_to_participant = np.linalg.inv(scan.participant_to_scan)

    def to_standard(points: Points) -> Points:
        return displace(scan.to_standard, apply_affine(scan_to_participant, points))

    left, right = (
        apply_affine(scan.participant_to_scan, displace(scan.from_standard, _points_of(masks[side]))).mean(axis=0)
        for side in ("left", "right")
    )
    x, y, z = (left + right) / 2
    size = (_WIDTH_MM, _TALL_MM)
    planes = [
        Plane("axial", (x, y, z), size, "own space, through both targets"),
        Plane("coronal", (x, y, z - 40.0), size, "own space, through both targets"),
        Plane("sagittal", (left[0], y, z - 40.0), size, "own space, left target"),
        Plane("sagittal", (right[0], y, z - 40.0), size, "own space, right target"),
    ]
    return [cut(scan.native, masks, plane, to_standard) for plane in planes]


def _points_of(mask: Volume) -> Floats:
    return apply_affine(mask.affine, np.argwhere(mask.data > 0.5).astype(np.float64))


def draw_registration(
    path: Path,
    key: ScanKey,
    title: str,
    scan: Registration,
    masks: Mapping[str, Volume],
    gates: Sequence[str],
    *,
    warnings: Sequence[str] = (),
    simulated: bool,
) -> None:
    """Draw one scan with tissue and target outlines, in the standard space and in its own.

    Parameters
    ----------
    path : Path
        The PNG to write. It holds no date, and says which scan it shows (`canvas.scan_of_picture`).
    key : ScanKey
    title : str
        The label of the scan.
    scan : Registration
    masks : mapping of str to Volume
        See `outlines`.
    gates : sequence of str
        Lines about this registration, printed small.
    warnings : sequence of str
        What to look at in this scan, printed below the title.
    simulated : bool
        Whether the picture says SIMULATED.
    """
    rows = [*standard_rows(scan.standard, masks), native_row(scan, masks)]
    whole, marks = montage(rows)
    height, width = whole.image.shape
    canvas, axes = new_canvas(width, height, title, warnings, simulated=simulated)
    draw_image(axes, whole)
    _draw_outlines(axes, whole)
    draw_marks(axes, marks)
    top_of_key = sum(row[0].image.shape[0] for row in rows[:2])
    axes.axhspan(top_of_key - 0.5, height - rows[3][0].image.shape[0] - 0.5, xmin=0.75, color=GROUND, linewidth=0)
    shown = [(LEFT, "target, left"), (RIGHT, "target, right"), (TISSUE, "MNI brain and white matter")]
    if whole.masks["reference"].any():
        shown.append((REFERENCE, "reference regions"))
    if any(np.isnan(panel.image).any() for row in rows for panel in row):
        shown.append((OUTSIDE, "outside the field of view"))
    draw_key(axes, width * 3 / 4 + 14, top_of_key + 20, shown, gates)
    axes.axhline(height - rows[3][0].image.shape[0] - 0.5, color="#ffffff", linewidth=1)
    save_picture(canvas, path, key)


def draw_refusal(
    path: Path,
    key: ScanKey,
    title: str,
    refusal: Refusal,
    native: Volume | None,
    *,
    warnings: Sequence[str] = (),
    simulated: bool,
) -> None:
    """Draw what stands in the place of the picture of a refused scan: that it was refused, and why.

    Parameters
    ----------
    path, key, title, warnings, simulated
        As in `draw_registration`.
    refusal : Refusal
    native : Volume or None
        The scan in its own space, cut through the middle of its counts, if it has been converted.
    """
    panels = [] if native is None else _middle_panels(native)
    whole, marks = montage([panels]) if panels else (None, [])
    height = 0 if whole is None else whole.image.shape[0]
    canvas, axes = new_canvas(_WIDTH, _TEXT_HEIGHT + height, title, warnings, simulated=simulated)
    if whole is not None:
        draw_image(axes, whole, top=_TEXT_HEIGHT)
        draw_marks(axes, marks, top=_TEXT_HEIGHT)
    axes.text(24, 40, "REFUSED", color=ALERT, fontsize=22, fontweight="bold", va="center")
    told = textwrap.wrap(refusal.reason, 105, max_lines=4, placeholder=" …")
    lines = [f"by {refusal.stage} ({refusal.code})", *told]
    axes.text(24, 70, plain("\n".join(lines)), color="#ffffff", fontsize=10.5, va="top", linespacing=1.5)
    save_picture(canvas, path, key)


def _middle_panels(scan: Volume) -> list[Panel]:
    counts = np.clip(np.nan_to_num(scan.data.astype(np.float64)), 0.0, None)
    total = counts.sum()
    middle = [
        float((counts.sum(axis=tuple({0, 1, 2} - {axis})) * np.arange(counts.shape[axis])).sum() / total)
        if total
        else (counts.shape[axis] - 1) / 2
        for axis in range(3)
    ]
    x, y, z = apply_affine(scan.affine, np.array(middle))
    views: tuple[View, ...] = ("axial", "coronal", "sagittal")
    planes = [Plane(view, (x, y, z), (_WIDTH_MM, _TALL_MM), f"own space, {view}") for view in views]
    return [cut(scan, {}, plane) for plane in planes]


def _draw_outlines(axes: Axes, whole: Panel) -> None:
    _draw_contour(axes, whole.masks["white"], TISSUE, 0.5)
    _draw_contour(axes, whole.masks["brain"], TISSUE, 1.0)
    _draw_contour(axes, whole.masks["reference"], REFERENCE, 1.2)
    for side, colour in (("left", LEFT), ("right", RIGHT)):
        if (whole.masks[side] > 0.5).any():
            axes.contourf(whole.masks[side], levels=[0.5, 2.0], colors=[colour], alpha=0.25)
        _draw_contour(axes, whole.masks[side], colour, 1.8)


def _draw_contour(axes: Axes, mask: Floats, colour: str, width: float) -> None:
    if (mask > 0.5).any():
        axes.contour(mask, levels=[0.5], colors=[colour], linewidths=[width])
