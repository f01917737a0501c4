import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pet_spect.errors import RegionError
from pet_spect.model import ScanKey
from pet_spect.quantify import ratios, registration_error
from pet_spect.quantify.ratios import scan_ratios
from pet_spect.quantify.references import BUILT_IN, Reference, read_references
from pet_spect.quantify.registration_error import RegistrationError, RegistrationFacts
from pet_spect.quantify.roles import RegionRoles, RegionValue, ScanUptake, joint_value, reference_value
from pet_spect.quantify.uncertainty import Sensitivity
from pet_spect.remarks import Remark

REFERENCES = read_references(
    {
        "cerebellum_ipsilesional": {"regions": "cerebellum", "side": "ipsilesional"},
        "cerebellum_contralesional": {"regions": "cerebellum", "side": "contralesional"},
        "cerebellum": {"regions": "cerebellum", "side": "both"},
        "hemisphere_contralesional": {"regions": ["motor", "cortex"], "side": "contralesional"},
        "whole_brain": None,
    }
)
ROLES = RegionRoles(("motor",), REFERENCES)
ROWS = [
    *(("uptake_ratio", name) for name in REFERENCES),
    ("ratio_minus_one", "pons"),
    ("asymmetry_index_percent", "contralateral"),
    ("suv_mean", "none"),
]
# A left stroke: motor 60 against 80, cerebellum 100 and 84 (crossed diaschisis), pons 50.
MEANS = {
    ("motor", "left"): (60.0, 20.0),
    ("motor", "right"): (80.0, 20.0),
    ("motor_lesionfree", "left"): (72.0, 15.0),
    ("motor_lesionfree", "right"): (80.0, 20.0),
    ("cerebellum", "left"): (100.0, 60.0),
    ("cerebellum", "right"): (84.0, 60.0),
    ("pons", "n/a"): (50.0, 6.0),
    ("cortex", "left"): (70.0, 300.0),
    ("cortex", "right"): (90.0, 60.0),
}


CUT = Remark.of("low_coverage", case="whole", share=0.2, region="pons", needed=0.9)


def a_scan(means=MEANS, **facts):
    facts = {"absence": None, "suv_factor": 0.1, **facts}
    values = {region: RegionValue(mean, volume) for region, (mean, volume) in means.items()}
    return ScanUptake(ScanKey("sub-01", "baseline", "FDG"), values=values, **facts)


def rows_of(scan, lesion_side="left", **settings):
    ratios = scan_ratios(scan, lesion_side, ROLES, **settings)
    return {(row.region, row.measure, row.reference): row for row in ratios}


def test_ratios_of_a_left_stroke_worked_by_hand():
    rows = rows_of(a_scan())
    values = {(measure, reference): rows["motor", measure, reference].value for measure, reference in ROWS}
    assert values == pytest.approx(
        {
            ("uptake_ratio", "contralateral"): 60 / 80,
            ("uptake_ratio", "cerebellum_ipsilesional"): 60 / 100,
            ("uptake_ratio", "cerebellum_contralesional"): 60 / 84,
            ("uptake_ratio", "cerebellum"): 60 / 92,
            ("uptake_ratio", "pons"): 60 / 50,
            ("uptake_ratio", "hemisphere_contralesional"): 60 / ((80 * 20 + 90 * 60) / 80),
            ("ratio_minus_one", "pons"): 0.2,
            ("asymmetry_index_percent", "contralateral"): 200 * -20 / 140,
            ("suv_mean", "none"): 6.0,
        }
    )
    assert {row.qc for row in rows.values()} == {"pass"}
    assert {row.reason for row in rows.values()} == {""}


def test_the_other_side_stands_over_the_ipsilesional_cerebellum_too():
    row = rows_of(a_scan())["motor_contralesional", "uptake_ratio", "cerebellum_ipsilesional"]
    assert (row.value, row.numerator, row.denominator) == (80 / 100, 80.0, 100.0)
    without = RegionRoles(("motor",), {name: REFERENCES[name] for name in ("contralateral", "pons")})
    assert not any(row.region == "motor_contralesional" for row in scan_ratios(a_scan(), "left", without))


def test_whole_brain_leaves_out_the_target_on_both_sides():
    roles = RegionRoles(("motor",), {"whole_brain": BUILT_IN["whole_brain"]})
    row = scan_ratios(a_scan(), "left", roles)[0]
    rest = [value for (region, _), value in MEANS.items() if "motor" not in region]
    assert row.denominator == pytest.approx(sum(mean * ml for mean, ml in rest) / sum(ml for _, ml in rest))


def test_with_strokes_on_both_sides_no_value_relative_to_the_other_side_is_used():
    rows = rows_of(a_scan(), bilateral=True)
    failed = {row.reference for row in rows.values() if row.qc == "fail"}
    assert failed == {"contralateral", "hemisphere_contralesional"}
    row = rows["motor", "uptake_ratio", "contralateral"]
    assert row.value == 60 / 80
    assert row.reason == Remark.of("bilateral_stroke", case="told").line


def losing(share):
    """Return the scan with a lesion mask that holds a share of the motor cortex on the right."""
    scan = a_scan()
    values = dict(scan.values)
    for region in ("motor", "cortex"):
        values[region, "right"] = replace(values[region, "right"], lesion_fraction=share if region == "motor" else 0.0)
    return replace(scan, values=values)


@pytest.mark.parametrize(("share", "failed"), [(0.04, False), (0.2, True)])
def test_a_lesion_mask_that_holds_the_other_side_shows_a_second_stroke(share, failed):
    rows = rows_of(losing(share))
    for name in ("contralateral", "hemisphere_contralesional"):
        row = rows["motor", "uptake_ratio", name]
        assert row.qc == ("fail" if failed else "pass")
        assert ("bilateral_stroke: 20% of the target" in row.reason) == failed
    assert rows["motor", "uptake_ratio", "cerebellum_contralesional"].qc == "pass"


def test_who_says_that_there_is_one_stroke_is_believed():
    assert rows_of(losing(0.2), bilateral=False)["motor", "uptake_ratio", "contralateral"].qc == "pass"


def test_a_target_that_was_not_measured_is_named():
    with pytest.raises(RegionError, match="region 'thumb'"):
        scan_ratios(a_scan(), "left", RegionRoles(("thumb",), {"pons": REFERENCES["pons"]}))


def test_a_target_without_any_volume_has_a_reason_and_no_second_stroke():
    nothing = {("motor", side): (math.nan, 0.0) for side in ("left", "right")}
    row = rows_of(a_scan(MEANS | nothing))["motor", "uptake_ratio", "contralateral"]
    assert row.qc == "fail"
    assert "bilateral_stroke" not in row.reason


def test_of_a_joint_target_the_volume_that_is_lost_counts():
    roles = RegionRoles(("motor", "cortex"), {name: REFERENCES[name] for name in ("contralateral", "pons")})
    means = MEANS | {("cortex_lesionfree", side): (80.0, 50.0) for side in ("left", "right")}
    scan = replace(losing(0.15), values=a_scan(means).values | losing(0.15).values)
    row = scan_ratios(scan, "left", roles)[0]
    assert (row.reference, row.qc) == ("contralateral", "pass")  # 3 of 80 mL


def test_numerator_and_denominator_are_stored():
    rows = rows_of(a_scan())
    ratio = rows["motor", "uptake_ratio", "pons"]
    assert (ratio.numerator, ratio.denominator) == (60.0, 50.0)
    index = rows["motor", "asymmetry_index_percent", "contralateral"]
    assert (index.numerator, index.denominator) == (60.0, 80.0)
    suv = rows["motor", "suv_mean", "none"]
    assert suv.numerator == 6.0
    assert math.isnan(suv.denominator)


def test_the_lesionfree_target_has_rows_of_its_own():
    assert rows_of(a_scan())["motor_lesionfree", "uptake_ratio", "contralateral"].value == 72 / 80


@given(st.floats(1, 100), st.floats(1, 100))
def test_the_other_lesion_side_inverts_the_contralateral_ratio(left, right):
    scan = a_scan({**MEANS, ("motor", "left"): (left, 20.0), ("motor", "right"): (right, 20.0)})
    key = ("motor", "uptake_ratio", "contralateral")
    assert rows_of(scan, "left")[key].value * rows_of(scan, "right")[key].value == pytest.approx(1)
    key = ("motor", "asymmetry_index_percent", "contralateral")
    assert rows_of(scan, "left")[key].value == pytest.approx(-rows_of(scan, "right")[key].value)


@given(st.floats(1e-5, 1e5))
def test_ratios_do_not_depend_on_the_scale_of_the_scan(scale):
    scaled = a_scan({region: (mean * scale, volume) for region, (mean, volume) in MEANS.items()})
    for key, row in rows_of(a_scan()).items():
        if row.measure != "suv_mean":
            assert rows_of(scaled)[key].value == pytest.approx(row.value)


def test_a_missing_scan_has_every_row_without_a_value():
    rows = rows_of(a_scan({}, absence=Remark.of("no_scan")))
    assert len(rows) == 2 * len(ROWS) + 1
    assert {row.qc for row in rows.values()} == {"fail"}
    assert {row.reason for row in rows.values()} == {Remark.of("no_scan").text}
    assert all(math.isnan(row.value) for row in rows.values())


def test_a_region_without_a_mean_gives_its_reason_to_what_needs_it_only():
    scan = a_scan()
    scan.values["pons", "n/a"] = RegionValue(math.nan, 6.0, reason=CUT)
    rows = rows_of(scan)
    pons = rows["motor", "uptake_ratio", "pons"]
    assert math.isnan(pons.value)
    assert (pons.numerator, pons.qc, pons.reason) == (60.0, "fail", CUT.line)
    assert rows["motor", "uptake_ratio", "contralateral"].qc == "pass"


def test_without_attenuation_correction_only_the_two_sides_are_compared():
    rows = rows_of(a_scan(attenuation_corrected=False))
    valid = {key for key, row in rows.items() if not math.isnan(row.value)}
    assert {reference for _, _, reference in valid} == {"contralateral"}
    assert len(valid) == 4
    assert rows["motor", "uptake_ratio", "pons"].reason == Remark.of("no_attenuation_correction").line


def test_unknown_attenuation_correction_is_a_warning_where_depth_matters():
    rows = rows_of(a_scan(attenuation_corrected=None))
    assert rows["motor", "uptake_ratio", "pons"].qc == "warn"
    assert rows["motor", "uptake_ratio", "contralateral"].qc == "pass"


def test_without_a_factor_there_is_no_suv_but_every_ratio():
    rows = rows_of(a_scan(suv_factor=None, suv_reason="no weight"))
    assert rows["motor", "suv_mean", "none"].reason == Remark.of("no_suv", case="why", reason="no weight").line
    assert math.isnan(rows["motor", "suv_mean", "none"].value)
    assert rows["motor", "uptake_ratio", "pons"].value == 1.2


def test_a_doubt_about_weight_or_dose_flags_the_suv_only():
    rows = rows_of(a_scan(notes=(Remark.said("weight_in_grams", "told"), Remark.said("brain_cut", "told"))))
    assert rows["motor", "suv_mean", "none"].reason == "weight_in_grams: told; brain_cut: told"
    assert rows["motor", "uptake_ratio", "pons"].reason == "brain_cut: told"


@pytest.mark.parametrize("pons", [0.0, -3.0, 0.05])
def test_a_reference_that_is_not_clearly_positive_gives_no_ratio(pons):
    row = rows_of(a_scan({**MEANS, ("pons", "n/a"): (pons, 6.0)}))["motor", "uptake_ratio", "pons"]
    assert math.isnan(row.value)
    assert row.reason == Remark.of("denominator_too_small", denominator=pons, numerator=60).line


def test_cerebellar_asymmetry_beyond_the_limit_warns_cerebellar_ratios_only():
    rows = rows_of(a_scan(), max_cerebellum_asymmetry=17.0)  # 200 * 16 / 184 = 17.4 %
    warned = {reference for (_, _, reference), row in rows.items() if row.qc == "warn"}
    assert warned == {"cerebellum_ipsilesional", "cerebellum_contralesional", "cerebellum"}
    expected = Remark.of("cerebellum_asymmetry", left=100, right=84, percent=17, limit=17)
    assert rows["motor", "uptake_ratio", "cerebellum"].reason == expected.line


def test_an_infratentorial_stroke_warns_cerebellar_ratios_only():
    rows = rows_of(a_scan(), infratentorial=True)
    assert rows["motor", "uptake_ratio", "cerebellum"].reason == Remark.of("cerebellum_infratentorial").line
    assert rows["motor", "uptake_ratio", "pons"].qc == "pass"


def test_a_failed_scan_shows_its_values():
    row = rows_of(a_scan(), failure=Remark.said("laterality_disagree", "told"))["motor", "uptake_ratio", "pons"]
    assert (row.value, row.qc, row.reason) == (1.2, "fail", "laterality_disagree: told")


def test_several_target_regions_are_joined_by_volume():
    roles = RegionRoles(("motor", "cortex"), REFERENCES)
    means = {**MEANS, ("cortex_lesionfree", "left"): (1.0, 1.0), ("cortex_lesionfree", "right"): (1.0, 1.0)}
    row = scan_ratios(a_scan(means), "right", roles)[0]
    assert row.region == "motor+cortex"
    assert row.numerator == (80 * 20 + 90 * 60) / 80
    assert row.denominator == (60 * 20 + 70 * 300) / 320


def test_a_region_the_table_lacks_is_an_error():
    with pytest.raises(RegionError, match="'nucleus'"):
        joint_value(a_scan(), [("nucleus", "left")])
    with pytest.raises(RegionError, match=r"'nucleus' \(left or right or n/a\) is not among those measured"):
        reference_value(a_scan(), Reference(("nucleus",), "both"), ROLES, "left")


def joined(*parts):
    volumes = [MEANS[part][1] for part in parts]
    return sum(MEANS[part][0] * volume for part, volume in zip(parts, volumes, strict=True)) / sum(volumes)


WHOLE = [part for part in MEANS if not part[0].endswith("_lesionfree")]


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        (Reference(("all",), "both"), WHOLE),
        (Reference(("all",), "both", ("target",)), [part for part in WHOLE if part != ("motor", "left")]),
        (Reference(("all",), "both", ("target", "target_mirror")), [part for part in WHOLE if part[0] != "motor"]),
        (Reference(("motor", "cortex"), "contralesional", ("target_mirror",)), [("cortex", "right")]),
        (Reference(("motor",), "contralesional", ("lesion",)), [("motor_lesionfree", "right")]),
    ],
)
def test_a_reference_is_the_regions_that_the_config_names(reference, parts):
    roles = RegionRoles(("motor",), REFERENCES | {"mine": reference})
    rows = {(row.region, row.measure, row.reference): row for row in scan_ratios(a_scan(), "left", roles)}
    row = rows["motor", "uptake_ratio", "mine"]
    assert row.denominator == pytest.approx(joined(*parts))
    assert row.value == pytest.approx(MEANS["motor", "left"][0] / joined(*parts))


def test_a_reference_of_which_nothing_is_left_is_an_error():
    with pytest.raises(RegionError, match="nothing is left of the reference without target"):
        reference_value(a_scan(), Reference(("motor",), "ipsilesional", ("target",)), ROLES, "left")


def test_the_contralateral_reference_of_a_lesionfree_target_is_lesionfree_too():
    row = next(row for row in scan_ratios(a_scan(), "left", ROLES) if row.region == "motor_lesionfree")
    assert row.denominator == MEANS["motor_lesionfree", "right"][0]


def test_a_region_that_is_lost_wholly_has_no_part_in_a_reference_without_the_lesion():
    means = MEANS | {("cortex_lesionfree", "left"): (math.nan, 0.0), ("cortex_lesionfree", "right"): (90.0, 60.0)}
    reference = Reference(("motor", "cortex"), "both", ("lesion",))
    scan = a_scan(means)
    scan.values["cortex_lesionfree", "left"] = RegionValue(
        math.nan, 0.0, 1.0, Remark.said("no_volume", "nothing is left")
    )
    found = reference_value(scan, reference, ROLES, "left")
    assert found.volume_ml == 15 + 20 + 60
    assert found.mean == pytest.approx((72 * 15 + 80 * 20 + 90 * 60) / 95)


def test_the_other_side_of_the_target_is_that_however_it_is_written():
    roles = RegionRoles(("motor",), REFERENCES | {"mine": Reference(("motor",), "contralesional")})
    scan = replace(a_scan(), attenuation_corrected=False)
    rows = {
        (row.region, row.reference): row for row in scan_ratios(scan, "left", roles) if row.measure == "uptake_ratio"
    }
    for region in ("motor", "motor_lesionfree"):
        assert rows[region, "mine"].value == rows[region, "contralateral"].value > 0


def test_an_asymmetry_index_compares_two_sides_or_is_not_given():
    roles = RegionRoles(("motor",), REFERENCES | {"contralateral": Reference(("pons",), "both")})
    assert "asymmetry_index_percent" not in {row.measure for row in scan_ratios(a_scan(), "left", roles)}


def test_a_reference_may_be_left_out_with_what_only_it_has():
    roles = RegionRoles(("motor",), {name: each for name, each in REFERENCES.items() if name != "pons"})
    kinds = [(row.measure, row.reference) for row in scan_ratios(a_scan(), "left", roles)]
    assert len(kinds) == 2 * (len(ROWS) - 2) + 1
    assert not any(reference == "pons" for _, reference in kinds)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"regions": "x"}, "needs regions and side"),
        ("x", "needs regions and side"),
        (None, "only a built-in one can be left out"),
        ({"regions": "x", "side": "left"}, "side of a reference: found 'left'"),
        ({"regions": [], "side": "both"}, "found none"),
        ({"regions": 5, "side": "both"}, "found 5, needed a tuple of names"),
        ({"regions": [["x"]], "side": "both"}, "needed a tuple of names"),
        ({"regions": ["x", "x"], "side": "both"}, "needed different names"),
        ({"regions": "x", "side": "both", "exclude": ["pons"]}, "different ones of target, target_mirror, lesion"),
        ({"regions": "x", "side": "both", "exclude": 3}, "needed a tuple of names"),
    ],
)
def test_a_reference_that_is_half_said_is_an_error(entry, message):
    with pytest.raises(RegionError, match=r"^mine: ") as caught:
        read_references({"mine": entry})
    assert message in str(caught.value)


@pytest.mark.parametrize("name", ["none", "a b", "Mine", "", 1, True, "a\n"])
def test_a_reference_has_a_plain_name(name):
    with pytest.raises(RegionError, match="needed a name of small letters"):
        read_references({name: {"regions": "x", "side": "both"}})


def noisy(sd_by_region):
    still = (0.0, 0.0, 0.0)
    return {
        region: RegionValue(mean, volume, sensitivity=Sensitivity(sd_by_region.get(region, 0.0), still, still))
        for region, (mean, volume) in MEANS.items()
    }


def test_how_sure_a_ratio_is_worked_by_hand():
    values = noisy({("motor", "left"): 3.0, ("motor", "right"): 4.0})  # 5 % of 60 and of 80
    rows = rows_of(replace(a_scan(), values=values))
    ratio = rows["motor", "uptake_ratio", "contralateral"]
    assert ratio.value_sd == pytest.approx(0.75 * 0.05 * math.sqrt(2))
    assert (ratio.repeat_ci95_low, ratio.repeat_ci95_high) == pytest.approx((0.6461, 0.8539), abs=1e-4)
    assert rows["motor", "ratio_minus_one", "pons"].value_sd == pytest.approx(3 / 50)
    assert rows["motor", "suv_mean", "none"].value_sd == pytest.approx(0.3)
    # 200 (a - b) / (a + b) at a = 60, b = 80: 400 · 80 / 140² per a, -400 · 60 / 140² per b
    expected = math.hypot(3 * 32000, 4 * 24000) / 140**2
    assert rows["motor", "asymmetry_index_percent", "contralateral"].value_sd == pytest.approx(expected)


def test_how_sure_a_ratio_is_is_unknown_where_its_regions_do_not_tell_or_it_has_no_value():
    assert math.isnan(rows_of(a_scan())["motor", "uptake_ratio", "pons"].value_sd)
    absent = RegionValue(
        math.nan,
        6.0,
        reason=CUT,
        sensitivity=Sensitivity(math.nan, *[(0.0, 0.0, 0.0)] * 2),
    )
    rows = rows_of(replace(a_scan(), values={**noisy({}), ("pons", "n/a"): absent}))
    ratio = rows["motor", "uptake_ratio", "pons"]
    told = (ratio.value, ratio.value_sd, ratio.repeat_ci95_low, ratio.repeat_ci95_high, ratio.placement_sd)
    assert all(map(math.isnan, told))
    assert rows["motor", "uptake_ratio", "contralateral"].value_sd == 0.0


@pytest.fixture
def learned(monkeypatch):
    """Let the error of registration be learned for this file's target."""
    error = RegistrationError(-0.5, 0.02, 0.3)
    monkeypatch.setattr(registration_error, "LEARNED", {("FDG", name): error for name in ("contralateral", "pons")})
    monkeypatch.setattr(ratios, "LEARNED_TARGET", ("motor",))
    monkeypatch.setattr(ratios, "BUILT_IN", ROLES.references)


def registered(**changed):
    values = noisy({("motor", "left"): 3.0, ("motor", "right"): 4.0})
    known = {"lesion_seen_in": "FDG", "misplacement_mm": 1.5, "target_lost": (0.1, 0.9)} | changed
    return rows_of(replace(a_scan(), values=values, **known))


@pytest.mark.usefixtures("learned")
def test_the_interval_of_the_truth_is_that_of_what_the_registration_knows_on_the_side_of_the_stroke():
    rows = registered()
    ratio = rows["motor", "uptake_ratio", "contralateral"]
    facts = RegistrationFacts("FDG", 1.5, 0.1)
    ends = registration_error.truth_interval("FDG", "contralateral", 0.75, ratio.value_sd, facts)
    assert (ratio.ci95_low, ratio.ci95_high) == pytest.approx(ends)
    index = rows["motor", "asymmetry_index_percent", "contralateral"]
    assert (index.ci95_low, index.ci95_high) == pytest.approx([200 * (end - 1) / (end + 1) for end in ends])
    over_pons = rows["motor", "uptake_ratio", "pons"]
    minus_one = rows["motor", "ratio_minus_one", "pons"]
    assert (minus_one.ci95_low, minus_one.ci95_high) == pytest.approx((over_pons.ci95_low - 1, over_pons.ci95_high - 1))


@pytest.mark.usefixtures("learned")
def test_there_is_no_interval_of_the_truth_for_what_was_not_learned():
    rows = registered()
    for place in (
        ("motor", "suv_mean", "none"),
        ("motor_lesionfree", "uptake_ratio", "pons"),
        ("motor", "uptake_ratio", "cerebellum"),
    ):
        assert math.isnan(rows[place].ci95_low), place
    for changed in ({"lesion_seen_in": "IMZ"}, {"misplacement_mm": math.nan}, {"target_lost": (math.nan, 0.0)}):
        assert math.isnan(registered(**changed)["motor", "uptake_ratio", "pons"].ci95_low), changed


def test_a_target_that_was_not_learned_has_no_interval_of_the_truth():
    assert math.isnan(registered()["motor", "uptake_ratio", "contralateral"].ci95_low)


def test_corrected_targets_stand_over_corrected_references():
    means = {**MEANS, **{(f"{name}_gtm", side): (2 * mean, volume) for (name, side), (mean, volume) in MEANS.items()}}
    means["motor_gtm", "left"] = 150.0, 20.0
    note = Remark.of("partial_volume_lesion")
    rows = scan_ratios(a_scan(means, correction_notes=(note,)), "left", replace(ROLES, corrected=True))
    found = {(row.region, row.reference): row for row in rows if row.region in ("motor", "motor_gtm")}
    assert found["motor_gtm", "contralateral"].value == 150 / 160
    assert found["motor_gtm", "cerebellum_ipsilesional"].value == 150 / 200
    assert found["motor_gtm", "contralateral"].qc == "warn"
    assert found["motor", "contralateral"].reason == ""
    assert {row.measure for row in rows if row.region == "motor_gtm"} == {"uptake_ratio"}


def test_corrected_regions_are_no_part_of_a_reference_of_all_regions():
    means = {**MEANS, ("cortex_gtm", "left"): (1e6, 300.0)}
    everything = {"all": Reference(("all",), "both", ("target", "target_mirror"))}
    plain, more = (
        reference_value(a_scan(each), everything["all"], RegionRoles(("motor",), everything), "left")
        for each in (MEANS, means)
    )
    assert plain.mean == more.mean
