"""Ask about silent attempts again until they are settled or over, and settle what lies in a parent's tray."""

import logging
from collections import Counter
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import select, update

from app.access.actor import current_actor
from app.access.scope import everywhere, get_or_404, within
from app.activity.recorder import record
from app.billing.settlement import lock_customer
from app.books.services import given
from app.core.clock import now
from app.core.database import db, transaction
from app.core.errors import Refused
from app.customers.models import Customer
from app.gateways.registry import SSLCOMMERZ
from app.paylinks.attempts import post_money, verify
from app.paylinks.models import AttemptState, PaymentAttempt, TrayEntry, TrayKind
from app.payments.models import Payment, PaymentState
from app.payments.services import give_back

log = logging.getLogger(__name__)

BATCH = 20
GIVES_UP_AFTER = 2
"""A gateway that leaves so many questions in a row unanswered is left alone until the next run."""


@dataclass(frozen=True)
class Reconciled:
    """How many attempts were asked about, and where they stand now."""

    asked: int
    states: Counter[str]


def reconcile() -> Reconciled:
    """Ask about every attempt whose time has come, the longest waiting first (reference: gateways, §6.7)."""
    states: Counter[str] = Counter()
    silent: Counter[int] = Counter()
    with everywhere("the job asks for all tenants"):
        rows = db.session.execute(
            select(
                PaymentAttempt.id,
                PaymentAttempt.tenant_id,
                PaymentAttempt.owner_id,
                PaymentAttempt.settings_id,
            )
            .where(PaymentAttempt.next_check_at <= now())
            .order_by(PaymentAttempt.next_check_at, PaymentAttempt.id)
            .limit(BATCH)
        ).all()
    for attempt_id, tenant_id, owner_id, settings_id in rows:
        if silent[settings_id] >= GIVES_UP_AFTER:
            continue
        with within(tenant_id, owner_id):
            state = _ask_again(attempt_id)
        states[state] += 1
        silent[settings_id] = silent[settings_id] + 1 if state == AttemptState.UNKNOWN else 0
    return Reconciled(states.total(), states)


def _ask_again(attempt_id: int) -> str:
    with transaction():
        attempt = get_or_404(PaymentAttempt, attempt_id, lock=True)
        if attempt.state == AttemptState.NEW and attempt.gateway != SSLCOMMERZ:
            # the process ended before the gateway answered: the customer never got its page, so no money moved
            attempt.state, attempt.next_check_at = AttemptState.FAILED, None
            return attempt.state
    return verify(attempt_id, for_more=True)


def ask_about(entry: TrayEntry) -> str:
    """Ask the gateway about an entry's attempt now. Return the attempt's state. Call outside of a transaction."""
    attempt_id, tenant_id, owner_id = entry.attempt_id, entry.tenant_id, entry.owner_id
    with within(tenant_id, owner_id):
        return verify(attempt_id)


def accept_held(entry: TrayEntry, word: str) -> Payment:
    """Post the money of a payment that the gateway marked as a risk (spec §6). Raises Refused."""
    entry = _open_entry(entry)
    word = given(word, "word", otherwise=_("Say why."))
    attempt = get_or_404(PaymentAttempt, entry.attempt_id)
    if entry.cause != TrayKind.HELD or not attempt.received:
        raise Refused(_("Only money that is held can be accepted."))
    customer = lock_customer(db.session.get_one(Customer, attempt.customer_id))
    attempt = get_or_404(PaymentAttempt, attempt.id, lock=True)
    payment = post_money(attempt, customer, attempt.transaction, attempt.received)
    entry.payment_id = payment.id
    _done(entry, word, "tray.accepted")
    return payment


def record_refund(entry: TrayEntry, word: str, amount: int) -> None:
    """Record that ``amount`` paisa of a payment were given back at the gateway. Nothing is sent to the gateway. Raises Refused.

    The payment becomes void; where a part was given back, a payment of the rest stands in its place.
    """
    entry = _open_entry(entry)
    word = given(word, "word", otherwise=_("Say when and under which number the gateway gave the money back."))
    payment = refundable(entry)
    if payment is None:
        raise Refused(_("There is no valid payment here that could be given back."))
    left = give_back(payment, amount, word)
    if left is not None:
        # whoever asks what came of the attempt is shown the receipt that stands
        for model in (PaymentAttempt, TrayEntry):
            db.session.execute(update(model).where(model.payment_id == payment.id).values(payment_id=left.id))
    _done(entry, word, "tray.refunded", amount)


def refundable(entry: TrayEntry) -> Payment | None:
    """Return the payment that an entry is about, where it is still valid."""
    if entry.payment_id is None:
        return None
    payment = get_or_404(Payment, entry.payment_id)
    return payment if payment.status == PaymentState.VALID else None


def to_give_back(entry: TrayEntry, payment: Payment) -> int:
    """Return how much of a payment the customer most likely gets back, in paisa: what nobody asked for or owed."""
    if entry.cause == TrayKind.AMOUNT:
        asked = get_or_404(PaymentAttempt, entry.attempt_id).total
        return payment.amount - asked if payment.amount > asked else payment.amount
    return min(entry.amount or payment.amount, payment.amount)


def set_aside(entry: TrayEntry, word: str) -> None:
    """Note what came of an entry; nothing moves. Raises Refused."""
    entry = _open_entry(entry)
    _done(entry, given(word, "word", otherwise=_("Say what came of it.")), "tray.done")


def _open_entry(entry: TrayEntry) -> TrayEntry:
    entry = get_or_404(TrayEntry, entry.id, lock=True)
    if entry.done_at is not None:
        raise Refused(_("Somebody has looked at this already."))
    return entry


def _done(entry: TrayEntry, word: str, event: str, amount: int | None = None) -> None:
    actor = current_actor()
    entry.done_at, entry.done_by_id, entry.word = now(), actor.id if actor else None, word
    customer = db.session.get_one(Customer, entry.customer_id)
    record(
        "payments",
        event,
        tenant_id=entry.tenant_id,
        owner_id=entry.owner_id,
        subject=entry,
        customer_id=customer.id,
        customer=customer.name,
        customer_bn=customer.name_bn,
        amount_paisa=entry.amount or 0 if amount is None else amount,
        word=word,
    )
