import numpy as np
import pytest

from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.measurable_tissue import measurable_tissue, standard_brain
from pet_spect.quantify.surroundings import holds


def test_tissue_is_its_own_mirror_image_about_x_0():
    tissue = measurable_tissue()
    np.testing.assert_array_equal(tissue.data, tissue.data[::-1])
    assert tissue.affine[0, 3] + tissue.affine[0, 0] * (tissue.data.shape[0] - 1) / 2 == 0


def test_no_ventricle_and_nothing_outside_the_brain_is_tissue():
    tissue, atlas = measurable_tissue().data > 0, load_atlas("CerebrA")
    of = {
        name: [region.index for region in atlas.regions if region.name == name] for name in ("precentral", "thalamus")
    }
    ventricles = [region.index for region in atlas.regions if "ventricle" in region.name]
    assert not tissue[np.isin(atlas.labels, ventricles)].any()
    assert not tissue[standard_brain().data == 0].any()
    for indices in of.values():
        assert tissue[np.isin(atlas.labels, indices)].mean() > 0.99
    assert 1000 < tissue.sum() / 1000 < 1900  # mL


@pytest.mark.parametrize(
    ("point", "inside"), [((-34, -20, 52), True), ((0, 10, 20), True), ((-95, 0, 0), False), ((0, 0, 95), False)]
)
def test_a_point_in_the_standard_brain(point, inside):
    assert holds(standard_brain(), point) is inside
