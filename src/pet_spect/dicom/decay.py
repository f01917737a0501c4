"""Radioactive decay: pure formulas and the half-lives they need.

All times are seconds. The formulas are those of DICOM PS3.3 C.8.9.4.1.5
(Frame Reference Time) and of the IBSI guideline on SUV.
"""

from __future__ import annotations

import math
import re

HALF_LIVES_S = {
    "C11": 1221.8,
    "N13": 597.9,
    "O15": 122.24,
    "F18": 6586.2,
    "Cu64": 45723.6,
    "Ga67": 281811.0,
    "Ga68": 4057.7,
    "Rb82": 75.45,
    "Zr89": 282276.0,
    "Y90": 230760.0,
    "Tc99m": 21624.1,
    "In111": 242343.0,
    "I123": 47604.3,
    "I124": 360806.4,
    "I131": 693377.0,
    "Lu177": 574335.0,
    "Tl201": 263139.0,
}
"""Radionuclide, as BIDS spells it, to its half-life in seconds (DDEP/NNDC evaluations)."""

SINGLE_PHOTON = frozenset({"Ga67", "I123", "I131", "In111", "Lu177", "Tc99m", "Tl201"})
"""Those of `HALF_LIVES_S` that only SPECT can see."""

_ELEMENTS = {
    "carbon": "C",
    "nitrogen": "N",
    "oxygen": "O",
    "fluorine": "F",
    "copper": "Cu",
    "gallium": "Ga",
    "rubidium": "Rb",
    "zirconium": "Zr",
    "yttrium": "Y",
    "technetium": "Tc",
    "indium": "In",
    "iodine": "I",
    "lutetium": "Lu",
    "thallium": "Tl",
}


def decay_constant(half_life: float) -> float:
    """Return λ = ln 2 / T½ in 1/s."""
    return math.log(2) / half_life


def mean_activity_time(decay: float, duration: float) -> float:
    """Return when, after the start of a frame, its mean activity was the true activity.

    ``T_ave = (1/λ) ln[λT / (1 − e^{−λT})]`` (PS3.3 C.8.9.4.1.5, example 2).

    Parameters
    ----------
    decay : float
        λ in 1/s.
    duration : float
        T, the length of the frame in seconds.

    Returns
    -------
    float
        Seconds after the start of the frame; a little less than half its length.

    Examples
    --------
    >>> round(mean_activity_time(decay_constant(6586.2), 600), 1)
    298.4
    """
    return math.log(start_of_frame_factor(decay, duration)) / decay


def start_of_frame_factor(decay: float, duration: float) -> float:
    """Return what turns the mean activity of a frame into the activity at its start, ``λT / (1 − e^{−λT})``.

    Examples
    --------
    >>> round(start_of_frame_factor(decay_constant(6586.2), 6586.2), 6)  # a frame of one half-life: 2 ln 2
    1.386294
    """
    passed = decay * duration
    return 1.0 if passed == 0 else -passed / math.expm1(-passed)


def radionuclide_name(text: str) -> str | None:
    """Return the radionuclide a header names, spelled as BIDS does, or None if it is not a known one.

    Examples
    --------
    >>> [radionuclide_name(t) for t in ("^18^Fluorine", "18F", "F-18", "Tc99m SC", "^123^Iodine", "gold")]
    ['F18', 'F18', 'F18', 'Tc99m', 'I123', None]
    """
    words = re.findall(r"[a-z]+|\d+", text.lower())
    symbols = {symbol.lower(): symbol for symbol in _ELEMENTS.values()}
    elements = [_ELEMENTS.get(word) or symbols.get(word) for word in words]
    masses = [word for word in words if word.isdigit()]
    for element in filter(None, elements):
        for mass in masses:
            for metastable in ("", "m"):
                name = f"{element}{mass}{metastable}"
                if name in HALF_LIVES_S:
                    return name
    return None
