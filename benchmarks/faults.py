"""Disturbs runs of a small study, one random fault each, and compares what the next run gives with a calm run.

    python benchmarks/faults.py STUDY --rounds 100 --seed 1

STUDY is a folder with config, inputs and results of a finished run, and is left as it was. Its slow steps (normalise,
measure, figures, and convert of an unchanged scan) are played again from its results; Snakemake, the shells, the
processes, the locks and every way of writing a file are the real ones. After each fault comes what the documentation
says: ``pet-spect recover --yes`` where the folder is locked, and the same command again. Every file of the results must
then be that of a run without a fault, byte for byte, and ``pet-spect verify`` must find nothing. Mounts small disks, so
it needs root.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
sys.path.insert(0, str(REPOSITORY))

from tests.faults import FAULTS, NAMES, Round, contents, copied, play
from tests.studies import Study


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no round after that time")
    options = parser.parse_args()
    finished = Study(options.study.resolve(), REPOSITORY / "Snakefile")
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        calm = Round(copied(finished, Path(folder, "calm")), finished.results, random.Random(0), 0.0)
        start = time.monotonic()
        if calm.run() != 0:
            raise SystemExit((calm.study.folder / "said").read_text(encoding="utf-8"))
        seconds = time.monotonic() - start
        expected = contents(calm.study)
        print(f"a calm run takes {seconds:.0f} s and makes {len(expected)} files", flush=True)
        played: Counter[str] = Counter()
        failed = []
        order = random.Random(options.seed).sample(FAULTS, len(FAULTS))
        for number in range(options.rounds):
            if time.monotonic() - begin > 60 * options.minutes:
                break
            dice = random.Random(f"{options.seed} {number}")
            fault, name = order[number % len(FAULTS)], dice.choice(NAMES)
            place = Path(folder, str(number), name)
            one = Round(copied(finished, place), finished.results, dice, seconds)
            wrong = play(one, fault, expected)
            played[fault.__name__] += 1
            print(f"round {number} {fault.__name__}: {wrong or 'as calm'}", flush=True)
            if wrong:
                failed.append(number)
                print((place / "said").read_text(encoding="utf-8")[-3000:], flush=True)
            shutil.rmtree(place.parent)
    print(json.dumps({"rounds": sum(played.values()), "faults": dict(played), "failed": failed}, indent=2))


if __name__ == "__main__":
    main()
