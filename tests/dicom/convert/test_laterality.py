"""Left, right, front and top of a person stay where they are, however the person lay and the slices ran."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import nibabel as nib
import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from pet_spect.cli import main
from tests.dicom.convert.scanner import (
    PATIENT_POSITIONS,
    Grid,
    enhanced_pet,
    nm_points,
    nm_volume,
    pet_series,
    places_of_values,
    rotated,
    write,
)

# What lies where in the person: counts, and mm towards the right, the front and the top (RAS+).
MARKERS = {
    "left, hot": (900, (-45.0, -10.0, 35.0)),
    "right, cold": (300, (45.0, -10.0, 35.0)),
    "front": (700, (0.0, 75.0, 10.0)),
    "top": (800, (0.0, -20.0, 70.0)),
}
HEAD = 500
RADII_MM = (70.0, 90.0, 80.0)
SHAPE = (16, 20, 18)
VOXEL_MM = (10.0, 10.5, 11.0)
KINDS = ("PET", "Enhanced PET", "NM")
EXAMPLES = int(os.environ.get("PET_SPECT_EXAMPLES", "50"))
TILTS = {"straight": (0, 0, 0), "oblique": (20, 0, 0), "doubly oblique": (20, -15, 10)}


def person_in(grid):
    """Return the counts of a scan of the person, and where each marker's voxel lies (RAS+)."""
    places = grid.points(SHAPE) * [-1, -1, 1]
    stored = np.where((((places / RADII_MM) ** 2).sum(axis=-1)) <= 1, HEAD, 0)
    lies = {}
    for name, (level, point) in MARKERS.items():
        nearest = np.unravel_index(np.argmin(np.linalg.norm(places - point, axis=-1)), SHAPE)
        stored[nearest], lies[name] = level, places[nearest]
        assert np.linalg.norm(lies[name] - point) < np.linalg.norm(VOXEL_MM) / 2 + 0.01
    return stored, lies


def gantry(position, tilt, step):
    """Return the grid of a scanner in which the person's head is centred."""
    row, column = PATIENT_POSITIONS[position]
    matrix = Rotation.from_euler("xyz", tilt, degrees=True).as_matrix()
    grid = rotated(Grid(row, column), matrix, between_rows=VOXEL_MM[1], between_columns=VOXEL_MM[0], step=step)
    return rotated(grid, np.eye(3), first=tuple(-grid.points(SHAPE).reshape(-1, 3).mean(axis=0)))


def objects(kind, stored, grid, order):
    """Return the objects of a scan whose slices are stored in an order."""
    if kind == "NM":
        return [nm_volume(stored, grid, [index + 1 for index in order])]
    if kind == "Enhanced PET":
        ds = enhanced_pet(stored, grid)
        frames = ds.PerFrameFunctionalGroupsSequence
        ds.PerFrameFunctionalGroupsSequence = pydicom.Sequence([frames[index] for index in order])
        ds.PixelData = stored[list(order)].astype("<i2").tobytes()
        return [ds]
    slices = pet_series(stored, grid)
    return [slices[index] for index in order]


def stored_order(kind, backwards):
    order = list(range(SHAPE[0]))
    if not backwards:
        return order
    # An NM object whose first frame is not slice 1 leaves its end open and is refused.
    return [0, *order[:0:-1]] if kind == "NM" else order[::-1]


def converted(folder, scan):
    """Return the image that the command writes."""
    out = folder / "image.nii"
    assert main(["convert", str(scan), "--out", str(out)]) == 0
    return nib.Nifti1Image.from_filename(out)


def place_of(image, level):
    (index,) = np.argwhere(np.asarray(image.dataobj) == level)
    return nib.affines.apply_affine(image.affine, index)


@pytest.mark.parametrize("tilt", TILTS.values(), ids=TILTS)
@pytest.mark.parametrize("step", [VOXEL_MM[2], -VOXEL_MM[2]], ids=["along the normal", "against the normal"])
@pytest.mark.parametrize("backwards", [False, True], ids=["stored in order", "stored backwards"])
@pytest.mark.parametrize("position", PATIENT_POSITIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_marker_is_found_where_it_was_put(tmp_path, kind, position, backwards, step, tilt):
    stored, lies = person_in(gantry(position, tilt, step))
    scan = write(tmp_path / "scan", objects(kind, stored, gantry(position, tilt, step), stored_order(kind, backwards)))
    image = converted(tmp_path, scan)
    assert np.linalg.det(image.affine[:3, :3]) > 0
    for name, (level, _) in MARKERS.items():
        np.testing.assert_allclose(place_of(image, level), lies[name], rtol=0, atol=1e-2, err_msg=name)
    left, right = (place_of(image, MARKERS[name][0])[0] for name in ("left, hot", "right, cold"))
    assert left < -35 < 35 < right


def near_halfway(axes, errors):
    """Return a rotation by about 45° twice over: two voxel axes are as near to one direction of the patient."""
    angles = [45 * turn + error for turn, error in zip(axes, errors, strict=True)]
    return Rotation.from_euler("xyz", angles, degrees=True)


unit = st.floats(-1, 1, allow_subnormal=False)
anyhow = (
    st.tuples(unit, unit, unit, unit).filter(lambda q: np.linalg.norm(q) > 0.1).map(lambda q: Rotation.from_quat(q))
)
halfway = st.builds(near_halfway, st.tuples(*[st.integers(0, 7)] * 3), st.tuples(*[st.floats(-0.01, 0.01)] * 3))


@st.composite
def scans(draw):
    """Draw a grid, the stored order of its slices and a shape."""
    matrix = draw(anyhow | halfway).as_matrix()
    size = st.floats(0.5, 8).map(lambda mm: round(mm, 4))
    grid = Grid(
        matrix[:, 0],
        matrix[:, 1],
        first=draw(st.tuples(*[st.floats(-900, 900).map(lambda mm: round(mm, 3))] * 3)),
        between_rows=draw(size),
        between_columns=draw(size),
        step=draw(size) * draw(st.sampled_from((1, -1))),
    )
    shape = draw(st.tuples(*[st.integers(2, 6)] * 3))
    return grid, shape, draw(st.permutations(range(1, shape[0])))


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None, max_examples=EXAMPLES, derandomize=True, database=None)
@given(scan=scans())
def test_no_voxel_is_moved_or_mirrored_in_any_orientation(kind, scan):
    grid, shape, rest = scan
    stored = np.arange(1, 1 + np.prod(shape)).reshape(shape)
    with TemporaryDirectory() as name:
        folder = Path(name)
        # Slice 0 first, as an NM object must have it; for PET it is any of the two ends.
        path = write(folder / "scan", objects(kind, stored, grid, [0, *rest]))
        image = converted(folder, path)
        values, places = places_of_values(image)
        expected = directly(path)
    np.testing.assert_array_equal(values, sorted(expected))
    np.testing.assert_allclose(places, [expected[value] for value in values], rtol=0, atol=1e-3)
    assert np.linalg.det(image.affine[:3, :3]) > 0
    np.testing.assert_allclose(image.get_qform(), image.get_sform(), rtol=0, atol=1e-3)


def directly(folder):
    """Return where each value lies by PS3.3 C.7.6.2.1.1 and C.8.4.15 alone, from the files as written."""
    found = {}
    for path in folder.iterdir():
        ds = pydicom.dcmread(path)
        stored = np.frombuffer(ds.PixelData, "<i2")
        if ds.Modality == "NM":
            places = nm_points(ds)
        elif "PerFrameFunctionalGroupsSequence" in ds:
            shared = ds.SharedFunctionalGroupsSequence[0]
            plane, measures = shared.PlaneOrientationSequence[0], shared.PixelMeasuresSequence[0]
            places = np.stack(
                [
                    in_plane(frame.PlanePositionSequence[0], plane, measures, ds)
                    for frame in ds.PerFrameFunctionalGroupsSequence
                ]
            )
        else:
            places = in_plane(ds, ds, ds, ds)
        found.update(zip(stored.tolist(), places.reshape(-1, 3), strict=True))
    return found


def in_plane(position, plane, measures, ds):
    r, c = (index[..., np.newaxis] for index in np.indices((ds.Rows, ds.Columns), dtype=float))
    across, down = np.array(plane.ImageOrientationPatient, float).reshape(2, 3)
    between_rows, between_columns = map(float, measures.PixelSpacing)
    return np.array(position.ImagePositionPatient, float) + c * between_columns * across + r * between_rows * down
