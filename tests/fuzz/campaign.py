"""Damages thousands of scans, converts each, and fails on whatever is neither success nor one line of refusal.

Usage: ``.venv/bin/python -m tests.fuzz.campaign --cases 20000 --seed 1``. A case that fails is run again, alone, by
``--only NUMBER``, and ``--keep FOLDER`` writes its files.
"""

from __future__ import annotations

import argparse
import json
import select
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_HANG_S = 90
_CASES_PER_WORKER = 400
_ROOT = Path(__file__).parents[2]


def _worker() -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.fuzz.worker"]
    return subprocess.Popen(
        command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


def _check_start() -> None:
    """Stop before the first case where the worker itself does not run."""
    command = [sys.executable, "-c", "import tests.fuzz.worker"]
    subprocess.run(command, cwd=_ROOT, check=True)


def _ask(worker: subprocess.Popen[str], seed: int, number: int) -> dict[str, Any]:
    """Return what a worker says of a case, or how it ended."""
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(f"{seed} {number}\n")
    worker.stdin.flush()
    ready, _, _ = select.select([worker.stdout], [], [], _HANG_S)
    line = worker.stdout.readline() if ready else ""
    if line:
        return dict(json.loads(line))
    if not ready:
        worker.kill()
    status = worker.wait()
    wrong = f"the process died with status {status}" if ready else f"hung for {_HANG_S} s"
    return {"damage": "?", "kind": "?", "outcome": "FAILED", "wrong": wrong, "seconds": 0.0, "bytes": 0}


def _serve(numbers: Iterator[int], lock: threading.Lock, seed: int, answers: dict[int, dict[str, Any]]) -> None:
    worker, asked = _worker(), 0
    while True:
        with lock:
            number = next(numbers, None)
        if number is None:
            break
        if asked == _CASES_PER_WORKER or worker.poll() is not None:
            _stop(worker)
            worker, asked = _worker(), 0
        answers[number] = _ask(worker, seed, number)
        asked += 1
        if answers[number]["wrong"]:
            print(f"case {number}: {answers[number]['wrong'].rstrip()}", flush=True)
    _stop(worker)


def _stop(worker: subprocess.Popen[str]) -> None:
    for stream in (worker.stdin, worker.stdout):
        if stream is not None:
            stream.close()
    worker.wait()


def run(numbers: list[int], seed: int, workers: int) -> dict[int, dict[str, Any]]:
    """Return the answer to each case."""
    _check_start()
    answers: dict[int, dict[str, Any]] = {}
    shared, lock = iter(numbers), threading.Lock()
    threads = [threading.Thread(target=_serve, args=(shared, lock, seed, answers)) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def _print(answers: dict[int, dict[str, Any]], seconds: float) -> None:
    damages = sorted({str(answer["damage"]).split(" + ")[0] for answer in answers.values()})
    for damage in damages:
        mine = [a for a in answers.values() if str(a["damage"]).split(" + ")[0] == damage]
        counts = Counter(answer["outcome"] for answer in mine)
        print(f"{damage:32} {len(mine):6}  " + ", ".join(f"{n} {name}" for name, n in counts.most_common()))
    total = Counter(str(answer["outcome"]).split()[0] for answer in answers.values())
    print(f"{len(answers)} cases in {seconds:.0f} s: " + ", ".join(f"{n} {name}" for name, n in total.most_common()))
    slowest = max(answers, key=lambda number: answers[number]["seconds"])
    largest = max(answers, key=lambda number: answers[number]["bytes"])
    print(f"longest {answers[slowest]['seconds']:.1f} s of processor time for all verbs (case {slowest})")
    print(f"most memory {answers[largest]['bytes'] / 2**20:.0f} MB above the start (case {largest})")


def main() -> int:
    """Run a campaign or one case; return 1 if anything failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.campaign", description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", type=int, metavar="NUMBER", help="run one case alone and tell all of it")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="write the files of that one case here")
    options = parser.parse_args()
    if options.only is not None:
        return _one(options.seed, options.only, options.keep)
    start = time.monotonic()
    answers = run(list(range(options.first, options.first + options.cases)), options.seed, options.workers)
    _print(answers, time.monotonic() - start)
    return int(any(answer["wrong"] for answer in answers.values()))


def _one(seed: int, number: int, keep: Path | None) -> int:
    from .cases import case

    found = case(seed, number)
    print(f"{found.damage} of {found.kind}: convert {found.entry} {' '.join(found.flags)}")
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        for name, content in found.files.items():
            (keep / name).write_bytes(content)
    answer = run([number], seed, 1)[number]
    print(json.dumps(answer, indent=2))
    return int(answer["wrong"] is not None)


if __name__ == "__main__":
    sys.exit(main())
