"""Makes random participants again with the workflow itself, and compares every file with what the run left."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pet_spect.digests import file_sha256
from pet_spect.errors import ConfigError, TableError
from pet_spect.results import layout
from pet_spect.results.proof.manifest_part import read_part
from pet_spect.results.proof.run_record import read_run_record
from pet_spect.results.verification.finding import Finding

_CHECKOUT = Path(__file__).parents[4] / "Snakefile"
_KEPT = ("decisions_log.tsv", "decisions_log.json", "analysis_plan.json")
_NOT_LINKED = ("results", "logs", ".snakemake")


def chosen(results: Path, number: int, seed: int) -> list[str]:
    """Return random participants of a run, in order; all of them if there are fewer.

    Raises
    ------
    TableError
        If the folder has no record of a run.
    """
    record = read_run_record(results)
    if record is None:
        raise TableError(f"{results}: its tables have no run id; run the workflow", code="record_missing")
    people = sorted(record.inputs)
    return sorted(random.Random(seed).sample(people, min(number, len(people))))


def recomputed(results: Path, configs: Sequence[Path], people: Sequence[str], snakefile: Path | None) -> list[Finding]:
    """Return the files of participants that come out otherwise when they are made again.

    The workflow runs in a temporary folder that links to everything in the folder of the study but its results, on
    `pet_spect` as it is installed now. Tables, images, transforms and sidecars are compared byte for byte.

    Parameters
    ----------
    results : Path
        In the folder of the study.
    configs : sequence of Path
        The files of the configuration.
    people : sequence of str
    snakefile : Path, optional
        By default that of the checkout that the package runs from.

    Raises
    ------
    ConfigError
        If there is no Snakefile, or the workflow fails.
    """
    snakefile = _CHECKOUT if snakefile is None else snakefile
    if not snakefile.is_file():
        raise ConfigError("--snakefile is needed: pet-spect does not run from a checkout of the workflow")
    study = results.absolute().parent
    with tempfile.TemporaryDirectory(prefix="pet-spect-verify-") as name:
        folder = Path(name)
        for path in sorted(study.iterdir()):
            if path.name not in _NOT_LINKED:
                (folder / path.name).symlink_to(path)
        _copy_decisions(results, folder / "results" / "tables")
        _run(snakefile, folder, configs, [f"results/{layout.manifest_part(who)}" for who in people])
        return [finding for who in people for finding in _compared(results, folder / "results", who)]


def _copy_decisions(results: Path, tables: Path) -> None:
    """Copy what a run reads of earlier runs."""
    tables.mkdir(parents=True)
    for name in _KEPT:
        if (results / "tables" / name).is_file():
            shutil.copy(results / "tables" / name, tables / name)
    if (results / "tables" / "judged").is_dir():
        shutil.copytree(results / "tables" / "judged", tables / "judged")


def _run(snakefile: Path, folder: Path, configs: Sequence[Path], targets: Sequence[str]) -> None:
    command = [sys.executable, "-m", "snakemake", "-s", str(snakefile), "--directory", str(folder)]
    profile = snakefile.parent / "profiles" / "default"
    command += ["--workflow-profile", str(profile)] if profile.is_dir() else []
    command += ["--cores", str(os.cpu_count() or 1), "--configfile", *(str(path.absolute()) for path in configs)]
    done = subprocess.run([*command, "--", *targets], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.stderr.write(done.stderr)
        raise ConfigError("--recompute: the workflow failed, see the lines above")


def _compared(results: Path, again: Path, participant: str) -> list[Finding]:
    then, now = (
        {entry.path: entry.sha256 for entry in read_part(folder, participant).files} for folder in (results, again)
    )
    found = []
    for path in sorted(then.keys() | now.keys()):
        if path not in now:
            found.append(Finding(path, "is not made any more"))
        elif path not in then or not (results / path).is_file():
            found.append(Finding(path, "is made now, and the run does not have it"))
        elif file_sha256(results / path) != now[path]:
            found.append(Finding(path, "comes out otherwise when it is made again"))
    return found
