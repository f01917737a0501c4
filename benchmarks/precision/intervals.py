"""What the registration adds to the error of a ratio, learned, and how often intervals with it hold the truth.

    python benchmarks/precision/intervals.py WORK --learn 1-30 9000-9011 --report 301-345

Reads what `ratio_errors.py` kept. For each tracer and reference the error of the logarithm is taken to be normal, with
the mean ``a·lost`` and the variance ``own² + (b·mm)² + (c·lost)²``: own is what the scan states by itself, mm the
estimated misplacement, lost the share of the target that the registration took for lesion. b and c are the most likely
ones, a is the weighted mean. Printed are the lines of `quantify.registration_error`, and the coverage of nominal 95 %
intervals: on the people they were learned on, each left out in turn, and on the reporting people, with a 95 % interval
that redraws people.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize

FIRST_DONOR = 9000
REDRAWN = 2000
SD_RANGE, LOST_RANGE = (0.005, 0.2), (0.1, 2.0)
"""None is taken to be 0: a few people without an error show no certainty."""


def read(work: Path, ranges: list[str]) -> pd.DataFrame:
    """Return the rows of people, with the error of the logarithm and what the scan states of it by itself."""
    rows: list[dict[str, Any]] = []
    for each in ranges:
        first, last = map(int, each.split("-"))
        for number in range(first, last + 1):
            kept = work / f"{number:04d}-ratios.json"
            rows += json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else []
    table = pd.DataFrame(rows)
    # the strokes of one real anatomy are no separate people
    table["anatomy"] = np.where(table["person"] < FIRST_DONOR, table["person"], table["person"] // 4)
    table["error"] = np.log(table["value"] / table["truth"])
    table["own"] = table["value_sd"] / table["value"]
    return table.dropna(subset=["error", "own"])


def learned(of: pd.DataFrame) -> NDArray[np.float64]:
    """Return a, b and c; see above."""
    error, lost = of["error"].to_numpy(), of["lost"].to_numpy()

    def bias(variance: NDArray[np.float64]) -> float:
        weight = float((lost**2 / variance).sum())
        return float((lost * error / variance).sum()) / weight if weight > 0 else 0.0

    def unlikely(log_sds: NDArray[np.float64]) -> float:
        variance = spread(of, *np.exp(log_sds)) ** 2
        return float((np.log(variance) + (error - bias(variance) * lost) ** 2 / variance).sum())

    best = np.exp(minimize(unlikely, np.log([0.02, 0.3]), method="L-BFGS-B", bounds=np.log([SD_RANGE, LOST_RANGE])).x)
    return np.array([bias(spread(of, *best) ** 2), *best])


def spread(of: pd.DataFrame, sd_per_mm: float, sd_per_lost: float) -> NDArray[np.float64]:
    """Return the standard deviation of the logarithm of each ratio."""
    own, mm, lost = (of[name].to_numpy() for name in ("own", "misplacement", "lost"))
    return np.sqrt(own**2 + (sd_per_mm * mm) ** 2 + (sd_per_lost * lost) ** 2)


def holds(of: pd.DataFrame, by: NDArray[np.float64]) -> pd.Series[bool]:
    return (of["error"] - by[0] * of["lost"]).abs() < 1.96 * spread(of, *by[1:])


def clustered(held: pd.Series[bool], people: pd.Series[int]) -> tuple[float, float, float]:
    """Return the share in percent and its 95 % interval over redrawn people."""
    by_person = held.groupby(people).agg(["sum", "size"]).to_numpy()
    draws = np.random.default_rng(0).integers(len(by_person), size=(REDRAWN, len(by_person)))
    shares = by_person[draws].sum(axis=1)
    low, high = np.percentile(100 * shares[:, 0] / shares[:, 1], [2.5, 97.5])
    return 100 * float(held.mean()), float(low), float(high)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--learn", nargs="+", default=["1-30", "9000-9011"], metavar="FIRST-LAST")
    parser.add_argument("--report", nargs="+", default=["301-345"], metavar="FIRST-LAST")
    options = parser.parse_args()
    learning, reporting = (read(options.work, ranges) for ranges in (options.learn, options.report))
    print(f"{learning['person'].nunique()} people to learn from, {reporting['person'].nunique()} to report on\n")
    table = []
    for place, of in learning.groupby(["tracer", "reference"], sort=False):
        by = learned(of)
        print(f"    {place}: RegistrationError({by[0]:.3f}, {by[1]:.4f}, {by[2]:.3f}),")
        left_out = [holds(rest, learned(of.drop(rest.index))) for _, rest in of.groupby("anatomy")]
        shown = reporting[(reporting["tracer"] == place[0]) & (reporting["reference"] == place[1])]
        share, low, high = clustered(holds(shown, by), shown["person"])
        repeat = 100 * (shown["error"].abs() < 1.96 * shown["own"]).mean()
        table.append(
            {
                "tracer": place[0],
                "reference": place[1],
                "left out in turn": 100 * pd.concat(left_out).mean(),
                "reported": share,
                "from": low,
                "to": high,
                "repeat only": repeat,
                "half width %": 196 * np.median(spread(shown, *by[1:])),
            }
        )
    print("\nCoverage of the truth by nominal 95 % intervals, percent")
    print(pd.DataFrame(table).to_string(index=False, float_format="{:.1f}".format))


if __name__ == "__main__":
    main()
