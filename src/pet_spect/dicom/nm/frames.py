"""The frames of an NM object that make the volume: slices, gates, energy windows, detectors (PS3.3 C.8.4.8)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pet_spect.dicom.facts.declared import Declared
from pet_spect.dicom.files.read import Header
from pet_spect.errors import listed
from pet_spect.remarks.catalogue import Code

_SLICE_VECTOR = 0x00540080
_KINDS = ("STATIC", "DYNAMIC", "GATED", "WHOLE BODY", "TOMO", "GATED TOMO")


@dataclass(frozen=True)
class NmFrames:
    """The frames of one volume.

    Attributes
    ----------
    indices : (G, N) int array
        Stored frames: G gates that are added, of the slices 1 to N each.
    first_slice : int
        Slice number of the first frame stored, whose place ImagePositionPatient gives: 1 only if it is
        that of the object and of the volume.
    energy_window, detector : int or None
        Number of the one chosen; None where the object holds no other.
    gate : str or None
        ``3 of 8`` or ``sum of 8``; None where it is not gated.
    """

    indices: NDArray[np.intp]
    first_slice: int
    energy_window: int | None
    detector: int | None
    gate: str | None


def check_kind(header: Header) -> None:
    """Refuse what is no reconstructed SPECT.

    Raises
    ------
    DicomError
        If ImageType value 3 is neither RECON TOMO nor RECON GATED TOMO.
    """
    kind = [word.upper() for word in header.texts("ImageType")]
    what = kind[2] if len(kind) > 2 else ""
    if "TRANSMISSION" in kind[3:]:
        raise header.error("ImageType value 4 is TRANSMISSION; an image of emission is needed", "not_emission")
    if what in ("TOMO", "GATED TOMO"):
        raise header.error(
            f"holds projections ({what}), not a volume; export the reconstructed series (RECON TOMO)", "projections"
        )
    if what not in ("RECON TOMO", "RECON GATED TOMO"):
        shown = what if what in _KINDS else "missing or unknown"
        raise header.error(f"ImageType value 3 is {shown}; RECON TOMO or RECON GATED TOMO is needed", "not_recon_tomo")


def choose_frames(header: Header, declared: Declared) -> NmFrames:
    """Return the frames of the volume that is meant.

    Parameters
    ----------
    header : Header
    declared : Declared
        Chooses among gates, energy windows and detectors; not looked at where there is one only.

    Raises
    ------
    DicomError
        If several volumes are held and none is chosen, slice numbers are not 1 to N once each, or there is one slice.
    """
    frames = header.integer("NumberOfFrames") or 1
    if frames == 1:
        raise header.error(
            "is one SPECT slice; a volume needs at least two (name the folder, not one of its files)", "slice_single"
        )
    pointers = {int(number) for number in header.numbers("FrameIncrementPointer")}
    if _SLICE_VECTOR not in pointers:
        raise header.error("FrameIncrementPointer does not name SliceVector; the frames have no order", "frame_order")
    slices = _vector(header, "SliceVector", frames)
    if not len(slices):
        raise header.error("SliceVector is missing; the frames have no order", "frame_order")
    if len(set(_vector(header, "RotationVector", frames))) > 1:
        raise header.error("RotationVector changes from frame to frame; one volume is needed", "not_static")
    kept, window = _choose(
        header, "EnergyWindowVector", "energy window", "energy_window", declared.energy_window, np.arange(frames)
    )
    kept, detector = _choose(header, "DetectorVector", "detector", "detector", declared.detector, kept)
    gates, gate = _gates(header, declared, kept)
    indices = [_by_slice(header, frame_numbers, slices) for frame_numbers in gates]
    if len({len(frame_numbers) for frame_numbers in indices}) > 1:
        raise header.error("its gates differ in their number of slices; one is needed", "frame_order")
    if len(indices[0]) < 2:
        raise header.error("has one slice; a volume needs at least two", "slice_single")
    return NmFrames(
        indices=np.array(indices, dtype=np.intp),
        first_slice=int(slices[kept.min()]) if slices[0] == 1 else int(slices[0]),
        energy_window=window,
        detector=detector,
        gate=gate,
    )


def _vector(header: Header, tag: str, frames: int) -> NDArray[np.float64]:
    """Return a frame vector, empty if it is missing."""
    values = header.numbers(tag)
    if values and len(values) != frames:
        raise header.error(f"{tag} has {len(values)} values for {frames} frames", "frame_order")
    return np.array(values)


def _choose(
    header: Header, tag: str, what: str, key: Code, choice: int | None, kept: NDArray[np.intp]
) -> tuple[NDArray[np.intp], int | None]:
    """Return the frames of the chosen energy window or detector, and its number if there are others."""
    vector = _vector(header, tag, header.integer("NumberOfFrames") or 1)
    numbers = sorted({int(number) for number in vector})
    if len(numbers) < 2:
        return kept, None
    if choice not in numbers:
        choice_text = "none is chosen" if choice is None else f"{choice} is chosen"
        raise header.error(f"holds {what}s {listed(numbers)} and {choice_text}; choose one ({key})", key)
    return kept[vector[kept] == choice], choice


def _gates(header: Header, declared: Declared, kept: NDArray[np.intp]) -> tuple[list[NDArray[np.intp]], str | None]:
    """Return the frames of each gate that is used, and what to call them."""
    frames = header.integer("NumberOfFrames") or 1
    vectors = [_vector(header, tag, frames) for tag in ("RRIntervalVector", "TimeSlotVector")]
    intervals, slots = (vector if len(vector) else np.ones(frames) for vector in vectors)
    gates = sorted({(float(intervals[frame]), float(slots[frame])) for frame in kept})
    members = [kept[(intervals[kept] == interval) & (slots[kept] == slot)] for interval, slot in gates]
    if len(gates) < 2:
        return members, None
    if declared.gate == "sum":
        return members, f"sum of {len(gates)}"
    if declared.gate is None or not 1 <= declared.gate <= len(gates):
        choice_text = "none is chosen" if declared.gate is None else f"{declared.gate} is chosen"
        raise header.error(f"holds {len(gates)} gates and {choice_text}; choose a number or sum (gate)", "gate")
    return [members[declared.gate - 1]], f"{declared.gate} of {len(gates)}"


def _by_slice(header: Header, frames: NDArray[np.intp], slices: NDArray[np.float64]) -> NDArray[np.intp]:
    numbers = slices[frames]
    if sorted(numbers) != list(range(1, len(numbers) + 1)) or not len(numbers):
        raise header.error(
            f"SliceVector is not each of 1 to {len(numbers)} once; slices are missing or there are several volumes",
            "frame_order",
        )
    return frames[np.argsort(numbers)]
