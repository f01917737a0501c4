from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pet_spect.cli import main
from pet_spect.digests import file_sha256
from pet_spect.files import sidecar, write_json
from pet_spect.imaging import images
from pet_spect.model import Refusal, Volume, Warp
from pet_spect.remarks import Remark
from pet_spect.results import layout
from pet_spect.results.proof.matching import registration_outputs
from pet_spect.results.provenance_record import Provenance
from pet_spect.results.record_values import matrix_of
from pet_spect.results.registration.registration_entries import Tried
from pet_spect.results.registration.registration_record import read_registration_record, write_registration_record

from ..records import WARP, lesion, record_of, refused, registered

pytestmark = pytest.mark.slow

AFFINE = np.array([[4.0, 0, 0, -96], [0, 4.0, 0, -132], [0, 0, 4.0, -78], [0, 0, 0, 1]])
SHAPE = (49, 58, 49)
BOX = ((9, 40), (18, 49), (6, 33))


def write_record(results, *, tried=None, **changes):
    """Record a registered scan, which `changes` change, and one that normalise refused."""
    refusal = Refusal("normalise", "gate_scale", "scale 1.9")
    scans = registered("baseline", "FDG", "18FFDG", **changes), refused("year1", "FDG", "18FFDG", refusal, tried)
    record = record_of("sub-01", *scans, lesion=lesion("given", right=13.8), warp=WARP)
    write_registration_record(results / layout.registration_record("sub-01"), record)


@pytest.fixture
def results(tmp_path):
    """Return a results folder with one registered FDG scan, one refused by convert and one by normalise."""
    scan = Volume(np.ones(SHAPE, dtype=np.float32), AFFINE)
    still = Warp(np.zeros((*SHAPE, 3), dtype=np.float32), AFFINE)
    for session in ("baseline", "year1"):
        native = layout.scan_image("sub-01", session, "18FFDG", "pet")
        images.write_scan(tmp_path / native, scan, {"Simulated": False})
    images.write_scan(tmp_path / layout.standard_image("sub-01", "baseline", "18FFDG", "pet"), scan, {})
    images.write_affine(tmp_path / layout.scan_to_participant("sub-01", "baseline", "18FFDG"), np.eye(4))
    images.write_warp(tmp_path / layout.standard_to_participant("sub-01"), still)
    images.write_warp(tmp_path / layout.participant_to_standard("sub-01"), still)
    inside = np.zeros(SHAPE, dtype=np.float32)
    inside[30:36, 30:36, 28:34] = 1.0
    images.write_volume(tmp_path / layout.lesion_mask("sub-01"), Volume(inside, AFFINE))
    images.write_refusal(
        tmp_path / layout.scan_image("sub-01", "year1", "123IIMZ", "spect"), Refusal("convert", "nm_order", "no vector")
    )
    write_record(tmp_path)
    return tmp_path


def arguments(results: Path, *scans: tuple[str, str, str]) -> list[str]:
    given = [word for session, tracer, image in scans for word in ("--scan", session, tracer, str(results / image))]
    return ["figures", "--participant", "sub-01", "--results", str(results), *given]


BASELINE = ("baseline", "FDG", layout.scan_image("sub-01", "baseline", "18FFDG", "pet"))
YEAR1 = ("year1", "FDG", layout.scan_image("sub-01", "year1", "18FFDG", "pet"))
IMZ = ("year1", "IMZ", layout.scan_image("sub-01", "year1", "123IIMZ", "spect"))


def height(path: Path) -> int:
    with Image.open(path) as image:
        return image.height


def test_every_scan_gets_a_picture_also_the_refused(results):
    assert main(arguments(results, BASELINE, YEAR1, IMZ)) == 0
    pictures = [
        results / layout.registration_figure("sub-01", session, label)
        for session, label in (("baseline", "18FFDG"), ("year1", "18FFDG"), ("year1", "123IIMZ"))
    ]
    registered, refused_by_normalise, refused_by_convert = (height(picture) for picture in pictures)
    assert registered > refused_by_normalise > refused_by_convert
    assert sorted((results / "figures" / "sub-01").glob("*.png")) == sorted(pictures)


@pytest.mark.parametrize("name", [layout.standard_image, layout.scan_image])
def test_an_image_of_another_registration_is_not_drawn(results, capsys, name):
    path = layout.registration_record("sub-01")
    image = results / name("sub-01", "baseline", "18FFDG", "pet")
    inputs = {f"{session} {tracer} image": file_sha256(results / scan) for session, tracer, scan in (BASELINE, YEAR1)}
    made = Provenance(verb="normalise", inputs=inputs, parameters={}, software={})
    outputs = registration_outputs(results, "sub-01", [layout.scan_name(Path(BASELINE[2]))])
    record = replace(read_registration_record(results / path), provenance=made, outputs=outputs)
    write_registration_record(results / path, record)
    assert main(arguments(results, BASELINE, YEAR1)) == 0
    shutil.rmtree(results / "figures")
    images.write_scan(image, Volume(np.zeros(SHAPE, dtype=np.float32), AFFINE), {"Simulated": False})
    assert main(arguments(results, BASELINE, YEAR1)) == 1
    said = capsys.readouterr().err
    assert f"{image}: is not the file that the registration record of sub-01 was made with" in said
    assert not (results / "figures").exists()


def test_the_viewer_gets_the_registered_scan_with_regions_and_lesion(results):
    assert main(arguments(results, BASELINE, YEAR1, IMZ)) == 0
    volumes = [layout.lesion_volume("sub-01"), layout.regions_volume("sub-01")]
    volumes.append(layout.uptake_volume("sub-01", "baseline", "18FFDG"))
    assert sorted((results / "figures" / "sub-01").glob("*.js")) == [results / volume for volume in volumes]


@pytest.mark.parametrize(
    ("tried", "rows"),
    [
        (None, 1),
        (Tried(head_box=None, pose=None), 1),
        (Tried(head_box=BOX, pose=None), 1),
        (Tried(head_box=BOX, pose=matrix_of(np.eye(4))), 2),
        (Tried(head_box=BOX, pose=matrix_of(np.zeros((4, 4)))), 1),
    ],
)
def test_a_refused_scan_shows_what_was_tried(results, tried, rows):
    write_record(results, tried=tried)
    assert main(arguments(results, YEAR1)) == 0
    assert height(results / layout.registration_figure("sub-01", "year1", "18FFDG")) == 40 + 170 + 26 + 272 * rows


def test_an_accepted_fault_is_on_the_picture(results):
    picture = results / layout.registration_figure("sub-01", "baseline", "18FFDG")
    tall = []
    for warnings in ((), (Remark.said("gate_overlap", "overlap is 0.66"),)):
        write_record(results, warnings=warnings)
        assert main(arguments(results, BASELINE)) == 0
        tall.append(height(picture))
    assert tall[1] == tall[0] + 17


def test_a_warning_of_convert_is_on_the_picture_also_of_a_refused_scan(results):
    without = {}
    for warned in (False, True):
        for session in ("baseline", "year1"):
            facts = results / sidecar(layout.scan_image("sub-01", session, "18FFDG", "pet"))
            warning = {"Code": "orientation_declared", "Reason": "the orientation LPS is declared"}
            write_json(facts, {"Warnings": [warning] if warned else []})
        assert main(arguments(results, BASELINE, YEAR1)) == 0
        for session in ("baseline", "year1"):
            tall = height(results / layout.registration_figure("sub-01", session, "18FFDG"))
            assert tall == without.setdefault(session, tall) + (17 if warned else 0)  # a line below the title


def test_without_a_lesion_its_row_of_the_picture_is_gone(results):
    picture = results / layout.registration_figure("sub-01", "baseline", "18FFDG")
    tall = []
    for value in (1.0, 0.0):
        mask = results / layout.lesion_mask("sub-01")
        found = images.read_volume(mask)
        images.write_volume(mask, Volume(found.data * value, found.affine))
        assert main(arguments(results, BASELINE)) == 0
        tall.append(height(picture))
    assert tall[0] - tall[1] == 244  # 188 mm


def test_missing_lesion_mask_is_one_line(results, capsys):
    (results / layout.lesion_mask("sub-01")).unlink()
    assert main(arguments(results, BASELINE)) == 1
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert "label-lesion_mask.nii.gz" in message


def test_missing_transform_is_one_line_and_leaves_no_picture(results, capsys):
    (results / layout.scan_to_participant("sub-01", "baseline", "18FFDG")).unlink()
    assert main(arguments(results, BASELINE)) == 1
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert "does not exist" in message
    assert not (results / "figures").exists()


def test_missing_record_is_one_line(results, capsys):
    (results / layout.registration_record("sub-01")).unlink()
    assert main(arguments(results, BASELINE)) == 1
    assert "_registration.json: cannot be read" in capsys.readouterr().err


def test_half_an_atlas_is_one_line(results, capsys):
    assert main([*arguments(results, BASELINE), "--atlas-labels", "labels.nii.gz"]) == 1
    assert "--atlas-labels and --atlas-table go together" in capsys.readouterr().err


def test_unknown_target_is_one_line(results, capsys):
    assert main([*arguments(results, BASELINE), "--target", "motor"]) == 1
    assert "has no region 'motor'" in capsys.readouterr().err


def test_image_of_another_name_is_one_line(results, capsys):
    assert main(arguments(results, ("baseline", "FDG", "scan.nii.gz"))) == 1
    assert "is not named" in capsys.readouterr().err
