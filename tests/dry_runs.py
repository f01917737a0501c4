"""Dry runs as copies of one process that has imported Snakemake, for the import takes most of the time of each."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

REPOSITORY = Path(__file__).parents[1]


def dry_run(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Do what a command of Snakemake does in the root folder, in a process that ends with it."""
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    with TemporaryDirectory(prefix="dry-run-") as folder:
        out, error = (Path(folder, name) for name in ("out", "error"))
        request = {"command": command, "environment": dict(environment), "out": str(out), "error": str(error)}
        server.stdin.write(json.dumps(request) + "\n")
        server.stdin.flush()
        status = int(server.stdout.readline())
        said = (path.read_text(encoding="utf-8") for path in (out, error))
        return subprocess.CompletedProcess(list(command), status, *said)


@cache
def _server() -> subprocess.Popen[str]:
    environment = {key: value for key, value in os.environ.items() if "COV" not in key}
    environment["OPENBLAS_NUM_THREADS"] = "1"  # a process of several threads is not safely copied
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.dry_runs"],
        cwd=REPOSITORY,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(server.communicate)
    return server


def serve() -> None:
    """Answer each request, a line of JSON, with the exit status, until there are no more."""
    import snakemake.cli  # noqa: F401

    import pet_spect.results.decisions.decision_log
    import pet_spect.study.check
    import pet_spect.study.overview  # noqa: F401

    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _run(**json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _run(command: list[str], environment: dict[str, str], out: str, error: str) -> NoReturn:
    from snakemake.cli import main

    for stream, path in enumerate((os.devnull, out, error)):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT), stream)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir("/")
    sys.argv, sys.path[0] = command, str(Path(command[0]).parent)
    sys.exit(main())


if __name__ == "__main__":
    serve()
