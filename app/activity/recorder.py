"""Record what was done: the entry is sealed to its chain as the last statement of the transaction that did it."""

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from flask import current_app, has_request_context, request
from sqlalchemy import insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.access.actor import current_actor
from app.activity.models import INSTALLATION, Activity, Authentication, ChainHead, Chained
from app.core.clock import now
from app.core.database import before_commit, db, locked

GENESIS = "0" * 64


@dataclass
class Entry:
    """What is to be recorded, before it is sealed."""

    model: type[Chained]
    tenant_id: int
    owner_id: int | None
    event: str
    detail: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, Any] = field(default_factory=dict)


def record(
    topic: str,
    event: str,
    *,
    tenant_id: int | None,
    owner_id: int | None,
    subject: Any = None,
    customer_id: int | None = None,
    changes: dict[str, tuple[Any, Any]] | None = None,
    **words: Any,
) -> None:
    """Record a change of money or access in the present transaction.

    ``event`` names a sentence of activity/sentences.py, ``words`` fill it (money as int paisa under names that end in ``_paisa``);
    ``changes`` is before → after by field. Raises RuntimeError outside of a transaction.
    """
    detail: dict[str, Any] = {"words": {name: _plain(word) for name, word in words.items()}}
    if changes:
        detail["changes"] = {name: [_plain(old), _plain(new)] for name, (old, new) in changes.items()}
    columns = {
        "topic": topic,
        "subject_kind": type(subject).__name__ if subject is not None else "",
        "subject_id": getattr(subject, "id", None),
        "customer_id": customer_id,
    }
    _queue(Entry(Activity, tenant_id or INSTALLATION, owner_id, event, detail, columns))


def record_authentication(
    event: str, *, tenant_id: int | None, owner_id: int | None, actor_id: int | None, actor_name: str, result: str, **words: Any
) -> None:
    """Record a step of a sign-in in the present transaction. Raises RuntimeError outside of one."""
    device = request.headers.get("User-Agent", "")[:200] if has_request_context() else ""
    columns = {"device": _clean(device), "result": result, "actor_id": actor_id, "actor_name": actor_name}
    _queue(Entry(Authentication, tenant_id or INSTALLATION, owner_id, event, {"words": words}, columns))


def _queue(entry: Entry) -> None:
    before_commit(lambda: _append(entry))


def _append(entry: Entry) -> None:
    session = db.session()
    actor = current_actor()
    log = entry.model.__tablename__  # type: ignore[attr-defined]
    add_head = (sqlite.insert if db.is_sqlite else postgresql.insert)(ChainHead)
    connection = session.connection()
    connection.execute(add_head.values(log=log, tenant_id=entry.tenant_id, seq=0, seal=GENESIS).on_conflict_do_nothing())
    head = connection.execute(
        locked(select(ChainHead.seq, ChainHead.seal).where(ChainHead.log == log, ChainHead.tenant_id == entry.tenant_id))
    ).one()
    row = {
        "tenant_id": entry.tenant_id,
        "owner_id": entry.owner_id,
        "seq": head.seq + 1,
        "at": now(),
        "actor_id": actor.hand.id if actor else None,
        "actor_name": actor.hand.name if actor else "",
        "event": entry.event,
        "detail": json.dumps(entry.detail, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
        "address": (request.remote_addr or "")[:45] if has_request_context() else "",
        "previous": head.seal,
        **entry.columns,
    }
    row["seal"] = seal_of(entry.model, row)
    connection.execute(insert(entry.model).values(**row))
    moved = connection.execute(
        update(ChainHead)
        .where(ChainHead.log == log, ChainHead.tenant_id == entry.tenant_id, ChainHead.seq == head.seq)
        .values(seq=row["seq"], seal=row["seal"])
    )
    if moved.rowcount != 1:
        raise RuntimeError("the head of the log moved while it was locked")


def seal_of(model: type[Chained], row: dict[str, Any]) -> str:
    """Return the seal of a row: an HMAC over every column and the seal before it, as 64 hex digits."""
    names = sorted(column.name for column in model.__table__.columns if column.name not in ("id", "seal"))  # type: ignore[attr-defined]
    text = json.dumps([[name, _plain(row.get(name))] for name in names], ensure_ascii=True, separators=(",", ":"))
    return hmac.new(current_app.config["LOG_KEY"].encode(), text.encode(), hashlib.sha256).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return int(value.timestamp() * 1_000_000)
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, bool | int):
        return value
    return _clean(str(value))


def _clean(text: str) -> str:
    return "".join(character if character.isprintable() else "�" for character in text)
