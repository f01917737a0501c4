"""Methods and provenance as a browser shows them."""

import pytest

pytestmark = pytest.mark.browser

OPEN_ALL = "document.querySelectorAll('#main details').forEach(each => each.open = true)"
FITS = "each => [...each.querySelectorAll('dd, dt, p, li')].every(one => one.scrollWidth <= one.clientWidth + 1)"


@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_hashes_and_long_names_do_not_widen_the_page(open_page, report, width):
    page, complaints = open_page(report, width)
    page.evaluate(OPEN_ALL)
    for name in ("methods", "provenance", "reading"):
        section = page.locator(f"section[aria-labelledby={name}]")
        assert section.evaluate("each => each.getBoundingClientRect().right <= innerWidth")
        assert section.evaluate(FITS)
    assert complaints == []


def test_the_plain_text_can_be_selected_with_the_keyboard_and_not_changed(open_page, report):
    page, _ = open_page(report, 1280)
    page.evaluate(OPEN_ALL)
    area = page.locator("#methods-text")
    before = area.input_value()
    area.focus()
    page.keyboard.press("Control+a")
    assert area.evaluate("each => each.selectionEnd - each.selectionStart") == len(before)
    page.keyboard.type("x")
    assert area.input_value() == before
