"""The verb ``figures``: pictures of the scans of one participant, with the atlas on them, or why one was refused.

Every scan that is named gets a picture, also a refused one, so that none goes missing from the report.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pet_spect.commands.arguments import add_atlas, add_participant, chosen_atlas
from pet_spect.commands.figures_visits import add_visit_arguments, draw_visits, measured_visits, visit_settings
from pet_spect.imaging.images import read_refusal, read_volume
from pet_spect.model import ScanKey, Volume, Warp
from pet_spect.results import layout
from pet_spect.results.converted_scan import read_converted_facts
from pet_spect.results.proof.manifest_part import write_figures_part
from pet_spect.results.proof.matching import check_registration
from pet_spect.results.registration.registered_scan import read_warp_lesion
from pet_spect.results.registration.registration_entries import Tried
from pet_spect.results.registration.registration_record import RegistrationRecord, read_registration_record
from pet_spect.results.registration.transforms import (
    read_participant_to_scan_points,
    read_participant_to_standard_points,
    read_standard_to_participant_points,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pet_spect.report.pictures.steps import Outline, Step

_FLAT = 1e-3
"""A pose that shrinks volumes to less than this shows nothing."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of ``pet-spect figures``."""
    add_participant(parser, scan_needed=True)
    add_atlas(parser)
    parser.add_argument(
        "--target", nargs="+", default=["precentral"], metavar="REGION", help="regions drawn left and right"
    )
    parser.add_argument("--reference", default=[], nargs="*", metavar="REGION", help="further regions to outline")
    add_visit_arguments(parser)


def run(options: argparse.Namespace) -> None:
    """Draw the pictures.

    Raises
    ------
    ConfigError
        If an image is not named as convert names it, an atlas is half given, or a flag of the visits is absent.
    AtlasError
        If the atlas lacks a region.
    ImageError
        If an image, a transform or the registration record cannot be used, or a file is not that of the registration.
    TableError
        If the uptake cannot be used, or was measured with another registration.
    """
    from pet_spect.report.pictures.steps import outlines
    from pet_spect.report.pictures.visits import Scene
    from pet_spect.report.results_folder import lesion_words
    from pet_spect.report.viewer.volumes import write_volumes

    settings = visit_settings(options)
    atlas = chosen_atlas(options)
    masks = outlines(atlas, options.target, options.reference)
    record = read_registration_record(options.results / layout.registration_record(options.participant))
    person = _Person(options.results, options.participant, record, masks)
    scans = {ScanKey(options.participant, session, tracer): Path(image) for session, tracer, image in options.scan}
    check_registration(options.results, record, scans)
    measured = {} if settings is None else measured_visits(options.results, settings, record, scans)
    for key, image in scans.items():
        _draw(person, key, image)
    if settings is not None:
        nothing = Volume(masks["left"].data * 0, masks["left"].affine)
        lesion = person.lesion if any(map(record.registered, scans)) else nothing  # where all were refused is none
        scene = Scene(masks, lesion, settings.lesion_side, lesion_words(record))
        draw_visits(options.results, settings, measured, scans, scene)
    write_volumes(options.results, record, list(scans.items()), atlas, options.target)
    write_figures_part(options.results, options.participant)


@dataclass(frozen=True)
class _Person:
    """What serves every scan of a participant, read when the first registered scan needs it."""

    results: Path
    name: str
    record: RegistrationRecord
    masks: Mapping[str, Outline]

    @cached_property
    def warps(self) -> tuple[Warp, Warp]:
        """From participant points to standard points, and back."""
        return (
            read_participant_to_standard_points(self.results, self.name),
            read_standard_to_participant_points(self.results, self.name),
        )

    @cached_property
    def linear(self) -> NDArray[np.float64]:
        from pet_spect.report.pictures.steps import linear_part

        return linear_part(self.warps[1], self.masks["brain"])

    @cached_property
    def lesion(self) -> Volume:
        return read_warp_lesion(self.results, self.name)


def _draw(person: _Person, key: ScanKey, image: Path) -> None:
    from pet_spect.report.pictures import steps
    from pet_spect.report.pictures.figures import draw_refusal, draw_registration
    from pet_spect.report.results_folder import gate_lines, lesion_line

    results, masks, parts = person.results, person.masks, layout.scan_name(image)
    path = results / layout.registration_figure(*parts[:3])
    title = layout.scan_stem(*parts[:3])
    facts = read_converted_facts(image)
    by_convert, refused, registered = read_refusal(image), person.record.refused(key), person.record.registered(key)
    flags = list(facts.warnings)
    if registered is not None:
        flags += [*registered.warnings, *registered.flags, *registered.cut_flags]
    warnings = [flag.line for flag in flags]
    if by_convert is not None:
        draw_refusal(path, key, title, by_convert, [], warnings=warnings, simulated=facts.simulated)
        return
    if refused is not None:
        tried = _tried(read_volume(image), refused.tried, masks)
        draw_refusal(path, key, title, refused.refusal, tried, warnings=warnings, simulated=facts.simulated)
        return
    participant_to_scan_points = read_participant_to_scan_points(results, parts)
    standard = read_volume(results / layout.standard_image(*parts))
    scan = steps.Registration(read_volume(image), standard, participant_to_scan_points, *person.warps, person.linear)
    shown = [
        steps.in_own_space(scan, masks),
        steps.before_warp(scan, masks),
        steps.after_warp(scan, masks),
        steps.lesion_step(scan, masks, person.lesion, lesion_line(person.record)),
    ]
    gates = gate_lines(person.record, key)
    draw_registration(path, key, title, shown, gates, warnings=warnings, simulated=facts.simulated)


def _tried(scan: Volume, tried: Tried | None, masks: Mapping[str, Outline]) -> list[Step]:
    """Return what was tried with a refused scan: the head that was found, and its pose; None if nothing was."""
    import numpy as np

    from pet_spect.report.pictures import steps

    if tried is None or tried.head_box is None:
        title = "1  The whole scan" if tried is None else "1  The whole scan: no head was found"
        return [steps.whole_scan(scan, None, title)]
    shown = [steps.whole_scan(scan, tried.head_box, "1  The whole scan with the head that was found")]
    matrix = None if tried.pose is None else np.array(tried.pose, dtype=np.float64)
    if matrix is not None and abs(np.linalg.det(matrix)) > _FLAT:
        shown.append(steps.tried_pose(scan, tried.head_box, matrix, masks))
    return shown
