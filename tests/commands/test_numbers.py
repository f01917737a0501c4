"""Every number that a table or the configuration may hold is one that the commands take."""

from __future__ import annotations

import argparse

import pytest
import yaml

from pet_spect.commands import cohort, convert, measure, outcomes
from pet_spect.quantify.cohort.protocol.rules import read_protocols
from pet_spect.tsv import format_value

FLAGS = {
    "weight_kg": (convert, "--weight-kg"),
    "dose_mbq": (convert, "--dose-mbq"),
    "uptake_minutes": (convert, "--uptake-minutes"),
    "height_m": (convert, "--height-m"),
    "frame_window": (convert, "--frame-window"),
    "gate": (convert, "--gate"),
    "energy_window": (convert, "--energy-window"),
    "detector": (convert, "--detector"),
    "min_coverage": (measure, "--min-coverage"),
    "common_fwhm_mm": (measure, "--common-fwhm"),
    "misplacement_mm": (measure, "--misplacement-mm"),
    "treatment_radius_mm": (measure, "--treatment-radius"),
    "adverse_event_days": (outcomes, "--adverse-event-days"),
    "max_cerebellum_asymmetry_percent": (cohort, "--max-cerebellum-asymmetry"),
}
"""The flag that a number of the schemas becomes."""

IN_PROTOCOL = {
    *("start_minutes", "start_apart_minutes", "dose_apart_percent", "duration_apart_percent", "glucose_apart_mg_dl")
}
"""Numbers within the JSON of ``cohort --protocol``."""

IN_OUTCOMES = {"mRS", "NIHSS", "FIM", "Fugl_Meyer", "Barthel", "adverse_events", "serious_adverse_events"}
"""Numbers of outcomes.tsv."""

NO_FLAG = {"days_since_treatment", "glucose_mg_dl", "value", *IN_PROTOCOL, *IN_OUTCOMES}
"""Numbers that no flag takes; the tables or a JSON carry them."""


def numbers(schema, name=""):
    """Yield every kind of number below a schema, with the nearest key above it."""
    if schema.get("type") in ("number", "integer"):
        yield name, schema
    for key, entry in schema.get("properties", {}).items():
        yield from numbers(entry, key)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from numbers(schema[key], name)
    for entry in [*schema.get("oneOf", []), *schema.get("anyOf", [])]:
        yield from numbers(entry, name)


@pytest.fixture
def schemas(repository):
    paths = sorted((repository / "workflow/schemas").iterdir())
    return {
        name: schema for path in paths for name, schema in numbers(yaml.safe_load(path.read_text(encoding="utf-8")))
    }


def limits(schema):
    """Return the least and the largest number that a schema takes."""
    least = schema.get("minimum")
    if "exclusiveMinimum" in schema:
        least = schema["exclusiveMinimum"] + 1e-9
    whole = int if schema["type"] == "integer" else float
    extremes = [number for number in (least, schema.get("maximum")) if number is not None]
    return [whole(number) for number in extremes] + ([-0.0, 0] if least == 0 else [])


def read_as(module, flag, text):
    """Return what a command takes a flag's text for."""
    parser = argparse.ArgumentParser(exit_on_error=False)
    module.add_arguments(parser)
    action = next(action for action in parser._actions if flag in action.option_strings)
    return parser._get_value(action, text)


def test_every_number_of_the_schemas_is_known(schemas):
    assert set(schemas) == set(FLAGS) | NO_FLAG


@pytest.mark.parametrize("name", sorted(IN_PROTOCOL))
def test_the_protocol_takes_every_number_that_the_schema_takes(schemas, name):
    for value in limits(schemas[name]):
        (rules,) = read_protocols(
            {"FDG": {name: [value, value] if name == "start_minutes" else value}}, ["FDG"]
        ).values()
        assert getattr(rules, name) == ((value, value) if name == "start_minutes" else value)


@pytest.mark.parametrize("name", FLAGS)
def test_the_commands_take_every_number_that_the_schemas_take(schemas, name):
    module, flag = FLAGS[name]
    for value in limits(schemas[name]):
        for text in (format_value(value), str(value)):  # the workflow writes them in both ways
            assert read_as(module, flag, text) == pytest.approx(value, rel=1e-11)


@pytest.mark.parametrize("name", ["weight_kg", "dose_mbq", "uptake_minutes", "height_m"])
def test_convert_takes_no_number_above_that_of_the_tables(schemas, name):
    module, flag = FLAGS[name]
    with pytest.raises(argparse.ArgumentError, match=r"is more than .*; check its unit"):
        read_as(module, flag, str(1.1 * schemas[name]["maximum"]))


@pytest.mark.parametrize("value", ["nan", "inf", "-1", "1_0", ""])
@pytest.mark.parametrize("name", FLAGS)
def test_the_commands_take_no_number_that_is_none(name, value):
    module, flag = FLAGS[name]
    with pytest.raises(argparse.ArgumentError):
        read_as(module, flag, value)
