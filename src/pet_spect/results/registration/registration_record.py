"""The record of a participant's registration: what normalise leaves for the steps after it, written and read here.

Every number is finite unless its field says that it may be NaN, which the file holds as null.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pet_spect import __version__
from pet_spect.errors import ImageError
from pet_spect.files import read_json, write_json
from pet_spect.model import STANDARD_SPACE, ScanKey
from pet_spect.remarks import Remark
from pet_spect.remarks.catalogue import Code
from pet_spect.results.provenance_record import Provenance
from pet_spect.results.record_values import VolumesMl
from pet_spect.results.registration.registration_entries import (
    RefusedAnat,
    RefusedEntry,
    RegisteredAnat,
    RegisteredEntry,
)
from pet_spect.results.typed_json import Key, Mark, MismatchError, as_json, from_json


@dataclass(frozen=True, kw_only=True)
class LesionEntry:
    """The lesion that the registration used.

    Attributes
    ----------
    source : {'given', 'estimated'}
    volume_ml : VolumesMl
    seen_ml : VolumesMl
        What the leading image itself shows, also where a mask was given.
    code, reason : str or None
        What was wrong with a mask that was given; None if nothing.
    """

    source: Literal["given", "estimated"]
    volume_ml: VolumesMl
    seen_ml: VolumesMl
    code: Code | None
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class WarpEntry:
    """The warp between participant and standard space.

    Attributes
    ----------
    jacobian_low, jacobian_high : float
        Range of local volume change inside the brain.
    misplacement_mm : float
        How far a fold may lie from where the warp puts it (standard deviation).
    """

    jacobian_low: float
    jacobian_high: float
    misplacement_mm: float


@dataclass(frozen=True, kw_only=True)
class Settings:
    """With what the participant was registered.

    Attributes
    ----------
    gates : mapping of str to float
        The fields of `pet_spect.registration.gates.plausibility.Gates`.
    deformation : mapping of str to object
        Those of `pet_spect.registration.warp.Deformation`; no step depends on them, the report tells them.
    """

    gates: Mapping[str, float]
    deformation: Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class RegistrationRecord:
    """What became of every scan of a participant, the warp, the lesion and the settings.

    Attributes
    ----------
    participant : str
    software_version : str
    space : str
        The standard space.
    anat : RegisteredAnat, RefusedAnat or None
        None if there is no anatomical image.
    scans : tuple of RegisteredEntry and RefusedEntry
        Every scan that was listed.
    leading : str or None
        The tracer, or kind of anatomical image, whose images drive the warp; None where no scan is left.
    lesion : LesionEntry or None
        None where no scan is left.
    warp : WarpEntry or None
        None where no scan is left.
    settings : Settings
    provenance : Provenance or None
        None in the record of an earlier version.
    outputs : mapping of str to str or None
        SHA-256 of the transforms and the lesion mask, by path below ``results``; None in that of an earlier version.
    """

    participant: str
    software_version: str = __version__
    space: str = STANDARD_SPACE
    anat: RegisteredAnat | RefusedAnat | None = None
    scans: tuple[RegisteredEntry | RefusedEntry, ...] = ()
    leading: str | None = None
    lesion: LesionEntry | None = None
    warp: WarpEntry | None = None
    settings: Settings
    provenance: Annotated[Provenance | None, Mark.LEFT_OUT] = None
    outputs: Annotated[Mapping[str, str] | None, Key("OutputSha256"), Mark.LEFT_OUT] = None

    def registered(self, key: ScanKey) -> RegisteredEntry | None:
        """Return the entry of a registered scan; None if it was refused or is not known."""
        entry = self._entry(key)
        return entry if isinstance(entry, RegisteredEntry) else None

    def refused(self, key: ScanKey) -> RefusedEntry | None:
        """Return the entry of a refused scan; None if it was registered or is not known."""
        entry = self._entry(key)
        return entry if isinstance(entry, RefusedEntry) else None

    def _entry(self, key: ScanKey) -> RegisteredEntry | RefusedEntry | None:
        return next((scan for scan in self.scans if (scan.session, scan.tracer) == (key.session, key.tracer)), None)

    def tracer_of(self, session: str, label: str) -> str | None:
        """Return what the tables call the tracer of a scan whose file name has this label; None if it is not known."""
        return next((scan.tracer for scan in self.scans if (scan.session, scan.label) == (session, label)), None)

    @property
    def misplacement_mm(self) -> float:
        """How far a fold may lie from where the warp puts it (standard deviation); 0 if nothing was registered."""
        return 0.0 if self.warp is None else self.warp.misplacement_mm

    @property
    def anat_fault(self) -> Remark | None:
        """What to say of a participant whose anatomical image was refused."""
        if not isinstance(self.anat, RefusedAnat):
            return None
        why = self.anat.refusal
        return Remark.of("anat_refused", refusal=why.code, reason=why.reason)

    @property
    def lesion_seen_ml(self) -> VolumesMl:
        """How much of a lesion the leading image itself shows; 0 if nothing was registered."""
        return VolumesMl(left=0.0, right=0.0) if self.lesion is None else self.lesion.seen_ml


def write_registration_record(path: Path, record: RegistrationRecord) -> None:
    """Write a participant's registration record."""
    write_json(path, as_json(record))


def read_registration_record(path: Path) -> RegistrationRecord:
    """Read what `write_registration_record` wrote.

    Raises
    ------
    ImageError
        ``record_missing``, or ``record_unreadable`` if it is no JSON, or not such a record: a field is missing or of
        another type, as in the record of an earlier version.
    """
    content = read_json(path, ImageError, "record")
    try:
        return from_json(RegistrationRecord, content)
    except MismatchError as error:
        raise ImageError(
            f"{path}: is not a registration record of this version ({error}): run normalise again",
            code="record_unreadable",
        ) from None
