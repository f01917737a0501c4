import numpy as np
import pytest

from pet_spect.imaging.resample import apply_affine, grid_points
from pet_spect.model import Atlas, Region, Volume
from pet_spect.quantify.labelled_space import labelled_space
from pet_spect.quantify.noise import Noise
from pet_spect.quantify.region_weights import weigh_regions
from pet_spect.quantify.sensitivities import atlas_centre, parts_of, region_sensitivities

# A turn by 90 degrees about the superior axis: the scan's x is the participant's y.
QUARTER_TURN = np.array([[0.0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])


def box_at(x_mm):
    """One region of 8 mm, its middle at (x, 0, 0) mm, on a grid of 1 mm."""
    labels = np.zeros((48, 48, 48), dtype=np.uint8)
    affine = np.eye(4)
    affine[:3, 3] = -23.5
    middle = 24 + x_mm
    labels[middle - 4 : middle + 4, 20:28, 20:28] = 1
    return Atlas("toy", labels, affine, (Region(1, "motor", "left"),))


def ramp(slopes, to_participant):
    """Uptake 100 + slopes · point, the point in the participant's millimetres; voxels of 2 mm, first axis flipped."""
    affine = np.diag([-2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = (23.0, -23.0, -23.0)
    points = apply_affine(to_participant, grid_points((24, 24, 24), affine))
    return Volume((100 + points @ slopes).reshape(24, 24, 24).astype(np.float32), affine)


def sensitivity(scan, atlas, to_participant, *, noise=None, centre=(0.0, 0.0, 0.0), lesion=None):
    shares = weigh_regions(scan, labelled_space(atlas, lesion), scan_to_participant_points=to_participant)
    whole, outside = region_sensitivities(
        scan, shares, 1, scan_to_participant_points=to_participant, centre=np.array(centre), noise=noise
    )
    return whole[0], outside[0]


@pytest.mark.parametrize("to_participant", [np.eye(4), QUARTER_TURN])
def test_a_ramp_answers_a_shift_with_its_slope_along_the_persons_axes(to_participant):
    found, _ = sensitivity(ramp([3.0, -1.0, 0.5], to_participant), box_at(10), to_participant)
    assert found.shift == pytest.approx((3.0, -1.0, 0.5), abs=1e-4)


def test_turning_a_region_that_lies_to_the_right_moves_it_forward():
    # 10 mm to the right, one degree about the superior axis: 10 · π / 180 mm forward, of slope 2.
    found, _ = sensitivity(ramp([0.0, 2.0, 0.0], np.eye(4)), box_at(10), np.eye(4))
    assert found.turn == pytest.approx((0.0, 0.0, 2.0 * 10 * np.pi / 180), abs=1e-4)


def test_a_region_at_the_centre_does_not_answer_a_turn():
    found, _ = sensitivity(ramp([3.0, 2.0, 1.0], np.eye(4)), box_at(10), np.eye(4), centre=(10.0, 0.0, 0.0))
    assert found.turn == pytest.approx((0.0, 0.0, 0.0), abs=1e-4)


def test_noise_of_the_mean():
    # 8 mm of 2 mm voxels: 64 of them, white noise of 0.8 each.
    white = Noise(np.array([0.64, 0.0, 0.0]), np.ones((1, 1, 1)))
    found, _ = sensitivity(ramp([0.0, 0.0, 0.0], np.eye(4)), box_at(0), np.eye(4), noise=white)
    assert found.noise_sd == pytest.approx(0.8 / np.sqrt(64))


def test_the_part_outside_the_lesion_has_a_response_of_its_own():
    mask = np.zeros((48, 48, 48), dtype=np.float32)
    mask[:24] = 1.0  # half of the region
    lesion = Volume(mask, box_at(0).affine)
    white = Noise(np.array([0.64, 0.0, 0.0]), np.ones((1, 1, 1)))
    whole, outside = sensitivity(ramp([0.0, 0.0, 0.0], np.eye(4)), box_at(0), np.eye(4), noise=white, lesion=lesion)
    assert (whole.noise_sd, outside.noise_sd) == pytest.approx((0.8 / np.sqrt(64), 0.8 / np.sqrt(32)))


def test_without_known_noise_the_motion_is_still_told():
    found, _ = sensitivity(ramp([3.0, 0.0, 0.0], np.eye(4)), box_at(0), np.eye(4))
    assert np.isnan(found.noise_sd)
    assert found.shift[0] == pytest.approx(3.0, abs=1e-4)


def test_the_middle_of_the_atlas_and_the_parts_of_a_scan():
    atlas = box_at(10)
    assert atlas_centre(atlas) == pytest.approx([10.0, 0.0, 0.0])
    scan = ramp([0.0, 0.0, 0.0], np.eye(4))
    parts = parts_of(weigh_regions(scan, labelled_space(atlas)), 1, scan.data.shape)
    assert np.count_nonzero(parts == 1) == 64
    assert set(np.unique(parts)) == {0, 1}
