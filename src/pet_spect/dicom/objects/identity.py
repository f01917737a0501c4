"""Identity in a header: what tells people apart, and when one number or name may be several people.

Nothing of this may go into an output.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pet_spect.dicom.objects.header import Header
from pet_spect.dicom.objects.times import seconds_of_date
from pet_spect.errors import DicomError

_PLACEHOLDERS = frozenset(
    [
        *("", "0", "1", "x", "-", "none", "n/a", "na", "unknown", "removed", "test", "noid", "no id"),
        *("anon", "anonymous", "anonymized", "anonymised", "anonym", "deidentified", "de-identified", "patient"),
        *("anonymous patient", "patient anonymous"),
    ]
)
"""Placeholders for a missing PatientID or name. They never identify a person."""

_SEXES = ("M", "F", "O")


@dataclass(frozen=True)
class Person:
    """Whose an image is, by its header.

    Attributes
    ----------
    patient_id, name, birth_date, study_uid, study_date, sex : str
        Empty where the header has none.
    """

    patient_id: str = ""
    name: str = ""
    birth_date: str = ""
    study_uid: str = ""
    study_date: str = ""
    sex: str = ""

    @property
    def plain_name(self) -> str:
        """The name as words in lower case."""
        return " ".join(self.name.replace("^", " ").split()).lower()

    @property
    def day(self) -> float | None:
        """The study's date in seconds, None if there is none that can be read."""
        return seconds_of_date(self.study_date)

    @property
    def identity(self) -> tuple[str, ...]:
        """Identity of the person: PatientID, else name and birth date; empty if neither is known."""
        if not _is_placeholder(self.patient_id):
            return ("id", self.patient_id.strip())
        if not _is_placeholder(self.plain_name):
            return ("name", self.plain_name, self.birth_date)
        return ()

    def without_study(self) -> Person:
        """Return the person without the study, so that all studies of one header compare equal."""
        return replace(self, study_uid="", study_date="")

    @property
    def born(self) -> str:
        """The birth date without punctuation, empty where there is none."""
        return re.sub(r"\W", "", self.birth_date)

    @property
    def known_sex(self) -> str:
        """``M``, ``F`` or ``O``, empty for all else."""
        letter = self.sex.strip().upper()[:1]
        return letter if letter in _SEXES else ""

    @property
    def name_words(self) -> frozenset[str]:
        """The words of the name in any order, none where it stands for no name."""
        if _is_placeholder(self.plain_name):
            return frozenset()
        return frozenset(re.findall(r"[^\W_]+", self.plain_name))


def _is_placeholder(text: str) -> bool:
    plain = text.strip().lower()
    return plain in _PLACEHOLDERS or set(plain) in ({"0"}, {"x"}, {"-"})


def person_of(header: Header) -> Person:
    """Return whose an object is; what cannot be read counts as missing."""
    dates = (_text(header, tag) for tag in ("StudyDate", "AcquisitionDate", "SeriesDate", "ContentDate"))
    return Person(
        patient_id=_text(header, "PatientID"),
        name=_text(header, "PatientName"),
        birth_date=_text(header, "PatientBirthDate"),
        study_uid=_text(header, "StudyInstanceUID"),
        study_date=next(filter(None, dates), ""),
        sex=_text(header, "PatientSex"),
    )


def _text(header: Header, tag: str) -> str:
    try:
        return header.text(tag) or ""
    except DicomError:
        return ""


def apart(people: Iterable[Person]) -> list[str]:
    """Return what says that headers are of several people, whatever the number; see `differences`.

    Examples
    --------
    >>> apart([Person("P1"), Person("P2"), Person("anonymous")])
    ['PatientIDs']
    """
    distinct = list(people)
    numbers = {person.identity for person in distinct if person.identity[:1] == ("id",)}
    return (["PatientIDs"] if len(numbers) > 1 else []) + differences(distinct)


def in_words(what: Sequence[str]) -> str:
    """Return several words as a list.

    Examples
    --------
    >>> in_words(["birth dates", "sexes", "names"])
    'birth dates, sexes and names'
    """
    *first, last = what
    return f"{', '.join(first)} and {last}" if first else last


def differences(people: Iterable[Person]) -> list[str]:
    """Return what says that headers of one number or name speak of several people, empty if nothing does.

    Birth dates or sexes that differ do, where both are filled. Names that differ do unless
    one birth date confirms them: people marry, and typists err. Case, order and punctuation
    of a name mean nothing, nor does a further name beside two that agree.

    Examples
    --------
    >>> differences([Person("001", "Doe^Jane", sex="F"), Person("001", "Roe^Richard", sex="M")])
    ['sexes', 'names']
    >>> differences([Person("001", "Doe^Jane", "19480212"), Person("001", "ROE JANE", "19480212")])
    []
    """
    distinct = list(dict.fromkeys(people))
    differing = []
    if len({person.born for person in distinct} - {""}) > 1:
        differing.append("birth dates")
    if len({person.known_sex for person in distinct} - {""}) > 1:
        differing.append("sexes")
    if _name_groups([person for person in distinct if person.name_words]) > 1:
        differing.append("names")
    return differing


def _name_groups(people: Sequence[Person]) -> int:
    """Return how many groups of names there are that nothing joins."""
    groups: list[list[Person]] = []
    for person in people:
        joined = [group for group in groups if any(_may_be_one(person, other) for other in group)]
        groups = [group for group in groups if group not in joined] + [
            [person, *(p for group in joined for p in group)]
        ]
    return len(groups)


def _may_be_one(person: Person, other: Person) -> bool:
    common = person.name_words & other.name_words
    is_part = common in (person.name_words, other.name_words) and len(common) > 1
    return person.name_words == other.name_words or is_part or (person.born != "" and person.born == other.born)
