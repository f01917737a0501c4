import nibabel as nib
import numpy as np
import pytest
from nilearn.datasets import load_mni152_gm_template, load_mni152_wm_template

from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.normal_uptake import PATTERNS
from pet_spect.simulate.heads.standard_head import SUBCORTICAL, standard_head

pytestmark = pytest.mark.slow


def value_at(array, affine, point):
    return array[tuple(np.rint(nib.affines.apply_affine(np.linalg.inv(affine), point)).astype(int))]


def test_tissue_maps_land_on_the_atlas_grid():
    head = standard_head(load_atlas())
    grey, white = load_mni152_gm_template(resolution=1), load_mni152_wm_template(resolution=1)
    name_of = {index: name for name, by_side in head.indices.items() for index in by_side.values()}
    far = ["superior_frontal", "precentral", "inferior_parietal"]  # no white matter beside a ventricle
    voxels = np.argwhere(np.isin(head.labels, head.labels_of(far)))
    for voxel in voxels[np.random.default_rng(0).integers(0, len(voxels), 300)]:
        point = nib.affines.apply_affine(head.affine, voxel)
        share_grey, share_white = (value_at(np.asarray(image.dataobj), image.affine, point) for image in (grey, white))
        level = PATTERNS["FDG"].cortex[name_of[head.labels[tuple(voxel)]]]
        whole = max(1, share_grey + share_white)
        expected = (level * share_grey + PATTERNS["FDG"].white * share_white) / whole
        expected += PATTERNS["FDG"].csf * (1 - (share_grey + share_white) / whole)
        assert head.uptake["FDG"][tuple(voxel)] == pytest.approx(expected, abs=1e-6)


def test_head_is_its_own_mirror(head):
    for uptake in head.uptake.values():
        assert np.abs(uptake - uptake[::-1]).mean() < 2e-3


def test_tissues_take_up_what_the_design_says(head):
    def mean(tracer, region):
        return head.uptake[tracer][np.isin(head.labels, head.labels_of([region]))].mean()

    assert mean("FDG", "putamen") > mean("FDG", "thalamus") > mean("FDG", "pons") > 0.4
    cerebellum = PATTERNS["FDG"].filled["cerebellum_gray_matter"]
    np.testing.assert_allclose(mean("FDG", "cerebellum_gray_matter"), cerebellum, rtol=1e-5)
    order = ("cuneus", "precentral", "cerebellum_gray_matter", "thalamus", "pons")
    uptake = [mean("IMZ", region) for region in order]
    assert uptake == sorted(uptake, reverse=True)


def test_scalp_surrounds_a_darker_skull(head):
    above_vertex = [value_at(head.uptake["FDG"], head.affine, (-30, -20, z)) for z in range(50, 108)]
    scalp = max(z for z, uptake in zip(range(50, 108), above_vertex, strict=True) if uptake > 0)
    assert value_at(head.uptake["FDG"], head.affine, (-30, -20, scalp)) == np.float32(PATTERNS["FDG"].scalp)
    assert min(above_vertex[: scalp - 50]) == np.float32(0.04)


def test_cortex_is_every_lateral_region_that_is_not_listed_as_subcortical(head):
    lateral = {name for name, by_side in head.indices.items() if set(by_side) == {"left", "right"}}
    assert lateral == {*head.cortex, *SUBCORTICAL}
    assert len(head.cortex) == 31
