"""The database: one engine per application, one session per request, and the one place that commits."""

import errno
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import get_ident
from typing import Any

from flask import Flask, current_app, has_app_context
from flask.globals import app_ctx
from psycopg.errors import DiskFull
from sqlalchemy import Connection, Engine, MetaData, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session, scoped_session, sessionmaker
from sqlalchemy.pool import QueuePool

from app.core.tally import watch

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

PATIENCE_MS = 30_000
"""How long a writer waits for another one on SQLite."""


class Base(DeclarativeBase):
    """What every mapped class inherits."""

    metadata = MetaData(naming_convention=NAMING)


class HouseSession(Session):
    """A session bound to the engine of the application at work; the row scope listens on this class."""

    def get_bind(self, *_args: Any, **_kwargs: Any) -> Engine:
        return db.engine


def _whose_session() -> int:
    # one session per application context, or per thread outside of any
    return id(app_ctx._get_current_object()) if has_app_context() else get_ident()  # type: ignore[attr-defined]


class Database:
    """Hand out the engine and the session of the application at work."""

    def __init__(self) -> None:
        self.session: scoped_session[HouseSession] = scoped_session(
            sessionmaker(class_=HouseSession),
            scopefunc=_whose_session,
        )

    def init_app(self, app: Flask) -> None:
        """Make the engine of ``app.config["DATABASE_URL"]`` and end the session with each application context."""
        app.extensions["database"] = make_engine(app.config["DATABASE_URL"])
        watch(app.extensions["database"], app.config["SLOW_QUERY_MS"])
        app.teardown_appcontext(lambda _error: self.session.remove())

    @property
    def engine(self) -> Engine:
        """The engine of the current application."""
        return current_app.extensions["database"]

    @property
    def is_sqlite(self) -> bool:
        """Whether the embedded database is at work."""
        return self.engine.dialect.name == "sqlite"

    def dispose(self) -> None:
        """Close the session and every pooled connection."""
        self.session.remove()
        self.engine.dispose()


db = Database()


def make_engine(url: str) -> Engine:
    """Make an engine for SQLite (WAL, foreign keys, BEGIN IMMEDIATE for writes) or PostgreSQL (psycopg 3)."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        return create_engine(
            parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True, pool_size=10, max_overflow=20
        )
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    # kept open: opening reads all tables' definitions, and when the last one is closed SQLite writes its log back and syncs,
    # which took half of the time of a payment
    engine = create_engine(
        parsed, poolclass=QueuePool, pool_size=10, max_overflow=20, connect_args={"timeout": PATIENCE_MS / 1000}
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL" if _is_throwaway() else "PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _is_throwaway() -> bool:
    return has_app_context() and bool(current_app.config.get("DATABASE_IS_THROWAWAY"))


def _begin_sqlite(connection: Connection) -> None:
    # a transaction that reads first and writes later ends in "database is locked" when another wrote in between
    options = connection.get_execution_options()
    writing = options.get("writing", False)
    if writing:
        # the connection may have served somebody with less patience
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(options.get('patience_ms') or PATIENCE_MS)}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def is_disk_full(error: BaseException) -> bool:
    """Tell whether an error says that there is no room left: for a file, or for the database on either engine."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
    cause = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(cause, DiskFull) or getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL


@contextmanager
def transaction(patience_ms: int | None = None) -> Iterator[HouseSession]:
    """Run a change and commit it, or leave nothing of it. The only commit of the house.

    What was read before is read again inside, under the lock. A transaction inside another joins it. Work queued with
    ``after_commit`` runs once the change is safe; work queued with ``before_commit`` runs as the last statements of the change.
    ``patience_ms`` is how long to wait for another writer on SQLite where the change is no matter: OperationalError after that.
    """
    session = db.session()
    if session.info.get("writing"):
        yield session
        return
    session.rollback()
    session.info.update(writing=True, before_commit=[], after_commit=[])
    try:
        session.connection(execution_options={"writing": True, "patience_ms": patience_ms})
        yield session
        session.flush()
        for work in session.info["before_commit"]:
            work()
        session.commit()
        queue = session.info["after_commit"]
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.clear()
    for work in queue:
        work()


def before_commit(work: Callable[[], None]) -> None:
    """Queue work as the last statements of the present transaction. Raises RuntimeError outside of one."""
    _queue("before_commit").append(work)


def after_commit(work: Callable[[], None]) -> None:
    """Queue work for the moment after the present transaction is committed. Raises RuntimeError outside of one."""
    _queue("after_commit").append(work)


def _queue(name: str) -> list[Callable[[], None]]:
    session = db.session()
    if not session.info.get("writing"):
        raise RuntimeError("a change needs a transaction()")
    return session.info[name]


def locked(statement: Any) -> Any:
    """Return the select with its rows locked for this transaction (SQLite's one writer holds the whole database already)."""
    # the key stays free: rows that name this one can still be added meanwhile
    return statement if db.is_sqlite else statement.with_for_update(key_share=True)


def measure_tables() -> None:
    """Let SQLite look at how its tables are filled, as PostgreSQL does by itself; without, it chooses the wrong of two indexes."""
    if not db.is_sqlite:
        return
    with transaction() as session:
        # a sample of an index is enough, and takes milliseconds on millions of rows
        session.execute(text("PRAGMA analysis_limit = 1000"))
        session.execute(text("ANALYZE"))
