import numpy as np

from pet_spect.remarks import Remark
from pet_spect.results.record_values import matrix_of
from pet_spect.results.registration.registration_entries import ViewBox

from ...records import registered

POSE = np.arange(16.0).reshape(4, 4)


def test_the_field_of_view_is_that_of_the_scan_itself():
    view = ViewBox(first=(0.0, 0.0, 0.0), last=(9.5, 9.0, 4.0))
    entry = registered("baseline", "FDG", cut_at=("top", "back"), view=view, own_pose=matrix_of(POSE))
    assert (entry.cut_view.cut, entry.cut_view.first, entry.cut_view.last) == (("top", "back"), view.first, view.last)
    assert np.array_equal(entry.cut_view.pose, POSE)
    assert entry.cut_flags == (Remark.of("brain_cut", sides=["top", "back"]),)


def test_nothing_is_said_of_a_scan_that_shows_the_whole_brain():
    entry = registered("baseline", "FDG")
    assert entry.cut_view.pose is None
    assert entry.cut_flags == ()
