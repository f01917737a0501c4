"""The errors of the benchmark in figures: per case, tracer and reference, of ratios and of changes."""

from __future__ import annotations

import numpy as np
import pandas as pd

PERSON = ["way", "anatomy", "case", "participant_id", "tracer", "reference"]
MOSTLY_LOST = 0.3
"""Where more of the region is infarct, the absolute error is reported instead."""


def ratio_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return mean, mean absolute and worst error of the ratios in percent, where the region is mostly spared."""
    spared = rows[rows["infarct_fraction"] <= MOSTLY_LOST]
    return _summary(spared, "error_percent")


def change_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the true and measured change from baseline in percent, and what it is off in points."""
    index = [*PERSON, "infarct_fraction"]
    wide = rows.pivot_table(index=index, columns="session", values=["value", "ratio_scanner"])
    parts = []
    for session in (name for name in ("year1", "repeat") if name in wide["value"]):
        change = {
            name: 100 * (wide[column][session] / wide[column]["baseline"] - 1)
            for name, column in (("true_percent", "ratio_scanner"), ("measured_percent", "value"))
        }
        parts.append(pd.DataFrame(change).assign(session=session))
    found = pd.concat(parts).reset_index()
    return found.assign(error_points=found["measured_percent"] - found["true_percent"])


def change_table(changes: pd.DataFrame) -> pd.DataFrame:
    """Return mean absolute and worst error of the change after a year, and the slope of measured on true change.

    The slope is of the line through the origin that fits best.
    """
    chosen = changes[(changes["session"] == "year1") & (changes["infarct_fraction"] <= MOSTLY_LOST)]
    table = _summary(chosen, "error_points")
    groups = chosen.groupby(["case", "tracer", "reference", "way"], sort=False)
    slopes = groups.apply(
        lambda group: (
            float((group["measured_percent"] * group["true_percent"]).sum())
            / max(float((group["true_percent"] ** 2).sum()), 1e-9)
        ),
        include_groups=False,
    )
    return table.assign(slope=slopes)


def zero_table(changes: pd.DataFrame) -> pd.DataFrame:
    """Return the median and 95th percentile of the change of an unchanged brain, per tracer and reference."""
    chosen = changes[changes["session"] == "repeat"]
    groups = chosen["measured_percent"].abs().groupby([chosen[name] for name in ("tracer", "reference", "way")])
    return pd.DataFrame({"n": groups.count(), "median": groups.median(), "p95": groups.quantile(0.95)})


def lost_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the absolute error of the ratios where the region is mostly infarct."""
    lost = rows[rows["infarct_fraction"] > MOSTLY_LOST].assign(error=lambda r: r["value"] - r["ratio_scanner"])
    return _summary(lost, "error")


def recovery_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the true ratio at the scanner's resolution over that at infinite resolution."""
    one = rows[rows["way"] == rows["way"].iloc[0]]
    recovery = one["ratio_scanner"] / one["ratio_ideal"]
    return pd.DataFrame({"recovery": recovery.groupby([one[c] for c in ("case", "tracer", "reference")]).mean()})


def by_way(table: pd.DataFrame, digits: int) -> pd.DataFrame:
    """Return the ways side by side: mean / mean absolute / worst error, and the slope if there is one."""

    def cell(row: pd.Series) -> str:
        text = f"{row['mean']:+.{digits}f} / {row['mean_absolute']:.{digits}f} / {row['worst']:+.{digits}f}"
        return text + (f", slope {row['slope']:.2f}" if "slope" in row else "")

    cells = table.apply(cell, axis=1).rename("cell").reset_index()
    index = ["case", "tracer", "reference"]
    wide = cells.pivot_table(index=index, columns="way", values="cell", aggfunc="first", sort=False)
    ours = table.xs("ours", level="way")
    return wide.assign(n=ours["n"], refused=ours["without_value"])


def _summary(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    groups = rows.groupby(["case", "tracer", "reference", "way"], sort=False)[column]

    def worst(errors: pd.Series) -> float:
        known = errors.dropna()
        return float(known.loc[known.abs().idxmax()]) if len(known) else np.nan

    return pd.DataFrame(
        {
            "n": groups.count(),
            "without_value": groups.apply(lambda errors: int(errors.isna().sum())),
            "mean": groups.mean(),
            "mean_absolute": groups.apply(lambda errors: errors.abs().mean()),
            "worst": groups.apply(worst),
        }
    )


def variant_table(rows: pd.DataFrame, tracer: str) -> pd.DataFrame:
    """Return the mean absolute error of a tracer's ratios per variant, case and reference, the worst, and the slope.

    The slope is of measured on true change after a year.
    """
    rows = rows[rows["tracer"] == tracer]
    error = rows["error_percent"].abs()
    table = rows.assign(error=error).pivot_table(
        index="variant", columns=["reference", "case"], values="error", aggfunc="mean", sort=False
    )
    changed = change_table(change_rows(rows.assign(case="all", way=rows["variant"]))).reset_index()
    slopes = changed.pivot_table(index="way", columns="reference", values="slope")
    found = pd.DataFrame(index=table.index)
    for reference in table.columns.unique("reference"):
        for case in table[reference]:
            found[f"{reference}, {case}"] = table[reference, case]
        mine = error[rows["reference"] == reference]
        found[f"{reference}, worst"] = mine.groupby(rows["variant"]).max()
        found[f"{reference}, slope"] = slopes[reference]
    return found


def markdown(table: pd.DataFrame, digits: int = 2) -> str:
    """Return a table in markdown."""
    flat = table.reset_index()
    lines = ["| " + " | ".join(map(str, flat.columns)) + " |", "|" + "---|" * len(flat.columns)]
    for row in flat.itertuples(index=False):
        cells = [f"{cell:.{digits}f}" if isinstance(cell, float) else str(cell) for cell in row]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
