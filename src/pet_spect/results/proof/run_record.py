"""What a run was made from, ``tables/run.json``, and the run id: one hash that stands for all of it.

Two runs have one id if and only if their inputs, their tables, their configuration, their analysis plan and the version
of pet_spect are the same. The id stands in every data dictionary, so that an old table is never taken for a new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from pet_spect import __version__
from pet_spect.digests import json_sha256
from pet_spect.errors import TableError
from pet_spect.files import read_json, write_json
from pet_spect.results.typed_json import Key, MismatchError, as_json, from_json

RUN_FILE = Path("tables", "run.json")
"""Where the record is, relative to the results folder."""


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """What a run was made from.

    Attributes
    ----------
    run_id : str
        SHA-256 of everything else.
    version : str
        Of pet_spect.
    plan : str or None
        Hash of the analysis plan.
    settings : str
        SHA-256 of the configuration with its defaults and what the command line added.
    study : mapping of str to str
        The role of each file of the study, such as ``config`` or ``scans``, to its SHA-256.
    inputs : mapping of str to str
        Participant to the SHA-256 of the roles and hashes of everything that was given of him, see
        `pet_spect.results.proof.manifest_part.ManifestPart`.
    """

    run_id: str
    version: str
    plan: Annotated[str | None, Key("PlanSha256")]
    settings: Annotated[str, Key("SettingsSha256")]
    study: Annotated[Mapping[str, str], Key("StudySha256")]
    inputs: Annotated[Mapping[str, str], Key("InputSha256")]

    @staticmethod
    def of(plan: str | None, settings: str, study: Mapping[str, str], inputs: Mapping[str, str]) -> RunRecord:
        """Return the record of a run of this version, with its id."""
        own = {"study": dict(sorted(study.items())), "inputs": dict(sorted(inputs.items()))}
        return RunRecord(run_id="", version=__version__, plan=plan, settings=settings, **own).identified()

    def identified(self) -> RunRecord:
        """Return the record with the id that its content has."""
        return replace(self, run_id=json_sha256(as_json(replace(self, run_id=""))))


def write_run_record(results: Path, record: RunRecord) -> None:
    """Write the record of a run."""
    write_json(results / RUN_FILE, as_json(record))


def read_run_record(results: Path) -> RunRecord | None:
    """Read what `write_run_record` wrote; None if there is no record.

    Raises
    ------
    TableError
        If it cannot be read.
    """
    path = results / RUN_FILE
    if not path.is_file():
        return None
    try:
        return from_json(RunRecord, read_json(path, TableError, "record"))
    except MismatchError as error:
        raise TableError(
            f"{path}: is no record of a run ({error}); run the workflow again", code="record_unreadable"
        ) from None


def run_id(results: Path) -> str | None:
    """Return the id of the run that made the tables of a results folder; None if they were made by hand.

    Raises
    ------
    TableError
        If the record cannot be read.
    """
    record = read_run_record(results)
    return None if record is None else record.run_id
