from pet_spect.registration.placement.attempt import OF_TWO_SCANS, OPENED
from pet_spect.signoff import BY_EYE, NEVER, WITH_WITNESS


def test_a_code_has_one_rule():
    assert not BY_EYE & NEVER.keys()
    assert not WITH_WITNESS & NEVER.keys()
    assert not BY_EYE & WITH_WITNESS


def test_registration_knows_how_to_let_through_every_code_that_an_eye_can_judge():
    assert OPENED.keys() | OF_TWO_SCANS == BY_EYE
