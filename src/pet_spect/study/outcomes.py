"""outcomes.tsv: the clinical scores and numbers of adverse events of every visit."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from pet_spect.errors import Mistake
from pet_spect.quantify.outcomes.records import OutcomeVisit
from pet_spect.quantify.outcomes.scales import ADVERSE, COUNTS, DEAD, MOST_EVENTS, MRS, NEEDED_COUNT, SCALES, SERIOUS
from pet_spect.study.rows import Table, TableRow, known_participant, note_repeated, open_table
from pet_spect.tsv import parse_float, read_lines

OUTCOME_COLUMNS = ("participant_id", "session", *SCALES, *COUNTS, "withdrawn", "Fugl-Meyer")
"""Columns of outcomes.tsv; the first two must be there. The last one is another spelling."""

OTHER_SPELLINGS = {"Fugl-Meyer": "Fugl_Meyer"}
"""How a column may also be called."""

REQUIRED = 2

NEEDED_SESSION = "a session name of letters and digits, 32 at the most"


def is_filled(path: Path) -> bool:
    """Return whether a table has more than a header; a new study begins with empty ones."""
    return path.is_file() and bool(read_lines(path)[1])


def read_outcomes(path: Path, participants: Collection[str], sessions: Sequence[str]) -> list[OutcomeVisit]:
    """Read outcomes.tsv.

    Parameters
    ----------
    path : Path
    participants : collection of str
        The identities participants.tsv knows.
    sessions : sequence of str
        Those of the configuration, the reference first.

    Returns
    -------
    list of OutcomeVisit
        In the order of the table.

    Raises
    ------
    StudyError
        With every mistake: see `outcomes_of`.
    """
    table = open_table(path, OUTCOME_COLUMNS, required=REQUIRED)
    visits = outcomes_of(table, participants, sessions)
    table.check()
    return visits


def outcomes_of(
    table: Table, participants: Collection[str] | None, sessions: Sequence[str] | None
) -> list[OutcomeVisit]:
    """Return the visits whose rows are sound, and note the mistakes of the others in their rows.

    A mistake is a participant who is not known, two lines of one visit, a session that differs from one of the images
    only in capitals, a score that its scale does not have, more serious events than events, a `withdrawn` that is
    neither yes nor no, a score after death (mRS 6) other than mRS 6, a person who has withdrawn and later has not, or
    scores of which none belongs to the first session. Sessions without images are allowed. Sessions of the images
    follow each other as in the configuration, others as in the table.

    Parameters
    ----------
    table : Table
    participants, sessions : collection of str or None
        Those that the study has; None if that is not known, so that any may be there.
    """
    _spell_alike(table)
    visits: list[OutcomeVisit] = []
    earlier: dict[str, tuple[str, int]] = {}
    lines: dict[str, list[_Line]] = {}
    for line in table.rows:
        identity = known_participant(line, participants)
        session = _session(line, sessions or ())
        if not line.mistakes:
            note_repeated(line, f"{identity} {session}", earlier)
        values = {name: _score(line, name) for name in (*SCALES, *COUNTS) if name in line.row}
        if values.get(SERIOUS, math.nan) > values.get(ADVERSE, math.nan):
            line.refuse(f"found {values[SERIOUS]:g}, needed at most the {values[ADVERSE]:g} of {ADVERSE}", SERIOUS)
        withdrawn = line.text("withdrawn")
        left = withdrawn is not None and line.one_of("withdrawn", ("yes", "no")) == "yes"
        if not line.mistakes:
            visits.append(OutcomeVisit(identity, session, values, left))
            lines.setdefault(identity, []).append(_Line(line, session, values, withdrawn))
    for of_person in lines.values():
        _check_course(of_person, sessions or ())
    if sessions and table.rows:
        _check_reference(table, sessions[0])
    return visits


class _Line(NamedTuple):
    """A sound line of a person."""

    line: TableRow
    session: str
    values: Mapping[str, float]
    withdrawn: str | None


def _check_course(lines: Sequence[_Line], sessions: Sequence[str]) -> None:
    """Note what cannot follow an earlier visit of a person: a score after death, or a return after withdrawal."""
    for place, first in enumerate(lines):
        for other in lines[place + 1 :]:
            before, after = first, other
            if {first.session, other.session} <= set(sessions):
                before, after = sorted((first, other), key=lambda each: sessions.index(each.session))
            _check_pair(before, after)


def _check_pair(before: _Line, after: _Line) -> None:
    if before.values.get(MRS) == DEAD:
        for name, value in after.values.items():
            if name in SCALES and not math.isnan(value) and (name, value) != (MRS, DEAD):
                needed = f"n/a{f' or {DEAD}' if name == MRS else ''}, because {MRS} is {DEAD} at {before.session}"
                after.line.wrong(name, needed)
    if (before.withdrawn, after.withdrawn) == ("yes", "no"):
        after.line.wrong("withdrawn", f"yes or n/a, because it is yes at {before.session}")


def _spell_alike(table: Table) -> None:
    """Give a column its own name where the table uses another spelling of it."""
    for other, name in OTHER_SPELLINGS.items():
        if any(other in line.row and name in line.row for line in table.rows[:1]):
            message = f"the columns {name} and {other} are the same; keep one"
            table.file_mistakes.append(Mistake(str(table.path), None, None, message))
        for line in table.rows:
            if other in line.row:
                line.row.setdefault(name, line.row.pop(other))


def _session(line: TableRow, sessions: Collection[str]) -> str:
    session = line.identifier("session", NEEDED_SESSION)
    if not session.isalnum():
        line.wrong("session", NEEDED_SESSION)
    alike = next((name for name in sessions if name.casefold() == session.casefold()), session)
    if alike != session:
        line.wrong("session", f"{alike}, as the sessions of the configuration spell it")
    return session


def _score(line: TableRow, name: str) -> float:
    """Return a score or a number of events; NaN if there is none."""
    try:
        value = parse_float(line.row[name])
    except ValueError:
        value = math.inf
    if math.isnan(value):
        return value
    scale = SCALES.get(name)
    possible = scale.admits(value) if scale else 0 <= value <= MOST_EVENTS and value == int(value)
    if not possible:
        line.wrong(name, scale.needed if scale else NEEDED_COUNT)
        return math.nan
    return value


def _check_reference(table: Table, reference: str) -> None:
    """Note that nothing could be compared, because no line is of the first session."""
    scored = any(name in table.rows[0].row for name in SCALES)
    if scored and not any(line.row["session"].casefold() == reference.casefold() for line in table.rows):
        message = f"no line is of the session {reference}, with which all others are compared"
        table.file_mistakes.append(Mistake(str(table.path), None, "session", message))
