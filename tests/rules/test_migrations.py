"""The migrations make what the models say, on both databases, and can be undone."""

import warnings
from concurrent.futures import ThreadPoolExecutor
from time import sleep

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import Connection, inspect, text

from app.cli import alembic_config
from app.core.database import Base, db


def _differences() -> list[object]:
    with db.engine.connect() as connection, warnings.catch_warnings():
        # SQLAlchemy cannot read such an index back from SQLite; on PostgreSQL it is compared
        warnings.filterwarnings("ignore", "Skipped unsupported reflection of expression-based index")
        warnings.filterwarnings("ignore", "autogenerate skipping metadata-specified expression-based index")
        options = {"compare_type": True, "include_name": _is_of_a_model}
        return compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)


def _is_of_a_model(name: str | None, _kind: str, _parents: object) -> bool:
    # the index of parts of words: on SQLite a table with tables of its own below it, which no model can say
    return "customers_words" not in (name or "")


def _tables() -> set[str]:
    return set(inspect(db.engine).get_table_names())


def _triggers() -> set[str]:
    names = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    if not db.is_sqlite:
        names = "SELECT tgrelid::regclass || ' ' || tgname FROM pg_trigger WHERE NOT tgisinternal"
    with db.engine.connect() as connection:
        return set(connection.execute(text(names)).scalars())


def test_the_migrated_database_is_what_the_models_say(context: Flask) -> None:
    assert _differences() == []


def test_one_migration_follows_the_other(context: Flask) -> None:
    assert len(ScriptDirectory.from_config(alembic_config()).get_heads()) == 1


def test_all_migrations_can_be_undone_and_made_again(context: Flask) -> None:
    made = _tables(), _triggers()
    db.session.remove()
    command.downgrade(alembic_config(), "base")
    assert _tables() - {"alembic_version"} == set()
    command.upgrade(alembic_config(), "head")
    assert (_tables(), _triggers()) == made
    assert _differences() == []


def test_a_migration_that_waits_for_a_table_lets_pages_read_it_meanwhile(context: Flask) -> None:
    if db.is_sqlite:
        return  # there a migration holds the one lock from its beginning, and who reads never waits
    db.session.remove()
    with db.engine.connect() as long_report, db.engine.connect() as page, ThreadPoolExecutor() as pool:
        long_report.execute(text("SELECT count(*) FROM accounts"))
        changing = pool.submit(_take_back, context)
        _until(long_report, "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'accounts'::regclass")
        page.execute(text("SET LOCAL statement_timeout = '20s'"))
        page.execute(text("SELECT count(*) FROM accounts"))
        page.rollback()
        assert not changing.done()
        long_report.rollback()
        changing.result(timeout=60)
    command.upgrade(alembic_config(), "head")
    assert _differences() == []


def _take_back(app: Flask) -> None:
    with app.app_context():
        # the tables that go refer to accounts
        command.downgrade(alembic_config(), "0019")


def _until(connection: Connection, question: str) -> None:
    for _time in range(200):
        if connection.execute(text(question)).scalar_one():
            return
        sleep(0.05)
    raise AssertionError(question)
