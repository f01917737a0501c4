"""The error of every ratio and every change of a simulated trial, against its truth.

Usage: ``.venv/bin/python benchmarks/demo_accuracy.py [demo]`` after ``make demo``.

The truth is the noise-free, PSF-blurred mean of the true region, infarct included
(``ratio_scanner``). Prints one line per tracer and reference, then one per scan for the
primary reference and the most precise one beside it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

KEYS = ["participant_id", "session", "tracer", "region", "reference"]
SHOWN = {"FDG": ("contralateral", "cerebellum_ipsilesional"), "IMZ": ("contralateral", "hemisphere_contralesional")}


def read(path: Path) -> pd.DataFrame:
    """Read one of the tool's tables."""
    return pd.read_csv(path, sep="\t", na_values=["n/a"], keep_default_na=False)


def ratio_errors(trial: Path) -> pd.DataFrame:
    """Return every true ratio beside the measured one, with the error in percent."""
    truth = read(trial / "truth.tsv")
    ratios = read(trial / "results" / "tables" / "ratios.tsv")
    measured = ratios[ratios["measure"] == "uptake_ratio"][[*KEYS, "value", "qc"]]
    both = truth.merge(measured, on=KEYS, how="left", validate="one_to_one")
    both["error_percent"] = 100 * (both["value"] / both["ratio_scanner"] - 1)
    return both


def change_errors(errors: pd.DataFrame) -> pd.DataFrame:
    """Return the true and the measured change from the first session, in percent, with the error in points."""
    value = errors.pivot_table(index=["participant_id", "tracer", "reference"], columns="session", values="value")
    true = errors.pivot_table(
        index=["participant_id", "tracer", "reference"], columns="session", values="ratio_scanner"
    )
    table = pd.DataFrame(
        {
            "true_percent": 100 * (true["year1"] / true["baseline"] - 1),
            "measured_percent": 100 * (value["year1"] / value["baseline"] - 1),
        }
    )
    table["error_points"] = table["measured_percent"] - table["true_percent"]
    return table.dropna(subset=["true_percent"]).reset_index()


def summary(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return n, mean, mean absolute and worst of an error, per tracer and reference."""
    groups = table.groupby(["tracer", "reference"])[column]
    return pd.DataFrame(
        {
            "n": groups.count(),
            "without_value": groups.apply(lambda errors: int(errors.isna().sum())),
            "mean": groups.mean(),
            "mean_absolute": groups.apply(lambda errors: errors.abs().mean()),
            "worst": groups.apply(lambda errors: errors.loc[errors.abs().idxmax()] if errors.notna().any() else None),
        }
    )


def main() -> None:
    """Print the tables."""
    trial = Path(sys.argv[1] if len(sys.argv) > 1 else "demo")
    errors = ratio_errors(trial)
    changes = change_errors(errors)
    pd.set_option("display.width", 160, "display.float_format", "{:.2f}".format, "display.max_rows", 500)
    print("Error of the uptake ratio, percent of the true ratio")
    print(summary(errors, "error_percent").to_string())
    print("\nError of change_percent, points")
    print(summary(changes, "error_points").to_string())
    for tracer, references in SHOWN.items():
        for reference in references:
            chosen = errors[(errors["tracer"] == tracer) & (errors["reference"] == reference)]
            print(f"\n{tracer} / {reference}, per scan")
            print(
                chosen[["participant_id", "session", "ratio_scanner", "value", "error_percent", "qc"]].to_string(
                    index=False
                )
            )


if __name__ == "__main__":
    main()
