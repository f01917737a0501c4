"""Damage to a NIfTI image and the JSON beside it."""

from __future__ import annotations

import gzip
import json
import struct

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


NIFTI_DAMAGE = (bad_header_field, huge_image, break_gzip, bad_sidecar_value, break_json)
