import numpy as np
import pytest

from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.tissue import BRAIN_FROM, nilearn_map, tissue_maps

pytestmark = pytest.mark.slow


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


def test_the_maps_are_those_that_nilearn_gives():
    from nilearn import datasets

    for name in ("gm", "wm"):
        theirs, ours = getattr(datasets, f"load_mni152_{name}_template")(resolution=1), nilearn_map(name)
        np.testing.assert_array_equal(ours.data, theirs.get_fdata(dtype=np.float32))
        np.testing.assert_array_equal(ours.affine, theirs.affine)
    np.testing.assert_array_equal(nilearn_map("t1").data, datasets.load_mni152_template(resolution=1).get_fdata())
    brain = nilearn_map("t1").data > BRAIN_FROM
    np.testing.assert_array_equal(brain, datasets.load_mni152_brain_mask(resolution=1).get_fdata() > 0)
