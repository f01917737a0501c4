"""Text burned into a picture, and pictures that no scanner made."""

import pytest

from pet_spect.dicom.index.drafts import printed, tables_of
from pet_spect.dicom.index.survey import survey_folders
from pet_spect.remarks import recall_warnings
from tests.dicom.conftest import convert, refused

CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


@pytest.mark.parametrize(
    ("changes", "code", "fields"),
    [
        ({"BurnedInAnnotation": "YES"}, "burned_in_text", {"marked": 4, "images": 4}),
        ({"ConversionType": "WSD"}, "secondary_image", {"signs": ["ConversionType is WSD"]}),
        ({"ImageType": ["DERIVED", "SECONDARY"]}, "secondary_image", {"signs": ["ImageType is SECONDARY"]}),
        (
            {"ImageType": ["DERIVED", "SECONDARY"], "ConversionType": "DI"},
            "secondary_image",
            {"signs": ["ConversionType is DI", "ImageType is SECONDARY"]},
        ),
    ],
)
def test_pictures_in_doubt_are_converted_and_flagged(pet_slices, save, changes, code, fields):
    folder = save(*pet_slices(**changes))
    (warning,) = convert(folder)[1]["Warnings"]
    assert warning["Code"] == code
    assert warning["Fields"] == fields
    assert [caution.code for caution in recall_warnings([warning])] == [code]
    (row,) = tables_of(survey_folders([folder])).index
    assert row["convertible"] == "yes"
    assert row["note"].startswith(f"{code}: {warning['Reason']}")


@pytest.mark.parametrize(
    "changes", [{"BurnedInAnnotation": "NO"}, {"ConversionType": "DOE"}, {"ImageType": ["ORIGINAL", "PRIMARY"]}]
)
def test_usual_pictures_are_not_flagged(pet_slices, save, changes):
    assert convert(save(*pet_slices(**changes)))[1]["Warnings"] == []


def test_a_secondary_capture_is_no_scan(pet_slices, save):
    (capture,) = pet_slices()[:1]
    capture.SOPClassUID = capture.file_meta.MediaStorageSOPClassUID = CAPTURE
    capture.Modality, capture.BurnedInAnnotation = "OT", "YES"
    folder = save(capture)
    assert refused(folder).code == "secondary_capture"
    tables = tables_of(survey_folders([folder]))
    (row,) = tables.index
    assert (row["convertible"], row["code"]) == ("no", "secondary_capture")
    assert row["note"].startswith("burned_in_text")
    assert "burned_in_text" in printed(tables.index)
    assert tables.scans == []
