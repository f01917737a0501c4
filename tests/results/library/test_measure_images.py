import json

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

import pet_spect
from pet_spect.errors import ImageError, PetSpectError, RefusedError, RegionError
from pet_spect.imaging.images import write_affine, write_refusal, write_warp
from pet_spect.model import Atlas, Refusal, Region, Warp
from pet_spect.results.library.ratio_table import COLUMNS
from tests.small_study import simulated_scan

pytestmark = pytest.mark.slow

SHAPE = (16, 12, 12)


def affine():
    place = np.eye(4)
    place[:3, 3] = -(np.array(SHAPE) - 1) / 2
    return place


def toy_atlas():
    labels = np.zeros(SHAPE, dtype=np.uint8)
    labels[2:6, 3:9, 3:9], labels[10:14, 3:9, 3:9], labels[6:10, 0:3, 0:3] = 1, 2, 3
    regions = Region(1, "motor", "left"), Region(2, "motor", "right"), Region(3, "stem", "n/a")
    return Atlas("toy", labels, affine(), regions)


def toy(left=60.0, right=90.0, stem=30.0, noise=0.0, seed=0):
    data = np.full(SHAPE, left, dtype=np.float32)
    data[8:], data[6:10, 0:3, 0:3] = right, stem
    data += noise * np.random.default_rng(seed).normal(size=SHAPE).astype(np.float32)
    return nib.Nifti1Image(data, affine())


OWN = {
    "stem": pet_spect.Reference(("stem",), "both"),
    "contralateral": pet_spect.Reference(("target",), "contralesional"),
}


def measured(images, **options):
    given = {"targets": "motor", "references": OWN, "lesion_side": "left"} | options
    return pet_spect.measure(images, toy_atlas(), **given)


def test_one_image_is_one_row_per_reference():
    table = measured(toy())
    assert list(table) == list(COLUMNS)
    assert table["participant_id"].tolist() == ["image", "image"]
    assert dict(zip(table["reference"], table["value"], strict=True)) == pytest.approx(
        {"stem": 2.0, "contralateral": 2 / 3}
    )
    assert set(table["measure"]) == {"uptake_ratio"}
    assert (table["coverage"] == 1).all()
    assert measured(toy(), lesion_side="right")["value"].tolist() == [3.0, 1.5]


def test_images_are_named_by_dict_file_or_place(tmp_path):
    path = tmp_path / "sub-01_ses-year1_trc-FDG_pet.nii.gz"
    nib.save(toy(), path)
    table = measured([path, toy()])
    assert table[["participant_id", "session", "tracer"]].drop_duplicates().to_numpy().tolist() == [
        ["sub-01", "year1", "FDG"],
        ["image-2", "n/a", "n/a"],
    ]
    named = {("sub-02", "baseline", "IMZ"): path, "sub-03_ses-year2": str(path), "control": nib.load(path)}
    table = measured(named, references="contralateral")
    assert table["participant_id"].tolist() == ["sub-02", "sub-03", "control"]
    assert table["session"].tolist() == ["baseline", "year2", "n/a"]
    with pytest.raises(ImageError, match="two images are called sub-01 year1 FDG; give a dict"):
        measured([path, path])
    with pytest.raises(ImageError, match="no image is given"):
        measured([])
    with pytest.raises(ImageError, match="found 5"):
        measured(5)
    with pytest.raises(ImageError, match="found 5"):
        measured({"a": 5})
    with pytest.raises(ImageError, match="an array does not say where it lies"):
        measured(np.zeros(SHAPE))


def test_each_volume_of_a_4d_image_is_a_session(tmp_path):
    series = [toy(), toy(left=45.0)]
    nib.save(nib.concat_images(series), tmp_path / "sub-01_ses-x_pet.nii")
    path = tmp_path / "sub-01_ses-x_pet.nii"
    for image, sessions in ((nib.concat_images(series), ["1", "2"]), (path, ["x-1", "x-2"])):
        table = measured(image, references="contralateral")
        assert table["session"].tolist() == sessions
        assert table["value"].tolist() == pytest.approx([60 / 90, 45 / 90])


def test_sides_tracers_and_lesions_are_for_all_or_by_participant(tmp_path):
    images = {("sub-01", "a"): toy(), ("sub-02", "a"): toy()}
    sides = {"sub-01": "left", "sub-02": "right"}
    for given in (sides, pd.Series(sides)):
        table = measured(images, references="contralateral", lesion_side=given)
        assert table["value"].tolist() == pytest.approx([60 / 90, 90 / 60])
    mask = np.zeros(SHAPE, dtype=np.uint8)
    mask[2, 3:9, 3:9] = 1
    path = tmp_path / "sub-01_space-MNI152NLin2009cSym_mask.nii.gz"
    nib.save(nib.Nifti1Image(mask, affine()), path)
    table = measured(images, references="contralateral", lesion={"sub-01": path}, tracer={"sub-02": "FDG"})
    assert table["region"].tolist() == ["motor", "motor_lesionfree", "motor"]
    assert table["tracer"].tolist() == ["n/a", "n/a", "FDG"]
    with pytest.raises(RegionError, match="lesion_side of sub-02: none is given, needed left or right"):
        measured(images, lesion_side={"sub-01": "left"})
    with pytest.raises(RegionError, match="did you mean 'sub-001'"):
        measured({"sub-01": toy()}, lesion_side={"sub-001": "left"})
    for side in (None, "Left"):
        with pytest.raises(RegionError, match="needed left or right"):
            measured(images, lesion_side=side)


def test_scans_of_one_tracer_tell_each_others_noise():
    images = {("sub-01", session): simulated(seed) for seed, session in enumerate(("baseline", "year1"))}
    table = pet_spect.measure(images, tracer="FDG", lesion_side="left", references="contralateral")
    assert table["value"].tolist() == pytest.approx([0.88, 0.88], abs=0.02)  # the neighbours' uptake spills in
    assert (table["value_sd"] > 0).all()
    assert ((table["repeat_ci95_low"] < table["value"]) & (table["value"] < table["repeat_ci95_high"])).all()
    assert table["ci95_low"].isna().all()  # nobody knows how the images were registered
    change = pet_spect.change_table(table)
    assert change["change"].tolist() == [table["value"][1] - table["value"][0]]
    single = pet_spect.measure(images[("sub-01", "year1")], lesion_side="left", references="contralateral")
    assert single["value"].tolist() == [table["value"][1]]
    assert single["value_sd"].isna().all()


def simulated(seed):
    scan = simulated_scan("left", 0.8, seed, 6)
    return nib.Nifti1Image(scan.data, scan.affine)


def test_the_placeholder_of_a_refused_scan_says_why_it_was_refused(tmp_path):
    path = tmp_path / "sub-01_ses-year1_trc-FDG_pet.nii.gz"
    write_refusal(path, Refusal("convert", "slice_single", "one slice only"))
    for use in (
        lambda: measured([path]),
        lambda: pet_spect.extract_uptake(path, toy_atlas(), target="motor", check_space=False),
        lambda: pet_spect.plot_uptake(path),
    ):
        with pytest.raises(RefusedError, match=r"pet\.nii\.gz: refused by convert \(one slice only\)") as caught:
            use()
        assert caught.value.code == "slice_single"


@pytest.mark.parametrize("shape", [(1, 1, 1), (16, 12, 1), (1, 12, 12)])
def test_an_image_of_one_slice_is_refused(shape):
    image = nib.Nifti1Image(np.ones(shape, dtype=np.float32), affine())
    with pytest.raises(ImageError, match=rf"^image: has {' x '.join(map(str, shape))} voxels; at least two") as caught:
        measured(image, check_space=False)
    assert caught.value.code == "image_shape"


def test_an_image_elsewhere_is_refused_unless_one_insists():
    image = simulated(0)
    away = nib.Nifti1Image(np.asarray(image.dataobj), image.affine + np.array([[0, 0, 0, 8.0], *[[0] * 4] * 3]))
    with pytest.raises(ImageError, match=r"sub-01: its brain lies \d mm from the brain"):
        pet_spect.measure({"sub-01": away}, lesion_side="left")
    with pytest.raises(ImageError, match="its brain lies"):
        pet_spect.extract_uptake(away)
    insisted = pet_spect.measure({"sub-01": away}, lesion_side="left", references="pons", check_space=False)
    assert np.isfinite(insisted["value"][0])
    rigid = np.eye(4)
    rigid[0, 3] = 8.0
    back = pet_spect.measure(away, lesion_side="left", references="pons", transforms={"rigid": rigid})
    here = pet_spect.measure(image, lesion_side="left", references="pons")
    assert back["value"][0] == pytest.approx(here["value"][0], rel=1e-6)


def test_transforms_are_for_all_or_by_name(tmp_path):
    rigid, field = np.eye(4), Warp(np.zeros((30, 20, 20, 3), dtype=np.float32), np.eye(4))
    rigid[0, 3], field.affine[:3, 3] = 3.0, (-15, -10, -10)
    field.displacement[..., 0] = -2.0
    write_affine(tmp_path / "scan.mat", rigid)
    write_warp(tmp_path / "warp.nii.gz", field)
    image = toy()
    away = nib.Nifti1Image(np.asarray(image.dataobj), image.affine + np.array([[0, 0, 0, 5.0], *[[0] * 4] * 3]))
    both = {"warp": tmp_path / "warp.nii.gz", "rigid": tmp_path / "scan.mat"}
    for transforms in (both, {"sub-01": both}, {"warp": field, "rigid": rigid}):
        assert measured({"sub-01": away}, transforms=transforms)["value"].tolist() == [2.0, pytest.approx(2 / 3)]
    with pytest.raises(ImageError, match="transforms: none is given for sub-01; found sub-02"):
        measured({"sub-01": away}, transforms={"sub-02": both})
    with pytest.raises(ImageError, match="needed warp and rigid"):
        measured({"sub-01": away}, transforms={"sub-01": {"wrap": both}})
    with pytest.raises(ImageError, match="transforms: found 'warp"):
        measured({"sub-01": away}, transforms="warp.nii.gz")


@pytest.mark.parametrize("content", [None, {}, {"Units": "Bq/mL"}])
def test_without_a_word_of_attenuation_only_the_two_sides_of_the_target_compare_freely(tmp_path, content):
    path = tmp_path / "sub-01.nii.gz"
    nib.save(toy(), path)
    if content is not None:
        path.with_name("sub-01.json").write_text(json.dumps(content))
    for image in (path, nib.load(path)):
        table = measured(image).set_index("reference")
        assert table["value"].notna().all()
        assert table["qc"].to_dict() == {"stem": "warn", "contralateral": "pass"}
        assert table.loc["stem", "reason"].startswith("attenuation_unknown: ")


def test_a_sidecar_tells_attenuation_and_suv(tmp_path):
    path = tmp_path / "sub-01.nii.gz"
    nib.save(toy(), path)
    sidecar = tmp_path / "sub-01.json"
    sidecar.write_text(json.dumps({"AttenuationCorrection": "none", "SUVbwFactor": 0.1}))
    table = measured(path, measures="all").set_index(["measure", "reference"])
    assert table.loc[("uptake_ratio", "stem"), "reason"].startswith("no_attenuation_correction")
    assert table.loc[("uptake_ratio", "contralateral"), "qc"] == "pass"
    sidecar.write_text(json.dumps({"AttenuationCorrection": "CT", "SUVbwFactor": 0.1}))
    table = measured(path, measures=["suv_mean", "asymmetry_index_percent"]).set_index("measure")
    assert table["value"].to_dict() == pytest.approx({"asymmetry_index_percent": -40.0, "suv_mean": 6.0})


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"SUVbwFactor": "0.5"}, "SUVbwFactor: a number is needed"),
        ({"SUVbwFactor": [0.5]}, "SUVbwFactor: a number is needed"),
        ({"SUVbwFactor": True}, "SUVbwFactor: a number is needed"),
        ({"SUVbwFactor": float("nan")}, "SUVbwFactor: a number is needed"),
        ({"SUVbwFactor": -0.5}, "SUVbwFactor: a number above 0 is needed"),
        ({"SUVbwFactor": 0}, "SUVbwFactor: a number above 0 is needed"),
        ({"AttenuationCorrection": ["none"]}, "AttenuationCorrection: a text is needed"),
    ],
)
def test_a_sidecar_with_values_of_another_type_is_refused(tmp_path, facts, message):
    nib.save(toy(), tmp_path / "sub-01.nii.gz")
    (tmp_path / "sub-01.json").write_text(json.dumps(facts))
    with pytest.raises(ImageError, match=rf"^sub-01\.nii\.gz: its JSON: {message}$"):
        measured(tmp_path / "sub-01.nii.gz", measures="suv_mean")


def test_a_sidecar_of_another_program_may_say_true_or_false_and_its_words_stay_in_it(tmp_path):
    path = tmp_path / "sub-01.nii.gz"
    nib.save(toy(), path)
    facts = {"AttenuationCorrection": False, "SUVReason": "ask Jane Doe", "Warnings": "none", "SUVbwFactor": None}
    path.with_name("sub-01.json").write_text(json.dumps(facts))
    table = measured(path, references="contralateral", measures="all")
    assert table.set_index("measure").loc["suv_mean", "reason"].startswith("no_attenuation_correction")
    path.with_name("sub-01.json").write_text(json.dumps(facts | {"AttenuationCorrection": True}))
    reasons = measured(path, references="contralateral", measures="suv_mean")["reason"].tolist()
    assert reasons == ["no_suv: SUVReason in the sidecar says why"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"targets": "mtoor"}, "target 'mtoor' is not a region of the atlas toy; did you mean 'motor'"),
        ({"targets": "stem"}, "target 'stem' has no left and right side"),
        ({"targets": []}, "targets: found none"),
        ({"references": "pons"}, "reference pons: region 'pons'"),
        ({"references": "ponz"}, "did you mean 'pons'"),
        ({"references": []}, "references: found none"),
        ({"references": {"own": {"regions": "stem"}}}, "own: needs regions and side"),
        ({"measures": "uptake"}, "did you mean 'uptake_ratio'"),
    ],
)
def test_what_cannot_be_meant_is_refused(options, message):
    with pytest.raises(PetSpectError, match=message):
        measured(toy(), **options)


def test_references_may_be_given_in_every_usual_way():
    stem = pet_spect.Reference(("stem",), "both")
    for given, names in (
        (None, ["contralateral", "whole_brain"]),
        ("contralateral", ["contralateral"]),
        (stem, ["stem_both"]),
        (["contralateral", stem], ["contralateral", "stem_both"]),
        ({"own": {"regions": "stem", "side": "both"}}, ["own"]),
    ):
        assert measured(toy(), references=given)["reference"].tolist() == names


def test_a_table_survives_a_file(tmp_path):
    images = {("sub-01", session): toy(left) for session, left in (("baseline", 60.0), ("year1", 75.0))}
    table = measured(images)
    table.to_csv(tmp_path / "table.csv", index=False)
    again = pd.read_csv(tmp_path / "table.csv")
    pd.testing.assert_frame_equal(pet_spect.change_table(again), pet_spect.change_table(table))


def test_lesion_and_tracer_name_images_that_are_there(tmp_path):
    mask = np.zeros(SHAPE, dtype=np.uint8)
    mask[2, 3:9, 3:9] = 1
    paths = [tmp_path / f"{name}_space-MNI152NLin2009cSym_mask.nii.gz" for name in ("a", "b")]
    for path in paths:
        nib.save(nib.Nifti1Image(mask, affine()), path)
    images = {("sub-01", "a", "FDG"): toy(), ("sub-01", "b", "FDG"): toy()}
    with pytest.raises(ImageError, match=r"lesion: 'sub-1' is no image or participant; .*did you mean 'sub-01'"):
        measured(images, lesion={"sub-1": paths[0]})
    with pytest.raises(ImageError, match="tracer: 'sub-1' is no image or participant"):
        measured(images, tracer={"sub-1": "IMZ"})
    named = measured(images, references="contralateral", lesion={("sub-01", "b"): paths[0]})
    assert named["region"].tolist() == ["motor", "motor_lesionfree"] * 2
    with pytest.raises(ImageError, match="lesion of sub-01: found two masks"):
        measured(images, lesion={("sub-01", "a"): paths[0], ("sub-01", "b"): paths[1]})
