"""Running Snakemake as a user does, and small studies to run it on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

SNAKEMAKE = Path(sys.executable).with_name("snakemake")


@dataclass(frozen=True)
class Study:
    """A study's folder: the working directory of its runs."""

    folder: Path
    snakefile: Path

    def write(self, name: str, text: str) -> None:
        """Write a file; columns of a table are separated by single blanks here."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace(" ", "\t") if name.endswith(".tsv") else text, encoding="utf-8")

    def snakemake(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Run the workflow on this study from another folder."""
        command = [str(SNAKEMAKE), "-s", str(self.snakefile), "--directory", str(self.folder)]
        command += ["--configfile", str(self.folder / "config/config.yaml"), "--cores", "2", *options]
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        return subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, check=False)

    def planned(self, *options: str) -> dict[str, int]:
        """Return how many jobs of each rule a dry run announces."""
        plan = self.snakemake("-n", "--quiet", "rules", "reason", "host", *options)
        assert plan.returncode == 0, plan.stderr
        rows = [line.split() for line in (plan.stdout + plan.stderr).splitlines()]
        jobs = {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdecimal()}
        return {rule: count for rule, count in jobs.items() if rule not in ("total", "all")}


@pytest.fixture(scope="session")
def study_in(repository: Path) -> Callable[[Path], Study]:
    """Return a function that makes a study of a folder."""
    return lambda folder: Study(folder, repository / "Snakefile")


@pytest.fixture
def study(tmp_path: Path, study_in: Callable[[Path], Study]) -> Study:
    """Return a study whose DICOM files hold nothing: good for planning."""
    found = study_in(tmp_path)
    found.write("config/config.yaml", "participants: config/participants.tsv\nscans: config/scans.tsv\n")
    found.write("config/participants.tsv", "participant_id lesion_side\nsub-01 left\nsub-02 right\n")
    rows = [
        f"sub-{number} {session} {tracer} dicom/{number}/{session}/{tracer}"
        for number in ("01", "02")
        for session in ("baseline", "year1")
        for tracer in ("FDG", "IMZ")
    ]
    for row in rows:
        found.write(f"{row.split()[-1]}/slice.dcm", "")
    found.write("config/scans.tsv", "\n".join(["participant_id session tracer path", *rows, ""]))
    return found
