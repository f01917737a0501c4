"""The result without participants with a warning: a description beside the planned analysis, not part of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pet_spect.quantify.cohort.analysis.inference import FEWEST, describe, infer, percent_of_log
from pet_spect.report.answer.estimates import is_in, is_warned
from pet_spect.tsv import MISSING, Row, parse_float


def without_warned(rows: Sequence[Row], shown_row: Row, result: Row) -> Row | None:
    """Return mean change and interval of those whom the result holds without a warning.

    Parameters
    ----------
    rows : sequence of Row
        One per participant, as the change table has them.
    shown_row, result : Row
        The result in the quantity that is shown, and in the tested one.

    Returns
    -------
    Row or None
        A row like `shown_row`; None if the result holds nobody with a warning.
    """
    if not any(is_warned(row) for row in rows):
        return None
    kept = [row for row in rows if is_in(row) and not is_warned(row)]
    values = [(parse_float(row["baseline"]), parse_float(row["follow_up"])) for row in kept]
    is_log = result["quantity"] == "log_ratio"
    changes = [math.log(after / before) if is_log else after - before for before, after in values]
    size = 1.0 if is_log else max((abs(value) for both in values for value in both), default=1.0)
    interval = infer(changes, size)
    ends = [describe(changes, scale=size).mean_change, interval.ci95_low, interval.ci95_high]
    if is_log and shown_row["quantity"] == "change_percent":
        ends = [percent_of_log(end) for end in ends]
    note = f"no estimate: {len(kept)} {'participant' if len(kept) == 1 else 'participants'}"
    texts = [MISSING if math.isnan(end) else repr(end) for end in ends]
    return shown_row | {
        **dict(zip(("mean_change", "ci95_low", "ci95_high"), texts, strict=True)),
        "n": str(len(kept)),
        "note": note if len(kept) < FEWEST else MISSING,
    }
