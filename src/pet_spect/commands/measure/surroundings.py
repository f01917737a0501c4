"""The surroundings that ``measure`` measures as well: rings round the lesion, and where the treatment was given."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np
from numpy.typing import NDArray

from pet_spect.commands.numbers import positive
from pet_spect.errors import ConfigError, ImageError, RegionError
from pet_spect.imaging.lesion_mask import read_mask
from pet_spect.model import STANDARD_SPACE, Refusal, Side, Volume, Warp
from pet_spect.quantify.surroundings import RINGS, TREATMENT_RADIUS_MM, TREATMENT_SITE
from pet_spect.remarks import Remark
from pet_spect.results import layout
from pet_spect.results.registration.registration_entries import RegisteredAnat, RegisteredEntry
from pet_spect.results.registration.registration_record import RegistrationRecord
from pet_spect.results.registration.transforms import (
    read_anat_to_participant_points,
    read_participant_to_standard_points,
    read_scan_to_participant_points,
    read_standard_to_participant_points,
)
from pet_spect.study.treatment import ANAT, MNI, Space, TreatmentPoint, read_points

if TYPE_CHECKING:
    from pet_spect.quantify.surrounding_uptake import SurroundingRegions


def add_surroundings(parser: argparse.ArgumentParser) -> None:
    """Declare the flags about surroundings."""
    parser.add_argument(
        "--lesion-rings",
        choices=get_args(Side),
        metavar="SIDE",
        help="also measure rings round the lesion of this side (left or right)",
    )
    parser.add_argument("--treatment", action="store_true", help="also measure where the treatment was given")
    parser.add_argument(
        "--treatment-sites", type=_points, default=(), metavar="POINTS", help="as in the column of participants.tsv"
    )
    parser.add_argument(
        "--treatment-mask", type=Path, metavar="FILE", help="burr hole and needle track, its name says in which space"
    )
    parser.add_argument(
        "--treatment-radius",
        type=positive,
        default=TREATMENT_RADIUS_MM,
        metavar="MM",
        help="how far from a point or the mask tissue counts as treated (default %(default)s)",
    )


def _points(text: str) -> tuple[TreatmentPoint, ...]:
    try:
        return read_points(text)
    except ConfigError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def surroundings_of(
    options: argparse.Namespace, record: RegistrationRecord, lesion: Volume | None, lesion_fault: Refusal | None
) -> tuple[SurroundingRegions, ...]:
    """Return the surroundings that are asked for, those that the participant does not have as well.

    Parameters
    ----------
    options : argparse.Namespace
    record : RegistrationRecord
    lesion : Volume or None
        The lesion mask that a person drew, in the standard space.
    lesion_fault : Refusal or None
        What is wrong with one.

    Raises
    ------
    ConfigError
        If a treatment is described that is not asked for.
    RegionError
        Without ``--record-refusal``, if a treatment site that is given cannot be measured.
    """
    from pet_spect.quantify.surrounding_uptake import SurroundingRegions

    if not options.treatment and (options.treatment_sites or options.treatment_mask is not None):
        raise ConfigError("--treatment-sites and --treatment-mask need --treatment; it is not given")
    if not (options.treatment or options.lesion_rings):
        return ()
    names = (*(RINGS if options.lesion_rings else ()), *((TREATMENT_SITE,) if options.treatment else ()))
    if record.warp is None:
        nothing = Remark.of("no_value")  # every scan says why itself
        return (SurroundingRegions(names, absence=nothing),)
    from pet_spect.imaging.measurable_tissue import measurable_tissue

    place = _Place(options, record, measurable_tissue())
    found: list[SurroundingRegions] = []
    used, notes, absence = _lesion_of(options, record, lesion, lesion_fault)
    if options.lesion_rings:
        found.append(_rings(place, options.lesion_rings, used, absence, notes))
    if options.treatment:
        found.append(_treatment(place, used))
        _report_fault(options, found[-1].absence)
    return tuple(found)


def _report_fault(options: argparse.Namespace, absence: Remark | None) -> None:
    """Say in the log what is wrong with a treatment site that is given; without ``--record-refusal`` it is an error."""
    if absence is None or absence.code == "no_treatment_site":
        return
    line = f"the treatment site of {options.participant}: {absence.text}"
    if not options.record_refusal:
        raise RegionError(line)
    print(f"{line}; its values are n/a", file=sys.stderr)


class _Place:
    """Where things of a participant lie: the standard grid, and the ways to and from it."""

    def __init__(self, options: argparse.Namespace, record: RegistrationRecord, tissue: Volume) -> None:
        self.options, self.record, self.tissue = options, record, tissue
        self.to_standard: Warp = read_participant_to_standard_points(options.results, options.participant)
        self.to_participant: Warp = read_standard_to_participant_points(options.results, options.participant)

    def image_to_participant(self, space: Space) -> NDArray[np.float64] | None:
        """Return the (4, 4) way from an image's points to the participant's; None if it was not registered."""
        results, who = self.options.results, self.options.participant
        if space == ANAT:
            if not isinstance(self.record.anat, RegisteredAnat):
                return None  # of a refused image, the file of an earlier run may be left
            return read_anat_to_participant_points(results, who)
        for entry in self.record.scans:
            if isinstance(entry, RegisteredEntry) and (entry.session, entry.label) == space:
                # the datatype has no part in the name of a transform
                return read_scan_to_participant_points(results, layout.ScanName(who, *space, "pet"))
        return None


def _lesion_of(
    options: argparse.Namespace, record: RegistrationRecord, drawn: Volume | None, fault: Refusal | None
) -> tuple[Volume | None, tuple[Remark, ...], Remark | None]:
    """Return the lesion: drawn, else as the registration clearly saw it; what to say of it; and why there is none."""
    from pet_spect.quantify.laterality import CLEAR_ML, CLEAR_SHARE, side_of_deficit
    from pet_spect.results.registration.registered_scan import read_warp_lesion

    if drawn is not None or fault is not None:
        return drawn, (), None if fault is None else fault.remark
    lesion = record.lesion
    if lesion is None:
        return None, (), Remark.of("no_value")
    by_side = {"left": lesion.volume_ml.left, "right": lesion.volume_ml.right}
    side: Side | None = options.lesion_rings or side_of_deficit((by_side["left"], by_side["right"]))
    if side is None or side_of_deficit((by_side["left"], by_side["right"])) != side:
        side = side or "left"
        seen, other = by_side.pop(side), next(iter(by_side.values()))
        absence = Remark.of(
            "no_lesion", case="seen", seen=seen, other=other, side=side, needed=CLEAR_ML, share=CLEAR_SHARE
        )
        return None, (), absence
    note = Remark.of("lesion_estimated", seen=by_side[side], side=side)
    return read_warp_lesion(options.results, options.participant), (note,), None


def _rings(
    place: _Place, side: Side, lesion: Volume | None, absence: Remark | None, notes: tuple[Remark, ...]
) -> SurroundingRegions:
    from pet_spect.quantify.measurement import ParticipantRegions
    from pet_spect.quantify.surrounding_uptake import SurroundingRegions
    from pet_spect.quantify.surroundings import lesion_rings

    if lesion is None:
        return SurroundingRegions(tuple(RINGS), absence=absence)
    atlas = lesion_rings(place.tissue, lesion, side, place.to_participant)
    if atlas is None:
        return SurroundingRegions(tuple(RINGS), absence=Remark.of("no_lesion", case="mask", side=side))
    if not atlas.labels.any():
        return SurroundingRegions(tuple(RINGS), absence=Remark.of("no_volume", case="joined"))
    regions = ParticipantRegions(atlas, place.to_standard, lesion=lesion, min_coverage=place.options.min_coverage)
    return SurroundingRegions(tuple(RINGS), regions, notes=notes)


def _treatment(place: _Place, lesion: Volume | None) -> SurroundingRegions:
    from pet_spect.quantify.measurement import ParticipantRegions
    from pet_spect.quantify.surrounding_uptake import SurroundingRegions
    from pet_spect.quantify.surroundings import treatment_regions

    options, names = place.options, (TREATMENT_SITE,)
    if not options.treatment_sites and options.treatment_mask is None:
        return SurroundingRegions(names, absence=Remark.of("no_treatment_site"))
    track = None if options.treatment_mask is None else _track(place, options.treatment_mask)
    if isinstance(track, Remark):
        return SurroundingRegions(names, absence=track)
    points = []
    for number, each in enumerate(options.treatment_sites, start=1):
        point = _point(place, each, number)
        if isinstance(point, Remark):
            return SurroundingRegions(names, absence=point)
        points.append(point)
    atlas = treatment_regions(
        place.tissue, place.to_participant, points=points, track=track, radius_mm=options.treatment_radius
    )
    if not atlas.labels.any():
        return SurroundingRegions(names, absence=Remark.of("no_volume", case="region", region=TREATMENT_SITE))
    regions = ParticipantRegions(atlas, place.to_standard, lesion=lesion, min_coverage=options.min_coverage)
    return SurroundingRegions(names, regions)


def _point(place: _Place, point: TreatmentPoint, number: int) -> tuple[NDArray[np.float64], Side] | Remark:
    """Return a point in the participant and its side, or why it cannot be used."""
    from pet_spect.imaging.measurable_tissue import standard_brain
    from pet_spect.quantify.surroundings import holds, in_both_spaces, side_of

    way = None if point.space == MNI else place.image_to_participant(point.space)
    if way is None and point.space != MNI:
        return Remark.of("treatment_image_refused")
    own, standard = in_both_spaces(point.point, way, place.to_participant, place.to_standard)
    if not holds(standard_brain(), standard):
        return Remark.of("treatment_outside", case="point", number=number)
    side = side_of(standard)
    return Remark.of("treatment_outside", case="midline", number=number) if side is None else (own, side)


def _track(place: _Place, path: Path) -> NDArray[np.bool_] | Remark:
    """Return the treatment mask on the standard grid, or why it cannot be used."""
    from pet_spect.imaging.measurable_tissue import standard_brain
    from pet_spect.quantify.surroundings import carried_mask

    name = f"the treatment mask of {place.options.participant}"
    try:
        mask = read_mask(path, name)
    except ImageError as error:
        return Remark.of("treatment_mask", reason=str(error))
    space = layout.mask_space(path)
    if space is None:
        needed = f"space-{STANDARD_SPACE}, space-anat or ses-SESSION_trc-LABEL of a scan"
        return Remark.of("treatment_mask", reason=f"{name}: its file name says no space; needed is {needed}")
    way = None if space == STANDARD_SPACE else place.image_to_participant(space)
    if way is None and space != STANDARD_SPACE:
        return Remark.of("treatment_image_refused")
    track = carried_mask(mask, standard_brain(), way, place.to_participant)
    return track if track.any() else Remark.of("treatment_outside", case="mask")
