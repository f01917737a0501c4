"""When one number or name speaks of one person, and when it may be of two."""

import pytest

from pet_spect.dicom.objects.header import Header
from pet_spect.dicom.objects.identity import Person, apart, differences, person_of
from tests.dicom.conftest import convert, new_object, refused


@pytest.mark.parametrize(
    "other",
    [
        Person("001", "DOE^JANE"),
        Person("001", "Jane Doe"),
        Person("001", "doe, jane"),
        Person("001", "Doe^Jane^Ann"),
        Person("001", "Roe^Jane", "19480212"),
        Person("001", "", "1948-02-12"),
        Person("001", "Anonymous", "", sex="f"),
        Person("001", sex="unknown"),
    ],
)
def test_spelling_a_marriage_and_what_is_missing_make_no_second_person(other):
    assert differences([Person("001", "Doe^Jane", "19480212", sex="F"), other]) == []


@pytest.mark.parametrize(
    ("other", "different"),
    [
        (Person("001", "Doe^Jane", "19500101"), ["birth dates"]),
        (Person("001", "Doe^Jane", sex="M"), ["sexes"]),
        (Person("001", "Roe^Jane"), ["names"]),
        (Person("001", "Doe"), ["names"]),
        (Person("001", "Roe^Richard", "19500101", sex="M"), ["birth dates", "sexes", "names"]),
    ],
)
def test_birth_date_sex_and_an_unconfirmed_name_make_a_second_person(other, different):
    assert differences([Person("001", "Doe^Jane", "19480212", sex="F"), other]) == different


def test_names_are_joined_through_a_header_that_knows_the_birth_date():
    found = [Person("1", "Doe^Jane"), Person("1", "Roe^Jane", "19480212"), Person("1", "Doe^Jane", "19480212")]
    assert differences(found) == []
    assert differences(found[:2]) == ["names"]


def test_two_patient_ids_are_two_people_and_a_placeholder_is_nobody():
    assert apart([Person("P1"), Person("P2")]) == ["PatientIDs"]
    assert apart([Person("P1"), Person("ANONYMOUS"), Person("000")]) == []


@pytest.mark.parametrize("number", ["", " 0", "0000", "Anonymous", "xxx", "--"])
def test_a_placeholder_is_no_identity(number):
    assert Person(number, "Anonymous").identity == ()
    assert Person(number, "Doe^Jane", "19480212").identity == ("name", "doe jane", "19480212")


def test_what_a_header_cannot_tell_is_missing():
    ds = new_object("1.2.840.10008.5.1.4.1.1.128", "PT")
    ds.PatientID, ds.PatientName, ds.PatientSex = "", "Doe^Jane", None
    assert person_of(Header(ds, "x")) == Person("", "Doe^Jane")


def half_changed(slices, folder, **changes):
    for number, ds in enumerate(slices):
        for keyword, value in changes.items():
            setattr(ds, keyword, value[number % 2])
        ds.save_as(folder / f"{number}.dcm", enforce_file_format=True)
    return folder


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"PatientName": ("Canary^Jane", "Roe^Richard"), "PatientID": ("", "")}, "several people"),
        ({"PatientName": ("Canary^Jane", "Roe^Richard")}, "different names"),
        ({"PatientBirthDate": ("19480212", "19500101")}, "different birth dates"),
    ],
)
def test_slices_of_two_people_under_one_series_are_refused(pet_slices, tmp_path, changes, shown):
    error = refused(half_changed(pet_slices(), tmp_path, **changes))
    assert error.code == "mixed_series"
    assert shown in str(error)
    assert not any(word in str(error) for word in ("Canary", "Roe", "1948", "1.2.3"))


@pytest.mark.parametrize(
    "changes",
    [
        {"PatientName": ("Doe^Jane", "DOE JANE^^")},
        {"PatientName": ("Doe^Jane", "")},
        {"PatientName": ("Doe^Jane", "Anonymous")},
        {"PatientBirthDate": ("19480212", "")},
        {"StudyInstanceUID": ("1.2.3.1", "1.2.3.2")},
        {"StudyDate": ("20250101", "20250102")},
    ],
)
def test_slices_that_differ_in_spelling_or_lack_something_are_of_one_person(pet_slices, tmp_path, changes):
    volume, _ = convert(half_changed(pet_slices(), tmp_path, **changes))
    assert volume.data.shape == (5, 6, 4)
