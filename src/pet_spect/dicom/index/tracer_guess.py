"""The likely tracer of a header, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pet_spect.dicom.facts.radiopharmaceuticals import KNOWN, tracers_in
from pet_spect.dicom.facts.tracer import read_statement
from pet_spect.dicom.objects.header import Header
from pet_spect.nuclides import radionuclide_name

Source = Literal["code", "text", "description", "radionuclide", "contradiction", "nothing"]

_USUAL = {("F18", "PET"): "FDG", ("I123", "NM"): "IMZ"}
_TYPED = ("SeriesDescription", "ProtocolName", "StudyDescription")


@dataclass(frozen=True)
class TracerGuess:
    """A tracer and where its name comes from.

    Attributes
    ----------
    name : str or None
    source : str
        ``code`` and ``text`` are those of the radiopharmaceutical; ``description`` is what was typed
        about the series or its study; ``contradiction`` if they name different tracers.
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
        It decides which tracer the radionuclide alone suggests.

    Raises
    ------
    DicomError
        If an element cannot be read.
    """
    drugs = header.items("RadiopharmaceuticalInformationSequence")
    statements = [read_statement(drug) for drug in drugs]
    coded = {name for statement in statements for name in statement.coded}
    named = {name for statement in statements for name in statement.names}
    nuclides = {nuclide for statement in statements for nuclide in statement.nuclides}
    if len(named) > 1 or len(nuclides) > 1:
        return TracerGuess(None, "contradiction")
    for name in named:
        if not nuclides.issubset(KNOWN[name].nuclides):
            return TracerGuess(None, "contradiction")
        return TracerGuess(name, "code" if coded else "text")
    typed = {name for tag in _TYPED for word in (header.text(tag) or "").split() for name in tracers_in(word)}
    if len(typed) == 1:
        return TracerGuess(typed.pop(), "description")
    usual = {_USUAL[nuclide, kind] for nuclide in nuclides if (nuclide, kind) in _USUAL}
    if usual and all(radionuclide_name(text) for statement in statements for text in statement.texts):
        return TracerGuess(usual.pop(), "radionuclide")
    return TracerGuess(None, "nothing")
