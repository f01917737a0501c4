from __future__ import annotations

from pet_spect.model import Refusal
from pet_spect.remarks import Remark
from pet_spect.report.person.placement import lesion_sentence, placement_lines

from ...records import lesion, record_of, refused, registered


def test_refused_scans_and_those_with_a_remark_are_named():
    cut = registered("year1", "FDG", cut_at=("top",))
    no_head = Refusal.of("normalise", Remark.said("no_head", "no head"))
    record = record_of("sub-01", registered("baseline", "FDG"), cut, refused("year1", "IMZ", "123IIMZ", no_head))
    assert placement_lines(record, []) == [
        "1 of 3 scans passed all checks of the registration; refused: year1 IMZ; passed with a remark: year1 FDG."
    ]


def test_a_mask_that_is_not_used_is_not_said_to_be_absent():
    record = record_of("sub-01", lesion=lesion("estimated", right=3.6, code="lesion_mask_empty", reason="empty"))
    assert lesion_sentence(record) == (
        "Estimated lesion (the mask that was given is not used): left 0.0 mL, right 3.6 mL."
        " The program outlined it from the images."
    )
