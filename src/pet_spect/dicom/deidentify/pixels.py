"""Pixels of a de-identified object: every voxel as it is, and nothing beside the voxels."""

from __future__ import annotations

import math

import numpy as np
from pydicom.dataelem import DataElement
from pydicom.uid import UID, ExplicitVRBigEndian

from pet_spect.dicom.objects.header import Header
from pet_spect.dicom.objects.stored import Bits, unused_bits_hold_something

_KEYWORDS = {"PixelData": ("OB", "OW"), "FloatPixelData": ("OF",), "DoubleFloatPixelData": ("OD",)}


def clean_pixels(header: Header) -> DataElement:
    """Return the pixel data, checked to be whole and decodable.

    Compressed pixels stay byte for byte. Of others, what follows the last voxel is cut off.

    Raises
    ------
    DicomError
        If they cannot be decoded, or something is hidden in the bits that voxels do
        not use, as overlays once were (PS3.3 C.9.2).
    """
    shape, bits = header.layout
    keyword = next(word for word in _KEYWORDS if word in header.dataset)
    element = header.dataset[keyword]
    if element.VR not in _KEYWORDS[keyword]:
        raise header.error("pixel data are not written as such", "pixels")
    syntax = UID(header.dataset.file_meta.TransferSyntaxUID)
    if syntax.is_encapsulated:
        header.pixels()
        return element
    data = bytes(element.value)[: math.prod(shape) * (header.integer("BitsAllocated") or 0) // 8]
    if keyword == "PixelData":
        _check_unused_bits(header, data, bits, ">" if syntax == ExplicitVRBigEndian else "<")
    return DataElement(element.tag, element.VR, data + bytes(len(data) % 2))


def _check_unused_bits(header: Header, data: bytes, bits: Bits | None, order: str) -> None:
    if bits is None or bits.used == bits.allocated:
        return
    if unused_bits_hold_something(np.frombuffer(data, f"{order}u{bits.allocated // 8}"), bits):
        raise header.error(
            "something is stored in the bits that its voxels do not use; it may be an overlay and cannot be shared",
            "unused_bits",
        )
