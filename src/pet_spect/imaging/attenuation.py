"""What a text says about the correction of attenuation."""

from __future__ import annotations

import re

_NEGATIONS = {"none", "no", "not", "non", "nac", "uncorrected", "without", "false"}
_BESIDE_NEGATIONS = {"attenuation", "ac", "atten", "correction", "corrected", "performed", "applied", "done", "cm"}
_METHODS = {
    *("applied", "measured", "calculated", "chang", "ct", "ctac", "transmission", "segmented", "uniform", "elliptical"),
    *("mr", "mri", "mrac", "dixon", "ute", "zte", "atlas"),
}
_PLAIN = ("ac", "yes", "true", "corrected", "attenuation corrected")
"""A whole text that says yes, without a method."""

_CONTRAST = re.compile(r"\b(without|no|non|w/o)[ -]*(iv|i\.v\.|intravenous)?[ -]*contrast\b")
"""A CT without contrast medium, which does not mean without attenuation correction."""


def corrected_by(text: str | None) -> bool | None:
    """Return whether a method says that attenuation was corrected; None if it says neither or both.

    Examples
    --------
    >>> [corrected_by(text) for text in ("measured, 0.096000 cm-1,", "NONE, 0.000000 cm-1,", "", "CT, not applied")]
    [True, False, None, None]
    """
    plain = (text or "").strip().lower()
    if plain in _PLAIN:
        return True
    words = set(re.findall(r"[a-z]+", _CONTRAST.sub("", plain).replace("n/a", "none")))
    if words & _NEGATIONS:
        return False if words <= _NEGATIONS | _BESIDE_NEGATIONS else None
    return True if words & _METHODS else None
