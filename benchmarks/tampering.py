"""Changes one byte of a file of a finished study, many times over, and counts how many changes verify names.

    python benchmarks/tampering.py STUDY --changes 1000 --seed 1

STUDY is a folder with config, inputs and results, and is left as it was. A quarter of the changes each goes to the
files of the scans (inputs), to configuration and tables (config), to the tables of decisions (qc, if there are any),
and to the results; a fifth of those in results goes to the checksum at the end of a gzip stream, which readers of
images skip. A change counts as found only if a line names its file, or its scan by participant, session and tracer.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pet_spect.commands.verify.inputs import check_inputs
from pet_spect.results.proof.manifest_entries import files_below
from pet_spect.results.verification.files import check_files, manifest_or_finding
from pet_spect.results.verification.finding import Finding
from pet_spect.results.verification.identity import check_derived, check_identity
from pet_spect.study.study_files import study_files
from pet_spect.tsv import read_table

ROUND = {"inputs": 4, "config": 1, "qc": 1, "results": 8}
"""Files that are changed at once: a damaged table of scans would hide the scans, two scans hide nothing."""

_GZIP_TRAILER = 8


@dataclass(frozen=True)
class Target:
    """A file, and how verify must call it."""

    path: Path
    name: str


def targets(study: Path) -> dict[str, list[Target]]:
    """Return the files of a study by the kind of change."""
    config = {"participants": "config/participants.tsv", "scans": "config/scans.tsv", "qc": "config/qc.tsv"}
    config |= {"outcomes": "config/outcomes.tsv", "adverse_events": "config/adverse_events.tsv"}
    files = study_files(["config/config.yaml"], config, study)
    inputs = [
        Target(path, f"{row['participant_id']} {row['session']} {row['tracer']}")
        for row in read_table(study / "config/scans.tsv")
        for path in sorted((study / row["path"]).rglob("*"))
        if path.is_file()
    ]
    results = [Target(study / "results" / path, path) for path in files_below(study / "results")]
    by_kind: dict[str, list[Target]] = {"config": [], "qc": [], "inputs": inputs, "results": results}
    for role, path in files.items():
        by_kind["qc" if role.startswith("qc") else "config"].append(Target(study / path, f"{role} ({path})"))
    return {kind: found for kind, found in by_kind.items() if found}


@contextmanager
def changed(target: Target, dice: random.Random) -> Iterator[None]:
    """Flip bits of one byte of a file, and put it back as it was."""
    content = target.path.read_bytes()
    status = target.path.stat()
    place = dice.randrange(len(content))
    if target.path.name.endswith(".nii.gz") and dice.random() < 0.2:
        place = len(content) - 1 - dice.randrange(_GZIP_TRAILER)
    altered = bytearray(content)
    altered[place] ^= dice.randrange(1, 256)
    target.path.write_bytes(altered)
    try:
        yield
    finally:
        target.path.write_bytes(content)
        os.utime(target.path, ns=(status.st_atime_ns, status.st_mtime_ns))


def verified(study: Path) -> list[Finding]:
    """Return what verify finds."""
    results = study / "results"
    manifest, found = manifest_or_finding(results, None)
    if manifest is not None:
        found = [*found, *check_files(results, manifest), *check_identity(results, manifest)]
    return [*found, *check_derived(results), *check_inputs(results, [study / "config/config.yaml"])]


def found_of(study: Path, chosen: Sequence[Target], dice: random.Random) -> list[bool]:
    """Change files and return of each whether verify names it."""
    with ExitStack() as stack:
        for target in chosen:
            stack.enter_context(changed(target, dice))
        names = {finding.name for finding in verified(study)}
    return [target.name in names for target in chosen]


def chosen_of(found: Sequence[Target], number: int, dice: random.Random) -> list[Target]:
    """Return random files, no two of one scan; a changed manifest stands alone, for it hides what it lists."""
    chosen: dict[str, Target] = {}
    for target in dice.choices(found, k=number):
        chosen[target.name] = target
    if "manifest.json" in chosen:
        return [chosen["manifest.json"]]
    return list(chosen.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("--changes", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    dice = random.Random(options.seed)
    before = verified(options.study)
    if before:
        raise SystemExit(f"the study is not as its run left it: {before[0].name}: {before[0].what}")
    kinds = targets(options.study)
    made: Counter[str] = Counter()
    named: Counter[str] = Counter()
    missed = []
    start = time.perf_counter()
    for place, (kind, found) in enumerate(kinds.items()):
        needed = options.changes * (place + 1) // len(kinds) - options.changes * place // len(kinds)
        while made[kind] < needed:
            chosen = chosen_of(found, min(ROUND[kind], needed - made[kind]), dice)
            for target, is_named in zip(chosen, found_of(options.study, chosen, dice), strict=True):
                made[kind] += 1
                named[kind] += is_named
                missed += [] if is_named else [target.name]
    after = verified(options.study)
    said = {"made": dict(made), "found": dict(named), "missed": missed, "left_altered": len(after)}
    print(json.dumps({**said, "seconds": round(time.perf_counter() - start, 1)}, indent=2))


if __name__ == "__main__":
    main()
