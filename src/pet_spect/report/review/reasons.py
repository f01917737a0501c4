"""What a reader may say of a scan: three ratings, and why one is not good."""

from __future__ import annotations

from collections.abc import Mapping

from pet_spect.errors import ConfigError
from pet_spect.study.decisions import RATINGS

MOST_LETTERS = 200
"""Longest free text of a reason."""

OTHER = "other"
"""The reason that needs words of the reader's own."""

REASONS: Mapping[str, str] = {
    "gate_overlap": "The outline does not fit the brain after the warp",
    "target_misplaced": "A target does not lie on the motor cortex",
    "gate_mirrored": "Left and right seem to be exchanged",
    "brain_cut": "Part of the brain is out of view",
    "moved": "The person moved, or the scan is blurred",
    "uptake_pattern": "The uptake is unusual: artefact, shading or noise",
    "lesion_outline": "The outline of the lesion is wrong",
    OTHER: "Something else (say what)",
}
"""Code of a reason to its words. A code of the catalogue of remarks where there is one."""

_NOTHING = "nothing to remark"
_READ = "(blinded reading)"


class UnusableError(ConfigError):
    """The reader entered something that cannot be used; its message names no scan, so the page may show it."""


def reason_of(rating: str, code: str, words: str) -> str:
    """Return the reason as it stands in the table: ``brain_cut: Part of ...; top missing (blinded reading)``.

    Parameters
    ----------
    rating : {'good', 'doubt', 'bad'}
    code : str
        One of `REASONS`; of no account if the scan is good.
    words : str
        Free text of the reader. Control characters, line breaks and tabs become blanks.

    Raises
    ------
    UnusableError
        If the rating or the reason is not one of those that there are, or words are needed or too long.

    Examples
    --------
    >>> reason_of("bad", "brain_cut", "the top")
    'brain_cut: Part of the brain is out of view; the top (blinded reading)'
    >>> reason_of("good", "", "")
    'nothing to remark (blinded reading)'
    """
    if rating not in RATINGS:
        raise UnusableError("the rating must be good, doubt or bad")
    said = " ".join("".join(letter if letter.isprintable() else " " for letter in words).split())
    if len(said) > MOST_LETTERS:
        raise UnusableError(f"the text has {len(said)} letters, at most {MOST_LETTERS} are kept")
    if rating == "good":
        return f"{_NOTHING} {_READ}"
    if code not in REASONS:
        raise UnusableError("doubt and bad need a reason")
    if code == OTHER and not said:
        raise UnusableError("say in words what is wrong")
    stated = said if code == OTHER else "; ".join(part for part in (REASONS[code], said) if part)
    return f"{code}: {stated} {_READ}"
