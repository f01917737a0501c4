"""A participant's part of the manifest, written by measure: every file that the steps before and it have made.

One new participant then costs the hashing of one: the manifest takes the parts of the others as they are. That is
proof all the same, because `pet-spect verify` compares each file with what its part says.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pet_spect.errors import TableError
from pet_spect.files import read_json, whole_file
from pet_spect.results import layout
from pet_spect.results.proof.manifest_entries import FileEntry, files_below, with_entries
from pet_spect.results.typed_json import Key, MismatchError, from_json

_OWN_ENDINGS = (".nii.gz", ".json", ".tsv", ".mat")
_OF_SCAN = re.compile(r"(sub-[A-Za-z0-9]+_ses-[A-Za-z0-9]+_trc-[A-Za-z0-9]+)_.*")


@dataclass(frozen=True, kw_only=True)
class ManifestPart:
    """What `write_part` writes.

    Attributes
    ----------
    participant : str
    inputs : mapping of str to str
        The role of what was given of the participant, such as ``baseline FDG``, ``anat`` or ``lesion_mask``, to its
        SHA-256, see `pet_spect.digests.source_sha256`.
    files : tuple of FileEntry
        Sorted by path; the part itself is not among them.
    """

    participant: str
    inputs: Annotated[Mapping[str, str], Key("InputSha256")]
    files: tuple[FileEntry, ...]


def write_part(results: Path, participant: str, stems: Collection[str], inputs: Mapping[str, str]) -> None:
    """Write a participant's part of the manifest.

    Parameters
    ----------
    results : Path
    participant : str
    stems : collection of str
        Names of the scans of this run, see `pet_spect.results.layout.scan_stem`. A file of another scan, or one that
        is not named like a result, is not listed, so that `pet-spect verify` finds it.
    inputs : mapping of str to str
    """
    part = layout.manifest_part(participant)
    own = [path for path in files_below(results, participant) if path != part and _is_own(path, participant, stems)]
    _write(results, part, participant, inputs, own)


def write_figures_part(results: Path, participant: str) -> None:
    """Write the list of a participant's pictures, so that one that is altered later is not taken into a manifest."""
    part = layout.figures_part(participant)
    own = [path for path in files_below(results, f"figures/{participant}") if path != part]
    _write(results, part, participant, {}, own)


def write_tables_part(results: Path, verb: str, paths: Iterable[str]) -> None:
    """Write the list of tables that cohort or outcomes made, so that one that is altered later stays altered.

    Parameters
    ----------
    results : Path
    verb : str
    paths : iterable of str
        Relative to the results folder; those that do not exist are left out.
    """
    _write(results, layout.tables_part(verb), "n/a", {}, [path for path in paths if (results / path).is_file()])


def _write(results: Path, part: str, participant: str, inputs: Mapping[str, str], paths: Iterable[str]) -> None:
    text = with_entries(
        {"Participant": participant, "InputSha256": dict(sorted(inputs.items()))},
        [FileEntry.of(results, path) for path in sorted(paths)],
    )
    with whole_file(results / part) as partial:
        partial.write_text(text, encoding="utf-8")


def _is_own(path: str, participant: str, stems: Collection[str]) -> bool:
    name = path.rpartition("/")[2]
    if not (name.startswith(f"{participant}_") and name.endswith(_OWN_ENDINGS)):
        return False
    of_scan = _OF_SCAN.fullmatch(name)
    return of_scan is None or of_scan[1] in stems


def read_part(results: Path, participant: str, part: str | None = None) -> ManifestPart:
    """Read what `write_part` wrote, or `part` as `write_figures_part` wrote it.

    Raises
    ------
    TableError
        If there is none, or it cannot be read.
    """
    path = results / (layout.manifest_part(participant) if part is None else part)
    try:
        return from_json(ManifestPart, read_json(path, TableError, "record"))
    except MismatchError as error:
        raise TableError(
            f"{path}: is no list of files ({error}); run measure again", code="record_unreadable"
        ) from None
