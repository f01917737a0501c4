from pathlib import Path

import pytest
import yaml

from pet_spect.cli import main
from pet_spect.errors import ConfigError, StudyError
from pet_spect.study.check import check_study
from pet_spect.study.new_study import start_study


def test_a_new_study_lacks_nothing_but_what_only_its_user_knows(tmp_path, monkeypatch, repository, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["init", "trial"]) == 0
    assert capsys.readouterr().out == (
        "Fill in trial/config/participants.tsv and trial/config/scans.tsv; trial/README.md goes on.\n"
    )
    monkeypatch.chdir("trial")
    config = yaml.safe_load(Path("config/config.yaml").read_text(encoding="utf-8"))
    with pytest.raises(StudyError) as caught:
        check_study(config, ["config/config.yaml"], repository / "workflow/schemas")
    (mistake,) = caught.value.mistakes
    assert str(mistake).startswith("config/participants.tsv and config/scans.tsv: not filled in yet")


def test_its_config_is_that_of_the_repository(tmp_path, repository):
    start_study(tmp_path / "trial")
    ours = (repository / "config/config.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load((tmp_path / "trial/config/config.yaml").read_text(encoding="utf-8")) == yaml.safe_load(ours)


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match="is not empty; name a new folder for the study"):
        start_study(tmp_path)
    with pytest.raises(ConfigError, match="is not empty"):
        start_study(tmp_path / "notes.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_an_empty_folder_becomes_the_study(tmp_path):
    start_study(tmp_path)
    assert sorted(path.name for path in (tmp_path / "config").iterdir()) == [
        "config.yaml",
        "outcomes.tsv",
        "participants.tsv",
        "qc.tsv",
        "scans.tsv",
    ]
