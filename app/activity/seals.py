"""Seals: what binds a row of a log to the one before it, and the keys they are made with."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask import current_app

from app.activity.models import Chained

GENESIS = "0" * 64
JOINERS = "\u200c\u200d"
"""Invisible, but Bengali spelling needs them (র‍্যাব)."""


class UnknownKey(Exception):
    """Report a seal made with a key that LOG_KEY does not name."""


def keys() -> dict[str, bytes]:
    """Return the keys of the logs by their id: the first seals, the others, older ones, still prove what they sealed."""
    words = (word.strip() for word in current_app.config["LOG_KEY"].split(","))
    return {hashlib.sha256(b"log key " + word.encode()).hexdigest()[:8]: word.encode() for word in words if word}


def present_key() -> str:
    """Return the id of the key that seals now."""
    return next(iter(keys()))


def seal_of(model: type[Chained], row: Mapping[str, Any]) -> str:
    """Return the seal of a row: an HMAC over every column and the seal before it, as 64 hex digits. Raises UnknownKey."""
    # "id" is the database's own; rows from before keys had ids were sealed without the column
    left_out = {"id", "seal"} | (set() if row["key_id"] else {"key_id"})
    names = sorted(column.name for column in model.__table__.columns if column.name not in left_out)  # type: ignore[attr-defined]
    text = json.dumps([[name, plain(row.get(name))] for name in names], ensure_ascii=True, separators=(",", ":"))
    return signed(text, row["key_id"])


def signed(text: str, key_id: str) -> str:
    """Return the HMAC of a text with the key of this id (the oldest one for an empty id). Raises UnknownKey."""
    known = keys()
    key = known.get(key_id) if key_id else list(known.values())[-1]
    if key is None:
        raise UnknownKey(key_id)
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def plain(value: Any) -> Any:
    """Return a value as it is sealed and kept in an entry: whole numbers, ISO dates, clean text."""
    if isinstance(value, datetime):
        return int(value.timestamp() * 1_000_000)
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, bool | int):
        return value
    return clean(str(value))


def clean(text: str) -> str:
    """Return a text in which nothing can begin a line or an order of its own: control characters become �."""
    return "".join(character if character.isprintable() or character in JOINERS else "�" for character in text)
