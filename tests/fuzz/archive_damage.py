"""Damage to an archive of DICOM files."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile

import numpy as np

from .seeds import CANARY, Scan, pick

_NAMES = (
    *("../../evil.dcm", "/etc/evil.dcm", "a/b/c/d.dcm", "", ".", "..", "C:\\evil.dcm", "x" * 250, "\udcff.dcm"),
    *(f"{CANARY}^Ann.dcm", "a\nb.dcm", "\x1b[31m.dcm", "DICOMDIR", "scan.zip", "é\u202e.dcm", "a/"),
)


def _zipped(files: dict[str, bytes], method: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name.encode(errors="replace").decode() or "x"), content, method)
    return stream.getvalue()


def _tarred(files: dict[str, bytes], rng: np.random.Generator) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=pick(rng, ("w", "w:gz", "w:bz2", "w:xz"))) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name.replace("\0", ""))
            member.size = len(content)
            if rng.integers(12) == 0:
                member.type, member.linkname, member.size = pick(rng, (b"1", b"2", b"3", b"6", b"9")), "/etc/passwd", 0
                content = b""
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def big_member(scan: Scan, rng: np.random.Generator) -> None:
    """Pack a member that claims to be over 1 GiB, or unpacks to much more than it should."""
    files = dict(scan.encoded())
    first, content = next(iter(files.items()))
    claimed = pick(rng, (2**30 + 1, 2**31, 2**32 - 2, 2**33))
    if rng.integers(2):
        packed = bytearray(_zipped(files, pick(rng, (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))))
        at = packed.index(b"PK\x01\x02")
        struct.pack_into("<I", packed, at + 24, claimed % 2**32)
        if rng.integers(2):
            struct.pack_into("<I", packed, packed.index(b"PK\x03\x04") + 22, claimed % 2**32)
    elif rng.integers(2):
        packed = bytearray(_zipped({**files, "bomb.dcm": content + bytes(pick(rng, (1 << 27, 1 << 28)))}, 8))
    else:
        member = tarfile.TarInfo(first)
        member.size = claimed
        packed = bytearray(member.tobuf(tarfile.GNU_FORMAT) + content)
        if rng.integers(2):
            packed = bytearray(gzip.compress(bytes(packed) + bytes(1 << 27), compresslevel=1))
    scan.objects, scan.files = [], {"scan": bytes(packed)}


def packed_bit(scan: Scan, rng: np.random.Generator) -> None:
    """Flip one bit of a tar packed with gzip, or cut its last bytes off."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, content in scan.encoded().items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    packed = bytearray(gzip.compress(stream.getvalue(), mtime=0))
    if rng.integers(3):
        packed[int(rng.integers(10, len(packed)))] ^= 1 << int(rng.integers(8))
    else:
        del packed[-int(rng.integers(1, 10)) :]
    scan.objects, scan.files = [], {pick(rng, ("scan.tar.gz", "scan.tgz")): bytes(packed)}


def archive(scan: Scan, rng: np.random.Generator) -> None:
    """Pack the scan under odd names, with bombs and copies, and damage the archive or leave it whole."""
    files = dict(scan.encoded())
    way = int(rng.integers(5))
    if way == 0:
        files = {pick(rng, _NAMES) + str(number): content for number, content in enumerate(files.values())}
    elif way == 1:
        files[pick(rng, _NAMES)] = rng.bytes(200)
    elif way == 2:
        files["bomb.dcm"] = bytes(pick(rng, (1 << 20, 1 << 26, 1 << 28)))
    elif way == 3:
        files["inner.zip"] = _zipped(files, zipfile.ZIP_STORED)
    is_zip = bool(rng.integers(2))
    packed = bytearray(
        _zipped(files, pick(rng, (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2)))
        if is_zip
        else _tarred(files, rng)
    )
    damage = int(rng.integers(6))
    if damage == 0:
        for place in rng.integers(0, len(packed), int(rng.integers(1, 8))):
            packed[place] ^= 1 << int(rng.integers(8))
    elif damage == 1:
        del packed[int(rng.integers(len(packed))) :]
    elif damage == 2 and is_zip:
        place = int(rng.integers(max(len(packed) - 200, 0), len(packed)))
        packed[place : place + 4] = struct.pack("<I", pick(rng, (0, 1, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)))
    elif damage == 3:
        packed[6:8] = b"\x01\x00"
    scan.objects, scan.files = [], {pick(rng, ("scan.zip", "scan.tar", "scan.tgz", "scan")): bytes(packed)}


ARCHIVE_DAMAGE = (archive, big_member)
