"""Whose steps crashed, and when that is all that keeps the tables from being made."""

from __future__ import annotations

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


def test_an_interrupted_run_says_nothing_of_anybody(chain):
    waiting = Job("convert", "sub-01", followers=chain[-1:])
    assert found([waiting, *chain], chain[:1]) == []


def test_a_crashed_step_of_everybody_leaves_nothing_to_make(chain):
    assert found(chain[-1:], chain[-1:]) == []
    assert found([], []) == []
