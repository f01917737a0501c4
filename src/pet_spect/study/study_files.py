"""The files of a study by their role: the configuration, the tables, and the data dictionaries beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pet_spect.errors import TableError
from pet_spect.study.outcomes import is_filled

_CLINICAL = ("outcomes", "adverse_events")


def study_files(configs: Sequence[str], config: Mapping[str, Any], folder: Path = Path()) -> dict[str, str]:
    """Return the files of a study by their role; a table that does not exist is left out.

    Parameters
    ----------
    configs : sequence of str
        The files of the configuration.
    config : mapping
        With the paths of the tables, relative to `folder`.
    folder : Path
        Of the study.
    """
    given = config.get("qc", [])
    readers = [given] if isinstance(given, str) else given
    tables = {key: config.get(key) for key in ("participants", "scans", "consensus")}
    tables |= {_numbered("qc", number): path for number, path in enumerate(readers, start=1)}
    tables |= {key: config[key] for key in _CLINICAL if config.get(key) and _counts(folder / config[key])}
    named = {role: str(path) for role, path in tables.items() if path and (folder / path).is_file()}
    beside = {f"{role} dictionary": str(Path(path).with_suffix(".json")) for role, path in named.items()}
    known = {role: path for role, path in beside.items() if (folder / path).is_file()}
    return {_numbered("config", number): path for number, path in enumerate(configs, start=1)} | named | known


def _counts(path: Path) -> bool:
    try:
        return is_filled(path)
    except TableError:  # it was filled before somebody damaged it
        return True


def _numbered(role: str, number: int) -> str:
    return role if number == 1 else f"{role} {number}"
