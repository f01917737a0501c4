"""Large objects: no voxel is decoded before the header was understood, and memory stays below three images."""

import tracemalloc

import numpy as np
import pytest

from pet_spect.dicom.files import read
from pet_spect.dicom.objects import stored
from tests.dicom.conftest import convert, refused

SLICES, EDGE = 40, 128
IMAGE_BYTES = 4 * SLICES * EDGE * EDGE


@pytest.fixture
def large(monkeypatch):
    """Take every file for a large one."""
    monkeypatch.setattr(read, "_LARGE", 0)


@pytest.mark.parametrize(
    "changes",
    [{}, {"BitsStored": 12, "HighBit": 11}, {"PixelPaddingValue": 1}, {"RescaleSlope": "0.5"}],
    ids=["plain", "12 bits", "padding", "slope"],
)
def test_a_spect_needs_less_than_three_times_its_image(nm_object, save, large, changes):
    counts = np.full((SLICES, EDGE, EDGE), 1000)
    counts[0, 0, 0] = 999  # an image of one value is refused
    folder = save(nm_object(counts, **changes))
    convert(folder)  # what is loaded once
    tracemalloc.start()
    convert(folder)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3 * IMAGE_BYTES


def test_what_is_read_in_pieces_is_the_same(nm_object, enhanced, save, monkeypatch):
    folders = [save(nm_object(), folder="nm"), save(enhanced(), folder="enhanced")]
    at_once = [convert(folder) for folder in folders]
    monkeypatch.setattr(read, "_LARGE", 0)
    for folder, (volume, facts) in zip(folders, at_once, strict=True):
        again, told = convert(folder)
        np.testing.assert_array_equal(again.data, volume.data)
        assert told == facts


def test_what_the_header_refuses_is_refused_without_its_voxels(nm_object, save, large, monkeypatch):
    def decode(header):
        raise AssertionError("decoded")

    monkeypatch.setattr(stored, "stored_frames", decode)
    folder = save(nm_object(TimeSlotVector=[1, 1, 2, 2], SliceVector=[1, 2, 1, 2]))
    whole_files = []
    monkeypatch.setattr(read, "_whole", lambda *_: whole_files.append(1))
    assert refused(folder).code == "gate"
    assert whole_files == []


def test_frames_share_what_holds_for_all_of_them(enhanced, save):
    """An element of one frame alone goes before that of the object, as it did when frames were copies."""
    ds = enhanced()
    ds.PerFrameFunctionalGroupsSequence[1].FrameContentSequence[0].CorrectedImage = ["ATTN"]
    assert refused(save(ds)).code == "mixed_series"
