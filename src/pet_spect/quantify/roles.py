"""Uptake of the regions of a scan, by the part they play in a ratio."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

from pet_spect.errors import RegionError, did_you_mean, shown
from pet_spect.model import Refusal, RegionSide, ScanKey, Side
from pet_spect.quantify.references import Reference, parts_of_reference
from pet_spect.quantify.uncertainty import Sensitivity, joint_sensitivity
from pet_spect.quantify.uptake import CORRECTED, LESIONFREE
from pet_spect.remarks import Remark

CEREBELLUM = "cerebellum"
"""What begins the name of a reference whose regions are cerebellum, which diaschisis may depress on one side."""


@dataclass(frozen=True, slots=True)
class RegionValue:
    """Uptake of one region as ratios need it.

    Attributes
    ----------
    mean : float
        In the scan's unit; NaN where it cannot be given.
    volume_ml : float
    lesion_fraction : float
        NaN where there is no mask.
    reason : Remark or None
        Why `mean` is NaN.
    sensitivity : Sensitivity or None
        How `mean` responds to what is not known; None if nobody has looked.
    coverage : float
        Fraction of the region in the field of view; of several regions the smallest. NaN if not known.
    """

    mean: float
    volume_ml: float
    lesion_fraction: float = math.nan
    reason: Remark | None = None
    sensitivity: Sensitivity | None = None
    coverage: float = math.nan


@dataclass(frozen=True)
class Surrounding:
    """Uptake round the lesion, or where the treatment was given: a further target with its own mirror image.

    Attributes
    ----------
    values : mapping
        (region, side) to uptake, the region being the name of the target or, of its mirror image, that and `MIRRORED`.
    absence : Remark or None
        Why this person has no such region; None if they have.
    notes : tuple of Remark
        What to look at.
    """

    values: Mapping[tuple[str, RegionSide], RegionValue]
    absence: Remark | None = None
    notes: tuple[Remark, ...] = ()


@dataclass(frozen=True)
class ScanUptake:
    """One scan, measured or not.

    Attributes
    ----------
    key : ScanKey
    absence : Remark or None
        Why nothing was measured; None if something was.
    values : mapping
        (region, side) to its uptake.
    notes : tuple of Remark
        Every warning so far.
    suv_factor : float or None
        Multiplies uptake into SUVbw, g/mL.
    suv_reason : str
        Why there is no factor.
    attenuation_corrected : bool or None
        None if the sidecar does not say.
    deficit_ml : (float, float)
        Lesion-like deficit that the scan itself shows on the left and on the right.
    lesion_seen_ml : (float, float)
        How much of a lesion the person's leading image shows on the left and on the right.
    lesion_seen_in : str
        The tracer of that image, `model.ANATOMICAL` in front if it is an anatomical one; empty if not known.
    misplacement_mm : float
        How far a fold may lie from where the warp puts it, as the registration estimated it; NaN if not known.
    target_lost : (float, float)
        Share of the target on the left and on the right that the registration took for lesion; NaN if not known.
    accepted : tuple of Refusal
        Faults of the registration that a person accepted.
    correction_notes : tuple of Remark
        What to look at in the values that are corrected for partial volume.
    surroundings : mapping of str to Surrounding
        Further targets by name, see `surroundings.SURROUNDINGS`; none are part of `values`.
    reference_values : dict
        What `reference_value` has worked out: several targets and measures need the same.
    """

    key: ScanKey
    absence: Remark | None
    values: Mapping[tuple[str, RegionSide], RegionValue]
    notes: tuple[Remark, ...] = ()
    suv_factor: float | None = None
    suv_reason: str = ""
    attenuation_corrected: bool | None = True
    deficit_ml: tuple[float, float] = (0.0, 0.0)
    lesion_seen_ml: tuple[float, float] = (0.0, 0.0)
    lesion_seen_in: str = ""
    misplacement_mm: float = math.nan
    target_lost: tuple[float, float] = (math.nan, math.nan)
    accepted: tuple[Refusal, ...] = ()
    correction_notes: tuple[Remark, ...] = ()
    surroundings: Mapping[str, Surrounding] = field(default_factory=dict)
    reference_values: dict[tuple[Reference, tuple[str, ...], Side, str], RegionValue] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @cached_property
    def whole_parts(self) -> tuple[tuple[str, RegionSide], ...]:
        """Region and side of the values that are neither lesion-free nor corrected for partial volume."""
        return tuple(part for part in self.values if not part[0].endswith((LESIONFREE, CORRECTED)))


@dataclass(frozen=True)
class RegionRoles:
    """Which regions are the target, and what it is compared with.

    Attributes
    ----------
    target : tuple of str
        Regions of the atlas, joined by their volumes.
    references : mapping
        Name to `Reference`, in the order of the tables.
    known : mapping
        References that are not asked for; they, too, tell which regions are cerebellum.
    corrected : bool
        Whether the regions were also corrected for partial volume.
    """

    target: tuple[str, ...]
    references: Mapping[str, Reference]
    known: Mapping[str, Reference] = field(default_factory=dict)
    corrected: bool = False

    @property
    def target_name(self) -> str:
        """How tables call the target: ``precentral``, or ``precentral+paracentral``."""
        return "+".join(self.target)

    @cached_property
    def cerebellum(self) -> tuple[str, ...]:
        """The regions that are cerebellum: those of the references that are named after it."""
        every = chain(self.known.items(), self.references.items())
        named = [each.regions for name, each in every if name.startswith(CEREBELLUM)]
        return tuple(dict.fromkeys(region for regions in named for region in regions))


def joint_value(scan: ScanUptake, parts: Sequence[tuple[str, RegionSide]]) -> RegionValue:
    """Return the uptake of several regions together: the mean weighted by their volumes.

    Parameters
    ----------
    scan : ScanUptake
    parts : sequence of (region, side)

    Returns
    -------
    RegionValue
        NaN, with the reason of the first, where any of them is missing.

    Raises
    ------
    RegionError
        If one is not in the scan's table.
    """
    try:
        joined_values = [scan.values[part] for part in parts]
    except KeyError:
        region, side = next(part for part in parts if part not in scan.values)
        near = did_you_mean(region, (name for name, _ in scan.values if name != region))
        raise RegionError(f"region {shown(region)} ({side}) is not among those measured{near}") from None
    volume = sum(part.volume_ml for part in joined_values)
    coverage = min((part.coverage for part in joined_values if math.isfinite(part.coverage)), default=math.nan)
    absent = next(
        (part.reason or Remark.of("no_value") for part in joined_values if not math.isfinite(part.mean)), None
    )
    if absent or not volume > 0:
        return RegionValue(math.nan, volume, reason=absent or Remark.of("no_volume", case="joined"), coverage=coverage)
    sensitivities = [part.sensitivity for part in joined_values if part.sensitivity is not None]
    sensitivity = (
        joint_sensitivity(sensitivities, [part.volume_ml for part in joined_values])
        if len(sensitivities) == len(joined_values)
        else None
    )
    mean = sum(part.mean * part.volume_ml for part in joined_values) / volume
    return RegionValue(mean, volume, sensitivity=sensitivity, coverage=coverage)


def target_value(scan: ScanUptake, roles: RegionRoles, side: Side, suffix: str = "") -> RegionValue:
    """Return the uptake of the target on one side; `suffix` chooses which mean of it.

    With `LESIONFREE` it is the one without the voxels of the lesion, with `CORRECTED` that without partial volume.
    """
    return joint_value(scan, [(name + suffix, side) for name in roles.target])


def reference_value(
    scan: ScanUptake, reference: Reference, roles: RegionRoles, lesion_side: Side, suffix: str = ""
) -> RegionValue:
    """Return the uptake of a reference.

    Parameters
    ----------
    scan : ScanUptake
    reference : Reference
    roles : RegionRoles
    lesion_side : {'left', 'right'}
        The side of the stroke.
    suffix : str
        Of the target it is compared with: the other side of a target without its lesion voxels is without them, too,
        and a target corrected for partial volume is compared with corrected regions.

    Raises
    ------
    RegionError
        If one of its regions is not in the scan's table.
    """
    if "lesion" in reference.exclude:
        suffix = LESIONFREE
    elif suffix != CORRECTED and not reference.is_mirror(roles.target):
        suffix = ""
    asked = (reference, roles.target, lesion_side, suffix)
    if asked not in scan.reference_values:
        scan.reference_values[asked] = joint_value(scan, _parts_of(scan, *asked))
    return scan.reference_values[asked]


def _parts_of(
    scan: ScanUptake, reference: Reference, target: tuple[str, ...], lesion_side: Side, suffix: str
) -> list[tuple[str, RegionSide]]:
    parts = parts_of_reference(reference, target, lesion_side, scan.whole_parts)
    named = [(region + suffix, side) for region, side in parts]
    if "lesion" in reference.exclude:
        # what is lost wholly has no value and no weight
        named = [part for part in named if part not in scan.values or scan.values[part].volume_ml != 0] or named
    return named
