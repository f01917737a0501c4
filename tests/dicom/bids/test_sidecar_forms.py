"""JSON beside a NIfTI scan as people have it: each form is read rightly, or refused with its true cause."""

import json

import nibabel as nib
import numpy as np
import pytest

from pet_spect.dicom.convert import convert_scan
from pet_spect.dicom.facts.declared import Declared
from pet_spect.errors import ImageError
from tests.dicom.bids.test_scan import JSON


@pytest.fixture
def scan(tmp_path):
    image = nib.Nifti1Image(np.arange(24, dtype=np.float32).reshape(2, 3, 4), np.diag([2, 2, 2, 1.0]))
    nib.save(image, tmp_path / "scan.nii.gz")
    return tmp_path / "scan.nii.gz"


@pytest.fixture
def facts(scan):
    """Return what is made of a text, or of JSON with changes."""

    def convert(text=None, **changes):
        if text is None:
            text = json.dumps({key: value for key, value in (JSON | changes).items() if value is not None})
        content = text if isinstance(text, bytes) else text.encode()
        scan.with_name("scan.json").write_bytes(content)
        return convert_scan(scan, Declared(weight_kg=70.0), "sub-01")[1]

    return convert


def refusal(facts, *arguments, **changes):
    with pytest.raises(ImageError, match=r"^sub-01: its JSON") as caught:
        facts(*arguments, **changes)
    assert "scan." not in str(caught.value)
    assert "CANARY" not in str(caught.value)
    return str(caught.value)


TEXT = json.dumps(JSON, indent=1)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_every_unicode_encoding_is_read_with_its_mark_or_without(facts, encoding):
    assert facts(TEXT.encode(encoding)) == facts(TEXT)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (TEXT.replace("CANARY", "Universit\xe4t").encode("latin-1"), "not UTF-8 text"),
        (TEXT.replace('"Units"', '// a comment\n "Units"'), "line 2, column 2: a comment"),
        (TEXT.replace("\n}", ",\n}"), "a comma that nothing follows"),
        (TEXT.replace('"', "'"), "single quotes"),
        (TEXT[:-3], "cut short"),
        (TEXT + TEXT, "Extra data"),
        ("", "it is empty"),
        (f"[{TEXT}]", "not a JSON object but a list"),
        ("350", "not a JSON object but a single value"),
        ("[" * 100_000, "nested too deeply"),
        (TEXT.replace("350", '350, "InjectedRadioactivity": 370'), "duplicate key InjectedRadioactivity"),
    ],
)
def test_what_is_no_json_is_refused_with_the_true_cause(facts, text, cause):
    assert cause in refusal(facts, text)


def test_a_key_that_stands_twice_alike_or_is_not_used_is_read(facts):
    unused = '"Other": 1, "Other": 2, "a": {"Units": 1, "Units": 2}'
    twice = TEXT.replace("350", f'350, "InjectedRadioactivity": 350, {unused}')
    assert facts(twice) == facts(TEXT)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_lacks_matter_where_they_are_used(facts, number):
    assert facts(TEXT.replace("{", f'{{"Other": {number},', 1)) == facts(TEXT)
    assert reason_for_no_suv(facts(TEXT.replace("350", number))) == "InjectedRadioactivity in the JSON is no number"


def test_a_number_that_is_text_is_read_where_it_is_nothing_but_a_number(facts):
    assert facts(InjectedRadioactivity=" 350.0", InjectionStart="0") == facts()
    for text in ("350 MBq", "3,5", "1_7", "nan", "inf", "much", "0x10", "CANARY", True, {}, [350, 20]):
        told = facts(InjectedRadioactivity=text)
        assert [warning["Code"] for warning in told["Warnings"]] == ["dose_unreadable"]
        assert reason_for_no_suv(told) == "InjectedRadioactivity in the JSON is no number"


def reason_for_no_suv(told):
    assert told["SUVbwFactor"] is None
    assert "CANARY" not in json.dumps(told)
    return told["SUVReason"].removesuffix(" and was not used")


@pytest.mark.parametrize("empty", ["", " ", "n/a", "N/A", [""], []])
def test_what_was_not_filled_in_is_missing(facts, empty):
    assert reason_for_no_suv(facts(InjectedRadioactivity=empty)) == "injected dose is missing"
    assert reason_for_no_suv(facts(InjectionStart=empty)) == "injection time is missing"
    assert facts(RadionuclideHalfLife=empty, SUVbwFactor=empty, PatientWeight=empty) == facts()


@pytest.mark.parametrize("key", ["InjectionStart", "ScanStart", "FrameTimesStart", "ImageDecayCorrectionTime"])
@pytest.mark.parametrize("text", ["09:00:00", "soon", True])
def test_a_time_that_cannot_be_read_leaves_the_scan_without_suv(facts, key, text):
    told = facts(**{key: text})
    assert [warning["Code"] for warning in told["Warnings"]] == ["time_unreadable"]
    assert reason_for_no_suv(told) == f"{key} in the JSON is no number"
    assert facts(Warnings=told["Warnings"])["Warnings"] == told["Warnings"]


def test_a_declared_dose_stands_in_for_one_that_cannot_be_read(scan, facts):
    facts(InjectedRadioactivity="350 MBq")
    told = convert_scan(scan, Declared(weight_kg=70.0, dose_mbq=350.0), "sub-01")[1]
    assert told["SUVbwFactor"] == pytest.approx(70_000 / 175e6, rel=1e-3)


@pytest.mark.parametrize(("key", "code"), [("SUVbwFactor", "factor_unreadable"), ("FrameDuration", "time_unreadable")])
def test_a_number_that_was_only_to_be_compared_is_told_of_where_it_cannot_be_read(facts, key, code):
    told = facts(**{key: "much"})
    assert [warning["Code"] for warning in told["Warnings"]] == [code]
    assert told["SUVbwFactor"] == facts()["SUVbwFactor"]


@pytest.mark.parametrize("half_life", [[6500], "6500 s", "6500 sec", ["6500 seconds"], "6500.0s"])
def test_a_half_life_in_a_list_or_with_its_unit_is_compared(facts, half_life):
    assert facts(RadionuclideHalfLife=half_life) == facts(RadionuclideHalfLife=6500)


@pytest.mark.parametrize("half_life", ["109.8 min", "long", [6500, 6586]])
def test_a_half_life_that_cannot_be_read_is_told_of(facts, half_life):
    told = facts(RadionuclideHalfLife=half_life)
    assert [warning["Code"] for warning in told["Warnings"]] == ["half_life_unreadable"]
    assert told["RadionuclideHalfLife"] == facts()["RadionuclideHalfLife"]


@pytest.mark.parametrize(
    ("unit", "name", "per_bq"),
    [
        *(("Bq/cc", "Bq/mL", 1), ("Bq/cm3", "Bq/mL", 1), ("kBq/cc", "kBq/mL", 1e3), ("KBq/cm^3", "kBq/mL", 1e3)),
        *(("SUV", "SUVbw g/mL", None), ("SUVbw", "SUVbw g/mL", None), ("suv bw", "SUVbw g/mL", None)),
    ],
)
def test_units_that_can_mean_one_thing_are_read(facts, unit, name, per_bq):
    told = facts(Units=unit)
    assert told["Units"] == name
    assert told["SUVbwFactor"] == (1 if per_bq is None else pytest.approx(per_bq * 70_000 / 175e6, rel=1e-3))


@pytest.mark.parametrize("unit", ["nCi/cc", "MBq/cc", "counts/cc", "SUVlean", "SUVr", "cc"])
def test_other_units_are_refused(facts, unit):
    with pytest.raises(ImageError, match="Units in its JSON"):
        facts(Units=unit)


@pytest.mark.parametrize(
    "method",
    [
        *(True, "AC", "yes", "True", "corrected", "attenuation corrected"),
        *("low-dose CT without contrast", "non-contrast CT", "CT map (no contrast)", "CT without i.v. contrast agent"),
    ],
)
def test_every_way_to_say_that_attenuation_was_corrected_is_read(facts, method):
    assert facts(AttenuationCorrection=method)["AttenuationCorrection"] in ("applied", method)


@pytest.mark.parametrize(
    "method",
    [
        *(False, "no AC", "AC off", "AC 0", "no", "NAC", "CT without contrast, not corrected", "Unknown", 1, [True]),
        *("no CT, no contrast", "decay corrected", "CT without contrast, no attenuation correction"),
    ],
)
def test_doubt_about_attenuation_stays_a_refusal(facts, method):
    with pytest.raises(ImageError) as caught:
        facts(AttenuationCorrection=method)
    assert caught.value.code == "attenuation"


@pytest.mark.parametrize("name", ["scan.NII.GZ", "scan.Nii.gz"])
def test_an_image_whose_ending_is_in_capitals_is_read(scan, facts, name):
    told = facts()
    scan.rename(scan.with_name(name))
    assert convert_scan(scan.with_name(name), Declared(weight_kg=70.0), "sub-01")[1] == told


def test_a_half_life_that_is_text_is_compared_as_a_number_is(facts):
    told = facts(RadionuclideHalfLife="6500")
    assert told == facts(RadionuclideHalfLife=6500)
    assert [warning["Code"] for warning in told["Warnings"]] == ["half_life_conflict"]


@pytest.mark.parametrize(
    ("amount", "unit"),
    [
        *((350, "MBq"), (350e3, "kBq"), (350e6, "Bq"), (0.35, "GBq"), (350, "mbq"), (350, "MBQ"), (350, " M Bq ")),
        *((350 / 37, "mCi"), (350 / 37, "mci"), (9459.459459, "uCi"), (9459.459459, "\u00b5Ci"), (350 / 37e3, "Ci")),
        *((9459.459459, "\u03bcCi"), (350, "megabecquerel"), (350 / 37, "millicuries"), (350e6, "becquerels")),
    ],
)
def test_the_unit_of_a_dose_is_believed(facts, amount, unit):
    told = facts(InjectedRadioactivity=amount, InjectedRadioactivityUnits=unit)
    assert told["InjectedRadioactivity"] == pytest.approx(350)
    assert told["InjectedRadioactivityUnits"] == "MBq"
    assert told["Warnings"] == []
    assert told["SUVbwFactor"] == pytest.approx(70_000 / 175e6, rel=1e-3)


@pytest.mark.parametrize(("amount", "taken"), [(350, "MBq"), (3.5e8, "Bq")])
def test_a_dose_without_a_unit_is_taken_for_the_one_it_can_be_and_flagged(facts, amount, taken):
    told = facts(InjectedRadioactivity=amount, InjectedRadioactivityUnits=None)
    assert told["InjectedRadioactivity"] == 350
    (warning,) = told["Warnings"]
    assert warning["Code"] == "dose_unit_missing"
    assert warning["Fields"]["unit"] == taken
    assert facts(**{key: value for key, value in told.items() if key != "SUVbwFactor"})["Warnings"] == [warning]


@pytest.mark.parametrize(
    ("amount", "unit", "reason"),
    [
        (9.5, None, "dose 9.5 MBq in the JSON is not between 20 and 2000 MBq"),  # mCi, were it said
        (350e3, None, "dose 350000 in the JSON is neither Bq nor MBq"),
        (350, "mCi", "dose 12950 MBq"),
        (350, "kBq", "dose 0.35 MBq"),
        (350, "mSv", "InjectedRadioactivityUnits in the JSON is no unit of activity"),
        (350, "CANARY", "InjectedRadioactivityUnits in the JSON is no unit of activity"),
        (350, ["MBq"], "InjectedRadioactivityUnits in the JSON is no unit of activity"),
        (350, 5, "InjectedRadioactivityUnits in the JSON is no unit of activity"),
    ],
)
def test_a_dose_that_cannot_be_true_gives_no_suv_and_leaves_the_scan(facts, amount, unit, reason):
    told = facts(InjectedRadioactivity=amount, InjectedRadioactivityUnits=unit)
    assert told["SUVbwFactor"] is None
    assert told["SUVReason"].startswith(reason)
    assert "InjectedRadioactivity" not in told
    assert "CANARY" not in json.dumps(told)


def test_a_packed_and_an_unpacked_image_of_one_name_must_be_the_same(scan, facts):
    image = nib.Nifti1Image.from_filename(scan)
    nib.save(image, scan.with_name("scan.nii"))
    facts()
    nib.save(nib.Nifti1Image(np.asarray(image.dataobj) * 2, image.affine), scan.with_name("scan.nii"))
    with pytest.raises(ImageError, match=r"a \.nii and a \.nii\.gz of one name") as caught:
        facts()
    assert caught.value.code == "image_twin"


@pytest.mark.parametrize("kind", [nib.Nifti1Pair, nib.Nifti2Pair, nib.AnalyzeImage])
@pytest.mark.parametrize("name", ["pair.hdr", "pair.img"])
def test_an_image_in_two_files_is_refused_by_what_it_is(tmp_path, kind, name):
    nib.save(kind(np.ones((3, 3, 3), np.int16), np.eye(4)), tmp_path / "pair.img")
    with pytest.raises(ImageError, match=r"is a pair of files \(\.hdr, \.img\)") as caught:
        convert_scan(tmp_path / name, Declared(), "sub-01")
    assert caught.value.code == "image_pair"


def test_a_dicom_file_may_be_called_img(pet_slices, tmp_path):
    (tmp_path / "a").mkdir()
    for number, ds in enumerate(pet_slices()):
        ds.save_as(tmp_path / f"a/{number}.img", enforce_file_format=True)
    assert convert_scan(tmp_path / "a", Declared(), "sub-01")[0].data.shape[2] == 4
    with pytest.raises(Exception, match="is one PET slice"):
        convert_scan(tmp_path / "a/0.img", Declared(), "sub-01")
