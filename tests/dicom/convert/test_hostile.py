"""Input that would crash, hang or fill the memory; each of these did. The rest is found by ``tests/fuzz``."""

import copy
import gzip
import json
import struct
import subprocess
import sys
import zipfile

import nibabel as nib
import numpy as np
import pytest
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEG2000Lossless, JPEGLosslessSV1, JPEGLSLossless, RLELossless

from pet_spect.cli import main
from pet_spect.dicom.files.read import read_images
from pet_spect.dicom.objects.encapsulated import misfit, too_few
from pet_spect.errors import DicomError

JPEG = "1.2.840.10008.1.2.4.57"
JPEG_2000 = str(JPEG2000Lossless)


def jpeg(rows=6, columns=5, bits=16, samples=1, before=b"", mark=0xC3):
    frame = struct.pack(">BBHBHHB", 0xFF, mark, 8 + 3 * samples, bits, rows, columns, samples)
    return b"\xff\xd8" + before + frame + bytes(3 * samples) + b"\xff\xda\0\6\1\1\0\0" + b"\xff\xd9"


def jpeg_2000(rows=6, columns=5, bits=16, samples=1, step=1):
    size = struct.pack(">HH8IH", 38 + 3 * samples, 0, columns, rows, 0, 0, columns, rows, 0, 0, samples)
    return b"\xff\x4f\xff\x51" + size + bytes([bits - 1, step, step]) * samples


def why_not(frame, syntax=JPEG, shape=(1, 6, 5), bits_allocated=16):
    return misfit(encapsulate([frame]), syntax, shape, bits_allocated)


@pytest.mark.parametrize("mark", [0xC0, 0xC1, 0xC3, 0xF7])
def test_jpeg_of_the_size_of_the_header_is_decoded(mark):
    assert why_not(jpeg(mark=mark)) is None


def test_jpeg_2000_of_the_size_of_the_header_is_decoded():
    assert why_not(jpeg_2000(), JPEG_2000) is None
    assert why_not(bytes(80) + jpeg_2000(), JPEG_2000) is None  # within a JP2 file


@pytest.mark.parametrize("change", [{"rows": 7}, {"columns": 65535}, {"samples": 3}, {"bits": 8}])
def test_compressed_image_of_another_size_than_the_header_is_not_decoded(change):
    assert "hold an image of" in (why_not(jpeg(**change)) or "")
    assert "hold an image of" in (why_not(jpeg_2000(**change), JPEG_2000) or "")


@pytest.mark.parametrize(("bits", "allotted"), [(8, 8), (12, 16), (16, 16), (17, 32), (32, 32)])
def test_samples_are_decoded_into_integers_of_their_own_size(bits, allotted):
    assert why_not(jpeg_2000(bits=bits), JPEG_2000, bits_allocated=allotted) is None


@pytest.mark.parametrize(("bits", "allotted"), [(8, 16), (16, 8), (16, 32), (16, 64), (17, 16), (38, 32), (38, 64)])
def test_header_that_allots_another_size_of_integers_is_not_decoded(bits, allotted):
    """A decoder of 16-bit samples took the program with it where the header allotted 32 bits."""
    assert "but BitsAllocated is" in (why_not(jpeg_2000(bits=bits), JPEG_2000, bits_allocated=allotted) or "")
    assert "but BitsAllocated is" in (why_not(jpeg(bits=bits), bits_allocated=allotted) or "")


def test_every_frame_is_looked_at():
    frames = encapsulate([jpeg(), jpeg(rows=60)])
    assert (
        misfit(frames, JPEG, (2, 6, 5), 16) == "hold an image of 60 x 5 with 1 samples, the header says 6 x 5 with one"
    )


@pytest.mark.parametrize(
    "frame",
    [b"", b"\xff\xd8", b"\xff\xd8\xff\xda\0\2", jpeg()[:12], b"CANARY" * 9, jpeg(before=jpeg()[2:15])],
    ids=["empty", "start", "no header", "cut", "text", "two headers"],
)
def test_jpeg_without_one_header_is_not_decoded(frame):
    with pytest.raises((ValueError, struct.error)):
        why_not(frame)


@pytest.mark.parametrize("frame", [b"", b"\xff\x4f\xff\x51\0", jpeg_2000(step=2)])
def test_jpeg_2000_without_a_usable_header_is_not_decoded(frame):
    with pytest.raises((ValueError, struct.error)):
        why_not(frame, JPEG_2000)


@pytest.mark.parametrize(
    ("held", "voxels", "refused"), [(1000, 65535 * 8192, True), (6_000_000, 65535 * 8192, False), (100, 2**24, False)]
)
def test_bytes_are_too_few_for_very_many_voxels_alone(held, voxels, refused):
    assert too_few(held, voxels) == refused


@pytest.mark.parametrize("syntax", [JPEGLosslessSV1, JPEGLSLossless, JPEG2000Lossless])
def test_compressed_slice_of_another_size_is_refused_before_the_decoder_writes_past_its_end(pet_slices, save, syntax):
    (ds,) = pet_slices(np.zeros((1, 6, 5)))
    big = (
        jpeg_2000(4096, 4096) if syntax == JPEG2000Lossless else jpeg(4096, 4096, mark=0xF7 if "80" in syntax else 0xC3)
    )
    ds.PixelData, ds.file_meta.TransferSyntaxUID = encapsulate([big]), syntax
    ds["PixelData"].is_undefined_length = True
    (header,) = read_images(save(ds), "sub-01")
    with pytest.raises(DicomError, match="hold an image of 4096 x 4096") as caught:
        header.pixels()
    assert caught.value.code == "pixels"


def test_run_lengths_of_another_size_are_refused_though_their_decoder_panics(pet_slices, save, tmp_path):
    """pylibjpeg's decoder raises what no ``except Exception`` catches, and prints it."""
    (ds,) = pet_slices(np.arange(30).reshape(1, 6, 5))
    ds.compress(RLELossless, generate_instance_uid=False)
    segments = struct.pack("<16I", 2, 64, 70, *[0] * 13) + b"\x81\x07" * 100
    ds.PixelData = encapsulate([segments])
    second = copy.deepcopy(ds)
    second.ImagePositionPatient = [-10, -20, 3]
    command = [sys.executable, "-m", "pet_spect.cli", "convert", save(ds, second), "--label", "sub-01"]
    done = subprocess.run([*command, "--out", tmp_path / "x.nii.gz"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("pet-spect convert: sub-01: file 1 of 2: pixel data cannot be decoded")
    assert done.stderr.count("\n") == 1


def refusal(path, out, capfd):
    """Return the one line with which convert refuses, after a check that it left nothing."""
    assert main(["convert", str(path), "--label", "sub-01", "--out", str(out / "image.nii.gz")]) == 1
    assert not out.exists()
    (line,) = capfd.readouterr().err.splitlines()
    return line


def test_slices_that_claim_billions_of_voxels_are_refused_before_memory_is_asked_for(pet_slices, save, tmp_path, capfd):
    folder = save(*pet_slices(Rows=65535, Columns=65535))
    assert "are more than this program reads" in refusal(folder, tmp_path / "out", capfd)


def packed(ds, frames, syntax=JPEGLosslessSV1):
    """Return the object with compressed pixel data."""
    ds.PixelData, ds.file_meta.TransferSyntaxUID = encapsulate(frames), syntax
    ds["PixelData"].is_undefined_length = True
    return ds


def test_compressed_slices_that_claim_billions_of_voxels_are_refused_before_memory_is_asked_for(
    pet_slices, save, tmp_path, capfd
):
    folder = save(*(packed(ds, [jpeg()]) for ds in pet_slices(Rows=65535, Columns=8192)))
    assert "no real image needs so few" in refusal(folder, tmp_path / "out", capfd)


def many_frames(ds, described, held):
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.130"
    ds.PerFrameFunctionalGroupsSequence, ds.NumberOfFrames = [Dataset() for _ in range(described)], held
    return ds


@pytest.fixture
def no_frame_described(monkeypatch):
    """To describe 20,000 frames takes 20 seconds."""
    monkeypatch.setattr("pet_spect.dicom.pet.enhanced._frames", lambda header: pytest.fail("frames were described"))


def test_more_frames_than_fragments_can_hold_are_refused(pet_slices, save, tmp_path, capfd, no_frame_described):
    ds = many_frames(packed(pet_slices()[0], [bytes(16)] * 2), 1000, 1000)
    assert "pixel data have" in refusal(save(ds), tmp_path / "out", capfd)


def test_more_frames_described_than_held_are_refused(pet_slices, save, tmp_path, capfd, no_frame_described):
    ds = many_frames(pet_slices()[0], 1000, 1)
    assert "describes 1000 frames and holds 1" in refusal(save(ds), tmp_path / "out", capfd)


@pytest.mark.parametrize(
    "changes",
    [
        {"PixelSpacing": ["1e-300", "1e-300"]},
        {"PixelSpacing": ["2e-38", "2"]},
        {"PixelSpacing": ["1e300", "1e300"]},
    ],
)
def test_absurd_pixel_spacing_is_refused(pet_slices, save, tmp_path, capfd, changes):
    line = refusal(save(*pet_slices(**changes)), tmp_path / "out", capfd)
    assert "voxels of" in line


@pytest.mark.parametrize("scale", [1e6, 1e12, 1e35, 1e150, 1e307])
def test_slices_beyond_any_scanner_are_refused(pet_slices, save, tmp_path, capfd, scale):
    slices = pet_slices()
    for number, ds in enumerate(slices):
        ds.ImagePositionPatient = [f"{scale:g}", f"{-scale:g}", f"{scale * number:g}"]
    refusal(save(*slices), tmp_path / "out", capfd)


@pytest.mark.parametrize("spacing", ["1e-300", "1e30", "-1e300", "1e308"])
@pytest.mark.parametrize("flags", [(), ("--orientation", "LPS")])
def test_absurd_spacing_of_spect_slices_is_refused(nm_object, save, tmp_path, spacing, flags):
    ds = nm_object(SpacingBetweenSlices=spacing)
    if flags:
        del ds.DetectorInformationSequence
    out = tmp_path / "out/image.nii.gz"
    assert main(["convert", str(save(ds)), "--out", str(out), *flags]) == 1
    assert not out.parent.exists()


def nifti(path, shape, affine=None, slope=None):
    """Write the header of an image in BIDS form, and 250 bytes of voxels."""
    header = nib.Nifti1Header()
    header.set_data_dtype(np.int16)
    header.set_data_shape(shape)
    header.set_sform(np.diag([-2.0, -2.0, 3.0, 1.0]) if affine is None else affine, code=1)
    header["pixdim"][1:4] = np.abs(np.diag(header.get_sform())[:3])
    content = bytearray(header.binaryblock + bytes(4 + 250))
    struct.pack_into("<f", content, 108, 352.0)
    if slope is not None:
        struct.pack_into("<f", content, 112, slope)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    told = {"Units": "Bq/mL", "AttenuationCorrection": "CT", "ImageDecayCorrected": True, "Modality": "PT"}
    path.with_name("scan.json").write_text(json.dumps(told))
    return path


@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz"])
def test_nifti_that_claims_more_voxels_than_its_file_can_hold_is_refused_before_memory_is_asked_for(
    tmp_path, capfd, name, monkeypatch
):
    monkeypatch.setattr(
        "pet_spect.dicom.bids.nifti_image.volume_from_nifti", lambda *_: pytest.fail("voxels were read")
    )
    line = refusal(nifti(tmp_path / name, (512, 4096, 100)), tmp_path / "out", capfd)
    assert "its file is too small for the" in line


def test_nifti_of_more_voxels_than_this_program_reads_is_refused(tmp_path, capfd):
    line = refusal(nifti(tmp_path / "scan.nii", (32767, 32767, 32767)), tmp_path / "out", capfd)
    assert "more than" in line


def test_nifti_without_voxels_is_refused(tmp_path, capfd):
    line = refusal(nifti(tmp_path / "scan.nii", (5, 5, 0)), tmp_path / "out", capfd)
    assert "has no voxels" in line


def test_nifti_with_an_infinite_slope_is_refused_and_not_taken_as_unscaled(tmp_path, capfd):
    line = refusal(nifti(tmp_path / "scan.nii", (5, 5, 5), slope=np.inf), tmp_path / "out", capfd)
    assert "scl_slope" in line


@pytest.mark.parametrize("edge", [1e-5, 1e30])
def test_nifti_with_absurd_voxels_is_refused(tmp_path, capfd, edge):
    line = refusal(nifti(tmp_path / "scan.nii", (5, 5, 5), np.diag([edge, edge, edge, 1])), tmp_path / "out", capfd)
    assert "voxels of" in line or "not invertible" in line


def test_image_longer_than_nifti_can_say_is_refused(pet_slices, save, tmp_path, capfd):
    folder = save(*pet_slices(np.zeros((2, 1, 32768)), Rows=1, Columns=32768))
    assert "32768 x 1 x 2 voxels" in refusal(folder, tmp_path / "out", capfd)


@pytest.mark.parametrize(("size", "refused"), [(2**16, False), (2**26 + 2**20, True)])
def test_deflated_file_that_unpacks_to_very_much_is_refused_before_it_is_unpacked(pet_slices, save, size, refused):
    (ds,) = pet_slices(np.zeros((1, 6, 5)))
    ds.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    ds.private_block(0x0009, "MAKER", create=True).add_new(1, "OB", bytes(size))
    folder = save(ds)
    (file,) = folder.iterdir()
    file.write_bytes(file.read_bytes() + bytes(3))
    if not refused:
        assert len(read_images(folder, "sub-01")) == 1
        return
    with pytest.raises(DicomError, match="file 1 of 1: unpacks to more than 200 times its size"):
        read_images(folder, "sub-01")


def test_several_shared_functional_groups_are_refused(pet_slices, save, tmp_path, capfd, no_frame_described):
    ds = many_frames(pet_slices(np.zeros((1, 6, 5)))[0], 2, 2)
    ds.PixelData *= 2
    ds.SharedFunctionalGroupsSequence = [Dataset(), Dataset()]
    assert "2 shared functional groups" in refusal(save(ds), tmp_path / "out", capfd)


EIGHT_BITS = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}


@pytest.mark.parametrize("changes", [{"Rows": 3}, {"Rows": 5}, {"Columns": 4}, EIGHT_BITS])
def test_more_pixel_data_than_the_header_says_are_refused_and_not_cut_to_fit(
    pet_slices, save, tmp_path, capfd, changes
):
    line = refusal(save(*pet_slices(**changes)), tmp_path / "out", capfd)
    assert "pixel data have 60 bytes" in line


def test_padding_behind_the_pixel_data_does_no_harm(pet_slices, save):
    (ds,) = pet_slices(np.arange(30).reshape(1, 6, 5))
    ds.PixelData += bytes(4)
    (header,) = read_images(save(ds), "sub-01")
    np.testing.assert_array_equal(header.pixels(), np.arange(30).reshape(1, 6, 5))


def test_sequence_where_a_text_belongs_is_refused(pet_slices, save):
    """Its text would be that of all its elements, and fails where one of them cannot be read."""
    (ds,) = pet_slices(np.zeros((1, 6, 5)))
    inner = Dataset()
    inner.PatientName = "CANARY"
    del ds.Units
    ds.add_new("Units", "SQ", [inner])
    (header,) = read_images(save(ds), "sub-01")
    with pytest.raises(DicomError, match="Units cannot be read") as caught:
        header.text("Units")
    assert caught.value.code == "element_unreadable"


def test_zip_whose_member_has_no_name_is_refused_in_one_line(pet_slices, save, tmp_path):
    (file,) = save(*pet_slices(np.zeros((1, 6, 5)))).iterdir()
    archive = tmp_path / "scan.zip"
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr(zipfile.ZipInfo("x"), file.read_bytes())
        written.filelist[0].filename = ""
    with pytest.raises(DicomError, match="sub-01: is an archive that is damaged"):
        read_images(archive, "sub-01")


@pytest.mark.parametrize("kind", ["PALETTE COLOR", "RGB", "CANARY"])
def test_indices_of_colours_are_no_measurement(pet_slices, save, tmp_path, capfd, kind):
    line = refusal(save(*pet_slices(PhotometricInterpretation=kind)), tmp_path / "out", capfd)
    assert "PhotometricInterpretation" in line
    assert "CANARY" not in line


@pytest.mark.parametrize("value", ["1e300", "-1e300", "1e19", "65536", "7.5"])
def test_padding_that_no_stored_value_can_have_is_refused(pet_slices, save, value):
    ds = pet_slices(np.arange(30).reshape(1, 6, 5))[0]
    ds["PixelPaddingValue"] = DataElement("PixelPaddingValue", "LO", value)
    (header,) = read_images(save(ds), "sub-01")
    with pytest.raises(DicomError, match="PixelPaddingValue is no whole number of 16 bits"):
        header.pixels()
