"""A participant for the drawings."""

from __future__ import annotations

import math

from pet_spect.report.plots.person import PersonChange


def person(name: str, before: float, after: float, *, half: float = math.nan, kind: str = "flat") -> PersonChange:
    """Return a participant whose change has an interval of this half width."""
    change = after - before
    return PersonChange(name, before, after, change, change - half, change + half, kind, f"people/{name}.html", name)
