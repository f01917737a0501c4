"""What ants and the search for a pose found before for the same bits, which always give the same bits again."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from pet_spect.registration import itk
from pet_spect.registration.placement import pose

SLOW: tuple[tuple[ModuleType, str], ...] = ((itk, "_register"), (pose, "find_pose"), (pose, "fit"))
_FOUND: dict[bytes, Any] = {}

Recall = Callable[[bytes, Callable[[], Any]], Any]
"""Gives what is known by a key; else what the function gives, which is known from then on."""


@contextmanager
def known_registrations() -> Iterator[None]:
    """Let no registration be run twice in this process: `test_itk` proves that it would give the same."""
    import pytest  # not in the processes of a workflow, which it would slow

    with pytest.MonkeyPatch.context() as patched:
        for module, name in SLOW:
            patched.setattr(module, name, _once(getattr(module, name), _in_memory))
        yield


def keep_registrations(folder: Path) -> None:
    """Let no registration be run twice by the processes that share a folder."""
    for module, name in SLOW:
        setattr(module, name, _once(getattr(module, name), partial(_in_folder, folder)))


def _in_memory(key: bytes, compute: Callable[[], Any]) -> Any:
    if key not in _FOUND:
        _FOUND[key] = compute()
    return _FOUND[key]


def _in_folder(folder: Path, key: bytes, compute: Callable[[], Any]) -> Any:
    path = folder / key.hex()
    if not path.exists():
        unfinished = folder / f"{path.name}-{os.getpid()}"  # another process may compute the same meanwhile
        unfinished.write_bytes(pickle.dumps(compute()))
        unfinished.replace(path)
    return pickle.loads(path.read_bytes())


def _once(function: Callable[..., Any], recall: Recall) -> Callable[..., Any]:
    def known(*values: Any, **named: Any) -> Any:
        key = sha256(function.__name__.encode())
        _add(key, [*values, *sorted(named.items())])
        return _fixed(recall(key.digest(), lambda: function(*values, **named)))

    return known


def _add(key: Any, value: Any) -> None:
    """Add every bit of a value to a key."""
    if isinstance(value, np.ndarray):
        key.update(repr((value.shape, value.dtype)).encode())
        key.update(np.ascontiguousarray(value).tobytes())
    elif is_dataclass(value):
        _add(key, [getattr(value, field.name) for field in fields(value)])
    elif isinstance(value, dict):
        _add(key, sorted(value.items()))
    elif isinstance(value, list | tuple):
        key.update(f"{len(value)} of".encode())
        for part in value:
            _add(key, part)
    else:
        key.update(f"{value!r},".encode())


def _fixed(value: Any) -> Any:
    """Return a value whose arrays no test can change."""
    for part in value if isinstance(value, tuple) else (value,):
        for array in vars(part).values() if is_dataclass(part) else (part,):
            if isinstance(array, np.ndarray):
                array.flags.writeable = False
    return value
