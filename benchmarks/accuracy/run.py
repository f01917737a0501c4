"""The error of every ratio and every change on individual anatomies, of three ways side by side.

Usage::

    .venv/bin/python benchmarks/accuracy/run.py WORK --out rows.tsv --markdown summary.md
    .venv/bin/python benchmarks/accuracy/run.py WORK --noise 0        # the error of registration alone
    .venv/bin/python benchmarks/accuracy/run.py WORK --ablation       # after a run, on its scans

The ways: ``ours`` is the workflow from DICOM to its tables; ``naive`` one default SyN of ants per scan to the
tracer's template and the mean in the atlas's region there; ``oracle`` is ours with the warp learned on the scans of
the lesion-free twin in the same poses (without a lesion there is none: the person is the twin); ``noise`` the mean
of the noisy scan in the true region, the error that no registration can be without. Error is against
the noise-free mean in the true region at the scanner's resolution, infarct included. Needs the extra ``benchmark``.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import figures
import numpy as np
import pandas as pd
from ablation import ablation
from anatomies import DONORS
from measured import KEYS, REFERENCES, Cost, naive, oracle, read, run_workflow
from trial import Member, add_arguments, members, write_study

from pet_spect.registration.itk import use_threads

WAYS = ("ours", "oracle", "naive")
TOLERANCE = 1e-6


def with_truth(work: Path, found: pd.DataFrame, way: str) -> pd.DataFrame:
    """Return every true ratio of interest beside a way's value; NaN where it gave none."""
    truth = read(work / "truth.tsv")
    wanted = [
        reference in REFERENCES[tracer] for tracer, reference in zip(truth["tracer"], truth["reference"], strict=True)
    ]
    rows = truth[wanted].merge(found, on=KEYS, how="left", validate="one_to_one")
    rows["error_percent"] = 100 * (rows["value"] / rows["ratio_scanner"] - 1)
    return rows.assign(way=way)


def check_changes(work: Path, rows: pd.DataFrame) -> None:
    """Compare the workflow's own table of changes with what its ratios say.

    Raises
    ------
    SystemExit
        If they differ.
    """
    told = read(work / "results" / "tables" / "change.tsv")
    told = told[(told["measure"] == "uptake_ratio") & (told["region"] == "precentral")]
    both = figures.change_rows(rows).merge(told, on=KEYS, validate="one_to_one")
    off = (both["measured_percent"] - both["change_percent"]).abs().max()
    if off > TOLERANCE:
        raise SystemExit(f"change.tsv differs from ratios.tsv by {off} points")


def keep(parts: Sequence[pd.DataFrame], out: Path | None) -> None:
    """Write what is known so far."""
    if out:
        pd.concat(parts).to_csv(out, sep="\t", index=False, na_rep="n/a")


def measure(
    work: Path, people: Sequence[Member], ways: Sequence[str], cores: int, out: Path | None
) -> tuple[pd.DataFrame, dict[str, Cost]]:
    """Measure the study in the ways asked for; ours always, for the others need its converted scans."""
    costs: dict[str, Cost] = {}
    ratios, costs["ours"] = run_workflow(work, len(people), cores)
    parts = [with_truth(work, ratios, "ours")]
    noisy = read(work / "truth.tsv")[[*KEYS, "ratio_noisy"]].rename(columns={"ratio_noisy": "value"})
    parts.append(with_truth(work, noisy, "noise"))
    check_changes(work, parts[0])
    keep(parts, out)
    for way in WAYS[1:]:
        if way not in ways:
            continue
        found: list[dict[str, Any]] = []
        spent = []
        for member in people:
            if way == "naive":
                rows, cost = naive(work, member.participant, member.side)
                spent.append(cost)
            else:
                rows = oracle(work, member.participant, member.side)
            found += [{"participant_id": member.participant, **row} for row in rows]
            print(f"{way}: {member.participant}", flush=True)
        if spent:
            seconds = [np.mean([asdict(cost)[name] for cost in spent]) for name in ("wall_s", "cpu_s")]
            costs[way] = Cost(float(seconds[0]), float(seconds[1]), max(cost.peak_mb for cost in spent))
        if found:
            rows = with_truth(work, pd.DataFrame(found), way)
            parts.append(rows if way == "naive" else rows[rows["case"] != "none"])
        keep(parts, out)
    return pd.concat(parts, ignore_index=True), costs


def report(rows: pd.DataFrame, costs: pd.DataFrame) -> str:
    """Return all tables as markdown, real people and warped standard anatomies apart."""
    text = []
    real = rows["anatomy"].astype(str).isin(DONORS)
    for kind, chosen in (("real anatomies", rows[real]), ("warped standard anatomies", rows[~real])):
        if len(chosen):
            text += [f"## {kind}: mean / mean absolute / worst error\n", *_tables(chosen)]
    text.append("## Cost per participant of six scans\n\n" + figures.markdown(costs, 1) + "\n")
    return "\n".join(text)


def _tables(rows: pd.DataFrame) -> list[str]:
    changes = figures.change_rows(rows)
    pooled = changes.assign(case="all")
    tables = [
        ("Uptake ratio, percent of the true ratio", figures.by_way(figures.ratio_table(rows), 1)),
        ("change_percent after a year, points", figures.by_way(figures.change_table(pooled), 1)),
        ("Change of an unchanged brain, moved and noisy anew, percent, without its sign", figures.zero_table(changes)),
        ("True ratio at the scanner's resolution over that at infinite resolution", figures.recovery_table(rows)),
    ]
    lost = figures.lost_table(rows)
    if len(lost):
        tables.append(("Error of the ratio where over 30 % of the region is infarct", figures.by_way(lost, 3)))
    return [f"### {title}\n\n{figures.markdown(table)}\n" for title, table in tables]


def main() -> None:
    """Write the study, measure it and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=WAYS)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--ablation", action="store_true", help="the ingredients of the warp on and off instead")
    parser.add_argument("--participants", nargs="+", metavar="SUB", help="only these with --ablation, e.g. sub-01")
    parser.add_argument("--with-rows", nargs="*", type=Path, default=[], help="summarise these earlier rows as well")
    parser.add_argument("--out", type=Path, help="all rows as a table")
    parser.add_argument("--markdown", type=Path, help="the summary as markdown")
    options = parser.parse_args()
    use_threads(1)
    options.work = options.work.resolve()
    people = members(options.anatomies, options.cases)
    if options.ablation:
        chosen = [who for who in people if not options.participants or who.participant in options.participants]
        rows = ablation(options.work, chosen)
        tables = {tracer: figures.variant_table(rows, tracer) for tracer in REFERENCES}
        text = "\n\n".join(f"### {tracer}\n\n{figures.markdown(table)}" for tracer, table in tables.items())
    else:
        write_study(options.work, people, noise=options.noise, lesions=options.lesions, anat=options.anat)
        rows, spent = measure(options.work, people, options.ways, options.cores, options.out)
        rows = pd.concat([rows, *(read(path) for path in options.with_rows)], ignore_index=True)
        costs = pd.DataFrame({way: asdict(cost) for way, cost in spent.items()}).T.rename_axis("way")
        text = report(rows, costs)
    print(text)
    keep([rows], options.out)
    if options.markdown:
        options.markdown.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
