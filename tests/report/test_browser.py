"""The page as a browser shows it."""

from __future__ import annotations

import pytest

from pet_spect.report.page import write_report

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [400, 1280])
def test_page_opens_offline_silent_and_never_wider_than_the_window(open_page, report, width):
    page, heard = open_page(report, width)
    page.evaluate("document.querySelectorAll('details').forEach(item => item.open = true)")
    assert heard == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")


def test_banner_stays_in_view(open_page, report):
    page, _ = open_page(report, 1280)
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    assert page.locator(".banner").bounding_box()["y"] == 0


def test_linked_pictures_load(open_page, make_study, tmp_path, monkeypatch):
    monkeypatch.setattr("pet_spect.report.page.MOST_INLINED_BYTES", 0)
    page, heard = open_page(write_report(make_study(1).write(tmp_path)), 1280)
    page.locator("img").last.scroll_into_view_if_needed()
    page.wait_for_function("[...document.images].every(image => image.naturalWidth > 0)")
    assert all(item.startswith(tmp_path.as_uri()) for item in heard)


def test_search_leaves_the_wanted_participant(open_page, report):
    page, _ = open_page(report, 1280)
    page.fill("#find", "sub-07")
    shown = page.locator("details.person:visible .name").all_inner_texts()
    assert shown == ["sub-07"]


def test_without_javascript_everybody_is_still_there(browser, report):
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto(report.as_uri())
    assert page.locator("details.person").count() == 14
    context.close()
