"""Volumes of a study whose every voxel is known, as ``pet-spect figures`` writes them for the viewer."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pet_spect.imaging import images
from pet_spect.imaging.atlases import load_atlas
from pet_spect.model import ScanKey, Volume
from pet_spect.report.viewer.volumes import write_volumes
from pet_spect.results import layout

from ...records import WARP, lesion, record_of, registered

AFFINE = np.array([[2.0, 0, 0, -96], [0, 2.0, 0, -132], [0, 0, 2.0, -78], [0, 0, 0, 1]])
SHAPE = (97, 115, 97)
LEFT_MM = (-40.0, -18.0, 52.0)
"""In the left precentral gyrus."""
RIGHT_MM = (40.0, -18.0, 52.0)
BELOW_VIEW_MM = -50.0
LABELS = {"FDG": "18FFDG", "IMZ": "123IIMZ"}
TYPES = {"FDG": "pet", "IMZ": "spect"}


def block(volume: Volume, centre: tuple[float, ...], half_mm: float = 8.0) -> tuple[slice, ...]:
    """Return the voxels within a cube."""
    low, high = (np.linalg.inv(volume.affine) @ [*(x + sign * half_mm for x in centre), 1] for sign in (-1.0, 1.0))
    return tuple(slice(round(a), round(b) + 1) for a, b in zip(low[:3], high[:3], strict=True))


def planted(session: str) -> Volume:
    """Return a scan of 4000, with 8000 on the left, 6000 there at the follow-up, 2000 on the right, none low down."""
    volume = Volume(np.full(SHAPE, 4000, dtype=np.float32), AFFINE)
    volume.data[block(volume, LEFT_MM)] = 8000 if session == "baseline" else 6000
    volume.data[block(volume, RIGHT_MM)] = 2000
    volume.data[:, :, : round((BELOW_VIEW_MM - AFFINE[2, 3]) / 2)] = np.nan
    return volume


def write_planted(results: Path, person: str, scans: list[tuple[str, str]]) -> None:
    """Write what normalise leaves of registered scans, and from it what the viewer shows.

    Parameters
    ----------
    results : Path
    person : str
    scans : list of (str, str)
        Session and tracer.
    """
    mask = Volume(np.zeros(SHAPE, dtype=np.float32), AFFINE)
    mask.data[block(mask, (-30.0, 0.0, 20.0))] = 1
    images.write_volume(results / layout.lesion_mask(person), mask)
    listed = []
    for session, tracer in scans:
        parts = (person, session, LABELS[tracer], TYPES[tracer])
        native = results / layout.scan_image(*parts)
        volume = planted(session)
        images.write_scan(native, Volume(volume.data[:4, :4, :4], AFFINE), {"Simulated": True, "Units": "Bq/mL"})
        images.write_scan(results / layout.standard_image(*parts), volume, {})
        listed.append((ScanKey(person, session, tracer), native))
    entries = [registered(session, tracer) for session, tracer in scans]
    record = record_of(person, *entries, lesion=lesion("given"), warp=WARP)
    write_volumes(results, record, listed, load_atlas(), ["precentral"])
