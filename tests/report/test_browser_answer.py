"""The first screen and its drawings as a browser shows them."""

from __future__ import annotations

import pytest

from pet_spect.report.page import write_report

pytestmark = pytest.mark.browser

BEYOND_THE_CARD = """[...document.querySelectorAll('.result *, .answers *')]
    .filter(item => item.getBoundingClientRect().right > item.closest('.card').getBoundingClientRect().right)
    .map(item => item.outerHTML.slice(0, 80))"""
"""Elements that stick out of their card."""


@pytest.fixture
def small_report(make_study, tmp_path):
    study = make_study(8)
    study.lose("sub-03", "year1", "IMZ", "refused", "no orientation", stage="convert", code="nm_orientation")
    return write_report(study.write(tmp_path))


def test_answer_and_doubts_are_seen_without_scrolling(open_page, small_report):
    page, _ = open_page(small_report, 1280)
    answers = page.locator(".answers")
    assert "Whom not to believe: 1 of 8" in answers.inner_text()
    box = answers.bounding_box()
    assert box["y"] + box["height"] <= 900


@pytest.mark.parametrize("width", [390, 768, 1280, 1920])
def test_no_drawing_is_wider_than_its_card(open_page, small_report, width):
    page, _ = open_page(small_report, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(BEYOND_THE_CARD) == []


def test_nothing_is_cut_on_paper(open_page, small_report):
    page, _ = open_page(small_report, 710)  # A4 between its margins
    page.emulate_media(media="print")
    assert page.evaluate(BEYOND_THE_CARD) == []


def test_text_of_a_drawing_is_readable_on_a_phone(open_page, small_report):
    page, _ = open_page(small_report, 390)
    heights = page.evaluate(
        "[...document.querySelectorAll('.drawings figure text')].map(text => text.getBoundingClientRect().height)"
    )
    assert min(heights) >= 11


def test_a_person_is_reached_by_keyboard_once_per_result_and_by_pointer_in_both_drawings(open_page, small_report):
    page, _ = open_page(small_report, 1280)
    links = page.locator(".result svg a[href='people/sub-02.html']")
    assert links.count() == 4
    assert page.locator(".result svg a[href='people/sub-02.html']:not([tabindex='-1'])").count() == 2
    page.locator(".result svg a[href='people/sub-02.html']:not([tabindex='-1'])").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/people/sub-02.html")


def test_values_stand_beside_the_forest_on_a_screen_and_below_it_on_a_phone(open_page, small_report):
    def places(width):
        page, _ = open_page(small_report, width)
        row = page.locator(".forest .chief").first
        return [row.locator(part).bounding_box() for part in ("svg", ".ci", ".count")]

    drawing, interval, count = places(1280)
    assert drawing["x"] + drawing["width"] <= interval["x"] <= count["x"]
    drawing, interval, count = places(390)
    assert drawing["y"] + drawing["height"] <= interval["y"] + 1
    assert count["x"] + count["width"] <= 390


def test_statistics_are_folded_and_open_by_a_click(open_page, small_report):
    page, _ = open_page(small_report, 1280)
    assert not page.get_by_text("Hodges–Lehmann").first.is_visible()
    page.get_by_text("All statistics of this result").first.click()
    assert page.get_by_text("Hodges–Lehmann").first.is_visible()
