"""The report's clinical outcomes: what became of scales, adverse events, and their relation to the images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pet_spect.errors import TableError
from pet_spect.quantify.cohort.change import CROSSES_ZERO
from pet_spect.quantify.outcomes.imaging import Endpoint, ImagingChanges, Pair
from pet_spect.quantify.outcomes.scales import ADVERSE, RELATED, SERIOUS
from pet_spect.report.display import Table, probability, table, words
from pet_spect.report.plots.scatter import ScatterPlot, scatter_plot, signed
from pet_spect.report.rounding import rounded
from pet_spect.results.tables.outcome_columns import recorded_counting
from pet_spect.results.tables.outcome_tables import OutcomeTables, read_imaging_changes, read_outcome_tables
from pet_spect.tsv import MISSING, Row, parse_float

_SHOWN = (
    "outcome",
    "session",
    "n",
    "n_missing",
    "n_withdrawn",
    "estimate",
    "ci95_low",
    "ci95_high",
    "sd",
    "hodges_lehmann",
    "hl_ci_low",
    "hl_ci_high",
    "p_wilcoxon",
    "p_sign_flip",
    "p_smallest",
    "count",
    "reason",
)
_RELATION = ("tracer", "reference", "session", "outcome", "n", "n_missing", "spearman_rho", "p", "p_smallest", "reason")
_MOST_DECIMALS = 6
_KINDS = {ADVERSE: "adverse event", SERIOUS: "serious adverse event", RELATED: "event that may be due to the treatment"}


@dataclass(frozen=True)
class Panel:
    """The relation of one scale to the images of one tracer.

    Attributes
    ----------
    title, finding : str
    x_label, y_label : str
    plot : ScatterPlot
    """

    title: str
    finding: str
    x_label: str
    y_label: str
    plot: ScatterPlot


@dataclass(frozen=True)
class Clinical:
    """The section of the page.

    Attributes
    ----------
    headlines : list of str
        What the first screen says: the mRS at the last visit, and the adverse events.
    frequencies : list of str
        How many people improved in the mRS.
    events : list of str
        How many people had adverse events.
    counted : str
        How events were counted, as the data dictionary says.
    scales : Table or None
        Mean improvements.
    panels : list of Panel
    relations : Table or None
    """

    headlines: list[str]
    frequencies: list[str]
    events: list[str]
    counted: str
    scales: Table | None
    panels: list[Panel]
    relations: Table | None


def clinical_outcomes(results: Path) -> Clinical | None:
    """Return the clinical outcomes of a results folder; None if it has none.

    Raises
    ------
    TableError
        If a table is absent or unusable, or two of them belong to different runs.
    """
    tables = read_outcome_tables(results)
    if tables is None:
        return None
    summary, dictionary = tables.rows["outcomes_summary"], tables.dictionaries["outcomes_summary"]
    related = tables.rows["outcomes_imaging"]
    means = [row for row in summary if row["quantity"] == "mean_improvement"]
    try:
        return Clinical(
            headlines=_headlines(summary),
            frequencies=[_frequency(row) for row in summary if row["quantity"] == "frequency_improved"],
            events=_events(summary),
            counted=recorded_counting(dictionary).told,
            scales=table(_SHOWN, means, dictionary) if means else None,
            panels=_panels(results, tables),
            relations=table(_RELATION, related, tables.dictionaries["outcomes_imaging"]) if related else None,
        )
    except (ValueError, KeyError, TypeError) as error:
        raise TableError(f"tables of outcomes in {results / 'tables'}: cannot be used ({error}); run again") from None


def _percents(row: Row) -> str:
    """Return a fraction with its interval as percent."""
    value, low, high = (100 * parse_float(row[name]) for name in ("estimate", "ci95_low", "ci95_high"))
    return f"{rounded(value, 0)} %, 95 % CI {_end(low)} to {_end(high)} %"


def _end(percent: float) -> str:
    """Return an end of an interval; one that is neither 0 nor 100 % is not shown as it.

    Examples
    --------
    >>> _end(0.316), _end(52.651), _end(99.684), _end(100.0)
    ('0.3', '53', '99.7', '100')
    """
    decimals = 0
    while decimals < _MOST_DECIMALS and float(rounded(percent, decimals)) in (0, 100) and percent not in (0, 100):
        decimals += 1
    return rounded(percent, decimals)


def _headlines(summary: Sequence[Row]) -> list[str]:
    """Return the mRS at the last visit with everybody in the denominator, and who had adverse events."""
    improved = [
        row
        for row in summary
        if (row["quantity"], row["analysis"]) == ("frequency_improved", "missing_as_no_improvement")
    ]
    lines = []
    if improved and improved[-1]["estimate"] != MISSING:
        row = improved[-1]
        missing = f", the {row['n_missing']} missing counted as not improved" if row["n_missing"] != "0" else ""
        lines.append(
            f"mRS improved by 1 or more at {row['session']} in {row['count']} of {row['n']} ({_percents(row)}{missing})"
        )
    for row in summary:
        if (row["quantity"], row["analysis"]) == ("frequency_people", "everybody") and row["estimate"] != MISSING:
            gaps = f", {row['n_missing']} with something missing" if row["n_missing"] != "0" else ""
            lines.append(
                f"At least one {_KINDS[row['outcome']]}: {row['count']} of {row['n']} ({_percents(row)}{gaps})"
            )
    return lines


def _frequency(row: Row) -> str:
    who = "complete cases" if row["analysis"] == "complete_cases" else "missing counted as no improvement"
    if row["estimate"] == MISSING:
        return f"{row['session']}, {who}: no estimate, {row['n']} participants"
    return f"{row['session']}, {who}: {row['count']} of {row['n']} improved ({_percents(row)})"


def _events(summary: Sequence[Row]) -> list[str]:
    per_person = {(row["outcome"], row["analysis"]): row for row in summary if row["quantity"] == "events_per_person"}
    lines = []
    for row in summary:
        if row["quantity"] != "frequency_people":
            continue
        kind, total = _KINDS[row["outcome"]], per_person[row["outcome"], row["analysis"]]
        who = "" if row["analysis"] == "everybody" else " of those of whom nothing is missing"
        if row["estimate"] == MISSING:
            lines.append(f"{kind}{who}: no estimate, {row['n']} participants")
            continue
        numbers = f"{total['count']} in all, {rounded(parse_float(total['estimate']), 2)} per person"
        gaps = f"; {row['n_missing']} with something missing" if row["n_missing"] != "0" and not who else ""
        lines.append(f"at least one {kind}: {row['count']} of {row['n']}{who} ({_percents(row)}); {numbers}{gaps}")
    return lines


def _panels(results: Path, tables: OutcomeTables) -> list[Panel]:
    related = tables.rows["outcomes_imaging"]
    if not related:
        return []
    endpoints = {_endpoint(row): None for row in related}
    imaging = read_imaging_changes(results, list(endpoints))
    panels = []
    for row in related:
        pairs = _pairs(row, imaging, tables.rows["outcomes_change"])
        if len(pairs) != int(row["n"]):
            raise TableError(
                f"{results / 'tables'}: outcomes_imaging.tsv and change.tsv belong to different runs; run the workflow"
                " again"
            )
        if row["spearman_rho"] != MISSING:
            panels.append(_panel(row, pairs))
    return panels


def _endpoint(row: Row) -> Endpoint:
    return Endpoint(*(row[name] for name in Endpoint._fields))


def _pairs(row: Row, imaging: ImagingChanges, changes: Sequence[Row]) -> list[Pair]:
    imaged = imaging.get((_endpoint(row), row["session"]), {})
    return [
        Pair(change["participant_id"], imaged[change["participant_id"]], parse_float(change["improvement"]))
        for change in changes
        if (change["outcome"], change["session"]) == (row["outcome"], row["session"])
        and change["participant_id"] in imaged
        and change["improvement"] != MISSING
    ]


def _panel(row: Row, pairs: Sequence[Pair]) -> Panel:
    unit = "" if row["measure"] in CROSSES_ZERO else " %"
    how = "exact" if row["method"] == "all_orders" else "random orders"
    rho, p = signed(parse_float(row["spearman_rho"]), 2), parse_float(row["p"])
    return Panel(
        title=f"{row['tracer']} and {words(row['outcome'])}, {row['session']}",
        finding=f"rho = {rho}, {probability(p)} ({how}), n = {row['n']}",
        x_label=f"change of {words(row['measure'])}{',' + unit if unit else ''}",
        y_label="improvement, points",
        plot=scatter_plot(pairs, unit),
    )
