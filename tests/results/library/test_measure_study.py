import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import pet_spect
from pet_spect.cli import main
from pet_spect.errors import AtlasError, ImageError, RegionError, TableError
from pet_spect.results.library.ratio_table import COLUMNS

pytestmark = pytest.mark.slow

KEYS = ["participant_id", "session", "tracer", "region", "measure", "reference"]
NUMBERS = [
    "value",
    "value_sd",
    "repeat_ci95_low",
    "repeat_ci95_high",
    "ci95_low",
    "ci95_high",
    "numerator",
    "denominator",
]


@pytest.fixture(scope="module")
def ratios(small_results):
    return pd.read_csv(small_results / "tables/ratios.tsv", sep="\t")


def assert_same(found, ratios):
    assert list(found) == list(COLUMNS)
    assert len(found) == len(ratios)
    both = ratios.merge(found, on=KEYS, suffixes=("", "_found"))
    assert len(both) == len(ratios)
    for name in NUMBERS:
        np.testing.assert_allclose(both[f"{name}_found"], both[name], rtol=1e-6)
    for name in ("qc", "reason"):
        assert list(both[f"{name}_found"].fillna("")) == list(both[name].fillna(""))


def test_a_results_folder_gives_the_rows_of_its_ratios(small_results, ratios):
    found = pet_spect.measure(small_results)
    assert_same(found, ratios)
    assert {"thalami", "contralateral"} <= set(found["reference"])
    assert "pons" not in set(found["reference"])
    measured = found[found["value"].notna() & (found["region"] == "precentral")]
    assert (measured["coverage"] > 0.9).all()


def test_images_measured_again_give_the_same(small_results, ratios):
    assert_same(pet_spect.measure(str(small_results), pet_spect.load_atlas("CerebrA")), ratios)


def test_another_atlas_has_no_interval_of_the_truth(small_results):
    atlas = pet_spect.load_atlas("CerebrA")
    smaller = atlas.labels.copy()
    smaller[:, :, ::2] = 0
    found = pet_spect.measure(small_results, replace(atlas, labels=smaller), measures="uptake_ratio")
    assert found["ci95_low"].isna().all()
    assert found["repeat_ci95_low"].notna().any()


def test_a_new_target_on_a_finished_study_takes_sides_lesions_and_decisions_along(small_results):
    found = pet_spect.measure(
        small_results,
        targets=["postcentral", "precentral+paracentral"],
        references="contralateral",
        measures="uptake_ratio",
    )
    assert set(found["region"]) == {
        f"{target}{suffix}" for target in ("postcentral", "precentral+paracentral") for suffix in ("", "_lesionfree")
    }
    rows = found.set_index(["participant_id", "session", "region"])
    assert rows.loc[("sub-01", "baseline", "postcentral"), "value"] == pytest.approx(0.95, abs=0.05)
    joined = rows.loc[("sub-01", "baseline", "precentral+paracentral"), "value"]
    assert 0.8 < joined < rows.loc[("sub-01", "baseline", "postcentral"), "value"]
    assert rows.loc[("sub-01", "baseline", "postcentral"), "value_sd"] > 0
    for absent in (("sub-02", "year1"), ("sub-03", "baseline"), ("sub-03", "year1")):
        assert rows.loc[(*absent, "postcentral"), "reason"] == "no scan listed"


def test_an_own_reference_needs_no_image(small_results):
    own = {"putamina": pet_spect.Reference(("putamen",), "both")}
    without_images = pet_spect.measure(small_results, references=own, measures="uptake_ratio")
    assert set(without_images["reference"]) == {"putamina"}
    again = pet_spect.measure(small_results, "CerebrA", references=own, measures="uptake_ratio")
    np.testing.assert_allclose(without_images["value"], again["value"], rtol=1e-6)


def test_a_reference_without_the_lesion_is_measured_in_the_images(small_results):
    own = {"spared": pet_spect.Reference(("all",), "contralesional", ("lesion",))}
    found = pet_spect.measure(small_results, references=own, measures="uptake_ratio")
    assert found.loc[found["session"] == "baseline", "value"].notna().any()


def test_what_cannot_be_meant_is_refused(small_results, tmp_path):
    with pytest.raises(RegionError, match="is not a region of the atlas CerebrA; did you mean 'postcentral'"):
        pet_spect.measure(small_results, targets="postcentrl")
    with pytest.raises(RegionError, match=r"reference 'thalamy' is not one of .*did you mean 'thalami'"):
        pet_spect.measure(small_results, references="thalamy")
    with pytest.raises(TypeError, match="tells lesion_side itself"):
        pet_spect.measure(small_results, lesion_side="left")
    with pytest.raises(TypeError, match="tells misplacement, resolution, blur and coverage itself"):
        pet_spect.measure(small_results, blur_mm=4.0)
    with pytest.raises(TypeError, match="a dict by participant"):
        pet_spect.measure(small_results, lesion="mask.nii.gz")
    with pytest.raises(TableError, match=r"lesion: 'sub-1' is no participant of .*did you mean 'sub-01'"):
        pet_spect.measure(small_results, lesion={"sub-1": "mask.nii.gz"})
    with pytest.raises(TableError, match="no results folder of a finished run"):
        pet_spect.measure(tmp_path)
    with pytest.raises(TableError, match=r"did you mean .*results"):
        pet_spect.measure(small_results.parent)
    (tmp_path / "scan.nii.gz").touch()
    with pytest.raises(TableError, match="give images as a list of files"):
        pet_spect.measure(tmp_path)


def test_results_of_another_version_or_atlas_say_what_to_do(small_results, tmp_path):
    shutil.copytree(small_results / "tables", tmp_path / "tables")
    dictionary = tmp_path / "tables/ratios.json"
    told = json.loads(dictionary.read_text())
    told["region"]["Atlas"] = "Own"
    dictionary.write_text(json.dumps(told))
    with pytest.raises(AtlasError, match="the atlas Own, which is not shipped; give its files"):
        pet_spect.measure(tmp_path, targets="postcentral")
    told["region"].update(Atlas="CerebrA", OwnAtlas=True)
    dictionary.write_text(json.dumps(told))
    with pytest.raises(AtlasError, match="the atlas CerebrA, which is not shipped; give its files"):
        pet_spect.measure(tmp_path, targets="postcentral")
    dictionary.write_text("{}")
    with pytest.raises(TableError, match="run the workflow again with this version"):
        pet_spect.measure(tmp_path)


def test_two_images_of_one_visit_are_refused(small_results, tmp_path):
    shutil.copytree(small_results, tmp_path, dirs_exist_ok=True)
    visit = tmp_path / "sub-02/ses-baseline"
    (visit / "spect").mkdir()
    for image in (visit / "pet").iterdir():
        shutil.copy(image, visit / "spect" / image.name.replace("_pet", "_spect"))
    with pytest.raises(ImageError, match=r"is sub-02 baseline FDG, as .*_pet.nii.gz is; delete the image that is left"):
        pet_spect.measure(tmp_path, targets="postcentral")
    with pytest.raises(ImageError, match="delete the image that is left over"):
        pet_spect.plot_uptake(tmp_path, participant="sub-02")


def test_an_own_cerebellar_reference_has_the_caution_of_the_built_in_ones(small_results, tmp_path):
    shutil.copytree(small_results, tmp_path / "results")
    study = small_results.parent / "config"
    people = tmp_path / "participants.tsv"
    people.write_text(
        "participant_id\tlesion_side\tlesion_territory\n"
        "sub-01\tleft\tinfratentorial\nsub-02\tright\tsupratentorial\nsub-03\tleft\t\n"
    )
    flags = ["--participants", str(people), "--scans", str(study / "scans.tsv"), "--sessions", "baseline", "year1"]
    references = {"ipsi_cb": {"regions": ["cerebellum_gray_matter"], "side": "ipsilesional"}}
    references |= dict.fromkeys(("cerebellum", "cerebellum_contralesional"))
    command = ["cohort", "--results", str(tmp_path / "results"), *flags, "--tracers", "FDG"]
    assert main([*command, "--references", json.dumps(references)]) == 0
    written = pd.read_csv(tmp_path / "results/tables/ratios.tsv", sep="\t", keep_default_na=False)
    written = written[written["reference"] == "ipsi_cb"]
    assert written["reason"].str.contains("cerebellum_infratentorial").any()
    found = pet_spect.measure(tmp_path / "results", references=["ipsi_cb"])
    assert found.loc[found["reference"] == "ipsi_cb", "reason"].tolist() == written["reason"].tolist()
    (tmp_path / "results/tables/ratios.tsv").write_text(
        (tmp_path / "results/tables/ratios.tsv").read_text().replace("cerebellum_infratentorial", "no_value")
    )
    again = pet_spect.measure(tmp_path / "results", references=["ipsi_cb"])
    pd.testing.assert_frame_equal(again, found)


def test_surroundings_are_among_the_rows_unless_another_target_is_asked_for(small_results, tmp_path):
    results = tmp_path / "results"
    shutil.copytree(small_results, results)
    scans = sorted((results / "sub-01").glob("ses-*/pet/*18FFDG_pet.nii.gz"))
    common = ["--sessions", "baseline", "year1", "--tracers", "FDG"]
    for who, side in (("sub-01", "left"), ("sub-02", "right"), ("sub-03", "left")):
        command = ["measure", "--participant", who, "--results", str(results), *common, "--lesion-rings", side]
        if who == "sub-01":
            mask = results / "sub-01" / "sub-01_space-MNI152NLin2009cSym_label-lesion_mask.nii.gz"
            command += ["--lesion-mask", str(mask), "--treatment-sites", "mni:40,-20,48"]
            command += [word for scan in scans for word in ("--scan", scan.parts[-3][4:], "FDG", str(scan))]
        out = results / who / f"{who}_seg-CerebrA_uptake.tsv"
        assert main([*command, "--treatment", "--record-refusal", "--out", str(out)]) == 0
    people = small_results.parent / "config" / "participants.tsv"
    assert main(["cohort", "--results", str(results), "--participants", str(people), *common]) == 0
    ratios = pd.read_csv(results / "tables/ratios.tsv", sep="\t")
    found = pet_spect.measure(results)
    assert_same(found, ratios)
    value = ratios.set_index(KEYS)["value"]
    ring = ("sub-01", "baseline", "FDG", "lesion_ring_10_20", "uptake_ratio", "contralateral")
    site = ("sub-01", "baseline", "FDG", "treatment_site", "uptake_ratio", "contralateral")
    assert value[ring] == pytest.approx(1, abs=0.1)
    assert value[site] == pytest.approx(1 / 0.8, rel=0.15)  # on the side without the stroke, over the dimmed one
    summary = pd.read_csv(results / "tables/summary.tsv", sep="\t")
    of_site = summary[(summary["region"] == "treatment_site") & (summary["measure"] == "uptake_ratio")]
    # the mirror image of the site lies in the drawn lesion
    missing = of_site.groupby("reference")["n_missing"].max()
    assert (missing["contralateral"], missing["cerebellum_ipsilesional"]) == (3, 2)
    assert "mirror_in_lesion" in ratios.set_index(KEYS).loc[site, "reason"]
    assert not of_site["primary"].any()
    asked = pet_spect.measure(results, targets="precentral")
    assert set(asked["region"]) == {"precentral", "precentral_lesionfree", "precentral_contralesional"}
