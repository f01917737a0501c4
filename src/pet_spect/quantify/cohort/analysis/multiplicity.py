"""Adjustment of the p of several primary analyses for their number."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pet_spect.quantify.cohort.analysis.settings import Multiplicity


def adjusted_p(p_values: Sequence[float], multiplicity: Multiplicity) -> list[float]:
    """Return the p values adjusted for their number.

    Parameters
    ----------
    p_values : sequence of float
        NaN where there is no test. It counts as 1: a planned test that was not made shows nothing, and the others are
        adjusted for it all the same.
    multiplicity : {'none', 'holm', 'fixed'}
        ``holm``: Holm 1979 (Scandinavian Journal of Statistics 6:65-70, www.jstor.org/stable/4615733).
        ``fixed``: each p counts only if those before it are below alpha (Maurer, Hothorn & Lehmacher 1995), so it
        becomes the largest so far.

    Returns
    -------
    list of float
        In the order of `p_values`; NaN where there is no test, and everywhere with ``none``.

    Examples
    --------
    >>> adjusted_p([0.03, 0.01], "holm")
    [0.03, 0.02]
    >>> adjusted_p([0.03, 0.01], "fixed")
    [0.03, 0.03]
    """
    if multiplicity == "none":
        return [math.nan] * len(p_values)
    values = [1.0 if math.isnan(p) else p for p in p_values]
    order = sorted(range(len(values)), key=values.__getitem__) if multiplicity == "holm" else range(len(values))
    adjusted, largest = [math.nan] * len(values), 0.0
    for place, index in enumerate(order):
        factor = len(values) - place if multiplicity == "holm" else 1
        largest = max(largest, min(1.0, factor * values[index]))
        adjusted[index] = math.nan if math.isnan(p_values[index]) else largest
    return adjusted
