"""Checks of a configuration: its schema, and what no schema can say of paths, sessions and tracers."""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from pet_spect.errors import Mistake, listed, shown
from pet_spect.imaging.normal_uptake import PATTERNS
from pet_spect.nuclides import radionuclide_name
from pet_spect.quantify.cohort.protocol.rules import window_mistake
from pet_spect.quantify.references import BUILT_IN
from pet_spect.study.config_lines import ConfigLines, Keys
from pet_spect.study.paths import NEEDED_NAME, absence, colliding, needed_path, usable_name, usable_path


@dataclass
class ConfigCheck:
    """A configuration that is checked, and the mistakes found in it.

    Parameters
    ----------
    as_written : mapping
        The configuration as the user gave it.
    schema : dict
        JSON schema, which also holds the defaults.
    lines : ConfigLines

    Attributes
    ----------
    config : dict
        The configuration with its defaults.
    mistakes : list of Mistake
        Of the configuration, and of the table of the atlas.
    wrong : set of str
        First keys in which the schema found a mistake; what depends on one of them is not checked.
    """

    as_written: Mapping[str, Any]
    schema: dict[str, Any]
    lines: ConfigLines
    config: dict[str, Any] = field(init=False)
    mistakes: list[Mistake] = field(init=False, default_factory=list)
    wrong: set[str] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        self.config = copy.deepcopy(dict(self.as_written))
        self._check_schema()
        _fill(self.config, self.schema, self.wrong)

    def has(self, *keys: str) -> bool:
        """Return whether the values of first keys can be used."""
        return not self.wrong.intersection(keys)

    def add(self, keys: Keys, message: str, *, inside: Keys = ()) -> None:
        """Note a mistake.

        Parameters
        ----------
        keys : tuple
            Those that the message names.
        message : str
        inside : tuple, default ()
            Keys that lead on to the line of the mistake.
        """
        file, line = self.lines.find((*keys, *inside))
        column = ": ".join(str(key) if isinstance(key, int) else shown(key)[1:-1] for key in keys)
        self.mistakes.append(Mistake(file, line, column or None, message))

    def in_order(self) -> list[Mistake]:
        """Return the mistakes in the order of the files and their lines, those without a line first."""
        files = list(dict.fromkeys([*self.lines.files, *(mistake.file for mistake in self.mistakes)]))
        return sorted(self.mistakes, key=lambda mistake: (files.index(mistake.file), mistake.line or 0))

    def check_values(self) -> None:
        """Note what is wrong with paths, sessions and tracers."""
        for key in ("participants", "scans"):
            if self.has(key) and not self.check_path((key,)):
                self.wrong.add(key)
        if self.has("qc"):
            self._check_qc()
        if self.has("sessions"):
            self._check_capitals(("sessions",), self.config["sessions"])
        if self.has("tracers"):
            self._check_tracers()
        if self.has("tracers", "within_subject_cv"):
            self._check_within_subject_cv()
        if self.has("tracers", "protocol"):
            self._check_protocol()

    def _check_schema(self) -> None:
        if "regions" in self.as_written:
            old = self.as_written["regions"] if isinstance(self.as_written["regions"], dict) else {}
            self.add(("regions",), f"was replaced in 0.2.0; write instead {instead_of_regions(old)}")
        for keys in _odd_keys(self.as_written):
            self.add(
                keys[:-1], f"found the key {shown(keys[-1])}, needed a name; put quotes around it", inside=keys[-1:]
            )
            self.wrong.add(str(keys[0]))
        usable = {
            key: value for key, value in self.as_written.items() if key != "regions" and str(key) not in self.wrong
        }
        messages: dict[tuple[Keys, str, Keys], None] = {}
        for error in Draft202012Validator(self.schema).iter_errors(usable):
            messages |= dict.fromkeys(_schema_messages(best_match([error])))
        for keys, message, inside in messages:
            self.add(keys, message, inside=inside)
            self.wrong.update((*keys, *inside)[:1])

    def check_path(self, keys: Keys) -> bool:
        """Return whether the workflow takes a value for nothing but a path; note if not."""
        value: Any = self.config
        for key in keys:
            value = value[key]
        if usable_path(value):
            return True
        self.add(keys, f"found {shown(value)}, needed {needed_path(value)}; rename the place")
        return False

    def _check_qc(self) -> None:
        """Note what is wrong with the tables of decisions; that of two readers must be two, under two names."""
        given = self.config["qc"]
        places: list[Keys] = [("qc",)] if isinstance(given, str) else [("qc", 0), ("qc", 1)]
        usable = [self.check_path(keys) for keys in places]
        if "consensus" in self.config and self.has("consensus"):
            usable.append(self.check_path(("consensus",)))
        if not all(usable):
            self.wrong.update(("qc", "consensus"))
            return
        paths = [given] if isinstance(given, str) else given
        for keys, path in zip(places, paths, strict=True):
            if "qc" in self.as_written and not os.path.isfile(path):  # noqa: PTH113
                self.add(keys, absence(Path(path)))
                self.wrong.add("qc")
        consensus = [self.config["consensus"]] if "consensus" in self.config and self.has("consensus") else []
        for keys, path in zip([*places, *([("consensus",)] if consensus else [])], [*paths, *consensus], strict=True):
            if not usable_name(Path(path)):
                self.add(keys, f"found {shown(path)}, needed {NEEDED_NAME}; rename the file")
                self.wrong.update(("qc", "consensus"))
        names = [Path(path).name.casefold() for path in [*paths, *consensus]]
        if len(set(names)) < len(names):
            found = listed(shown(path) for path in [*paths, *consensus])
            self.add(("qc",), f"two tables have the same file name, capitals aside ({found}); rename one")
            self.wrong.add("qc")

    def _check_capitals(self, keys: Keys, names: Collection[str]) -> None:
        """Refuse names that differ only in capitals: where a file system ignores them, one overwrites the other."""
        pair = colliding(names)
        if pair is not None:
            self.add(keys, f"{pair[0]} and {pair[1]} differ only in capitals; rename one")

    def _check_tracers(self) -> None:
        tracers = self.config["tracers"]
        self._check_capitals(("tracers",), tracers)
        labels = [tracer["label"] for tracer in tracers.values()]
        if colliding(labels):
            self._check_capitals(("tracers", "label"), labels)
        if len(set(labels)) < len(labels):
            self.add(("tracers",), "two have the same label, so their files would collide")
        built_in = self.schema["properties"]["tracers"]["default"]
        for name, tracer in tracers.items():
            self._check_tracer_identity(name, tracer, built_in.get(name, {}))
            template = tracer.setdefault("template", name)
            keys = ("tracers", name, "template")
            if self.check_path(keys) and template not in PATTERNS and not os.path.isfile(template):  # noqa: PTH113
                self.add(keys, f"{template} is neither {listed(PATTERNS, joined=' nor ')} nor an existing file")
            window = tracer.get("frame_window", [0, 1])
            if window[0] >= window[1]:
                self.add(("tracers", name, "frame_window"), f"found {window}, needed the earlier time first")
            early = tracer.get("early")
            if early is not None:
                self._check_early(name, early)

    def _check_early(self, name: str, early: str) -> None:
        tracers = self.config["tracers"]
        if early not in set(tracers) - {name}:
            self.add(("tracers", name, "early"), f"found {shown(early)}, needed another one of the tracers")
        elif "early" in tracers[early]:
            self.add(("tracers", name, "early"), f"found {early}, which has an early one itself")
        elif name != next(other for other, tracer in tracers.items() if tracer.get("early") == early):
            self.add(("tracers", name, "early"), f"found {early}, which another tracer names, too")

    def _check_tracer_identity(self, name: str, tracer: dict[str, Any], built_in: Mapping[str, Any]) -> None:
        """Spell what the header must say of a tracer in one way; FDG and IMZ have defaults, whatever their labels."""
        for key in ("radionuclide", "radiopharmaceutical"):
            if key in built_in:
                tracer.setdefault(key, built_in[key])
        if "radionuclide" in tracer:
            nuclide = radionuclide_name(tracer["radionuclide"])
            if nuclide is None:
                self.add(
                    ("tracers", name, "radionuclide"),
                    f"found {tracer['radionuclide']!r}, needed a radionuclide such as F-18 or I-123",
                )
            tracer["radionuclide"] = nuclide
        names = tracer.get("radiopharmaceutical", [])
        tracer["radiopharmaceutical"] = [names] if isinstance(names, str) else names

    def _check_within_subject_cv(self) -> None:
        for name in self.config["within_subject_cv"]:
            if name not in self.config["tracers"]:
                known = listed(self.config["tracers"])
                self.add(("within_subject_cv",), f"tracer {name} is not among tracers ({known})", inside=(name,))

    def _check_protocol(self) -> None:
        """Give every tracer its rules, the built-in ones where the configuration is silent."""
        tracers, entry = self.config["tracers"], self.schema["properties"]["protocol"]
        given = self.config["protocol"] if "protocol" in self.as_written else {}
        for name in given:
            if name not in tracers:
                self.add(("protocol",), f"tracer {name} is not among tracers ({listed(tracers)})", inside=(name,))
        protocol = {name: entry["default"].get(name, {}) | given.get(name, {}) for name in tracers}
        for name, rules in protocol.items():
            _fill(rules, entry["additionalProperties"])
            if mistake := window_mistake(name, rules["start_minutes"]):
                self.add(("protocol", name, "start_minutes"), mistake)
        self.config["protocol"] = protocol


def _fill(config: dict[str, Any], schema: Mapping[str, Any], wrong: Collection[str] = ()) -> None:
    """Fill in the defaults that a schema holds; what is wrong stays as it is."""
    for key, entry in schema.get("properties", {}).items():
        if key in wrong:
            continue
        if "default" in entry and key not in config:
            config[key] = copy.deepcopy(entry["default"])
        if isinstance(config.get(key), dict):
            _fill(config[key], entry)


def _odd_keys(value: Any, keys: Keys = ()) -> Iterator[Keys]:
    """Yield where keys are no text, such as the number 1 and the truth value yes."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                yield (*keys, key)
            else:
                yield from _odd_keys(item, (*keys, key))


def _schema_messages(error: ValidationError) -> Iterator[tuple[Keys, str, Keys]]:
    """Yield the keys of each mistake, what it is, and the keys that lead on to it."""
    keys = tuple(error.absolute_path)
    if error.validator == "required":
        for key in error.validator_value:
            if key not in error.instance:
                yield keys, f"key {key!r} is missing", (key,)
    elif error.validator == "additionalProperties":
        allowed = list(error.schema["properties"])
        for key in error.instance:
            if key not in allowed:
                near = get_close_matches(key, allowed, n=1)
                known_keys = f"known are {listed(allowed)} (config/README.md lists all)"
                way_out = f"did you mean {near[0]!r}?" if near else known_keys
                yield keys, f"key {shown(key)} is not known; {way_out}", (key,)
    else:
        is_name = "propertyNames" in error.absolute_schema_path
        said = error
        while "description" not in said.schema and said.parent is not None:
            said = said.parent
        message = f"found {_spelled(error.instance)}, needed {said.schema['description']}"
        yield keys, message + _way_out(error.instance, said.schema), (error.instance,) if is_name else ()


def _spelled(value: object) -> str:
    """Return a value as the configuration spells it, not as Python does."""
    if isinstance(value, date):
        return value.isoformat()
    return "nothing" if value is None else shown(value)


def _way_out(value: object, schema: Mapping[str, Any]) -> str:
    """Return the end of a message where YAML takes a name for something else, or a number for a name."""
    choices = [entry.get("type", []) for entry in (schema, *schema.get("anyOf", ()), *schema.get("oneOf", ()))]
    kinds = {kind for choice in choices for kind in ([choice] if isinstance(choice, str) else choice)}
    if "string" in kinds and isinstance(value, bool):
        return "; YAML takes yes, no, on and off for true or false; put quotes around the name"
    if "string" in kinds and isinstance(value, int | float | date):
        return "; put quotes around a name that looks like a number or a date"
    if kinds & {"number", "integer"} and isinstance(value, str):
        if re.fullmatch(r"[0-9]*,[0-9]+", value):
            return "; write a point, not a comma"
        if re.fullmatch(r"[0-9]*\.?[0-9]+", value):
            return "; write the number without quotes"
    if schema.get("items", {}).get("type") == "string" and isinstance(value, str) and value.isprintable():
        return f"; write [{value}]" if 0 < len(value) < 80 else ""
    return ""


def instead_of_regions(old: Mapping[str, Any]) -> str:
    """Return the lines that say the same as the key `regions` of 0.1.0.

    Examples
    --------
    >>> instead_of_regions({"target": "paracentral", "pons": "bridge"})
    'targets: [paracentral] and references: {pons: {regions: bridge, side: both}}'
    """
    named = {"cerebellum": "cerebellum", "pons": "pons", "hemisphere": "hemisphere_contralesional"}
    lines = [f"targets: [{old['target']}]"] if "target" in old else []
    references = [
        f"{name}: {{regions: {str(old[key]).replace(chr(39), '')}, side: {reference.side}}}"
        for key, begins in named.items()
        for name, reference in BUILT_IN.items()
        if key in old and name.startswith(begins)
    ]
    return " and ".join(lines + ([f"references: {{{', '.join(references)}}}"] if references else [])) or (
        "targets and references"
    )
