from __future__ import annotations

import html
import json
import re

import numpy as np
import pytest

from pet_spect.report.page import write_report
from pet_spect.report.pictures.colours import difference_colours
from pet_spect.report.results_folder import read_results
from pet_spect.report.viewer.page import who_has_viewer
from pet_spect.results import layout

from ...records import lesion
from .planted import write_planted

pytestmark = pytest.mark.slow

ALL = [(session, tracer) for session in ("baseline", "year1") for tracer in ("FDG", "IMZ")]


@pytest.fixture
def study(make_study):
    return make_study(2)


def data_of(results, person="sub-01"):
    text = (results / "report" / layout.viewer_page(person)).read_text("utf-8")
    return json.loads(re.search(r'id="viewer-data">(.*?)</script>', text, re.DOTALL)[1])


def test_without_volumes_there_is_no_viewer_and_no_error(study, tmp_path):
    write_report(study.write(tmp_path))
    assert who_has_viewer(tmp_path, read_results(tmp_path)) == set()
    assert list((tmp_path / "report/people").glob("*viewer*")) == []
    assert list((tmp_path / "report/assets").iterdir()) == []


def test_who_has_volumes_has_a_viewer_and_what_is_shared_stands_once(study, tmp_path):
    write_planted(study.write(tmp_path), "sub-01", ALL)
    write_report(tmp_path)
    assert who_has_viewer(tmp_path, read_results(tmp_path)) == {"sub-01"}
    assert [path.name for path in (tmp_path / "report/people").glob("*viewer*")] == ["sub-01_viewer.html"]
    names = sorted(path.name for path in (tmp_path / "report/assets").iterdir())
    assert names == ["LICENSES.txt", "niivue.umd.js", "standard.js", "volumes.js"]


def test_page_knows_the_uptake_of_the_primary_reference(study, tmp_path):
    next(row for row in study.ratios if row["participant_id"] == "sub-01")["denominator"] = 7000.0
    write_planted(study.write(tmp_path), "sub-01", ALL)
    write_report(tmp_path)
    fdg, imz = data_of(tmp_path)["tracers"]
    assert (fdg["tracer"], fdg["reference"], imz["reference"]) == ("FDG", "cerebellum ipsilesional", "pons")
    assert [scan["divisor"] for scan in fdg["scans"]] == [7000.0, 8000.0]
    assert fdg["scans"][0]["source"] == "../../figures/sub-01/sub-01_ses-baseline_trc-18FFDG_uptake.js"
    assert data_of(tmp_path)["side"] in ("left", "right")


def test_a_region_without_the_lesion_does_not_give_the_divisor(study, tmp_path):
    for row in [row for row in study.ratios if row["tracer"] == "FDG"]:
        study.ratios.append({**row, "region": "precentral_lesionfree", "denominator": 1.0})
    write_planted(study.write(tmp_path), "sub-01", ALL)
    write_report(tmp_path)
    assert [scan["divisor"] for scan in data_of(tmp_path)["tracers"][0]["scans"]] == [8000.0, 8000.0]


def test_a_refused_scan_keeps_its_place_with_the_reason(study, tmp_path):
    study.lose("sub-01", "year1", "FDG", "refused", "</script>two heads")
    write_planted(study.write(tmp_path), "sub-01", [("baseline", "FDG"), ("baseline", "IMZ")])
    write_report(tmp_path)
    scan = data_of(tmp_path)["tracers"][0]["scans"][1]
    assert (scan["status"], scan["volume"], scan["reason"]) == ("refused", "", "</script>two heads")
    text = (tmp_path / "report" / layout.viewer_page("sub-01")).read_text("utf-8")
    assert "</script>two heads" not in text


def test_only_viewer_pages_may_load_scripts(study, tmp_path):
    write_planted(study.write(tmp_path), "sub-01", ALL)
    write_report(tmp_path)
    people = tmp_path / "report/people"
    policies = [
        re.search('Content-Security-Policy" content="(.*?)"', html.unescape((people / name).read_text("utf-8")))[1]
        for name in ("sub-01.html", "sub-01_viewer.html")
    ]
    scripts = [re.search("script-src ([^;]*)", policy)[1] for policy in policies]
    assert [re.sub("'sha256-[^']*'", "HASH", script) for script in scripts] == ["HASH", "HASH 'self' file:"]
    assert all("connect-src" not in policy and "eval" not in policy for policy in policies)


def test_same_results_give_the_same_bytes(study, tmp_path):
    write_planted(study.write(tmp_path), "sub-01", ALL)
    report = tmp_path / "report"
    contents = []
    for _ in range(2):
        write_report(tmp_path)
        contents.append(
            [(report / "people/sub-01_viewer.html").read_bytes(), (report / "assets/standard.js").read_bytes()]
        )
    assert contents[0] == contents[1]


def test_a_viewer_leads_to_the_viewers_before_and_after_it(make_study, tmp_path):
    study = make_study(4)
    study.write(tmp_path)
    for person in ("sub-01", "sub-03", "sub-04"):
        write_planted(tmp_path, person, ALL)
    write_report(tmp_path)
    text = (tmp_path / "report" / layout.viewer_page("sub-03")).read_text("utf-8")
    links = re.findall(r'<a rel="(\w+)" href="([^"]+)"', text)
    assert links == [("prev", "sub-01_viewer.html"), ("next", "sub-04_viewer.html")]


@pytest.mark.parametrize(("source", "words"), [("given", "drawn lesion"), ("estimated", "estimated lesion")])
def test_the_lesion_is_named_by_its_source(make_study, tmp_path, source, words):
    study = make_study(1)
    study.lesion = lesion(source)
    write_planted(study.write(tmp_path), "sub-01", ALL)
    write_report(tmp_path)
    assert data_of(tmp_path)["lesion"] == words
    text = (tmp_path / "report" / layout.viewer_page("sub-01")).read_text("utf-8")
    assert f"</b>{words}</span>" in text


def test_the_difference_has_the_colours_of_the_picture(study, tmp_path):
    write_planted(study.write(tmp_path), "sub-01", ALL)
    write_report(tmp_path)
    stops = data_of(tmp_path)["difference_colours"]
    painted = difference_colours().paint(np.linspace(-1, 1, len(stops)), -1, 1)
    assert np.abs(painted.astype(int) - stops).max() <= 4
