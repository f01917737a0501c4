"""Several reasons in one cell of a table, ``code: text; code: text``."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NEXT = re.compile(r"; (?=[a-z][a-z0-9_]*: )")
_SUV_ONLY = ("weight", "height", "dose", "sex", "injection_date_replaced", "reference_time_conflict")


def join_reasons(reasons: Iterable[str]) -> str:
    """Return the reasons as one text, each once; empty ones are left out.

    Examples
    --------
    >>> join_reasons(["low_coverage: 10% is in view", "", "orientation_declared: LPS"])
    'low_coverage: 10% is in view; orientation_declared: LPS'
    """
    return "; ".join(dict.fromkeys(reason for reason in reasons if reason))


def split_reasons(text: str) -> list[str]:
    """Return what `join_reasons` joined; a semicolon inside a reason does not part it.

    Examples
    --------
    >>> split_reasons("weight_conflict: 70 and 71; the header was used; no_suv: no dose")
    ['weight_conflict: 70 and 71; the header was used', 'no_suv: no dose']
    """
    return _NEXT.split(text) if text else []


def concerns_suv_only(reason: str) -> bool:
    """Return whether a reason doubts what an SUV depends on, and uptake and its ratios do not."""
    return reason.startswith(_SUV_ONLY)
