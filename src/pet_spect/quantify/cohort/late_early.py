"""Late over early: how the uptake ratio of a late scan compares with that of an early scan of the same visit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

from pet_spect.quantify.ratios import Qc, Ratio
from pet_spect.quantify.uncertainty import quotient_spread
from pet_spect.remarks import Remark, read_cell, write_cell

_WORSE: dict[Qc, int] = {"pass": 0, "warn": 1, "fail": 2}


def late_early_ratios(ratios: Iterable[Ratio], early_of: Mapping[str, str]) -> list[Ratio]:
    """Return ``late_early_ratio`` of every target and reference, for each tracer that has an early scan.

    The voxels of a SPECT have no absolute scale, and each scan has its own. Therefore both scans are first divided by
    the same reference: the value is ``(target / reference, late) / (target / reference, early)``. A factor that is
    common to a whole scan, such as decay, dose or the scale of the reconstruction, cancels.

    Parameters
    ----------
    ratios : iterable of Ratio
        Of all scans of one or more participants.
    early_of : mapping
        Tracer of the late scan to that of the early scan.

    Returns
    -------
    list of Ratio
        With the tracer of the late scan; NaN, with the reason, if either ratio is missing.
    """
    ratios = [ratio for ratio in ratios if ratio.measure == "uptake_ratio"]
    by_place = {_place(ratio, ratio.tracer): ratio for ratio in ratios}
    found = []
    for late in ratios:
        early = by_place.get(_place(late, early_of[late.tracer])) if late.tracer in early_of else None
        if early is not None:
            found.append(_late_early(late, early))
    return found


def _place(ratio: Ratio, tracer: str) -> tuple[str, str, str, str, str]:
    return ratio.participant_id, ratio.session, tracer, ratio.region, ratio.reference


def _late_early(late: Ratio, early: Ratio) -> Ratio:
    remarks, said = list(read_cell(late.reason)), read_cell(early.reason)
    is_listed = "no_scan" not in {remark.code for remark in said}
    of_early = [
        Remark.said(remark.code, f"{remark.text} (early scan)")
        for remark in said
        if is_listed and remark not in remarks  # what concerns the person is said once
    ]
    if not is_listed or (math.isfinite(late.value) and not math.isfinite(early.value)):
        case = "no_ratio" if is_listed else "no_scan"
        remarks.insert(
            len(remarks) if math.isnan(late.value) else 0, Remark.of("no_early_value", case=case, tracer=early.tracer)
        )
    value, spread = math.nan, None
    if math.isfinite(late.value) and math.isfinite(early.value):
        if early.value > 0:
            value = late.value / early.value
        else:
            remarks.insert(0, Remark.of("denominator_too_small", denominator=early.value, numerator=late.value))
    if math.isfinite(value) and late.spread is not None and early.spread is not None:
        spread = quotient_spread(late.value, late.spread, early.value, early.spread)
    worse = max(late.qc, early.qc, key=_WORSE.__getitem__)
    return replace(
        late,
        measure="late_early_ratio",
        value=value,
        numerator=late.value,
        denominator=early.value,
        qc=worse if math.isfinite(value) else "fail",
        reason=write_cell([*remarks, *of_early]),
        spread=spread,
        ci95_low=math.nan,
        ci95_high=math.nan,
        coverage=min((each.coverage for each in (late, early) if math.isfinite(each.coverage)), default=math.nan),
    )
