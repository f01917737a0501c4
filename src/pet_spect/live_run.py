"""The run of the workflow that may write into a study's folder: who it is, and whether it still works.

A run names itself in `RUN_FILE` and keeps a lock on that file until it ends. Its jobs inherit its name and the place of
the file in the environment, on a cluster too, and ask before they write.

On the computer where the run was started, a job also sees whether the lock is still held, so that it stops as soon as
its run is gone. Elsewhere only the name can be compared: a job stops when a new run has begun.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import signal
import socket
import sys
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pet_spect.errors import OvertakenError

RUN_FILE = Path(".snakemake", "pet_spect_run.json")
"""The file that names the run, in the working directory of the workflow."""

NAME = "PET_SPECT_RUN"
"""Environment variable that names the run of a job; a verb that is typed by hand has none, and writes unasked."""

PLACE = "PET_SPECT_RUN_FILE"
"""Environment variable that says where `RUN_FILE` lies."""

State = Literal["none", "alive", "ended", "unseen"]
"""Of the last run: there was none; it works; it has ended; it was started on another computer, so nobody can say."""

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_PATIENCE_S = 1.0
_END_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)


def claim(path: Path = RUN_FILE, *, on_cluster: bool = False) -> str:
    """Make this process the run that may write, until it ends; its jobs inherit that in their environment.

    Parameters
    ----------
    path : Path
        Its folder is made if need be.
    on_cluster : bool, default False
        Whether jobs may run on other computers.

    Returns
    -------
    str
        The name of the run, random.

    Raises
    ------
    OvertakenError
        If another run works in the folder.
    OSError
        If the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(
        path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644
    )  # open, and with it locked, until the process ends
    try:
        is_locked = _lock_patiently(file)
        name = secrets.token_hex(16)
        said = {"Run": name, "Host": socket.gethostname(), "Kernel": _kernel(), "Locked": is_locked}
        said["OnCluster"] = on_cluster
        os.ftruncate(file, 0)
        os.pwrite(file, (json.dumps(said) + "\n").encode("utf-8"), 0)
        os.fsync(file)
    except BaseException:
        os.close(file)
        raise
    os.environ[NAME], os.environ[PLACE] = name, str(path.absolute())
    return name


def check_not_overtaken(path: Path) -> None:
    """Check that the run of this process may still write; a process without a run always may.

    Parameters
    ----------
    path : Path
        What shall be written, for the message.

    Raises
    ------
    OvertakenError
        If a new run has begun, or this one is seen to have ended.
    """
    name, place = os.environ.get(NAME), os.environ.get(PLACE)
    if name is None or place is None:
        return
    said = _read(Path(place))
    if said.get("Run") != name:
        raise OvertakenError(f"{path}: not written, because another run has begun in this folder")
    if said.get("Locked") is True and said.get("Kernel") == _kernel() and not _is_held(Path(place)):
        raise OvertakenError(f"{path}: not written, because the run of this job has ended")


def state_of(path: Path = RUN_FILE) -> tuple[State, str]:
    """Return whether the last run still works, and the computer where it was started (empty if not known)."""
    if not path.exists():
        return "none", ""
    said = _read(path)
    host = str(said.get("Host", ""))
    if _is_held(path):
        return "alive", host
    is_seen = said.get("Locked") is True and socket.gethostname() == host  # its kernel is another one after a restart
    return ("ended" if is_seen else "unseen"), host


def was_on_cluster(path: Path = RUN_FILE) -> bool:
    """Return whether the last run could have jobs on other computers."""
    return _read(path).get("OnCluster") is True


def end_with_parent() -> None:
    """Let a job of a run get SIGTERM when the shell that started it is gone, where the system can do that (Linux).

    Otherwise Snakemake, which sees the end of the shell, would start the step again beside it.
    """
    if NAME in os.environ and sys.platform == "linux":
        import ctypes

        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_END_WITH_PARENT, signal.SIGTERM)


def end_overtaken_snakemakes() -> None:
    """Kill the Snakemakes on this computer that run jobs of the run of this process, which has been overtaken.

    On a cluster every job has one. They would remove the outputs of a failed step, which by now are those of the
    new run, and note it as done in their own way. The Snakemake that the user started is not among them: what it sets
    in its environment later is not seen from outside.
    """
    if NAME not in os.environ:
        return
    mine = f"{NAME}={os.environ[NAME]}".encode()
    jobs = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # ended meanwhile, or somebody else's
            words = (folder / "cmdline").read_bytes().split(b"\0")
            is_job = b"--mode" in words and any(word.endswith(b"snakemake") for word in words)
            if is_job and mine in (folder / "environ").read_bytes().split(b"\0"):
                jobs.append(int(folder.name))
    for pid in sorted(jobs, key=lambda pid: pid == os.getpid()):  # itself last
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def _lock_patiently(file: int) -> bool:
    """Lock the file; return whether that works on this file system. Jobs that ask hold it for an instant."""
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise OvertakenError("another run is working in this folder") from None
            time.sleep(0.02)
        except OSError:
            return False
        else:
            return True


def _is_held(path: Path) -> bool:
    """Return whether somebody holds the lock of a run."""
    with suppress(OSError), path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _read(path: Path) -> dict[str, Any]:
    """Return what the file says; nothing if it is gone or half written."""
    with suppress(OSError, ValueError):
        said = json.loads(path.read_bytes())
        return said if isinstance(said, dict) else {}
    return {}


@cache
def _kernel() -> str:
    """Return what tells a running kernel from any other: within one, all see the same locks."""
    with suppress(OSError):
        return _BOOT_ID.read_text(encoding="ascii").strip()
    return socket.gethostname()
