"""Methods text: change and statistics."""

from __future__ import annotations

import re
from typing import NamedTuple

from pet_spect.remarks import codes_in
from pet_spect.report.display import unique, words
from pet_spect.report.methods.citations import (
    CLOPPER_PEARSON,
    HODGES_LEHMANN,
    HOLM,
    PHIPSON_SMYTH,
    WILCOXON,
    Cited,
    Work,
)
from pet_spect.report.methods.run import Run, known
from pet_spect.report.methods.wording import counted, gap, joined, plain, were
from pet_spect.report.not_compared import not_compared
from pet_spect.tsv import Row, parse_float

_SETS = {
    "as_accepted": "the changes that the checks and the documented decisions let through (as accepted)",
    "per_protocol": "the accepted changes without a flag of the protocol (per protocol)",
    "all": "all changes that have a value",
}
_QUANTITIES = {
    "log_ratio": "the logarithm of {session} over {first}, transformed back to percent",
    "change": "the difference {session} minus {first}",
}
_MULTIPLICITY = {
    "none": "Neither p values nor intervals were adjusted for the number of tracers.",
    "fixed": "The primary tests were made in the fixed order {order}, each only if the one before it was significant.",
    "holm": "The p values of the primary tests were adjusted for their number {holm}; intervals were not.",
}
_FEWEST = 3
_RANDOM_SMALLEST = 0.0001
"""Smallest p of the sign-flip test where flips are drawn at random."""


class _Endpoint(NamedTuple):
    region: str
    measure: str
    reference: str
    session: str
    quantity: str
    analysis_set: str


def statistics_text(run: Run, cited: Cited) -> str:
    """Return the primary endpoints, their tests, who is not in them, and how the analysis departs from its plan."""
    primaries = run.primaries
    if not primaries:
        return f"Primary endpoint: {gap('primary endpoint')}."
    return " ".join(
        [
            *_endpoints(run),
            *_tests(primaries, cited),
            *_missing(run),
            *_sets(run),
            *_not_compared(run),
            *_of_unknown_side(run),
            *_multiplicity(run, cited),
            *_reliable(run),
            plan_text(run),
        ]
    )


def _endpoints(run: Run) -> list[str]:
    """Return each primary endpoint once, with the tracers that share it."""
    shared: dict[_Endpoint, list[str]] = {}
    for row in run.primaries:
        endpoint = _Endpoint(*(row[name] for name in _Endpoint._fields))
        shared.setdefault(endpoint, []).append(row["tracer"])
    sentences = []
    for each, tracers in shared.items():
        against = "" if each.reference in ("none", "n/a") else f" relative to {words(each.reference)}"
        quantity = _QUANTITIES.get(each.quantity, words(each.quantity)).format(
            session=each.session, first=run.sessions[0]
        )
        people = _SETS.get(each.analysis_set, words(each.analysis_set))
        sentences.append(
            f"The primary endpoint of {joined(tracers)} was the {words(each.measure)} of {words(each.region)}{against},"
            f" analysed as {quantity}, with {people}."
        )
    return sentences


def _tests(primaries: list[Row], cited: Cited) -> list[str]:
    """Return the tests that the primary rows have a result of."""
    tested = [row for row in primaries if known(row, "p")]
    few = [row["tracer"] for row in primaries if int(row["n"]) < _FEWEST]
    sentences = []
    if tested:
        sentences.append("Means were tested against no change with a two-sided t test and have 95 % t intervals.")
    beside = []
    if any(known(row, "hodges_lehmann") for row in tested):
        exact = " with its exact interval" if any(known(row, "hl_ci_low") for row in tested) else ""
        beside.append(f"the Hodges-Lehmann estimate{exact} {cited(HODGES_LEHMANN)}")
    if any(known(row, "p_wilcoxon") for row in tested):
        beside.append(f"the Wilcoxon signed-rank test {cited(WILCOXON)}")
    if any(known(row, "p_sign_flip") for row in tested):
        beside.append(f"the sign-flip test ({_flips(tested, cited)})")
    if beside:
        sentences.append(f"Beside them stand {joined(beside)} as sensitivity analyses.")
    if few:
        sentences.append(f"Nothing was estimated for {joined(few)}, with fewer than {_FEWEST} participants.")
    return sentences


def _flips(tested: list[Row], cited: Cited) -> str:
    smallest = [parse_float(row["p_smallest"]) for row in tested if known(row, "p_smallest")]
    drawn = sum(value == _RANDOM_SMALLEST for value in smallest)
    random = f"9,999 random flips {cited(PHIPSON_SMYTH)}" if drawn else ""
    every = "all flips of the signs" if drawn < len(smallest) or not smallest else ""
    return " or ".join(filter(None, (every, random)))


def _missing(run: Run) -> list[str]:
    """Return how many participants each primary mean holds, and who is not in it."""
    sentences = []
    for row in run.primaries:
        apart = [
            f"{row[name]} {how}{why}"
            for name, how, why in (
                ("n_missing", "without a usable change", _reasons(row)),
                ("n_undefined", "without a defined logarithm", ""),
                ("n_apart", "not in the analysis set", ""),
            )
            if known(row, name) and int(row[name])
        ]
        left_out = f"; {joined(apart)}" if apart else "; nobody was left out"
        sentences.append(f"{row['tracer']}: {counted(int(row['n']), 'participant')} in the mean{left_out}.")
    sentences.append("No value was imputed.")
    rule = run.planned("analysis", "missing_data")
    if rule == "bounds":
        sentences.append("Bounds give the mean if everybody missing had the lowest, or the highest, observed change.")
    elif rule is None:
        sentences.append(f"Missing data: {gap('rule for missing data')}.")
    return sentences


def _reasons(row: Row) -> str:
    """Return why people are missing; the table spells ``no_scan (year1): 1``."""
    return f" ({plain(row['missing_reasons'])})" if known(row, "missing_reasons") else ""


def _sets(run: Run) -> list[str]:
    """Return the analysis sets beside that of the primary analysis."""
    primary = {row["analysis_set"] for row in run.primaries}
    others = [name for name in unique([row["analysis_set"] for row in run.summary]) if name not in primary]
    if not others:
        return []
    return [f"The primary endpoints were repeated with {joined(_SETS.get(name, words(name)) for name in others)}."]


def _not_compared(run: Run) -> list[str]:
    """Return which items of the protocol no check could compare between the visits."""
    listed = []
    for row in run.primaries:
        place = (row["tracer"], row["session"], "measured")
        scans = [scan for scan in run.scans if (scan["tracer"], scan["session"], scan["status"]) == place]
        if items := not_compared(scans):
            listed.append(f"{row['tracer']}: {items}")
    if not listed:
        return []
    return [
        "Items that a scan does not state could not be compared between the visits, and a difference in them took"
        f" nobody out of a set ({'; '.join(listed)} of the follow-up scans)."
    ]


def _of_unknown_side(run: Run) -> list[str]:
    """Return how many participants are in the analysis though no scan shows on which side the lesion is."""
    people = {
        row["participant_id"]
        for row in run.scans
        if row["status"] == "measured" and "laterality_undetermined" in codes_in(row["warnings"])
    }
    if not people:
        return []
    return [
        f"{counted(len(people), 'participant')} {were(len(people))} measured on the recorded side of the stroke,"
        " although a scan does not show on which side the lesion is (laterality_undetermined, a warning)."
    ]


def _multiplicity(run: Run, cited: Cited) -> list[str]:
    if len(run.primaries) < 2:
        return []
    rule = run.planned("analysis", "multiplicity")
    if rule not in _MULTIPLICITY:
        return [f"Multiplicity: {gap('adjustment for the number of tracers')}."]
    order = joined(str(name) for name in run.planned("analysis", "order") or run.tracers)
    text = _MULTIPLICITY[rule]
    holm = cited(HOLM) if rule == "holm" else ""
    others = "P values of other endpoints are not adjusted."
    return [text.format(order=order, holm=holm), others]


def _reliable(run: Run) -> list[str]:
    """Return the within-subject CVs that a reliable change was judged by, with the source that the study names."""
    return [
        f"The change of one person in {tracer} was called reliable beyond the limits of a within-subject coefficient of"
        f" variation of {cv.value:g} % ({cv.kind}; {plain(cv.source)}) and the noise of the scans."
        for tracer, cv in run.cvs.items()
    ]


def plan_text(run: Run) -> str:
    """Return which plan the analysis followed, and how it departs from the first one."""
    statement = run.statement
    if statement is None or statement.sha256 is None:
        return f"No analysis plan was recorded with the results: {gap('where the analysis was declared, and when')}."
    if run.plan_fault:
        return (
            "The file of the analysis plans is missing or was altered, so that this text cannot tell the plan:"
            f" {gap('restore tables/analysis_plan.json')}."
        )
    if statement.as_planned:
        return f"The analysis plan (SHA-256 {statement.sha256[:12]}) was recorded before the first result and followed."
    changed = "; ".join(plain(line) for line in statement.changed)
    what = f" Changed: {changed}. {gap('the reason')}." if changed else ""
    return f"{plain(statement.statement)}{what}"


def outcomes_text(run: Run, cited: Cited) -> str:
    """Return how the clinical outcomes were analysed; empty if there are none."""
    if not run.outcomes:
        return ""
    by_quantity: dict[str, list[str]] = {}
    for row in run.outcomes:
        by_quantity.setdefault(row["quantity"], []).append(row["outcome"])
    sentences = []
    improved = unique(by_quantity.get("frequency_improved", []))
    if improved:
        sentences.append(
            f"Of {joined(improved)} the frequency of an improvement by at least one point is given with its exact"
            f" interval {cited(CLOPPER_PEARSON)}."
        )
    scales = unique(by_quantity.get("mean_improvement", []))
    if scales:
        named = joined(words(name) for name in scales)
        sentences.append(
            f"Mean improvements of {named} are in points (positive is better), of complete cases, with 95 % t intervals"
            " and the Wilcoxon signed-rank and sign-flip tests."
        )
    events = unique(by_quantity.get("frequency_people", []))
    if events:
        named = joined(words(name) for name in events)
        sentences.append(
            f"For {named} the fraction of participants with at least one is given with its exact interval"
            f" {cited(CLOPPER_PEARSON)}."
        )
    if run.correlated:
        sentences.append(
            "Change of uptake and clinical change were compared with Spearman's rank correlation; this is exploratory."
        )
    return " ".join(sentences)


def cited_words(works: list[Work]) -> list[str]:
    """Return the list of references, in alphabetical order."""
    return [work.full for work in sorted(works, key=lambda work: re.sub(r"\W", "", work.short).lower())]
