"""Who is who and which visit is which: suggested where it is clear, left open where a person must decide."""

from dataclasses import replace
from pathlib import Path

import pytest

from pet_spect.dicom.index.assignment import suggest
from pet_spect.dicom.index.findings import FoundSeries
from pet_spect.dicom.index.series_summary import Described, Refused
from pet_spect.dicom.index.tracer_guess import TracerGuess
from pet_spect.dicom.objects.identity import Person

FDG, IMZ = TracerGuess("FDG", "text"), TracerGuess("IMZ", "code")


def scan(patient="P1", date="20240101", tracer=FDG, kind="PET", refused=None, name="", birth="", sex=""):
    person = Person(patient, name, birth, f"study of {date}", date, sex)
    found = FoundSeries(Path("/dump"), f"{patient}{date}{tracer}{name}")
    return Described(found, "0", kind, "PT", tracer, 1, "n/a", "n/a", "n/a", "n/a", refused, person)


def suggested(*scans):
    return [(one.participant, one.session) for one in suggest(scans)]


def notes(*scans):
    return ["; ".join(one.notes) for one in suggest(scans)]


def test_visits_follow_the_dates_of_the_studies():
    scans = [scan(date="20250110"), scan(date="20240101"), scan(date="20240115", tracer=IMZ)]
    assert suggested(*scans) == [("sub-01", "year1"), ("sub-01", "baseline"), ("sub-01", "baseline")]


def test_codes_follow_the_first_study_and_neither_names_nor_the_order_of_files():
    later, earlier = scan("A", "20240301"), scan("Z", "20240101")
    assert suggested(later, earlier) == [("sub-02", "baseline"), ("sub-01", "baseline")]
    assert suggested(earlier, later) == [("sub-01", "baseline"), ("sub-02", "baseline")]


def test_a_third_visit_is_left_open():
    scans = [scan(date=date) for date in ("20240101", "20250101", "20260101")]
    assert suggested(*scans)[2] == ("sub-01", None)
    assert notes(*scans)[2] == "session left open: visit 3"


def test_two_scans_of_one_tracer_in_one_visit_are_both_left_open():
    scans = [scan(date="20240101"), scan(date="20240120"), scan(date="20250101")]
    assert suggested(*scans) == [("sub-01", None), ("sub-01", None), ("sub-01", "year1")]
    assert notes(*scans)[0] == "session left open: 2 scans of FDG in one visit"


def test_a_tracer_that_is_missing_from_the_first_visit_is_left_open():
    scans = [scan(date="20240101"), scan(date="20250101"), scan(date="20250110", tracer=IMZ)]
    assert suggested(*scans)[2] == ("sub-01", None)
    assert notes(*scans)[2] == "session left open: visit 2 of the person, the first of IMZ"


@pytest.mark.parametrize("date", ["", "20249999", "yesterday"])
def test_without_a_date_nothing_is_ordered(date):
    scans = [scan(date=date), scan(date="20250101")]
    assert [session for _, session in suggested(*scans)] == [None, None]


@pytest.mark.parametrize("name", ["FDG", None])
def test_a_guessed_tracer_leaves_open_the_sessions_that_hang_on_it(name):
    guessed = scan(date="20230101", tracer=TracerGuess(name, "radionuclide" if name else "nothing"))
    assert suggested(guessed, scan(date="20240101"))[1] == ("sub-01", None)
    assert notes(guessed, scan(date="20240101"))[1] == "session left open: another scan may be of FDG too"


def test_a_scan_that_cannot_be_converted_is_no_visit():
    refused = scan(date="20240102", refused=Refused("attenuation", "x"))
    assert suggested(scan(date="20240101"), refused) == [("sub-01", "baseline"), ("sub-01", None)]


def test_somebody_of_whom_there_is_only_ct_is_no_participant():
    assert suggested(scan("P0", "20200101", kind="", refused=Refused("sop_class", "x")), scan()) == [
        (None, None),
        ("sub-01", "baseline"),
    ]


def test_without_patient_id_name_and_birth_date_tell_people_apart():
    scans = [
        scan("", "20240101", name="Doe^Jane", birth="19480212"),
        scan("anonymous", "20250101", name="DOE JANE", birth="19480212"),
        scan("", "20240301", name="Doe^Jane", birth="19500101"),
    ]
    assert [participant for participant, _ in suggested(*scans)] == ["sub-01", "sub-01", "sub-02"]


def test_without_any_identity_each_study_counts_as_a_person_and_says_so():
    scans = [scan("", "20240101"), scan("Anon", "20250101", name="Anonymous")]
    assert suggested(*scans) == [("sub-01", "baseline"), ("sub-02", "baseline")]
    assert notes(*scans) == ["no PatientID and no name: each study counts as a person"] * 2


def test_one_patient_id_with_two_birth_dates_is_left_open():
    scans = [scan(birth="19480212"), scan(date="20250101", birth="19500101")]
    assert suggested(*scans) == [(None, None)] * 2
    assert notes(*scans)[0] == "one PatientID with different birth dates"


def test_one_person_under_two_patient_ids_is_left_open():
    scans = [scan("PET7", name="Doe^Jane", birth="19480212"), scan("NM9", name="doe^jane", birth="19480212")]
    assert suggested(*scans) == [(None, None)] * 2
    assert notes(*scans)[0] == "one name and birth date with different PatientIDs"


def test_one_patient_id_of_two_sites_is_left_open():
    scans = [scan("001", name="Doe^Jane", sex="F"), scan("001", "20250205", name="Roe^Richard", sex="M")]
    assert suggested(*scans) == [(None, None)] * 2
    assert notes(*scans)[0] == "one PatientID with different sexes and names"


def test_a_name_that_changed_under_one_birth_date_is_one_person():
    scans = [scan(name="Doe^Jane", birth="19480212"), scan(date="20250101", name="Roe^Jane", birth="19480212")]
    assert suggested(*scans) == [("sub-01", "baseline"), ("sub-01", "year1")]


def test_everybody_in_a_series_of_several_people_gets_a_code():
    mixed = replace(scan(refused=Refused("mixed_series", "x")), others=(Person("P2", study_date="20240102"),))
    (found, _) = suggest([mixed, scan("P3", "20250101")])
    assert (found.participant, found.others) == (None, ["sub-01", "sub-02"])
    assert found.notes == ["images of several people in one series"]
