"""Damage to a NIfTI image and the JSON beside it."""

from __future__ import annotations

import gzip
import json
import struct

import nibabel as nib
import numpy as np

from .seeds import CANARY, Scan, pick

_HEADER_FIELDS = {
    "sizeof_hdr": (0, "i"),
    "dim": (40, "h"),
    "datatype": (70, "h"),
    "bitpix": (72, "h"),
    "pixdim": (76, "f"),
    "vox_offset": (108, "f"),
    "scl_slope": (112, "f"),
    "scl_inter": (116, "f"),
    "xyzt_units": (123, "b"),
    "qform_code": (252, "h"),
    "sform_code": (254, "h"),
    "quatern": (256, "f"),
    "qoffset": (268, "f"),
    "srow": (280, "f"),
    "magic": (344, "i"),
    "extension": (348, "i"),
}
_WHOLE = (0, 1, -1, 2, 3, 4, 7, 8, 16, 64, 127, 128, 512, 1024, 2304, 32767, -32768)
_REAL = (0.0, -0.0, 1.0, -1.0, float("nan"), float("inf"), 1e-45, 1e-20, 3e38, 352.0, 351.5, 1e9, -352.0)
_VALUES: tuple[object, ...] = (
    *(None, True, False, 0, -1, 1e308, -1e308, 1e-320, float("nan"), float("inf"), 10**400, "", " ", "NaN", CANARY),
    *([], [None], [1, 2], [[1]], {}, {"a": 1}, "none", "\ud800", "\0", "x" * 100_000, ["x"] * 10_000, [True], "Bq/mL"),
    *([{"Code": "weight_in_grams", "Reason": f"weight 1 was taken to be {CANARY}"}], [{"Code": []}], [{"Reason": {}}]),
)
_KEYS = (
    *("Modality", "Units", "TracerName", "TracerRadionuclide", "InjectedRadioactivity", "InjectedRadioactivityUnits"),
    *("InjectionStart", "ScanStart", "FrameTimesStart", "FrameDuration", "ImageDecayCorrected", "Warnings", "Refusal"),
    *("ImageDecayCorrectionTime", "AttenuationCorrection", "SUVbwFactor", "Manufacturer", "ReconMethodName"),
    *("CorrectedImage", "ManufacturersModelName", "ReconFilterType"),
)


def _image(scan: Scan) -> tuple[str, bytes]:
    return next(
        (name, gzip.decompress(content) if name.endswith(".gz") else content)
        for name, content in scan.files.items()
        if name.endswith((".nii", ".gz"))
    )


def _put(scan: Scan, name: str, content: bytes) -> None:
    scan.files[name] = gzip.compress(content, compresslevel=1, mtime=0) if name.endswith(".gz") else content


def bad_header_field(scan: Scan, rng: np.random.Generator) -> None:
    """Write absurd numbers into known fields of the header."""
    name, content = _image(scan)
    changed = bytearray(content)
    for _ in range(int(rng.integers(1, 4))):
        start, kind = pick(rng, list(_HEADER_FIELDS.values()))
        place = start + struct.calcsize(kind) * int(rng.integers(0, 4 if kind in "hf" else 1))
        value = pick(rng, _REAL) if kind == "f" else pick(rng, _WHOLE)
        struct.pack_into(f"<{kind}", changed, place, value if kind != "b" else int(value) % 128)
    _put(scan, name, bytes(changed))


def huge_image(scan: Scan, rng: np.random.Generator) -> None:
    """Claim very many voxels; sometimes there are as many bytes, packed small."""
    name, content = _image(scan)
    changed = bytearray(content)
    sizes = [pick(rng, (1, 6, 512, 4096, 32767)) for _ in range(3)]
    struct.pack_into("<8h", changed, 40, 3, *sizes, 1, 1, 1, 1)
    if rng.integers(4) == 0 and name.endswith(".gz"):
        changed += bytes(1 << 28)
    _put(scan, name, bytes(changed))


def break_gzip(scan: Scan, rng: np.random.Generator) -> None:
    """Damage the packing: header, stream, checksum, members, or none at all."""
    name, content = _image(scan)
    packed = bytearray(gzip.compress(content, mtime=0))
    way = int(rng.integers(5))
    if way == 0:
        packed[int(rng.integers(len(packed)))] ^= 1 << int(rng.integers(8))
    elif way == 1:
        packed[-8:] = rng.bytes(8)
    elif way == 2:
        packed = packed[: int(rng.integers(len(packed)))]
    elif way == 3:
        packed += rng.bytes(20) if rng.integers(2) else bytes(packed)
    else:
        packed = bytearray(content)
    scan.files[name] = bytes(packed)


def flip_packed_bit(scan: Scan, rng: np.random.Generator) -> None:
    """Flip one bit of a packed image, or cut its last bytes off."""
    name, content = _image(scan)
    packed = bytearray(gzip.compress(content, mtime=0))
    if rng.integers(3):
        packed[int(rng.integers(10, len(packed)))] ^= 1 << int(rng.integers(8))
    else:
        del packed[-int(rng.integers(1, 10)) :]
    _replace(scan, name, "scan.nii.gz", bytes(packed))


def no_image(scan: Scan, rng: np.random.Generator) -> None:
    """Make an image that holds none, or of another kind, shape or place."""
    shape = pick(rng, ((6, 8, 4), (1, 1, 1), (6, 8, 1), (1, 8, 4), (6, 8), (6, 8, 4, 2), (6, 8, 4, 1), (6, 8, 4, 1, 3)))
    kinds = (np.float32, np.float64, np.int16, np.complex64, np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")]))
    data = np.zeros(shape, pick(rng, kinds))
    if data.dtype.kind in "iufc":
        data += pick(rng, (0, 7, rng.integers(0, 100, shape)))
    if data.dtype.kind == "f" and rng.integers(3) == 0:
        data[...] = np.nan
    affine = np.diag([-2.0, -2.0, 3.0, 1.0])
    affine[int(rng.integers(3)), int(rng.integers(4))] += pick(rng, (0, 0.3, 2, -3, np.nan, np.inf, 1e9))
    header = pick(rng, (nib.Nifti1Header, nib.Nifti2Header))(endianness=pick(rng, ("<", ">")))
    header.set_data_dtype(data.dtype)
    header.set_data_shape(shape)
    header["vox_offset"] = pick(rng, (header.single_vox_offset, header.single_vox_offset, 0))
    header["sform_code"], header["srow_x"], header["srow_y"], header["srow_z"] = 1, *affine[:3]
    header["pixdim"][1:4] = pick(rng, ((2, 2, 3), (2, 2, -3), (0, 2, 3), (2, np.nan, 3)))
    content = header.binaryblock.ljust(header.single_vox_offset, b"\0") + data.tobytes(order="F")
    _put(scan, _image(scan)[0], content)


def two_files(scan: Scan, rng: np.random.Generator) -> None:
    """Lay the image beside another of its name, or make a pair of files of it, or give it another ending."""
    name, content = _image(scan)
    way = int(rng.integers(4))
    if way == 0:
        twin = "scan.nii" if name.endswith(".gz") else "scan.nii.gz"
        _put(scan, twin, content if rng.integers(2) else content[:-4] + rng.bytes(4))
    elif way == 1:
        header = bytearray(content[:352])
        header[344:348] = pick(rng, (b"ni1\0", b"n+1\0", bytes(4)))
        _replace(scan, name, "scan.img", content[352:])
        scan.files["scan.hdr"] = bytes(header)
    elif way == 2:
        _replace(scan, name, "scan.nii.gz", content)
    else:
        _replace(scan, name, "scan.nii", gzip.compress(content, mtime=0))


def _replace(scan: Scan, old: str, new: str, content: bytes) -> None:
    """Put a file under another name first, where ``convert`` is given it."""
    del scan.files[old]
    scan.files = {new: content, **scan.files}


def odd_json(scan: Scan, rng: np.random.Generator) -> None:
    """Write the JSON as people have it: encodings, comments, commas, repeated keys, numbers as text, units."""
    told = json.loads(scan.files["scan.json"])
    told["InjectedRadioactivityUnits"] = pick(rng, ("mCi", "kBq", "Bq", "GBq", "MBq", "\u00b5Ci", "", None, CANARY, 5))
    told["InjectedRadioactivity"] = pick(rng, (350, "350", "350 MBq", 9.5, 3.5e8, "nan", float("nan"), -1, 0, [350]))
    text = json.dumps(told, ensure_ascii=bool(rng.integers(2)), indent=pick(rng, (None, 1)))
    texts = (
        *(text, f"[{text}]", text.replace("{", "{ // comment\n", 1), text.replace("}", ",}"), text.replace('"', "'")),
        text.replace("{", '{"Units": "kBq/mL", ', 1),
        text.replace("{", f'{{"{CANARY}": 1, "{CANARY}": NaN, ', 1),
        text.replace("{", "{" + CANARY, 1),
    )
    encodings = ("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "latin-1")
    scan.files["scan.json"] = pick(rng, texts).encode(pick(rng, encodings), errors="replace")


def bad_sidecar_value(scan: Scan, rng: np.random.Generator) -> None:
    """Give keys of the JSON values of every type, or drop them."""
    told = json.loads(scan.files["scan.json"])
    for _ in range(int(rng.integers(1, 4))):
        key = pick(rng, _KEYS)
        told[key] = pick(rng, _VALUES)
        if rng.integers(6) == 0:
            del told[key]
    scan.files["scan.json"] = json.dumps(told, ensure_ascii=True).encode()


def break_json(scan: Scan, rng: np.random.Generator) -> None:
    """Make the JSON none: cut, damaged, of another encoding, nested, or with numbers beyond all sizes."""
    text = scan.files["scan.json"]
    deep = int(rng.choice([100, 1000, 100_000]))
    texts = (
        text[: int(rng.integers(len(text)))],
        b"\xff\xfe" + text.decode().encode("utf-16-le"),
        b"\xef\xbb\xbf" + text,
        b"[" * deep + b"]" * deep,
        b'{"Units": ' + b'{"a":' * deep + b"1" + b"}" * (deep + 1),
        text.replace(b"3600", b"1" * 5000, 1),
        text.replace(b"3600", b"1e99999", 1),
        text.replace(b"350", b"NaN", 1),
        text.replace(b"Bq/mL", b"\xe9\xff\x00", 1),
        *(b"", b"null", b"[]", b"1", b'"text"', text + text, b"\0" * 1000),
    )
    scan.files["scan.json"] = pick(rng, texts)
    if rng.integers(20) == 0:
        del scan.files["scan.json"]


NIFTI_DAMAGE = (
    *(bad_header_field, huge_image, break_gzip, flip_packed_bit, no_image, two_files),
    *(bad_sidecar_value, break_json, odd_json),
)
