"""A configuration is plain YAML or JSON; what is not is one line at once."""

from __future__ import annotations

import os
import time
import tracemalloc

import pytest

from pet_spect.errors import ConfigError
from pet_spect.study.config_file import read_config

TABLES = "participants: config/participants.tsv\nscans: config/scans.tsv\n"


def bomb(levels: int = 12) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join([*lines, f"sessions: *a{levels - 1}", ""])


@pytest.fixture
def config(tmp_path):
    def read(text: str | bytes):
        path = tmp_path / "config.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_config(path)

    return read


@pytest.mark.parametrize(
    "text",
    [
        TABLES + "sessions: [baseline, year1]\n",
        "\ufeff" + TABLES + "sessions: [baseline, year1]\n",
        TABLES + "x: &x [baseline, year1]\nsessions: *x\n",
        TABLES + "sessions: !!seq [!!str baseline, year1]\n",
        '{\n\t"participants": "config/participants.tsv",\n\t"scans": "config/scans.tsv",\n\t'
        '"sessions": ["baseline", "year1"]\n}\n',
    ],
    ids=["plain", "byte_order_mark", "alias", "plain_tags", "json_with_tabs"],
)
def test_a_sound_configuration_is_read(config, text):
    read = config(text)
    assert read["participants"] == "config/participants.tsv"
    assert read["sessions"] == ["baseline", "year1"]


def test_a_key_that_overrides_a_merged_one_stands_once(config):
    text = TABLES + "x: &x {label: a, datatype: pet}\ntracers: {FDG: {<<: *x, label: b}}\n"
    assert config(text)["tracers"] == {"FDG": {"label": "b", "datatype": "pet"}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            TABLES + "sessions: [a, b]\nsessions: [c, d]\n",
            r"line 4: duplicate key 'sessions', first in line 3; keep",
        ),
        (TABLES + "measure: {min_coverage: 0.1, min_coverage: 0.9}\n", "line 3: duplicate key 'min_coverage'"),
        ('{"scans": "a", "scans": "b"}', "duplicate key 'scans'"),
        (TABLES + "x: !!python/object/apply:os.system [exit]\n", "line 3: the tag 'python/object/apply:os.system' is"),
        (TABLES + "x: !!python/tuple [1, 2]\n", "line 3: the tag 'python/tuple' is not read"),
        (TABLES + "x: !mine {a: 1}\n", "line 3: the tag '!mine' is not read; write the value without it"),
        (TABLES + "__use_yte__: true\n", "key '__use_yte__' would run code that stands in this file; remove it"),
        (TABLES + bomb(), "its aliases stand for more than 10000 values; write out what is meant"),
        (TABLES + "sessions: &a [x, *a]\n", "line 3: an alias contains itself"),
        (TABLES + "sessions: " + "[" * 5000 + "]" * 5000, "is nested too deeply"),
        ("[" * 100_000 + "]" * 100_000, "is nested too deeply"),
        (TABLES + "x: 1" + "0" * 5000 + "\n", "cannot be read as YAML"),
        (TABLES + "? [a]\n: b\n", "cannot be read as YAML"),
        (TABLES + "---\n" + TABLES, r"cannot be read as YAML \(line 3\)"),
        (TABLES + "# " + "x" * 2**19, "has 512 KiB, a configuration may have at most 256; check that it is the"),
        (b"\x80", "cannot be read as YAML, because it is not UTF-8 text; save it as UTF-8"),
        (TABLES.encode("utf-16"), "because it is not UTF-8 text; save it as UTF-8"),
        (
            TABLES + "measure:\n   a: 1\n  b: 1\n",
            r"YAML \(line 5\); check this line and the one before: a colon and a blank",
        ),
        (TABLES + "measure:\n\tmin_coverage: 1\n", "config.yaml: line 4: found a tab, needed blanks"),
        (TABLES + "measure:\n  min_coverage: 1\n\tx: 1\n", "config.yaml: line 5: found a tab, needed blanks"),
        (TABLES + "qc:\tqc.tsv\n", "config.yaml: line 3: found a tab, needed blanks"),
        (TABLES + "x: a\0b\n", "cannot be read as YAML"),
    ],
)
def test_what_is_not_plain_is_one_line(config, text, message):
    with pytest.raises(ConfigError, match=message):
        config(text)


@pytest.mark.parametrize("text", [TABLES + bomb(40), TABLES + "# " + "x" * 2**24, TABLES + "[" * 2**17])
def test_a_bomb_costs_neither_time_nor_memory(config, text):
    start = time.process_time()
    with pytest.raises(ConfigError):
        config(text)
    assert time.process_time() - start < 5
    tracemalloc.start()
    with pytest.raises(ConfigError):
        config(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6 + len(text)


def test_a_folder_or_a_pipe_is_no_configuration(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(ConfigError, match=r"is no file; a configuration in YAML is needed"):
            read_config(path)


@pytest.mark.parametrize("number", ["0", "40", "-3", "+3", "0.5", ".5", "1.", "1.5e+3", "-0.25"])
def test_a_plain_decimal_number_is_read(config, number):
    assert config(f"{TABLES}x: [{number}]\n")["x"] == [float(number)]


@pytest.mark.parametrize(
    "number",
    [
        *(".nan", ".inf", "-.Inf", "040", "010", "00.5", "1:30", "10:40", "1:30.5", "0x1F", "0b11", "1_000", "1_0.5"),
        *("!!int '010'", "!!float nan"),
    ],
)
@pytest.mark.parametrize("place", ["measure: {{min_coverage: {}}}", "x: [[40, {}]]", "y: {{{}: b}}"])
def test_a_number_that_yaml_takes_for_another_than_it_looks_like_is_one_line(config, number, place):
    with pytest.raises(ConfigError, match=r"line 3: found .*, needed a plain decimal number such as 40 or 0.5; put"):
        config(TABLES + place.format(number))


@pytest.mark.parametrize("text", ["'010'", '"1:30"', "'0x1'"])
def test_a_name_in_quotes_may_look_like_a_number(config, text):
    assert config(f"{TABLES}sessions: [{text}, b]\n")["sessions"] == [text[1:-1], "b"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_of_json_that_is_not_finite_is_one_line(config, number):
    with pytest.raises(
        ConfigError, match=r"config.yaml: measure: min_coverage: found (nan|-?inf), needed a finite num"
    ):
        config(f'{{"participants": "a", "scans": "b", "measure": {{"min_coverage": {number}}}}}')


def test_an_infinite_number_of_yaml_without_its_sign_is_one_line(config):
    with pytest.raises(ConfigError, match=r"x: 1: found inf, needed a finite number"):
        config(TABLES + "x: [1, 1.0e+999]\n")
