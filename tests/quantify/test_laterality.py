import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pet_spect.quantify.laterality import (
    LesionEvidence,
    agreement,
    asymmetry,
    comparable,
    lesion_evidence,
    likeness,
    mirrored,
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


SMALL = {0: 0.15}
CLEAR = {0: 0.5, 1: 0.4, 2: 0.3}
LARGE = dict.fromkeys(range(28), 0.4)  # most of the hemisphere, so that the median region is lesioned


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("deficits", [CLEAR, LARGE])
@pytest.mark.parametrize("noise", [0.0, 0.03, 0.05])
def test_a_clear_lesion_shows_its_side(side, deficits, noise):
    assert lesion_evidence(asymmetry(brain(deficits=deficits, noise=noise, side=side))).side == side


@pytest.mark.parametrize("noise", [0.0, 0.03, 0.05])
@pytest.mark.parametrize("deficits", [None, SMALL])
def test_a_small_lesion_or_none_is_undetermined(deficits, noise):
    assert lesion_evidence(asymmetry(brain(deficits=deficits, noise=noise))).side is None


def test_symmetric_noise_of_five_percent_never_shows_a_side():
    scans = (asymmetry(brain(noise=0.05, seed=seed)) for seed in range(300))
    assert [scan for scan in scans if lesion_evidence(scan).side is not None] == []


@given(st.integers(0, 50), st.floats(1e-3, 1e4))
def test_mirroring_turns_the_sign_and_scale_does_nothing(seed, scale):
    there = lesion_evidence(asymmetry(brain(deficits=CLEAR, noise=0.04, seed=seed, scale=scale)))
    back = lesion_evidence(asymmetry(brain(deficits=CLEAR, noise=0.04, seed=seed, side="right")))
    assert there.z == pytest.approx(-back.z)
    assert (there.side, back.side) == ("left", "right")


def test_the_depressed_cerebellum_of_crossed_diaschisis_has_no_say():
    means = brain() | {
        ("cerebellum_gray_matter", "left"): (1.0, 70.0),
        ("cerebellum_gray_matter", "right"): (0.7, 70.0),
    }
    assert "cerebellum_gray_matter" not in asymmetry(means).regions
    assert lesion_evidence(asymmetry(means)).side is None


def test_regions_without_a_mean_or_uptake_stay_out():
    means = brain() | {("region_0", "left"): (float("nan"), 10.0), ("region_1", "left"): (0.01, 10.0)}
    means["region_1", "right"] = (0.02, 10.0)
    assert asymmetry(means).regions == tuple(NAMES[2:])


def test_a_region_without_any_uptake_left_counts_as_a_twentieth():
    assert asymmetry(brain(deficits={0: 1.0})).log_ratio[0] == pytest.approx(-np.log(20))


def test_an_empty_table_is_undetermined():
    assert lesion_evidence(asymmetry({})) == LesionEvidence(None, 0.0)


@pytest.mark.parametrize(("shown", "expected"), [("left", "agree"), ("right", "disagree"), (None, "undetermined")])
def test_agreement_with_a_left_lesion(shown, expected):
    assert agreement(LesionEvidence(shown, 0.0), "left") == expected


def test_likeness_of_a_scan_with_itself_its_mirror_image_and_a_stranger():
    scan, mirror = (asymmetry(brain(noise=0.1, seed=3, side=side)) for side in ("left", "right"))
    stranger = asymmetry(brain(noise=0.1, seed=4))
    assert likeness(scan, scan) > 0.95
    assert likeness(scan, mirror) < -0.95
    assert abs(likeness(scan, stranger)) < 0.6


def test_symmetric_scans_are_neither_alike_nor_mirrored():
    assert likeness(asymmetry(brain()), asymmetry(brain())) == 0.0


def test_a_mirrored_follow_up_with_a_small_lesion_is_found():
    visits = [
        asymmetry(brain(noise=0.06, seed=5)),
        asymmetry(brain(noise=0.06, seed=5, side="right")),
    ]
    assert mirrored(visits, [None, None], "left") == [True, True]
    assert mirrored(visits, ["left", None], "left") == [False, True]
    assert mirrored([visits[0], visits[0]], [None, None], "left") == [False, False]


@pytest.mark.parametrize("name", ["Cerebelum_Crus1", "CEREBELLUM_4_5", "Vermis_6", "Lateral-Ventricle", "Kleinhirn"])
def test_the_cerebellum_and_ventricles_have_no_say_whatever_an_atlas_calls_them(name):
    means = brain(deficits=SMALL) | {(name, "left"): (1.0, 500.0), (name, "right"): (0.3, 500.0)}
    found = asymmetry(means, cerebellum=["Kleinhirn"])
    assert found.regions == tuple(NAMES)


def test_fewer_than_five_paired_regions_show_no_side():
    means = {key: value for key, value in brain(deficits=dict.fromkeys(range(5), 0.6)).items() if key[0] in NAMES[:5]}
    assert lesion_evidence(asymmetry(means)).side == "left"
    fewer = {key: value for key, value in means.items() if key[0] != NAMES[0]}
    assert lesion_evidence(asymmetry(fewer)) == LesionEvidence(None, 0.0)


def test_an_asymmetry_needs_five_shared_regions_to_be_compared():
    whole = asymmetry(brain())
    part = asymmetry({key: value for key, value in brain().items() if key[0] in NAMES[:4]})
    assert comparable(whole, whole)
    assert not comparable(whole, part)
