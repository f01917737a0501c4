"""What a run shows on a terminal, and what it writes elsewhere."""

from __future__ import annotations

import os
import pty
import subprocess

import pytest

from ..studies import SNAKEMAKE

pytestmark = pytest.mark.workflow

FIVE_LINES = [
    "Participants: 2 in participants.tsv",
    "Scans:        8 in scans.tsv (4 FDG, 4 IMZ)",
    "Missing:      none",
    "Excluded:     none",
]
IMAGE = "results/sub-01/ses-year1/pet/sub-01_ses-year1_trc-18FFDG_pet.nii.gz"
ONE_SCAN = ("--until", "convert", "--", IMAGE)


def test_a_dry_run_of_two_people_is_an_overview_and_a_count_for_each_step(study):
    plan = study.snakemake("-n")
    lines = plan.stdout.splitlines()
    assert lines[:4] == FIVE_LINES
    assert lines[4].startswith("Analysis:     plan ")
    assert lines[5].startswith("To do:        18 steps (8 convert, 2 normalise, 2 measure, 2 figures, 1 cohort, ")
    assert "    convert    8" in lines
    assert len(lines) + len(plan.stderr.splitlines()) < 25
    assert "pet-spect" not in plan.stdout


def test_a_dry_run_of_5000_people_is_as_short(study):
    people = [f"sub-{number:02d}" for number in range(1, 5001)]  # two of them with scans: planning is what takes long
    study.write("config/participants.tsv", "\n".join(["participant_id lesion_side", *(f"{p} left" for p in people)]))
    plan = study.snakemake("-n")
    assert plan.returncode == 0, plan.stderr
    lines = plan.stdout.splitlines()
    assert "    measure    5000" in lines
    assert len(lines) + len(plan.stderr.splitlines()) < 40
    assert max(map(len, lines)) < 200


def test_missing_and_excluded_scans_are_named(study):
    study.write("config/scans.tsv", "participant_id session tracer path\nsub-01 year1 FDG dicom/01/year1/FDG\n")
    header = "participant_id session tracer decision code reason initials time version"
    study.write("config/qc.tsv", f"{header}\nsub-01 year1 FDG exclude n/a moved AB 2026-11-23 0.2.0\n")
    lines = study.snakemake("-n").stdout.splitlines()
    assert lines[2].startswith("Missing:      7 visits without a scan: sub-01 baseline FDG, sub-01 baseline IMZ, ")
    assert lines[2].endswith(" and 2 more")
    assert lines[3] == "Excluded:     1 scan, signed off in qc.tsv: sub-01 year1 FDG"


def test_elsewhere_a_finished_step_is_one_line_without_its_command(study):
    run = study.snakemake(*ONE_SCAN)
    assert run.returncode == 0, run.stderr
    profile, *lines = run.stderr.splitlines()
    assert profile.startswith("Using workflow specific profile")
    assert lines[:4] == FIVE_LINES
    assert lines[5] == "To do:        1 step (1 convert)"
    assert lines[6].endswith("  1 of 1  convert sub-01 year1 18FFDG")
    assert lines[7:] == ["Manifest:     none", "Report: not made yet (results/report/index.html)"]


def test_a_terminal_shows_a_bar(study):
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(study.command("--cores", "1", *ONE_SCAN), stderr=theirs, env=environment) as run:
        os.close(theirs)
        shown = b""
        while chunk := read(ours):
            shown += chunk
    text = shown.decode()
    assert run.returncode == 0, text
    assert "1/1" in text
    assert "━" in text
    assert "1 of 1" not in text
    assert text.rstrip().endswith("Report: not made yet (results/report/index.html)")


def read(terminal: int) -> bytes:
    """Return what is there; nothing when the other side has closed."""
    try:
        return os.read(terminal, 2**16)
    except OSError:
        return b""


def test_quiet_leaves_nothing(study):
    run = study.snakemake("--quiet", "all", *ONE_SCAN)
    assert run.returncode == 0
    assert [line for line in run.stderr.splitlines() if not line.startswith("Using workflow specific")] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, "pet_spect: --configfile config/config.yaml does not exist; it leads to "),
        ("sessions: [baseline\n", "pet_spect: config/config.yaml: cannot be read as YAML (line 2)"),
    ],
)
def test_a_configfile_that_cannot_be_used_is_one_line(tmp_path, repository, text, expected):
    if text is not None:
        (tmp_path / "config").mkdir()
        (tmp_path / "config/config.yaml").write_text(text, encoding="utf-8")
    command = [str(SNAKEMAKE), "-s", str(repository / "Snakefile"), "--configfile", "config/config.yaml", "-n"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stdout == ""
    (line,) = [line for line in run.stderr.splitlines() if not line.startswith("Using workflow specific profile")]
    assert line.startswith(expected)
