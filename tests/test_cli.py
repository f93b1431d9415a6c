"""The command line: what each command says last, how it refuses, and from where it can be called."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select, text

from app.access.scope import everywhere
from app.accounts.models import Account, Kind, Tenant
from app.core.database import db, transaction
from app.customers.models import Customer
from tests.servers import free_port

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "tests" / "data" / "customers-import.csv"
PASSWORD = "a-long-enough-one"
HANGS_AFTER_SECONDS = 60


@pytest.fixture
def isp(app: Flask) -> Callable[..., Result]:
    """`isp("bill-month", "2026-12")`: run a command and return its exit code and output."""
    return lambda *words: app.test_cli_runner().invoke(args=["isp", *map(str, words)])


def _last(answer: Result) -> str:
    return answer.output.splitlines()[-1]


# --- Help ---------------------------------------------------------------------------------------------------------


def test_help_names_every_command_with_a_sentence(isp: Callable[..., Result]) -> None:
    listed = isp("--help").output.partition("Commands:\n")[2].strip().splitlines()
    commands = dict(line.split(maxsplit=1) for line in listed)
    assert set(commands) >= {
        "migrate",
        "create-super-admin",
        "create-group-admin",
        "demo",
        "import-customers",
        "bill-month",
        "auto-suspend",
        "check-books",
        "docs",
    }
    for name in commands:
        answer = isp(name, "--help")
        assert answer.exit_code == 0
        assert f"isp {name}" in answer.output.splitlines()[0]


# --- Tables and accounts ------------------------------------------------------------------------------------------


def test_migrate_changes_nothing_where_all_is_up_to_date(isp: Callable[..., Result]) -> None:
    for _time in range(2):
        answer = isp("migrate")
        assert (answer.exit_code, _last(answer)) == (0, "the database is up to date")


def test_a_super_admin_is_created_once(isp: Callable[..., Result], app: Flask) -> None:
    words = ("create-super-admin", "Owner@ISP.example.com", "--password", PASSWORD)
    assert isp(*words).exit_code == 0
    again = isp(*words)
    assert again.exit_code == 1
    assert again.output.splitlines() == ["Error: This email address cannot be used. Choose another."]
    with app.app_context(), everywhere("tests look at everything"):
        account = db.session.execute(select(Account)).scalar_one()
        assert (account.email, account.kind) == ("owner@isp.example.com", Kind.SUPER_ADMIN)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"email": "nobody"}, "This is not an email address."),
        ({"--password": "short"}, "A password has 12 to 128 characters."),
        ({"--slug": "Bad Slug"}, "A short name has 3 to 40 small letters, digits and dashes."),
        ({"--slug": "meghna"}, "This short name is in use already."),
        ({"--name": " "}, "Enter a name of at most 120 characters."),
        ({"email": "ga@meghna.example.com"}, "This email address cannot be used. Choose another."),
    ],
)
def test_a_group_admin_is_refused_in_one_line(
    cast: Any, isp: Callable[..., Result], changed: dict[str, str], sentence: str
) -> None:
    given = {"--slug": "jamuna", "--tenant-name": "Jamuna Net", "--name": "Head", "--password": PASSWORD} | changed
    email = given.pop("email", "ga@jamuna.example.com")
    answer = isp("create-group-admin", email, *(word for pair in given.items() for word in pair))
    assert answer.exit_code == 1
    assert answer.output.splitlines() == [f"Error: {sentence}"]


def test_a_group_admin_comes_with_a_tenant(cast: Any, isp: Callable[..., Result], app: Flask) -> None:
    words = (
        "--slug",
        "jamuna",
        "--tenant-name",
        "Jamuna Net",
        "--tenant-name-bn",
        "যমুনা নেট",
        "--name",
        "Head",
        "--password",
        PASSWORD,
    )
    assert _last(isp("create-group-admin", "ga@jamuna.example.com", *words)) == "ga@jamuna.example.com created"
    with app.app_context(), everywhere("tests look at everything"):
        tenant = db.session.execute(select(Tenant).where(Tenant.slug == "jamuna")).scalar_one()
        assert (tenant.name, tenant.name_bn) == ("Jamuna Net", "যমুনা নেট")


# --- Work ---------------------------------------------------------------------------------------------------------


def test_bill_month_says_what_it_made_and_makes_nothing_twice(cast: Any, isp: Callable[..., Result]) -> None:
    first = isp("bill-month", "2026-12")
    assert (first.exit_code, _last(first)) == (0, "made 10, skipped 0")
    second = isp("bill-month", "2026-12")
    assert (second.exit_code, _last(second)) == (0, "made 0, skipped 10")
    assert "skipped 10: billed already" in second.output


def test_bill_month_can_be_held_to_one_tenant(cast: Any, isp: Callable[..., Result]) -> None:
    assert _last(isp("bill-month", "2026-12", "--tenant", "padma")) == "made 2, skipped 0"


@pytest.mark.parametrize("words", [("2026-13",), ("December",), ("2026-12-01",), ("2026-12", "--tenant", "nobody")])
def test_bill_month_refuses_what_is_no_month_or_tenant(
    cast: Any, isp: Callable[..., Result], words: tuple[str, ...]
) -> None:
    answer = isp("bill-month", *words)
    assert answer.exit_code == 1
    assert len(answer.output.splitlines()) == 1


def test_check_books_ends_with_0_only_when_nothing_differs(cast: Any, isp: Callable[..., Result], app: Flask) -> None:
    right = isp("check-books")
    assert right.exit_code == 0
    checked = int(_last(right).removeprefix("0 of ").removesuffix(" differ"))
    assert checked > 50
    customer_id = cast.customers["north@meghna.example.com"][0]
    with app.app_context(), everywhere("tests break the books"), transaction() as session:
        session.get_one(Customer, customer_id).due += 1
    wrong = isp("check-books")
    assert wrong.exit_code == 1
    assert f"due of customer {customer_id}" in wrong.output
    assert not _last(wrong).startswith("0 of")
    assert _last(wrong).endswith(f"of {checked} differ")


def test_auto_suspend_says_how_many(cast: Any, isp: Callable[..., Result]) -> None:
    assert _last(isp("auto-suspend")).startswith("suspended ")
    assert _last(isp("auto-suspend")) == "suspended 0"


def test_import_names_every_bad_row_and_ends_with_the_sum(cast: Any, isp: Callable[..., Result]) -> None:
    answer = isp("import-customers", SAMPLE, "--tenant", "meghna")
    assert (answer.exit_code, _last(answer)) == (0, "imported 226, refused 14")
    assert "line 171: The row has 6 columns instead of 10." in answer.output.splitlines()
    assert _last(isp("import-customers", SAMPLE, "--tenant", "meghna")) == "imported 0, refused 240"


def test_import_refuses_a_file_or_tenant_that_is_none_in_one_line(
    cast: Any, isp: Callable[..., Result], tmp_path: Path
) -> None:
    empty = tmp_path / "empty.csv"
    empty.touch()
    for words, sentence in (
        ((empty, "--tenant", "meghna"), "Error: The file is empty."),
        ((SAMPLE, "--tenant", "nobody"), "Error: There is no active tenant 'nobody'."),
    ):
        answer = isp("import-customers", *words)
        assert answer.exit_code == 1
        assert answer.output.splitlines() == [sentence]


def test_a_database_without_tables_is_named_in_one_line(isp: Callable[..., Result], app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        connection.execute(text("DROP TABLE discounts"))
        connection.execute(text("DROP TABLE allocations"))
        connection.commit()
    answer = isp("check-books")
    assert answer.exit_code == 1
    assert len(answer.output.splitlines()) == 1
    assert answer.output.startswith("Error: the database says: ")


# --- The programs themselves --------------------------------------------------------------------------------------


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a program of its own: a fresh database, a free port, no FLASK_APP."""
    yield {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": f"sqlite:///{tmp_path / 'sanjog.db'}",
        "PORT": str(free_port()),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


@pytest.mark.parametrize("elsewhere", [False, True])
def test_flask_isp_works_from_the_folder_and_from_elsewhere(
    outside: dict[str, str], tmp_path: Path, elsewhere: bool
) -> None:
    named = ["--app", str(ROOT / "app")] if elsewhere else []
    answer = subprocess.run(
        [sys.executable, "-m", "flask", *named, "isp", "migrate"],
        cwd=tmp_path if elsewhere else ROOT,
        env=outside,
        capture_output=True,
        text=True,
        timeout=HANGS_AFTER_SECONDS,
    )
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "the database is up to date\n", "")
    assert (tmp_path / "sanjog.db").exists()


def _server(outside: dict[str, str], *mode: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "run.py", *mode],
        cwd=ROOT,
        env=outside,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_database_without_its_tables_is_named_in_one_line(outside: dict[str, str]) -> None:
    server = _server(outside)
    rest, said = server.communicate(timeout=HANGS_AFTER_SECONDS)
    assert (server.returncode, rest) == (1, "")
    assert said == "The database is not there or not up to date: .venv/bin/flask isp migrate\n"


def test_the_server_says_where_it_is_and_a_signal_ends_it_with_its_jobs(outside: dict[str, str]) -> None:
    migrate = [sys.executable, "-m", "flask", "isp", "migrate"]
    subprocess.run(migrate, cwd=ROOT, env=outside, check=True, capture_output=True, timeout=HANGS_AFTER_SECONDS)
    server = _server(outside)
    try:
        assert server.stdout is not None
        assert server.stdout.readline() == f"Serving on http://localhost:{outside['PORT']}\n"
        # a browser that keeps its connection open does not keep the server alive
        with socket.create_connection(("127.0.0.1", int(outside["PORT"]))) as browser:
            browser.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert browser.recv(100).startswith(b"HTTP/1.1 200")
            server.send_signal(signal.SIGTERM)
            rest, said = server.communicate(timeout=HANGS_AFTER_SECONDS)
    finally:
        server.kill()
        server.wait()
    assert (server.returncode, rest, said) == (0, "", "")


def test_the_worker_alone_serves_nobody_and_ends_by_a_signal(outside: dict[str, str]) -> None:
    migrate = [sys.executable, "-m", "flask", "isp", "migrate"]
    subprocess.run(migrate, cwd=ROOT, env=outside, check=True, capture_output=True, timeout=HANGS_AFTER_SECONDS)
    worker = _server(outside, "worker")
    try:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "Working\n"
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", int(outside["PORT"]))).close()
        worker.send_signal(signal.SIGTERM)
        rest, said = worker.communicate(timeout=HANGS_AFTER_SECONDS)
    finally:
        worker.kill()
        worker.wait()
    assert (worker.returncode, rest, said) == (0, "", "")


def test_a_mode_that_is_none_is_refused_in_one_line(outside: dict[str, str]) -> None:
    server = _server(outside, "both")
    rest, said = server.communicate(timeout=HANGS_AFTER_SECONDS)
    assert (server.returncode, rest, said) == (1, "", "run.py [web|worker]\n")


def test_a_port_that_is_taken_is_named_in_one_line(outside: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", int(outside["PORT"]))):
        server = _server(outside)
        try:
            rest, said = server.communicate(timeout=HANGS_AFTER_SECONDS)
        finally:
            server.kill()
            server.wait()
    assert server.returncode == 1
    assert rest == ""
    assert said.splitlines() == [
        f"Port {outside['PORT']} is taken by another program. Choose another: PORT={int(outside['PORT']) + 1}"
    ]


def test_a_database_that_may_not_be_served_is_not_moved_either_and_says_why_in_one_line(
    isp: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_settings: Any) -> None:
        raise RuntimeError("this database holds accounts of the demo")

    monkeypatch.setattr("app.create_app", refuse)
    answer = isp("move-database", "sqlite:///one.db", "sqlite:///other.db")
    assert answer.exit_code == 1
    assert answer.output == "Error: this database holds accounts of the demo\n"
