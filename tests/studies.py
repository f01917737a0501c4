"""Small studies, and running Snakemake on them as a user does."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .dry_runs import dry_run

SNAKEMAKE = Path(sys.executable).with_name("snakemake")
PET_SPECT = Path(sys.executable).with_name("pet-spect")


def rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a table."""
    with path.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


@dataclass(frozen=True)
class Study:
    """A study's folder: the working directory of its runs."""

    folder: Path
    snakefile: Path
    profile: Path | None = None
    """The default one where it does not lie beside the Snakefile."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """What its runs find in the environment besides."""

    @property
    def results(self) -> Path:
        """Where the workflow writes."""
        return self.folder / "results"

    def write(self, name: str, text: str) -> None:
        """Write a file; columns of a table are separated by single blanks here."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace(" ", "\t") if name.endswith(".tsv") else text, encoding="utf-8")

    def command(self, *options: str) -> list[str]:
        """Return what runs the workflow on this study, from any folder."""
        command = [str(SNAKEMAKE), "-s", str(self.snakefile), "--directory", str(self.folder)]
        return [*command, "--configfile", str(self.folder / "config/config.yaml"), *options]

    def snakemake(
        self, *options: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the workflow on this study from another folder, on two cores if the options name no profile.

        A dry run is not measured for coverage: there are a hundred, and none of them runs a job.
        """
        is_dry = "-n" in options
        inherited = {key: value for key, value in os.environ.items() if not is_dry or "COV" not in key}
        variables = {**inherited, "OMP_NUM_THREADS": "1", **self.environment, **(environment or {})}
        defaults = [] if self.profile is None else ["--workflow-profile", str(self.profile)]
        command = self.command(*([] if "--workflow-profile" in options else [*defaults, "--cores", "2"]), *options)
        if is_dry:
            return dry_run(command, variables)
        return subprocess.run(command, cwd="/", env=variables, capture_output=True, text=True, check=False)

    def planned(self, *options: str) -> dict[str, int]:
        """Return how many jobs of each rule a dry run announces."""
        plan = self.snakemake("-n", "--quiet", "rules", "reason", "host", *options)
        assert plan.returncode == 0, plan.stderr
        lines = [line.split() for line in (plan.stdout + plan.stderr).splitlines()]
        jobs = {line[0]: int(line[1]) for line in lines if len(line) == 2 and line[1].isdecimal()}
        return {rule: count for rule, count in jobs.items() if rule not in ("total", "all")}

    def logs(self) -> str:
        """Return everything the jobs said."""
        return "".join(path.read_text(encoding="utf-8") for path in sorted(self.folder.glob("logs/**/*.log")))


def fill_without_scans(study: Study) -> Study:
    """Write the config and tables of a study whose DICOM files hold nothing: good for planning."""
    study.write("config/config.yaml", "participants: config/participants.tsv\nscans: config/scans.tsv\n")
    study.write("config/participants.tsv", "participant_id lesion_side\nsub-01 left\nsub-02 right\n")
    rows = [
        f"sub-{number} {session} {tracer} dicom/{number}/{session}/{tracer}"
        for number in ("01", "02")
        for session in ("baseline", "year1")
        for tracer in ("FDG", "IMZ")
    ]
    for row in rows:
        study.write(f"{row.split()[-1]}/slice.dcm", "")
    study.write("config/scans.tsv", "\n".join(["participant_id session tracer path", *rows, ""]))
    return study
