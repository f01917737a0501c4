"""Pseudonyms from one secret: new identifiers, a code per person, and the days by which a person's dates move.

All of it is keyed (HMAC-SHA256), so that who does not have the secret can neither
reverse it nor try out which patient number belongs to a code, while two runs
with the same secret agree.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from pydicom.uid import UID

from pet_spect.errors import PetSpectError

_SHORTEST_KEY = 16
_FEWEST_DAYS, _MOST_DAYS = 400, 3650


@dataclass(frozen=True)
class Pseudonyms:
    """Replacements of identifying values.

    Attributes
    ----------
    secret : bytes
        Never written, never shown.
    """

    secret: bytes = field(repr=False)

    def uid(self, original: str) -> str:
        """Return the identifier that replaces one, always the same; those that DICOM itself defines stay.

        Examples
        --------
        >>> Pseudonyms(b"secret").uid("1.2.840.10008.1.2.1")
        '1.2.840.10008.1.2.1'
        >>> Pseudonyms(b"secret").uid("1.2.3") == Pseudonyms(b"other").uid("1.2.3")
        False
        """
        if is_registered(original):
            return original
        return f"2.25.{uuid.UUID(bytes=self._digest('uid', original)[:16], version=4).int}"

    def code(self, what: str, original: str) -> str:
        """Return ten hexadecimal digits that stand for a person (``person``) or a series (``series``)."""
        return self._digest(what, original).hex()[:10]

    def shift(self, person: str) -> timedelta:
        """Return how far all dates of a person move: 400 to 3650 days back."""
        number = int.from_bytes(self._digest("days", person)[:8], "big")
        return -timedelta(days=_FEWEST_DAYS + number % (_MOST_DAYS - _FEWEST_DAYS + 1))

    def _digest(self, what: str, original: str) -> bytes:
        return hmac.new(self.secret, f"{what}\0{original}".encode("utf-8", "surrogatepass"), hashlib.sha256).digest()


def is_registered(uid: str) -> bool:
    """Return whether DICOM itself defines an identifier (PS3.6 Annex A)."""
    return bool(UID(uid).name != uid)


def pseudonyms_from(key: Path | None) -> Pseudonyms:
    """Return the pseudonyms of a key file, or of a fresh secret that nobody keeps.

    Raises
    ------
    PetSpectError
        If the file cannot be read or holds too little to be a secret.
    """
    if key is None:
        return Pseudonyms(secrets.token_bytes(32))
    try:
        secret = key.read_bytes()
    except OSError as error:
        raise PetSpectError(
            f"{key}: the key cannot be read ({error.strerror}); make one with: head -c 32 /dev/urandom > {key}",
            code="key_unreadable",
        ) from None
    if len(secret) < _SHORTEST_KEY:
        raise PetSpectError(
            f"{key}: the key holds {len(secret)} bytes, at least {_SHORTEST_KEY} random ones are needed",
            code="key_short",
        )
    return Pseudonyms(secret)
