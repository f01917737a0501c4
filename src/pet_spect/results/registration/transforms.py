"""The transforms of a participant: a file is named by the image it moves, a value by the points it takes.

To move an image from A to B, each point of B asks which point of A it shows. So the file that `layout` calls
``from-A_to-B_mode-image`` holds the way of points from B to A. This module alone goes from one name to the other.
All points are RAS+ mm.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pet_spect.files import whole_file
from pet_spect.imaging.images import read_rigid, read_warp, write_affine, write_warp
from pet_spect.model import Warp
from pet_spect.results import layout

REFUSED_TRANSFORM = "refused\n"
"""Content of a placeholder: a refused scan has no such transform or mask."""


def read_participant_to_scan_points(results: Path, scan: layout.ScanName) -> NDArray[np.float64]:
    """Return the (4, 4) rigid transform of participant points to points of a scan.

    Raises
    ------
    ImageError
        If there is none, or it does more than turn and shift.
    """
    return read_rigid(results / layout.scan_to_participant(*scan[:3]))


def read_scan_to_participant_points(results: Path, scan: layout.ScanName) -> NDArray[np.float64]:
    """Return the (4, 4) rigid transform of points of a scan to participant points.

    Raises
    ------
    ImageError
        As `read_participant_to_scan_points`, whose inverse it is.
    """
    return np.asarray(np.linalg.inv(read_participant_to_scan_points(results, scan)), dtype=np.float64)


def write_participant_to_scan_points(results: Path, scan: layout.ScanName, matrix: NDArray[np.float64] | None) -> None:
    """Write the (4, 4) rigid transform of participant points to points of a scan; None if the scan was refused."""
    path = results / layout.scan_to_participant(*scan[:3])
    if matrix is None:
        write_placeholder(path)
    else:
        write_affine(path, matrix)


def read_anat_to_participant_points(results: Path, participant: str) -> NDArray[np.float64]:
    """Return the (4, 4) rigid transform of points of the anatomical image to participant points.

    Raises
    ------
    ImageError
        If there is none, as where the image was refused, or it does more than turn and shift.
    """
    return np.asarray(np.linalg.inv(read_rigid(results / layout.anat_to_participant(participant))), dtype=np.float64)


def write_participant_to_anat_points(results: Path, participant: str, matrix: NDArray[np.float64]) -> None:
    """Write the (4, 4) rigid transform of participant points to points of the anatomical image."""
    write_affine(results / layout.anat_to_participant(participant), matrix)


def read_participant_to_standard_points(results: Path, participant: str) -> Warp:
    """Return the warp of participant points to standard points.

    Raises
    ------
    ImageError
        If there is none.
    """
    return read_warp(results / layout.standard_to_participant(participant))


def read_standard_to_participant_points(results: Path, participant: str) -> Warp:
    """Return the warp of standard points to participant points.

    Raises
    ------
    ImageError
        If there is none.
    """
    return read_warp(results / layout.participant_to_standard(participant))


def write_standard_warps(
    results: Path,
    participant: str,
    *,
    participant_to_standard_points: Warp | None,
    standard_to_participant_points: Warp | None,
) -> None:
    """Write the warps between participant and standard space; None if nothing was registered."""
    for name, warp in (
        (layout.participant_to_standard(participant), standard_to_participant_points),
        (layout.standard_to_participant(participant), participant_to_standard_points),
    ):
        if warp is None:
            write_placeholder(results / name)
        else:
            write_warp(results / name, warp)


def write_placeholder(path: Path) -> None:
    """Write a placeholder for a transform or mask that a refused scan does not have."""
    with whole_file(path) as partial:
        partial.write_text(REFUSED_TRANSFORM, encoding="utf-8")
