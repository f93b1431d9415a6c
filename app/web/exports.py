"""CSV of exactly the rows a list shows: streamed, UTF-8 with BOM, harmless in a spreadsheet."""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from datetime import date, datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any

from flask import Response, stream_with_context
from sqlalchemy import ColumnElement, Numeric, Select, Text, case, cast, func, literal

from app.access.actor import acting_as, current_actor
from app.access.scope import scoped
from app.core.clock import to_dhaka
from app.core.database import db
from app.core.money import PAISA
from app.web.formats import language
from app.web.shown import choices

BOM = "\ufeff"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\x00", "＝", "＋", "－", "＠")
NUMBER = re.compile(r"-[0-9]+(\.[0-9]+)?")
"""An amount below zero, such as an advance: a number that nothing runs."""

CHUNK = 500


def guarded(value: Any) -> str:
    """Return a cell: ISO dates, plain numbers, and text a spreadsheet would run as a formula behind a quote (spec §11.14)."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return to_dhaka(value).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    text = str(value)
    if isinstance(value, str) and text.startswith(FORMULA) and not NUMBER.fullmatch(text):
        return "'" + text
    return text


def csv_response(filename: str, titles: list[str], rows: Iterable[list[Any]]) -> Response:
    """Stream rows as a CSV file for download."""
    return _download(filename, _lines(titles, ([guarded(cell) for cell in row] for row in rows)))


def write_csv(path: Path, titles: list[str], rows: Iterable[list[Any]]) -> None:
    """Write rows into a file, as ``csv_response`` sends them."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(_lines(titles, ([guarded(cell) for cell in row] for row in rows)))


def csv_of_statement(filename: str, titles: list[str], statement: Select[Any]) -> Response:
    """Stream a statement whose cells the database has written already (see ``text_cell`` and its like) as a CSV file."""
    return _download(filename, _rows_of(statement, titles) if db.is_sqlite else _copied(statement, titles))


def _download(filename: str, lines: Iterator[str]) -> Response:
    response = Response(stream_with_context(_in_scope(lines)), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}.csv"'
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _in_scope(lines: Iterator[str]) -> Iterator[str]:
    # the request is over, and with it who acts, before the first line is asked for
    actor = current_actor()

    def in_scope() -> Iterator[str]:
        while True:
            with acting_as(actor) if actor else nullcontext():
                line = next(lines, None)
            if line is None:
                return
            yield line

    return in_scope()


def _lines(titles: list[str], rows: Iterable[Any]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    buffer.write(BOM)
    writer.writerow(titles)
    for part in batched(rows, CHUNK):
        writer.writerows(part)
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def batched(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Yield lists of ``size`` rows, the last as long as it comes out."""
    iterator = iter(rows)
    while part := list(islice(iterator, size)):
        yield part


def _rows_of(statement: Select[Any], titles: list[str]) -> Iterator[str]:
    # a generator: the statement is run when the stream is read, in the scope that holds then
    yield from _lines(titles, db.session.execute(statement.execution_options(yield_per=CHUNK)))


def _copied(statement: Select[Any], titles: list[str]) -> Iterator[str]:
    """Yield what PostgreSQL's COPY writes: its server makes the text, several times as fast as a client can."""
    yield from _lines(titles, [])
    compiled = scoped(statement).compile(dialect=db.engine.dialect, compile_kwargs={"render_postcompile": True})
    values = {name: str(value) if isinstance(value, StrEnum) else value for name, value in compiled.params.items()}
    decoder = codecs.getincrementaldecoder("utf-8")()
    with db.engine.connect() as connection:
        cursor: Any = connection.connection.cursor()
        with cursor.copy(f"COPY ({compiled}) TO STDOUT WITH (FORMAT csv)", values) as blocks:
            # a block is a row: one at a time would pass through the whole application
            for part in batched(blocks, CHUNK):
                yield decoder.decode(b"".join(part))


# --- Cells that the database writes ------------------------------------------------------------------------------


def text_cell(expression: Any) -> ColumnElement[Any]:
    """Return text as ``guarded`` writes it."""
    first = func.substr(expression, 1, 1)
    starts = [start for start in FORMULA if start != "\x00"]
    return func.nullif(case((first.in_(starts), literal("'").concat(expression)), else_=expression), "")


def name_cell(own: Any, bengali: Any) -> ColumnElement[Any]:
    """Return a name in the reader's script: the Bengali one to Bengali readers, where it is known."""
    return text_cell(case((bengali != "", bengali), else_=own) if language() == "bn" else own)


def amount_cell(paisa: Any) -> ColumnElement[Any]:
    """Return paisa as taka, "1234.50"."""
    if not db.is_sqlite:
        return func.to_char(cast(paisa, Numeric) / PAISA, "FM9999999999990.00")
    sign = case((paisa < 0, "-"), else_="")
    return func.printf("%s%d.%02d", sign, func.abs(paisa) / PAISA, func.abs(paisa) % PAISA)


def day_cell(day: Any) -> ColumnElement[Any]:
    """Return a date as "2026-11-23"."""
    return cast(day, Text) if db.is_sqlite else func.to_char(day, "YYYY-MM-DD")


def moment_cell(moment: Any) -> ColumnElement[Any]:
    """Return a moment as Dhaka's clocks show it, "2026-11-23 14:03:00"."""
    if db.is_sqlite:
        # six hours before UTC all the year; SQLite knows no zones
        return func.strftime("%Y-%m-%d %H:%M:%S", moment, "+6 hours")
    return func.to_char(func.timezone("Asia/Dhaka", moment), "YYYY-MM-DD HH24:MI:SS")


def mobile_cell(mobile: Any) -> ColumnElement[Any]:
    """Return a mobile as it is dialled, "01712345678"."""
    return func.replace(mobile, "+88", "")


def label_cell(value: Any, labels: dict[str, Any]) -> ColumnElement[Any]:
    """Return the reader's word for a value."""
    return case({key: str(label) for key, label in choices(labels)}, value=value, else_=value)


def joined_cell(*parts: Any) -> ColumnElement[Any]:
    """Return the parts that are not empty, a comma between."""
    whole: Any = literal("")
    for part in parts:
        whole = whole.concat(case((part != "", literal(", ").concat(part)), else_=""))
    return text_cell(func.substr(whole, 3))
