"""The manifest, ``manifest.json``: every file of a results folder with its SHA-256, its size and the verb that made it.

Only the manifest itself is not in it, nor the table of pet-spect accounted, which follows from other tables alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pet_spect.digests import file_sha256, json_sha256
from pet_spect.errors import TableError
from pet_spect.files import read_json, whole_file
from pet_spect.results import layout
from pet_spect.results.proof.manifest_entries import FileEntry, files_below, with_entries
from pet_spect.results.proof.manifest_part import read_part
from pet_spect.results.proof.run_record import RunRecord, read_run_record
from pet_spect.results.tables.tables import TABLES
from pet_spect.results.typed_json import Key, MismatchError, as_json, from_json

MANIFEST = "manifest.json"
"""Where it is, relative to the results folder."""

DERIVED = ("tables/accounted.tsv", "tables/accounted.json")
"""Files that are made after the manifest; they follow from ``tables/scans.tsv`` and its dictionary."""

_LARGEST = 2**32
"""Bytes; of 10,000 participants it has about 90 MB, more than any other JSON may have."""

_PAGE_ENDINGS = (".html", ".png", ".svg", ".js", ".json", ".css", ".wasm", ".txt", ".ipynb", ".tsv", ".md")


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What `write_manifest` writes.

    Attributes
    ----------
    run_id : str
        See `pet_spect.results.proof.run_record`.
    version : str
        Of pet_spect.
    sha256 : str
        Of everything else in it.
    unfinished : tuple of str
        Participants whose scans were not measured in this run.
    files : tuple of FileEntry
        Sorted by path.
    """

    run_id: str
    version: str
    sha256: Annotated[str, Key("Sha256")]
    unfinished: tuple[str, ...]
    files: tuple[FileEntry, ...]

    def text(self) -> str:
        """Return the text of the file, with the hash that belongs to its content."""
        content: dict[str, Any] = {
            "RunId": self.run_id,
            "Version": self.version,
            "Sha256": "",
            "Unfinished": list(self.unfinished),
        }
        content["Sha256"] = json_sha256({**content, "Files": [as_json(entry) for entry in self.files]})
        return with_entries(content, self.files)


def write_manifest(results: Path, *, with_outcomes: bool = True) -> None:
    """Write the manifest of a results folder; the files in participants' parts are not hashed again.

    Parameters
    ----------
    results : Path
    with_outcomes : bool
        False if the tables of clinical outcomes may be those of an earlier run.

    Raises
    ------
    TableError
        If a command that was run by hand made the tables, or a part cannot be read.
    """
    record = read_run_record(results)
    if record is None:
        raise TableError(f"{results}: its tables have no run id; run the workflow", code="record_missing")
    entries, unfinished = _of_participants(results, record)
    known = _tables_of_run(with_outcomes)
    for verb in ("cohort", "outcomes") if with_outcomes else ("cohort",):
        if (results / layout.tables_part(verb)).is_file():
            entries += read_part(results, "n/a", layout.tables_part(verb)).files
    listed = {entry.path for entry in entries}
    for path in ("dataset_description.json", ".bidsignore", *files_below(results, "tables")):
        if (
            path not in listed
            and (results / path).is_file()
            and (not path.startswith("tables/") or path in known or _is_judged(path))
        ):
            entries.append(FileEntry.of(results, path))
    known = {entry.path for entry in entries}
    for path in (*files_below(results, "figures"), *files_below(results, "report")):
        if path not in known and path.endswith(_PAGE_ENDINGS) and _is_of_run(path, record):
            entries.append(FileEntry.of(results, path))
    entries.sort(key=lambda entry: entry.path)
    manifest = Manifest(
        run_id=record.run_id, version=record.version, sha256="", unfinished=tuple(unfinished), files=tuple(entries)
    )
    with whole_file(results / MANIFEST) as partial:
        partial.write_text(manifest.text(), encoding="utf-8")


def _of_participants(results: Path, record: RunRecord) -> tuple[list[FileEntry], list[str]]:
    entries: list[FileEntry] = []
    unfinished = []
    for participant in record.inputs:
        part = layout.manifest_part(participant)
        if (results / part).is_file():
            entries += read_part(results, participant).files
            entries.append(FileEntry.of(results, part))
        else:
            unfinished.append(participant)
        pictures = layout.figures_part(participant)
        if (results / pictures).is_file():
            entries += read_part(results, participant, pictures).files
    return entries, unfinished


def tables_of(verb: str) -> list[str]:
    """Return the tables and data dictionaries that cohort or outcomes makes, but those that runs only add to."""
    names = [name for name in TABLES if name not in ("accounted", "plan", "decisions_log")]
    names = [name for name in names if name.startswith("outcomes") == (verb == "outcomes")]
    tables = [f"tables/{name}.{kind}" for name in names for kind in ("tsv", "json")]
    return tables if verb == "outcomes" else [*tables, "tables/run.json", "dataset_description.json", ".bidsignore"]


def _tables_of_run(with_outcomes: bool) -> set[str]:
    names = [name for name in TABLES if name not in ("accounted", "plan")]
    names = [name for name in names if with_outcomes or not name.startswith("outcomes")]
    tables = {f"tables/{name}.{kind}" for name in names for kind in ("tsv", "json")}
    parts = {layout.tables_part(verb) for verb in (("cohort", "outcomes") if with_outcomes else ("cohort",))}
    return tables | parts | {"tables/analysis_plan.json", "tables/run.json"}


def _is_judged(path: str) -> bool:
    return path.startswith("tables/judged/") and path.endswith((".tsv", ".json"))


def _is_of_run(path: str, record: RunRecord) -> bool:
    """Return whether a picture or a page is not one of a participant whom the study no longer has."""
    folder, _, rest = path.partition("/")
    return folder != "figures" or rest.partition("/")[0] in record.inputs or "/" not in rest


def read_manifest(results: Path) -> Manifest:
    """Read what `write_manifest` wrote; whether it was altered is for `pet_spect.results.verification`.

    Raises
    ------
    TableError
        If there is none, or it cannot be read.
    """
    path = results / MANIFEST
    try:
        content: Mapping[str, Any] = read_json(path, TableError, "record", largest=_LARGEST)
        return from_json(Manifest, content)
    except MismatchError as error:
        raise TableError(
            f"{path}: is no manifest ({error}); restore it or run again", code="record_unreadable"
        ) from None


def manifest_line(results: Path) -> str:
    """Return what the terminal says of the manifest at the end of a run.

    Examples
    --------
    >>> manifest_line(Path("nowhere"))
    'Manifest:     none'
    """
    path = results / MANIFEST
    if not path.is_file():
        return "Manifest:     none"
    return f"Manifest:     {path.as_posix()}, SHA-256 {file_sha256(path)}"


def by_path(entries: Sequence[FileEntry]) -> dict[str, FileEntry]:
    """Return the entries by path."""
    return {entry.path: entry for entry in entries}
