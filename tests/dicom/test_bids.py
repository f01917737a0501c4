import json

import nibabel as nib
import numpy as np
import pytest

from pet_spect.dicom.convert import convert_scan
from pet_spect.dicom.declared import Declared
from pet_spect.errors import ImageError, RefusedError
from pet_spect.images import write_refusal
from pet_spect.model import Refusal

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
        image = nib.Nifti1Image(np.ones(shape, np.float32), np.diag([2, 2, 2, 1.0]) if affine is None else affine)
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
    again = convert(pair(**facts))[1]
    assert again == facts


def test_spect_is_known_by_its_radionuclide(pair):
    _, facts = convert(pair(TracerRadionuclide="I123", Units="counts", AttenuationCorrection="none"))
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
        ({"InjectedRadioactivity": "much"}, "sidecar_keys"),
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
