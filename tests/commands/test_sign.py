"""Decisions from the signature to the report's last rule, on a small finished study."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from pet_spect import __version__
from pet_spect.cli import main
from pet_spect.digests import file_sha256
from pet_spect.model import Refusal
from pet_spect.results import layout
from pet_spect.results.decisions.decision_log import log_path
from pet_spect.results.library.finished_study import FinishedStudy
from pet_spect.results.registration.registration_record import read_registration_record, write_registration_record
from pet_spect.results.tables import columns
from pet_spect.results.tables.decision_columns import AGREEMENT, CHECKS, DECIDED, DECISIONS, READERS
from pet_spect.tsv import read_table

from ..records import refused
from ..small_study import REFERENCES


class Study:
    def __init__(self, folder):
        self.results, self.config = folder / "results", folder / "config"
        self.qc = self.config / "qc.tsv"

    def sign(self, scan, decision="exclude", *more, qc=None, reason="moved"):
        participant, session, tracer = scan.split()
        words = ["sign", str(self.results), "--qc", str(qc or self.qc), "--participant", participant]
        words += ["--session", session, "--tracer", tracer, "--decision", decision, "--reason", reason]
        return main([*words, "--initials", "AB", *more])

    def cohort(self, *more):
        tables = ["--participants", str(self.config / "participants.tsv"), "--scans", str(self.config / "scans.tsv")]
        visits = ["--sessions", "baseline", "year1", "--tracers", "FDG", "--references", json.dumps(REFERENCES)]
        qc = [] if "--qc" in more or not self.qc.exists() else ["--qc", str(self.qc)]
        return main(["cohort", "--results", str(self.results), *tables, *visits, *qc, *more])

    def accounted(self):
        return main(["accounted", str(self.results), "--out", str(self.results / "tables" / "accounted.tsv")])

    def table(self, name):
        return read_table(self.results / "tables" / f"{name}.tsv")

    def scan(self, who, session):
        return next(row for row in self.table("scans") if (row["participant_id"], row["session"]) == (who, session))

    def edit(self, old, new):
        text = self.qc.read_text()
        assert old in text
        self.qc.write_text(text.replace(old, new, 1))


@pytest.fixture
def study(small_results, tmp_path):
    shutil.copytree(small_results.parent, tmp_path / "study")
    return Study(tmp_path / "study")


def test_a_signed_decision_counts_and_is_accounted_for(study, capsys):
    assert study.sign("sub-01 year1 FDG", "exclude", "--code", "moved") == 0
    said = capsys.readouterr().out
    (row,) = read_table(study.qc)
    assert (row["version"], row["initials"], row["previous"]) == (__version__, "AB", "0" * 64)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", row["time"])
    assert all(re.fullmatch("[0-9a-f]{64}", row[name]) for name in row if name.endswith("_sha256"))
    (logged,) = read_table(log_path(study.results))
    assert logged["by"] == "sign"
    assert said.strip().endswith(f"sha256 {logged['sha256']}")
    assert study.cohort() == 0
    assert (study.scan("sub-01", "year1")["status"], study.scan("sub-01", "year1")["code"]) == ("excluded", "moved")
    (line,) = study.table("decisions")
    assert (line["chained"], line["counts"], line["result"], line["remarks"]) == ("true", "true", "pass", "n/a")
    assert line["sha256"] == logged["sha256"]
    assert [row["by"] for row in read_table(log_path(study.results))] == ["sign", "run"]
    assert study.accounted() == 0


def register_without_year1(study):
    """Let sub-01's registration leave out the scan of year1, and the uptake be measured with that registration."""
    path = study.results / layout.registration_record("sub-01")
    record = read_registration_record(path)
    gone = refused("year1", "FDG", "18FFDG", Refusal("decision", "excluded", "moved"))
    scans = tuple(gone if scan.session == "year1" else scan for scan in record.scans)
    write_registration_record(path, type(record)(**{**vars(record), "scans": scans}))
    measured_again(study)


def measured_again(study):
    """Let sub-01's uptake be measured with the registration that is there, and be the same."""
    facts = study.results / layout.uptake_table("sub-01", "CerebrA").replace(".tsv", ".json")
    content = json.loads(facts.read_text(encoding="utf-8"))
    record = study.results / layout.registration_record("sub-01")
    content["Provenance"]["InputSha256"]["registration"] = file_sha256(record)
    facts.write_text(json.dumps(content), encoding="utf-8")


def test_what_was_judged_did_not_change_by_the_decision_itself(study):
    study.sign("sub-01 year1 FDG")
    register_without_year1(study)
    assert study.cohort() == 0
    assert study.table("decisions")[0]["result"] == "pass"


@pytest.mark.parametrize("part", ["image", "registration", "uptake"])
def test_a_decision_on_other_results_warns_and_stays(study, capsys, part):
    study.sign("sub-01 year1 FDG")
    if part == "image":
        image = study.results / layout.scan_image("sub-01", "year1", "18FFDG", "pet")
        image.write_bytes(image.read_bytes() + b"0")
    elif part == "registration":
        path = study.results / layout.registration_record("sub-01")
        path.write_text(path.read_text().replace("0.91", "0.92"))
        measured_again(study)
    else:
        path = study.results / layout.uptake_table("sub-01", "CerebrA")
        path.write_text(
            path.read_text().replace("\tyear1\tFDG\tprecentral\tleft\t", "\tyear1\tFDG\tprecentral\tleft\t1")
        )
    assert study.cohort() == 0
    (line,) = study.table("decisions")
    assert (line["counts"], line["result"]) == ("true", "warn")
    assert line["remarks"].startswith(f"qc_other_results: the decision was made on other results: the {part} changed")
    assert study.scan("sub-01", "year1")["status"] == "excluded"
    capsys.readouterr()
    assert study.accounted() == 0
    assert "sub-01 year1 FDG (qc_other_results: " in capsys.readouterr().err


def test_a_decision_that_was_made_again_warns_no_more(study):
    for decision in (["exclude"], ["rating", "--code", "good"]):
        study.sign("sub-01 year1 FDG", *decision)
    path = study.results / layout.registration_record("sub-01")
    path.write_text(path.read_text().replace("0.91", "0.92"))
    measured_again(study)
    study.cohort()
    assert [line["result"] for line in study.table("decisions")] == ["warn", "warn"]
    for decision in (["exclude"], ["rating", "--code", "good"]):
        study.sign("sub-01 year1 FDG", *decision)
    study.cohort()
    assert [line["result"] for line in study.table("decisions")] == ["pass"] * 4


def test_an_edited_signed_line_fails_the_last_step_and_the_scan_is_not_used(study, capsys):
    study.sign("sub-01 year1 FDG")
    assert study.cohort() == 0
    study.edit("exclude\tn/a", "accept\tgate_overlap")
    assert study.cohort() == 0
    scan = study.scan("sub-01", "year1")
    assert (scan["status"], scan["code"], scan["decision"]) == ("excluded", "qc_altered", "n/a")
    ratios = [row for row in study.table("ratios") if (row["participant_id"], row["session"]) == ("sub-01", "year1")]
    assert {row["qc"] for row in ratios} == {"fail"}
    assert [(row["result"], row["counts"]) for row in study.table("decisions")] == [("fail", "false")] * 2
    capsys.readouterr()
    assert study.accounted() == 1
    said = capsys.readouterr().err
    assert "sub-01 year1 FDG (qc_altered: line 2 of qc.tsv is not the one that was signed there" in said
    assert "sub-01 year1 FDG (qc_lost: decision 1 of qc.tsv is no longer as it was signed" in said


def test_an_edited_line_stays_found_in_every_later_run(study):
    study.sign("sub-01 year1 FDG")
    study.edit("\tmoved\t", "\tblurred\t")
    for _ in range(3):
        assert study.cohort() == 0
        assert study.accounted() == 1
    study.edit("\tblurred\t", "\tmoved\t")
    assert (study.cohort(), study.accounted()) == (0, 0)


def test_a_removed_table_is_found(study, capsys):
    study.sign("sub-01 year1 FDG")
    study.qc.unlink()
    assert study.cohort() == 0
    assert study.scan("sub-01", "year1")["code"] == "qc_altered"
    assert study.accounted() == 1
    assert "was signed, and the study has no such table" in capsys.readouterr().err


def test_a_decision_that_the_log_cannot_take_is_not_signed(study, capsys):
    study.sign("sub-02 baseline FDG")
    before = study.qc.read_bytes()
    lock = log_path(study.results).with_name(".decisions_log.tsv.lock")
    lock.unlink()
    lock.mkdir()
    assert study.sign("sub-01 year1 FDG") == 1
    assert "cannot read or write" in capsys.readouterr().err
    assert study.qc.read_bytes() == before
    lock.rmdir()
    assert (study.sign("sub-01 year1 FDG"), study.cohort(), study.accounted()) == (0, 0, 0)


@pytest.mark.parametrize(
    "name", [" a.tsv", "a\t.tsv", "a.tsv\r", "a\u2028.tsv", "\u00a0a.tsv", "q\udcff.tsv", "\udcff/q.tsv"]
)
def test_a_table_whose_name_the_log_cannot_hold_is_refused(study, capsys, name):
    with pytest.raises(SystemExit) as caught:
        study.sign("sub-01 year1 FDG", qc=study.config / name)
    assert caught.value.code == 2
    assert "needed a file name without control characters or blanks at its ends" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        study.cohort("--qc", str(study.config / name))
    assert study.sign("sub-01 year1 FDG") == 0


def test_a_reason_that_is_no_text_is_refused(study, capsys):
    with pytest.raises(SystemExit):
        study.sign("sub-01 year1 FDG", reason="M\udcfcller")
    assert "needed text in UTF-8" in capsys.readouterr().err
    assert not study.qc.exists()


def test_a_consensus_that_is_gone_fails_the_last_step(study, capsys):
    consensus = study.config / "consensus.tsv"
    study.sign("sub-02 baseline FDG", "rating", "--code", "good")
    study.sign("sub-01 year1 FDG", qc=consensus)
    consensus.unlink()
    assert study.cohort("--qc", str(study.qc), "--absent-qc", str(consensus)) == 0
    assert study.scan("sub-01", "year1")["code"] == "qc_altered"
    assert study.accounted() == 1
    assert "decision 1 of consensus.tsv was signed" in capsys.readouterr().err


def test_a_copy_of_a_signed_table_fails_the_last_step_in_every_run(study, capsys):
    study.sign("sub-01 year1 FDG")
    consensus = study.config / "consensus.tsv"
    consensus.write_bytes(study.qc.read_bytes())
    for _ in range(2):
        assert study.cohort("--qc", str(study.qc), "--consensus", str(consensus)) == 0
        assert study.scan("sub-01", "year1")["code"] == "qc_altered"
        assert study.accounted() == 1
    assert "line 2 of consensus.tsv was signed in qc.tsv, not in this table" in capsys.readouterr().err


def test_a_forged_line_fails_the_last_step_in_every_run_and_nothing_is_signed_behind_it(study, capsys):
    line = study.sign("sub-01 year1 FDG")
    log = log_path(study.results).read_bytes()
    study.sign("sub-01 year1 FDG", "withdraw")
    log_path(study.results).write_bytes(log)
    for _ in range(2):
        assert study.cohort() == 0
        assert study.scan("sub-01", "year1")["code"] == "qc_altered"
        assert study.table("decisions")[1]["result"] == "fail"
        assert study.accounted() == 1
    assert "line 3 of qc.tsv has the form of a signed line" in capsys.readouterr().err
    assert study.sign("sub-02 baseline FDG") == 1
    assert line == 0


def test_a_decision_in_a_file_that_the_study_does_not_use_is_only_said(study, capsys):
    study.sign("sub-01 year1 FDG")
    study.sign("sub-02 baseline FDG", qc=study.config / "qcc.tsv")
    assert (study.cohort(), study.accounted()) == (0, 0)
    assert "sub-02 baseline FDG (qc_lost: decision 1 of qcc.tsv was signed" in capsys.readouterr().err
    assert study.scan("sub-02", "baseline")["status"] == "measured"


def test_an_edited_log_fails_the_last_step_and_nothing_is_signed(study, capsys):
    study.sign("sub-01 year1 FDG")
    log = log_path(study.results)
    log.write_text(log.read_text().replace("exclude", "accept"))
    assert (study.cohort(), study.accounted()) == (0, 1)
    assert "decisions_log.tsv (qc_log_altered: " in capsys.readouterr().err
    assert study.sign("sub-02 baseline FDG") == 1
    assert "is not as it was written; restore it" in capsys.readouterr().err


def test_an_acceptance_of_what_the_scan_does_not_show_does_not_count(study):
    study.sign("sub-01 year1 FDG", "accept", "--code", "gate_overlap")
    assert (study.cohort(), study.accounted()) == (0, 0)
    (line,) = study.table("decisions")
    assert (line["counts"], line["result"]) == ("false", "pass")
    assert "without effect" in study.scan("sub-01", "year1")["sign_off"]


def test_an_acceptance_of_what_the_scan_shows_counts(study):
    study.cohort()
    shown = next(row for row in study.table("scans") if row["status"] == "measured" and row["warnings"] != "n/a")
    code = shown["warnings"].split(":")[0]
    study.sign(f"{shown['participant_id']} {shown['session']} FDG", "accept", "--code", code)
    study.cohort()
    assert study.table("decisions")[0]["counts"] == "true"


def test_a_line_by_hand_counts_and_is_marked(study):
    study.qc.write_text(
        "participant_id\tsession\ttracer\tdecision\tcode\treason\tinitials\ttime\tversion\n"
        "sub-01\tyear1\tFDG\texclude\tn/a\tmoved\tAB\t2026-11-23\t0.1.0\n"
    )
    assert (study.cohort(), study.accounted()) == (0, 0)
    (line,) = study.table("decisions")
    assert (line["chained"], line["counts"], line["remarks"].split(":")[0]) == ("false", "true", "qc_unchained")


def test_decided_and_everything_in_stand_side_by_side(study):
    def primary():
        return next(
            row
            for row in study.table("decided")
            if (row["region"], row["reference"], row["quantity"]) == ("precentral", "contralateral", "change")
        )

    study.cohort()
    undecided = primary()
    assert (undecided["n"], undecided["n_everything"]) == ("1", "1")
    assert undecided["mean_change"] == undecided["mean_change_everything"]
    study.sign("sub-01 year1 FDG")
    study.cohort()
    decided = primary()
    assert (decided["n"], decided["mean_change"], decided["n_not_measured"]) == ("0", "n/a", "0")
    assert decided["mean_change_everything"] == undecided["mean_change"]
    rows = [tuple(row.values())[:6] for row in study.table("summary")]
    assert [tuple(row.values())[:6] for row in study.table("decided")] == rows


def exclude_before_measuring(study):
    """Make the uptake table one of a run that left sub-01 year1 out of the registration."""
    table = study.results / layout.uptake_table("sub-01", "CerebrA")
    sidecar = table.with_suffix(".json")
    told = json.loads(sidecar.read_text())
    scan = next(entry for entry in told["Scans"] if entry["Session"] == "year1")
    scan.update(Status="refused", Stage="decision", Code="excluded", Reason="moved", Unit=None)
    sidecar.write_text(json.dumps(told))
    rows = read_table(table)
    for row in rows:
        if row["session"] == "year1":
            row.update(mean="n/a", sd="n/a", volume_ml="n/a", coverage="n/a", reason="excluded: moved")
    lines = ["\t".join(columns.UPTAKE), *("\t".join(row.values()) for row in rows)]
    table.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("is_signed", [True, False])
def test_a_scan_that_is_not_measured_any_more_keeps_the_uptake_that_was_judged(study, is_signed):
    study.cohort()
    before = study.table("decided")
    if is_signed:
        study.sign("sub-01 year1 FDG")
    exclude_before_measuring(study)
    study.cohort()
    after = study.table("decided")
    assert {row["n"] for row in after} == {"0"}
    assert {row["n_not_measured"] for row in after} == {"0" if is_signed else "1"}
    means = [row["mean_change_everything"] for row in after]
    assert means == ([row["mean_change"] for row in before] if is_signed else ["n/a"] * len(before))


def test_what_one_reader_excludes_is_no_other_result_for_the_other(study):
    paths = [study.config / name for name in ("a.tsv", "b.tsv")]
    study.sign("sub-01 year1 FDG", "rating", "--code", "good", qc=paths[1])
    study.sign("sub-01 year1 FDG", qc=paths[0])
    register_without_year1(study)
    study.cohort("--qc", *map(str, paths))
    excluded, rated = study.table("decisions")
    assert excluded["remarks"].startswith("readers_disagree: a.tsv says exclude, b.tsv says none")
    assert (rated["result"], rated["remarks"]) == ("pass", "n/a")


def test_two_readers_are_compared_and_the_consensus_wins(study):
    paths = [study.config / name for name in ("a.tsv", "b.tsv", "consensus.tsv")]
    study.sign("sub-01 year1 FDG", qc=paths[0])
    study.sign("sub-02 baseline FDG", "rating", "--code", "good", qc=paths[0])
    study.sign("sub-02 baseline FDG", "rating", "--code", "bad", qc=paths[1])
    qc = ["--qc", *map(str, paths[:2])]
    assert study.cohort(*qc) == 0
    decision, rating = study.table("readers")
    assert (decision["first"], decision["second"], decision["counts"]) == ("exclude", "none", "exclude")
    assert (rating["basis"], rating["first"], rating["second"], rating["counts"]) == ("rating", "good", "bad", "n/a")
    assert [(row["basis"], row["n"], row["agreed"]) for row in study.table("agreement")] == [
        ("decision", "3", "2"),
        ("rating", "1", "0"),
    ]
    assert study.scan("sub-01", "year1")["status"] == "excluded"
    study.sign("sub-01 year1 FDG", "withdraw", qc=paths[2])
    assert study.cohort(*qc, "--consensus", str(paths[2])) == 0
    assert study.scan("sub-01", "year1")["status"] == "measured"
    assert study.table("readers")[0]["consensus"] == "none"
    assert study.cohort("--qc", str(paths[0])) == 0
    assert not (study.results / "tables" / "readers.tsv").exists()


def test_every_table_has_its_dictionary(study):
    paths = [study.config / name for name in ("a.tsv", "b.tsv")]
    for path in paths:
        study.sign("sub-01 year1 FDG", qc=path)
    study.cohort("--qc", *map(str, paths))
    tables = {"checks": CHECKS, "decisions": DECISIONS, "decided": DECIDED, "readers": READERS, "agreement": AGREEMENT}
    for name, entries in tables.items():
        path = study.results / "tables" / f"{name}.tsv"
        assert path.read_text().splitlines()[0].split("\t") == list(entries)
        dictionary = json.loads(path.with_suffix(".json").read_text())
        assert list(dictionary) == list(entries)
        assert next(iter(dictionary.values()))["AnalysisPlan"]["Statement"].endswith("the command was run by hand.")
        assert all(entry["Description"] for entry in dictionary.values())


def test_every_scan_has_every_check_and_a_check_that_was_not_made_says_why(study):
    study.cohort()
    rows = study.table("checks")
    by_scan = {}
    for row in rows:
        by_scan.setdefault((row["participant_id"], row["session"]), []).append(row["check"])
    assert len(by_scan) == 6
    assert all(len(set(names)) == len(names) for names in by_scan.values())
    common = set(by_scan["sub-03", "year1"])  # never scanned
    assert all(set(names) >= common for names in by_scan.values())
    assert all(row["reason"] != "n/a" for row in rows if row["result"] == "n/a")
    missing = [row for row in rows if row["participant_id"] == "sub-03"]
    assert {row["result"] for row in missing} == {"n/a"}


def test_an_excluded_scan_fails_the_check_of_its_decision(study):
    study.sign("sub-01 year1 FDG", "exclude", "--code", "moved", reason="moved twice")
    study.cohort()
    (row,) = (row for row in study.table("checks") if row["check"] == "moved")
    assert (row["participant_id"], row["session"], row["result"], row["reason"]) == (
        "sub-01",
        "year1",
        "fail",
        "moved twice",
    )


@pytest.mark.parametrize(
    ("scan", "more", "message"),
    [
        ("sub-09 year1 FDG", [], "lists no participant 'sub-09'; found sub-01, sub-02, sub-03"),
        ("sub-01 year9 FDG", [], "lists no session 'year9'; found baseline, year1; did you mean 'year1'?"),
        ("sub-02 year1 FDG", [], "sub-02 year1 FDG is missing: there is no scan to decide about"),
        ("sub-01 year1 FDG", ["--decision", "accept"], "accept needs the code it accepts"),
    ],
)
def test_what_cannot_be_signed_is_said_in_one_line(study, capsys, scan, more, message):
    assert study.sign(scan, "exclude", *more) == 1
    said = capsys.readouterr().err.strip()
    assert message in said
    assert "\n" not in said
    assert not study.qc.exists()
    assert not log_path(study.results).exists()


@pytest.mark.parametrize(
    ("flag", "value"),
    [("--initials", "A1"), ("--reason", "-dash"), ("--time", "yesterday"), ("--version", "new"), ("--code", "a code")],
)
def test_a_flag_that_qc_tsv_could_not_hold_is_wrong_usage(study, flag, value):
    with pytest.raises(SystemExit) as stopped:
        study.sign("sub-01 year1 FDG", "exclude", f"{flag}={value}")
    assert stopped.value.code == 2


def test_a_folder_without_results_is_said(study, tmp_path, capsys):
    study.results = tmp_path
    assert study.sign("sub-01 year1 FDG") == 1
    assert "holds no tables/scans.tsv" in capsys.readouterr().err


REASON = "brain_cut: Part of the brain is out of view (blinded reading)"


def draft(study, scan, *more, table=None):
    participant, session, tracer = scan.split()
    words = ["sign", str(study.results), "--qc", str(study.qc), "--draft", str(table or study.qc)]
    words += ["--participant", participant, "--session", session, "--tracer", tracer]
    return main([*words, "--initials", "CD", *more])


def test_a_bad_rating_only_drafts_an_exclusion(study, capsys):
    study.sign("sub-01 year1 FDG", "rating", "--code", "bad", reason=REASON)
    capsys.readouterr()
    assert (study.cohort(), study.accounted()) == (0, 0)
    assert "exclusion_drafted: rated bad, which drafts an exclusion and takes nothing out" in capsys.readouterr().err
    scan = study.scan("sub-01", "year1")
    assert (scan["status"], scan["decision"]) == ("measured", "n/a")
    assert scan["warnings"].endswith(f"rated_bad: qc.tsv rates this scan bad: {REASON}")
    (line,) = study.table("decisions")
    assert (line["result"], line["counts"]) == ("warn", "false")
    assert line["remarks"].endswith("to confirm it: pet-spect sign --draft qc.tsv")


def test_a_draft_that_is_confirmed_excludes_with_the_reason_of_the_rating(study):
    study.sign("sub-01 year1 FDG", "rating", "--code", "bad", reason=REASON)
    assert draft(study, "sub-01 year1 FDG", "--reason", "seen by both") == 0
    row = read_table(study.qc)[1]
    assert (row["decision"], row["code"], row["initials"]) == ("exclude", "brain_cut", "CD")
    assert row["reason"] == f"{REASON}, rated bad by AB; seen by both"
    assert (study.cohort(), study.accounted()) == (0, 0)
    assert (study.scan("sub-01", "year1")["status"], study.scan("sub-01", "year1")["code"]) == ("excluded", "brain_cut")
    assert [line["result"] for line in study.table("decisions")] == ["pass", "pass"]


@pytest.mark.parametrize("rating", [None, "good", "doubt"])
def test_only_a_bad_rating_drafts(study, capsys, rating):
    study.sign("sub-02 baseline FDG", "rating", "--code", "bad")
    if rating is not None:
        study.sign("sub-01 year1 FDG", "rating", "--code", "bad")
        study.sign("sub-01 year1 FDG", "rating", "--code", rating)
    assert draft(study, "sub-01 year1 FDG") == 1
    said = "does not rate it" if rating is None else f"rates it {rating}"
    assert f"drafts no exclusion of sub-01 year1 FDG: {said}; to exclude it, use" in capsys.readouterr().err
    assert "exclude" not in study.qc.read_text()


def test_a_draft_that_is_in_force_already_is_not_confirmed_twice(study, capsys):
    study.sign("sub-01 year1 FDG", "rating", "--code", "bad", reason=REASON)
    assert draft(study, "sub-01 year1 FDG") == 0
    before = study.qc.read_bytes()
    assert draft(study, "sub-01 year1 FDG") == 1
    assert "excludes sub-01 year1 FDG already; there is nothing to confirm" in capsys.readouterr().err
    assert study.qc.read_bytes() == before
    study.sign("sub-01 year1 FDG", "withdraw")
    study.sign("sub-01 year1 FDG", "rating", "--code", "bad", reason=REASON)
    assert draft(study, "sub-01 year1 FDG") == 0


def test_a_reason_holds_no_sign_that_turns_the_text_behind_it(study):
    study.sign("sub-01 year1 FDG", "exclude", reason="good\u202e dab\u200b")
    assert read_table(study.qc)[0]["reason"] == "good dab"


def test_a_reason_without_a_code_drafts_an_exclusion_without_one(study):
    study.sign("sub-01 year1 FDG", "rating", "--code", "bad", reason="blurred, as ever")
    assert draft(study, "sub-01 year1 FDG") == 0
    assert read_table(study.qc)[1]["code"] == "n/a"


@pytest.mark.parametrize("decision", ["withdraw", "exclude"])
def test_a_draft_is_settled_by_a_later_decision(study, decision):
    study.sign("sub-01 year1 FDG", "rating", "--code", "bad")
    study.sign("sub-01 year1 FDG", decision)
    study.cohort()
    assert not any("exclusion_drafted" in line["remarks"] for line in study.table("decisions"))


def test_a_doubt_warns_on_its_scan_and_changes_no_value(study):
    study.cohort()
    before = {name: study.table(name) for name in ("ratios", "change", "summary")}
    study.sign("sub-01 year1 FDG", "rating", "--code", "doubt", reason="noisy; no_head: none")
    study.cohort()
    assert {name: study.table(name) for name in before} == before
    said = study.scan("sub-01", "year1")["warnings"]
    assert said.endswith("rated_doubt: qc.tsv rates this scan doubtful: noisy, no_head: none")
    (scan,) = (each for each in FinishedStudy(study.results).scans("sub-01") if each.uptake.key.session == "year1")
    assert not any(note.code == "rated_doubt" for note in scan.uptake.notes)
    study.sign("sub-01 year1 FDG", "rating", "--code", "good")
    study.cohort()
    assert "rated" not in study.scan("sub-01", "year1")["warnings"]


def test_a_rating_of_the_consensus_replaces_those_of_the_readers(study):
    paths = [study.config / name for name in ("a.tsv", "b.tsv", "consensus.tsv")]
    for path, code in zip(paths, ("bad", "doubt", "good"), strict=True):
        study.sign("sub-01 year1 FDG", "rating", "--code", code, qc=path)
        study.sign("sub-02 baseline FDG", "rating", "--code", "doubt", qc=paths[0])
    study.cohort("--qc", *map(str, paths[:2]), "--consensus", str(paths[2]))
    assert "rated" not in study.scan("sub-01", "year1")["warnings"]
    assert "rated_doubt: a.tsv rates" in study.scan("sub-02", "baseline")["warnings"]


@pytest.mark.parametrize("flags", [["--decision", "exclude"], ["--decision", "exclude", "--draft", "a.tsv"], []])
def test_a_decision_needs_its_own_reason_and_a_draft_is_none(study, flags):
    scan = ["--participant", "sub-01", "--session", "year1", "--tracer", "FDG", "--initials", "AB"]
    with pytest.raises(SystemExit) as stopped:
        main(["sign", str(study.results), "--qc", str(study.qc), *scan, *flags])
    assert stopped.value.code == 2
