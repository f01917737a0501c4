"""The writer of a simulated trial: participants side by side, tables, truth last."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import closing
from multiprocessing import active_children, get_context, parent_process
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pet_spect.errors import ConfigError
from pet_spect.files import whole_file
from pet_spect.model import Atlas
from pet_spect.simulate.anatomical_image import standard_anat
from pet_spect.simulate.design import Trial
from pet_spect.simulate.heads.standard_head import Head, standard_head
from pet_spect.simulate.outcomes import CONFIG, write_outcomes
from pet_spect.simulate.participant import Written, simulate_participant
from pet_spect.tsv import sidecar_of_table, write_table

TRUTH = "truth.tsv"
"""Written last: if it exists, the trial is complete."""

MARK = ".pet-spect-simulate"
"""Written first: if it exists, ``dicom`` and ``config`` are this module's own and may be made again."""

Columns = Mapping[str, Mapping[str, Any]]

_MOST_WORKERS = 8  # each holds about 1 GB

_PARTICIPANT = {"Description": "The participant"}
_SESSION = {"Description": "The visit", "Levels": {"baseline": "before treatment", "year1": "one year after"}}
_TRACER = {"Description": "The tracer", "Levels": {"FDG": "18F-FDG PET", "IMZ": "123I-iomazenil SPECT"}}
_PARTICIPANT_COLUMNS: Columns = {
    "participant_id": _PARTICIPANT,
    "lesion_side": {"Description": "Side of the stroke", "Levels": {"left": "left", "right": "right"}},
    "lesion_territory": {
        "Description": "Where the stroke lies",
        "Levels": {"supratentorial": "above the tentorium", "infratentorial": "below it"},
    },
    "height_m": {"Description": "Height", "Units": "m"},
    "sex": {"Description": "Sex", "Levels": {"F": "female", "M": "male"}},
}
_ANAT_COLUMN: Columns = {
    "anat": {"Description": "Folder of the anatomical DICOM files, relative to the folder of the trial"}
}
_SCAN_COLUMNS: Columns = {
    "participant_id": _PARTICIPANT,
    "session": _SESSION,
    "tracer": _TRACER,
    "path": {"Description": "Folder of the DICOM files, relative to the folder of the trial"},
    "weight_kg": {"Description": "Body weight, where the header lacks it", "Units": "kg"},
    "days_since_treatment": {"Description": "Day of the scan, treatment being day 0", "Units": "d"},
    "glucose_mg_dl": {"Description": "Blood glucose at injection", "Units": "mg/dL"},
    "benzodiazepine": {"Description": "Whether a benzodiazepine was taken before the scan"},
}
_TRUTH_COLUMNS: Columns = {
    "participant_id": _PARTICIPANT,
    "session": _SESSION,
    "tracer": _TRACER,
    "lesion_side": {"Description": "Side of the stroke"},
    "region": {"Description": "The measured region, on the side of the stroke"},
    "reference": {"Description": "What its uptake is divided by"},
    "ratio_scanner": {"Description": "True ratio in the true regions at the scanner's resolution, without noise"},
    "ratio_ideal": {"Description": "True ratio in the true regions at infinite resolution, without noise"},
}


def write_trial(out: Path, trial: Trial, atlas: Atlas, *, done: Callable[[str], None]) -> None:
    """Write a simulated trial.

    Parameters
    ----------
    out : Path
        Gets ``dicom``, ``config``, ``truth_outcomes.tsv`` and, last, ``truth.tsv``. What an interrupted run left of
        these is removed first; nothing else is touched.
    trial : Trial
    atlas : Atlas
        CerebrA.
    done : callable
        Called with the name of each participant whose scans are written.

    Raises
    ------
    ConfigError
        If a complete trial is already there, or a ``dicom`` or ``config`` that is not of this making.
    """
    _make_room(out)
    written: dict[int, Written] = {}
    with closing(_participants(out, trial, atlas)) as results:
        for index, result in results:
            written[index] = result
            done(trial.participant_id(index))
    ordered = [written[index] for index in range(trial.participants)]
    config = out / "config"
    columns = {**_PARTICIPANT_COLUMNS, **(_ANAT_COLUMN if trial.anat else {})}
    write_table(config / "participants.tsv", columns, _participant_rows(trial))
    write_table(config / "scans.tsv", _SCAN_COLUMNS, [row for each in ordered for row in each.scans])
    with whole_file(config / "config.yaml") as partial:
        tables = "participants: config/participants.tsv\nscans: config/scans.tsv\n"
        partial.write_text(tables + CONFIG, encoding="utf-8")
    write_outcomes(out, trial)
    last = config / TRUTH  # moved into place in one step, after its dictionary
    write_table(last, _TRUTH_COLUMNS, [row for each in ordered for row in each.truth])
    for path in (sidecar_of_table(last), last):
        path.replace(out / path.name)


def _make_room(out: Path) -> None:
    if (out / TRUTH).exists():
        raise ConfigError(
            f"{out / TRUTH} exists: a complete trial is already there; name another folder", code="output_exists"
        )
    ours = [out / "dicom", out / "config"]
    for folder in ours:
        if folder.exists() and not (out / MARK).exists():
            raise ConfigError(
                f"{folder} exists and was not written by pet-spect simulate; name another folder", code="output_exists"
            )
    for folder in ours:
        if folder.exists():
            shutil.rmtree(folder)
    with whole_file(out / MARK) as partial:
        partial.write_text("dicom, config and truth are simulated: pet-spect simulate may replace them\n")


def _participant_rows(trial: Trial) -> Iterator[dict[str, Any]]:
    for index in range(trial.participants):
        case = trial.case(index)
        yield {
            "participant_id": trial.participant_id(index),
            "lesion_side": case.stroke.side,
            "lesion_territory": "supratentorial",
            "height_m": case.height_m,
            "sex": case.sex,
            **({"anat": f"dicom/{trial.participant_id(index)}/anat"} if trial.anat else {}),
        }


def _cpus() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _participants(out: Path, trial: Trial, atlas: Atlas) -> Generator[tuple[int, Written]]:
    workers = min(_cpus(), trial.participants, _MOST_WORKERS)
    if workers == 1:
        head, anat = _standard(atlas, trial)
        for index in range(trial.participants):
            yield index, simulate_participant(head, trial, index, out, anat)
        return
    others = active_children()
    with ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_start_worker, initargs=(atlas, trial)
    ) as pool:
        try:
            # workers inherit the mask, so that an interruption is the parent's alone, which says so once
            mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
            try:
                futures = {pool.submit(_work, trial, index, out): index for index in range(trial.participants)}
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BaseException:
            for worker in active_children():
                if worker not in others:
                    worker.kill()  # the pool would first finish what it has queued
            raise


_Standard = tuple[Head, NDArray[np.float32] | None]
_worker_standard: list[_Standard] = []


def _standard(atlas: Atlas, trial: Trial) -> _Standard:
    """Return the head that everybody is made from, and its anatomical image if there is to be one."""
    anat = None if trial.anat is None else standard_anat(trial.anat, atlas, step=trial.step)
    return standard_head(atlas, step=trial.step), anat


def _start_worker(atlas: Atlas, trial: Trial) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _worker_standard.append(_standard(atlas, trial))


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # a killed run must not go on writing into the next


def _work(trial: Trial, index: int, out: Path) -> Written:
    head, anat = _worker_standard[0]
    return simulate_participant(head, trial, index, out, anat)
