"""The same inputs give the same bytes on another number of cores, in another place, language, time zone and company."""

from __future__ import annotations

import os
import random
import shutil
import subprocess

import pytest

from .. import faults

pytestmark = pytest.mark.workflow

# umask is set by the shell; a locale that is not installed counts as C
ELSEWHERE = {"LC_ALL": "tr_TR.UTF-8", "LANG": "C", "TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "7"}


def elsewhere(study, *options):
    """Run a study on one core, with another locale, time zone, hash seed and umask."""
    command = study.command("--workflow-profile", str(study.profile), "--cores", "1", *options)
    variables = {**os.environ, "OMP_NUM_THREADS": "1", **ELSEWHERE}
    shell = ["bash", "-c", 'umask 077; exec "$@"', "bash"]
    return subprocess.run([*shell, *command], cwd="/", env=variables, capture_output=True, text=True, check=False)


def shuffled(study, table):
    path = study.folder / "config" / table
    head, *lines = path.read_text(encoding="utf-8").splitlines()
    random.Random(1).shuffle(lines)
    path.write_text("\n".join([head, *lines, ""]), encoding="utf-8")


def of_person(study, who):
    """Return the files of a participant, but the report's."""
    return {name: digest for name, digest in faults.contents(study).items() if f"{who}/" in name}


@pytest.mark.hand
def test_a_person_registered_alone_elsewhere_has_every_byte_of_the_run_with_others(signed, tmp_path, quick_study_in):
    study = quick_study_in(tmp_path / "Ärzte it's 研究")
    shutil.copytree(signed[0].folder, study.folder, ignore=shutil.ignore_patterns("results", "logs", ".snakemake"))
    faults.keep_person(study.folder, "sub-01")
    run = elsewhere(study)
    assert run.returncode == 0, run.stderr
    assert of_person(study, "sub-01") == of_person(signed[0], "sub-01")


def test_tables_report_and_manifest_made_again_elsewhere_are_the_same_bytes(signed, tmp_path, quick_study_in):
    study = quick_study_in(tmp_path / "elsewhere")
    shutil.copytree(signed[0].folder, study.folder)
    run = elsewhere(study, "--forcerun", "cohort", "outcomes", "report", "manifest", "accounted")
    assert run.returncode == 0, run.stderr
    assert faults.contents(study) == faults.contents(signed[0])


@pytest.mark.hand
def test_the_order_of_lines_in_the_tables_changes_the_order_of_rows_alone(signed, tmp_path, quick_study_in):
    study = quick_study_in(tmp_path / "shuffled")
    shutil.copytree(signed[0].folder, study.folder)
    for table in ("participants.tsv", "scans.tsv"):
        shuffled(study, table)
    run = elsewhere(study)
    assert run.returncode == 0, run.stderr
    for path in sorted((study.results / "tables").glob("*.tsv")):
        if path.name != "decisions_log.tsv":
            before = (signed[0].results / "tables" / path.name).read_text(encoding="utf-8").splitlines()
            assert sorted(path.read_text(encoding="utf-8").splitlines()) == sorted(before), path.name
