import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pet_spect.model import ScanKey, opposite
from pet_spect.quantify.cohort.analysis.settings import read_analysis
from pet_spect.quantify.cohort.change import changes
from pet_spect.quantify.cohort.summary import summarise
from pet_spect.quantify.ratios import scan_ratios
from pet_spect.quantify.references import Reference
from pet_spect.quantify.roles import RegionRoles, RegionValue, ScanUptake, Surrounding
from pet_spect.quantify.uncertainty import Sensitivity
from pet_spect.remarks import Remark

RING, SITE = "lesion_ring_0_10", "treatment_site"
ROLES = RegionRoles(
    ("motor",),
    {
        "contralateral": Reference(("target",), "contralesional"),
        "cerebellum_ipsilesional": Reference(("cerebellum",), "ipsilesional"),
        "everything": Reference(("all",), "both"),
        "both_targets": Reference(("target",), "both"),
    },
)
MEANS = {
    ("motor", "left"): 60.0,
    ("motor", "right"): 80.0,
    ("motor_lesionfree", "left"): 72.0,
    ("motor_lesionfree", "right"): 80.0,
    ("cerebellum", "left"): 100.0,
    ("cerebellum", "right"): 84.0,
}
STEADY = Sensitivity(0.1, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
NONE = Surrounding({}, Remark.of("no_treatment_site"))


def around(name, side, own, mirror, *, lost=0.0, **facts):
    """Return a region that reads `own` on a side, and its mirror image."""
    values = {
        (name, side): RegionValue(own, 20.0, sensitivity=STEADY),
        (f"{name}_mirrored", opposite(side)): RegionValue(mirror, 20.0, lost, sensitivity=STEADY),
    }
    return {name: Surrounding(values, **facts)}


def rows_of(surroundings, lesion_side="left", *, session="baseline", scan=None, **settings):
    values = {part: RegionValue(mean, 20.0, sensitivity=STEADY) for part, mean in MEANS.items()}
    uptake = ScanUptake(ScanKey("sub-01", session, "FDG"), None, values, suv_factor=0.1, surroundings=surroundings)
    uptake = replace(uptake, **(scan or {}))
    return {
        (row.region, row.measure, row.reference): row for row in scan_ratios(uptake, lesion_side, ROLES, **settings)
    }


def test_a_ring_has_the_rows_of_a_target_worked_by_hand():
    rows = {key: row.value for key, row in rows_of(around(RING, "left", 50.0, 75.0)).items() if "ring" in key[0]}
    assert rows == pytest.approx(
        {
            (RING, "uptake_ratio", "contralateral"): 50 / 75,
            (RING, "uptake_ratio", "cerebellum_ipsilesional"): 50 / 100,
            (RING, "uptake_ratio", "everything"): 50 / 81,
            (RING, "asymmetry_index_percent", "contralateral"): -40.0,
            (RING, "suv_mean", "none"): 5.0,
            (f"{RING}_mirrored", "uptake_ratio", "cerebellum_ipsilesional"): 75 / 100,
        }
    )


RING_LEFT = around(RING, "left", 50.0, 75.0)


def test_without_surroundings_nothing_changes_and_with_them_no_other_row_does():
    bare, with_ring = ({key: repr(row) for key, row in rows_of(each).items()} for each in ({}, RING_LEFT))  # NaN
    assert {key: row for key, row in with_ring.items() if "ring" not in key[0]} == bare


def test_a_site_on_the_other_side_is_over_its_own_mirror_image_and_says_so():
    rows = rows_of(around(SITE, "right", 90.0, 60.0))
    row = rows[SITE, "uptake_ratio", "contralateral"]
    assert (row.numerator, row.denominator, row.value, row.qc) == (90.0, 60.0, 1.5, "warn")
    assert row.reason == Remark.of("treatment_other_side", side="right").line
    assert rows[SITE, "uptake_ratio", "cerebellum_ipsilesional"].value == 0.9


def test_a_mirror_image_in_the_lesion_is_not_used():
    rows = rows_of(around(SITE, "right", 90.0, 60.0, lost=0.4))
    row = rows[SITE, "uptake_ratio", "contralateral"]
    assert (row.value, row.qc) == (1.5, "fail")
    assert row.reason.startswith(Remark.of("mirror_in_lesion", share=0.4).line)
    assert rows[SITE, "uptake_ratio", "cerebellum_ipsilesional"].qc == "warn"
    assert rows_of(around(SITE, "right", 90.0, 60.0, lost=0.04))[SITE, "uptake_ratio", "contralateral"].qc == "warn"


def test_sites_on_both_sides_have_no_mirror_image_but_other_references():
    values = {(SITE, side): RegionValue(mean, 20.0) for side, mean in (("left", 60.0), ("right", 90.0))}
    rows = rows_of({SITE: Surrounding(values)})
    row = rows[SITE, "uptake_ratio", "contralateral"]
    assert (math.isnan(row.value), row.reason) == (True, Remark.of("treatment_both_sides").line)
    assert rows[SITE, "uptake_ratio", "cerebellum_ipsilesional"].value == 0.75


def test_a_second_stroke_bars_the_mirror_image_in_its_hemisphere_only():
    told = Remark.of("bilateral_stroke", case="told").line
    of_ring = rows_of(around(RING, "left", 50.0, 75.0), bilateral=True)[RING, "uptake_ratio", "contralateral"]
    assert (of_ring.qc, of_ring.reason) == ("fail", told)
    of_site = rows_of(around(SITE, "right", 90.0, 60.0), bilateral=True)[SITE, "uptake_ratio", "contralateral"]
    assert told not in of_site.reason


def test_who_has_no_site_has_every_row_with_the_reason():
    rows = {key: row for key, row in rows_of({SITE: NONE}).items() if key[0].startswith(SITE)}
    assert len(rows) == 6
    assert all(math.isnan(row.value) and row.qc == "fail" for row in rows.values())
    assert {row.reason for row in rows.values()} == {Remark.of("no_treatment_site").line}


def test_of_a_missing_scan_every_row_says_that():
    rows = rows_of({SITE: NONE, **around(RING, "left", 50.0, 75.0)}, scan={"absence": Remark.of("no_scan")})
    assert {row.reason for row in rows.values()} == {Remark.of("no_scan").text}
    assert len(rows) == len(rows_of({SITE: NONE, **around(RING, "left", 50.0, 75.0)}))


def test_notes_of_a_ring_flag_its_rows_alone():
    note = Remark.of("lesion_estimated", seen=20, side="left")
    rows = rows_of(around(RING, "left", 50.0, 75.0, notes=(note,)))
    assert {row.region for row in rows.values() if row.qc == "warn"} == {RING, f"{RING}_mirrored"}
    assert rows[RING, "suv_mean", "none"].reason == note.line


def test_without_attenuation_correction_a_region_and_its_mirror_image_are_compared_all_the_same():
    rows = rows_of(around(RING, "left", 50.0, 75.0), scan={"attenuation_corrected": False})
    given = {key[2] for key, row in rows.items() if key[0] == RING and math.isfinite(row.value)}
    assert given == {"contralateral"}


def test_summary_counts_who_has_none_and_none_of_the_rows_is_primary():
    ratios = [
        replace(row, participant_id=who)
        for who, surroundings in (("sub-01", around(SITE, "left", 50.0, 75.0)), ("sub-02", {SITE: NONE}))
        for session in ("baseline", "year1")
        for row in rows_of(surroundings, session=session).values()
    ]
    analysis = read_analysis({"primary": {"FDG": "contralateral"}, "sets": ["as_accepted"]}, ["baseline", "year1"])
    summary = summarise(changes(ratios, ["baseline", "year1"]), analysis, "motor")
    of_site = [row for row in summary if row.endpoint.region == SITE]
    assert {(row.n, row.n_missing) for row in of_site} == {(1, 1)}
    assert {row.role for row in of_site} == {"exploratory"}
    assert sum(row.primary for row in summary) == 1


def test_a_mirror_image_that_moved_is_flagged():
    rows = [
        row
        for session, mirror in (("baseline", 75.0), ("year1", 60.0))
        for row in rows_of(around(RING, "left", 50.0, mirror), session=session).values()
    ]
    (change,) = (
        each
        for each in changes(rows, ["baseline", "year1"])
        if (each.region, each.measure, each.reference) == (RING, "uptake_ratio", "contralateral")
    )
    assert "reference_moved" in change.reason


@given(st.floats(1, 100), st.floats(1, 100), st.sampled_from(["left", "right"]))
def test_exchanged_sides_give_the_same_ratios(own, mirror, side):
    def values(surroundings, lesion_side):
        rows = rows_of(surroundings, lesion_side)
        return {key: row.value for key, row in rows.items() if key[0] == SITE and key[2] == "contralateral"}

    here = values(around(SITE, side, own, mirror), "left")
    there = values(around(SITE, opposite(side), own, mirror), "right")
    assert here == there
