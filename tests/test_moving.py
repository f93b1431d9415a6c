"""Moving from the embedded database to PostgreSQL: every row, or none; and it is looked at afterwards."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from sqlalchemy import insert, select, text, update

from app.core.database import Base, make_engine
from app.moving import COME_WITH_THE_TABLES
from tests.servers import PostgresServer, postgresql_program

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.real_clock


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgresServer]:
    """A PostgreSQL server of the tests' own."""
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture
def target(postgresql: PostgresServer) -> Iterator[str]:
    """The address of an empty database."""
    with psycopg.connect(postgresql.admin_address, autocommit=True) as connection:
        connection.execute("CREATE DATABASE moved OWNER sanjog TEMPLATE template0")
    yield postgresql.url("moved")
    with psycopg.connect(postgresql.admin_address, autocommit=True) as connection:
        connection.execute("DROP DATABASE moved WITH (FORCE)")


@pytest.fixture
def source(app: Flask, demo_folder: Path, tmp_path: Path) -> str:
    """The address of the demo's database: a copy; with the application all tables are known."""
    shutil.copytree(demo_folder, tmp_path / "instance")
    return f"sqlite:///{tmp_path / 'instance' / 'sanjog.db'}"


def isp(*words: str, address: str, **outside: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the program on a database."""
    return subprocess.run(
        [sys.executable, "-m", "flask", "isp", *words],
        cwd=ROOT,
        env={"PATH": f"{Path(postgresql_program('pg_dump')).parent}:/usr/bin:/bin", "DATABASE_URL": address, **outside},
        capture_output=True,
        text=True,
        timeout=120,
    )


def everything(address: str) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of all tables."""
    engine = make_engine(address)
    with engine.connect() as connection:
        found = {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in Base.metadata.sorted_tables
        }
    engine.dispose()
    return found


def test_all_rows_are_moved_and_the_program_goes_on_with_them(source: str, target: str) -> None:
    # a zone below one that came later
    engine, zones = make_engine(source), Base.metadata.tables["zones"]
    with engine.begin() as connection:
        first = connection.execute(select(zones).order_by(zones.c.id)).mappings().first()
        assert first is not None
        connection.execute(
            insert(zones).values({**first, "id": 9000, "name": "Later", "path": "Later", "parent_id": None})
        )
        connection.execute(update(zones).where(zones.c.id == first["id"]).values(parent_id=9000))
    engine.dispose()
    moved = isp("move-database", source, target, address=source)
    assert (moved.returncode, moved.stderr) == (0, ""), moved.stdout
    lines = moved.stdout.splitlines()
    assert "0 of " in lines[-1] and lines[-1].removeprefix("target") == lines[-2].removeprefix("source")
    before, after = everything(source), everything(target)
    assert {name for name in before if before[name] != after[name]} == set()
    assert isp("check-books", address=target).stdout.splitlines()[-1].startswith("0 of ")
    assert isp("verify-log", address=target).returncode == 0
    # numbers go on where they were, and the logs are guarded again
    assert isp("bill-month", "2027-01", address=target).stdout.splitlines()[-1].startswith("made ")
    engine = make_engine(target)
    with engine.connect() as connection, pytest.raises(Exception, match="append-only|never change|stay"):
        connection.execute(text("DELETE FROM activity_log"))
    engine.dispose()


def test_a_target_that_holds_something_is_refused_and_left_as_it_is(source: str, target: str) -> None:
    assert isp("migrate", address=target).returncode == 0
    assert (
        isp(
            "create-super-admin", "root@example.com", "--password", "a long-winded phrase 71", address=target
        ).returncode
        == 0
    )
    before = everything(target)
    refused = isp("move-database", source, target, address=source)
    assert refused.returncode == 1 and "the target is not empty" in refused.stderr
    assert everything(target) == before


def test_a_row_that_does_not_fit_is_named_by_its_table_and_nothing_is_moved(source: str, target: str) -> None:
    engine, customers = make_engine(source), Base.metadata.tables["customers"]
    with engine.begin() as connection:
        connection.execute(update(customers).values(comment="a\x00b"))
    engine.dispose()
    refused = isp("move-database", source, target, address=source)
    assert refused.returncode == 1 and "customers: " in refused.stderr
    assert {name for name, rows in everything(target).items() if rows} == set(COME_WITH_THE_TABLES)


def test_what_is_no_postgresql_is_no_target(source: str, tmp_path: Path) -> None:
    refused = isp("move-database", source, f"sqlite:///{tmp_path / 'other.db'}", address=source)
    assert refused.returncode == 1 and "must be a PostgreSQL" in refused.stderr
