"""What may be wrong with a scan: each failure as a function from a good scan to the planted one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np
from planted_good import Person, whole_body
from scipy.ndimage import gaussian_filter, zoom

from pet_spect.model import Volume

Failure = Callable[[Volume, np.random.Generator], Volume]


def _with(volume: Volume, data: np.ndarray) -> Volume:
    return Volume(np.ascontiguousarray(data, dtype=np.float32), volume.affine)


def mirrored(volume: Volume, _: np.random.Generator | None = None) -> Volume:
    return _with(volume, volume.data[::-1])


def _flip(volume: Volume, _: np.random.Generator, *, axes: tuple[int, ...]) -> Volume:
    return _with(volume, np.flip(volume.data, axes))


def _reordered(volume: Volume, _: np.random.Generator, *, axes: tuple[int, int, int], flip: tuple[int, ...]) -> Volume:
    size = volume.voxel_size[list(axes)]
    affine = np.diag([*size, 1.0])
    data = np.flip(volume.data.transpose(axes), flip)
    affine[:3, 3] = -size * (np.array(data.shape) - 1) / 2
    return Volume(np.ascontiguousarray(data), affine)


def _extent(volume: Volume, axis: int) -> tuple[int, int]:
    """Return first and last index of the head along an axis."""
    bright = np.nan_to_num(volume.data) > 0.25 * np.nanpercentile(volume.data, 99)
    found = np.flatnonzero(bright.sum(axis=tuple(a for a in range(3) if a != axis)) > 3)
    return int(found[0]), int(found[-1])


def _cut(volume: Volume, _: np.random.Generator, *, axis: int, low: float, high: float, fill: float | None) -> Volume:
    """Keep the part of the head from `low` to `high` (fractions of its extent); fill the rest, or cut the grid."""
    first, last = _extent(volume, axis)
    length = last - first + 1
    begin = first + round(low * length) if low > 0 else 0
    end = first + round(high * length) if high < 1 else volume.data.shape[axis]
    keep = [slice(None)] * 3
    keep[axis] = slice(begin, end)
    if fill is None:
        affine = volume.affine.copy()
        affine[:3, 3] += affine[:3, axis] * begin
        return Volume(np.ascontiguousarray(volume.data[tuple(keep)]), affine)
    data = np.full_like(volume.data, fill)
    data[tuple(keep)] = volume.data[tuple(keep)]
    return _with(volume, data)


def _block(volume: Volume, _: np.random.Generator, *, axis: int, low: float, high: float, fill: float) -> Volume:
    first, last = _extent(volume, axis)
    length = last - first + 1
    gone = [slice(None)] * 3
    gone[axis] = slice(first + round(low * length), first + round(high * length))
    data = volume.data.copy()
    data[tuple(gone)] = fill
    return _with(volume, data)


def _scaled(volume: Volume, _: np.random.Generator, *, factors: tuple[float, float, float]) -> Volume:
    return Volume(volume.data, np.diag([*factors, 1.0]) @ volume.affine)


def _shuffled(volume: Volume, rng: np.random.Generator) -> Volume:
    order = np.arange(volume.data.shape[2])
    rng.shuffle(order)
    return _with(volume, volume.data[:, :, order])


def _half_reversed(volume: Volume, _: np.random.Generator) -> Volume:
    first, last = _extent(volume, 2)
    middle = (first + last) // 2
    data = volume.data.copy()
    data[:, :, middle : last + 1] = data[:, :, middle : last + 1][:, :, ::-1]
    return _with(volume, data)


def _swapped_halves(volume: Volume, _: np.random.Generator) -> Volume:
    first, last = _extent(volume, 2)
    return _with(volume, np.roll(volume.data, (last - first) // 2 + volume.data.shape[2] // 8, axis=2))


def _interleaved(volume: Volume, _: np.random.Generator) -> Volume:
    order = np.concatenate([np.arange(0, volume.data.shape[2], 2), np.arange(1, volume.data.shape[2], 2)])
    return _with(volume, volume.data[:, :, order])


def _duplicated_slab(volume: Volume, _: np.random.Generator) -> Volume:
    first, last = _extent(volume, 2)
    thick, start = (last - first) // 4, first + (last - first) // 3
    data = volume.data.copy()
    data[:, :, start + thick : start + 2 * thick] = data[:, :, start : start + thick]
    return _with(volume, data)


def _shifted_slab(volume: Volume, _: np.random.Generator) -> Volume:
    first, last = _extent(volume, 2)
    data = volume.data.copy()
    data[:, :, (first + last) // 2 :] = np.roll(
        data[:, :, (first + last) // 2 :], round(20 / volume.voxel_size[0]), axis=0
    )
    return _with(volume, data)


def _coordinates(volume: Volume) -> np.ndarray:
    """Return voxel positions relative to the head, -1 to 1 over its extent."""
    axes = []
    for axis in range(3):
        first, last = _extent(volume, axis)
        axes.append((np.arange(volume.data.shape[axis]) - (first + last) / 2) / ((last - first) / 2))
    return np.stack(np.meshgrid(*axes, indexing="ij"))


def _unattenuated(volume: Volume, _: np.random.Generator) -> Volume:
    radius = np.linalg.norm(_coordinates(volume), axis=0)
    return _with(volume, volume.data * np.exp(-1.5 * (1 - np.clip(radius, 0, 1))) + 0)


def _shaded(volume: Volume, _: np.random.Generator, *, axis: int) -> Volume:
    along = np.clip(_coordinates(volume)[axis], -1, 1)
    return _with(volume, volume.data * (0.6 + 0.4 * along))


def _transmission(volume: Volume, rng: np.random.Generator) -> Volume:
    """Skull bright, brain uniform, as a CT or an attenuation map."""
    inside = np.linalg.norm(_coordinates(volume) / 1.15, axis=0)
    data = np.where(inside < 0.88, 1.0, np.where(inside < 1.0, 2.0, 0.0))
    data = gaussian_filter(data, 0.6) + 0.02 * rng.standard_normal(data.shape)
    return _with(volume, 1e4 * np.maximum(data, 0))


def _inverted(volume: Volume, _: np.random.Generator) -> Volume:
    head = np.nan_to_num(volume.data) > 0.05 * np.nanpercentile(volume.data, 99.5)
    return _with(volume, np.where(head, np.nanpercentile(volume.data, 99.5) * 1.1 - volume.data, 0).clip(0))


def _phantom(volume: Volume, rng: np.random.Generator, *, shape: str) -> Volume:
    c = _coordinates(volume)
    tube = (np.hypot(c[0], c[1]) < 1) & (np.abs(c[2]) < 1)
    inside = tube if shape == "cylinder" else np.linalg.norm(c, axis=0) < 1
    data = gaussian_filter(inside.astype(float), 0.7) + 0.03 * rng.standard_normal(inside.shape) * inside
    if shape == "hot spheres":
        for i in range(6):
            centre = 0.5 * np.array([np.cos(i * np.pi / 3), np.sin(i * np.pi / 3), 0])
            data[np.linalg.norm(c - centre.reshape(3, 1, 1, 1), axis=0) < 0.1 + 0.02 * i] = 4.0
    return _with(volume, 1e4 * np.maximum(data, 0))


def _two_heads(volume: Volume, _: np.random.Generator, *, beside: bool) -> Volume:
    if beside:
        small = zoom(np.nan_to_num(volume.data), (0.5, 1, 1), order=1)
        data = np.concatenate([small, small], axis=0)
        pad = volume.data.shape[0] - data.shape[0]
        wide = Volume(np.concatenate([np.nan_to_num(volume.data)] * 2, axis=0), volume.affine)
        return wide if pad >= 0 else _with(volume, data[: volume.data.shape[0]])
    return _with(volume, (volume.data + np.roll(volume.data, round(35 / volume.voxel_size[1]), axis=1)) / 2)


def _spilt_nan(volume: Volume, _: np.random.Generator) -> Volume:
    c = _coordinates(volume)
    data = volume.data.copy()
    data[(np.abs(c[1]) < 0.35) & (c[2] > 0.1)] = np.nan
    return _with(volume, data)


def _blurred(volume: Volume, _: np.random.Generator, *, mm: float) -> Volume:
    return _with(volume, gaussian_filter(np.nan_to_num(volume.data), mm / 2.355 / volume.voxel_size))


def _moved(volume: Volume, _: np.random.Generator) -> Volume:
    """Return the mean of a head that nodded and shifted through 40 mm during the scan."""
    step = [round(mm / volume.voxel_size[1]) for mm in (-20, -10, 0, 10, 20)]
    return _with(volume, np.mean([np.roll(volume.data, s, axis=1) for s in step], axis=0))


def _saturated(volume: Volume, _: np.random.Generator) -> Volume:
    return _with(volume, np.minimum(volume.data, 0.4 * np.nanpercentile(volume.data, 99)))


def _wrapped(volume: Volume, _: np.random.Generator) -> Volume:
    return _with(volume, np.mod(volume.data, 0.5 * np.nanpercentile(volume.data, 99)))


def _constant(volume: Volume, _: np.random.Generator, *, value: float) -> Volume:
    return _with(volume, np.full_like(volume.data, value))


def _noise(volume: Volume, rng: np.random.Generator, *, smooth: float) -> Volume:
    data = gaussian_filter(rng.random(volume.data.shape), smooth)
    return _with(volume, 1e4 * (data - data.min()))


def _ramp(volume: Volume, _: np.random.Generator) -> Volume:
    return _with(volume, np.broadcast_to(np.arange(volume.data.shape[0])[:, None, None], volume.data.shape))


TURNS = {
    f"axes {''.join('xyz'[a] for a in axes)}" + (f" flipped {''.join('xyz'[f] for f in flip)}" if flip else ""): (
        axes,
        flip,
    )
    for axes, flip in (
        ((1, 0, 2), (0,)),
        ((1, 0, 2), (1,)),
        ((1, 0, 2), ()),
        ((0, 2, 1), (1,)),
        ((0, 2, 1), (2,)),
        ((0, 2, 1), ()),
        ((2, 1, 0), (0,)),
        ((2, 1, 0), (2,)),
        ((2, 1, 0), ()),
        ((1, 2, 0), ()),
        ((2, 0, 1), ()),
    )
}

GROUPS: Mapping[str, Mapping[str, Failure]] = {
    "axis flipped": {
        f"flip {name}": partial(_flip, axes=axes)
        for name, axes in {"y": (1,), "z": (2,), "xy": (0, 1), "xz": (0, 2), "yz": (1, 2), "xyz": (0, 1, 2)}.items()
    },
    "axes exchanged or turned by 90°": {
        name: partial(_reordered, axes=axes, flip=flip) for name, (axes, flip) in TURNS.items()
    },
    "half a head": {
        f"{name}, {how}": partial(_cut, axis=axis, low=low, high=high, fill=fill)
        for name, axis, low, high in (
            ("left half", 0, 0.0, 0.5),
            ("right half", 0, 0.5, 1.0),
            ("lower half", 2, 0.0, 0.55),
            ("upper half", 2, 0.45, 1.0),
            ("back half", 1, 0.0, 0.5),
        )
        for how, fill in (("cut", None), ("zeros", 0.0))
    },
    "vertex cut by 30 mm or more": {
        "vertex, cut": partial(_cut, axis=2, low=0.0, high=0.76, fill=None),
        "vertex, NaN": partial(_cut, axis=2, low=0.0, high=0.76, fill=np.nan),
        "vertex, zeros": partial(_cut, axis=2, low=0.0, high=0.76, fill=0.0),
    },
    "slices missing": {
        "middle, zeros": partial(_block, axis=2, low=0.45, high=0.65, fill=0.0),
        "top of the middle, NaN": partial(_block, axis=2, low=0.6, high=0.85, fill=np.nan),
        "sagittal, zeros": partial(_block, axis=0, low=0.2, high=0.35, fill=0.0),
    },
    "slices out of order": {
        "shuffled": _shuffled,
        "half reversed": _half_reversed,
        "rolled": _swapped_halves,
        "interleaved": _interleaved,
        "slab twice": _duplicated_slab,
        "slab shifted 20 mm": _shifted_slab,
    },
    "voxel size": {
        "doubled": partial(_scaled, factors=(2, 2, 2)),
        "halved": partial(_scaled, factors=(0.5, 0.5, 0.5)),
        "x by 1.3": partial(_scaled, factors=(1.3, 1, 1)),
        "y by 1.3": partial(_scaled, factors=(1, 1.3, 1)),
        "z by 1.3": partial(_scaled, factors=(1, 1, 1.3)),
        "z doubled": partial(_scaled, factors=(1, 1, 2)),
        "z halved": partial(_scaled, factors=(1, 1, 0.5)),
    },
    "no scan": {
        "empty": partial(_constant, value=0.0),
        "constant": partial(_constant, value=700.0),
        "NaN": partial(_constant, value=np.nan),
        "noise": partial(_noise, smooth=0.0),
        "smooth noise": partial(_noise, smooth=2.5),
        "ramp": _ramp,
    },
    "no emission of a brain": {
        "transmission": _transmission,
        "inverted": _inverted,
        "cylinder": partial(_phantom, shape="cylinder"),
        "sphere": partial(_phantom, shape="sphere"),
        "hot spheres": partial(_phantom, shape="hot spheres"),
    },
    "two heads": {
        "side by side": partial(_two_heads, beside=True),
        "one on the other": partial(_two_heads, beside=False),
    },
    "spoilt values": {
        "NaN spilt over the top": _spilt_nan,
        "saturated": _saturated,
        "wrapped": _wrapped,
        "no attenuation correction": _unattenuated,
        "shaded front to back": partial(_shaded, axis=1),
        "shaded top to bottom": partial(_shaded, axis=2),
        "blurred by 35 mm": partial(_blurred, mm=35.0),
        "moved by 40 mm": _moved,
    },
}
"""Failures of one scan, seen without any other: kind, name, function."""


def other_organs(who: Person, seed: int) -> Iterator[tuple[str, Volume]]:
    """Yield scans of a person that hold no head."""
    body = whole_body(who, seed, arms="down")
    for name, part in (("trunk", (0, 170)), ("pelvis", (0, 60)), ("legs", (0, 20)), ("thorax", (90, 175))):
        yield name, Volume(np.ascontiguousarray(body.data[:, :, slice(*part)]), body.affine)


def turned_bodies(who: Person, seed: int) -> Iterator[tuple[str, Volume]]:
    """Yield whole-body scans that lie otherwise than their header says."""
    body, rng = whole_body(who, seed, arms="down"), np.random.default_rng(seed)
    for axes in ((1,), (2,), (1, 2)):
        yield f"flip {''.join('xyz'[axis] for axis in axes)}", _flip(body, rng, axes=axes)
    yield "axes zyx", _reordered(body, rng, axes=(2, 1, 0), flip=())
    yield "axes xzy", _reordered(body, rng, axes=(0, 2, 1), flip=(2,))
