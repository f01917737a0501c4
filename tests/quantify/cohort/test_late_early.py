import math

import pytest

from pet_spect.quantify.cohort.change import changes
from pet_spect.quantify.cohort.late_early import late_early_ratios
from pet_spect.quantify.ratios import Ratio
from pet_spect.quantify.uncertainty import Spread
from pet_spect.remarks import codes_in

EARLY_OF = {"IMZ": "IMZearly"}
FLAT = (0.0, 0.0, 0.0)


def ratio(tracer, value, *, session="baseline", measure="uptake_ratio", reference="contralateral", **more):
    told = {"qc": "pass" if math.isfinite(value) else "fail", "reason": "", "numerator": value, "denominator": 1.0}
    told |= more
    return Ratio("sub-01", session, tracer, "left", "motor", measure, reference, value, **told)


def test_the_quotient_of_both_uptake_ratios():
    (found,) = late_early_ratios([ratio("IMZ", 0.6), ratio("IMZearly", 0.8), ratio("FDG", 0.5)], EARLY_OF)
    assert (found.tracer, found.measure, found.reference) == ("IMZ", "late_early_ratio", "contralateral")
    assert (found.value, found.numerator, found.denominator) == (pytest.approx(0.75), 0.6, 0.8)
    assert (found.qc, found.reason) == ("pass", "")


def test_the_interval_of_the_late_ratio_is_not_that_of_the_quotient():
    (found,) = late_early_ratios([ratio("IMZ", 0.6, ci95_low=0.5, ci95_high=0.7), ratio("IMZearly", 0.8)], EARLY_OF)
    assert math.isnan(found.ci95_low)
    assert math.isnan(found.ci95_high)


def test_only_uptake_ratios_to_the_same_reference_in_the_same_session_are_joined():
    pairs = [ratio("IMZ", 0.6), ratio("IMZearly", 0.8, session="year1"), ratio("IMZearly", 0.8, reference="pons")]
    indices = [ratio(tracer, 3.0, measure="asymmetry_index_percent") for tracer in ("IMZ", "IMZearly")]
    assert late_early_ratios([*pairs, *indices], EARLY_OF) == []
    assert late_early_ratios([ratio("IMZ", 0.6), ratio("IMZearly", 0.8)], {}) == []


@pytest.mark.parametrize(
    ("late", "early", "codes"),
    [
        ({}, {"value": math.nan, "reason": "no scan listed"}, {"no_early_value"}),
        ({}, {"value": math.nan, "reason": "low_coverage: 3%"}, {"no_early_value", "low_coverage"}),
        ({"value": math.nan, "reason": "low_coverage: 3%"}, {}, {"low_coverage"}),
        ({}, {"value": -0.1}, {"denominator_too_small"}),
    ],
)
def test_without_either_there_is_no_value_and_a_reason(late, early, codes):
    pair = [ratio("IMZ", **{"value": 0.6, **late}), ratio("IMZearly", **{"value": 0.8, **early})]
    (found,) = late_early_ratios(pair, EARLY_OF)
    assert (math.isnan(found.value), found.qc, codes_in(found.reason)) == (True, "fail", codes)


def test_an_early_scan_that_is_not_used_makes_the_quotient_unused():
    early = ratio("IMZearly", 0.8, qc="fail", reason="uptake_window: 70 min")
    (found,) = late_early_ratios([ratio("IMZ", 0.6), early], EARLY_OF)
    assert (found.value, found.qc) == (pytest.approx(0.75), "fail")
    assert found.reason == "uptake_window: 70 min (early scan)"


def test_what_concerns_both_scans_is_said_once():
    reason = "no_lesion_mask: no lesion mask is given"
    pair = [ratio(tracer, math.nan, reason=reason) for tracer in ("IMZ", "IMZearly")]
    (found,) = late_early_ratios(pair, EARLY_OF)
    assert found.reason == reason


def test_noise_of_both_scans_adds_up_and_a_warp_that_both_share_cancels():
    def spread(own, shift):
        return Spread(own, (shift, 0.0, 0.0), FLAT, 0.0)

    pair = [ratio("IMZ", 0.6, spread=spread(0.006, 0.06)), ratio("IMZearly", 0.8, spread=spread(0.008, 0.08))]
    (found,) = late_early_ratios(pair, EARLY_OF)
    assert found.value_sd == pytest.approx(0.75 * math.hypot(0.01, 0.01))


def test_the_quotient_has_a_change():
    visits = [
        ratio(tracer, value, session=session)
        for session, values in (("baseline", (0.6, 0.8)), ("year1", (0.66, 0.8)))
        for tracer, value in zip(("IMZ", "IMZearly"), values, strict=True)
    ]
    (change,) = changes(late_early_ratios(visits, EARLY_OF), ["baseline", "year1"])
    assert (change.measure, change.change_percent) == ("late_early_ratio", pytest.approx(10.0))
