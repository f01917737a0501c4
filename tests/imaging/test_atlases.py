import hashlib
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from pet_spect.errors import AtlasError
from pet_spect.imaging.atlases import load_atlas


@pytest.fixture(scope="module")
def cerebra():
    return load_atlas("CerebrA")


def index_of(atlas, name, side):
    return next(region.index for region in atlas.regions if (region.name, region.side) == (name, side))


def x_of(atlas, index):
    return (np.argwhere(atlas.labels == index) @ atlas.affine[:3, :3].T + atlas.affine[:3, 3])[:, 0]


@pytest.mark.slow
def test_every_left_region_lies_left_of_the_midline(cerebra):
    for region in cerebra.regions:
        if region.side == "left":
            assert x_of(cerebra, region.index).max() < 0, region
        if region.side == "right":
            assert x_of(cerebra, region.index).min() > 0, region


@pytest.mark.slow
def test_the_image_is_its_own_mirror_with_sides_swapped(cerebra):
    partner = np.arange(cerebra.labels.max() + 1)
    for region in cerebra.regions:
        if region.side != "n/a":
            partner[region.index] = index_of(cerebra, region.name, "left" if region.side == "right" else "right")
    assert np.array_equal(partner[cerebra.labels[::-1]], cerebra.labels)
    middle = cerebra.labels.shape[0] // 2
    assert cerebra.affine[0, 3] + middle == 0.0


def test_precentral_and_pons_have_the_published_sizes(cerebra):
    assert (cerebra.labels == 35).sum() == (cerebra.labels == 86).sum() == 21393  # 21.4 mL
    assert (cerebra.labels == index_of(cerebra, "pons", "n/a")).sum() == pytest.approx(6200, abs=50)


def test_the_files_are_those_the_readme_vouches_for(repository):
    readme = (repository / "atlases" / "README.md").read_text()
    for name in ("CerebrA.nii.gz", "CerebrA.tsv"):
        (stated,) = re.findall(rf"^([0-9a-f]{{64}})  {re.escape(name)}$", readme, flags=re.MULTILINE)
        assert hashlib.sha256((repository / "atlases" / name).read_bytes()).hexdigest() == stated


@pytest.mark.slow
def test_an_installed_wheel_finds_its_atlas(repository, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(repository / name, source)
    shutil.copytree(repository / "atlases", source / "atlases")
    shutil.copytree(repository / "src", source / "src", ignore=shutil.ignore_patterns("*.egg-info", "__pycache__"))
    pip = [sys.executable, "-m", "pip"]
    subprocess.run(
        [*pip, "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", tmp_path, source],
        check=True,
    )
    venv.create(tmp_path / "venv", system_site_packages=False)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run(
        [*pip, f"--python={python}", "install", "--quiet", "--no-deps", "--no-index", next(tmp_path.glob("*.whl"))],
        check=True,
    )
    # the wheel in its clean environment, the dependencies from ours
    libraries = Path(np.__file__).parents[1]
    code = (
        f"import sys; sys.path.append({str(libraries)!r}); import pet_spect;"
        "from pet_spect.imaging.atlases import load_atlas;"
        "print(pet_spect.__file__, len(load_atlas().regions))"
    )
    done = subprocess.run([python, "-I", "-c", code], check=True, capture_output=True, text=True, cwd=tmp_path)
    where, count = done.stdout.split()
    assert where.startswith(str(tmp_path / "venv"))
    assert int(count) == 96  # 44 pairs, 7 on the midline, the pons


def pair(folder, labels, table):
    nib.save(
        nib.Nifti1Image(labels, np.diag([1.0, 1.0, 1.0, 1.0]) - np.array([[0, 0, 0, 1], *[[0] * 4] * 3])),
        folder / "Own.nii.gz",
    )
    (folder / "Own.tsv").write_text(table)
    return folder / "Own.nii.gz", folder / "Own.tsv"


LABELS = np.array([1, 0, 2], np.uint8).reshape(3, 1, 1)  # x = -1, 0, 1


def test_an_atlas_of_ones_own_is_two_files(tmp_path):
    atlas = load_atlas(*pair(tmp_path, LABELS, "index\tregion\tside\n1\tm1\tleft\n2\tm1\tright\n"))
    assert (atlas.name, [region.side for region in atlas.regions]) == ("Own", ["left", "right"])


@pytest.mark.parametrize(
    ("labels", "rows", "message"),
    [
        (LABELS, "1\tm1\tright\n2\tm1\tleft\n", r"m1 is called right, but in Own\.nii\.gz it lies at x = -1 mm"),
        (LABELS, "1\tm1\tLeft\n2\tm1\tright\n", "side 'Left' of m1 is not left, right or n/a"),
        (LABELS, "1\tm1\tleft\n", r"holds index 2, which Own\.tsv does not name"),
        (LABELS, "1\tm1\tleft\n2\tm1\tright\n3\ts1\tleft\n", "names index 3"),
        (LABELS, "1\tm1\tleft\n1\tm1\tright\n", "duplicate index '1'"),
        (LABELS, "1\tm1\tleft\n2\tm1\tleft\n", "duplicate region and side 'm1 left'"),
        (LABELS, "x\tm1\tleft\n", "index 'x' is not a whole number"),
        (LABELS * np.float32(0.5), "1\tm1\tleft\n", "not whole numbers"),
    ],
)
def test_a_doubtful_atlas_is_refused(tmp_path, labels, rows, message):
    with pytest.raises(AtlasError, match=message):
        load_atlas(*pair(tmp_path, labels, "index\tregion\tside\n" + rows))


def test_an_atlas_that_is_not_shipped_names_those_that_are():
    with pytest.raises(AtlasError, match="no atlas 'AAL' is shipped; shipped: CerebrA"):
        load_atlas("AAL")


def whole_brain(folder, labels, affine):
    image = nib.Nifti1Image(labels.astype(np.uint8), affine)
    nib.save(image, folder / "Own.nii")
    (folder / "Own.tsv").write_text("index\tregion\tside\n1\tm1\tn/a\n")
    return folder / "Own.nii", folder / "Own.tsv"


@pytest.mark.slow
@pytest.mark.parametrize("shift", [(0, 20, 0), (0, -20, 0), (0, 0, 20), (0, 0, -20), (20, 0, 0)])
def test_an_atlas_moved_by_20_mm_is_refused(tmp_path, cerebra, shift):
    affine = cerebra.affine.copy()
    affine[:3, 3] += shift
    with pytest.raises(AtlasError, match=r"8\d% of its labelled voxels lie in the brain of MNI152") as caught:
        load_atlas(*whole_brain(tmp_path, cerebra.labels > 0, affine))
    assert caught.value.code == "atlas_outside"


@pytest.mark.slow
def test_an_atlas_of_another_size_is_refused(tmp_path, cerebra):
    with pytest.raises(AtlasError, match=r"at least 90% are needed; bring the labels into that space"):
        load_atlas(*whole_brain(tmp_path, cerebra.labels > 0, np.diag([1.2, 1.2, 1.2, 1]) @ cerebra.affine))


def test_labels_beyond_every_brain_are_refused(tmp_path):
    with pytest.raises(AtlasError, match=r"\b0% of its labelled voxels"):
        load_atlas(*whole_brain(tmp_path, np.ones((2, 2, 2)), np.eye(4) + 500 * np.eye(4, k=3)))


@pytest.mark.slow
@pytest.mark.parametrize("size", [1.0, 1.05])
def test_an_atlas_of_another_make_fits_a_little_worse(tmp_path, cerebra, size):
    affine = np.diag([size, size, size, 1.0]) @ cerebra.affine
    affine[:3, 3] += (1, 2, -2)
    assert load_atlas(*whole_brain(tmp_path, cerebra.labels > 0, affine)).name == "Own"


@pytest.mark.parametrize("index", [35, 86, 11])
def test_an_atlas_of_one_region_is_accepted(tmp_path, cerebra, index):
    coarse = cerebra.affine @ np.diag([3.0, 3, 3, 1])
    labels = (cerebra.labels == index)[::3, ::3, ::3]
    assert load_atlas(*whole_brain(tmp_path, labels, coarse)).regions[0].name == "m1"


def label_image(labels=LABELS):
    return nib.Nifti1Image(labels, np.eye(4) - np.array([[0, 0, 0, 1], *[[0] * 4] * 3]))


def named(atlas):
    return [(region.index, region.name, region.side) for region in atlas.regions]


M1 = [(1, "m1", "left"), (2, "m1", "right")]


def test_an_atlas_may_be_a_path_an_image_in_memory_or_read_already(tmp_path):
    own = pd.DataFrame({"index": [1, 2], "region": ["m1", "m1"], "side": ["left", "right"]})
    path, table = pair(tmp_path, LABELS, own.to_csv(sep="\t", index=False))
    for source in (
        (path,),
        (str(path),),
        (path, table),
        ((path, table),),
        (label_image(), own),
        ((label_image(), table),),
    ):
        assert named(load_atlas(*source)) == M1
    atlas = load_atlas(label_image(), own)
    assert load_atlas(atlas) is atlas
    with pytest.raises(AtlasError, match="its table is needed, too"):
        load_atlas(label_image())
    table.unlink()
    with pytest.raises(AtlasError, match=r"Own\.tsv is not beside it"):
        load_atlas(path)
    with pytest.raises(AtlasError, match=r"other\.nii: does not exist"):
        load_atlas(tmp_path / "other.nii")
    with pytest.raises(AtlasError, match=r"no atlas 'cerebra' is shipped; .*did you mean 'CerebrA'"):
        load_atlas("cerebra")
    with pytest.raises(AtlasError, match="found 5"):
        load_atlas(5)


def test_a_table_in_memory_lacks_no_column_and_may_have_gone_through_pandas():
    table = pd.DataFrame({"index": [1.0, 2.0], "region": ["m1", "m1"], "side": ["left", "right"]})
    assert named(load_atlas(label_image(), table)) == M1
    midline = pd.DataFrame({"index": [1, 2], "region": ["a", "b"], "side": [np.nan, np.nan]})
    assert named(load_atlas(label_image(), midline)) == [(1, "a", "n/a"), (2, "b", "n/a")]
    with pytest.raises(AtlasError, match="needed are the columns index, region and side, or index and name"):
        load_atlas(label_image(), table.drop(columns="side"))


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        ("name", ["lh_M1", "rh_M1"]),
        ("name", ["ctx-lh-M1", "ctx-rh-M1"]),
        ("name", ["Left M1", "Right M1"]),
        ("name", ["M1_L", "M1_R"]),
        ("name", ["R M1", "L M1"]),
        ("name\themisphere", ["M1\tL", "M1\tR"]),
        ("name\themisphere", ["M1_L\tleft", "M1_R\tRH"]),
    ],
)
def test_a_bids_table_says_the_side_in_a_column_or_in_the_name(tmp_path, header, rows):
    first = 2 if rows[0].startswith("R ") else 1
    lines = [f"index\t{header}", f"{first}\t{rows[0]}", f"{3 - first}\t{rows[1]}"]
    path, table = pair(tmp_path, LABELS, "\n".join(lines))
    path = path.rename(tmp_path / "atlas-Own_res-01_dseg.nii.gz")
    table.rename(tmp_path / "atlas-Own_dseg.tsv")
    found = {(index, name.removeprefix("ctx_"), side) for index, name, side in named(load_atlas(path))}
    assert found == set(M1)


def test_a_bids_table_may_name_the_background_and_more_than_the_image_holds(tmp_path):
    files = pair(tmp_path, LABELS, "index\tname\n0\tBackground\n1\tA\n2\tB-l\n7\tC\n")
    assert named(load_atlas(*files)) == [(1, "a", "n/a"), (2, "b_l", "n/a")]  # no B-r, so l is no side
    with pytest.raises(AtlasError, match="holds index 2"):
        load_atlas(*pair(tmp_path, LABELS, "index\tname\n1\tA\n"))
    with pytest.raises(AtlasError, match="'A_L' says left, its hemisphere 'R'"):
        load_atlas(*pair(tmp_path, LABELS, "index\tname\themisphere\n1\tA_L\tR\n2\tA_R\tR\n"))
    with pytest.raises(AtlasError, match="hemisphere 'up'"):
        load_atlas(*pair(tmp_path, LABELS, "index\tname\themisphere\n1\tA\tup\n"))


def test_a_nilearn_atlas_brings_its_names(tmp_path):
    path, _ = pair(tmp_path, LABELS, "")
    names = ["Background", "M1_L", "M1_R"]
    lut = pd.DataFrame({"index": [0, 1, 2], "name": names, "color": "#000000"})
    for atlas in (
        {"maps": label_image(), "labels": names, "lut": lut, "atlas_type": "deterministic"},
        {"maps": str(path), "labels": names},
        {"maps": path, "labels": [name.encode() for name in names[1:]]},
        {"maps": label_image(), "labels": names[1:], "indices": ["1", "2"]},
    ):
        assert named(load_atlas(atlas)) == M1
    with pytest.raises(AtlasError, match="is probabilistic"):
        load_atlas({"maps": label_image(), "labels": names, "atlas_type": "probabilistic"})
    with pytest.raises(AtlasError, match="neither lut nor labels"):
        load_atlas({"maps": label_image()})
    with pytest.raises(AtlasError, match="an atlas object with maps"):
        load_atlas({"labels": names})


@pytest.mark.parametrize("background", ["Background", "unknown", "", "???", b"BACKGROUND"])
def test_a_nilearn_label_that_is_a_background_is_number_0_even_if_the_last_region_is_lost(background):
    assert named(load_atlas({"maps": label_image(), "labels": [background, "M1_L", "M1_R", "S1"]})) == M1


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"labels": ["A", "B", "C"]}, "3 labels for an image that ends with index 2, .*give it a lut with"),
        ({"labels": []}, "neither lut nor labels"),
        ({"labels": ["A", "B"], "indices": [1]}, "2 labels and 1 indices; give it a lut with"),
        ({"labels": ["A", "B"], "indices": [1, np.nan]}, "index 'nan' is not a whole number from 1 up"),
        ({"lut": pd.DataFrame({"index": [1, np.nan], "name": ["A", "B"]})}, "index 'n/a' is not a whole number"),
        ({"lut": pd.DataFrame({"index": [1, 1.5], "name": ["A", "B"]})}, "index '1.5' is not a whole number"),
    ],
)
def test_a_nilearn_atlas_whose_numbers_are_unclear_is_refused(more, message):
    with pytest.raises(AtlasError, match=message):
        load_atlas({"maps": label_image()} | more)
