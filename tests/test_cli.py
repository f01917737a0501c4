import subprocess
import sys

import pytest

from pet_spect import cli
from pet_spect.errors import DicomError


class Verb:
    """A stand-in for a verb's module."""

    def __init__(self, error):
        self.error = error

    def add_arguments(self, parser):
        pass

    def run(self, options):
        if self.error is not None:
            raise self.error


def run(monkeypatch, error):
    monkeypatch.setattr(cli.importlib, "import_module", lambda name: Verb(error))
    return cli.main(["report"])


def test_a_verb_that_succeeds_exits_0(monkeypatch, capsys):
    assert run(monkeypatch, None) == 0
    assert capsys.readouterr() == ("", "")


def test_bad_input_is_one_line_and_exit_1(monkeypatch, capsys):
    assert run(monkeypatch, DicomError("slice 3\nis missing")) == 1
    assert capsys.readouterr().err == "pet-spect report: slice 3 is missing\n"


def test_a_full_disk_is_one_line_and_exit_1(monkeypatch, capsys):
    assert run(monkeypatch, OSError(28, "No space left on device", "results/a.nii.gz")) == 1
    assert capsys.readouterr().err == (
        "pet-spect report: cannot read or write results/a.nii.gz (No space left on device)\n"
    )


def test_an_interruption_is_one_line(monkeypatch, capsys):
    assert run(monkeypatch, KeyboardInterrupt()) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_an_interruption_while_a_verb_is_still_loading_is_one_line(monkeypatch, capsys):
    def loading(name):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.importlib, "import_module", loading)
    assert cli.main(["report"]) == 130
    assert capsys.readouterr().err == "pet-spect report: interrupted\n"


def test_a_bug_keeps_its_traceback(monkeypatch):
    with pytest.raises(ZeroDivisionError):
        run(monkeypatch, ZeroDivisionError())


def test_wrong_usage_exits_2():
    done = subprocess.run(
        [sys.executable, "-m", "pet_spect.cli", "convert"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "usage: pet-spect convert" in done.stderr


@pytest.mark.parametrize("verb", cli.VERBS)
def test_every_verb_explains_itself(verb, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main([verb, "--help"])
    assert ended.value.code == 0
    assert cli.VERBS[verb].split()[0] in capsys.readouterr().out
