import nibabel as nib
import numpy as np
import pytest

from pet_spect.errors import ImageError
from pet_spect.imaging.images import write_volume
from pet_spect.imaging.normal_uptake import PATTERNS, region_mask
from pet_spect.model import Volume
from pet_spect.registration.templates.template import read_template

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=sorted(PATTERNS))
def template(request):
    return request.getfixturevalue(request.param.lower())


def test_a_template_is_its_own_mirror(template):
    assert np.array_equal(template.uptake.data, template.uptake.data[::-1])
    assert np.array_equal(template.brain, template.brain[::-1])
    assert template.uptake.affine[0, 3] + 2 * (template.brain.shape[0] // 2) == 0.0


def test_a_template_has_a_brain_of_adult_size(template):
    assert 1.4e6 < template.brain.sum() * 8 < 2.1e6  # mm3


def test_fdg_is_low_in_white_matter_and_imz_lowest_in_the_pons(atlas, fdg, imz):
    means = {
        name: (fdg.uptake.data[mask].mean(), imz.uptake.data[mask].mean())
        for name in ("putamen", "cerebellum_gray_matter", "pons", "pericalcarine")
        if (mask := region_mask(atlas, name)[::2, ::2, ::2]).any()
    }
    assert means["putamen"][0] > means["cerebellum_gray_matter"][0] > means["pons"][0]
    assert means["pericalcarine"][1] > means["cerebellum_gray_matter"][1] > means["putamen"][1] > means["pons"][1]


def test_a_template_of_ones_own_is_brought_to_the_working_grid(atlas, fdg, tmp_path):
    own = fdg.uptake
    write_volume(tmp_path / "own.nii.gz", Volume(own.data * 7, own.affine))
    assert read_template(tmp_path / "own.nii.gz", atlas).uptake.data == pytest.approx(own.data * 7, rel=1e-5)


def test_a_template_that_lacks_part_of_the_brain_is_refused(atlas, fdg, tmp_path):
    own = fdg.uptake
    nib.save(nib.Nifti1Image(own.data[:, :, 20:], own.affine), tmp_path / "own.nii.gz")
    with pytest.raises(ImageError, match="does not hold the whole brain"):
        read_template(tmp_path / "own.nii.gz", atlas)
