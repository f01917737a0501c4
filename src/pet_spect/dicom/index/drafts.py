"""Draft tables of an index: the printed list, which names nobody, and participants.tsv and scans.tsv."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pet_spect.dicom.index.findings import LINK, TROUBLES, Trouble
from pet_spect.dicom.index.survey import Entry, Survey
from pet_spect.study.scans import SCAN_COLUMNS
from pet_spect.tsv import MISSING

COLUMNS: Mapping[str, Mapping[str, str]] = {
    "place": {"Description": "Number of the folder, file or archive; only an audit file tells which it is"},
    "series": {"Description": "Code of the series, from which its identifier cannot be read"},
    "participant_id": {"Description": "Suggested code of the person; n/a where a person must decide"},
    "session": {"Description": "Suggested session; n/a where a person must decide"},
    "modality": {"Description": "Modality of the header, unknown where it is not a usual one"},
    "tracer": {"Description": "Tracer; with a question mark where it is guessed"},
    "tracer_from": {"Description": "What names it: code, text, description, radionuclide, contradiction or nothing"},
    "files": {"Description": "Files of the series, or damaged files of the place"},
    "slices": {"Description": "Slices or frames"},
    "matrix": {"Description": "Columns x rows x slices"},
    "voxel_mm": {"Description": "Size of a voxel along column, row and slice", "Units": "mm"},
    "axes": {"Description": "Where column, row and slice grow towards"},
    "units": {"Description": "Unit of the voxels"},
    "convertible": {"Description": "yes, no, or the column of scans.tsv or key of config.yaml to fill first"},
    "code": {"Description": "Code of the refusal, see docs/dicom.md"},
    "reason": {"Description": "Why convert would refuse it"},
    "scans_line": {"Description": "Line of scans.tsv"},
    "note": {"Description": "What a person should know or decide"},
}
"""Columns of index.tsv."""

_PRINTED = (
    *("place", "series", "participant_id", "session", "modality", "tracer", "slices", "matrix", "voxel_mm", "axes"),
    *("units", "convertible", "scans_line"),
)

Row = dict[str, str | int]


@dataclass(frozen=True)
class Tables:
    """Tables of an index.

    Attributes
    ----------
    index, participants, scans : list of dict
        Rows of index.tsv, which name nobody, of participants.tsv and of scans.tsv.
    """

    index: list[Row]
    participants: list[Row]
    scans: list[Row]


def tables_of(index: Survey) -> Tables:
    """Return an index as tables.

    A doubtful value of a draft is ``n/a``, and a column that must be declared ``?``, both of
    which stop the workflow; `lesion_side` is never known from a header.
    """
    people = sorted(
        {
            person
            for entry in index.entries
            if entry.series.kind
            for person in (entry.suggestion.participant, *entry.suggestion.others)
            if person
        }
    )
    listed = [entry for entry in index.entries if entry.series.usable]
    declared = sorted({e.series.to_declare for e in listed if e.series.to_declare in SCAN_COLUMNS} - {None})
    lines = {id(entry): number for number, entry in enumerate(listed, start=2)}
    place_numbers: dict[Path, int] = {}
    rows = [_row(entry, _number(place_numbers, entry.path), lines.get(id(entry))) for entry in index.entries]
    troubles = Counter((_where(trouble), trouble.code) for trouble in index.troubles)
    rows += [_trouble(_number(place_numbers, path), code, count) for (path, code), count in troubles.items()]
    return Tables(
        index=rows,
        participants=[{"participant_id": person, "lesion_side": MISSING} for person in people],
        scans=[_scan(entry, declared) for entry in listed],
    )


def _where(trouble: Trouble) -> Path:
    return trouble.path if trouble.root == trouble.path else trouble.path.parent


def _number(place_numbers: dict[Path, int], path: Path) -> int:
    return place_numbers.setdefault(path, len(place_numbers) + 1)


def _row(entry: Entry, place_number: int, line: int | None) -> Row:
    series, suggestion = entry.series, entry.suggestion
    refused = series.refused
    notes = [remark.line for remark in series.remarks]
    notes += suggestion.notes if series.kind else []
    return {
        "place": place_number,
        "series": series.code or MISSING,
        "participant_id": suggestion.participant or MISSING,
        "session": suggestion.session or MISSING,
        "modality": series.modality,
        "tracer": str(series.tracer),
        "tracer_from": series.tracer.source if series.kind else MISSING,
        "files": series.source.files,
        "slices": series.slices,
        "matrix": series.matrix,
        "voxel_mm": series.voxel_mm,
        "axes": series.axes,
        "units": series.units,
        "convertible": "yes" if refused is None else series.to_declare or "no",
        "code": refused.code if refused else MISSING,
        "reason": refused.reason if refused else MISSING,
        "scans_line": line or MISSING,
        "note": "; ".join(notes) or MISSING,
    }


def _trouble(place_number: int, code: str, count: int) -> Row:
    nothing: Row = dict.fromkeys(COLUMNS, MISSING)
    return nothing | {
        "place": place_number,
        "files": count,
        "convertible": "no",
        "code": code,
        "reason": TROUBLES.get(code, TROUBLES["file_damaged"]),
    }


def _count(row: Row) -> str:
    what, number = ("link", " ") if row["code"] == LINK else ("file", ", ")
    return f"{row['files']} {what}{'' if row['files'] == 1 else 's'}{number}"


def _scan(entry: Entry, declared: Sequence[str]) -> Row:
    series, suggestion = entry.series, entry.suggestion
    return {
        "participant_id": suggestion.participant or MISSING,
        "session": suggestion.session or MISSING,
        "tracer": str(series.tracer) if series.tracer.certain else MISSING,
        "path": str(entry.path),
        "series": series.code if entry.named else MISSING,
        **{column: "?" if series.to_declare == column else MISSING for column in declared},
    }


def printed(rows: Sequence[Row]) -> str:
    """Return rows of the index as lines of aligned columns, and below each what there is to say."""
    texts = [[column.removesuffix("_id").removesuffix("_mm").replace("_", " ") for column in _PRINTED]]
    texts += [[str(row[column]) for column in _PRINTED] for row in rows]
    widths = [max(len(line[column]) for line in texts) for column in range(len(_PRINTED))]
    lines = ["  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip() for line in texts]
    printed_lines = lines[:1]
    for line, row in zip(lines[1:], rows, strict=True):
        printed_lines.append(line)
        if row["code"] != MISSING:
            is_trouble = row["modality"] == row["series"] == MISSING
            printed_lines.append(f"    {row['code']}: {_count(row) if is_trouble else ''}{row['reason']}")
        if row["note"] != MISSING:
            printed_lines.append(f"    note: {row['note']}")
    return "\n".join(printed_lines)
