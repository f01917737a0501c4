"""What the good scans of `good_scans.py` say of gates, side, pattern and accuracy, as tables and one figure.

    python benchmarks/gates/good_scans_summary.py WORK --people 101-225 [--failures FAILED]
        [--figure docs/images/gates.png]

FAILED is the folder of `failed_scans.py`: with it the tables and the figure show what planted failures reach, too.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from people import KINDS

from pet_spect.errors import RegistrationError
from pet_spect.model import opposite
from pet_spect.quantify.laterality import side_of_deficit
from pet_spect.registration.gates import plausibility as gates_of
from pet_spect.registration.gates.plausibility import AffineShape, Gates, Match
from pet_spect.registration.gates.resemblance import Appearance, Integrity, check_appearance, check_integrity
from pet_spect.registration.placement.orientation import Fit, check_orientation
from pet_spect.registration.templates.tracer_pattern import FAR

TRACERS = ("FDG", "IMZ")
Row = dict[str, Any]


def read_all(work: Path) -> list[Row]:
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(work.glob("*.json"))]


def read(work: Path, first: int, last: int) -> list[Row]:
    return [row for row in read_all(work) if first <= row["person"] <= last]


def refusal(row: Row, gates: Gates) -> str:
    """Return the code by which a scan would be refused, empty if by none."""
    if "refused" in row:
        return str(row["refused"].partition(":")[0])

    def of(kind: type) -> Any:
        return kind(**{name: row[name] for name in kind.__dataclass_fields__})

    checks = (
        lambda: check_integrity(of(Integrity), gates),
        lambda: check_orientation(Fit(row["upright"], row["turned"], 0.0, np.eye(4)), gates),
        lambda: gates_of.check_affine(of(AffineShape), gates),
        lambda: check_appearance(of(Appearance), gates),
        lambda: gates_of.check_match(of(Match), gates),
        lambda: gates_of.check_jacobian(*row["jacobian"], gates),
    )
    for check in checks:
        try:
            check()
        except RegistrationError as error:
            return error.code
    return "cut" if row["cut"] else ""


def table(title: str, heads: list[str], lines: list[list[Any]]) -> None:
    print(f"\n{title}\n\n| " + " | ".join(heads) + " |\n|" + "---|" * len(heads))
    for line in lines:
        print("| " + " | ".join(f"{cell:.3g}" if isinstance(cell, float) else str(cell) for cell in line) + " |")


def good(rows: list[Row], gates: Gates) -> None:
    lines = []
    for tracer in TRACERS:
        own = [refusal(row, gates) for row in rows if row["tracer"] == tracer]
        lines.append(
            [tracer, len(own), sum(map(bool, own)), ", ".join(f"{c} {n}" for c, n in Counter(own).items() if c)]
        )
    table("Good scans refused", ["tracer", "scans", "refused", "by"], lines)


def sides(rows: list[Row]) -> None:
    wrong, lines = [], []
    for row in (row for row in rows if "refused" not in row):
        shown = side_of_deficit(tuple(row["deficit_ml"]))
        if row["kind"] in ("none", "old contralateral"):
            wrong.append(shown == opposite(row["lesion_side"]))
        else:
            wrong.append(shown == opposite(row["lost_side"]))
    for tracer in TRACERS:
        large = [row for row in rows if row["tracer"] == tracer and row["grey_lost_ml"] >= 15 and "refused" not in row]
        large = [row for row in large if row["kind"] not in ("none", "old contralateral")]
        # a mirrored scan shows the mirrored deficits, for templates and measures are symmetric
        caught = [side_of_deficit(tuple(row["deficit_ml"])) == row["lost_side"] for row in large]
        lines.append([tracer, len(large), sum(caught)])
    print(f"\nSide: {sum(wrong)} of {len(wrong)} scans say the wrong side")
    table("Mirrored scans with at least 15 mL of grey matter lost", ["tracer", "scans", "caught"], lines)


def accuracy(rows: list[Row]) -> None:
    lines = []
    for tracer in TRACERS:
        own = [row for row in rows if row["tracer"] == tracer and "measured" in row]
        for reference in ("contralateral", "cerebellum_ipsilesional"):
            for kind in ("all", *KINDS):
                of_kind = [row for row in own if kind in ("all", row["kind"])]
                error = np.array([100 * (row["measured"][reference] / row["truth"][reference] - 1) for row in of_kind])
                error = error[np.isfinite(error)]
                if error.size:
                    worst = float(error[np.abs(error).argmax()])
                    line = [len(error), float(error.mean()), float(np.abs(error).mean()), worst]
                    lines.append([tracer, reference, kind, *line])
    heads = ["tracer", "reference", "people", "n", "mean", "mean absolute", "worst"]
    table("Error of the ratio in percent", heads, lines)


def patterns(rows: list[Row]) -> None:
    lines = []
    for tracer in TRACERS:
        far = np.array([row["pattern_distance"] for row in rows if row["tracer"] == tracer and "refused" not in row])
        lines.append([tracer, len(far), float(np.median(far)), float(far.max()), int((far > FAR).sum())])
    table("Pattern of uptake", ["tracer", "scans", "median distance", "largest", f"flagged (above {FAR:g})"], lines)


GATED = (
    ("upright", "likeness_min"),
    ("similarity", "similarity_min"),
    ("overlap", "overlap_min"),
    ("scale_low", "scale_min"),
    ("scale_high", "scale_max"),
    ("shear", "shear_max"),
    ("jump", "jump_max"),
    ("beside", "beside_max"),
    ("pattern_distance", None),
)


def reached(rows: list[Row], failures: list[Row]) -> None:
    lines = []
    for name, limit in GATED:
        values = np.array([row[name] for row in rows if name in row])
        told = limit_of(limit)
        line = [name, told, float(values.min()), *map(float, np.percentile(values, [1, 50, 99])), float(values.max())]
        if failures:
            failed = np.array([row[name] for row in failures if name in row])
            beyond = failed < told if limit is not None and limit.endswith("_min") else failed > told
            line.append(f"{int(beyond.sum())} of {len(failed)}")
        lines.append(line)
    heads = ["quantity", "limit", "least", "1 %", "median", "99 %", "greatest"]
    table("What good scans reach", [*heads, "failures beyond the limit"] if failures else heads, lines)


def limit_of(gate: str | None) -> float:
    return FAR if gate is None else float(getattr(Gates(), gate))


def failed(rows: list[Row], gates: Gates) -> None:
    """Print which of the planted failures a gate refuses, and which of them only one gate sees."""
    codes = [refusal(row, gates) or ("flag" if row["pattern_distance"] > FAR else "") for row in rows]
    by = Counter(code for code in codes if code)
    told = ", ".join(f"{code} {number}" for code, number in by.most_common())
    table("Planted failures", ["scans", "caught", "by"], [[len(codes), sum(by.values()), told]])
    for row, code in zip(rows, codes, strict=True):
        if not code:
            print(f"missed: {row['group']}: {row['name']} ({row['tracer']})")


def draw(rows: list[Row], failures: list[Row], path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(3, 3, figsize=(10, 7), layout="constrained")
    for place, (name, limit) in zip(axes.flat, GATED, strict=True):
        for tracer, colour in zip(TRACERS, ("tab:orange", "tab:blue"), strict=True):
            values = np.array([row[name] for row in rows if row["tracer"] == tracer and name in row])
            place.hist(values, bins=20, alpha=0.6, color=colour, label=f"{tracer}, good")
        low, high = place.get_xlim()
        told = limit_of(limit)
        low, high = min(low, told), max(high, told)
        low, high = low - 0.25 * (high - low), high + 0.25 * (high - low)
        bad = np.clip([row[name] for row in failures if name in row], low, high)
        if bad.size:
            place.hist(bad, bins=40, range=(low, high), histtype="step", color="tab:red", label="planted failures")
        place.axvline(told, color="black", linestyle="--")
        place.set_title(name.replace("_", " "))
    axes.flat[0].legend(fontsize="small")
    figure.suptitle("Good scans of realistic people and planted failures against the limits (dashed)")
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--people", default="101-225", metavar="FIRST-LAST")
    parser.add_argument("--failures", type=Path, help="folder of failed_scans.py")
    parser.add_argument("--figure", type=Path)
    options = parser.parse_args()
    rows = read(options.work, *map(int, options.people.split("-")))
    print(f"{len(rows)} scans of {len({row['person'] for row in rows})} people")
    failures = read_all(options.failures) if options.failures else []
    good(rows, Gates())
    if failures:
        failed(failures, Gates())
    reached(rows, failures)
    sides(rows)
    accuracy(rows)
    patterns(rows)
    if options.figure is not None:
        draw(rows, failures, options.figure)


if __name__ == "__main__":
    main()
