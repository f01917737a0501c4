from __future__ import annotations

import math
import time
from dataclasses import replace

import pytest

from pet_spect.model import Refusal, ScanKey
from pet_spect.quantify.cohort.protocol.facts import VisitFacts
from pet_spect.quantify.cohort.protocol.guard import Guarded
from pet_spect.quantify.cohort.protocol.rules import TracerProtocol
from pet_spect.quantify.cohort.qc_decisions import ScanQc
from pet_spect.quantify.ratios import Ratio
from pet_spect.quantify.references import Reference
from pet_spect.quantify.roles import RegionRoles, RegionValue, ScanUptake
from pet_spect.remarks import Remark
from pet_spect.results.checks.scan_checks import CheckedScan, check_rows, scan_checks
from pet_spect.results.tables.decision_columns import CHECKS
from pet_spect.results.uptake.uptake_record import MeasuredScan

KEY = ScanKey("sub-01", "year1", "IMZ")
VALUES = {
    ("motor", "left"): RegionValue(6.0, 20.0),
    ("motor", "right"): RegionValue(10.0, 20.0),
    ("cerebellum", "left"): RegionValue(8.0, 20.0),
    ("cerebellum", "right"): RegionValue(10.0, 20.0),
}
ROLES = RegionRoles(("motor",), {"cerebellum": Reference(("cerebellum",), "both")})
RATIO = Ratio(
    "sub-01",
    "year1",
    "IMZ",
    "left",
    "motor",
    "uptake_ratio",
    "contralateral",
    0.6,
    6.0,
    10.0,
    "pass",
    "",
    coverage=0.95,
)
UPTAKE = ScanUptake(KEY, None, VALUES, deficit_ml=(20.0, 1.0))
CHECKED = CheckedScan(
    scan=MeasuredScan(UPTAKE, "measured", None, simulated=False),
    qc=ScanQc("measured"),
    guarded=Guarded(start_minutes=180.0),
    visit=VisitFacts("year1", 360.0, 100.0, False),
    rules=TracerProtocol(start_minutes=(165.0, 225.0)),
    is_first=False,
    first_measured=True,
    has_others=True,
    others_dated=True,
    lesion_side="left",
    primary=RATIO,
    roles=ROLES,
    max_cerebellum_asymmetry=20.0,
)


def checks(checked=CHECKED, **changes):
    return {check.name: check for check in scan_checks(replace(checked, **changes), None, 1.6)}


def uptake(**changes):
    return {"scan": replace(CHECKED.scan, uptake=replace(UPTAKE, **changes))}


def test_the_values_of_a_good_scan_stand_beside_their_limits():
    found = checks()
    assert (found["low_coverage"].value, found["low_coverage"].limit) == (0.95, 0.9)
    window = found["uptake_window_low"], found["uptake_window_high"]
    assert [(each.value, each.bound, each.limit, each.result) for each in window] == [
        (180.0, "at least", 165.0, "pass"),
        (180.0, "at most", 225.0, "pass"),
    ]
    assert (found["glucose_high"].value, found["glucose_high"].limit, found["glucose_high"].result) == (
        100,
        160,
        "pass",
    )
    sides = found["laterality_disagree"]
    assert (sides.value, sides.limit, sides.unit, sides.result) == (1.0, 0.75 * 21.0, "mL", "pass")
    assert found["cerebellum_asymmetry"].value == pytest.approx(200 * 2 / 18)
    assert (found["cerebellum_asymmetry"].limit, found["cerebellum_asymmetry"].result) == (20.0, "warn")
    assert {found[name].result for name in ("scanner_differs", "dose_differs", "no_value", "visit_order")} == {"pass"}


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"visit": None}, "glucose_high"),
        ({"visit": None}, "benzodiazepine"),
        ({"visit": None}, "visit_order"),
        ({"others_dated": False}, "visit_order"),
        ({}, "baseline_after_treatment"),
        ({"has_others": False}, "laterality_mirrored"),
        ({}, "lesion_mask_side"),
        ({"qc": ScanQc("measured", notes=(Remark.of("laterality_undetermined"),))}, "laterality_disagree"),
        ({"rules": TracerProtocol()}, "uptake_window_low"),
        ({"guarded": Guarded()}, "uptake_window_high"),
        ({"guarded": Guarded(not_compared=("dose",))}, "dose_differs"),
        ({"rules": TracerProtocol(agree=("dose",))}, "scanner_differs"),
        ({"is_first": True}, "scanner_differs"),
        ({"first_measured": False}, "scanner_differs"),
        ({"primary": replace(RATIO, coverage=math.nan)}, "low_coverage"),
        (uptake(attenuation_corrected=None), "no_attenuation_correction"),
        (uptake(values={part: value for part, value in VALUES.items() if part[1] == "left"}), "cerebellum_asymmetry"),
        ({}, "resolution_coarser"),
        ({}, "gate_overlap"),
    ],
)
def test_a_check_that_was_not_made_is_no_pass_and_says_why(changes, name):
    found = checks(**changes)[name]
    assert found.result is None
    assert found.reason


def test_what_is_noted_warns_with_its_words():
    differs = Remark.of("dose_differs", found=200, reference=100, session="baseline", limit=20)
    larger = Remark.of("lesion_larger", later=40, first=20, side="left", session="baseline")
    found = checks(**uptake(notes=(differs, larger)))
    assert (found["dose_differs"].result, found["dose_differs"].reason) == ("warn", differs.text)
    assert list(found)[-1] == "lesion_larger"
    assert found["lesion_larger"].result == "warn"


@pytest.mark.parametrize(("status", "result"), [("excluded", "fail"), ("measured", "warn")])
def test_a_scan_outside_its_window_fails_unless_it_is_accepted(status, result):
    fault = Refusal("protocol", "uptake_window", "began 20 min after the injection")
    found = checks(guarded=Guarded(fault=fault, start_minutes=20.0), qc=ScanQc(status, fault))
    low, high = found["uptake_window_low"], found["uptake_window_high"]
    assert (low.result, low.reason, low.value) == (result, fault.reason, 20.0)
    assert (high.result, high.value) == ("pass", 20.0)


def test_a_window_that_only_the_clocks_break_fails_at_both_ends():
    fault = Refusal("protocol", "uptake_window", "the clocks are apart")
    found = checks(guarded=Guarded(fault=fault, start_minutes=180.0), qc=ScanQc("excluded", fault))
    assert {found[f"uptake_window_{end}"].result for end in ("low", "high")} == {"fail"}


def test_what_rounding_adds_does_not_pass_a_limit():
    found = checks(guarded=Guarded(start_minutes=225.04))
    assert found["uptake_window_high"].result == "pass"


def test_the_side_that_is_wrong_fails_and_what_comes_after_it_was_not_judged():
    fault = Refusal("laterality", "laterality_disagree", "the deficit is on the right")
    found = checks(qc=ScanQc("excluded", fault), **uptake(deficit_ml=(1.0, 20.0)))
    assert (found["laterality_disagree"].result, found["laterality_disagree"].value) == ("fail", 20.0)
    assert (found["laterality_mirrored"].result, found["lesion_mask_side"].result) == (None, None)
    accepted = ScanQc("measured", fault, "accept", notes=(Remark.said("laterality_disagree", "accepted"),))
    assert checks(qc=accepted)["laterality_disagree"].result == "warn"


@pytest.mark.parametrize(
    ("qc", "name"),
    [
        (ScanQc("excluded", Refusal("decision", "excluded", "moved"), "exclude"), "excluded"),
        (ScanQc("excluded", Refusal("decision", "excluded", "moved"), "exclude", stated_code="motion"), "motion"),
        (ScanQc("excluded", Refusal("decision", "excluded", "moved"), stated_code="qc_altered"), "qc_altered"),
    ],
)
def test_a_decision_is_a_check_that_fails_and_the_sides_were_not_judged(qc, name):
    found = checks(qc=qc)
    assert (found[name].result, found[name].reason) == ("fail", "moved")
    assert found["laterality_disagree"].result is None


@pytest.mark.parametrize("status", ["refused", "missing"])
def test_a_scan_without_values_has_the_same_checks_none_of_them_made(status):
    refusal = Refusal("convert", "not_dicom", "is a picture") if status == "refused" else None
    scan = MeasuredScan(replace(UPTAKE, absence=Remark.of("no_scan"), values={}), status, refusal, simulated=False)
    found = checks(scan=scan, qc=ScanQc(status, refusal))
    assert set(found) - {"not_dicom"} == set(checks())
    assert {check.result for name, check in found.items() if name != "not_dicom"} == {None}
    assert ("not_dicom" in found) == (status == "refused")


def test_rows_have_the_columns_of_the_table_and_four_thousand_scans_are_fast():
    begun = time.process_time()
    rows = [row for _ in range(4000) for row in check_rows(CHECKED, None, 1.6)]
    assert tuple(rows[0]) == tuple(CHECKS)
    assert time.process_time() - begun < 10
