"""The real FreeRADIUS over the cast's database, one server for the tests of a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask

from tests.cast import Cast, build
from tests.conftest import World
from tests.radius.server import FreeRadius
from tests.servers import PostgresStore, Store

ROLE = Path(__file__).resolve().parent.parent.parent / "deploy" / "freeradius" / "postgresql-role.sql"


@dataclass(frozen=True)
class Network:
    """FreeRADIUS at work, the application beside it, and the ids of the cast."""

    radius: FreeRadius
    app: Flask
    cast: Cast


def give_role(store: PostgresStore) -> str:
    """Run the installation's own script for FreeRADIUS' account on the tests' database; return the account's name."""
    database = store.url.rpartition("/")[2]
    with psycopg.connect(f"{store._address} dbname={database}", autocommit=True) as connection:
        for statement in ROLE.read_text().replace(":password", "'x'").split(";"):
            try:
                connection.execute(statement)
            # the account belongs to the whole server, where another worker of the run makes it too, maybe at this moment
            except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
                continue
    return "radius"


@pytest.fixture(scope="module")
def network(world: World, store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """FreeRADIUS over the cast's database; the tests of the file share both."""
    cast: Any = world.snapshot("cast", build)
    user = give_role(store) if isinstance(store, PostgresStore) else ""
    server = FreeRadius(tmp_path_factory.mktemp("radius"), store.url, user)
    yield Network(server, world.app, cast)
    server.stop()
