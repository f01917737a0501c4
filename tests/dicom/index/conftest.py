"""Heaps of files, built object by object."""

import copy

import pytest

CT = "1.2.840.10008.5.1.4.1.1.2"


@pytest.fixture
def heap(tmp_path):
    """Return a writer of objects below one folder, under names that say nothing; a folder of the heap may be named."""
    root = tmp_path / "heap"
    root.mkdir()

    def write(*objects, folder="."):
        where = root / folder
        where.mkdir(parents=True, exist_ok=True)
        for ds in objects:
            copy.deepcopy(ds).save_as(where / f"IM{len(list(root.rglob('*'))):04d}", enforce_file_format=True)
        return root

    return write


@pytest.fixture
def scan(pet_slices):
    """Return a maker of FDG-PET series of four slices: identity, date and series."""

    def make(series="1.2.3.4", patient="P1", date="20240101", **changes):
        study = {"PatientID": patient, "StudyDate": date, "StudyInstanceUID": f"1.2.{patient[1:]}.{date}"}
        return pet_slices(SeriesInstanceUID=series, **study, **changes)

    return make


def ct_slice(ds):
    ct = copy.deepcopy(ds)
    ct.SOPClassUID = ct.file_meta.MediaStorageSOPClassUID = CT
    ct.Modality, ct.SeriesInstanceUID = "CT", "1.2.9"
    return ct


def by_series(rows):
    return {row["series"]: row for row in rows}
