import gzip
import io
import zlib

import pytest

from pet_spect.imaging.gzipped import BROKEN, drain, gunzip

CONTENT = bytes(range(256)) * 40
PACKED = gzip.compress(CONTENT, mtime=0)


def length(packed, most=10**6):
    return drain(gunzip(io.BytesIO(packed)), most)


def test_a_whole_stream_is_as_long_as_its_content():
    assert length(PACKED) == len(CONTENT)


def test_members_one_after_the_other_are_one_stream():
    assert length(PACKED + PACKED) == 2 * len(CONTENT)


def test_zeros_after_the_end_are_padding():
    assert length(PACKED + bytes(512)) == len(CONTENT)


@pytest.mark.parametrize("garbage", [b"x", b"\0\0x", b"\x1f\x8b", b"once upon a time"])
def test_anything_else_after_the_end_is_damage(garbage):
    with pytest.raises(BROKEN):
        length(PACKED + garbage)


@pytest.mark.parametrize("lost", range(1, 10))
def test_a_stream_without_its_last_bytes_is_damaged(lost):
    with pytest.raises(BROKEN):
        length(PACKED[:-lost])


@pytest.mark.parametrize("place", range(-8, 0))
def test_checksum_and_length_are_believed_and_not_the_content(place):
    damaged = bytearray(PACKED)
    damaged[place] ^= 1
    with pytest.raises(BROKEN):
        length(bytes(damaged))


def test_a_bomb_is_not_unpacked_to_its_end():
    packer = zlib.compressobj(wbits=31)
    bomb = b"".join(packer.compress(bytes(2**20)) for _ in range(64)) + packer.flush()
    stream = io.BytesIO(bomb)
    assert 1000 < drain(gunzip(stream), 1000) < 2**20
