"""Lesions that a later scan shows larger than the first one did."""

from __future__ import annotations

from collections.abc import Sequence

from pet_spect.model import ScanKey, Side
from pet_spect.quantify.roles import ScanUptake
from pet_spect.remarks import Remark

LARGER_ML, LARGER_SHARE = 10.0, 0.25
"""A lesion is flagged as larger if it grew by more than both: mL, and fraction of what the first scan shows.

Between two scans of an unchanged lesion the estimate differs by less (docs/methods.md).
"""


def larger_lesions(scans: Sequence[ScanUptake], sessions: Sequence[str], side: Side) -> dict[ScanKey, Remark]:
    """Return what to say of scans that show a larger lesion than the scan of the first session.

    Parameters
    ----------
    scans : sequence of ScanUptake
        A participant's measured scans with one tracer.
    sessions : sequence of str
        Of the study, the reference first; without its scan nothing is said.
    side : {'left', 'right'}
        The side of the stroke.
    """
    place = 0 if side == "left" else 1
    first, *later = sessions
    reference = next((scan for scan in scans if scan.key.session == first), None)
    if reference is None:
        return {}
    before = reference.deficit_ml[place]
    return {
        scan.key: Remark.of(
            "lesion_larger", later=scan.deficit_ml[place], first=before, side=side, session=reference.key.session
        )
        for scan in scans
        if scan.key.session in later and scan.deficit_ml[place] - before > max(LARGER_ML, LARGER_SHARE * before)
    }
