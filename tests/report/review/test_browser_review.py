"""A blinded reading in a real browser, by keyboard alone."""

from __future__ import annotations

from importlib.resources import files

import pytest

from pet_spect.tsv import read_table

pytestmark = pytest.mark.browser


@pytest.fixture
def visit(browser, serve):
    """Return a function that opens the address of a new server and gives the page and what it complained about."""
    contexts = []

    def opened(width=1280, scheme="light", client=None):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        heard: list[str] = []
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        client = client or serve()
        foreign = f"http://{client.server.host}/"
        page.on("request", lambda request: None if request.url.startswith(foreign) else heard.append(request.url))
        page.goto(client.server.address)
        page.wait_for_selector("#initials:visible")
        return page, heard

    yield opened
    for context in contexts:
        context.close()


def begin(page, initials="AB"):
    page.keyboard.type(initials) if page.evaluate("document.activeElement.id") == "initials" else page.fill(
        "#initials", initials
    )
    page.keyboard.press("Enter")
    wait(page, 1)


def wait(page, place, total=8):
    page.wait_for_selector(f"#place:text-is('Scan {place} of {total}')")
    page.wait_for_selector("[data-rating=good]:enabled")


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def test_a_reading_from_start_to_end_by_keyboard_alone(visit, table):
    page, heard = visit()
    page.keyboard.press("Tab")  # the link to the content, then the initials
    page.keyboard.press("Tab")
    begin(page)
    assert page.url.count("?") == 0
    press(page, "g")
    wait(page, 2)
    press(page, "d", "4", "Enter")
    wait(page, 3)
    press(page, "b", "8")
    page.keyboard.type("good grief: d, b and z are letters here")
    press(page, "Enter")
    wait(page, 4)
    press(page, "u")
    wait(page, 3)
    assert "You rated this scan bad: other: good grief" in page.inner_text("#mine")
    press(page, "n")
    wait(page, 4)
    press(page, "b", "Escape")
    assert page.is_hidden("#why")
    press(page, "b", "ArrowDown", "Tab")
    page.keyboard.type("see row 1")
    press(page, "Enter")
    for place in (5, 6, 7, 8):
        wait(page, place)
        press(page, "g")
    page.wait_for_selector("#done:visible")
    press(page, "u")
    wait(page, 8)
    press(page, "d", "1", "Enter")
    page.wait_for_selector("#done:visible")
    press(page, "Tab", "Tab", "Enter")
    page.wait_for_selector("#closed:visible")
    assert heard == []
    codes = [row["code"] for row in read_table(table)]
    assert codes == ["good", "doubt", "bad", "bad", *["good"] * 4, "doubt"]
    reasons = [row["reason"] for row in read_table(table)]
    assert reasons[1].startswith("brain_cut: Part of the brain is out of view")
    assert reasons[3] == "target_misplaced: A target does not lie on the motor cortex; see row 1 (blinded reading)"


def test_no_rating_without_a_reason(visit, table):
    page, _ = visit()
    begin(page)
    press(page, "d")
    page.locator("#why button[type=submit]").click()
    assert page.is_visible("#why")
    press(page, "8", "Enter")
    page.wait_for_selector("#message:text-is('say in words what is wrong')")
    assert not table.exists()


def test_enlarging_makes_the_picture_larger_than_its_frame(visit):
    page, _ = visit(390)
    begin(page)
    before = page.locator("#picture").bounding_box()["width"]
    press(page, "z")
    assert page.locator("#picture").bounding_box()["width"] > 3 * before
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    press(page, "ArrowRight")
    page.wait_for_timeout(500)  # the policy of the page lets nothing be waited for by a script
    assert page.evaluate("document.getElementById('view').scrollLeft") > 0
    press(page, "Escape")
    assert page.locator("#picture").bounding_box()["width"] == before


def test_single_keys_can_be_turned_off(visit, table):
    page, _ = visit()
    begin(page)
    page.uncheck("#keys")
    press(page, "g")
    page.wait_for_timeout(300)
    assert not table.exists()
    page.click("[data-rating=good]")
    wait(page, 2)


def test_two_quick_presses_rate_one_scan(visit, table):
    page, heard = visit()
    begin(page)
    press(page, "g", "g")
    wait(page, 2)
    assert heard == []
    assert len(read_table(table)) == 1


def test_a_second_browser_is_refused(visit, serve, browser):
    client = serve()
    address = client.server.address
    visit(client=client)
    context = browser.new_context()
    page = context.new_page()
    assert page.goto(address).status == 403
    assert page.goto(f"http://{client.server.host}/").status == 403
    context.close()


def test_the_page_says_when_the_review_was_stopped(visit, serve):
    client = serve()
    page, _ = visit(client=client)
    begin(page)
    client.server.shutdown()
    client.server.server_close()
    press(page, "g")
    page.wait_for_selector("#message:visible")
    assert "start pet-spect review again" in page.inner_text("#message")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_every_view_fits_its_window_and_axe_finds_nothing(visit, width, scheme):
    page, heard = visit(width, scheme)
    axe = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")

    def check():
        page.evaluate(axe)
        found = page.evaluate("axe.run().then(said => said.violations.map(each => each.id + ' ' + each.nodes[0].html))")
        assert found == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width

    check()
    begin(page)
    check()
    press(page, "d")
    check()
    press(page, "1", "Enter")
    wait(page, 2)
    press(page, "u")
    wait(page, 1)
    press(page, "z")
    check()
    press(page, "n")
    for place in range(2, 9):
        wait(page, place)
        press(page, "g")
    page.wait_for_selector("#done:visible")
    check()
    page.click("#done .finish")
    page.wait_for_selector("#closed:visible")
    check()
    assert heard == []
