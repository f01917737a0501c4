"""Left and right, place and size of an image are known for sure, or it is refused."""

import functools

import nibabel as nib
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pet_spect import api
from pet_spect.errors import ImageError, PetSpectError
from pet_spect.imaging import images
from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.lesion_mask import read_lesion_mask
from pet_spect.imaging.nifti import open_nifti
from pet_spect.imaging.nifti_space import check_space
from pet_spect.model import Volume, Warp
from pet_spect.registration.templates.template import read_template

cerebra = functools.cache(lambda: load_atlas("CerebrA"))
AFFINE = np.array([[2.0, 0, 0, -9], [0, 2, 0, -8], [0, 0, 2, -7], [0, 0, 0, 1]])
MASK = "sub-01_space-MNI152NLin2009cSym_mask.nii.gz"


def saved(folder, *, codes=(1, 1), qform=AFFINE, sform=AFFINE, unit="mm", warp=False):
    """Write an image of ones, or a field, whose header says what is asked for."""
    shape = (9, 8, 7, 1, 3) if warp else (9, 8, 7)
    image = nib.Nifti1Image(np.ones(shape, np.float32), AFFINE)
    image.header.set_xyzt_units(unit)
    image.set_sform(sform, code=codes[1])
    image.set_qform(qform, code=codes[0])
    nib.save(image, folder / MASK)
    return folder / MASK


def as_atlas(path):
    table = path.with_name("labels.tsv")
    table.write_text("index\tregion\tside\n1\ta\tn/a\n")
    return load_atlas(path, table)


READERS = {
    "image": images.read_volume,
    "uptake": lambda path: api.extract_uptake(path, cerebra()),
    "nibabel": lambda path: api.extract_uptake(nib.load(path), cerebra()),
    "atlas": as_atlas,
    "template": lambda path: read_template(path, cerebra()),
    "mask": lambda path: read_lesion_mask(path, cerebra()),
}
SHIFTED = AFFINE + 3 * np.eye(4, k=3)
MIRRORED = np.diag([-1.0, 1, 1, 1]) @ AFFINE
DOUBTFUL = {
    "no code": ({"codes": (0, 0)}, "has neither qform nor sform"),
    "mirrored sform": ({"sform": MIRRORED}, "qform and sform place it differently"),
    "mirrored qform": ({"qform": MIRRORED}, "qform and sform place it differently"),
    "shifted": ({"sform": SHIFTED}, "qform and sform place it differently"),
    "metres": ({"unit": "meter"}, "its lengths are not in mm"),
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@pytest.mark.parametrize(("header", "message"), DOUBTFUL.values(), ids=DOUBTFUL)
def test_every_reader_refuses_an_image_whose_place_is_a_guess(tmp_path, reader, header, message):
    with pytest.raises(PetSpectError, match=message) as caught:
        reader(saved(tmp_path, **header))
    assert caught.value.code in ("image_affine", "lesion_mask_affine")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("header", "message"), DOUBTFUL.values(), ids=DOUBTFUL)
def test_a_displacement_field_must_say_where_it_lies(tmp_path, header, message):
    with pytest.raises(ImageError, match=message):
        images.read_warp(saved(tmp_path, warp=True, **header))


@pytest.mark.parametrize("codes", [(0, 1), (1, 0), (1, 1), (4, 4), (1, 2), (0, 2), (5, 0)])
@pytest.mark.parametrize("unit", ["mm", "unknown"])
def test_one_of_qform_and_sform_or_both_alike_are_enough(tmp_path, codes, unit):
    assert np.array_equal(images.read_volume(saved(tmp_path, codes=codes, unit=unit)).affine, AFFINE)
    assert np.array_equal(images.read_warp(saved(tmp_path, codes=codes, unit=unit, warp=True)).affine, AFFINE)


def test_qform_and_sform_that_differ_by_rounding_are_alike(tmp_path):
    path = saved(tmp_path, sform=AFFINE + 0.05 * np.eye(4, k=3))
    assert images.read_volume(path).affine[0, 3] == pytest.approx(-8.95)


@pytest.mark.parametrize("tilt", [0.0, 0.01, 0.1, 5.0])
def test_a_qform_of_half_a_turn_agrees_with_its_sform_however_large_the_image(tmp_path, tilt):
    affine = np.diag([0.5, 0.5, 0.7, 1.0])
    affine[:3, :3] = Rotation.from_euler("xyz", [tilt, tilt / 2, 180 + tilt / 3], degrees=True).as_matrix() * 0.5
    affine[:3, 3] = (180.0, 230.0, -700.0)
    images.write_volume(tmp_path / "a.nii.gz", Volume(np.zeros((512, 512, 3), np.float32), affine))
    open_nifti(tmp_path / "a.nii.gz", "a")
    image = nib.Nifti1Image(np.zeros((512, 512, 3), np.uint8), affine)
    image.set_qform(affine, code=1)
    nib.save(image, tmp_path / "b.nii.gz")
    open_nifti(tmp_path / "b.nii.gz", "b")


def test_a_turn_that_only_far_corners_show_is_a_contradiction(tmp_path):
    turned = np.eye(4)
    turned[:3, :3] = Rotation.from_euler("z", 2, degrees=True).as_matrix()  # 0.03 mm for each step, 7 mm at the end
    image = nib.Nifti1Image(np.zeros((200, 10, 10), np.uint8), np.eye(4))
    image.set_sform(turned, code=1)
    image.set_qform(np.eye(4), code=1)
    nib.save(image, tmp_path / "a.nii.gz")
    with pytest.raises(ImageError, match="qform and sform place it differently"):
        images.read_volume(tmp_path / "a.nii.gz")


def test_a_sheared_sform_alone_places_a_mask_or_a_template(tmp_path):
    sheared = AFFINE + 0.3 * np.eye(4, k=1) * (np.arange(4) < 1)[:, np.newaxis]
    image = nib.Nifti1Image(np.ones((4, 4, 4), np.float32), sheared)
    nib.save(image, tmp_path / "a.nii.gz")
    assert images.read_volume(tmp_path / "a.nii.gz").affine == pytest.approx(sheared)


def test_what_the_project_writes_it_reads(tmp_path):
    images.write_volume(tmp_path / "a.nii.gz", Volume(np.ones((3, 4, 5), np.float32), MIRRORED))
    images.write_warp(tmp_path / "w.nii.gz", Warp(np.zeros((3, 4, 5, 3), np.float32), AFFINE))
    images.read_volume(tmp_path / "a.nii.gz")
    images.read_warp(tmp_path / "w.nii.gz")


def test_images_in_memory_are_taken_as_they_were_made():
    made = nib.Nifti1Image(np.ones((4, 4, 4), np.float32), AFFINE)
    other = nib.Nifti1Image(np.ones((4, 4, 4), np.float32), AFFINE, nib.Nifti1Header())
    for image in (made, other, nib.MGHImage(np.ones((4, 4, 4), np.float32), AFFINE)):
        check_space(image, "the image")


def test_an_analyze_image_does_not_say_left_and_right(tmp_path):
    nib.save(nib.AnalyzeImage(np.ones((4, 5, 6), np.float32), AFFINE), tmp_path / "a.img")
    with pytest.raises(ImageError, match="is in Analyze form, in which left and right are unknown") as caught:
        check_space(nib.load(tmp_path / "a.img"), "the image")
    assert caught.value.code == "image_pair"


def test_axes_that_are_at_right_angles_for_a_scan_agree_with_the_qform_that_is_written(tmp_path):
    scan = np.diag([7.0, 7.0, 20.0, 1.0])  # a whole body, 0.7 x 0.7 x 2 m
    scan[:3, :3] = np.array([[1, 9e-4, 9e-4], [0, 1, 9e-4], [0, 0, 1]]) @ scan[:3, :3]
    images.write_volume(tmp_path / "a.nii.gz", Volume(np.zeros((100, 100, 100), np.float32), scan))
    assert images.read_volume(tmp_path / "a.nii.gz").affine == pytest.approx(scan, abs=1e-4)
