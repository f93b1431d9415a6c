"""Tell webhooks what happened: the message is a row of the change's own transaction, a job sends it after the commit, and again until it is answered.

A change never waits for a webhook, and a message is not lost when the process dies.
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from flask import Flask
from sqlalchemy import Select, delete, event, inspect, or_, select, update
from sqlalchemy.orm import Session, aliased

from app.access.scope import everywhere
from app.accounts.models import Account, AccountStatus
from app.activity.recorder import record
from app.api.models import DeliveryState, Happening, Webhook, WebhookDelivery
from app.api.shapes import MONEY_OF_CUSTOMERS, BillAnswer, CustomerAnswer, PaymentAnswer
from app.api.wire import Reply, send, signature
from app.billing.models import Bill
from app.core.clock import now, to_dhaka
from app.core.database import HouseSession, after_commit, before_commit, db, transaction
from app.core.jobs import enqueue, register
from app.core.sealing import unseal
from app.customers.models import Customer
from app.payments.models import Payment

PAUSES = (1, 5, 30, 120, 360)
"""Minutes before the next try; after the last one a message is given up."""

MOST_GIVEN_UP = 3
"""After so many messages given up in a row, each over eight and a half hours, an address is switched off."""

AT_ONCE = 100
LEASE = timedelta(minutes=20)
"""Longer than a whole run takes when nobody answers: AT_ONCE times wire.WHOLE_SECONDS."""

DAYS_KEPT = 30
SEAL = "webhook"

_NOTED = "webhook_happenings"
_OF_CUSTOMERS = tuple(
    field.attribute or name
    for name, field in CustomerAnswer().fields.items()
    if name
    not in (*MONEY_OF_CUSTOMERS, "id", "number", "owner_id", "version", "status_changed_at", "status_reason", "status")
)
_OF_BILLS = ("amount", "discount", "description", "period_from", "period_to", "due_on")
_SHAPES: dict[type, Any] = {Customer: CustomerAnswer, Bill: BillAnswer, Payment: PaymentAnswer}
_READ_AT_ONCE = 500


@dataclass(frozen=True)
class Noted:
    """What happened to a row; ``left_owner_id`` is whose it was, where it has another owner now."""

    row: Any
    left_owner_id: int | None = None


Happenings = dict[tuple[type, int, Happening], Noted]


def init_app(app: Flask) -> None:
    """Let the application's queue send messages."""
    register(app, send_webhooks)


@event.listens_for(HouseSession, "after_flush")
def _notice(session: Session, _context: Any) -> None:
    # whoever changes a row, by whichever way: a page, a program, the settlement, a job
    if not session.info.get("writing"):
        return
    for row in (*session.new, *session.dirty):
        if type(row) in _SHAPES:
            for happening in _happenings(row, is_new=row in session.new):
                noted = session.info.get(_NOTED)
                if noted is None:
                    noted = session.info[_NOTED] = {}
                    before_commit(lambda noted=noted: _write_messages(noted))  # type: ignore[misc]
                moved = happening == Happening.CUSTOMER_MOVED
                left = inspect(row).attrs.owner_id.history.deleted if moved else ()
                noted[(type(row), row.id, happening)] = Noted(row, *left)


def _happenings(row: Any, *, is_new: bool) -> list[Happening]:
    """Return what a flush does to a row, in the words of the webhooks."""
    if isinstance(row, Customer):
        if is_new:
            return [Happening.CUSTOMER_CREATED]
        found = [Happening.CUSTOMER_MOVED] if _has_changed(row, "owner_id") else []
        found += [Happening.CUSTOMER_UPDATED] if _has_changed(row, *_OF_CUSTOMERS) else []
        return [*found, Happening.CUSTOMER_STATUS_CHANGED] if _has_changed(row, "status") else found
    if isinstance(row, Bill):
        if is_new:
            return [Happening.BILL_MADE]
        if _has_changed(row, "voided_at"):
            return [Happening.BILL_VOIDED]
        return [Happening.BILL_EDITED] if _has_changed(row, *_OF_BILLS) else []
    if is_new:
        return [Happening.PAYMENT_EDITED if row.replaces_id else Happening.PAYMENT_RECEIVED]
    return [Happening.PAYMENT_VOIDED] if _has_changed(row, "voided_at") else []


def _has_changed(row: Any, *names: str) -> bool:
    attributes = inspect(row).attrs
    return any(attributes[name].history.has_changes() for name in names if name in attributes)


def _write_messages(noted: Happenings) -> None:
    """Write a message for each webhook that may see a changed row and wants to know, into the present transaction."""
    noted = _told_once(noted)
    with everywhere("the webhooks of the accounts above are told too"):
        _read_again([one.row for one in noted.values()])
        tenants = {one.row.tenant_id for one in noted.values()}
        hooks = list(
            db.session.execute(
                select(Webhook).where(
                    Webhook.tenant_id.in_(tenants),
                    Webhook.is_on.is_(True),
                    Webhook.removed_at.is_(None),
                    Webhook.owner_id.in_(_active_owners()),
                )
            ).scalars()
        )
        if not hooks:
            return
        written = False
        seers: dict[int, set[int]] = {}
        for (kind, row_id, happening), one in noted.items():
            row, left = one.row, one.left_owner_id
            for owner_id in filter(None, (row.owner_id, left)):
                if owner_id not in seers:
                    seers[owner_id] = _who_sees(owner_id)
            for hook in hooks:
                if hook.owner_id in seers[row.owner_id]:
                    told, about = happening, None
                elif left and hook.owner_id in seers[left]:
                    # whose it was learns that it is gone, and nothing of what it is now
                    told, about = Happening.CUSTOMER_LEFT, {"id": row_id, "number": row.number}
                else:
                    continue
                if told in hook.events:
                    add_message(hook, told, about or _SHAPES[kind]().dump(row))
                    written = True
        db.session.flush()
    if written:
        after_commit(lambda: enqueue(send_webhooks.__name__))


def _read_again(rows: list[Any]) -> None:
    """Read the rows that a bulk statement has made forget what they are: many at a time, and not each by itself."""
    forgotten: dict[type, list[int]] = {}
    for row in rows:
        if inspect(row).expired:
            forgotten.setdefault(type(row), []).append(inspect(row).identity[0])
    for model, ids in forgotten.items():
        for begin in range(0, len(ids), _READ_AT_ONCE):
            part: Any = select(model).where(model.id.in_(ids[begin : begin + _READ_AT_ONCE]))  # type: ignore[attr-defined]
            db.session.execute(part.execution_options(populate_existing=True)).scalars().all()


def _told_once(noted: Happenings) -> Happenings:
    """Return what happened without what follows from it.

    A new or moved row is not changed as well, a corrected payment not voided as well.
    """
    made = {(kind, row_id) for kind, row_id, what in noted if what in (Happening.CUSTOMER_CREATED, Happening.BILL_MADE)}
    moved = {(kind, row_id) for kind, row_id, what in noted if what == Happening.CUSTOMER_MOVED}
    replaced = {one.row.replaces_id for (_kind, _id, what), one in noted.items() if what == Happening.PAYMENT_EDITED}
    follows = (Happening.CUSTOMER_UPDATED, Happening.CUSTOMER_STATUS_CHANGED, Happening.BILL_EDITED)
    return {
        (kind, row_id, what): one
        for (kind, row_id, what), one in noted.items()
        if not ((kind, row_id) in made and what in follows)
        and not ((kind, row_id) in moved and what == Happening.CUSTOMER_UPDATED)
        and not (what == Happening.PAYMENT_VOIDED and row_id in replaced)
    }


def _who_sees(owner_id: int) -> set[int]:
    """Return the parent accounts that see an owner's rows: itself and those above it."""
    found: set[int] = set()
    account: Account | None = db.session.get(Account, owner_id)
    while account is not None:
        found.add(account.id)
        account = db.session.get(Account, account.parent_id) if account.parent_id else None
    return found


# made once: to make them anew took a tenth of a payment's time
_parent, _grandparent = aliased(Account), aliased(Account)


def _active_owners() -> Select[Any]:
    """Select the accounts that are active with all above them: a suspended one is told no more than its people see (spec §1)."""
    return (
        select(Account.id)
        .outerjoin(_parent, _parent.id == Account.parent_id)
        .outerjoin(_grandparent, _grandparent.id == _parent.parent_id)
        .where(
            Account.status == AccountStatus.ACTIVE,
            or_(_parent.id.is_(None), _parent.status == AccountStatus.ACTIVE),
            or_(_grandparent.id.is_(None), _grandparent.status == AccountStatus.ACTIVE),
        )
    )


def add_message(hook: Webhook, happening: Happening, about: dict[str, Any]) -> WebhookDelivery:
    """Add a message to a webhook, in the present transaction."""
    message_id, moment = str(uuid4()), now()
    said = {
        "id": message_id,
        "event": str(happening),
        "created_at": to_dhaka(moment).isoformat(timespec="seconds"),
        "data": about,
    }
    row = WebhookDelivery(
        tenant_id=hook.tenant_id,
        owner_id=hook.owner_id,
        webhook_id=hook.id,
        message_id=message_id,
        event=happening,
        body=json.dumps(said, ensure_ascii=False, separators=(",", ":")),
        next_try_at=moment,
        created_at=moment,
    )
    db.session.add(row)
    return row


def send_webhooks() -> int:
    """Send the messages that are due and return how many were tried. An address that fails once in a run is not tried again in it."""
    failing: set[int] = set()
    with everywhere("webhooks of every tenant are told"):
        claimed = _claim()
        for delivery_id in claimed:
            _send(delivery_id, failing)
    if len(claimed) == AT_ONCE:
        # a billing run leaves thousands: the next hundred follow, behind what others queued meanwhile
        enqueue(send_webhooks.__name__)
    return len(claimed)


def _claim() -> list[int]:
    """Take due messages for this run: another run beside it sees them as waiting for later, and a run that dies leaves them to the next."""
    is_on = select(Webhook.id).where(
        Webhook.is_on.is_(True), Webhook.removed_at.is_(None), Webhook.owner_id.in_(_active_owners())
    )
    due = (
        select(WebhookDelivery.id)
        .where(
            WebhookDelivery.state == DeliveryState.WAITING,
            WebhookDelivery.next_try_at <= now(),
            WebhookDelivery.webhook_id.in_(is_on),
        )
        .order_by(WebhookDelivery.next_try_at, WebhookDelivery.id)
        .limit(AT_ONCE)
    )
    if not db.session.execute(due.limit(1)).first():
        return []
    with transaction() as session:
        if not db.is_sqlite:
            due = due.with_for_update(skip_locked=True)
        ids = list(session.execute(due).scalars())
        session.execute(
            update(WebhookDelivery)
            .where(WebhookDelivery.id.in_(ids))
            .values(next_try_at=now() + LEASE)
            .execution_options(synchronize_session=False)
        )
    return ids


def _send(delivery_id: int, failing: set[int]) -> None:
    row = db.session.get_one(WebhookDelivery, delivery_id, populate_existing=True)
    hook = db.session.get_one(Webhook, row.webhook_id, populate_existing=True)
    if hook.id in failing:
        _note(delivery_id, None)
        return
    secret, timestamp = unseal(SEAL, hook.id, hook.sealed_secret), int(now().timestamp())
    url, body = hook.url, row.body
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Sanjog-Webhook/1",
        "Sanjog-Event": row.event,
        "Sanjog-Delivery": row.message_id,
        "Sanjog-Signature": f"t={timestamp},v1={signature(secret, timestamp, body)}",
    }
    # no transaction stays open while the other side takes its time
    db.session.rollback()
    reply = send(url, body, headers)
    if not reply.is_right:
        failing.add(hook.id)
    _note(delivery_id, reply)


def _note(delivery_id: int, reply: Reply | None) -> None:
    """Write down what came of a try; None for one that was put off because its address has just failed."""
    with transaction() as session:
        row = session.get_one(WebhookDelivery, delivery_id, populate_existing=True, with_for_update=not db.is_sqlite)
        if row.state != DeliveryState.WAITING:
            return
        if reply is None:
            row.next_try_at = now() + timedelta(minutes=PAUSES[0])
            return
        hook = session.get_one(Webhook, row.webhook_id, populate_existing=True, with_for_update=not db.is_sqlite)
        row.tries += 1
        row.answer_code, row.problem = reply.status, reply.problem
        if reply.is_right:
            row.state, row.answered_at, hook.given_up = DeliveryState.DONE, now(), 0
        elif row.tries > len(PAUSES):
            row.state = DeliveryState.FAILED
            _count_given_up(hook)
        else:
            row.next_try_at = now() + timedelta(minutes=PAUSES[row.tries - 1])


def _count_given_up(hook: Webhook) -> None:
    hook.given_up += 1
    if hook.given_up >= MOST_GIVEN_UP and hook.is_on:
        hook.is_on, hook.disabled_at = False, now()
        record(
            "access",
            "webhook.disabled",
            tenant_id=hook.tenant_id,
            owner_id=hook.owner_id,
            subject=hook,
            url=hook.url,
            count=hook.given_up,
        )


def remove_old_messages() -> int:
    """Remove messages that are no longer of use to anybody and return how many: they are copies, the rows themselves stay."""
    before = now() - timedelta(days=DAYS_KEPT)
    with everywhere("messages of every tenant are cleared away"), transaction() as session:
        old = session.execute(
            delete(WebhookDelivery)
            .where(WebhookDelivery.created_at < before)
            .execution_options(synchronize_session=False)
        )
    return int(getattr(old, "rowcount", 0))
