import json
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from pet_spect import extract_uptake
from pet_spect.cli import main
from pet_spect.errors import ImageError, RefusedError
from pet_spect.imaging.images import write_affine, write_refusal, write_scan, write_volume, write_warp
from pet_spect.model import Refusal, Volume, Warp
from pet_spect.quantify.smoothing import blur
from pet_spect.registration.common_resolution import ToCommon
from pet_spect.remarks import Remark, read_cell, write_remark
from pet_spect.results import layout
from pet_spect.results.record_values import VolumesMl, matrix_of
from pet_spect.results.registration.registration_entries import RefusedAnat, RegisteredAnat, ViewBox
from pet_spect.results.registration.registration_record import write_registration_record
from pet_spect.tsv import parse_float, read_table

from ... import records

WHO = "sub-01"
LABELS = {"FDG": ("18FFDG", "pet"), "IMZ": ("123IIMZ", "spect")}
GRID = (16, 12, 12)


def centred(shape=GRID):
    affine = np.eye(4)
    affine[:3, 3] = -(np.array(shape) - 1) / 2
    return affine


def halves(left, right):
    data = np.full(GRID, left, dtype=np.float32)
    data[GRID[0] // 2 :] = right
    return data


class Participant:
    """A results folder as convert and normalise leave it, with an atlas of one region on each side."""

    def __init__(self, folder):
        self.folder, self.results = folder, folder / "results"
        self.out = self.results / layout.uptake_table(WHO, "toy")
        self.scans = []
        self.entries = []
        self.anat = None
        self.lesion = None
        self.warp = None
        labels = np.zeros(GRID, dtype=np.uint8)
        labels[2:6, 3:9, 3:9], labels[10:14, 3:9, 3:9] = 1, 2
        write_volume(folder / "toy.nii.gz", Volume(labels, centred()))
        (folder / "toy.tsv").write_text("index\tregion\tside\n1\tmotor\tleft\n2\tmotor\tright\n")
        field = Warp(np.zeros((24, 20, 20, 3), dtype=np.float32), centred((24, 20, 20)))
        write_warp(self.results / layout.standard_to_participant(WHO), field)

    def image(self, session, tracer):
        label, datatype = LABELS[tracer]
        path = self.results / layout.scan_image(WHO, session, label, datatype)
        self.scans.append([session, tracer, str(path)])
        return path

    def add(self, session, tracer, data, *, rigid=None, affine=None, refused=False, told=None, **facts):
        volume = Volume(np.asarray(data, dtype=np.float32), centred() if affine is None else affine)
        write_scan(self.image(session, tracer), volume, {"Units": "Bq/mL", "AttenuationCorrection": "CT", **facts})
        label = LABELS[tracer][0]
        if refused:
            refusal = Refusal("normalise", "gate_scale", "scale 1.92")
            self.entries.append(records.refused(session, tracer, label, refusal))
        else:
            matrix = layout.scan_to_participant(WHO, session, label)
            write_affine(self.results / matrix, np.eye(4) if rigid is None else rigid)
            self.entries.append(records.registered(session, tracer, label, **(told or {})))

    def run(self, *more, record=True):
        told = records.record_of(WHO, *self.entries, anat=self.anat, lesion=self.lesion, warp=self.warp)
        write_registration_record(self.results / layout.registration_record(WHO), told)
        return self.measure(*more, record=record)

    def measure(self, *more, record=True):
        words = f"measure --participant {WHO} --results {self.results} --sessions baseline year1 --tracers FDG IMZ"
        words += f" --atlas-labels {self.folder / 'toy.nii.gz'} --atlas-table {self.folder / 'toy.tsv'} --target motor"
        scans = [word for scan in self.scans for word in ("--scan", *scan)]
        recorded = ["--record-refusal"] if record else []
        return main([*words.split(), *scans, "--out", str(self.out), *recorded, *more])

    def rows(self, session="baseline", tracer="FDG"):
        return {
            (row["region"], row["side"]): row
            for row in read_table(self.out)
            if (row["session"], row["tracer"]) == (session, tracer)
        }

    def sidecar(self):
        return json.loads(self.out.with_suffix(".json").read_text())

    def told(self, session="baseline", tracer="FDG"):
        (scan,) = (scan for scan in self.sidecar()["Scans"] if (scan["Session"], scan["Tracer"]) == (session, tracer))
        return scan


@pytest.fixture
def person(tmp_path):
    return Participant(tmp_path)


def test_a_left_cold_right_hot_scan(person):
    person.add("baseline", "FDG", halves(60.0, 90.0), SUVbwFactor=0.01, Simulated=True)
    assert person.run() == 0
    rows = person.rows()
    assert (rows["motor", "left"]["mean"], rows["motor", "right"]["mean"]) == ("60", "90")
    assert rows["motor", "left"]["unit"] == "Bq/mL"
    assert float(rows["motor", "left"]["volume_ml"]) == pytest.approx(0.144)
    told = person.told()
    assert set(told.pop("Sensitivities")) == {"motor"}
    known = {key: value for key, value in told.pop("Protocol").items() if value not in (None, [])}
    assert known == {"Attenuation": "CT", "VoxelMm": [1.0, 1.0, 1.0]}
    assert told == {
        "Session": "baseline",
        "Tracer": "FDG",
        "Status": "measured",
        "Stage": None,
        "Code": None,
        "Reason": None,
        "Warnings": [],
        "Unit": "Bq/mL",
        "SUVbwFactor": 0.01,
        "SUVReason": None,
        "AttenuationCorrection": True,
        "CutAt": [],
        "DeficitMl": {"left": 0.0, "right": 0.0},
        "Accepted": [],
        "LesionSeenMl": {"left": 0.0, "right": 0.0},
        "LesionSeenIn": None,
        "Simulated": True,
    }


def test_every_session_and_tracer_has_rows_though_one_scan_is_listed(person):
    person.add("baseline", "FDG", halves(60.0, 90.0))
    person.run()
    assert len(read_table(person.out)) == 4 * 4
    missing = person.rows("year1", "IMZ")["motor", "left"]
    assert (missing["mean"], missing["reason"]) == ("n/a", Remark.of("no_scan").text)
    assert person.told("year1", "IMZ")["Status"] == "missing"


def test_nobody_scanned_still_gives_a_table(person):
    assert person.run() == 0
    assert {row["reason"] for row in read_table(person.out)} == {Remark.of("no_scan").text}


def test_the_rigid_transform_takes_participant_points_to_the_scan(person):
    away, rigid = centred(), np.eye(4)
    away[1, 3] += 30.0
    rigid[1, 3] = 30.0
    person.add("baseline", "FDG", halves(60.0, 90.0), affine=away, rigid=rigid)
    assert person.run() == 0
    assert person.rows()["motor", "left"]["mean"] == "60"


@pytest.mark.parametrize(("declared", "expected"), [("none", False), ("CT-based", True), (None, None)])
def test_attenuation_correction_is_told(person, declared, expected):
    person.add("baseline", "IMZ", halves(60.0, 90.0), AttenuationCorrection=declared)
    person.run()
    assert person.told("baseline", "IMZ")["AttenuationCorrection"] is expected


def test_a_refused_conversion_is_recorded(person):
    write_refusal(person.image("baseline", "FDG"), Refusal("convert", "mixed_orientation", "two orientations"))
    person.add("year1", "FDG", halves(60.0, 90.0))
    assert person.run() == 0
    row = person.rows()["motor", "left"]
    assert (row["mean"], row["reason"]) == ("n/a", "mixed_orientation: two orientations")
    assert (person.told()["Status"], person.told()["Stage"]) == ("refused", "convert")
    assert person.rows("year1")["motor", "left"]["mean"] == "60"


def test_a_refused_registration_is_recorded(person):
    person.add("baseline", "FDG", halves(60.0, 90.0), refused=True)
    assert person.run() == 0
    assert person.rows()["motor", "left"]["reason"] == "gate_scale: scale 1.92"


def test_by_hand_a_refused_scan_is_an_error_and_nothing_is_written(person, capsys):
    person.add("baseline", "FDG", halves(60.0, 90.0), refused=True)
    assert person.run(record=False) == 1
    assert "refused by normalise (scale 1.92)" in capsys.readouterr().err
    assert not person.out.exists()


def test_a_target_out_of_view_has_no_mean_and_says_so(person):
    data = halves(60.0, 90.0)
    data[:4] = np.nan
    person.add("baseline", "FDG", data)
    assert person.run() == 0
    row = person.rows()["motor", "left"]
    assert (row["mean"], row["coverage"]) == ("n/a", "0.5")
    assert read_cell(row["reason"])[0].line == HALF_IN_VIEW.line
    assert person.rows()["motor", "right"]["mean"] == "90"


def test_by_hand_a_target_out_of_view_is_an_error(person, capsys):
    person.add("baseline", "FDG", np.where(np.arange(16)[:, None, None] < 4, np.nan, halves(60.0, 90.0)))
    assert person.run(record=False) == 1
    assert HALF_IN_VIEW.text in capsys.readouterr().err


def cut_at_the_top(pose=None):
    """What normalise records of a scan in which half of the target, voxels 3 to 8, is in view."""
    return {"cut_at": ("top",), "view": view_to(5.5), "own_pose": None if pose is None else matrix_of(pose)}


def view_to(last):
    return ViewBox(first=(-0.5, -0.5, -0.5), last=(15.5, 11.5, last))


BRAIN_CUT = Remark.of("brain_cut", sides=["top"])
HALF_IN_VIEW = Remark.of("low_coverage", case="whole", share=0.5, region="motor left", needed=0.9)
HALF = Remark.of("low_coverage", case="cut", share=0.5, region="motor left", needed=0.9, sides=["top"]).line


@pytest.mark.parametrize("fill", [np.nan, 0.0])
def test_the_target_of_a_cut_scan_has_no_mean_even_if_the_missing_slices_hold_zeros(person, fill):
    data = halves(60.0, 90.0)
    data[:, :, 6:] = fill
    person.add("baseline", "FDG", data, told=cut_at_the_top())
    assert person.run() == 0
    row = person.rows()["motor", "left"]
    assert (row["mean"], row["coverage"]) == ("n/a", "0.5")
    assert [remark.line for remark in read_cell(row["reason"])] == [HALF, BRAIN_CUT.line]
    assert person.told()["CutAt"] == ["top"]
    assert [warning["Code"] for warning in person.told()["Warnings"]] == ["brain_cut"]


def test_the_coverage_of_a_cut_scan_without_a_whole_one_is_that_of_its_own_pose(person):
    up = np.eye(4)
    up[2, 3] = 2.0  # the target is in voxels 5 to 10, whatever the warp says
    told = {**cut_at_the_top(up), "view": view_to(8.5)}
    data = halves(60.0, 90.0)
    data[:, :, 9:] = 0
    person.add("baseline", "FDG", data, told=told)
    assert person.run() == 0
    row = person.rows()["motor", "left"]
    assert (row["mean"], row["sd"]) == ("n/a", "n/a")
    assert float(row["coverage"]) == pytest.approx(4 / 6)
    assert [remark.code for remark in read_cell(row["reason"])] == ["low_coverage", "brain_cut"]


def test_a_cut_that_leaves_the_target_in_view_is_a_warning_and_the_target_has_its_mean(person):
    told = {**cut_at_the_top(np.eye(4)), "view": view_to(8.5)}
    person.add("baseline", "FDG", halves(60.0, 90.0), told=told)
    assert person.run() == 0
    row = person.rows()["motor", "left"]
    assert (row["mean"], row["coverage"]) == ("60", "1")
    assert row["reason"] == BRAIN_CUT.line


def test_by_hand_a_cut_target_is_an_error_that_names_the_side(person, capsys):
    person.add("baseline", "FDG", halves(60.0, 90.0), told=cut_at_the_top(np.eye(4)))
    assert person.run(record=False) == 1
    assert capsys.readouterr().err.endswith("is needed; the brain is cut at the top\n")


def test_the_deficit_that_a_scan_itself_shows_is_told_of_that_scan(person):
    for session, left in (("baseline", 12.5), ("year1", 0.0)):
        told = {"deficit_ml": VolumesMl(left=left, right=1.0)}
        person.add(session, "FDG", halves(60.0, 90.0), told=told)
    person.run()
    assert [person.told(session)["DeficitMl"]["left"] for session in ("baseline", "year1")] == [12.5, 0.0]


def test_a_flag_of_normalise_is_a_warning_of_its_scan_alone(person):
    flag = Remark.of("uptake_pattern", case="confirmed", distance=4.1, usual=3.5)
    person.add("baseline", "FDG", halves(60.0, 90.0), told={"flags": (flag,)})
    person.add("year1", "FDG", halves(60.0, 90.0))
    person.run()
    assert (person.told("baseline")["Warnings"], person.told("year1")["Warnings"]) == ([write_remark(flag)], [])
    assert person.rows()["motor", "left"]["reason"] == flag.line


def test_an_image_that_cannot_be_read_is_recorded_as_a_refusal(person):
    person.add("baseline", "FDG", halves(60.0, 90.0))
    Path(person.scans[0][2]).write_bytes(b"not an image")
    assert person.run() == 0
    assert person.told()["Code"] == "image_unreadable"


def mask(person, name, slices):
    data = np.zeros(GRID, dtype=np.uint8)
    data[slices] = 1
    path = person.folder / name
    nib.save(nib.Nifti1Image(data, centred()), path)
    return str(path)


def test_a_lesion_mask_is_left_out_of_the_lesionfree_target(person):
    data = halves(60.0, 90.0)
    data[2] = 0.0
    person.add("baseline", "FDG", data)
    lesion = mask(person, "sub-01_space-MNI152NLin2009cSym_label-lesion_mask.nii.gz", np.s_[2:3, 3:9, 3:9])
    assert person.run("--lesion-mask", lesion) == 0
    rows = person.rows()
    assert (rows["motor", "left"]["mean"], rows["motor_lesionfree", "left"]["mean"]) == ("45", "60")
    assert rows["motor_lesionfree", "left"]["lesion_fraction"] == "0.25"


def test_the_edge_of_the_target_weighs_less_if_folds_may_be_misplaced(person):
    data = halves(60.0, 90.0)
    data[2] = 0.0
    person.add("baseline", "FDG", data)
    assert person.run() == 0
    even = float(person.rows()["motor", "left"]["mean"])
    assert person.run("--misplacement-mm", "2") == 0
    rows = person.rows()
    weighed = float(rows["motor", "left"]["mean"])
    assert weighed != even
    assert rows["motor", "right"]["mean"] == "90"

    person.warp = replace(records.WARP, misplacement_mm=2.0)
    lesion = np.zeros(GRID, dtype=np.float32)
    write_volume(person.results / layout.lesion_mask(WHO), Volume(lesion, centred()))
    assert person.run() == 0
    assert float(person.rows()["motor", "left"]["mean"]) == weighed
    assert person.sidecar()["MisplacementMm"] == 2.0
    lesion[2:4, 3:9, 3:9] = 1  # half of the left box
    write_volume(person.results / layout.lesion_mask(WHO), Volume(lesion, centred()))
    assert person.run() == 0
    assert float(person.rows()["motor", "left"]["mean"]) == even


@pytest.mark.parametrize("told", ["-1", "nan", "inf", "some"])
def test_a_misplacement_is_auto_or_a_number_from_0_on(person, capsys, told):
    person.add("baseline", "FDG", halves(60.0, 90.0))
    with pytest.raises(SystemExit):
        person.run("--misplacement-mm", told)
    assert "neither auto nor a number of mm" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (records.lesion("estimated", code="lesion_mask_image_refused", reason="gone"), "lesion_mask_image_refused"),
        (None, "lesion_mask_estimated"),
    ],
)
def test_an_estimated_lesion_does_not_pass_for_the_one_that_was_drawn(person, told, code):
    person.add("baseline", "FDG", halves(60.0, 90.0))
    person.lesion = told
    assert person.run("--lesion-mask", str(person.results / layout.lesion_mask("sub-01"))) == 0
    assert person.rows()["motor_lesionfree", "left"]["reason"].startswith(code)


DOUBTS = {"orientation_declared": "LPS", "weight_conflict": "70 and 71"}


def test_warnings_of_convert_stand_in_every_row_of_the_scan_but_doubts_about_suv_do_not(person):
    told = [write_remark(Remark.said(code, text)) for code, text in DOUBTS.items()]
    person.add("baseline", "FDG", halves(60.0, 90.0), Warnings=told)
    person.run()
    reasons = {region: row["reason"] for (region, _), row in person.rows().items()}
    assert reasons == {
        "motor": "orientation_declared: LPS",
        "motor_lesionfree": f"{Remark.of('no_lesion_mask').line}; orientation_declared: LPS",
    }
    assert person.told()["Warnings"] == told


def test_an_accepted_gate_is_a_warning_of_its_scan_alone(person):
    for session in ("baseline", "year1"):
        person.add(session, "FDG", halves(60.0, 90.0))
    fault = Remark.said("gate_overlap", "overlap is 0.66 (accepted in qc.tsv)")
    person.entries[1] = replace(person.entries[1], warnings=(fault,))
    person.run()
    assert person.told("baseline")["Warnings"] == person.told("baseline")["Accepted"] == []
    assert person.told("year1")["Warnings"] == person.told("year1")["Accepted"] == [write_remark(fault)]
    assert person.rows("year1")["motor", "left"]["reason"] == "gate_overlap: overlap is 0.66 (accepted in qc.tsv)"


def test_a_scan_refused_after_convert_keeps_its_warnings(person):
    told = [write_remark(Remark.said("orientation_declared", "LPS"))]
    person.add("baseline", "FDG", halves(60.0, 90.0), refused=True, Warnings=told, Simulated=True)
    person.run()
    assert (person.told()["Status"], person.told()["Warnings"], person.told()["Simulated"]) == ("refused", told, True)
    assert person.rows()["motor", "left"]["reason"] == "gate_scale: scale 1.92; orientation_declared: LPS"


def test_without_a_lesion_mask_the_lesionfree_target_says_so(person):
    person.add("baseline", "FDG", halves(60.0, 90.0))
    person.run()
    assert person.rows()["motor_lesionfree", "left"]["reason"] == Remark.of("no_lesion_mask").line


IN_SPACE = "DOE_JOHN_space-MNI152NLin2009cSym_mask.nii.gz"
BAD_MASKS = [
    ("DOE_JOHN.nii.gz", slice(2, 3), "lesion_mask_space", "does not say space-MNI152NLin2009cSym"),
    (IN_SPACE, slice(0, 0), "lesion_mask_empty", "holds no voxel above 0.5"),
    (IN_SPACE, slice(0, 1), "lesion_mask_outside", "0% of the mask lies in the brain"),
    (IN_SPACE, None, "lesion_mask_unreadable", "is not a readable NIfTI image"),
]


def bad_mask(person, name, slices):
    if slices is not None:
        return mask(person, name, slices)
    (person.folder / name).write_bytes(b"not an image")
    return str(person.folder / name)


@pytest.mark.parametrize(("name", "slices", "code", "message"), BAD_MASKS)
def test_by_hand_a_lesion_mask_that_cannot_be_meant_is_an_error(person, capsys, name, slices, code, message):
    person.add("baseline", "FDG", halves(60.0, 90.0))
    assert person.run("--lesion-mask", bad_mask(person, name, slices), record=False) == 1
    told = capsys.readouterr().err
    assert message in told
    assert "the lesion mask of sub-01: " in told
    assert "DOE" not in told


@pytest.mark.parametrize(("name", "slices", "code", "message"), BAD_MASKS)
def test_a_lesion_mask_that_cannot_be_meant_costs_the_lesionfree_rows_alone(person, name, slices, code, message):
    person.add("baseline", "FDG", halves(60.0, 90.0))
    assert person.run("--lesion-mask", bad_mask(person, name, slices)) == 0
    rows = person.rows()
    assert (person.told()["Status"], rows["motor", "left"]["mean"]) == ("measured", "60")
    lesionfree = rows["motor_lesionfree", "left"]
    assert lesionfree["mean"] == "n/a"
    assert lesionfree["reason"].startswith(f"{code}: the lesion mask of sub-01: ")
    assert message in lesionfree["reason"]
    assert [warning["Code"] for warning in person.told()["Warnings"]] == [code]
    assert person.told("year1", "FDG")["Warnings"] == []
    assert "DOE" not in person.out.read_text() + person.out.with_suffix(".json").read_text()


def test_a_target_the_atlas_lacks_is_an_error(person, capsys):
    assert person.run("--target", "thalamus") == 1
    assert "has no region 'thalamus' with a left and a right side" in capsys.readouterr().err


def test_a_scan_of_an_unknown_session_is_an_error(person, capsys):
    person.add("year9", "FDG", halves(60.0, 90.0))
    assert person.run() == 1
    assert "--scan year9 FDG: is not among --sessions and --tracers" in capsys.readouterr().err


def test_a_scan_the_registration_does_not_know_is_an_error(person, capsys):
    person.add("baseline", "FDG", halves(60.0, 90.0))
    person.entries.clear()
    assert person.run() == 1
    assert "the registration record does not know session baseline, tracer FDG" in capsys.readouterr().err


def ramp():
    """Uptake 50 + 2 per mm to the right."""
    return np.broadcast_to((50 + 2 * (np.arange(GRID[0]) - 7.5))[:, np.newaxis, np.newaxis], GRID)


def test_the_sidecar_tells_how_uptake_responds_to_a_shift_of_the_regions(person):
    person.add("baseline", "FDG", ramp())
    person.run()
    noise, *motion = person.told()["Sensitivities"]["motor"]["left"]
    assert noise is None  # a single scan
    assert motion == pytest.approx([2.0, 0, 0, 0, 0, 0, 0], abs=1e-4)


def test_the_border_of_a_probable_lesion_counts_for_the_lesionfree_target(person):
    # The left box spans the voxels 2 to 5; at 0.3 the lesion holds 4 and 5, at 0.7 only 5.
    mask = np.zeros(GRID, dtype=np.float32)
    mask[4, 3:9, 3:9], mask[5, 3:9, 3:9] = 0.5, 1.0
    path = person.folder / "sub-01_space-MNI152NLin2009cSym_label-lesion_mask.nii.gz"
    write_volume(path, Volume(mask, centred()))
    person.add("baseline", "FDG", ramp())
    person.run("--lesion-mask", str(path), "--misplacement-mm", "0")
    told = person.told()["Sensitivities"]
    means = [np.mean([50 + 2 * (x - 7.5) for x in left]) for left in ((2, 3), (2, 3, 4))]
    assert told["motor_lesionfree"]["left"][-1] == pytest.approx((means[1] - means[0]) / 2)
    assert told["motor_lesionfree"]["right"][-1] == 0.0
    assert told["motor"]["left"][-1] == 0.0


def test_the_same_scans_give_the_same_bytes(person):
    noise = np.random.default_rng(1).standard_normal((2, *GRID))
    person.add("baseline", "FDG", ramp() + noise[0])
    person.add("year1", "FDG", ramp() + noise[1])
    written = []
    for _ in range(2):
        person.run()
        written.append(person.out.read_bytes() + person.out.with_suffix(".json").read_bytes())
    assert written[0] == written[1]


def test_every_scan_says_that_the_anatomical_image_was_refused(person):
    person.add("baseline", "FDG", halves(60.0, 90.0))
    person.anat = RefusedAnat(kind="unknown", refusal=Refusal("convert", "anat_thick", "6 mm"))
    assert person.run() == 0
    refused = Remark.of("anat_refused", refusal="anat_thick", reason="6 mm")
    assert person.told()["Warnings"] == [write_remark(refused)]
    assert person.rows()["motor", "left"]["mean"] == "60"


def test_an_anatomical_image_that_was_used_is_no_warning(person):
    person.add("baseline", "FDG", halves(60.0, 90.0))
    person.anat = RegisteredAnat(kind="T1w", measured=records.MEASURED)
    assert person.run() == 0
    assert person.told()["Warnings"] == []


def test_a_scan_is_blurred_to_the_common_resolution_before_it_is_measured(person, tmp_path, monkeypatch):
    warning = Remark.said("resolution_coarser", "coarser")
    planned = {("baseline", "FDG"): ToCommon(6.0, 0.2, 3.0), ("year1", "FDG"): ToCommon(9.0, 0.3, 0.0, (warning,))}
    asked = []

    def plan(wanted, resolutions):
        asked.append((wanted, sorted(resolutions)))
        return planned

    point = np.zeros(GRID, dtype=np.float32)
    point[4, 6, 6] = 1000.0
    blurred_before = Participant(tmp_path / "blurred")
    blurred_before.add("baseline", "FDG", blur(Volume(point, centred()), 3.0).data)
    blurred_before.add("year1", "FDG", point)
    assert blurred_before.run() == 0
    monkeypatch.setattr("pet_spect.commands.measure.scan_resolutions", lambda images, *_: dict.fromkeys(images))
    monkeypatch.setattr("pet_spect.registration.common_resolution.plan", plan)
    person.add("baseline", "FDG", point)
    person.add("year1", "FDG", point)
    assert person.run("--common-fwhm", "8") == 0
    assert asked == [(8.0, [("baseline", "FDG"), ("year1", "FDG")])]
    for session in ("baseline", "year1"):
        mean, expected = (each.rows(session)["motor", "left"]["mean"] for each in (person, blurred_before))
        assert mean == expected
    assert person.rows()["motor", "left"]["mean"] != person.rows("year1")["motor", "left"]["mean"]
    assert person.rows()["motor", "left"]["reason"] == "n/a"
    assert person.told()["EstimatedFWHMmm"] == 6.0
    assert person.told()["AppliedBlurFWHMmm"] == 3.0
    assert person.rows("year1")["motor", "left"]["reason"] == "resolution_coarser: coarser"


def test_resolution_is_not_told_unless_asked(person):
    person.add("baseline", "FDG", halves(60.0, 90.0))
    assert person.run() == 0
    assert "EstimatedFWHMmm" not in person.told()


@pytest.mark.slow
def test_a_scan_without_enough_brain_is_measured_as_it_is_and_says_so(person):
    person.add("baseline", "FDG", halves(60.0, 90.0))
    person.add("year1", "FDG", halves(60.0, 90.0))
    assert person.run("--common-fwhm", "auto") == 0
    told = person.told()
    assert (told["EstimatedFWHMmm"], told["AppliedBlurFWHMmm"]) == (None, 0)
    assert [warning["Code"] for warning in told["Warnings"]] == ["resolution_unknown"]
    assert person.rows()["motor", "left"]["mean"] == "60"


def test_scans_of_unknown_resolution_have_corrected_rows_that_say_so(person, monkeypatch):
    from pet_spect.registration.resolution_estimate import Resolution

    unknown = Resolution(float("nan"), float("nan"), "too little of the brain is in view")
    monkeypatch.setattr(
        "pet_spect.commands.measure.scan_resolutions", lambda images, *_: dict.fromkeys(images, unknown)
    )
    person.add("baseline", "FDG", halves(60.0, 90.0))
    assert person.run("--pvc", "gtm") == 0
    row = person.rows()["motor_gtm", "left"]
    assert row["mean"] == "n/a"
    assert row["reason"].startswith("partial_volume_resolution: the resolution of this scan is unknown")
    assert person.rows()["motor", "left"]["mean"] == "60"
    assert person.rows("year1")["motor_gtm", "left"]["reason"] == "no scan listed"


def test_a_record_of_a_version_that_did_not_ask_for_the_side_is_refused(person, capsys):
    person.add("baseline", "FDG", np.ones((24, 20, 20)))
    assert person.run() == 0
    path = person.results / layout.registration_record(WHO)
    path.write_text(path.read_text().replace('"DeficitMl"', '"Old"'))
    assert person.measure() == 1
    assert "run normalise again" in capsys.readouterr().err


def lesion_of(person, source, where):
    """Let the registration have used a lesion."""
    data = np.zeros(GRID, dtype=np.float32)
    data[where] = 1
    write_volume(person.results / layout.lesion_mask(WHO), Volume(data, centred()))
    person.lesion = records.lesion(source)
    return str(person.results / layout.lesion_mask(WHO))


def up_by(mm):
    matrix = np.eye(4)
    matrix[2, 3] = mm
    return matrix


@pytest.mark.parametrize("source", ["given", "estimated"])
@pytest.mark.parametrize(
    "told", [None, {**cut_at_the_top(up_by(0.5)), "view": ViewBox(first=(0.0, 0.0, 0.0), last=(15.0, 11.0, 9.0))}]
)
def test_the_public_function_reads_in_the_files_of_the_workflow_what_the_workflow_does(person, source, told):
    data = np.random.default_rng(3).uniform(50, 90, GRID)
    person.add("baseline", "FDG", data, rigid=up_by(0.7), told=told)
    person.add("year1", "FDG", data, refused=True)
    person.warp = replace(records.WARP, misplacement_mm=1.5)
    lesion = lesion_of(person, source, np.s_[2:3, 3:6, 3:9])
    assert person.run(*(["--lesion-mask", lesion] if source == "given" else [])) == 0
    table = person.rows()
    atlas = (person.folder / "toy.nii.gz", person.folder / "toy.tsv")
    (image, refused) = (scan[2] for scan in person.scans)
    found = extract_uptake(image, atlas, results=person.results, target=["motor"])
    assert len(found) == len(table) == 4
    for row in found.to_dict("records"):
        told = table[row["region"], row["side"]]
        for name in ("mean", "sd", "volume_ml", "coverage", "lesion_fraction"):
            assert row[name] == pytest.approx(parse_float(told[name]), rel=1e-11, nan_ok=True), name
    assert person.run("--misplacement-mm", "0", *(["--lesion-mask", lesion] if source == "given" else [])) == 0
    unweighted = extract_uptake(image, atlas, results=person.results, target="motor", misplacement_mm=0)
    assert unweighted["mean"][0] == pytest.approx(float(person.rows()["motor", "left"]["mean"]), rel=1e-11)
    alike = extract_uptake(image, atlas, results=person.results, target=[])
    assert (alike["mean"] != found["mean"][:2]).any()
    with pytest.raises(RefusedError, match="refused by normalise"):
        extract_uptake(refused, atlas, results=person.results)


def test_results_that_do_not_know_a_scan_are_an_error(person):
    person.add("baseline", "FDG", halves(60.0, 90.0))
    person.run()
    record = person.results / layout.registration_record(WHO)
    record.write_text(record.read_text().replace('"18FFDG"', '"11CPIB"'))
    with pytest.raises(ImageError, match="knows no scan of session baseline with the label 18FFDG"):
        extract_uptake(person.scans[0][2], results=person.results)


def test_a_region_is_measured_without_its_lesion_once_however_often_that_is_asked(person, capsys):
    person.add("baseline", "FDG", halves(60.0, 90.0))
    assert person.run("--lesionfree", "motor") == 0
    names = [row["region"] for row in read_table(person.out)]
    assert names.count("motor_lesionfree") == 4 * 2  # visits, scanned or not, and sides
    assert person.run("--lesionfree", "mtoor") == 1
    assert "has no region 'mtoor'" in capsys.readouterr().err
