from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from pet_spect.model import Refusal, ScanKey, Volume
from pet_spect.report.pictures.canvas import (
    HEAD,
    LEFT,
    LESION,
    MIDPLANE,
    OUTSIDE,
    REFERENCE,
    RIGHT,
    TISSUE,
    blind_rows,
    scan_of_picture,
)
from pet_spect.report.pictures.figures import draw_refusal, draw_registration
from pet_spect.report.pictures.planes import Plane, cut
from pet_spect.report.pictures.steps import Outline, Step, tried_pose, whole_scan

KEY = ScanKey("sub-01", "baseline", "FDG")
NAME = "sub-01_ses-baseline_trc-18FFDG"
GRID = np.array([[4.0, 0, 0, -96], [0, 4.0, 0, -132], [0, 0, 4.0, -78], [0, 0, 0, 1]])
SIZE = (192.0, 192.0)
PIXELS = 250
FIRST = 40 + 26 + 28
"""The row at which the first panel begins: below title, key and the title of the step."""


def box(x: float, y: float, z: float, half: float) -> Outline:
    points = np.moveaxis(np.indices((49, 58, 49)), 0, -1) @ GRID[:3, :3].T + GRID[:3, 3]
    return Outline((np.abs(points - [x, y, z]) < half).all(axis=-1).astype(np.float32), GRID)


MASKS = {
    "brain": box(0, 0, 0, 70),
    "reference": box(0, -50, 0, 12),
    "left": box(-40, 0, 0, 14),
    "right": box(40, 0, 0, 14),
    "lesion": box(-30, 40, 0, 14),
}


def steps(masks=MASKS, *, midplane: bool = True) -> list[Step]:
    """Return one step with the same axial plane twice, the second without outlines, of a scan hot on the left."""
    scan = Volume(0.2 + 5 * box(-40, -30, 0, 6).data, GRID)
    plane = Plane("axial", (0, 0, 0), SIZE, "")
    bare = {name: Volume(np.zeros_like(mask.data), GRID) for name, mask in masks.items()}
    return [Step("1  Own space", "good", [cut(scan, masks, plane), cut(scan, bare, plane)], midplane=midplane)]


def pixels_of(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def drawn(path, steps, **told):
    """Return the first and the second panel of a picture, as colours."""
    draw_registration(path, KEY, NAME, steps, ["similarity  0.91"], **({"simulated": False} | told))
    rows = pixels_of(path)[FIRST : FIRST + PIXELS]
    return rows[:, :PIXELS], rows[:, PIXELS : 2 * PIXELS]


def places(panel, colour: str):
    wanted = [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
    return np.argwhere(np.abs(panel - wanted).sum(axis=2) < 30)


def millimetres(panel, colour: str):
    """Return the x and the y between which a colour lies in the axial plane."""
    found = places(panel, colour)
    x = (found[:, 1] - (PIXELS - 1) / 2) / 1.3
    y = ((PIXELS - 1) / 2 - found[:, 0]) / 1.3
    return [round(float(value)) for value in (x.min(), x.max(), y.min(), y.max())]


@pytest.mark.parametrize(
    ("colour", "rim"),
    [
        (LEFT, (-54, -26, -14, 14)),
        (RIGHT, (26, 54, -14, 14)),
        (REFERENCE, (-12, 12, -62, -38)),
        (LESION, (-44, -16, 26, 54)),
        (TISSUE, (-70, 70, -70, 70)),
    ],
)
def test_every_outline_is_where_its_mask_ends(tmp_path, colour, rim):
    outlined, bare = drawn(tmp_path / "a.png", steps(midplane=False))
    assert millimetres(outlined, colour) == pytest.approx(rim, abs=3)
    assert len(places(bare, colour)) == 0


def test_midplane_is_a_line_down_the_middle_of_every_panel_and_between_none(tmp_path):
    bare = steps({"brain": box(0, 0, 0, 90)})
    with_line, _ = drawn(tmp_path / "a.png", bare)
    without, _ = drawn(tmp_path / "b.png", steps({"brain": box(0, 0, 0, 90)}, midplane=False))
    rows, columns = np.nonzero(np.abs(with_line - without).sum(axis=2))
    assert columns.mean() == pytest.approx((PIXELS - 1) / 2, abs=1)
    assert np.ptp(columns) < 4
    assert rows.min() < 10
    assert rows.max() > PIXELS - 10
    assert len(places(with_line, MIDPLANE))


def test_hot_left_is_on_the_left_between_l_and_r(tmp_path):
    panel, bare = drawn(tmp_path / "a.png", steps({"brain": box(0, 0, 0, 70)}, midplane=False))
    inside = bare[:, 30:220]  # without the letters at the rim
    columns = np.nonzero(inside.min(axis=2) > 240)[1]
    assert (columns.mean() + 30 - (PIXELS - 1) / 2) / 1.3 == pytest.approx(-40, abs=2)
    middle = panel[115:136]
    left, right = middle[:, 4:24] > 240, middle[:, 226:246] > 240
    ink = [int(letter.all(axis=2).sum()) for letter in (left, right)]
    assert ink[0] > 20
    assert ink[1] > ink[0]  # an R has more ink than an L


@pytest.mark.slow
def test_empty_mask_draws_nothing_and_has_no_key(tmp_path):
    empty = MASKS | {"lesion": Volume(np.zeros((49, 58, 49), dtype=np.float32), GRID)}
    draw_registration(tmp_path / "a.png", KEY, NAME, steps(empty), [], simulated=False)
    draw_registration(tmp_path / "b.png", KEY, NAME, steps(), [], simulated=False)
    assert len(places(pixels_of(tmp_path / "a.png"), LESION)) == 0
    assert len(places(pixels_of(tmp_path / "b.png")[40:66], LESION)) > 5


@pytest.mark.slow
def test_step_without_panels_is_a_line(tmp_path):
    draw_registration(tmp_path / "a.png", KEY, NAME, steps(), [], simulated=False)
    draw_registration(tmp_path / "b.png", KEY, NAME, [*steps(), Step("2  None", "", [])], [], simulated=False)
    assert len(pixels_of(tmp_path / "b.png")) == len(pixels_of(tmp_path / "a.png")) + 28


def test_outside_the_field_of_view_is_not_black_and_has_a_key(tmp_path):
    plane = Plane("axial", (0, 60, 0), SIZE, "")  # the grid ends at y = 96
    cut_off = [Step("1", "", [cut(Volume(np.ones((49, 58, 49), dtype=np.float32), GRID), {}, plane)])]
    draw_registration(tmp_path / "a.png", KEY, NAME, cut_off, [], simulated=False)
    picture = pixels_of(tmp_path / "a.png")
    assert len(places(picture[40:66], OUTSIDE)) > 50
    assert millimetres(picture[FIRST : FIRST + PIXELS, :PIXELS], OUTSIDE)[2] == pytest.approx(96 - 60, abs=2)


@pytest.mark.slow
def test_picture_is_the_same_each_time_and_holds_no_date(tmp_path):
    for name in ("a.png", "b.png"):
        draw_registration(tmp_path / name, KEY, NAME, steps(), [], simulated=True)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    with Image.open(tmp_path / "a.png") as image:
        assert set(image.info) <= {"Participant", "Session", "Tracer", "BlindRows", "dpi"}


def test_picture_says_which_scan_it_shows(tmp_path):
    draw_registration(tmp_path / "a.png", KEY, NAME, steps(), [], simulated=False)
    assert scan_of_picture(tmp_path / "a.png") == KEY


@pytest.mark.parametrize(("warnings", "band"), [([], 40), (["short"], 57), (["long " * 100], 74)])
def test_the_rows_for_a_blinded_reader_leave_out_title_lesion_and_gates(tmp_path, warnings, band):
    lesion = replace(steps()[0], title="4  Lesion, estimated: right 3.6 mL", personal=True)
    shown = [*steps(), lesion]
    draw_registration(tmp_path / "a.png", KEY, NAME, shown, ["scale  0.9"], warnings=warnings, simulated=True)
    title, panels = 28, PIXELS
    first = band + 26
    assert blind_rows(tmp_path / "a.png") == [
        (band, first),
        (first, first + title + panels),
        (first + 2 * title + panels, first + 2 * (title + panels)),
    ]


def test_a_refused_scan_has_no_rows_for_a_blinded_reader_and_an_old_picture_does_not_say(tmp_path):
    draw_refusal(tmp_path / "a.png", KEY, NAME, Refusal("convert", "code", "reason"), simulated=False)
    assert blind_rows(tmp_path / "a.png") == []
    Image.new("L", (4, 4)).save(tmp_path / "old.png")
    assert blind_rows(tmp_path / "old.png") is None


@pytest.mark.slow
def test_simulated_picture_differs_from_a_real_one_in_its_title_alone(tmp_path):
    for name, simulated in (("real.png", False), ("made.png", True)):
        draw_registration(tmp_path / name, KEY, NAME, steps(), [], simulated=simulated)
    rows, columns = np.nonzero(np.abs(pixels_of(tmp_path / "real.png") - pixels_of(tmp_path / "made.png")).sum(axis=2))
    assert rows.max() < 40
    assert columns.min() > 250


@pytest.mark.parametrize("reason", ["needs $5 < x_2$ & more", "long " * 200])
def test_refused_scan_gets_a_picture_whatever_the_reason_holds(tmp_path, reason):
    draw_refusal(tmp_path / "a.png", KEY, NAME, Refusal("convert", "code", reason), simulated=False)
    assert scan_of_picture(tmp_path / "a.png") == KEY


def test_refused_registration_shows_the_scan_in_its_own_space(tmp_path):
    refusal, scan = Refusal("normalise", "scale", "scale 1.92 is above 1.35"), box(0, 0, 0, 70)
    tried = [whole_scan(scan, None, "1  The whole scan")]
    draw_refusal(tmp_path / "with.png", KEY, NAME, refusal, tried, simulated=False)
    draw_refusal(tmp_path / "without.png", KEY, NAME, refusal, simulated=False)
    assert len(pixels_of(tmp_path / "with.png")) - len(pixels_of(tmp_path / "without.png")) == 26 + 28 + 244


@pytest.mark.slow
def test_refused_registration_shows_the_head_and_the_pose_where_they_are(tmp_path):
    refusal = Refusal("normalise", "gate_overlap", "overlap with the template's brain is 0.61, 0.70 is needed")
    scan, box_of_head = box(0, 0, 0, 70), [[9, 40], [18, 49], [6, 33]]  # voxels of 4 mm; x from -60 to 60
    pose = np.eye(4)
    pose[0, 3] = 10.0  # the regions lie 10 mm further right in the scan
    tried = [whole_scan(scan, box_of_head, "1"), tried_pose(scan, box_of_head, pose, MASKS)]
    draw_refusal(tmp_path / "a.png", KEY, NAME, refusal, tried, simulated=False)
    rows = pixels_of(tmp_path / "a.png")[40 + 170 + 26 :]
    whole, posed = rows[28 : 28 + 244, :PIXELS], rows[28 + 244 + 28 :, :PIXELS]
    shown = min(1.0, 188 / (58 * 4))  # the scan is 232 mm long and drawn smaller
    centre = shown * (-96 + 4 * 24)
    x = (places(whole, HEAD)[:, 1] - (PIXELS - 1) / 2) / 1.3 + centre
    assert (x.min() / shown, x.max() / shown) == pytest.approx((-62, 62), abs=3)
    assert millimetres(posed, LEFT)[:2] == pytest.approx((-54, -26), abs=3)  # the plane is centred on the pose
    middle = places(posed, MIDPLANE)
    assert len(middle)


def test_a_pose_far_outside_the_scan_still_shows_the_head(tmp_path):
    pose = np.eye(4)
    pose[:3, 3] = 400.0
    step = tried_pose(box(0, 0, 0, 70), [[9, 40], [18, 49], [6, 33]], pose, MASKS)
    assert all(np.nanmax(panel.image) > 0.5 for panel in step.panels)


def test_scan_of_zeros_is_drawn(tmp_path):
    shown = [whole_scan(Volume(np.zeros((5, 5, 5), dtype=np.float32), np.eye(4)), None, "1  The whole scan")]
    draw_refusal(tmp_path / "a.png", KEY, NAME, Refusal("normalise", "dark", "no counts"), shown, simulated=False)
    assert (tmp_path / "a.png").is_file()
