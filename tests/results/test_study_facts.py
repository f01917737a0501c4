import json

import pytest
import yaml
from jsonschema import Draft202012Validator

from pet_spect.errors import ConfigError, TableError
from pet_spect.results.dataset import describe_dataset, described_study
from pet_spect.results.study_facts import LONGEST, NOT_STATED, StudyFacts, read_study_facts

FACTS = {"id": "MC-1", "title": "Cells after stroke: a “single-arm” trial", "registration": "REG 0001"}


def described(results):
    return json.loads((results / "dataset_description.json").read_text(encoding="utf-8"))


def test_what_is_described_is_read_again(tmp_path):
    describe_dataset(tmp_path, read_study_facts(FACTS))
    assert described_study(tmp_path).stated == FACTS


def test_the_title_names_the_dataset_and_the_registration_is_a_link(tmp_path):
    describe_dataset(tmp_path, read_study_facts(FACTS))
    assert described(tmp_path)["Name"] == FACTS["title"]
    assert described(tmp_path)["ReferencesAndLinks"] == ["REG 0001"]


def test_without_a_title_the_number_names_the_dataset(tmp_path):
    describe_dataset(tmp_path, StudyFacts(id="MC-1"))
    assert described(tmp_path)["Name"] == "MC-1"
    assert described(tmp_path)["Study"] == {"ID": "MC-1"}


def test_a_study_that_says_nothing_leaves_nothing(tmp_path):
    describe_dataset(tmp_path)
    assert described(tmp_path).keys() == {"Name", "BIDSVersion", "DatasetType", "GeneratedBy"}
    assert described_study(tmp_path) == NOT_STATED


def test_a_folder_without_a_description_says_nothing(tmp_path):
    assert described_study(tmp_path) == NOT_STATED


@pytest.mark.parametrize("study", [{"ID": 3}, "MC-1", {"Title": "a\nb"}])
def test_a_description_that_was_damaged_is_an_error(tmp_path, study):
    (tmp_path / "dataset_description.json").write_text(json.dumps({"Study": study}))
    with pytest.raises(TableError, match=r"Study: .*run the workflow again"):
        described_study(tmp_path)


@pytest.fixture
def schema(repository):
    whole = yaml.safe_load((repository / "workflow/schemas/config.schema.yaml").read_text(encoding="utf-8"))
    return Draft202012Validator(whole["properties"]["study"])


@pytest.mark.parametrize("name", LONGEST)
def test_flag_and_config_take_the_longest_text(schema, name):
    facts = {name: "x" * LONGEST[name]}
    schema.validate(facts)
    assert read_study_facts(facts).stated == facts


@pytest.mark.parametrize("name", LONGEST)
@pytest.mark.parametrize(
    "text", ["", " x", "\u3000x", "x\ty", "x\n", "\x1b[2J", "x\x00", "x\u2028", "x\u202ey", "\ud800", None, 7, ["x"]]
)
def test_flag_and_config_refuse_the_same(schema, name, text):
    assert not schema.is_valid({name: text})
    with pytest.raises(ConfigError, match=f"{name}: found "):
        read_study_facts({name: text})


def test_a_text_that_is_too_long_or_an_unknown_key_is_refused(schema):
    for facts, said in (({"id": "x" * 65}, "at most 64 characters"), ({"name": "x"}, "needed id, title, registration")):
        assert not schema.is_valid(facts)
        with pytest.raises(ConfigError, match=said):
            read_study_facts(facts)
