"""What became of each image in the registration of a participant: the entries of the registration record.

Every number is finite unless its field says that it may be NaN, which the file holds as null.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np

from pet_spect.model import CutView, Refusal
from pet_spect.remarks import Remark
from pet_spect.results.record_values import Matrix, Three, VolumesMl
from pet_spect.results.typed_json import FloatOrNan, Mark


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What was measured of the registration of one image; docs/methods.md says what good scans reach.

    Attributes
    ----------
    similarity : float
        Correlation with the template inside the brain, -1 to 1.
    overlap : float
        Dice overlap of the bright voxels with the template's, 0 to 1.
    brain_in_view : float
        Fraction of the brain in the field of view.
    scale_low, scale_high : float
        Smallest and largest scale of the scan's own affine.
    shear : float
        Largest off-diagonal part of its stretch, relative to its mean.
    rotation_degrees : float
    pattern_distance : float
        Of the regional uptake from the tracer's mean, in spreads between people; NaN where it is not known.
    agreement : float
        Least correlation with the person's other scans of the tracer; NaN where there is none.
    """

    similarity: float
    overlap: float
    brain_in_view: float
    scale_low: float
    scale_high: float
    shear: float
    rotation_degrees: float
    pattern_distance: FloatOrNan
    agreement: FloatOrNan


@dataclass(frozen=True, kw_only=True)
class ViewBox:
    """The field of view in voxel indices of the scan, voxel edges included."""

    first: Three
    last: Three


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What was tried with a scan that was refused.

    Attributes
    ----------
    head_box : three of (int, int) or None
        First voxel of the head and the one behind its last, along each axis; None if no head was found.
    pose : Matrix or None
        Standard points to scan points; None if no pose was found.
    """

    head_box: tuple[tuple[int, int], tuple[int, int], tuple[int, int]] | None
    pose: Matrix | None


@dataclass(frozen=True, kw_only=True)
class RegisteredEntry:
    """A scan that was registered.

    Attributes
    ----------
    session, tracer : str
        As the tables spell them.
    label : str
        The tracer in file names.
    measured : Measured
    warnings : tuple of Remark
        The faults that a person accepted in qc.tsv.
    deficit_ml : VolumesMl
        Lesion-like deficit that the scan itself shows.
    cut_at : tuple of str
        Sides at which the brain is cut, such as ``top``.
    view : ViewBox
    own_pose : Matrix or None
        Standard points to scan points, from the scan's own head; None where the warp judges coverage.
    flags : tuple of Remark
        What normalise calls attention to.
    """

    session: str
    tracer: str
    label: str
    status: Literal["registered"] = "registered"
    measured: Annotated[Measured, Mark.FLAT]
    warnings: tuple[Remark, ...]
    deficit_ml: VolumesMl
    cut_at: tuple[str, ...]
    view: ViewBox
    own_pose: Matrix | None
    flags: tuple[Remark, ...]

    @property
    def cut_view(self) -> CutView:
        """The field of view, outside which values are no measurements."""
        pose = None if self.own_pose is None else np.array(self.own_pose, dtype=np.float64)
        return CutView(self.cut_at, self.view.first, self.view.last, pose)

    @property
    def cut_flags(self) -> tuple[Remark, ...]:
        """What is said of a scan that cuts the brain; nothing of another."""
        return (Remark.of("brain_cut", sides=self.cut_at),) if self.cut_at else ()


@dataclass(frozen=True, kw_only=True)
class RefusedEntry:
    """A scan that this step or an earlier one refused.

    Attributes
    ----------
    session, tracer, label : str
    refusal : Refusal
    tried : Tried or None
        None if the scan was not looked at.
    """

    session: str
    tracer: str
    label: str
    status: Literal["refused"] = "refused"
    refusal: Annotated[Refusal, Mark.FLAT]
    tried: Annotated[Tried | None, Mark.FLAT]


@dataclass(frozen=True, kw_only=True)
class RegisteredAnat:
    """An anatomical image that was registered.

    Attributes
    ----------
    kind : str
        ``T1w`` or ``CT``.
    measured : Measured
    """

    kind: str
    status: Literal["registered"] = "registered"
    measured: Annotated[Measured, Mark.FLAT]


@dataclass(frozen=True, kw_only=True)
class RefusedAnat:
    """An anatomical image that was refused.

    Attributes
    ----------
    kind : str
        ``T1w``, ``CT`` or, where convert refused it, ``unknown``.
    refusal : Refusal
    """

    kind: str
    status: Literal["refused"] = "refused"
    refusal: Annotated[Refusal, Mark.FLAT]
