"""One check of one scan."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

Result = Literal["pass", "warn", "fail"]
Bound = Literal["at least", "at most"]


@dataclass(frozen=True)
class Check:
    """One row of checks.tsv, without its scan.

    Attributes
    ----------
    name : str
        The code that a scan gets that does not pass; behind it ``_low`` or ``_high`` where there are two limits.
    result : {'pass', 'warn', 'fail'} or None
        None if the check was not made.
    reason : str
        Why it did not pass, or was not made; of a check that passed, why it has no value, or empty.
    value, limit : float or None
        None where the check has no number, or it is not kept.
    bound : {'at least', 'at most'} or None
        On which side of the limit a value passes.
    unit : str or None
    """

    name: str
    result: Result | None = "pass"
    reason: str = ""
    value: float | None = None
    bound: Bound | None = None
    limit: float | None = None
    unit: str | None = None

    @property
    def code(self) -> str:
        """The code of the remark that goes with the check."""
        return self.name.removesuffix("_low").removesuffix("_high")


def not_made(name: str, reason: str) -> Check:
    """Return a check that was not made: it is no pass."""
    return Check(name, None, reason)


def limited(name: str, value: float, bound: Bound, limit: float, unit: str = "1", *, worse: Result = "fail") -> Check:
    """Return the check of a number against a limit; `worse` is what comes out beyond it.

    Examples
    --------
    >>> limited("gate_overlap", 0.65, "at least", 0.7).result
    'fail'
    >>> limited("gate_overlap", float("nan"), "at least", 0.7).result is None
    True
    """
    if not math.isfinite(value):
        return replace(not_made(name, "the value is not known"), bound=bound, limit=limit, unit=unit)
    beyond = value < limit if bound == "at least" else value > limit
    return Check(name, worse if beyond else "pass", "", value, bound, limit, unit)


def judged(checks: list[Check], said: dict[str, tuple[Result, str]]) -> list[Check]:
    """Return checks with the result and the reason of those of which something is said, by code."""
    return [
        check if check.code not in said else replace(check, result=said[check.code][0], reason=said[check.code][1])
        for check in checks
    ]
