import contextlib

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import savemat
from scipy.spatial.transform import Rotation

from pet_spect.errors import ImageError, RefusedError
from pet_spect.imaging import images
from pet_spect.imaging.rounding import WARP_STEP_MM
from pet_spect.model import Refusal, Volume, Warp


def marker(affine):
    """A 6 x 7 x 8 volume with one bright voxel at index (1, 5, 2)."""
    data = np.zeros((6, 7, 8), np.float32)
    data[1, 5, 2] = 9.0
    return Volume(data, affine)


def where(volume):
    return volume.affine @ [*np.argwhere(volume.data == 9.0)[0], 1.0]


@given(
    st.permutations([0, 1, 2]),
    st.tuples(*[st.sampled_from([-1, 1])] * 3),
    st.tuples(*[st.floats(-44, 44)] * 3),
    st.tuples(*[st.floats(0.5, 5)] * 3),
)
def test_a_marker_stays_where_it_is_in_the_world(tmp_path_factory, axes, signs, angles, spacing):
    turn = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    affine = np.eye(4)
    affine[:3, :3] = turn @ (np.eye(3)[:, axes] * signs * np.array(spacing))
    affine[:3, 3] = (11, -22, 33)
    volume = marker(affine)
    path = tmp_path_factory.mktemp("m") / "a.nii.gz"
    images.write_volume(path, volume)
    read = images.read_volume(path)
    assert where(read) == pytest.approx(where(volume), abs=1e-3)
    assert nib.aff2axcodes(read.affine) == nib.aff2axcodes(
        nib.as_closest_canonical(nib.Nifti1Image(read.data, read.affine)).affine
    )


def test_voxels_are_written_nearest_to_right_anterior_superior(tmp_path):
    images.write_volume(tmp_path / "a.nii.gz", marker(np.diag([-2.0, -2.0, 3.0, 1.0])))
    image = nib.Nifti1Image.from_filename(tmp_path / "a.nii.gz")
    assert nib.aff2axcodes(image.affine) == ("R", "A", "S")
    assert np.argwhere(np.asarray(image.dataobj) == 9.0).tolist() == [[4, 1, 2]]


@pytest.mark.parametrize("order", [("L", "A", "S"), ("R", "P", "I"), ("S", "L", "P")])
def test_voxels_are_read_nearest_to_right_anterior_superior_however_a_file_orders_them(tmp_path, order):
    canonical = nib.Nifti1Image(np.arange(60, dtype=np.float32).reshape(3, 4, 5), np.diag([2.0, 2.0, 3.0, 1.0]))
    turn = nib.orientations.ornt_transform(
        nib.orientations.axcodes2ornt(("R", "A", "S")), nib.orientations.axcodes2ornt(order)
    )
    nib.save(canonical.as_reoriented(turn), tmp_path / "a.nii.gz")
    read = images.read_volume(tmp_path / "a.nii.gz")
    assert np.array_equal(read.data, canonical.get_fdata())
    assert np.array_equal(read.affine, canonical.affine)


def test_nan_survives(tmp_path):
    data = np.array([[[1.0, np.nan]]], np.float32)
    images.write_volume(tmp_path / "a.nii.gz", Volume(data, np.eye(4)))
    assert np.array_equal(images.read_volume(tmp_path / "a.nii.gz").data, data, equal_nan=True)


def test_a_refusal_holds_no_number_and_is_raised_when_read(tmp_path):
    path = tmp_path / "sub-01_pet.nii.gz"
    images.write_refusal(path, Refusal("convert", "slice_spacing", "slice 3 is missing"))
    assert np.isnan(images.read_volume(path).data).all()
    with pytest.raises(RefusedError, match="slice 3 is missing") as refused:
        images.read_scan(path)
    assert refused.value.code == "slice_spacing"


@pytest.mark.parametrize("content", [b"", b"hello", b"\x1f\x8b\x08\x00" + b"0" * 30])
def test_what_is_not_nifti_is_one_line(tmp_path, content):
    (tmp_path / "a.nii.gz").write_bytes(content)
    with pytest.raises(ImageError, match=r"is not a readable NIfTI image|is not packed|is damaged or cut short"):
        images.read_volume(tmp_path / "a.nii.gz")


def test_a_truncated_image_is_one_line(tmp_path):
    images.write_volume(
        tmp_path / "a.nii.gz", Volume(np.random.default_rng(0).random((30, 30, 30), np.float32), np.eye(4))
    )
    whole = (tmp_path / "a.nii.gz").read_bytes()
    (tmp_path / "a.nii.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ImageError, match=r"a\.nii\.gz"):
        images.read_volume(tmp_path / "a.nii.gz")


def test_a_series_of_volumes_is_refused(tmp_path):
    nib.save(nib.Nifti1Image(np.zeros((3, 3, 3, 2), np.float32), np.eye(4)), tmp_path / "a.nii.gz")
    with pytest.raises(ImageError, match=r"has shape \(3, 3, 3, 2\), one three-dimensional volume is needed"):
        images.read_volume(tmp_path / "a.nii.gz")


def test_a_warp_comes_back_rounded_once(tmp_path):
    field = np.random.default_rng(1).standard_normal((3, 4, 5, 3)).astype(np.float32)
    images.write_warp(tmp_path / "w.nii.gz", Warp(field, np.diag([2.0, 2.0, 2.0, 1.0])))
    once = images.read_warp(tmp_path / "w.nii.gz")
    assert np.abs(once.displacement - field).max() <= WARP_STEP_MM / 2
    images.write_warp(tmp_path / "again.nii.gz", once)
    assert np.array_equal(images.read_warp(tmp_path / "again.nii.gz").displacement, once.displacement)


def test_on_disk_a_warp_points_left_and_back_as_itk_has_it(tmp_path):
    field = np.ones((2, 2, 2, 3), np.float32) * [1, 2, 3]
    images.write_warp(tmp_path / "w.nii.gz", Warp(field.astype(np.float32), np.eye(4)))
    stored = np.asarray(nib.Nifti1Image.from_filename(tmp_path / "w.nii.gz").dataobj)
    assert stored.shape == (2, 2, 2, 1, 3)
    assert stored[0, 0, 0, 0].tolist() == [-1, -2, 3]


def test_an_image_is_no_warp(tmp_path):
    images.write_volume(tmp_path / "a.nii.gz", marker(np.eye(4)))
    with pytest.raises(ImageError, match="a displacement field"):
        images.read_warp(tmp_path / "a.nii.gz")


def test_what_is_not_a_transform_is_one_line(tmp_path):
    (tmp_path / "a.mat").write_text("refused\n")
    with pytest.raises(ImageError, match="is not an ITK affine transform"):
        images.read_affine(tmp_path / "a.mat")


TURNED = np.eye(4)
TURNED[:3, :3] = Rotation.from_euler("xyz", [10, -7, 175], degrees=True).as_matrix()
TURNED[:3, 3] = (3.5, -412.0, 9040.0)  # mm: scanner coordinates may be far from the head


def rigid_file(tmp_path, matrix):
    images.write_affine(tmp_path / "a.mat", matrix)
    return tmp_path / "a.mat"


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_a_turn_and_a_shift_are_rigid_also_of_32_bit_numbers(tmp_path, kind):
    path = rigid_file(tmp_path, TURNED.astype(kind).astype(np.float64))
    assert images.read_rigid(path) == pytest.approx(TURNED, abs=1e-3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (np.diag([-1.0, 1.0, 1.0, 1.0]), "mirrors the head"),
        (np.diag([1.02, 1.0, 1.0, 1.0]), "scales or shears the head"),
        (np.eye(4) + 0.01 * np.eye(4, k=1) * (np.arange(4) < 2)[:, np.newaxis], "scales or shears the head"),
        (np.eye(4) + 2e5 * np.eye(4, k=3), "shifts the head by more than 100 m"),
    ],
    ids=["mirror", "scale", "shear", "shift"],
)
def test_what_is_no_rigid_transform_is_refused_in_one_line(tmp_path, change, message):
    path = rigid_file(tmp_path, TURNED @ change)
    assert np.isfinite(images.read_affine(path)).all()
    with pytest.raises(ImageError, match=rf"a\.mat: {message}; a rigid transform is needed: run normalise") as caught:
        images.read_rigid(path)
    assert caught.value.code == "transform_implausible"


def test_a_flipped_bit_neither_mirrors_nor_stretches_a_head(tmp_path):
    path = rigid_file(tmp_path, TURNED)
    whole = path.read_bytes()
    accepted = 0
    for place in range(8 * len(whole)):
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << place % 8
        path.write_bytes(bytes(damaged))
        with contextlib.suppress(ImageError):
            found = images.read_rigid(path)[:3, :3]
            accepted += 1
            assert np.abs(found - TURNED[:3, :3]).max() < 1e-4
    assert 0 < accepted < 8 * len(whole)


def test_a_transform_of_too_few_numbers_is_one_line(tmp_path):
    parameters = np.append(np.eye(3).ravel(), 5.0)[:, np.newaxis]  # one number would serve for three
    savemat(tmp_path / "a.mat", {"AffineTransform_double_3_3": parameters, "fixed": np.zeros((3, 1))}, format="4")
    with pytest.raises(ImageError, match="is not an ITK affine transform"):
        images.read_affine(tmp_path / "a.mat")
