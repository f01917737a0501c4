"""Number, title and registration of a study."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any

from pet_spect.errors import ConfigError, listed, shown
from pet_spect.results.typed_json import Key, Mark

LONGEST = {"id": 64, "title": 200, "registration": 200}
"""Most characters of each fact, the same as in the schema of the configuration."""

# Control characters, line breaks, marks that turn the direction of text, halves of characters: as in the schema.
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True, kw_only=True)
class StudyFacts:
    """What a study is called; None where the configuration does not say.

    Attributes
    ----------
    id : str or None
        The sponsor's number of the study.
    title : str or None
    registration : str or None
        Number or address in a register of trials.
    """

    id: Annotated[str | None, Key("ID"), Mark.LEFT_OUT] = None
    title: Annotated[str | None, Mark.LEFT_OUT] = None
    registration: Annotated[str | None, Mark.LEFT_OUT] = None

    def __post_init__(self) -> None:
        for name, longest in LONGEST.items():
            text = getattr(self, name)
            if text is not None and not _is_line(text, longest):
                raise ValueError(
                    f"{name}: found {shown(text)}, needed one line of at most {longest} characters that does not begin"
                    " with a blank"
                )

    @property
    def stated(self) -> dict[str, str]:
        """The facts that are known, by name.

        Examples
        --------
        >>> StudyFacts(id="MC-1").stated
        {'id': 'MC-1'}
        """
        return {each.name: value for each in fields(self) if (value := getattr(self, each.name)) is not None}


NOT_STATED = StudyFacts()
"""The facts of a study whose configuration says nothing."""


def _is_line(text: object, longest: int) -> bool:
    if not isinstance(text, str) or not 1 <= len(text) <= longest:
        return False
    return not text[0].isspace() and not _UNFIT.search(text)


def read_study_facts(entries: Mapping[str, Any]) -> StudyFacts:
    """Return the facts that ``study`` of a configuration holds.

    Raises
    ------
    ConfigError
        If it holds another key, or a fact is not one line of at most `LONGEST` characters.
    """
    unknown = [key for key in entries if key not in LONGEST]
    if unknown:
        raise ConfigError(f"found {shown(unknown[0])}, needed {listed(LONGEST)}, nothing else")
    for name, value in entries.items():
        if value is None:
            raise ConfigError(f"{name}: found nothing, needed a text; leave the line out if there is none")
    try:
        return StudyFacts(**entries)
    except ValueError as error:
        raise ConfigError(str(error)) from None
