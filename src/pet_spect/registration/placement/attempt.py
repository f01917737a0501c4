"""Attempts at one scan, and which of its faults a person accepted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from math import inf

import numpy as np
from numpy.typing import NDArray

from pet_spect.errors import RegistrationError
from pet_spect.model import ScanKey, Volume
from pet_spect.registration.gates.plausibility import Gates

OPENED: Mapping[str, Mapping[str, float]] = {
    "gate_similarity": {"similarity_min": -inf},
    "gate_overlap": {"overlap_min": -inf},
    "gate_likeness": {"likeness_min": -inf},
    "gate_blur": {"blur_max_mm": inf},
    "gate_beside": {"beside_max": inf},
}
"""The limits of `Gates` that an accepted code of one scan no longer has to keep."""

OF_TWO_SCANS = frozenset({"gate_agreement", "gate_stranger"})
"""Codes that concern two scans; the acceptance of either scan counts."""


@dataclass
class Attempt:
    """What was tried with one scan.

    Attributes
    ----------
    accepted : collection of str
        Codes that a person accepted for this scan.
    scan : Volume or None
        The whole scan.
    head : Volume or None
        The head that was found.
    pose : (4, 4) float array or None
        Standard points to scan points, affine, as far as one was found.
    remarks : dict of str to RegistrationError
        The accepted faults that the scan showed, by code.
    """

    accepted: Collection[str] = ()
    scan: Volume | None = None
    head: Volume | None = None
    pose: NDArray[np.float64] | None = None
    remarks: dict[str, RegistrationError] = field(default_factory=dict)

    @property
    def head_box(self) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]] | None:
        """First voxel of the head and the one behind its last, along each axis of the scan; None if none was found."""
        if self.scan is None or self.head is None:
            return None
        first = np.linalg.solve(self.scan.affine, self.head.affine[:, 3])[:3].round().astype(int)
        x, y, z = ((int(low), int(low) + extent) for low, extent in zip(first, self.head.data.shape, strict=True))
        return x, y, z

    def tolerate(self, check: Callable[[Gates], None], gates: Gates) -> None:
        """Run a check; keep an accepted fault as a remark and check the rest.

        Parameters
        ----------
        check : callable
            Raises a `RegistrationError` if the scan is outside the gates it is given.
        gates : Gates

        Raises
        ------
        RegistrationError
            The first fault that nobody accepted, or that `OPENED` does not know.
        """
        opened: set[str] = set()
        while True:
            try:
                return check(gates)
            except RegistrationError as error:
                if error.code not in self.accepted or error.code not in OPENED or error.code in opened:
                    raise
                opened.add(error.code)
                self.remarks[error.code] = error
                gates = replace(gates, **OPENED[error.code])


def tolerate_pairs(
    conflicts: Mapping[tuple[ScanKey, ScanKey], RegistrationError], attempts: Mapping[ScanKey, Attempt]
) -> dict[tuple[ScanKey, ScanKey], RegistrationError]:
    """Return the conflicts that nobody accepted; the others become remarks of both scans.

    Parameters
    ----------
    conflicts : mapping of (ScanKey, ScanKey) to RegistrationError
    attempts : mapping of ScanKey to Attempt
        Of every scan in `conflicts`.
    """
    remaining = {}
    for pair, error in conflicts.items():
        if error.code in OF_TWO_SCANS and any(error.code in attempts[key].accepted for key in pair):
            for key in pair:
                attempts[key].remarks[error.code] = error
        else:
            remaining[pair] = error
    return remaining
