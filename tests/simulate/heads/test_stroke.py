import numpy as np
import pytest

from pet_spect.simulate.design import Trial
from pet_spect.simulate.heads.anatomy import individual_anatomy
from pet_spect.simulate.heads.stroke import Stroke, infarct, remaining

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def anatomy(head):
    return individual_anatomy(head, np.random.default_rng(5))


@pytest.mark.parametrize("index", range(8))
def test_infarct_has_its_volume_and_stays_above_the_tentorium_on_its_side(anatomy, index):
    stroke = Trial().case(index).stroke
    lost = infarct(anatomy, stroke, np.random.default_rng(index))
    assert np.count_nonzero(lost > 0.5) * 0.008 == pytest.approx(stroke.volume_ml, rel=0.1)
    x = anatomy.standard_points[0]
    assert not lost[x > 0 if stroke.side == "left" else x < 0].any()
    names = ("cerebellum_gray_matter", "cerebellum_white_matter", "brainstem", "pons")
    assert not lost[np.isin(anatomy.head.labels, anatomy.head.labels_of(names))].any()
    assert not lost[anatomy.head.labels == 0].any()


def test_some_infarcts_touch_the_motor_cortex_and_some_do_not(anatomy):
    touched = []
    for index in range(8):
        stroke = Trial().case(index).stroke
        motor = np.isin(anatomy.head.labels, anatomy.head.labels_of(["precentral"], stroke.side))
        touched.append(infarct(anatomy, stroke, np.random.default_rng(index))[motor].mean() > 0.02)
    assert 2 <= sum(touched) <= 6


@pytest.mark.parametrize(("side", "other"), [("left", "right"), ("right", "left")])
def test_full_diaschisis_leaves_84_percent_in_the_opposite_cerebellum_only(anatomy, side, other):
    stroke = Stroke(side, (30, 0, 20), (10, 10, 10), 5, 1.0)
    lost = infarct(anatomy, stroke, np.random.default_rng(0))
    factor = remaining(anatomy, stroke, lost, core=0.15, diaschisis=True)
    labels, cerebellum = anatomy.head.labels, anatomy.head.indices["cerebellum_gray_matter"]
    np.testing.assert_allclose(factor[labels == cerebellum[other]], 0.84, rtol=1e-6)
    np.testing.assert_array_equal(factor[labels == cerebellum[side]], 1)


def test_core_keeps_its_share_and_the_rim_is_dimmed(anatomy):
    stroke = Stroke("left", (30, 0, 20), (12, 12, 12), 10, 1.0)
    lost = infarct(anatomy, stroke, np.random.default_rng(0))
    factor = remaining(anatomy, stroke, lost, core=0.15, diaschisis=False)
    assert 0.09 < factor[lost > 0.999].min() <= factor[lost > 0.999].max() <= 0.15
    rim = (lost == 0) & (factor < 0.99)
    assert 0.65 <= factor[rim].min() < 0.85
    assert factor[anatomy.standard_points[0] > 1].min() == 1
