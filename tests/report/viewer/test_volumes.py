from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from pet_spect.errors import ImageError
from pet_spect.imaging import images
from pet_spect.imaging.atlases import load_atlas
from pet_spect.model import Atlas, Refusal, Region, ScanKey, Volume
from pet_spect.report.viewer.volumes import nearest_labels, write_standard, write_volumes
from pet_spect.results import layout

from ...records import record_of, refused, registered
from .planted import AFFINE, LEFT_MM, RIGHT_MM, SHAPE, write_planted
from .test_packed import unpacked

pytestmark = pytest.mark.slow

FLIPPED = np.array([[-1.0, 0, 0, SHAPE[0] - 1], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])


def read_script(path: Path) -> tuple[dict[str, Any], np.ndarray]:
    """Return what a script says and its values as the page has them."""
    name, about, text = re.fullmatch(r'petSpect\.add\("(.*?)", (\{.*\}), "(.*)"\);\n', path.read_text()).groups()
    assert name == path.stem
    told = json.loads(about)
    numbers = unpacked(text, told["shape"], smooth=told["smooth"])
    if "slope" not in told:
        return told, numbers
    return told, np.where(numbers > 0, numbers * told["slope"] + told["intercept"], np.nan)


def at(told: dict[str, Any], values: np.ndarray, mm: tuple[float, ...]) -> float:
    place = [round((x - o) / v) for x, o, v in zip(mm, told["origin_mm"], told["voxel_mm"], strict=True)]
    return float(values[tuple(place)])


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    results = tmp_path_factory.mktemp("results")
    write_planted(results, "sub-01", [("baseline", "FDG"), ("year1", "FDG")])
    return results


def test_uptake_keeps_its_place_its_side_and_its_value(results):
    told, values = read_script(results / layout.uptake_volume("sub-01", "baseline", "18FFDG"))
    assert told["unit"] == "Bq/mL"
    assert told["voxel_mm"] == [2, 2, 2]
    assert at(told, values, LEFT_MM) == pytest.approx(8000, rel=1e-3)
    assert at(told, values, RIGHT_MM) == pytest.approx(2000, abs=8)
    assert at(told, values, (-32, -18, 52)) == pytest.approx(8000, rel=1e-3)  # the last voxel of the block
    assert at(told, values, (-30, -18, 52)) == pytest.approx(4000, abs=8)


def test_outside_the_view_and_far_from_the_brain_there_is_no_value(results):
    told, values = read_script(results / layout.uptake_volume("sub-01", "year1", "18FFDG"))
    assert np.isnan(at(told, values, (0, -60, -60)))
    assert np.isnan(values[0, 0, -1])
    assert at(told, values, LEFT_MM) == pytest.approx(6000, rel=1e-3)


def test_regions_are_those_of_the_atlas_on_both_sides(results):
    told, labels = read_script(results / layout.regions_volume("sub-01"))
    assert told["regions"][str(round(at(told, labels, LEFT_MM)))] == ["precentral", "left"]
    assert told["regions"][str(round(at(told, labels, RIGHT_MM)))] == ["precentral", "right"]
    assert sorted(told["regions"][str(label)][1] for label in told["target"]) == ["left", "right"]
    atlas = load_atlas()
    counts = np.bincount(atlas.labels[::2, ::2, ::2].ravel(), minlength=104)
    assert (np.bincount(labels.ravel(), minlength=104)[1:] == counts[1:]).all()  # none is cut off


def test_lesion_lies_where_the_mask_lies(results):
    told, inside = read_script(results / layout.lesion_volume("sub-01"))
    assert inside.sum() == 9**3
    assert at(told, inside, (-30, 0, 20)) == 1
    assert at(told, inside, (30, 0, 20)) == 0


def test_a_scan_takes_at_most_350_kb(results):
    noisy = Volume(np.random.default_rng(2).normal(100, 10, SHAPE).astype(np.float32), AFFINE)
    smooth = Volume(gaussian_filter(noisy.data, 1.0) + 50 * gaussian_filter(noisy.data - 100, 2.0), AFFINE)
    path = results / layout.standard_image("sub-02", "baseline", "18FFDG", "pet")
    native = results / layout.scan_image("sub-02", "baseline", "18FFDG", "pet")
    images.write_scan(path, smooth, {})
    images.write_scan(native, smooth, {"Simulated": True})
    images.write_volume(results / layout.lesion_mask("sub-02"), Volume(np.zeros(SHAPE, dtype=np.float32), AFFINE))
    key = ScanKey("sub-02", "baseline", "FDG")
    record = record_of("sub-02", registered("baseline", "FDG"))
    write_volumes(results, record, [(key, native)], load_atlas(), ["precentral"])
    assert (results / layout.uptake_volume("sub-02", "baseline", "18FFDG")).stat().st_size < 350_000


def test_same_scans_give_the_same_bytes(results, tmp_path):
    write_planted(tmp_path, "sub-01", [("baseline", "FDG"), ("year1", "FDG")])
    for path in sorted((tmp_path / "figures/sub-01").iterdir()):
        assert path.read_bytes() == (results / "figures/sub-01" / path.name).read_bytes()


def test_nothing_is_left_of_a_scan_that_is_refused_now(tmp_path):
    write_planted(tmp_path, "sub-01", [("baseline", "FDG")])
    record = record_of("sub-01", refused("baseline", "FDG", "18FFDG", Refusal("normalise", "gate_scale", "scale 1.9")))
    native = tmp_path / layout.scan_image("sub-01", "baseline", "18FFDG", "pet")
    write_volumes(tmp_path, record, [(ScanKey("sub-01", "baseline", "FDG"), native)], load_atlas(), ["precentral"])
    left = sorted(path.name for path in (tmp_path / "figures/sub-01").iterdir())
    assert left == ["sub-01_lesion.js"]


def one_scan(folder: Path) -> tuple[Path, Callable[[], None]]:
    """Return the image of one scan in standard space, and what writes the volumes again from it."""
    write_planted(folder, "sub-01", [("baseline", "FDG")])
    native = folder / layout.scan_image("sub-01", "baseline", "18FFDG", "pet")
    scans = [(ScanKey("sub-01", "baseline", "FDG"), native)]
    record = record_of("sub-01", registered("baseline", "FDG"))
    image = folder / layout.standard_image("sub-01", "baseline", "18FFDG", "pet")
    return image, lambda: write_volumes(folder, record, scans, load_atlas(), ["precentral"])


def test_an_image_stored_from_left_to_right_or_right_to_left_gives_the_same_script(tmp_path):
    image, write_again = one_scan(tmp_path)
    script = tmp_path / layout.uptake_volume("sub-01", "baseline", "18FFDG")
    before = script.read_bytes()
    stored = nib.load(image)
    flipped = nib.Nifti1Image(stored.get_fdata(dtype=np.float32)[::-1], stored.affine @ FLIPPED)
    assert flipped.affine[0, 0] == -2
    nib.save(flipped, image)
    write_again()
    assert script.read_bytes() == before


def test_an_image_on_a_rotated_grid_is_refused(tmp_path):
    image, write_again = one_scan(tmp_path)
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(0.1), -np.sin(0.1)], [np.sin(0.1), np.cos(0.1)]]
    images.write_volume(image, Volume(np.ones(SHAPE, dtype=np.float32), turn @ AFFINE))
    with pytest.raises(ImageError, match="rotated grid"):
        write_again()


def test_standard_brain_lies_on_the_grid_of_the_scans_and_is_symmetric(results, tmp_path):
    write_standard(tmp_path / "standard.js")
    told, values = read_script(tmp_path / "standard.js")
    scan, _ = read_script(results / layout.uptake_volume("sub-01", "baseline", "18FFDG"))
    assert (told["shape"], told["origin_mm"]) == (scan["shape"], scan["origin_mm"])
    brain = np.nan_to_num(values)
    assert np.abs(brain - brain[::-1]).max() < 0.01
    assert at(told, brain, (0, 0, 26)) > 0.7  # corpus callosum


def test_labels_on_a_coarser_grid_are_those_at_its_voxel_centres():
    labels = np.zeros((4, 4, 4), dtype=np.int32)
    labels[0], labels[3] = 2, 1
    affine = np.diag([1.0, 1, 1, 1])
    affine[:3, 3] = -1.5
    atlas = Atlas("own", labels, affine, (Region(1, "m1", "right"), Region(2, "m1", "left")))
    coarse = affine.copy()
    coarse[0, 0] = 3.0
    on_grid = nearest_labels(atlas, Volume(np.zeros((3, 4, 4), dtype=np.float32), coarse))
    assert on_grid[:, 0, 0].tolist() == [2, 1, 0]  # the third lies beyond the atlas
