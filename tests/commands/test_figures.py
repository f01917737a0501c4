from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pet_spect.cli import main
from pet_spect.files import sidecar, write_json
from pet_spect.imaging import images
from pet_spect.model import Refusal, Volume, Warp
from pet_spect.results import layout
from pet_spect.results.registration_record import read_record

pytestmark = pytest.mark.slow

AFFINE = np.array([[4.0, 0, 0, -96], [0, 4.0, 0, -132], [0, 0, 4.0, -78], [0, 0, 0, 1]])
SHAPE = (49, 58, 49)


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
    lesion = np.zeros(SHAPE, dtype=np.float32)
    lesion[30:36, 30:36, 28:34] = 1.0
    images.write_volume(tmp_path / layout.lesion_mask("sub-01"), Volume(lesion, AFFINE))
    images.write_refusal(
        tmp_path / layout.scan_image("sub-01", "year1", "123IIMZ", "spect"), Refusal("convert", "nm_order", "no vector")
    )
    refused = {"Session": "year1", "Status": "refused", "Stage": "normalise", "Code": "scale", "Reason": "scale 1.9"}
    record = {
        "Participant": "sub-01",
        "Scans": [
            {"Session": "baseline", "Tracer": "FDG", "Status": "registered", "Similarity": 0.9},
            {**refused, "Tracer": "FDG"},
        ],
        "Lesion": {"Source": "given", "VolumeMl": {"left": 0.0, "right": 13.8}},
        "Warp": {"JacobianLow": 0.6},
    }
    write_json(tmp_path / layout.registration_record("sub-01"), record)
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
    assert sorted((results / "figures" / "sub-01").iterdir()) == sorted(pictures)


@pytest.mark.parametrize(
    ("tried", "rows"),
    [
        ({"HeadBox": None, "Pose": None}, 1),
        ({"HeadBox": [[9, 40], [18, 49], [6, 33]], "Pose": None}, 1),
        ({"HeadBox": [[9, 40], [18, 49], [6, 33]], "Pose": np.eye(4).tolist()}, 2),
        ({"HeadBox": [[9, 40], [18, 49], [6, 33]], "Pose": np.zeros((4, 4)).tolist()}, 1),
    ],
)
def test_a_refused_scan_shows_what_was_tried(results, tried, rows):
    path = results / layout.registration_record("sub-01")
    record = read_record(path)
    record["Scans"][1] |= tried
    write_json(path, record)
    assert main(arguments(results, YEAR1)) == 0
    assert height(results / layout.registration_figure("sub-01", "year1", "18FFDG")) == 40 + 170 + 26 + 272 * rows


def test_an_accepted_fault_is_on_the_picture(results):
    path = results / layout.registration_record("sub-01")
    picture = results / layout.registration_figure("sub-01", "baseline", "18FFDG")
    tall = []
    for warnings in ([], [{"Code": "gate_overlap", "Reason": "overlap is 0.66"}]):
        record = read_record(path)
        record["Scans"][0]["Warnings"] = warnings
        write_json(path, record)
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
    assert "is not an ITK affine transform" in message
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
