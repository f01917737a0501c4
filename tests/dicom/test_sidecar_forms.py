"""JSON beside a NIfTI scan as people have it: each form is read rightly, or refused with its true cause."""

import json

import nibabel as nib
import numpy as np
import pytest

from pet_spect.dicom.convert import convert_scan
from pet_spect.dicom.declared import Declared
from pet_spect.errors import ImageError

from .test_bids import JSON


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
        (TEXT.replace("350", '350, "InjectedRadioactivity": 370'), "InjectedRadioactivity stands twice"),
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
    with pytest.raises(ImageError, match="InjectedRadioactivity in its JSON is not a number"):
        facts(TEXT.replace("350", number))


def test_a_number_that_is_text_is_read_where_it_is_nothing_but_a_number(facts):
    assert facts(InjectedRadioactivity=" 350.0", InjectionStart="0") == facts()
    for text in ("350 MBq", "3,5", "1_7", "nan", "inf", "much", "0x10"):
        with pytest.raises(ImageError, match="InjectedRadioactivity in its JSON is not a number"):
            facts(InjectedRadioactivity=text)


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
    assert warning["Reason"].endswith(f"taken to be {taken}")
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
