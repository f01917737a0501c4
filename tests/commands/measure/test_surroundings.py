"""Rings round the lesion and treatment sites, measured by the command in a toy head."""

import numpy as np
import pytest

from pet_spect.cli import main
from pet_spect.imaging import measurable_tissue
from pet_spect.imaging.images import write_affine, write_scan, write_volume, write_warp
from pet_spect.model import Volume, Warp
from pet_spect.remarks import Remark, read_cell
from pet_spect.results import layout
from pet_spect.results.record_values import VolumesMl
from pet_spect.results.registration.registration_entries import RefusedAnat, RegisteredAnat
from pet_spect.results.registration.registration_record import LesionEntry, write_registration_record
from pet_spect.results.registration.transforms import write_participant_to_anat_points
from pet_spect.results.uptake.uptake_record import read_uptake
from pet_spect.tsv import read_table

from ... import records

WHO = "sub-01"
SHAPE = (81, 15, 15)
AFFINE = np.array([[1.0, 0, 0, -40], [0, 1, 0, -7], [0, 0, 1, -7], [0, 0, 0, 1]])
SEEN = LesionEntry(
    source="estimated",
    volume_ml=VolumesMl(left=20.0, right=1.0),
    seen_ml=VolumesMl(left=20.0, right=1.0),
    code=None,
    reason=None,
)


def moved(axis, mm):
    affine = AFFINE.copy()
    affine[axis, 3] += mm
    return affine


def slab(first, last):
    data = np.zeros(SHAPE, dtype=np.float32)
    data[first + 40 : last + 41] = 1
    return Volume(data, AFFINE)


class Person:
    """A results folder with one scan that reads 60 on the left and 90 on the right, 30 mm further forward."""

    def __init__(self, folder):
        self.folder, self.results = folder, folder / "results"
        self.out = self.results / layout.uptake_table(WHO, "toy")
        labels = np.zeros(SHAPE, dtype=np.uint8)
        labels[:40], labels[41:] = 1, 2
        write_volume(folder / "toy.nii.gz", Volume(labels, AFFINE))
        (folder / "toy.tsv").write_text("index\tregion\tside\n1\tmotor\tleft\n2\tmotor\tright\n")
        field = Warp(np.zeros((*SHAPE, 3), dtype=np.float32), AFFINE)
        for name in (layout.standard_to_participant(WHO), layout.participant_to_standard(WHO)):
            write_warp(self.results / name, field)
        write_volume(self.results / layout.lesion_mask(WHO), slab(-28, -26))
        data = np.full(SHAPE, 60.0, dtype=np.float32)
        data[40:] = 90.0
        away, rigid = moved(1, 30), np.eye(4)
        rigid[1, 3] = 30
        self.scan = self.results / layout.scan_image(WHO, "baseline", "18FFDG", "pet")
        write_scan(self.scan, Volume(data, away), {"Units": "Bq/mL", "AttenuationCorrection": "CT"})
        write_affine(self.results / layout.scan_to_participant(WHO, "baseline", "18FFDG"), rigid)

    def run(self, *more, lesion=None, anat=None, record=True):
        entry = records.registered("baseline", "FDG", "18FFDG")
        told = records.record_of(WHO, entry, lesion=lesion, anat=anat, warp=records.WARP)
        write_registration_record(self.results / layout.registration_record(WHO), told)
        words = f"measure --participant {WHO} --results {self.results} --sessions baseline year1 --tracers FDG"
        words += f" --atlas-labels {self.folder / 'toy.nii.gz'} --atlas-table {self.folder / 'toy.tsv'} --target motor"
        words += f" --scan baseline FDG {self.scan} --out {self.out}"
        recorded = ["--record-refusal"] if record else []
        assert main([*words.split(), *recorded, *more]) == (0 if record else 1)
        if not record:
            return {}
        return {(row["region"], row["side"]): row for row in read_table(self.out) if row["session"] == "baseline"}

    def mask(self, name, volume):
        path = self.folder / name
        write_volume(path, volume)
        return str(path)


@pytest.fixture
def person(tmp_path, monkeypatch):
    tissue = Volume(np.ones(SHAPE, dtype=np.float32), AFFINE)
    for name in ("measurable_tissue", "standard_brain"):
        monkeypatch.setattr(measurable_tissue, name, lambda: tissue)
    return Person(tmp_path)


def means(rows, *names):
    return {part: row["mean"] for part, row in rows.items() if part[0].startswith(names)}


def why(row):
    return read_cell(row["reason"])[0].code


def test_rings_round_a_drawn_lesion(person):
    mask = person.mask("a_space-MNI152NLin2009cSym_mask.nii.gz", slab(-28, -26))
    rows = person.run("--lesion-rings", "left", "--lesion-mask", mask)
    assert means(rows, "lesion_ring") == {
        ("lesion_ring_0_10", "left"): "60",
        ("lesion_ring_10_20", "left"): "60",
        ("lesion_ring_0_10_mirrored", "right"): "90",
        ("lesion_ring_10_20_mirrored", "right"): "90",
    }
    assert rows["lesion_ring_0_10", "left"]["reason"] == "n/a"
    assert rows["lesion_ring_0_10", "left"]["volume_ml"] == "4.5"


def test_rings_round_what_the_registration_saw_say_so(person):
    rows = person.run("--lesion-rings", "left", lesion=SEEN)
    row = rows["lesion_ring_0_10", "left"]
    assert (row["mean"], row["reason"]) == ("60", Remark.of("lesion_estimated", seen=20, side="left").line)


@pytest.mark.parametrize(
    ("seen", "side"), [(SEEN, "right"), (records.lesion("estimated", right=9.9), "right"), (None, "left")]
)
def test_without_a_clear_lesion_there_is_no_ring_and_a_reason(person, seen, side):
    rows = person.run("--lesion-rings", side, lesion=seen)
    assert means(rows, "lesion_ring") == {("lesion_ring_0_10", "n/a"): "n/a", ("lesion_ring_10_20", "n/a"): "n/a"}
    assert why(rows["lesion_ring_0_10", "n/a"]) == ("no_value" if seen is None else "no_lesion")


def test_a_mask_with_nothing_on_the_side_of_the_stroke_makes_no_ring(person):
    mask = person.mask("a_space-MNI152NLin2009cSym_mask.nii.gz", slab(10, 12))
    rows = person.run("--lesion-rings", "left", "--lesion-mask", mask, lesion=SEEN)
    assert rows["lesion_ring_0_10", "n/a"]["reason"] == Remark.of("no_lesion", case="mask", side="left").line


def test_a_mask_that_cannot_be_used_is_not_replaced_by_an_estimate(person):
    mask = person.mask("a_space-MNI152NLin2009cSym_mask.nii.gz", slab(5, 4))
    rows = person.run("--lesion-rings", "left", "--lesion-mask", mask, lesion=SEEN)
    assert why(rows["lesion_ring_0_10", "n/a"]) == "lesion_mask_empty"


@pytest.mark.parametrize("sites", ["mni:-20,0,0", "ses-baseline_trc-18FFDG:-20,30,0"])
def test_a_site_in_either_space_is_one_place(person, sites):
    rows = person.run("--treatment", "--treatment-radius", "5", "--treatment-sites", sites)
    assert means(rows, "treatment") == {("treatment_site", "left"): "60", ("treatment_site_mirrored", "right"): "90"}
    assert float(rows["treatment_site", "left"]["volume_ml"]) == pytest.approx(0.515)  # 515 voxels within 5 of one


def test_a_site_on_the_other_side_is_measured_there(person):
    rows = person.run("--treatment", "--treatment-radius", "5", "--treatment-sites", "mni:20,0,0", lesion=SEEN)
    assert means(rows, "treatment") == {("treatment_site", "right"): "90", ("treatment_site_mirrored", "left"): "60"}
    assert float(rows["treatment_site_mirrored", "left"]["lesion_fraction"]) == 0


def test_the_lesion_in_a_mirror_image_is_told(person):
    rows = person.run("--treatment", "--treatment-radius", "5", "--treatment-sites", "mni:27,0,0", lesion=SEEN)
    assert float(rows["treatment_site_mirrored", "left"]["lesion_fraction"]) > 0.3


def test_a_site_given_on_the_anatomical_image(person):
    rigid = np.eye(4)
    rigid[2, 3] = -12
    write_participant_to_anat_points(person.results, WHO, rigid)
    flags = ("--treatment", "--treatment-radius", "5", "--treatment-sites", "anat:-20,0,-12")
    registered = RegisteredAnat(kind="T1w", measured=records.MEASURED)
    rows = person.run(*flags, anat=registered)
    assert rows["treatment_site", "left"]["mean"] == "60"
    # the file is still there when the image is refused in a later run
    refused = RefusedAnat(kind="T1w", refusal=records.Refusal("normalise", "gate_scale", "scale 1.9"))
    assert why(person.run(*flags, anat=refused)["treatment_site", "n/a"]) == "treatment_image_refused"


@pytest.mark.parametrize(
    ("sites", "remark"),
    [
        ("mni:-20,0,0;mni:-60,0,0", Remark.of("treatment_outside", case="point", number=2)),
        ("ses-baseline_trc-18FFDG:-20,0,0", Remark.of("treatment_outside", case="point", number=1)),
        ("mni:0.2,0,0", Remark.of("treatment_outside", case="midline", number=1)),
        ("ses-year1_trc-18FFDG:-20,0,0", Remark.of("treatment_image_refused")),
        ("anat:-20,0,0", Remark.of("treatment_image_refused")),
    ],
)
def test_a_site_that_cannot_be_is_absent_and_says_why(person, sites, remark):
    rows = person.run("--treatment", "--treatment-sites", sites)
    assert (rows["treatment_site", "n/a"]["mean"], rows["treatment_site", "n/a"]["reason"]) == ("n/a", remark.line)


def test_a_site_without_the_flag_that_asks_for_it_is_an_error(person, capsys):
    person.run("--treatment-sites", "mni:-20,0,0", record=False)
    assert "--treatment-sites and --treatment-mask need --treatment" in capsys.readouterr().err
    assert not person.out.exists()


def test_by_hand_a_site_that_cannot_be_is_an_error(person, capsys):
    flags = ("--treatment", "--treatment-sites", "mni:-60,0,0")
    person.run(*flags)
    said = "the treatment site of sub-01: point 1 of treatment_sites lies outside the brain"
    assert capsys.readouterr().err == f"{said}; its values are n/a\n"
    person.out.unlink()
    person.run(*flags, record=False)
    assert said in capsys.readouterr().err
    assert not person.out.exists()


def test_the_track_is_left_out_and_without_points_its_surroundings_are_the_site(person):
    mask = person.mask("a_ses-baseline_trc-18FFDG_mask.nii.gz", Volume(slab(-20, -19).data, moved(1, 30)))
    flags = ("--treatment", "--treatment-radius", "5", "--treatment-mask", mask)
    of_point = person.run(*flags, "--treatment-sites", "mni:-20,0,0")["treatment_site", "left"]
    assert float(of_point["volume_ml"]) == pytest.approx((515 - 81 - 69) / 1000)
    alone = person.run(*flags)["treatment_site", "left"]
    assert float(alone["volume_ml"]) == pytest.approx(10 * 15 * 15 / 1000)


def test_a_treatment_mask_that_cannot_be_used_makes_no_site(person):
    for name, volume, said in (
        ("a_space-MNI152NLin2009cSym_mask.nii.gz", slab(5, 4), "treatment_mask"),
        ("mask.nii.gz", slab(5, 6), "treatment_mask"),
        ("a_space-anat_mask.nii.gz", slab(5, 6), "treatment_image_refused"),
        ("b_space-MNI152NLin2009cSym_mask.nii.gz", Volume(slab(5, 6).data, moved(1, 200)), "treatment_outside"),
    ):
        rows = person.run(
            "--treatment", "--treatment-sites", "mni:-20,0,0", "--treatment-mask", person.mask(name, volume)
        )
        assert why(rows["treatment_site", "n/a"]) == said
        assert str(person.folder) not in rows["treatment_site", "n/a"]["reason"]


def test_who_was_not_treated_has_rows_and_a_reason(person):
    rows = person.run("--treatment")
    assert rows["treatment_site", "n/a"]["reason"] == Remark.of("no_treatment_site").line
    missing = [row for row in read_table(person.out) if row["session"] == "year1" and "site" in row["region"]]
    assert [row["reason"] for row in missing] == [Remark.of("no_scan").text]


def test_surroundings_come_back_beside_the_regions_of_the_atlas(person):
    person.run("--lesion-rings", "left", "--treatment", "--treatment-sites", "mni:-20,0,0", lesion=SEEN)
    (scan,) = read_uptake(person.out, WHO, [("baseline", "FDG")]).scans
    assert {region for region, _ in scan.uptake.values} == {"motor", "motor_lesionfree"}
    around = scan.uptake.surroundings
    assert list(around) == ["lesion_ring_0_10", "lesion_ring_10_20", "treatment_site"]
    assert around["lesion_ring_0_10"].notes == (Remark.of("lesion_estimated", seen=20, side="left"),)
    values = around["treatment_site"].values
    assert {part: value.mean for part, value in values.items()} == {
        ("treatment_site", "left"): 60.0,
        ("treatment_site_mirrored", "right"): 90.0,
    }
    assert all(value.sensitivity is not None for value in values.values())


def test_nothing_is_written_of_surroundings_that_nobody_asked_for(person):
    person.run(lesion=SEEN)
    assert "Surroundings" not in person.out.with_suffix(".json").read_text()


def test_sites_that_are_no_points_are_a_usage_error(person, capsys):
    with pytest.raises(SystemExit):
        person.run("--treatment", "--treatment-sites", "mni:-20,0")
    assert "found 'mni:-20,0', needed points in mm such as mni:-34,-20,52" in capsys.readouterr().err
