"""The audit table of an index: the one table that names people, written only when asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from pet_spect.dicom.index.drafts import Tables
from pet_spect.dicom.index.survey import Survey
from pet_spect.files import whole_file
from pet_spect.tsv import inert

COLUMNS = (
    *("index_line", "participant_id", "session", "series", "path", "PatientID", "PatientName", "PatientBirthDate"),
    *("StudyDate", "StudyInstanceUID", "SeriesInstanceUID", "code"),
)
"""Columns of an audit file."""


def write_audit(path: Path, index: Survey, tables: Tables) -> None:
    """Write a line for each series and for each file in trouble; only its owner may read the file."""
    with whole_file(path) as partial:
        file = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "w", encoding="utf-8", errors="surrogateescape") as stream:
            for words in (COLUMNS, *_lines(index, tables)):
                stream.write("\t".join(map(_one_word, words)) + "\n")


def _lines(index: Survey, tables: Tables) -> Iterator[tuple[str, ...]]:
    for number, (entry, row) in enumerate(zip(index.entries, tables.index, strict=False), start=2):
        cells = (str(row[column]) for column in ("participant_id", "session", "series"))
        who = entry.series.person
        yield (
            *(str(number), *cells, str(entry.path), who.patient_id, who.name, who.birth_date),
            *(who.study_date, who.study_uid, entry.series.source.uid, str(row["code"])),
        )
    for trouble in index.troubles:
        yield (*("",) * 4, str(trouble.path), *("",) * 6, trouble.code)


def _one_word(text: str) -> str:
    return inert(text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r"))
