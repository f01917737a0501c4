"""Differences between two visits of a person with one tracer, item by item of the protocol."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pet_spect.errors import listed
from pet_spect.quantify.cohort.protocol.facts import ScanProtocol, VisitFacts
from pet_spect.quantify.cohort.protocol.rules import Item, TracerProtocol
from pet_spect.remarks import Remark
from pet_spect.remarks.catalogue import Code

_UNLISTED = "unlisted"  # as pet_spect.dicom.objects.vocabulary writes a text that it withholds
_NONE, _APPLIED = "none", "applied"
_UNKNOWN_COLLIMATOR = "UNKN"
_SAME_VOXEL = 0.01
_SAME_KEV = 2.0
_ROUNDING = 0.05
"""Times are given to a tenth of a minute, and a limit is not passed by what rounding adds."""

_OF_ANY_MAKER = frozenset(["medical", "systems", "healthcare", "company", "corporation", "imaging", "electronics"])
_SAME_MAKER = {
    "gems": "ge",
    "toshiba": "canon",
    "cps": "siemens",
    "cti": "siemens",
    "adac": "philips",
    "picker": "philips",
}


def differences(
    reference: VisitFacts, visit: VisitFacts, rules: TracerProtocol
) -> Iterator[tuple[Item, Remark | None]]:
    """Yield every item that differs with its remark, and every item that cannot be compared with None.

    Parameters
    ----------
    reference : VisitFacts
        The first session.
    visit : VisitFacts
        A later one.
    rules : TracerProtocol

    Examples
    --------
    >>> rules = TracerProtocol(agree=("scatter", "dose"))
    >>> baseline = VisitFacts("baseline", scan=ScanProtocol(scatter="none"))
    >>> dict(differences(baseline, VisitFacts("year1", scan=ScanProtocol(scatter="applied")), rules))["dose"] is None
    True
    """
    for item in rules.agree:
        if item in _NUMBERS:
            number = _NUMBERS[item]
            before, after, limit = number.value(reference), number.value(visit), number.limit(rules)
            verdict = None if before is None or after is None else number.apart(before, after) > limit + _ROUNDING
            fields: dict[str, object] = {"found": after, "reference": before, "limit": limit}
            code = number.code
        else:
            text = _TEXTS[item]
            verdict = text.differ(reference.scan or ScanProtocol(), visit.scan or ScanProtocol())
            fields = {"found": text.spelled(visit.scan or ScanProtocol())}
            fields["reference"] = text.spelled(reference.scan or ScanProtocol())
            code = text.code
        if verdict is None:
            yield item, None
        elif verdict:
            yield item, Remark.of(code, session=reference.session, **fields)


@dataclass(frozen=True)
class _Text:
    """An item in words: whether two scans differ in it (None if that is not known), and how it is shown."""

    code: Code
    differ: Callable[[ScanProtocol, ScanProtocol], bool | None]
    spelled: Callable[[ScanProtocol], str]


@dataclass(frozen=True)
class _Number:
    """An item in numbers: its value at a visit, how far two of them are apart, and how far they may be."""

    code: Code
    value: Callable[[VisitFacts], float | None]
    apart: Callable[[float, float], float]
    limit: Callable[[TracerProtocol], float]


def _difference(one: float, other: float) -> float:
    return abs(one - other)


def _percent_of_mean(one: float, other: float) -> float:
    return 200 * abs(one - other) / (one + other) if one + other > 0 else 0.0


def _tokens(text: str) -> list[str | float]:
    """Return words and numbers, so that ``Gauss 2.00`` and ``GAUSS 2.0`` are one."""
    parts = re.findall(r"[^\W\d_]+|\d+(?:\.\d+)?", text.casefold())
    return [float(part) if part[0].isdigit() else part for part in parts]


def _texts_differ(one: str | None, other: str | None) -> bool | None:
    """Return whether texts differ; of two that were both withheld that is not known."""
    if not one or not other or one == other == _UNLISTED:
        return None
    return _tokens(one) != _tokens(other)


def _numbers_differ(one: float | None, other: float | None) -> bool | None:
    return None if one is None or other is None else _percent_of_mean(one, other) > 100 * _SAME_VOXEL


def _scanners_differ(one: ScanProtocol, other: ScanProtocol) -> bool | None:
    model = _texts_differ(one.model, other.model)
    makers = [_maker(each.maker) for each in (one, other)]
    if all(makers) and not makers[0] & makers[1]:
        return True
    return model


def _maker(text: str | None) -> frozenset[str]:
    """Return the words that name a maker, whatever its branch is called today; none if the text is not known."""
    words = re.findall(r"[^\W\d_]+", (text or "").casefold())
    named = {_SAME_MAKER.get(word, word) for word in words if word not in _OF_ANY_MAKER}
    return frozenset(named - {_UNLISTED})


def _settings_differ(
    texts: Sequence[tuple[str | None, str | None]], numbers: Sequence[tuple[float | None, float | None]]
) -> bool | None:
    """Return whether two scans differ in settings, of which at least one must be known.

    A scanner writes its settings into every header or into none: what one scan states and the other does not was not
    done there, or by another program.
    """
    pairs = [*texts, *numbers]
    if any((one is None) != (other is None) for one, other in pairs):
        return True
    verdicts = [_texts_differ(*pair) for pair in texts] + [_numbers_differ(*pair) for pair in numbers]
    return True if True in verdicts else False if False in verdicts else None


def _reconstructions_differ(one: ScanProtocol, other: ScanProtocol) -> bool | None:
    numbers = [(one.iterations, other.iterations), (one.subsets, other.subsets)]
    return _settings_differ([(one.reconstruction, other.reconstruction)], numbers)


def _filters_differ(one: ScanProtocol, other: ScanProtocol) -> bool | None:
    numbers = [
        (one.filter_size_mm, other.filter_size_mm),
        (one.filter_cutoff, other.filter_cutoff),
        (one.filter_order, other.filter_order),
    ]
    return _settings_differ([(one.filter_type, other.filter_type)], numbers)


def _corrections_differ(one: str | None, other: str | None) -> bool | None:
    """Return whether a correction differs; a method without a known name may be any."""
    if one is None or other is None:
        return None
    if (one == _NONE) != (other == _NONE):
        return True
    return False if {one, other} & {_APPLIED, _UNLISTED} else _texts_differ(one, other)


def _collimators_differ(one: ScanProtocol, other: ScanProtocol) -> bool | None:
    kinds = [None if scan.collimator_type == _UNKNOWN_COLLIMATOR else scan.collimator_type for scan in (one, other)]
    return _settings_differ([(kinds[0], kinds[1]), (one.collimator, other.collimator)], [])


def _windows_differ(one: ScanProtocol, other: ScanProtocol) -> bool | None:
    own, others = sorted(one.energy_windows), sorted(other.energy_windows)
    if not own and not others:
        return None
    return len(own) != len(others) or any(
        abs(mine - its) > _SAME_KEV
        for limits, other_limits in zip(own, others, strict=True)
        for mine, its in zip(limits, other_limits, strict=True)
    )


def _voxels_differ(one: ScanProtocol, other: ScanProtocol) -> bool | None:
    if one.voxel_mm is None or other.voxel_mm is None:
        return None
    return any(
        _percent_of_mean(mine, its) > 100 * _SAME_VOXEL
        for mine, its in zip(sorted(one.voxel_mm), sorted(other.voxel_mm), strict=True)
    )


def _spelled(*parts: object) -> str:
    """Return the known parts of an item in words."""
    words = [f"{part:g}" if isinstance(part, float) else str(part) for part in parts if part not in (None, "")]
    return " ".join(words) or "not stated"


def _labelled(label: str, value: float | None) -> str | None:
    return None if value is None else f"{label} {value:g}"


_TEXTS: Mapping[Item, _Text] = {
    "scanner": _Text("scanner_differs", _scanners_differ, lambda scan: _spelled(scan.maker, scan.model)),
    "reconstruction": _Text(
        "reconstruction_differs",
        _reconstructions_differ,
        lambda scan: _spelled(
            scan.reconstruction, _labelled("iterations", scan.iterations), _labelled("subsets", scan.subsets)
        ),
    ),
    "filter": _Text(
        "filter_differs",
        _filters_differ,
        lambda scan: _spelled(
            scan.filter_type,
            _labelled("mm", scan.filter_size_mm),
            _labelled("cutoff", scan.filter_cutoff),
            _labelled("order", scan.filter_order),
        ),
    ),
    "attenuation": _Text(
        "attenuation_differs",
        lambda one, other: _corrections_differ(one.attenuation, other.attenuation),
        lambda scan: _spelled(scan.attenuation),
    ),
    "scatter": _Text(
        "scatter_differs",
        lambda one, other: _corrections_differ(one.scatter, other.scatter),
        lambda scan: _spelled(scan.scatter),
    ),
    "collimator": _Text(
        "collimator_differs", _collimators_differ, lambda scan: _spelled(scan.collimator_type, scan.collimator)
    ),
    "energy_window": _Text(
        "energy_window_differs",
        _windows_differ,
        lambda scan: _spelled(
            listed((f"{lower:g} to {upper:g} keV" for lower, upper in scan.energy_windows), joined=" and ")
        ),
    ),
    "voxel_size": _Text(
        "voxel_size_differs",
        _voxels_differ,
        lambda scan: " x ".join(f"{size:.3g}" for size in scan.voxel_mm or ()) + " mm",
    ),
}

_NUMBERS: Mapping[Item, _Number] = {
    "start": _Number(
        "uptake_time_differs", lambda visit: visit.start_minutes, _difference, lambda rules: rules.start_apart_minutes
    ),
    "dose": _Number(
        "dose_differs",
        lambda visit: visit.scan.dose_mbq if visit.scan else None,
        _percent_of_mean,
        lambda rules: rules.dose_apart_percent,
    ),
    "duration": _Number(
        "duration_differs",
        lambda visit: visit.scan.duration_s if visit.scan else None,
        _percent_of_mean,
        lambda rules: rules.duration_apart_percent,
    ),
    "glucose": _Number(
        "glucose_differs", lambda visit: visit.glucose_mg_dl, _difference, lambda rules: rules.glucose_apart_mg_dl
    ),
    "benzodiazepine": _Number(
        "benzodiazepine_differs",
        lambda visit: None if visit.benzodiazepine is None else float(visit.benzodiazepine),
        _difference,
        lambda _: 0.0,
    ),
}
