"""The data dictionaries of the tables about checks, decisions and readers."""

from __future__ import annotations

from typing import Any

from pet_spect.results.tables.columns import CHANGE, RATIOS, SUMMARY, Columns

_REMARKS = {"Description": "code: text of what was found, several separated by '; '."}
_SHA256 = "64 hexadecimal digits."
_SAID: dict[str, Any] = {
    "Description": "What the line says.",
    "Levels": {
        "accept": "the fault with this code is known and accepted",
        "exclude": "the scan is not to be used",
        "withdraw": "the lines before it about this scan do not count any more",
        "rating": "how good the scan looks: good, doubt or bad stands in code; no value depends on it",
    },
}
_TABLE = {"Description": "Name of the table of decisions, without its folders."}
_PLACE = {"Description": "Which decision of its table it is, from 1.", "Units": "1"}
_CODE = {"Description": "Code of the fault that is accepted or excluded; of a rating the rating."}

DECISIONS: Columns = {
    "table": _TABLE,
    "place": _PLACE,
    "participant_id": RATIOS["participant_id"],
    "session": RATIOS["session"],
    "tracer": RATIOS["tracer"],
    "decision": _SAID,
    "code": _CODE,
    "reason": {"Description": "Why, in the words of whoever decided."},
    "initials": {"Description": "Who decided."},
    "time": {"Description": "When."},
    "version": {"Description": "Version of the software whose results were looked at."},
    "chained": {
        "Description": "Whether the line was signed with pet-spect sign.",
        "Levels": {"true": "it holds the hash of the line before it", "false": "it was written by hand"},
    },
    "counts": {
        "Description": "Whether the line has a say in which scans are used.",
        "Levels": {
            "true": "it has",
            "false": "a later line, the consensus or the other reader outvotes it, it only rates or withdraws, it"
            " accepts what the scan does not show, or the table was altered",
        },
    },
    "result": {
        "Description": "What was found when the line was checked.",
        "Levels": {
            "pass": "the line is as it was signed, and the results are those that were judged",
            "warn": "it counts; the remarks say what to look at",
            "fail": "it was altered, removed or moved after it was signed, and the scan is not used",
        },
    },
    "remarks": _REMARKS,
    "sha256": {
        "Description": "SHA-256 of the line's cells and of the hash of the line before it (docs/sign-off.md); n/a of a"
        " line that is no longer in its table. " + _SHA256
    },
}
"""decisions.tsv: one row per line of the tables of decisions, and one per line that is missing there."""

DECISIONS_LOG: Columns = {
    "by": {
        "Description": "Who noted the line.",
        "Levels": {"sign": "pet-spect sign, when it was signed", "run": "a run that has seen it"},
    },
    "table": _TABLE,
    "place": _PLACE,
    "chained": DECISIONS["chained"],
    "participant_id": RATIOS["participant_id"],
    "session": RATIOS["session"],
    "tracer": RATIOS["tracer"],
    "decision": _SAID,
    "code": _CODE,
    "sha256": {
        "Description": "SHA-256 of the line when it was signed or first seen: the head of the chain, place being the"
        " number of its lines. " + _SHA256
    },
    "previous": {"Description": "log_sha256 of the line before, 64 zeros at the first. " + _SHA256},
    "log_sha256": {
        "Description": "SHA-256 of the other cells of this line: of the JSON object with the columns as keys (sorted,"
        " no blanks, everything but ASCII escaped). " + _SHA256
    },
}
"""decisions_log.tsv: one row per line of a table of decisions that was signed or that a run has seen; only added to."""

CHECKS: Columns = {
    "participant_id": RATIOS["participant_id"],
    "session": RATIOS["session"],
    "tracer": RATIOS["tracer"],
    "check": {
        "Description": "Code of what was checked (docs/sign-off.md lists the checks). A check with two limits has two"
        " rows, ending in _low and _high."
    },
    "value": {
        "Description": "What was measured; n/a where the check gives no number or the number is not kept.",
        "Units": "that of the column unit",
    },
    "bound": {
        "Description": "On which side of the limit a value passes.",
        "Levels": {"at least": "at the limit or above", "at most": "at the limit or below"},
    },
    "limit": {
        "Description": "The limit; n/a if the check has none, or none that is a number.",
        "Units": "that of the column unit",
    },
    "unit": {"Description": "Unit of value and limit."},
    "result": {
        "Description": "What came out.",
        "Levels": {
            "pass": "nothing against the scan",
            "warn": "the scan is used; look at it",
            "fail": "the scan is refused or excluded because of this, or lacks this value",
            "n/a": "the check was not made; the reason says why",
        },
    },
    "reason": {"Description": "Why it did not pass, or why it was not made."},
}
"""checks.tsv: one row per scan and check."""

_WITH, _WITHOUT = "with the decisions", "as if nobody had decided: nothing excluded by hand, nothing accepted"

DECIDED: Columns = {
    "tracer": SUMMARY["tracer"],
    "region": SUMMARY["region"],
    "measure": SUMMARY["measure"],
    "reference": SUMMARY["reference"],
    "session": SUMMARY["session"],
    "quantity": SUMMARY["quantity"],
    "analysis_set": SUMMARY["analysis_set"],
    "n": {"Description": f"Participants with an included value, {_WITH}.", "Units": "1"},
    "mean_change": {"Description": f"Mean, {_WITH}.", "Units": SUMMARY["mean_change"]["Units"]},
    "n_everything": {"Description": f"Participants with an included value, {_WITHOUT}.", "Units": "1"},
    "mean_change_everything": {"Description": f"Mean, {_WITHOUT}.", "Units": SUMMARY["mean_change"]["Units"]},
    "n_not_measured": {
        "Description": "Scans of the tracer that somebody excluded by hand before they were measured: both means lack"
        " them.",
        "Units": "1",
    },
}
"""decided.tsv: the summary with and without the decisions, one row per row of summary.tsv."""

READERS: Columns = {
    "participant_id": CHANGE["participant_id"],
    "session": RATIOS["session"],
    "tracer": RATIOS["tracer"],
    "basis": {
        "Description": "In what the readers disagree.",
        "Levels": {"decision": "whether and how the scan is used", "rating": "how good it looks"},
    },
    "first": {"Description": "What the first reader says: none, accept with its codes, exclude; or the rating."},
    "second": {"Description": "What the second reader says."},
    "consensus": {"Description": "What the consensus says; n/a if it says nothing of this scan."},
    "counts": {
        "Description": "What counts: the consensus, else the exclusion of either reader, else what both accept."
    },
}
"""readers.tsv: one row per scan and basis in which two readers disagree."""

AGREEMENT: Columns = {
    "basis": {
        "Description": "What is compared.",
        "Levels": {
            "decision": "exclude, accept or none, of every scan that is not missing",
            "rating": "good, doubt or bad, of the scans that both readers rated",
        },
    },
    "n": {"Description": "Scans compared.", "Units": "1"},
    "agreed": {"Description": "Scans of which both readers say the same.", "Units": "1"},
    "kappa": {"Description": "Cohen's kappa, unweighted; n/a if it is not defined.", "Units": "1"},
    "ci95_low": {
        "Description": "Lower end of its 95 % interval, kappa - 1.96 standard errors (Fleiss, Cohen, Everitt 1969), not"
        " below -1. It holds for many scans.",
        "Units": "1",
    },
    "ci95_high": {"Description": "Upper end of it, not above 1.", "Units": "1"},
    "reason": {"Description": "Why there is no kappa, or no interval."},
}
"""agreement.tsv: one row per basis."""
