"""What the process says of itself: a line of JSON for each thing, without names, numbers or words of anybody."""

import json
import logging
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

about: ContextVar[dict[str, Any] | None] = ContextVar("about", default=None)
"""What is at work at this moment, such as the request's number: it stands on every line that is written meanwhile."""

ORDINARY = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
"""What every record of Python's logging has; what it has besides was given with ``extra``."""


class Lines(logging.Formatter):
    """Write a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line. An exception is its kind and where it was raised: its words may be somebody's."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **(about.get() or {}),
            **{name: value for name, value in record.__dict__.items() if name not in ORDINARY},
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = _kinds(record.exc_info[1])
            line["stack"] = [
                f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(record.exc_info[2])
            ]
        return json.dumps(line, ensure_ascii=False, default=str)


def _kinds(error: BaseException | None) -> list[str]:
    """Return the kind of an error and of those behind it."""
    kinds: list[str] = []
    while error is not None and len(kinds) < 5:
        kinds.append(f"{type(error).__module__}.{type(error).__qualname__}")
        error = error.__cause__ or error.__context__
    return kinds


def write_lines() -> None:
    """Let everything that is logged from here on be lines of JSON on the standard output."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(Lines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    # what it says of sleeping and waking is no news
    logging.getLogger("huey").setLevel(logging.WARNING)
