"""The report: a first page with the answer, and a page of each participant."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pet_spect.report.all_endpoints import all_endpoints
from pet_spect.report.answer.endpoints import outcomes
from pet_spect.report.decisions import decisions_part
from pet_spect.report.display import unique
from pet_spect.report.methods.methods import methods_part
from pet_spect.report.outcomes import clinical_outcomes
from pet_spect.report.participants import people, troubles
from pet_spect.report.people_table import people_table
from pet_spect.report.person.page import person_pages
from pet_spect.report.rendering import write_page
from pet_spect.report.results_folder import Results, read_results
from pet_spect.report.viewer.page import write_viewers
from pet_spect.results import layout
from pet_spect.results.analysis_plan import recorded_statement
from pet_spect.results.dataset import described_study
from pet_spect.study.unfinished import UnfinishedStep
from pet_spect.tsv import Row


def write_report(results: Path, *, with_outcomes: bool = True, unfinished: Iterable[UnfinishedStep] = ()) -> Path:
    """Write ``report/index.html`` of a results folder, and the pages it links.

    Parameters
    ----------
    results : Path
        Holds ``tables``, ``figures`` and each participant's registration record.
    with_outcomes : bool, default True
        Whether the page shows the clinical outcomes, if there are tables of them.
    unfinished : iterable of UnfinishedStep
        Steps of single participants that did not finish: what there is of an earlier run is not shown.

    Returns
    -------
    Path
        The page. Its bytes depend on the results alone.

    Raises
    ------
    TableError
        If a table or the description of the dataset is absent or unusable, or no primary endpoint is named.
    ImageError
        If a picture or a registration record is absent.
    """
    loaded = read_results(results, unfinished)
    scans = loaded.tables["scans"]
    endpoints = outcomes(loaded)
    report = results / "report"
    plan = recorded_statement(loaded.dictionaries["summary"])
    common: dict[str, Any] = {
        "run_id": plan and plan.run_id,
        "simulated": any(row["simulated"] == "true" for row in scans),
        "all_simulated": all(row["simulated"] == "true" for row in scans if row["status"] != "missing"),
    }
    first_page = common | {
        "study": described_study(results).stated,
        "outcomes": endpoints,
        "clinical": clinical_outcomes(results) if with_outcomes else None,
        "plan": plan,
        "counts": _counts(scans),
        "troubles": troubles(loaded),
        "decisions": decisions_part(results),
        "people": people_table(loaded, endpoints),
        "summary": all_endpoints(loaded),
    }
    first_page |= methods_part(results, loaded, with_outcomes=with_outcomes)
    _write_people(report, loaded, common)
    write_viewers(results, loaded, common)
    path = report / "index.html"
    write_page(path, "index", first_page)
    return path


def _write_people(report: Path, loaded: Results, common: Mapping[str, Any]) -> None:
    names = unique([row["participant_id"] for row in loaded.tables["scans"]])
    remove_pages_of_others(report, names)
    for person, content in person_pages(report.parent, loaded, people(loaded)):
        write_page(report / layout.participant_page(person.participant), "person", {**common, **content})


def remove_pages_of_others(report: Path, participants: Collection[str]) -> None:
    """Remove the pages of people who are no longer in the study, and what a killed run left half written.

    Parameters
    ----------
    report : Path
        Need not exist.
    participants : collection of str
        Whose pages stay.
    """
    kept = {report / page(person) for person in participants for page in (layout.participant_page, layout.viewer_page)}
    for path in (report / "people").glob("*.html"):
        if path not in kept:
            path.unlink()


def _counts(scans: Sequence[Row]) -> list[tuple[str, int]]:
    statuses = unique(["measured", *(row["status"] for row in scans)])
    return [(status, sum(row["status"] == status for row in scans)) for status in statuses]
