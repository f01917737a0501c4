"""The verb ``index``: the scans in a folder of DICOM files, and drafts of participants.tsv and scans.tsv.

What is printed and index.tsv name nobody; the drafts hold no identifier but the
path of each scan.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from pet_spect.dicom.index.audit import write_audit
from pet_spect.dicom.index.drafts import COLUMNS, Row, Tables, printed, tables_of
from pet_spect.dicom.index.findings import LINK
from pet_spect.dicom.index.survey import Survey, survey_folders
from pet_spect.errors import PetSpectError, TableError
from pet_spect.files import whole_file
from pet_spect.tsv import write_table

_WRITTEN = ("participants.tsv", "scans.tsv", "index.tsv", "index.json")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of ``pet-spect index``."""
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER", help="searched in depth, and archives in it")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help=f"gets {', '.join(_WRITTEN)}")
    parser.add_argument(
        "--audit",
        type=Path,
        metavar="FILE",
        help="also write which identifiers, dates and paths each line stands for; keep it apart from all results",
    )


def run(options: argparse.Namespace) -> None:
    """Survey the folders, print the table and write the drafts.

    Raises
    ------
    TableError
        If a table would be overwritten, or lie where it must not.
    PetSpectError
        After all is written, if a line met a bug of this program.
    """
    _check_out(options.out)
    if options.audit is not None:
        _check_audit(options.audit, options.out, options.folders)
    survey = _index(options.folders)
    tables = tables_of(survey)
    if options.audit is not None:
        write_audit(options.audit, survey, tables)
    _write_draft(options.out / "participants.tsv", ("participant_id", "lesion_side"), tables.participants)
    _write_draft(options.out / "scans.tsv", ("participant_id", "session", "tracer", "path", "series"), tables.scans)
    write_table(options.out / "index.tsv", COLUMNS, tables.index)
    print(printed(tables.index))
    print(f"\n{_summary(survey, tables, audited=options.audit is not None)}")
    bugs = sum(row["code"] == "internal_error" for row in tables.index)
    if bugs:
        raise PetSpectError(
            f"{bugs} of {len(tables.index)} lines are incomplete because of a bug in pet_spect (internal_error);"
            f" everything else was written to {options.out}; please report the bug with these lines",
            code="internal_error",
        )


def _summary(survey: Survey, tables: Tables, *, audited: bool) -> str:
    images = sum(entry.series.source.files for entry in survey.entries)
    series = len({(entry.series.source.root, entry.series.source.uid) for entry in survey.entries})
    links = sum(trouble.code == LINK for trouble in survey.troubles)
    unfollowed = (
        f"{links} link{'' if links == 1 else 's'} to folders not followed: scans found only there are in no table; name"
        " those folders too.\n"
        if links
        else ""
    )
    who = (
        "The audit file says who each line is."
        if audited
        else "To see who each line is, run again with --audit FILE and another --out."
    )
    return (
        f"{survey.looked_at} files looked at: {images} images in {series} series,"
        f" {len(survey.troubles) - links} with problems, {survey.passed_over} ignored.\n{unfollowed}"
        f"Drafted {len(tables.participants)} participants and"
        f" {len(tables.scans)} scans. Before you run the workflow, fill in every lesion_side (left or right), and"
        f" replace every n/a of participant_id, session and tracer and every question mark. {who}"
    )


def _index(folders: Sequence[Path]) -> Survey:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("indexing"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("indexing", total=None)
        return survey_folders(folders, lambda done, total: progress.update(task, completed=done, total=total))


def _check_out(out: Path) -> None:
    if _in_results(out):
        raise TableError(f"{out}: lies in a results folder, and scans.tsv holds paths; name a folder elsewhere")
    for name in _WRITTEN:
        if (out / name).exists():
            raise TableError(f"{out / name}: is there already and is not overwritten; name another folder, or move it")


def _check_audit(audit: Path, out: Path, folders: Sequence[Path]) -> None:
    place = audit.resolve()
    if _in_results(audit):
        raise TableError(f"{audit}: lies in a results folder, where no identifier may go; name a file elsewhere")
    if place.is_relative_to(out.resolve()):
        raise TableError(f"{audit}: lies in {out}, whose tables are passed on; name a file elsewhere")
    for number, folder in enumerate(folders, start=1):
        if place.is_relative_to(folder.resolve()):
            raise TableError(f"{audit}: lies in folder {number} that is indexed; name a file elsewhere")
    if place.exists():
        raise TableError(f"{audit}: is there already and is not overwritten; name another file, or move it")


def _in_results(path: Path) -> bool:
    return "results" in (part.lower() for part in path.resolve().parts)


def _write_draft(path: Path, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Write a table as it is: a path keeps its blanks."""
    header = list(rows[0]) if rows else list(columns)
    with whole_file(path) as partial:
        lines = [header, *([str(row[column]) for column in header] for row in rows)]
        partial.write_text("".join("\t".join(line) + "\n" for line in lines), encoding="utf-8")
