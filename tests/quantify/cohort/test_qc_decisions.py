import math
from dataclasses import replace

import pytest

from pet_spect.model import Decision, Refusal, ScanKey
from pet_spect.quantify.cohort.qc_decisions import judge_absent, judge_measured, refuse_without_primary
from pet_spect.quantify.ratios import Ratio
from pet_spect.quantify.roles import RegionValue, ScanUptake
from pet_spect.remarks import Remark, write_cell

NAMES = [f"region_{i}" for i in range(20)]
UNEVEN = [0.86, 1.12, 0.90, 1.16, 0.94, 1.08, 0.84, 1.10, 0.92, 1.14] * 2
"""Left over right, root mean square 12 %."""


def scan(session, left=UNEVEN, *, mirrored=False, lesion=None, deficit=(0.0, 0.0)):
    """A scan of 20 pairs of regions of 10 mL; `lesion` is the lesion fraction of left and right, `deficit` in mL."""
    sides = ("right", "left") if mirrored else ("left", "right")
    fractions = dict(zip(("left", "right"), lesion or (math.nan, math.nan), strict=True))
    values = {}
    for name, mean in zip(NAMES, left, strict=True):
        values[name, sides[0]] = RegionValue(mean, 10.0, fractions[sides[0]])
        values[name, sides[1]] = RegionValue(1.0, 10.0, fractions[sides[1]])
    return ScanUptake(ScanKey("sub-01", session, "FDG"), None, values, deficit_ml=deficit)


def codes(remarks):
    return [remark.code for remark in remarks]


def decide(session, decision, code):
    found = Decision("sub-01", session, "FDG", decision, code, "seen", "AB", "2025-01-01", "0.1.0")
    return {found.key: [found]}


def test_a_small_lesion_is_measured_with_a_note():
    (scan_qc,) = judge_measured([scan("baseline")], "left", {})
    assert (scan_qc.status, scan_qc.failure) == ("measured", None)
    assert codes(scan_qc.notes) == ["laterality_undetermined"]


def test_a_mirrored_follow_up_is_excluded_although_its_lesion_is_too_small_to_show():
    scan_qcs = judge_measured([scan("baseline"), scan("year1", mirrored=True)], "left", {})
    assert [scan_qc.status for scan_qc in scan_qcs] == ["excluded", "excluded"]
    assert codes(scan_qc.failure for scan_qc in scan_qcs) == ["laterality_mirrored"] * 2


def test_a_scan_that_shows_its_lesion_on_the_right_side_is_believed_against_its_mirror_image():
    scan_qcs = judge_measured(
        [scan("baseline", deficit=(30.0, 2.0)), scan("year1", mirrored=True, deficit=(2.0, 30.0))], "left", {}
    )
    assert [scan_qc.status for scan_qc in scan_qcs] == ["measured", "excluded"]
    disagrees = Remark.of("laterality_disagree", case="scan", larger=30, other="right", smaller=2, side="left")
    assert scan_qcs[1].failure.line == disagrees.line


def test_if_every_scan_disagrees_the_table_is_to_be_checked():
    scans = [scan(session, deficit=(30.0, 2.0)) for session in ("baseline", "year1")]
    scan_qcs = judge_measured(scans, "right", {})
    disagrees = Remark.of("laterality_disagree", case="all_scans", larger=30, other="left", smaller=2, side="right")
    assert [scan_qc.failure.line for scan_qc in scan_qcs] == [disagrees.line] * 2


@pytest.mark.parametrize("lesion_side", ["left", "right"])
@pytest.mark.parametrize("deficit", [(0.0, 0.0), (5.0, 0.0), (0.0, 5.0)])
def test_a_normal_asymmetry_of_27_percent_in_the_occipital_lobe_does_not_exclude(lesion_side, deficit):
    occipital = [0.73] * 4 + [0.98, 1.03] * 8
    scans = [scan(session, occipital, deficit=deficit) for session in ("baseline", "year1")]
    assert [scan_qc.status for scan_qc in judge_measured(scans, lesion_side, {})] == ["measured", "measured"]


@pytest.mark.parametrize(
    ("deficit", "notes"),
    [
        ((10.0, 0.0), ()),
        ((5.0, 0.0), (Remark.of("laterality_undetermined"),)),
    ],
)
def test_a_clear_deficit_tells_the_side_even_with_an_atlas_of_few_regions(deficit, notes):
    one = scan("baseline", deficit=deficit)
    few = replace(one, values={key: value for key, value in one.values.items() if key[0] in NAMES[:2]})
    (scan_qc,) = judge_measured([few], "left", {})
    assert (scan_qc.status, scan_qc.notes) == ("measured", notes)


def test_a_lesion_mask_on_the_other_side_excludes():
    (scan_qc,) = judge_measured([scan("baseline", lesion=(0.0, 0.1))], "left", {})
    assert scan_qc.failure.line == Remark.of("lesion_mask_side", share=1, other="right", side="left").line
    (scan_qc,) = judge_measured([scan("baseline", lesion=(0.1, 0.0))], "left", {})
    assert scan_qc.status == "measured"


def test_a_lesion_in_the_anatomical_image_on_the_other_side_excludes():
    seen = replace(scan("baseline"), lesion_seen_ml=(0.0, 15.0), lesion_seen_in="anat:T1w")
    (scan_qc,) = judge_measured([seen], "left", {})
    disagrees = Remark.of("laterality_disagree", case="anatomy", seen=15, other="right", side="left")
    assert scan_qc.failure.line == disagrees.line
    (scan_qc,) = judge_measured([seen], "right", {})
    assert (scan_qc.status, scan_qc.notes) == ("measured", ())


@pytest.mark.parametrize(
    ("seen", "seen_in"),
    [
        ((0.0, 9.9), "anat:T1w"),
        ((3.0, 8.0), "anat:T1w"),
        ((9.0, 20.0), "anat:T1w"),
        ((0.0, 15.0), "FDG"),  # a leading scan is asked itself
    ],
)
def test_a_seen_lesion_that_is_small_or_on_both_sides_or_not_in_an_anatomical_image_has_no_say(seen, seen_in):
    (scan_qc,) = judge_measured([replace(scan("baseline"), lesion_seen_ml=seen, lesion_seen_in=seen_in)], "left", {})
    assert scan_qc.status == "measured"


def test_exclusion_holds_whatever_its_code_and_comes_first():
    (scan_qc,) = judge_measured([scan("baseline", lesion=(0.0, 0.1))], "left", decide("baseline", "exclude", "motion"))
    assert (scan_qc.status, scan_qc.decision, scan_qc.failure) == (
        "excluded",
        "exclude",
        Remark.of("excluded", reason="seen"),
    )


def test_a_mirrored_scan_that_a_person_excluded_leaves_the_others_alone():
    scans = [scan("baseline"), scan("year1", mirrored=True)]
    scan_qcs = judge_measured(scans, "left", decide("year1", "exclude", "laterality_mirrored"))
    assert [scan_qc.status for scan_qc in scan_qcs] == ["measured", "excluded"]
    assert scan_qcs[0].failure is None


def test_a_scan_left_out_by_decision_is_excluded_and_signed_while_the_decision_stands():
    fault = Refusal("decision", "excluded", "seen")
    (decisions,) = decide("baseline", "exclude", None).values()
    scan_qc = judge_absent("refused", fault, decisions)
    assert (scan_qc.status, scan_qc.fault, scan_qc.decision) == ("excluded", fault, "exclude")
    assert (judge_absent("refused", fault, []).status, judge_absent("refused", fault, []).decision) == (
        "excluded",
        None,
    )


def test_an_accepted_fault_becomes_a_note():
    decisions = decide("baseline", "accept", "lesion_mask_side")
    (scan_qc,) = judge_measured([scan("baseline", lesion=(0.0, 0.1))], "left", decisions)
    assert (scan_qc.status, scan_qc.decision, scan_qc.failure) == ("measured", "accept", None)
    assert codes(scan_qc.notes) == ["lesion_mask_side"]
    assert scan_qc.notes[0].text.endswith("(accepted: seen)")


@pytest.mark.parametrize(("code", "signed"), [("gate_scale", "accept"), (None, None), ("motion", None)])
def test_accepting_a_refusal_needs_its_code(code, signed):
    (decisions,) = decide("baseline", "accept", code).values()
    assert judge_absent("refused", Refusal("normalise", "gate_scale", "told"), decisions).decision == signed


def test_a_missing_scan_has_no_fault():
    scan_qc = judge_absent("missing", None, [])
    assert (scan_qc.status, scan_qc.fault, scan_qc.decision) == ("missing", None, None)


def test_a_measured_scan_without_its_primary_ratio_is_refused():
    (scan_qc,) = judge_measured([scan("baseline")], "left", {})
    kind = ("sub-01", "baseline", "FDG", "left", "motor", "uptake_ratio", "pons")
    absent = Ratio(*kind, math.nan, 1.0, math.nan, "fail", "low_coverage: 10% of pons is in view")
    refused = refuse_without_primary(scan_qc, absent, [])
    assert (refused.status, refused.fault) == ("refused", Refusal("measure", "low_coverage", "10% of pons is in view"))
    present = Ratio(*kind, 1.2, 1.2, 1.0, "warn", "")
    assert refuse_without_primary(scan_qc, present, []) is scan_qc


DEFICIT = (30.0, 0.0)


def accepted(scan, code="laterality_disagree"):
    """The scan_qc on a scan whose deficit is on the left of a participant whose lesion is said to be on the right."""
    (scan_qc,) = judge_measured([scan], "right", decide("baseline", "accept", code))
    return scan_qc


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({}, "excluded"),
        ({"lesion": (0.0, 0.1)}, "measured"),  # a drawn mask on the right
        ({"lesion": (0.1, 0.1)}, "excluded"),  # on both sides
        ({"seen": (0.0, 12.0), "seen_in": "anat:CT"}, "measured"),
        ({"seen": (0.0, 12.0), "seen_in": "FDG"}, "excluded"),  # the scan itself is no witness
        ({"seen": (0.0, 9.0), "seen_in": "anat:CT"}, "excluded"),  # less than 10 mL
        ({"seen": (12.0, 0.0), "seen_in": "anat:CT"}, "excluded"),  # on the other side
    ],
)
def test_a_sign_off_of_the_side_counts_only_with_a_witness(told, status):
    one = scan("baseline", deficit=DEFICIT, lesion=told.get("lesion"))
    one = replace(one, lesion_seen_ml=told.get("seen", (0.0, 0.0)), lesion_seen_in=told.get("seen_in", ""))
    scan_qc = accepted(one)
    assert (scan_qc.status, scan_qc.decision) == (status, "accept" if status == "measured" else None)
    assert (
        "(the sign-off in qc.tsv does not count: a drawn lesion mask, or an anatomical image that shows the lesion,"
        " on the right is needed" in write_cell([scan_qc.failure])
    ) == (status == "excluded")


def test_accepting_one_fault_leaves_the_others():
    scan_qc = accepted(scan("baseline", deficit=DEFICIT, lesion=(0.1, 0.0)), "lesion_mask_side")
    assert (scan_qc.status, scan_qc.fault.code) == ("excluded", "laterality_disagree")
    scans = [scan("baseline", lesion=(0.0, 0.1), deficit=DEFICIT), scan("year1", mirrored=True, deficit=DEFICIT[::-1])]
    scan_qc = judge_measured(scans, "right", decide("baseline", "accept", "laterality_disagree"))[0]
    assert (scan_qc.status, scan_qc.fault.code) == ("excluded", "laterality_mirrored")


def test_nobody_can_accept_a_mirrored_scan():
    scans = [scan("baseline"), scan("year1", mirrored=True)]
    scan_qc = judge_measured(scans, "left", decide("baseline", "accept", "laterality_mirrored"))[0]
    assert (scan_qc.status, scan_qc.decision) == ("excluded", None)
    assert "laterality_mirrored cannot be accepted" in scan_qc.failure.text


def test_a_scan_that_the_decision_about_another_let_through_is_measured_and_has_no_decision_of_its_own():
    fault = Refusal("normalise", "gate_agreement", "baseline and year1 FDG correlate by 0.75")
    scans = [replace(scan(session), accepted=(fault,)) for session in ("baseline", "year1")]
    scan_qcs = judge_measured(scans, "left", decide("year1", "accept", "gate_agreement"))
    assert [(scan_qc.status, scan_qc.fault, scan_qc.decision) for scan_qc in scan_qcs] == [
        ("measured", fault, None),
        ("measured", fault, "accept"),
    ]
