from dataclasses import replace

import numpy as np
import pytest

from pet_spect.quantify.cohort.protocol.differences import differences
from pet_spect.quantify.cohort.protocol.facts import ScanProtocol, VisitFacts
from pet_spect.quantify.cohort.protocol.guard import guard
from pet_spect.quantify.cohort.protocol.rules import BUILT_IN, ITEMS, TracerProtocol

SCAN = ScanProtocol(
    start_minutes=180.0,
    maker="SIEMENS",
    model="Symbia T6",
    reconstruction="OSEM 8i4s",
    iterations=8,
    subsets=4,
    filter_type="Butterworth",
    filter_cutoff=0.4,
    filter_order=10,
    attenuation="Chang",
    scatter="applied",
    collimator_type="PARA",
    collimator="LEHR",
    energy_windows=((143.1, 174.9),),
    voxel_mm=(3.3, 3.3, 3.3),
    dose_mbq=167.0,
    duration_s=1800.0,
)
VISIT = VisitFacts("baseline", -10, 95.0, False, scan=SCAN)

FAULTS = {
    "start": {"start_minutes": 200.0},
    "scanner": {"model": "Discovery NM 670", "maker": "GE MEDICAL SYSTEMS"},
    "reconstruction": {"reconstruction": "FBP", "iterations": None, "subsets": None},
    "filter": {"filter_cutoff": 0.5},
    "attenuation": {"attenuation": "none"},
    "scatter": {"scatter": "none"},
    "collimator": {"collimator": "MEGP"},
    "energy_window": {"energy_windows": ((135.2, 182.9),)},
    "voxel_size": {"voxel_mm": (4.6, 4.6, 4.6)},
    "dose": {"dose_mbq": 83.5},
    "duration": {"duration_s": 900.0},
}
OF_VISITS = {"glucose": {"glucose_mg_dl": 190.0}, "benzodiazepine": {"benzodiazepine": True}}


def found(after, before=VISIT, rules=BUILT_IN["IMZ"]):
    """Return the items that differ, and those that could not be compared."""
    told = dict(differences(before, replace(after, session="year1"), rules))
    return {item for item, remark in told.items() if remark}, {item for item, remark in told.items() if not remark}


@pytest.mark.parametrize("item", ITEMS)
def test_each_planted_fault_is_found_and_nothing_else(item):
    after = replace(VISIT, scan=replace(SCAN, **FAULTS.get(item, {})), **OF_VISITS.get(item, {}))
    assert found(after) == ({item}, set())
    (remark,) = (remark for remark in dict(differences(VISIT, after, TracerProtocol())).values() if remark)
    assert remark.code == ("uptake_time_differs" if item == "start" else f"{item}_differs")
    assert remark.told("session") == "baseline"
    (other_way,) = found(VISIT, after)[0]
    assert other_way == item


def test_sound_pairs_are_not_flagged():
    rng = np.random.default_rng(3)
    for _ in range(200):
        start, dose, duration = rng.integers(-5, 6, 2), rng.uniform(0.9, 1.1, 2), rng.uniform(-1, 1, 2)
        visits = [
            replace(
                VISIT,
                session=session,
                days_since_treatment=days,
                glucose_mg_dl=float(rng.integers(75, 116)),
                scan=replace(
                    SCAN,
                    start_minutes=180.0 + start[place],
                    dose_mbq=round(167 * dose[place], 1),
                    duration_s=round(1800 + duration[place]),
                    voxel_mm=tuple(3.3 + rng.uniform(-0.005, 0.005, 3)),
                ),
            )
            for place, (session, days) in enumerate((("baseline", -10), ("year1", 360)))
        ]
        assert all(said.notes == () and said.fault is None for said in guard(visits, BUILT_IN["IMZ"], "baseline"))


def test_limits_are_not_passed_by_rounding():
    assert found(replace(VISIT, scan=replace(SCAN, start_minutes=190.0, dose_mbq=167 * 1.1 / 0.9)))[0] == set()
    assert found(replace(VISIT, scan=replace(SCAN, start_minutes=190.2, dose_mbq=167 * 1.23)))[0] == {"start", "dose"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"maker": "SIEMENS"}, {"maker": "Siemens Healthcare"}),
        ({"maker": "TOSHIBA"}, {"maker": "CANON MEDICAL SYSTEMS"}),
        ({"maker": "CPS"}, {"maker": "SIEMENS"}),
        ({"maker": "GE MEDICAL SYSTEMS", "model": None}, {"maker": "GEMS", "model": None}),
        ({"model": "Symbia T6"}, {"model": "SYMBIA  T6"}),
        ({"filter_type": "Gauss 2.00"}, {"filter_type": "GAUSS 2.0"}),
        ({"attenuation": "Chang"}, {"attenuation": "applied"}),
        ({"voxel_mm": (2.0, 2.0, 3.27)}, {"voxel_mm": (3.27, 2.0, 2.0)}),
    ],
)
def test_another_spelling_is_no_difference(before, after):
    assert found(replace(VISIT, scan=replace(SCAN, **after)), replace(VISIT, scan=replace(SCAN, **before)))[0] == set()


@pytest.mark.parametrize(
    ("before", "after", "item"),
    [
        ({"model": "Symbia T6"}, {"model": "Symbia T16"}, "scanner"),
        ({"model": "unlisted"}, {"model": "Symbia T6"}, "scanner"),
        ({"model": None}, {"model": None, "maker": "Philips"}, "scanner"),
        ({"model": "x"}, {"model": "x", "maker": "Philips"}, "scanner"),
        ({"filter_type": "Gauss 2.0"}, {"filter_type": "Gauss 20"}, "filter"),
        ({"filter_type": None}, {"filter_type": None, "filter_order": 5}, "filter"),
        ({"filter_type": None, "filter_cutoff": None, "filter_order": None}, {}, "filter"),
        ({"iterations": 8}, {"iterations": 2}, "reconstruction"),
        ({"attenuation": "Chang"}, {"attenuation": "CT"}, "attenuation"),
        (
            {"energy_windows": SCAN.energy_windows},
            {"energy_windows": (*SCAN.energy_windows, (70, 80))},
            "energy_window",
        ),
    ],
)
def test_faults_of_other_kinds(before, after, item):
    assert found(replace(VISIT, scan=replace(SCAN, **after)), replace(VISIT, scan=replace(SCAN, **before)))[0] == {item}


def test_what_is_withheld_or_missing_is_not_compared():
    withheld = replace(VISIT, scan=replace(SCAN, model="unlisted"))
    assert found(withheld, withheld) == (set(), {"scanner"})
    nothing = VisitFacts("baseline", scan=ScanProtocol())
    assert found(nothing, nothing) == (set(), set(ITEMS))


def test_a_setting_that_one_scan_alone_states_is_a_difference_and_a_value_is_not():
    settings = {"reconstruction", "filter", "collimator", "energy_window"}
    nothing = VisitFacts("baseline", scan=ScanProtocol())
    assert found(nothing) == (settings, set(ITEMS) - settings)
    (remark,) = (remark for item, remark in differences(VISIT, nothing, TracerProtocol(agree=("filter",))))
    assert remark.text == "reconstruction filter: not stated; at baseline: Butterworth cutoff 0.4 order 10"
