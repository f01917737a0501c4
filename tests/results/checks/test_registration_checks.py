from __future__ import annotations

import math
from dataclasses import asdict, replace

import pytest

from pet_spect.model import Refusal, ScanKey
from pet_spect.registration.gates.plausibility import Gates
from pet_spect.remarks import NEVER, Remark
from pet_spect.remarks.catalogue import CATALOGUE
from pet_spect.results.checks.registration_checks import registration_checks
from pet_spect.results.registration.registration_record import Settings

from ...records import MEASURED, WARP, record_of, refused, registered

KEY = ScanKey("sub-01", "year1", "FDG")
SETTINGS = Settings(gates=asdict(Gates()), deformation={})


def checks(*scans, warp=WARP):
    record = record_of("sub-01", *scans, warp=warp, settings=SETTINGS)
    return {check.name: check for check in registration_checks(record, KEY, 1.6)}


def test_a_gate_has_its_value_and_its_limit():
    found = checks(registered("year1", "FDG"))["gate_overlap"]
    assert (found.value, found.bound, found.limit, found.unit, found.result) == (0.9, "at least", 0.7, "1", "pass")
    turned = checks(registered("year1", "FDG"))["gate_rotation"]
    assert (turned.value, turned.bound, turned.limit, turned.unit) == (3.0, "at most", 45.0, "degrees")


def test_every_gate_of_the_registration_is_a_check():
    names = {check.code for check in checks(registered("year1", "FDG")).values()}
    gates = {code for code in CATALOGUE if code.startswith("gate_")}
    assert gates <= names
    assert {code for code in NEVER if code.startswith(("gate_", "identical"))} <= names


def test_a_check_that_needs_another_scan_is_not_made_without_one():
    alone = checks(registered("year1", "FDG"))
    for name in ("gate_size", "gate_identity", "gate_agreement", "gate_mirrored_visit", "identical_scans"):
        assert (alone[name].result, alone[name].reason != "") == (None, True)
    measured = replace(MEASURED, agreement=0.93)
    both = checks(registered("year1", "FDG", measured=measured), registered("baseline", "FDG"))
    assert (both["gate_agreement"].result, both["gate_agreement"].value) == ("pass", 0.93)
    assert both["gate_identity"].result == "pass"
    other = checks(registered("year1", "FDG"), registered("year1", "IMZ"))
    assert (other["gate_size"].result, other["gate_identity"].result) == ("pass", None)


def test_an_accepted_gate_warns_with_its_value():
    measured = replace(MEASURED, overlap=0.6)
    told = Remark.said("gate_overlap", "overlap is 0.60 (accepted in qc.tsv)")
    found = checks(registered("year1", "FDG", measured=measured, warnings=(told,)))["gate_overlap"]
    assert (found.result, found.value, found.reason) == ("warn", 0.6, told.text)


def test_the_gate_that_refused_a_scan_fails_and_the_others_were_not_judged():
    found = checks(refused("year1", "FDG", "18FFDG", Refusal("normalise", "gate_scale", "scaled by 0.5")))
    assert (found["gate_scale_low"].result, found["gate_scale_low"].reason) == ("fail", "scaled by 0.5")
    assert {check.result for name, check in found.items() if not name.startswith("gate_scale")} == {None}
    assert all(check.reason for check in found.values())


@pytest.mark.parametrize("scans", [(), (registered("baseline", "FDG"),)])
def test_a_scan_that_is_not_in_the_record_has_no_check_made(scans):
    assert {check.result for check in checks(*scans).values()} == {None}
    assert {check.result for check in registration_checks(None, KEY, 1.6)} == {None}


def test_a_number_that_is_not_known_is_no_pass():
    found = checks(registered("year1", "FDG", measured=replace(MEASURED, pattern_distance=math.nan)), warp=None)
    assert (found["uptake_pattern"].result, found["gate_jacobian_low"].result) == (None, None)


def test_a_cut_brain_and_a_strange_pattern_warn():
    cut = registered("year1", "FDG", cut_at=("top",), measured=replace(MEASURED, pattern_distance=1.7))
    found = checks(cut)
    assert (found["brain_cut"].result, found["uptake_pattern"].result) == ("warn", "warn")
