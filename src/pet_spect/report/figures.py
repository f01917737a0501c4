"""The picture of one scan's registration, and the picture that stands for a refused scan."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pet_spect.errors import AtlasError
from pet_spect.files import whole_file
from pet_spect.model import Atlas, Refusal, ScanKey, Volume, Warp
from pet_spect.report.planes import Floats, Panel, Plane, View, cut, displaced, montage, transformed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

LEFT, RIGHT = "#E69F00", "#56B4E9"
"""Orange and sky blue of the Okabe–Ito palette: every kind of colour vision tells them apart."""

_TISSUE, _REFERENCE, _OUTSIDE, _GROUND, _ALERT = "#00D7A0", "#FF8CC6", "#4a3566", "#101418", "#FFB000"
_WIDTH_MM, _TALL_MM, _LOW_MM = 192.0, 204.0, 176.0
_VIEWS: tuple[tuple[View, float, tuple[tuple[float, float, float], ...]], ...] = (
    ("axial", _TALL_MM, ((0, -12, -32), (0, -12, 4), (0, -12, 36), (0, -12, 52))),
    ("coronal", _LOW_MM, ((0, -62, 12), (0, -30, 12), (0, -18, 12), (0, -6, 12))),
    ("sagittal", _LOW_MM, ((-36, -12, 12), (0, -12, 12), (36, -12, 12))),
)
"""What is cut in the standard space: view, height of the panels, and their middles in mm."""

_DPI, _HEADER = 100, 40
_NOT_GATES = {"Session", "Tracer", "Status", "Stage", "Code", "Reason"}


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

    def to_standard(points: Floats) -> Floats:
        return displaced(scan.to_standard, transformed(scan_to_participant, points))

    left, right = (
        transformed(scan.participant_to_scan, displaced(scan.from_standard, _points_of(masks[side]))).mean(axis=0)
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
    return transformed(mask.affine, np.argwhere(mask.data > 0.5).astype(np.float64))


def gate_lines(record: Mapping[str, Any]) -> list[str]:
    """Return the numbers of a registration record as lines for a person.

    Examples
    --------
    >>> gate_lines({"Session": "year1", "BrainOverlap": 0.93412, "Scales": [0.9, 1.02, 1.0]})
    ['brain overlap  0.934', 'scales  0.9, 1.02, 1']
    """
    lines = []
    for key, value in record.items():
        values = value if isinstance(value, list) else [value]
        if key in _NOT_GATES or not values or not all(isinstance(item, int | float | bool) for item in values):
            continue
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", key).lower()
        numbers = ", ".join(str(item).lower() if isinstance(item, bool) else f"{item:.3g}" for item in values)
        lines.append(f"{name}  {numbers}")
    return lines


def draw_registration(
    path: Path,
    key: ScanKey,
    title: str,
    scan: Registration,
    masks: Mapping[str, Volume],
    record: Mapping[str, Any],
    *,
    simulated: bool,
) -> None:
    """Draw one scan with tissue and target outlines, in the standard space and in its own.

    Parameters
    ----------
    path : Path
        The PNG to write. It holds no date, and says which scan it shows (`scan_of_picture`).
    key : ScanKey
    title : str
        The label of the scan.
    scan : Registration
    masks : mapping of str to Volume
        See `outlines`.
    record : mapping
        What was measured of this registration; its numbers are printed.
    simulated : bool
        Whether the picture says SIMULATED.
    """
    from matplotlib.patheffects import withStroke

    rows = [*standard_rows(scan.standard, masks), native_row(scan, masks)]
    whole, marks = montage(rows)
    height, width = whole.image.shape
    canvas, axes = _canvas(width, height, title, simulated=simulated)
    _draw_image(axes, whole)
    halo = [withStroke(linewidth=3, foreground="#000000")]
    for mark in marks:
        axes.text(
            mark.column,
            mark.row,
            mark.text,
            color="#ffffff",
            fontsize=13 if mark.large else 7.5,
            fontweight="bold" if mark.large else "normal",
            ha=mark.align,
            va="center",
            path_effects=halo,
        )
    top_of_key = sum(row[0].image.shape[0] for row in rows[:2])
    axes.axhspan(top_of_key - 0.5, height - rows[3][0].image.shape[0] - 0.5, xmin=0.75, color=_GROUND, linewidth=0)
    shown = [(LEFT, "target, left"), (RIGHT, "target, right"), (_TISSUE, "MNI brain and white matter")]
    if whole.masks["reference"].any():
        shown.append((_REFERENCE, "reference regions"))
    if any(np.isnan(panel.image).any() for row in rows for panel in row):
        shown.append((_OUTSIDE, "outside the field of view"))
    _draw_key(axes, width * 3 / 4 + 14, top_of_key + 20, shown, gate_lines(record))
    axes.axhline(height - rows[3][0].image.shape[0] - 0.5, color="#ffffff", linewidth=1)
    _save(canvas, path, key)


def draw_refusal(path: Path, key: ScanKey, title: str, refusal: Refusal, *, simulated: bool) -> None:
    """Draw what stands in the place of the picture of a refused scan: that it was refused, and why."""
    canvas, axes = _canvas(998, 220, title, simulated=simulated)
    axes.text(24, 50, "REFUSED", color=_ALERT, fontsize=22, fontweight="bold", va="center")
    told = textwrap.wrap(refusal.reason, 105, max_lines=5, placeholder=" …")
    lines = [f"by {refusal.stage} ({refusal.code})", *told]
    axes.text(24, 84, _plain("\n".join(lines)), color="#ffffff", fontsize=10.5, va="top", linespacing=1.5)
    _save(canvas, path, key)


def scan_of_picture(path: Path) -> ScanKey | None:
    """Return which scan a picture says it shows, or None if it does not say."""
    from PIL import Image

    with Image.open(path) as image:
        told = image.info
    names = [told.get(name) for name in ("Participant", "Session", "Tracer")]
    return ScanKey(*map(str, names)) if all(names) else None


def _plain(text: str) -> str:
    return text.replace("$", r"\$")


def _canvas(width: int, height: int, title: str, *, simulated: bool) -> tuple[FigureCanvasAgg, Axes]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width / _DPI, (height + _HEADER) / _DPI), dpi=_DPI, facecolor=_GROUND)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, height / (height + _HEADER)))
    axes.set_axis_off()
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    middle = 1 - _HEADER / 2 / (height + _HEADER)
    figure.text(0.012, middle, _plain(title), color="#ffffff", fontsize=13, fontweight="bold", va="center")
    if simulated:
        figure.text(0.988, middle, "SIMULATED", color=_ALERT, fontsize=15, fontweight="bold", ha="right", va="center")
    return canvas, axes


def _draw_image(axes: Axes, whole: Panel) -> None:
    from matplotlib import colormaps

    brain = whole.image[(whole.masks["brain"] > 0.5) & np.isfinite(whole.image)]
    top = float(np.percentile(brain, 99.5)) if brain.size else 1.0
    grey = colormaps["gray"].with_extremes(bad=_OUTSIDE)
    axes.imshow(
        whole.image,
        cmap=grey,
        vmin=0,
        vmax=top if top > 0 else 1.0,
        interpolation="nearest",
        aspect="auto",
        extent=(-0.5, whole.image.shape[1] - 0.5, whole.image.shape[0] - 0.5, -0.5),
    )
    _draw_contour(axes, whole.masks["white"], _TISSUE, 0.5)
    _draw_contour(axes, whole.masks["brain"], _TISSUE, 1.0)
    _draw_contour(axes, whole.masks["reference"], _REFERENCE, 1.2)
    for side, colour in (("left", LEFT), ("right", RIGHT)):
        if (whole.masks[side] > 0.5).any():
            axes.contourf(whole.masks[side], levels=[0.5, 2.0], colors=[colour], alpha=0.25)
        _draw_contour(axes, whole.masks[side], colour, 1.8)


def _draw_contour(axes: Axes, mask: Floats, colour: str, width: float) -> None:
    if (mask > 0.5).any():
        axes.contour(mask, levels=[0.5], colors=[colour], linewidths=[width])


def _draw_key(axes: Axes, column: float, row: float, shown: Sequence[tuple[str, str]], lines: Sequence[str]) -> None:
    for colour, text in shown:
        axes.plot([column, column + 18], [row, row], color=colour, linewidth=4, solid_capstyle="butt")
        axes.text(column + 26, row, text, color="#ffffff", fontsize=8.5, va="center")
        row += 17
    axes.text(column, row + 4, _plain("\n".join(lines[:11])), color="#d0d6dd", fontsize=6.8, va="top", linespacing=1.35)


def _palette() -> Image.Image:
    """Return greys, and each colour laid over some of them, the same for every picture."""
    from PIL import Image
    from PIL.ImageColor import getrgb

    greys = [(level, level, level) for level in np.linspace(0, 255, 48).round().astype(int).tolist()]
    over = [
        tuple(round(part * cover + under * (1 - cover)) for part in getrgb(colour)[:3])
        for colour in (LEFT, RIGHT, _TISSUE, _REFERENCE, _OUTSIDE, _GROUND, _ALERT)
        for cover in (0.25, 0.5, 0.75)
        for under in np.linspace(0, 255, 8)
    ]
    pure = [getrgb(colour)[:3] for colour in (LEFT, RIGHT, _TISSUE, _REFERENCE, _OUTSIDE, _GROUND, _ALERT)]
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for colour in (*greys, *over, *pure) for part in colour])
    return palette


def _save(canvas: FigureCanvasAgg, path: Path, key: ScanKey) -> None:
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    told = PngInfo()
    for name, text in (("Participant", key.participant), ("Session", key.session), ("Tracer", key.tracer)):
        told.add_text(name, text)
    buffer, size = canvas.print_to_buffer()  # type: ignore[no-untyped-call]
    picture = Image.frombuffer("RGBA", size, buffer).convert("RGB")
    with whole_file(path) as partial:
        small = picture.quantize(palette=_palette(), dither=Image.Dither.NONE)
        small.save(partial, format="png", optimize=True, pnginfo=told)
