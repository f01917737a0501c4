"""The report: one page that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pet_spect import __version__
from pet_spect.files import whole_file
from pet_spect.remarks import codes_in
from pet_spect.report.answer import outcomes
from pet_spect.report.decisions import decisions_part
from pet_spect.report.display import table, unique
from pet_spect.report.outcomes import clinical_outcomes
from pet_spect.report.participants import people, troubles
from pet_spect.report.results_folder import Results, read_results
from pet_spect.results.analysis_plan import recorded_statement
from pet_spect.results.dataset import described_study
from pet_spect.tsv import MISSING, Row

MOST_INLINED_BYTES = 50_000_000
"""Pictures are put into the page up to this many bytes in all (about 200 scans); beyond, they are linked."""

MOST_ROWS = 6000
"""Change and ratio rows are put into the page up to this many in all; beyond, the tables are linked."""

MOST_OPEN = 12
"""Up to this many participants are unfolded from the start."""

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
    """Write ``report/index.html`` of a results folder.

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
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loaded = read_results(results)
    scans = loaded.tables["scans"]
    inline = sum(picture.stat().st_size for picture in loaded.pictures.values()) <= MOST_INLINED_BYTES
    with_rows = len(loaded.tables["change"]) + len(loaded.tables["ratios"]) <= MOST_ROWS
    environment = Environment(
        loader=PackageLoader("pet_spect", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    everybody = people(loaded, inline=inline, with_rows=with_rows)
    text = environment.get_template("page.html.j2").render(
        version=__version__,
        study=described_study(results).stated,
        simulated=any(row["simulated"] == "true" for row in scans),
        all_simulated=all(row["simulated"] == "true" for row in scans if row["status"] != "missing"),
        outcomes=outcomes(loaded),
        clinical=clinical_outcomes(results) if with_outcomes else None,
        plan=recorded_statement(loaded.dictionaries["summary"]),
        counts=_counts(scans),
        troubles=troubles(loaded),
        decisions=decisions_part(results),
        people=everybody,
        unfolded=len(everybody) <= MOST_OPEN,
        summary=table(_SUMMARY, _summary_rows(loaded), loaded.dictionaries["summary"]),
        inline=inline,
        with_rows=with_rows,
        inline_limit=f"{MOST_INLINED_BYTES / 1e6:.0f} MB",
        row_limit=MOST_ROWS,
    )
    path = results / "report" / "index.html"
    with whole_file(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")
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
