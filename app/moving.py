"""Move everything from one database to an empty PostgreSQL: all of it or nothing, and looked at afterwards."""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import JSON, Column, Connection, Engine, MetaData, Table, delete, func, insert, inspect, select, text
from sqlalchemy.exc import DatabaseError

from app.core.database import Base, make_engine
from app.core.errors import Refused

COME_WITH_THE_TABLES = ("radius_probe",)
"""What a migration writes; the source has it too."""

A_TIME = 2000
"""How many rows are read and written at a time."""


def move_all(source: str, target: str, say: Callable[[str], None] = lambda _line: None) -> int:
    """Copy every row of ``source`` to ``target``, both addresses of databases with today's tables; return how many rows.

    Whoever would write to the source waits meanwhile; the target gets all in one transaction. Raises Refused for a target
    that holds anything or is no PostgreSQL, for tables nobody knows, and with the table's name for rows that do not fit.
    """
    old, new = make_engine(source), make_engine(target)
    try:
        if new.dialect.name != "postgresql":
            raise Refused("the target must be a PostgreSQL")
        _refuse_other_versions(old, new)
        with _still(old) as reading, new.begin() as writing:
            _refuse_rows(writing)
            return sum(_move(table, reading, writing, say) for table in Base.metadata.sorted_tables)
    finally:
        old.dispose()
        new.dispose()


def _still(engine: Engine) -> Any:
    """Return a transaction in which the source stands still."""
    if engine.dialect.name == "sqlite":
        return engine.execution_options(writing=True).connect()
    return engine.execution_options(isolation_level="REPEATABLE READ").connect()


def _refuse_other_versions(old: Engine, new: Engine) -> None:
    versions = []
    for engine in (old, new):
        if not inspect(engine).has_table("alembic_version"):
            raise Refused("a database without tables: flask isp migrate")
        with engine.connect() as connection:
            versions.append(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one())
    if versions[0] != versions[1]:
        raise Refused(f"the source is at version {versions[0]}, the target at {versions[1]}: flask isp migrate")


def _refuse_rows(writing: Connection) -> None:
    for table in Base.metadata.sorted_tables:
        if table.name in COME_WITH_THE_TABLES:
            writing.execute(delete(table))
        elif writing.execute(select(func.count()).select_from(table)).scalar_one():
            raise Refused(f"the target is not empty: {table.name} holds rows")


def _move(table: Table, reading: Connection, writing: Connection, say: Callable[[str], None]) -> int:
    """Copy a table: its triggers rest, because what they would write is copied too."""
    count = 0
    try:
        writing.execute(text(f'ALTER TABLE "{table.name}" DISABLE TRIGGER USER'))
        place = _plain(table, table.name)
        is_about_itself = any(key.referred_table is table for key in table.foreign_key_constraints)
        if is_about_itself:
            # a row may name one that comes later: one statement for all is looked at once, at its end
            place = _plain(table, "moving", prefixes=["TEMPORARY"])
            place.create(writing)
        for rows in _rows(table, reading):
            writing.execute(insert(place), rows)
            count += len(rows)
        if is_about_itself:
            columns = [place.c[column.name] for column in table.columns]
            writing.execute(
                insert(table).from_select([column.name for column in table.columns], select(*columns)),
            )
            place.drop(writing)
        _count_on(table, writing)
        writing.execute(text(f'ALTER TABLE "{table.name}" ENABLE TRIGGER USER'))
    except DatabaseError as problem:
        raise Refused(f"{table.name}: {str(problem.orig).splitlines()[0]}") from None
    say(f"{table.name}: {count}")
    return count


def _plain(table: Table, name: str, **more: Any) -> Table:
    """Return the table without defaults and rules: what was read is written as it is."""
    columns = [
        Column(column.name, JSON(none_as_null=True) if isinstance(column.type, JSON) else column.type)
        for column in table.columns
    ]
    return Table(name, MetaData(), *columns, **more)


def _rows(table: Table, reading: Connection) -> Iterator[list[dict[str, Any]]]:
    statement = select(_plain(table, table.name)).order_by(*[text(column.name) for column in table.primary_key])
    result = reading.execution_options(yield_per=A_TIME).execute(statement)
    for rows in result.mappings().partitions():
        yield [dict(row) for row in rows]


def _count_on(table: Table, writing: Connection) -> None:
    """Let the numbers that PostgreSQL gives go on after the highest that came."""
    for column in table.primary_key:
        sequence = writing.execute(
            text("SELECT pg_get_serial_sequence(:name, :column)"), {"name": f'"{table.name}"', "column": column.name}
        ).scalar_one()
        if sequence is not None:
            highest = writing.execute(select(func.max(column))).scalar_one()
            if highest is not None:
                writing.execute(text("SELECT setval(:sequence, :highest)"), {"sequence": sequence, "highest": highest})
