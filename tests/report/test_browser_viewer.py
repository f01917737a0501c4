"""The interactive viewer as a browser shows it. A mistake in orientation is the worst that it could make."""

from __future__ import annotations

import io
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from pet_spect.imaging.atlases import load_atlas
from pet_spect.report.page import write_report
from pet_spect.report.pictures.colours import difference_colours
from pet_spect.results import layout

from ..records import lesion
from .viewer.planted import LEFT_MM, RIGHT_MM, write_planted

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SCANS = [("baseline", "FDG"), ("year1", "FDG"), ("baseline", "IMZ")]


@pytest.fixture(scope="module")
def results(make_study, tmp_path_factory):
    results = tmp_path_factory.mktemp("results")
    study = make_study(1)
    for row in study.ratios:
        row["lesion_side"] = "left"
    study.lose("sub-01", "year1", "IMZ", "refused", "two heads")
    study.lesion = lesion("given")
    write_planted(study.write(results), "sub-01", SCANS)
    write_report(results)
    return results


@pytest.fixture(scope="module")
def viewer(browser, results):
    """Return the page, ready, and all it asked for or complained about."""
    page = browser.new_context(viewport={"width": 1280, "height": 1000}, offline=True).new_page()
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("request", lambda request: heard.append(request.url))
    page.goto((results / "report" / layout.viewer_page("sub-01")).as_uri())
    page.wait_for_selector("#viewer[data-ready]", timeout=120_000)
    return page, heard


def text(page, name: str) -> str:
    return page.inner_text(f"#{name}")


def move(page, mm) -> None:
    page.evaluate("mm => petSpect.moveTo(mm)", list(mm))


def change(page, field: str, value: str | bool) -> None:
    """Change a field, and wait until the picture is drawn anew."""
    if isinstance(value, bool):
        page.set_checked(f"#{field}", value)
    else:
        page.select_option(f"#{field}", value)
    page.wait_for_timeout(1500)


def pixels(page, name: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(page.locator(f"#{name}-canvas").screenshot())).convert("L"), dtype=float)


def test_viewer_opens_from_disk_silent_and_asks_for_files_of_the_results_folder_only(viewer, results):
    _, heard = viewer
    addresses = [item for item in heard if not item.startswith(results.as_uri())]
    assert [item for item in addresses if not item.startswith("data:image/")] == []


def test_a_volume_is_loaded_only_when_it_is_shown(viewer):
    assert not any("trc-123IIMZ_uptake" in item for item in viewer[1])


@pytest.mark.parametrize(
    ("place", "side", "baseline", "year1", "difference"),
    [
        (LEFT_MM, "person's left", (1.0, 8000), (0.75, 6000), (-25, -25)),
        (RIGHT_MM, "person's right", (0.25, 2000), (0.25, 2000), (0, 0)),
    ],
)
def test_crosshair_tells_side_region_and_values(viewer, place, side, baseline, year1, difference):
    page, _ = viewer
    move(page, place)
    assert text(page, "place") == f"x {place[0]:.0f}, y {place[1]:.0f}, z {place[2]:.0f} mm: {side}"
    assert text(page, "region") == f"precentral, {side} (target)"
    for name, (ratio, uptake) in (("first", baseline), ("second", year1)):
        shown = re.fullmatch(r"([\d.]+) \(([\d.]+) Bq/mL\)", text(page, f"{name}-value"))
        assert float(shown[1]) == pytest.approx(ratio, abs=0.002)
        assert float(shown[2]) == pytest.approx(uptake, abs=8)
    shown = re.fullmatch(r"([-+\d.e]+) points \(([-+\d.e]+) % of baseline\)", text(page, "difference-value"))
    assert float(shown[1]) == pytest.approx(difference[0], abs=0.3)
    assert float(shown[2]) == pytest.approx(difference[1], abs=0.5)


def test_niivue_has_the_same_values_at_the_same_place_as_the_text(viewer):
    page, _ = viewer
    for place in (LEFT_MM, RIGHT_MM, (-40.0, -18.0, 4.0), (12.0, -70.0, 20.0)):
        move(page, place)
        drawn = page.evaluate(
            """mm => petSpect.screens.map(screen => {
                 const image = screen.volumes[1], voxel = image.mm2vox(mm);
                 return [image.getValue(...voxel), ...screen.frac2mm(screen.scene.crosshairPos)].slice(0, 4);
               })""",
            list(place),
        )
        for name, (value, *mm) in zip(("first", "second"), drawn, strict=True):
            assert mm == pytest.approx(place, abs=0.01)
            assert float(text(page, f"{name}-value").split()[0]) == pytest.approx(value, rel=0.005)


def test_both_pictures_have_one_scale(viewer):
    page, _ = viewer
    held = page.evaluate(
        "petSpect.screens.map(s => [s.volumes[1].cal_min, s.volumes[1].cal_max, s.volumes[1].colormap])"
    )
    assert held[0] == held[1]
    assert page.locator("#scale-ticks span").all_inner_texts()[-1] == f"{held[0][1]:.3g}"
    assert "relative to cerebellum ipsilesional" in text(page, "scale-unit")


def test_region_names_are_those_of_the_atlas_on_both_sides(viewer):
    page, _ = viewer
    atlas = load_atlas()
    generator = np.random.default_rng(3)
    named = {region.index: region for region in atlas.regions}
    labels = atlas.labels[::2, ::2, ::2]
    voxels = np.argwhere(labels > 0)
    sides = set()
    for voxel in voxels[generator.choice(len(voxels), 60, replace=False)]:
        region = named[int(labels[tuple(voxel)])]
        move(page, atlas.affine[:3, 3] + 2.0 * voxel)
        words = {"left": "person's left", "right": "person's right", "n/a": "midline or both sides"}[region.side]
        assert text(page, "region").startswith(f"{region.name.replace('_', ' ')}, {words}")
        sides.add(region.side)
    assert {"left", "right"} <= sides


def test_what_is_on_the_persons_left_is_drawn_on_the_left(viewer):
    page, _ = viewer
    for field in ("template-on", "lesion-on"):
        change(page, field, value=False)
    change(page, "regions", "none")
    change(page, "cuts", "0")
    move(page, (0, -18, 52))
    page.wait_for_timeout(500)
    drawn = pixels(page, "first")
    head = np.flatnonzero((drawn > 25).mean(axis=0) > 0.1)
    middle = (head[0] + head[-1]) // 2
    rows = slice(drawn.shape[0] // 5, 4 * drawn.shape[0] // 5)
    left, right = drawn[rows, head[0] : middle - 10], drawn[rows, middle + 10 : head[-1]]
    typical = np.median(left)
    assert (left > typical + 60).mean() > 0.03  # the planted 8000
    assert (right > typical + 60).mean() < 0.01
    assert ((right < typical - 30) & (right > 20)).mean() > 0.03  # the planted 2000
    assert page.evaluate("petSpect.screens.every(screen => !screen.opts.isRadiologicalConvention)")
    change(page, "template-on", value=True)
    change(page, "regions", "target")
    change(page, "cuts", "3")


def test_difference_is_drawn_where_the_visits_differ(viewer):
    page, _ = viewer
    change(page, "smoothing", "0")
    change(page, "difference-range", "40")
    change(page, "difference-on", value=True)
    unit = "year1 minus baseline, points (1 point = 1 % of cerebellum ipsilesional), not smoothed"
    assert f"{unit}. Blue: more at year1, orange: less" in text(page, "difference-unit")
    assert page.locator("#difference-ticks span").all_inner_texts() == ["-40", "0", "+40"]
    at_left, at_right = difference_at(page, LEFT_MM), difference_at(page, RIGHT_MM)
    assert (at_left, at_right) == (pytest.approx(-25, abs=0.3), pytest.approx(0, abs=0.3))
    change(page, "smoothing", "8")
    assert difference_at(page, (-40.0, -18.0, 62.0)) == pytest.approx(-10, abs=5)  # beside the block
    assert difference_at(page, RIGHT_MM) == pytest.approx(0, abs=0.3)
    move(page, LEFT_MM)
    assert float(text(page, "difference-value").split()[-1]) == pytest.approx(difference_at(page, LEFT_MM), abs=0.2)
    change(page, "difference-on", value=False)
    assert page.locator("#difference-scale").is_hidden()


def test_less_uptake_is_orange_as_in_the_picture_and_the_caption_says_difference(viewer):
    page, _ = viewer
    change(page, "cuts", "0")
    change(page, "regions", "none")
    change(page, "smoothing", "0")
    change(page, "difference-range", "20")
    assert text(page, "second-caption") == "year1, FDG: measured"
    change(page, "difference-on", value=True)
    assert text(page, "first-caption") == "baseline, FDG: measured"
    assert text(page, "second-caption") == "year1 minus baseline, FDG: difference"
    move(page, (0, 30, LEFT_MM[2]))
    lower = difference_colours().paint(np.array([-20.0]), -20, 20)[0].astype(int)
    red, green, blue = colour_at(page, "second", LEFT_MM)
    assert red > blue + 60
    assert np.abs(np.array([red, green, blue]) - lower).max() < 12
    assert np.ptp(colour_at(page, "second", RIGHT_MM)) < 12  # nearly white: no difference
    change(page, "difference-on", value=False)
    assert text(page, "second-caption") == "year1, FDG: measured"
    change(page, "regions", "target")
    change(page, "cuts", "3")


def colour_at(page, name: str, place) -> np.ndarray:
    """Return the colour of a picture at a place of the shown slice."""
    column, row = page.evaluate(
        "([i, mm]) => Array.from(petSpect.screens[i].frac2canvasPos(petSpect.screens[i].mm2frac(mm)))",
        [("first", "second").index(name), list(place)],
    )[:2]
    shot = Image.open(io.BytesIO(page.locator(f"#{name}-canvas").screenshot())).convert("RGB")
    return np.array(shot.getpixel((round(column), round(row)))).astype(int)


def test_front_is_on_the_right_of_a_sagittal_cut_as_in_the_pictures(viewer):
    page, _ = viewer
    change(page, "cuts", "2")
    move(page, (0, -18, 20))
    columns = page.evaluate(
        """[-60, 40].map(y => {
             const screen = petSpect.screens[0];
             return screen.frac2canvasPos(screen.mm2frac([0, y, 20]))[0];
           })"""
    )
    assert columns[0] < columns[1]
    letters = page.evaluate(
        """() => {
             const screen = petSpect.screens[0], drawn = [];
             const names = Object.getOwnPropertyNames(Object.getPrototypeOf(screen)).filter(n => /^drawText/.test(n));
             for (const name of names) screen[name] = function ([x], said, ...more) {
               drawn.push([said, x]);
               return Object.getPrototypeOf(screen)[name].call(screen, ...arguments);
             };
             screen.drawScene();
             for (const name of names) delete screen[name];
             return Object.fromEntries(drawn.filter(([said]) => said === "A" || said === "P"));
           }"""
    )
    assert letters["P"] < letters["A"]
    change(page, "cuts", "3")


def test_the_same_visit_twice_has_no_difference_and_says_why(viewer):
    page, _ = viewer
    change(page, "second", "0")
    assert text(page, "difference-value") == "n/a: both pictures show baseline"
    assert page.is_disabled("#difference-on")
    change(page, "second", "1")
    assert not page.is_disabled("#difference-on")


def difference_at(page, place) -> float:
    """Return the value that is drawn at a place."""
    return page.evaluate(
        """mm => {
             const image = petSpect.screens[1].volumes.find(volume => volume.name.startsWith("difference"));
             return image.getValue(...image.mm2vox(mm));
           }""",
        list(place),
    )


def test_smoothing_spreads_a_point_by_the_stated_width_and_keeps_an_even_image(viewer):
    page, _ = viewer
    widths = page.evaluate(
        """() => {
             const volume = { shape: [41, 5, 5], voxel_mm: [2, 2, 2] }, size = 41 * 25;
             const point = new Float32Array(size).fill(1), half = 20 + 41 * 2 + 41 * 5 * 2;
             const even = petSpect.smoothed(volume, point, 8);
             const gap = petSpect.smoothed(volume, point.map((x, i) => (i % 41 < 10 ? NaN : x)), 8);
             const line = petSpect.smoothed(volume, point.fill(0).map((x, i) => Number(i % 41 === 20)), 8);
             return [Math.min(...even), Math.max(...even), gap[9], gap[10], line[half + 2] / line[half]];
           }"""
    )
    lowest, highest, outside, beside, four_mm_off = widths
    assert (lowest, highest) == (pytest.approx(1, abs=1e-5), pytest.approx(1, abs=1e-5))
    assert np.isnan(outside)
    assert beside == pytest.approx(1, abs=1e-5)
    assert four_mm_off == pytest.approx(0.5, abs=0.005)  # half the height at half the width


def test_keys_move_the_crosshair_in_both_pictures(viewer):
    page, _ = viewer
    move(page, LEFT_MM)
    page.focus("#first-canvas")
    for key in ("ArrowLeft", "ArrowUp", "PageUp", "Shift+ArrowLeft"):
        page.keyboard.press(key)
    assert text(page, "place").startswith("x -52, y -16, z 54 mm")
    place = page.evaluate("petSpect.screens.map(s => Array.from(s.frac2mm(s.scene.crosshairPos)).slice(0, 3))")
    assert np.allclose(place, [[-52, -16, 54]] * 2, atol=0.01)


def test_a_click_moves_the_crosshair_of_the_other_picture_too(viewer):
    page, _ = viewer
    change(page, "cuts", "0")
    move(page, (0, 0, 52))
    box = page.locator("#second-canvas").bounding_box()
    page.mouse.click(box["x"] + 0.4 * box["width"], box["y"] + 0.5 * box["height"])
    page.wait_for_timeout(300)
    first, second = page.evaluate("petSpect.screens.map(s => Array.from(s.frac2mm(s.scene.crosshairPos)).slice(0, 3))")
    assert first == pytest.approx(second, abs=0.01)
    assert second[0] < -4
    assert "person's left" in text(page, "place")
    change(page, "cuts", "3")


def test_zoom_is_that_of_both_pictures(viewer):
    page, _ = viewer
    page.click("#closer")
    assert page.evaluate("petSpect.screens.map(screen => screen.scene.pan2Dxyzmm[3])") == [1.5, 1.5]
    page.click("#farther")
    assert page.evaluate("petSpect.screens.map(screen => screen.scene.pan2Dxyzmm[3])") == [1, 1]


def test_buttons_go_to_the_motor_cortex_of_either_side_and_to_the_lesion(viewer):
    page, _ = viewer
    for button, wanted in (("Left motor cortex", "person's left"), ("Right motor cortex", "person's right")):
        page.click(f"#jumps button:has-text('{button}')")
        assert text(page, "region") == f"precentral, {wanted} (target)"
    page.click("#jumps button:has-text('Drawn lesion')")
    assert text(page, "place").startswith("x -30, y 0, z 20 mm")
    assert text(page, "in-lesion") == "inside the drawn lesion"


def test_a_refused_visit_says_why_and_there_is_no_difference(viewer):
    page, _ = viewer
    change(page, "tracer", "1")
    assert text(page, "second-caption") == "year1, IMZ: refused, two heads"
    assert text(page, "second-value") == "no volume: two heads"
    assert text(page, "difference-value") == "n/a: year1 has no volume"
    change(page, "tracer", "0")


@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_viewer_is_never_wider_than_the_window(viewer, width):
    page, _ = viewer
    page.set_viewport_size({"width": width, "height": 1000})
    page.wait_for_timeout(500)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": 1280, "height": 1000})


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(viewer, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page, _ = viewer
    page.emulate_media(color_scheme=scheme)
    found = Axe().run(page).response["violations"]
    page.emulate_media(color_scheme="light")
    assert [(item["id"], [node["html"][:120] for node in item["nodes"]]) for item in found] == []


def test_nothing_was_complained_about_in_all_of_this(viewer, results):
    _, heard = viewer
    assert [item for item in heard if not item.startswith((results.as_uri(), "data:image/"))] == []


def test_without_the_reference_of_one_visit_neither_is_divided(browser, results):
    page_path = results / "report" / layout.viewer_page("sub-01")
    changed = page_path.with_name("undivided_viewer.html")
    content = page_path.read_text("utf-8")
    changed.write_text(content.replace('"divisor": 8000.0', '"divisor": null', 1), "utf-8")
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto(changed.as_uri())
    page.wait_for_selector("#viewer[data-ready]", timeout=120_000)
    move(page, LEFT_MM)
    shown = [text(page, f"{name}-value").split() for name in ("first", "second")]
    assert [unit for _, unit in shown] == ["Bq/mL", "Bq/mL"]
    assert [float(value) for value, _ in shown] == pytest.approx([8000, 6000], abs=8)
    assert text(page, "scale-unit").startswith("Uptake in Bq/mL, not divided by a reference")
    context.close()
    changed.unlink()


def test_without_webgl_or_javascript_the_pictures_stand_in(browser, results):
    address = (results / "report" / layout.viewer_page("sub-01")).as_uri()
    for has_scripts in (True, False):
        context = browser.new_context(offline=True, java_script_enabled=has_scripts)
        page = context.new_page()
        page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
        page.goto(address)
        page.wait_for_selector("#stand-in img", state="visible")
        assert page.locator("#viewer").is_hidden()
        assert ("no WebGL 2" in text(page, "message")) == has_scripts
        assert page.locator("#stand-in img").count() == 4
        context.close()


def test_without_the_folder_beside_it_the_page_says_so(browser, results, tmp_path):
    copy = tmp_path / "sub-01_viewer.html"
    shutil.copyfile(results / "report" / layout.viewer_page("sub-01"), copy)
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto(copy.as_uri())
    page.wait_for_selector("#stand-in", state="visible")
    assert "The pictures are shown instead" in text(page, "message")
    context.close()
