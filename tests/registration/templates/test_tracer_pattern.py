import numpy as np
import pytest

from pet_spect.imaging.normal_variation import UPTAKE_CORRELATION, UPTAKE_GROUPS
from pet_spect.registration.templates import tracer_pattern
from pet_spect.registration.templates.appearance import region_factors, shares_in_view
from pet_spect.registration.templates.tracer_pattern import (
    FAR,
    FIT_SD,
    distance,
    group_logs,
    pattern_distance,
    scan_distance,
)

pytestmark = pytest.mark.slow

COUNT = len(UPTAKE_GROUPS)


def test_the_mean_pattern_has_no_distance_whatever_its_level():
    assert distance(np.zeros(COUNT)) == 0.0
    assert distance(np.full(COUNT, np.log(1.5))) == pytest.approx(0.0, abs=0.02)


def healthy(count):
    spread = np.array([group.cv_percent / 100 for group in UPTAKE_GROUPS])
    covariance = UPTAKE_CORRELATION * np.outer(spread, spread) + FIT_SD**2 * np.eye(COUNT)
    return np.random.default_rng(0).multivariate_normal(np.zeros(COUNT), covariance, size=count)


def test_healthy_people_lie_about_one_spread_away():
    distances = np.array([distance(person) for person in healthy(500)])
    assert np.sqrt((distances**2).mean()) == pytest.approx(1.0, abs=0.05)
    assert np.quantile(distances, 0.99) < FAR


def test_a_limit_is_as_seldom_reached_by_healthy_people_of_whom_little_is_in_view(monkeypatch):
    monkeypatch.setattr(tracer_pattern, "FAR", 1.4)  # one that some reach
    people = healthy(40_000)
    people[:, COUNT // 2 + 1 :] = np.nan
    beyond = np.mean([distance(person) > 1.4 for person in people])
    assert beyond == pytest.approx(0.0016, abs=0.0006)  # as of whole brains; 0.011 by the mean square alone


def test_what_is_out_of_view_neither_adds_to_the_distance_nor_takes_from_it():
    person = healthy(1)[0]
    unseen = np.arange(COUNT) % 3 == 0
    odd, usual = (np.where(unseen, value, person) for value in (2.0, 0.0))
    assert distance(odd) > FAR > distance(usual)
    assert distance(np.where(unseen, np.nan, odd)) == distance(np.where(unseen, np.nan, usual))


def test_from_less_than_half_of_the_groups_nothing_is_told():
    logs = np.zeros(COUNT)
    logs[: COUNT // 2 + 1] = np.nan
    assert np.isnan(distance(logs))


def test_a_scan_of_the_other_tracer_lies_further_from_the_mean_than_healthy_people_do(fdg, imz):
    none = np.zeros(fdg.brain.shape, dtype=bool)

    def found(scan, template):
        data = scan.uptake.data
        return pattern_distance(region_factors(data, template, none)[0], shares_in_view(data, template, none), template)

    assert found(fdg, fdg) < 0.1
    assert found(imz, imz) < 0.1
    assert found(imz, fdg) > FAR
    assert found(fdg, imz) > FAR


def test_what_a_stroke_takes_from_one_side_does_not_count(fdg):
    factors = np.array([0.3 if part.region is not None and part.region.side == "left" else 1.0 for part in fdg.parts])
    assert group_logs(factors, np.ones(len(factors)), fdg) == pytest.approx(0.0, abs=1e-12)


def test_a_group_out_of_view_or_inside_a_lesion_is_unseen_and_not_typical(fdg):
    factors, shares = np.full(len(fdg.parts), 1.5), np.ones(len(fdg.parts))
    sides = [(part.region.name, part.region.side) if part.region else None for part in fdg.parts]
    for both in (("pons", "n/a"), ("precuneus", "left"), ("precuneus", "right"), ("cuneus", "left")):
        factors[sides.index(both)], shares[sides.index(both)] = 1.0, 0.0
    factors[sides.index(("cuneus", "right"))] = 0.5
    names = [group.name for group in UPTAKE_GROUPS]
    found = dict(zip(names, np.exp(group_logs(factors, shares, fdg)), strict=True))
    assert np.isnan([found["pons"], found["precuneus"]]).all()
    assert found["cuneus"] == pytest.approx(0.5)
    assert found["thalamus"] == pytest.approx(1.5)


def test_what_is_cut_off_or_inside_a_lesion_is_no_part_of_the_share_in_view(fdg):
    scan = fdg.uptake.data.copy()
    scan[:, :, : scan.shape[2] // 2] = np.nan
    lesion = np.zeros(scan.shape, dtype=bool)
    lesion[: scan.shape[0] // 2] = True
    shares = shares_in_view(scan, fdg, lesion)
    found = {
        (part.region.name, part.region.side): share
        for part, share in zip(fdg.parts, shares, strict=True)
        if part.region
    }
    assert found["pons", "n/a"] == 0.0
    assert 0.85 < found["postcentral", "right"] < 0.99
    assert found["postcentral", "left"] < 0.01
    assert found["insula", "right"] < 0.1


def test_an_anatomical_image_has_no_distance_from_a_tracer(fdg):
    data, none = fdg.uptake.data, np.zeros(fdg.brain.shape, dtype=bool)
    factors, _ = region_factors(data, fdg, none)
    assert scan_distance("FDG", data, fdg, factors, none) < 0.1
    assert np.isnan([scan_distance(tracer, data, fdg, factors, none) for tracer in ("anat:T1w", "anat:CT")]).all()
