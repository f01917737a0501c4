"""What the page of each participant shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pet_spect.report.display import table
from pet_spect.report.participants import Flag, Person, by_person, unfinished_words
from pet_spect.report.person.comparisons import comparisons, primary_endpoints
from pet_spect.report.person.history import Decisions, scan_facts
from pet_spect.report.person.placement import MEANINGS, lesion_sentence, placement_lines
from pet_spect.report.results_folder import Results, asked_for, lesion_words
from pet_spect.report.target_lost import target_lost
from pet_spect.report.viewer.page import who_has_viewer
from pet_spect.results import layout
from pet_spect.results.tables.columns import CHANGE, RATIOS
from pet_spect.results.tables.reliable_change import RELIABLE_CHANGE, recorded_cvs

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
    lost = target_lost(results)
    primary, decisions = primary_endpoints(results), Decisions(folder)
    with_viewer, crashed = who_has_viewer(folder, results), results.crashed
    dictionaries = results.dictionaries
    change_columns = (*_CHANGE, *RELIABLE_CHANGE) if recorded_cvs(dictionaries["change"]) else _CHANGE
    everybodys_mm = [record.misplacement_mm for record in results.records.values() if record.warp is not None]
    neighbours = zip([None, *everybody], everybody, [*everybody[1:], None], strict=False)
    for before, person, after in neighbours:
        name = person.participant
        decided, read = decisions.of(name)
        record = results.records.get(name)
        yield (
            person,
            {
                "person": person,
                "before": before and before.participant,
                "after": after and after.participant,
                "flags": grouped_flags(person.flags),
                "target_lost": lost.get(name),
                "viewer": Path(layout.viewer_page(name)).name if name in with_viewer else "",
                "unfinished": unfinished_words(results, name),
                "lesion": lesion_sentence(record),
                "placement": placement_lines(record, everybodys_mm),
                "meanings": MEANINGS,
                "comparisons": comparisons(
                    results, folder, primary, person.visits, change.get(name, []), lesion_words(record)
                ),
                "facts": scan_facts(folder, name, scans[name], crashed=name in crashed),
                "decided": decided,
                "readers": read,
                "change": table(change_columns, asked_for(change.get(name, [])), dictionaries["change"]),
                "ratios": table(_RATIOS, asked_for(ratios.get(name, [])), dictionaries["ratios"]),
            },
        )


def grouped_flags(flags: Sequence[Flag]) -> list[tuple[str, str, str]]:
    """Return each flag once, with its kind and the visits it was raised in.

    Examples
    --------
    >>> grouped_flags([Flag("warn", "baseline FDG", "moved"), Flag("warn", "year1 FDG", "moved")])
    [('warn', 'moved', 'baseline FDG, year1 FDG')]
    """
    visits: dict[tuple[str, str], list[str]] = {}
    for flag in flags:
        visits.setdefault((flag.kind, flag.text), []).append(flag.visit)
    return [(kind, said, ", ".join(raised)) for (kind, said), raised in visits.items()]
