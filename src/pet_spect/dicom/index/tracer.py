"""Which tracer a header speaks of, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pet_spect.dicom.decay import radionuclide_name
from pet_spect.dicom.header import Header
from pet_spect.dicom.vocabulary import UNLISTED, coded_tracer, known_tracer

Source = Literal["code", "text", "description", "radionuclide", "contradiction", "nothing"]

_USUAL = {("F18", "PET"): "FDG", ("I123", "NM"): "IMZ"}
_NUCLIDES = {"FDG": "F18", "IMZ": "I123"}
_TYPED = ("SeriesDescription", "ProtocolName", "StudyDescription")


@dataclass(frozen=True)
class TracerGuess:
    """A tracer and where its name comes from.

    Attributes
    ----------
    name : str or None
    source : str
        ``code`` and ``text`` are those of the radiopharmaceutical; ``description`` is what was typed
        about the series or its study; ``contradiction`` where they speak of different tracers.
    """

    name: str | None
    source: Source

    @property
    def certain(self) -> bool:
        """Whether the header names the tracer where a tracer is to be named."""
        return self.name is not None and self.source in ("code", "text")

    def __str__(self) -> str:
        return "n/a" if self.name is None else self.name if self.certain else f"{self.name}?"


def guess_tracer(header: Header, kind: str) -> TracerGuess:
    """Return the tracer of a series.

    Parameters
    ----------
    header : Header
    kind : {'PET', 'NM'} or any other
        What the radionuclide alone is taken for depends on it.

    Raises
    ------
    DicomError
        If an element cannot be read.
    """
    drugs = header.items("RadiopharmaceuticalInformationSequence")
    codes = [code for drug in drugs for code in drug.items("RadiopharmaceuticalCodeSequence")]
    coded = {coded_tracer(code.text("CodingSchemeDesignator"), code.text("CodeValue")) for code in codes} - {None}
    told = [drug.text("Radiopharmaceutical") for drug in drugs] + [code.text("CodeMeaning") for code in codes]
    written = {known_tracer((text,)) for text in told if text} - {None, UNLISTED}
    nuclides = {found for drug in drugs if (found := _nuclide(drug)) is not None}
    named = coded | written
    if len(named) > 1 or len(nuclides) > 1:
        return TracerGuess(None, "contradiction")
    for name in named:
        if name in _NUCLIDES and nuclides - {_NUCLIDES[name]}:
            return TracerGuess(None, "contradiction")
        return TracerGuess(name, "code" if coded else "text")
    typed = {known_tracer((word,)) for tag in _TYPED for word in (header.text(tag) or "").split()} - {None, UNLISTED}
    if len(typed) == 1:
        return TracerGuess(typed.pop(), "description")
    usual = {_USUAL[nuclide, kind] for nuclide in nuclides if (nuclide, kind) in _USUAL}
    if usual and not _told_otherwise(told):
        return TracerGuess(usual.pop(), "radionuclide")
    return TracerGuess(None, "nothing")


def _told_otherwise(told: list[str | None]) -> bool:
    """Return whether a radiopharmaceutical is named that is not a known one."""
    return any(text and radionuclide_name(text) is None for text in told)


def _nuclide(drug: Header) -> str | None:
    meanings = [item.text("CodeMeaning") for item in drug.items("RadionuclideCodeSequence")]
    return next(filter(None, (radionuclide_name(text) for text in meanings if text)), None)
