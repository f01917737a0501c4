"""Rules of the protocol for the scans of each tracer."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any, Literal, get_args

from pet_spect.errors import ConfigError, listed, shown

Item = Literal[
    "start",
    "scanner",
    "reconstruction",
    "filter",
    "attenuation",
    "scatter",
    "collimator",
    "energy_window",
    "voxel_size",
    "dose",
    "duration",
    "glucose",
    "benzodiazepine",
]
"""What may be compared between two visits."""

ITEMS: tuple[Item, ...] = get_args(Item)

IMZ, IMZ_WINDOW = "IMZ", (150.0, 240.0)
"""Minutes after the injection within which any protocol must lie.

A single scan shows the receptors best 3.0 to 3.5 h after the injection: Eur J Nucl Med 1996, doi 10.1007/BF01254474.
"""


@dataclass(frozen=True, kw_only=True)
class TracerProtocol:
    """Rules for the scans of one tracer.

    Attributes
    ----------
    start_minutes : (float, float) or None
        First and last minute after the injection at which the acquisition may begin; None if any.
    start_apart_minutes : float
        Largest difference of that time between a follow-up and the first session.
    dose_apart_percent, duration_apart_percent : float
        Largest difference, in percent of the mean of both visits: it does not matter which visit is the larger.
    glucose_apart_mg_dl : float
    agree : tuple of Item
        What is compared.
    """

    start_minutes: tuple[float, float] | None = None
    start_apart_minutes: float = 10.0
    dose_apart_percent: float = 20.0
    duration_apart_percent: float = 10.0
    glucose_apart_mg_dl: float = 50.0
    agree: tuple[Item, ...] = ITEMS


BUILT_IN: Mapping[str, TracerProtocol] = MappingProxyType({IMZ: TracerProtocol(start_minutes=(165.0, 225.0))})
"""The rules of tracers by name; any other tracer has those of `TracerProtocol`."""


def read_protocols(entries: Mapping[str, Any], tracers: Iterable[str]) -> dict[str, TracerProtocol]:
    """Return the rules of every tracer: those of a config, and the built-in ones where it is silent.

    Parameters
    ----------
    entries : mapping
        By tracer, the fields of `TracerProtocol` that depart from the built-in ones.
    tracers : iterable of str
        The tracers of the study.

    Raises
    ------
    ConfigError
        If a tracer or a field is not known, or a value is none that the field may have.

    Examples
    --------
    >>> read_protocols({"IMZ": {"dose_apart_percent": 30}}, ["IMZ"])["IMZ"].start_minutes
    (165.0, 225.0)
    """
    protocols = {tracer: BUILT_IN.get(tracer, TracerProtocol()) for tracer in tracers}
    for tracer, entry in entries.items():
        if tracer not in protocols:
            raise ConfigError(f"{shown(tracer)} is not among the tracers ({listed(protocols)})")
        if not isinstance(entry, Mapping):
            raise ConfigError(f"{tracer}: an object {{...}} is needed")
        changed = {name: _value(tracer, name, value) for name, value in entry.items()}
        protocols[tracer] = replace(protocols[tracer], **changed)
    return protocols


def _value(tracer: str, name: str, value: Any) -> Any:
    known = [each.name for each in fields(TracerProtocol)]
    if name not in known:
        raise ConfigError(f"{tracer}: {shown(name)} is not known; known are {listed(known)}")
    if name == "start_minutes":
        return _window(tracer, value)
    if name == "agree":
        if not isinstance(value, list | tuple) or not all(item in ITEMS for item in value):
            raise ConfigError(f"{tracer}: agree: found {shown(value)}, needed a list of {listed(ITEMS)}")
        return tuple(item for item in ITEMS if item in value)
    if not _is_number(value) or value < 0:
        raise ConfigError(f"{tracer}: {name}: found {shown(value)}, needed a number from 0 up")
    return float(value)


def _window(tracer: str, value: Any) -> tuple[float, float] | None:
    if value is not None and not (
        isinstance(value, list | tuple) and len(value) == 2 and all(_is_number(each) for each in value)
    ):
        raise ConfigError(f"{tracer}: start_minutes: found {shown(value)}, needed two numbers of minutes, or null")
    window = None if value is None else (float(value[0]), float(value[1]))
    if mistake := window_mistake(tracer, window):
        raise ConfigError(f"{tracer}: start_minutes: {mistake}")
    return window


def window_mistake(tracer: str, window: tuple[float, float] | None) -> str | None:
    """Return what is wrong with the `start_minutes` of a tracer; None if nothing is.

    Examples
    --------
    >>> window_mistake("IMZ", (120, 200))
    'found [120, 200], needed two times from 150 to 240 min: only then an IMZ scan shows the receptors'
    """
    if window is not None and window[0] > window[1]:
        return f"found [{window[0]:g}, {window[1]:g}], needed the earlier time first"
    if tracer != IMZ or (window is not None and IMZ_WINDOW[0] <= window[0] and window[1] <= IMZ_WINDOW[1]):
        return None
    found = "null" if window is None else f"[{window[0]:g}, {window[1]:g}]"
    return (
        f"found {found}, needed two times from {IMZ_WINDOW[0]:g} to {IMZ_WINDOW[1]:g} min:"
        " only then an IMZ scan shows the receptors"
    )


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= sys.float_info.max  # false for NaN
