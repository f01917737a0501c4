"""A SLURM of one node on the loopback, without systemd, database or limits."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

DAEMONS = ("slurmd", "slurmctld", "munged")  # in the order of their end
CLIENTS = ("sbatch", "srun", "squeue", "scancel", "scontrol", "sinfo", "sacct", "sacctmgr")
CONFIG = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
AuthType=auth/munge
AuthInfo=socket={root}/munge/socket
SlurmUser=root
SlurmdUser=root
StateSaveLocation={root}/state
SlurmdSpoolDir={root}/spool
SlurmctldPidFile={root}/slurmctld.pid
SlurmdPidFile={root}/slurmd.pid
SlurmctldLogFile={root}/slurmctld.log
SlurmdLogFile={root}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=2,bf_interval=2
AccountingStorageType=accounting_storage/none
PlugStackConfig=/dev/null
MpiDefault=none
ReturnToService=2
MinJobAge=3600
KillWait=2
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 NodeHostname={host} CPUs={cpus} RealMemory={memory_mb} State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE DefaultTime=60 State=UP
"""


def free_ports(count: int) -> list[int]:
    """Return ports of the loopback that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def start(root: Path) -> dict[str, str]:
    """Start the daemons; return the environment in which SLURM's commands find them."""
    for folder in ("munge", "state", "spool", "bin"):
        (root / folder).mkdir(mode=0o755, parents=True)
    key = root / "munge/key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o400)
    munge = [f"--{name}={root}/munge/{name.partition('-')[0]}" for name in ("key-file", "socket", "seed-file")]
    subprocess.run(
        ["munged", "--force", *munge, f"--pid-file={root}/munged.pid", f"--log-file={root}/munged.log"], check=True
    )
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20 - 512
    config = root / "slurm.conf"
    host, cpus = socket.gethostname().partition(".")[0], os.cpu_count()
    text = CONFIG.format(root=root, host=host, cpus=cpus, memory_mb=memory_mb, ports=free_ports(2))
    config.write_text(text, encoding="utf-8")
    # slurm-jobstep takes SLURM_CONF out of srun's environment
    for name in CLIENTS:
        wrapper = root / "bin" / name
        wrapper.write_text(f'#!/bin/sh\nSLURM_CONF={config} exec {shutil.which(name)} "$@"\n', encoding="utf-8")
        wrapper.chmod(0o755)
    for daemon in ("slurmctld", "slurmd"):
        subprocess.run([daemon, "-f", str(config)], check=True)
    environment = {"SLURM_CONF": str(config), "PATH": f"{root / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    wait(lambda: "idle" in said("sinfo", "--noheader", "--format=%T", environment=environment), "the node to be idle")
    return environment


def said(*command: str, environment: dict[str, str]) -> str:
    """Return the standard output of a command."""
    variables = os.environ | environment
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False).stdout


def wait(holds: Callable[[], bool], what: str, seconds: float = 20) -> None:
    """Wait until something holds."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, f"waited {seconds} s for {what}"
        time.sleep(0.1)


def stop(root: Path) -> None:
    """End the daemons this module started, and nobody else's."""
    for daemon in DAEMONS:
        found = root / f"{daemon}.pid"
        if not found.is_file():
            continue
        pid = int(found.read_text(encoding="utf-8"))
        os.kill(pid, signal.SIGTERM)
        wait(lambda pid=pid: ended(pid), f"{daemon} to end")


def ended(pid: int) -> bool:
    """Say whether a process is gone, or dead and waiting for whoever adopted it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.fixture(scope="session")
def cluster(tmp_path_factory, need_tool) -> Iterator[dict[str, str]]:
    """Start a cluster of this machine alone; give the environment in which its commands find it."""
    if os.geteuid() != 0:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("a SLURM of one's own needs root")
    for program in ("munged", "slurmctld", "slurmd", *CLIENTS):
        need_tool(program)
    root = tmp_path_factory.mktemp("slurm")
    for folder in (root, *root.parents):  # munged trusts no socket below a folder that others could not enter
        if folder.stat().st_mode & 0o005 != 0o005 and folder.is_relative_to(tmp_path_factory.getbasetemp().parent):
            folder.chmod(folder.stat().st_mode | 0o055)
    try:
        yield start(root)
    finally:
        stop(root)
