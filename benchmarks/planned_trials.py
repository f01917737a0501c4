"""Whether trials of the planned size find what the plan says: simulated values through the statistics of the workflow.

Usage: ``.venv/bin/python benchmarks/planned_trials.py [--trials 2000] [--seed 16]``.

Each trial has people with a ratio of their own. At both visits it varies by a declared within-subject CV and by the
scans' own noise, which differs from person to person; at the second it has also changed by the mean change that
`pet-spect plan` gives for the number of people, or, for the number of people that it gives, by the wanted change.
`changes` and `mean_interval` then analyse the trial. Printed is how often the t interval of the mean log ratio
(*found*) and of the mean change in percent (*in percent*) leave out zero: 80 % is promised, and 5 % *without* a change.
"""

from __future__ import annotations

import argparse
import math
from itertools import product

import numpy as np

from pet_spect.quantify.cohort.change import changes
from pet_spect.quantify.cohort.planning import Design, PlanLine, Precision, plan_lines
from pet_spect.quantify.cohort.statistics import mean_interval
from pet_spect.quantify.cohort.within_subject import CvKind, WithinSubjectCv
from pet_spect.quantify.ratios import Ratio

KINDS: tuple[CvKind, ...] = ("total", "biological")
SESSIONS = ("baseline", "year1")
OWN_PERCENT = 4.0
"""Root mean square over people of the standard deviation of a change by noise; single people have 0.6 to 1.4 of it."""


def main() -> None:
    """Simulate, analyse and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=16)
    options = parser.parse_args()
    generator = np.random.default_rng(options.seed)
    heads = f"{'found, %':>8} {'in percent':>10} {'without, %':>10} {'in percent':>10}"
    print(f"{'CV':>16} {'people':>6} {'change, %':>9} {heads}")
    for kind, value, people in product(KINDS, (2.0, 6.0), (4, 8, 20)):
        cv = WithinSubjectCv(value, kind, "made up")
        shown = _line(cv, Design(people)).smallest_change_percent
        _print(cv, people, shown, options.trials, generator)
    for kind, value, wanted in product(KINDS, (2.0, 6.0), (3.0, 6.0)):
        cv = WithinSubjectCv(value, kind, "made up")
        needed = _line(cv, Design(8, wanted)).people_needed or 0
        _print(cv, needed, wanted, options.trials, generator)


def _line(cv: WithinSubjectCv, design: Design) -> PlanLine:
    return plan_lines([Precision("FDG", "pons", OWN_PERCENT, OWN_PERCENT, 8)], {"FDG": cv}, design)[-1]


def _print(cv: WithinSubjectCv, people: int, change: float, trials: int, generator: np.random.Generator) -> None:
    rates = (_found(cv, people, mean, trials, generator) for mean in (change, 0.0))
    words = f"{cv.kind:>11} {cv.value:3.0f} % {people:6} {change:9.2f}"
    (found, percent), (without, percent_without) = rates
    told = f"{100 * found:8.1f} {100 * percent:10.1f} {100 * without:10.1f} {100 * percent_without:10.1f}"
    print(f"{words} {told}", flush=True)


def _found(
    cv: WithinSubjectCv, people: int, change: float, trials: int, generator: np.random.Generator
) -> tuple[float, float]:
    """Return how often the interval of the log ratio and that of the percent change leave out zero."""
    hits = np.zeros(2)
    for _ in range(trials):
        ratios = [ratio for who in range(people) for ratio in _person(f"sub-{who}", cv, change, generator)]
        rows = changes(ratios, SESSIONS)
        logarithms = np.log([row.follow_up / row.baseline for row in rows])
        percents = np.array([row.change_percent for row in rows])
        intervals = [mean_interval(values) for values in (logarithms, percents)]
        hits += [interval.low > 0 or interval.high < 0 for interval in intervals]
    return float(hits[0]) / trials, float(hits[1]) / trials


def _person(who: str, cv: WithinSubjectCv, change: float, generator: np.random.Generator) -> list[Ratio]:
    share = generator.uniform(0.6, 1.4) / math.sqrt(1 + 0.4**2 / 3)
    noise = share * OWN_PERCENT / 100 / math.sqrt(2)
    spread = visit_spread(cv.kind, cv.value / 100, noise)
    level = generator.uniform(0.6, 1.1)
    values = [level * factor * math.exp(generator.normal(0, spread)) for factor in (1.0, 1 + change / 100)]
    told = ("FDG", "left", "motor", "uptake_ratio", "pons")
    return [
        Ratio(who, session, *told, value, math.nan, math.nan, "pass", "")
        for session, value in zip(SESSIONS, values, strict=True)
    ]


def visit_spread(kind: CvKind, cv: float, noise: float) -> float:
    """Return how much the value of one visit varies: a total CV contains the noise, unless this is larger."""
    return max(cv, noise) if kind == "total" else math.hypot(cv, noise)


if __name__ == "__main__":
    main()
