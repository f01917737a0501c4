"""Messages are one line, quote little and list five of anything at the most."""

from __future__ import annotations

import re

import pytest

from pet_spect.errors import PetSpectError, listed, shown


def test_a_list_of_five_is_whole_and_a_sixth_is_counted():
    assert listed("abcde", joined=" or ") == "a or b or c or d or e"
    assert listed("abcdef", joined=" or ") == "a, b, c, d, e and 1 more"


@pytest.mark.parametrize(
    "value",
    ["x" * 10**6, ["x" * 10**6] * 200, {i: [i] * 200 for i in range(200)}, 10**5000, 1e300, b"x" * 10**6],
    ids=["text", "list", "mapping", "digits", "number", "bytes"],
)
def test_a_quoted_value_is_short_whatever_it_is(value):
    assert len(shown(value)) < 800


def test_a_list_in_itself_is_quoted():
    one = ["x"]
    one.append(one)
    assert shown(one) == "['x', ['x', [...]]]"


def test_a_message_is_one_line_that_steers_no_terminal():
    error = PetSpectError("a\x1b[2J\nb\u202e\x85c: " + "x" * 10**6)
    assert str(error).startswith(r"a\x1b[2J b\u202e c: xxx")
    assert str(error).isprintable()
    assert len(str(error)) < 10_100


_NOT_A_MESSAGE = {
    "commands/cohort/rows.py": 1,  # a cell of scans.tsv, at most as many items as a protocol has
    "commands/index.py": 1,  # help of a flag
    "dicom/objects/identity.py": 1,  # one to four words that the program knows
    "errors.py": 1,
    "quantify/cohort/analysis/sets.py": 1,  # a cell of summary.tsv, at most as many items as there are reasons
    "quantify/references.py": 2,  # a data dictionary is whole
    "report/answer/precision.py": 1,  # the report's pages are no messages
    "report/methods/citations.py": 1,
    "report/methods/registration.py": 1,
    "report/methods/scans.py": 3,
    "report/methods/statistics.py": 2,
    "report/methods/wording.py": 1,
    "report/not_compared.py": 2,
    "report/participants.py": 1,
    "report/people_table.py": 1,
    "report/person/page.py": 1,
    "report/person/placement.py": 2,
    "report/results_folder.py": 1,
    "report/viewer/packed.py": 1,  # a script
    "results/tables/plan_table.py": 1,  # a printed table
    "study/config_check.py": 2,  # lines to be written instead of others, at most six
    "study/overview.py": 1,  # the steps of the workflow
}


def test_no_message_joins_a_list_on_its_own(repository):
    """Say `listed` where this fails; what is no message stands above."""
    joins = re.compile(r"""(?:", "|' or '|" or "|", "|', '|" and "|'; ')\.join\(""")
    found = {}
    for path in sorted([*repository.glob("src/**/*.py"), *repository.glob("workflow/**/*.smk")]):
        count = len(joins.findall(path.read_text(encoding="utf-8")))
        if count:
            found[str(path.relative_to(repository)).removeprefix("src/pet_spect/")] = count
    assert found == _NOT_A_MESSAGE
