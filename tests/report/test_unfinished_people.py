"""People of whom a step did not finish: nothing of an earlier run stands in for them, and the page says so."""

from __future__ import annotations

import re
import shutil

import pytest

from pet_spect.cli import main
from pet_spect.quantify.cohort.protocol.facts import ScanProtocol
from pet_spect.report.methods.run import read_run
from pet_spect.report.results_folder import read_results
from pet_spect.results import layout
from pet_spect.results.uptake.uptake_record import write_uptake
from pet_spect.results.uptake.uptake_scan import UptakeScan
from pet_spect.study.unfinished import UnfinishedStep

from .conftest import write_picture

LOG = "logs/{}/sub-02.log"
CRASHED = "crashed: normalise did not finish; logs/normalise/sub-02.log says why"


def plain(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", text[text.index("<main") :]).split())


def report(results, step: str) -> tuple[str, str]:
    """Return the first page and that of the person, in words."""
    words = ["--without-pictures", "sub-02", step, LOG.format(step)]
    assert main(["report", str(results), *words]) == 0
    pages = results / "report/index.html", results / "report" / layout.participant_page("sub-02")
    return plain(pages[0].read_text("utf-8")), plain(pages[1].read_text("utf-8"))


@pytest.fixture
def crashed(make_study, tmp_path):
    """Return results in which sub-02 is refused, with all the files that an earlier run left."""
    study = make_study(4)
    for session in ("baseline", "year1"):
        for tracer in ("FDG", "IMZ"):
            study.lose("sub-02", session, tracer, "refused", CRASHED, stage="normalise", code="crashed")
    results = study.write(tmp_path)
    told = results / "tables" / "ratios.json"
    told.write_text(told.read_text("utf-8").replace('"region": {', '"region": {"Atlas": "CerebrA", ', 1), "utf-8")
    for person, maker in (("sub-01", "SIEMENS"), ("sub-02", "STALEMAKER")):
        scans = [
            UptakeScan(
                session=session,
                tracer="FDG",
                status="measured",
                sensitivities={},
                protocol=ScanProtocol(maker=maker, model="Old", dose_mbq=987.0),
            )
            for session in ("baseline", "year1")
        ]
        write_uptake(results / layout.uptake_table(person, "CerebrA"), [], scans, 0.7)
        for path in (
            layout.regions_volume(person),
            layout.lesion_volume(person),
            layout.uptake_volume(person, "year1", "18FFDG"),
        ):
            stem = path.rpartition("/")[2].removesuffix(".js")
            (results / path).write_text(f'petSpect.add("{stem}", {{}}, "");\n', encoding="ascii")
        write_picture(results / layout.uptake_figure(person, "year1", "18FFDG"), person, "year1", "FDG")
    viewer = results / "report" / layout.viewer_page("sub-02")
    viewer.parent.mkdir(parents=True)
    viewer.touch()
    return results


@pytest.mark.parametrize("step", ["convert", "normalise", "measure"])
def test_a_crash_of_a_first_run_costs_nobody_the_report(crashed, step):
    (crashed / layout.registration_record("sub-02")).unlink()
    (crashed / layout.uptake_table("sub-02", "CerebrA")).with_suffix(".json").unlink()
    shutil.rmtree(crashed / "figures" / "sub-02")
    _, person = report(crashed, step)
    assert f"Not finished: {step} did not finish; logs/{step}/sub-02.log says why." in person


def test_nothing_of_an_earlier_run_stands_in_for_a_crashed_person(crashed):
    first, person = report(crashed, "normalise")
    assert "STALEMAKER" not in first + person
    assert "987" not in person
    text = (crashed / "report" / layout.participant_page("sub-02")).read_text("utf-8")
    assert "figures/sub-02" not in text
    assert "_viewer.html" not in text
    assert not (crashed / "report" / layout.viewer_page("sub-02")).exists()
    assert (crashed / "report" / layout.viewer_page("sub-01")).exists()


def test_the_tables_alone_say_who_crashed(crashed):
    assert main(["report", str(crashed)]) == 0
    text = (crashed / "report" / layout.participant_page("sub-02")).read_text("utf-8")
    assert "STALEMAKER" not in text
    assert "figures/sub-02" not in text


def test_measured_scans_are_those_of_the_scans_table(crashed):
    loaded = read_results(crashed, [UnfinishedStep("sub-02", "normalise", "x.log")])
    assert loaded.dictionaries["ratios"]["region"]["Atlas"] == "CerebrA"
    run = read_run(crashed, loaded)
    assert [scan.protocol.maker for scan in run.measured("FDG")] == ["SIEMENS", "SIEMENS"]
    assert [record.participant for record in run.records] == ["sub-01", "sub-03", "sub-04"]


def test_who_could_not_be_drawn_keeps_the_values_and_is_not_to_be_believed(make_study, tmp_path):
    results = make_study(4).write(tmp_path)
    shutil.rmtree(results / "figures" / "sub-02")
    first, person = report(results, "figures")
    assert "Whom not to believe: 1 of 4" in first
    assert "sub-02 : registration not seen: figures did not finish" in first
    assert "Not finished: figures did not finish; logs/figures/sub-02.log says why." in person
    assert "No picture: figures did not finish; logs/figures/sub-02.log says why baseline FDG measured" in person
    assert "No picture: no scan" not in person
    assert "jacobian low" in person  # the registration is of this run


def test_step_and_log_are_needed(make_study, tmp_path):
    with pytest.raises(SystemExit) as stopped:
        main(["report", str(tmp_path), "--without-pictures", "sub-02"])
    assert stopped.value.code == 2
