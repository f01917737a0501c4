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
from itertools import cycle
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
    return cast(T, _reader(cast(Any, kind))(content))


Reader = Callable[[Any], Any]


@cache
def _reader(hint: Any) -> Reader:
    """Return what reads a type: made once for each, because looking at a type takes longer than reading a value."""
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _reader_of_union(args)
    if hint is Remark:
        return _remark
    if hint == Code:
        return lambda value: known_code(_needed(value, isinstance(value, str), "a text"))
    if origin is Literal:
        said = f"one of {listed(args)}"
        return lambda value: _needed(value, value in args if isinstance(value, str) else False, said)
    if origin is tuple:
        return _reader_of_tuple(args)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _reader_of_mapping(_reader(args[1]))
    if dataclasses.is_dataclass(hint):
        return _reader_of_record(hint)
    if hint in _READERS:
        return _READERS[hint]
    raise TypeError(f"{hint} is no type of a record")


def _reader_of_record(kind: Any) -> Reader:
    fields = [(each, Mark.FLAT in each.marks, _field_reader(each)) for each in _fields(kind)]

    def read(content: Any) -> Any:
        if not isinstance(content, dict):
            raise MismatchError("an object {...} is needed")
        values = {}
        for each, is_flat, read_field in fields:
            if is_flat:
                values[each.name] = read_field(content)
            elif each.key in content:
                try:
                    values[each.name] = read_field(content[each.key])
                except MismatchError as error:
                    raise MismatchError(f"{each.key}: {error}") from None
            elif Mark.LEFT_OUT in each.marks:
                values[each.name] = None
            else:
                raise MismatchError(f"{each.key} is missing")
        try:
            return kind(**values)
        except ValueError as error:
            raise MismatchError(str(error)) from None

    return read


def _field_reader(each: _Field) -> Reader:
    if Mark.FLAT in each.marks:
        return _reader_of_flat(each.hint)
    read = _reader(each.hint) if each.codec is None else each.codec.read
    if Mark.NAN in each.marks:
        return lambda value: math.nan if value is None else read(value)
    return read


def _reader_of_flat(hint: Any) -> Reader:
    kinds = get_args(hint) or (hint,)
    kind = next(kind for kind in kinds if kind is not NoneType)
    read, may_be_absent = _reader(kind), NoneType in kinds
    keys = {each.key for each in _fields(kind)}
    return lambda content: None if may_be_absent and keys.isdisjoint(content) else read(content)


def _reader_of_union(kinds: tuple[Any, ...]) -> Reader:
    others = tuple(kind for kind in kinds if kind is not NoneType)
    read = _reader(others[0]) if len(others) == 1 else _reader_by_status(others)
    if len(others) == len(kinds):
        return read
    return lambda value: None if value is None else read(value)


def _reader_by_status(kinds: tuple[Any, ...]) -> Reader:
    readers = {
        get_args(each.hint)[0]: _reader(kind) for kind in kinds for each in _fields(kind) if each.key == "Status"
    }

    def read(value: Any) -> Any:
        status = value.get("Status") if isinstance(value, dict) else None
        known = isinstance(status, str) and status in readers
        _needed(status, known, f"a Status of {listed(readers, joined=' or ')}")
        return readers[cast(str, status)](value)

    return read


def _reader_of_mapping(read_item: Reader) -> Reader:
    def read(value: Any) -> Any:
        _needed(value, isinstance(value, dict), "an object {...}")
        return {key: read_item(item) for key, item in value.items()}

    return read


def _reader_of_tuple(kinds: tuple[Any, ...]) -> Reader:
    any_length = kinds[-1] is Ellipsis
    readers = [_reader(kind) for kind in kinds if kind is not Ellipsis]
    said = f"a list of {'any' if any_length else len(kinds)} values"

    def read(value: Any) -> tuple[Any, ...]:
        _needed(value, isinstance(value, list) and (any_length or len(value) == len(kinds)), said)
        items = []
        for place, (read_item, item) in enumerate(zip(cycle(readers) if any_length else readers, value, strict=False)):
            try:
                items.append(read_item(item))
            except MismatchError as error:
                raise MismatchError(f"entry {place + 1}: {error}") from None
        return tuple(items)

    return read


def _remark(value: Any) -> Remark:
    """Return a remark; a code of another version is `pet_spect.remarks.UNKNOWN`, as it is of a refusal."""
    is_one = isinstance(value, dict) and all(isinstance(value.get(key), str) for key in ("Code", "Reason"))
    return read_remark(_needed(value, is_one, "a remark (Code, Fields, Reason)"))


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


_READERS: dict[Any, Reader] = {
    float: number,
    int: lambda value: _needed(value, isinstance(value, int) and not isinstance(value, bool), "a whole number"),
    bool: lambda value: _needed(value, isinstance(value, bool), "true or false"),
    str: lambda value: _needed(value, isinstance(value, str), "a text"),
    object: lambda value: value,
}
