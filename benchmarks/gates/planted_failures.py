"""Good scans and planted failures through the gates: what is caught, by which code, and what is refused in error.

Usage: ``.venv/bin/python benchmarks/gates/planted_failures.py [part of a kind's name ...]``; all kinds by default.

Every case is a set of scans of one participant given to `normalise`, then measured and judged as the workflow does.
A planted scan is caught if it is refused, if its side contradicts `lesion_side` or the other scans, if the target
on either side has no value, which the workflow then says, or if its regional uptake is flagged (`flag`).
A wrong tracer is told by the header, which these scans do not have: here only the flag can speak. The anatomy has
voxels of 2 mm and usual scanners are thinned, to be quick. Poses that recur (the good partners) are found once.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import combinations
from typing import Any
from zlib import crc32

import numpy as np
from planted_bad import GROUPS, mirrored, other_organs, turned_bodies
from planted_good import USUAL, Person, look, odd_ones, person, visits

from pet_spect.errors import PetSpectError
from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.resample import resample_affine
from pet_spect.model import Atlas, CutView, ScanKey, Volume
from pet_spect.quantify.cohort.qc_decisions import judge_measured
from pet_spect.quantify.measurement import ParticipantRegions, measure_scan
from pet_spect.quantify.roles import ScanUptake
from pet_spect.registration.gates.consistency import agreements, cosine, peculiar
from pet_spect.registration.gates.plausibility import Gates
from pet_spect.registration.gates.resemblance import appearance, integrity
from pet_spect.registration.itk import use_threads
from pet_spect.registration.normalise import Normalised, normalise
from pet_spect.registration.placement import pose
from pet_spect.registration.placement.head_search import crop_to_head
from pet_spect.registration.placement.orientation import fit
from pet_spect.registration.templates.template import Template, make_template
from pet_spect.registration.templates.tracer_pattern import FAR
from pet_spect.registration.warp import Deformation, Step
from pet_spect.simulate.design import SESSIONS, TRACERS

TARGET = "precentral"
PERSONS = 8
COARSE = Deformation(Step("mattes", (20, 0, 0), 0.2, 4.0, 1.0), Step("CC", (8, 0, 0), 0.2, 3.0, 0.0))
"""The warp on a grid of 8 mm only: no gate depends on its detail."""
GOOD = "good"
MIN_COVERAGE = 0.9


@dataclass(frozen=True)
class Trouble:
    """One case: scans of one participant, and which of them are planted failures (none in a good case)."""

    group: str
    name: str
    who: Person
    scans: Mapping[ScanKey, Volume]
    planted: frozenset[ScanKey]


def _number(text: str) -> int:
    return crc32(text.encode())


def _alone(group: str, name: str, who: Person, tracer: str, volume: Volume) -> Trouble:
    key = ScanKey(who.name, SESSIONS[0], tracer)
    return Trouble(group, name, who, {key: volume}, frozenset() if group.startswith(GOOD) else frozenset({key}))


def good_ones() -> Iterator[Trouble]:
    """Yield participants with all their scans, then odd but good scans, each alone."""
    for index in range(PERSONS):
        who = person(index)
        yield Trouble("good, four scans", f"participant {index + 1}", who, visits(who, 400 + index), frozenset())
    who = person(3, without_lesion=True)
    yield Trouble("good, four scans", "no lesion", who, visits(who, 450), frozenset())
    for index in (0, 5):
        for name, tracer, volume in odd_ones(index):
            yield _alone("good, odd", name, person(index), tracer, volume)


def alone() -> Iterator[Trouble]:
    """Yield planted failures that are given without any other scan."""
    for group, failures in GROUPS.items():
        for name, failure in failures.items():
            for tracer in TRACERS:
                number = _number(group + name + tracer)
                who = person(number % PERSONS)
                good = look(who, tracer, SESSIONS[0], number, scanner=USUAL[tracer])
                yield _alone(group, name, who, tracer, failure(good, np.random.default_rng(number)))
    for index in range(6):
        for tracer, other in (TRACERS, TRACERS[::-1]):
            scanner = USUAL[tracer] if index % 2 else None
            volume = look(person(index), other, SESSIONS[0], 600 + index, scanner=scanner)
            yield _alone("wrong tracer", f"listed as {tracer}", person(index), tracer, volume)
    for index in (2, 7):
        for name, volume in other_organs(person(index), 700 + index):
            yield _alone("other organ", name, person(index), "FDG", volume)
        for name, volume in turned_bodies(person(index), 800 + index):
            yield _alone("whole body turned", name, person(index), "FDG", volume)


def in_company() -> Iterator[Trouble]:
    """Yield planted failures that only the person's other scans, or `lesion_side`, can show."""
    for index in range(PERSONS):
        who, other = person(index), person((index + 1) % PERSONS)
        for tracer in TRACERS:
            second = ScanKey(who.name, SESSIONS[1], tracer)
            own = visits(who, 400 + index, (tracer,))
            swapped = own | {second: look(other, tracer, SESSIONS[1], 400 + (index + 1) % PERSONS)}
            yield Trouble("another person's scan", f"{tracer}, visit 2", who, swapped, frozenset({second}))
            turned = own | {second: mirrored(own[second])}
            yield Trouble("mirrored, one visit", f"{tracer}, {who.size_of_lesion}", who, turned, frozenset({second}))
            size = 1.1 if tracer == "FDG" else 0.9
            scaled = own | {second: Volume(own[second].data, np.diag([size, size, size, 1.0]) @ own[second].affine)}
            if index < 4:
                yield Trouble("voxel size, one visit", f"{tracer} by {size}", who, scaled, frozenset({second}))
            if who.case.stroke.volume_ml > 15:
                both = {key: mirrored(volume) for key, volume in own.items()}
                yield Trouble("mirrored, every visit, lesion > 15 mL", tracer, who, both, frozenset(both))
        if index < 6:
            four = dict(visits(who, 400 + index))
            key = ScanKey(who.name, SESSIONS[index % 2], TRACERS[index % 2])
            yield Trouble("mirrored, one of four", key.tracer, who, four | {key: mirrored(four[key])}, frozenset({key}))
    who = person(3, without_lesion=True)
    own = visits(who, 450)
    for key in list(own)[2:]:
        turned = own | {key: mirrored(own[key])}
        yield Trouble("mirrored, one of four", f"{key.tracer}, no lesion", who, turned, frozenset({key}))


def remember_poses() -> None:
    """Let the pose of one and the same scan be found once."""
    find, known = pose.find_pose, {}

    def remembered(scan: Volume, template: Template, *more: Any, **named: Any) -> Any:
        key = sha256(scan.data.tobytes() + scan.affine.tobytes() + template.uptake.data[::8].tobytes()).digest()
        if key not in known:
            known[key] = find(scan, template, *more, **named)
        return known[key]

    pose.find_pose = remembered


Reach = dict[str, list[float]]
"""What the good scans reached, by gate."""


def reached(trouble: Trouble, result: Normalised, templates: Mapping[str, Template], reach: Reach) -> None:
    """Note what each good scan reached at every gate."""

    def note(**values: float) -> None:
        for name, value in values.items():
            reach.setdefault(name, []).append(value)

    for key, registered in result.scans.items():
        head = crop_to_head(trouble.scans[key])
        template = templates[key.tracer]
        fits, shape = fit(head, template), registered.shape
        placed = pose.find_pose(head, template, fits.pose)
        posed = resample_affine(head, template.brain.shape, template.uptake.affine, placed)
        note(
            **vars(integrity(head)),
            turned_less_upright=fits.turned - fits.upright,
            likeness=fits.upright,
            scale_low=shape.scale_low,
            scale_high=shape.scale_high,
            proportion=shape.scale_high / shape.scale_low,
            shear=shape.shear,
            rotation=shape.rotation_deg,
            **vars(appearance(posed, template)),
            pattern_distance=registered.pattern_distance,
            **vars(registered.match),
        )
    if result.jacobian:
        note(jacobian_low=result.jacobian[0], jacobian_high=result.jacobian[1])
    standard = {key: registered.standard for key, registered in result.scans.items()}
    own = {key: peculiar(volume, templates[key.tracer]) for key, volume in standard.items()}
    agree = agreements(standard, templates["FDG"].brain)
    for first, second in combinations(standard, 2):
        opposed = -cosine(own[first].asymmetry, own[second].asymmetry)
        if first.tracer == second.tracer:
            direct, turned = agree[first, second]
            alike = cosine(own[first].pattern, own[second].pattern)
            note(opposed=opposed, alike=alike, agreement=direct, mirrored_less_direct=turned - direct)
        else:
            note(opposed_across=opposed)


def codes(trouble: Trouble, templates: Mapping[str, Template], atlas: Atlas, reach: Reach) -> dict[ScanKey, str]:
    """Return the code by which each scan is kept out of the results; empty for scans that are used."""
    result = normalise(trouble.scans, templates, gates=Gates(), deformation=COARSE)
    found = {key: error.code for key, error in result.refused.items()}
    if not trouble.planted:
        reached(trouble, result, templates, reach)
    measured, flagged = [], {}
    for key, registered in result.scans.items():
        try:
            rows = measure_scan(
                trouble.scans[key],
                ParticipantRegions(atlas, result.to_standard, min_coverage=MIN_COVERAGE),
                to_participant=np.linalg.inv(registered.to_scan),
                view=CutView(registered.view.cut, registered.view.first, registered.view.last, registered.own_pose),
            ).uptake
        except PetSpectError as error:
            found[key] = error.code
            continue
        values = {(row.region, row.side): row for row in rows}
        if not all(np.isfinite(values[TARGET, side].mean) for side in ("left", "right")):
            found[key] = "coverage"
            continue
        if registered.pattern_distance > FAR:
            flagged[key] = "flag"
        measured.append(ScanUptake(key, None, values, deficit_ml=registered.deficit_ml))
    verdicts = judge_measured(measured, trouble.who.lesion_side, {})
    for scan, verdict in zip(measured, verdicts, strict=True):
        found[scan.key] = verdict.failure.code if verdict.failure else flagged.get(scan.key, "")
    return found


def main() -> None:
    """Run the campaign and print its table."""
    use_threads(1)
    atlas = load_atlas()
    templates = {tracer: make_template(tracer, atlas) for tracer in TRACERS}
    remember_poses()
    planted, caught, alarms, scans = Counter(), Counter(), Counter(), Counter()
    by: dict[str, Counter[str]] = {}
    reach: Reach = {}
    begin = time.process_time()
    for trouble in (case for part in (alone, good_ones, in_company) for case in part()):
        if sys.argv[1:] and not any(word in trouble.group for word in sys.argv[1:]):
            continue
        found = codes(trouble, templates, atlas, reach)
        got = {key: found[key] for key in trouble.planted if found[key]}
        if trouble.planted:
            planted[trouble.group] += 1
            caught[trouble.group] += bool(got)
            by.setdefault(trouble.group, Counter()).update(sorted(set(got.values()))[:1])
        else:
            scans[trouble.group] += len(found)
            alarms[trouble.group] += sum(map(bool, found.values()))
            by.setdefault(trouble.group, Counter()).update(code for code in found.values() if code)
        told_codes = ", ".join(f"{key.session} {key.tracer} {code}" for key, code in found.items() if code)
        print(f"{trouble.group}: {trouble.name}: {told_codes or 'passed'}", file=sys.stderr, flush=True)
    print("\n| planted | cases | caught | by |\n|---|---|---|---|")
    for group, number in planted.items():
        print(f"| {group} | {number} | {caught[group]} | {told(by[group])} |")
    print(f"| **all** | {planted.total()} | {caught.total()} ({caught.total() / max(planted.total(), 1):.1%}) | |")
    print("\n| good | scans | refused | by |\n|---|---|---|---|")
    for group, number in scans.items():
        print(f"| {group} | {number} | {alarms[group]} | {told(by[group])} |")
    print(f"| **all** | {scans.total()} | {alarms.total()} ({alarms.total() / max(scans.total(), 1):.1%}) | |")
    print("\n| reached by good scans | least | median | greatest |\n|---|---|---|---|")
    for name, values in reach.items():
        print(f"| {name} | {min(values):.3g} | {np.median(values):.3g} | {max(values):.3g} |")
    print(f"\n{time.process_time() - begin:.0f} CPU s")


def told(counter: Counter[str]) -> str:
    return ", ".join(f"`{code}` {number}" for code, number in counter.most_common())


if __name__ == "__main__":
    main()
