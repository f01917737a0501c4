"""Pictures of the visits of one tracer, made to be compared: uptake at one scale, and the difference of two visits."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pet_spect.model import ScanKey, Side, Volume, opposite
from pet_spect.report.pictures.canvas import ALERT, draw_marks, new_canvas, plain, save_picture
from pet_spect.report.pictures.colours import NOT_SHOWN, ColourMap, Pixels, difference_colours, uptake_colours
from pet_spect.report.pictures.planes import Floats, Mark, Panel, Plane, cut, montage
from pet_spect.report.pictures.steps import Outline, standard_plane

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg

CLIPPED_AT = 20.0
"""Points at which a difference gets the last colour: 2 standard deviations of smoothed IMZ, 6 of FDG."""

_KEY, _BAR, _LINE, _LINES, _COLUMNS, _TITLE_COLUMNS = 26, 58, 16, 4, 76, 38
_WHITE, _BLACK, _PALE = "#ffffff", "#000000", "#d0d6dd"

_OWN, _OTHER, _LESION, _BRAIN = "own", "other", "lesion", "brain"
_WIDTHS = {_OTHER: 0.9, _OWN: 1.9, _LESION: 1.3}


@dataclass(frozen=True)
class Scene:
    """What all pictures of a participant have in common.

    Attributes
    ----------
    masks : mapping of str to Outline
        Of `steps.outlines`.
    lesion : Volume
        Above 0.5 inside, in the standard space.
    lesion_side : {'left', 'right'}
    lesion_words : str
        What the lesion is called: drawn or estimated.
    """

    masks: Mapping[str, Outline]
    lesion: Volume
    lesion_side: Side
    lesion_words: str

    def planes(self) -> list[list[Plane]]:
        """Return what is cut in every visit: the hand area from above, in front and at the side, and the nuclei."""
        aside = round(float(self.masks[self.lesion_side].points[:, 0].mean()))
        return [
            [standard_plane("axial", 52), standard_plane("coronal", -18)],
            [standard_plane("sagittal", aside), standard_plane("axial", 4)],
        ]

    def montage(self, values: Volume) -> tuple[Panel, list[Mark]]:
        """Return the cuts through a volume in the standard space, with the targets, the lesion and the brain."""
        drawn = {
            _OTHER: self.masks[opposite(self.lesion_side)],
            _OWN: self.masks[self.lesion_side],
            _LESION: Volume((self.lesion.data > 0.5).astype(np.float32), self.lesion.affine),
            _BRAIN: self.masks[_BRAIN],
        }
        return montage([[cut(values, drawn, plane) for plane in row] for row in self.planes()])


@dataclass(frozen=True)
class Scale:
    """How the numbers of a picture become colours.

    Attributes
    ----------
    colours : ColourMap
    low, high : float
    ticks : sequence of (float, str)
        Numbers on the colour bar, as they are written.
    label : str
        What is shown, with its unit.
    brain_only : bool
        Whether what lies around the brain is left out.
    """

    colours: ColourMap
    low: float
    high: float
    ticks: Sequence[tuple[float, str]]
    label: str
    brain_only: bool

    def paint(self, whole: Panel) -> Pixels:
        """Return the (H, W, 3) pixels of a montage."""
        pixels = self.colours.paint(whole.image, self.low, self.high)
        if self.brain_only:
            pixels[~(whole.masks[_BRAIN] > 0.5)] = NOT_SHOWN
        return pixels


def uptake_scale(high: float, reference: str) -> Scale:
    """Return the scale of every visit of a tracer, from 0 to `high`, in parts of the named reference's uptake."""
    step = 0.2 if high <= 1.6 else 0.5 if high <= 4 else high / 4
    ticks = [(value, f"{value:.3g}") for value in np.arange(0, high + step / 100, step).tolist()]
    return Scale(
        uptake_colours(),
        0.0,
        high,
        ticks,
        f"uptake relative to the reference, {reference} (1 = equal)",
        brain_only=False,
    )


def difference_scale(session: str, first: str) -> Scale:
    """Return the scale of differences, the same for everybody: `CLIPPED_AT` points to either side of zero."""
    values = np.linspace(-CLIPPED_AT, CLIPPED_AT, 5).tolist()
    ticks = [(value, f"{value:+.0f}".replace("-", "−").replace("+0", "0")) for value in values]
    label = f"{session} − {first}, points (1 point = 1 % of the reference)"
    return Scale(difference_colours(), -CLIPPED_AT, CLIPPED_AT, ticks, label, brain_only=True)


def draw_visit(
    path: Path, key: ScanKey, title: str, scene: Scene, values: Volume, scale: Scale, said: str, *, simulated: bool
) -> None:
    """Draw one visit, or the difference of two, on a canvas that is as large for every visit.

    Parameters
    ----------
    path : Path
        The PNG to write. It holds no date, and says which scan it shows (`canvas.scan_of_picture`).
    key : ScanKey
        The visit; of a difference the follow-up.
    title : str
    scene : Scene
    values : Volume
        In the standard space; NaN outside the field of view.
    scale : Scale
    said : str
        What stands below the colour bar; what does not fit is cut.
    simulated : bool
        Whether the picture says SIMULATED.
    """
    whole, marks = scene.montage(values)
    height, width = whole.image.shape
    canvas, axes = _canvas(width, height, title, simulated=simulated)
    ink, halo = (_BLACK, _WHITE) if scale.brain_only else (_WHITE, _BLACK)
    axes.imshow(
        scale.paint(whole),
        interpolation="nearest",
        aspect="auto",
        extent=(-0.5, width - 0.5, _KEY + height - 0.5, _KEY - 0.5),
    )
    for name, line_width in _WIDTHS.items():
        _draw_rim(axes, whole.masks[name], line_width, ink, halo, dashed=name == _LESION)
    draw_marks(axes, marks, _KEY)
    _draw_line_key(axes, scene)
    _draw_bar(axes, _KEY + height, scale)
    _draw_text(axes, _KEY + height + _BAR, said)
    save_picture(canvas, path, key, scale.colours.palette(), side=scene.lesion_side)


def draw_no_visit(path: Path, key: ScanKey, title: str, scene: Scene, reason: str, *, simulated: bool) -> None:
    """Draw what stands in the place of a visit that cannot be shown, of the same size, with the reason."""
    whole, _ = scene.montage(scene.lesion)
    height, width = whole.image.shape
    canvas, axes = _canvas(width, height, title, simulated=simulated)
    middle = _KEY + height / 2
    lines = textwrap.wrap(reason, 60, max_lines=6, placeholder=" …")
    axes.text(width / 2, middle - 30, "NOT SHOWN", color=ALERT, fontsize=20, fontweight="bold", ha="center")
    text = plain("\n".join(lines))
    axes.text(width / 2, middle, text, color=_WHITE, fontsize=10, ha="center", va="top", linespacing=1.4)
    save_picture(canvas, path, key, side=scene.lesion_side)


def _canvas(width: int, height: int, title: str, *, simulated: bool) -> tuple[FigureCanvasAgg, Axes]:
    below = _BAR + _LINES * _LINE + 6
    short = textwrap.shorten(title, _TITLE_COLUMNS, placeholder=" …")
    return new_canvas(width, _KEY + height + below, short, simulated=simulated)


def _draw_rim(axes: Axes, mask: Floats, width: float, ink: str, halo: str, *, dashed: bool) -> None:
    """Draw the rim of a mask and nothing inside it, so that the colours stay what they are."""
    from matplotlib.patheffects import Normal, withStroke

    if not (mask > 0.5).any():
        return
    columns, rows = np.arange(mask.shape[1]), _KEY + np.arange(mask.shape[0])
    line = (0, (4.0, 2.0)) if dashed else "solid"
    rim = axes.contour(columns, rows, mask, levels=[0.5], colors=[ink], linewidths=[width], linestyles=[line])
    rim.set_path_effects([withStroke(linewidth=width + 1.2, foreground=halo), Normal()])


def _draw_line_key(axes: Axes, scene: Scene) -> None:
    """Write above the cuts what the lines are; the lesion has its entry in every visit, or in none."""
    other = opposite(scene.lesion_side)
    entries = [(_OWN, f"target, {scene.lesion_side} (lesion side)"), (_OTHER, f"target, {other}")]
    if (scene.lesion.data > 0.5).any():
        entries.append((_LESION, scene.lesion_words))
    column = 12.0
    for name, text in entries:
        dashed = (0, (4.0, 2.0)) if name == _LESION else "solid"
        ends = [column, column + 24], [_KEY / 2, _KEY / 2]
        axes.plot(*ends, color=_WHITE, linewidth=_WIDTHS[name], linestyle=dashed, solid_capstyle="butt")
        axes.text(column + 30, _KEY / 2, text, color=_WHITE, fontsize=9, va="center")
        column += 30 + 5.9 * len(text) + 16


def _draw_bar(axes: Axes, top: float, scale: Scale) -> None:
    """Draw the colour bar below row `top`, with pointed ends where numbers lie beyond it."""
    width = axes.get_xlim()[1] + 0.5
    left, right, high, low = 34, width - 34, top + 8, top + 22
    steps = np.linspace(scale.low, scale.high, round(right - left))
    bar = scale.colours.paint(steps[np.newaxis], scale.low, scale.high)
    axes.imshow(bar, interpolation="nearest", aspect="auto", extent=(left, right, low, high))
    ends = [(right, right + 12, scale.colours.over)] + (
        [(left, left - 12, scale.colours.under)] if scale.low < 0 else []
    )
    for base, tip, colour in ends:
        rows = [high, (high + low) / 2, low]
        axes.fill([base, tip, base], rows, facecolor=[part / 255 for part in colour], edgecolor=_PALE, linewidth=0.6)
    for value, text in scale.ticks:
        column = left + (value - scale.low) / (scale.high - scale.low) * (right - left)
        axes.plot([column, column], [low, low + 4], color=_WHITE, linewidth=1)
        axes.text(column, low + 12, text, color=_WHITE, fontsize=9, ha="center", va="center")
    axes.text(width / 2, low + 27, plain(scale.label), color=_WHITE, fontsize=9, ha="center", va="center")


def _draw_text(axes: Axes, top: float, said: str) -> None:
    lines = textwrap.wrap(said, _COLUMNS, max_lines=_LINES, placeholder=" …")
    text = plain("\n".join(lines))
    axes.text(12, top + 4, text, color=_PALE, fontsize=8.5, va="top", linespacing=1.3)
