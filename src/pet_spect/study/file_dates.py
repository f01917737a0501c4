"""Dates of files that a computer whose clock is wrong has written.

Snakemake makes again what is older than what it was made from. A result that is dated in the future therefore looks as
if it were made of everything that was changed since, and what is made from it looks older than it.
"""

from __future__ import annotations

import os
import shlex
import stat
import tempfile
import time
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from pet_spect.files import PARTIAL

_MARK = ".snakemake_timestamp"
_MOST_FILES = 5


def in_future(paths: Iterable[str], folder: Path = Path()) -> list[tuple[str, float]]:
    """Return which files or folders are dated in the future, by their file system's own clock too.

    Parameters
    ----------
    paths : iterable of str
        One that does not exist is left out. The date of a folder is the one that Snakemake gave it.
    folder : Path
        On the same file system, where a temporary file may be written.

    Returns
    -------
    list of (str, float)
        Each with its date, in seconds since the epoch.
    """
    now = time.time()
    dated = [(path, date) for path in paths if (date := _date_ns(path) / 1e9) > now]
    if dated:
        now = _file_system_time(folder)
    return [(path, date) for path, date in dated if date > now]


def gone(of_all: Sequence[Collection[str]], *of_people: Sequence[Collection[str]]) -> list[str]:
    """Return which outputs do not exist although something was made from them.

    Parameters
    ----------
    of_all : sequence of collection of str
        The outputs of each step for everybody, the tables first, in the order of the steps.
    *of_people : sequence of collection of str
        For each participant the outputs of each step, the pictures last. Of a participant of whom nothing exists,
        nothing is gone: they are new.
    """
    there = [[path for path in files if _date_ns(path)] for files in of_all]
    lost = dict.fromkeys(_gone(of_all, there, made_from=False))
    tables, report = bool(there[0]), any(there[1:])
    for steps in of_people:
        there = [[path for path in files if _date_ns(path)] for files in steps]
        if any(there):
            lost |= dict.fromkeys(_gone(steps, there, made_from=report))
            lost |= dict.fromkeys(_gone(steps[:-1], there[:-1], made_from=tables))
    return list(lost)


def _gone(steps: Sequence[Collection[str]], there: Sequence[Collection[str]], *, made_from: bool) -> list[str]:
    lost: list[str] = []
    for files, existing in zip(reversed(steps), reversed(there), strict=True):
        made_from = made_from or bool(existing)
        lost += [path for path in files if made_from and path not in existing]
    return lost


def as_made(outputs: Iterable[str], inputs: Iterable[str]) -> None:
    """Date what was just made neither later than now nor earlier than its inputs, whatever the clock that dated it.

    Parameters
    ----------
    outputs : iterable of str
        Files, or folders that Snakemake has dated.
    inputs : iterable of str
        Results that they were made from.
    """
    made, read = list(outputs), list(inputs)
    for path, _ in in_future([*made, *read]):
        os.utime(_dated(path))
    youngest = max(map(_date_ns, read), default=0)
    for path in made:
        if 0 < _date_ns(path) < youngest:
            os.utime(_dated(path), ns=(youngest, youngest))


def future_line(dated: Sequence[tuple[str, float]]) -> str:
    """Return what to tell somebody who starts a run where files of the study are dated in the future.

    Examples
    --------
    >>> future_line([("a.tsv", 4e9), ("b c.tsv", 4e9)]).partition(" (2096")[0]
    'a.tsv and 1 more have a date in the future'
    >>> future_line([("a.tsv", 4e9), ("b c.tsv", 4e9)]).rpartition("; ")[2]
    "type: touch a.tsv 'b c.tsv'"
    """
    path, date = dated[0]
    which = f"{path} has" if len(dated) == 1 else f"{path} and {len(dated) - 1} more have"
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(date))
    files = shlex.join(path for path, _ in dated[:_MOST_FILES])
    rest = "" if len(dated) <= _MOST_FILES else f", and run again for {len(dated) - _MOST_FILES} more"
    return f"{which} a date in the future ({when}), from a computer whose clock is wrong; type: touch {files}{rest}"


def _dated(path: str) -> str:
    """Return the file whose date Snakemake takes."""
    mark = os.path.join(path, _MARK)  # noqa: PTH118
    return mark if os.path.exists(mark) else path  # noqa: PTH110


def _date_ns(path: str) -> int:
    """Return the date of a file or folder, in nanoseconds since the epoch; 0 if it does not exist."""
    try:
        status = os.stat(path)  # noqa: PTH116
        return os.stat(_dated(path)).st_mtime_ns if stat.S_ISDIR(status.st_mode) else status.st_mtime_ns  # noqa: PTH116
    except OSError:
        return 0


def _file_system_time(folder: Path) -> float:
    """Return the time where the files lie: a file server may have another clock, and dates them itself."""
    now = time.time()
    with suppress(OSError), tempfile.NamedTemporaryFile(dir=folder, prefix=PARTIAL) as probe:
        os.utime(probe.name)
        now = max(now, os.stat(probe.name).st_mtime)  # noqa: PTH116
    return now
