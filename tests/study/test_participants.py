from __future__ import annotations

from pathlib import Path

import pytest

from pet_spect.errors import StudyError


def test_participants_keep_their_order_and_what_the_table_says(participants):
    people = participants(
        "participant_id lesion_side lesion_mask lesion_territory height_m sex",
        "sub-02 right masks/02.nii.gz infratentorial 1.72 F",
        "sub-01 left n/a n/a n/a n/a",
    )
    assert list(people) == ["sub-02", "sub-01"]
    second, first = people.values()
    assert (second.lesion_side, second.lesion_mask, second.height_m) == ("right", Path("masks/02.nii.gz"), 1.72)
    assert (second.lesion_territory, second.sex) == ("infratentorial", "F")
    assert (first.lesion_side, first.lesion_mask, first.height_m, first.sex) == ("left", None, None, None)
    assert first.lesion_territory == "n/a"


@pytest.mark.parametrize("side", ["Left", "L", "ipsilateral", "both", "n/a"])
def test_a_side_is_left_or_right_and_nothing_else(participants, side):
    with pytest.raises(StudyError, match=f"line 2, lesion_side: found '{side}', needed left or right"):
        participants("participant_id lesion_side", f"sub-01 {side}")


def test_a_side_in_capitals_is_told_the_spelling(participants):
    with pytest.raises(StudyError, match=r"did you mean 'right'\?"):
        participants("participant_id lesion_side", "sub-01 RIGHT")


def test_a_participant_cannot_have_two_sides(participants):
    with pytest.raises(StudyError, match="line 4: sub-01 is a duplicate of line 2"):
        participants("participant_id lesion_side", "sub-01 left", "sub-02 left", "sub-01 right")


def test_a_participant_may_have_an_anatomical_image_and_name_its_series(participants):
    people = participants(
        "participant_id lesion_side anat anat_series",
        "sub-01 left dicom/mr 0123ABCD",
        "sub-02 left dicom/mr 4567ef01",
        "sub-03 left mri/03_T1w.nii.gz n/a",
        "sub-04 right n/a n/a",
    )
    assert [(person.anat, person.anat_series) for person in people.values()] == [
        (Path("dicom/mr"), "0123abcd"),
        (Path("dicom/mr"), "4567ef01"),
        (Path("mri/03_T1w.nii.gz"), None),
        (None, None),
    ]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (("sub-01 left a n/a", "sub-02 left a n/a"), "line 3: anat a is the path of line 2; each scan needs its own"),
        (("sub-01 left a 0123abcd", "sub-02 left a/b n/a"), "line 3: anat a/b lies inside that of line 2"),
        (("sub-01 left n/a 0123abcd",), "anat_series: found '0123abcd', needed n/a, because the column anat names no"),
        (("sub-01 left a T1",), "anat_series: found 'T1', needed the 8 hexadecimal digits"),
        (("sub-01 left a_T1w.nii.gz 0123abcd",), "anat_series: found '0123abcd', needed n/a, because a NIfTI image"),
        (("sub-01 left {a} n/a",), "anat: found '{a}', needed a path without"),
    ],
)
def test_an_anatomical_image_is_one_persons_and_one_series(participants, rows, message):
    with pytest.raises(StudyError, match=message):
        participants("participant_id lesion_side anat anat_series", *rows)


def test_where_a_person_was_treated(participants):
    header = "participant_id lesion_side treatment_sites treatment_mask"
    rows = ("sub-01 left mni:-34,-20,52;anat:1,2.5,-3 n/a", "sub-02 left n/a m", "sub-03 left n/a n/a")
    people = participants(header, *rows)
    assert [point.text for point in people["sub-01"].treatment_sites] == ["mni:-34,-20,52", "anat:1,2.5,-3"]
    assert (str(people["sub-02"].treatment_mask), people["sub-02"].treatment_sites) == ("m", ())
    assert [person.has_treatment for person in people.values()] == [True, True, False]


@pytest.mark.parametrize(
    "cell", ["-34,-20,52", "scan:1,2,3", "mni:1,2", "mni:1,2,3,4", "mni:1;2;3", "mni:1,2,nan", ";"]
)
def test_treatment_sites_that_are_no_points(participants, cell):
    with pytest.raises(StudyError, match=r"line 2, treatment_sites: found '.*', needed points in mm such as mni:"):
        participants("participant_id lesion_side treatment_sites", f"sub-01 left {cell}")


def test_an_unknown_column_is_an_error(participants):
    with pytest.raises(StudyError, match="column 'leison_mask' is not known"):
        participants("participant_id lesion_side leison_mask", "sub-01 left n/a")


def test_participants_that_differ_in_capitals_alone_are_refused(participants):
    with pytest.raises(StudyError, match="line 4: sub-aB and sub-Ab of line 2 differ only in capitals"):
        participants("participant_id lesion_side", "sub-Ab left", "sub-02 left", "sub-aB right")
