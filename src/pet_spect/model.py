"""Values that one stage hands to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pet_spect.remarks import Remark
from pet_spect.remarks.catalogue import Code

Side = Literal["left", "right"]
"""A side of the person, never of the screen."""

RegionSide = Literal["left", "right", "n/a"]
"""``n/a`` is a region on the midline, or both sides taken together."""

Datatype = Literal["pet", "spect"]

Decided = Literal["accept", "exclude"]
"""What a person may decide about a scan."""

MOST_VOXELS = 2**29
"""Largest number of voxels of an image that is read."""

STANDARD_SPACE = "MNI152NLin2009cSym"
"""Name of the symmetric standard space (ICBM 2009c nonlinear symmetric), as BIDS spells it."""


def opposite(side: Side) -> Side:
    """Return the other side."""
    return "right" if side == "left" else "left"


@dataclass(frozen=True)
class Volume:
    """A scalar image.

    Attributes
    ----------
    data : (X, Y, Z) float32 array
        Voxels in a linear unit. Zero is a measurement; NaN is outside the field of view.
    affine : (4, 4) float64 array
        Voxel indices to RAS+ millimetres (nibabel's sense).
    """

    data: NDArray[np.float32]
    affine: NDArray[np.float64]

    @property
    def voxel_size(self) -> NDArray[np.float64]:
        """(3,) edge lengths of a voxel in mm."""
        return np.asarray(np.linalg.norm(self.affine[:3, :3], axis=0), dtype=np.float64)

    @property
    def voxel_ml(self) -> float:
        """Volume of a voxel in mL."""
        return float(abs(np.linalg.det(self.affine[:3, :3])) / 1000)


@dataclass(frozen=True)
class Warp:
    """A displacement field: the point ``x`` goes to ``x + displacement(x)``.

    Attributes
    ----------
    displacement : (X, Y, Z, 3) float32 array
        RAS+ millimetres.
    affine : (4, 4) float64 array
        Voxel indices of the field to RAS+ millimetres.
    """

    displacement: NDArray[np.float32]
    affine: NDArray[np.float64]


@dataclass(frozen=True)
class CutView:
    """The field of view of a scan.

    Attributes
    ----------
    cut : tuple of str
        Sides at which the brain is cut, such as ``top``; empty if it is whole.
    first, last : (3,) tuple of float
        The field of view in voxel indices of the scan, voxel edges included.
    pose : (4, 4) float array or None
        Standard points to scan points, from the head in view; None where the warp of a whole head is used instead.
    """

    cut: tuple[str, ...]
    first: tuple[float, ...]
    last: tuple[float, ...]
    pose: NDArray[np.float64] | None


@dataclass(frozen=True)
class Refusal:
    """Why a scan gives no number.

    Attributes
    ----------
    stage : str
        The stage that refused (``convert``, ``normalise``, ``measure``).
    code : Code
        Short snake_case name of the fault.
    reason : str
        One line for a person.
    """

    stage: str
    code: Code
    reason: str

    @classmethod
    def of(cls, stage: str, remark: Remark) -> Refusal:
        """Return a refusal in the words of a remark."""
        return cls(stage, remark.code, remark.text)

    @property
    def remark(self) -> Remark:
        """The refusal as tables and sidecars tell it."""
        return Remark.said(self.code, self.reason)


@dataclass(frozen=True)
class ScanKey:
    """Which scan: one participant, one session, one tracer.

    Attributes
    ----------
    participant, session, tracer : str
        As the tables spell them: ``sub-01``, ``baseline``, ``FDG``.
    """

    participant: str
    session: str
    tracer: str


ANATOMICAL = "anat:"
"""What begins the tracer of the key of an anatomical image; no scan can have it, for tracers are letters and digits."""


@dataclass(frozen=True)
class Decision:
    """One row of qc.tsv: what a person decided about a scan.

    Attributes
    ----------
    participant_id, session, tracer : str
    decision : {'accept', 'exclude'}
    code : str or None
        The refusal or flag decided about; None is whatever there is.
    reason, initials, time, version : str
        Why, who, when, and with which version of the software before their eyes.
    """

    participant_id: str
    session: str
    tracer: str
    decision: Decided
    code: str | None
    reason: str
    initials: str
    time: str
    version: str

    @property
    def key(self) -> ScanKey:
        """Which scan it is about."""
        return ScanKey(self.participant_id, self.session, self.tracer)


@dataclass(frozen=True)
class LoggedLine:
    """A line of a table of decisions as an earlier run, or whoever signed it, left it in the log.

    Attributes
    ----------
    table : str
        Name of the file, without its folders.
    place : int
        Of the line among the decisions of its table, from 1.
    chained : bool
        Whether it was signed.
    key : ScanKey
    decision, code : str
        As the table spelled them; ``n/a`` for no code.
    sha256 : str
        Of the line and, through it, of all lines before it.
    by_run : bool
        Whether a run has seen the line; otherwise it was signed.
    """

    table: str
    place: int
    chained: bool
    key: ScanKey
    decision: str
    code: str
    sha256: str
    by_run: bool


@dataclass(frozen=True)
class Region:
    """One row of an atlas table.

    Attributes
    ----------
    index : int
        The value of its voxels.
    name : str
        snake_case name, the same on both sides.
    side : {'left', 'right', 'n/a'}
        ``n/a`` for a region on the midline.
    """

    index: int
    name: str
    side: RegionSide


@dataclass(frozen=True)
class Atlas:
    """A label image in a standard space with its table.

    Attributes
    ----------
    name : str
        Used in file names (``seg-<name>``).
    labels : (X, Y, Z) int array
        0 is no region.
    affine : (4, 4) float64 array
        Voxel indices to RAS+ millimetres of the standard space.
    regions : tuple of Region
    """

    name: str
    labels: NDArray[np.integer]
    affine: NDArray[np.float64]
    regions: tuple[Region, ...]


@dataclass(frozen=True)
class RegionUptake:
    """Uptake of one region in one scan.

    Attributes
    ----------
    region : str
    side : {'left', 'right', 'n/a'}
    mean, sd : float
        In the unit of the scan; NaN where less than the asked coverage is in view.
    volume_ml : float
        Volume of the whole region in the scan's own space, in view or not.
    coverage : float
        Fraction of that volume in the field of view, 0 to 1.
    lesion_fraction : float
        Fraction of that volume inside the lesion mask; NaN where there is no mask.
    """

    region: str
    side: RegionSide
    mean: float
    sd: float
    volume_ml: float
    coverage: float
    lesion_fraction: float
