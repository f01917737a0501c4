"""From a seed and a number to one damaged scan: the same each time, without the cases before it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .archive_damage import ARCHIVE_DAMAGE
from .byte_damage import BYTE_DAMAGE
from .element_damage import ELEMENT_DAMAGE
from .image_damage import DAMAGE_OF_SOME, IMAGE_DAMAGE
from .mistakes import MISTAKES
from .nifti_damage import NIFTI_DAMAGE
from .seeds import DICOM_KINDS, NIFTI_KINDS, Scan, pick, sound_scan
from .study_mistakes import STUDY, sound_study

_MISTAKE_EVERY = 6

_DAMAGE: list[tuple[Callable[[Scan, np.random.Generator], None], tuple[str, ...]]] = [
    *((damage, (*DICOM_KINDS, *NIFTI_KINDS, STUDY)) for damage in BYTE_DAMAGE),
    *((damage, DICOM_KINDS) for damage in ELEMENT_DAMAGE + IMAGE_DAMAGE),
    *DAMAGE_OF_SOME.items(),
    *((damage, DICOM_KINDS) for damage in ARCHIVE_DAMAGE),
    *((damage, NIFTI_KINDS) for damage in NIFTI_DAMAGE),
]
_FLAGS = (
    (),
    (),
    (),
    ("--orientation", "LPS"),
    ("--record-refusal",),
    ("--weight-kg", "70", "--dose-mbq", "350", "--injection-time", "10:00", "--height-m", "1.75", "--sex", "F"),
    ("--uptake-minutes", "60", "--record-refusal"),
    ("--frame-window", "0", "100", "--gate", "2", "--energy-window", "1", "--detector", "1"),
)
CHOICES = {"nm_gated": ("--gate", "sum"), "pet_dynamic": ("--frame-window", "60", "70")}
"""What of several volumes is chosen; without, such scans are all refused alike."""


@dataclass(frozen=True)
class Case:
    """One damaged scan.

    Attributes
    ----------
    number : int
    damage : str
        What was done to it.
    kind : str
        The sound scan it was.
    files : dict of str to bytes
    entry : str
        What ``convert`` is given, relative to the folder of the files.
    flags : tuple of str
        Of ``convert``.
    is_mistake : bool
        Whether to convert it would be wrong.
    """

    number: int
    damage: str
    kind: str
    files: dict[str, bytes]
    entry: str
    flags: tuple[str, ...]
    is_mistake: bool

    @property
    def is_image(self) -> bool:
        """Whether it is NIfTI, which ``convert`` alone reads."""
        return self.kind in NIFTI_KINDS

    @property
    def is_study(self) -> bool:
        """Whether it is the configuration and the tables of a study, and no scan."""
        return self.kind == STUDY


def _sound(kind: str) -> Scan:
    return sound_study() if kind == STUDY else sound_scan(kind)


def case(seed: int, number: int) -> Case:
    """Return case `number` of a campaign."""
    rng = np.random.default_rng([seed, number])
    turn, which = divmod(number, _MISTAKE_EVERY)
    label = ("--label", "sub-01_ses-baseline_trc-18FFDG") if rng.integers(2) else ()
    if which == _MISTAKE_EVERY - 1:
        name = list(MISTAKES)[turn % len(MISTAKES)]
        kinds, mistake = MISTAKES[name]
        scan = _sound(pick(rng, kinds))
        mistake(scan, rng)
        flags = (*label, *CHOICES.get(scan.kind, ()))
        return Case(number, f"mistake {name}", scan.kind, scan.encoded(), scan.entry, flags, is_mistake=True)
    damage, kinds = _DAMAGE[(number - turn) % len(_DAMAGE)]
    scan = _sound(pick(rng, kinds))
    damage(scan, rng)
    entry = scan.entry
    name = damage.__name__
    if rng.integers(5) == 0:
        further = pick(rng, BYTE_DAMAGE)
        further(scan, rng)
        name += f" + {further.__name__}"
    if entry == "." and rng.integers(20) == 0:
        entry = sorted(scan.encoded())[0]
    flags = (*label, *CHOICES.get(scan.kind, ()), *pick(rng, _FLAGS))
    return Case(number, name, scan.kind, scan.encoded(), entry, flags, is_mistake=False)
