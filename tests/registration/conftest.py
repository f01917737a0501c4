"""Scans made from a template, and one thread for ants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.resample import apply_affine, resample_affine
from pet_spect.model import Atlas, Volume
from pet_spect.registration.itk import use_threads
from pet_spect.registration.templates.template import Template

use_threads(1)

AFFINE = np.diag([3.0, 3.0, 3.0, 1.0])
AFFINE[:3, 3] = (-118, -155, -118)


@dataclass(frozen=True)
class TemplateScan:
    """A scan that shows nothing but the template's brain, with noise, where `pose` puts it."""

    template: Template
    pose: NDArray[np.float64]
    scan: Volume

    def brain_voxels(self) -> NDArray[np.float64]:
        """Return (n, 3) where the brain's voxels lie, as voxel indices of the scan."""
        to_voxel = np.linalg.inv(AFFINE) @ self.pose @ self.template.uptake.affine
        return apply_affine(to_voxel, np.argwhere(self.template.brain).astype(np.float64))

    def cut(self, axis: int, end: int, mm: float, fill: float | None = None) -> tuple[Volume, float]:
        """Return the scan without the last `mm` of the brain at one end of an axis, and the share that is left.

        The slices are gone, or hold `fill`.
        """
        brain = self.brain_voxels()[:, axis]
        size = float(AFFINE[axis, axis])
        first, last = 0, self.scan.data.shape[axis]
        if end == 1:
            last = round(brain.max() + 0.5 - mm / size)
        else:
            first = round(brain.min() + 0.5 + mm / size)
        share = float(((brain >= first - 0.5) & (brain <= last - 0.5)).mean())
        kept = tuple(slice(first, last) if each == axis else slice(None) for each in range(3))
        affine = AFFINE.copy()
        if fill is None:
            affine[axis, 3] += first * size
            return Volume(np.ascontiguousarray(self.scan.data[kept]), affine), share
        data = np.full_like(self.scan.data, fill)
        data[kept] = self.scan.data[kept]
        return Volume(data, affine), share


@pytest.fixture(scope="session")
def atlas() -> Atlas:
    """Return the atlas."""
    return load_atlas()


@pytest.fixture(scope="session")
def fdg(template_of: Callable[[str], Template]) -> Template:
    """Return the FDG template."""
    return template_of("FDG")


@pytest.fixture(scope="session")
def imz(template_of: Callable[[str], Template]) -> Template:
    """Return the IMZ template."""
    return template_of("IMZ")


@pytest.fixture(scope="session")
def template_scan(fdg: Template) -> TemplateScan:
    """Return a scan of a head 5 % smaller than the template, turned and shifted."""
    pose = np.eye(4)
    turn = Rotation.from_euler("xyz", (8, -4, 6), degrees=True).as_matrix()
    pose[:3, :3] = turn @ np.diag((0.96, 0.93, 0.95))
    pose[:3, 3] = (5, -8, 10)
    shown = np.nan_to_num(resample_affine(fdg.uptake, (80, 90, 84), AFFINE, np.linalg.inv(pose)).data)
    noise = np.random.default_rng(0).standard_normal(shown.shape) * 0.03 * shown.max()
    return TemplateScan(fdg, pose, Volume((1000 * (shown + noise)).astype(np.float32), AFFINE))
