"""Numbers on the command line."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable

_DECIMAL = re.compile(r"\+?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def positive(text: str) -> float:
    """Return a flag's value, a finite number above 0.

    Raises
    ------
    argparse.ArgumentTypeError
        If it is none; ``nan``, ``inf`` and ``1_7``, which Python reads, are none.
    """
    value = float(text) if _DECIMAL.fullmatch(text) else 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return value


def at_most(most: float, unit: str) -> Callable[[str], float]:
    """Return the reader of a flag's value, a number above 0 and at most `most`, the limit of the tables.

    Parameters
    ----------
    most : float
    unit : str
        In words; a value above the limit is usually one in another unit.
    """

    def value(text: str) -> float:
        number = positive(text)
        if number > most:
            raise argparse.ArgumentTypeError(f"{text} is more than {most:g} {unit}; check its unit")
        return number

    return value


def fraction(text: str) -> float:
    """Return a flag's value, a number above 0 and at most 1.

    Raises
    ------
    argparse.ArgumentTypeError
        If it is none.
    """
    value = positive(text)
    if value > 1:
        raise argparse.ArgumentTypeError(f"{text} is not a fraction above 0, at most 1")
    return value


def from_zero(text: str) -> float:
    """Return a flag's value, a finite number from 0 on.

    Raises
    ------
    argparse.ArgumentTypeError
        If it is none.
    """
    return 0.0 if re.fullmatch(r"[+-]?0+(\.0*)?", text) else positive(text)


def auto_or_from_zero(text: str) -> float | None:
    """Return a flag's value: a number of mm from 0 on, or None for ``auto``.

    Raises
    ------
    argparse.ArgumentTypeError
        If it is neither.
    """
    if text == "auto":
        return None
    try:
        return from_zero(text)
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither auto nor a number of mm from 0 on") from None
