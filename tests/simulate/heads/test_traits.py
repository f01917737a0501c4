import numpy as np
import pytest

from pet_spect.simulate.heads.traits import draw_traits


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(0)
    return [draw_traits(rng) for _ in range(2000)]


def test_heads_are_smaller_than_the_standard_one_and_differ_in_shape(people):
    sizes = np.array([person.size for person in people])
    assert sizes.mean() == pytest.approx(0.93, abs=0.003)
    assert sizes.std(axis=0) == pytest.approx(np.hypot(0.04, 0.93 * 0.03), rel=0.06)
    assert np.corrcoef(sizes[:, 0], sizes[:, 2])[0, 1] == pytest.approx(0.04**2 / (0.04**2 + 0.028**2), abs=0.06)


def test_ventricles_and_cortex_range_from_young_to_atrophic_together(people):
    ventricles = np.array([person.ventricle_ratio for person in people])
    thinning = np.array([person.thinning_mm for person in people])
    assert (ventricles.min(), ventricles.max()) == pytest.approx((0.7, 4.0))
    assert (thinning.min(), thinning.max()) == pytest.approx((-0.2, 1))
    assert np.corrcoef(np.log(ventricles), thinning)[0, 1] > 0.8
    assert thinning.mean() == pytest.approx(people[0].usual_thinning_mm, abs=0.03)


def test_the_right_frontal_pole_protrudes_in_most_but_not_in_all(people):
    petalia = np.array([person.petalia_mm for person in people])
    assert np.abs(petalia).max() == 4
    assert 0.1 < np.mean(petalia < 0) < 0.25  # of a normal distribution with mean 1.5 and SD 1.5: 16 %


def test_scalp_varies_from_half_to_twice_the_pattern(people):
    for tracer in ("FDG", "IMZ"):
        scalp = np.array([person.scalp[tracer] for person in people])
        assert 0.5 <= scalp.min() < 0.51
        assert 1.96 < scalp.max() <= 2
        assert np.log(scalp).mean() == pytest.approx(0, abs=0.03)
