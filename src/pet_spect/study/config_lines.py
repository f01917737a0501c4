"""Which file and line of a configuration a value stands in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pet_spect.errors import listed

Keys = tuple[Any, ...]
"""Keys and positions that lead to a value, outermost first."""

COMMAND_LINE = "--config"


@dataclass(frozen=True)
class ConfigLines:
    """The files of a configuration and what the command line adds to them; of two that name a value the later counts.

    Attributes
    ----------
    files : sequence of str
        As the user names them.
    nodes : sequence of yaml.Node or None
        What each file holds, with lines; None where these are not known.
    command_line : mapping
        Values of the command line.
    """

    files: Sequence[str]
    nodes: Sequence[yaml.Node | None]
    command_line: Mapping[str, Any]

    @classmethod
    def read(cls, files: Sequence[str], command_line: Mapping[str, Any]) -> ConfigLines:
        """Read the lines of files that `pet_spect.study.config_file.read_config` has taken."""
        return cls(files, [_composed(Path(file)) for file in files], command_line)

    def find(self, keys: Keys) -> tuple[str, int | None]:
        """Return the file and the line of a value, or of what should hold it.

        Without a line if it stands on the command line, which is no file, in JSON that is not YAML, or nowhere.
        """
        depth = _depth(self.command_line, keys)
        place: tuple[str, int | None] = (COMMAND_LINE if depth else listed(self.files), None)
        for file, node in reversed(list(zip(self.files, self.nodes, strict=True))):
            in_file, line = _descend(node, keys)
            if in_file > depth:
                depth, place = in_file, (file, line)
        return place


def _composed(path: Path) -> yaml.Node | None:
    try:
        return yaml.compose(path.read_text(encoding="utf-8-sig"), Loader=yaml.SafeLoader)
    except (OSError, ValueError, yaml.YAMLError):  # JSON with tabs is no YAML
        return None


def _depth(value: Any, keys: Keys) -> int:
    """Return how many of the keys lead to something."""
    for number, key in enumerate(keys):
        if not isinstance(value, Mapping) or key not in value:
            return number
        value = value[key]
    return len(keys)


def _descend(node: yaml.Node | None, keys: Keys) -> tuple[int, int | None]:
    """Return how many of the keys lead to something, and the line of the last of them."""
    line: int | None = None
    for number, key in enumerate(keys):
        entry = _entry(node, key)
        if entry is None:
            return number, line
        mark, node = entry
        line = mark.line + 1
    return len(keys), line


def _entry(node: yaml.Node | None, key: Any) -> tuple[yaml.Mark, yaml.Node] | None:
    """Return where a key or a position stands and its value; those of a merged mapping come after a node's own."""
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        item = node.value[key]
        return item.start_mark, item
    if not isinstance(node, yaml.MappingNode):
        return None
    merged: list[yaml.Node] = []
    for name, value in node.value:
        if name.tag == "tag:yaml.org,2002:merge":
            merged += value.value if isinstance(value, yaml.SequenceNode) else [value]
        elif isinstance(name, yaml.ScalarNode) and name.value == str(key):
            return name.start_mark, value
    return next((entry for source in merged if (entry := _entry(source, key)) is not None), None)
