"""The reader of config.yaml: plain YAML or JSON, and nothing that a reader of the file could not see."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from pet_spect.errors import ConfigError, shown

MOST_BYTES = 2**18
"""Of a configuration: 256 KiB."""

MOST_VALUES = 10_000
"""Values of a configuration once every alias stands for what it names."""

_RUNS_CODE = "__use_yte__"
_PLAIN = "tag:yaml.org,2002:"
_NUMBERS = (f"{_PLAIN}int", f"{_PLAIN}float")
_DECIMAL = re.compile(r"[+-]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_OF_PYTHON = f"{_PLAIN}python/"
_MERGE = f"{_PLAIN}merge"


def read_config(path: Path) -> dict[str, Any]:
    """Read a configuration file.

    Snakemake reads it, too, and takes the last of two equal keys, follows every alias and runs code
    that a key asks it to run; here each of them is an error.

    Parameters
    ----------
    path : Path
        YAML or JSON.

    Returns
    -------
    dict
        As it stands there, without defaults.

    Raises
    ------
    ConfigError
        If the file is not there, is too large, is neither YAML nor JSON, has a duplicate key, a tag,
        an alias that contains itself, too many values or no keys, a number that is infinite, NaN or not
        decimal, or asks for code to be run.
    """
    config = _parsed(_text(path), path)
    if not isinstance(config, dict):
        raise ConfigError(f"{path}: needed keys with values, such as 'participants: config/participants.tsv'")
    if _RUNS_CODE in config:
        raise ConfigError(f"{path}: key {_RUNS_CODE!r} would run code that stands in this file; remove it")
    _check_finite(config, path)
    return config


def _text(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():
            raise ConfigError(f"{path}: is no file; a configuration in YAML is needed")
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise ConfigError(
                f"{path}: has {size / 2**10:.0f} KiB, a configuration may have at most {MOST_BYTES // 2**10};"
                " check that it is the right file"
            )
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist here; run where it is, or name it with --configfile") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: cannot be read as YAML, because it is not UTF-8 text; save it as UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from None


def _parsed(text: str, path: Path) -> Any:
    """Return what the text holds; JSON is tried first, for it may hold tabs."""
    try:
        return json.loads(text, object_pairs_hook=lambda pairs: _once(pairs, path))
    except RecursionError:
        raise _too_deep(path) from None
    except ValueError:
        pass
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if node is None:
            return None
        if _count(node, path, {}) > MOST_VALUES:
            raise ConfigError(f"{path}: its aliases stand for more than {MOST_VALUES} values; write out what is meant")
        return loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        if error.problem_mark is None:
            raise ConfigError(f"{path}: cannot be read as YAML") from None
        number = error.problem_mark.line
        line = "".join(text.splitlines()[number : number + 1])
        if r"'\t'" in (error.problem or "") or "\t" in line[: len(line) - len(line.lstrip())]:
            raise ConfigError(f"{path}: line {number + 1}: found a tab, needed blanks") from None
        raise ConfigError(
            f"{path}: cannot be read as YAML (line {number + 1}); check this line and the one before: a colon and a"
            " blank follow each key, keys of one level begin in one column, quotes are closed"
        ) from None
    except (yaml.YAMLError, ValueError, OverflowError):
        raise ConfigError(f"{path}: cannot be read as YAML") from None
    except RecursionError:
        raise _too_deep(path) from None


def _too_deep(path: Path) -> ConfigError:
    return ConfigError(f"{path}: is nested too deeply; config/README.md shows what is needed")


def _once(pairs: Iterable[tuple[str, Any]], path: Path) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    for key, value in pairs:
        if key in mapping:
            raise ConfigError(f"{path}: duplicate key {shown(key)}; keep one")
        mapping[key] = value
    return mapping


def _count(node: yaml.Node, path: Path, counts: dict[int, int]) -> int:
    """Return how many values a node stands for, aliases followed; raise at what is not plain."""
    if id(node) in counts:
        if counts[id(node)] == 0:
            raise ConfigError(
                f"{path}: line {node.start_mark.line + 1}: an alias contains itself; write out what is meant"
            )
        return counts[id(node)]
    if node.tag.startswith(_OF_PYTHON) or not node.tag.startswith(_PLAIN):
        raise ConfigError(
            f"{path}: line {node.start_mark.line + 1}: the tag {shown(node.tag.removeprefix(_PLAIN))} is not read;"
            " write the value without it"
        )
    if isinstance(node, yaml.ScalarNode) and node.tag in _NUMBERS:
        _check_decimal(node, path)
    counts[id(node)] = 0
    total = 1
    if isinstance(node, yaml.MappingNode):
        _check_keys(node, path)
        total += sum(_count(key, path, counts) + _count(value, path, counts) for key, value in node.value)
    elif isinstance(node, yaml.SequenceNode):
        total += sum(_count(item, path, counts) for item in node.value)
    counts[id(node)] = total
    return total


def _check_finite(config: dict[str, Any], path: Path) -> None:
    """Refuse NaN and infinite numbers, which pass limits because no comparison with them fails."""
    left: list[tuple[str, Any]] = [("", config)]
    while left:
        where, value = left.pop()
        if isinstance(value, dict):
            left += [(f"{where}{shown(str(key))[1:-1]}: ", item) for key, item in value.items()]
        elif isinstance(value, list):
            left += [(f"{where}{number}: ", item) for number, item in enumerate(value)]
        elif isinstance(value, float) and not math.isfinite(value):
            raise ConfigError(f"{path}: {where}found {value}, needed a finite number")


def _check_decimal(node: yaml.ScalarNode, path: Path) -> None:
    """Refuse what YAML 1.1 takes for another number than it looks like: 040 is 32 there, and 1:30 is 90."""
    if not _DECIMAL.fullmatch(node.value):
        raise ConfigError(
            f"{path}: line {node.start_mark.line + 1}: found {shown(node.value)}, needed a plain decimal number such as"
            " 40 or 0.5; put quotes around what is no number"
        )


def _check_keys(node: yaml.MappingNode, path: Path) -> None:
    lines: dict[tuple[str, str], int] = {}
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
            line, name = key.start_mark.line + 1, (key.tag, key.value)
            if name in lines:
                raise ConfigError(
                    f"{path}: line {line}: duplicate key {shown(key.value)}, first in line {lines[name]}; keep one"
                )
            lines[name] = line
