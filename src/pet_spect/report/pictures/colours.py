"""Colour maps of pictures that show numbers: uptake, and its difference between two visits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pet_spect.report.pictures.planes import Floats

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

Rgb = tuple[int, int, int]
Pixels = NDArray[np.uint8]

NOT_SHOWN: Rgb = (28, 34, 41)
"""Around the brain."""

OUT_OF_VIEW: Rgb = (112, 120, 128)
"""Outside the field of view: a grey, which no map holds."""

_LEVELS = 96
_DIVERGING = ("#7a3000", "#d9690f", "#f7b97a", "#f5f5f2", "#86bde6", "#2178bd", "#08305c")
"""Less is orange and more is blue, as in the plots of the report; every kind of colour vision tells them apart."""


@dataclass(frozen=True, eq=False)
class ColourMap:
    """Colours of numbers from a low to a high end.

    Attributes
    ----------
    colours : (N, 3) uint8 array
    under, over : (int, int, int)
        Of numbers below and above the ends.
    """

    colours: Pixels
    under: Rgb
    over: Rgb

    def paint(self, values: Floats, low: float, high: float) -> Pixels:
        """Return (..., 3) pixels of numbers; NaN gets `OUT_OF_VIEW`."""
        known = np.isfinite(values)
        steps = np.where(known, (values - low) / (high - low), 0.0) * len(self.colours)
        pixels: Pixels = self.colours[np.clip(steps, 0, len(self.colours) - 1).astype(int)]
        pixels[known & (values < low)] = self.under
        pixels[known & (values > high)] = self.over
        pixels[~known] = OUT_OF_VIEW
        return pixels

    def palette(self) -> list[Rgb]:
        """Return every colour that `paint` may give."""
        every = [*self.colours.tolist(), self.under, self.over, OUT_OF_VIEW, NOT_SHOWN]
        return [(red, green, blue) for red, green, blue in every]


def difference_stops() -> list[Rgb]:
    """Return the colours that `difference_colours` runs through, evenly spaced, the low end first."""
    return [(int(word[1:3], 16), int(word[3:5], 16), int(word[5:7], 16)) for word in _DIVERGING]


@cache
def uptake_colours() -> ColourMap:
    """Return the map of uptake: perceptually uniform, black at zero."""
    from matplotlib import colormaps

    return ColourMap(_sampled(colormaps["magma"], _LEVELS), (0, 0, 0), (255, 255, 255))


@cache
def difference_colours() -> ColourMap:
    """Return the map of differences: orange is less, blue is more, and zero is nearly white."""
    from matplotlib.colors import LinearSegmentedColormap

    diverging = LinearSegmentedColormap.from_list("difference", _DIVERGING)
    return ColourMap(_sampled(diverging, _LEVELS + 1), (63, 21, 0), (2, 16, 40))


def _sampled(colormap: Colormap, levels: int) -> Pixels:
    colours: Pixels = np.asarray(colormap(np.linspace(0, 1, levels), bytes=True), dtype=np.uint8)
    return colours[:, :3].copy()
