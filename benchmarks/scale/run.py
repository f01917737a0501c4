"""What a study of any size costs: planning, planning again, cohort, report, manifest and verify.

    python benchmarks/scale/run.py STUDY --people 10 100 1000 --steps plan again one_more cohort report manifest verify

STUDY is a folder with the results of a finished run whose first participant has four scans; its people are copied under
other names. Prints a line of JSON for each size and step: processor time, time, largest memory, lines on the terminal.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import yaml

from pet_spect.commands.planned_analysis import planned_analysis
from pet_spect.results.analysis_plan import record_plan
from pet_spect.study.check import check_study

sys.path.insert(0, str(Path(__file__).parent))
from studies import add_person, copy_person, write_empty_study

REPOSITORY = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
STEPS = ("plan", "again", "one_more", "cohort", "report", "manifest", "verify")


def measured(command: Sequence[str], folder: Path) -> dict[str, object]:
    """Run a command in a folder; return processor seconds, seconds, largest memory in MiB and lines printed."""
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdout=said, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        said.seek(0)
        text = said.read().decode("utf-8")
    if status != 0:
        raise SystemExit(f"{command}: {text[-3000:]}")
    return {
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 1),
        "wall_s": round(seconds, 1),
        "memory_mib": usage.ru_maxrss // 1024,
        "lines": text.count("\n"),
    }


def snakemake(*options: str) -> list[str]:
    """Return the command of a run in the working directory."""
    command = [str(BIN / "snakemake"), "-s", str(REPOSITORY / "Snakefile"), "--configfile", "config/config.yaml"]
    return [*command, "--cores", "1", *options]


def cohort_command(folder: Path) -> str:
    """Return the shell command of the step cohort, which is the same for any number of people."""
    plan = subprocess.run(snakemake("-n", "-p"), cwd=folder, capture_output=True, text=True, check=True)
    found = re.search("pet-spect (cohort .*)", plan.stdout)
    assert found is not None
    return f"{BIN / 'pet-spect'} {found[1]}"


def finish(folder: Path, source: Path, people: int) -> None:
    """Give everybody the results of the first participant of a finished study, and record the analysis plan."""
    for number in range(1, people + 1):
        copy_person(source, "sub-01", folder / "results", number)
    os.chdir(folder)
    config = yaml.safe_load(Path("config/config.yaml").read_text(encoding="utf-8"))
    study = check_study(config, ["config/config.yaml"], REPOSITORY / "workflow/schemas")
    record_plan(Path("results"), planned_analysis(study))


def measure_size(folder: Path, source: Path, people: int, steps: Sequence[str], cohort: str) -> None:
    """Print what each step costs for a number of people."""

    def tell(step: str, command: Sequence[str]) -> None:
        print(json.dumps({"people": people, "step": step, **measured(command, folder)}), flush=True)

    write_empty_study(folder, people)
    if "plan" in steps:
        tell("plan", snakemake("-n"))
    if set(steps) <= {"plan"}:
        return
    finish(folder, source, people)
    (folder / "logs").mkdir(exist_ok=True)
    tell("cohort", ["bash", "-c", cohort])
    tell("report", [str(BIN / "pet-spect"), "report", "results", "--no-outcomes"])
    tell("manifest", [str(BIN / "pet-spect"), "manifest", "results", "--no-outcomes"])
    subprocess.run(
        [str(BIN / "pet-spect"), "accounted", "results", "--out", "results/tables/accounted.tsv"], check=True
    )
    if "verify" in steps:
        tell("verify", [str(BIN / "pet-spect"), "verify", "results"])
    if {"again", "one_more"} & set(steps):
        measured(snakemake("--touch"), folder)
        tell("again", snakemake("-n"))
        add_person(folder, people + 1)
        tell("one_more", snakemake("-n"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("--people", type=int, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=STEPS)
    options = parser.parse_args()
    source = options.study.resolve() / "results"
    with tempfile.TemporaryDirectory() as place:
        write_empty_study(Path(place, "ten"), 10)
        cohort = cohort_command(Path(place, "ten"))
        for people in options.people:
            measure_size(Path(place, str(people)), source, people, options.steps, cohort)


if __name__ == "__main__":
    main()
