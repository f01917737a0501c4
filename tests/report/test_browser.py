"""The pages as a browser shows them."""

from __future__ import annotations

import io
from importlib.resources import files
from pathlib import Path
from unicodedata import normalize

import pytest

from pet_spect.report.page import write_report
from pet_spect.results import layout
from pet_spect.results.dataset import describe_dataset
from pet_spect.results.study_facts import StudyFacts

pytestmark = pytest.mark.browser

EVIL = "<script>window.ran=1</script>\"'><img src=x onerror=window.ran=1><svg onload=window.ran=1>{{7*7}}"
OPEN_ALL = "document.querySelectorAll('details').forEach(item => item.open = true)"
VALUES = "[aria-labelledby=values] .table"


def texts(page, selector):
    return page.locator(selector).all_text_contents()


def column(page, table, key):
    place = f"[...{table}.tHead.rows[0].cells].findIndex(head => head.dataset.key === '{key}')"
    rows = f"[...{table}.tBodies[0].rows].filter(row => row.checkVisibility())"
    return page.evaluate(f"{rows}.map(row => row.cells[{place}].textContent)")


@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_page_opens_offline_silent_and_never_wider_than_the_window(open_page, report, width):
    page, heard = open_page(report, width)
    page.evaluate(OPEN_ALL)
    for table in page.locator(".scroll").all():
        table.scroll_into_view_if_needed()
        page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
        assert table.evaluate("box => box.scrollWidth <= box.clientWidth"), table.get_attribute("aria-label")
    assert heard == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_columns_that_say_whom_not_to_believe_are_in_sight(open_page, report):
    page, _ = open_page(report, 1280)
    for key in ("participant_id", "change_percent", "qc", "included", "reason"):
        head = page.locator(f"{VALUES} th[data-key={key}]").first
        head.scroll_into_view_if_needed()
        box = head.bounding_box()
        assert 0 <= box["x"] < box["x"] + box["width"] <= 1280


def test_banner_stays_in_view(open_page, report):
    page, _ = open_page(report, 1280)
    page.evaluate("window.scrollTo({top: document.body.scrollHeight, behavior: 'instant'})")
    assert page.locator(".banner").bounding_box()["y"] == 0


def test_a_heading_sorts_by_the_full_value_and_puts_missing_last(open_page, report):
    page, _ = open_page(report, 1280)
    table = "document.querySelectorAll('[aria-labelledby=values] table')[1]"
    head = page.locator("[aria-labelledby=values] table").nth(1).locator("th[data-key=change]")
    as_in_file = column(page, table, "participant_id")
    head.locator("button").click()
    rising = column(page, table, "change")
    assert head.get_attribute("aria-sort") == "ascending"
    assert rising == [*sorted(rising[:-1]), "n/a"]
    head.locator("button").click()
    falling = column(page, table, "change")
    assert head.get_attribute("aria-sort") == "descending"
    assert falling == [*sorted(falling[:-1], reverse=True), "n/a"]
    head.locator("button").press("Enter")
    assert head.get_attribute("aria-sort") is None
    assert column(page, table, "participant_id") == as_in_file


def test_a_filter_says_how_many_rows_are_left(open_page, report):
    page, _ = open_page(report, 1280)
    box = page.locator(VALUES).nth(1)
    box.locator("input[type=search]").fill("no orientation")
    assert box.locator("tbody tr:visible th").all_text_contents() == ["sub-03"]
    assert box.locator("output").inner_text() == "1 of 14 rows"


def test_a_download_holds_the_rows_and_columns_of_the_table_with_all_digits(open_page, report):
    page, _ = open_page(report, 390)
    box = page.locator(VALUES).first
    box.locator("input[type=search]").fill("sub-07")
    with page.expect_download() as download:
        box.locator("button", has_text="Download TSV").click()
    head, *lines = Path(download.value.path()).read_text("utf-8").splitlines()
    assert download.value.suggested_filename == "change.tsv"
    (row,) = [dict(zip(head.split("\t"), line.split("\t"), strict=True)) for line in lines]
    assert (row["participant_id"], row["included"], row["reason"]) == ("sub-07", "true", "n/a")
    assert float(row["change"]) == pytest.approx(0.068)
    assert row["change_percent"] == "7.90697674419"


def test_all_digits_can_be_shown_without_a_pointer(open_page, report):
    page, _ = open_page(report, 1280)
    page.locator(VALUES).first.get_by_label("all digits").check()
    table = "document.querySelector('[aria-labelledby=values] table')"
    assert column(page, table, "change_percent")[6] == "7.90697674419"


def test_what_is_folded_opens_below_its_row(open_page, report):
    page, _ = open_page(report, 390)
    box = page.locator(VALUES).first
    box.scroll_into_view_if_needed()
    button = box.get_by_role("button", name="More of sub-02")
    button.click()
    assert button.get_attribute("aria-expanded") == "true"
    assert "baseline" in box.locator("tr.detail").inner_text()
    button.press("Enter")
    assert box.locator("tr.detail").count() == 0


def test_the_meaning_of_a_column_is_reached_by_keyboard_and_hides_on_escape(open_page, report):
    page, _ = open_page(report, 1280)
    button = page.locator(f"{VALUES} th[data-key=qc] button").first
    button.focus()
    hint = page.locator(".hint")
    assert hint.inner_text().startswith("The worse of the two visits")
    assert page.locator(f"#{button.get_attribute('aria-describedby')}").count() == 1
    page.keyboard.press("Escape")
    assert not hint.is_visible()


def test_search_leaves_the_wanted_participant_in_every_table(open_page, report):
    page, _ = open_page(report, 1280)
    page.fill("#find", "sub-07")
    assert (
        texts(page, "section:not([aria-labelledby=summary], [aria-labelledby=answer]) tbody th:visible")
        == ["sub-07"] * 3
    )
    assert page.inner_text("#found") == "1 of 14 participants"


def test_only_whom_not_to_believe(open_page, report):
    page, _ = open_page(report, 1280)
    page.check("#doubt")
    assert texts(page, "[aria-labelledby=people] tbody th:visible") == ["sub-03"]
    assert page.inner_text("#found") == "1 of 14 participants"


def test_without_javascript_everybody_is_still_there(browser, report):
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto(report.as_uri())
    assert page.locator("[aria-labelledby=people] tbody tr").count() == 14
    assert not page.locator(".search").is_visible()
    context.close()


def test_planted_markup_never_runs(open_page, make_study, tmp_path):
    study = make_study(4)
    for row in [*study.scans, *study.ratios, *study.change]:
        for name in ("stage", "code", "reason", "warnings", "sign_off", "not_compared"):
            if name in row:
                row[name] = EVIL
    for row in study.summary:
        row.update(note=EVIL, missing_reasons=EVIL)
    study.lose("sub-01", "year1", "FDG", "refused", EVIL, stage=EVIL, code=EVIL, sign_off=EVIL)
    study.lose("sub-02", "year1", "IMZ", "excluded", EVIL, stage=EVIL, code=EVIL, decision="exclude")
    describe_dataset(tmp_path, StudyFacts(id="MC-1", title=EVIL))
    index = write_report(study.write(tmp_path))
    for path in (index, index.parent / layout.participant_page("sub-01")):
        page, heard = open_page(path, 1280)
        page.evaluate(OPEN_ALL)
        assert [item for item in heard if not item.startswith(tmp_path.as_uri())] == []
        assert page.evaluate("window.ran") is None
        assert page.locator("img[src=x], svg[onload]").count() == 0
        assert "<script>window.ran=1</script>" in page.inner_text("main")


def printed(page):
    import pypdf

    pages = pypdf.PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True))).pages
    return [" ".join(normalize("NFKC", sheet.extract_text()).split()) for sheet in pages]  # undoes ligatures


def test_paper_holds_every_primary_column_and_p_and_says_simulated_on_each_sheet(open_page, report):
    page, _ = open_page(report, 1280)
    sheets = printed(page)
    text = "".join(sheets).replace(" ", "").lower()
    assert len(sheets) < 20
    assert all("simulated data" in sheet.lower() for sheet in sheets)
    for head in page.locator("th[data-rank='1'], th[data-rank='2']").all():
        assert head.text_content().replace(" ", "").lower() in text
    for value in ("0.0012", "0.0078", "noorientation", "whatthecolumnsmean", "theworseofthetwovisits"):
        assert value in text


def test_headings_of_a_table_stand_on_each_of_its_sheets(open_page, make_study, tmp_path):
    page, _ = open_page(write_report(make_study(90).write(tmp_path)), 1280)
    sheets = [sheet for sheet in printed(page) if "sub-50" in sheet or "sub-85" in sheet]
    assert all("participant" in sheet for sheet in sheets)


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_page, report, width, scheme):
    rules = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
    for path in (report, report.parent / layout.participant_page("sub-03")):
        page, _ = open_page(path, width)
        page.emulate_media(color_scheme=scheme)
        page.evaluate(OPEN_ALL)
        page.evaluate(rules)
        found = page.evaluate("axe.run()")["violations"]
        assert [(item["id"], [node["html"] for node in item["nodes"]]) for item in found] == []


@pytest.mark.parametrize("width", [390, 1280])
def test_a_link_of_the_navigation_leads_to_its_section_also_with_motion_allowed(open_page, report, width):
    page, _ = open_page(report, width)
    page.emulate_media(reduced_motion="no-preference")
    for place in ("trouble", "people", "values", "methods"):
        page.evaluate("window.scrollTo({top: 0, behavior: 'instant'})")
        page.click(f"nav a[href='#{place}']")
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        wanted = page.evaluate("parseFloat(getComputedStyle(document.documentElement).scrollPaddingTop)")
        assert page.locator(f"#{place}").bounding_box()["y"] == pytest.approx(wanted, abs=2)


def test_a_short_table_takes_no_more_room_than_it_has_rows(open_page, report):
    page, _ = open_page(report, 1280)
    box = page.locator("[aria-labelledby=trouble] .scroll")
    assert box.bounding_box()["height"] < 250  # one row; a reserved 60 % of the window is 540


def test_search_lists_the_pages_found_under_the_field_and_enter_opens_the_only_one(open_page, report):
    page, _ = open_page(report, 1280)
    page.fill("#find", "sub-0")
    assert texts(page, "#hits li")[-1] == "and 3 more"
    assert texts(page, "#hits li")[0] == "sub-01"
    page.fill("#find", "sub-07")
    assert texts(page, "#hits a") == ["sub-07"]
    field, hit = (page.locator(name).bounding_box() for name in ("#find", "#hits a"))
    assert 0 <= hit["y"] - field["y"] < 100
    page.press("#find", "Enter")
    page.wait_for_url("**/people/sub-07.html")


def test_search_that_finds_nobody_lists_nothing(open_page, report):
    page, _ = open_page(report, 1280)
    page.fill("#find", "nobody")
    page.press("#find", "Enter")
    assert not page.locator("#hits").is_visible()
    assert page.inner_text("#found") == "0 of 14 participants"


SMALL_PRINT = """[...document.querySelectorAll('main *')]
    .filter(item => [...item.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
    .filter(item => item.checkVisibility())
    .filter(item => !item.closest('svg') && parseFloat(getComputedStyle(item).fontSize) < 6.49 * 96 / 72)
    .map(item => item.outerHTML.slice(0, 80))"""
"""Text below 6.5 pt."""


def test_paper_has_no_smaller_type_than_it_claims(open_page, report):
    for path in (report, report.parent / layout.participant_page("sub-03")):
        page, _ = open_page(path, 710)  # A4 between its margins; a browser shrinks a page that is wider
        page.evaluate(OPEN_ALL)
        page.emulate_media(media="print")
        assert page.evaluate(SMALL_PRINT) == []
        beyond = "[...document.querySelectorAll('section:not(.wide, .numbers) *')]"
        beyond += ".filter(item => item.checkVisibility() && item.getBoundingClientRect().right > 711)"
        beyond += ".map(item => item.outerHTML.slice(0, 80))"
        assert page.evaluate(beyond) == []
        page.set_viewport_size({"width": 1039, "height": 700})  # landscape
        assert page.evaluate("document.documentElement.scrollWidth") <= 1039


def test_a_person_has_one_sheet_with_the_measured_registration(open_page, report):
    page, _ = open_page(report.parent / layout.participant_page("sub-02"), 1280)
    (sheet,) = printed(page)
    for text in ("FDG: baseline to year1", "IMZ: baseline to year1", "jacobian low", "History", "not compared"):
        assert text in sheet
    assert "All numbers" not in sheet


def test_numbers_of_a_person_are_printed_if_they_were_opened(open_page, report):
    page, _ = open_page(report.parent / layout.participant_page("sub-02"), 1280)
    page.get_by_text("Change, ").first.click()
    text = " ".join(printed(page))
    assert "All numbers" in text
    assert "sub-02: change" in text
    assert "sub-02: ratios" not in text


def test_definitions_are_printed_once_and_the_forest_on_one_sheet(open_page, report):
    page, _ = open_page(report, 1280)
    sheets = printed(page)
    assert " ".join(sheets).count("What the columns mean") == 1
    assert "The same as plain text" not in " ".join(sheets)
    forests = [sheet for sheet in sheets if "Mean change of the same target" in sheet]
    assert all("contralateral motor cortex" in sheet for sheet in forests)
