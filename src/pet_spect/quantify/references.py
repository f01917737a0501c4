"""What a target is compared with: named references, each the mean of some regions on some side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from pet_spect.errors import RegionError, listed, shown
from pet_spect.model import RegionSide, Side, opposite

Role = Literal["ipsilesional", "contralesional", "both"]
Excluded = Literal["target", "target_mirror", "lesion"]

TARGET, EVERY = "target", "all"
"""Stand for regions: those of the target, and every region of the atlas."""


@dataclass(frozen=True)
class Reference:
    """What a target is compared with.

    Attributes
    ----------
    regions : tuple of str
        Regions of the atlas, joined by their volumes; ``("target",)`` are those of the target, ``("all",)`` all.
    side : {'ipsilesional', 'contralesional', 'both'}
        Relative to the stroke; ``both`` also holds regions on the midline.
    exclude : tuple of {'target', 'target_mirror', 'lesion'}
        What is left out: the target on the side of the stroke, the target on the other side, the voxels of the
        lesion mask.
    """

    regions: tuple[str, ...]
    side: Role
    exclude: tuple[Excluded, ...] = ()

    @property
    def is_mirror(self) -> bool:
        """Whether it is the target on the other side, which lies as deep in the head."""
        return self.regions == (TARGET,) and self.side == "contralesional"

    def told(self) -> str:
        """Return in words what it is.

        Examples
        --------
        >>> Reference(("thalamus", "putamen"), "contralesional").told()
        'thalamus, putamen; the side without the stroke'
        >>> Reference(("all",), "both", ("target", "lesion")).told()
        'every region of the atlas; both sides; without target, lesion'
        """
        words: dict[tuple[str, ...], str] = {(TARGET,): "the target", (EVERY,): "every region of the atlas"}
        parts = [words.get(self.regions, ", ".join(self.regions)), _SIDES[self.side]]
        return "; ".join(parts + ([f"without {', '.join(self.exclude)}"] if self.exclude else []))


_SIDES = {
    "ipsilesional": "the side of the stroke",
    "contralesional": "the side without the stroke",
    "both": "both sides",
}

_CORTEX = (
    "caudal_anterior_cingulate",
    "caudal_middle_frontal",
    "cuneus",
    "entorhinal",
    "fusiform",
    "inferior_parietal",
    "inferior_temporal",
    "insula",
    "isthmus_cingulate",
    "lateral_occipital",
    "lateral_orbitofrontal",
    "lingual",
    "medial_orbitofrontal",
    "middle_temporal",
    "paracentral",
    "parahippocampal",
    "pars_opercularis",
    "pars_orbitalis",
    "pars_triangularis",
    "pericalcarine",
    "postcentral",
    "posterior_cingulate",
    "precentral",
    "precuneus",
    "rostral_anterior_cingulate",
    "rostral_middle_frontal",
    "superior_frontal",
    "superior_parietal",
    "superior_temporal",
    "supramarginal",
    "transverse_temporal",
)

BUILT_IN: Mapping[str, Reference] = {
    "contralateral": Reference((TARGET,), "contralesional"),
    "cerebellum_ipsilesional": Reference(("cerebellum_gray_matter",), "ipsilesional"),
    "cerebellum_contralesional": Reference(("cerebellum_gray_matter",), "contralesional"),
    "cerebellum": Reference(("cerebellum_gray_matter",), "both"),
    "pons": Reference(("pons",), "both"),
    "hemisphere_contralesional": Reference(_CORTEX, "contralesional"),
}
"""The references there always are, with the regions of CerebrA; a config may change or leave out any."""


def read_references(given: Mapping[str, Any]) -> dict[str, Reference]:
    """Return the built-in references and those of a config.

    Parameters
    ----------
    given : mapping
        By name ``regions`` (one, or a list), ``side`` and perhaps ``exclude``; None leaves a built-in one out.

    Raises
    ------
    RegionError
        If one lacks regions or a side, or has what nobody knows.

    Examples
    --------
    >>> found = read_references({"pons": None, "thalami": {"regions": "thalamus", "side": "both"}})
    >>> "pons" in found, found["thalami"].regions
    (False, ('thalamus',))
    """
    references = dict(BUILT_IN)
    for name, entry in given.items():
        if entry is None:
            references.pop(name, None)
            continue
        known = isinstance(entry, Mapping) and {"regions", "side"} <= entry.keys() <= {"regions", "side", "exclude"}
        if not known:
            raise RegionError(f"reference {shown(name)} needs regions and side, and may have exclude")
        regions = (entry["regions"],) if isinstance(entry["regions"], str) else tuple(entry["regions"])
        exclude = tuple(entry.get("exclude") or ())
        if entry["side"] not in get_args(Role) or not set(exclude) <= set(get_args(Excluded)) or not regions:
            raise RegionError(
                f"reference {shown(name)}: side must be one of {listed(get_args(Role))},"
                f" exclude some of {listed(get_args(Excluded))}, regions not empty"
            )
        references[name] = Reference(regions, entry["side"], exclude)
    return references


def sides_of(role: Role, lesion_side: Side) -> tuple[RegionSide, ...]:
    """Return the sides a role means for this person: the only place where ipsilateral becomes a side.

    Examples
    --------
    >>> sides_of("ipsilesional", "left"), sides_of("contralesional", "left"), sides_of("both", "left")
    (('left',), ('right',), ('left', 'right', 'n/a'))
    """
    if role == "both":
        return ("left", "right", "n/a")
    return (lesion_side,) if role == "ipsilesional" else (opposite(lesion_side),)


def parts_of_reference(
    reference: Reference, target: Sequence[str], lesion_side: Side, known: Iterable[tuple[str, RegionSide]]
) -> list[tuple[str, RegionSide]]:
    """Return the regions and sides that a reference is made of in a person.

    Parameters
    ----------
    reference : Reference
    target : sequence of str
        Regions of the whole target.
    lesion_side : {'left', 'right'}
        The side of the stroke.
    known : iterable of (region, side)
        What the atlas has.

    Raises
    ------
    RegionError
        If the atlas lacks a region on every side that is asked for, or nothing is left.
    """
    have = dict.fromkeys(known)
    names = target if reference.regions == (TARGET,) else reference.regions
    if reference.regions == (EVERY,):
        names = list(dict.fromkeys(region for region, _ in have))
    sides = sides_of(reference.side, lesion_side)
    parts: list[tuple[str, RegionSide]] = []
    for name in names:
        found = [(name, side) for side in sides if (name, side) in have]
        if not found and reference.regions != (EVERY,):
            raise RegionError(f"region {shown(name)} ({listed(sides, joined=' or ')}) is not in the uptake table")
        parts += found
    out: set[tuple[str, RegionSide]] = set()
    if "target" in reference.exclude:
        out |= {(name, lesion_side) for name in target}
    if "target_mirror" in reference.exclude:
        out |= {(name, opposite(lesion_side)) for name in target}
    left = [part for part in parts if part not in out]
    if not left:
        raise RegionError("nothing is left of a reference once its target is excluded")
    return left


def lesionfree_regions(references: Iterable[Reference], target: Sequence[str], known: Iterable[str]) -> list[str]:
    """Return the regions, target aside, that a reference needs without the voxels of the lesion."""
    names: dict[str, None] = {}
    for reference in references:
        if "lesion" in reference.exclude:
            every, own = reference.regions == (EVERY,), reference.regions == (TARGET,)
            names |= dict.fromkeys(known if every else target if own else reference.regions)
    return [name for name in names if name not in target]
