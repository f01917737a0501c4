import numpy as np
import pytest

from pet_spect.between_person import UPTAKE_CORRELATION, UPTAKE_GROUPS
from pet_spect.registration.appearance import region_factors
from pet_spect.registration.tracer_pattern import FAR, FIT_SD, distance, group_logs, pattern_distance

COUNT = len(UPTAKE_GROUPS)


def test_the_mean_pattern_has_no_distance_whatever_its_level():
    assert distance(np.zeros(COUNT)) == 0.0
    assert distance(np.full(COUNT, np.log(1.5))) == pytest.approx(0.0, abs=0.02)


def test_healthy_people_lie_about_one_spread_away():
    spread = np.array([group.cv_percent / 100 for group in UPTAKE_GROUPS])
    covariance = UPTAKE_CORRELATION * np.outer(spread, spread) + FIT_SD**2 * np.eye(COUNT)
    people = np.random.default_rng(0).multivariate_normal(np.zeros(COUNT), covariance, size=500)
    distances = np.array([distance(person) for person in people])
    assert np.sqrt((distances**2).mean()) == pytest.approx(1.0, abs=0.05)
    assert np.quantile(distances, 0.99) < FAR


def test_from_less_than_half_of_the_groups_nothing_is_told():
    logs = np.zeros(COUNT)
    logs[: COUNT // 2 + 1] = np.nan
    assert np.isnan(distance(logs))


@pytest.mark.slow
def test_a_scan_of_the_other_tracer_lies_further_from_the_mean_than_healthy_people_do(fdg, imz):
    none = np.zeros(fdg.brain.shape, dtype=bool)

    def found(scan, template):
        return pattern_distance(region_factors(scan.uptake.data, template, none)[0], template)

    assert found(fdg, fdg) < 0.1
    assert found(imz, imz) < 0.1
    assert found(imz, fdg) > FAR
    assert found(fdg, imz) > FAR


@pytest.mark.slow
def test_what_a_stroke_takes_from_one_side_does_not_count(fdg):
    factors = np.array([0.3 if part.region is not None and part.region.side == "left" else 1.0 for part in fdg.parts])
    assert group_logs(factors, fdg) == pytest.approx(0.0, abs=1e-12)
