"""What the terminal says of a study: what it holds before the work, and where its report is after it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import product
from pathlib import Path

from pet_spect.errors import listed
from pet_spect.model import Decision, ScanKey
from pet_spect.study.qc_tables import ALTERED

_WIDTH = 14

_PERSONAL = re.compile("sub-([A-Za-z][a-z]{3,}([A-Z][a-z]+|(19|20)[0-9]{2})?$|.*[0-9]{6})")
"""One word or two, perhaps with a year, or a number as long as a date."""


def study_overview(
    participants: Collection[str],
    scans: Collection[ScanKey],
    decisions: Sequence[Decision],
    sessions: Sequence[str],
    tracers: Sequence[str],
    results: Path = Path("results"),
) -> str:
    """Return four lines: who takes part, and which scans are listed, missing and excluded; and what to check.

    Parameters
    ----------
    participants : collection of str
        Everybody in participants.tsv.
    scans : collection of ScanKey
        The scans in scans.tsv.
    decisions : sequence of Decision
        The decisions in qc.tsv.
    sessions, tracers : sequence of str
        Every participant is expected to have a scan for each pair.
    results : Path, default "results"
        Where results of people may lie who take no part (any more).

    Examples
    --------
    >>> scans = [ScanKey("sub-01", "baseline", "FDG"), ScanKey("sub-01", "year1", "FDG")]
    >>> print(study_overview(["sub-01", "sub-02"], scans, [], ["baseline", "year1"], ["FDG"]))
    Participants: 2 in participants.tsv
    Scans:        2 in scans.tsv (2 FDG)
    Missing:      2 visits without a scan: sub-02 baseline FDG, sub-02 year1 FDG
    Excluded:     none
    """
    there = set(scans)
    altered = [decision for decision in decisions if decision.code == ALTERED]
    decisions = [decision for decision in decisions if decision.code != ALTERED]
    visits = (ScanKey(*visit) for visit in product(participants, sessions, tracers))
    missing = [_spelled(visit) for visit in visits if visit not in there]
    excluded = [
        _spelled(decision.key) for decision in decisions if decision.decision == "exclude" and decision.key in there
    ]
    counts = Counter(scan.tracer for scan in scans)
    lines = {
        "Participants": f"{len(participants)} in participants.tsv",
        "Scans": f"{len(scans)} in scans.tsv ({listed(f'{counts[tracer]} {tracer}' for tracer in tracers)})",
        "Missing": _counted(missing, "visit without a scan", "visits without a scan"),
        "Excluded": _counted(excluded, "scan, signed off in qc.tsv", "scans, signed off in qc.tsv"),
    }
    checks = [
        *_altered(altered),
        *_without_scan(decisions, there),
        *_names_of_people(participants),
        *_left_over(participants, results),
    ]
    return "\n".join(_line(name, text) for name, text in [*lines.items(), *(("Check", check) for check in checks)])


def _altered(decisions: Sequence[Decision]) -> list[str]:
    """Return a line if scans are taken out because signed decisions about them were altered or removed."""
    who = [_spelled(decision.key) for decision in decisions]
    return [f"signed decisions were altered or removed: {listed(who)} not used. {decisions[0].reason}"] if who else []


def _without_scan(decisions: Sequence[Decision], there: Collection[ScanKey]) -> list[str]:
    """Return a line if scans are excluded that are not listed: another scan may be meant."""
    absent = [_spelled(decision.key) for decision in decisions if decision.key not in there]
    return [f"qc.tsv decides about {listed(absent)}, not in scans.tsv. Is another scan meant?"] if absent else []


def _names_of_people(participants: Collection[str]) -> list[str]:
    """Return a line, without the names, if participants seem to be called by their name or hospital number."""
    numbers = [number for number, name in enumerate(participants, start=1) if _PERSONAL.match(name)]
    if not numbers:
        return []
    who = f"participant {numbers[0]}" if len(numbers) == 1 else f"participants {listed(numbers)}"
    looks = "looks" if len(numbers) == 1 else "look"
    return [
        f"{who} in participants.tsv {looks} like a name, a birth date or a hospital number."
        " It would appear in every output: use the trial's code"
    ]


def _left_over(participants: Collection[str], results: Path) -> list[str]:
    """Return a line if there are results of people who are not in participants.tsv."""
    others = sorted({path.name for path in results.glob("sub-*") if path.is_dir()} - set(participants))
    if not others:
        return []
    named = listed("sub-..." if _PERSONAL.match(name) else name for name in others)
    return [f"{results}/ still holds {named}, not in participants.tsv. Delete what must not be passed on"]


def steps_line(counts: Mapping[str, int]) -> str:
    """Return the line that says what will be done.

    Examples
    --------
    >>> steps_line({"convert": 4, "normalise": 1})
    'To do:        5 steps (4 convert, 1 normalise)'
    """
    total = sum(counts.values())
    steps = ", ".join(f"{count} {step}" for step, count in counts.items())
    what = f"{total} step{'' if total == 1 else 's'} ({steps})" if counts else "nothing: the results are up to date"
    return _line("To do", what)


def report_line(report: Path, *, pending: bool) -> str:
    """Return where the report is.

    Parameters
    ----------
    report : Path
        As it is shown: relative to the folder in which the workflow runs.
    pending : bool
        Whether the report was to be made by this run and was not.
    """
    if not report.is_file():
        return f"Report: not made yet ({report})"
    return f"Report of an earlier run, now out of date: {report}" if pending else f"Report: {report}"


def _spelled(key: ScanKey) -> str:
    return f"{key.participant} {key.session} {key.tracer}"


def _counted(things: Sequence[str], singular: str, several: str) -> str:
    return f"{len(things)} {singular if len(things) == 1 else several}: {listed(things)}" if things else "none"


def _line(name: str, text: str) -> str:
    return f"{name + ':':<{_WIDTH}}{text}"
