"""Run migrations on the database of the application at work."""

from typing import Any

from alembic import context
from sqlalchemy.types import TypeDecorator

from app.core.database import Base, db


def render(kind: str, item: Any, _context: Any) -> str | bool:
    """Write the house's own types as what the database knows: a migration must not change when the program does."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl!r}"
    return False


def run() -> None:
    """Bring the database up to date inside one transaction."""
    # SQLite is locked from the beginning: who reads first and writes later loses against the pages that are served meanwhile
    with db.engine.connect().execution_options(writing=True) as connection:
        if connection.dialect.name == "sqlite":
            # a changed table is made anew under its name: rows that refer to it are looked at once, at the end
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]
            # a batch makes a table anew under its name; the views over it are looked at when they are read, not meanwhile
            connection.connection.driver_connection.execute("PRAGMA legacy_alter_table=ON")  # type: ignore[union-attr]
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
