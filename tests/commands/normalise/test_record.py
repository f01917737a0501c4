import numpy as np
import pytest

from pet_spect.commands.normalise.record import record_of
from pet_spect.model import Refusal, Volume
from pet_spect.registration.gates.plausibility import Gates
from pet_spect.registration.normalise import Normalised
from pet_spect.registration.warp import Deformation
from pet_spect.results.record_values import VolumesMl
from pet_spect.results.registration.registration_record import read_registration_record, write_registration_record


def record(fault, *, given):
    data = np.zeros((5, 10, 10), np.float32)
    data[0, :5, :2] = 1
    affine = np.diag([10.0, 10.0, 10.0, 1.0])
    affine[0, 3] = -20
    result = Normalised(lesion=Volume(data, affine), seen_ml=(8.0, 0.0))
    return record_of(
        "sub-01",
        {},
        result,
        {},
        gates=Gates(),
        deformation=Deformation(),
        anatomy=None,
        lesion_fault=fault,
        lesion_given=given,
    )


def test_the_record_says_how_large_the_lesion_is_on_each_side_and_where_it_is_from():
    lesion = record(None, given=True).lesion
    assert (lesion.volume_ml.left, lesion.volume_ml.right) == (pytest.approx(10.0), 0.0)
    assert lesion.seen_ml == VolumesMl(left=8.0, right=0.0)
    assert (lesion.source, lesion.code) == ("given", None)


def test_a_mask_that_could_not_be_used_is_said_with_the_lesion_that_was_estimated():
    lesion = record(Refusal("normalise", "lesion_mask_space", "its name says no space"), given=False).lesion
    assert (lesion.source, lesion.code) == ("estimated", "lesion_mask_space")


def test_the_record_of_normalise_can_be_read_back(tmp_path):
    write_registration_record(tmp_path / "record.json", record(None, given=True))
    read = read_registration_record(tmp_path / "record.json")
    assert read.settings.gates["brain_in_view_min"] == Gates().brain_in_view_min
    assert read.settings.deformation["first"]["metric"] == "mattes"
