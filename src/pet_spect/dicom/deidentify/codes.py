"""Allow-list of coded items: only codes that DICOM's own context groups list are let through."""

from __future__ import annotations

from functools import lru_cache

from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from pet_spect.dicom.facts.radiopharmaceuticals import coded_tracer, known_tracer
from pet_spect.dicom.objects.header import Header
from pet_spect.dicom.objects.vocabulary import UNLISTED
from pet_spect.nuclides import SNOMED_SCHEMES, radionuclide_name

_GROUPS = {
    "RadionuclideCodeSequence": (codes.CID18, codes.CID4020),
    "RadiopharmaceuticalCodeSequence": (codes.CID25, codes.CID4021),
    "AdministrationRouteCodeSequence": (codes.CID11,),
    "PatientOrientationCodeSequence": (codes.CID19,),
    "PatientOrientationModifierCodeSequence": (codes.CID20,),
    "PatientGantryRelationshipCodeSequence": (codes.CID21,),
    "AnatomicRegionSequence": (codes.CID4030, codes.CID4031),
    "ViewCodeSequence": (codes.CID26,),
    "ViewModifierCodeSequence": (codes.CID23,),
    "MeasurementUnitsCodeSequence": (codes.CID84, codes.CID85),
    "PurposeOfReferenceCodeSequence": (codes.CID7201, codes.CID7202),
}
"""PS3.16 context groups by the sequence they belong to."""

_UNIT_CODES = """
    bq/ml kbq/ml {counts} {counts}/s {propcounts} {propcounts}/s g/ml cm2/ml
    g/ml{suvbw} {suvbw}g/ml g/ml{suvlbm} {suvlbm}g/ml g/ml{suvibw} {suvibw}g/ml cm2/ml{suvbsa} {suvbsa}cm2/ml
"""
_UNITS = frozenset(_UNIT_CODES.split())
"""UCUM codes that scanners write, in small letters; some differ from those PS3.16 lists."""

_OWN_SCHEME = "99PETSPECT"


def clean_code(sequence: str, item: Header) -> Dataset:
    """Return an item that holds a code DICOM lists, with the meaning DICOM gives it.

    A code that is not listed reads `UNLISTED`. What a tracer or a radionuclide is
    stays readable from the meaning, whatever the code was.

    Parameters
    ----------
    sequence : str
        A key of the table of context groups.
    item : Header
    """
    value, scheme = item.text("CodeValue") or "", item.text("CodingSchemeDesignator") or ""
    meaning = _listed(sequence, value, scheme)
    cleaned = Dataset()
    cleaned.CodeValue = UNLISTED if meaning is None else value
    cleaned.CodingSchemeDesignator = _OWN_SCHEME if meaning is None else scheme
    cleaned.CodeMeaning = _shared_meaning(sequence, item.text("CodeMeaning") or "", meaning)
    return cleaned


@lru_cache(maxsize=1024)
def _listed(sequence: str, value: str, scheme: str) -> str | None:
    """Return DICOM's meaning of a code, None if the context groups of its sequence do not list it."""
    if sequence == "MeasurementUnitsCodeSequence" and scheme == "UCUM" and value.lower() in _UNITS:
        return value
    if sequence == "RadiopharmaceuticalCodeSequence" and coded_tracer(scheme, value) is not None:
        return coded_tracer(scheme, value)
    code = Code(value, "SRT" if scheme in SNOMED_SCHEMES[1:] else scheme, "")
    listed = (concept for group in _GROUPS[sequence] for concept in group.concepts.values())
    return next((str(concept.meaning) for concept in listed if concept == code), None)


def _shared_meaning(sequence: str, original: str, listed: str | None) -> str:
    """Return a meaning from which a reader takes the same radionuclide or tracer as from the original."""
    if sequence == "RadionuclideCodeSequence":
        nuclide = radionuclide_name(original)
        return listed if listed and radionuclide_name(listed) == nuclide else nuclide or UNLISTED
    if sequence == "RadiopharmaceuticalCodeSequence":
        tracer = known_tracer((original,))
        return listed if listed and known_tracer((listed,)) == tracer else tracer or UNLISTED
    return listed or UNLISTED


def clean_tracer(text: str) -> str:
    """Return the tracer and the radionuclide that a text names, and nothing else of it.

    Examples
    --------
    >>> clean_tracer("FDG -- fluorodeoxyglucose"), clean_tracer("Ga68-PSMA"), clean_tracer("Mr Doe's Tc99m")
    ('FDG', 'PSMA Ga68', 'unlisted Tc99m')
    """
    return " ".join(filter(None, (known_tracer((text,)), radionuclide_name(text))))
