from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from pet_spect.model import ScanKey, Volume
from pet_spect.report.pictures.canvas import scan_of_picture, side_of_picture
from pet_spect.report.pictures.steps import Outline
from pet_spect.report.pictures.visits import Scene, difference_scale, draw_no_visit, draw_visit, uptake_scale

KEY = ScanKey("sub-01", "year1", "FDG")
GRID = np.array([[4.0, 0, 0, -96], [0, 4.0, 0, -132], [0, 0, 4.0, -78], [0, 0, 0, 1]])
SHAPE = (49, 58, 49)
TOP, PANEL_HEIGHT, PANEL_WIDTH = 40 + 26, 244, 250


def box(x: float, y: float, z: float, half: float) -> Outline:
    points = np.moveaxis(np.indices(SHAPE), 0, -1) @ GRID[:3, :3].T + GRID[:3, 3]
    return Outline((np.abs(points - [x, y, z]) < half).all(axis=-1).astype(np.float32), GRID)


MASKS = {"brain": box(0, -18, 40, 64), "left": box(-40, -18, 52, 10), "right": box(40, -18, 52, 10)}
NO_LESION = Volume(np.zeros(SHAPE, dtype=np.float32), GRID)


def scene(side="left", lesion=NO_LESION) -> Scene:
    return Scene(MASKS, lesion, side, "estimated lesion")


def pixels_of(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def drawn(path, values, scale, scene=scene(), **told):  # noqa: B008
    draw_visit(path, KEY, "sub-01 year1 FDG", scene, values, scale, "said", **({"simulated": False} | told))
    return pixels_of(path)


def test_more_uptake_on_the_left_is_blue_on_the_left_of_the_axial_and_coronal_cuts(tmp_path):
    values = Volume(15 * box(-40, -18, 52, 16).data, GRID)
    picture = drawn(tmp_path / "a.png", values, difference_scale("year1", "baseline"))
    blue = picture[TOP : TOP + PANEL_HEIGHT, :, 2] - picture[TOP : TOP + PANEL_HEIGHT, :, 0] > 60
    for first in (0, PANEL_WIDTH):  # axial, coronal
        half = first + PANEL_WIDTH // 2
        assert blue[:, first:half].sum() > 200
        assert blue[:, half : first + PANEL_WIDTH].sum() == 0


def test_a_flipped_visit_makes_another_picture(tmp_path):
    values = 15 * box(-40, -18, 52, 16).data
    scale = difference_scale("year1", "baseline")
    straight = drawn(tmp_path / "a.png", Volume(values, GRID), scale)
    flipped = drawn(tmp_path / "b.png", Volume(values[::-1].copy(), GRID), scale)
    assert (straight != flipped).any(axis=2).sum() > 1000


def test_around_the_brain_a_difference_is_not_shown(tmp_path):
    values = Volume(np.full(SHAPE, 10.0, dtype=np.float32), GRID)
    picture = drawn(tmp_path / "a.png", values, difference_scale("year1", "baseline"))
    corner, middle = picture[TOP + 40, 100], picture[TOP + 122, 125]
    assert corner.tolist() == [28, 34, 41]
    assert middle[2] > middle[0] + 50


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_sagittal_cut_goes_through_the_target_of_the_lesion_side(side):
    sagittal = scene(side).planes()[1][0]
    assert sagittal.centre[0] == {"left": -40, "right": 40}[side]


def test_every_visit_is_cut_alike_and_as_large(tmp_path):
    scale = uptake_scale(1.4, "pons")
    first = drawn(tmp_path / "a.png", Volume(MASKS["brain"].data, GRID), scale)
    second = drawn(tmp_path / "b.png", Volume(np.full(SHAPE, np.nan, dtype=np.float32), GRID), scale)
    draw_no_visit(tmp_path / "c.png", KEY, "sub-01 year1 FDG", scene(), "no head was found", simulated=False)
    assert first.shape == second.shape == pixels_of(tmp_path / "c.png").shape


def test_colours_inside_the_outlines_are_those_of_the_numbers(tmp_path):
    scale = uptake_scale(1.4, "pons")
    picture = drawn(tmp_path / "a.png", Volume(np.full(SHAPE, 0.7, dtype=np.float32), GRID), scale)
    in_target = picture[TOP + 122 + round(2 * 1.3), 125 - 52]
    wanted = scale.colours.paint(np.array([0.7]), 0.0, 1.4)[0]
    assert np.abs(in_target - wanted).sum() < 12


def test_a_picture_says_its_scan_no_date_and_simulated(tmp_path):
    values, scale = Volume(MASKS["brain"].data, GRID), uptake_scale(1.4, "pons")
    real = drawn(tmp_path / "a.png", values, scale)
    made = drawn(tmp_path / "b.png", values, scale, simulated=True)
    assert scan_of_picture(tmp_path / "a.png") == KEY
    assert (real != made)[:40].any()
    with Image.open(tmp_path / "a.png") as image:
        assert set(image.info) == {"Participant", "Session", "Tracer", "BlindRows", "LesionSide"}
        assert image.info["LesionSide"] == side_of_picture(tmp_path / "a.png")


def test_the_same_visit_gives_the_same_bytes(tmp_path):
    values, scale = Volume(MASKS["brain"].data, GRID), uptake_scale(1.4, "pons")
    for name in ("a.png", "b.png"):
        drawn(tmp_path / name, values, scale)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_the_bars_say_what_they_show():
    uptake, difference = uptake_scale(1.4, "pons"), difference_scale("year1", "baseline")
    assert uptake.label == "uptake relative to the reference, pons (1 = equal)"
    assert [text for _, text in uptake.ticks] == ["0", "0.2", "0.4", "0.6", "0.8", "1", "1.2", "1.4"]
    assert difference.label == "year1 − baseline, points (1 point = 1 % of the reference)"
    assert [text for _, text in difference.ticks] == ["−20", "−10", "0", "+10", "+20"]


def test_the_lesion_is_outlined_and_has_its_entry_in_the_key(tmp_path):
    values, scale = Volume(np.ones(SHAPE, dtype=np.float32), GRID), uptake_scale(2.0, "pons")
    without = drawn(tmp_path / "a.png", values, scale)
    lesion = Volume(box(-30, 20, 52, 14).data, GRID)
    with_it = drawn(tmp_path / "b.png", values, scale, scene("left", lesion))
    assert (without != with_it)[40:TOP].any()
    assert (without != with_it)[TOP : TOP + PANEL_HEIGHT, :PANEL_WIDTH].any()


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_key_that_says_estimated_lesion_is_not_cut_at_the_edge(tmp_path, side):
    values, scale = Volume(np.ones(SHAPE, dtype=np.float32), GRID), uptake_scale(2.0, "pons")
    picture = drawn(tmp_path / "a.png", values, scale, scene(side, Volume(box(-30, 20, 52, 14).data, GRID)))
    assert (picture[42 : TOP - 2, -4:] == picture[42, -1]).all()  # nothing but the ground


def test_the_key_names_where_the_lesion_is_from(tmp_path):
    values, scale = Volume(np.ones(SHAPE, dtype=np.float32), GRID), uptake_scale(2.0, "pons")
    lesion = Volume(box(-30, 20, 52, 14).data, GRID)
    words = ("estimated lesion", "drawn lesion")
    estimated, by_hand = (
        drawn(tmp_path / "a.png", values, scale, Scene(MASKS, lesion, "left", told)) for told in words
    )
    assert (estimated != by_hand)[40:TOP].any()
    assert not (estimated != by_hand)[TOP:].any()
