from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from pet_spect import live_run
from pet_spect.errors import OvertakenError
from pet_spect.files import whole_file, write_json
from pet_spect.live_run import NAME, PLACE, check_not_overtaken, claim, state_of, was_on_cluster

HOLD = (
    "import sys, pathlib, pet_spect.live_run as run; print(run.claim(pathlib.Path(sys.argv[1])), flush=True); input()"
)


@pytest.fixture
def holder(tmp_path, monkeypatch):
    """Return the file of a run that works in another process, that process, and make this process a job of it."""
    path = tmp_path / ".snakemake" / "pet_spect_run.json"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        monkeypatch.setenv(NAME, process.stdout.readline().strip())
        monkeypatch.setenv(PLACE, str(path))
        yield path, process
        process.kill()


def end(process):
    process.send_signal(signal.SIGKILL)
    process.wait()


def change(path, **said):
    path.write_text(json.dumps({**json.loads(path.read_text()), **said}))


def test_a_verb_by_hand_is_not_asked(tmp_path, monkeypatch):
    monkeypatch.delenv(NAME, raising=False)
    check_not_overtaken(tmp_path)


def test_a_job_writes_while_its_run_works(holder, tmp_path):
    write_json(tmp_path / "a.json", {})
    assert (tmp_path / "a.json").is_file()


def test_a_job_stops_when_its_run_was_killed(holder, tmp_path):
    _, process = holder

    def write():
        with whole_file(tmp_path / "a.txt") as partial:
            partial.write_text("half")
            end(process)

    with pytest.raises(OvertakenError, match=r"a\.txt: not written, because the run of this job has ended"):
        write()
    assert [path.name for path in tmp_path.iterdir()] == [".snakemake"]


def test_a_job_stops_when_another_run_has_begun(holder, tmp_path, monkeypatch):
    path, process = holder
    end(process)
    job = os.environ[NAME]
    claim(path)
    monkeypatch.setenv(NAME, job)
    with pytest.raises(OvertakenError, match="because another run has begun in this folder"):
        check_not_overtaken(tmp_path / "a.txt")


def test_an_overtaken_job_leaves_what_the_new_run_is_writing(holder, tmp_path):
    _, process = holder
    end(process)
    theirs = tmp_path / ".partial-00000000-a.txt"
    theirs.write_text("half of the new run")
    with pytest.raises(OvertakenError), whole_file(tmp_path / "a.txt"):
        pass
    assert theirs.is_file()


def test_on_another_computer_only_the_name_counts(holder, tmp_path):
    path, process = holder
    end(process)
    change(path, Kernel="another")
    check_not_overtaken(tmp_path)
    change(path, Run="another")
    with pytest.raises(OvertakenError):
        check_not_overtaken(tmp_path)


def test_a_file_that_is_gone_stops_the_job(holder, tmp_path):
    holder[0].unlink()
    with pytest.raises(OvertakenError):
        check_not_overtaken(tmp_path)


def test_two_runs_cannot_work_in_one_folder(holder, monkeypatch):
    monkeypatch.setattr(live_run, "_PATIENCE_S", 0.1)
    with pytest.raises(OvertakenError, match="another run is working in this folder"):
        claim(holder[0])


def test_the_state_of_the_last_run(holder, tmp_path):
    path, process = holder
    assert state_of(tmp_path / "none") == ("none", "")
    assert state_of(path)[0] == "alive"
    end(process)
    assert state_of(path)[0] == "ended"
    change(path, Host="elsewhere")
    assert state_of(path) == ("unseen", "elsewhere")
    assert not was_on_cluster(path)
    change(path, OnCluster=True)
    assert was_on_cluster(path)
