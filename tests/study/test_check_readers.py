"""The configuration of one reader or two, and what the check of a study makes of their tables."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pet_spect.errors import StudyError
from pet_spect.study.check import check_study
from pet_spect.study.qc_tables import read_qc_tables
from pet_spect.study.signing import logged

from .qc_lines import OLD, by_hand, sign

TWO = "qc: [a.tsv, b.tsv]\n"


@pytest.fixture
def check(tmp_path, monkeypatch, repository):
    """Return a function that checks a study with a configuration, in its folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("scan1", "scan2"):
        Path(name).mkdir()
    Path("participants.tsv").write_text("participant_id\tlesion_side\nsub-01\tleft\n")
    rows = ("sub-01\tbaseline\tFDG\tscan1", "sub-01\tyear1\tFDG\tscan2")
    Path("scans.tsv").write_text("\n".join(["participant_id\tsession\ttracer\tpath", *rows]) + "\n")
    for name in ("a.tsv", "b.tsv", "c.tsv"):
        Path(name).write_text(OLD)

    def run(config, log=()):
        text = "participants: participants.tsv\nscans: scans.tsv\n" + config
        Path("config.yaml").write_text(text)
        return check_study(yaml.safe_load(text), ["config.yaml"], repository / "workflow" / "schemas", log=log)

    return run


def test_two_readers_and_a_consensus_are_read(check):
    sign(Path("a.tsv"), "sub-01 year1 FDG", "exclude", reason="moved")
    sign(Path("b.tsv"), "sub-01 baseline FDG", "exclude", reason="blurred")
    study = check(TWO + "consensus: c.tsv\n")
    assert (study.qc, study.consensus) == (["a.tsv", "b.tsv"], ["c.tsv"])
    assert [decision.reason for decision in study.decisions] == ["moved", "blurred"]
    sign(Path("c.tsv"), "sub-01 year1 FDG", "withdraw")
    assert [decision.reason for decision in check(TWO + "consensus: c.tsv\n").decisions] == ["blurred"]


def test_the_consensus_need_not_exist_yet(check):
    assert check(TWO + "consensus: later.tsv\n").consensus == []
    assert check("").qc == []


def test_a_table_that_is_named_and_gone_takes_the_scans_out_that_it_decided(check):
    line = sign(Path("c.tsv"), "sub-01 year1 FDG", "exclude")
    log = [logged("c.tsv", line, by_run=False)]
    assert check("qc: a.tsv\nconsensus: c.tsv\n", log).absent_qc == []
    Path("c.tsv").unlink()
    study = check("qc: a.tsv\nconsensus: c.tsv\n", log)
    assert study.absent_qc == ["c.tsv"]
    assert [(one.key.session, one.code) for one in study.decisions] == [("year1", "qc_altered")]
    assert check("qc: a.tsv\n", log).decisions == []


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("qc: [a.tsv, none.tsv]\n", "qc: 1: none.tsv does not exist"),
        (
            "qc: [a.tsv, a.tsv]\n",
            "qc: two tables have the same file name, capitals aside ('a.tsv', 'a.tsv'); rename one",
        ),
        (
            "qc: [a.tsv, b.tsv]\nconsensus: A.tsv\n",
            "capitals aside ('a.tsv', 'b.tsv', 'A.tsv'); rename one",
        ),
        ("qc: [a.tsv]\n", "needed the path of the table of sign-offs, or a list of two of them"),
        ("qc: [a.tsv, b.tsv, c.tsv]\n", "needed the path of the table of sign-offs, or a list of two of them"),
        ("qc: a.tsv\nconsensus: './ c.tsv'\n", "consensus: found './ c.tsv', needed a file name without control"),
        ("qc: [a.tsv, 3]\n", "needed the path of the table of sign-offs, or a list of two of them"),
        ("qc: 3\n", "needed the path of the table of sign-offs, or a list of two of them"),
        ("qc: [a.tsv, '~/b.tsv']\n", "~ is not read as the home folder"),
        ("consensus: '{c}.tsv'\n", "consensus: found '{c}.tsv', needed a path without"),
        ("consensus: []\n", "consensus: found [], needed the path of the table of what two readers agreed on"),
    ],
)
def test_a_mistake_in_the_readers_is_said(check, config, message):
    with pytest.raises(StudyError) as caught:
        check(config)
    assert message in str(caught.value.mistakes[0])
    assert len(caught.value.mistakes) == 1


def test_mistakes_of_both_tables_are_said_with_their_file(check):
    Path("a.tsv").write_text(OLD + by_hand("sub-09 year1 FDG", "exclude"))
    Path("b.tsv").write_text(OLD + by_hand("sub-01 year1 FDG", "exclud"))
    with pytest.raises(StudyError) as caught:
        check(TWO)
    assert [mistake.file for mistake in caught.value.mistakes] == ["a.tsv", "b.tsv"]


def test_a_line_that_was_altered_takes_its_scans_out_before_the_registration(check):
    sign(Path("a.tsv"), "sub-01 year1 FDG", "exclude")
    log = [logged("a.tsv", line, by_run=True) for line in read_qc_tables([Path("a.tsv")]).readers[0].lines]
    Path("a.tsv").write_text(Path("a.tsv").read_text().replace("year1", "baseline"))
    assert [decision.session for decision in check("qc: a.tsv\n").decisions] == ["baseline"]
    decisions = check("qc: a.tsv\n", log).decisions
    assert sorted((one.session, one.decision, one.code) for one in decisions) == [
        ("baseline", "exclude", "qc_altered"),
        ("year1", "exclude", "qc_altered"),
    ]


def test_a_signed_table_has_the_columns_that_the_schema_allows(check):
    hashes = dict.fromkeys(("image_sha256", "registration_sha256", "uptake_sha256"), "0123456789abcdef" * 4)
    sign(Path("a.tsv"), "sub-01 year1 FDG", "rating", "good", **hashes)
    assert check("qc: a.tsv\n").decisions == []
