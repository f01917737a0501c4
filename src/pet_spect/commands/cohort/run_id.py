"""The run that ``cohort`` makes the tables of: its record and its id."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path

from pet_spect.commands.cohort.unfinished import Unfinished
from pet_spect.digests import file_sha256, json_sha256
from pet_spect.results.proof.manifest_part import read_part
from pet_spect.results.proof.run_record import RUN_FILE, RunRecord, write_run_record


def add_run(parser: argparse.ArgumentParser) -> None:
    """Declare the flags that `recorded_run` reads."""
    parser.add_argument(
        "--settings", metavar="SHA256", help="hash of the configuration: the tables are those of a run, with a run id"
    )
    parser.add_argument(
        "--study-file",
        action="append",
        default=[],
        metavar="ROLE=FILE",
        help="a file of the study, whose hash the run id is also made of; repeat for each",
    )


def recorded_run(
    options: argparse.Namespace, people: Iterable[str], unfinished: Mapping[str, Unfinished]
) -> str | None:
    """Write ``tables/run.json`` and return the run id; of a command that is run by hand there is none.

    Parameters
    ----------
    options : argparse.Namespace
    people : iterable of str
        Everybody in participants.tsv.
    unfinished : mapping of str to Unfinished
        Of whom a step crashed: what the step is stands for their inputs, so that the run has an id of its own.

    Raises
    ------
    TableError
        If a participant's part of the manifest is absent or cannot be read.
    """
    if options.settings is None:
        (options.results / RUN_FILE).unlink(missing_ok=True)  # of tables made by hand, nothing else would be true
        return None
    study = {role: file_sha256(Path(path)) for role, _, path in (text.partition("=") for text in options.study_file)}
    inputs = {
        who: json_sha256(
            {"unfinished": unfinished[who].step} if who in unfinished else dict(read_part(options.results, who).inputs)
        )
        for who in people
    }
    record = RunRecord.of(options.plan, options.settings, study, inputs)
    write_run_record(options.results, record)
    return record.run_id
