"""Coded remarks (refusals, flags, reasons): made from the catalogue, written to tables and JSON, and read again.

Programs use the code and the fields of a remark. Its text is for people.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from string import Formatter
from typing import Any, cast

from pet_spect.remarks.catalogue import CASE, CATALOGUE, WARNINGS_OF_CONVERT, Code, SignOff, Value

UNKNOWN: Code = "error"
"""The code that replaces one that this version does not know."""

EARLIER = "an earlier conversion said so"
"""The text of a warning whose own words or fields are not used."""

_NEXT, _THEN = "; ", ": "
_FIRST_CHECKED = (0, 2)
"""The first version in which a line of qc.tsv must not accept a fault that cannot be accepted."""


@dataclass(frozen=True)
class Remark:
    """Something a reader of a scan or a value should know.

    Attributes
    ----------
    code : Code
    fields : tuple of (str, Value)
        What its wording shows, by name.
    words : str or None
        Its text where that is not made from the catalogue: the message of an error, or what a table told.
    """

    code: Code
    fields: tuple[tuple[str, Value], ...] = ()
    words: str | None = None

    @classmethod
    def of(cls, code: Code, /, **fields: object) -> Remark:
        """Return a remark in the words of the catalogue.

        Parameters
        ----------
        code : Code
        **fields
            Every field of the wording, and ``case`` where the code has several.

        Raises
        ------
        KeyError
            If the code has no such field.

        Examples
        --------
        >>> Remark.of("weight_in_grams", weight=70000).text
        'weight 70000 was taken to be grams'
        """
        kind = CATALOGUE[code]
        kept = {name: str(value) if name == CASE else kind.fields[name].kept(value) for name, value in fields.items()}
        return cls(code, tuple(sorted(kept.items())))

    @classmethod
    def said(cls, code: Code, words: str) -> Remark:
        """Return a remark in the words of an error, which names file and fault."""
        return cls(code, words=words)

    @cached_property
    def text(self) -> str:
        """One line for a person."""
        if self.words is not None:
            return self.words
        kind, fields = CATALOGUE[self.code], dict(self.fields)
        wording = kind.wording[str(fields[CASE])] if isinstance(kind.wording, Mapping) else kind.wording or ""
        return wording.format(
            **{name: kind.fields[name].shown(value) for name, value in fields.items() if name != CASE}
        )

    @property
    def line(self) -> str:
        """Code and text, as tables and pictures show it."""
        return self.text if CATALOGUE[self.code].has_no_code else f"{self.code}{_THEN}{self.text}"

    @property
    def suv_only(self) -> bool:
        """Whether it doubts what an SUV depends on, and uptake and its ratios do not."""
        return CATALOGUE[self.code].suv_only

    def told(self, name: str) -> Value | None:
        """Return what a field holds; None if the remark has no such field."""
        return dict(self.fields).get(name)


def known_code(name: object) -> Code:
    """Return a code that a file names; `UNKNOWN` if this version has no such code.

    Examples
    --------
    >>> known_code("gate_scale"), known_code("gate_of_tomorrow")
    ('gate_scale', 'error')
    """
    return cast(Code, name) if isinstance(name, str) and name in CATALOGUE else UNKNOWN


def write_cell(remarks: Iterable[Remark | None]) -> str:
    """Return remarks as one cell of a table, ``code: text; code: text``, each once; None is left out.

    Examples
    --------
    >>> write_cell([Remark.of("no_lesion_mask"), None, Remark.said("no_head", "two; no_suv: none")])
    'no_lesion_mask: no lesion mask is given; no_head: two, no_suv: none'
    """
    return _NEXT.join(dict.fromkeys(_one_part(remark.line) for remark in remarks if remark is not None))


def read_cell(cell: str) -> tuple[Remark, ...]:
    """Return the remarks of a cell that `write_cell` wrote, each in the words of the table.

    One begins only where a code of the catalogue stands, so that a semicolon in a text parts nothing.

    Examples
    --------
    >>> for remark in read_cell("weight_conflict: 70 and 71; the header was used; no_suv: no dose"):
    ...     print(remark.code, "|", remark.text)
    weight_conflict | 70 and 71; the header was used
    no_suv | no dose
    >>> [remark.code for remark in read_cell("no scan listed")]
    ['no_scan']
    """
    remarks: list[Remark] = []
    for part in cell.split(_NEXT) if cell else []:
        code, words = _begun(part)
        if code is not None:
            remarks.append(Remark.said(code, words))
        elif remarks:
            remarks[-1] = Remark.said(remarks[-1].code, f"{remarks[-1].text}{_NEXT}{part}")
        else:
            remarks.append(Remark.said("no_scan", part))
    return tuple(remarks)


def join_visits(cells: Mapping[str, str], *more: Remark) -> str:
    """Return the cells of several visits as one, each behind the name of its visit, and then other remarks.

    Examples
    --------
    >>> join_visits({"baseline": "", "year1": "no_value: no value"}, Remark.of("percent_undefined"))
    'year1: no_value: no value; percent_undefined: the baseline is not positive'
    """
    named = [f"{visit}{_THEN}{cell}" for visit, cell in cells.items() if cell]
    return _NEXT.join([*named, *([write_cell(more)] if more else [])])


def codes_in(cell: str) -> set[Code]:
    """Return the codes of a cell that `write_cell` or `join_visits` wrote.

    Examples
    --------
    >>> sorted(codes_in("baseline: no_lesion_mask: none; no_suv: no dose; year1: no_value: no value"))
    ['no_lesion_mask', 'no_suv', 'no_value']
    """
    begun = [_begun(part)[0] or _begun(part.partition(_THEN)[2])[0] for part in cell.split(_NEXT)]
    return {code for code in begun if code is not None}


def _begun(part: str) -> tuple[Code | None, str]:
    """Return the code that a part of a cell begins with, None if it begins with none, and what follows."""
    code, then, words = part.partition(_THEN)
    return (cast(Code, code), words) if then and code in CATALOGUE else (None, part)


def _one_part(line: str) -> str:
    """Return a line in which no second remark seems to begin: a comma stands where it would.

    White space is made single before, as a table does after.
    """
    first, *others = re.sub(r"\s+", " ", line).split(_NEXT)
    return first + "".join(f"{_NEXT if _begun(other)[0] is None else ', '}{other}" for other in others)


def write_remark(remark: Remark) -> dict[str, Any]:
    """Return a remark as JSON holds it: ``Code``, ``Fields`` (null in the words of an error) and ``Reason``.

    ``Reason`` is for people: `read_remark` goes by code and fields where there are any.
    """
    shown = {name: list(value) if isinstance(value, tuple) else value for name, value in remark.fields}
    fields = None if remark.words is not None else shown
    return {"Code": remark.code, "Fields": fields, "Reason": remark.text}


def read_remark(entry: Mapping[str, Any]) -> Remark:
    """Return a remark that `write_remark` wrote to a file of this program.

    Raises
    ------
    KeyError, TypeError
        If it is none.
    """
    code, reason = known_code(entry["Code"]), str(entry["Reason"])
    fields = _admitted(code, entry.get("Fields"))
    return Remark.said(code, reason) if fields is None else Remark(code, fields)


def recall_warnings(entries: object) -> list[Remark]:
    """Return the warnings of an earlier conversion; only codes and fields of the catalogue are used.

    A JSON may come from anywhere, so ``Reason`` is never read: it might name a person. A warning without fields that
    the catalogue admits, as older versions wrote them, keeps its code and says `EARLIER`. Codes that ``convert`` does
    not write are dropped.

    Parameters
    ----------
    entries : object
        ``Warnings`` of a sidecar.

    Examples
    --------
    >>> mine = {"Code": "weight_in_grams", "Fields": {"weight": 70000}, "Reason": "Doe"}
    >>> for remark in recall_warnings([mine, {"Code": "sex_conflict", "Reason": "Doe"}, {"Code": "Doe"}, "Doe"]):
    ...     print(remark.line)
    weight_in_grams: weight 70000 was taken to be grams
    sex_conflict: an earlier conversion said so
    """
    remarks = []
    for entry in entries if isinstance(entries, list) else []:
        code = entry.get("Code") if isinstance(entry, dict) else None
        if isinstance(code, str) and code in WARNINGS_OF_CONVERT:
            fields = _admitted(code, entry.get("Fields"))
            remarks.append(Remark.said(code, EARLIER) if fields is None else Remark(code, fields))
    return remarks


def _admitted(code: Code, raw_fields: object) -> tuple[tuple[str, Value], ...] | None:
    """Return the fields of a remark in a file; None where the catalogue does not admit them."""
    kind = CATALOGUE[code]
    if not isinstance(raw_fields, dict):
        return None
    if isinstance(kind.wording, Mapping):
        wording = kind.wording.get(str(raw_fields.get(CASE)))
    else:
        wording = None if CASE in raw_fields else kind.wording
    fields = {name: value for name, value in raw_fields.items() if name != CASE}
    if wording is None or not fields.keys() <= kind.fields.keys():
        return None
    needed = {name for _, name, _, _ in Formatter().parse(wording) if name}
    if not needed <= fields.keys() or not all(kind.fields[name].admits(value) for name, value in fields.items()):
        return None
    kept = {name: kind.fields[name].kept(value) for name, value in fields.items()}
    return tuple(sorted((kept | ({CASE: raw_fields[CASE]} if CASE in raw_fields else {})).items()))


def _signed_off(how: SignOff) -> frozenset[Code]:
    return frozenset(code for code, kind in CATALOGUE.items() if kind.sign_off == how)


BY_EYE = _signed_off("by_eye")
"""Gates of normalise that an eye can judge: accepted, they let the scan through with a warning."""

WITH_WITNESS = _signed_off("with_witness")
"""Faults whose acceptance counts only where a lesion mask or an anatomical image agrees with lesion_side."""

NEVER = _signed_off("never")
"""Faults that cannot be accepted; `Kind.never_for` says why."""


def never_accepted(code: str, version: str) -> str | None:
    """Return why a line of qc.tsv may not accept a code; None if it may.

    Version 0.1 had no such rule. There an ``accept`` of a refusal only said that the refusal is known,
    and it still says so.

    Parameters
    ----------
    code : str
    version : str
        The version of the software that the line names; empty of a signed line, which version 0.1 could not write.

    Examples
    --------
    >>> never_accepted("identical_scans", "0.2.0")
    'one scan cannot be two visits'
    >>> never_accepted("identical_scans", "0.1.0"), never_accepted("gate_overlap", "0.2.0")
    (None, None)
    """
    parts = [part for part in version.split(".")[:2] if part.isdecimal()]
    older = len(parts) == 2 and tuple(map(int, parts)) < _FIRST_CHECKED
    current = known_code(code)
    return CATALOGUE[current].never_for if current in NEVER and not older else None
