import numpy as np
import pytest
from nilearn import datasets

from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.tissue import brain_mask, nilearn_map, tissue_maps


@pytest.fixture(scope="module")
def placed():
    atlas = load_atlas()
    return atlas, tissue_maps(atlas)


def test_the_maps_lie_on_the_atlas(placed):
    atlas, tissue = placed
    cortex = np.isin(atlas.labels, [region.index for region in atlas.regions if region.name == "precentral"])
    white = np.isin(atlas.labels, [r.index for r in atlas.regions if r.name == "cerebellum_white_matter"])
    assert tissue.grey[cortex].mean() > 0.6 > 0.35 > tissue.white[cortex].mean()
    assert tissue.white[white].mean() > 0.5 > tissue.white[cortex].mean()
    assert tissue.brain[cortex].mean() > 0.95


def test_the_maps_are_their_own_mirror(placed):
    _, tissue = placed
    for part in (tissue.grey, tissue.white, tissue.brain):
        assert np.array_equal(part, part[::-1])


@pytest.mark.parametrize(
    ("kind", "load"),
    [("gm", "load_mni152_gm_template"), ("wm", "load_mni152_wm_template"), ("t1", "load_mni152_template")],
)
def test_the_maps_are_those_that_nilearn_gives(kind, load):
    expected = getattr(datasets, load)(resolution=1)
    own = nilearn_map(kind)
    assert np.array_equal(own.affine, expected.affine)
    assert np.array_equal(own.data, np.asarray(expected.dataobj, dtype=np.float32))


def test_the_brain_is_that_of_nilearn(placed):
    atlas, _ = placed
    assert brain_mask(atlas).sum() == np.asarray(datasets.load_mni152_brain_mask(resolution=1).dataobj).sum()
