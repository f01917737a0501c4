"""Entries of a list of files: path, SHA-256, size and the verb that made it; one line of JSON each."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pet_spect.digests import file_sha256
from pet_spect.results.typed_json import Key, as_json

PASSING = re.compile(r"\.snakemake_timestamp|\..+\.lock|\.partial-.+")
"""Names of files that are no result: Snakemake's own, locks, and files that are being written."""

_VERBS = (
    (r"sub-[^/]+/ses-[^/]+/[^/]+/.*_space-[^/]*", "normalise"),
    (r"sub-[^/]+/ses-[^/]+/.*", "convert"),
    (r"sub-[^/]+/anat/.*", "convert"),
    (r"sub-[^/]+/xfm/.*", "normalise"),
    (r"sub-[^/]+/[^/]*_label-lesion_mask[^/]*", "normalise"),
    (r"sub-[^/]+/.*", "measure"),
    (r"figures/.*", "figures"),
    (r"report/.*", "report"),
    (r"tables/outcomes.*", "outcomes"),
    (r"tables/accounted\..*", "accounted"),
    (r"tables/judged/.*", "sign"),
    (r"tables/analysis_plan\.json", "snakemake"),
)


@dataclass(frozen=True, kw_only=True)
class FileEntry:
    """A file of the results folder.

    Attributes
    ----------
    path : str
        Relative to the results folder, with ``/``.
    sha256 : str
    size : int
        Bytes.
    verb : str
        Which verb made it; ``snakemake`` of the analysis plan, which the workflow itself records.
    """

    path: str
    sha256: Annotated[str, Key("Sha256")]
    size: int
    verb: str

    @staticmethod
    def of(results: Path, path: str) -> FileEntry:
        """Return the entry of a file as it is now."""
        whole = results / path
        return FileEntry(path=path, sha256=file_sha256(whole), size=whole.stat().st_size, verb=verb_of(path))


def verb_of(path: str) -> str:
    """Return which verb makes a file of the results folder.

    Examples
    --------
    >>> verb_of("sub-01/xfm/sub-01_registration.json"), verb_of("tables/summary.tsv")
    ('normalise', 'cohort')
    """
    return next((verb for pattern, verb in _VERBS if re.fullmatch(pattern, path)), "cohort")


def files_below(results: Path, folder: str = "") -> Iterator[str]:
    """Yield every file below a folder of the results, relative to the results and sorted, but those of `PASSING`.

    A link counts as a file, wherever it leads, and no link is followed.
    """
    for where, folders, names in os.walk(results / folder):
        folders.sort()
        links = [name for name in folders if Path(where, name).is_symlink()]
        for name in sorted([*names, *links]):
            if not PASSING.fullmatch(name):
                yield Path(where, name).relative_to(results).as_posix()


def with_entries(content: Mapping[str, Any], entries: Iterable[FileEntry]) -> str:
    """Return the text of a JSON object with the files under ``Files``, one line each."""
    lines = ",\n".join(f"    {json.dumps(as_json(entry), ensure_ascii=False)}" for entry in entries)
    head = json.dumps(dict(content), indent=2, ensure_ascii=False, allow_nan=False)
    return f'{head[:-2]},\n  "Files": [\n{lines}\n  ]\n}}\n'
