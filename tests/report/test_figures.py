from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from pet_spect.atlases import load_atlas
from pet_spect.errors import AtlasError
from pet_spect.model import Refusal, ScanKey, Volume, Warp
from pet_spect.report.canvas import LEFT, RIGHT, scan_of_picture
from pet_spect.report.figures import Registration, draw_refusal, draw_registration, native_row, outlines, standard_rows

KEY = ScanKey("sub-01", "baseline", "FDG")
NAME = "sub-01_ses-baseline_trc-18FFDG"
GRID = np.array([[4.0, 0, 0, -96], [0, 4.0, 0, -132], [0, 0, 4.0, -78], [0, 0, 0, 1]])
SHIFT = np.array([30.0, -10.0, 100.0])


@pytest.fixture(scope="module")
def masks():
    return outlines(load_atlas("CerebrA"), "precentral", ["pons"])


@pytest.fixture(scope="module")
def scan():
    """Return a scan, hot in the left motor cortex, whose own space is shifted against the standard space."""
    x, y, z = np.moveaxis(np.moveaxis(np.indices((49, 58, 49)), 0, -1) @ GRID[:3, :3].T + GRID[:3, 3], -1, 0)
    hot = (np.abs(x + 40) < 12) & (np.abs(y + 12) < 12) & (np.abs(z - 50) < 12)
    data = (0.2 + 5 * hot).astype(np.float32)
    own = GRID.copy()
    own[:3, 3] += SHIFT
    to_scan = np.eye(4)
    to_scan[:3, 3] = SHIFT
    still = Warp(np.zeros((49, 58, 49, 3), dtype=np.float32), GRID)
    return Registration(Volume(data, own), Volume(data, GRID), to_scan, still, still)


def centre_of(array) -> float:
    return float(np.nonzero(array)[1].mean()) / array.shape[1]


def pixels_of(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def test_left_target_and_a_hot_left_lie_on_the_left_of_the_standard_picture(scan, masks):
    panel = standard_rows(scan.standard, masks)[0][3]
    assert panel.plane.caption == "MNI z = 52"
    assert centre_of(np.nan_to_num(panel.image) > 3) < 0.4
    assert centre_of(panel.masks["left"] > 0.5) < 0.4
    assert centre_of(panel.masks["right"] > 0.5) > 0.6


def test_own_space_follows_the_transforms_to_the_target(scan, masks):
    axial, coronal, *_ = native_row(scan, masks)
    for panel in (axial, coronal):
        assert centre_of(panel.masks["left"] > 0.5) < 0.4
        assert centre_of(panel.masks["right"] > 0.5) > 0.6
    target = np.argwhere(masks["left"].data > 0.5).mean(axis=0) @ masks["left"].affine[:3, :3].T
    assert axial.plane.centre[2] == pytest.approx((target + masks["left"].affine[:3, 3] + SHIFT)[2], abs=0.5)


def test_png_shows_the_hot_left_at_the_left_beside_its_colour(tmp_path, scan, masks):
    path = tmp_path / "picture.png"
    draw_registration(path, KEY, NAME, scan, masks, ["similarity  0.91"], simulated=False)
    panel = pixels_of(path)[40 : 40 + 265, 750:1000]  # first row, fourth column: MNI z = 52
    for colour, side in ((LEFT, "left"), (RIGHT, "right")):
        wanted = [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
        middle = centre_of(np.abs(panel - wanted).sum(axis=2) < 30)
        assert (middle < 0.5) == (side == "left")
    inside = panel[60:200, 40:210]  # without the letters at the rim
    assert centre_of(inside.min(axis=2) > 240) < 0.5


def test_picture_is_readable_small_and_the_same_each_time(tmp_path, scan, masks):
    for name in ("a.png", "b.png"):
        draw_registration(tmp_path / name, KEY, NAME, scan, masks, [], simulated=True)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert (tmp_path / "a.png").stat().st_size < 250_000
    with Image.open(tmp_path / "a.png") as image:
        assert image.width == 1000
        assert set(image.info) <= {"Participant", "Session", "Tracer", "dpi"}


def test_picture_says_which_scan_it_shows(tmp_path, scan, masks):
    draw_registration(tmp_path / "a.png", KEY, NAME, scan, masks, [], simulated=False)
    assert scan_of_picture(tmp_path / "a.png") == KEY


def test_simulated_picture_differs_from_a_real_one(tmp_path, scan, masks):
    for name, simulated in (("real.png", False), ("made.png", True)):
        draw_registration(tmp_path / name, KEY, NAME, scan, masks, [], simulated=simulated)
    real, made = (
        np.asarray(Image.open(tmp_path / name).convert("RGB")).astype(int) for name in ("real.png", "made.png")
    )
    rows, columns = np.nonzero(np.abs(real - made).sum(axis=2))
    assert rows.max() < 40
    assert columns.min() > 500


@pytest.mark.parametrize("reason", ["needs $5 < x_2$ & more", "long " * 200])
def test_refused_scan_gets_a_picture_whatever_the_reason_holds(tmp_path, reason):
    draw_refusal(tmp_path / "a.png", KEY, NAME, Refusal("convert", "code", reason), None, simulated=False)
    assert scan_of_picture(tmp_path / "a.png") == KEY


def test_refused_registration_shows_the_scan_in_its_own_space(tmp_path, scan):
    refusal = Refusal("normalise", "scale", "scale 1.92 is above 1.35")
    draw_refusal(tmp_path / "with.png", KEY, NAME, refusal, scan.native, simulated=False)
    draw_refusal(tmp_path / "without.png", KEY, NAME, refusal, None, simulated=False)
    assert len(pixels_of(tmp_path / "with.png")) - len(pixels_of(tmp_path / "without.png")) == 265


def test_scan_of_zeros_is_drawn(tmp_path):
    dark = Volume(np.zeros((5, 5, 5), dtype=np.float32), np.eye(4))
    draw_refusal(tmp_path / "a.png", KEY, NAME, Refusal("normalise", "dark", "no counts"), dark, simulated=False)
    assert (tmp_path / "a.png").is_file()


def test_target_the_atlas_lacks_is_an_error():
    with pytest.raises(AtlasError, match="CerebrA: has no region 'motor' with a left and a right side"):
        outlines(load_atlas("CerebrA"), "motor")


def test_target_without_sides_is_an_error():
    with pytest.raises(AtlasError, match="has no region 'pons' with a left and a right side"):
        outlines(load_atlas("CerebrA"), "pons")


def test_reference_the_atlas_lacks_is_an_error():
    with pytest.raises(AtlasError, match="has no region 'cerebelum'"):
        outlines(load_atlas("CerebrA"), "precentral", ["cerebelum"])
