"""The picture of one scan's registration, and the picture that stands for a refused scan."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pet_spect.model import Refusal, ScanKey, Volume
from pet_spect.report.canvas import (
    ALERT,
    draw_image,
    draw_key,
    draw_lines,
    draw_marks,
    draw_midplane,
    draw_outline,
    draw_title,
    height_of_lines,
    new_canvas,
    plain,
    save_picture,
)
from pet_spect.report.planes import Panel, Plane, View, cut, montage
from pet_spect.report.steps import Step
from pet_spect.resample import apply_affine

_WIDTH, _TEXT_HEIGHT, _SIZE_MM = 1000, 170, (192.0, 204.0)
_KEY, _TITLE, _FOOT = 26, 28, 10

_MEANINGS = {
    "left": "target, left",
    "right": "target, right",
    "reference": "reference regions",
    "brain": "MNI brain and white matter",
    "lesion": "lesion",
}


def draw_registration(
    path: Path,
    key: ScanKey,
    title: str,
    steps: Sequence[Step],
    gates: Sequence[str],
    *,
    warnings: Sequence[str] = (),
    simulated: bool,
) -> None:
    """Draw the steps of one scan's registration below each other.

    Parameters
    ----------
    path : Path
        The PNG to write. It holds no date, and says which scan it shows (`canvas.scan_of_picture`).
    key : ScanKey
    title : str
        The label of the scan.
    steps : sequence of Step
        All with the same number of panels, of the same size, or with none.
    gates : sequence of str
        Lines about this registration, printed small.
    warnings : sequence of str
        What to look at in this scan, printed below the title.
    simulated : bool
        Whether the picture says SIMULATED.
    """
    rows = [montage([step.panels]) if step.panels else (None, []) for step in steps]
    wholes = [whole for whole, _ in rows if whole is not None]
    width = max(_WIDTH, wholes[0].image.shape[1])
    height = _KEY + _TITLE * len(steps) + sum(whole.image.shape[0] for whole in wholes)
    small = _FOOT + height_of_lines(gates)
    canvas, axes = new_canvas(width, height + small, title, warnings, simulated=simulated)
    draw_key(axes, _KEY / 2, _key(steps, wholes))
    top = _KEY
    for step, (whole, marks) in zip(steps, rows, strict=True):
        draw_title(axes, top + _TITLE / 2, step.title, step.good)
        top += _TITLE
        if whole is None:
            continue
        draw_image(axes, whole, top)
        for name, mask in whole.masks.items():
            draw_outline(axes, mask, name, top)
        if step.midplane:
            draw_midplane(axes, whole, top)
        draw_marks(axes, marks, top)
        top += whole.image.shape[0]
    draw_lines(axes, top + _FOOT / 2, gates)
    save_picture(canvas, path, key)


def _key(steps: Sequence[Step], wholes: Sequence[Panel]) -> list[tuple[str, str]]:
    """Return what the picture has a key for: what is on it."""
    drawn = {name for whole in wholes for name, mask in whole.masks.items() if (mask > 0.5).any()}
    shown = [(name, meaning) for name, meaning in _MEANINGS.items() if name in drawn]
    if any(step.midplane for step in steps):
        shown.append(("midplane", "midplane"))
    if any(np.isnan(whole.image).any() for whole in wholes):
        shown.append(("outside", "outside the field of view"))
    return shown


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
    planes = [Plane(view, (x, y, z), _SIZE_MM, f"own space, {view}") for view in views]
    return [cut(scan, {}, plane) for plane in planes]
