"""The results folder as the BIDS validator sees it."""

import json
import shutil

import numpy as np
import pytest

from pet_spect.dicom.anatomy.rules import anat_sidecar
from pet_spect.dicom.sidecar import ScanFacts, sidecar_of
from pet_spect.files import sidecar, write_json
from pet_spect.imaging.images import write_affine, write_refusal, write_scan, write_warp
from pet_spect.model import Refusal, Volume, Warp
from pet_spect.results import layout
from pet_spect.results.dataset import describe_dataset

from ..bids import errors_in

pytestmark = pytest.mark.slow

WHO = "sub-01"
VISITS = (("baseline", "18FFDG", "pet", "PT"), ("baseline", "123IIMZ", "spect", "NM"), ("year1", "18FFDG", "pet", "PT"))


@pytest.fixture
def results(tmp_path):
    """Return what every step leaves of two scans, and of one that convert refused."""
    volume = Volume(np.ones((4, 5, 6), dtype=np.float32), np.diag([2.0, 2.0, 2.0, 1.0]))
    write_scan(tmp_path / layout.anat_image(WHO), volume, anat_sidecar("MR", None, None))
    for session, label, datatype, modality in VISITS:
        native, standard = (
            tmp_path / name(WHO, session, label, datatype) for name in (layout.scan_image, layout.standard_image)
        )
        if session == "year1":
            for path in (native, standard):
                write_refusal(path, Refusal("convert", "mixed_orientation", "two orientations"))
        else:
            facts = sidecar_of(ScanFacts(modality, "Bq/mL", scan_start_s=3600.0, frame_duration_s=900.0))
            write_scan(native, volume, facts)
            write_scan(standard, volume, facts | {"SpatialReference": "MNI152NLin2009cSym"})
            write_affine(tmp_path / layout.scan_to_participant(WHO, session, label), np.eye(4))
        picture = tmp_path / layout.registration_figure(WHO, session, label)
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.write_bytes(b"")
    field = Warp(np.zeros((4, 5, 6, 3), dtype=np.float32), volume.affine)
    for name in (layout.participant_to_standard(WHO), layout.standard_to_participant(WHO)):
        write_warp(tmp_path / name, field)
    table = tmp_path / layout.uptake_table(WHO, "CerebrA")
    table.write_text("participant_id\n")
    for path in (
        tmp_path / layout.registration_record(WHO),
        table.with_suffix(".json"),
        tmp_path / "tables/ratios.json",
    ):
        write_json(path, {"mean": {}})
    for name in ("tables/ratios.tsv", "report/index.html"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("value\n")
    describe_dataset(tmp_path)
    return tmp_path


def test_results_are_a_valid_bids_dataset(results):
    assert errors_in(results) == set()


def test_results_with_every_table_and_a_study_that_says_its_name_are_a_valid_bids_dataset(results, every_table):
    shutil.copytree(every_table / "tables", results / "tables", dirs_exist_ok=True)
    shutil.copy(every_table / "dataset_description.json", results)
    assert {"plan.tsv", "accounted.tsv"} <= {path.name for path in (results / "tables").iterdir()}
    assert errors_in(results) == set()


def test_the_validator_would_see_a_scan_whose_sidecar_does_not_say_that_the_skull_is_there(results):
    path = results / sidecar(layout.scan_image(WHO, "baseline", "18FFDG", "pet"))
    facts = json.loads(path.read_text())
    del facts["SkullStripped"]
    write_json(path, facts)
    assert errors_in(results) != set()


def test_the_validator_would_see_a_file_that_bids_has_no_name_for(results):
    (results / WHO / "notes.txt").write_text("")
    assert ("NOT_INCLUDED", f"/{WHO}/notes.txt") in errors_in(results)
