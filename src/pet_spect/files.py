"""Files written so that a reader sees the whole file or none, JSON, and names of NIfTI images and their sidecars."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path, PurePath
from typing import Any, Literal

from pet_spect.errors import OvertakenError, PetSpectError
from pet_spect.live_run import check_not_overtaken
from pet_spect.remarks.catalogue import Code

What = Literal["dictionary", "record", "sidecar"]
_CODES: Mapping[What, tuple[Code, Code]] = {
    "dictionary": ("dictionary_missing", "dictionary_unreadable"),
    "record": ("record_missing", "record_unreadable"),
    "sidecar": ("sidecar_missing", "sidecar_unreadable"),
}
_LARGEST_JSON = 2**26

PARTIAL = ".partial-"
"""How the name of a file or folder begins that is being written, or was when its writer was killed."""

_RANDOM_BYTES = 4


def sidecar(image: str) -> str:
    """Return the path of the JSON beside an image."""
    return re.sub(r"(\.nii)?(\.gz)?$", "", image, count=1, flags=re.IGNORECASE) + ".json"


def is_nifti(path: PurePath) -> bool:
    """Return whether a file is a NIfTI image by its name.

    Examples
    --------
    >>> [is_nifti(PurePath(name)) for name in ("scan.nii.gz", "SCAN.NII", "scan.nii.gz.dcm")]
    [True, True, False]
    """
    return path.name.lower().endswith((".nii", ".nii.gz"))


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path` that becomes `path` when the block succeeds.

    Two writers of one file never touch the same temporary file, so the file is always that of one of them. The name
    ends like `path`, so that writers which look at the ending (nibabel) behave.

    Parameters
    ----------
    path : Path
        The file to write. Its folder is made if need be.

    Yields
    ------
    Path
        Where to write.

    Raises
    ------
    OSError
        If it cannot be written; its ``filename`` is `path`, which a full disk alone would not say.
    OvertakenError
        If the run of this process has ended or another one has begun (`pet_spect.live_run`), or another process began
        to write the file meanwhile.
    """
    partial = partial_beside(path)
    try:
        yield partial
        check_not_overtaken(path)
        if not partial.exists():
            raise OvertakenError(f"{path}: not written, because another job writes it")
        partial.replace(path)
    except BaseException as error:
        with suppress(OSError):  # where nothing may be written, nothing may be removed either
            partial.unlink()
        if isinstance(error, OSError) and error.errno is not None and error.filename in (None, str(partial)):
            error.filename = str(path)
        raise


def partial_beside(path: Path) -> Path:
    """Return a temporary name beside a file or folder to write, which nobody else uses.

    Removes what others left under such names of `path`, as a process that was killed does. If its writer still works,
    it fails when it is done, and the newer one wins.

    Parameters
    ----------
    path : Path
        Its folder is made if need be.

    Raises
    ------
    OvertakenError
        If the run of this process must not write any more.
    """
    check_not_overtaken(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    older = re.compile(rf"\.partial-([0-9a-f]{{{2 * _RANDOM_BYTES}}}-)?{re.escape(path.name)}")
    names = _left_behind(str(path.parent.absolute()))
    for name in [name for name in names if older.fullmatch(name)]:
        names.discard(name)
        left_behind = path.with_name(name)
        with suppress(OSError):
            if left_behind.is_dir():
                shutil.rmtree(left_behind, ignore_errors=True)
            else:
                left_behind.unlink()
    return path.with_name(f"{PARTIAL}{secrets.token_hex(_RANDOM_BYTES)}-{path.name}")


@cache
def _left_behind(folder: str) -> set[str]:
    """Return the temporary names in a folder when this process first writes there: not for each of 10,000 files."""
    return {name for name in os.listdir(folder) if name.startswith(PARTIAL)}  # noqa: PTH208


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let nobody else, who asks for the same, work on a file until the block is left.

    Parameters
    ----------
    path : Path
        The file, which need not exist; a hidden lock file stays beside it. Its folder is made if need be.
    """
    import fcntl

    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f".{path.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write `content` as JSON; NaN is an error, for JSON has none."""
    with whole_file(path) as partial:
        partial.write_text(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def read_json(
    path: Path,
    error: type[PetSpectError],
    what: What,
    *,
    label: str | None = None,
    once: Collection[str] = (),
    largest: int = _LARGEST_JSON,
) -> dict[str, Any]:
    """Read a JSON object, in UTF-8, UTF-16 or UTF-32, with a byte-order mark or without.

    Parameters
    ----------
    path : Path
    error : type of PetSpectError
        What is raised.
    what : {'dictionary', 'record', 'sidecar'}
        Its code is ``<what>_missing`` or ``<what>_unreadable``.
    label : str, optional
        How messages call the file, instead of its path. They quote none of its text.
    once : collection of str
        Keys that must not be repeated with different values. For other keys the last value counts.
    largest : int, default 64 MiB
        Bytes; a larger file is refused unread.

    Raises
    ------
    PetSpectError
        If the file cannot be read, is not JSON or is no object.
    """
    label = str(path) if label is None else label
    missing, unreadable = _CODES[what]
    twice: list[str] = []

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        held = dict(pairs)
        twice[:] = [key for key, value in pairs if key in once and not _same(value, held[key])]  # outermost last
        return held

    try:
        if path.stat().st_size > largest:
            raise error(f"{label}: is larger than {largest >> 20} MiB", code=unreadable)
        content = json.loads(path.read_bytes(), object_pairs_hook=collect if once else None)
    except OSError as trouble:
        raise error(f"{label}: cannot be read ({trouble.strerror})", code=missing) from None
    except UnicodeDecodeError:
        raise error(f"{label}: is not JSON (not UTF-8 text; save it as UTF-8)", code=unreadable) from None
    except json.JSONDecodeError as trouble:
        raise error(f"{label}: is not JSON ({_json_fault(trouble)})", code=unreadable) from None
    except ValueError:
        raise error(f"{label}: is not JSON", code=unreadable) from None
    except RecursionError:
        raise error(f"{label}: is nested too deeply", code=unreadable) from None
    if not isinstance(content, dict):
        kind = "a list" if isinstance(content, list) else "a single value"
        raise error(f"{label}: is not a JSON object but {kind}; {{...}} is needed", code=unreadable)
    if twice:
        raise error(f"{label}: duplicate key {twice[0]} with different values; keep one", code=unreadable)
    return content


def _same(one: object, other: object) -> bool:
    return type(one) is type(other) and (one == other or one != one)


def _json_fault(trouble: json.JSONDecodeError) -> str:
    """Return what is wrong with a text and where, of which JSON's own word is only that something else was needed."""
    here, before = trouble.doc[trouble.pos : trouble.pos + 1], trouble.doc[: trouble.pos].rstrip()
    if not trouble.doc.strip():
        return "it is empty"
    if here in ("/", "#"):
        what = "a comment, which JSON does not have"
    elif before.endswith(",") or "trailing comma" in trouble.msg:
        what = "a comma that nothing follows"
    elif here == "'" or before.endswith("'"):
        what = "single quotes; double ones are needed"
    elif not here or trouble.msg.startswith("Unterminated string"):
        what = "it is cut short"
    else:
        what = trouble.msg
    return f"line {trouble.lineno}, column {trouble.colno}: {what}"
