"""Silenced libraries: their warnings quote values, a patient's name among them."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_silent = False


@contextmanager
def quiet() -> Iterator[None]:
    """Silence every logger and warning; pydicom's child loggers do not obey their parent's switch.

    Inside another such block it costs nothing: put one around many reads.
    """
    global _silent
    if _silent:
        yield
        return
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    _silent = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        _silent = False
        logging.disable(before)


@contextmanager
def mute() -> Iterator[None]:
    """Silence also the decoders' C libraries, which write to the process's standard error."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        with quiet():
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
