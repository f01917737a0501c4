"""The pixels of an object: every voxel as it is, and nothing beside the voxels."""

from __future__ import annotations

import numpy as np
from pydicom.dataelem import DataElement
from pydicom.uid import UID, ExplicitVRBigEndian

from pet_spect.dicom.header import Header

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
    header.check_pixels()
    keyword = next(word for word in _KEYWORDS if word in header.dataset)
    element = header.dataset[keyword]
    if element.VR not in _KEYWORDS[keyword]:
        raise header.error("pixel data are not written as such", "pixels")
    syntax = UID(header.dataset.file_meta.TransferSyntaxUID)
    if syntax.is_encapsulated:
        header.pixels()
        return element
    voxels = (header.integer("Rows") or 0) * (header.integer("Columns") or 0) * (header.integer("NumberOfFrames") or 1)
    allocated = header.integer("BitsAllocated") or 0
    data = bytes(element.value)[: voxels * allocated // 8]
    if keyword == "PixelData":
        _check_unused_bits(header, data, allocated, ">" if syntax == ExplicitVRBigEndian else "<")
    return DataElement(element.tag, element.VR, data + bytes(len(data) % 2))


def _check_unused_bits(header: Header, data: bytes, allocated: int, order: str) -> None:
    used = header.integer("BitsStored") or allocated
    if used >= allocated:
        return
    stored = np.frombuffer(data, dtype=f"{order}u{allocated // 8}")
    unused, all_set = stored >> used, 2 ** (allocated - used) - 1
    signs = (stored >> (used - 1)) & 1 if header.integer("PixelRepresentation") else np.zeros_like(stored)
    if not np.isin(unused, (0, all_set)).all() or ((unused == all_set) & (signs == 0)).any():
        raise header.error(
            "something is stored in the bits that its voxels do not use; it may be an overlay and cannot be shared",
            "unused_bits",
        )
