"""The migrations make what the models say, on both databases, and can be undone."""

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import inspect

from app.cli import alembic_config
from app.core.database import Base, db


def _differences() -> list[object]:
    with db.engine.connect() as connection:
        return compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata)


def _tables() -> set[str]:
    return set(inspect(db.engine).get_table_names())


def test_the_migrated_database_is_what_the_models_say(context: Flask) -> None:
    assert _differences() == []


def test_one_migration_follows_the_other(context: Flask) -> None:
    assert len(ScriptDirectory.from_config(alembic_config()).get_heads()) == 1


def test_all_migrations_can_be_undone_and_made_again(context: Flask) -> None:
    made = _tables()
    db.session.remove()
    command.downgrade(alembic_config(), "base")
    assert _tables() - {"alembic_version"} == set()
    command.upgrade(alembic_config(), "head")
    assert _tables() == made
    assert _differences() == []
