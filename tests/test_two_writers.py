"""Two processes that write one file at once: it is always the whole file of one of them."""

from __future__ import annotations

import multiprocessing

import numpy as np
import pytest
from PIL import Image

from pet_spect.errors import OvertakenError
from pet_spect.files import whole_file, write_json
from pet_spect.imaging.images import write_affine, write_volume, write_warp
from pet_spect.model import Volume, Warp
from pet_spect.tsv import write_table


def volume(path, value):
    write_volume(path, Volume(np.full((40, 40, 40), value, dtype=np.float32), np.eye(4)))


def warp(path, value):
    write_warp(path, Warp(np.full((20, 20, 20, 3), value, dtype=np.float32), np.eye(4)))


def affine(path, value):
    write_affine(path, np.diag([value, value, value, 1.0]))


def json(path, value):
    write_json(path, {str(number): value for number in range(5000)})


def table(path, value):
    write_table(path, {"a": {"Description": "x"}}, ({"a": value} for _ in range(5000)))


def picture(path, value):
    with whole_file(path) as partial:
        Image.fromarray(np.full((300, 300), int(value), dtype=np.uint8)).save(partial, format="png", optimize=True)


def text(path, value):
    with whole_file(path) as partial:
        partial.write_text(str(value) * 500_000, encoding="utf-8")


KINDS = {
    "a.nii.gz": volume,
    "b.nii": volume,
    "w.nii.gz": warp,
    "a.mat": affine,
    "a.json": json,
    "a.tsv": table,
    "a.png": picture,
    "a.html": text,
}


def write(kind, path, value, barrier):
    barrier.wait(30)
    try:
        KINDS[kind](path, value)
    except OvertakenError:
        raise SystemExit(1) from None


@pytest.mark.parametrize("kind", KINDS)
def test_ten_pairs_of_writers_never_damage_a_file(kind, tmp_path):
    whole = []
    for value in (1.0, 2.0):
        KINDS[kind](tmp_path / str(value) / kind, value)
        whole.append((tmp_path / str(value) / kind).read_bytes())
    context = multiprocessing.get_context("fork")
    path = tmp_path / "both" / kind
    for _ in range(10):
        barrier = context.Barrier(2)
        pair = [context.Process(target=write, args=(kind, path, value, barrier)) for value in (1.0, 2.0)]
        for each in pair:
            each.start()
        for each in pair:
            each.join()
        assert path.read_bytes() in whole
        assert 0 in [each.exitcode for each in pair]
    assert not [left.name for left in path.parent.iterdir() if left.name.startswith(".partial-")]
