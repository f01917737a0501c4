"""Changes after which a scan or a study would give wrong numbers or places, so that it must be refused."""

from __future__ import annotations

import copy
import gzip
import struct
from collections.abc import Callable

import numpy as np

from .archive_damage import packed_bit
from .elements import DicomObject, walk
from .image_damage import PIXELS
from .nifti_damage import flip_packed_bit
from .seeds import COMPRESSED_KINDS, Scan, pick
from .study_mistakes import STUDY, STUDY_MISTAKES

Mistake = Callable[[Scan, np.random.Generator], None]

PLAIN = ("pet", "pet_implicit", "pet_big_endian", "pet_deflated")
SLICES = (*PLAIN, "pet_float", "pet_rle", "pet_jpeg_2000", "pet_jpeg_lossless", "pet_jpeg_ls", "pet_ge", "pet_siemens")
ENHANCED = ("enhanced", "enhanced_legacy", "enhanced_rle")


def _one_or_all(scan: Scan, rng: np.random.Generator) -> list[DicomObject]:
    return scan.objects if rng.integers(2) else [pick(rng, scan.objects)]


def _in_one(tag: int, vr: bytes, *values: bytes) -> Mistake:
    """Set what must be the same in all."""

    def mistake(scan: Scan, rng: np.random.Generator) -> None:
        pick(rng, scan.objects).set(tag, vr, pick(rng, values))

    return mistake


def _in_some(tag: int, vr: bytes, *values: bytes) -> Mistake:
    """Set what may be in none."""

    def mistake(scan: Scan, rng: np.random.Generator) -> None:
        value = pick(rng, values)
        for ds in _one_or_all(scan, rng):
            ds.set(tag, vr, value)

    return mistake


def _in_every(tag: int, vr: bytes, *values: bytes) -> Mistake:
    """Set what would be refused in one already for being unlike the others."""

    def mistake(scan: Scan, rng: np.random.Generator) -> None:
        value = pick(rng, values)
        for ds in scan.objects:
            ds.set(tag, vr, value)

    return mistake


def _deleting(*tags: int) -> Mistake:
    def mistake(scan: Scan, rng: np.random.Generator) -> None:
        tag = pick(rng, tags)
        for ds in _one_or_all(scan, rng):
            ds.delete(tag)

    return mistake


def _drop_middle_slice(scan: Scan, rng: np.random.Generator) -> None:
    del scan.objects[int(rng.integers(1, len(scan.objects) - 1))]


def _drop_slice(scan: Scan, rng: np.random.Generator) -> None:
    del scan.objects[int(rng.integers(len(scan.objects)))]


def _double_slice(scan: Scan, rng: np.random.Generator) -> None:
    """Give a slice twice that is not the same twice."""
    twin = copy.deepcopy(pick(rng, scan.objects))
    pixels = twin.find(PIXELS)
    assert pixels is not None
    pixels.value = bytes(len(pixels.value))
    scan.objects.append(twin)


def _flip_in_orientation(scan: Scan, rng: np.random.Generator) -> None:
    """Mirror one slice, so that all voxels of it lie on the other side."""
    pick(rng, scan.objects).set(0x00200037, b"DS", pick(rng, (b"-1\\0\\0\\0\\1\\0", b"1\\0\\0\\0\\-1\\0")))


def _cut_pixels(scan: Scan, rng: np.random.Generator) -> None:
    found = pick(rng, scan.objects).find(PIXELS)
    assert found is not None
    found.value = found.value[: int(rng.integers(len(found.value) - 2))]


def _halve_bits(scan: Scan, rng: np.random.Generator) -> None:
    for ds in _one_or_all(scan, rng):
        for tag, value in ((0x00280100, 8), (0x00280101, 8), (0x00280102, 7)):
            ds.set(tag, b"US", struct.pack("<H", value))


def _halve_rows(scan: Scan, rng: np.random.Generator) -> None:
    tag, size = pick(rng, ((0x00280010, 4), (0x00280011, 3)))
    for ds in scan.objects:
        ds.set(tag, b"US", struct.pack("<H", size))


def _other_packed_size(scan: Scan, rng: np.random.Generator) -> None:
    """Claim another size in every slice than that of the packed images."""
    rows, columns = pick(rng, ((6, 8), (8, 5), (7, 6), (9, 6), (32, 31), (64, 16), (16, 64), (1, 48), (200, 200)))
    for ds in scan.objects:
        ds.set(0x00280010, b"US", struct.pack("<H", rows))
        ds.set(0x00280011, b"US", struct.pack("<H", columns))


def _in_one_frame(tags: tuple[int, ...], value: bytes | None) -> Mistake:
    """Change or delete an element in the item of one frame alone."""

    def mistake(scan: Scan, rng: np.random.Generator) -> None:
        (ds,) = scan.objects
        groups = ds.find(0x52009230)
        assert groups is not None
        frame = pick(rng, groups.items or [])
        found = [(level, element) for level, element in walk(frame) if element.tag in tags]
        for level, element in found:
            if value is None:
                level.remove(element)
            else:
                element.value = value

    return mistake


def _drop_frame(scan: Scan, rng: np.random.Generator) -> None:
    (ds,) = scan.objects
    groups = ds.find(0x52009230)
    assert groups is not None
    assert groups.items is not None
    del groups.items[int(rng.integers(len(groups.items)))]


def _other_slice_numbers(scan: Scan, rng: np.random.Generator) -> None:
    numbers = pick(
        rng, ((1, 2, 2, 4), (0, 1, 2, 3), (1, 2, 3), (1, 2, 3, 4, 5), (2, 3, 4, 5), (4, 3, 2, 1), (2, 1, 3, 4))
    )
    scan.objects[0].set(0x00540080, b"US", struct.pack(f"<{len(numbers)}H", *numbers))


def _patch_nifti(place: int, *values: bytes) -> Mistake:
    def mistake(scan: Scan, rng: np.random.Generator) -> None:
        name = scan.entry
        content = bytearray(gzip.decompress(scan.files[name]) if name.endswith(".gz") else scan.files[name])
        value = pick(rng, values)
        content[place : place + len(value)] = value
        scan.files[name] = gzip.compress(content) if name.endswith(".gz") else bytes(content)

    return mistake


def _rename_key(*keys: str) -> Mistake:
    def mistake(scan: Scan, rng: np.random.Generator) -> None:
        key = pick(rng, keys).encode()
        scan.files["scan.json"] = scan.files["scan.json"].replace(b'"' + key + b'"', b'"Other"')

    return mistake


_NIFTI = ("nifti", "nifti_gz")
_SLOPE, _INTERCEPT, _POSITION, _ORIENTATION, _SPACING = 0x00281053, 0x00281052, 0x00200032, 0x00200037, 0x00280030
_UNITS, _DECAY, _CORRECTED = 0x00541001, 0x00541102, 0x00280051

MISTAKES: dict[str, tuple[tuple[str, ...], Mistake]] = {
    "slope_missing": (SLICES, _deleting(_SLOPE)),
    "slope_bad": (SLICES, _in_some(_SLOPE, b"DS", b"0 ", b"-1", b"nan ", b"", b"1,5 ", b"1e400 ", b"inf ", b"1e38")),
    "intercept": (SLICES, _in_some(_INTERCEPT, b"DS", b"1 ", b"-1024 ", b"0.1 ", b"nan ")),
    "units_differ": (SLICES, _in_one(_UNITS, b"CS", b"GML ", b"CNTS", b"", b"HU")),
    "units_unknown": (SLICES, _in_every(_UNITS, b"CS", b"KBQML ", b"", b"HU", b"NONE")),
    "units_missing": (SLICES, _deleting(_UNITS)),
    "decay_differs": (SLICES, _in_one(_DECAY, b"CS", b"NONE", b"ADMIN ", b"", b"YES ")),
    "attenuation": (SLICES, _in_some(_CORRECTED, b"CS", b"DECY\\SCAT ", b"", b"DECY\\NOATTN")),
    "decay_contradicted": (SLICES, _in_every(_CORRECTED, b"CS", b"ATTN\\SCAT ")),
    "gated": (SLICES, _in_every(0x00541000, b"CS", b"GATED\\IMAGE ", b"STATIC\\REPROJECTION ")),
    "orientation_flipped": (SLICES, _flip_in_orientation),
    "orientation_skewed": (
        SLICES,
        _in_every(_ORIENTATION, b"DS", b"1\\0\\0\\0.1\\1\\0", b"1\\0\\0\\1\\0\\0", b"2\\0\\0\\0\\1\\0"),
    ),
    "spacing_differs": (
        SLICES,
        _in_one(_SPACING, b"DS", b"2\\2.1 ", b"-2\\2", b"2\\-2", b"0\\2 ", b"2 ", b"2\\2\\2 "),
    ),
    "place_missing": (SLICES, _deleting(_POSITION, _ORIENTATION, _SPACING)),
    "place_bad": (SLICES, _in_one(_POSITION, b"DS", b"-10\\-20", b"-10\\-20\\nan ", b"-10\\-20\\100 ", b"5\\-20\\3 ")),
    "slice_missing": (SLICES, _drop_middle_slice),
    "slice_twice": (PLAIN, _double_slice),
    "series_differs": (SLICES, _in_one(0x0020000E, b"UI", b"1.2.3.5\0")),
    "frame_differs": (SLICES, _in_one(0x00200052, b"UI", b"1.2.4\0", b"")),
    "patient_differs": (SLICES, _in_one(0x00100020, b"LO", b"other ", b"")),
    "weight_differs": (SLICES, _in_one(0x00101030, b"DS", b"71", b"")),
    "dose_differs": (SLICES, _in_one(0x00181074, b"DS", b"351000000 ", b"")),
    "half_life_differs": (SLICES, _in_one(0x00181075, b"DS", b"6000", b"")),
    "colours": (SLICES, _in_some(0x00280002, b"US", b"\3\0")),
    "palette": (PLAIN, _in_some(0x00280004, b"CS", b"PALETTE COLOR ", b"RGB ", b"x ")),
    "pixels_cut": ((*PLAIN, *ENHANCED[:2], "nm"), _cut_pixels),
    "bits_halved": ((*PLAIN, *COMPRESSED_KINDS, "enhanced", "nm"), _halve_bits),
    "rows_halved": ((*PLAIN, "nm"), _halve_rows),
    "packed_size_differs": (("pet_jpeg_2000", "pet_jpeg_lossless", "pet_jpeg_ls"), _other_packed_size),
    "frame_scale": (ENHANCED, _in_one_frame((0x0040A30A, 0x00409225, _SLOPE), None)),
    "frame_scale_bad": (ENHANCED, _in_one_frame((0x00409225, _SLOPE), bytes(8))),
    "frame_place": (ENHANCED, _in_one_frame((_POSITION,), None)),
    "frame_moved": (ENHANCED, _in_one_frame((_POSITION,), b"-10\\-20\\-40 ")),
    "frame_lost": (ENHANCED, _drop_frame),
    "frame_count": ((*ENHANCED, "nm"), _in_every(0x00280008, b"IS", b"3 ", b"5 ", b"1 ", b"2 ")),
    "nm_kind": (("nm",), _in_every(0x00080008, b"CS", b"DERIVED\\PRIMARY\\TOMO\\EMISSION ", b"", b"RECON TOMO")),
    "nm_order": (("nm",), _other_slice_numbers),
    "nm_pointer": (("nm",), _in_every(0x00280009, b"AT", b"", b"\x54\0\x20\0", b"\x54\0")),
    "nm_spacing": (("nm",), _in_every(0x00180088, b"DS", b"0 ", b"", b"nan ", b"x ")),
    "nm_place": (("nm",), _deleting(_POSITION, _ORIENTATION, _SPACING, 0x00540022)),
    "time_frame_cut": (("pet_dynamic",), _drop_slice),
    "time_frame_unlike": (("pet_dynamic",), _in_one(0x00080032, b"TM", b"110230", b"", b"x ")),
    "gate_cut": (("nm_gated",), _in_every(0x00540080, b"US", struct.pack("<7H", 1, 2, 3, 4, 1, 2, 3))),
    "gate_unlike": (("nm_gated",), _in_every(0x00540070, b"US", struct.pack("<8H", 1, 1, 1, 1, 2, 2, 2, 1))),
    "nifti_mirrored": (_NIFTI, _patch_nifti(280, struct.pack("<f", 2.0))),
    "nifti_no_space": (_NIFTI, _patch_nifti(252, bytes(4))),
    "nifti_metres": (_NIFTI, _patch_nifti(123, b"\1", b"\3")),
    "nifti_complex": (_NIFTI, _patch_nifti(70, struct.pack("<hh", 32, 64), struct.pack("<hh", 128, 24))),
    "nifti_slope": (_NIFTI, _patch_nifti(112, struct.pack("<f", float("inf")), struct.pack("<f", float("-inf")))),
    "nifti_infinite": (_NIFTI, _patch_nifti(360, struct.pack("<f", float("inf")))),
    "nifti_packed_bit": (("nifti_gz",), flip_packed_bit),
    "nifti_pixdim": (_NIFTI, _patch_nifti(80, struct.pack("<f", -2.0), struct.pack("<f", 0.0), struct.pack("<f", 2.2))),
    "nifti_sheared": (_NIFTI, _patch_nifti(284, struct.pack("<f", 0.3), struct.pack("<f", -0.1))),
    "nifti_offset": (_NIFTI, _patch_nifti(108, struct.pack("<f", 0.0))),
    "nifti_longer": (_NIFTI, _patch_nifti(46, b"\1\0", b"\2\0", b"\3\0")),
    "archive_packed_bit": (PLAIN, packed_bit),
    "nifti_keys": (_NIFTI, _rename_key("Units", "AttenuationCorrection", "ImageDecayCorrected")),
    **{f"study_{name}": ((STUDY,), mistake) for name, mistake in STUDY_MISTAKES.items()},
}
"""Name of the mistake to the kinds of scan it can be made in, and how."""
