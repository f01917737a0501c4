"""Weight, height, dose, injection and radionuclide of a header."""

from __future__ import annotations

from pet_spect.dicom.facts.activity import bq_or_mbq
from pet_spect.dicom.facts.administration import Administration, Stated, settle_administration
from pet_spect.dicom.facts.declared import Declared
from pet_spect.dicom.facts.injection import clock_of_header, injection_in_header
from pet_spect.dicom.facts.tracer import read_statement
from pet_spect.dicom.objects.header import Header
from pet_spect.errors import DicomError
from pet_spect.remarks import Remark
from pet_spect.remarks.catalogue import Code


def read_administration(
    header: Header,
    scan_start: float | None,
    declared: Declared,
    cautions: list[Remark],
    *,
    is_static: bool = True,
    window_nuclide: str | None = None,
) -> Administration:
    """Return the administration of a scan.

    Parameters
    ----------
    header : Header
        Of any image of the series.
    scan_start : float or None
        Earliest acquisition, seconds.
    declared : Declared
    cautions : list of Remark
        Gets what was found odd, and conflicts.
    is_static : bool
        Whether the scan is of one time frame.
    window_nuclide : str, optional
        See `pet_spect.dicom.facts.tracer.settle_tracer`.

    Raises
    ------
    DicomError
        If there are several tracers; see also `pet_spect.dicom.facts.administration.settle_administration`.
    """
    items = drug_items(header)
    if len(items) > 1:
        raise header.error(f"{len(items)} radiopharmaceuticals are listed, one is needed", "radiopharmaceutical")
    drug = items[0] if items else None
    clock = clock_of_header(header, scan_start, is_static=is_static)
    stated = Stated(
        source="header",
        tracer=read_statement(drug),
        weight=_number(header, "PatientWeight", "weight_unreadable", cautions),
        height=_number(header, "PatientSize", "height_unreadable", cautions),
        sex=header.text("PatientSex"),
        dose_mbq=_dose(drug, cautions),
        half_life_s=(drug.number("RadionuclideHalfLife") or None) if drug else None,
        injection=injection_in_header(drug, clock, cautions),
    )
    return settle_administration(stated, clock, declared, cautions, window_nuclide=window_nuclide)


def drug_items(header: Header) -> list[Header]:
    """Return the items of RadiopharmaceuticalInformationSequence that say something, each once."""
    items: list[Header] = []
    for item in header.items("RadiopharmaceuticalInformationSequence"):
        if len(item.dataset) and not any(item.dataset == other.dataset for other in items):
            items.append(item)
    return items


def _number(header: Header, tag: str, code: Code, cautions: list[Remark]) -> float | None:
    """Return a number; one that is missing, 0 or none at all must not block the image."""
    try:
        return header.number(tag) or None
    except DicomError:
        cautions.append(Remark.of(code, key=tag, source="header"))
        return None


def _dose(drug: Header | None, cautions: list[Remark]) -> float | None:
    """Return MBq; the standard says Bq for PET and MBq for Enhanced PET, and headers hold either."""
    dose = _number(drug, "RadionuclideTotalDose", "dose_unreadable", cautions) if drug else None
    return None if dose is None else bq_or_mbq(dose, "header", cautions)
