import json
from functools import partial

import nibabel as nib
import numpy as np
import pytest

from pet_spect.cli import main
from pet_spect.errors import ImageError
from pet_spect.imaging import images
from pet_spect.imaging.resample import apply_affine, displace, sample
from pet_spect.model import Refusal
from pet_spect.registration.gates import plausibility
from pet_spect.registration.itk import use_threads
from pet_spect.results import layout

from ...phantoms import phantom

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("kept_templates", "short_warp", "known_registrations")]

FDG = ("sub-01", "baseline", "18FFDG")
LOST = ("sub-01", "year1", "18FFDG")
FACTS = {"Units": "Bq/mL", "SkullStripped": False}


@pytest.fixture(autouse=True)
def one_thread():
    use_threads(1)


def put_refusal(results, scan):
    path = results / layout.scan_image(*scan, "pet")
    images.write_refusal(path, Refusal("convert", "slice_spacing", "a slice is missing"))
    return path


def record(results):
    return json.loads((results / layout.registration_record("sub-01")).read_text())


@pytest.fixture(scope="module")
def registered(kept_templates, short_warp, known_registrations, tmp_path_factory):
    """One good scan and one that convert refused, registered with --record-refusal."""
    use_threads(1)
    results = tmp_path_factory.mktemp("results")
    good = results / layout.scan_image(*FDG, "pet")
    images.write_scan(good, phantom("FDG", 3), FACTS)
    lost = put_refusal(results, LOST)
    arguments = ["normalise", "--participant", "sub-01", "--results", str(results), "--record-refusal"]
    assert main([*arguments, "--scan", "baseline", "FDG", str(good), "--scan", "year1", "FDG", str(lost)]) == 0
    return results


def test_a_good_scan_reaches_standard_space_with_left_on_the_left(registered):
    path = registered / layout.standard_image(*FDG, "pet")
    standard = images.read_scan(path)
    left, right = sample(standard, np.array([[-38.0, -14, 54], [38.0, -14, 54]]))
    assert left > 1.3 * right
    assert images.read_sidecar(path)["Units"] == "Bq/mL"


def test_the_transforms_take_a_scan_that_lies_in_standard_space_to_itself(registered):
    rigid = images.read_affine(registered / layout.scan_to_participant(*FDG))
    warp = images.read_warp(registered / layout.participant_to_standard("sub-01"))
    points = np.array([[-38.0, -14, 54], [38, -14, 54], [0, -20, 10]])
    assert np.linalg.norm(apply_affine(rigid, displace(warp, points)) - points, axis=1).max() < 3.0


def test_a_refused_scan_has_placeholders_and_its_reason(registered):
    with pytest.raises(ImageError):
        images.read_affine(registered / layout.scan_to_participant(*LOST))
    refusal = images.read_refusal(registered / layout.standard_image(*LOST, "pet"))
    assert (refusal.stage, refusal.code) == ("convert", "slice_spacing")
    good, lost = record(registered)["Scans"]
    assert (good["Status"], lost["Status"], lost["Reason"]) == ("registered", "refused", "a slice is missing")
    assert 0.8 < good["Similarity"] <= 1.0


def test_with_nothing_left_the_warps_are_placeholders_too(tmp_path):
    lost = put_refusal(tmp_path, LOST)
    arguments = [
        "normalise",
        "--participant",
        "sub-01",
        "--results",
        str(tmp_path),
        "--scan",
        "year1",
        "FDG",
        str(lost),
    ]
    assert main([*arguments, "--record-refusal"]) == 0
    for name in (layout.participant_to_standard("sub-01"), layout.standard_to_participant("sub-01")):
        with pytest.raises(ImageError):
            images.read_warp(tmp_path / name)
    assert record(tmp_path)["Warp"] is None


def test_an_excluded_scan_takes_no_part_and_the_record_says_why(tmp_path):
    scan = tmp_path / layout.scan_image(*FDG, "pet")
    images.write_scan(scan, phantom("FDG", 3), FACTS)
    arguments = ["normalise", "--participant", "sub-01", "--results", str(tmp_path), "--record-refusal"]
    arguments += ["--scan", "baseline", "FDG", str(scan), "--exclude", "baseline", "FDG", "another person"]
    assert main(arguments) == 0
    (entry,) = record(tmp_path)["Scans"]
    assert (entry["Stage"], entry["Code"], entry["Reason"]) == ("decision", "excluded", "another person")
    assert images.read_refusal(tmp_path / layout.standard_image(*FDG, "pet")).code == "excluded"


def test_a_scan_with_flipped_voxel_axes_gives_what_the_same_scan_in_canonical_order_gives(tmp_path):
    found = []
    for order in ("RAS", "LPI"):
        results = tmp_path / order
        path = results / layout.scan_image(*FDG, "pet")
        images.write_scan(path, phantom("FDG", 3), FACTS)
        turn = nib.orientations.ornt_transform(*map(nib.orientations.axcodes2ornt, ("RAS", order)))
        nib.save(nib.Nifti1Image.from_bytes(nib.load(path).to_bytes()).as_reoriented(turn), path)
        assert nib.aff2axcodes(nib.load(path).affine) == tuple(order)
        arguments = ["normalise", "--participant", "sub-01", "--results", str(results), "--scan", "baseline", "FDG"]
        assert main([*arguments, str(path)]) == 0
        found.append((record(results), images.read_volume(results / layout.standard_image(*FDG, "pet")).data))
    for told, _ in found:
        told.pop("Provenance")  # the two files have other bytes
        told.pop("OutputSha256")
    assert found[0][0] == found[1][0]
    assert np.array_equal(found[0][1], found[1][1], equal_nan=True)


def test_by_hand_a_refused_scan_is_an_error_and_nothing_is_written(tmp_path, capsys):
    lost = put_refusal(tmp_path, LOST)
    arguments = [
        "normalise",
        "--participant",
        "sub-01",
        "--results",
        str(tmp_path),
        "--scan",
        "year1",
        "FDG",
        str(lost),
    ]
    assert main(arguments) == 1
    assert capsys.readouterr().err == "pet-spect normalise: a slice is missing\n"
    assert not (tmp_path / "sub-01" / "xfm").exists()


@pytest.mark.parametrize("accept", [True, False])
def test_a_scan_outside_a_gate_goes_on_if_a_person_accepts_it_and_else_its_record_tells_what_was_tried(
    tmp_path, monkeypatch, accept
):
    monkeypatch.setattr(plausibility, "Gates", partial(plausibility.Gates, overlap_min=0.999))
    scan = tmp_path / layout.scan_image(*FDG, "pet")
    images.write_scan(scan, phantom("FDG", 3), FACTS)
    arguments = ["normalise", "--participant", "sub-01", "--results", str(tmp_path), "--record-refusal"]
    arguments += ["--scan", "baseline", "FDG", str(scan)]
    assert main([*arguments, *(["--accept", "baseline", "FDG", "gate_overlap"] if accept else [])]) == 0
    (entry,) = record(tmp_path)["Scans"]
    if accept:
        assert (entry["Status"], record(tmp_path)["Leading"]) == ("registered", "FDG")
        ((code, _, reason),) = (warning.values() for warning in entry["Warnings"])
        assert code == "gate_overlap"
        assert reason.endswith("1.00 is needed (accepted in qc.tsv)")
    else:
        assert (entry["Status"], entry["Code"]) == ("refused", "gate_overlap")
        assert np.shape(entry["HeadBox"]) == (3, 2)
        assert np.linalg.norm(apply_affine(np.array(entry["Pose"]), np.zeros((1, 3)))) < 10


@pytest.mark.parametrize("code", ["gate_mirrored_visit", "gate_of_long_ago"])
def test_by_hand_only_what_an_eye_can_judge_is_accepted(tmp_path, capsys, code):
    scan = ["--scan", "baseline", "FDG", "sub-01_ses-baseline_trc-18FFDG_pet.nii.gz"]
    arguments = ["normalise", "--participant", "sub-01", "--results", str(tmp_path), *scan]
    put_refusal(tmp_path, FDG)
    assert main([*arguments, "--accept", "baseline", "FDG", code]) == 1
    assert f"--accept baseline FDG: found '{code}', needed one of gate_agreement, " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("scans", "message"),
    [
        ([("year1", "FDG", "scan.nii.gz")], "is not named sub-ID_ses-SESSION_trc-LABEL_pet.nii.gz"),
        ([("a", "FDG", "x"), ("a", "FDG", "y")], "names one session and tracer twice"),
        ([("a", "PIB", "sub-01_ses-a_trc-11CPIB_pet.nii.gz")], "tracer PIB has no template"),
    ],
)
def test_wrong_flags_are_one_line(tmp_path, capsys, scans, message):
    flags = [word for scan in scans for word in ("--scan", *scan)]
    assert main(["normalise", "--participant", "sub-01", "--results", str(tmp_path), *flags]) == 1
    assert message in capsys.readouterr().err
