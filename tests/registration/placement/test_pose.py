from functools import cache

import numpy as np
import pytest

from pet_spect.errors import RegistrationError
from pet_spect.imaging.resample import apply_affine
from pet_spect.registration.gates.plausibility import Gates
from pet_spect.registration.placement.field_of_view import field_of_view, in_view
from pet_spect.registration.placement.head_search import crop_to_head
from pet_spect.registration.placement.orientation import fit
from pet_spect.registration.placement.pose import find_pose, look_at

pytestmark = pytest.mark.slow

POINTS = np.array(
    [[0.0, -20, 10], [-60, -20, 20], [60, -20, 20], [0, 60, 10], [0, -95, 0], [0, -20, 70], [0, -60, -40]]
)
CUTS = {
    "whole": None,
    "10 mm of the vertex": (2, 1, 10.0, None),
    "25 mm of the vertex, filled with zeros": (2, 1, 25.0, 0.0),
    "25 mm of the vertex, filled with NaN": (2, 1, 25.0, np.nan),
    "40 mm of the vertex": (2, 1, 40.0, None),
    "40 mm of the bottom": (2, 0, 40.0, None),
    "20 mm of the left": (0, 0, 20.0, None),
    "20 mm of the back": (1, 0, 20.0, None),
}
SIDES = {(2, 1): "top", (2, 0): "bottom", (0, 0): "left side", (1, 0): "back"}


@pytest.fixture(scope="module")
def found(template_scan):
    """Return a function that gives scan, share of the brain in view and pose of one of `CUTS`."""

    @cache
    def find(name):
        scan, share = (template_scan.scan, 1.0) if CUTS[name] is None else template_scan.cut(*CUTS[name])
        scan = in_view(scan)
        head = crop_to_head(scan)
        return scan, share, find_pose(head, template_scan.template, fit(head, template_scan.template).pose)

    return find


@pytest.mark.parametrize("name", CUTS)
def test_the_pose_is_found_to_a_millimetre_and_a_percent_whatever_is_out_of_view(found, template_scan, name):
    _, _, pose = found(name)
    off = np.linalg.norm(apply_affine(pose, POINTS) - apply_affine(template_scan.pose, POINTS), axis=1)
    # the prior on size and shape moves a part that is out of view a little further
    assert (off.mean() < 1.0, off.max() < 1.5) == (True, True)
    sizes = (np.linalg.svd(each[:3, :3], compute_uv=False) for each in (pose, template_scan.pose))
    assert np.divide(*sizes) == pytest.approx(np.ones(3), abs=0.01)


@pytest.mark.parametrize("name", CUTS)
def test_the_share_in_view_and_the_side_that_is_cut_are_told(found, template_scan, name):
    scan, share, pose = found(name)
    view = field_of_view(scan, pose, template_scan.template.brain, template_scan.template.uptake.affine)
    assert view.brain_fraction == pytest.approx(share, abs=0.03)
    assert view.cut == (() if CUTS[name] is None else (SIDES[CUTS[name][:2]],))


def test_the_same_scan_has_the_same_pose_to_the_last_bit(template_scan):
    head = crop_to_head(template_scan.cut(2, 1, 40.0)[0])
    first, second = (find_pose(head, template_scan.template, template_scan.pose) for _ in range(2))
    assert np.array_equal(first, second)


def test_half_a_brain_is_refused_by_its_field_of_view_and_its_pose_is_kept(template_scan):
    half, share = template_scan.cut(2, 1, 68.0)
    accepted = {"gate_field_of_view", "gate_likeness"}
    attempt = look_at(half, "FDG", {"FDG": template_scan.template}, Gates(), accepted)
    with pytest.raises(RegistrationError, match=r"of the brain is in the field of view, 60% is needed") as refused:
        attempt.placed()
    assert refused.value.code == "gate_field_of_view"
    assert str(refused.value).endswith("; the brain is cut at the top")
    assert float(str(refused.value).split("%")[0]) / 100 == pytest.approx(share, abs=0.03)
    assert attempt.pose is not None


def test_a_cut_head_that_shows_enough_is_placed(template_scan):
    cut, share = template_scan.cut(2, 1, 40.0, fill=0.0)
    placed = look_at(cut, "FDG", {"FDG": template_scan.template}, Gates()).placed()
    assert placed.view.cut == ("top",)
    assert placed.view.brain_fraction == pytest.approx(share, abs=0.03)
    assert np.isnan(placed.head.data[:, :, -1]).all()
