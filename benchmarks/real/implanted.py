"""Deficits of known size in a real scan, in the scan's own space."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from one_warp import key_of
from scipy.ndimage import map_coordinates
from scipy.spatial.transform import Rotation

from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.images import read_volume
from pet_spect.imaging.resample import apply_affine, displace, grid_points, sample
from pet_spect.model import Side, Volume, Warp
from pet_spect.quantify.smoothing import FWHM_TO_SIGMA
from pet_spect.registration.normalise import Normalised
from pet_spect.simulate.heads.anatomy import Anatomy, smooth_noise
from pet_spect.simulate.heads.standard_head import Head, standard_head
from pet_spect.simulate.scanner import blurred

sys.path.append(str(Path(__file__).resolve().parents[1] / "accuracy"))
from cases import Case, activity, infarcted, lost_to

TRACER = "FDG"
SESSIONS = ("baseline", "year1")

_GRID_MM = 1.0
_MARGIN_MM = 20.0
_NOISE_TO_PSF = 0.7
_TURN_DEG = (4.0, -3.0, 6.0)
_SHIFT_MM = (5.0, -7.0, 4.0)


@dataclass(frozen=True)
class RealBrain:
    """A real scan with the registration of the scan as it is, before anything is implanted.

    Attributes
    ----------
    scan : Volume
    fwhm_mm : float
        Its resolution.
    to_scan : (4, 4) float array
        Participant points to scan points.
    to_standard : Warp
        Participant points to standard points.
    anatomy : Anatomy
        Labels on a grid of 1 mm in the space of the scan; healthy uptake is 1 everywhere, so that what a deficit
        leaves of it is a factor.
    """

    scan: Volume
    fwhm_mm: float
    to_scan: NDArray[np.float64]
    to_standard: Warp
    anatomy: Anatomy


@dataclass(frozen=True)
class Implanted:
    """One visit of a person with an implanted deficit.

    Attributes
    ----------
    clean, noisy : Volume
        Without and with fresh noise, on one grid.
    to_scan : (4, 4) float array
        Participant points to points of this visit, as the registration of the untouched scan has it.
    """

    clean: Volume
    noisy: Volume
    to_scan: NDArray[np.float64]


def real_brain(path: Path, fwhm_mm: float, found: Normalised, session: str) -> RealBrain:
    """Return a scan with the labels that its own registration gives it.

    Raises
    ------
    SystemExit
        If that registration refused it.
    """
    key, to_participant, to_standard = key_of(session), found.to_participant, found.to_standard
    if key in found.refused or to_participant is None or to_standard is None:
        raise SystemExit(f"{path}: refused although no gate is closed: {found.refused[key]}")
    scan, to_scan = read_volume(path), found.scans[key].to_scan
    standard = standard_head(load_atlas())
    brain = apply_affine(standard.affine, np.argwhere(standard.labels > 0)[::20])
    brain = apply_affine(to_scan, displace(to_participant, brain))
    low, high = brain.min(axis=0) - _MARGIN_MM, brain.max(axis=0) + _MARGIN_MM
    affine = np.diag([_GRID_MM] * 3 + [1.0])
    affine[:3, 3] = low
    shape = tuple(int(extent) for extent in np.ceil((high - low) / _GRID_MM))
    points = displace(to_standard, apply_affine(np.linalg.inv(to_scan), grid_points(shape, affine)))
    voxels = apply_affine(np.linalg.inv(standard.affine), points).T
    labels = map_coordinates(standard.labels, voxels, order=0, output=np.uint8).reshape(shape)
    head = Head(labels, {TRACER: np.ones(shape, dtype=np.float32)}, affine, standard.indices)
    standard_points = np.ascontiguousarray(points.T.astype(np.float32)).reshape(3, *shape)
    return RealBrain(scan, fwhm_mm, to_scan, to_standard, Anatomy(head, standard_points))


def implanted(
    brain: RealBrain, case: Case, side: Side, lesions: Path, *, noise: float, seed: int
) -> tuple[dict[str, Implanted], float, float]:
    """Return both visits of a person with a deficit, its infarct in mL and the fraction of the target it takes.

    What the deficit leaves of healthy uptake is blurred to the scan's resolution and multiplied into the scan. The
    second visit lies elsewhere in the scanner: its voxels are the same, its affine is moved.

    Parameters
    ----------
    brain : RealBrain
    case : Case
    side : {'left', 'right'}
    lesions : Path
        Folder of real lesions.
    noise : float
        Standard deviation per voxel as a fraction of uptake, correlated over about the resolution.
    seed : int
    """
    lost = lost_to(case, brain.anatomy, side, lesions, seed)
    visits = {}
    for number, session in enumerate(SESSIONS):
        remaining = activity(case, brain.anatomy, side, lost, TRACER, session)
        clean = brain.scan.data * _at_scan(brain, 1 - remaining)
        rng = np.random.default_rng([17, seed, number])
        sigma = _NOISE_TO_PSF * brain.fwhm_mm * FWHM_TO_SIGMA / brain.scan.voxel_size
        noisy = clean * (1 + np.float32(noise) * smooth_noise(rng, clean.shape, sigma))
        motion = _motion(brain) if number else np.eye(4)
        affine = motion @ brain.scan.affine
        visits[session] = Implanted(Volume(clean, affine), Volume(noisy, affine), motion @ brain.to_scan)
    return visits, *infarcted(brain.anatomy, side, lost)


def _at_scan(brain: RealBrain, loss: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what is left of uptake in each voxel of the scan, given what is lost on the fine grid."""
    affine = brain.anatomy.head.affine
    seen = Volume(blurred(loss, affine, brain.fwhm_mm), affine)
    at_voxels = sample(seen, grid_points(brain.scan.data.shape, brain.scan.affine))
    return np.float32(1) - np.nan_to_num(at_voxels, nan=0.0).reshape(brain.scan.data.shape)


def _motion(brain: RealBrain) -> NDArray[np.float64]:
    """Return a rigid motion about the middle of the head."""
    affine = brain.anatomy.head.affine
    middle = apply_affine(affine, np.array(brain.anatomy.head.labels.shape)[np.newaxis] / 2)[0]
    motion = np.eye(4)
    motion[:3, :3] = Rotation.from_euler("xyz", _TURN_DEG, degrees=True).as_matrix()
    motion[:3, 3] = middle - motion[:3, :3] @ middle + np.array(_SHIFT_MM)
    return motion
