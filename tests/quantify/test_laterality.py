import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pet_spect.quantify.laterality import (
    agreement,
    asymmetry,
    comparable,
    likeness,
    mirrored,
    side_of_deficit,
)

NAMES = [f"region_{i}" for i in range(40)]


def brain(*, deficits=None, noise=0.0, seed=0, side="left", scale=1.0):
    """Forty pairs of regions of 10 mL; `deficits` of `side`, by region number."""
    rng = np.random.default_rng(seed)
    other = "right" if side == "left" else "left"
    means = {}
    for i, name in enumerate(NAMES):
        means[name, side] = (scale * (1 - (deficits or {}).get(i, 0.0)) * float(np.exp(rng.normal(0, noise))), 10.0)
        means[name, other] = (scale, 10.0)
    return means


VOLUMES = st.floats(0, 300)


@given(VOLUMES, VOLUMES)
def test_the_side_of_the_deficit_turns_with_the_scan(left, right):
    turned = {"left": "right", "right": "left", None: None}
    assert side_of_deficit((right, left)) == turned[side_of_deficit((left, right))]


@given(st.floats(0, 5), VOLUMES)
def test_five_millilitres_never_decide(small, large):
    assert side_of_deficit((small, 0.0)) is None
    assert side_of_deficit((small, large)) != "left"


@given(VOLUMES, VOLUMES)
def test_the_side_that_is_believed_has_ten_millilitres_and_three_quarters(left, right):
    side = side_of_deficit((left, right))
    clear = max(left, right) >= 10 and max(left, right) >= 0.75 * (left + right)
    assert (side is not None) == clear
    assert side == (("left" if left > right else "right") if clear else None)


@pytest.mark.parametrize(
    ("deficit_ml", "side"),
    [((10.0, 0.0), "left"), ((9.9, 0.0), None), ((30.0, 10.0), "left"), ((29.0, 10.0), None), ((0.0, 200.0), "right")],
)
def test_a_clear_deficit_has_a_side(deficit_ml, side):
    assert side_of_deficit(deficit_ml) == side


def test_the_depressed_cerebellum_of_crossed_diaschisis_has_no_say():
    means = brain() | {
        ("cerebellum_gray_matter", "left"): (1.0, 70.0),
        ("cerebellum_gray_matter", "right"): (0.7, 70.0),
    }
    assert asymmetry(means).regions == tuple(NAMES)


def test_regions_without_a_mean_or_uptake_stay_out():
    means = brain() | {("region_0", "left"): (float("nan"), 10.0), ("region_1", "left"): (0.01, 10.0)}
    means["region_1", "right"] = (0.02, 10.0)
    assert asymmetry(means).regions == tuple(NAMES[2:])


def test_a_region_without_any_uptake_left_counts_as_a_twentieth():
    assert asymmetry(brain(deficits={0: 1.0})).log_ratio[0] == pytest.approx(-np.log(20))


def test_an_empty_table_has_no_asymmetry():
    assert asymmetry({}).regions == ()
    assert likeness(asymmetry({}), asymmetry({})) == 0.0


@pytest.mark.parametrize(("shown", "expected"), [("left", "agree"), ("right", "disagree"), (None, "undetermined")])
def test_agreement_with_a_left_lesion(shown, expected):
    assert agreement(shown, "left") == expected


def test_likeness_of_a_scan_with_itself_its_mirror_image_and_a_stranger():
    scan, mirror = (asymmetry(brain(noise=0.1, seed=3, side=side)) for side in ("left", "right"))
    stranger = asymmetry(brain(noise=0.1, seed=4))
    asymmetric = float(scan.weight @ scan.log_ratio**2)
    expected = asymmetric / (asymmetric + 0.05**2)
    assert likeness(scan, scan) == pytest.approx(expected)
    assert likeness(scan, mirror) == pytest.approx(-expected)
    assert abs(likeness(scan, stranger)) < 0.6


def test_symmetric_scans_are_neither_alike_nor_mirrored():
    assert likeness(asymmetry(brain()), asymmetry(brain())) == 0.0


def test_a_mirrored_follow_up_with_a_small_lesion_is_found():
    visits = [
        asymmetry(brain(noise=0.1, seed=5)),
        asymmetry(brain(noise=0.1, seed=5, side="right")),
    ]
    assert mirrored(visits, [None, None], "left") == [True, True]
    assert mirrored(visits, ["left", None], "left") == [False, True]
    assert mirrored([visits[0], visits[0]], [None, None], "left") == [False, False]


@pytest.mark.parametrize("noise", [0.02, 0.04])
def test_the_asymmetry_of_a_healthy_brain_mirrors_nobody(noise):
    scan, mirror = (asymmetry(brain(noise=noise, seed=5, side=side)) for side in ("left", "right"))
    assert mirrored([scan, mirror], [None, None], "left") == [False, False]


@pytest.mark.parametrize("name", ["Cerebelum_Crus1", "CEREBELLUM_4_5", "Vermis_6", "Lateral-Ventricle", "Kleinhirn"])
def test_the_cerebellum_and_ventricles_have_no_say_whatever_an_atlas_calls_them(name):
    means = brain(deficits={0: 0.15}) | {(name, "left"): (1.0, 500.0), (name, "right"): (0.3, 500.0)}
    found = asymmetry(means, cerebellum=["Kleinhirn"])
    assert found.regions == tuple(NAMES)


def test_an_asymmetry_needs_five_shared_regions_to_be_compared():
    whole = asymmetry(brain())
    part = asymmetry({key: value for key, value in brain().items() if key[0] in NAMES[:4]})
    assert comparable(whole, whole)
    assert not comparable(whole, part)
