"""Units of an injected activity."""

from __future__ import annotations

import unicodedata

from pet_spect.remarks import Remark

_CURIE_MBQ = 37e3
_PREFIXES = {"": 1.0, "k": 1e3, "kilo": 1e3, "m": 1e6, "mega": 1e6, "g": 1e9, "giga": 1e9}
_SMALL = {"": 1.0, "m": 1e-3, "milli": 1e-3, "u": 1e-6, "\N{GREEK SMALL LETTER MU}": 1e-6, "mc": 1e-6, "micro": 1e-6}
_MBQ = {
    **{f"{name}{unit}": scale / 1e6 for name, scale in _PREFIXES.items() for unit in ("bq", "becquerel", "becquerels")},
    **{f"{name}{unit}": scale * _CURIE_MBQ for name, scale in _SMALL.items() for unit in ("ci", "curie", "curies")},
}
"""MBq per unit, by the unit in small letters; m is mega before becquerel and milli before curie."""

_BQ_FROM, _MBQ_UP_TO = 1e6, 1e4


def dose_in_mbq(amount: float, unit: object, cautions: list[Remark]) -> float | None:
    """Return an activity whose unit a JSON says, in MBq; None if it is not known.

    A stated unit is used. Without one, the amount alone decides between Bq and MBq, and a caution says so.

    Parameters
    ----------
    amount : float
    unit : object
        ``InjectedRadioactivityUnits``.
    cautions : list of Remark
        Gets ``dose_unit_missing``, ``dose_unit_unknown`` or ``dose_implausible``.

    Examples
    --------
    >>> [round(dose_in_mbq(10, unit, []), 6) for unit in ("mCi", "MBq", "kBq")]
    [370.0, 10.0, 0.01]
    """
    if unit in (None, "", "n/a"):
        dose = bq_or_mbq(amount, "JSON", cautions)
        if dose is not None:
            assumed_unit = "MBq" if dose == amount else "Bq"
            cautions.append(Remark.of("dose_unit_missing", dose=amount, unit=assumed_unit))
        return dose
    text = unicodedata.normalize("NFKC", unit).replace(" ", "").lower() if isinstance(unit, str) else ""
    if text not in _MBQ:
        cautions.append(Remark.of("dose_unit_unknown"))
        return None
    return amount * _MBQ[text]


def bq_or_mbq(amount: float, source: str, cautions: list[Remark]) -> float | None:
    """Return an activity without a unit in MBq: no dose for a person is a number that could be Bq and MBq.

    Parameters
    ----------
    amount : float
    source : str
        Where it is stated, ``header`` or ``JSON``.
    cautions : list of Remark
        Gets ``dose_implausible`` if it is neither.
    """
    if amount >= _BQ_FROM:
        return amount / 1e6
    if 0 < amount <= _MBQ_UP_TO:
        return amount
    cautions.append(Remark.of("dose_implausible", case="no_unit", dose=amount, where=source))
    return None
