"""NIfTI images that are none, or do not tell where they lie: refused at convert with the cause."""

import gzip
import json

import nibabel as nib
import numpy as np
import pytest

from pet_spect.dicom.anatomy.convert import convert_anat
from pet_spect.dicom.convert import convert_scan
from pet_spect.dicom.facts.declared import Declared
from pet_spect.errors import PetSpectError
from tests.dicom.bids.test_scan import JSON

AFFINE = np.array([[-2.0, 0, 0, 90], [0, 2, 0, -100], [0, 0, 3, -50], [0, 0, 0, 1]])
NOISE = np.random.default_rng(0).normal(100, 9, (6, 5, 4)).astype(np.float32)


@pytest.fixture
def write(tmp_path):
    """Return a writer of an image; `header` maps places in its header to bytes."""

    def write(data=NOISE, affine=AFFINE, sform=AFFINE, codes=(1, 1), header=(), name="scan.nii.gz"):
        image = nib.Nifti1Image(data, affine)
        content = bytearray(image.to_bytes())
        told = nib.Nifti1Header(bytes(content[:348]))
        told.set_qform(affine, code=codes[0])
        told.set_sform(sform, code=codes[1])
        content[:348] = told.binaryblock
        for start, value in header:
            content[start : start + len(value)] = value
        (tmp_path / name).write_bytes(gzip.compress(bytes(content)))
        (tmp_path / "scan.json").write_text(json.dumps(JSON))
        return tmp_path / name

    return write


def reason(path):
    with pytest.raises(PetSpectError, match=r"^sub-01: ") as caught:
        convert_scan(path, Declared(), "sub-01")
    assert "scan.nii" not in str(caught.value)
    return str(caught.value)


def real(*values):
    return np.array(values, "<f4").tobytes()


def test_the_image_that_is_changed_below_is_read(write):
    volume, _ = convert_scan(write(), Declared(), "sub-01")
    np.testing.assert_array_equal(volume.data, NOISE)
    assert convert_anat(write(name="scan_T1w.nii.gz"), "sub-01")[0].data.shape == NOISE.shape


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (np.full((6, 5, 4), np.nan, np.float32), "all its voxels are missing"),
        (np.zeros((6, 5, 4), np.float32), "all its voxels are 0"),
        (np.full((6, 5, 4), 7, np.int16), "all its voxels are 7"),
        (np.where(NOISE > 100, np.float32(3), np.float32(np.nan)), "all its voxels are 3"),
        (np.ones((1, 1, 1), np.float32), "has 1 x 1 x 1 voxels"),
        (NOISE[:, :, :1], "has 6 x 5 x 1 voxels; a volume needs at least two slices"),
        (NOISE[:1], "has 1 x 5 x 4 voxels"),
        (NOISE[:, :, 0], "has shape (6, 5)"),
        (np.stack([NOISE] * 2, axis=3), "has shape (6, 5, 4, 2), one three-dimensional volume is needed"),
        (NOISE.astype(np.complex64), "not single real numbers"),
        (np.zeros((6, 5, 4), [("R", "u1"), ("G", "u1"), ("B", "u1")]), "not single real numbers"),
        (np.zeros((6, 5, 4), [("R", "u1"), ("G", "u1"), ("B", "u1"), ("A", "u1")]), "not single real numbers"),
    ],
    ids=lambda value: value.replace(" ", "_") if isinstance(value, str) else "",
)
def test_what_holds_no_image_is_refused(write, data, cause):
    assert cause in reason(write(data))


@pytest.mark.parametrize("data", [np.full((6, 5, 4), np.nan, np.float32), np.zeros((6, 5, 4), np.float32)])
def test_an_anatomical_image_of_one_value_is_refused_too(write, data):
    with pytest.raises(PetSpectError, match="it holds no image"):
        convert_anat(write(data, name="scan_T1w.nii.gz"), "sub-01")


def test_one_frame_of_four_dimensions_is_a_volume(write):
    np.testing.assert_array_equal(convert_scan(write(NOISE[..., None]), Declared())[0].data, NOISE)


SHEARED = AFFINE.copy()
SHEARED[0, 1] = 0.2
TURNED = AFFINE * [[-1], [1], [1], [1]]
MOVED = AFFINE.copy()
MOVED[0, 3] += 5
SMALLER = AFFINE.copy()
SMALLER[2, 2] = 2.7


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"sform": SHEARED, "codes": (0, 1)}, "not at right angles"),
        ({"sform": TURNED}, "qform and sform place it differently"),
        ({"sform": MOVED}, "qform and sform place it differently"),
        ({"sform": SMALLER, "codes": (0, 1)}, "2 x 2 x 2.7 mm by its affine and 2 x 2 x 3 mm by pixdim"),
        ({"header": [(88, real(-3))]}, "pixdim says voxels of 2 x 2 x -3 mm"),
        ({"header": [(84, real(0))]}, "pixdim says voxels of 2 x 0 x 3 mm"),
        ({"header": [(84, real(np.nan))]}, "pixdim says voxels of 2 x nan x 3 mm"),
        ({"header": [(76, real(-2))], "codes": (1, 0)}, "pixdim[0] is not -1 or 1"),
        ({"header": [(280, real(np.nan))]}, "affine is not finite"),
        ({"header": [(292, real(np.inf))]}, "affine is not finite"),
        ({"header": [(280, real(0, 0, 0, 0))]}, "qform and sform place it differently"),
        ({"header": [(256, real(3))]}, "its header is damaged where it says how the image lies"),
        ({"header": [(256, real(np.nan))], "codes": (1, 0)}, "affine is not finite"),
        ({"codes": (0, 0)}, "neither qform nor sform"),
    ],
    ids=lambda value: value.replace(" ", "_") if isinstance(value, str) else "",
)
def test_what_does_not_tell_where_it_lies_is_refused(write, changes, cause):
    assert cause in reason(write(**changes))


@pytest.mark.parametrize("angle", [0.0, 17.0, 45.0])
@pytest.mark.parametrize("codes", [(1, 0), (0, 1), (1, 1), (2, 4)])
def test_an_oblique_image_is_read_by_either_form(write, angle, codes):
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    turn = np.array([[1, 0, 0, 0], [0, cos, -sin, 0], [0, sin, cos, 0], [0, 0, 0, 1.0]])
    affine = turn @ AFFINE
    np.testing.assert_allclose(
        convert_scan(write(affine=affine, sform=affine, codes=codes), Declared())[0].affine, affine, atol=1e-3
    )


@pytest.mark.parametrize("hand", [0.0, 3.0, 4.0])
def test_a_positive_hand_is_right_as_the_reference_library_has_it(write, hand):
    affine = np.diag([2.0, 2.0, 3.0, 1.0])
    path = write(affine=affine, sform=affine, codes=(1, 0), header=[(76, real(hand))])
    np.testing.assert_allclose(convert_scan(path, Declared())[0].affine, affine, atol=1e-5)


def test_a_blank_dicom_series_is_refused(pet_slices, save):
    folder = save(*pet_slices(np.full((4, 3, 2), 5)))
    assert "it holds no image" in reason(folder)


def test_a_negative_slope_is_refused_as_one_of_dicom_is(write):
    stored = np.round(NOISE).astype("<i2")
    assert "scl_slope is -1" in reason(write(stored, header=[(112, real(-1.0, 0.0))]))
    assert convert_scan(write(stored, header=[(112, real(2.0, 0.0))]), Declared(), "sub-01")[0].data.max() > 200


@pytest.mark.parametrize("data", [-NOISE, np.minimum(0, NOISE - 100)])
def test_a_scan_without_a_voxel_above_0_is_refused(write, data):
    assert "no voxel is above 0" in reason(write(data.astype(np.float32)))


def test_a_few_negative_voxels_are_noise(write):
    assert convert_scan(write(NOISE - 100), Declared(), "sub-01")[0].data.min() < 0
