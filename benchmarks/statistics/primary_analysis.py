"""Coverage and false positives of the primary analysis in small trials.

    .venv/bin/python benchmarks/statistics/primary_analysis.py

The log ratios of the participants are drawn from distributions with mean 0 and standard deviation 6 %: normal,
heavy-tailed (Student's t with 3 degrees of freedom), skewed (a shifted lognormal of skewness 2.3) and two groups (a
third of the people lies about 10 % above the others). Each trial is analysed as `summary.tsv` is. The true mean is 0,
so every p below 0.05 is a false positive.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Mapping

import numpy as np

from pet_spect.quantify.cohort.analysis.inference import t_test_p
from pet_spect.quantify.cohort.statistics import FloatArray, hodges_lehmann, mean_interval, sign_flip_p, wilcoxon_p

SIZES = (5, 6, 7, 8, 20)
SD = 0.06
SLOWER = 8
"""Above this number of people the exact tests are made in a tenth of the trials."""

Draw = Callable[[np.random.Generator, int], FloatArray]


def _normal(generator: np.random.Generator, n: int) -> FloatArray:
    return generator.normal(size=n)


def _heavy(generator: np.random.Generator, n: int) -> FloatArray:
    return generator.standard_t(3, size=n) / math.sqrt(3)


def _skewed(generator: np.random.Generator, n: int) -> FloatArray:
    sigma = 0.6
    values = np.exp(sigma * generator.normal(size=n)) - math.exp(sigma**2 / 2)
    return np.asarray(values / math.sqrt(math.expm1(sigma**2) * math.exp(sigma**2)))


def _two_groups(generator: np.random.Generator, n: int) -> FloatArray:
    responds = generator.random(n) < 1 / 3
    step = 2.5  # standard deviations of either group
    values = step * (responds - 1 / 3) + generator.normal(size=n)
    return np.asarray(values / math.sqrt(1 + step**2 * 2 / 9))


SHAPES: Mapping[str, Draw] = {
    "normal": _normal,
    "heavy-tailed": _heavy,
    "skewed": _skewed,
    "two groups": _two_groups,
}


def simulate(draw: Draw, n: int, trials: int, seed: int) -> dict[str, float]:
    """Return percentages over simulated trials without a change.

    Parameters
    ----------
    draw : callable
        Gives n values of mean 0 and standard deviation 1.
    n : int
        Participants.
    trials : int
    seed : int

    Returns
    -------
    dict of str to float
        Coverage of the t interval and how often it misses zero on either side, coverage of the Hodges-Lehmann interval,
        and false positives of the three tests.
    """
    generator = np.random.default_rng([seed, n])
    exact = trials if n <= SLOWER else trials // 10
    above = below = positive = flips = ranks = shift = 0
    for trial in range(trials):
        values = SD * draw(generator, n)
        interval = mean_interval(values)
        above += interval.low > 0
        below += interval.high < 0
        positive += t_test_p(values) < 0.05
        if trial < exact:
            flips += sign_flip_p(values) < 0.05
            ranks += wilcoxon_p(values) < 0.05
            walsh = hodges_lehmann(values)
            shift += walsh.low <= 0 <= walsh.high
    return {
        "t covers": 100 * (1 - (above + below) / trials),
        "above 0": 100 * above / trials,
        "below 0": 100 * below / trials,
        "p t": 100 * positive / trials,
        "p sign-flip": 100 * flips / exact,
        "p Wilcoxon": 100 * ranks / exact,
        "HL covers": 100 * shift / exact if n > 5 else math.nan,
    }


def main() -> None:
    """Print the table of docs/statistics.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    heads: list[str] = []
    for name, draw in SHAPES.items():
        for n in SIZES:
            row = simulate(draw, n, options.trials, options.seed)
            if not heads:
                heads = list(row)
                print(f"| changes | n | {' | '.join(heads)} |\n|{'---|' * (len(heads) + 2)}")
            cells = ["n/a" if math.isnan(value) else f"{value:.1f}" for value in row.values()]
            print(f"| {name} | {n} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
