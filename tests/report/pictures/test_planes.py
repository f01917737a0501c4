from __future__ import annotations

import numpy as np
import pytest

from pet_spect.model import Volume
from pet_spect.report.pictures.planes import PIXEL_MM, Plane, cut, montage

SIZE = (192.0, 192.0)


def blob(x: float, y: float, z: float) -> Volume:
    """Return a head-sized volume of 0 with a cube of 1 around a point, its voxel axes running the other way."""
    affine = np.diag([-4.0, -4.0, 4.0, 1.0])
    affine[:3, 3] = [96, 96, -96]
    i, j, k = (np.indices((49, 49, 49), dtype=float) - 24) * 4.0
    near = (np.abs(-i - x) < 9) & (np.abs(-j - y) < 9) & (np.abs(k - z) < 9)
    return Volume(near.astype(np.float32), affine)


def half_with_blob(volume: Volume, plane: Plane) -> tuple[str, str]:
    rows, columns = np.nonzero(np.nan_to_num(cut(volume, {}, plane).image) > 0.5)
    height, width = cut(volume, {}, plane).image.shape
    return ("top" if rows.mean() < height / 2 else "bottom", "left" if columns.mean() < width / 2 else "right")


@pytest.mark.parametrize(
    ("view", "point", "where"),
    [
        ("axial", (-40, 30, 0), ("top", "left")),
        ("axial", (40, -30, 0), ("bottom", "right")),
        ("coronal", (-40, 0, 30), ("top", "left")),
        ("coronal", (40, 0, -30), ("bottom", "right")),
        ("sagittal", (0, 40, 30), ("top", "right")),
        ("sagittal", (0, -40, -30), ("bottom", "left")),
    ],
)
def test_pictures_have_the_persons_left_on_the_left_and_front_on_the_right_of_a_sagittal_plane(view, point, where):
    assert half_with_blob(blob(*point), Plane(view, (0, 0, 0), SIZE, "")) == where


@pytest.mark.parametrize(("view", "ends"), [("axial", ("L", "R")), ("coronal", ("L", "R")), ("sagittal", ("P", "A"))])
def test_letters_name_the_ends_of_a_plane(view, ends):
    assert Plane(view, (0, 0, 0), SIZE, "").ends == ends


def test_a_plane_is_centred_on_its_middle_and_its_pixels_have_one_size():
    points = Plane("axial", (10, -20, 30), SIZE, "").points()
    assert points.mean(axis=(0, 1)) == pytest.approx([10, -20, 30])
    assert points[0, 1] - points[0, 0] == pytest.approx([PIXEL_MM, 0, 0])
    assert points[1, 0] - points[0, 0] == pytest.approx([0, -PIXEL_MM, 0])


def test_masks_come_through_the_map_to_the_standard_space():
    mask = blob(-40, 0, 0)
    panel = cut(
        blob(0, 0, 0), {"left": mask}, Plane("axial", (0, 0, 0), SIZE, ""), lambda points: points - [20.0, 0, 0]
    )
    columns = np.nonzero(panel.masks["left"] > 0.5)[1]
    middle = (panel.image.shape[1] - 1) / 2
    assert (columns.mean() - middle) * PIXEL_MM == pytest.approx(-20, abs=1)


def test_montage_keeps_each_panel_in_its_place_and_marks_every_one():
    plane = Plane("axial", (0, 0, 0), SIZE, "MNI z = 0")
    left, right = cut(blob(-40, 0, 0), {}, plane), cut(blob(40, 0, 0), {}, plane)
    whole, marks = montage([[left, right], [right]])
    height, width = left.image.shape
    assert whole.image.shape == (2 * height, 2 * width)
    np.testing.assert_array_equal(whole.image[:height, width:], right.image)
    assert np.isnan(whole.image[height:, width:]).all()
    assert [mark.text for mark in marks] == ["L", "R", "MNI z = 0"] * 3
    letters = {mark.text: mark.column for mark in marks[:3]}
    assert letters["L"] < width / 2 < letters["R"] < width
