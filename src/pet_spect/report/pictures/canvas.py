"""Drawing on a small PNG whose bytes depend only on what it shows."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pet_spect.files import whole_file
from pet_spect.model import ScanKey, Side
from pet_spect.report.pictures.planes import Floats, Mark, Panel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

LEFT, RIGHT = "#E69F00", "#56B4E9"
"""Orange and sky blue of the Okabe–Ito palette: every kind of colour vision tells them apart."""

TISSUE, REFERENCE, LESION, MIDPLANE, HEAD = "#00D7A0", "#FF8CC6", "#F0E442", "#ffffff", "#F0E442"
"""Tissue outlines, reference regions, the lesion and the midplane (these two dashed as well), the box of the head."""

OUTSIDE, GROUND, ALERT = "#4a3566", "#101418", "#FFB000"
"""Outside the field of view, the ground, and what must be seen."""

STROKES = {
    "white": (TISSUE, 0.5, False),
    "brain": (TISSUE, 1.2, False),
    "reference": (REFERENCE, 1.2, False),
    "left": (LEFT, 1.8, False),
    "right": (RIGHT, 1.8, False),
    "lesion": (LESION, 1.8, True),
    "midplane": (MIDPLANE, 1.0, True),
    "head": (HEAD, 1.4, False),
}
"""Colour, width in points, and whether dashed."""

_DASHED = (0, (4.0, 2.0))

_DPI, _HEADER, _WARNING = 100, 40, 17
_BLIND, _NONE, _SIDE = "BlindRows", "none", "LesionSide"
_LETTER, _TEXT_COLUMNS, _SMALL_LINE = 7.4, 4, 15


def plain(text: str) -> str:
    """Return a text in which matplotlib finds no formula."""
    return text.replace("$", r"\$")


def new_canvas(
    width: int, height: int, title: str, warnings: Sequence[str] = (), *, simulated: bool
) -> tuple[FigureCanvasAgg, Axes]:
    """Return a dark canvas with a title, and axes whose unit is a pixel, row 0 on top.

    Parameters
    ----------
    width, height : int
        Pixels below the title.
    title : str
    warnings : sequence of str
        What must be seen below the title; two lines at the most.
    simulated : bool
        Whether the title line says SIMULATED.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    lines = textwrap.wrap("; ".join(warnings), width // 7, max_lines=2, placeholder=" …")
    whole = height + _HEADER + _WARNING * len(lines)
    figure = Figure(figsize=(width / _DPI, whole / _DPI), dpi=_DPI, facecolor=GROUND)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, height / whole))
    axes.set_axis_off()
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    middle, lower = 1 - _HEADER / 2 / whole, 1 - (_HEADER - 4) / whole
    figure.text(0.012, middle, plain(title), color="#ffffff", fontsize=13, fontweight="bold", va="center")
    figure.text(0.012, lower, plain("\n".join(lines)), color=ALERT, fontsize=8.5, va="top", linespacing=1.3)
    if simulated:
        figure.text(0.988, middle, "SIMULATED", color=ALERT, fontsize=15, fontweight="bold", ha="right", va="center")
    return canvas, axes


def draw_image(axes: Axes, whole: Panel, top: int = 0) -> None:
    """Draw the scan of a panel in grey from 0 to its brightest (in the brain or the head, if there is such a mask).

    Parameters
    ----------
    axes : Axes
    whole : Panel
    top : int
        The row at which it begins.
    """
    from matplotlib import colormaps

    shown = np.isfinite(whole.image)
    for name in ("brain", "head"):
        if name in whole.masks and (shown & (whole.masks[name] > 0.5)).any():
            shown &= whole.masks[name] > 0.5
    brightest = float(np.percentile(whole.image[shown], 99.5)) if shown.any() else 1.0
    height, width = whole.image.shape
    grey = colormaps["gray"].with_extremes(bad=OUTSIDE)
    axes.imshow(
        whole.image,
        cmap=grey,
        vmin=0,
        vmax=brightest if brightest > 0 else 1.0,
        interpolation="nearest",
        aspect="auto",
        extent=(-0.5, width - 0.5, top + height - 0.5, top - 0.5),
    )


def draw_marks(axes: Axes, marks: Sequence[Mark], top: int = 0) -> None:
    """Write the letters and captions of a montage that begins at row `top`."""
    from matplotlib.patheffects import withStroke

    halo = [withStroke(linewidth=3, foreground="#000000")]
    for mark in marks:
        axes.text(
            mark.column,
            mark.row + top,
            mark.text,
            color="#ffffff",
            fontsize=13 if mark.large else 7.5,
            fontweight="bold" if mark.large else "normal",
            ha=mark.align,
            va="center",
            path_effects=halo,
        )


def draw_title(axes: Axes, row: float, title: str, remark: str) -> None:
    """Write a title at the left and a remark at the right of a line whose middle is `row`."""
    right = axes.get_xlim()[1]
    axes.text(12, row, plain(title), color="#ffffff", fontsize=10.5, fontweight="bold", va="center")
    axes.text(right - 12, row, plain(remark), color="#d0d6dd", fontsize=9, ha="right", va="center")


def draw_outline(axes: Axes, mask: Floats, name: str, top: int = 0) -> None:
    """Draw the rim of a mask in the way that `STROKES` gives for its name; of an empty mask nothing."""
    if not (mask > 0.5).any():
        return
    colour, width, dashed = STROKES[name]
    columns, rows = np.arange(mask.shape[1]), top + np.arange(mask.shape[0])
    if name in ("left", "right"):
        axes.contourf(columns, rows, mask, levels=[0.5, 2.0], colors=[colour], alpha=0.25)
    line = _DASHED if dashed else "solid"
    axes.contour(columns, rows, mask, levels=[0.5], colors=[colour], linewidths=[width], linestyles=[line])


def draw_midplane(axes: Axes, whole: Panel, top: int = 0) -> None:
    """Draw the line along which a montage crosses the standard midplane."""
    across = whole.from_midplane
    columns, rows = np.arange(across.shape[1]), top + np.arange(across.shape[0])
    colour, width, _ = STROKES["midplane"]
    axes.contour(columns, rows, across, levels=[0.0], colors=[colour], linewidths=[width], linestyles=[_DASHED])


def draw_key(axes: Axes, row: float, shown: Sequence[tuple[str, str]]) -> None:
    """Write what each line and colour shows, side by side.

    Parameters
    ----------
    axes : Axes
    row : float
        The middle of the line of text.
    shown : sequence of (str, str)
        Name of a stroke (see `STROKES`) or ``outside``, and its meaning.
    """
    column = 14.0
    for name, text in shown:
        colour, width, dashed = STROKES.get(name, (OUTSIDE, 9.0, False))
        line = _DASHED if dashed else "solid"
        ends = [column, column + 26], [row, row]
        axes.plot(*ends, color=colour, linewidth=max(width, 2.0), linestyle=line, solid_capstyle="butt")
        axes.text(column + 32, row, text, color="#ffffff", fontsize=9, va="center")
        column += 32 + _LETTER * len(text) + 26


def height_of_lines(lines: Sequence[str]) -> int:
    """Return how many pixels `draw_lines` needs."""
    return -(-len(lines) // _TEXT_COLUMNS) * _SMALL_LINE


def draw_lines(axes: Axes, row: float, lines: Sequence[str]) -> None:
    """Write small lines of text in columns below a row."""
    height = height_of_lines(lines) // _SMALL_LINE
    width = axes.get_xlim()[1] / _TEXT_COLUMNS
    for place, line in enumerate(lines):
        across, down = divmod(place, height)
        column, middle = 12 + across * width, row + (down + 0.5) * _SMALL_LINE
        axes.text(column, middle, plain(line), color="#d0d6dd", fontsize=8, va="center")


def _palette(colours: Sequence[tuple[int, int, int]]) -> Image.Image:
    """Return greys, and each colour laid over some of them, the same for every picture, and further colours."""
    from PIL import Image
    from PIL.ImageColor import getrgb

    greys = [(level, level, level) for level in np.linspace(0, 255, 40).round().astype(int).tolist()]
    over = [
        tuple(round(part * cover + under * (1 - cover)) for part in getrgb(colour)[:3])
        for colour in (LEFT, RIGHT, TISSUE, REFERENCE, LESION)
        for cover in (0.25, 0.5, 0.75)
        for under in np.linspace(0, 255, 6)
    ]
    pure = [getrgb(colour)[:3] for colour in (LEFT, RIGHT, TISSUE, REFERENCE, LESION, OUTSIDE, GROUND, ALERT)]
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for colour in (*greys, *over, *pure, *colours) for part in colour])
    return palette


def height_of_title(canvas: FigureCanvasAgg, axes: Axes) -> int:
    """Return how many rows of pixels the title and its warnings take above the axes of `new_canvas`."""
    whole = canvas.get_width_height()[1]
    return whole - round(axes.get_position().height * whole)


def save_picture(
    canvas: FigureCanvasAgg,
    path: Path,
    key: ScanKey,
    colours: Sequence[tuple[int, int, int]] = (),
    *,
    blind: Sequence[tuple[int, int]] = (),
    side: Side | None = None,
) -> None:
    """Write the canvas as PNG that says which scan it shows and nothing of when it was made.

    Parameters
    ----------
    canvas : FigureCanvasAgg
    path : Path
    key : ScanKey
    blind : sequence of (int, int)
        Rows of pixels, first and the one behind the last, in which nothing tells whose scan it is (`blind_rows`).
    colours : sequence of (int, int, int)
        What is drawn besides greys and lines; at most 110.
    side : {'left', 'right'}, optional
        The lesion side that it was drawn for (`side_of_picture`).
    """
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    metadata = PngInfo()
    for name, text in (("Participant", key.participant), ("Session", key.session), ("Tracer", key.tracer)):
        metadata.add_text(name, text)
    metadata.add_text(_BLIND, " ".join(f"{first}-{last}" for first, last in blind) or _NONE)
    if side is not None:
        metadata.add_text(_SIDE, side)
    buffer, size = canvas.print_to_buffer()  # type: ignore[no-untyped-call]
    picture = Image.frombuffer("RGBA", size, buffer).convert("RGB")
    with whole_file(path) as partial:
        small = picture.quantize(palette=_palette(colours), dither=Image.Dither.NONE)
        small.save(partial, format="png", optimize=True, pnginfo=metadata)


def scan_of_picture(path: Path) -> ScanKey | None:
    """Return which scan a picture says it shows, or None if it does not say."""
    from PIL import Image

    with Image.open(path) as image:
        metadata = image.info
    names = [metadata.get(name) for name in ("Participant", "Session", "Tracer")]
    return ScanKey(*map(str, names)) if all(names) else None


def side_of_picture(path: Path) -> str | None:
    """Return the lesion side that a picture says it was drawn for, or None if it does not say."""
    from PIL import Image

    with Image.open(path) as image:
        side = image.info.get(_SIDE)
    return None if side is None else str(side)


def blind_rows(path: Path) -> list[tuple[int, int]] | None:
    """Return the rows of a picture in which nothing tells whose scan it is.

    Returns
    -------
    list of (int, int) or None
        First row and the one behind the last; none of a refused scan, whose picture is its reason. None if the picture
        does not say, for it is of an earlier version.
    """
    from PIL import Image

    with Image.open(path) as image:
        text = image.info.get(_BLIND)
    if text is None:
        return None
    pairs = [part.split("-") for part in str(text).split() if part != _NONE]
    return [(int(first), int(last)) for first, last in pairs]
