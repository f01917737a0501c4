"""Runs whose conversion stops itself in the middle, so that they can be killed there."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from .studies import PET_SPECT, Study

TARGET = "results/sub-01/ses-baseline/pet/sub-01_ses-baseline_trc-18FFDG_pet.nii.gz"


def pausing_study(study: Study, repository: Path) -> Study:
    """Return a study whose conversion stops itself while the file `pause` exists, and writes what `content` holds."""
    (study.folder / "pause").touch()
    study.write("content", "of the old run")
    return Study(study.folder, repository / "tests/workflow/paused/Snakefile", repository / "profiles/default")


def start(study: Study, *options: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start a run, on two cores if the options name no profile."""
    profile = [] if "--workflow-profile" in options else ["--workflow-profile", str(study.profile), "--cores", "2"]
    variables = {**os.environ, **(environment or {})}
    with (study.folder / "said").open("w", encoding="utf-8") as said:  # a pipe would stay open as long as an orphan
        return subprocess.Popen(study.command(*profile, *options), cwd="/", env=variables, stdout=said, stderr=said)


def wait(holds: Callable[[], object], what: str, seconds: float = 60) -> None:
    """Wait until something holds."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, f"waited {seconds} s for {what}"
        time.sleep(0.05)


def paused_job(study: Study, seconds: float = 60) -> int:
    """Return the process of the job, once it has stopped itself."""
    found: list[int] = []

    def is_stopped() -> bool:
        found[:] = [int(path.name.removeprefix("paused-")) for path in study.folder.glob("paused-*")]
        return bool(found) and state_of(found[0]) == "T"

    wait(is_stopped, "the job to pause", seconds)
    return found[0]


def state_of(pid: int) -> str:
    """Return the letter of a process's state, `gone` without one."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return "gone"


def go_on(study: Study, pid: int) -> None:
    """Let the job go on, and wait until it has ended."""
    (study.folder / "pause").unlink(missing_ok=True)
    os.kill(pid, signal.SIGCONT)
    wait(lambda: state_of(pid) in ("Z", "gone"), "the job to end")


def recover(
    study: Study, *options: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ``pet-spect recover`` on a study."""
    command = [str(PET_SPECT), "recover", str(study.folder), *options]
    variables = {**os.environ, **(environment or {})}
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False)


def contents(study: Study) -> dict[str, str]:
    """Return what the files of the scan `TARGET` hold, half-written ones too."""
    return {path.name: path.read_text(encoding="utf-8") for path in (study.folder / TARGET).parent.iterdir()}
