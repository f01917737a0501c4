"""Rounds of one random fault each: a run is disturbed, started again, and must give what an undisturbed run gives."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from .studies import PET_SPECT, Study

REPOSITORY = Path(__file__).parents[1]
NAMES = ("study", "it's $HOME", "Müller 研究", "a;b&c|d `x`", "[ab]*? {x}", "-n", "Ａ\u0301é‮")
_PATIENCE_S = 300.0
_STARTING_S = 61.0


@dataclass
class Round:
    """A study that is to be disturbed.

    Attributes
    ----------
    study : Study
    earlier : Path
        Results of an earlier run, which the slow steps give again.
    dice : random.Random
    seconds : float
        How long an undisturbed run takes: faults come within that time.
    """

    study: Study
    earlier: Path
    dice: random.Random
    seconds: float

    def start(self) -> subprocess.Popen[bytes]:
        """Start the run, in a session of its own, so that all its processes are known.

        It is not measured for coverage: a killed process reports nothing, and the others run what other tests measure.
        """
        inherited = {key: value for key, value in os.environ.items() if "COV" not in key}
        variables = {**inherited, "PET_SPECT_EARLIER": str(self.earlier), "OMP_NUM_THREADS": "1"}
        command = self.study.command("--workflow-profile", str(self.study.profile), "--cores", "2")
        with (self.study.folder / "said").open("ab") as said:
            return subprocess.Popen(command, cwd="/", env=variables, stdout=said, stderr=said, start_new_session=True)

    def run(self) -> int:
        """Run to the end, and return the exit status."""
        return self.start().wait(_PATIENCE_S)

    def pause(self) -> None:
        """Let a random part of the run pass."""
        time.sleep(self.dice.uniform(0, self.seconds))

    def scan(self) -> Path:
        """Return the folder of a random scan."""
        folders = sorted({path.parent for path in self.study.folder.glob("*dicom/**/*") if path.is_file()})
        return self.dice.choice([folder for folder in folders if folder.name in ("FDG", "IMZ")])


def copied(study: Study, folder: Path, only: str | None = None) -> Study:
    """Return a study with the inputs of another one, or of one person, and the workflow whose slow steps are quick."""
    shutil.copytree(study.folder, folder, ignore=shutil.ignore_patterns("results", "logs", ".snakemake"))
    if only is not None:
        keep_person(folder, only)
    return replaying(folder, study.results)


def replaying(folder: Path, earlier: Path) -> Study:
    """Return the study of a folder, whose slow steps give again what the results of an earlier run hold."""
    snakefile = REPOSITORY / "tests/workflow/replayed/Snakefile"
    return Study(folder, snakefile, REPOSITORY / "profiles/default", {"PET_SPECT_EARLIER": str(earlier)})


def keep_person(folder: Path, who: str) -> None:
    """Take everybody else, and their scans, out of a study."""
    for table in sorted((folder / "config").glob("*.tsv")):
        head, *lines = table.read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if line.startswith(f"{who}\t")]
        table.write_text("\n".join([head, *kept, ""]), encoding="utf-8")
    for scans in folder.glob("*dicom/sub-*"):
        if scans.name != who:
            shutil.rmtree(scans)


def contents(study: Study) -> dict[str, str]:
    """Return the SHA-256 of every file of the results, half-written ones too, but Snakemake's own and locks."""
    return {
        path.relative_to(study.results).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in sorted(study.results.rglob("*"))
        if path.is_file() and path.name != ".snakemake_timestamp" and not path.name.endswith(".lock")
    }


def processes(session: int) -> list[int]:
    """Return the processes of a session that still work."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            state, *fields = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            if int(fields[2]) == session and state != "Z":
                found.append(int(folder.name))
    return sorted(found)


def killed(one: Round, *, which: Callable[[list[int]], int] | None = None) -> None:
    """Kill a random process of the run: Snakemake, a shell or a step."""
    run = one.start()
    one.pause()
    alive = processes(run.pid)
    if alive:
        with suppress(ProcessLookupError):
            os.kill((which or one.dice.choice)(alive), signal.SIGKILL)
    run.wait(_PATIENCE_S)


def main_killed(one: Round) -> None:
    """Kill Snakemake itself, which leaves a lock and orphans."""
    killed(one, which=min)


def hung_up(one: Round) -> None:
    """Close the terminal: every process gets SIGHUP."""
    run = one.start()
    one.pause()
    with suppress(ProcessLookupError):
        os.killpg(run.pid, signal.SIGHUP)
    run.wait(_PATIENCE_S)


@contextmanager
def _small_disk(one: Round, size: str) -> Iterator[Callable[[str], None]]:
    results = one.study.results
    results.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(results)], check=True)

    def remount(options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", str(results)], check=False, stderr=subprocess.DEVNULL)

    try:
        yield remount
    finally:
        _leave_disk(results)


def _leave_disk(results: Path) -> None:
    """Put what the disk holds into a folder of the same name."""
    kept = results.with_name("kept")
    shutil.copytree(results, kept, symlinks=True)
    subprocess.run(["umount", str(results)], check=True)
    results.rmdir()
    kept.rename(results)


def full_disk(one: Round) -> None:
    """Give the results a disk that is too small."""
    with _small_disk(one, f"{one.dice.randrange(100, 30_000)}k") as remount:
        one.run()
        remount("size=1g")


def read_only_disk(one: Round) -> None:
    """Let nothing be written any more from some time on."""
    with _small_disk(one, "1g") as remount:
        run = one.start()
        one.pause()
        until = time.monotonic() + _PATIENCE_S
        while run.poll() is None and time.monotonic() < until:
            remount("ro")  # refused while a file is open for writing
            time.sleep(0.1)
        remount("rw")


def vanishing_scan(one: Round) -> None:
    """Take a scan away while the run works, and bring it back."""
    scan = one.scan()
    away = one.study.folder / "away"
    run = one.start()
    one.pause()
    scan.rename(away)
    run.wait(_PATIENCE_S)
    away.rename(scan)


def emptied_scan(one: Round) -> None:
    """Take the files of a scan away while the run works, as a disk does that is unmounted, and bring them back."""
    scan = one.scan()
    away = one.study.folder / "away"
    away.mkdir()
    run = one.start()
    one.pause()
    files = sorted(scan.iterdir())
    for path in files[: one.dice.randint(1, len(files))]:
        path.rename(away / path.name)
    run.wait(_PATIENCE_S)
    for path in away.iterdir():
        path.rename(scan / path.name)


def changed_clock(one: Round) -> None:
    """Give a scan and results times of the past or the future; afterwards do what is said of those in the future."""
    when = time.time() + one.dice.choice((-1, 1)) * one.dice.uniform(60, 3e6)
    scan = one.scan()
    os.utime(scan, (when, when))
    run = one.start()
    one.pause()
    files = [path for path in one.study.results.rglob("*") if path.is_file()]
    for path in one.dice.sample(files, min(5, len(files))):
        with suppress(FileNotFoundError):
            os.utime(path, (one.dice.choice((1e9, 4e9)),) * 2)
    run.wait(_PATIENCE_S)
    if "has a date in the future" in (one.study.folder / "said").read_text(encoding="utf-8"):
        os.utime(scan)


def two_runs(one: Round) -> None:
    """Start a second run while the first works."""
    first = one.start()
    one.pause()
    second = one.start()
    first.wait(_PATIENCE_S)
    second.wait(_PATIENCE_S)


def corrupt_scan(one: Round) -> None:
    """Let one person have a damaged scan, and replace it after the run."""
    scan = one.scan()
    path = one.dice.choice(sorted(scan.iterdir()))
    content = path.read_bytes()
    path.write_bytes(content[: one.dice.randrange(len(content))])
    one.run()
    path.write_bytes(content)


FAULTS = (
    killed,
    main_killed,
    hung_up,
    full_disk,
    read_only_disk,
    vanishing_scan,
    emptied_scan,
    changed_clock,
    two_runs,
    corrupt_scan,
)


def recover(one: Round) -> None:
    """Clean up as the documentation says, if the folder is locked; a minute after a run that had just begun."""
    for lock in (one.study.folder / ".snakemake/locks").glob("*.lock"):
        minute_ago = time.time() - _STARTING_S
        os.utime(lock, (minute_ago, minute_ago))
    command = [str(PET_SPECT), "recover", str(one.study.folder.absolute()), "--yes"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def play(one: Round, fault: Callable[[Round], None], calm: dict[str, str]) -> list[str]:
    """Disturb a run, start it again, and return what is not as it must be."""
    fault(one)
    if any((one.study.folder / ".snakemake/locks").glob("*.lock")):
        recover(one)
    status = one.run()
    wrong = [] if status == 0 else [f"the next run ends with {status}"]
    now = contents(one.study)
    wrong += [f"{path} differs" for path in sorted(now.keys() | calm.keys()) if now.get(path) != calm.get(path)]
    verified = subprocess.run(
        [str(PET_SPECT), "verify", str(one.study.results.absolute())], check=False, capture_output=True, text=True
    )
    return wrong + ([] if verified.returncode == 0 else [f"verify: {verified.stdout[:2000]}"])
