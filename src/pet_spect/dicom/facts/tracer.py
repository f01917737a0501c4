"""The tracer of a scan from header or JSON, checked against the configuration."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from pet_spect.dicom.facts.declared import Declared
from pet_spect.dicom.facts.radiopharmaceuticals import KNOWN, coded_tracer, same_name, tracers_in
from pet_spect.dicom.objects.header import Header
from pet_spect.dicom.objects.vocabulary import UNLISTED
from pet_spect.errors import DicomError, TracerError, listed
from pet_spect.nuclides import (
    ELEMENT_WORDS,
    coded_radionuclide,
    hyphenated,
    radionuclide_name,
    radionuclides_of_half_life,
)
from pet_spect.remarks import Remark

Identity = Literal["header", "nuclide", "none"]
"""Confirmed part of the tracer: the radiopharmaceutical, the radionuclide alone, or neither."""

_SAYS_NOTHING = frozenset(("", "unknown", "none", "n/a", "na", "other", "not specified", "unspecified"))


@dataclass(frozen=True)
class TracerStatement:
    """Statements of a header or a JSON about the tracer.

    Attributes
    ----------
    coded : frozenset of str
        Known radiopharmaceuticals by code.
    texts : tuple of str
        Free texts that name the radiopharmaceutical. They may hold anything, so nothing of them is passed on.
    unknown_code : bool
        Whether a radiopharmaceutical has a code that is not known.
    nuclides : frozenset of str
        Radionuclides by code and by the meaning of a code.
    half_life_s : float or None
    source : {'header', 'JSON'}
        Where it comes from, for messages.
    """

    coded: frozenset[str] = frozenset()
    texts: tuple[str, ...] = field(default=(), repr=False)
    unknown_code: bool = False
    nuclides: frozenset[str] = frozenset()
    half_life_s: float | None = None
    source: Literal["header", "JSON"] = "header"

    @property
    def written(self) -> frozenset[str]:
        """Known radiopharmaceuticals that the texts name."""
        return frozenset(name for text in self.texts for name in tracers_in(text))

    @property
    def names(self) -> frozenset[str]:
        """Known radiopharmaceuticals, by code or by text."""
        return self.coded | self.written

    @property
    def names_unknown(self) -> bool:
        """Whether a radiopharmaceutical is named, and none that is known."""
        return not self.names and (self.unknown_code or any(map(_names_something, self.texts)))


@dataclass(frozen=True)
class Tracer:
    """The tracer of a scan.

    Attributes
    ----------
    name : str or None
        As `pet_spect.dicom.facts.radiopharmaceuticals.KNOWN` or the configuration spells it, `UNLISTED` if it is
        not known, None if nothing is said.
    nuclide : str or None
        As BIDS spells it.
    identity : {'header', 'nuclide', 'none'}
        The part that is confirmed.
    """

    name: str | None
    nuclide: str | None
    identity: Identity


def read_statement(drug: Header | None) -> TracerStatement:
    """Return what an item of RadiopharmaceuticalInformationSequence says of the tracer.

    Raises
    ------
    DicomError
        If an element cannot be read.
    """
    if drug is None:
        return TracerStatement()
    codes = drug.items("RadiopharmaceuticalCodeSequence")
    coded = [coded_tracer(code.text("CodingSchemeDesignator"), code.text("CodeValue")) for code in codes]
    meanings = [text for code in codes for text in code.texts("CodeMeaning")]
    nuclides = {
        nuclide
        for code in drug.items("RadionuclideCodeSequence")
        for nuclide in (
            coded_radionuclide(code.text("CodingSchemeDesignator"), code.text("CodeValue")),
            radionuclide_name(code.text("CodeMeaning") or ""),
        )
    }
    return TracerStatement(
        coded=frozenset(filter(None, coded)),
        texts=(*drug.texts("Radiopharmaceutical"), *meanings),
        unknown_code=any(
            name is None and code.text("CodeValue") is not None for name, code in zip(coded, codes, strict=True)
        ),
        nuclides=frozenset(filter(None, nuclides)),
        half_life_s=_half_life(drug),
    )


def settle_tracer(
    statement: TracerStatement,
    declared: Declared,
    called: str,
    cautions: list[Remark],
    *,
    window_nuclide: str | None = None,
) -> Tracer:
    """Return the tracer of a scan; refuse one that is not what the configuration needs.

    The one function that decides, for DICOM and for JSON.

    Parameters
    ----------
    statement : TracerStatement
    declared : Declared
        Its `radionuclide` and `radiopharmaceuticals` are what the configuration needs; what is empty is not checked.
    called : str
        Name of the scan in messages.
    cautions : list of Remark
        Gets ``tracer_name_unknown`` where a name is needed and the stated one is not known.
    window_nuclide : str, optional
        Radionuclide after which the energy window of a SPECT is named; it is used if nothing else names a radionuclide.

    Raises
    ------
    TracerError
        ``tracer_conflict`` if the header contradicts itself, ``tracer_nuclide`` if it says another radionuclide than
        is needed, ``tracer_radiopharmaceutical`` if it names another known radiopharmaceutical.

    Notes
    -----
    A half-life that contradicts both the radionuclide and the radiopharmaceutical is no refusal here: scanners fill it
    from a default. `administration` flags it and does not use it.
    """
    _check_agreement(statement, called)
    name = next(iter(statement.names), None)
    implied = frozenset(KNOWN[name].nuclides if name else ())
    stated = _stated(statement) or frozenset([window_nuclide] if window_nuclide and not implied else [])
    needed = declared.radionuclide
    where = f"{called}: the {statement.source}"
    if needed is not None and stated and needed not in stated:
        also = f" and names {KNOWN[name]}" if name else ""
        raise _another_nuclide(f"{where} says {_listed(stated)}{also}", needed)
    confirmed, own_name = _confirmed(statement, name, declared, where)
    if needed is not None and implied and needed not in implied:
        raise _another_nuclide(f"{where} names {KNOWN[str(name)]}, which carries {_listed(implied)}", needed)
    unknown = statement.names_unknown and own_name is None
    if unknown and declared.radiopharmaceuticals:
        cautions.append(Remark.of("tracer_name_unknown"))
    possible = stated & implied or stated or implied
    nuclide = needed if needed in possible else next(iter(possible)) if len(possible) == 1 else None
    identity: Identity = "header" if confirmed else "nuclide" if nuclide else "none"
    return Tracer(own_name or name or (UNLISTED if unknown else None), nuclide, identity)


def _confirmed(statement: TracerStatement, name: str | None, declared: Declared, where: str) -> tuple[bool, str | None]:
    """Return whether the radiopharmaceutical is confirmed, and the configuration's own name if that is what it has."""
    needed = declared.radiopharmaceuticals
    if not needed:
        return name is not None, None
    accepted = {tracer for needed_name in needed for tracer in tracers_in(needed_name)}
    if name in accepted:
        return True, None
    own = (needed_name for needed_name in needed if not tracers_in(needed_name))
    own_name = next(
        (needed_name for needed_name in own if any(same_name(text, needed_name) for text in statement.texts)), None
    )
    if own_name is not None:
        return True, own_name
    if name is not None:
        raise TracerError(
            f"{where} names {KNOWN[name]}, this tracer needs {listed(needed, joined=' or ')}. Check tracer and path"
            " of this scan in scans.tsv. If both are right, correct radiopharmaceutical of the tracer in config.yaml",
            code="tracer_radiopharmaceutical",
        )
    return False, None


def _another_nuclide(what: str, needed: str) -> TracerError:
    return TracerError(
        f"{what}, this tracer needs {hyphenated(needed)}. Check tracer and path of this scan in"
        " scans.tsv. If both are right, correct radionuclide of the tracer in config.yaml",
        code="tracer_nuclide",
    )


def _check_agreement(statement: TracerStatement, called: str) -> None:
    """Refuse a header that names different tracers or radionuclides in two of its parts.

    The half-life is the weakest part: it is overruled where radionuclide and radiopharmaceutical agree against it.
    """

    def contradicts(what: str) -> TracerError:
        return TracerError(
            f"{called}: the {statement.source} contradicts itself: {what}. Correct the {statement.source}, or leave"
            " this scan out",
            code="tracer_conflict",
        )

    if len(statement.names) > 1:
        raise contradicts("it names " + listed((KNOWN[name] for name in sorted(statement.names)), joined=" and "))
    if len(statement.nuclides) > 1:
        raise contradicts(f"its radionuclide is {_listed(statement.nuclides, 'and')}")
    half_life = statement.half_life_s or 0.0
    sources = [
        (f"it names {KNOWN[name]}, which carries {_listed(KNOWN[name].nuclides)}", frozenset(KNOWN[name].nuclides))
        for name in statement.names
    ]
    if statement.nuclides:
        sources.append((f"its radionuclide is {_listed(statement.nuclides)}", statement.nuclides))
    glued = _written_nuclides(statement.texts)
    if glued:
        sources.append((f"the name of its radiopharmaceutical says {_listed(glued)}", glued))
    lasting = radionuclides_of_half_life(statement.half_life_s)
    against = [nuclides for _, nuclides in sources if lasting.isdisjoint(nuclides)]
    overruled = bool(statement.nuclides) and statement.nuclides in against and len(against) > 1
    if lasting and not overruled:
        sources.append((f"its half-life of {half_life:g} s is that of {_listed(lasting)}", lasting))
    for index, (first, nuclides) in enumerate(sources):
        for second, others in sources[index + 1 :]:
            if nuclides.isdisjoint(others):
                raise contradicts(f"{first}, but {second}")


def _stated(statement: TracerStatement) -> frozenset[str]:
    """Return the radionuclide stated apart from the name: by code, in a text or by half-life, which several share."""
    spoken = (radionuclide_name(text) for text in statement.texts)
    return (
        statement.nuclides
        or _written_nuclides(statement.texts)
        or frozenset(filter(None, spoken))
        or radionuclides_of_half_life(statement.half_life_s)
    )


def _written_nuclides(texts: Iterable[str]) -> frozenset[str]:
    """Return the radionuclides written as one word (``F-18``): in ``Kit C 11`` carbon may not be meant."""
    return frozenset(filter(None, (radionuclide_name(word) for text in texts for word in text.split())))


def _listed(nuclides: Iterable[str], joined: str = "or") -> str:
    return listed(map(hyphenated, sorted(nuclides)), joined=f" {joined} ")


def _names_something(text: str) -> bool:
    """Return whether a text says more than a radionuclide."""
    if text.strip().lower() in _SAYS_NOTHING:
        return False
    return not ELEMENT_WORDS.issuperset(re.findall(r"[^\W\d_]+", text.lower()))


def _half_life(drug: Header) -> float | None:
    try:
        return drug.number("RadionuclideHalfLife") or None
    except DicomError:
        return None
