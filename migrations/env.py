"""Run migrations on the database of the application at work."""

import time
from typing import Any

from alembic import context
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.types import TypeDecorator

from app.core.database import Base, db

BUSY = ("40P01", "55P03")
"""What PostgreSQL says when pages and a migration wait for each other, and when a lock was not had in time."""

LOCK_SECONDS = 3
"""So long pages wait behind a migration that waits for a table, at most."""

TRIES = 40


def render(kind: str, item: Any, _context: Any) -> str | bool:
    """Write the house's own types as what the database knows: a migration must not change when the program does."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl!r}"
    return False


def run() -> None:
    """Bring the database up to date, a transaction each; a table that is busy is tried again, and pages are served in between."""
    for tries_left in reversed(range(TRIES)):
        try:
            run_once()
            return
        except OperationalError as problem:
            if getattr(problem.orig, "sqlstate", None) not in BUSY or not tries_left:
                raise
            time.sleep(1)


def run_once() -> None:
    """Run what is left; whatever has no lock in time is undone as a whole."""
    # SQLite is locked from the beginning: who reads first and writes later loses against the pages that are served meanwhile
    with db.engine.connect().execution_options(writing=True) as connection:
        # what is set here is for no page: the connection is closed afterwards
        connection.detach()
        if connection.dialect.name == "sqlite":
            # a changed table is made anew under its name: rows that refer to it are looked at once, at the end
            connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]
            # a batch makes a table anew under its name; the views over it are looked at when they are read, not meanwhile
            connection.connection.dbapi_connection.execute("PRAGMA legacy_alter_table=ON")  # type: ignore[union-attr]
        else:
            connection.execute(text(f"SET lock_timeout = '{LOCK_SECONDS}s'"))
            connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=connection.dialect.name == "sqlite",
            compare_type=True,
            render_item=render,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        if connection.dialect.name == "sqlite" and (
            lost := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        ):
            raise RuntimeError(f"rows refer to rows that are not there: {lost[:5]}")
        connection.commit()


run()
