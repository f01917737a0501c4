"""SPECT as one NM object per slice: stacked where each slice has one place, refused otherwise."""

import copy
import shutil
from pathlib import Path

import numpy as np
import pytest
from pydicom.uid import generate_uid

from pet_spect.cli import main as cli
from pet_spect.dicom.convert import convert_scan
from pet_spect.dicom.facts.declared import Declared
from pet_spect.dicom.index.drafts import tables_of
from pet_spect.dicom.index.survey import survey_folders
from pet_spect.errors import DicomError
from tests.dicom.conftest import change, convert, refused

STORED = np.arange(4 * 6 * 5).reshape(4, 6, 5)


def split(whole, spacing=-4.0, *, numbered=False, own_place=True):
    """Return an object per frame of a SPECT in frame order, as the case seen in the field."""
    first = np.array([float(v) for v in whole.DetectorInformationSequence[0].ImagePositionPatient])
    planes, slices = whole.pixel_array, []
    for number, plane in enumerate(planes):
        ds = copy.deepcopy(whole)
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        ds.NumberOfFrames, ds.SliceVector = 1, number + 1 if numbered else 1
        ds.NumberOfSlices, ds.InstanceNumber = 1, number + 1
        ds.PixelData = plane.astype("<i2").tobytes()
        if own_place:
            place = [f"{v:g}" for v in first + np.array([0, 0, number * spacing])]
            ds.DetectorInformationSequence[0].ImagePositionPatient = place
        slices.append(ds)
    return slices


def place_of(volume, value):
    """Return where a voxel of some value lies, RAS mm."""
    return (volume.affine @ [*np.argwhere(volume.data == value)[0], 1])[:3]


def same_volume(one, other):
    values = (11, 100)
    return all(np.allclose(place_of(one, v), place_of(other, v)) for v in values)


@pytest.mark.parametrize("spacing", [4.0, -4.0])
@pytest.mark.parametrize(
    "form", [{}, {"numbered": True}, {"numbered": True, "own_place": False}], ids=["place", "both", "number"]
)
def test_slices_give_the_volume_that_one_object_gives(nm_object, save, spacing, form):
    whole = nm_object(STORED, spacing)
    expected, _ = convert(save(whole, folder="whole"))
    volume, facts = convert(save(*split(whole, spacing, **form), folder="slices"))
    assert same_volume(volume, expected)
    assert sorted(volume.data.ravel()) == sorted(expected.data.ravel())
    assert facts["Warnings"] == []


def test_each_slice_has_its_own_slope(nm_object, save):
    slices = split(nm_object(STORED))
    for number, ds in enumerate(slices, start=1):
        ds.RescaleSlope = str(number)
    volume, _ = convert(save(*slices))
    assert volume.data.max() == 4 * 119


def test_counts_of_one_slice_are_not_those_of_the_scan(nm_object, save):
    whole = nm_object(CountsAccumulated=4000)
    assert convert(save(whole, folder="whole"))[1]["CountsAccumulated"] == 4000
    assert "CountsAccumulated" not in convert(save(*split(whole)))[1]


def test_one_slice_is_no_volume(nm_object, save):
    error = refused(save(split(nm_object())[2]))
    assert error.code == "slice_single"
    assert "name the folder" in str(error)
    assert refused(save(nm_object(STORED[:1]), folder="one")).code == "slice_single"


def test_a_missing_slice_is_refused(nm_object, save):
    first, _, third, fourth = split(nm_object())
    assert refused(save(first, third, fourth)).code == "slice_spacing"
    numbered = split(nm_object(), numbered=True, own_place=False)
    assert refused(save(*numbered[:2], numbered[3], folder="numbered")).code == "frame_order"


def test_every_other_slice_missing_is_refused(nm_object, save):
    error = refused(save(*split(nm_object())[::2]))
    assert error.code == "slice_spacing"
    assert "8.000 mm apart by their positions and 4.000 mm" in str(error)


def test_fewer_slices_than_the_header_says_are_told(nm_object, save):
    slices = [change(ds, NumberOfSlices=4) for ds in split(nm_object())[:3]]
    assert [w["Code"] for w in convert(save(*slices))[1]["Warnings"]] == ["fewer_slices_than_stated"]


def test_a_copy_of_a_slice_is_left_out_and_another_slice_in_its_place_is_refused(nm_object, save):
    slices = split(nm_object(STORED))
    volume, facts = convert(save(*slices, slices[1]))
    assert volume.data.shape == (5, 6, 4)
    assert [w["Code"] for w in facts["Warnings"]] == ["duplicate_slices"]
    other = copy.deepcopy(slices[1])
    other.PixelData = bytes(len(other.PixelData))
    assert refused(save(*slices, other, folder="other")).code == "slice_duplicate"


def test_numbers_that_run_against_the_positions_need_a_declaration(nm_object, save):
    slices = split(nm_object(STORED), +4.0, numbered=True)  # SpacingBetweenSlices says -4
    folder = save(*slices)
    assert refused(folder).code == "orientation_unknown"
    volume, _ = convert(folder, orientation="LPS")
    np.testing.assert_allclose(place_of(volume, 119)[2], 42)
    assert refused(folder, orientation="LPI").code == "orientation_conflict"


def test_the_place_may_stand_in_the_object_itself(nm_object, save):
    expected, _ = convert(save(nm_object(STORED), folder="whole"))
    slices = split(nm_object(STORED))
    for ds in slices:
        (detector,) = ds.DetectorInformationSequence
        ds.ImagePositionPatient, ds.ImageOrientationPatient = (
            detector.ImagePositionPatient,
            detector.ImageOrientationPatient,
        )
        del ds.DetectorInformationSequence
    assert same_volume(convert(save(*slices))[0], expected)
    for number, ds in enumerate(split(nm_object(STORED))):
        ds.ImagePositionPatient = [0, 0, number]
        slices[number] = ds
    assert refused(save(*slices, folder="both")).code == "orientation_conflict"


def test_slice_location_orders_slices_once_the_orientation_is_declared(nm_object, save):
    slices = split(nm_object(STORED), own_place=False)
    for number, ds in enumerate(slices):
        ds.SliceLocation = str(4 * number)
    folder = save(*slices)
    assert refused(folder).code == "orientation_unknown"
    volume, facts = convert(folder, orientation="LPI")
    assert place_of(volume, 119)[2] == -6  # the highest SliceLocation lies lowest
    assert [w["Code"] for w in facts["Warnings"]] == ["orientation_declared"]
    slices[3].SliceLocation = "20"
    assert refused(save(*slices, folder="uneven"), orientation="LPI").code == "slice_spacing"


def test_slices_without_any_place_or_number_are_refused_whatever_is_declared(nm_object, save):
    slices = split(nm_object(), own_place=False)
    assert refused(save(*slices), orientation="LPI").code == "frame_order"


@pytest.mark.parametrize(
    ("change_one", "code"),
    [
        ({"TimeSlotVector": 2}, "mixed_series"),
        ({"PatientWeight": "80"}, "mixed_series"),
        ({"CorrectedImage": ["SCAT"]}, "mixed_series"),
        ({"RescaleSlope": "2"}, "mixed_series"),
        ({"PixelSpacing": [3, 3]}, "mixed_spacing"),
        ({"DetectorInformationSequence": None}, "geometry_missing"),
    ],
)
def test_slices_that_do_not_belong_together_are_refused(nm_object, save, change_one, code):
    slices = split(nm_object())
    change(slices[2], **change_one)
    assert refused(save(*slices)).code == code


def test_slices_that_were_each_scaled_to_the_whole_range_are_refused(nm_object, save):
    stored = np.array(STORED)
    stored[:, 0, 0] = 32767
    assert refused(save(*split(nm_object(stored)))).code == "rescale_slope"
    assert convert(save(nm_object(stored), folder="whole"))[0].data.max() == 32767


def test_the_index_offers_slices_as_one_scan(nm_object, save):
    folder = save(*split(nm_object()))
    tables = tables_of(survey_folders([folder]))
    (row,), (scan,) = tables.index, tables.scans
    assert (row["convertible"], row["files"], row["slices"], row["matrix"]) == ("yes", 4, 4, "5 x 6 x 4")
    assert scan["path"] == str(folder)


def test_the_index_offers_volumes_among_slices_by_their_files_alone(nm_object, save):
    folder = save(nm_object(), *split(nm_object()))
    tables = tables_of(survey_folders([folder]))
    assert sorted((row["convertible"], row["code"], row["files"]) for row in tables.index) == [
        ("no", "mixed_series", 4),
        ("yes", "n/a", 1),
    ]
    with pytest.raises(DicomError, match="several NM volumes"):
        convert_scan(folder, Declared(), "sub-01")
    (scan,) = tables.scans
    assert convert_scan(folder / scan["path"], Declared(), "sub-01")[0].data.shape == (5, 6, 4)


def test_slices_in_an_archive_and_de_identified_give_the_same_volume(nm_object, save, tmp_path):
    slices = [change(ds, StudyInstanceUID="1.2.9") for ds in split(nm_object(STORED))]
    folder = save(*slices)
    expected, _ = convert(folder)
    archive = Path(shutil.make_archive(str(tmp_path / "scan"), "zip", folder))
    assert cli(["deidentify", str(folder), str(tmp_path / "shared")]) == 0
    for place in (archive, tmp_path / "shared"):
        volume, _ = convert(place)
        np.testing.assert_array_equal(volume.data, expected.data)
        np.testing.assert_array_equal(volume.affine, expected.affine)
    (row,) = tables_of(survey_folders([archive])).index
    assert (row["convertible"], row["slices"]) == ("yes", 4)
