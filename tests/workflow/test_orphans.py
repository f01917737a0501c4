"""A job whose run was killed or overtaken writes nothing, removes nothing and exits with status 1."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from ..paused import TARGET, contents, go_on, paused_job, pausing_study, recover, start

pytestmark = pytest.mark.workflow

RECOVER = "pet_spect: an earlier run ended without cleaning up; type: pet-spect recover"


@pytest.fixture
def paused(study, repository):
    return pausing_study(study, repository)


def new_run(study):
    (study.folder / "pause").unlink()
    study.write("content", "of the new run")
    assert recover(study, "--yes").returncode == 0
    run = study.snakemake(TARGET)
    assert run.returncode == 0, run.stderr


NEW = {Path(TARGET).name: "of the new run", Path(TARGET).name.replace(".nii.gz", ".json"): "of the new run"}


def test_an_orphan_that_wakes_after_a_new_run_changes_nothing(paused):
    run = start(paused, TARGET)
    job = paused_job(paused)
    run.kill()
    run.wait(60)
    new_run(paused)
    assert contents(paused) == NEW
    go_on(paused, job)
    assert contents(paused) == NEW


def test_an_orphan_stops_before_any_new_run(paused):
    run = start(paused, TARGET)
    job = paused_job(paused)
    run.kill()
    run.wait(60)
    go_on(paused, job)
    assert contents(paused) == {}
    (log,) = paused.folder.glob("logs/convert/*.log")
    said = log.read_text(encoding="utf-8")
    assert said == f"pet-spect convert: {TARGET}: not written, because the run of this job has ended\n"


def test_a_second_run_is_refused_even_without_snakemakes_lock(paused):
    run = start(paused, TARGET)
    job = paused_job(paused)
    second = paused.snakemake("--nolock", TARGET)
    assert (second.returncode, "pet_spect: another run is working in this folder" in second.stderr) == (1, True)
    go_on(paused, job)
    assert run.wait(60) == 0
    assert set(contents(paused).values()) == {"of the old run"}


def test_a_step_whose_shell_is_killed_ends_with_it(paused):
    run = start(paused, TARGET)
    job = paused_job(paused)
    shell = int(Path(f"/proc/{job}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    assert shell != run.pid
    os.kill(shell, signal.SIGKILL)
    run.wait(60)
    assert run.returncode == 1
    go_on(paused, job)
    assert contents(paused) == {}


def test_a_killed_step_leaves_its_run_and_the_next_run_makes_it_again(paused):
    run = start(paused, TARGET)
    os.kill(paused_job(paused), signal.SIGKILL)
    run.wait(60)
    assert run.returncode == 1
    (paused.folder / "pause").unlink()
    assert paused.snakemake(TARGET).returncode == 0
    assert set(contents(paused).values()) == {"of the old run"}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP])
def test_after_a_kill_the_next_run_says_in_one_line_what_to_type(paused, number):
    run = start(paused, TARGET)
    job = paused_job(paused)
    run.send_signal(number)
    run.wait(60)
    again = paused.snakemake(TARGET)
    assert again.returncode == 1
    assert f"{RECOVER} {paused.folder} --yes\n" in again.stderr
    assert "--unlock" not in again.stderr
    assert RECOVER not in paused.snakemake("-n", TARGET).stderr
    go_on(paused, job)


def test_while_a_run_works_the_next_one_says_so(paused):
    run = start(paused, TARGET)
    job = paused_job(paused)
    again = paused.snakemake(TARGET)
    assert again.returncode == 1
    assert "pet_spect: another run is working in this folder; wait until it has ended\n" in again.stderr
    assert recover(paused, "--yes").returncode == 1
    go_on(paused, job)
    run.wait(60)
    assert run.returncode == 0
