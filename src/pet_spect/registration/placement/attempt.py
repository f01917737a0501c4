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
from pet_spect.registration.placement.field_of_view import FieldOfView

OPENED: Mapping[str, Mapping[str, float]] = {
    "gate_similarity": {"similarity_min": -inf},
    "gate_overlap": {"overlap_min": -inf},
    "gate_likeness": {"likeness_min": -inf},
    "gate_blur": {"blur_max_mm": inf},
    "gate_beside": {"beside_max": inf},
}
"""The limits of `Gates` that an accepted code of one scan no longer has to keep."""

OF_TWO_SCANS = frozenset({"gate_agreement", "gate_identity"})
"""Codes that concern two scans; the acceptance of either scan counts."""


Remarks = Mapping[str, RegistrationError]
"""The accepted faults that a scan showed, by code."""


@dataclass(frozen=True)
class Placed:
    """A head in a scan.

    Attributes
    ----------
    head : Volume
        Cropped to the head; NaN is out of view.
    pose : (4, 4) float array
        Standard points to scan points, affine.
    view : FieldOfView
        Which sides of the brain leave the field of view.
    """

    head: Volume
    pose: NDArray[np.float64]
    view: FieldOfView


@dataclass(frozen=True)
class Attempt:
    """What was tried with one scan, and what came of it.

    Attributes
    ----------
    scan : Volume
        The whole scan.
    outcome : Placed or RegistrationError
        The head, or why the scan is refused.
    head : Volume or None
        The head that was found, also in a scan that is refused.
    pose : (4, 4) float array or None
        Standard points to scan points, affine, as far as one was found.
    remarks : mapping of str to RegistrationError
    """

    scan: Volume
    outcome: Placed | RegistrationError
    head: Volume | None = None
    pose: NDArray[np.float64] | None = None
    remarks: Remarks = field(default_factory=dict)

    @property
    def head_box(self) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]] | None:
        """First voxel of the head and the one behind its last, along each axis of the scan; None if none was found."""
        if self.head is None:
            return None
        first = np.linalg.solve(self.scan.affine, self.head.affine[:, 3])[:3].round().astype(int)
        x, y, z = ((int(low), int(low) + extent) for low, extent in zip(first, self.head.data.shape, strict=True))
        return x, y, z

    def placed(self) -> Placed:
        """Return the head.

        Raises
        ------
        RegistrationError
            If the scan is refused.
        """
        if isinstance(self.outcome, RegistrationError):
            raise self.outcome
        return self.outcome


def tolerated(check: Callable[[Gates], None], gates: Gates, accepted: Collection[str]) -> Remarks:
    """Run a check, and after an accepted fault the rest of it.

    Parameters
    ----------
    check : callable
        Raises a `RegistrationError` if the scan is outside the gates it is given.
    gates : Gates
    accepted : collection of str
        Codes that a person accepted for this scan.

    Returns
    -------
    mapping of str to RegistrationError
        The accepted faults.

    Raises
    ------
    RegistrationError
        The first fault that nobody accepted, or that `OPENED` does not know.
    """
    remarks: dict[str, RegistrationError] = {}
    while True:
        try:
            check(gates)
        except RegistrationError as error:
            if error.code not in accepted or error.code not in OPENED or error.code in remarks:
                raise
            remarks[error.code] = error
            gates = replace(gates, **OPENED[error.code])
        else:
            return remarks


def tolerate_pairs(
    conflicts: Mapping[tuple[ScanKey, ScanKey], RegistrationError], accepted: Mapping[ScanKey, Collection[str]]
) -> tuple[dict[tuple[ScanKey, ScanKey], RegistrationError], dict[ScanKey, Remarks]]:
    """Return the conflicts that nobody accepted; the others as remarks of both scans.

    Parameters
    ----------
    conflicts : mapping of (ScanKey, ScanKey) to RegistrationError
    accepted : mapping of ScanKey to collection of str
        Codes that a person accepted for each scan.
    """
    remaining = {}
    remarks: dict[ScanKey, Remarks] = {}
    for pair, error in conflicts.items():
        if error.code in OF_TWO_SCANS and any(error.code in accepted.get(key, ()) for key in pair):
            for key in pair:
                remarks[key] = {**remarks.get(key, {}), error.code: error}
        else:
            remaining[pair] = error
    return remaining, remarks
