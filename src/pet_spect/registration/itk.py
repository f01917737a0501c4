"""The one door to ants: volumes and matrices in, matrices and displacement fields out.

Points and matrices are RAS+ millimetres on this side of the door and LPS+ on ITK's.
A transform here maps points of the *fixed* image to points of the *moving* one, which
is what resampling the moving image onto the fixed grid needs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pet_spect.errors import RegistrationError
from pet_spect.files import is_nifti
from pet_spect.imaging.images import LPS_FLIP, read_affine, read_warp, write_affine
from pet_spect.model import Volume, Warp

if TYPE_CHECKING:
    from types import ModuleType

SEED = "20"
_SAMPLING = {"mattes": 32, "CC": 2}
"""Bins of the histogram, or radius of the neighbourhood in voxels."""


def use_threads(count: int) -> None:
    """Let ITK use `count` threads and a fixed seed; to be called before the first registration.

    With one thread the same input gives the same bits; with more, the order in which
    ITK adds up its mutual-information histogram varies from run to run.

    Raises
    ------
    RuntimeError
        If ants is loaded already: ITK reads the number once.
    """
    wanted = str(count)
    if "ants" in sys.modules and os.environ.get("ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS") != wanted:
        raise RuntimeError("ants is loaded already; the number of threads must be set before")
    os.environ["ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"] = wanted
    os.environ["ANTS_RANDOM_SEED"] = SEED


def _ants() -> ModuleType:
    import ants

    module: ModuleType = ants
    return module


def _image(volume: Volume) -> Any:
    affine = LPS_FLIP @ volume.affine
    spacing = volume.voxel_size
    # NaN is outside the field of view; ITK's metrics have no such notion, so it becomes background
    data = np.nan_to_num(volume.data, nan=0.0)
    return _ants().from_numpy(
        data, origin=affine[:3, 3].tolist(), spacing=spacing.tolist(), direction=affine[:3, :3] / spacing
    )


def _register(
    fixed: Volume, moving: Volume, *, start: NDArray[np.float64], mask: NDArray[np.bool_], options: Mapping[str, Any]
) -> tuple[NDArray[np.float64], Warp | None, Warp | None]:
    """Run ants.registration in a folder of its own; return the affine and, if deformable, the fields both ways."""
    with TemporaryDirectory(prefix="pet_spect-") as folder:
        initial = Path(folder) / "start.mat"
        write_affine(initial, start)
        fixed_mask = _image(Volume(mask.astype(np.float32), fixed.affine))
        try:
            result = _ants().registration(
                fixed=_image(fixed),
                moving=_image(moving),
                initial_transform=str(initial),
                mask=fixed_mask,
                mask_all_stages=True,
                outprefix=f"{folder}/",
                **options,
            )
        except RuntimeError as error:
            raise RegistrationError(f"ants gave up ({error})", code="ants_failed") from None
        forward, inverse = result["fwdtransforms"], result["invtransforms"]
        affine = read_affine(Path(next(path for path in forward if path.endswith(".mat"))))
        fields = [[path for path in paths if is_nifti(Path(path))] for paths in (forward, inverse)]
        if not fields[0]:
            return affine, None, None
        return affine, read_warp(Path(fields[0][0])), read_warp(Path(fields[1][0]))


def register_linear(
    fixed: Volume,
    moving: Volume,
    *,
    start: NDArray[np.float64],
    mask: NDArray[np.bool_],
    kind: str,
    iterations: tuple[int, ...],
    shrink: tuple[int, ...],
    smoothing: tuple[int, ...],
    sampled: float = 0.5,
) -> NDArray[np.float64]:
    """Register two volumes with a rigid or affine transform and mutual information.

    Parameters
    ----------
    fixed, moving : Volume
    start : (4, 4) float array
        Where to start from, fixed to moving points.
    mask : (X, Y, Z) bool array
        Voxels of `fixed` that count.
    kind : {'Rigid', 'Affine'}
        The degrees of freedom that are added to `start`.
    iterations, shrink, smoothing : tuple of int
        One value per level: iterations, shrink factor, smoothing in voxels.
    sampled : float, default 0.5
        Fraction of the voxels of each level that the metric is computed from.

    Returns
    -------
    (4, 4) float array
        Fixed to moving points, RAS+ mm, `start` included.

    Raises
    ------
    RegistrationError
        If ants gives up. Images that do not overlap come back as they started: it is
        for the gates to see that.
    """
    options = {
        "type_of_transform": kind,
        "aff_metric": "mattes",
        "aff_sampling": 32,
        "aff_random_sampling_rate": sampled,
        "aff_iterations": iterations,
        "aff_shrink_factors": shrink,
        "aff_smoothing_sigmas": smoothing,
    }
    affine, _, _ = _register(fixed, moving, start=start, mask=mask, options=options)
    return affine


def register_deformable(
    fixed: Volume,
    moving: Volume,
    *,
    start: NDArray[np.float64],
    mask: NDArray[np.bool_],
    metric: str,
    iterations: tuple[int, ...],
    gradient_step: float,
    flow_sigma: float,
    total_sigma: float,
) -> tuple[NDArray[np.float64], Warp, Warp]:
    """Register two volumes with symmetric diffeomorphic normalisation (SyN).

    Parameters
    ----------
    fixed, moving, start, mask
        As for `register_linear`; `start` is kept as it is.
    metric : {'mattes', 'CC'}
        Mutual information, or cross-correlation in a neighbourhood of 5 voxels, ten times as slow.
    iterations : tuple of int
        Per level, the coarsest first; each level halves the grid.
    gradient_step : float
        Step of an update, in voxels.
    flow_sigma, total_sigma : float
        Smoothing of each update and of the total field, in voxels.

    Returns
    -------
    affine : (4, 4) float array
        Fixed to moving points.
    warp, inverse : Warp
        Both on the fixed grid. A fixed point ``x`` goes to ``affine(warp(x))``, a
        moving point ``y`` to ``inverse(affine^-1(y))``.

    Raises
    ------
    RegistrationError
        If ants gives up. Images that do not overlap come back as they started: it is
        for the gates to see that.

    References
    ----------
    Avants et al. 2008, doi 10.1016/j.media.2007.06.004.
    """
    options = {
        "type_of_transform": "SyNOnly",
        "syn_metric": metric,
        "syn_sampling": _SAMPLING[metric],
        "reg_iterations": iterations,
        "grad_step": gradient_step,
        "flow_sigma": flow_sigma,
        "total_sigma": total_sigma,
    }
    affine, warp, inverse = _register(fixed, moving, start=start, mask=mask, options=options)
    if warp is None or inverse is None:
        raise RuntimeError("ants gave no displacement field")
    return affine, warp, inverse
