"""Writing files so that a reader sees the whole file or none."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pet_spect.errors import PetSpectError


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path` that becomes `path` when the block succeeds.

    The name is the same in every run, so what a killed run left behind is
    overwritten by the next, and it ends like `path`, so that writers which
    look at the ending (nibabel) behave.

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
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".partial-{path.name}")
    try:
        yield partial
        partial.replace(path)
    except BaseException as error:
        with suppress(OSError):  # where nothing may be written, nothing may be removed either
            partial.unlink()
        if isinstance(error, OSError) and error.errno is not None and error.filename in (None, str(partial)):
            error.filename = str(path)
        raise


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write `content` as JSON; NaN is an error, for JSON has none."""
    with whole_file(path) as partial:
        partial.write_text(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def read_json(path: Path, error: type[PetSpectError], what: str) -> dict[str, Any]:
    """Read a JSON object.

    Parameters
    ----------
    path : Path
    error : type of PetSpectError
        What is raised.
    what : str
        Its code is ``<what>_missing`` or ``<what>_unreadable``.

    Raises
    ------
    PetSpectError
        If the file cannot be read, is not JSON or is no object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as trouble:
        raise error(f"{path}: cannot be read ({trouble.strerror})", code=f"{what}_missing") from None
    except ValueError:
        raise error(f"{path}: is not JSON", code=f"{what}_unreadable") from None
    if not isinstance(content, dict):
        raise error(f"{path}: is not a JSON object", code=f"{what}_unreadable")
    return content
