"""`pet-spect review` as a reader runs it, on a small finished study."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest

from pet_spect.cli import main
from pet_spect.model import ScanKey
from pet_spect.results import layout
from pet_spect.results.decisions.decision_log import read_log
from pet_spect.tsv import read_table

from ..blind_pictures import write_blind_picture
from ..small_study import RATIO


@pytest.fixture(scope="module")
def measured(small_results, tmp_path_factory):
    folder = tmp_path_factory.mktemp("small") / "study"
    shutil.copytree(small_results.parent, folder)
    for who, session in RATIO:
        path = folder / "results" / layout.registration_figure(who, session, "18FFDG")
        write_blind_picture(path, ScanKey(who, session, "FDG"))
    return folder


@pytest.fixture
def study(measured, tmp_path):
    shutil.copytree(measured, tmp_path / "study")
    return tmp_path / "study"


class Review:
    """A running review and the browser of its reader."""

    def __init__(self, study, qc="qc.tsv"):
        words = ["review", str(study / "results"), "--qc", str(study / "config" / qc), "--no-browser"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pet_spect.cli", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.opening = ""
        while not (address := re.search(r"http://(\S+:\d+)(/\S+)", self.opening)):
            line = self.process.stdout.readline()
            assert line, self.process.stderr.read()
            self.opening += line
        self.host, self.cookie = address[1], ""
        self.cookie = self.ask("GET", address[2])[1]["Set-Cookie"].partition(";")[0]
        self.secret = re.search(r'name="review-token" content="([^"]+)"', self.ask("GET", "/")[0])[1]

    def ask(self, method, path, content=None):
        connection = http.client.HTTPConnection(self.host, timeout=20)
        headers = {"Cookie": self.cookie}
        if method == "POST":
            headers |= {"Origin": f"http://{self.host}", "X-Review-Token": self.secret}
            headers |= {"Content-Type": "application/json"}
        connection.request(method, path, None if content is None else json.dumps(content), headers)
        answer = connection.getresponse()
        assert answer.status in (200, 303), answer.read()
        return answer.read().decode(), dict(answer.getheaders())

    def post(self, path, **content):
        return json.loads(self.ask("POST", path, content)[0])

    def rate(self, rating, **more):
        shown = json.loads(self.ask("GET", "/state")[0])["scan"]
        return self.post("/rate", scan=shown, rating=rating, **more)

    def end(self, how):
        self.process.send_signal(how)
        said, errors = self.process.communicate(timeout=20)
        return self.process.returncode, said, errors


@pytest.fixture
def begin(study):
    """Return a function that starts a review; those that still run are killed at the end."""
    running = []

    def begun(qc="qc.tsv"):
        running.append(Review(study, qc))
        return running[-1]

    yield begun
    for review in running:
        review.process.kill()
        review.process.communicate()


def test_a_reading_is_stopped_killed_and_finished_without_loss(study, begin):
    first = begin()
    assert first.opening.startswith("3 scans to rate. Open this address")
    assert first.post("/start", initials="AB")["total"] == 3
    first.rate("good")
    code, said, errors = first.end(signal.SIGINT)
    assert (code, errors) == (0, "")
    assert "1 of 3 scans rated by AB (1 good, 0 doubt, 0 bad).\n2 scans left. Start pet-spect review again" in said

    second = begin()
    assert second.post("/start", initials="AB")["done"] == 1
    second.rate("bad", code="moved", words="twice")
    second.end(signal.SIGKILL)

    third = begin()
    assert third.post("/start", initials="AB")["done"] == 2
    assert third.rate("doubt", code="brain_cut")["phase"] == "done"
    third.post("/finish")
    said, errors = third.process.communicate(timeout=20)
    assert (third.process.returncode, errors) == (0, "")
    assert "3 of 3 scans rated by AB (1 good, 1 doubt, 1 bad).\n1 scan rated bad. Nothing is excluded by that" in said
    assert not re.search(r"sub-0|baseline|year1|FDG", said.replace(str(study), ""))

    rows = read_table(study / "config" / "qc.tsv")
    assert [(row["decision"], row["code"]) for row in rows] == [("rating", code) for code in ("good", "bad", "doubt")]
    assert all(re.fullmatch("[0-9a-f]{64}", row["image_sha256"]) for row in rows)
    assert len({tuple(row.values())[:3] for row in rows}) == 3
    log, whole = read_log(study / "results")
    assert (len(log), whole) == (3, True)


def test_two_readers_at_once_know_nothing_of_each_other(study, begin):
    one, other = begin("a.tsv"), begin("b.tsv")
    one.post("/start", initials="QXZWV")
    one.rate("bad", code="other", words="zebra")
    assert other.post("/start", initials="CD")["done"] == 0
    other.rate("good")
    told = (
        other.opening + other.ask("GET", "/")[0] + other.ask("GET", "/state")[0] + "".join(other.end(signal.SIGINT)[1:])
    )
    assert not re.search(r"QXZWV|zebra|1 bad|a\.tsv", told)
    one.end(signal.SIGINT)
    assert [row["initials"] for row in read_table(study / "config" / "a.tsv")] == ["QXZWV"]


def test_a_stop_signal_ends_it_with_its_own_status(begin):
    review = begin()
    code, _, errors = review.end(signal.SIGTERM)
    assert (code, errors) == (128 + signal.SIGTERM, "")


def test_the_browser_is_opened_unless_one_says_no(study, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setattr("pet_spect.report.review.server.ReviewServer.serve_forever", lambda self: time.sleep(0))
    words = ["review", str(study / "results"), "--qc", str(study / "config" / "qc.tsv")]
    assert main(words) == 0
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?token=[\w-]{43}", opened.pop())
    assert main([*words, "--no-browser"]) == 0
    assert opened == []


def test_the_table_is_that_of_the_config_unless_one_names_another(study, monkeypatch, capsys):
    monkeypatch.setattr("pet_spect.report.review.server.ReviewServer.serve_forever", lambda self: time.sleep(0))
    assert main(["review", str(study / "results"), "--no-browser"]) == 0
    assert f"Every rating is saved at once in {study / 'config' / 'qc.tsv'}." in capsys.readouterr().out
    shutil.rmtree(study / "config")
    assert main(["review", str(study / "results"), "--no-browser"]) == 1
    assert "does not exist; name the reader's table of decisions with --qc" in capsys.readouterr().err
    assert not (study / "config").exists()


def test_results_without_pictures_are_said_in_one_line(study, capsys):
    shutil.rmtree(study / "results" / "figures")
    assert main(["review", str(study / "results"), "--qc", str(study / "config" / "qc.tsv"), "--no-browser"]) == 1
    said = capsys.readouterr().err
    assert "no scan with a picture of its registration that can be rated; run the workflow again with" in said
    assert said.count("\n") == 1


def test_a_measured_scan_without_a_picture_is_said_and_the_others_are_rated(study, begin):
    (study / "results" / layout.registration_figure("sub-02", "baseline", "18FFDG")).unlink()
    opening = begin().opening
    assert opening.startswith("1 scan measured, with no picture that can be rated: run the workflow again with")
    assert "2 scans to rate." in opening


@pytest.mark.parametrize("port", ["-1", "65536", "x", "1.5", "²"])
def test_a_port_that_cannot_be_is_wrong_usage(study, port):
    with pytest.raises(SystemExit) as stopped:
        main(["review", str(study / "results"), "--qc", "qc.tsv", "--port", port])
    assert stopped.value.code == 2
