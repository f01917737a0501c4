"""A few rounds of the campaign of benchmarks/faults.py, always the same ones."""

from __future__ import annotations

import os
import random
import time

import pytest

from .. import faults

pytestmark = pytest.mark.workflow

ROUNDS = (faults.killed, faults.main_killed, faults.full_disk, faults.emptied_scan, faults.two_runs)


@pytest.fixture(scope="module")
def calm(signed, tmp_path_factory):
    """Return a finished study, the files of a run without a fault, and how long it takes."""
    earlier = signed[0]
    study = faults.copied(earlier, tmp_path_factory.mktemp("calm") / "study", only="sub-01")
    one = faults.Round(study, earlier.results, random.Random(0), 0.0)
    start = time.monotonic()
    assert one.run() == 0, (one.study.folder / "said").read_text(encoding="utf-8")
    return earlier, faults.contents(one.study), time.monotonic() - start


@pytest.mark.parametrize("fault", ROUNDS, ids=lambda fault: fault.__name__)
def test_after_a_fault_the_next_run_gives_what_a_calm_run_gives(calm, tmp_path, fault):
    if fault is faults.full_disk and os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    earlier, expected, seconds = calm
    dice = random.Random(fault.__name__)
    study = faults.copied(earlier, tmp_path / dice.choice(faults.NAMES), only="sub-01")
    assert faults.play(faults.Round(study, earlier.results, dice, seconds), fault, expected) == []
