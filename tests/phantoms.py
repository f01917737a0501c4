"""The marker phantom, made once per process."""

from __future__ import annotations

from functools import cache

from pet_spect.model import Volume
from pet_spect.simulate.phantom import marker_phantom


@cache
def phantom(tracer: str, step: int = 2) -> Volume:
    """Return the marker phantom such that no test can change it for the next one."""
    made = marker_phantom(tracer, step=step)
    made.data.flags.writeable = False
    return made
