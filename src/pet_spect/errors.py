"""Errors of the input, and the wording of their messages.

::

    PetSpectError
    ├── StudyError         mistakes in the configuration and the tables of a study, all at once
    ├── ConfigError        the configuration
    ├── TableError         participants.tsv, scans.tsv, qc.tsv or a result table
    ├── ImageError         a NIfTI image, a sidecar or a transform
    ├── DicomError         a DICOM object or series
    │   └── TracerError    a scan whose tracer is not the one it is listed as
    ├── AtlasError         an atlas or its table
    ├── RegionError        a region that cannot be measured in this image
    ├── RegistrationError  a registration that is not plausible
    └── RefusedError       a scan that an earlier step refused

Each means "the input is at fault": the command line prints its message in one
line (a `StudyError` in one line per mistake) and exits with status 1. It treats an `OvertakenError` alike, which is no
such error, so that no step takes it for a refused scan. Anything else that is raised is a bug and keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import ClassVar

from pet_spect.remarks.catalogue import Code

MOST_LISTED = 5
"""Things that a message names before it says how many more there are."""

MOST_MISTAKES = 20
"""Mistakes of a study that are shown before it is said how many more there are."""

_LONGEST = 80
_LONGEST_LINE = 10_000  # two of the longest paths that a file system holds


def listed(things: Iterable[object], *, joined: str = ", ") -> str:
    """Return things as a message lists them: five at the most, then how many more there are.

    Parameters
    ----------
    things : iterable
    joined : str, default ", "
        What stands between them where all are named.

    Examples
    --------
    >>> listed(["FDG", "IMZ"], joined=" or ")
    'FDG or IMZ'
    >>> listed(range(1, 201))
    '1, 2, 3, 4, 5 and 195 more'
    """
    words = [str(thing) for thing in things]
    more = len(words) - MOST_LISTED
    return f"{', '.join(words[:MOST_LISTED])} and {more} more" if more > 0 else joined.join(words)


def shown(value: object, *, depth: int = 2) -> str:
    """Return a value as a message quotes it: never longer than a line, whatever it holds.

    Parameters
    ----------
    value : object
        What a configuration or a table holds.
    depth : int, default 2
        Levels of lists and mappings that are shown.

    Examples
    --------
    >>> shown("year-1"), shown([40, 60, [1]]), shown({"label": "x"}, depth=0)
    ("'year-1'", '[40, 60, [1]]', '{...}')
    """
    if isinstance(value, Mapping):
        pairs = (f"{shown(key, depth=0)}: {shown(item, depth=depth - 1)}" for key, item in value.items())
        return "{" + (listed(pairs) if depth > 0 else "...") + "}"
    if isinstance(value, list | tuple):
        return "[" + (listed(shown(item, depth=depth - 1) for item in value) if depth > 0 else "...") + "]"
    if isinstance(value, str) and len(value) > _LONGEST:
        return f"{value[:_LONGEST]!r}... ({len(value)} characters)"
    try:
        text = repr(value)
    except ValueError:  # Python writes no whole number of more than 4300 digits
        return "a number of thousands of digits"
    return text if isinstance(value, str) or len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the end of a message about an unknown name: the known name that is nearest; empty if none is near.

    Examples
    --------
    >>> did_you_mean("precental", ["postcentral", "precentral"]), did_you_mean("x", ["precentral"])
    ("; did you mean 'precentral'?", '')
    """
    near = get_close_matches(name.lower(), list(dict.fromkeys(known)), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _line(text: str) -> str:
    """Return a text as one line that fits a terminal and holds nothing that steers it; a path may hold anything."""
    text = " ".join(text.split())
    if not text.isprintable():
        text = "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)
    half = _LONGEST_LINE // 2
    return text if len(text) <= _LONGEST_LINE else f"{text[:half]} ... {text[-half:]}"


def without_place(error: PetSpectError, place: object) -> str:
    """Return the message of an error without the place that it begins with, which may name a person.

    Examples
    --------
    >>> without_place(PetSpectError("/data/Ann  B/1.nii: has no voxels"), "/data/Ann  B/1.nii")
    'has no voxels'
    """
    return str(error).removeprefix(f"{_line(str(place))}: ")


class PetSpectError(Exception):
    """The input is at fault.

    Parameters
    ----------
    message : str
        One line: what was found, what was needed, and in which file.
    code : Code, optional
        Short snake_case name of the fault, stable between versions; it is what
        tables and ``config/qc.tsv`` refer to. Each class has its default.
    """

    default_code: ClassVar[Code] = "error"

    def __init__(self, message: str, *, code: Code | None = None) -> None:
        super().__init__(_line(message))
        self.code: Code = code or self.default_code

    @property
    def lines(self) -> list[str]:
        """What the command line prints."""
        return [str(self)]


@dataclass(frozen=True)
class Mistake:
    """One mistake in the configuration or a table of a study.

    Attributes
    ----------
    file : str
        As the user names it.
    line : int or None
        Line of the file, from 1; None if the mistake is in no line, or in none that is known.
    column : str or None
        Column of the table, or the keys of the configuration, outermost first, such as ``tracers: FDG: label``.
    message : str
        What was found and what is needed.

    Examples
    --------
    >>> print(Mistake("scans.tsv", 3, "session", "found 'year2', needed baseline or year1"))
    scans.tsv: line 3, session: found 'year2', needed baseline or year1
    >>> print(Mistake("scans.tsv", None, None, "is empty"))
    scans.tsv: is empty
    """

    file: str
    line: int | None
    column: str | None
    message: str

    def __str__(self) -> str:
        line = None if self.line is None else f"line {self.line}"
        place = listed(part for part in (line, self.column) if part is not None)
        return _line(": ".join(part for part in (self.file, place, self.message) if part))


class StudyError(PetSpectError):
    """Configuration or tables of a study hold mistakes.

    Parameters
    ----------
    mistakes : sequence of Mistake
        At least one.

    Examples
    --------
    >>> error = StudyError([Mistake("qc.tsv", line, "reason", "needs a value") for line in (2, 3)])
    >>> print(error)
    qc.tsv: line 2, reason: needs a value (1 more mistake)
    >>> error.lines
    ['qc.tsv: line 2, reason: needs a value', 'qc.tsv: line 3, reason: needs a value']
    """

    default_code: ClassVar[Code] = "study"

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        more = len(mistakes) - 1
        super().__init__(f"{mistakes[0]}" + (f" ({more} more mistake{'s' if more > 1 else ''})" if more else ""))
        self.mistakes = tuple(mistakes)

    @property
    def lines(self) -> list[str]:
        """One line per mistake, `MOST_MISTAKES` at the most, then how many more there are."""
        more = len(self.mistakes) - MOST_MISTAKES
        return [*map(str, self.mistakes[:MOST_MISTAKES]), *([f"and {more} more"] if more > 0 else [])]


class ConfigError(PetSpectError):
    """The configuration cannot be used."""

    default_code: ClassVar[Code] = "config"


class TableError(PetSpectError):
    """A table cannot be used."""

    default_code: ClassVar[Code] = "table"


class ImageError(PetSpectError):
    """An image, its sidecar or a transform cannot be used."""

    default_code: ClassVar[Code] = "image"


class DicomError(PetSpectError):
    """A DICOM object or series cannot be converted safely."""

    default_code: ClassVar[Code] = "dicom"


class TracerError(DicomError):
    """A scan says that its tracer is another than the one it is listed as, or contradicts itself about it."""

    default_code: ClassVar[Code] = "tracer"


class AtlasError(PetSpectError):
    """An atlas or its table cannot be used."""

    default_code: ClassVar[Code] = "atlas"


class RegionError(PetSpectError):
    """A region cannot be measured in this image."""

    default_code: ClassVar[Code] = "region"


class RegistrationError(PetSpectError):
    """A registration is not plausible."""

    default_code: ClassVar[Code] = "registration"


class RefusedError(PetSpectError):
    """A scan that an earlier step refused was asked for."""

    default_code: ClassVar[Code] = "refused"


class OvertakenError(Exception):
    """Another run, or another job, writes what this one was about to write, so it must not.

    Parameters
    ----------
    message : str
        One line.
    """

    def __init__(self, message: str) -> None:
        super().__init__(_line(message))
