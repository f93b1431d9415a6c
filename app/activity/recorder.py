"""Record what was done: the entry is sealed to its chain as the last statement of the transaction that did it."""

import json
from dataclasses import dataclass, field
from typing import Any

from flask import has_request_context, request
from sqlalchemy import insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.access.actor import current_actor
from app.activity.models import INSTALLATION, Activity, Authentication, Chained, ChainHead
from app.activity.seals import GENESIS, clean, plain, present_key, seal_of
from app.core.clock import now
from app.core.database import before_commit, db, locked


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

    ``event`` names a sentence of activity/sentences.py, ``words`` fill it: money as int paisa under names that end in ``_paisa``, the
    Bengali twin of a word under its name with ``_bn``. ``changes`` is before → after by field. Raises RuntimeError outside of a transaction.
    """
    detail: dict[str, Any] = {"words": {name: plain(word) for name, word in words.items()}}
    if changes:
        detail["changes"] = {name: [plain(old), plain(new)] for name, (old, new) in changes.items()}
    columns = {
        "topic": topic,
        "subject_kind": type(subject).__name__ if subject is not None else "",
        "subject_id": getattr(subject, "id", None),
        "customer_id": customer_id,
    }
    _queue(Entry(Activity, tenant_id or INSTALLATION, owner_id, event, detail, columns))


def record_authentication(
    event: str,
    *,
    tenant_id: int | None,
    owner_id: int | None,
    actor_id: int | None,
    actor_name: str,
    result: str,
    **words: Any,
) -> None:
    """Record a step of a sign-in in the present transaction. Raises RuntimeError outside of one."""
    device = request.headers.get("User-Agent", "")[:200] if has_request_context() else ""
    detail = {"words": {name: plain(word) for name, word in words.items()}}
    columns = {"device": clean(device), "result": result, "actor_id": actor_id, "actor_name": actor_name}
    _queue(Entry(Authentication, tenant_id or INSTALLATION, owner_id, event, detail, columns))


def _queue(entry: Entry) -> None:
    entries: list[Entry] = db.session().info.setdefault("log_entries", [])
    if not entries:
        before_commit(lambda: _seal(entries))
    entries.append(entry)


def _seal(entries: list[Entry]) -> None:
    """Seal the entries of a transaction to their chains: each head is locked once, in one order."""
    for log, tenant_id in sorted({(entry.model.__tablename__, entry.tenant_id) for entry in entries}):  # type: ignore[attr-defined]
        chain = [entry for entry in entries if (entry.model.__tablename__, entry.tenant_id) == (log, tenant_id)]  # type: ignore[attr-defined]
        _append(log, tenant_id, chain)


def _append(log: str, tenant_id: int, chain: list[Entry]) -> None:
    connection = db.session().connection()
    where = (ChainHead.log == log, ChainHead.tenant_id == tenant_id)
    head = connection.execute(locked(select(ChainHead.seq, ChainHead.seal).where(*where))).one_or_none()
    if head is None:
        add_head = (sqlite.insert if db.is_sqlite else postgresql.insert)(ChainHead)
        connection.execute(add_head.values(log=log, tenant_id=tenant_id, seq=0, seal=GENESIS).on_conflict_do_nothing())
        head = connection.execute(locked(select(ChainHead.seq, ChainHead.seal).where(*where))).one()
    rows, previous = [], head.seal
    for seq, entry in enumerate(chain, head.seq + 1):
        row = _row(entry, seq, previous)
        previous = row["seal"]
        rows.append(row)
    connection.execute(insert(chain[0].model), rows)
    moved = connection.execute(
        update(ChainHead).where(*where, ChainHead.seq == head.seq).values(seq=head.seq + len(rows), seal=previous)
    )
    if moved.rowcount != 1:
        raise RuntimeError("the head of the log moved while it was locked")


def _row(entry: Entry, seq: int, previous: str) -> dict[str, Any]:
    actor = current_actor()
    if actor is not None and actor.api_key is not None:
        entry.detail["api_key"] = actor.api_key.name
    row = {
        "tenant_id": entry.tenant_id,
        "owner_id": entry.owner_id,
        "seq": seq,
        "at": now(),
        "actor_id": actor.hand.id if actor else None,
        "actor_name": actor.hand.name if actor else "",
        "event": entry.event,
        "detail": json.dumps(entry.detail, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
        "address": (request.remote_addr or "")[:45] if has_request_context() else "",
        "previous": previous,
        "key_id": present_key(),
        **entry.columns,
    }
    row["seal"] = seal_of(entry.model, row)
    return row
