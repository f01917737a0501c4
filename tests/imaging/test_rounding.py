"""Rounding that packs: exact, fine, and without a trace in NaN or zero."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pet_spect.imaging.rounding import STANDARD_BITS, WARP_STEP_MM, rounded, rounded_to_bits

VALUES = arrays(np.float32, 20, elements=st.floats(-300, 300, width=32))


@given(VALUES)
def test_displacements_move_by_half_a_step_at_the_most_and_only_once(values):
    found = rounded(values, WARP_STEP_MM)
    assert found.dtype == np.float32
    assert np.abs(found.astype(float) - values).max() <= WARP_STEP_MM / 2
    np.testing.assert_array_equal(rounded(found, WARP_STEP_MM), found)
    assert not np.signbit(found[found == 0]).any()


@given(VALUES, st.floats(1e-12, 1e12))
def test_scans_keep_their_largest_value_to_a_thousandth(values, scale):
    scan = (np.abs(values) * np.float32(scale)).astype(np.float32)
    largest = float(scan.max())
    found = rounded_to_bits(scan, STANDARD_BITS)
    assert np.abs(found.astype(float) - scan).max() <= largest / 2 ** (STANDARD_BITS - 1) / 2


def test_outside_the_field_of_view_stays_outside():
    scan = np.array([np.nan, 0, 1000], dtype=np.float32)
    assert np.isnan(rounded_to_bits(scan, STANDARD_BITS)).tolist() == [True, False, False]
    assert np.isnan(rounded_to_bits(scan[:1], STANDARD_BITS)).all()
    assert rounded_to_bits(scan[1:2], STANDARD_BITS).tolist() == [0]
