"""Actions for each attribute: our allow-list, under the confidentiality profile of PS3.15 Table E.1-1.

An attribute stays only if `pet_spect.dicom.deidentify.elements` lists it. Where
the profile's table, which the dicom-anonymizer package carries, has an action for
it, that action is taken, unless an option of the profile that we declare says
otherwise: dates move (E.3.6), UIDs are replaced, patient characteristics (E.3.7)
and private factors known to be safe (E.3.10) stay. Whatever stays is written
anew from a value that passed the check of its kind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from dicomanonymizer.simpledicomanonymizer import initialize_actions  # type: ignore[import-untyped]
from pydicom.datadict import dictionary_has_tag, dictionary_VR, keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.tag import BaseTag, Tag

from pet_spect.dicom.deidentify.codes import clean_code, clean_tracer
from pet_spect.dicom.deidentify.elements import (
    CODES,
    COUNTERS,
    EMPTIED,
    KEPT,
    MAY_BE_EMPTY,
    OFFSETS,
    PATIENT_CHARACTERISTICS,
    READ_BY_CONVERT,
    TEXTS,
    UNLISTED_TERM,
    WORDS,
)
from pet_spect.dicom.deidentify.pseudonyms import Pseudonyms
from pet_spect.dicom.deidentify.shifted_dates import clean_time, moved_date, moved_date_time
from pet_spect.dicom.objects.header import Header
from pet_spect.dicom.objects.private import DECAY_TIMES, SUV_ELEMENTS
from pet_spect.dicom.objects.vocabulary import UNLISTED, known_text
from pet_spect.errors import DicomError
from pet_spect.nuclides import radionuclide_name

PROFILE_EDITION = "dicomfields_2026c"
"""Table E.1-1 as of this edition of PS3.15, by dicom-anonymizer's name for it."""

PROFILE: dict[tuple[int, ...], Callable[[Dataset, tuple[int, ...]], None]] = initialize_actions(PROFILE_EDITION)
"""Attribute to action, for those that the profile names."""

_BITS = {"US": 16, "SS": 15, "UL": 32, "SL": 31, "UV": 64, "SV": 63, "OV": 64}
"""Of the largest whole number each kind holds; those with an odd number also hold negative ones."""

_LARGEST_FLOAT = {"FL": 3.4e38, "OF": 3.4e38, "FD": 1.7e308, "OD": 1.7e308}
_LONGEST_COUNTER = 5
_LARGEST_FREE, _FREE_DIGITS = 99_999, 6
_BOUNDED_ELSEWHERE = READ_BY_CONVERT | COUNTERS | OFFSETS
_OLDEST_YEARS = 90


@dataclass(frozen=True)
class Scrubber:
    """De-identification of one object, the same for all its elements.

    Attributes
    ----------
    pseudonyms : Pseudonyms
    shift : timedelta
        Whole days by which this person's dates move.
    clock : timedelta or None
        The scanner's offset from UTC; times that name an offset are put on this clock, and the offset goes.
    """

    pseudonyms: Pseudonyms
    shift: timedelta
    clock: timedelta | None

    def clean(self, header: Header) -> Dataset:
        """Return a new dataset that holds what may stay of an object or of an item of a sequence.

        Raises
        ------
        DicomError
            If something an image or its SUV depends on cannot be read.
        """
        cleaned = Dataset()
        for tag in header.dataset.keys():  # noqa: SIM118 (iterating a Dataset would parse every element)
            keyword = keyword_for_tag(tag)
            if keyword not in KEPT:
                continue
            try:
                cleaned.add(self._element(header, tag, keyword))
            except DicomError:
                if keyword in READ_BY_CONVERT or dictionary_VR(tag) == "SQ":
                    raise
                continue  # an image is right without it
            _apply_profile(cleaned, tag, keyword)
        if ("WindowCenter" in cleaned) != ("WindowWidth" in cleaned):  # neither is valid without the other
            cleaned.pop("WindowCenter", None)
            cleaned.pop("WindowWidth", None)
        self._add_date(header, cleaned)
        self._add_private(header, cleaned)
        return cleaned

    def _element(self, header: Header, tag: BaseTag, keyword: str) -> DataElement:
        kind = dictionary_VR(tag)
        if kind == "SQ":
            return DataElement(tag, "SQ", Items(self._items(header, keyword)))
        texts = header.texts(keyword)
        if kind == "AT":
            return DataElement(tag, "AT", [Tag(int(n)) for n in header.numbers(keyword) if dictionary_has_tag(int(n))])
        if kind in ("DS", "IS", *_BITS, *_LARGEST_FLOAT, "US or SS"):
            return _number(header, tag, keyword, texts)
        cleaned = [] if keyword in EMPTIED else [self._text(kind, keyword, text) for text in texts]
        if keyword in READ_BY_CONVERT:  # what is wrong in it must stay wrong: without it another time would be taken
            cleaned = [text or UNLISTED for text in cleaned]
        return DataElement(tag, kind, cleaned)

    def _items(self, header: Header, keyword: str) -> list[Dataset]:
        if keyword in EMPTIED:
            return []
        if keyword not in CODES:
            return [self.clean(item) for item in header.items(keyword)]
        cleaned = []
        for item in header.items(keyword):
            code = clean_code(keyword, item)
            code.update(self.clean(item))  # modifiers, which are codes again
            cleaned.append(code)
        return cleaned

    def _text(self, kind: str, keyword: str, text: str) -> str:
        """Return a value as it may stay, empty if it may not."""
        if keyword == "Radiopharmaceutical":
            return clean_tracer(text)
        if keyword == "EnergyWindowName":  # such as I123_EM
            return radionuclide_name(text) or UNLISTED
        if keyword in TEXTS:
            return known_text(TEXTS[keyword], text) or ""
        if keyword == "PatientSex":
            return text.upper() if text.upper() in ("M", "F", "O") else ""
        if kind == "UI":
            return self.pseudonyms.uid(text)
        if kind == "DA":
            return moved_date(text, self.shift)
        if kind == "DT":
            return moved_date_time(text, self.shift, self.clock)
        if kind == "TM":
            return clean_time(text)
        if kind == "AS":
            return clean_age(text)
        return text if text in WORDS else UNLISTED_TERM

    def _add_date(self, header: Header, cleaned: Dataset) -> None:
        """Put an injection time that stands with its date where only a time may, to where both may be."""
        text = header.text("RadiopharmaceuticalStartTime")
        if text and not clean_time(text) and not header.text("RadiopharmaceuticalStartDateTime"):
            moved = moved_date_time(text, self.shift, self.clock)
            if moved:
                cleaned.RadiopharmaceuticalStartDateTime = moved

    def _add_private(self, header: Header, cleaned: Dataset) -> None:
        groups = {tag.group for tag in header.dataset.keys()}  # noqa: SIM118
        for group, creator, number in SUV_ELEMENTS:
            if group not in groups:
                continue
            text = header.private_text(group, creator, number)
            if text is None:
                continue
            is_time = (group, creator, number) in DECAY_TIMES
            value = moved_date_time(text, self.shift, self.clock) if is_time else _plain_number(text)
            kind = "LO" if not value else "DT" if is_time else "DS"
            cleaned.private_block(group, creator, create=True).add_new(number, kind, value or UNLISTED)


def clean_age(text: str) -> str:
    """Return an age, all from 90 years up as one; empty if it is none.

    Examples
    --------
    >>> clean_age("059Y"), clean_age("093Y"), clean_age("Doe")
    ('059Y', '090Y', '')
    """
    if re.fullmatch(r"\d{3}[DWMY]", text, re.ASCII) is None:
        return ""
    return f"{_OLDEST_YEARS:03d}Y" if text[3] == "Y" and int(text[:3]) > _OLDEST_YEARS else text


def _apply_profile(cleaned: Dataset, tag: BaseTag, keyword: str) -> None:
    """Do what the profile says of an attribute, where no option of the profile keeps it."""
    action = PROFILE.get((tag.group, tag.element))
    if action is None or keyword in PATIENT_CHARACTERISTICS or cleaned[tag].VR in ("DA", "DT", "TM", "UI"):
        return
    if cleaned[tag].VR == "SQ" and (not cleaned[tag].value or action.__name__.endswith("_UID")):
        return  # references stay, with the identifiers in them replaced
    action(cleaned, (tag.group, tag.element))


def _plain_number(text: str) -> str:
    return text if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text, re.ASCII) else ""


def _fits(number: float, kind: str) -> bool:
    if kind in _LARGEST_FLOAT:
        return abs(number) <= _LARGEST_FLOAT[kind]
    lowest = -(2 ** _BITS[kind]) if _BITS[kind] % 2 else 0
    return lowest <= number < 2 ** _BITS[kind] and number == int(number)


def _withheld(header: Header, tag: BaseTag, kind: str, keyword: str) -> DataElement:
    """Return an element without the number that may be a date or a number of a patient, if it may be empty."""
    if keyword not in MAY_BE_EMPTY:
        raise header.error(f"{keyword} is too large to be shared", "element_unreadable")
    return DataElement(tag, kind, None)


def _rounded(number: float) -> float:
    return float(f"{number:.{_FREE_DIGITS}g}")


def _shortened(text: str) -> str:
    """Return a number with no more digits than a measurement needs, so that none hide a date behind the point.

    Examples
    --------
    >>> _shortened("-12.50"), _shortened("1950.0101")
    ('-12.50', '1950.01')
    """
    is_short = sum(map(str.isdigit, text)) <= _FREE_DIGITS
    return text if is_short or not _plain_number(text) else f"{float(text):.{_FREE_DIGITS}g}"


def _number(header: Header, tag: BaseTag, keyword: str, texts: Sequence[str]) -> DataElement:
    """Return an element of numbers, written as they were."""
    numbers = header.numbers(keyword)
    kind = dictionary_VR(tag)
    if kind == "US or SS":
        stored = header.dataset[tag].VR
        kind = stored if stored in ("US", "SS") else "SS" if any(number < 0 for number in numbers) else "US"
    if keyword in COUNTERS and any(len(text) > _LONGEST_COUNTER for text in texts):
        return DataElement(tag, kind, None)
    if keyword not in _BOUNDED_ELSEWHERE:
        if not all(abs(number) <= _LARGEST_FREE for number in numbers):
            return _withheld(header, tag, kind, keyword)
        numbers, texts = tuple(map(_rounded, numbers)), [_shortened(text) for text in texts]
    if kind in ("DS", "IS"):
        if not all(map(_plain_number, texts)):
            raise header.error(f"{keyword} is not a plain number", "element_unreadable")
        return DataElement(tag, kind, list(texts))
    if not all(_fits(number, kind) for number in numbers):
        raise header.error(f"{keyword} is too large for its kind", "element_unreadable")
    values = [int(number) for number in numbers] if kind in _BITS else list(numbers)
    return DataElement(tag, kind, values[0] if len(values) == 1 else values)
