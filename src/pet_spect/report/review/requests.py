"""Requests of the reader's browser: who may ask, what can be asked, and what is answered."""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qs, urlsplit

from pet_spect.errors import PetSpectError
from pet_spect.model import ScanKey
from pet_spect.report.review.reading import OutOfStepError
from pet_spect.report.review.reasons import UnusableError
from pet_spect.report.review.scans import nameless_picture

if TYPE_CHECKING:
    from pet_spect.report.review.server import ReviewServer

MOST_BYTES = 4096
"""Largest body of a request."""

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Headers of every answer."""

_EXPIRED = "Open the address that the terminal shows. It works once, in one browser."
_NOT_SAVED = "Nothing was saved. The terminal says why."


class _RefusedError(Exception):
    """A request that gets nothing but a status and a sentence."""

    def __init__(self, status: HTTPStatus, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


class ReviewRequest(BaseHTTPRequestHandler):
    """One request."""

    server: ReviewServer
    timeout = 15

    def do_GET(self) -> None:
        """Answer with the page, the state of the reading or a picture."""
        self._answered(self._get)

    def do_POST(self) -> None:
        """Take a rating, or a step through the reading."""
        self._answered(self._post)

    def do_HEAD(self) -> None:
        """Refuse every other method."""
        self.send_error(HTTPStatus.METHOD_NOT_ALLOWED)

    do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_TRACE = do_CONNECT = do_HEAD  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Keep no log of requests."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer with the words of the status alone; nothing of the request is repeated."""
        self._send(code, HTTPStatus(code).phrase.encode(), "text/plain; charset=utf-8")

    def _answered(self, answer: Any) -> None:
        try:
            self._check_where_from()
            answer()
        except _RefusedError as refused:
            if self.command == "GET" and self.path != "/state":  # a person reads it, not the script
                self._send(refused.status, refused.sentence.encode(), "text/plain; charset=utf-8")
            else:
                self._send_json(refused.status, {"message": refused.sentence})
        except OutOfStepError:
            self._send_json(HTTPStatus.CONFLICT, {"message": "Another scan is in turn; it is shown now."})
        except UnusableError as error:
            self._send_json(HTTPStatus.BAD_REQUEST, {"message": str(error)})
        except (PetSpectError, OSError) as error:
            if isinstance(error, ConnectionError | TimeoutError):
                raise
            self.server.say(without_names(str(error), (scan.key for scan in self.server.reading.scans)))
            self._send_json(HTTPStatus.INTERNAL_SERVER_ERROR, {"message": _NOT_SAVED})

    def _check_where_from(self) -> None:
        """Refuse what is asked under another name or by another site's page."""
        if self.headers.get_all("Host") != [self.server.host]:
            raise _RefusedError(HTTPStatus.MISDIRECTED_REQUEST, f"This server answers at {self.server.host} only.")
        if self.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            raise _RefusedError(HTTPStatus.FORBIDDEN, "Copy the address into the address line of the browser.")

    def _get(self) -> None:
        target = urlsplit(self.path)
        if target.path == "/" and target.query:
            self._enter(parse_qs(target.query).get("token", [""])[0])
            return
        self._check_session()
        identifier = target.path.removeprefix("/picture/")
        picture = None if target.query or identifier == target.path else self.server.picture(identifier)
        if self.path == "/":
            page = self.server.page
            policy = {"Content-Security-Policy": page.policy}
            self._send(HTTPStatus.OK, page.text.encode(), "text/html; charset=utf-8", policy)
        elif self.path == "/state":
            self._send_json(HTTPStatus.OK, self.server.reading.state())
        elif self.path == "/favicon.ico":  # a browser asks for it by itself
            self._send(HTTPStatus.NO_CONTENT, b"", "image/png")
        elif picture is not None:
            self._send(HTTPStatus.OK, nameless_picture(picture), "image/png")
        else:
            raise _RefusedError(HTTPStatus.NOT_FOUND, "There is no such page.")

    def _post(self) -> None:
        self._check_session()
        if self.headers.get_all("Origin") != [f"http://{self.server.host}"]:
            raise _RefusedError(HTTPStatus.FORBIDDEN, "The request is not from the page of this review.")
        if not _same(self.headers.get("X-Review-Token", ""), self.server.secret):
            raise _RefusedError(HTTPStatus.FORBIDDEN, "The request is not from the page of this review.")
        said, reading = self._body(), self.server.reading
        if self.path == "/start":
            reading.start(said.get("initials", ""))
        elif self.path == "/rate":
            reading.rate(*(said.get(name, "") for name in ("scan", "rating", "code", "words")))
        elif self.path == "/back":
            reading.back()
        elif self.path == "/forward":
            reading.forward()
        elif self.path != "/finish":
            raise _RefusedError(HTTPStatus.NOT_FOUND, "There is no such page.")
        self._send_json(HTTPStatus.OK, reading.state())
        if self.path == "/finish":
            threading.Thread(target=self.server.shutdown, daemon=True).start()  # it waits until no request is open

    def _body(self) -> dict[str, str]:
        """Return the JSON object of a request, every value of it a text."""
        length = self.headers.get("Content-Length", "")
        if "Transfer-Encoding" in self.headers or not re.fullmatch("[0-9]{1,9}", length, re.ASCII):
            raise _RefusedError(HTTPStatus.LENGTH_REQUIRED, "The request must say its length.")
        if int(length) > MOST_BYTES:
            raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request is too large.")
        if self.headers.get_content_type() != "application/json":
            raise _RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The request must be JSON.")
        try:
            said = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict) or not all(isinstance(value, str) for value in said.values()):
            raise _RefusedError(HTTPStatus.BAD_REQUEST, "The request must be a JSON object of texts.")
        return cast("dict[str, str]", said)

    def _enter(self, token: str) -> None:
        cookie = self.server.enter(token)
        if cookie is None:
            raise _RefusedError(HTTPStatus.FORBIDDEN, _EXPIRED)
        name = self._cookie_name()
        settings = f"{name}={cookie}; Path=/; HttpOnly; SameSite=Strict"
        self._send(HTTPStatus.SEE_OTHER, b"", "text/plain; charset=utf-8", {"Location": "/", "Set-Cookie": settings})

    def _check_session(self) -> None:
        pairs = (pair.strip().partition("=") for pair in self.headers.get("Cookie", "").split(";"))
        sent = {name: value for name, _, value in pairs}.get(self._cookie_name(), "")
        if self.server.cookie is None or not _same(sent, self.server.cookie):
            raise _RefusedError(HTTPStatus.FORBIDDEN, _EXPIRED)

    def _cookie_name(self) -> str:
        """Return a name with the port in it: a browser sends the cookies of one port to all ports."""
        return f"review_{self.server.server_port}"

    def _send_json(self, status: int, content: Mapping[str, Any]) -> None:
        self._send(status, json.dumps(content).encode(), "application/json")

    def _send(self, status: int, body: bytes, kind: str, more: Mapping[str, str] | None = None) -> None:
        self.send_response_only(status)  # neither the version of Python nor the time is told
        about = {"Content-Type": kind, "Content-Length": str(len(body)), "Connection": "close"}
        for name, value in {**HEADERS, **about, **(more or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def without_names(text: str, keys: Iterable[ScanKey]) -> str:
    """Return a message in which no scan is named, for the reader may see the terminal.

    Examples
    --------
    >>> without_names("results/sub-01/sub-01_ses-year1.json: year1 FDG", [ScanKey("sub-01", "year1", "FDG")])
    'results/…/…_ses-….json: … …'
    """
    names = {name for key in keys for name in (key.participant, key.session, key.tracer)}
    every = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    return re.sub(rf"(?<![A-Za-z0-9])({every})(?![A-Za-z0-9])", "…", text) if names else text


def _same(one: str, other: str) -> bool:
    return secrets.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8"))
