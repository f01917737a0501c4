"""What ants and the search for a pose found before for the same bits, which always give the same bits again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from hashlib import sha256
from typing import Any

import numpy as np
import pytest

from pet_spect.registration import itk
from pet_spect.registration.placement import pose

_FOUND: dict[bytes, Any] = {}


@contextmanager
def known_registrations() -> Iterator[None]:
    """Let no registration be run twice in this process: `test_itk` proves that it would give the same."""
    with pytest.MonkeyPatch.context() as patched:
        for module, name in ((itk, "_register"), (pose, "find_pose"), (pose, "fit")):
            patched.setattr(module, name, _once(getattr(module, name)))
        yield


def _once(function: Callable[..., Any]) -> Callable[..., Any]:
    def known(*values: Any, **named: Any) -> Any:
        key = sha256(function.__name__.encode())
        _add(key, [*values, *sorted(named.items())])
        digest = key.digest()
        if digest not in _FOUND:
            _FOUND[digest] = _fixed(function(*values, **named))
        return _FOUND[digest]

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
