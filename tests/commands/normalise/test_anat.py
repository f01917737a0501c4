"""``pet-spect normalise --anat``: what reaches the registration and what is told of it; nothing is registered."""

import json

import numpy as np
import pytest

from pet_spect.cli import main
from pet_spect.dicom.anatomy.rules import anat_sidecar
from pet_spect.errors import RegistrationError
from pet_spect.imaging import images
from pet_spect.model import Refusal, ScanKey, Volume, Warp
from pet_spect.registration import anatomical_image as anatomical
from pet_spect.registration import normalise, policy
from pet_spect.registration.gates.plausibility import Match, affine_shape
from pet_spect.registration.itk import use_threads
from pet_spect.registration.placement.field_of_view import FieldOfView
from pet_spect.results import layout
from pet_spect.results.registration.transforms import read_anat_to_participant_points

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("kept_templates")]

SCAN, ANAT = ScanKey("sub-01", "baseline", "FDG"), ScanKey("sub-01", "n/a", "anat:T1w")
VOLUME = Volume(np.ones((4, 4, 4), dtype=np.float32), np.eye(4))


class Calls(list):
    """Stands for `normalise`: keeps what it was asked and refuses everything."""

    def __call__(self, scans, templates, **_):
        self.append((list(scans), list(templates)))
        return normalise.Normalised(refused={key: RegistrationError(f"no {key.tracer}", code="gate") for key in scans})


@pytest.fixture
def calls(monkeypatch):
    use_threads(1)
    found = Calls()
    monkeypatch.setattr(policy, "normalise", found)
    monkeypatch.setattr(anatomical, "extract_brain", lambda image, kind, template: image)
    return found


@pytest.fixture
def run(tmp_path):
    """Return a function that runs normalise on one scan with an anatomical image, and gives exit status and record."""
    scan = tmp_path / layout.scan_image("sub-01", "baseline", "18FFDG", "pet")
    images.write_scan(scan, VOLUME, {"Units": "Bq/mL"})
    image = tmp_path / layout.anat_image("sub-01")

    def run(anat, *more):
        if isinstance(anat, Refusal):
            images.write_refusal(image, anat)
        else:
            images.write_scan(image, VOLUME, anat_sidecar(anat, None, None))
        flags = ["normalise", "--participant", "sub-01", "--results", str(tmp_path), "--anat", str(image)]
        status = main([*flags, "--scan", "baseline", "FDG", str(scan), *more])
        record = tmp_path / layout.registration_record("sub-01")
        return status, json.loads(record.read_text()) if record.is_file() else None

    return run


def test_the_anatomy_leads_and_where_all_fails_the_scans_are_tried_without(calls, run):
    status, record = run("MR", "--record-refusal")
    assert status == 0
    assert calls == [([SCAN, ANAT], ["anat:T1w", "FDG", "IMZ"]), ([SCAN], ["anat:T1w", "FDG", "IMZ"])]
    assert record["Anat"] == {
        "Kind": "T1w",
        "Status": "refused",
        "Stage": "normalise",
        "Code": "gate",
        "Reason": "no anat:T1w",
    }
    assert [scan["Tracer"] for scan in record["Scans"]] == ["FDG"]


def test_the_way_to_the_image_is_left_for_points_that_are_given_on_it(run, monkeypatch, tmp_path):
    to_anat = np.eye(4)
    to_anat[:3, 3] = 3, -5, 7

    def registered(matrix):
        shape, match = affine_shape(np.eye(4)), Match(0.9, 0.9)
        view = FieldOfView((), 1.0, (0.0, 0.0, 0.0), (3.0, 3.0, 3.0))
        return normalise.Registered(matrix, VOLUME, shape, match, np.nan, 0.5, (0.0, 0.0), view, None)

    field = Warp(np.zeros((4, 4, 4, 3), dtype=np.float32), np.eye(4))
    result = normalise.Normalised(
        {SCAN: registered(np.eye(4)), ANAT: registered(to_anat)}, {}, field, field, (0.9, 1.1), VOLUME, (0.0, 0.0), 1.0
    )
    use_threads(1)
    monkeypatch.setattr(policy, "normalise", lambda *_, **__: result)
    monkeypatch.setattr(anatomical, "extract_brain", lambda image, kind, template: image)
    assert run("MR")[0] == 0
    np.testing.assert_allclose(read_anat_to_participant_points(tmp_path, "sub-01")[:3, 3], (-3, 5, -7))


def test_an_image_that_convert_refused_is_not_registered(calls, run):
    status, record = run(Refusal("convert", "anat_thick", "its slices are 6 mm apart"), "--record-refusal")
    assert status == 0
    assert calls == [([SCAN], ["FDG", "IMZ"])]
    assert (record["Anat"]["Status"], record["Anat"]["Code"]) == ("refused", "anat_thick")


def test_an_image_without_a_brain_is_not_registered(calls, run, monkeypatch):
    def none(*_):
        raise RegistrationError("no head found", code="no_head")

    monkeypatch.setattr(anatomical, "extract_brain", none)
    _, record = run("CT", "--record-refusal")
    assert calls == [([SCAN], ["FDG", "IMZ"])]
    assert (record["Anat"]["Kind"], record["Anat"]["Code"]) == ("CT", "no_head")


def test_by_hand_a_refused_image_is_an_error_and_nothing_is_written(calls, run, capsys):
    status, record = run(Refusal("convert", "anat_thick", "its slices are 6 mm apart"))
    assert (status, record) == (1, None)
    assert capsys.readouterr().err.endswith("pet-spect normalise: its slices are 6 mm apart\n")


def test_without_an_image_the_record_says_nothing_of_it(calls, tmp_path):
    scan = tmp_path / layout.scan_image("sub-01", "baseline", "18FFDG", "pet")
    images.write_scan(scan, VOLUME, {"Units": "Bq/mL"})
    flags = ["normalise", "--participant", "sub-01", "--results", str(tmp_path), "--record-refusal"]
    assert main([*flags, "--scan", "baseline", "FDG", str(scan)]) == 0
    assert json.loads((tmp_path / layout.registration_record("sub-01")).read_text())["Anat"] is None
