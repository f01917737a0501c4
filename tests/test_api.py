import io
import subprocess
import sys

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

import pet_spect
from pet_spect import api
from pet_spect.errors import ImageError, RegionError, TableError
from pet_spect.imaging import atlases
from pet_spect.imaging.images import write_affine, write_warp
from pet_spect.model import Atlas, Region, Warp


def toy_atlas():
    labels = np.zeros((16, 12, 12), dtype=np.uint8)
    labels[2:6, 3:9, 3:9], labels[10:14, 3:9, 3:9] = 1, 2
    return Atlas("toy", labels, centred(), (Region(1, "motor", "left"), Region(2, "motor", "right")))


def centred(shape=(16, 12, 12)):
    affine = np.eye(4)
    affine[:3, 3] = -(np.array(shape) - 1) / 2
    return affine


def image():
    data = np.full((16, 12, 12), 60.0, dtype=np.float32)
    data[8:] = 90.0
    return nib.Nifti1Image(data, centred())


def test_the_package_offers_the_three_functions():
    assert pet_spect.extract_uptake is api.extract_uptake
    assert pet_spect.uptake_ratio is api.uptake_ratio
    assert pet_spect.change_table is api.change_table
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = pet_spect.nothing


def test_the_functions_import_neither_ants_nor_snakemake():
    code = (
        "import sys, pet_spect; pet_spect.extract_uptake;"
        "sys.exit(any(name in sys.modules for name in ('ants', 'snakemake', 'nilearn')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_uptake_of_a_file_is_that_of_the_image(tmp_path):
    nib.save(image(), tmp_path / "scan.nii.gz")
    from_file = api.extract_uptake(tmp_path / "scan.nii.gz", toy_atlas())
    pd.testing.assert_frame_equal(from_file, api.extract_uptake(image(), toy_atlas()))
    assert list(from_file) == ["region", "side", "mean", "sd", "volume_ml", "coverage", "lesion_fraction"]
    assert list(from_file["mean"]) == [60.0, 90.0]


def test_the_files_of_the_workflow_are_understood(tmp_path):
    away, rigid = image(), np.eye(4)
    away = nib.Nifti1Image(np.asarray(away.dataobj), away.affine + np.array([[0, 0, 0, 5.0]] + [[0, 0, 0, 0]] * 3))
    rigid[0, 3] = 3.0  # 3 mm by the rigid transform, 2 mm by the warp
    write_affine(tmp_path / "scan.mat", rigid)
    field = Warp(np.zeros((30, 20, 20, 3), dtype=np.float32), centred((30, 20, 20)))
    field.displacement[..., 0] = -2.0
    write_warp(tmp_path / "warp.nii.gz", field)
    found = api.extract_uptake(away, toy_atlas(), warp=tmp_path / "warp.nii.gz", rigid=tmp_path / "scan.mat")
    assert list(found["mean"]) == [60.0, 90.0]


@pytest.mark.slow
def test_a_shipped_atlas_is_named():
    atlas = atlases.load_atlas("CerebrA")
    labels = nib.Nifti1Image((atlas.labels == 86).astype(np.float32), atlas.affine)
    found = api.extract_uptake(labels, "CerebrA").set_index(["region", "side"])
    assert found.loc[("precentral", "left"), "mean"] == 1.0
    assert found.loc[("precentral", "right"), "mean"] == 0.0
    assert found.loc[("precentral", "left"), "volume_ml"] == pytest.approx((atlas.labels == 86).sum() / 1000)


def test_a_lesion_mask_gives_lesionfree_regions(tmp_path):
    data = np.zeros((16, 12, 12), dtype=np.uint8)
    data[2, 3:9, 3:9] = 1
    path = tmp_path / "sub-01_space-MNI152NLin2009cSym_label-lesion_mask.nii.gz"
    nib.save(nib.Nifti1Image(data, centred()), path)
    found = api.extract_uptake(image(), toy_atlas(), lesion=path, target=["motor"]).set_index(["region", "side"])
    assert found.loc[("motor_lesionfree", "left"), "lesion_fraction"] == 0.25
    path.rename(tmp_path / "mask.nii.gz")
    with pytest.raises(ImageError, match="does not say space-"):
        api.extract_uptake(image(), toy_atlas(), lesion=tmp_path / "mask.nii.gz")


def test_a_target_that_the_atlas_lacks_is_an_error():
    with pytest.raises(RegionError, match="atlas toy has no region 'mtoor' with a left and a right side"):
        api.extract_uptake(image(), toy_atlas(), target=["mtoor"])


def test_the_edge_of_a_target_weighs_less_the_farther_it_may_be_misplaced():
    edge = np.full((16, 12, 12), 60.0, dtype=np.float32)
    edge[5] = 0  # the innermost quarter of the left box
    scan = nib.Nifti1Image(edge, centred())
    even, weighed = (
        api.extract_uptake(scan, toy_atlas(), target=["motor"], misplacement_mm=mm)["mean"][0] for mm in (0.0, 1.0)
    )
    assert even == 45.0
    assert weighed > 50


@pytest.mark.slow
def test_results_already_tell_where_an_image_lies(tmp_path):
    with pytest.raises(TypeError, match="results tells warp"):
        api.extract_uptake(tmp_path / "scan.nii.gz", results=tmp_path, rigid=np.eye(4))
    with pytest.raises(TypeError, match="results tells warp"):
        api.extract_uptake(image(), results=tmp_path)


def test_a_reference_without_the_lesion_takes_the_rows_that_were_asked_for(tmp_path):
    data = np.zeros((16, 12, 12), dtype=np.uint8)
    data[2, 3:9, 3:9] = 1
    path = tmp_path / "sub-01_space-MNI152NLin2009cSym_label-lesion_mask.nii.gz"
    nib.save(nib.Nifti1Image(data, centred()), path)
    found = api.extract_uptake(image(), toy_atlas(), target=[], lesion=path, lesionfree=["motor"])
    reference = pet_spect.Reference(("motor",), "both", ("lesion",))
    ratio = api.uptake_ratio(found, lesion_side="left", reference=reference, target="motor")
    assert ratio == pytest.approx(60 / ((60 * 3 + 90 * 4) / 7))
    for target in ("motor", "motor_lesionfree"):
        ratio = api.uptake_ratio(found, lesion_side="left", reference="contralateral", target=target)
        assert ratio == pytest.approx(60 / 90)


def test_ratio_of_a_right_stroke():
    found = api.extract_uptake(image(), toy_atlas())
    assert api.uptake_ratio(found, lesion_side="right", reference="contralateral", target="motor") == 1.5
    assert api.uptake_ratio(found, lesion_side="left", reference="contralateral", target="motor") == 60 / 90
    both = pet_spect.Reference(("motor",), "both")
    whole = api.uptake_ratio(found, lesion_side="left", reference=both, target=["motor"])
    assert whole == 60 / 75


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"lesion_side": "Left", "reference": "contralateral"}, "left or right is needed"),
        ({"lesion_side": "left", "reference": "none"}, "needed is one of contralateral"),
        ({"lesion_side": "left", "reference": "pons"}, "region 'pons'"),
    ],
)
def test_a_ratio_that_cannot_be_meant_is_an_error(arguments, message):
    with pytest.raises(RegionError, match=message):
        api.uptake_ratio(api.extract_uptake(image(), toy_atlas()), target="motor", **arguments)


def ratio_frame():
    kind = {"participant_id": "sub-01", "tracer": "FDG", "region": "motor", "measure": "uptake_ratio"}
    return pd.DataFrame({**kind, "reference": "pons", "session": ["after", "before"], "value": [1.0, 0.8]})


def test_change_follows_the_order_of_the_sessions():
    assert api.change_table(ratio_frame(), ["before", "after"])["change"].tolist() == pytest.approx([0.2])
    assert api.change_table(ratio_frame())["change"].tolist() == pytest.approx([-0.2])


def test_without_sessions_no_change_has_the_wrong_sign_because_somebody_is_listed_backwards():
    first = ratio_frame()
    second = first.iloc[::-1].assign(participant_id="sub-02")
    both = pd.concat([first, second])
    with pytest.raises(TableError, match="give sessions="):
        api.change_table(both)
    assert api.change_table(both, ["before", "after"])["change"].tolist() == pytest.approx([0.2, 0.2])


@pytest.mark.parametrize("coverage", [-1, 90, float("nan"), "0.8", None])
def test_a_coverage_that_is_no_fraction_is_refused(coverage):
    with pytest.raises(RegionError, match="a fraction from 0 to 1"):
        api.extract_uptake(image(), toy_atlas(), min_coverage=coverage)


@pytest.mark.parametrize(
    ("option", "value"),
    [(option, value) for option in ("blur_mm", "misplacement_mm") for value in (-1, "auto", float("nan"))],
)
def test_millimetres_that_are_no_number_from_0_on_are_refused(option, value):
    with pytest.raises(RegionError, match=f"{option} is {value!r}; a number of millimetres from 0 on is needed"):
        api.extract_uptake(image(), toy_atlas(), target="motor", **{option: value})


@pytest.mark.parametrize(
    ("given", "message"), [(np.ones((2, 2, 2)), "an array does not say where"), ([1], "found \\[1\\]")]
)
def test_what_is_no_image_is_refused(given, message):
    with pytest.raises(ImageError, match=message):
        api.extract_uptake(given, toy_atlas())


def test_a_rigid_transform_may_be_a_list_and_must_exist_as_a_file(tmp_path):
    found = api.extract_uptake(image(), toy_atlas(), rigid=np.eye(4).tolist())
    assert list(found["mean"]) == [60.0, 90.0]
    with pytest.raises(ImageError, match=r"absent\.mat: does not exist"):
        api.extract_uptake(image(), toy_atlas(), rigid=tmp_path / "absent.mat")


@pytest.mark.parametrize("rigid", [[[1, 0], [0]], [["x"]], {}])
def test_what_is_no_matrix_is_no_rigid_transform(rigid):
    with pytest.raises(ImageError, match=r"rigid: found .*, needed 4 x 4 numbers or a path"):
        api.extract_uptake(image(), toy_atlas(), rigid=rigid)


@pytest.mark.parametrize("function", [api.change_table, pet_spect.plot_change])
def test_a_path_is_no_table(function):
    with pytest.raises(TableError, match=r"the ratios: found 'ratios.tsv', needed a pandas.DataFrame; read a file"):
        function("ratios.tsv")


def test_a_ratio_of_a_path_or_of_numbers_with_commas_is_refused():
    with pytest.raises(TableError, match=r"the uptake: found 'uptake.tsv', needed a pandas.DataFrame"):
        api.uptake_ratio("uptake.tsv", lesion_side="left", reference="pons")
    uptake = api.extract_uptake(image(), toy_atlas()).assign(mean=["60,5", "90,5"])
    with pytest.raises(TableError, match="column mean: found '60,5', needed numbers with a point"):
        api.uptake_ratio(uptake, lesion_side="left", reference="contralateral", target="motor")


def test_a_ratio_is_one_of_numbers_in_columns_of_objects_too():
    uptake = api.extract_uptake(image(), toy_atlas())
    ratios = [
        api.uptake_ratio(table, lesion_side="left", reference="contralateral", target="motor")
        for table in (uptake, uptake.astype(object))
    ]
    assert ratios[0] == ratios[1]


def test_sessions_of_a_change_are_a_list():
    with pytest.raises(TableError, match="sessions: found 'before', needed a list of two or more, the reference first"):
        api.change_table(ratio_frame(), sessions="before")


def test_a_ratio_table_that_lacks_a_column_or_has_a_row_twice_is_an_error():
    with pytest.raises(TableError, match="no column 'tracer'"):
        api.change_table(ratio_frame().drop(columns="tracer"))
    with pytest.raises(TableError, match="sub-01 after FDG motor uptake_ratio pons twice"):
        api.change_table(pd.concat([ratio_frame(), ratio_frame()]))


def test_a_mirror_is_no_rigid_transform():
    with pytest.raises(ImageError, match="rigid: mirrors the head") as caught:
        api.extract_uptake(image(), toy_atlas(), rigid=np.diag([-1.0, 1.0, 1.0, 1.0]))
    assert caught.value.code == "transform_implausible"


def test_the_functions_are_listed():
    assert [name for name in dir(pet_spect) if not name.startswith("_")] == sorted(pet_spect.__all__)


def uptake_tsv():
    """Return uptake.tsv of two scans as pandas reads it by default: the side n/a of the pons becomes NaN."""
    lines = ["participant_id session tracer region side mean volume_ml"]
    for session, left in ("baseline", 60), ("year1", 80):
        rows = f"motor left {left}", "motor right 100", "pons n/a 50"
        lines += [f"sub-01 {session} FDG {row} 20" for row in rows]
    return pd.read_csv(io.StringIO("\n".join(lines)), sep=" ")


def test_a_ratio_of_several_scans_is_refused():
    table = uptake_tsv()
    with pytest.raises(TableError, match="holds 2 scans; a ratio is of one"):
        api.uptake_ratio(table, lesion_side="left", reference="pons", target="motor")
    with pytest.raises(TableError, match="holds a region twice"):
        api.uptake_ratio(table[["region", "side", "mean", "volume_ml"]], lesion_side="left", reference="pons")
    with pytest.raises(TableError, match="was read as one column; use pandas"):
        api.uptake_ratio(pd.DataFrame({"region\tside": ["motor\tleft"]}), lesion_side="left", reference="pons")
    with pytest.raises(TableError, match="the uptake has no column 'side'"):
        api.uptake_ratio(table.drop(columns="side"), lesion_side="left", reference="pons")
    baseline = table[table["session"] == "baseline"]
    assert api.uptake_ratio(baseline, lesion_side="left", reference="pons", target="motor") == 1.2


def test_a_misspelt_region_or_reference_names_the_nearest():
    table = uptake_tsv().head(3)
    with pytest.raises(RegionError, match=r"region 'mtoor' \(left\) .*did you mean 'motor'"):
        api.uptake_ratio(table, lesion_side="left", reference="pons", target="mtoor")
    with pytest.raises(RegionError, match="did you mean 'contralateral'"):
        api.uptake_ratio(table, lesion_side="left", reference="contralatral", target="motor")
    with pytest.raises(RegionError, match="did you mean 'pons'"):
        api.uptake_ratio(table, lesion_side="left", reference=pet_spect.Reference(("ponss",), "both"), target="motor")


def test_a_ratio_without_a_value_says_why():
    table = uptake_tsv().head(3).assign(mean=[np.nan, 1.0, 1.0])
    with pytest.warns(UserWarning, match=r"motor \(left\) has no mean"):
        assert np.isnan(api.uptake_ratio(table, lesion_side="left", reference="pons", target="motor"))


def test_the_keywords_of_0_1_warn_and_work():
    table = uptake_tsv().head(3)
    with pytest.warns(FutureWarning, match="hemisphere= of uptake_ratio is deprecated"):
        found = api.uptake_ratio(
            table, lesion_side="left", reference="hemisphere_contralesional", target="motor", hemisphere=["motor"]
        )
    assert found == 0.6
    with pytest.raises(TypeError, match="unexpected keyword argument 'hemi'"):
        api.uptake_ratio(table, lesion_side="left", reference="pons", target="motor", hemi=["motor"])


def test_ratios_that_pandas_read_back_give_the_same_change(tmp_path):
    ratios = ratio_frame().assign(tracer="n/a", reason="")
    ratios.to_csv(tmp_path / "ratios.csv", index=False)
    pd.testing.assert_frame_equal(api.change_table(pd.read_csv(tmp_path / "ratios.csv")), api.change_table(ratios))
    with pytest.raises(TableError, match="no session 'year1'; found after, before"):
        api.change_table(ratios, ["before", "year1"])
