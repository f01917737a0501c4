from __future__ import annotations

import pytest

from pet_spect.errors import StudyError


@pytest.mark.parametrize(
    "path",
    [
        *(
            "dicom/{1}",
            "a}",
            "dicom/\a1",
            "dicom/\u200b1",
            "<results>/01",
            "a>b",
            "a<b",
            "~/01",
            "~ann/01",
            "-x",
            "./-x",
        ),
        "x" * 5000,
    ],
)
def test_a_path_the_workflow_cannot_take_is_an_error(scans, participants, path):
    with pytest.raises(StudyError, match=r"line 2, path: found .* needed a path without \{ \} < >, control"):
        scans("participant_id session tracer path", f"sub-01 baseline FDG {path}")
    with pytest.raises(StudyError, match=r"line 2, lesion_mask: found .* needed a path without \{ \}"):
        participants("participant_id lesion_side lesion_mask", f"sub-01 left {path}")


def test_a_letter_that_only_looks_plain_is_named(participants, scans):
    with pytest.raises(StudyError, match=r"needed sub- followed by letters and digits \(U\+0430 is no plain letter"):
        participants("participant_id lesion_side", "sub-\u0430 left")
    with pytest.raises(StudyError, match=r"line 2, participant_id: .*\(U\+0661 is no plain letter or digit"):
        scans("participant_id session tracer path", "sub-0\u0661 baseline FDG x")
    with pytest.raises(StudyError, match=r"line 2, session: .*did you mean 'baseline'\?\) \(U\+0435 is no plain"):
        scans("participant_id session tracer path", "sub-01 bas\u0435line FDG x")


def test_every_row_tells_its_mistakes(participants):
    with pytest.raises(StudyError) as caught:
        participants("participant_id lesion_side sex height_m", "sub-01 Left man tall", "sub-02 left F 1.7", "sub-03 x")
    assert [(mistake.line, mistake.column) for mistake in caught.value.mistakes] == [
        (2, "lesion_side"),
        (2, "height_m"),
        (2, "sex"),
        (4, None),
    ]
    assert str(caught.value).endswith("needed left or right (did you mean 'left'?) (3 more mistakes)")
