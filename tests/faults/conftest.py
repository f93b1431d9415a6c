"""Installations for the tests of faults, on both databases."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from flask import Flask

from tests.faults.site import Site
from tests.servers import PostgresServer

FIRST = int(os.environ.get("SEED") or 1)
ROUNDS = int(os.environ.get("ROUNDS") or 2)
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
"""What production has, and what a killed server must not lose."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Play a fault as often as ROUNDS says, each time at another moment; SEED names the first."""
    if "seed" in metafunc.fixturenames:
        rounds = ROUNDS if metafunc.definition.get_closest_marker("long") else 1
        metafunc.parametrize("seed", range(FIRST, FIRST + rounds))


@pytest.fixture
def sqlite_site(app: Flask, demo_folder: Path, tmp_path: Path) -> Iterator[Site]:
    """The demo on SQLite; with the application all tables are known."""
    folder = tmp_path / "instance"
    shutil.copytree(demo_folder, folder)
    site = Site(folder, f"sqlite:///{folder / 'sanjog.db'}")
    yield site
    site.stop()


@pytest.fixture(scope="session")
def durable(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A PostgreSQL that loses nothing, with the demo in the database `demo`."""
    server = PostgresServer(**DURABLE)
    with psycopg.connect(server.admin_address, autocommit=True) as connection:
        connection.execute("CREATE DATABASE demo OWNER sanjog TEMPLATE template0")
    folder = tmp_path_factory.mktemp("moved") / "instance"
    shutil.copytree(demo_folder, folder)
    site = Site(folder, f"sqlite:///{folder / 'sanjog.db'}")
    moved = site.isp("move-database", site.address, server.url("demo"))
    site.stop()
    assert moved.returncode == 0, moved.stderr
    yield server
    server.stop()


@pytest.fixture
def postgresql_site(app: Flask, durable: PostgresServer, tmp_path: Path) -> Iterator[Site]:
    """The demo on PostgreSQL."""
    with psycopg.connect(durable.admin_address, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS site WITH (FORCE)")
        connection.execute("CREATE DATABASE site OWNER sanjog TEMPLATE demo")
    folder = tmp_path / "instance"
    folder.mkdir()
    site = Site(folder, durable.url("site"))
    yield site
    site.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request: pytest.FixtureRequest) -> Site:
    """The demo on each database."""
    found: Site = request.getfixturevalue(f"{request.param}_site")
    return found
