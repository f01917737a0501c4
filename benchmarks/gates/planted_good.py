"""Good scans for the campaign of planted failures: usual ones, and odd ones that are still right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.images import canonical
from pet_spect.model import ScanKey, Side, Volume
from pet_spect.simulate.design import SESSIONS, TRACERS, Case, Trial
from pet_spect.simulate.heads.anatomy import Anatomy, individual_anatomy
from pet_spect.simulate.heads.body import ball, with_body
from pet_spect.simulate.heads.standard_head import Head, standard_head
from pet_spect.simulate.heads.stroke import infarct
from pet_spect.simulate.heads.traits import draw_traits
from pet_spect.simulate.participant import random_pose, true_activity
from pet_spect.simulate.scanner import Scanner, blurred, scan, seen_by

TRIAL = Trial(participants=24, step=2, thin=2)
_VERTEX_MM = 95.0


@dataclass(frozen=True)
class Person:
    """One simulated participant: anatomy, stroke and how much of each voxel it took."""

    name: str
    anatomy: Anatomy
    case: Case
    lost: NDArray[np.float32]

    @property
    def lesion_side(self) -> Side:
        """Side of the stroke."""
        return self.case.stroke.side

    @property
    def size_of_lesion(self) -> str:
        """Whether the infarct is large enough to show its side for certain."""
        return "lesion > 15 mL" if self.case.stroke.volume_ml > 15 else "small lesion"

    def activity(self, tracer: str, session: str) -> NDArray[np.float32]:
        """Tracer distribution at infinite resolution."""
        return true_activity(self.anatomy, self.case, self.lost, tracer, session)


@cache
def head() -> Head:
    return standard_head(load_atlas(), step=TRIAL.step)


@cache
def person(index: int, *, size: float | None = None, without_lesion: bool = False) -> Person:
    """Draw participant `index`; `size` is the length of the head over the standard head's, 1.1 being a large one."""
    rng = np.random.default_rng([77, index])
    traits = draw_traits(rng)
    if size is not None:
        traits = replace(traits, size=(size, size, size))
    anatomy = individual_anatomy(head(), rng, traits=traits)
    case = TRIAL.case(index)
    if without_lesion:
        case = replace(case, motor={"FDG": 1.0, "IMZ": 1.0}, stroke=replace(case.stroke, severity=0.0))
        return Person(f"sub-{index + 1:02d}", anatomy, case, np.zeros(anatomy.head.labels.shape, np.float32))
    return Person(f"sub-{index + 1:02d}", anatomy, case, infarct(anatomy, case.stroke, rng))


def turned(pitch: float = 0.0, roll: float = 0.0, yaw: float = 0.0, shift: tuple[float, ...] = (0, 0, 0)) -> NDArray:
    """Return how a head lies: degrees about right, anterior and superior, and where its middle is in mm."""
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_euler("xyz", (pitch, roll, yaw), degrees=True).as_matrix()
    pose[:3, 3] = np.array(shift) - pose[:3, :3] @ np.array([0.0, -18.0, 6.0])
    return pose


def look(
    who: Person, tracer: str, session: str, seed: int, *, pose: NDArray | None = None, scanner: Scanner | None = None
) -> Volume:
    """Scan a person's head."""
    rng = np.random.default_rng([seed, TRACERS.index(tracer), SESSIONS.index(session)])
    scanner = scanner or TRIAL.scanner(int(who.name[-2:]) - 1, tracer)
    pose = random_pose(rng) if pose is None else pose
    affine = who.anatomy.head.affine
    seen = seen_by(scanner, who.activity(tracer, session), affine)
    return canonical(scan(seen, affine, scanner, pose, rng, scale=1e4))


def visits(who: Person, seed: int, tracers: tuple[str, ...] = TRACERS) -> dict[ScanKey, Volume]:
    """Scan a person with each tracer at each visit."""
    return {ScanKey(who.name, s, t): look(who, t, s, seed) for s in SESSIONS for t in tracers}


def whole_body(who: Person, seed: int, pose: NDArray | None = None, **kind: object) -> Volume:
    """Scan a person from the vertex (or the hands) down."""
    own = who.anatomy.head.affine
    there = with_body(who.activity("FDG", SESSIONS[0]), own, **kind)  # type: ignore[arg-type]
    rng = np.random.default_rng([seed, 9])
    seen = blurred(there.data, there.affine, 6.5)
    slices = int(np.ceil((260 + 20 - there.affine[2, 3]) / 5.0))
    scanner = Scanner(6.5, (130, 104, slices), (4.0, 4.0, 5.0), 0.08)
    lies = turned() if pose is None else pose
    lies = lies.copy()
    lies[2, 3] += 18 - (260 + there.affine[2, 3]) / 2
    return canonical(scan(seen, there.affine, scanner, lies, rng, scale=1e4))


def hot_spots(who: Person, tracer: str, level: float) -> NDArray[np.float32]:
    """Return uptake with bright eyes and salivary glands (parotid, submandibular)."""
    activity = who.activity(tracer, SESSIONS[0]).copy()
    affine = who.anatomy.head.affine
    grid = np.moveaxis(np.stack(np.indices(activity.shape)), 0, -1) * affine[0, 0] + affine[:3, 3]
    grid = np.moveaxis(grid, -1, 0)
    for side in (-1, 1):
        for centre, radii in (((33, 62, -38), (12, 12, 12)), ((55, -5, -62), (10, 15, 15))):
            activity[ball(grid, (side * centre[0], *centre[1:]), radii)] = level
    return activity


def _special(who: Person, activity: NDArray[np.float32], tracer: str, seed: int, scanner: Scanner) -> Volume:
    rng = np.random.default_rng([seed, 5])
    affine = who.anatomy.head.affine
    seen = seen_by(scanner, activity, affine)
    return canonical(scan(seen, affine, scanner, random_pose(rng), rng, scale=1e4))


PET = Scanner(6.0, (64, 64, 50), (4.0, 4.0, 4.0), 0.055)
SPECT = Scanner(11.0, (64, 64, 40), (4.8, 4.8, 4.8), 0.075)
USUAL: Mapping[str, Scanner] = {"FDG": PET, "IMZ": SPECT}


def odd_ones(index: int) -> Iterator[tuple[str, str, Volume]]:
    """Yield (what, tracer, scan) of odd but good scans of one person."""
    who, seed, first = person(index), 1000 + index, SESSIONS[0]
    yield "whole body, arms down", "FDG", whole_body(who, seed, arms="down")
    yield "whole body, arms up, hot vein", "FDG", whole_body(who, seed, arms="up", vein=20.0)
    yield "head and shoulders, arms down", "FDG", whole_body(who, seed, arms="down", lowest_mm=-330.0)
    yield "head and neck 300 mm, arms up", "FDG", whole_body(who, seed, arms="up", lowest_mm=-200.0, bladder=0.0)
    yield "whole body, hot bladder", "FDG", whole_body(who, seed, turned(yaw=8, pitch=-6), arms="down", bladder=60.0)
    for tracer in TRACERS:
        usual = USUAL[tracer]
        yield "turned 20 degrees", tracer, look(who, tracer, first, seed, pose=turned(yaw=20, roll=5), scanner=usual)
        yield "nodded 25 degrees", tracer, look(who, tracer, first, seed, pose=turned(pitch=-25), scanner=usual)
        yield "tilted 20 degrees", tracer, look(who, tracer, first, seed, pose=turned(roll=20), scanner=usual)
        yield (
            "80 mm off centre",
            tracer,
            look(
                who,
                tracer,
                first,
                seed,
                pose=turned(shift=(55, -40, 10)),
                scanner=replace(usual, shape=(80, 80, usual.shape[2])),
            ),
        )
        yield "small head", tracer, look(person(index, size=0.9), tracer, first, seed, scanner=usual)
        yield "large head", tracer, look(person(index, size=1.08), tracer, first, seed, scanner=usual)
        yield (
            "grid of 2 mm",
            tracer,
            look(who, tracer, first, seed, scanner=replace(usual, shape=(120, 128, 100), voxel_mm=(2.0, 2.0, 2.0))),
        )
        yield (
            "grid of 6 mm",
            tracer,
            look(who, tracer, first, seed, scanner=replace(usual, shape=(64, 64, 34), voxel_mm=(6.0, 6.0, 6.0))),
        )
        yield (
            "short field of view",
            tracer,
            look(
                who,
                tracer,
                first,
                seed,
                pose=turned(pitch=4),
                scanner=replace(usual, shape=(64, 64, 44), voxel_mm=(4.0, 4.0, 3.75)),
            ),
        )
        yield "few counts", tracer, look(who, tracer, first, seed, scanner=replace(usual, noise=3 * usual.noise))
        bare = np.where(who.anatomy.head.labels > 0, who.activity(tracer, first), 0).astype(np.float32)
        yield "skull-stripped", tracer, _special(who, bare, tracer, seed, usual)
        stripped = look(who, tracer, first, seed, scanner=usual)
        yield "NaN outside a cylinder", tracer, _cylinder(stripped)
        plain = who.activity(tracer, first)
        scalp = np.where((who.anatomy.head.labels == 0) & (plain > 0.09), 0.45, plain).astype(np.float32)
        yield "bright scalp", tracer, _special(who, scalp, tracer, seed, usual)
        yield "bright eyes and glands", tracer, _special(who, hot_spots(who, tracer, 1.2), tracer, seed, usual)
        yield "no lesion", tracer, look(person(index, without_lesion=True), tracer, first, seed, scanner=usual)


def _cylinder(volume: Volume) -> Volume:
    i, j = np.indices(volume.data.shape[:2])
    middle = (np.array(volume.data.shape[:2]) - 1) / 2
    outside = np.hypot(i - middle[0], j - middle[1]) > middle.min()
    data = volume.data.copy()
    data[outside] = np.nan
    return Volume(data, volume.affine)
