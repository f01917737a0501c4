"""De-identified DICOM converts to the same image and SUV, and its identifiers, dates and intervals agree."""

import re
from datetime import datetime

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from pet_spect.cli import main
from pet_spect.dicom.convert import convert_scan
from pet_spect.dicom.deidentify.elements import COUNTERS, KEPT, PATIENT_CHARACTERISTICS, TEXTS
from pet_spect.dicom.deidentify.profile import PROFILE
from pet_spect.dicom.facts.declared import Declared

KEY = bytes(range(32))


@pytest.fixture
def shared(tmp_path):
    """Return a function that de-identifies a folder and gives what it wrote."""
    key = tmp_path / "key"
    key.write_bytes(KEY)

    def run(folder, *flags, out="shared"):
        assert main(["deidentify", str(folder), str(tmp_path / out), "--key", str(key), *flags]) == 0
        return tmp_path / out

    return run


def headers(folder):
    return [pydicom.dcmread(path) for path in sorted(folder.rglob("*.dcm"))]


def assert_converts_alike(before, after):
    (volume, told), (shared, told_shared) = (convert_scan(path, Declared()) for path in (before, after))
    np.testing.assert_array_equal(shared.data, volume.data)
    np.testing.assert_array_equal(shared.affine, volume.affine)
    assert told_shared.keys() == told.keys()
    for key, value in told.items():
        assert told_shared[key] == (pytest.approx(value, rel=1e-9) if isinstance(value, float) else value), key
    return told["SUVbwFactor"]


def with_private(objects, group, creator, element, value, vr):
    for ds in objects:
        ds.private_block(group, creator, create=True).add_new(element, vr, value)
    return objects


def late(ds, hour):
    ds.AcquisitionDate = ds.SeriesDate = "20250102"
    ds.AcquisitionTime = ds.SeriesTime = f"00{hour:02d}00"
    ds.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartTime = "233000"


def test_pet_in_bq_per_ml_has_the_same_suv(pet_slices, save, shared):
    folder = save(*pet_slices())
    assert assert_converts_alike(folder, shared(folder)) is not None


def test_decay_corrected_to_injection(pet_slices, save, shared):
    folder = save(*pet_slices(DecayCorrection="ADMIN"))
    assert assert_converts_alike(folder, shared(folder)) == pytest.approx(70_000 / 350e6)


def test_not_decay_corrected(pet_slices, save, shared):
    folder = save(*pet_slices(DecayCorrection="NONE", CorrectedImage=["ATTN"]))
    assert assert_converts_alike(folder, shared(folder)) is not None


def test_injection_before_midnight_and_scan_after_it(pet_slices, save, shared):
    objects = pet_slices()
    for ds in objects:
        late(ds, 30)
    folder = save(*objects)
    factor = assert_converts_alike(folder, shared(folder))
    assert factor == pytest.approx(70_000 / (350e6 * 0.5 ** (3600 / 6586.2)))


@pytest.mark.parametrize(
    ("group", "creator", "element"), [(0x0009, "GEMS_PETD_01", 0x0D), (0x0071, "SIEMENS MED PT", 0x22)]
)
def test_private_decay_time_moves_with_the_dates(pet_slices, save, shared, group, creator, element):
    objects = with_private(pet_slices(), group, creator, element, "20250101105500.00", "DT")
    folder = save(*objects)
    out = shared(folder)
    factor = assert_converts_alike(folder, out)
    assert factor == pytest.approx(70_000 / (350e6 * 0.5 ** (3300 / 6586.2)))
    ds = headers(out)[0]
    assert ds.private_block(group, creator)[element].value == f"{ds.SeriesDate}105500.000000"


def test_private_decay_time_without_its_creator_stays(pet_slices, save, shared):
    objects = with_private(pet_slices(), 0x0009, "GEMS_PETD_01", 0x0D, "20250101105500.00", "DT")
    for ds in objects:
        del ds[0x0009, 0x0010]
    folder = save(*objects)
    assert_converts_alike(folder, shared(folder))


@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
def test_injection_time_that_carries_its_date(pet_slices, drug, save, shared):
    folder = save(
        *pet_slices(
            RadiopharmaceuticalInformationSequence=drug(
                RadiopharmaceuticalStartTime="2025-01-01 10:00:00", RadionuclideTotalDose="350000000"
            )
        )
    )
    assert assert_converts_alike(folder, shared(folder)) is not None


def test_philips_factors_stay(pet_slices, save, shared):
    objects = with_private(pet_slices(Units="CNTS"), 0x7053, "Philips PET Private Group", 0x09, "2.5", "DS")
    with_private(objects, 0x7053, "Philips PET Private Group", 0x00, "0.000551", "DS")
    folder = save(*objects)
    assert assert_converts_alike(folder, shared(folder)) is not None


def test_wrong_private_decay_time_stays_wrong(pet_slices, save, shared, capfd):
    objects = with_private(pet_slices(), 0x0009, "GEMS_PETD_01", 0x0D, "Doe", "LO")
    out = shared(save(*objects))
    assert main(["convert", str(out), "--out", str(out / "image.nii.gz")]) == 1  # as it did before
    assert "decay-correction time" in capfd.readouterr().err


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian])
def test_transfer_syntax_stays(pet_slices, save, shared, syntax):
    stored = np.where(np.arange(60) % 7, np.arange(60), -3).reshape(2, 6, 5)
    objects = pet_slices(stored, PixelPaddingValue=-3)
    for ds in objects:
        ds.file_meta.TransferSyntaxUID = syntax
        if syntax == ExplicitVRBigEndian:
            ds.PixelData = np.frombuffer(ds.PixelData, "<i2").astype(">i2").tobytes()
    folder = save(*objects)
    out = shared(folder)
    assert_converts_alike(folder, out)
    assert {ds.file_meta.TransferSyntaxUID for ds in headers(out)} == {syntax}


def test_padding_keeps_its_sign(pet_slices, save, shared):
    folder = save(*pet_slices(np.where(np.arange(60) % 7, np.arange(60), -3).reshape(2, 6, 5), PixelPaddingValue=-3))
    assert_converts_alike(folder, shared(folder))


def test_enhanced_pet(enhanced, save, shared):
    ds = enhanced()
    ds.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartDateTime = "20250101100000.000000+0100"
    ds.TimezoneOffsetFromUTC = "+0200"
    folder = save(ds)
    out = shared(folder)
    assert_converts_alike(folder, out)
    (written,) = headers(out)
    drug = written.RadiopharmaceuticalInformationSequence[0]
    assert drug.RadiopharmaceuticalStartDateTime[8:] == "110000.000000"  # on the scanner's clock
    assert "TimezoneOffsetFromUTC" not in written


def test_spect(nm_object, save, shared):
    folder = save(nm_object())
    assert_converts_alike(folder, shared(folder))


def test_compressed_pixels_are_the_same_bytes(pet_slices, save, shared):
    objects = pet_slices()
    for ds in objects:
        ds.compress(RLELossless)
    folder = save(*objects)
    out = shared(folder)
    assert_converts_alike(folder, out)
    assert {ds.PixelData for ds in headers(out)} == {ds.PixelData for ds in headers(folder)}


def test_an_identifier_becomes_the_same_one_everywhere(pet_slices, save, shared):
    objects = pet_slices()
    for ds in objects:
        ds.StudyInstanceUID = "1.2.3.4.5"
        reference = Dataset()
        reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = ds.SOPClassUID, objects[0].SOPInstanceUID
        ds.ReferencedImageSequence = Sequence([reference])
    written = headers(shared(save(*objects)))
    assert len({ds.SOPInstanceUID for ds in written}) == 4
    assert len({(ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID) for ds in written}) == 1
    (referenced,) = {ds.ReferencedImageSequence[0].ReferencedSOPInstanceUID for ds in written}
    assert referenced in {ds.SOPInstanceUID for ds in written}
    assert all(ds.file_meta.MediaStorageSOPInstanceUID == ds.SOPInstanceUID for ds in written)


def test_two_visits_in_two_runs_agree_with_one_key(pet_slices, save, shared):
    dates = {"baseline": "20250101", "year1": "20260108"}
    found = {}
    for visit, date in dates.items():
        objects = pet_slices(SeriesDate=date, AcquisitionDate=date, SeriesInstanceUID=f"1.2.{date}")
        found[visit] = headers(shared(save(*objects, folder=visit), out=f"{visit}-shared"))[0]
    days = [datetime.strptime(found[visit].SeriesDate, "%Y%m%d") for visit in dates]
    assert (days[1] - days[0]).days == 372
    assert days[0].year < 2024
    assert found["baseline"].PatientID == found["year1"].PatientID
    assert found["baseline"].FrameOfReferenceUID == found["year1"].FrameOfReferenceUID
    assert found["baseline"].SeriesInstanceUID != found["year1"].SeriesInstanceUID


def test_without_a_key_nothing_can_be_joined(pet_slices, save, tmp_path):
    folder = save(*pet_slices())
    for out in ("one", "two"):
        assert main(["deidentify", str(folder), str(tmp_path / out)]) == 0
    one, two = (headers(tmp_path / out)[0] for out in ("one", "two"))
    assert one.PatientID != two.PatientID
    assert one.SeriesInstanceUID != two.SeriesInstanceUID


def test_each_patient_gets_a_code_and_a_shift(pet_slices, save, shared):
    folder = save(*pet_slices())
    for number, ds in enumerate(pet_slices(PatientID="somebody else", SeriesInstanceUID="1.2.5")):
        ds.save_as(folder / f"b{number}.dcm", enforce_file_format=True)
    out = shared(folder)
    assert len([path for path in out.iterdir() if re.fullmatch(r"sub-[0-9a-f]{10}", path.name)]) == 2
    assert len({(ds.PatientID, ds.SeriesDate) for ds in headers(out)}) == 2


def test_a_code_that_is_given_is_the_name(pet_slices, save, shared):
    out = shared(save(*pet_slices()), "--id", "sub-01")
    assert [path.name for path in out.iterdir()] == ["sub-01"]
    assert {(str(ds.PatientName), ds.PatientID) for ds in headers(out)} == {("sub-01", "sub-01")}
    assert sorted(path.name for path in out.rglob("*.dcm")) == [f"00000{number}.dcm" for number in (1, 2, 3, 4)]


def test_what_is_said_of_the_person_is_what_suv_needs(pet_slices, save, shared):
    ds = headers(shared(save(*pet_slices(PatientAge="094Y", PatientBirthDate="19310405", EthnicGroup="any"))))[0]
    assert (ds.PatientSex, ds.PatientWeight, ds.PatientSize, ds.PatientAge) == ("M", 70, 1.75, "090Y")
    assert ds.PatientBirthDate == ""
    assert "EthnicGroup" not in ds


def test_what_was_done_is_told(pet_slices, save, shared):
    objects = with_private(pet_slices(), 0x0009, "GEMS_PETD_01", 0x0D, "20250101110000.00", "DT")
    ds = headers(shared(save(*objects)))[0]
    assert (ds.PatientIdentityRemoved, ds.LongitudinalTemporalInformationModified) == ("YES", "MODIFIED")
    codes = [item.CodeValue for item in ds.DeidentificationMethodCodeSequence]
    assert codes == ["113100", "113107", "113108", "113111"]


def test_no_attribute_that_the_profile_removes_stays_as_it_was():
    dates_and_identifiers = ("DA", "DT", "TM", "UI", "SQ")
    touched = {
        keyword
        for keyword in KEPT
        if (tag := pydicom.tag.Tag(keyword)) and (tag.group, tag.element) in PROFILE
        if pydicom.datadict.dictionary_VR(tag) not in dates_and_identifiers
    }
    assert touched - PATIENT_CHARACTERISTICS == {"DeviceSerialNumber"}  # which gets the profile's dummy
    assert not touched & (TEXTS.keys() | COUNTERS)


def test_whatever_convert_reads_stays(repository):
    """A new element that convert comes to depend on must be listed, or it is lost here."""
    elsewhere = {"PatientID", "TimezoneOffsetFromUTC", "TransferSyntaxUID", "MediaStorageSOPClassUID"}
    pixels_and_codes = {"PixelData", "FloatPixelData", "DoubleFloatPixelData", "CodeValue", "CodeMeaning"}
    modules = [
        *("pet/classic", "pet/enhanced", "pet/volume", "pet/series", "pet/time_frames", "nm/volume", "nm/frames"),
        *("nm/slices", "facts/patient", "facts/injection", "files/read", "objects/header", "geometry", "nm/geometry"),
    ]
    code = "".join((repository / f"src/pet_spect/dicom/{name}.py").read_text(encoding="utf-8") for name in modules)
    named = {word for word in re.findall(r'"([A-Z][A-Za-z]+)"', code) if pydicom.datadict.tag_for_keyword(word)}
    assert "RescaleSlope" in named
    assert named - elsewhere - pixels_and_codes <= KEPT


def test_serial_number_is_the_dummy_of_the_profile(pet_slices, save, shared):
    assert headers(shared(save(*pet_slices(DeviceSerialNumber="12345"))))[0].DeviceSerialNumber == "ANONYMIZED"


@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
def test_a_number_too_large_for_its_kind_is_refused_or_dropped(pet_slices, save, shared, tmp_path, capfd):
    objects = pet_slices()
    for ds in objects:
        ds.add(pydicom.DataElement(0x00541330, "LO", "99999999"))  # ImageIndex, of 16 bits
    assert "ImageIndex" not in headers(shared(save(*objects)))[0]
    for ds in objects:
        ds.add(pydicom.DataElement(0x00280010, "LO", "99999999"))  # Rows
    assert main(["deidentify", str(save(*objects)), str(tmp_path / "again")]) == 1
    assert capfd.readouterr().err.count("\n") == 2


def test_a_free_number_that_may_be_a_date_does_not_come_out(pet_slices, save, shared):
    hidden = dict.fromkeys(
        ("TriggerTime", "TableHeight", "WindowCenter", "PrimaryPromptsCountsAccumulated"), "19500101"
    )
    folder = save(*pet_slices(**hidden, WindowWidth="400", SliceLocation="1950.0101", AcquisitionDuration=1950.0101))
    out = shared(folder)
    assert_converts_alike(folder, out)
    ds = headers(out)[0]
    assert [word for word in hidden if word in ds] == ["PrimaryPromptsCountsAccumulated"]
    assert ds.PrimaryPromptsCountsAccumulated is None
    assert "WindowWidth" not in ds  # invalid without WindowCenter
    assert (ds.SliceLocation, ds.AcquisitionDuration) == (1950.01, 1950.01)


def test_a_free_number_within_its_range_stays_as_it_is(pet_slices, save, shared):
    free = {"TableHeight": "-125.50", "WindowCenter": "16383.5", "WindowWidth": "32767", "TriggerTime": "99999"}
    ds = headers(shared(save(*pet_slices(**free))))[0]
    assert {word: str(ds[word].value) for word in free} == free


def test_overlay_in_unused_bits_is_refused(pet_slices, save, tmp_path, capfd):
    stored = np.full((2, 6, 5), 100, dtype="<i2")
    stored[1, 2, 2] |= 0x2000
    objects = pet_slices(stored, BitsStored=12, HighBit=11, PixelRepresentation=0)
    assert main(["deidentify", str(save(*objects)), str(tmp_path / "shared")]) == 1
    assert "bits that its voxels do not use" in capfd.readouterr().err
