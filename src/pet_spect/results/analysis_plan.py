"""The analysis plans of a study: ``tables/analysis_plan.json``, written before the first result and only added to.

A plan is everything that is decided before the data are seen. Its hash is the SHA-256 of its contents in canonical
JSON: keys sorted, no blanks, every number a float. Each entry also holds a hash of everything in it, and that of the
entry before it, so that an altered, removed or exchanged plan is found. Entries that are missing at the end are found
by the dictionary of the summary, which says how many plans there were.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from pet_spect.errors import TableError
from pet_spect.files import read_json, write_json
from pet_spect.results.typed_json import Key, Mark, MismatchError, as_json, from_json

PLAN_FILE = Path("tables", "analysis_plan.json")
"""Where the plans are, relative to the results folder."""

MOST_CHANGES = 20
"""Differences between two plans that are told before it is said how many more there are."""

_LONGEST_VALUE = 60


@dataclass(frozen=True)
class AnalysisPlan:
    """One plan, and how it entered the file.

    Attributes
    ----------
    contents : mapping
        What was planned: ``analysis``, ``targets``, ``references``, ``measure``, ``pvc``, ``protocol``, ``gates``,
        ``sessions``, ``tracers``, ``within_subject_cv``, ``exclusion_rules``, ``atlas`` and ``version``.
    sha256 : str
        Hash of `contents`, see `plan_hash`.
    previous : str or None
        `entry_sha256` of the entry before this one; None of the first.
    results_existed : bool
        Whether the folder already had results when the plan was recorded.
    changed : tuple of str
        How it differs from the first plan; empty for the first.
    entry_sha256 : str
        Hash of everything else in the entry.
    """

    contents: Mapping[str, object]
    sha256: Annotated[str, Key("Sha256")]
    previous: str | None
    results_existed: bool
    changed: tuple[str, ...] = ()
    entry_sha256: Annotated[str, Key("EntrySha256")] = ""

    def hashed(self) -> AnalysisPlan:
        """Return the entry with the hash of what it holds."""
        return replace(self, entry_sha256=_sha256(as_json(replace(self, entry_sha256=""))))


@dataclass(frozen=True)
class _Plans:
    plans: tuple[AnalysisPlan, ...]


@dataclass(frozen=True)
class PlanStatement:
    """What the dictionaries of the tables say of the plan that they were made under.

    Attributes
    ----------
    sha256 : str or None
        Hash of the plan; None if the run had none.
    first_sha256 : str or None
        Hash of the first plan that was recorded.
    statement : str
        For people.
    changed : tuple of str
        How the plan differs from the first one.
    as_planned : bool
        Whether the tables were made under the first plan, which was recorded before any result.
    plans : int
        How many plans were recorded.
    run_id : str or None
        Of the run that made the tables, see `pet_spect.results.proof.run_record`; None if a command was run by hand.
    """

    sha256: Annotated[str | None, Key("Sha256")]
    first_sha256: Annotated[str | None, Key("FirstSha256")]
    statement: str
    changed: tuple[str, ...]
    as_planned: bool
    plans: int = 0
    run_id: Annotated[str | None, Mark.LEFT_OUT] = None


def plan_hash(contents: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a plan in canonical JSON.

    Examples
    --------
    >>> plan_hash({"a": 1, "b": [2.0]}) == plan_hash({"b": [2], "a": 1.0})
    True
    """
    return _sha256(contents)


def _sha256(value: object) -> str:
    text = json.dumps(_canonical(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _canonical(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _canonical(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


def read_plans(results: Path) -> tuple[AnalysisPlan, ...]:
    """Return the plans of a results folder in the order in which they were recorded; none if there is no file.

    Raises
    ------
    TableError
        If the file cannot be read, was altered after it was written, or lacks plans that the last tables were made
        after.
    """
    path = results / PLAN_FILE
    plans: tuple[AnalysisPlan, ...] = ()
    if path.is_file():
        try:
            plans = from_json(_Plans, read_json(path, TableError, "record")).plans
        except MismatchError as error:
            raise TableError(f"{path}: is no list of analysis plans ({error}); restore it from a copy") from None
    for number, plan in enumerate(plans, start=1):
        if not _is_whole(plan, plans[number - 2].entry_sha256 if number > 1 else None):
            raise TableError(
                f"{path}: plan {number} of {len(plans)} is not as it was recorded (its hash differs): the file was"
                " altered; restore it from a copy"
            )
    recorded = _number_of_plans(results)
    if len(plans) < recorded:
        raise TableError(
            f"{path}: holds {len(plans)} of the {recorded} plans that were recorded before the tables were made: the"
            " file was altered; restore it from a copy"
        )
    return plans


def _is_whole(plan: AnalysisPlan, before: str | None) -> bool:
    try:
        return plan.sha256 == plan_hash(plan.contents) and plan.previous == before and plan == plan.hashed()
    except (ValueError, OverflowError, RecursionError):  # what JSON can spell and no plan holds, such as NaN
        return False


def _number_of_plans(results: Path) -> int:
    """Return how many plans had been recorded when the summary was made, as far as its dictionary says."""
    with suppress(TableError):
        statement = recorded_statement(read_json(results / "tables" / "summary.json", TableError, "dictionary"))
        return 0 if statement is None else statement.plans
    return 0


def record_plan(results: Path, contents: Mapping[str, Any]) -> tuple[AnalysisPlan, ...]:
    """Add a plan to those of a results folder, unless it is the last one there; nothing is replaced.

    Parameters
    ----------
    results : Path
        Made if need be.
    contents : mapping
        See `AnalysisPlan`.

    Returns
    -------
    tuple of AnalysisPlan
        All plans; the last has these contents.

    Raises
    ------
    TableError
        If the file there cannot be read, or was altered.
    """
    plans = read_plans(results)
    sha256 = plan_hash(contents)
    if plans and plans[-1].sha256 == sha256:
        return plans
    plan = AnalysisPlan(
        contents=contents,
        sha256=sha256,
        previous=plans[-1].entry_sha256 if plans else None,
        results_existed=_has_results(results),
        changed=told_changes(plans[0].contents, contents) if plans else (),
    )
    plans = (*plans, plan.hashed())
    write_json(results / PLAN_FILE, as_json(_Plans(plans)))
    return plans


def _has_results(results: Path) -> bool:
    return (results / "tables" / "summary.tsv").is_file() or any(results.glob("sub-*/*_uptake.tsv"))


def told_changes(first: Mapping[str, Any], later: Mapping[str, Any]) -> tuple[str, ...]:
    """Return how a plan differs from another one, one line per setting.

    Examples
    --------
    >>> told_changes({"pvc": "none", "targets": ["a"]}, {"pvc": "gtm", "targets": ["a"]})
    ('pvc: from none to gtm',)
    """
    before, after = dict(settings_of(first)), dict(settings_of(later))
    lines = [
        f"{key}: from {_spelled(before.get(key))} to {_spelled(after.get(key))}"
        for key in dict.fromkeys([*before, *after])
        if _canonical(before.get(key)) != _canonical(after.get(key)) and not _is_filled(key, before, after)
    ]
    more = len(lines) - MOST_CHANGES
    return (*lines[:MOST_CHANGES], f"and {more} more") if more > 0 else tuple(lines)


def _is_filled(key: str, before: Mapping[str, object], after: Mapping[str, object]) -> bool:
    """Return whether a setting without entries got some, or lost all: those tell it."""
    empty, other = (before, after) if before.get(key) == {} else (after, before)
    return empty.get(key) == {} and any(name.startswith(f"{key}.") for name in other)


def settings_of(value: object, key: str = "") -> Iterator[tuple[str, object]]:
    """Yield every setting of a plan with its key, such as ``analysis.primary.FDG.reference``."""
    if isinstance(value, Mapping) and (value or not key):
        for name, item in value.items():
            yield from settings_of(item, f"{key}.{name}" if key else str(name))
    else:
        yield key, value


def _spelled(value: object) -> str:
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 3] + "..."


def plan_statement(plans: Sequence[AnalysisPlan], sha256: str | None) -> PlanStatement:
    """Return what to say of the plan that tables are made under.

    Parameters
    ----------
    plans : sequence of AnalysisPlan
        Those of the results folder.
    sha256 : str or None
        Hash of the plan of this run; None if it has none, as a verb that is run by hand.
    """
    first = plans[0].sha256 if plans else None
    own = next((plan for plan in reversed(plans) if plan.sha256 == sha256), None)
    if sha256 is None or own is None or first is None:
        why = "the command was run by hand" if sha256 is None else f"the plan {sha256[:12]} was not recorded"
        return PlanStatement(sha256, first, f"Not made under a recorded analysis plan: {why}.", (), False, len(plans))
    late = " The first plan was recorded when results existed already." if plans[0].results_existed else ""
    if own.sha256 == first:
        others = len({plan.sha256 for plan in plans}) - 1
        also = f" Other plans that were recorded later: {others}." if others else ""
        told = f"Made under the first analysis plan, {first[:12]}.{late}{also}"
        return PlanStatement(sha256, first, told, (), not late, len(plans))
    told = f"Made under another analysis plan ({sha256[:12]}) than the first one ({first[:12]}).{late}"
    changed = told_changes(plans[0].contents, own.contents)
    return PlanStatement(sha256, first, told, changed, False, len(plans))


def plan_line(plans: Sequence[AnalysisPlan], sha256: str) -> str:
    """Return what the terminal says of the plan of a run before its first job.

    Examples
    --------
    >>> plan_line((), "0123456789abcdef")
    'Analysis:     plan 0123456789ab, the first; the run will record it in results/tables/analysis_plan.json'
    """
    line = f"Analysis:     plan {sha256[:12]}, "
    if not plans:
        return f"{line}the first; the run will record it in results/{PLAN_FILE.as_posix()}"
    if plans[0].sha256 == sha256:
        return f"{line}as recorded first"
    return f"{line}not the first one ({plans[0].sha256[:12]}); the tables and the report will say what changed"


_KEY = "AnalysisPlan"


def with_statement(columns: Mapping[str, Mapping[str, Any]], statement: PlanStatement) -> dict[str, Mapping[str, Any]]:
    """Return a data dictionary whose first column also says which analysis plan the table was made under."""
    name = next(iter(columns))
    return {**columns, name: {**columns[name], _KEY: as_json(statement)}}


def recorded_statement(
    dictionary: Mapping[str, Any], path: Path = Path("tables", "summary.json")
) -> PlanStatement | None:
    """Return what `with_statement` put into a data dictionary; None if it has none.

    Parameters
    ----------
    dictionary : mapping
    path : Path
        Where it was read from, for messages.

    Raises
    ------
    TableError
        If it cannot be read.
    """
    told = next((entry[_KEY] for entry in dictionary.values() if isinstance(entry, dict) and _KEY in entry), None)
    if told is None:
        return None
    try:
        return from_json(PlanStatement, told)
    except MismatchError as error:
        raise TableError(
            f"{path}: does not tell the analysis plan of the run ({error}); run the workflow again",
            code="dictionary_unreadable",
        ) from None
