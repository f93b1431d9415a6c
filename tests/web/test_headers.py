"""What every answer carries, which hosts are answered, what a proxy is believed, and what the health pages tell."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core import jobs
from app.core.database import db
from config import Testing
from tests.cast import COLLECTOR, NORTH
from tests.rules.doors import doors
from tests.rules.house import House, Visitor

Browsers = Callable[[str], Visitor]

CSP = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "object-src": "'none'",
}


def complaints(answer: object) -> list[str]:
    """Return which headers of an answer are missing or weak."""
    headers = answer.headers  # type: ignore[attr-defined]
    policy = dict(part.strip().partition(" ")[::2] for part in headers.get("Content-Security-Policy", "").split(";"))
    wrong = [f"CSP {name}" for name, least in CSP.items() if not policy.get(name, "").startswith(least)]
    wrong += ["CSP unsafe"] if "unsafe" in " ".join(policy.values()) or "*" in policy.get("script-src", "") else []
    wanted = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    wrong += [name for name, value in wanted.items() if headers.get(name) != value]
    wrong += [] if "camera=()" in headers.get("Permissions-Policy", "") else ["Permissions-Policy"]
    wrong += ["Server"] if "werkzeug" in headers.get("Server", "").lower() else []
    return wrong


def test_every_page_of_the_house_carries_the_headers_and_is_not_kept(
    app: Flask, house: House, visitor: Browsers, stranger: Visitor
) -> None:
    north = visitor(NORTH)
    for door in doors(app):
        if "GET" not in door.methods or door.route == "logout":
            continue
        for who in (north, stranger):
            answer = who.send("GET", door.address(house, NORTH))
            assert complaints(answer) == [], door.rule
            assert "no-store" in answer.headers["Cache-Control"], door.rule


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/customers/show/0", 404),
        ("GET", "/managers/list/", 403),
        ("POST", "/customers/add", 400),
        ("DELETE", "/customers/list/", 405),
        ("GET", "/customers/list/?q=%00", 400),
        ("GET", "/static/css/app.css", 200),
        ("GET", "/static/nothing.js", 404),
        ("GET", "/static/../config.py", 404),
        ("TRACE", "/", 405),
    ],
)
def test_errors_and_static_files_carry_them_too(
    method: str, path: str, status: int, house: House, visitor: Browsers
) -> None:
    answer = visitor(COLLECTOR).client.open(path, method=method, buffered=True)
    assert answer.status_code == status
    assert complaints(answer) == []


def test_a_fault_carries_the_headers_and_the_number_of_the_request_that_stands_in_the_log(
    house: House, visitor: Browsers, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from app.customers import views

    def broken(*_words: object) -> None:
        raise ZeroDivisionError("inside")

    monkeypatch.setattr(views, "is_overdue", broken)
    answer = visitor(COLLECTOR).send("GET", f"/customers/show/{house.rows[NORTH]['Customer']}")
    assert answer.status_code == 500
    assert complaints(answer) == []
    number = answer.text.partition('<code translate="no">')[2].partition("<")[0]
    assert number.startswith("r")
    assert any(number in record.getMessage() for record in caplog.records)


def test_browsers_are_told_to_keep_to_https_in_production_alone(
    client: FlaskClient, another_app: Callable[..., Flask]
) -> None:
    assert "Strict-Transport-Security" not in client.get("/login/").headers
    secure = another_app(Testing, SESSION_COOKIE_SECURE=True)
    assert "max-age=31536000" in secure.test_client().get("/login/").headers["Strict-Transport-Security"]


# --- Hosts and proxies ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["evil.example.com", "localhost.evil.example.com", "evil.example.com:8080", "", "a b", "[::2]"]
)
def test_another_host_s_name_gets_no_page_and_no_link(host: str, client: FlaskClient) -> None:
    for path in ("/login/", "/", "/healthz", "/static/css/app.css"):
        answer = client.get(path, headers={"Host": host}, buffered=True)
        assert answer.status_code == 400, f"{path} for {host!r} answers {answer.status_code}"
        assert "evil" not in answer.text
        assert "evil" not in str(answer.headers)
        assert complaints(answer) == []


@pytest.mark.parametrize("host", ["localhost", "localhost:8080", "127.0.0.1:9"])
def test_this_machine_s_own_names_are_answered(host: str, client: FlaskClient) -> None:
    assert client.get("/login/", headers={"Host": host}).status_code == 200


def test_a_signed_in_browser_gets_nothing_under_another_host_s_name(house: House, visitor: Browsers) -> None:
    answer = visitor(NORTH).client.get("/customers/list/", headers={"Host": "evil.example.com"})
    assert answer.status_code == 400
    assert "Burgundy" not in answer.text


def address_seen(app: Flask, forwarded: str) -> str:
    """Return the address from which the application believes a request to come."""
    seen: list[str] = []
    app.before_request_funcs.setdefault(None, []).append(lambda: seen.append(_address()))
    app.test_client().get("/login/", headers={"X-Forwarded-For": forwarded, "X-Forwarded-Host": "evil.example.com"})
    return seen[-1]


def _address() -> str:
    from flask import request

    assert request.host == "localhost"
    return request.remote_addr or ""


def test_nobody_says_in_a_header_from_where_he_comes_unless_a_proxy_stands_before(
    another_app: Callable[..., Flask],
) -> None:
    alone = another_app(Testing)
    assert address_seen(alone, "10.9.8.7") == "127.0.0.1"
    behind_one = another_app(Testing, PROXIES=1)
    assert address_seen(behind_one, "6.6.6.6, 10.9.8.7") == "10.9.8.7"


# --- Health ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_the_health_pages_say_ok_and_nothing_else(path: str, client: FlaskClient) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.text, answer.mimetype) == (200, "ok\n", "text/plain")
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("broken", ["database", "queue", "threads"])
def test_not_ready_says_so_and_not_why(
    broken: str, app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_words: object, **_more: object) -> None:
        raise OSError("/var/lib/secret/place is gone")

    class Worker:
        worker_threads = [(None, type("Thread", (), {"is_alive": lambda self: False})())]

    if broken == "database":
        monkeypatch.setattr(db, "session", type("Broken", (), {"execute": refuse, "remove": lambda _self: None})())
    elif broken == "queue":
        monkeypatch.setattr(app.extensions["jobs"], "pending_count", refuse)
    else:
        monkeypatch.setitem(app.extensions, "job_worker", Worker)
        assert not _working(app)
    answer = client.get("/readyz")
    monkeypatch.undo()
    assert (answer.status_code, answer.text) == (503, "not ready\n")
    assert client.get("/healthz").status_code == 200


def _working(app: Flask) -> bool:
    with app.app_context():
        return jobs.is_working()
