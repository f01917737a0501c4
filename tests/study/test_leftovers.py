from __future__ import annotations

import json
import os
import socket
import time

import pytest

from pet_spect.cli import main
from pet_spect.errors import OvertakenError, PetSpectError
from pet_spect.live_run import RUN_FILE
from pet_spect.study import leftovers
from pet_spect.study.leftovers import cluster_jobs, find_leftovers, locked_line


@pytest.fixture
def killed(tmp_path, monkeypatch):
    """Return a study as a killed run leaves it, on a computer without SLURM."""
    monkeypatch.setattr(leftovers.shutil, "which", lambda _: None)
    for name in (".snakemake/locks/0.output.lock", ".snakemake/incomplete/abc", "results/sub-01/.partial-00000000-a"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    write_run(tmp_path)
    return tmp_path


def write_run(study, **changes):
    said = {"Run": "r", "Host": socket.gethostname(), "Kernel": "k", "Locked": True, "OnCluster": False, **changes}
    (study / RUN_FILE).write_text(json.dumps(said))


def no_run_began(study):
    """Let the lock be younger than the run."""
    os.utime(study / RUN_FILE, (1, 1))


def slurm(monkeypatch, answer):
    def ask(*command):
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(leftovers.shutil, "which", lambda name: name)
    monkeypatch.setattr(leftovers, "_slurm", ask)


def test_what_is_there_is_said_and_kept_without_yes(killed, capsys):
    before = sorted(killed.rglob("*"))
    assert main(["recover", str(killed)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "SLURM cannot be asked on this computer, so cluster jobs were not looked for.",
        "Half-written files: 1. They will be removed.",
        "Outputs that were not finished: 1. The next run makes them again.",
        "The folder is locked. It will be unlocked.",
        "To do this, type the same line with --yes.",
    ]
    assert sorted(killed.rglob("*")) == before


def test_with_yes_it_is_done_and_then_there_is_nothing(killed, monkeypatch, capsys):
    monkeypatch.setenv("PET_SPECT_RUN", "")  # so that what claim sets is undone
    monkeypatch.setenv("PET_SPECT_RUN_FILE", "")
    assert main(["recover", str(killed), "--yes"]) == 0
    assert "Half-written files removed: 1. The folder is unlocked.\n" in capsys.readouterr().out
    assert not list(killed.rglob("*.lock"))
    assert not list(killed.rglob(".partial-*"))
    assert json.loads((killed / RUN_FILE).read_text())["Run"] != "r"


def test_a_folder_without_a_run_is_an_error(tmp_path, capsys):
    assert main(["recover", str(tmp_path)]) == 1
    assert "no run was started here" in capsys.readouterr().err


def test_a_run_that_may_just_be_starting_is_left_alone(killed):
    no_run_began(killed)
    with pytest.raises(OvertakenError, match="may be starting in this folder; try again in a minute"):
        find_leftovers(killed)
    assert "type in a minute: pet-spect recover" in locked_line(killed)
    long_ago = time.time() - 100
    for lock in killed.rglob("*.lock"):
        os.utime(lock, (long_ago, long_ago))
    assert find_leftovers(killed).locks


def test_a_run_of_another_computer_is_left_to_that_computer(killed):
    write_run(killed, Host="login2")
    with pytest.raises(OvertakenError, match="was started on the computer login2"):
        find_leftovers(killed)
    assert "if it has ended, type there: pet-spect recover" in locked_line(killed)


def test_the_line_names_the_study_unless_it_is_the_current_folder(killed, monkeypatch):
    monkeypatch.setenv("PWD", "/")
    said = "an earlier run ended without cleaning up; type: pet-spect recover"
    assert locked_line(killed) == f"{said} {killed} --yes"
    monkeypatch.setenv("PWD", str(killed))
    assert locked_line(killed) == f"{said} --yes"


def test_only_jobs_of_the_executor_in_this_folder_are_the_studys(tmp_path, monkeypatch):
    study = tmp_path / "a study"
    study.mkdir()
    answer = f"1 petspect_x {study}\n2_[4-7] petspect_y {study}/\n3 mine {study}\n4 petspect_z {tmp_path}\n"
    slurm(monkeypatch, answer)
    assert cluster_jobs(study) == ("1", "2_[4-7]")


def test_a_slurm_that_fails_matters_only_to_a_run_on_it(killed, monkeypatch):
    slurm(monkeypatch, PetSpectError("squeue failed"))
    assert find_leftovers(killed).jobs is None
    write_run(killed, OnCluster=True)
    with pytest.raises(PetSpectError, match="squeue failed"):
        find_leftovers(killed)
