"""The clinical scales: their ranges, and in which direction they improve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal


@dataclass(frozen=True)
class Scale:
    """A clinical scale.

    Attributes
    ----------
    name : str
        As the tables spell it.
    most : int
        Highest score.
    better : {'lower', 'higher'}
        The direction of an improvement.
    least : int, default 0
        Lowest score.
    step : int, default 1
        Every score is a multiple of it.
    """

    name: str
    most: int
    better: Literal["lower", "higher"]
    least: int = 0
    step: int = 1

    def admits(self, score: float) -> bool:
        """Return whether a score is possible.

        Examples
        --------
        >>> SCALES["Barthel"].admits(95), SCALES["Barthel"].admits(97), SCALES["FIM"].admits(0)
        (True, False, False)
        """
        return self.least <= score <= self.most and score % self.step == 0

    @property
    def needed(self) -> str:
        """Say which scores are possible."""
        kind = "whole number" if self.step == 1 else f"multiple of {self.step}"
        return f"a {kind} from {self.least} to {self.most}, or n/a"

    def improvement(self, baseline: float, follow_up: float) -> float:
        """Return the change of a score, positive if the person got better; NaN if a score is missing.

        Examples
        --------
        >>> SCALES["NIHSS"].improvement(10, 7), SCALES["FIM"].improvement(60, 55)
        (3, -5)
        """
        return baseline - follow_up if self.better == "lower" else follow_up - baseline


MRS = "mRS"
"""The modified Rankin scale, of which not the mean but the frequency of an improvement is reported."""

DEAD = 6
"""Score of the mRS of a person who has died."""

SCALES: Mapping[str, Scale] = MappingProxyType(
    {
        scale.name: scale
        for scale in (
            Scale(MRS, 6, "lower"),
            Scale("NIHSS", 42, "lower"),
            Scale("FIM", 126, "higher", least=18),
            Scale("Fugl_Meyer", 226, "higher"),
            Scale("Barthel", 100, "higher", step=5),
        )
    }
)
"""The scales by name, in the order of the tables."""

ADVERSE, SERIOUS, RELATED = "adverse_events", "serious_adverse_events", "related_adverse_events"

COUNTS = (ADVERSE, SERIOUS)
"""Numbers of events that outcomes.tsv may hold for a visit."""

NEEDED_COUNT = "a whole number from 0 to 1000, or n/a"

MOST_EVENTS = 1000
"""Of one person at one visit; more is a typing mistake."""
