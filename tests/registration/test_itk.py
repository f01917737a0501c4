import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from pet_spect.errors import RegistrationError
from pet_spect.imaging.images import read_affine, write_affine, write_warp
from pet_spect.imaging.resample import apply_affine, displace
from pet_spect.imaging.rounding import WARP_STEP_MM, rounded
from pet_spect.model import Volume, Warp
from pet_spect.registration.itk import register_deformable, register_linear

AFFINE = np.array([[2.0, 0, 0, -40], [0, 2, 0, -44], [0, 0, 2, -36], [0, 0, 0, 1]])
SHAPE = (41, 45, 37)


def blobs(shift=(0.0, 0.0, 0.0)):
    """Three blobs of different size and place, so that no flip or axis swap looks alike."""
    world = (
        np.stack(np.meshgrid(*(np.arange(n) for n in SHAPE), indexing="ij"), axis=-1) @ AFFINE[:3, :3] + AFFINE[:3, 3]
    )
    data = np.zeros(SHAPE)
    for centre, width, height in (((-18, 6, 4), 9, 3.0), ((14, -16, 0), 7, 2.0), ((4, 12, 14), 6, 1.0)):
        data += height * np.exp(-((world - np.array(centre) - shift) ** 2).sum(axis=-1) / (2 * width**2))
    return Volume(data.astype(np.float32), AFFINE)


def linear(fixed, moving, kind="Rigid"):
    return register_linear(
        fixed,
        moving,
        start=np.eye(4),
        mask=np.ones(SHAPE, dtype=bool),
        kind=kind,
        iterations=(100, 50),
        shrink=(2, 1),
        smoothing=(1, 0),
    )


def test_a_shift_is_found_with_its_sign_on_every_axis():
    found = linear(blobs(), blobs(shift=(5.0, -3.0, 4.0)))
    assert apply_affine(found, np.array([[0.0, 0.0, 0.0]])) == pytest.approx(np.array([[5.0, -3.0, 4.0]]), abs=0.3)


def test_the_same_input_gives_the_same_bits():
    fixed, moving = blobs(), blobs(shift=(2.0, 1.0, -1.0))
    assert np.array_equal(linear(fixed, moving), linear(fixed, moving))


def test_a_deformation_carries_points_there_and_back():
    fixed, moving = blobs(), blobs(shift=(4.0, 0.0, 0.0))
    affine, warp, inverse = register_deformable(
        fixed,
        moving,
        start=np.eye(4),
        mask=np.ones(SHAPE, dtype=bool),
        metric="mattes",
        iterations=(50, 30),
        gradient_step=0.2,
        flow_sigma=2.0,
        total_sigma=0.0,
    )
    centre = np.array([[-18.0, 6.0, 4.0]])
    there = apply_affine(affine, displace(warp, centre))
    assert there == pytest.approx(np.array([[-14.0, 6.0, 4.0]]), abs=1.0)
    assert displace(inverse, apply_affine(np.linalg.inv(affine), there)) == pytest.approx(centre, abs=0.5)


def test_images_that_never_meet_stay_where_they_started():
    far = np.eye(4)
    far[:3, 3] = 500
    found = register_linear(
        blobs(),
        blobs(),
        start=far,
        mask=np.ones(SHAPE, dtype=bool),
        kind="Rigid",
        iterations=(5,),
        shrink=(1,),
        smoothing=(0,),
    )
    assert found == pytest.approx(far)


def test_ants_giving_up_is_one_line(monkeypatch):
    import ants

    def fail(**_):
        raise RuntimeError("Registration failed with error code 1")

    monkeypatch.setattr(ants, "registration", fail)
    with pytest.raises(RegistrationError, match="ants gave up"):
        linear(blobs(), blobs())


def test_ants_reads_our_affine_as_we_mean_it(tmp_path):
    import ants

    matrix = np.array([[0.9, -0.3, 0, 3], [0.25, 1.0, 0.1, -7], [0, 0.05, 1.1, 11], [0, 0, 0, 1]])
    write_affine(tmp_path / "a.mat", matrix)
    ras = np.array([[10.0, 20.0, -30.0]])
    lps = ants.read_transform(str(tmp_path / "a.mat")).apply_to_point((ras * [-1, -1, 1])[0])
    assert np.array(lps) * [-1, -1, 1] == pytest.approx(apply_affine(matrix, ras)[0], abs=1e-4)
    assert read_affine(tmp_path / "a.mat") == pytest.approx(matrix, abs=1e-12)


def test_ants_reads_our_warp_as_we_mean_it(tmp_path):
    import ants

    rng = np.random.default_rng(3)
    field = np.stack([gaussian_filter(rng.standard_normal(SHAPE), 4) * 40 for _ in range(3)], axis=-1)
    warp = Warp(rounded(field.astype(np.float32), WARP_STEP_MM), AFFINE)
    write_warp(tmp_path / "w.nii.gz", warp)
    transform = ants.transform_from_displacement_field(ants.image_read(str(tmp_path / "w.nii.gz")))
    ras = np.array([[-7.3, 5.1, 2.2], [11.0, -13.0, 8.0]])
    for point in ras:
        lps = np.array(transform.apply_to_point(point * [-1, -1, 1]))
        assert lps * [-1, -1, 1] == pytest.approx(displace(warp, point[np.newaxis])[0], abs=1e-3)
