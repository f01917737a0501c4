"""The files that make the results folder a BIDS derivative dataset."""

from __future__ import annotations

from pathlib import Path

from pet_spect import __version__
from pet_spect.errors import TableError
from pet_spect.files import read_json, whole_file, write_json
from pet_spect.results.study_facts import NOT_STATED, StudyFacts
from pet_spect.results.typed_json import MismatchError, as_json, from_json

NOT_BIDS = (
    "/tables",
    "/figures",
    "/report",
    "**/xfm",
    "**/spect",
    "**/anat",
    "manifest.json",
    "**/*_uptake.tsv",
    "**/*_uptake.json",
    "**/*_manifest.json",
)
"""What BIDS has no name for; a trailing slash would keep the validator from matching."""

_DESCRIPTION = "dataset_description.json"
_NAME = "Uptake in PET and SPECT, measured by pet_spect"
_PROGRAM = "pet_spect"
_STUDY = "Study"
"""A key of its own: of the three facts, BIDS has a place for the name alone."""


def describe_dataset(results: Path, study: StudyFacts = NOT_STATED) -> None:
    """Write ``dataset_description.json`` and ``.bidsignore`` of a results folder (BIDS 1.10, derivatives).

    Parameters
    ----------
    results : Path
    study : StudyFacts
        The title, else the number, is the name of the dataset; the registration is among its links.
    """
    with whole_file(results / ".bidsignore") as partial:
        partial.write_text("\n".join(NOT_BIDS) + "\n", encoding="utf-8")
    description = {
        "Name": study.title or study.id or _NAME,
        "BIDSVersion": "1.10.0",
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": _PROGRAM, "Version": __version__}],
        **({} if study.registration is None else {"ReferencesAndLinks": [study.registration]}),
        **({_STUDY: as_json(study)} if study.stated else {}),
    }
    write_json(results / _DESCRIPTION, description)


def described_study(results: Path) -> StudyFacts:
    """Return the facts of the study that `describe_dataset` wrote; none of them if the folder has no description.

    Raises
    ------
    TableError
        If the description cannot be read.
    """
    path = results / _DESCRIPTION
    if not path.is_file():
        return NOT_STATED
    try:
        return from_json(StudyFacts, read_json(path, TableError, "dictionary").get(_STUDY, {}))
    except MismatchError as error:
        raise TableError(f"{path}: {_STUDY}: {error}; run the workflow again", code="dictionary_unreadable") from None


def described_version(results: Path) -> str | None:
    """Return the version of pet_spect that made the tables, as `describe_dataset` wrote it; None if it is not said.

    Raises
    ------
    TableError
        If the description cannot be read.
    """
    path = results / _DESCRIPTION
    if not path.is_file():
        return None
    programs = read_json(path, TableError, "dictionary").get("GeneratedBy", [])
    if not isinstance(programs, list):
        return None
    own = (entry for entry in programs if isinstance(entry, dict) and entry.get("Name") == _PROGRAM)
    return next((str(entry["Version"]) for entry in own if "Version" in entry), None)
