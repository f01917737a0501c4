"""Whose steps crashed, and when that is all that keeps the tables from being made."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from pet_spect.study.unfinished import UnfinishedStep, unfinished_steps


@dataclass(eq=False)
class Job:
    name: str
    person: str = ""
    output: list[str] = field(default_factory=lambda: ["/absent"])
    followers: list[Job] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)

    @property
    def rule(self):
        return SimpleNamespace(name=self.name)

    @property
    def wildcards_dict(self):
        return {"participant": self.person} if self.person else {}

    @property
    def log(self):
        return [f"logs/{self.name}/{self.person}.log"]

    def is_group(self):
        return bool(self.jobs)


@pytest.fixture
def chain():
    """Return convert -> normalise -> measure of one person, and the cohort behind it."""
    cohort = Job("cohort")
    measure = Job("measure", "sub-02", followers=[cohort])
    normalise = Job("normalise", "sub-02", followers=[measure])
    return [Job("convert", "sub-02", followers=[normalise]), normalise, measure, cohort]


def found(left, failed):
    return unfinished_steps(left, failed, lambda job: job.followers)


def test_what_waits_for_a_crashed_step_is_explained_by_it(chain):
    assert found(chain, chain[:1]) == [UnfinishedStep("sub-02", "convert", "logs/convert/sub-02.log")]


def test_of_several_crashed_steps_of_a_person_the_first_is_named(chain):
    anatomy = Job("convert_anat", "sub-02", followers=chain[1:2])
    assert [step.step for step in found([*chain, anatomy], [anatomy, chain[0]])] == ["convert"]
    assert [step.step for step in found([anatomy, *chain[1:]], [anatomy])] == ["convert"]


def test_of_a_crashed_group_the_first_step_without_output_is_named(chain, tmp_path):
    done = tmp_path / "image.nii.gz"
    done.touch()
    chain[0].output = [str(done)]
    group = Job("group", jobs=chain[:3])
    assert [step.step for step in found(chain, [group])] == ["normalise"]


def test_of_a_crashed_job_of_a_cluster_the_step_that_wrote_its_log_last_is_named(chain, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    group = Job("group", jobs=chain[:3])

    def name(times, since=0.0):
        for job, time in zip(chain, times, strict=False):
            log = tmp_path / job.log[0]
            log.parent.mkdir(parents=True, exist_ok=True)
            log.touch()
            os.utime(log, (time, time))
        return [step.step for step in unfinished_steps(chain, [group], lambda job: job.followers, since=since)]

    assert name([]) == ["convert"]  # its outputs are gone, it left no log: the job never started
    assert name([20.0, 30.0]) == ["normalise"]
    assert name([20.0, 30.0, 10.0], since=15.0) == ["normalise"]
    assert name([20.0, 30.0, 40.0], since=50.0) == ["convert"]


def test_of_several_people_in_one_job_each_is_named(chain, tmp_path):
    other = Job("convert", "sub-01", followers=chain[-1:])
    group = Job("group", jobs=[*chain[:3], other])
    assert [step.participant for step in found([other, *chain], [group])] == ["sub-01", "sub-02"]


def test_an_interrupted_run_says_nothing_of_anybody(chain):
    waiting = Job("convert", "sub-01", followers=chain[-1:])
    assert found([waiting, *chain], chain[:1]) == []


def test_a_crashed_step_of_everybody_leaves_nothing_to_make(chain):
    assert found(chain[-1:], chain[-1:]) == []
    assert found([], []) == []
