"""Which faults of a scan a person may accept in qc.tsv, and what that needs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

BY_EYE = frozenset(
    {
        "gate_similarity",
        "gate_overlap",
        "gate_likeness",
        "gate_blur",
        "gate_beside",
        "gate_stranger",
        "gate_agreement",
    }
)
"""Gates of normalise that an eye can judge: accepted, they let the scan through with a warning."""

WITH_WITNESS = frozenset({"laterality_disagree"})
"""Faults whose acceptance counts only where a lesion mask or an anatomical image agrees with lesion_side."""

_MIRRORED = "left and right are exchanged and no eye can tell in which scan"
_CUT = "the part that is out of view cannot be measured"
_TURNED = "the head does not lie as its header says, so left and right are not certain"

NEVER: Mapping[str, str] = MappingProxyType(
    {
        "gate_mirrored": "the head fits only as its mirror image",
        "gate_mirrored_visit": _MIRRORED,
        "laterality_mirrored": _MIRRORED,
        "identical_scans": "one scan cannot be two visits",
        "gate_field_of_view": _CUT,
        "low_coverage": _CUT,
        "gate_orientation": _TURNED,
        "upside_down": _TURNED,
    }
)
"""Faults that nobody can accept, and why."""

_FIRST_CHECKED = (0, 2)
"""The version from which on a line that accepts one of `NEVER` is an error."""


def never_accepted(code: str, version: str) -> str | None:
    """Return why a line of qc.tsv may not accept a code; None if it may.

    Version 0.1 had no such rule. There an ``accept`` of a refusal only said that the refusal is known,
    and it still says so.

    Parameters
    ----------
    code : str
    version : str
        The version of the software that the line names.

    Examples
    --------
    >>> never_accepted("identical_scans", "0.2.0")
    'one scan cannot be two visits'
    >>> never_accepted("identical_scans", "0.1.0"), never_accepted("gate_overlap", "0.2.0")
    (None, None)
    """
    parts = [part for part in version.split(".")[:2] if part.isdecimal()]
    older = len(parts) == 2 and tuple(map(int, parts)) < _FIRST_CHECKED
    return None if older else NEVER.get(code)
