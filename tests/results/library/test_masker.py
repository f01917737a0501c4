import nibabel as nib
import numpy as np
import pytest
from sklearn.base import clone

import pet_spect
from pet_spect.errors import ImageError
from tests.small_study import simulated_scan

pytestmark = pytest.mark.slow


def test_the_masker_gives_the_means_of_extract_uptake():
    scan = simulated_scan("left", 0.8, 0, 6)
    image = nib.Nifti1Image(scan.data, scan.affine)
    masker = clone(pet_spect.UptakeMasker(blur_mm=4.0))
    means = masker.fit_transform([image, image])
    uptake = pet_spect.extract_uptake(image, target=[], blur_mm=4.0)
    assert means.shape == (2, 96)
    np.testing.assert_allclose(means[1], uptake["mean"], rtol=1e-12)
    assert masker.region_names_[0] == f"{uptake['region'][0]} {uptake['side'][0]}"
    away = nib.Nifti1Image(scan.data, scan.affine + np.diag([9.0, 0, 0, 0])[:, [1, 2, 3, 0]])
    with pytest.raises(ImageError, match="its brain lies"):
        masker.transform(away)
