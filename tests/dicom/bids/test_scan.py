import gzip
import json

import nibabel as nib
import numpy as np
import pytest

from pet_spect.dicom.convert import convert_scan
from pet_spect.dicom.facts.declared import Declared
from pet_spect.errors import ImageError, RefusedError
from pet_spect.imaging.images import write_refusal
from pet_spect.model import Refusal
from pet_spect.remarks import EARLIER, Remark, write_remark

JSON = {
    "Units": "Bq/mL",
    "TracerName": "FDG",
    "TracerRadionuclide": "F18",
    "AttenuationCorrection": "measured",
    "ImageDecayCorrected": True,
    "ImageDecayCorrectionTime": 6586.2,
    "InjectionStart": 0,
    "InjectedRadioactivity": 350,
    "InjectedRadioactivityUnits": "MBq",
    "FrameDuration": [300],
    "InstitutionName": "CANARY hospital",
}


@pytest.fixture
def pair(tmp_path):
    """Return a writer of an image and its JSON."""

    def write(shape=(2, 3, 4), affine=None, codes=(1, 1), **changes):
        voxels = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
        image = nib.Nifti1Image(voxels, np.diag([2, 2, 2, 1.0]) if affine is None else affine)
        image.set_qform(image.affine, code=codes[0])
        image.set_sform(image.affine, code=codes[1])
        nib.save(image, tmp_path / "scan.nii.gz")
        told = {key: value for key, value in (JSON | changes).items() if value is not None}
        (tmp_path / "scan.json").write_text(json.dumps(told))
        return tmp_path / "scan.nii.gz"

    return write


def convert(path, **declared):
    return convert_scan(path, Declared(**declared), "sub-01")


def refused(path):
    with pytest.raises(ImageError) as caught:
        convert(path)
    assert str(caught.value).startswith("sub-01: ")
    assert "scan." not in str(caught.value)
    return caught.value


def test_only_known_keys_pass(pair):
    _, facts = convert(pair())
    assert "CANARY" not in json.dumps(facts)
    assert (facts["Units"], facts["TracerName"], facts["Modality"]) == ("Bq/mL", "FDG", "PT")


def test_suv_needs_the_weight_of_the_tables(pair):
    path = pair()
    assert convert(path)[1]["SUVReason"] == "patient weight is missing"
    assert convert(path, weight_kg=70.0)[1]["SUVbwFactor"] == pytest.approx(70_000 / 175e6)


def test_kilobecquerels_keep_their_name_and_their_scale(pair):
    _, facts = convert(pair(Units="kBq/mL"), weight_kg=70.0)
    assert facts["Units"] == "kBq/mL"
    assert facts["SUVbwFactor"] == pytest.approx(70_000 / 175e3)


def test_what_convert_wrote_it_reads_again(pair):
    _, facts = convert(pair(), weight_kg=70.0)
    again = convert(pair(**facts), weight_kg=70.0)[1]
    assert again == facts


def test_spect_is_known_by_its_radionuclide(pair):
    _, facts = convert(pair(TracerName=None, TracerRadionuclide="I123", Units="counts", AttenuationCorrection="none"))
    assert (facts["Modality"], facts["AttenuationCorrection"]) == ("NM", "none")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Units": None}, "sidecar_keys"),
        ({"Units": "furlongs"}, "units"),
        ({"AttenuationCorrection": None}, "sidecar_keys"),
        ({"AttenuationCorrection": "none"}, "attenuation"),
        ({"ImageDecayCorrected": False}, "decay_correction"),
        ({"ImageDecayCorrected": "yes"}, "decay_correction"),
        ({"FrameDuration": [300, 300]}, "not_static"),
        ({"codes": (0, 0)}, "image_affine"),
        ({"shape": (2, 3, 4, 5)}, "image_shape"),
    ],
)
def test_what_is_not_understood_is_refused(pair, changes, code):
    assert refused(pair(**changes)).code == code


def test_missing_json_is_refused(pair):
    path = pair()
    path.with_name("scan.json").unlink()
    assert refused(path).code == "sidecar_missing"


def test_missing_or_damaged_image_is_refused(pair):
    path = pair()
    path.write_bytes(path.read_bytes()[:50])
    refused(path)
    path.unlink()
    assert refused(path).code == "image_missing"


def test_refused_scan_stays_refused(tmp_path):
    write_refusal(tmp_path / "scan.nii.gz", Refusal("convert", "units", "why"))
    with pytest.raises(RefusedError):
        convert(tmp_path / "scan.nii.gz")


def damaged(path, start, value):
    """Overwrite bytes of the uncompressed header."""
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[start : start + len(value)] = value
    path.write_bytes(gzip.compress(bytes(content)))
    return path


@pytest.mark.parametrize(
    ("start", "value"),
    [
        (70, (9999).to_bytes(2, "little")),
        (40, (30000).to_bytes(2, "little")),
        (42, (-5).to_bytes(2, "little", signed=True)),
        (42, (30000).to_bytes(2, "little") * 3),
        (256, np.float32(3).tobytes()),
        (108, np.float32(np.nan).tobytes()),
        (123, b"\x07"),
    ],
    ids=["datatype", "number of dimensions", "negative dimension", "huge", "quaternion", "voxel offset", "length unit"],
)
def test_header_that_is_damaged_is_refused(pair, caplog, start, value):
    assert refused(damaged(pair(), start, value)).code in ("image_unreadable", "image_shape", "image_affine")
    assert caplog.records == []


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", gzip.compress(b"hello" * 100), gzip.compress(bytes(300))],
    ids=["empty", "text", "compressed text", "header cut short"],
)
def test_file_that_is_no_nifti_is_refused(pair, caplog, content):
    path = pair()
    path.write_bytes(content)
    assert refused(path).code == "image_unreadable"
    assert caplog.records == []


def test_text_under_the_name_of_an_image_is_refused(pair):
    path = pair().rename(pair().with_name("scan.nii"))
    path.write_text("hello" * 100)
    assert refused(path).code == "image_unreadable"


@pytest.mark.parametrize("order", ["<", ">"])
def test_nifti_2_is_read_in_either_byte_order(pair, order):
    path = pair()
    voxels = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    header = nib.Nifti2Header(endianness=order)
    nib.save(nib.Nifti2Image(voxels, np.diag([2, 2, 2, 1.0]), header), path)
    np.testing.assert_array_equal(convert(path)[0].data, voxels)


RGB = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])


@pytest.mark.parametrize(
    "voxels",
    [
        np.zeros((2, 3, 4), RGB),
        np.ones((2, 3, 4), np.complex64),
        np.full((2, 3, 4), np.inf, np.float32),
        np.full((2, 3, 4), 1e60),
    ],
    ids=["colours", "complex", "infinite", "beyond 32-bit floats"],
)
def test_voxels_that_are_no_finite_real_numbers_are_refused(pair, voxels):
    path = pair()
    nib.save(nib.Nifti1Image(voxels, np.diag([2, 2, 2, 1.0])), path)
    assert refused(path).code == "image_voxels"


@pytest.mark.parametrize(
    "amount", ["1" + "0" * 400, "1e300", "1e999", "NaN"], ids=["10^400", "1e300", "infinite", "NaN"]
)
def test_number_of_no_usable_size_is_not_used(pair, amount):
    path = pair()
    json_path = path.with_name("scan.json")
    json_path.write_text(
        json_path.read_text().replace('"InjectedRadioactivity": 350', f'"InjectedRadioactivity": {amount}')
    )
    told = convert(path, weight_kg=70.0)[1]
    assert told["SUVReason"] == "InjectedRadioactivity in the JSON is no number and was not used"


def test_json_nested_without_end_is_refused(pair):
    path = pair()
    path.with_name("scan.json").write_text('{"a":' + "[" * 100_000)
    assert refused(path).code == "sidecar_unreadable"


@pytest.mark.parametrize("units", ["Bq/mL", "kBq/mL"])
def test_stated_suv_factor_that_cannot_be_checked_is_not_believed(pair, units):
    facts = convert(pair(Units=units, SUVbwFactor=4e-4))[1]
    assert facts["SUVbwFactor"] is None
    assert facts["SUVReason"].startswith("patient weight is missing; the SUVbwFactor of the JSON cannot be checked")


def test_stated_suv_factor_that_contradicts_dose_and_weight_takes_the_suv_away(pair):
    facts = convert(pair(SUVbwFactor=4e-4), weight_kg=140.0)[1]
    assert facts["SUVbwFactor"] is None
    assert [w["Code"] for w in facts["Warnings"]] == ["suv_factor_conflict"]


def test_factor_of_voxels_that_are_suv_is_one(pair):
    assert convert(pair(Units="SUVbw g/mL", SUVbwFactor=1))[1]["SUVbwFactor"] == 1
    assert convert(pair(Units="SUVbw g/mL", SUVbwFactor=4e-4))[1]["SUVbwFactor"] is None


def test_dose_in_the_tables_is_checked_too(pair):
    facts = convert(pair(InjectedRadioactivity=None), weight_kg=70.0, dose_mbq=5.0)[1]
    assert facts["SUVReason"] == "dose 5 MBq in the tables is not between 20 and 2000 MBq and was not used"


@pytest.mark.parametrize(
    "text", ["not corrected", "NAC", "uncorrected", "Not performed", "none", "n/a", False, "no attenuation correction"]
)
def test_uncorrected_attenuation_is_known_in_other_words(pair, text):
    assert "PET without it" in str(refused(pair(AttenuationCorrection=text)))
    assert convert(pair(AttenuationCorrection=text, Modality="NM"))[1]["AttenuationCorrection"] == "none"


@pytest.mark.parametrize("text", ["somehow", "John Doe", "not CT", 1, ["CT"], "CT or none"])
def test_unclear_attenuation_correction_is_refused(pair, text):
    error = refused(pair(AttenuationCorrection=text))
    assert error.code == "attenuation"
    assert "neither none nor a known method" in str(error)


@pytest.mark.parametrize(
    ("text", "told"), [("CT", "CT"), ("Chang", "Chang"), ("CT by Doe", "applied"), ("applied", "applied")]
)
def test_known_attenuation_correction_is_told_without_other_words(pair, text, told):
    assert convert(pair(AttenuationCorrection=text))[1]["AttenuationCorrection"] == told


def test_warnings_of_an_earlier_conversion_stay_and_others_are_dropped(pair):
    mine = [
        write_remark(Remark.of("fewer_slices_than_stated", found=40, stated=47)),
        write_remark(Remark.of("orientation_declared", case="none", letters="LPS")),
        write_remark(Remark.said("weight_conflict", EARLIER)),
    ]
    others = [
        {"Code": "gate_scale", "Reason": "CANARY"},
        {"Code": "low_coverage", "Fields": {"case": "whole", "share": 0.1, "region": "CANARY", "needed": 0.9}},
        {"Code": "CANARY", "Reason": "40 slices were found, the header says 47"},
        {"Code": ["weight_in_grams"]},
        "CANARY",
    ]
    assert convert(pair(Warnings=mine + others))[1]["Warnings"] == mine
    assert convert(pair(Warnings="CANARY"))[1]["Warnings"] == []
