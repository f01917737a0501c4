"""The page of a participant as a browser shows it."""

from __future__ import annotations

import pytest
from PIL import Image

from pet_spect.report.page import write_report
from pet_spect.results import layout

from .conftest import write_picture

pytestmark = pytest.mark.browser

LABELS = {"FDG": "18FFDG", "IMZ": "123IIMZ"}
STATE = """[
  document.querySelector(".now").textContent,
  ...[...document.querySelector(".visits").querySelectorAll(".visit")].map(item => getComputedStyle(item).visibility),
]"""
"""What the first comparison says it shows, and what it does show, at one moment."""

BOXES = """[...document.querySelector(".visits").querySelectorAll(".visit")].map(item => {
  const { x, y, width } = item.getBoundingClientRect();
  return [x, y, width];
})"""
"""Where both visits of the first comparison lie, at one moment."""


@pytest.fixture
def person(make_study, tmp_path):
    """Return the page of the second of three participants, whose last visit with IMZ was refused."""
    study = make_study(3)
    study.lose("sub-02", "year1", "IMZ", "refused", "no orientation " * 20, stage="convert", code="nm_orientation")
    results = study.write(tmp_path)
    for row in study.scans:
        key = row["participant_id"], row["session"], row["tracer"]
        place = (*key[:2], LABELS[row["tracer"]])
        write_picture(results / layout.uptake_figure(*place), *key, Image.new("L", (500, 682), 40))
        if row["session"] == "year1":
            write_picture(results / layout.difference_figure(*place), *key, Image.new("L", (500, 682), 200))
    return write_report(results).parent / layout.participant_page("sub-02")


def load_pictures(page) -> None:
    """Load every picture, also those far below; fail if one cannot be decoded."""
    page.evaluate("Promise.all([...document.images].map(item => { item.loading = 'eager'; return item.decode(); }))")


def columns(page) -> int:
    """Return how many of the three places of the first comparison stand in one line."""
    tops = [figure.bounding_box()["y"] for figure in page.locator("#compare-1 ~ .visits figure").all()]
    return tops.count(tops[0])


def is_shown(page) -> list[bool]:
    visits = page.locator("#compare-1 ~ .visits .visit").all()
    return [visit.evaluate("item => getComputedStyle(item).visibility") == "visible" for visit in visits]


@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_nothing_is_wider_than_the_window_and_nothing_complains(open_page, person, width):
    page, heard = open_page(person, width)
    page.evaluate("document.querySelectorAll('details').forEach(item => item.open = true)")
    load_pictures(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert all(item.startswith("file:") and item.endswith(".png") for item in heard)


@pytest.mark.parametrize(("width", "in_line"), [(390, 1), (1280, 3), (1920, 3)])
def test_visits_and_difference_stand_side_by_side_where_there_is_room(open_page, person, width, in_line):
    page, _ = open_page(person, width)
    assert columns(page) == in_line


def test_flicker_shows_one_visit_after_the_other_in_one_place_and_says_which(open_page, person):
    page, _ = open_page(person, 1280)
    load_pictures(page)
    page.keyboard.press("f")
    first, second = page.evaluate(BOXES)
    assert first == second
    seen = set()
    for _ in range(15):
        seen.add(tuple(page.evaluate(STATE)))
        page.wait_for_timeout(100)
    assert seen == {("Shown: baseline", "visible", "hidden"), ("Shown: year1", "hidden", "visible")}
    page.keyboard.press("f")
    assert is_shown(page) == [True, True]
    assert page.locator("#compare-1 ~ .tools .now").inner_text() == ""


def test_a_step_stops_the_flicker_and_shows_the_other_visit(open_page, person):
    page, _ = open_page(person, 1280)
    page.keyboard.press("s")
    assert is_shown(page) == [False, True]
    page.wait_for_timeout(800)
    assert is_shown(page) == [False, True]
    page.keyboard.press("s")
    assert is_shown(page) == [True, False]


def test_with_reduced_motion_nothing_moves_by_itself(browser, person):
    context = browser.new_context(reduced_motion="reduce", offline=True)
    page = context.new_page()
    page.goto(person.as_uri())
    page.locator("#compare-1 ~ .tools .flicker").click()
    page.wait_for_timeout(1200)
    assert is_shown(page) == [True, False]
    page.keyboard.press("s")
    assert is_shown(page) == [False, True]
    context.close()


def test_a_refused_visit_has_no_flicker(open_page, person):
    page, _ = open_page(person, 1280)
    assert page.locator("#compare-1 ~ .tools").is_visible()
    assert not page.locator("#compare-2 ~ .tools").is_visible()


def test_enter_enlarges_arrows_go_on_and_escape_returns(open_page, person):
    page, _ = open_page(person, 1280)
    links = page.locator("a.enlarge")
    links.first.focus()
    page.keyboard.press("Enter")
    caption = page.locator("dialog .bar span")
    assert caption.inner_text() == f"sub-02, FDG, baseline (1 of {links.count()})"
    page.keyboard.press("ArrowRight")
    assert caption.inner_text().startswith("sub-02, FDG, year1 (2 of")
    assert page.locator("dialog img").get_attribute("src").endswith("ses-year1_trc-18FFDG_uptake.png")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert f"({links.count()} of {links.count()})" in caption.inner_text()
    page.keyboard.press("Escape")
    assert not page.locator("dialog").is_visible()
    assert page.evaluate("document.activeElement.href") == links.last.evaluate("item => item.href")
    assert page.url == person.as_uri()


@pytest.mark.parametrize(
    ("key", "name"), [("ArrowLeft", "sub-01"), ("k", "sub-01"), ("ArrowRight", "sub-03"), ("j", "sub-03")]
)
def test_keys_go_to_the_neighbours(open_page, person, key, name):
    page, _ = open_page(person, 1280)
    page.keyboard.press(key)
    page.wait_for_url(f"**/{name}.html")


def test_keys_can_be_turned_off_and_leave_tables_and_the_history_alone(open_page, person):
    page, _ = open_page(person, 1280)
    page.evaluate("document.querySelectorAll('details').forEach(item => item.open = true)")
    page.locator("section.history input[type=search]").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Control+f")
    page.locator("#keys-on").uncheck()
    page.locator("h1").click()
    for key in ("j", "f", "ArrowLeft"):
        page.keyboard.press(key)
    page.wait_for_timeout(200)
    assert page.url == person.as_uri()
    assert is_shown(page) == [True, True]


def test_without_javascript_both_visits_are_seen_and_pictures_are_links(browser, person):
    context = browser.new_context(java_script_enabled=False, offline=True, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(person.as_uri())
    assert is_shown(page) == [True, True]
    assert not page.locator("#compare-1 ~ .tools").is_visible()
    page.locator("a.enlarge").first.click()
    page.wait_for_url("**/*_uptake.png")
    context.close()


def test_one_person_prints_on_two_pages_at_the_most(open_page, person):
    page, _ = open_page(person, 1280)
    load_pictures(page)
    printed = page.pdf(format="A4", print_background=True)
    assert printed.count(b"/Type /Page\n") in (1, 2)


@pytest.mark.parametrize("width", [390, 1280])
def test_z_or_a_second_click_shows_the_picture_at_full_size_and_it_can_be_scrolled(open_page, person, width):
    page, _ = open_page(person, width)
    links = page.locator("a.enlarge")
    links.first.click()
    page.locator("dialog img").evaluate("item => item.decode()")
    fit = page.locator("dialog img").bounding_box()
    assert fit["width"] <= width
    page.locator("dialog img").click()
    large = page.locator("dialog img").bounding_box()
    assert large["width"] >= 1216
    assert page.locator("dialog button", has_text="Full size").get_attribute("aria-pressed") == "true"
    assert page.evaluate("(item => item.scrollHeight > item.clientHeight)(document.querySelector('dialog .view'))")
    lower = page.locator("dialog .bar").bounding_box()
    assert lower["y"] + lower["height"] < 900 - 8
    page.keyboard.press("z")
    assert page.locator("dialog img").bounding_box() == fit
    page.keyboard.press("z")
    page.locator("dialog .view").focus()
    page.keyboard.press("ArrowRight")
    assert "(1 of" in page.locator("dialog .bar span").inner_text()  # it scrolls
    page.keyboard.press("Escape")
    links.first.click()
    assert page.locator("dialog img").bounding_box() == fit


def test_axe_finds_no_violation_in_an_enlarged_picture(open_page, person):
    from axe_playwright_python.sync_playwright import Axe

    page, _ = open_page(person, 1280)
    page.locator("a.enlarge").first.click()
    page.keyboard.press("z")
    found = Axe().run(page).response["violations"]
    assert [(item["id"], [node["html"][:120] for node in item["nodes"]]) for item in found] == []


@pytest.mark.parametrize("width", [390, 1280])
def test_a_long_word_is_broken_and_no_text_turns_its_neighbours(open_page, make_study, tmp_path, width):
    study = make_study(2)
    word = "W" * 400
    study.lose("sub-02", "year1", "IMZ", "refused", word, stage="convert", code="nm_orientation")
    study.scan("sub-01", "year1", "FDG").update(warnings=f"moved: {word}")
    for row in study.ratios:
        if row["participant_id"] == "sub-01":
            row.update(qc="warn", reason=f"moved: {word}")
    first = write_report(study.write(tmp_path))
    for path in (first, *(first.parent / layout.participant_page(person) for person in study.people)):
        page, _ = open_page(path, width)
        page.evaluate("document.querySelectorAll('details').forEach(item => item.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        turned = "[...document.querySelectorAll('td, li')].map(item => getComputedStyle(item).unicodeBidi)"
        assert set(page.evaluate(turned)) == {"isolate"}
