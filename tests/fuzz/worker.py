"""Runs cases, one after the other, each as the command line would, and judges what came of it.

Reads ``seed number`` lines and answers each with one line of JSON. A crash or a hang takes this process alone.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

import pydicom

from pet_spect.cli import VERBS

from .cases import Case, case
from .judges import WrongError, check_image, check_names_nobody, check_same, check_study, note_codes, run

MOST_BYTES = 2 * 2**30
_CEILING = 6 * 2**30
_STATUS = Path("/proc/self/status")

_swallowed: list[str] = []


def _watch() -> None:
    """Note memory that ran out where the failure was taken for a damaged file."""
    read = pydicom.dcmread

    def dcmread(*arguments: Any, **options: Any) -> Any:
        try:
            return read(*arguments, **options)
        except MemoryError:
            _swallowed.append("MemoryError")
            raise

    pydicom.dcmread = dcmread


def _memory(what: str) -> int:
    """Return a size of this process in bytes; 0 where the system does not tell."""
    if not _STATUS.exists():
        return 0
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(what + ":"))
    return int(line.split()[1]) * 1024


def _convert(found: Case, scan: Path, out: Path) -> str:
    image = out / "image.nii.gz"
    records = "--record-refusal" in found.flags
    outcome = run("convert", [str(scan), "--out", str(image), *found.flags], out, is_chatty=records)
    if outcome.name != "done":
        return outcome.name
    code = check_image(image)
    if (code is not None) != bool(outcome.told):
        raise WrongError(f"convert: recorded {code}, and says {outcome.told!r}")
    if code is None and found.is_mistake:
        raise WrongError("convert: converted, though the result is wrong")
    return "converted" if code is None else f"recorded {code}"


def _deidentify(found: Case, scan: Path, converted: Path | None, out: Path) -> None:
    outcome = run("deidentify", [str(scan), str(out), "--id", "sub-01"], out, is_chatty=True)
    if outcome.name != "done":
        return
    check_names_nobody(out, "deidentify")
    if converted is not None and found.number % 4 == 0:
        again = out.with_name("again") / "image.nii.gz"
        flags = [flag for flag in found.flags if flag != "--record-refusal"]
        if run("convert", [str(out), "--out", str(again), *flags], again.parent).name == "done":
            check_same(converted, again)


def _verbs(found: Case, folder: Path) -> str:
    place = folder / "scan"
    place.mkdir()
    for name, content in found.files.items():
        (place / name).write_bytes(content)
    if found.is_study:
        return check_study(place, must_fail=found.is_mistake)
    scan, out = place / found.entry, folder / "converted"
    outcome = _convert(found, scan, out)
    if "deidentify" in VERBS and not found.is_image:
        _deidentify(found, scan, out / "image.nii.gz" if outcome == "converted" else None, folder / "shared")
    if "index" in VERBS and not found.is_image:
        run("index", [str(place), "--out", str(folder / "index")], folder / "index", is_chatty=True)
        if (folder / "index").exists():
            check_names_nobody(folder / "index", "index")
    return outcome


def judge(found: Case) -> dict[str, Any]:
    """Return the outcome of a case: its name, how to call what went wrong, seconds and bytes."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    if _STATUS.exists():
        resource.setrlimit(resource.RLIMIT_AS, (_memory("VmSize") + _CEILING, resource.RLIM_INFINITY))
        Path("/proc/self/clear_refs").write_text("5")
    resident, start = _memory("VmRSS"), time.process_time()
    _swallowed.clear()
    outcome, wrong = "FAILED", None
    try:
        outcome = _verbs(found, folder)
    except WrongError as error:
        wrong = str(error)
    except Exception:
        wrong = traceback.format_exc(limit=-6)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    seconds, grown = time.process_time() - start, max(_memory("VmHWM") - resident, 0)
    if wrong is None and _swallowed:
        wrong = "memory ran out while the file was read"
    if wrong is None and grown > MOST_BYTES:
        wrong = f"took {grown / 2**30:.1f} GB"
    told = {"damage": found.damage, "kind": found.kind, "outcome": "FAILED" if wrong else outcome, "wrong": wrong}
    return told | {"seconds": seconds, "bytes": grown}


def serve() -> None:
    """Answer until there are no more questions."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    _watch()
    note_codes()
    for line in sys.stdin:
        seed, number = map(int, line.split())
        print(json.dumps(judge(case(seed, number))), file=answers, flush=True)


if __name__ == "__main__":
    serve()
