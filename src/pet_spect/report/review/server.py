"""Server of the blinded reading: on this computer alone, for one browser."""

from __future__ import annotations

import secrets
import socketserver
import sys
import traceback
from collections.abc import Callable
from http.server import ThreadingHTTPServer
from typing import Any

from pet_spect.errors import ConfigError
from pet_spect.report.review.page import review_page
from pet_spect.report.review.reading import Reading
from pet_spect.report.review.requests import ReviewRequest

LOOPBACK = "127.0.0.1"
"""The only address at which the server listens; other computers cannot reach it."""


class ReviewServer(ThreadingHTTPServer):
    """Serves one reading.

    Parameters
    ----------
    port : int
        0 takes any free one.
    reading : Reading
    simulated, all_simulated : bool
        Whether one of the scans is simulated, and whether all are.
    say : callable
        Takes what the person at the terminal should know; no scan is named in it.

    Raises
    ------
    ConfigError
        If the port is not free.
    """

    daemon_threads = True

    def __init__(
        self, port: int, reading: Reading, say: Callable[[str], None], *, simulated: bool, all_simulated: bool
    ) -> None:
        try:
            super().__init__((LOOPBACK, port), ReviewRequest)
        except OSError as error:
            raise ConfigError(
                f"--port {port}: cannot be used ({error.strerror}); leave it out for a free one"
            ) from None
        self.reading, self.say = reading, say
        self.secret = secrets.token_urlsafe(32)
        self.page = review_page(self.secret, len(reading.scans), simulated=simulated, all_simulated=all_simulated)
        self.cookie: str | None = None
        self._token: str | None = secrets.token_urlsafe(32)
        self._pictures = {scan.identifier: scan.picture for scan in reading.scans}

    @property
    def host(self) -> str:
        """The only name under which the server answers, so that no foreign name can be bound to its address."""
        return f"{LOOPBACK}:{self.server_address[1]}"

    @property
    def address(self) -> str:
        """The address to open, which works once."""
        return f"http://{self.host}/?token={self._token}"

    def server_bind(self) -> None:
        """Bind without asking the network for the name of this computer, as HTTPServer would."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = LOOPBACK, self.server_address[1]

    def enter(self, token: str) -> str | None:
        """Return the cookie of the session for the token, which is then void; None if it is not the token."""
        with self.reading.lock:
            if self._token is None or not secrets.compare_digest(token.encode(), self._token.encode()):
                return None
            self._token, self.cookie = None, secrets.token_urlsafe(32)
            return self.cookie

    def picture(self, identifier: str) -> Any:
        """Return the path of the picture with an identifier of this session; None if there is none."""
        return self._pictures.get(identifier)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print where a bug is, without the words of the error, which may name a scan."""
        error = sys.exception()
        if not isinstance(error, ConnectionError | TimeoutError):
            where = "".join(traceback.format_tb(error.__traceback__)) if error is not None else ""
            self.say(f"{where}{type(error).__name__}: a request could not be answered")
