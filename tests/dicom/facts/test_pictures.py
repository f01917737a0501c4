"""Text burned into a picture, and pictures that no scanner made."""

import pytest

from pet_spect.dicom.bids.recalled import recalled
from pet_spect.dicom.index.drafts import printed, tables_of
from pet_spect.dicom.index.survey import index
from tests.dicom.conftest import convert, refused

CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


@pytest.mark.parametrize(
    ("changes", "code", "reason"),
    [
        ({"BurnedInAnnotation": "YES"}, "burned_in_text", "BurnedInAnnotation is YES in 4 of 4 images"),
        ({"ConversionType": "WSD"}, "secondary_image", "ConversionType is WSD: it may be"),
        ({"ImageType": ["DERIVED", "SECONDARY"]}, "secondary_image", "ImageType is SECONDARY: it may be"),
        (
            {"ImageType": ["DERIVED", "SECONDARY"], "ConversionType": "DI"},
            "secondary_image",
            "ConversionType is DI and ImageType is SECONDARY",
        ),
    ],
)
def test_pictures_in_doubt_are_converted_and_flagged(pet_slices, save, changes, code, reason):
    folder = save(*pet_slices(**changes))
    (warning,) = convert(folder)[1]["Warnings"]
    assert warning["Code"] == code
    assert warning["Reason"].startswith(reason)
    assert [caution.code for caution in recalled([warning])] == [code]
    (row,) = tables_of(index([folder])).index
    assert row["convertible"] == "yes"
    assert row["note"].startswith(f"{code}: {reason}")


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
    tables = tables_of(index([folder]))
    (row,) = tables.index
    assert (row["convertible"], row["code"]) == ("no", "secondary_capture")
    assert row["note"].startswith("burned_in_text")
    assert "burned_in_text" in printed(tables.index)
    assert tables.scans == []
