"""Studies of any size: empty scans to plan with, or copies of the people of a small finished study."""

from __future__ import annotations

import json
import shutil
import struct
import zlib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from pet_spect.digests import file_sha256, text_sha256
from pet_spect.results import layout
from pet_spect.results.proof.manifest_entries import files_below
from pet_spect.results.proof.manifest_part import read_part, write_figures_part, write_part

VISITS = ("baseline", "year1")
TRACERS = ("FDG", "IMZ")
_TEXT = (".json", ".tsv")


def name(number: int) -> str:
    """Return the name of a participant."""
    return f"sub-{number:06d}"


def write_empty_study(folder: Path, people: int) -> None:
    """Write config, tables and empty scans of people with four scans each."""
    (folder / "config").mkdir(parents=True)
    text = "participants: config/participants.tsv\nscans: config/scans.tsv\n"
    (folder / "config/config.yaml").write_text(text, encoding="utf-8")
    _write(folder / "config/participants.tsv", _people(range(1, people + 1)))
    _write(folder / "config/scans.tsv", _scans(range(1, people + 1)))
    for number in range(1, people + 1):
        write_scans(folder, number)


def write_scans(folder: Path, number: int) -> None:
    """Write four folders with one empty file each."""
    for visit in VISITS:
        for tracer in TRACERS:
            scan = folder / "dicom" / name(number) / visit / tracer
            scan.mkdir(parents=True, exist_ok=True)
            (scan / "slice.dcm").touch()


def add_person(folder: Path, number: int) -> None:
    """Add one participant with four scans to a study."""
    write_scans(folder, number)
    for table, lines in (("participants", _people([number])), ("scans", _scans([number]))):
        with (folder / f"config/{table}.tsv").open("a", encoding="utf-8") as stream:
            stream.writelines(f"{line}\n" for line in list(lines)[1:])


def _people(numbers: range | list[int]) -> Iterator[str]:
    yield "participant_id\tlesion_side"
    for number in numbers:
        yield f"{name(number)}\tleft"


def _scans(numbers: range | list[int]) -> Iterator[str]:
    yield "participant_id\tsession\ttracer\tpath"
    for number in numbers:
        for visit in VISITS:
            for tracer in TRACERS:
                yield f"{name(number)}\t{visit}\t{tracer}\tdicom/{name(number)}/{visit}/{tracer}"


def _write(path: Path, lines: Iterator[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def copy_person(source: Path, who: str, results: Path, number: int) -> None:
    """Copy a participant's results under another name; volumes hold nothing.

    Parameters
    ----------
    source, results : Path
        Results folders; all that cohort, report and manifest read is copied.
    who : str
        The participant of `source`, with four scans.
    number : int
        Of the copy.
    """
    new = name(number)
    for path in [*files_below(source, who), *files_below(source, f"figures/{who}")]:
        if path in (layout.manifest_part(who), layout.figures_part(who)):
            continue
        copy = results / path.replace(who, new)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if path.endswith(_TEXT):
            copy.write_text((source / path).read_text(encoding="utf-8").replace(who, new), encoding="utf-8")
        elif path.endswith(".nii.gz"):
            copy.touch()
        elif path.endswith(".png"):
            copy.write_bytes(renamed_picture((source / path).read_bytes(), who, new))
        else:
            shutil.copyfile(source / path, copy)
    _repair_chain(results, new)
    roles = read_part(source, who).inputs
    write_part(results, new, _stems(results, new), dict.fromkeys(roles, text_sha256([sha256().hexdigest()])))
    write_figures_part(results, new)


def renamed_picture(png: bytes, who: str, new: str) -> bytes:
    """Return a picture whose text names another participant."""
    written, place = png[:8], 8
    while place < len(png):
        (size,) = struct.unpack(">I", png[place : place + 4])
        kind, body = png[place + 4 : place + 8], png[place + 8 : place + 8 + size]
        if kind in (b"tEXt", b"iTXt"):
            body = body.replace(who.encode(), new.encode())
        written += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        place += size + 12
    return written


def _stems(results: Path, who: str) -> set[str]:
    return {path.name.rpartition("_")[0] for path in (results / who).glob("ses-*/*/*_trc-*.json")} | {
        layout.scan_stem(who, visit, label) for visit in VISITS for label in ("18FFDG", "123IIMZ")
    }


def _repair_chain(results: Path, who: str) -> None:
    """Let registration and uptake name the files that are there."""
    record = results / layout.registration_record(who)
    content = json.loads(record.read_text(encoding="utf-8"))
    inputs = content["Provenance"]["InputSha256"]
    for role in [role for role in inputs if role.endswith((" image", " sidecar"))]:
        visit, tracer, kind = role.split()
        label, datatype = {"FDG": ("18FFDG", "pet"), "IMZ": ("123IIMZ", "spect")}[tracer]
        image = layout.scan_image(who, visit, label, datatype)
        inputs[role] = file_sha256(results / (image if kind == "image" else image.replace(".nii.gz", ".json")))
    record.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    sidecar = results / layout.uptake_table(who, "CerebrA").replace(".tsv", ".json")
    content = json.loads(sidecar.read_text(encoding="utf-8"))
    content["Provenance"]["InputSha256"]["registration"] = file_sha256(record)
    sidecar.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
