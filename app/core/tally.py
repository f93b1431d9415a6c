"""How many statements the database was sent, how long they took, and which of them were slow."""

import logging
import time
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, event

log = logging.getLogger(__name__)

LONGEST_STATEMENT = 4000
NOT_COUNTED = ("BEGIN", "PRAGMA", "SAVEPOINT", "RELEASE")
"""What frames a transaction is no question to the database."""


@dataclass
class Tally:
    """The statements of a piece of work, and the seconds they took."""

    statements: int = 0
    seconds: float = 0.0


_present: ContextVar[Tally | None] = ContextVar("tally", default=None)


def begin_tally() -> Tally:
    """Begin to count anew in this thread, and return what is counted into."""
    tally = Tally()
    _present.set(tally)
    return tally


def watch(engine: Engine, slow_ms: int) -> None:
    """Count an engine's statements; log the text of those that take ``slow_ms`` or longer (0: none), never their values."""

    def before(connection: Any, _cursor: Any, _statement: str, *_more: Any) -> None:
        connection.info["began"] = time.perf_counter()

    def after(connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.startswith(NOT_COUNTED):
            return
        seconds = time.perf_counter() - connection.info.get("began", time.perf_counter())
        tally = _present.get()
        if tally is not None:
            tally.statements += 1
            tally.seconds += seconds
        if slow_ms and seconds * 1000 >= slow_ms:
            text = " ".join(statement.split())[:LONGEST_STATEMENT]
            log.warning("slow statement", extra={"ms": int(seconds * 1000), "sql": text})

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
