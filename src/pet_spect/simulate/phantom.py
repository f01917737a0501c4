"""A marker phantom: a head whose sides, front and top cannot be mistaken."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pet_spect.imaging.atlases import load_atlas
from pet_spect.model import Volume
from pet_spect.simulate.heads.standard_head import Head, standard_head
from pet_spect.simulate.scanner import TARGET, blurred

HOT, COLD = 1.3, 0.7
"""Uptake of the left and of the right motor cortex, as a multiple of normal."""

FRONT_MM, TOP_MM = (0.0, 78.0, 20.0), (0.0, -20.0, 88.0)
"""Points in the scalp that carry a marker: before the forehead and above the vertex."""

_MARKER_RADIUS_MM = 5.0
_MARKER_UPTAKE = {FRONT_MM: 1.0, TOP_MM: 2.0}
_FWHM_MM = {"FDG": 6.0, "IMZ": 11.0}
_BQ_PER_ML = 20_000.0


def marker_phantom(tracer: str, *, step: int = 2) -> Volume:
    """Make the standard head with the left motor cortex hot, the right one cold, and two markers in the scalp.

    Parameters
    ----------
    tracer : {'FDG', 'IMZ'}
    step : int, default 2
        Voxel size in mm.

    Returns
    -------
    Volume
        Bq/mL (20,000 at uptake 1) at the scanner's resolution, without noise, in standard space, voxel axes
        right, anterior, superior. The motor cortex reads `HOT` and `COLD` times normal before
        blurring; the marker at `TOP_MM` is twice as bright as the one at `FRONT_MM`.
    """
    head = standard_head(load_atlas("CerebrA"))
    uptake = head.uptake[tracer].copy()
    uptake[head.labels == head.indices[TARGET]["left"]] *= np.float32(HOT)
    uptake[head.labels == head.indices[TARGET]["right"]] *= np.float32(COLD)
    for centre, level in _MARKER_UPTAKE.items():
        uptake[_ball(head, centre)] = level
    blurred_uptake = blurred(uptake, head.affine, _FWHM_MM[tracer])[::step, ::step, ::step]
    return Volume(np.float32(_BQ_PER_ML) * blurred_uptake, head.affine @ np.diag([step, step, step, 1.0]))


def _ball(head: Head, centre_mm: tuple[float, float, float]) -> NDArray[np.bool_]:
    axes = [
        head.affine[axis, 3] + head.affine[axis, axis] * np.arange(extent) - centre_mm[axis]
        for axis, extent in enumerate(head.labels.shape)
    ]
    x, y, z = np.ix_(*axes)
    return np.asarray(x**2 + y**2 + z**2 <= _MARKER_RADIUS_MM**2)
