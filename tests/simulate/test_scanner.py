from dataclasses import replace

import numpy as np
import pytest

from pet_spect.simulate.heads.anatomy import individual_anatomy
from pet_spect.simulate.heads.standard_head import Head
from pet_spect.simulate.heads.traits import draw_traits
from pet_spect.simulate.scanner import Scanner, blurred, region_ratios, scan, seen_by

pytestmark = pytest.mark.slow


def test_ratios_by_hand():
    names = {
        "precentral": {"left": 1, "right": 2},
        "cuneus": {"left": 3, "right": 4},
        "cerebellum_gray_matter": {"left": 5, "right": 6},
        "pons": {"n/a": 7},
    }
    labels = np.array([1, 1, 2, 3, 4, 4, 5, 6, 6, 7], dtype=np.uint8).reshape(1, 1, 10)
    uptake = np.array([3, 5, 8, 2, 4, 6, 10, 5, 5, 2], dtype=np.float32).reshape(1, 1, 10)
    ratios = region_ratios(uptake, Head(labels, {}, np.eye(4), names), "left")
    assert ratios == pytest.approx(
        {
            "contralateral": 4 / 8,
            "cerebellum_ipsilesional": 4 / 10,
            "cerebellum_contralesional": 4 / 5,
            "cerebellum": 4 / (20 / 3),
            "pons": 4 / 2,
            "hemisphere_contralesional": 4 / 6,
        }
    )


@pytest.mark.parametrize("tracer", ["FDG", "IMZ"])
def test_a_head_without_a_stroke_is_even(head, tracer):
    assert region_ratios(head.uptake[tracer], head, "left")["contralateral"] == pytest.approx(1, abs=0.003)
    for seed in range(3):  # the warp itself shrinks folds on one side more than on the other
        rng = np.random.default_rng(seed)
        traits = replace(draw_traits(rng), between_person=0.0)
        person = individual_anatomy(head, rng, traits=traits).head
        assert region_ratios(person.uptake[tracer], person, "left")["contralateral"] == pytest.approx(1, abs=0.05)


def test_a_point_is_spread_with_the_asked_width():
    point = np.zeros((41, 41, 41), dtype=np.float32)
    point[20, 20, 20] = 1
    seen = blurred(point, np.diag([2.0, 1.0, 1.0, 1.0]), 6.0)
    assert seen.sum() == pytest.approx(1, abs=1e-3)
    profile = seen[20, :, 20] / seen[20, 20, 20]
    assert profile[23] == pytest.approx(0.5, abs=0.01)  # 3 mm off the middle
    assert seen[20, 23, 20] == pytest.approx((seen[21, 20, 20] * seen[22, 20, 20]) ** 0.5, rel=0.1)  # 2 and 4 mm


def test_a_point_of_the_head_lands_where_the_pose_puts_it():
    activity = np.zeros((30, 30, 30), dtype=np.float32)
    activity[10:13, 20:23, 5:8] = 1
    affine = np.array([[2.0, 0, 0, -30], [0, 2, 0, -30], [0, 0, 2, -30], [0, 0, 0, 1]])
    pose = np.array([[0.0, -1, 0, 7], [1, 0, 0, -5], [0, 0, 1, 4], [0, 0, 0, 1]])  # a quarter turn about z
    scanner = Scanner(6.0, (64, 60, 40), (1.5, 1.5, 2.0), 0.0)
    volume = scan(activity, affine, scanner, pose, np.random.default_rng(0), scale=3.0, table_mm=-500)
    weights = volume.data / volume.data.sum()
    centre = [float((weights * axis).sum()) for axis in np.indices(volume.data.shape)]
    # the point (-8, 12, -18) of the head is turned to (-12, -8, -18) and shifted
    np.testing.assert_allclose((volume.affine @ [*centre, 1])[:3], [-12 + 7, -8 - 5, -18 + 4 - 500], atol=0.1)
    assert volume.data.max() == pytest.approx(3.0)


def test_noise_has_the_asked_size_and_its_variance_grows_with_activity():
    activity = np.ones((50, 50, 50), dtype=np.float32)
    activity[25:] = 0.25
    scanner = Scanner(6.0, (50, 50, 50), (2.0, 2.0, 2.0), 0.07)
    pose = np.eye(4)
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = -49
    data = scan(activity, affine, scanner, pose, np.random.default_rng(0)).data[::-1]
    dense, sparse = data[3:20, 5:-5, 5:-5], data[30:-3, 5:-5, 5:-5]
    assert dense.mean() == pytest.approx(1, abs=0.01)
    assert dense.std() == pytest.approx(0.07, rel=0.1)
    assert sparse.std() / dense.std() == pytest.approx(0.51, abs=0.07)  # sqrt(0.26 / 1.01)


def test_noise_is_correlated_as_the_scanner_says():
    air = np.zeros((60, 60, 60), dtype=np.float32)
    air[:] = 100  # far from zero, where noise would be cut off
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = -59
    for share in (0.5, 1.0):
        scanner = Scanner(9.42, (60, 60, 60), (2.0, 2.0, 2.0), 0.05, noise_to_psf=share)  # sigma 4 mm, two voxels
        noise = scan(air, affine, scanner, np.eye(4), np.random.default_rng(0)).data[10:-10, 10:-10, 10:-10] - 100
        beside = np.mean(noise[:-2] * noise[2:]) / noise.var()
        assert beside == pytest.approx(np.exp(-1 / (2 * share) ** 2), abs=0.05)  # exp(-d² / 4 s²)


def test_scatter_moves_its_share_of_the_activity_far_away():
    point = np.zeros((61, 61, 61), dtype=np.float32)
    point[30, 30, 30] = 1
    affine = np.diag([4.0, 4.0, 4.0, 1.0])
    clean, scattered = (
        seen_by(Scanner(8.0, (1, 1, 1), (1.0, 1.0, 1.0), 0.0, scatter=s), point, affine) for s in (0, 0.1)
    )
    assert scattered.sum() == pytest.approx(1, abs=0.01)
    far = np.linalg.norm(np.indices(point.shape) - 30, axis=0) > 5  # 20 mm, where the point spread has no part
    assert clean[far].sum() == pytest.approx(0, abs=1e-3)
    assert scattered[far].sum() == pytest.approx(0.0915, abs=0.005)  # 10 %, of which 91.5 % lie beyond 20 mm
