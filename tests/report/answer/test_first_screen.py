"""What the first screen says, in the page's own words."""

from __future__ import annotations

import re

import pytest

from pet_spect.remarks import Remark
from pet_spect.report.page import write_report

from ..test_page import plain


def screen(study, folder):
    """Return the first screen of a study: what stands before the first drawing."""
    told = plain(write_report(study.write(folder)).read_text(encoding="utf-8"))
    return told[: told.index("FDG: mean change")]


def drawings(study, folder):
    """Return the drawings of FDG."""
    text = write_report(study.write(folder)).read_text(encoding="utf-8")
    return text[text.index("FDG: mean change") : text.index("IMZ: mean change")]


def test_every_tracer_has_a_sentence_with_interval_and_what_the_trial_could_see(make_study, tmp_path):
    told = screen(make_study(4), tmp_path)
    assert (
        "FDG uptake of the ipsilesional motor cortex (precentral) relative to the ipsilesional cerebellum rose by"
        " 6.98 % on average (95 % CI +6.25 % to +7.71 %, n = 4 of 4)."
    ) in told
    assert "IMZ uptake of the ipsilesional motor cortex (precentral) relative to the pons rose by 6.98 %" in told
    assert told.count("With the scatter seen here, a trial of this size finds a mean rise of") == 2


def test_another_follow_up_is_not_on_the_first_screen(make_study, tmp_path):
    study = make_study(3)
    study.summary += [row | {"session": "year2", "primary": False, "role": "secondary"} for row in study.summary]
    assert screen(study, tmp_path).count("FDG uptake of the ipsilesional motor cortex") == 1


def test_whom_not_to_believe_is_counted_named_and_linked(make_study, tmp_path):
    study = make_study(9)
    for number in range(8):
        person = f"sub-{number + 1:02d}"
        for row in study.change:
            if (row["participant_id"], row["tracer"]) == (person, "FDG"):
                row.update(qc="warn", reason="cerebellum_asymmetry: 14 %")
    study.lose("sub-09", "year1", "FDG", "missing", Remark.of("no_scan").text)
    path = write_report(study.write(tmp_path))
    text = path.read_text(encoding="utf-8")
    told = plain(text)
    assert "Whom not to believe: 9 of 9 (1 not in the mean, 8 in it with a warning)" in told
    assert "not in the mean sub-09 : year1: no scan listed" in told
    assert "warning sub-01 , sub-02 , sub-03 , sub-04 , sub-05 , sub-06 and 2 more: 14 %" in told
    assert '<a href="people/sub-09.html">sub-09</a>' in text
    assert 'href="#trouble">who and why' in text
    assert "All 9 are in the mean, and there is no warning." in told  # of IMZ


def test_a_mean_that_is_not_shown_is_not_called_no_change(make_study, tmp_path):
    study = make_study(4)
    for row in study.summary:
        row["ci95_low"] = -0.01 * (100 if row["quantity"] == "change_percent" else 1)
    told = screen(study, tmp_path)
    assert told.count("change not shown") == 2
    assert told.count("this does not prove that nothing changed") == 2
    assert " rose " not in told


def test_too_few_participants_show_no_number(make_study, tmp_path):
    study = make_study(2)
    for row in study.summary:
        row.update(n=2, mean_change=None, sd=None, ci95_low=None, ci95_high=None, note="no estimate: 2 participants")
    told = screen(study, tmp_path)
    assert told.count("too few participants for a mean change (n = 2 of 2; at least 3 are needed)") == 2
    assert "could" not in told
    assert "n/a" not in told


def test_a_change_that_adjustment_takes_away_is_not_called_shown(make_study, tmp_path):
    study = make_study(4)
    for row in study.summary:
        row["p_adjusted"] = 0.07
    assert screen(study, tmp_path).count("▲ rose, but not if adjusted") == 2


def test_every_person_has_a_link_with_a_name_in_both_drawings(make_study, tmp_path):
    text = drawings(make_study(4), tmp_path)
    links = re.findall(r'<a href="people/(sub-\d+)\.html" class="(\w+)"[^>]*aria-label="([^"]+)"', text)
    assert [person for person, _, _ in links].count("sub-01") == 2
    assert len(links) == 8
    assert all(name.startswith(f"{person}: change +") for person, _, name in links)


def test_a_crowd_is_drawn_in_few_bytes_and_without_links(make_study, tmp_path):
    few, many = (drawings(make_study(number), tmp_path / str(number)) for number in (30, 230))
    svg = [sum(len(match) for match in re.findall(r"<svg.*?</svg>", text, re.DOTALL)) for text in (few, many)]
    assert "<a href=" not in "".join(re.findall(r"<svg.*?</svg>", many, re.DOTALL))
    assert (svg[1] - svg[0]) / 200 < 150


def test_the_forest_names_role_interval_and_n_of_every_row(make_study, tmp_path):
    told = plain("<main>" + drawings(make_study(4), tmp_path) + "</main>")
    assert "ipsilesional cerebellum primary result +6.98 % +6.25 % to +7.71 % 4" in told
    assert "contralateral motor cortex sensitivity +6.98 % +6.25 % to +7.71 % 4" in told


@pytest.mark.parametrize("section", ["forest", "key", "drawings"])
def test_drawings_have_no_style_of_their_own(make_study, tmp_path, section):
    text = drawings(make_study(4), tmp_path)
    assert f'class="{section}"' in text
    assert "style=" not in text


def test_what_was_not_compared_stands_below_the_forest(make_study, tmp_path):
    study = make_study(4)
    for person in study.people:
        study.scan(person, "year1", "FDG")["not_compared"] = "filter, energy_window"
    told = plain(f"<main>{drawings(study, tmp_path)}</main>")
    assert "Not compared between the visits, because the scans do not state it:" in told
    assert "filter, energy window (in 4 of 4)" in told


def test_a_warned_participant_is_marked_in_both_drawings_and_the_key(make_study, tmp_path):
    study = make_study(4)
    assert 'class="warned"' not in drawings(study, tmp_path / "without")
    for row in study.change:
        if row["participant_id"] == "sub-02":
            row.update(qc="warn", reason="cerebellum_asymmetry: 14 %")
    text = drawings(study, tmp_path / "with")
    told = plain(f"<main>{text}</main>")
    assert text.count('<circle class="warned"') == 3  # slopes, changes, key
    assert text.count('<tspan class="warned">') == 2
    assert "in the mean with a warning" in told
    assert "without people with a warning descriptive, not in the plan" in told


def test_the_axis_of_the_values_has_a_name(make_study, tmp_path):
    assert ">uptake ratio</text>" in drawings(make_study(4), tmp_path)
