"""The verb ``export``: the tables of a results folder in the format of another program, or as a crate."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pet_spect.errors import ConfigError, listed

WORKBOOK = "tables.xlsx"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of ``pet-spect export``."""
    parser.add_argument("results", type=Path, metavar="RESULTS", help="the results folder of a finished run")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder for the exported files")
    parser.add_argument(
        "--excel",
        action="store_true",
        help=f"write {WORKBOOK}: one sheet per table, and one that says what the columns mean",
    )
    parser.add_argument(
        "--crate",
        action="store_true",
        help="write an RO-Crate: tables, report and manifest, and what made them from what (docs/proof.md)",
    )


def run(options: argparse.Namespace) -> None:
    """Write what is asked for.

    Raises
    ------
    ConfigError
        If no format is named, or ``--out`` lies in the results folder.
    TableError
        If RESULTS is no results folder of a finished run, or a table or its data dictionary cannot be used.
    """
    if not (options.excel or options.crate):
        raise ConfigError("--excel or --crate is needed; without either there is nothing to do")
    from pet_spect.results.tables.table_files import table_files
    from pet_spect.results.tables.workbook import write_workbook

    tables = table_files(options.results)
    if options.out.resolve().is_relative_to(options.results.resolve()):
        raise ConfigError(f"--out {options.out}: lies in the results folder; name a folder outside it")
    if options.crate:
        from pet_spect.results.proof.crate import write_crate

        write_crate(options.results, options.out)
    if not options.excel:
        return
    for name, sheets in write_workbook(options.out / WORKBOOK, tables).items():
        if len(sheets) > 1:
            told = f"{name}: has more rows than an Excel sheet holds, so it goes on in {listed(sheets[1:])}"
            print(told, file=sys.stderr)
