"""Who may ask the server for what, and that nothing it says names a scan."""

from __future__ import annotations

import re
import socket
import threading

import pytest

from pet_spect.errors import ConfigError, TableError
from pet_spect.report.review.page import review_page
from pet_spect.report.review.reading import Reading
from pet_spect.report.review.requests import MOST_BYTES
from pet_spect.report.review.server import ReviewServer
from pet_spect.tsv import read_table

NAMES = re.compile(r"sub-|baseline|year1|FDG|IMZ|ses-|trc-|reader_a|\.tsv|figures", re.IGNORECASE)


def test_it_listens_on_the_loopback_alone(client):
    assert client.server.server_address[0] == "127.0.0.1"
    assert client.server.socket.family == socket.AF_INET


def test_a_port_in_use_is_said(client, begin):
    with pytest.raises(ConfigError, match=r"--port \d+: cannot be used \(Address already in use\)"):
        ReviewServer(client.server.server_port, begin(""), print, simulated=False, all_simulated=False)


def test_the_token_works_once_and_leaves_the_address(serve):
    client = serve()
    path = client.server.address.removeprefix(f"http://{client.server.host}")
    status, headers, body = client.ask("GET", path)
    assert (status, headers["Location"], body) == (303, "/", b"")
    assert re.fullmatch(r"review_\d+=[\w-]{43}; Path=/; HttpOnly; SameSite=Strict", headers["Set-Cookie"])
    assert client.ask("GET", path)[0] == 403


@pytest.mark.parametrize(
    "path", ["/?token=", "/?token=wrong", "/?token=%FF%00", "/?token", "/?other=1", "/?token=None"]
)
def test_a_wrong_token_opens_nothing_and_leaves_the_right_one_valid(serve, path):
    client = serve()
    status, headers, _ = client.ask("GET", path)
    assert status == 403
    assert "Set-Cookie" not in headers
    client.enter()


@pytest.mark.parametrize("cookie", ["", "review_{port}=", "review_{port}=wrong", "other={cookie}", 'review_{port}="'])
@pytest.mark.parametrize("path", ["/", "/state", "/picture/{picture}", "/favicon.ico", "/nothing"])
def test_without_the_cookie_nothing_is_shown(client, path, cookie):
    identifier = client.server.reading.scans[0].identifier
    port, value = client.server.server_port, client.cookie.partition("=")[2]
    sent = cookie.format(port=port, cookie=value)
    status, headers, body = client.ask("GET", path.format(picture=identifier), Cookie=sent)
    assert status == 403
    assert headers["Content-Type"] in ("text/plain; charset=utf-8", "application/json")
    assert b"Open the address that the terminal shows." in body


def test_the_cookie_is_found_among_those_of_other_programs(client):
    assert client.ask("GET", "/", Cookie=f'a="b; c]=d; {client.cookie}; e')[0] == 200


def test_before_the_token_was_used_no_cookie_is_right(serve):
    client = serve()
    port = client.server.server_port
    assert {client.ask("GET", "/", Cookie=f"review_{port}={value}")[0] for value in ("", "None")} == {403}


@pytest.mark.parametrize(
    "host", [None, "", "localhost:{port}", "evil.example", "evil.example:{port}", "127.0.0.1", "[::1]"]
)
def test_another_host_is_refused(client, host):
    sent = None if host is None else host.format(port=client.server.server_port)
    assert client.ask("GET", "/", Host=sent)[0] == 421
    assert client.ask("POST", "/start", {"initials": "AB"}, Host=sent)[0] == 421


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_of_another_site_or_port_is_refused(client, site):
    assert client.ask("GET", "/state", Sec_Fetch_Site=site)[0] == 403
    assert client.ask("GET", "/state", Sec_Fetch_Site="same-origin")[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": None},
        {"Origin": "null"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"X_Review_Token": None},
        {"X_Review_Token": "wrong"},
        {"X_Review_Token": "\u00ff"},
        {"Cookie": None},
    ],
)
def test_a_forged_request_writes_nothing(client, table, headers):
    client.post("/start", initials="AB")
    content = {"scan": client.state()["scan"], "rating": "good"}
    assert client.ask("POST", "/rate", content, **headers)[0] == 403
    assert not table.exists()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "HEAD", "CONNECT"])
def test_other_methods_are_refused(client, method):
    status, headers, body = client.ask(method, "/state")
    assert (status, headers["Cache-Control"]) == (405, "no-store")
    assert body in (b"", b"Method Not Allowed")


def test_an_unknown_method_is_refused_without_repeating_it(client):
    status, headers, body = client.ask("EVIL<script>", "/")
    assert (status, body) == (501, b"Not Implemented")
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/start", "/rate", "/back", "/forward", "/finish"])
def test_reading_writes_nothing(client, path):
    assert client.ask("GET", path)[0] == 404


@pytest.mark.parametrize("path", ["/", "/state", "/evil", "/picture/x", "/?token=x"])
def test_nothing_can_be_written_elsewhere(client, path):
    assert client.ask("POST", path, {})[0] == 404


@pytest.mark.parametrize(
    "path",
    [
        "/picture/",
        "/picture/x",
        "/picture/../state",
        "/picture/%2e%2e/%2e%2e/etc/passwd",
        "/../../etc/passwd",
        "//etc/passwd",
        "/tables/scans.tsv",
        "/index.html",
        "/state/",
        "/state?x=1",
        "/report",
    ],
)
def test_nothing_else_can_be_read(client, path):
    status, _, body = client.ask("GET", path)
    assert (status, body) == (404, b"There is no such page.")


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{}" + b" " * MOST_BYTES, {}, 413),
        (b"{}", {"Content_Length": "999999999"}, 413),
        (b"{}", {"Content_Length": "9" * 30}, 411),
        (b"{}", {"Content_Length": "-1"}, 411),
        (b"{}", {"Content_Length": None}, 411),
        (b"{}", {"Transfer_Encoding": "chunked"}, 411),
        (b"{}", {"Content_Type": "text/plain"}, 415),
        (b"{}", {"Content_Type": "application/x-www-form-urlencoded"}, 415),
        (b"", {}, 400),
        (b"[]", {}, 400),
        (b"{", {}, 400),
        (b"\xff", {}, 400),
        (b'{"initials": 1}', {}, 400),
        (b"[" * 4000, {}, 400),
    ],
)
def test_a_body_that_is_too_large_or_no_json_is_refused(client, table, body, headers, status):
    assert client.ask("POST", "/start", body, **headers)[0] == status
    assert client.state()["phase"] == "start"


def test_every_answer_has_the_headers_that_keep_it_here(client):
    identifier = client.server.reading.scans[0].identifier
    for path in ("/", "/state", f"/picture/{identifier}", "/nothing"):
        headers = client.ask("GET", path)[1]
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; ")
        assert "Server" not in headers
    policy = client.ask("GET", "/")[1]["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert re.search(r"script-src 'sha256-[\w+/=]+'; img-src 'self'; connect-src 'self'; form-action 'none'", policy)


def test_no_answer_names_a_scan_from_start_to_end(client, table):
    heard = [client.ask("GET", "/")]
    content = client.ask("POST", "/start", {"initials": "AB"})
    heard.append(content)
    for rating in ("good", "doubt", "bad", "good", "doubt", "bad", "good", "doubt"):
        shown = client.state()["scan"]
        assert not NAMES.search(shown)
        heard.append(client.ask("GET", f"/picture/{shown}"))
        content = {"scan": shown, "rating": rating, "code": "brain_cut", "words": "top"}
        heard += [client.ask("POST", "/rate", content), client.ask("POST", "/rate", content)]
        heard += [client.ask("POST", "/back", {}), client.ask("POST", "/forward", {})]
    heard.append(client.ask("GET", "/nothing"))
    assert client.state()["phase"] == "done"
    assert len(read_table(table)) == 8
    for status, headers, body in heard:
        assert status in (200, 404, 409)
        assert not NAMES.search(repr(headers))
        assert not NAMES.search(body.decode("latin-1"))
    assert client.said == []


def test_neither_page_nor_state_tells_what_another_reader_said(client, begin, tmp_path):
    other = begin("CD", tmp_path / "config" / "reader_b.tsv")
    other.rate(other.state()["scan"], "bad", "other", "my secret words")
    client.post("/start", initials="AB")
    told = client.ask("GET", "/")[2] + client.ask("GET", "/state")[2]
    assert client.state()["done"] == 0
    assert not re.search(rb"secret words|reader_b|CD\b", told)


def test_a_table_with_ratings_of_another_reader_is_refused(client, begin):
    other = begin("CD")
    other.rate(other.state()["scan"], "bad", "moved", "")
    status, _, body = client.ask("POST", "/start", {"initials": "AB"})
    assert status == 400
    assert b"holds ratings of another reader" in body
    assert b"CD" not in body


def test_hostile_words_are_data_everywhere(client, table):
    client.post("/start", initials="AB")
    words = '<script>alert(1)</script>\t=1+1\n"quoted'
    client.post("/rate", scan=client.state()["scan"], rating="bad", code="other", words=words)
    (row,) = read_table(table)
    assert row["reason"] == 'other: <script>alert(1)</script> =1+1 "quoted (blinded reading)'
    client.post("/back")
    status, headers, _ = client.ask("GET", "/state")
    assert (status, headers["Content-Type"]) == (200, "application/json")


def test_two_requests_at_once_rate_a_scan_once(client, table):
    client.post("/start", initials="AB")
    content = {"scan": client.state()["scan"], "rating": "good"}
    statuses = []
    threads = [
        threading.Thread(target=lambda: statuses.append(client.ask("POST", "/rate", content)[0])) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 409, 409, 409, 409, 409]
    assert len(read_table(table)) == 1


def test_what_goes_wrong_is_said_at_the_terminal_without_a_name(serve, begin, table):
    def fail(key, said):
        raise TableError(f"{key.participant}/x_ses-{key.session}: {key.tracer} cannot be read")

    client = serve(Reading(begin("").scans, table, fail))
    client.enter()
    client.post("/start", initials="AB")
    status, _, body = client.ask("POST", "/rate", {"scan": client.state()["scan"], "rating": "good"})
    assert (status, body) == (500, b'{"message": "Nothing was saved. The terminal says why."}')
    assert client.said == ["…/x_ses-…: … cannot be read"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_ends_one_request_and_is_said_without_its_words(serve, begin, table):
    def fail(key, said):
        raise KeyError(key.participant)

    client = serve(Reading(begin("").scans, table, fail))
    client.enter()
    client.post("/start", initials="AB")
    with pytest.raises(ConnectionError):
        client.ask("POST", "/rate", {"scan": client.state()["scan"], "rating": "good"})
    assert "KeyError: a request could not be answered" in client.said[0]
    assert "sub-" not in client.said[0]
    assert client.state()["done"] == 0


def test_finish_ends_the_server(client):
    client.post("/finish")
    client.thread.join(10)
    assert not client.thread.is_alive()


def test_a_request_without_headers_is_refused(client):
    with socket.create_connection(client.server.server_address[:2], timeout=5) as raw:
        raw.sendall(b"GET /\r\n\r\n")
        assert b"<html" not in raw.recv(4096)


@pytest.mark.parametrize(
    ("all_simulated", "said"),
    [
        (True, "nothing on this page was measured in a person"),
        (False, "part of this page was not measured in a person"),
    ],
)
def test_the_banner_says_whether_everything_is_simulated(all_simulated, said):
    page = review_page("secret", 1, simulated=True, all_simulated=all_simulated)
    assert f"SIMULATED data: {said}" in page.text
