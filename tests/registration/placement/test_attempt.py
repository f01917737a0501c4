from functools import partial

import numpy as np
import pytest

from pet_spect.errors import RegistrationError
from pet_spect.model import ScanKey, Volume
from pet_spect.registration.gates.plausibility import Gates, Match, check_match
from pet_spect.registration.placement.attempt import OPENED, Attempt, tolerate_pairs, tolerated
from pet_spect.registration.placement.field_of_view import FieldOfView, check_field_of_view

POOR = partial(check_match, Match(similarity=0.5, overlap=0.6))
FIRST, SECOND = ScanKey("sub-01", "baseline", "FDG"), ScanKey("sub-01", "year1", "FDG")


def test_an_accepted_fault_does_not_hide_the_next_one():
    with pytest.raises(RegistrationError, match=r"overlap with the template's brain is 0\.60") as caught:
        tolerated(POOR, Gates(), {"gate_similarity"})
    assert caught.value.code == "gate_overlap"


def test_every_accepted_fault_is_kept_with_its_reason():
    remarks = tolerated(POOR, Gates(), {"gate_similarity", "gate_overlap"})
    assert {code: str(error)[:10] for code, error in remarks.items()} == {
        "gate_similarity": "similarity",
        "gate_overlap": "overlap wi",
    }


def test_an_acceptance_that_is_not_needed_leaves_no_remark():
    assert tolerated(partial(check_match, Match(0.9, 0.9)), Gates(), {"gate_overlap"}) == {}


def test_a_scan_that_is_cut_stays_refused_whatever_is_accepted():
    half = FieldOfView(("top",), 0.5, (0.0, 0.0, 0.0), (9.0, 9.0, 9.0))
    with pytest.raises(RegistrationError, match="50% of the brain is in the field of view"):
        tolerated(partial(check_field_of_view, half), Gates(), {*OPENED, "gate_field_of_view"})


@pytest.mark.parametrize("signed", [FIRST, SECOND])
def test_the_acceptance_of_either_scan_counts_for_a_pair_and_both_say_so(signed):
    conflicts = {(FIRST, SECOND): RegistrationError("unlike", code="gate_identity")}
    remaining, remarks = tolerate_pairs(conflicts, {signed: {"gate_identity"}})
    assert remaining == {}
    assert {key: list(of_it) for key, of_it in remarks.items()} == {key: ["gate_identity"] for key in (FIRST, SECOND)}


def test_a_mirrored_pair_stays_in_conflict():
    accepted = {key: {"gate_mirrored_visit", "gate_agreement"} for key in (FIRST, SECOND)}
    conflicts = {(FIRST, SECOND): RegistrationError("mirrored", code="gate_mirrored_visit")}
    assert tolerate_pairs(conflicts, accepted) == (conflicts, {})


def test_the_box_of_the_head_is_in_voxels_of_the_scan():
    affine = np.diag([2.0, 2.0, 3.0, 1.0])
    affine[:3, 3] = (-100, -120, -50)
    part = affine.copy()
    part[:3, 3] = (-100 + 2 * 4, -120 + 2 * 5, -50 + 3 * 6)
    scan, head = (Volume(np.zeros(shape, np.float32), at) for shape, at in (((50, 60, 70), affine), ((9, 8, 7), part)))
    none = RegistrationError("no head found", code="no_head")
    assert Attempt(scan, none, head).head_box == ((4, 13), (5, 13), (6, 13))
    assert Attempt(scan, none).head_box is None
