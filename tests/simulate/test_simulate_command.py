import pytest

from pet_spect.cli import main
from pet_spect.simulate import trial as trial_module
from pet_spect.simulate.design import Trial


def test_without_a_terminal_each_participant_is_one_plain_line(tmp_path, monkeypatch, capsys):
    asked = []

    def quick(out, trial, atlas, *, done):
        asked.append((out, trial, atlas.name))
        done("sub-01")
        done("sub-02")

    monkeypatch.setattr(trial_module, "write_trial", quick)
    assert main(["simulate", "--out", str(tmp_path / "demo"), "--participants", "2", "--seed", "7"]) == 0
    assert asked == [(tmp_path / "demo", Trial(participants=2, seed=7), "CerebrA")]
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "pet-spect simulate: sub-01 written\npet-spect simulate: sub-02 written\n"


def test_eight_participants_and_seed_one_are_the_default():
    assert Trial() == Trial(participants=8, seed=1, step=1, thin=1)


def test_whole_trial_is_refused_in_one_line(tmp_path, capsys):
    (tmp_path / "truth.tsv").write_text("participant_id\n")
    assert main(["simulate", "--out", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert said == (
        f"pet-spect simulate: {tmp_path}/truth.tsv exists: a complete trial is already there; name another folder\n"
    )


@pytest.mark.parametrize("number", ["0", "-1", "eight"])
def test_number_of_participants_must_be_whole_and_positive(tmp_path, capsys, number):
    with pytest.raises(SystemExit) as exit_status:
        main(["simulate", "--out", str(tmp_path), f"--participants={number}"])
    assert exit_status.value.code == 2
    assert "is not a whole number from 1 up" in capsys.readouterr().err
