"""What the measurements share: a server with one connection to it, the statements of a request, medians."""

from __future__ import annotations

import http.client
import os
import re
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event

from app.demo_cast import PASSWORD
from tests.conftest import form_fields
from tests.servers import free_port

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / "build" / "bench"
ROUNDS = 30
WHO = "ga@meghna.example.com"
POSTGRESQL = {
    "autovacuum": "on",
    "checkpoint_timeout": "5min",
    "fsync": "on",
    "full_page_writes": "on",
    "max_wal_size": "2GB",
    "shared_buffers": "512MB",
    "synchronous_commit": "on",
}
"""What a server of PostgreSQL is measured with: a commit is on the disk when it is answered, unlike in the tests."""

ASKING = (str(ROOT / "app" / "access"), str(ROOT / "app" / "security"))
"""Whoever runs a statement from here asks about the account and not about the page's rows."""

READING_ROWS = ("get_or_404", "with_factor")
"""They stand there too, and read what a page shows: the row that the address names, who of a list has a second factor."""


class Statements:
    """Count the SQL statements an engine runs inside the block; BEGIN is none."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.count = 0

    def __enter__(self) -> Statements:
        event.listen(self.engine, "before_cursor_execute", self._counted)
        return self

    def __exit__(self, *_error: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._counted)

    def _counted(self, _connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        self.count += not statement.startswith("BEGIN")


class ForPermissionAndScope(Statements):
    """Count the statements alone that are run to learn who acts, what the account may do and whose rows it sees."""

    def _counted(self, connection: object, cursor: object, statement: str, *rest: object) -> None:
        frame = sys._getframe()
        while frame is not None:
            code = frame.f_code
            if code.co_filename.startswith(ASKING) and code.co_name not in READING_ROWS:
                super()._counted(connection, cursor, statement, *rest)
                return
            frame = frame.f_back  # type: ignore[assignment]


def median_ms(work: Callable[[], object]) -> float:
    """Return the median of some rounds in milliseconds, after one to warm up."""
    work()
    times = []
    for _round in range(ROUNDS):
        begun = time.perf_counter()
        work()
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times)


def signed_in(app: Flask, email: str) -> FlaskClient:
    """Return a client that is signed in as a person of the cast."""
    client = app.test_client()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/login/").text)
    assert token is not None
    client.post("/login/", data={"email": email, "password": PASSWORD, "csrf_token": token.group(1)})
    return client


class Client:
    """One person's connection to a server, which stays open, with its cookies."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        self.connection.connect()

    def ask(
        self, path: str, form: dict[str, str] | None = None, *, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Send a request, with a form a POST; return status and body."""
        cookies = "; ".join(f"{name}={content}" for name, content in self.cookies.items())
        headers = {"Cookie": cookies, "Host": f"localhost:{self.port}"} | (headers or {})
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request("POST" if form is not None else "GET", path, urlencode(form or {}), headers)
        answer = self.connection.getresponse()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                cookie, _equals, content = value.partition(";")[0].partition("=")
                self.cookies[cookie] = content
        return answer.status, answer.read()

    def sign_in(self, email: str = WHO) -> None:
        """Sign in anew, as the Group Admin unless somebody else is named."""
        self.cookies = {}
        form = form_fields(self.ask("/login/")[1].decode()) | {"email": email, "password": PASSWORD}
        status, _body = self.ask("/login/", form)
        assert status in (302, 303), f"signing in answered {status}"


class Process(Client):
    """A server of this project on a port of its own, and a connection to it."""

    def __init__(self, *words: str, url: str) -> None:
        port = free_port()
        environment = os.environ | {"DATABASE_URL": url, "PORT": str(port), "FILES_FOLDER": str(PLACE / "files")}
        command = ["setpriv", "--pdeathsig", "TERM", "--", sys.executable, *words]
        PLACE.mkdir(parents=True, exist_ok=True)
        with (PLACE / f"{Path(words[0]).stem}.log").open("wb") as output:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
        for _try in range(600):
            try:
                super().__init__(port)
                return
            except OSError:
                if self._process.poll() is not None:
                    break
                time.sleep(0.1)
        raise RuntimeError(f"{words[0]} did not start")

    def memory(self, *, anew: bool = False) -> int:
        """Return the most memory the process has held, in kB; ``anew`` begins to watch again."""
        if anew:
            Path(f"/proc/{self._process.pid}/clear_refs").write_text("5")
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{self._process.pid}/status").read_text())
        assert found is not None
        return int(found.group(1))

    def stop(self) -> None:
        """End the server."""
        self.connection.close()
        os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(timeout=30)
