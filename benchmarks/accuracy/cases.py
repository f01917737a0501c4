"""What happened to the people of the accuracy benchmark, and what their scanners see of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from pet_spect.imaging.images import read_volume
from pet_spect.model import Side, opposite
from pet_spect.simulate.design import INFARCT_CORE, SESSIONS
from pet_spect.simulate.heads.anatomy import Anatomy
from pet_spect.simulate.heads.standard_head import INFRATENTORIAL
from pet_spect.simulate.heads.stroke import Stroke, infarct, remaining
from pet_spect.simulate.scanner import TARGET

IMPROVEMENT: Mapping[str, float] = {"FDG": 0.10, "IMZ": 0.06}
"""Relative change of the motor cortex on the side of the stroke from the first visit to the second."""

DIMMED = 0.8

_BELOW_MOTOR = (26.0, -16.0, 40.0)


@dataclass(frozen=True)
class Case:
    """One kind of stroke.

    Attributes
    ----------
    name : str
    motor : float
        Uptake of the motor cortex on its side at baseline as a fraction of normal.
    volume_ml : float
        Infarct below the motor cortex; 0 for none.
    lesion : str or None
        File of a real lesion in the standard space, whose shape is taken instead; with it come a
        penumbra and, for FDG, crossed cerebellar diaschisis.
    """

    name: str
    motor: float
    volume_ml: float = 0.0
    lesion: str | None = None


CASES = (
    Case("none", 1.0),
    Case("dimmed", DIMMED),
    Case("10 mL", DIMMED, 10.0),
    Case("60 mL", DIMMED, 60.0),
)
"""Without a lesion, motor cortex dimmed, and dimmed with an infarct below it."""


def real_case(file: str) -> Case:
    """Return the case of a real lesion's shape."""
    return Case(file.removesuffix(".nii.gz"), DIMMED, lesion=file)


def lost_to(case: Case, anatomy: Anatomy, side: Side, lesions: Path | None, seed: int) -> NDArray[np.float32]:
    """Return the fraction of each voxel of the head that is infarcted."""
    if case.lesion is not None:
        if lesions is None:
            raise SystemExit(f"{case.name} needs the folder of real lesions")
        return _carried(read_volume(lesions / case.lesion), anatomy, side)
    if case.volume_ml == 0:
        return np.zeros(anatomy.head.labels.shape, dtype=np.float32)
    radius = 10.0 * (case.volume_ml / 10) ** (1 / 3)
    stroke = Stroke(side, _BELOW_MOTOR, (radius * 0.9, radius * 1.2, radius), case.volume_ml, 0.5)
    return infarct(anatomy, stroke, np.random.default_rng([7, seed]))


def _carried(lesion: object, anatomy: Anatomy, side: Side) -> NDArray[np.float32]:
    """Bring a lesion in the standard space to a head, mirrored if it lies on the other side."""
    data, affine = lesion.data, lesion.affine  # type: ignore[attr-defined]
    x = affine[0, 3] + affine[0, 0] * np.argwhere(data > 0.5)[:, 0].mean()
    points = anatomy.standard_points.copy()
    if (x < 0) != (side == "left"):
        points[0] *= -1
    to_voxels = np.linalg.inv(affine)
    where = np.einsum("ij,jxyz->ixyz", to_voxels[:3, :3].astype(np.float32), points)
    where += to_voxels[:3, 3].astype(np.float32).reshape(3, 1, 1, 1)
    lost = map_coordinates(data.astype(np.float32), where, order=1, output=np.float32)
    head = anatomy.head
    lost[np.isin(head.labels, [0, *head.labels_of(INFRATENTORIAL)])] = 0
    sign = -1 if side == "left" else 1
    lost[anatomy.standard_points[0] * sign < 1] = 0
    return lost


def activity(
    case: Case, anatomy: Anatomy, side: Side, lost: NDArray[np.float32], tracer: str, session: str
) -> NDArray[np.float32]:
    """Return the tracer's true distribution, noise-free and infinitely sharp."""
    head = anatomy.head
    if case.lesion is None:
        factor = 1 - np.float32(1 - INFARCT_CORE[tracer]) * lost
    else:
        stroke = Stroke(side, (0, 0, 0), (1, 1, 1), 1.0, 0.7)
        factor = remaining(anatomy, stroke, lost, core=INFARCT_CORE[tracer], diaschisis=tracer == "FDG")
    motor = case.motor * (1 + IMPROVEMENT[tracer] * (session != SESSIONS[0]))
    found = head.uptake[tracer] * factor
    found[np.isin(head.labels, head.labels_of([TARGET], side))] *= np.float32(motor)
    return np.asarray(found, dtype=np.float32)


def infarcted(anatomy: Anatomy, side: Side, lost: NDArray[np.float32]) -> tuple[float, float]:
    """Return the volume of the infarct in mL and the fraction of the motor cortex on its side that is lost."""
    head = anatomy.head
    region = np.isin(head.labels, head.labels_of([TARGET], side))
    voxel_ml = abs(np.linalg.det(head.affine[:3, :3])) / 1000
    return float(lost.sum() * voxel_ml), float(lost[region].mean())


__all__ = ["CASES", "Case", "activity", "infarcted", "lost_to", "opposite", "real_case"]
