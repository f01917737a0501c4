"""Limit on deflated DICOM files (PS3.5 A.5): pydicom unpacks them whole, unasked."""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO

from pydicom.uid import DeflatedExplicitVRLittleEndian

from pet_spect.dicom.files.archives import RATIO_FROM
from pet_spect.dicom.files.placed_file import MARK_END
from pet_spect.imaging.gzipped import MOST_RATIO

_HEAD = 2**12
_CHUNK = 2**20
_LONG = (b"OB", b"OW", b"SQ", b"UN", b"UT")


def unpacks_too_far(stream: BinaryIO) -> bool:
    """Return whether a file is deflated and unpacks to more than 200 times its size, and to more than 64 MiB.

    Nothing is kept of what is unpacked. The stream is left at its start. What is
    damaged is left for the reader to find.
    """
    head = stream.read(_HEAD)
    stream.seek(0)
    if DeflatedExplicitVRLittleEndian.encode() not in head:
        return False
    stream.seek(_meta_end(head))
    packed = unpacked = 0
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        while chunk := stream.read(_CHUNK):
            packed += len(chunk)
            while chunk and not inflater.eof:  # at its end what follows stays unconsumed for ever
                unpacked += len(inflater.decompress(chunk, _CHUNK))
                if unpacked > max(RATIO_FROM, MOST_RATIO * packed):
                    return True
                chunk = inflater.unconsumed_tail
    except zlib.error:
        return False
    finally:
        stream.seek(0)
    return False


def _meta_end(head: bytes) -> int:
    """Return where the file meta information ends: its elements have group 2 and are written with explicit VR."""
    offset = MARK_END
    while head[offset : offset + 2] == b"\2\0" and offset + 12 <= len(head):
        if head[offset + 4 : offset + 6] in _LONG:
            offset += 12 + int(struct.unpack_from("<I", head, offset + 8)[0])
        else:
            offset += 8 + int(struct.unpack_from("<H", head, offset + 6)[0])
    return offset
