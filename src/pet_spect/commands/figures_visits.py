"""The pictures that compare the visits of one participant: what each is divided by, and which cannot be shown."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pet_spect.commands.arguments import references
from pet_spect.errors import ConfigError, listed
from pet_spect.imaging.images import read_volume
from pet_spect.model import ScanKey, Side, Volume
from pet_spect.quantify.references import Reference
from pet_spect.quantify.roles import RegionRoles, reference_value
from pet_spect.results import layout
from pet_spect.results.proof.matching import check_uptake
from pet_spect.results.registration.registration_record import RegistrationRecord
from pet_spect.results.uptake.uptake_record import MeasuredScan, read_uptake

if TYPE_CHECKING:
    from pet_spect.report.pictures.visits import Scene


def add_visit_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of the pictures that compare visits."""
    visits = parser.add_argument_group("pictures that compare visits", "made if --uptake is given")
    visits.add_argument("--uptake", type=Path, metavar="TSV", help="the participant's table, as measure wrote it")
    visits.add_argument("--lesion-side", choices=["left", "right"], help="the side of the stroke")
    visits.add_argument("--sessions", nargs="+", default=[], metavar="NAME", help="in their order, the first one first")
    visits.add_argument(
        "--primary",
        nargs="+",
        default=[],
        metavar="TRACER=REFERENCE",
        help="what each tracer's scans are divided by, each by its own uptake of it",
    )
    visits.add_argument(
        "--references",
        type=references,
        default=references(json.dumps({})),
        metavar="JSON",
        help="further references, as in the config",
    )


@dataclass(frozen=True)
class VisitSettings:
    """What the comparison of visits is asked for.

    Attributes
    ----------
    uptake : Path
    lesion_side : {'left', 'right'}
    sessions : sequence of str
    primary : mapping of str to str
        Name of the reference of each tracer.
    roles : RegionRoles
    """

    uptake: Path
    lesion_side: Side
    sessions: Sequence[str]
    primary: Mapping[str, str]
    roles: RegionRoles


def visit_settings(options: argparse.Namespace) -> VisitSettings | None:
    """Return what the flags ask for; None without ``--uptake``.

    Raises
    ------
    ConfigError
        If a flag that ``--uptake`` needs is absent or not understood.
    """
    if options.uptake is None:
        return None
    absent = [flag for flag in ("lesion_side", "sessions", "primary") if not getattr(options, flag)]
    if absent:
        raise ConfigError(f"--uptake needs --{absent[0].replace('_', '-')} too")
    known: Mapping[str, Reference] = options.references
    primary = {}
    for word in options.primary:
        tracer, _, reference = word.partition("=")
        if reference not in known and reference != "none":
            raise ConfigError(f"--primary {word}: TRACER=REFERENCE is needed, the reference one of {listed(known)}")
        primary[tracer] = reference
    roles = RegionRoles(tuple(options.target), known)
    return VisitSettings(options.uptake, options.lesion_side, options.sessions, primary, roles)


@dataclass(frozen=True)
class _Visit:
    """One visit, ready to be drawn.

    Attributes
    ----------
    key : ScanKey
    ratio : Volume or None
        None if it cannot be shown.
    reason : str
        Why it cannot be shown; else what it was divided by.
    blur_mm : float
    """

    key: ScanKey
    ratio: Volume | None
    reason: str
    blur_mm: float = 0.0


def measured_visits(
    results: Path, settings: VisitSettings, record: RegistrationRecord, scans: Iterable[ScanKey]
) -> dict[ScanKey, MeasuredScan]:
    """Read how scans of one participant were measured.

    Parameters
    ----------
    results : Path
    settings : VisitSettings
    record : RegistrationRecord
        Of the participant.
    scans : iterable of ScanKey
        Every listed one.

    Raises
    ------
    TableError
        If the uptake is not that of this participant and version, or was measured with another registration.
    """
    keys, who = list(scans), record.participant
    uptake = read_uptake(settings.uptake, who, [(key.session, key.tracer) for key in keys])
    check_uptake(results, settings.uptake, who, uptake.provenance, record)
    return dict(zip(keys, uptake.scans, strict=True))


def draw_visits(
    results: Path,
    settings: VisitSettings,
    measured: Mapping[ScanKey, MeasuredScan],
    scans: Mapping[ScanKey, Path],
    scene: Scene,
) -> None:
    """Draw the uptake of every listed visit, and every follow-up minus the first session of the study.

    Parameters
    ----------
    results : Path
    settings : VisitSettings
    measured : mapping of ScanKey to MeasuredScan
    scans : mapping of ScanKey to Path
        Every listed scan in its own space, of one participant.
    scene : Scene

    Raises
    ------
    ImageError
        If a scan in the standard space cannot be used.
    """
    names = {key: layout.scan_name(image) for key, image in scans.items()}
    order = {session: place for place, session in enumerate(settings.sessions)}
    for tracer in dict.fromkeys(key.tracer for key in scans):
        keys = sorted(
            (key for key in scans if key.tracer == tracer), key=lambda key: order.get(key.session, len(order))
        )
        visits = [_visit(results, settings, measured[key], names[key]) for key in keys]
        _draw_tracer(results, settings, visits, measured, names, scene)


def _visit(results: Path, settings: VisitSettings, scan: MeasuredScan, name: layout.ScanName) -> _Visit:
    """Return a visit divided by its own reference; never by anything else."""
    from pet_spect.report.pictures.comparison import ratio_image

    key = scan.uptake.key
    if scan.uptake.absence is not None:
        return _Visit(key, None, scan.uptake.absence.text)
    reference = settings.primary.get(key.tracer, "none")
    if reference == "none":
        return _Visit(key, None, f"the primary analysis of {key.tracer} has no reference to divide by")
    value = reference_value(scan.uptake, settings.roles.references[reference], settings.roles, settings.lesion_side)
    if not (math.isfinite(value.mean) and value.mean > 0):
        why = "it is not above zero" if value.reason is None else value.reason.text
        return _Visit(key, None, f"the uptake of the reference ({reference}) is not known: {why}")
    image = read_volume(results / layout.standard_image(*name))
    ratio = ratio_image(image, value.mean, scan.blur_mm)
    uptake = f"{value.mean:,.0f}" if value.mean >= 100 else f"{value.mean:.3g}"
    said = f"here the mean of {reference.replace('_', ' ')}, {uptake} in the scan's own unit"
    return _Visit(key, ratio, said, scan.blur_mm)


def _draw_tracer(
    results: Path,
    settings: VisitSettings,
    visits: Sequence[_Visit],
    scans: Mapping[ScanKey, MeasuredScan],
    names: Mapping[ScanKey, layout.ScanName],
    scene: Scene,
) -> None:
    from pet_spect.report.pictures import comparison
    from pet_spect.report.pictures.visits import draw_no_visit, draw_visit, uptake_scale

    ratios = [visit.ratio for visit in visits if visit.ratio is not None]
    high = comparison.upper_end(ratios, comparison.inside(scene.masks["brain"], ratios[0])) if ratios else 1.0
    for visit in visits:
        key = visit.key
        path, simulated = results / layout.uptake_figure(*names[key][:3]), scans[key].simulated
        title = f"{key.participant} {key.session} {key.tracer}"
        if visit.ratio is None:
            draw_no_visit(path, key, title, scene, visit.reason, simulated=simulated)
            continue
        blurred = f" Blurred by {visit.blur_mm:.1f} mm to the common resolution, as measured." if visit.blur_mm else ""
        said = (
            f"Each visit divided by its own reference: {visit.reason}.{blurred} Standard space; the same cuts and"
            f" scale in all visits of {key.tracer}. Grey: outside the field of view."
        )
        scale = uptake_scale(high, settings.primary[key.tracer].replace("_", " "))
        draw_visit(path, key, title, scene, visit.ratio, scale, said, simulated=simulated)
    first = visits[0] if visits[0].key.session == settings.sessions[0] else None
    for visit in visits if first is None else visits[1:]:
        path = results / layout.difference_figure(*names[visit.key][:3])
        path.unlink(missing_ok=True)  # one of an earlier run may show what is refused now
        if first is not None and first.ratio is not None and visit.ratio is not None:
            either = scans[first.key].simulated or scans[visit.key].simulated
            _draw_difference(path, first, visit, scene, simulated=either)


def _draw_difference(path: Path, first: _Visit, later: _Visit, scene: Scene, *, simulated: bool) -> None:
    from pet_spect.report.pictures import comparison
    from pet_spect.report.pictures.visits import difference_scale, draw_visit

    assert first.ratio is not None
    assert later.ratio is not None
    key = later.key
    difference = comparison.difference_in_points(first.ratio, later.ratio)
    elsewhere = comparison.inside(scene.masks["brain"], difference)
    for mask in (scene.masks["left"], scene.masks["right"], scene.lesion):
        elsewhere &= ~comparison.inside(mask, difference)
    spread = comparison.spread_in_points(difference, elsewhere)
    said = (
        f"Blue: more than at {first.key.session}; orange: less. Both visits smoothed by"
        f" {comparison.DIFFERENCE_FWHM_MM:.0f} mm. Outside target and lesion the voxels differ by {spread:.1f} points"
        f" (SD): about 1 voxel in 20 differs by more than {2 * spread:.0f} points by noise alone."
        " This map tests nothing."
    )
    scale = difference_scale(key.session, first.key.session)
    title = f"{key.participant} {key.session} − {first.key.session} {key.tracer}"
    draw_visit(path, key, title, scene, difference, scale, said, simulated=simulated)
