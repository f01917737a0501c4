"""The picture of one scan's registration, and the picture that stands for a refused scan."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pet_spect.model import Refusal, ScanKey
from pet_spect.report.pictures.canvas import (
    ALERT,
    draw_image,
    draw_key,
    draw_lines,
    draw_marks,
    draw_midplane,
    draw_outline,
    draw_title,
    height_of_lines,
    height_of_title,
    new_canvas,
    plain,
    save_picture,
)
from pet_spect.report.pictures.planes import Mark, Panel, montage
from pet_spect.report.pictures.steps import Step

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH, _TEXT_HEIGHT = 1000, 170
_KEY, _TITLE, _FOOT = 26, 28, 10

_MEANINGS = {
    "left": "target, left",
    "right": "target, right",
    "reference": "reference regions",
    "brain": "MNI brain and white matter",
    "lesion": "lesion",
    "head": "head found",
}
"""Whether the lesion was drawn or estimated is not here: a blinded reader, who sees the key, could match people."""


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
    top = _draw_steps(axes, _KEY, steps, rows)
    draw_lines(axes, top + _FOOT / 2, gates)
    save_picture(canvas, path, key, blind=_blind(height_of_title(canvas, axes), steps, rows))


def _blind(
    top: int, steps: Sequence[Step], rows: Sequence[tuple[Panel | None, Sequence[Mark]]]
) -> list[tuple[int, int]]:
    """Return the rows of pixels for a reader who must not know whose scan it is.

    Title and warnings name the scan. Lesion and gates are measured once for a person and would show which scans belong
    together.
    """
    blind = [(top, top + _KEY)]
    top += _KEY
    for step, (whole, _) in zip(steps, rows, strict=True):
        below = top + _TITLE + (0 if whole is None else whole.image.shape[0])
        blind.append((top + (_TITLE if step.personal else 0), below))
        top = below
    return blind


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
    steps: Sequence[Step] = (),
    *,
    warnings: Sequence[str] = (),
    simulated: bool,
) -> None:
    """Draw what stands in the place of the picture of a refused scan: that it was refused, why, and what was tried.

    Parameters
    ----------
    path, key, title, warnings, simulated
        As in `draw_registration`.
    refusal : Refusal
    steps : sequence of Step
        The whole scan and the pose that was tried; none if the scan has not been converted.
    """
    rows = [montage([step.panels]) for step in steps]
    width = max([_WIDTH, *(whole.image.shape[1] for whole, _ in rows)])
    height = _TEXT_HEIGHT + sum(_TITLE + whole.image.shape[0] for whole, _ in rows) + (_KEY if rows else 0)
    canvas, axes = new_canvas(width, height, title, warnings, simulated=simulated)
    axes.text(24, 40, "REFUSED", color=ALERT, fontsize=22, fontweight="bold", va="center")
    reason_lines = textwrap.wrap(refusal.reason, 105, max_lines=4, placeholder=" …")
    lines = [f"by {refusal.stage} ({refusal.code})", *reason_lines]
    axes.text(24, 70, plain("\n".join(lines)), color="#ffffff", fontsize=10.5, va="top", linespacing=1.5)
    if rows:
        draw_key(axes, _TEXT_HEIGHT + _KEY / 2, _key(steps, [whole for whole, _ in rows]))
        _draw_steps(axes, _TEXT_HEIGHT + _KEY, steps, rows)
    save_picture(canvas, path, key)


def _draw_steps(
    axes: Axes, top: int, steps: Sequence[Step], rows: Sequence[tuple[Panel | None, Sequence[Mark]]]
) -> int:
    """Draw steps below each other from row `top` on, and return the row below them."""
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
    return top
