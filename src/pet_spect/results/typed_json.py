"""Frozen dataclasses as JSON objects, and back with every type checked.

A field is written under its name in PascalCase. What departs from that is said in its annotation:
``Annotated[float | None, Key("SUVbwFactor")]``.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from pet_spect.errors import listed
from pet_spect.remarks import Remark, known_code, read_remark, write_remark
from pet_spect.remarks.catalogue import Code

T = TypeVar("T")


class MismatchError(ValueError):
    """JSON does not hold what a record needs."""


@dataclass(frozen=True)
class Key:
    """The name of a field in JSON."""

    name: str


@dataclass(frozen=True)
class Codec:
    """How the value of a field becomes JSON and back; `read` raises `MismatchError`."""

    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


class Mark(Enum):
    """How a field is written."""

    FLAT = "its own fields stand among those of the record; of None, nothing is written"
    LEFT_OUT = "None is not written"
    NAN = "NaN is null"


FloatOrNan = Annotated[float, Mark.NAN]
"""A finite number, or NaN, which JSON holds as null; a plain ``float`` is finite."""


@dataclass(frozen=True)
class _Field:
    name: str
    key: str
    hint: Any
    marks: tuple[Any, ...]

    @property
    def codec(self) -> Codec | None:
        return next((mark for mark in self.marks if isinstance(mark, Codec)), None)


@cache
def _fields(kind: Any) -> tuple[_Field, ...]:
    hints = get_type_hints(kind, include_extras=True)
    described = []
    for each in dataclasses.fields(kind):
        hint = hints[each.name]
        hint, *marks = get_args(hint) if get_origin(hint) is Annotated else (hint,)
        pascal = "".join(word.capitalize() for word in each.name.split("_"))
        key = next((mark.name for mark in marks if isinstance(mark, Key)), pascal)
        described.append(_Field(each.name, key, hint, tuple(marks)))
    return tuple(described)


def as_json(record: Any) -> dict[str, Any]:
    """Return a dataclass as the JSON object that `from_json` reads."""
    content: dict[str, Any] = {}
    for each in _fields(cast(Any, type(record))):
        value = getattr(record, each.name)
        if Mark.FLAT in each.marks:
            content |= {} if value is None else as_json(value)
        elif value is None and Mark.LEFT_OUT in each.marks:
            continue
        elif each.codec is not None and value is not None:
            content[each.key] = each.codec.write(value)
        elif Mark.NAN in each.marks and math.isnan(value):
            content[each.key] = None
        else:
            content[each.key] = _plain(value)
    return content


def _plain(value: Any) -> Any:
    if isinstance(value, Remark):
        return write_remark(value)
    if dataclasses.is_dataclass(value):
        return as_json(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value


def from_json(kind: type[T], content: object) -> T:
    """Return the dataclass that a JSON object holds; other keys than its fields' are passed over.

    Raises
    ------
    MismatchError
        Naming the field, if one is missing, has another type, or they contradict each other.
    """
    if not isinstance(content, dict):
        raise MismatchError("an object {...} is needed")
    values = {}
    for each in _fields(cast(Any, kind)):
        if Mark.FLAT in each.marks:
            values[each.name] = _flat(each.hint, content)
            continue
        if each.key not in content:
            if Mark.LEFT_OUT not in each.marks:
                raise MismatchError(f"{each.key} is missing")
            values[each.name] = None
            continue
        try:
            values[each.name] = _field_value(each, content[each.key])
        except MismatchError as error:
            raise MismatchError(f"{each.key}: {error}") from None
    try:
        return kind(**values)
    except ValueError as error:
        raise MismatchError(str(error)) from None


def _flat(hint: Any, content: dict[str, Any]) -> object:
    kinds = get_args(hint) or (hint,)
    kind = next(kind for kind in kinds if kind is not NoneType)
    if NoneType in kinds and not any(each.key in content for each in _fields(kind)):
        return None
    return cast(object, from_json(kind, content))


def _field_value(each: _Field, value: object) -> object:
    if value is None and Mark.NAN in each.marks:
        return math.nan
    return _value(each.hint, value) if each.codec is None else each.codec.read(value)


def _value(hint: Any, value: Any) -> Any:
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _of_union(args, value)
    if hint is Remark:
        return _remark(value)
    if hint == Code:
        return known_code(_needed(value, isinstance(value, str), "a text"))
    if origin is Literal:
        return _needed(value, value in args if isinstance(value, str) else False, f"one of {listed(args)}")
    if origin is tuple:
        return _of_tuple(args, value)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        _needed(value, isinstance(value, dict), "an object {...}")
        return {key: _value(args[1], item) for key, item in value.items()}
    if dataclasses.is_dataclass(hint):
        return from_json(cast(type, hint), value)
    if hint is float:
        return number(value)
    if hint is int:
        return _needed(value, isinstance(value, int) and not isinstance(value, bool), "a whole number")
    if hint is bool:
        return _needed(value, isinstance(value, bool), "true or false")
    if hint is str:
        return _needed(value, isinstance(value, str), "a text")
    if hint is object:
        return value
    raise TypeError(f"{hint} is no type of a record")


def _remark(value: Any) -> Remark:
    """Return a remark; a code of another version is `pet_spect.remarks.UNKNOWN`, as it is of a refusal."""
    is_one = isinstance(value, dict) and all(isinstance(value.get(key), str) for key in ("Code", "Reason"))
    return read_remark(_needed(value, is_one, "a remark (Code, Fields, Reason)"))


def _of_union(kinds: tuple[Any, ...], value: Any) -> Any:
    if value is None and NoneType in kinds:
        return None
    kinds = tuple(kind for kind in kinds if kind is not NoneType)
    if len(kinds) == 1:
        return _value(kinds[0], value)
    status = value.get("Status") if isinstance(value, dict) else None
    by_status = {get_args(each.hint)[0]: kind for kind in kinds for each in _fields(kind) if each.key == "Status"}
    _needed(status, isinstance(status, str) and status in by_status, f"a Status of {listed(by_status, joined=' or ')}")
    return from_json(by_status[cast(str, status)], value)


def _of_tuple(kinds: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    any_length = kinds[-1] is Ellipsis
    length = "any" if any_length else str(len(kinds))
    _needed(value, isinstance(value, list) and (any_length or len(value) == len(kinds)), f"a list of {length} values")
    items = []
    for place, item in enumerate(value):
        try:
            items.append(_value(kinds[0] if any_length else kinds[place], item))
        except MismatchError as error:
            raise MismatchError(f"entry {place + 1}: {error}") from None
    return tuple(items)


def number(value: object) -> float:
    """Return a number of JSON as a float.

    Raises
    ------
    MismatchError
        If it is none, or not finite.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            if math.isfinite(value):
                return float(value)
        except OverflowError:  # a whole number of hundreds of digits
            pass
    raise MismatchError("a number is needed")


def _needed(value: T, is_right: bool, what: str) -> T:
    if not is_right:
        raise MismatchError(f"{what} is needed")
    return value
