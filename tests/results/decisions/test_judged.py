from __future__ import annotations

import hashlib
import json

import pytest

from pet_spect.model import Refusal, ScanKey
from pet_spect.results import layout
from pet_spect.results.decisions.judged import Judged, judged_of
from pet_spect.results.registration.registration_record import write_registration_record

from ...records import WARP, record_of, refused, registered

KEY = ScanKey("sub-01", "year1", "FDG")
ROWS = ["sub-01\tbaseline\tFDG\t5", "sub-01\tyear1\tFDG\t6", "sub-01\tyear1\tFDG\t7"]


@pytest.fixture
def results(tmp_path):
    image = tmp_path / layout.scan_image("sub-01", "year1", "18FFDG", "pet")
    image.parent.mkdir(parents=True)
    image.write_bytes(b"image")
    write(tmp_path, registered("baseline", "FDG", "18FFDG"), registered("year1", "FDG", "18FFDG"))
    table = tmp_path / layout.uptake_table("sub-01", "toy")
    table.write_text("\n".join(["participant_id\tsession\ttracer\tmean", *ROWS]) + "\n")
    return tmp_path


def write(results, *scans, **changes):
    record = record_of("sub-01", *scans, **{"warp": WARP} | changes)
    write_registration_record(results / layout.registration_record("sub-01"), record)


def test_each_part_has_the_hash_that_anybody_can_compute(results):
    judged = judged_of(results, KEY, "toy")
    assert judged.image == hashlib.sha256(b"image").hexdigest()
    assert judged.uptake == hashlib.sha256(f"{ROWS[1]}\n{ROWS[2]}\n".encode()).hexdigest()
    record = json.loads((results / layout.registration_record("sub-01")).read_text())
    said = {"Scan": record["Scans"][1], **{name: record[name] for name in ("Anat", "Leading", "Lesion", "Warp")}}
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    assert judged.registration == hashlib.sha256(text.encode()).hexdigest()


def test_the_registration_of_another_scan_is_not_part_of_it(results):
    before = judged_of(results, KEY, "toy")
    write(results, registered("year1", "FDG", "18FFDG"))
    assert judged_of(results, KEY, "toy") == before


def test_the_warp_that_all_scans_share_is_part_of_it(results):
    before = judged_of(results, KEY, "toy")
    write(results, registered("year1", "FDG", "18FFDG"), warp=None)
    assert judged_of(results, KEY, "toy").registration != before.registration


def test_a_refused_scan_has_an_image_alone(results):
    write(results, refused("year1", "FDG", "18FFDG", Refusal("normalise", "gate_overlap", "low")))
    judged = judged_of(results, KEY, "toy")
    assert judged == Judged(hashlib.sha256(b"image").hexdigest(), None, None)


def test_results_without_a_record_have_nothing(tmp_path):
    assert judged_of(tmp_path, KEY, "toy") == Judged(None, None, None)
