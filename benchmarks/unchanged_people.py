"""How often an unchanged person is called improved or declined: noisy images through noise estimate and measurement.

Usage: ``.venv/bin/python benchmarks/unchanged_people.py [--people 1000] [--seed 16]``.

Each person has an image of a block brain with 24 parts, one of them the target and one its mirror, and is scanned
twice with correlated noise. Between the scans the target varies biologically as the declared CV says. The noise is
estimated from the two scans (`noise_of_difference`), each ratio gets its spread (`value_spread`) and each change its
verdict (`changes`), as in the workflow; what is left out is the registration. With a total CV the biological part is
what noise leaves of it; where the noise alone is more, there is none. Printed is the share of people who are called
improved or declined: 5 % is promised.
"""

from __future__ import annotations

import argparse
import math
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from pet_spect.model import Volume
from pet_spect.quantify.cohort.change import changes
from pet_spect.quantify.cohort.within_subject import CvKind, WithinSubjectCv
from pet_spect.quantify.noise import mean_noise_sd, noise_of_difference
from pet_spect.quantify.ratios import Ratio
from pet_spect.quantify.uncertainty import Sensitivity, value_spread

FloatArray = NDArray[np.float64]

KINDS: tuple[CvKind, ...] = ("total", "biological")
SESSIONS = ("baseline", "year1")
SIDE, BLOCK, VOXEL_MM, SMOOTH = 24, 6, 4.0, 1.2
TARGET, MIRROR = 30, 35
STILL = (0.0, 0.0, 0.0)


def main() -> None:
    """Simulate, measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=16)
    options = parser.parse_args()
    generator = np.random.default_rng(options.seed)
    print(f"{'CV':>16} {'noise, %':>8} {'told, %':>8} {'improved, %':>11} {'declined, %':>11}")
    for kind, value, noise in product(KINDS, (3.0, 6.0), (0.04, 0.1)):
        cv = WithinSubjectCv(value, kind, "made up")
        people = [_person(cv, noise, generator) for _ in range(options.people)]
        true, told = (100 * math.sqrt(np.mean(np.square([person[place] for person in people]))) for place in (1, 2))
        verdicts = [person[0] for person in people]
        rates = [100 * verdicts.count(verdict) / len(people) for verdict in ("improved", "declined")]
        print(f"{kind:>11} {value:3.0f} % {true:8.2f} {told:8.2f} {rates[0]:11.1f} {rates[1]:11.1f}")


def _parts() -> NDArray[np.int64]:
    """Return blocks numbered from 1; two layers at each end are outside of the brain."""
    index = np.arange(SIDE) // BLOCK
    count = SIDE // BLOCK
    parts = 1 + (index[:, None, None] * count + index[None, :, None]) * count + index[None, None, :]
    parts[:2] = parts[-2:] = 0
    return parts


PARTS = _parts()


def _noise(size: float, uptake: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Return correlated noise whose standard deviation is `size` at uptake 1 and grows as its square root."""
    smooth = gaussian_filter(generator.normal(size=uptake.shape), SMOOTH, mode="wrap")
    return np.asarray(size * np.sqrt(uptake) * smooth / smooth.std())


def _true_noise(size: float, uptake: FloatArray, generator: np.random.Generator) -> float:
    """Return the relative standard deviation of the ratio by noise, from many noise images."""
    ratios = []
    for _ in range(200):
        image = uptake + _noise(size, uptake, generator)
        ratios.append(image[PARTS == TARGET].mean() / image[PARTS == MIRROR].mean())
    return float(np.std(ratios) / np.mean(ratios))


_KNOWN: dict[float, float] = {}


def _person(cv: WithinSubjectCv, size: float, generator: np.random.Generator) -> tuple[str | None, float, float]:
    """Return the verdict, and the true and the estimated noise of a ratio, relative."""
    levels = np.r_[0.05, generator.uniform(0.6, 1.2, PARTS.max())]
    levels[TARGET] = levels[MIRROR] = 1.0
    uptake = levels[PARTS]
    if size not in _KNOWN:
        _KNOWN[size] = _true_noise(size, uptake, generator)
    noise = _KNOWN[size]
    biological = _biological(cv.kind, cv.value / 100, noise)
    images = []
    for _ in SESSIONS:
        image = uptake.copy()
        image[PARTS == TARGET] *= math.exp(generator.normal(0, biological))
        images.append(image + _noise(size, image, generator))
    ratios = [_ratio(*pair, session) for pair, session in zip((images, images[::-1]), SESSIONS, strict=True)]
    (change,) = changes(ratios, SESSIONS, {"FDG": cv})
    told = math.nan if ratios[0].spread is None else ratios[0].spread.noise_sd / ratios[0].value
    return change.reliable_change, noise, told


def _biological(kind: CvKind, cv: float, noise: float) -> float:
    return cv if kind == "biological" else math.sqrt(max(cv**2 - noise**2, 0.0))


def _ratio(image: FloatArray, other: FloatArray, session: str) -> Ratio:
    volume = Volume(image, np.diag([VOXEL_MM, VOXEL_MM, VOXEL_MM, 1.0]))
    noise = noise_of_difference(volume, [other], PARTS)
    weights = [(part == PARTS).astype(np.float64) for part in (TARGET, MIRROR)]
    target, mirror = (float(image[part == PARTS].mean()) for part in (TARGET, MIRROR))
    if noise is None:
        raise RuntimeError("the noise is not known")
    of_target, of_mirror = (Sensitivity(mean_noise_sd(noise, image, weight), STILL, STILL) for weight in weights)
    spread = value_spread(1 / mirror, of_target, -target / mirror**2, of_mirror)
    told = ("FDG", "left", "motor", "uptake_ratio", "contralateral")
    return Ratio("sub-01", session, *told, target / mirror, target, mirror, "pass", "", spread)


if __name__ == "__main__":
    main()
