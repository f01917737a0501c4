"""What must hold of a verb's outcome, whatever it was given."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import nibabel as nib
import numpy as np
import pydicom

from pet_spect import errors
from pet_spect.cli import main
from pet_spect.imaging.images import read_refusal, read_scan, read_sidecar
from pet_spect.study.config_file import read_config
from pet_spect.study.participants import read_participants
from pet_spect.study.scans import read_scans

from .seeds import CANARY

MOST_SECONDS = 10
"""Of processor time, so that other work on the machine does not count."""

_codes: list[str] = []


class WrongError(Exception):
    """What must not come of damaged input."""


@dataclass(frozen=True)
class Outcome:
    """How a verb ended.

    Attributes
    ----------
    name : str
        ``done``, ``recorded CODE`` or ``refused CODE``.
    told : str
        What it wrote to standard error.
    """

    name: str
    told: str


def note_codes() -> None:
    """Note the code of each refusal from now on; the command line tells it to nobody."""
    told = errors.PetSpectError.__init__

    def note(self: errors.PetSpectError, message: str, *, code: str | None = None) -> None:
        told(self, message, code=code)
        _codes.append(self.code)

    errors.PetSpectError.__init__ = note  # type: ignore[method-assign]


def run(verb: str, arguments: Sequence[str], out: Path, *, is_chatty: bool = False) -> Outcome:
    """Run one verb as the command line would.

    Parameters
    ----------
    verb : str
    arguments : sequence of str
    out : Path
        The folder it writes to; after a refusal nothing may be in it.
    is_chatty : bool
        Whether it may say more than a refusal.

    Raises
    ------
    WrongError
        If it raises, says more than one line or a text of a header, or leaves something half done.
    """
    _codes.clear()
    start = time.process_time()
    status, printed, told = _called([verb, *arguments])
    seconds = time.process_time() - start
    if seconds > MOST_SECONDS:
        raise WrongError(f"{verb}: took {seconds:.1f} s")
    if CANARY in told + printed:
        raise WrongError(f"{verb}: says a text of the header: {told}{printed}")
    if "MemoryError" in told:
        raise WrongError(f"{verb}: memory ran out: {told}")
    if any(not line.isprintable() for line in (told + printed).splitlines()):
        raise WrongError(f"{verb}: says what no terminal should get: {told + printed!r}")
    if status == 0:
        if told and not is_chatty:
            raise WrongError(f"{verb}: succeeds, and says {told!r}")
        return Outcome("done", told)
    if status != 1 or told.count("\n") != 1 or not told.startswith(f"pet-spect {verb}: "):
        raise WrongError(f"{verb}: exit status {status}, and says {told!r}")
    left = sorted(path.name for path in out.parent.iterdir()) if out.parent.exists() else []
    if out.exists() and any(out.iterdir()):
        raise WrongError(f"{verb}: refused, but left {sorted(path.name for path in out.iterdir())}")
    if any(name.startswith(".partial") for name in left):
        raise WrongError(f"{verb}: refused, but left {left}")
    return Outcome(f"refused {_codes[-1]}" if _codes else "refused by the system", told)


def _called(arguments: Sequence[str]) -> tuple[int, str, str]:
    """Return the exit status and everything that was written to standard output and error, by C libraries too."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as told:
        kept = os.dup(1), os.dup(2)
        os.dup2(out.fileno(), 1)
        os.dup2(told.fileno(), 2)
        try:
            status = main(arguments)
        except BaseException:
            raise WrongError(f"{arguments[0]}: {traceback.format_exc(limit=-6)}") from None
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for place, copy in enumerate(kept, start=1):
                os.dup2(copy, place)
                os.close(copy)
        out.seek(0)
        told.seek(0)
        return status, out.read().decode(errors="replace"), told.read().decode(errors="replace")


def check_image(image: Path) -> str | None:
    """Return the code of a recorded refusal, None for an image; `WrongError` if it is not whole and usable."""
    if sorted(path.name for path in image.parent.iterdir()) != ["image.json", "image.nii.gz"]:
        raise WrongError("the output is not image and sidecar alone")
    text = image.with_name("image.json").read_text(encoding="utf-8")
    json.loads(text, parse_constant=_not_json)
    if CANARY in text:
        raise WrongError("a text of the header is in the sidecar")
    stored = nib.Nifti1Image.from_filename(image)
    if stored.get_data_dtype() != np.float32:
        raise WrongError(f"voxels are {stored.get_data_dtype()}")
    refusal = read_refusal(image)
    if refusal is not None:
        return refusal.code
    volume = read_scan(image)
    if np.isinf(volume.data).any() or not volume.data.size:
        raise WrongError("voxels are infinite, or none")
    if not np.isfinite(volume.affine).all() or not np.isfinite(np.linalg.inv(volume.affine)).all():
        raise WrongError("the affine is not invertible")
    return None


def _not_json(name: str) -> NoReturn:
    raise WrongError(f"{name} in the sidecar")


def check_study(folder: Path, *, must_fail: bool) -> str:
    """Read a study's configuration and tables; return ``read`` or ``refused CODE``.

    Raises
    ------
    WrongError
        If it takes long, is refused in more than a short line, or is read though it must not be.
    """
    start = time.process_time()
    outcome, told = "read", ""
    try:
        read_config(folder / "config.yaml")
        people = read_participants(folder / "participants.tsv")
        read_scans(folder / "scans.tsv", people, ["baseline", "year1"], ["FDG", "IMZ"])
    except errors.PetSpectError as error:
        outcome, told = f"refused {error.code}", max(error.lines, key=len)
        if not all(line.isprintable() for line in error.lines):
            raise WrongError(f"study: says what no terminal should get: {error.lines!r}") from None
    seconds = time.process_time() - start
    if seconds > MOST_SECONDS:
        raise WrongError(f"study: took {seconds:.1f} s")
    if not told.isprintable() or len(told) > 10_100:
        raise WrongError(f"study: says {told[:200]!r} ({len(told)} characters)")
    if must_fail and not told:
        raise WrongError("study: read, though it holds a mistake")
    return outcome


def check_names_nobody(folder: Path, verb: str) -> None:
    """Raise a `WrongError` if a canary is anywhere in a folder, but for pixels that damage made of a header."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        content = path.read_bytes()
        if path.suffix == ".dcm":
            pixels = (bytes(element.value) for element in pydicom.dcmread(path) if element.tag.group == 0x7FE0)
            content = content.replace(next(pixels, b"\0"), b"")
        if CANARY.encode() in str(path.relative_to(folder)).encode() + content:
            raise WrongError(f"{verb}: a text of the header is in {path.name}")


def check_same(before: Path, after: Path) -> None:
    """Raise a `WrongError` if two conversions of one scan are not the same image."""
    first, second = (read_scan(path) for path in (before, after))
    told_first, told_second = (read_sidecar(path) for path in (before, after))
    if not np.array_equal(first.data, second.data, equal_nan=True):
        raise WrongError("deidentify: another image is converted from its output")
    if not np.allclose(first.affine, second.affine, atol=1e-4):
        raise WrongError("deidentify: the image from its output lies elsewhere")
    if told_first["Units"] != told_second["Units"]:
        raise WrongError("deidentify: its output has another unit")
