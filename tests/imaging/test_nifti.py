"""Every reader of NIfTI: damaged packing, absurd claims, and files that are no single NIfTI image."""

import contextlib
import functools
import gzip
import re
import struct
import subprocess
import sys
import tracemalloc
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from pet_spect.errors import ImageError, PetSpectError
from pet_spect.imaging import images
from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.lesion_mask import read_lesion_mask
from pet_spect.imaging.nifti import open_nifti, write_nifti
from pet_spect.model import Volume, Warp
from pet_spect.registration.templates.template import read_template

cerebra = functools.cache(lambda: load_atlas("CerebrA"))
AFFINE = np.diag([2.0, 2.0, 2.0, 1.0])
MASK = "sub-01_space-MNI152NLin2009cSym_mask.nii.gz"


@pytest.fixture
def image(tmp_path):
    """Return an image of noise, as a scan packs."""
    path = tmp_path / MASK
    images.write_volume(path, Volume(np.random.default_rng(1).normal(9, 2, (9, 8, 7)).astype(np.float32), AFFINE))
    return path


@pytest.fixture
def warp(tmp_path):
    path = tmp_path / "warp.nii.gz"
    images.write_warp(path, Warp(np.random.default_rng(2).normal(0, 2, (5, 6, 7, 3)).astype(np.float32), AFFINE))
    return path


def as_atlas(path):
    table = path.with_name("labels.tsv")
    table.write_text("index\tregion\tside\n1\ta\tleft\n")
    return load_atlas(path, table)


READERS = {
    "scan": images.read_volume,
    "warp": images.read_warp,
    "atlas": as_atlas,
    "template": lambda path: read_template(path, cerebra()),
    "mask": lambda path: read_lesion_mask(path, cerebra()),
}


@pytest.mark.parametrize(("kind", "reader"), [("image", images.read_volume), ("warp", images.read_warp)])
def test_no_flipped_bit_changes_a_voxel(request, kind, reader):
    path = request.getfixturevalue(kind)
    whole, first = path.read_bytes(), reader(path)
    for place in range(0, 8 * len(whole), 101):
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << place % 8
        path.write_bytes(bytes(damaged))
        with contextlib.suppress(ImageError):
            found = reader(path)
            assert place // 8 < 10  # time, system: what the header of gzip says beside the packing
            voxels = (found.data, first.data) if kind == "image" else (found.displacement, first.displacement)
            np.testing.assert_array_equal(*voxels)


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@pytest.mark.parametrize("lost", [1, 8, 9])
def test_every_reader_refuses_a_file_that_lacks_its_last_bytes(image, reader, lost):
    image.write_bytes(image.read_bytes()[:-lost])
    with pytest.raises(PetSpectError, match="is damaged or cut short: its gzip packing") as caught:
        reader(image)
    assert caught.value.code in ("image_damaged", "lesion_mask_damaged")


def test_several_members_and_padding_are_legal_and_garbage_is_not(image):
    content = gzip.decompress(image.read_bytes())
    voxels = images.read_volume(image).data
    packed = gzip.compress(content[:700]) + gzip.compress(content[700:])
    image.write_bytes(packed + bytes(1024))
    np.testing.assert_array_equal(images.read_volume(image).data, voxels)
    image.write_bytes(packed + b"garbage")
    with pytest.raises(ImageError, match="is damaged or cut short"):
        images.read_volume(image)


def claiming(path, shape, extra=0):
    """Write an image whose header claims another shape than its file holds."""
    content = bytearray(nib.Nifti1Image(np.ones((2, 3, 4), np.float32), AFFINE).to_bytes() + bytes(extra))
    struct.pack_into("<4h", content, 40, 3, *shape)
    path.write_bytes(gzip.compress(bytes(content)) if path.suffix == ".gz" else bytes(content))
    return path


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@pytest.mark.parametrize("shape", [(32767, 32767, 32767), (640, 640, 640)])
@pytest.mark.parametrize("ending", [".nii.gz", ".nii"])
def test_an_absurd_size_is_refused_before_memory_is_asked_for(tmp_path, reader, shape, ending):
    cerebra()
    path = claiming(tmp_path / MASK.replace(".nii.gz", ending), shape)
    tracemalloc.start()
    try:
        with pytest.raises(PetSpectError, match="voxels") as caught:
            open_nifti(path, str(path))
        assert tracemalloc.get_traced_memory()[1] < 2**25
    finally:
        tracemalloc.stop()
    with pytest.raises(PetSpectError, match=re.escape(str(caught.value))):
        reader(path)


def test_a_mask_of_little_but_zeros_is_read_however_well_it_packs(tmp_path):
    data = np.zeros((256, 256, 300), np.uint8)
    data[100:110, 100:110, 100:110] = 1
    nib.save(nib.Nifti1Image(data, AFFINE), tmp_path / "mask.nii.gz")
    assert data.nbytes * 4 > 600 * (tmp_path / "mask.nii.gz").stat().st_size
    assert images.read_volume(tmp_path / "mask.nii.gz").data.sum() == 1000


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_more_voxels_than_the_header_says_are_refused_and_padding_is_not(tmp_path, name):
    assert images.read_volume(claiming(tmp_path / name, (2, 3, 4), 23)).data.shape == (2, 3, 4)
    with pytest.raises(ImageError, match="holds more voxels than its header says"):
        images.read_volume(claiming(tmp_path / name, (2, 3, 4), 24))


def test_the_name_must_tell_whether_it_is_packed(image):
    content = image.read_bytes()
    plain = image.with_name("a.nii")
    plain.write_bytes(content)
    with pytest.raises(ImageError, match=r"is packed with gzip, against its name; let the name end in \.nii\.gz"):
        images.read_volume(plain)
    image.write_bytes(gzip.decompress(content))
    with pytest.raises(ImageError, match=r"is not packed with gzip, against its name; let the name end in \.nii"):
        images.read_volume(image)


@pytest.mark.parametrize("mark", [b"ni1\0", b"\0\0\0\0"], ids=["pair", "Analyze"])
def test_a_header_without_the_mark_of_one_file_is_refused(image, mark):
    content = bytearray(gzip.decompress(image.read_bytes()))
    content[344:348] = mark
    image.write_bytes(gzip.compress(bytes(content)))
    with pytest.raises(ImageError, match="save it as one") as caught:
        images.read_volume(image)
    assert caught.value.code == "image_pair"


def test_voxels_that_begin_within_the_header_are_refused(image):
    content = bytearray(gzip.decompress(image.read_bytes()))
    content[108:112] = bytes(4)
    image.write_bytes(gzip.compress(bytes(content)))
    with pytest.raises(ImageError, match="voxels begin within the header"):
        images.read_volume(image)


@pytest.mark.parametrize("kind", [np.complex64, [("R", "u1"), ("G", "u1"), ("B", "u1")]], ids=["complex", "colours"])
@pytest.mark.parametrize("reader", [READERS["template"], READERS["mask"], READERS["atlas"]])
def test_masks_templates_and_atlases_are_of_real_numbers(image, kind, reader):
    nib.save(nib.Nifti1Image(np.ones((4, 4, 4), kind), AFFINE), image)
    with pytest.raises(PetSpectError, match="not single real numbers"):
        reader(image)


def test_a_warp_that_is_not_finite_is_refused(tmp_path):
    field = np.zeros((3, 4, 5, 3), np.float32)
    field[1, 1, 1, 1] = np.nan
    images.write_warp(tmp_path / "w.nii.gz", Warp(field, AFFINE))
    with pytest.raises(ImageError, match="not finite"):
        images.read_warp(tmp_path / "w.nii.gz")


def test_a_damaged_affine_is_one_line(tmp_path):
    path = tmp_path / "a.mat"
    images.write_affine(path, np.eye(4))
    whole = path.read_bytes()
    for place in range(0, 8 * len(whole), 7):
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << place % 8
        path.write_bytes(bytes(damaged))
        with contextlib.suppress(ImageError):
            assert np.isfinite(np.linalg.inv(images.read_affine(path))).all()


@pytest.mark.parametrize("name", ["image.nii", "image.nii.gz"])
def test_an_image_that_was_written_is_read_and_the_same_image_gives_the_same_bytes(tmp_path, name):
    image = nib.Nifti1Image(np.arange(60, dtype=np.float32).reshape(3, 4, 5), np.diag([2.0, 3.0, 4.0, 1.0]))
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write_nifti(image, tmp_path / folder / name)
    assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    again = nib.load(tmp_path / "a" / name)
    assert np.array_equal(again.get_fdata(), image.get_fdata())
    assert np.array_equal(again.affine, image.affine)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("name", ["image.nii", "image.nii.gz"])
@pytest.mark.parametrize("edge", [2, 40])
def test_a_full_disk_is_one_error_and_nothing_is_printed_when_the_stream_is_forgotten(tmp_path, name, edge):
    """Python 3.13 printed a traceback when the gzip stream was forgotten."""
    (tmp_path / name).symlink_to("/dev/full")
    code = (
        "import numpy, nibabel, pathlib; from pet_spect.imaging.nifti import write_nifti\n"
        f"image = nibabel.Nifti1Image(numpy.random.default_rng(1).random([{edge}] * 3), numpy.eye(4))\n"
        f"try: write_nifti(image, pathlib.Path({str(tmp_path / name)!r}))\n"
        "except OSError as error: print(error.strerror)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "No space left on device\n", "")
