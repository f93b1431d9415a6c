"""CSV of exactly the rows a list shows: streamed, UTF-8 with BOM, harmless in a spreadsheet."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from datetime import date, datetime
from typing import Any

from flask import Response, stream_with_context

from app.access.actor import acting_as, current_actor
from app.core.clock import to_dhaka

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
    response = Response(stream_with_context(_in_scope(_lines(titles, rows))), mimetype="text/csv")
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


def _lines(titles: list[str], rows: Iterable[list[Any]]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    buffer.write(BOM)
    writer.writerow(titles)
    for count, row in enumerate(rows, 1):
        writer.writerow([guarded(cell) for cell in row])
        if count % CHUNK == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()
