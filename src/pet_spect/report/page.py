"""The report: a first page with the answer, and a page of each participant."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pet_spect.remarks import codes_in
from pet_spect.report.answer.endpoints import outcomes
from pet_spect.report.decisions import decisions_part
from pet_spect.report.display import table, unique
from pet_spect.report.outcomes import clinical_outcomes
from pet_spect.report.participants import people, troubles
from pet_spect.report.person.page import person_pages
from pet_spect.report.rendering import write_page
from pet_spect.report.results_folder import Results, read_results
from pet_spect.results import layout
from pet_spect.results.analysis_plan import recorded_statement
from pet_spect.results.dataset import described_study
from pet_spect.tsv import MISSING, Row

_SUMMARY = (
    "tracer",
    "region",
    "measure",
    "reference",
    "session",
    "quantity",
    "analysis_set",
    "role",
    "n",
    "n_missing",
    "n_undefined",
    "n_apart",
    "missing_reasons",
    "mean_change",
    "ci95_low",
    "ci95_high",
    "sd",
    "p",
    "p_adjusted",
    "hodges_lehmann",
    "hl_ci_low",
    "hl_ci_high",
    "p_wilcoxon",
    "p_sign_flip",
    "p_smallest",
    "standardised_change",
    "agreement_low",
    "agreement_high",
    "note",
)


def write_report(results: Path, *, with_outcomes: bool = True) -> Path:
    """Write ``report/index.html`` of a results folder, and the pages it links.

    Parameters
    ----------
    results : Path
        Holds ``tables``, ``figures`` and each participant's registration record.
    with_outcomes : bool, default True
        Whether the page shows the clinical outcomes, if there are tables of them.

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
    loaded = read_results(results)
    scans = loaded.tables["scans"]
    everybody = people(loaded)
    report = results / "report"
    common: dict[str, Any] = {
        "simulated": any(row["simulated"] == "true" for row in scans),
        "all_simulated": all(row["simulated"] == "true" for row in scans if row["status"] != "missing"),
    }
    for person, content in person_pages(results, loaded, everybody):
        write_page(report / layout.participant_page(person.participant), "person", common | content)
    path = report / "index.html"
    shown = {
        "study": described_study(results).stated,
        "outcomes": outcomes(loaded),
        "clinical": clinical_outcomes(results) if with_outcomes else None,
        "plan": recorded_statement(loaded.dictionaries["summary"]),
        "counts": _counts(scans),
        "troubles": troubles(loaded),
        "decisions": decisions_part(results),
        "people": everybody,
        "summary": table(_SUMMARY, _summary_rows(loaded), loaded.dictionaries["summary"]),
    }
    write_page(path, "index", common | shown)
    return path


def _summary_rows(results: Results) -> list[Row]:
    """Return the rows of the summary, without a lesion-free target if nobody gave a lesion mask."""
    change = results.tables["change"]
    unasked = {row["region"] for row in change if "no_lesion_mask" in codes_in(row["reason"])}
    unasked -= {row["region"] for row in change if row["change"] != MISSING}
    return [row for row in results.tables["summary"] if row["region"] not in unasked]


def _counts(scans: Sequence[Row]) -> list[tuple[str, int]]:
    statuses = unique(["measured", *(row["status"] for row in scans)])
    return [(status, sum(row["status"] == status for row in scans)) for status in statuses]
