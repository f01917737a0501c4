from __future__ import annotations

import base64
import gzip
import json
import re

import numpy as np
import pytest

from pet_spect.model import Volume
from pet_spect.report.viewer.packed import STEPS, in_steps, packed, write_script


def unpacked(text: str, shape: tuple[int, ...], *, smooth: bool) -> np.ndarray:
    """Undo `packed`, byte by byte, as the page's script does."""
    numbers, value, bits = [], 0, 0
    for byte in gzip.decompress(base64.b64decode(text)):
        value |= (byte & 127) << bits
        bits += 7
        if byte < 128:
            numbers.append(-(value + 1) // 2 if value & 1 else value // 2)
            value = bits = 0
    array = np.array(numbers).reshape(shape, order="F")
    for axis in range(3) if smooth else ():
        array = np.cumsum(array, axis=axis)
    return array


@pytest.mark.parametrize("smooth", [False, True])
def test_packing_loses_nothing(smooth):
    numbers = np.random.default_rng(5).integers(0, 70000, (7, 5, 6))
    assert (unpacked(packed(numbers, smooth=smooth), (7, 5, 6), smooth=smooth) == numbers).all()


def test_same_array_gives_same_text_whatever_its_order_in_memory():
    numbers = np.arange(60).reshape(3, 4, 5)
    assert packed(numbers, smooth=True) == packed(np.asfortranarray(numbers), smooth=True)


def test_rounding_is_off_by_less_than_a_thousandth_of_the_range():
    data = np.random.default_rng(1).uniform(-300, 21000, (20, 20, 20))
    steps, slope, intercept = in_steps(data)
    assert steps.min() == 1
    assert steps.max() == STEPS + 1
    assert np.abs(steps * slope + intercept - data).max() < 0.001 * 21300


def test_no_value_is_step_zero_and_an_even_image_keeps_its_value():
    steps, slope, intercept = in_steps(np.array([[[np.nan, 7.0]]]))
    assert steps.tolist() == [[[0, 1]]]
    assert slope + intercept == 7.0
    assert in_steps(np.array([[[np.nan]]]))[0].tolist() == [[[0]]]


def test_script_says_where_the_voxels_lie_and_can_hold_any_name(tmp_path):
    grid = Volume(
        np.zeros((2, 3, 4), dtype=np.float32), np.array([[2.0, 0, 0, -9], [0, 3, 0, 5], [0, 0, 4, 7], [0, 0, 0, 1]])
    )
    name = '</script>"\u2028é'
    write_script(tmp_path / "a.js", {"regions": {"1": [name, "left"]}}, grid, "AAAA")
    text = (tmp_path / "a.js").read_bytes().decode("ascii")
    first, about, last = re.fullmatch(r'petSpect\.add\("(.*?)", (\{.*\}), "(.*)"\);\n', text).groups()
    assert (first, last) == ("a", "AAAA")
    assert json.loads(about) == {
        "shape": [2, 3, 4],
        "voxel_mm": [2, 3, 4],
        "origin_mm": [-9, 5, 7],
        "regions": {"1": [name, "left"]},
    }
