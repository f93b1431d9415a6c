"""What the process says of its requests: lines without names or numbers of anybody, slow statements, figures for Prometheus."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient

from app.core.logs import Lines
from app.customers import views as customer_views
from config import Testing
from tests.cast import COLLECTOR, NORTH, Cast
from tests.conftest import PASSWORD
from tests.servers import free_port

People = Callable[[str], FlaskClient]
ROOT = Path(__file__).resolve().parents[2]
SOMEBODY_S = ("Rahima", "রহিমা", "1712345678", "collector@", "meghna", PASSWORD)
"""Words that are somebody's: none may stand in a line."""


class Kept(logging.Handler):
    """Keep the lines as they would be written."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(Lines())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.lines.append(self.format(record))

    def of(self, event: str) -> list[dict[str, Any]]:
        """Return the lines about something."""
        return [line for line in map(json.loads, self.lines) if line["event"] == event]


@pytest.fixture
def kept() -> Iterator[Kept]:
    """What is logged while the test runs."""
    keeper, root = Kept(), logging.getLogger()
    level = root.level
    root.addHandler(keeper)
    root.setLevel(logging.INFO)
    yield keeper
    root.removeHandler(keeper)
    root.setLevel(level)


def test_every_answer_carries_its_number_and_no_two_the_same(client: FlaskClient) -> None:
    numbers = [client.get(path).headers["X-Request-ID"] for path in ("/login/", "/login/", "/nowhere", "/healthz")]
    assert len(set(numbers)) == 4
    assert all(re.fullmatch("r[0-9a-f]{16}", number) for number in numbers)


@pytest.mark.parametrize("path", ["/nowhere", "/customers/show/0", "/managers/list/"])
def test_the_number_on_an_error_page_is_the_one_in_the_header(path: str, cast: Cast, as_person: People) -> None:
    answer = as_person(COLLECTOR).get(path)
    assert answer.status_code in (403, 404)
    assert answer.headers["X-Request-ID"] in answer.text


def test_a_line_says_which_route_who_and_how_long_and_nothing_of_anybody(
    cast: Cast, as_person: People, kept: Kept
) -> None:
    client = as_person(COLLECTOR)
    kept.lines.clear()
    shown = client.get(f"/customers/show/{cast.customers[NORTH][0]}")
    client.get("/customers/list/?q=রহিমা&status=active").close()
    client.get("/search/?q=01712345678").close()
    client.post("/login/", data={"email": COLLECTOR, "password": PASSWORD}).close()
    shown.close()
    (line,) = [one for one in kept.of("request") if one["route"] == "/customers/show/<pk>"]
    assert line["request_id"] == shown.headers["X-Request-ID"]
    assert (line["method"], line["status"], line["account"]) == ("GET", 200, cast.accounts[COLLECTOR])
    assert line["tenant"] == 1 and line["statements"] > 0 and line["ms"] >= line["sql_ms"] >= 0
    assert not [word for word in SOMEBODY_S if word in "\n".join(kept.lines)]


def test_a_method_that_somebody_made_up_is_not_counted_by_its_name(client: FlaskClient, kept: Kept) -> None:
    client.open("/nowhere", method="RAHIMA").close()
    (line,) = kept.of("request")
    assert (line["method"], line["route"]) == ("none", "none")


def test_an_error_is_told_by_its_kind_and_its_place_not_by_its_words(
    cast: Cast, as_person: People, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_words: object, **_more: object) -> None:
        raise RuntimeError("Rahima of 01712345678 broke it")

    monkeypatch.setattr(customer_views, "tabs_for", break_down)
    answer = as_person(COLLECTOR).get(f"/customers/show/{cast.customers[NORTH][0]}")
    assert answer.status_code == 500 and answer.headers["X-Request-ID"] in answer.text
    (line,) = [one for one in map(json.loads, kept.lines) if "exception" in one]
    assert line["exception"] == ["builtins.RuntimeError"]
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert any("break_down" in frame for frame in line["stack"])
    assert not [word for word in SOMEBODY_S if word in "\n".join(kept.lines)]


def test_a_slow_statement_is_logged_without_its_values(
    cast: Cast, another_app: Callable[..., Flask], kept: Kept
) -> None:
    browser = another_app(Testing, SLOW_QUERY_MS=0.000001).test_client()
    browser.get("/receipt/" + "x" * 43).close()
    slow = kept.of("slow statement")
    assert any("FROM payments" in line["sql"] and line["request_id"] for line in slow)
    assert not any("xxxxx" in line for line in kept.lines)


def test_without_the_setting_no_statement_is_slow(client: FlaskClient, kept: Kept) -> None:
    client.get("/receipt/" + "x" * 43).close()
    assert kept.of("slow statement") == []


@pytest.mark.real_clock
def test_prometheus_is_answered_for_all_processes_on_a_port_of_its_own(tmp_path: Path) -> None:
    ports = [free_port() for _time in range(3)]
    (tmp_path / "figures").mkdir()
    outside = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": f"sqlite:///{tmp_path / 'sanjog.db'}",
        "METRICS_PORT": str(ports[2]),
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "figures"),
        "LOG_LINES": "1",
    }
    subprocess.run([sys.executable, "-m", "flask", "isp", "migrate"], cwd=ROOT, env=outside, check=True, timeout=60)
    servers = []
    for port in ports[:2]:
        command = [sys.executable, "run.py", "web"]
        server = subprocess.Popen(
            command, cwd=ROOT, env=outside | {"PORT": str(port)}, stdout=subprocess.PIPE, text=True
        )
        servers.append(server)
        assert server.stdout is not None
        # a line of the log may come before it
        assert any("Serving on" in line for line in iter(server.stdout.readline, ""))
    try:
        for port in (ports[0], ports[0], ports[1]):
            requests.get(f"http://127.0.0.1:{port}/login/", timeout=30)
        assert requests.get(f"http://127.0.0.1:{ports[0]}/metrics", timeout=30).status_code == 404
        figures = requests.get(f"http://127.0.0.1:{ports[2]}/metrics", timeout=30).text
    finally:
        for server in servers:
            server.terminate()
        said = [server.communicate(timeout=30)[0] for server in servers]
    assert 'sanjog_requests_total{method="GET",route="/login/",status="200"} 3.0' in figures
    assert "sanjog_database_up 1.0" in figures and 'sanjog_jobs{state="waiting"} 0.0' in figures
    assert all(json.loads(line)["event"] for text in said for line in text.splitlines() if line.startswith("{"))
