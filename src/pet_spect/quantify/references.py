"""References of a target: named, each the mean of some regions on some side."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, get_args

from pet_spect.errors import RegionError, did_you_mean, listed, shown
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

    def __post_init__(self) -> None:
        for what, words, allowed in (("regions", self.regions, None), ("exclude", self.exclude, get_args(Excluded))):
            if not isinstance(words, tuple) or not all(isinstance(word, str) for word in words):
                raise RegionError(f"{what} of a reference: found {shown(words)}, needed a tuple of names")
            if len(set(words)) < len(words) or (allowed is not None and not set(words) <= set(allowed)):
                needed = "different names" if allowed is None else f"different ones of {listed(allowed)}"
                raise RegionError(f"{what} of a reference: found {shown(words)}, needed {needed}")
        if not self.regions:
            raise RegionError("regions of a reference: found none, needed one or several")
        if self.side not in get_args(Role):
            raise RegionError(f"side of a reference: found {shown(self.side)}, needed one of {listed(get_args(Role))}")

    def is_mirror(self, target: Sequence[str]) -> bool:
        """Return whether it is the target on the other side, which lies as deep in the head."""
        own = self.regions == (TARGET,) or set(self.regions) == set(target)
        return own and self.side == "contralesional"

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


_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")

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
    "whole_brain": Reference((EVERY,), "both", ("target", "target_mirror")),
}
"""The references there always are, with the regions of CerebrA; a config may change or leave out any."""


def read_references(entries: Mapping[str, Any]) -> dict[str, Reference]:
    """Return the built-in references and those of a config.

    Parameters
    ----------
    entries : mapping
        By name ``regions`` (one, or a list), ``side`` and perhaps ``exclude``; None leaves a built-in one out.

    Raises
    ------
    RegionError
        If one lacks regions or a side, has what nobody knows, or is left out though it is not built in.

    Examples
    --------
    >>> found = read_references({"pons": None, "thalami": {"regions": "thalamus", "side": "both"}})
    >>> "pons" in found, found["thalami"].regions
    (False, ('thalamus',))
    """
    references = dict(BUILT_IN)
    for name, entry in entries.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name == "none":
            raise RegionError(f"found {shown(name)}, needed a name of small letters, digits and underscores")
        if entry is None and name in references:
            del references[name]
            continue
        if not isinstance(entry, Mapping) or not {"regions", "side"} <= entry.keys() <= {"regions", "side", "exclude"}:
            none = "" if name in BUILT_IN else "; only a built-in one can be left out"
            raise RegionError(f"{name}: needs regions and side, and may have exclude{none}")
        regions, exclude = entry["regions"], entry.get("exclude") or []
        try:
            references[name] = Reference(_as_tuple(regions), entry["side"], _as_tuple(exclude))
        except RegionError as error:
            raise RegionError(f"{name}: {error}") from None
    return references


def _as_tuple(words: Any) -> Any:
    if isinstance(words, str):
        return (words,)
    return tuple(words) if isinstance(words, list | tuple) else words


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
    reference: Reference, target: Sequence[str], lesion_side: Side, available: Iterable[tuple[str, RegionSide]]
) -> list[tuple[str, RegionSide]]:
    """Return the regions and sides that a reference is made of in a person.

    Parameters
    ----------
    reference : Reference
    target : sequence of str
        Regions of the whole target.
    lesion_side : {'left', 'right'}
        The side of the stroke.
    available : iterable of (region, side)
        What the atlas has.

    Raises
    ------
    RegionError
        If the atlas lacks a region on every side that is asked for, or nothing is left.
    """
    return list(_parts(reference, tuple(target), lesion_side, tuple(available)))


@lru_cache(maxsize=2**8)
def _parts(
    reference: Reference, target: tuple[str, ...], lesion_side: Side, available: tuple[tuple[str, RegionSide], ...]
) -> tuple[tuple[str, RegionSide], ...]:
    """Return what `parts_of_reference` does, which is the same for all scans of a study but for the side."""
    have = dict.fromkeys(available)
    names = target if reference.regions == (TARGET,) else reference.regions
    if reference.regions == (EVERY,):
        names = tuple(dict.fromkeys(region for region, _ in have))
    sides = sides_of(reference.side, lesion_side)
    parts: list[tuple[str, RegionSide]] = []
    for name in names:
        present = [(name, side) for side in sides if (name, side) in have]
        if not present and reference.regions != (EVERY,):
            near = did_you_mean(name, (region for region, _ in have if region != name))
            raise RegionError(
                f"region {shown(name)} ({listed(sides, joined=' or ')}) is not among those measured{near}"
            )
        parts += present
    out: set[tuple[str, RegionSide]] = set()
    if "target" in reference.exclude:
        out |= {(name, lesion_side) for name in target}
    if "target_mirror" in reference.exclude:
        out |= {(name, opposite(lesion_side)) for name in target}
    left = tuple(part for part in parts if part not in out)
    if not left:
        raise RegionError(f"nothing is left of the reference without {listed(reference.exclude)}")
    return left


def lesionfree_regions(
    references: Iterable[Reference], target: Sequence[str], region_names: Iterable[str]
) -> list[str]:
    """Return the regions, target aside, that a reference needs without the voxels of the lesion."""
    names: dict[str, None] = {}
    for reference in references:
        if "lesion" in reference.exclude:
            every, own = reference.regions == (EVERY,), reference.regions == (TARGET,)
            names |= dict.fromkeys(region_names if every else target if own else reference.regions)
    return [name for name in names if name not in target]
