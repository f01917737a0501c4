"""Every row of the decision table. 70 kg, 1.75 m; 350 MBq; one half-life between injection and reference."""

from dataclasses import replace

import pytest

from pet_spect.dicom.pet.suv import CASES, SuvFacts, normalising_size, suv_factor

BQML = SuvFacts("BQML", "BW", "START", 70.0, 1.75, 350e6, "M", 6586.2, 6586.2)


def test_activity_is_divided_by_the_dose_left_at_the_reference_time():
    assert suv_factor(BQML).factor == pytest.approx(70_000 / 175e6)


def test_dose_does_not_decay_where_voxels_are_corrected_to_administration():
    assert suv_factor(replace(BQML, decay_correction="ADMIN", decay_s=None)).factor == pytest.approx(70_000 / 350e6)


def test_voxels_corrected_to_a_common_time_use_the_dose_left_then():
    assert suv_factor(replace(BQML, decay_correction="NONE")).factor == pytest.approx(70_000 / 175e6)


@pytest.mark.parametrize(
    ("missing", "reason"),
    [
        ({"weight_kg": None}, "patient weight is missing"),
        ({"dose_bq": None}, "injected dose is missing"),
        ({"half_life_s": None}, "half-life of the radionuclide is missing"),
        ({"decay_s": None, "decay_reason": "injection time is missing"}, "injection time is missing"),
    ],
)
def test_missing_fact_leaves_no_factor_and_says_why(missing, reason):
    result = suv_factor(replace(BQML, **missing))
    assert (result.factor, result.reason) == (None, reason)


def test_gml_of_body_weight_is_suv_already():
    bare = replace(BQML, units="GML", weight_kg=None, dose_bq=None, decay_s=None)
    assert suv_factor(bare).factor == 1.0


@pytest.mark.parametrize(
    ("variant", "sex", "kilograms"),
    [
        ("LBM", "M", 77.0 - 120 * 0.16),  # W/H = 0.4 kg/cm
        ("LBM", "F", 74.9 - 148 * 0.16),
        ("LBMJAMES128", "M", 77.0 - 128 * 0.16),
        ("LBMJAMES128", "F", 74.9 - 148 * 0.16),
        ("LBMJANMA", "M", 9270 * 70 / (6680 + 216 * 70 / 1.75**2)),
        ("LBMJANMA", "F", 9270 * 70 / (8780 + 244 * 70 / 1.75**2)),
        ("IBW", "M", 48.0 + 1.06 * 23),
        ("IBW", "F", 45.5 + 0.91 * 23),
    ],
)
def test_variant_is_turned_into_body_weight(variant, sex, kilograms):
    facts = replace(BQML, units="GML", suv_type=variant, sex=sex)
    assert suv_factor(facts).factor == pytest.approx(70 / kilograms)


def test_other_sex_is_the_mean_of_both():
    # the mean of the masses, not of their reciprocals: 69.405 kg
    assert suv_factor(replace(BQML, units="GML", suv_type="IBW", sex="O")).factor == pytest.approx(70 / 69.405)


def test_surface_area_in_gml_and_cm2ml_is_the_same():
    # Du Bois: 0.007184 * 70^0.425 * 175^0.725 = 1.8481 m2
    assert normalising_size("BSA", 70, 1.75, "F") == pytest.approx(18_481, abs=1)
    for facts in (replace(BQML, units="CM2ML"), replace(BQML, units="GML", suv_type="BSA")):
        assert suv_factor(facts).factor == pytest.approx(70_000 / 18_481, rel=1e-4)


@pytest.mark.parametrize("missing", ["weight", "height"])
def test_variant_without_body_size_has_no_factor(missing):
    name = {"weight": "weight_kg", "height": "height_m"}[missing]
    result = suv_factor(replace(BQML, units="CM2ML", **{name: None}))
    assert result.factor is None
    assert result.reason == f"voxels are SUVbsa and the patient {missing} is missing"


def test_formula_that_breaks_down_gives_no_factor():
    result = suv_factor(replace(BQML, units="GML", suv_type="LBM", weight_kg=300.0, height_m=1.4))
    assert result.factor is None
    assert "fails" in str(result.reason)


def test_philips_counts_by_activity_factor():
    assert suv_factor(replace(BQML, units="CNTS", counts_to_activity=1.8)).factor == pytest.approx(1.8 * 70_000 / 175e6)


def test_philips_counts_by_suv_factor_need_nothing_else():
    facts = replace(BQML, units="CNTS", counts_to_suv=0.0005, weight_kg=None, dose_bq=None)
    assert suv_factor(facts).factor == 0.0005


def test_philips_suv_factor_stands_in_where_the_activity_factor_cannot_be_used():
    facts = replace(BQML, units="CNTS", counts_to_activity=1.8, counts_to_suv=0.0005, weight_kg=None)
    assert suv_factor(facts).factor == 0.0005


@pytest.mark.parametrize("units", ["CNTS", "CPS", "PROPCNTS", "PROPCPS"])
def test_units_without_a_scale_have_no_factor_and_say_why(units):
    result = suv_factor(replace(BQML, units=units))
    assert result.factor is None
    assert str(result.reason).startswith("voxels are")


def test_the_documented_table_is_the_one_in_the_code(repository):
    told = (repository / "docs/suv.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip(" `") for cell in line.strip("|").split("|")] for line in told.splitlines() if line[:3] == "| `"
    ]
    documented = [(row[0], row[1], row[4]) for row in rows if len(row) == 5]
    assert documented == [(case.units, case.when, case.method) for case in CASES]
