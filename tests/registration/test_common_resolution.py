import pytest

from pet_spect.registration.common_resolution import ToCommon, plan
from pet_spect.registration.resolution_estimate import Resolution
from pet_spect.remarks import Remark

nan = float("nan")
BASELINE, YEAR1 = ("baseline", "FDG"), ("year1", "FDG")


def codes(planned):
    return [warning.code for warning in planned.warnings]


def test_a_sharper_scan_is_blurred_to_the_common_resolution():
    planned = plan(10.0, {BASELINE: Resolution(6.0, 0.1), YEAR1: Resolution(8.0, 0.1)})
    assert planned == {BASELINE: ToCommon(6.0, 0.1, 8.0), YEAR1: ToCommon(8.0, 0.1, 6.0)}


def apparent(mm, sd_mm=0.1):
    """Return a resolution of which only what scans are compared by is known: it is finer than can be told."""
    return Resolution(nan, nan, "it is finer than 2 mm", mm, sd_mm)


def test_auto_is_the_coarsest_scan_of_each_tracer():
    found = {BASELINE: apparent(6.0), YEAR1: apparent(10.0), ("baseline", "IMZ"): apparent(11.0)}
    assert [planned.blur_mm for planned in plan("auto", found).values()] == [8.0, 0.0, 0.0]


def test_auto_compares_scans_that_are_finer_than_can_be_told_and_flags_none():
    planned = plan("auto", {BASELINE: apparent(4.8), YEAR1: apparent(4.9)})
    assert planned == {BASELINE: ToCommon(), YEAR1: ToCommon()}


def test_scans_that_cannot_be_told_apart_stay_as_they_are():
    found = {BASELINE: apparent(11.0, 0.3), YEAR1: apparent(11.8, 0.4)}  # twice the hypotenuse is 1.0
    assert [planned.blur_mm for planned in plan("auto", found).values()] == [0.0, 0.0]
    found[YEAR1] = apparent(12.1, 0.4)
    assert plan("auto", found)[BASELINE].blur_mm == pytest.approx((12.1**2 - 11.0**2) ** 0.5)


def test_auto_says_the_resolution_that_is_known():
    (planned,) = plan("auto", {BASELINE: Resolution(6.0, 0.2, "", 7.6, 0.16)}).values()
    assert planned == ToCommon(6.0, 0.2)


def test_a_scan_clearly_coarser_than_asked_stays_as_it_is_and_says_so():
    (planned,) = plan(7.0, {BASELINE: Resolution(8.0, 0.2)}).values()
    assert planned.blur_mm == 0
    assert planned.warnings == (Remark.of("resolution_coarser", found=8, wanted=7),)


def test_a_scan_coarser_by_no_more_than_its_uncertainty_is_not_flagged():
    (planned,) = plan(7.7, {BASELINE: Resolution(8.0, 0.2)}).values()
    assert (planned.blur_mm, planned.warnings) == (0, ())


def test_a_scan_that_cannot_be_compared_is_flagged_and_does_not_count_for_the_others():
    unknown = Resolution(nan, nan, "too little of the brain is in view")
    planned = plan("auto", {BASELINE: unknown, YEAR1: apparent(7.0)})
    assert codes(planned[BASELINE]) == ["resolution_unknown"]
    assert (planned[BASELINE].fwhm_mm, planned[BASELINE].blur_mm) == (None, 0)
    assert planned[YEAR1] == ToCommon()


def test_a_scan_without_another_of_its_tracer_needs_no_comparison():
    (planned,) = plan("auto", {BASELINE: Resolution(nan, nan, "x")}).values()
    assert planned == ToCommon()


def test_a_number_needs_the_resolution_itself():
    (planned,) = plan(8.0, {BASELINE: apparent(4.8)}).values()
    assert (codes(planned), planned.blur_mm) == (["resolution_unknown"], 0)
