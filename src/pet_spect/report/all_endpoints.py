"""The table of all endpoints: every row of the summary."""

from __future__ import annotations

from pet_spect.remarks import codes_in
from pet_spect.report.display import Table, table
from pet_spect.report.results_folder import Results
from pet_spect.tsv import MISSING

_SHOWN = (
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


def all_endpoints(results: Results) -> Table:
    """Return the summary as shown, without a lesion-free target if nobody gave a lesion mask."""
    change = results.tables["change"]
    unasked = {row["region"] for row in change if "no_lesion_mask" in codes_in(row["reason"])}
    unasked -= {row["region"] for row in change if row["change"] != MISSING}
    rows = [row for row in results.tables["summary"] if row["region"] not in unasked]
    return table(_SHOWN, rows, results.dictionaries["summary"])
