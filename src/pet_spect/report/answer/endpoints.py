"""The report's answer: for each tracer and follow-up, the primary endpoint of everybody."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

from pet_spect.errors import TableError, shown
from pet_spect.remarks import codes_in
from pet_spect.report.answer.doubts import Doubts, doubts_of
from pet_spect.report.answer.drawings import Drawings, drawings_of
from pet_spect.report.answer.estimates import (
    ANALYSIS_SET,
    ENDPOINT,
    TESTED,
    Endpoint,
    Estimate,
    endpoint_of,
    estimate_of,
    is_in,
    is_in_set,
    why_out,
)
from pet_spect.report.answer.other_side import sides_of
from pet_spect.report.answer.precision import HowTested, how_tested, reliable_changes, what_trial_shows
from pet_spect.report.answer.sentence import Answer, answer_of
from pet_spect.report.clinical_words import ANALYSIS_SETS, TRACERS
from pet_spect.report.display import Table, table, unique, words
from pet_spect.report.not_compared import not_compared
from pet_spect.report.results_folder import Results
from pet_spect.results.tables.reliable_change import RELIABLE_CHANGE
from pet_spect.tsv import MISSING, Row, parse_float

_SHOWN = (
    "participant_id",
    "lesion_side",
    "baseline",
    "follow_up",
    "change",
    "ci95_low",
    "ci95_high",
    "change_percent",
    "change_percent_ci95_low",
    "change_percent_ci95_high",
    "qc",
    "included",
    "reason",
)


@dataclass(frozen=True)
class Outcome:
    """The primary endpoint of one tracer at one follow-up.

    Attributes
    ----------
    tracer, reference_session, session, endpoint : str
    stands_for : str
        What the uptake of the tracer stands for; empty where that is not known.
    answer : Answer
        The result in a sentence.
    doubts : Doubts
        Whom not to believe.
    is_primary : bool
        Whether it is the follow-up of the primary analysis.
    shown : Estimate
        The result: of a log ratio the row in percent, to which it is transformed back.
    difference : Estimate or None
        The mean difference, where that is not the result itself.
    others : list of (str, Estimate)
        The same in the other analysis sets.
    analysis_set : str
        That of the result, in words.
    direction : str
        Where zero lies.
    people : int
        Participants in all.
    drawings : Drawings
    table : Table
        One row per participant.
    left_out : list of (str, str)
        Participants not in the mean, with the reason.
    not_drawn : list of str
        Participants of whom neither value is known.
    sides : list of (str, Estimate)
        Of an endpoint relative to the other side: the change of either side over the ipsilesional cerebellum, in
        percent, of those whom the mean holds; empty where that is not given.
    moved : list of str
        Participants whose other side changed, too (`reference_moved`).
    moved_on_average : bool
        Whether more than half of the mean comes from the other side.
    is_log : bool
        Whether the result is a log ratio.
    meaning : str
        What the number is, and what above zero means.
    tested : HowTested
    trial_shows : str
        What mean change a trial of this size shows.
    reliable : str
        How many people changed reliably; empty without a within-subject CV.
    not_compared : str
        Items of the protocol that were not compared with the first session, in the scans that the mean holds.
    """

    tracer: str
    reference_session: str
    session: str
    endpoint: str
    stands_for: str
    answer: Answer
    doubts: Doubts
    is_primary: bool
    shown: Estimate
    difference: Estimate | None
    others: list[tuple[str, Estimate]]
    analysis_set: str
    direction: str
    people: int
    drawings: Drawings
    table: Table
    left_out: list[tuple[str, str]]
    not_drawn: list[str]
    sides: list[tuple[str, Estimate]]
    moved: list[str]
    moved_on_average: bool
    is_log: bool
    meaning: str
    tested: HowTested
    trial_shows: str
    reliable: str
    not_compared: str


def outcomes(results: Results) -> list[Outcome]:
    """Return the primary endpoints in the order of the tracers, each at every follow-up, the primary one first.

    Raises
    ------
    TableError
        If the summary does not name exactly one primary row of a tracer, or a number cannot be read.
    """
    tracers = unique([row["tracer"] for row in results.tables["scans"]])
    found = []
    for tracer in tracers:
        primary = [row for row in results.tables["summary"] if (row["tracer"], row["primary"]) == (tracer, "true")]
        if len(primary) != 1:
            count = "no primary row" if not primary else f"{len(primary)} primary rows"
            raise TableError(f"tables/summary.tsv: has {count} for {tracer}; every tracer needs exactly one")
        found.append(primary[0])
    try:
        return [_outcome(results, row, primary) for primary in found for row in _at_every_follow_up(results, primary)]
    except ValueError as error:
        raise TableError(f"tables/summary.tsv or tables/change.tsv: {error}") from None


def _at_every_follow_up(results: Results, primary: Row) -> list[Row]:
    """Return the primary row, and the same of the other follow-ups."""
    same = [row for row in results.tables["summary"] if _alike(row, primary, "session")]
    return [primary, *(row for row in same if row["session"] != primary["session"])]


def _alike(row: Row, other: Row, but: str) -> bool:
    """Return whether two rows of the summary are of one kind, but for one column."""
    names = (*ENDPOINT, "quantity", "analysis_set")
    return all(row[name] == other[name] for name in names if name != but)


def _outcome(results: Results, result: Row, primary: Row) -> Outcome:
    endpoint = tracer, region, measure, reference, session = endpoint_of(result)
    summary = results.tables["summary"]
    by_quantity = {row["quantity"]: row for row in summary if _alike(row, result, "quantity")}
    as_shown = by_quantity.get("change_percent", result) if result["quantity"] == "log_ratio" else result
    shown = as_shown | {"p_adjusted": result["p_adjusted"]}
    difference = by_quantity.get("change")
    rows = _everybody(results, endpoint, result)
    if result is primary:
        _check_count(result, sum(is_in(row) for row in rows))
    sides, moved_on_average = sides_of(results, endpoint, rows)
    reliable = reliable_changes([row for row in rows if is_in_set(row)], results.dictionaries["change"], tracer)
    columns = (*_SHOWN[:-3], *RELIABLE_CHANGE, *_SHOWN[-3:]) if reliable else _SHOWN
    against = "" if reference in (MISSING, "none") else f", reference {words(reference)}"
    return Outcome(
        tracer=tracer,
        reference_session=results.reference_session,
        session=session,
        endpoint=f"{words(region)}, {words(measure)}{against}",
        stands_for=TRACERS.get(tracer, ""),
        answer=answer_of(result, as_shown, len(rows)),
        doubts=doubts_of(rows, unseen=results.unseen),
        is_primary=result is primary,
        shown=estimate_of(shown),
        difference=None if difference is None or difference is as_shown else estimate_of(difference),
        others=[
            (ANALYSIS_SETS.get(row["analysis_set"], row["analysis_set"]), estimate_of(row))
            for row in summary
            if _alike(row, shown, "analysis_set") and row is not as_shown
        ],
        analysis_set=ANALYSIS_SETS.get(result["analysis_set"], result["analysis_set"]),
        direction=_direction(shown),
        people=len(rows),
        drawings=drawings_of(rows, summary, as_shown, result),
        table=table(columns, rows, results.dictionaries["ratios"] | results.dictionaries["change"]),
        left_out=[(row["participant_id"], why_out(row)) for row in rows if not is_in(row)],
        sides=sides,
        moved=[row["participant_id"] for row in rows if "reference_moved" in codes_in(row["reason"])],
        moved_on_average=moved_on_average,
        is_log=result["quantity"] == "log_ratio",
        meaning=_meaning(result, results.reference_session),
        tested=how_tested(result),
        trial_shows=what_trial_shows(result),
        reliable=reliable,
        not_compared=_not_compared(results, result, [row["participant_id"] for row in rows if is_in(row)]),
        not_drawn=[row["participant_id"] for row in rows if row["baseline"] == row["follow_up"] == MISSING],
    )


def _check_count(result: Row, included: int) -> None:
    """Refuse tables of two runs: the primary result must be that of the changes which are shown."""
    if result["n"] != str(included):
        raise TableError(
            f"tables/summary.tsv: the primary row of {result['tracer']} holds n = {shown(result['n'])}, but"
            f" tables/change.tsv has {included} changes in it; the tables are not of one run, so run the workflow again"
        )


def _everybody(results: Results, endpoint: Endpoint, result: Row) -> list[Row]:
    """Return one row per participant of the scans table, also for those the change table lacks."""
    sides = results.lesion_sides
    rows = {row["participant_id"]: row for row in results.tables["change"] if endpoint_of(row) == endpoint}
    nothing = dict.fromkeys((*_SHOWN, *RELIABLE_CHANGE), MISSING) | {
        "included": "false",
        "reason": "not in the change table",
    }
    measure = {"measure": endpoint[2], ANALYSIS_SET: result["analysis_set"], TESTED: result["quantity"]}
    return [
        nothing | measure | rows.get(person, {}) | {"participant_id": person, "lesion_side": sides.get(person, MISSING)}
        for person in unique([row["participant_id"] for row in results.tables["scans"]])
    ]


def _not_compared(results: Results, result: Row, people: Collection[str]) -> str:
    place = (result["tracer"], result["session"])
    scans = [row for row in results.tables["scans"] if (row["tracer"], row["session"]) == place]
    return not_compared([row for row in scans if row["participant_id"] in people])


def _meaning(result: Row, first: str) -> str:
    """Return what the number of a result is, and what above zero means."""
    later = result["session"]
    if result["quantity"] == "log_ratio":
        how = f"Geometric mean of {later} over {first}, from the log ratio"
        return f"{how}; above zero is more uptake than at {first}."
    above = "more"
    if result["measure"] == "asymmetry_index_percent":
        above = "more uptake on the side of the stroke, relative to the other side,"
    return f"Mean of {later} minus {first}; above zero is {above} than at {first}."


def _direction(shown: Row) -> str:
    low, high = parse_float(shown["ci95_low"]), parse_float(shown["ci95_high"])
    if math.isnan(low) or math.isnan(high):
        return "There is no interval."
    if low > 0:
        return "The interval lies above zero."
    return "The interval lies below zero." if high < 0 else "The interval includes zero."
