"""Display of a table's value: rounded, with the value itself kept beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pet_spect.report.ranks import FIRST, rank_of
from pet_spect.report.rounding import rounded
from pet_spect.tsv import MISSING, Row

_SIGNED = {
    "change",
    "estimate",
    "change_percent",
    "mean_change",
    "mean_change_everything",
    "ci95_low",
    "ci95_high",
    "hodges_lehmann",
    "hl_ci_low",
    "hl_ci_high",
    "percent",
    "percent_ci95_low",
    "percent_ci95_high",
    "standardised_change",
    "agreement_low",
    "agreement_high",
    "bound_low",
    "bound_high",
    "change_percent_ci95_low",
    "change_percent_ci95_high",
    "reliable_limit_low_percent",
    "reliable_limit_high_percent",
}
_COUNTS = {
    "n",
    "n_missing",
    "n_undefined",
    "n_apart",
    "n_withdrawn",
    "count",
    "n_improved",
    "n_declined",
    "n_not_shown",
    "n_everything",
    "agreed",
}
_UNITLESS = ("numerator", "denominator", "standardised_change")


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a table.

    Attributes
    ----------
    text : str
        As shown.
    full : str
        As the table has it; empty where the two are the same.
    numeric : bool
    missing : bool
    """

    text: str
    full: str = ""
    numeric: bool = False
    missing: bool = False

    @property
    def long(self) -> bool:
        """Whether it needs the width of a sentence."""
        return len(self.text) > 40


@dataclass(frozen=True)
class Column:
    """Head of a column.

    Attributes
    ----------
    name : str
        In words.
    meaning : str
        What the data dictionary says of it.
    numeric : bool
        Whether it holds numbers.
    key : str
        As the table has it.
    rank : int
        How long it stays where the width does not suffice, see `pet_spect.report.ranks`.
    yes_or_no : bool
        Whether it holds ``true`` and ``false``, which are shown as yes and no.
    """

    name: str
    meaning: str
    numeric: bool = False
    key: str = ""
    rank: int = FIRST
    yes_or_no: bool = False


@dataclass(frozen=True)
class Table:
    """A table as shown.

    Attributes
    ----------
    columns : list of Column
    rows : list of list of Cell
    marked : list of bool
        Whether a row stands out.
    """

    columns: list[Column]
    rows: list[list[Cell]]
    marked: list[bool]


def words(name: str) -> str:
    """Return a snake_case name as words: ``ci95_low`` is ``ci95 low``."""
    return name.replace("_", " ")


def _heading(name: str) -> str:
    """Return the name of a column as its head: ``change_percent_ci95_low`` is ``change %, 95 % CI low``."""
    name = {"participant_id": "participant", "change_percent": "change_%"}.get(name, name)
    return words(name.replace("percent_ci95", "%,_95_%_CI").replace("ci95", "95_%_CI"))


def _meaning(name: str, dictionary: Mapping[str, Any]) -> str:
    entry = dictionary.get(name)
    if not isinstance(entry, Mapping):
        return ""
    meaning = str(entry.get("Description", ""))
    units = str(entry.get("Units", ""))
    levels = entry.get("Levels")
    if isinstance(levels, Mapping):
        meaning = " ".join([meaning, "; ".join(f"{level}: {told}" for level, told in levels.items())])
    return f"{meaning} [{units}]" if units else meaning


def cell(name: str, row: Row) -> Cell:
    """Return the value of one column of a row, rounded for display.

    Parameters
    ----------
    name : str
        The column; ratios and changes get 3 decimals, percents 1, probabilities 4.
    row : Row
        Percents are known by the column or by the row's ``quantity`` or ``measure``.

    Examples
    --------
    >>> cell("mean_change", {"mean_change": "-0.0512345", "quantity": "change"}).text
    '−0.051'
    >>> cell("mean_change", {"mean_change": "6.149", "quantity": "change_percent"}).text
    '+6.1 %'
    >>> cell("p_wilcoxon", {"p_wilcoxon": "0.0078125"}).text
    '0.0078'
    """
    value = row[name]
    if value == MISSING:
        return Cell(MISSING, missing=True)
    if value in ("true", "false"):
        return Cell({"true": "yes", "false": "no"}[value])
    try:
        number = float(value)
    except ValueError:
        return Cell(value)
    if not math.isfinite(number) or name in _COUNTS or name.endswith("_id"):
        return Cell(value, numeric=name in _COUNTS)
    signed = name in _SIGNED and "value" not in row  # the interval of a value says where it lies, not how it changed
    return Cell(_number(name, number, percent=_is_percent(name, row), signed=signed), full=value, numeric=True)


def probability(number: float) -> str:
    """Return a p with its sign of relation, for a sentence.

    Examples
    --------
    >>> probability(0.0078125), probability(1e-6)
    ('p = 0.0078', 'p < 0.0001')
    """
    text = _number("p", number, percent=False, signed=False)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def _is_probability(name: str) -> bool:
    return name == "p" or name.startswith("p_")


def _is_percent(name: str, row: Row) -> bool:
    if _is_probability(name) or name in _UNITLESS:
        return False
    kinds = (name, row.get("quantity", ""), row.get("measure", ""))
    return name.startswith(("change_percent", "percent")) or any(kind.endswith("percent") for kind in kinds)


def _number(name: str, number: float, *, percent: bool, signed: bool) -> str:
    if _is_probability(name):
        return "< 0.0001" if number < 0.0001 else rounded(number, 4)
    size = abs(number)
    decimals = 1 if percent or 100 <= size < 1000 else 0 if size >= 1000 else 3
    text = rounded(number, decimals, signed=signed)
    if size and size < 0.5 * 10.0**-decimals:
        text = f"{number:{'+' if signed else ''}.2g}"
    return text.replace("-", "−") + (" %" if percent else "")


def table(columns: Sequence[str], rows: Sequence[Row], dictionary: Mapping[str, Any]) -> Table:
    """Return rows as shown; those of a primary endpoint stand out."""
    shown = [[cell(name, row) for name in columns] for row in rows]
    heads = [
        Column(
            name=_heading(name),
            meaning=_meaning(name, dictionary),
            numeric=any(line[place].numeric for line in shown),
            key=name,
            rank=rank_of(name, columns),
            yes_or_no=any(row[name] in ("true", "false") for row in rows),
        )
        for place, name in enumerate(columns)
    ]
    return Table(heads, shown, [row.get("primary") == "true" for row in rows])


def unique(values: Sequence[str]) -> list[str]:
    """Return the values without repetition, in the order of their first appearance."""
    return list(dict.fromkeys(values))
