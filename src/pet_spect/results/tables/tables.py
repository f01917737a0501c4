"""The tables of a results folder: the columns of each, by the name of its file without the ending."""

from __future__ import annotations

from collections.abc import Mapping

from pet_spect.results.tables.accounted_table import ACCOUNTED
from pet_spect.results.tables.columns import CHANGE, RATIOS, SCANS, SUMMARY, UPTAKE, Columns
from pet_spect.results.tables.decision_columns import AGREEMENT, CHECKS, DECIDED, DECISIONS, DECISIONS_LOG, READERS
from pet_spect.results.tables.outcome_tables import TABLES as OUTCOME_TABLES
from pet_spect.results.tables.plan_table import PLAN
from pet_spect.results.tables.reliable_change import RELIABLE_CHANGE

TABLES: Mapping[str, Columns] = {
    "summary": SUMMARY,
    "change": CHANGE,
    "ratios": RATIOS,
    "uptake": UPTAKE,
    "scans": SCANS,
    "checks": CHECKS,
    "decisions": DECISIONS,
    "decided": DECIDED,
    "decisions_log": DECISIONS_LOG,
    "readers": READERS,
    "agreement": AGREEMENT,
    **OUTCOME_TABLES,
    "accounted": ACCOUNTED,
    "plan": PLAN,
}
"""Every table that a verb writes into ``tables`` of a results folder, in the order in which a person reads them."""

MORE_COLUMNS: Mapping[str, tuple[Columns, ...]] = {"change": (RELIABLE_CHANGE,)}
"""Columns that a table has in some studies only, in their order behind or among the others."""
