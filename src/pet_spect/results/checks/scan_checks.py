"""Checks of a scan beside its registration: side of the lesion, protocol, regions in view, what was decided."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pet_spect.model import ScanKey, Side
from pet_spect.quantify.cohort.protocol.facts import VisitFacts
from pet_spect.quantify.cohort.protocol.guard import HIGH_GLUCOSE_MG_DL, Guarded
from pet_spect.quantify.cohort.protocol.rules import ITEMS, Item, TracerProtocol
from pet_spect.quantify.cohort.qc_decisions import ScanQc, mask_side
from pet_spect.quantify.laterality import CLEAR_ML, CLEAR_SHARE
from pet_spect.quantify.ratios import Ratio
from pet_spect.quantify.roles import RegionRoles, joint_value
from pet_spect.remarks import Remark, read_cell
from pet_spect.results.checks.check import Check, Result, judged, limited, not_made
from pet_spect.results.checks.registration_checks import registration_checks
from pet_spect.results.registration.registration_record import RegistrationRecord
from pet_spect.results.uptake.uptake_record import MIN_COVERAGE, MeasuredScan

_CODES: Mapping[Item, str] = {"start": "uptake_time_differs"}
_WINDOW, _BASELINE = "uptake_window", "baseline_after_treatment"


@dataclass(frozen=True)
class CheckedScan:
    """All that is known of one scan when it is checked.

    Attributes
    ----------
    scan : MeasuredScan
    qc : ScanQc
        What became of it.
    guarded : Guarded
        What the protocol says of it.
    visit : VisitFacts or None
        What scans.tsv says of the visit.
    rules : TracerProtocol
    is_first : bool
        Whether it is of the session with which the others are compared.
    first_measured : bool
        Whether that session has a measured scan of the tracer.
    has_others : bool
        Whether another scan of the person was measured.
    others_dated : bool
        Whether the days since the treatment are known of another visit with the tracer.
    lesion_side : {'left', 'right'}
    primary : Ratio
        The scan's ratio of the whole target to the primary reference.
    roles : RegionRoles
    max_cerebellum_asymmetry : float
        Percent.
    min_coverage : float
        Smallest fraction of a region in view for its mean to be given.
    """

    scan: MeasuredScan
    qc: ScanQc
    guarded: Guarded
    visit: VisitFacts | None
    rules: TracerProtocol
    is_first: bool
    first_measured: bool
    has_others: bool
    others_dated: bool
    lesion_side: Side
    primary: Ratio
    roles: RegionRoles
    max_cerebellum_asymmetry: float
    min_coverage: float = MIN_COVERAGE

    @property
    def key(self) -> ScanKey:
        """Which scan."""
        return self.scan.uptake.key

    @property
    def notes(self) -> tuple[Remark, ...]:
        """What to look at in the scan."""
        return (*self.qc.notes, *self.scan.uptake.notes)


def check_rows(
    checked: CheckedScan, record: RegistrationRecord | None, pattern_limit: float
) -> Iterator[dict[str, Any]]:
    """Yield the rows of checks.tsv of one scan.

    Parameters
    ----------
    checked : CheckedScan
    record : RegistrationRecord or None
        Of the participant.
    pattern_limit : float
        See `registration_checks`.
    """
    key = checked.key
    for check in scan_checks(checked, record, pattern_limit):
        yield {
            "participant_id": key.participant,
            "session": key.session,
            "tracer": key.tracer,
            "check": check.name,
            "value": check.value,
            "bound": check.bound,
            "limit": check.limit,
            "unit": check.unit,
            "result": check.result,
            "reason": check.reason,
        }


def scan_checks(checked: CheckedScan, record: RegistrationRecord | None, pattern_limit: float) -> list[Check]:
    """Return every check of a scan; what is said of a scan and belongs to no check comes last, under its own code."""
    if checked.scan.status == "measured":
        own = [*_values(checked), *_sides(checked), *_protocol(checked)]
    else:
        own = [not_made(check.name, _absence(checked)) for check in _names(checked)]
    checks = [*registration_checks(record, checked.key, pattern_limit), *own]
    said: dict[str, tuple[Result, str]] = {str(note.code): ("warn", note.text) for note in checked.notes}
    not_possible = {"laterality_undetermined", "likeness_not_possible", "uptake_time_unknown", "resolution_unknown"}
    said = {code: each for code, each in said.items() if code not in not_possible}
    said.pop(_WINDOW, None)
    fault = checked.qc.fault
    if fault is not None and checked.qc.status != "measured" and fault.code != _WINDOW:
        said[checked.qc.stated_code or fault.code] = ("fail", fault.reason)
    checks = judged(checks, said)
    known = {check.code for check in checks}
    return checks + [Check(code, result, reason) for code, (result, reason) in said.items() if code not in known]


def _absence(checked: CheckedScan) -> str:
    fault = checked.scan.refusal
    return "no scan listed" if fault is None else f"not judged: the scan was refused before ({fault.code})"


def _names(checked: CheckedScan) -> list[Check]:
    """Return the checks that a measured scan has beside those of its registration."""
    nothing = replace(checked.scan, uptake=replace(checked.scan.uptake, values={}, notes=()))
    bare = replace(checked, scan=nothing, guarded=Guarded(), qc=ScanQc("measured"))
    return [*_values(bare), *_sides(bare), *_protocol(bare)]


def _values(checked: CheckedScan) -> Iterator[Check]:
    """Yield what was measured: coverage, the primary ratio, the cerebellum, resolution, attenuation."""
    uptake, primary = checked.scan.uptake, checked.primary
    yield limited("low_coverage", primary.coverage, "at least", checked.min_coverage)
    if math.isfinite(primary.value):
        yield Check("no_value")
    else:
        yield Check("no_value", "fail", "; ".join(remark.line for remark in read_cell(primary.reason)[:1]))
    yield _cerebellum(checked)
    notes = {str(note.code): note for note in uptake.notes}
    if "resolution_unknown" in notes:
        yield not_made("resolution_coarser", notes["resolution_unknown"].text)
    elif "resolution_coarser" in notes or checked.scan.blur_mm > 0:
        yield Check("resolution_coarser")
    else:
        yield not_made("resolution_coarser", "the scan was not brought to a common resolution")
    if uptake.attenuation_corrected is None:
        yield not_made("no_attenuation_correction", Remark.of("attenuation_unknown").text)
    elif uptake.attenuation_corrected:
        yield Check("no_attenuation_correction")
    else:
        yield Check("no_attenuation_correction", "warn", Remark.of("no_attenuation_correction").text)


def _cerebellum(checked: CheckedScan) -> Check:
    scan, limit = checked.scan.uptake, checked.max_cerebellum_asymmetry
    sides: tuple[Side, Side] = ("left", "right")
    parts = [[(name, side) for name in checked.roles.cerebellum if (name, side) in scan.values] for side in sides]
    if not all(parts):
        return not_made("cerebellum_asymmetry", "the cerebellum was not measured on both sides")
    left, right = (joint_value(scan, of_side).mean for of_side in parts)
    percent = 200 * abs(left - right) / (left + right) if left + right > 0 else math.nan
    return limited("cerebellum_asymmetry", percent, "at most", limit, "percent", worse="warn")


def _sides(checked: CheckedScan) -> Iterator[Check]:
    """Yield the checks of the side of the lesion."""
    fault, notes = checked.qc.fault, {str(note.code): note for note in checked.qc.notes}
    excluded = None if fault is None or checked.qc.status == "measured" else checked.qc.stated_code or fault.code
    names = ("laterality_disagree", "lesion_mask_side", "laterality_mirrored")
    if checked.qc.status == "excluded" and excluded not in (*names, _WINDOW):
        yield from (not_made(name, f"not judged: the scan is excluded ({excluded})") for name in names)
        return
    left, right = checked.scan.uptake.deficit_ml
    wrong = right if checked.lesion_side == "left" else left
    limit = max(CLEAR_ML, CLEAR_SHARE * (left + right))
    if "laterality_undetermined" in notes:
        yield not_made("laterality_disagree", notes["laterality_undetermined"].text)
    else:
        yield Check("laterality_disagree", value=wrong, bound="at most", limit=limit, unit="mL")
    unclear = "no lesion mask is given, or it does not lie clearly on one side"
    masked = excluded == "lesion_mask_side" or mask_side(checked.scan.uptake) is not None
    yield from _behind("lesion_mask_side", excluded, names, None if masked else unclear)
    doubt = notes["likeness_not_possible"].text if "likeness_not_possible" in notes else None
    alone = None if checked.has_others else "no other scan of the person was measured"
    yield from _behind("laterality_mirrored", excluded, names, alone or doubt)


def _behind(name: str, excluded: str | None, names: Sequence[str], doubt: str | None) -> Iterator[Check]:
    """Yield a check that was not made if an earlier one of its kind already took the scan out."""
    earlier = names[: names.index(name)]
    if excluded in earlier:
        yield not_made(name, f"not judged: the scan is excluded ({excluded})")
    else:
        yield Check(name) if doubt is None else not_made(name, doubt)


def _protocol(checked: CheckedScan) -> Iterator[Check]:
    """Yield the checks of the protocol: those of the visit alone, then the comparisons with the first session."""
    yield from _window(checked)
    visit = checked.visit
    glucose = None if visit is None else visit.glucose_mg_dl
    drug = None if visit is None else visit.benzodiazepine
    days = None if visit is None else visit.days_since_treatment
    if glucose is None:
        yield not_made("glucose_high", "scans.tsv does not give the blood glucose")
    else:
        yield limited("glucose_high", glucose, "at most", HIGH_GLUCOSE_MG_DL, "mg/dL", worse="warn")
    unknown = "scans.tsv does not say whether the person was on benzodiazepines"
    yield Check("benzodiazepine") if drug is not None else not_made("benzodiazepine", unknown)
    untold = "scans.tsv does not give the days since the treatment"
    ordered = days is not None and checked.others_dated
    yield Check("visit_order") if ordered else not_made("visit_order", f"{untold} of two visits")
    if checked.is_first:
        yield Check(_BASELINE) if days is not None else not_made(_BASELINE, untold)
    else:
        yield not_made(_BASELINE, "only of the first session")
    yield from (_comparison(checked, item) for item in ITEMS)


def _window(checked: CheckedScan) -> Iterator[Check]:
    """Yield the two limits of the time window; a fault that no single time shows concerns both."""
    names, window, minutes = (f"{_WINDOW}_low", f"{_WINDOW}_high"), checked.rules.start_minutes, checked.guarded
    if window is None:
        yield from (not_made(name, "the protocol has no time window for this tracer") for name in names)
        return
    value = math.nan if minutes.start_minutes is None else minutes.start_minutes
    rows = [
        limited(names[0], value, "at least", window[0], "min"),
        limited(names[1], value, "at most", window[1], "min"),
    ]
    fault = checked.guarded.fault
    if fault is None:  # a limit is not passed by what rounding adds
        yield from (replace(row, result=row.result and "pass") for row in rows)
        return
    worse: Result = "warn" if checked.qc.status == "measured" else "fail"
    beyond = [row for row in rows if row.result == "fail"] or rows
    yield from (replace(row, result=worse, reason=fault.reason) if row in beyond else row for row in rows)


def _comparison(checked: CheckedScan, item: Item) -> Check:
    name = _CODES.get(item, f"{item}_differs")
    if item not in checked.rules.agree:
        return not_made(name, "the protocol does not compare it")
    if checked.is_first:
        return not_made(name, "the first session is what others are compared with")
    if not checked.first_measured:
        return not_made(name, "the first session was not measured")
    if item in checked.guarded.not_compared:
        return not_made(name, "one of the two visits does not state it")
    return Check(name)
