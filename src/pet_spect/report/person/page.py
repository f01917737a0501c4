"""What the page of each participant shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pet_spect.report.display import table
from pet_spect.report.participants import Person, by_person, unfinished_words
from pet_spect.report.person.comparisons import comparisons, primary_endpoints
from pet_spect.report.person.history import Decisions, scan_facts
from pet_spect.report.results_folder import Results, asked_for
from pet_spect.report.viewer.page import who_has_viewer
from pet_spect.results import layout
from pet_spect.results.columns import CHANGE, RATIOS
from pet_spect.results.reliable_change import RELIABLE_CHANGE, recorded_cvs

_CHANGE = tuple(name for name in CHANGE if name != "participant_id")
_RATIOS = tuple(name for name in RATIOS if name not in ("participant_id", "lesion_side"))


def person_pages(
    folder: Path, results: Results, everybody: Sequence[Person]
) -> Iterator[tuple[Person, dict[str, Any]]]:
    """Yield each participant with what the template ``person`` shows, one at a time.

    Parameters
    ----------
    folder : Path
        The results folder.
    results : Results
    everybody : sequence of Person
        In the order in which the pages follow each other.

    Raises
    ------
    TableError
        If a table of decisions, or the sidecar of a participant's uptake, is unusable.
    """
    change, ratios, scans = (by_person(results.tables[name]) for name in ("change", "ratios", "scans"))
    primary, decisions = primary_endpoints(results), Decisions(folder)
    with_viewer, crashed = who_has_viewer(folder, results), results.crashed
    dictionaries = results.dictionaries
    change_columns = (*_CHANGE, *RELIABLE_CHANGE) if recorded_cvs(dictionaries["change"]) else _CHANGE
    neighbours = zip([None, *everybody], everybody, [*everybody[1:], None], strict=False)
    for before, person, after in neighbours:
        name = person.participant
        decided, read = decisions.of(name)
        yield (
            person,
            {
                "person": person,
                "before": before and before.participant,
                "after": after and after.participant,
                "flags": grouped_flags(person.flags),
                "viewer": Path(layout.viewer_page(name)).name if name in with_viewer else "",
                "unfinished": unfinished_words(results, name),
                "comparisons": comparisons(results, folder, primary, person.visits, change.get(name, [])),
                "facts": scan_facts(folder, name, scans[name], crashed=name in crashed),
                "decided": decided,
                "readers": read,
                "change": table(change_columns, asked_for(change.get(name, [])), dictionaries["change"]),
                "ratios": table(_RATIOS, asked_for(ratios.get(name, [])), dictionaries["ratios"]),
            },
        )


def grouped_flags(flags: Sequence[str]) -> list[tuple[str, str]]:
    """Return each flag once, with the visits it was raised in.

    Examples
    --------
    >>> grouped_flags(["baseline FDG: moved", "year1 FDG: moved"])
    [('moved', 'baseline FDG, year1 FDG')]
    """
    visits: dict[str, list[str]] = {}
    for flag in flags:
        visit, _, said = flag.partition(": ")
        visits.setdefault(said, []).append(visit)
    return [(said, ", ".join(raised)) for said, raised in visits.items()]
