from __future__ import annotations

from dataclasses import replace

import pytest

from pet_spect.digests import file_sha256
from pet_spect.errors import ImageError, TableError
from pet_spect.model import Decision, Refusal, ScanKey
from pet_spect.results import layout
from pet_spect.results.proof.matching import (
    check_exclusions,
    check_registration,
    check_uptake,
    image_role,
    registration_outputs,
)
from pet_spect.results.provenance_record import Provenance
from pet_spect.results.registration.registration_record import read_registration_record, write_registration_record

from ...records import record_of, refused, registered

WHO = "sub-01"
KEY = ScanKey(WHO, "baseline", "FDG")


def made(verb, inputs, **parameters):
    return Provenance(verb=verb, inputs=inputs, parameters=parameters, software={})


@pytest.fixture
def left(tmp_path):
    """Return results with the files of one scan's registration, the scan's image and the record."""
    image = tmp_path / layout.scan_image(WHO, "baseline", "18FFDG", "pet")
    scan = layout.scan_name(image)
    for name in (
        layout.participant_to_standard(WHO),
        layout.scan_to_participant(*scan[:3]),
        layout.standard_image(*scan),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    image.parent.mkdir(parents=True, exist_ok=True)
    image.write_text("the image")
    record = record_of(
        WHO,
        registered("baseline", "FDG", "18FFDG"),
        provenance=made("normalise", {image_role(KEY): file_sha256(image)}, exclude=[]),
        outputs=registration_outputs(tmp_path, WHO, [scan]),
    )
    path = tmp_path / layout.registration_record(WHO)
    write_registration_record(path, record)
    return tmp_path, image, read_registration_record(path)


def test_files_that_are_as_recorded_pass(left):
    results, image, record = left
    assert len(record.outputs) == 3
    check_registration(results, record, {KEY: image})


@pytest.mark.parametrize("which", ["image", "warp", "matrix", "standard", "gone"])
def test_another_image_or_transform_is_refused_by_name(left, which):
    results, image, record = left
    warp, matrix, standard = (results / name for name in record.outputs)
    path = {"image": image, "warp": warp, "matrix": matrix, "standard": standard, "gone": warp}[which]
    if which == "gone":
        path.unlink()
    else:
        path.write_text("of another run")
    with pytest.raises(ImageError, match=f"{path.name}: is not the file that") as caught:
        check_registration(results, record, {KEY: image})
    assert caught.value.code == "record_outdated"


def test_a_scan_that_the_record_does_not_know_is_refused(left):
    results, image, record = left
    with pytest.raises(ImageError, match="is not the file that"):
        check_registration(results, record, {replace(KEY, session="year1"): image})


def test_a_record_that_states_nothing_is_not_compared(left):
    results, image, record = left
    check_registration(results, replace(record, provenance=None, outputs=None), {KEY: image})


def test_an_uptake_table_of_another_registration_is_refused(left):
    results, _, record = left
    table, path = results / layout.uptake_table(WHO, "CerebrA"), results / layout.registration_record(WHO)
    measured = made("measure", {"registration": file_sha256(path)})
    check_uptake(results, table, WHO, measured, record)
    write_registration_record(path, replace(record, leading="FDG"))
    with pytest.raises(TableError, match=r"uptake\.tsv: was not measured with the registration that is in"):
        check_uptake(results, table, WHO, measured, record)


def excluded(session, who=WHO):
    return Decision(who, session, "FDG", "exclude", None, "seen", "AB", "2026-11-29", "0.1.0")


def test_exclusions_must_be_those_of_the_registration(left):
    results, _, record = left
    check_exclusions(results, record, [excluded("baseline", who="sub-02"), excluded("year1")])
    with pytest.raises(TableError, match=r"made with a scan that qc.tsv excludes \(baseline FDG\); run normalise"):
        check_exclusions(results, record, [excluded("baseline")])
    gone = refused("baseline", "FDG", "18FFDG", Refusal("decision", "excluded", "seen"))
    left_out = replace(record, scans=(gone,), provenance=made("normalise", {}, exclude=["baseline FDG"]))
    check_exclusions(results, left_out, [excluded("baseline")])
    with pytest.raises(TableError, match=r"made without a scan that qc\.tsv does not exclude"):
        check_exclusions(results, left_out, [])
