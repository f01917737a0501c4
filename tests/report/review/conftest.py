"""A small results folder for a reader, and a server in a thread."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from pet_spect.model import ScanKey
from pet_spect.report.review.reading import Reading
from pet_spect.report.review.scans import scans_to_rate
from pet_spect.report.review.server import ReviewServer
from pet_spect.results import layout
from pet_spect.study.signing import append_signed_line

from ...blind_pictures import write_blind_picture

LABELS = {"FDG": "18FFDG", "IMZ": "123IIMZ"}


def signer(table):
    """Return what signs a line in a table as `pet-spect sign` does, without hashes of the scan."""

    def sign(key: ScanKey, said: Mapping[str, str]) -> None:
        who = {"participant_id": key.participant, "session": key.session, "tracer": key.tracer}
        append_signed_line(table, {**who, **said})

    return sign


@pytest.fixture
def results(make_study, tmp_path):
    """Two people, two tracers, two visits: eight scans with pictures that name them."""
    study = make_study(2)
    for row in study.scans:
        row["simulated"] = True
    folder = study.write(tmp_path / "results")
    for row in study.scans:
        key = ScanKey(row["participant_id"], row["session"], row["tracer"])
        path = folder / layout.registration_figure(key.participant, key.session, LABELS[key.tracer])
        write_blind_picture(path, key)
    return folder


@pytest.fixture
def table(tmp_path):
    return tmp_path / "config" / "reader_a.tsv"


@pytest.fixture
def begin(results, table) -> Callable[..., Reading]:
    """Return a function that begins a reading, as a new start of the program does."""

    def begun(initials="AB", path=None) -> Reading:
        reading = Reading(scans_to_rate(results).scans, path or table, signer(path or table))
        if initials:
            reading.start(initials)
        return reading

    return begun


@dataclass
class Client:
    """A browser that can lie."""

    server: ReviewServer
    thread: threading.Thread
    cookie: str = ""
    said: list[str] = field(default_factory=list)

    def ask(self, method: str, path: str, body: Any = None, **headers: str | None) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body; a header of None is left out, ``_`` stands for ``-``."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_port, timeout=10)
        sent: dict[str, str | None] = {"Host": self.server.host, "Cookie": self.cookie}
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        if method == "POST":
            origin, secret = f"http://{self.server.host}", self.server.secret
            sent |= {"Origin": origin, "X-Review-Token": secret, "Content-Type": "application/json"}
            sent |= {"Content-Length": str(len(content or b""))}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in sent.items():
            if value is not None:
                connection.putheader(name, value)
        connection.endheaders(content)
        answer = connection.getresponse()
        try:
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def enter(self) -> None:
        status, headers, _ = self.ask("GET", self.server.address.removeprefix(f"http://{self.server.host}"))
        assert status == 303
        self.cookie = headers["Set-Cookie"].partition(";")[0]

    def post(self, path: str, **content: str) -> dict[str, Any]:
        status, _, body = self.ask("POST", path, content)
        assert status == 200, body
        return json.loads(body)

    def state(self) -> dict[str, Any]:
        return json.loads(self.ask("GET", "/state")[2])


@pytest.fixture
def serve(begin):
    """Return a function that serves a reading and gives a client of it."""
    servers = []

    def served(reading=None) -> Client:
        said: list[str] = []
        server = ReviewServer(0, reading or begin(""), said.append, simulated=True, all_simulated=True)
        servers.append(server)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        return Client(server, thread, said=said)

    yield served
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def client(serve):
    entered = serve()
    entered.enter()
    return entered
