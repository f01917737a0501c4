import os
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.spatial.transform import Rotation

from pet_spect.errors import ImageError
from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.brain_overlap import check_brain_overlap
from pet_spect.imaging.images import read_volume
from pet_spect.imaging.resample import apply_affine
from pet_spect.imaging.tissue import tissue_maps
from pet_spect.model import Volume, Warp

pytestmark = pytest.mark.slow

FOLDER = Path(os.environ.get("PET_SPECT_EXTERNAL_DATA", "../shared/data")) / "real_fdg"


@pytest.fixture(scope="module")
def brain():
    """Return a brain as a camera of 8 mm sees it, in a head of little uptake, on a grid of 3 mm."""
    atlas = load_atlas()
    tissue = tissue_maps(atlas)
    sharp = tissue.grey + 0.3 * tissue.white + 0.9 * (atlas.labels > 0) * ~tissue.brain + 0.02
    blurred = gaussian_filter(sharp, 8 / 2.355)[1::3, 1::3, 1::3]
    affine = atlas.affine @ np.diag([3.0, 3.0, 3.0, 1.0])
    affine[:3, 3] = apply_affine(atlas.affine, np.ones((1, 3)))[0]
    return Volume(blurred.astype(np.float32), affine)


def moved(volume, mm=(0, 0, 0), degrees=(0, 0, 0), scale=1.0):
    matrix = np.eye(4)
    matrix[:3, :3] = scale * Rotation.from_rotvec(np.radians(degrees)).as_matrix()
    matrix[:3, 3] = mm
    return Volume(volume.data, matrix @ volume.affine)


def test_a_brain_in_place_passes(brain):
    check_brain_overlap(brain)
    check_brain_overlap(moved(brain, (0, 2, 0), scale=1.01))


@pytest.mark.parametrize("mm", [(8, 0, 0), (0, -8, 0), (0, 0, 8), (0, 0, -8)])
def test_a_brain_8_mm_off_is_refused(brain, mm):
    with pytest.raises(ImageError, match=r"its brain lies [789] mm from the brain of MNI152NLin2009cSym") as caught:
        check_brain_overlap(moved(brain, mm))
    assert caught.value.code == "image_space"


def test_a_brain_turned_or_of_another_size_is_refused(brain):
    for degrees in ((10, 0, 0), (0, 0, 10)):
        with pytest.raises(ImageError, match=r"its brain lies \d+ mm from"):
            check_brain_overlap(moved(brain, degrees=degrees))
    for scale in (0.88, 1.12):
        with pytest.raises(ImageError, match=r"times as large as|its brain lies"):
            check_brain_overlap(moved(brain, scale=scale))


def test_a_head_elsewhere_is_refused(brain):
    with pytest.raises(ImageError, match="of the brain of MNI152NLin2009cSym is in view"):
        check_brain_overlap(moved(brain, (300, 0, 0)))
    torso = Volume(np.flip(brain.data, 2).copy(), brain.affine)
    torso.data[:, :, : brain.data.shape[2] // 2] = 0
    with pytest.raises(ImageError, match="check_space=False"):
        check_brain_overlap(torso)


def test_an_image_that_cannot_tell_passes(brain):
    for data in (np.ones_like(brain.data), np.zeros_like(brain.data)):
        check_brain_overlap(Volume(data, brain.affine))
    check_brain_overlap(Volume(np.arange(27, dtype=np.float32).reshape(3, 3, 3), np.eye(4)))
    atlas = load_atlas()
    check_brain_overlap(Volume((atlas.labels == 86).astype(np.float32), atlas.affine))


def test_a_brain_is_judged_where_its_transforms_put_it(brain):
    rigid, field = np.eye(4), Warp(np.zeros((8, 8, 8, 3), dtype=np.float32), np.diag([40.0, 40.0, 40.0, 1.0]))
    rigid[0, 3], field.affine[:3, 3] = -20.0, -140.0
    field.displacement[..., 1] = -15.0
    away = moved(brain, (20, 15, 0))
    check_brain_overlap(away, rigid, field)
    with pytest.raises(ImageError, match=r"its brain lies 1[56] mm"):
        check_brain_overlap(away, rigid)


@pytest.mark.external
def test_a_mean_of_real_scans_passes_in_place_and_no_8_mm_off():
    if not FOLDER.is_dir():
        pytest.skip(f"no reference data in {FOLDER}")
    mean = read_volume(FOLDER / "fdg_group_mean.nii.gz")
    check_brain_overlap(mean)
    for axis in np.vstack([np.eye(3), -np.eye(3)]):
        with pytest.raises(ImageError, match="its brain lies"):
            check_brain_overlap(moved(mean, 8 * axis))
    with pytest.raises(ImageError, match="its brain lies"):
        check_brain_overlap(read_volume(FOLDER / "person_a_pet.nii.gz"))
