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
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from pet_spect.files import PARTIAL

TOLERATED_S = 60.0
"""How far a result may be dated ahead: clocks of two computers differ by seconds, and are set back by as much."""

_MARK = ".snakemake_timestamp"
_LONG_AGO_S = 86_400  # 1970-01-02: positive in every time zone, and older than any scan


def in_future(
    paths: Iterable[str | Path], folder: Path = Path(), *, tolerated_s: float = 0.0
) -> list[tuple[str, float]]:
    """Return which files or folders are dated in the future, by their file system's own clock too.

    Parameters
    ----------
    paths : iterable of str or Path
        One that does not exist is left out. The date of a folder is the one that Snakemake gave it.
    folder : Path
        On the same file system, where a temporary file may be written.
    tolerated_s : float, default 0
        How far they may be ahead.

    Returns
    -------
    list of (str, float)
        Each with its date, in seconds since the epoch.
    """
    now = time.time() + tolerated_s
    dated = [(str(path), date) for path in paths if (date := _date_ns(str(path)) / 1e9) > now]
    if dated:
        now = _file_system_time(folder) + tolerated_s
    return [(path, date) for path, date in dated if date > now]


def future_results(results: Path) -> tuple[Path, ...]:
    """Return every file below a folder of results that is dated in the future by more than is tolerated."""
    return tuple(Path(path) for path, _ in in_future(_files(results), results, tolerated_s=TOLERATED_S))


def set_back(paths: Iterable[Path]) -> None:
    """Date files long ago, so that the next run makes again what they belong to, or sees that it need not."""
    for path in paths:
        with suppress(FileNotFoundError):
            os.utime(path, (_LONG_AGO_S, _LONG_AGO_S))


def date_not_before(outputs: Iterable[str], inputs: Iterable[str]) -> None:
    """Date what was just made like its youngest input, if a clock that differs dated it earlier.

    Parameters
    ----------
    outputs : iterable of str
        Files, or folders that Snakemake has dated.
    inputs : iterable of str
        What they were made from.
    """
    youngest = max(map(_date_ns, inputs), default=0)
    for path in outputs:
        if 0 < _date_ns(path) < youngest:
            os.utime(_dated(path), ns=(youngest, youngest))


def future_line(dated: list[tuple[str, float]], command: str) -> str:
    """Return what to tell somebody who starts a run where files are dated in the future.

    Examples
    --------
    >>> future_line([("results/a.tsv", 4e9), ("results/b.tsv", 4e9)], "touch results/a.tsv").partition(" (2096")[0]
    'results/a.tsv and 1 more have a date in the future'
    """
    path, date = dated[0]
    which = f"{path} has" if len(dated) == 1 else f"{path} and {len(dated) - 1} more have"
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(date))
    return f"{which} a date in the future ({when}), from a computer whose clock is wrong; type: {command}"


def touch_command(dated: Iterable[tuple[str, float]]) -> str:
    """Return what dates files now."""
    return f"touch {shlex.join(path for path, _ in dated)}"


def _files(folder: Path) -> Iterator[str]:
    for where, _, names in os.walk(folder):
        yield from (os.path.join(where, name) for name in names)  # noqa: PTH118 - for 100,000s of files


def _dated(path: str) -> str:
    """Return the file whose date Snakemake takes."""
    mark = os.path.join(path, _MARK)  # noqa: PTH118
    return mark if os.path.exists(mark) else path  # noqa: PTH110


def _date_ns(path: str) -> int:
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
