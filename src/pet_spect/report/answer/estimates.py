"""Rows of the summary as shown, and which rows of change belong to them."""

from __future__ import annotations

from dataclasses import dataclass

from pet_spect.quantify.cohort.analysis.sets import PROTOCOL_FLAGS
from pet_spect.remarks import codes_in
from pet_spect.report.display import Cell, cell, words
from pet_spect.tsv import MISSING, Row, parse_float

ENDPOINT = ("tracer", "region", "measure", "reference", "session")
"""The columns that name an endpoint."""

ANALYSIS_SET = "analysis_set"
"""The column of the analysis set."""

TESTED = "tested_quantity"
"""The column of the quantity of the result."""

Endpoint = tuple[str, ...]


@dataclass(frozen=True)
class Estimate:
    """One row of the summary.

    Attributes
    ----------
    quantity : str
    values : dict of str to Cell
        By column.
    """

    quantity: str
    values: dict[str, Cell]


def estimate_of(row: Row) -> Estimate:
    """Return a row of the summary as shown."""
    return Estimate(words(row["quantity"]), {name: cell(name, row) for name in row})


def endpoint_of(row: Row) -> Endpoint:
    """Return the endpoint of a row."""
    return tuple(row[name] for name in ENDPOINT)


def is_in(row: Row) -> bool:
    """Return whether the result holds a participant's change: it is in the set, and its quantity is defined."""
    return is_in_set(row) and is_defined(row)


def is_warned(row: Row) -> bool:
    """Return whether the result holds a participant's change, with a warning."""
    return is_in(row) and not (row["qc"] == "pass" and row["reason"] == MISSING)


def is_defined(row: Row) -> bool:
    """Return whether the quantity of the result is defined: a logarithm needs two values above zero."""
    values = [parse_float(row[visit]) for visit in ("baseline", "follow_up")]
    return row[TESTED] != "log_ratio" or all(value > 0 for value in values)


def why_out(row: Row) -> str:
    """Return why the result does not hold a participant's change."""
    if not is_in_set(row) or is_defined(row):
        return row["reason"]
    undefined = "the log ratio is not defined, because a value is not above zero"
    return undefined if row["reason"] == MISSING else f"{undefined}; {row['reason']}"


def is_in_set(row: Row) -> bool:
    """Return whether a participant's change is in the analysis set of the result."""
    if row[ANALYSIS_SET] == "all":
        return row["change"] != MISSING
    flagged = row[ANALYSIS_SET] == "per_protocol" and bool(codes_in(row["reason"]) & PROTOCOL_FLAGS)
    return row["included"] == "true" and not flagged
