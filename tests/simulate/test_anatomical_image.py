from datetime import datetime

import numpy as np
import pytest

from pet_spect.dicom.anatomy.convert import convert_anat
from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.resample import sample
from pet_spect.model import Volume
from pet_spect.simulate.anatomical_image import scan_anat, standard_anat
from pet_spect.simulate.heads.anatomy import individual_anatomy
from pet_spect.simulate.heads.traits import STANDARD
from pet_spect.simulate.writers.anatomical_series import AnatHeader, write_anat_series

pytestmark = pytest.mark.slow

HEADER = AnatHeader(datetime(2001, 3, 5, 9))
# white matter, beside the lateral ventricle's body, well within the skull of everybody whose head is not warped
WHITE_MM = np.array([[27.0, -30, 28]])
LESION_MM = np.array([[-27.0, -30, 28]])
AIR_MM = np.array([[0.0, 0, 112]])


@pytest.fixture(scope="module")
def image(head):
    """Return a maker of images of the standard head itself, with a 10 mm lesion on the left."""

    def make(kind, pose=None):
        anatomy = individual_anatomy(head, np.random.default_rng(0), traits=STANDARD)
        away = np.linalg.norm(anatomy.standard_points - LESION_MM.reshape(3, 1, 1, 1), axis=0)
        lost = (away < 10).astype(np.float32)
        standard = standard_anat(kind, load_atlas(), step=2)
        rng = np.random.default_rng(1)
        return scan_anat(kind, standard, anatomy, lost, np.eye(4) if pose is None else pose, rng, thin=2)

    return make


def at(image, point):
    """Return the mean of the 27 voxels around a point."""
    around = np.stack(np.meshgrid(*[[-3.0, 0, 3]] * 3), axis=-1).reshape(-1, 3)
    return float(sample(image, point + around).mean())


def test_a_t1_shows_white_matter_bright_the_infarct_dark_and_air_darker(image):
    t1 = image("T1w")
    assert at(t1, WHITE_MM) > 2.5 * at(t1, LESION_MM) > 5 * at(t1, AIR_MM)
    assert t1.data.min() >= 0
    np.testing.assert_array_equal(t1.data, np.rint(t1.data))


def test_a_ct_is_in_hounsfield_units(image):
    ct = image("CT")
    assert at(ct, WHITE_MM) == pytest.approx(29, abs=3)
    assert at(ct, LESION_MM) == pytest.approx(12, abs=3)
    assert ct.data.min() == -1000
    assert 700 < ct.data.max() <= 910 + 5 * 4  # bone, and noise


def test_a_head_that_lies_elsewhere_is_imaged_there(image):
    pose = np.eye(4)
    pose[:3, 3] = (8, -6, 4)
    np.testing.assert_allclose(
        at(image("CT", pose), LESION_MM + np.array([8.0, -6, 4])), at(image("CT"), LESION_MM), atol=2
    )


@pytest.mark.parametrize(("kind", "told"), [("T1w", ("MR", "arbitrary")), ("CT", ("CT", "HU"))])
def test_what_is_written_is_read_back_voxel_by_voxel(image, tmp_path, kind, told):
    written = image(kind)
    write_anat_series(tmp_path / "anat", written, kind, HEADER, np.random.default_rng(2))
    found, facts = convert_anat(tmp_path / "anat")
    assert (facts["Modality"], facts["Units"], facts["Simulated"]) == (*told, True)
    places = np.array([[3, 5, 2], [60, 40, 20], [100, 90, 30]])
    points = places @ written.affine[:3, :3].T + written.affine[:3, 3]
    expected = written.data[tuple(places.T)]
    np.testing.assert_array_equal(sample(Volume(found.data, found.affine), points.round(6)).round(2), expected)


def test_objects_are_valid(image, tmp_path, dicom_errors):
    for kind in ("T1w", "CT"):
        write_anat_series(tmp_path / kind, image(kind), kind, HEADER, np.random.default_rng(2))
        assert dicom_errors(sorted((tmp_path / kind).iterdir())[:2]) == []
