"""What a participant of four scans costs: processor time, wall clock and memory of each step, beside another version.

Usage::

    python benchmarks/cost.py WORK                             # this version, a realistic person
    python benchmarks/cost.py WORK --old CHECKOUT_OF_0.1.0     # both, taking turns, on people that 0.1.0 simulates

0.1.0 refuses realistic people, so both versions work on its own. Every step runs as the workflow runs it, with one
thread. The clock is that of two participants at once on two cores, divided by two; nothing else may run on the machine.
What lies inside ITK is timed in a run of its own. Prints medians over the rounds.
"""

from __future__ import annotations

import argparse
import csv
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

OWN = Path(__file__).resolve().parents[1]
SCANS = (("FDG", "18FFDG", "pet"), ("IMZ", "123IIMZ", "spect"))
SESSIONS = ("baseline", "year1")
STEPS = ("convert", "normalise", "measure", "figures")

WITH_ITK_TIMED = """
import sys, time
import ants
plain, spent = ants.registration, []
def timed(*arguments, **options):
    begin = time.process_time()
    try:
        return plain(*arguments, **options)
    finally:
        spent.append(time.process_time() - begin)
ants.registration = timed
from pet_spect.cli import main
try:
    main(sys.argv[1:])
finally:
    print("ITK", sum(spent), time.process_time())
"""


@dataclass(frozen=True)
class Cost:
    """Seconds of all processors, and the most memory in MB."""

    cpu_s: float
    memory_mb: float


def run(checkout: Path, folder: Path, words: Sequence[str]) -> Cost:
    """Run a verb of one version to its end."""
    command = [sys.executable, "-m", "pet_spect.cli", *words]
    started = subprocess.Popen(command, cwd=folder, env=environment(checkout), stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(started.pid, 0)
    started.returncode = os.waitstatus_to_exitcode(status)
    if started.returncode:
        raise SystemExit(f"{checkout.name}: failed: {' '.join(words)}")
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def environment(checkout: Path) -> dict[str, str]:
    """Return the environment in which a version runs."""
    return os.environ | {"PYTHONPATH": str(checkout / "src"), "OPENBLAS_NUM_THREADS": "1"}


def commands(version: str, study: Path, who: str, results: str) -> dict[str, list[list[str]]]:
    """Return the command lines of each step for one participant."""
    listed = list(csv.DictReader((study / "config" / "scans.tsv").open(encoding="utf-8"), delimiter="\t"))
    places = {(row["session"], row["tracer"]): row["path"] for row in listed if row["participant_id"] == who}
    converts, scans = [], []
    for session in SESSIONS:
        for tracer, label, kind in SCANS:
            stem = f"{who}_ses-{session}_trc-{label}"
            image = f"{results}/{who}/ses-{session}/{kind}/{stem}_{kind}.nii.gz"
            (study / image).parent.mkdir(parents=True, exist_ok=True)
            converts.append(["convert", places[session, tracer], "--out", image, "--label", stem])
            scans += ["--scan", session, tracer, image]
    common = ["--participant", who, "--results", results, *scans]
    templates = ["--template", "FDG=FDG", "--template", "IMZ=IMZ"]
    measure = ["--sessions", *SESSIONS, "--tracers", "FDG", "IMZ", "--atlas", "CerebrA", "--target", "precentral"]
    measure += ["--min-coverage", "0.9", "--misplacement-mm", "auto", "--out", f"{results}/{who}/uptake.tsv"]
    measure += [] if version == "old" else ["--common-fwhm", "auto"]
    drawn = ["--atlas", "CerebrA", "--target", "precentral", "--reference", "cerebellum_gray_matter", "pons"]
    return {
        "convert": converts,
        "normalise": [["normalise", *common, *templates, "--threads", "1", "--record-refusal"]],
        "measure": [["measure", *common, *measure, "--record-refusal"]],
        "figures": [["figures", *common, *drawn]],
    }


def participant(version: str, checkout: Path, study: Path, who: str, results: str) -> dict[str, Cost]:
    """Return what each step of a participant costs."""
    costs = {}
    for step, lines in commands(version, study, who, results).items():
        found = [run(checkout, study, words) for words in lines]
        costs[step] = Cost(sum(cost.cpu_s for cost in found), max(cost.memory_mb for cost in found))
    return costs


def clock(version: str, checkout: Path, study: Path, people: Sequence[str], results: str) -> float:
    """Return the seconds by the clock per participant, two at once."""
    begin = time.monotonic()
    with ThreadPoolExecutor(len(people)) as pool:
        list(pool.map(lambda who: participant(version, checkout, study, who, results), people))
    return (time.monotonic() - begin) / len(people)


def inside_itk(version: str, checkout: Path, study: Path, who: str, results: str) -> float:
    """Return the share of the processor time of normalise that lies inside ITK's registrations."""
    words = commands(version, study, who, results)["normalise"][0]
    command = [sys.executable, "-c", WITH_ITK_TIMED, *words]
    # one thread: this must be set before ants is loaded, which normalise does by itself
    own = environment(checkout) | {"ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1"}
    done = subprocess.run(command, cwd=study, env=own, capture_output=True, text=True, check=True)
    _, itk, whole = done.stdout.splitlines()[-1].split()
    return float(itk) / float(whole)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--old", type=Path, help="a checkout of another version")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", default="77")
    options = parser.parse_args()
    versions = {"this": OWN} if options.old is None else {"old": options.old.resolve(), "this": OWN}
    options.work.mkdir(parents=True, exist_ok=True)
    study = options.work.resolve() / "study"
    if not study.exists():
        run(next(iter(versions.values())), options.work, ["simulate", "--out", str(study), "--participants", "3",
                                                          "--seed", options.seed])  # fmt: skip
    listed = csv.DictReader((study / "config" / "scans.tsv").open(encoding="utf-8"), delimiter="\t")
    names = [row["participant_id"] for row in listed]
    people = [who for who in dict.fromkeys(names) if names.count(who) == len(SCANS) * len(SESSIONS)][:2]
    costs: dict[str, list[dict[str, Cost]]] = {version: [] for version in versions}
    clocks: dict[str, list[float]] = {version: [] for version in versions}
    for _ in range(options.rounds):
        for version, checkout in versions.items():
            costs[version].append(participant(version, checkout, study, people[0], f"results_{version}"))
            clocks[version].append(clock(version, checkout, study, people, f"results_{version}"))
    for version, checkout in versions.items():
        print(f"{version}: processor seconds and MB, median of {options.rounds} rounds")
        for step in STEPS:
            cpu = statistics.median(found[step].cpu_s for found in costs[version])
            print(f"  {step:10} {cpu:6.1f} s {max(found[step].memory_mb for found in costs[version]):6.0f} MB")
        total = statistics.median(sum(cost.cpu_s for cost in found.values()) for found in costs[version])
        print(
            f"  {'all':10} {total:6.1f} s; by the clock, two at once: {statistics.median(clocks[version]):.1f} s each"
        )
        print(f"  inside ITK: {inside_itk(version, checkout, study, people[0], f'results_{version}'):.0%} of normalise")


if __name__ == "__main__":
    main()
