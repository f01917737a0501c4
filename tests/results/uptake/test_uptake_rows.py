import math

import numpy as np

from pet_spect.model import Atlas, Region, RegionUptake
from pet_spect.quantify.measurement import ParticipantRegions
from pet_spect.remarks import Remark
from pet_spect.results.uptake.uptake_rows import uptake_rows
from pet_spect.results.uptake.uptake_scan import UptakeScan, missing_scan

LABELS = np.array([[[1]], [[2]]], dtype=np.uint8)
ATLAS = Atlas("toy", LABELS, np.eye(4), (Region(1, "motor", "left"), Region(2, "motor", "right")))
REGIONS = ParticipantRegions(ATLAS, lesionfree=("motor",))
UPTAKE = tuple(
    RegionUptake("motor", side, mean, 1.0, 20.0, 1.0, math.nan) for side, mean in (("left", 6.0), ("right", 9.0))
)
WARNINGS = Remark.said("weight_conflict", "70 and 71"), Remark.said("orientation_declared", "LPS; as the table says")
MEASURED = UptakeScan(session="baseline", tracer="FDG", status="measured", warnings=WARNINGS, unit="Bq/mL")
REFUSED = UptakeScan(session="year1", tracer="FDG", status="refused", stage="convert", code="frames", reason="none")


def test_a_row_says_what_to_look_at_but_not_what_concerns_suv_alone():
    rows = uptake_rows("sub-01", MEASURED, UPTAKE, REGIONS, None)
    assert [(row.region, row.side, row.mean, row.unit) for row in rows] == [
        ("motor", "left", 6.0, "Bq/mL"),
        ("motor", "right", 9.0, "Bq/mL"),
    ]
    assert [row.reason for row in rows] == ["orientation_declared: LPS; as the table says"] * 2


def test_a_scan_without_values_has_all_its_rows_with_the_reason():
    rows = uptake_rows("sub-01", REFUSED, None, REGIONS, None)
    places = [(row.region, row.side) for row in rows]
    assert places == [(name, side) for name in ("motor", "motor_lesionfree") for side in ("left", "right")]
    assert {row.reason for row in rows} == {"frames: none"}
    assert all(math.isnan(row.mean) for row in rows)


def test_a_visit_without_a_scan_says_so():
    rows = uptake_rows("sub-01", missing_scan("year1", "IMZ"), None, REGIONS, None)
    assert {row.reason for row in rows} == {"no scan listed"}


def test_a_corrected_region_follows_in_the_order_of_the_atlas():
    corrected = [RegionUptake("motor_gtm", value.side, 2 * value.mean, 1.0, 20.0, 1.0, math.nan) for value in UPTAKE]
    rows = uptake_rows("sub-01", MEASURED, UPTAKE, REGIONS, None, corrected)
    assert [(row.region, row.mean) for row in rows[2:]] == [("motor_gtm", 12.0), ("motor_gtm", 18.0)]
