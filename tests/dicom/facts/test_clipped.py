"""Voxels cut off at the largest stored value are told."""

import numpy as np
import pytest

from pet_spect.dicom.facts.clipped import clipping_remarks
from pet_spect.model import Volume
from pet_spect.remarks import recall_warnings, write_remark
from tests.dicom.conftest import convert


def head(top, *, levels=32767, seed=1):
    """Return a smooth noisy ball of whole numbers, cut off at a share of its largest value."""
    grid = np.indices((48, 48, 12)) - np.array([23.5, 23.5, 5.5])[:, None, None, None]
    smooth = np.exp(-((grid / np.array([14, 14, 9])[:, None, None, None]) ** 2).sum(axis=0))
    noisy = smooth * (1 + 0.05 * np.random.default_rng(seed).standard_normal(smooth.shape))
    return np.minimum(np.round(levels * noisy / noisy.max()), np.round(top * levels))


def remarks(data):
    return clipping_remarks(Volume(data.astype(np.float32), np.eye(4)))


@pytest.mark.parametrize("levels", [255, 4095, 32767])
@pytest.mark.parametrize("top", [0.9, 0.7, 0.5])
def test_a_head_that_is_cut_off_is_told(levels, top):
    (caution,) = remarks(head(top, levels=levels))
    assert caution.code == "values_clipped"
    assert recall_warnings([write_remark(caution)]) == [caution]


@pytest.mark.parametrize("levels", [87, 255, 4095, 32767])
@pytest.mark.parametrize("seed", range(5))
def test_a_head_as_measured_is_not(levels, seed):
    assert remarks(head(1.0, levels=levels, seed=seed)) == []


def test_phantoms_of_a_few_values_are_not():
    phantom = np.zeros((32, 32, 4))
    phantom[8:24, 8:24] = 4.0
    assert remarks(phantom) == []
    assert remarks(np.full((8, 8, 4), np.nan)) == []


def test_a_converted_scan_says_so_once(pet_slices, save):
    stored = np.moveaxis(head(0.7), 2, 0)
    codes = [warning["Code"] for warning in convert(save(*pet_slices(stored)))[1]["Warnings"]]
    assert codes == ["values_clipped"]
