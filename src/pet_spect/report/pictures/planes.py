"""Planes through a scan with the atlas regions on them: points, samples, panels and their montage.

Pictures are in neurological convention: the person's left is on the left of the picture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pet_spect.imaging.resample import Points, sample
from pet_spect.model import Volume

View = Literal["axial", "coronal", "sagittal"]
Floats = NDArray[np.floating]
PointMap = Callable[[Points], Points]

PIXEL_MM = 1 / 1.3
"""Edge length of a pixel of a picture, in millimetres."""

_AXES: dict[View, tuple[int, int, int]] = {"axial": (0, 1, 2), "coronal": (0, 2, 1), "sagittal": (1, 2, 0)}
"""The world axes that run across the picture, up it, and through it."""

_ENDS: dict[View, tuple[str, str]] = {"axial": ("L", "R"), "coronal": ("L", "R"), "sagittal": ("P", "A")}


@dataclass(frozen=True)
class Plane:
    """A rectangle of a picture.

    Attributes
    ----------
    view : {'axial', 'coronal', 'sagittal'}
    centre : tuple of float
        x, y, z of its middle, RAS+ mm.
    size : tuple of float
        Width and height in mm.
    caption : str
        What the picture says of it.
    """

    view: View
    centre: tuple[float, float, float]
    size: tuple[float, float]
    caption: str

    @property
    def ends(self) -> tuple[str, str]:
        """The letters at the left and the right edge of the picture."""
        return _ENDS[self.view]

    def points(self) -> NDArray[np.float64]:
        """Return (height, width, 3) RAS+ mm of its pixels.

        Row 0 is the top (superior, or anterior in an axial plane); column 0 is the
        person's left, or posterior in a sagittal plane.
        """
        across, up, through = _AXES[self.view]
        columns, rows = (round(extent / PIXEL_MM) for extent in self.size)
        points = np.empty((rows, columns, 3))
        points[..., across] = self.centre[across] + (np.arange(columns) - (columns - 1) / 2) * PIXEL_MM
        points[..., up] = (self.centre[up] - (np.arange(rows) - (rows - 1) / 2) * PIXEL_MM)[:, np.newaxis]
        points[..., through] = self.centre[through]
        return points


@dataclass(frozen=True)
class Panel:
    """What is drawn of one plane.

    Attributes
    ----------
    plane : Plane
    image : (H, W) float array
        The scan; NaN is outside the field of view.
    masks : dict of (H, W) float array
        How much of each pixel belongs to what is outlined, 0 to 1.
    from_midplane : (H, W) float array
        How far right of the standard midplane each pixel lies, in mm of the standard
        space. NaN where no line may run.
    """

    plane: Plane
    image: Floats
    masks: dict[str, Floats]
    from_midplane: Floats


@dataclass(frozen=True)
class Mark:
    """A text of a montage, anchored at a pixel.

    Attributes
    ----------
    text : str
    column, row : float
    align : {'left', 'right'}
        The side of the text that touches the anchor.
    large : bool
        Whether it is an orientation letter.
    """

    text: str
    column: float
    row: float
    align: Literal["left", "right"]
    large: bool


def cut(scan: Volume, masks: Mapping[str, Volume], plane: Plane, to_standard: PointMap | None = None) -> Panel:
    """Cut a scan along a plane and bring the masks onto it.

    Parameters
    ----------
    scan : Volume
        In the space of the plane.
    masks : mapping of str to Volume
        0 to 1, in the standard space.
    plane : Plane
    to_standard : callable, optional
        From points of the plane's space to points of the standard space;
        without it the two are the same.

    Returns
    -------
    Panel
    """
    points = plane.points()
    standard = points if to_standard is None else to_standard(points)
    outlines = {name: np.nan_to_num(sample(mask, standard)) for name, mask in masks.items()}
    return Panel(plane, sample(scan, points), outlines, standard[..., 0].astype(np.float64))


def montage(rows: Sequence[Sequence[Panel]]) -> tuple[Panel, list[Mark]]:
    """Put panels side by side.

    Parameters
    ----------
    rows : sequence of sequences of Panel
        Panels of one row have one height, all have one width. A shorter row
        is filled with NaN.

    Returns
    -------
    panel : Panel
        Image and masks of the whole; its plane is that of the first panel.
    marks : list of Mark
        Orientation letters and captions.
    """
    width = rows[0][0].image.shape[1]
    longest = max(len(row) for row in rows)
    names = list(rows[0][0].masks)

    def joined(arrays: Sequence[Sequence[Floats]], fill: float) -> Floats:
        lines = [np.concatenate(line, axis=1) for line in arrays]
        padded = [np.pad(line, ((0, 0), (0, longest * width - line.shape[1])), constant_values=fill) for line in lines]
        return np.concatenate(padded, axis=0)

    image = joined([[panel.image for panel in row] for row in rows], np.nan)
    masks = {name: joined([[panel.masks[name] for panel in row] for row in rows], 0.0) for name in names}
    midplane = joined([[_unframed(panel.from_midplane) for panel in row] for row in rows], np.nan)
    return Panel(rows[0][0].plane, image, masks, midplane), _marks(rows, width)


def _unframed(array: Floats) -> Floats:
    """Return an array with NaN along its rim, so that no line is drawn from one panel to the next."""
    inner = np.full(array.shape, np.nan)
    inner[1:-1, 1:-1] = array[1:-1, 1:-1]
    return inner


def _marks(rows: Sequence[Sequence[Panel]], width: int) -> list[Mark]:
    marks, top = [], 0
    for row in rows:
        height = row[0].image.shape[0]
        for number, panel in enumerate(row):
            first, second = panel.plane.ends
            left, right = number * width + 6, (number + 1) * width - 7
            marks.append(Mark(first, left, top + height / 2, "left", large=True))
            marks.append(Mark(second, right, top + height / 2, "right", large=True))
            marks.append(Mark(panel.plane.caption, left, top + 10, "left", large=False))
        top += height
    return marks
