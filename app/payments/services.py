"""Receive, edit and void payments. Cash, gateways and recharges all post here."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import NAMESPACE_URL, uuid5

from flask_babel import gettext as _
from sqlalchemy import func, select

from app.access.actor import Actor, current_actor, shown_number
from app.access.scope import everywhere, get_or_404
from app.accounts.models import Account, Kind
from app.accounts.numbering import RECEIPTS, next_number
from app.accounts.queries import head_of
from app.activity.recorder import record
from app.billing.services import discount_bill
from app.billing.settlement import Change, charge_operators, lock_customer, open_bills, release, settle
from app.books.models import EntryKind, JournalEntry, JournalLine, Ledger
from app.books.once import add_once, made_by, request_uuid
from app.books.operators import cash_taken_for, lock_chain, locked_account
from app.books.services import Side, given, post
from app.cash.queries import first_open_day, is_closed_day, lock_cash
from app.core.clock import now, today
from app.core.database import db
from app.core.errors import Refused
from app.customers.models import Customer
from app.payments.models import ONLINE, Allocation, Method, Payment, PaymentState

LIKELY_SECOND = timedelta(minutes=10)
"""Within this time a payment of the same amount for the same customer asks once more (spec §5.2)."""

LATEST_DAYS_MANAGER, LATEST_DAYS_PARENT = 7, 31
"""How many days back a payment may be dated (spec §5.1)."""

LONGEST_TRANSACTION = 100
"""How many characters a gateway's name of a transaction may have."""


class LikelySecondEntry(Exception):
    """Ask before recording: ``earlier`` is a payment of the same amount for the same customer, minutes ago."""

    def __init__(self, earlier: Payment) -> None:
        super().__init__(earlier.number)
        self.earlier = earlier


@dataclass(frozen=True)
class Received:
    """A payment, and whether this very request had recorded it before."""

    payment: Payment
    already_recorded: bool = False


def receive_cash(
    customer: Customer,
    amount: int,
    *,
    request_id: str,
    paid_on: date | None = None,
    note: str = "",
    discount: int = 0,
    discount_reason: str = "",
    confirmed: bool = False,
) -> Received:
    """Record ``amount`` paisa of cash from a customer: oldest bill first, the rest is advance (spec §5.1).

    The same request id gives back the first payment, however often and however parallel it comes (spec §5.2). Raises
    Refused for bad input or an Operator's account that is too small, LikelySecondEntry when the same amount came
    minutes ago and nobody confirmed.
    """
    actor = _collector()
    request_id = request_uuid(request_id)
    customer = lock_customer(customer)
    first = recorded_by(request_id, customer)
    if first is not None:
        return Received(first, already_recorded=True)
    if customer.deleted_at is not None:
        raise Refused(_("This customer is deleted; restore it first."))
    paid_on = _allowed_day(actor, paid_on or today())
    if not confirmed:
        _ask_about_a_second_entry(customer, amount)
    with cash_taken_for(customer.owner_id):
        if discount:
            _discount_oldest_first(customer, discount, discount_reason or _("Discount while taking cash"))
        payment = _post_payment(
            customer,
            amount,
            method=Method.CASH,
            holder_id=actor.id,
            holder_owner_id=actor.owner_id or 0,
            request_id=request_id,
            paid_on=paid_on,
            note=note,
        )
        settle(customer, Change.PAYMENT)
    record_payment(payment, "payment.received", amount_paisa=amount)
    return Received(payment)


def receive_online(
    customer: Customer,
    amount: int,
    *,
    method: Method,
    transaction_id: str,
    bills: Collection[int] = (),
    note: str = "",
) -> Received:
    """Record ``amount`` paisa that came in through a gateway of the Group Admin, once per transaction of the gateway.

    The same transaction gives back its receipt, also when that is void now. Money that came in is never refused: not for
    an Operator's balance, not for a customer that is deleted (spec §6, §11.2). It settles the open bills with these ids
    first, then the oldest; what settles none is advance. Call in a scope that holds the customer. Raises ValueError for
    what no gateway says: an amount not above zero, no transaction, the method cash; Refused when the transaction was
    recorded for another customer.
    """
    if method not in ONLINE or not 0 < len(transaction_id) <= LONGEST_TRANSACTION or amount <= 0:
        raise ValueError("a gateway names its transaction and an amount above zero")
    customer = lock_customer(customer)
    request_id = str(uuid5(NAMESPACE_URL, f"{method}:{transaction_id}"))
    first = recorded_by(request_id, customer)
    if first is not None:
        return Received(first, already_recorded=True)
    payment = _post_payment(
        customer,
        amount,
        method=method,
        holder_id=None,
        holder_owner_id=head_of(customer.tenant_id),
        request_id=request_id,
        paid_on=today(),
        note=note,
        gateway_transaction=transaction_id,
    )
    settle(customer, Change.PAYMENT, first=bills)
    record_payment(
        payment, "payment.received_online", amount_paisa=amount, method=str(method), transaction=transaction_id
    )
    return Received(payment)


def recorded_by(request_id: str, customer: Customer) -> Payment | None:
    """Return what this form has recorded before. Raises Refused when that was for another customer."""
    return made_by(Payment, request_id, customer.tenant_id, customer_id=customer.id)


def _collector() -> Actor:
    actor = current_actor()
    if actor is None or actor.tenant_id is None:
        raise RuntimeError("cash is taken by a person")
    return actor


def _allowed_day(actor: Actor, paid_on: date, holder_id: int | None = None) -> date:
    earliest = earliest_day(actor, holder_id)
    if paid_on > today():
        raise Refused(_("The date lies in the future."), "paid_on")
    if paid_on < earliest:
        if is_closed_day(holder_id or actor.id, paid_on):
            raise Refused(_("That day is closed. Choose a later date."), "paid_on")
        raise Refused(_("The date is too far back."), "paid_on")
    return paid_on


def earliest_day(actor: Actor, holder_id: int | None = None) -> date:
    """Return the earliest date this account may put on a payment (spec §5.1, §11.7).

    ``holder_id`` is who holds the money where that is somebody else: what that person has closed stays closed.
    """
    limit = today() - timedelta(days=LATEST_DAYS_MANAGER if actor.kind == Kind.MANAGER else LATEST_DAYS_PARENT)
    return max(limit, first_open_day(holder_id or actor.id) or limit)


def _ask_about_a_second_entry(customer: Customer, amount: int) -> None:
    earlier = (
        db.session.execute(
            select(Payment)
            .where(
                Payment.customer_id == customer.id,
                Payment.amount == amount,
                Payment.voided_at.is_(None),
                Payment.received_at >= now() - LIKELY_SECOND,
            )
            .order_by(Payment.id.desc())
        )
        .scalars()
        .first()
    )
    if earlier is not None:
        raise LikelySecondEntry(earlier)


def _discount_oldest_first(customer: Customer, discount: int, reason: str) -> None:
    left = discount
    for bill in open_bills(customer):
        part = min(left, bill.largest_discount)
        if part:
            discount_bill(bill, part, reason)
            left -= part
    if left:
        raise Refused(_("The discount is more than what is open."), "discount")


def _post_payment(
    customer: Customer,
    amount: int,
    *,
    method: Method,
    holder_id: int | None,
    holder_owner_id: int,
    request_id: str,
    paid_on: date,
    note: str,
    replaces: Payment | None = None,
    gateway_transaction: str | None = None,
) -> Payment:
    if amount <= 0:
        raise Refused(_("The amount must be above zero."), "amount")
    lock_chain(customer.owner_id)
    if holder_id is not None:
        lock_cash(holder_id)
        if is_closed_day(holder_id, paid_on):
            if replaces is None:
                raise Refused(_("That day is closed. Choose a later date."), "paid_on")
            # a closed day never changes: its correction is an entry of today (spec §5.6)
            paid_on = today()
    payment = Payment(
        tenant_id=customer.tenant_id,
        owner_id=customer.owner_id,
        number=next_number(customer.tenant_id, RECEIPTS),
        customer_id=customer.id,
        amount=amount,
        unallocated=amount,
        method=method,
        gateway_transaction=gateway_transaction,
        collected_by_id=holder_id,
        paid_on=paid_on,
        received_at=now(),
        note=note.strip()[:200],
        request_id=request_id,
        replaces_id=replaces.id if replaces else None,
    )
    add_once(payment)
    _post_money(payment, EntryKind.PAYMENT, holder_owner_id=holder_owner_id, amount=amount)
    return payment


def _post_money(payment: Payment, kind: EntryKind, *, holder_owner_id: int, amount: int) -> None:
    """Post money coming in (amount above zero) or a void giving it back (below zero)."""
    if payment.collected_by_id is None:
        held = Side(Ledger.GATEWAY, holder_owner_id, amount, owner_id=holder_owner_id)
    else:
        held = Side(Ledger.CASH, payment.collected_by_id, amount, owner_id=holder_owner_id)
    post(
        kind,
        payment.tenant_id,
        payment.owner_id,
        held,
        Side(Ledger.CUSTOMER, payment.customer_id, -amount),
        posted_on=payment.paid_on if kind == EntryKind.PAYMENT else today(),
        payment_id=payment.id,
    )
    if kind == EntryKind.PAYMENT:
        credited = [(operator, amount) for operator in _operators_between(payment.owner_id, holder_owner_id)]
    else:
        credited = _taken_back(payment)
    for operator, amount in credited:
        operator.balance += amount
        post(
            EntryKind.COLLECTED_ABOVE,
            payment.tenant_id,
            payment.owner_id,
            Side(Ledger.OPERATOR, operator.id, -amount, owner_id=operator.id),
            Side(Ledger.COLLECTED_FOR, operator.parent_id or 0, amount, owner_id=operator.parent_id),
            payment_id=payment.id,
        )


def _taken_back(payment: Payment) -> list[tuple[Account, int]]:
    """Return what a void takes back of whom the payment was credited to, in paisa: that may be under an earlier owner."""
    credited = (
        select(JournalLine.holder_id, func.sum(JournalLine.amount))
        .join(JournalEntry, JournalEntry.id == JournalLine.entry_id)
        .where(
            JournalEntry.payment_id == payment.id,
            JournalEntry.kind == EntryKind.COLLECTED_ABOVE.value,
            JournalLine.ledger == Ledger.OPERATOR.value,
        )
        .group_by(JournalLine.holder_id)
        .order_by(JournalLine.holder_id)
    )
    with everywhere("the account above sees who was credited, whoever voids"):
        rows = db.session.execute(credited).all()
        return [(locked_account(holder_id), int(booked)) for holder_id, booked in rows if booked]


def _operators_between(owner_id: int, holder_owner_id: int) -> list[Account]:
    """Return whom money collected above is credited to: from the customer's owner up to below the holder's (§11.2)."""
    between: list[Account] = []
    for account in lock_chain(owner_id):
        if account.id == holder_owner_id:
            return between
        between.append(account)
    return between if between and between[-1].parent_id == holder_owner_id else []


def void_payment(payment: Payment, reason: str) -> Payment:
    """Void a payment with a reason: it stays on record and its bills open again (spec §5.6).

    Suspend date and status are not rolled back. Raises Refused.
    """
    reason = given(reason, otherwise=_("Say why the payment is void."))
    customer = lock_customer(db.session.get_one(Customer, payment.customer_id))
    payment = _voided(_locked(payment), reason)
    settle(customer, Change.PAYMENT_VOID)
    record_payment(payment, "payment.voided", amount_paisa=payment.amount, reason=reason)
    return payment


def give_back(payment: Payment, amount: int, reason: str) -> Payment | None:
    """Record that the gateway gave ``amount`` paisa of an online payment back; return the payment that stands for the rest, if any.

    As with every correction the old payment stays on record, void, and its bills open again as far as the rest does not
    settle them (spec §5.6, §11.8). Raises Refused.
    """
    reason = given(reason, otherwise=_("Say why the payment is void."))
    customer = lock_customer(db.session.get_one(Customer, payment.customer_id))
    old = _locked(payment)
    if old.method not in ONLINE:
        raise Refused(_("Cash is given back by hand: void the payment."))
    if not 0 < amount <= old.amount:
        raise Refused(_("At most what came in can be given back."), "amount")
    _voided(old, reason)
    left = None
    if amount < old.amount:
        left = _post_payment(
            customer,
            old.amount - amount,
            method=Method(old.method),
            holder_id=None,
            holder_owner_id=head_of(customer.tenant_id),
            request_id=str(uuid5(NAMESPACE_URL, f"given back:{old.tenant_id}:{old.id}")),
            paid_on=old.paid_on,
            note=old.note,
            replaces=old,
            gateway_transaction=old.gateway_transaction,
        )
    settle(customer, Change.PAYMENT_VOID)
    if left is None:
        record_payment(old, "payment.voided", amount_paisa=old.amount, reason=reason)
    else:
        record_payment(left, "payment.edited", replaced=old.number, reason=reason, changes=_changed(old, left))
    return left


def _locked(payment: Payment) -> Payment:
    """Lock a payment's row and read it again. Raises Refused when it is void already."""
    payment = get_or_404(Payment, payment.id, lock=True)
    if payment.status == PaymentState.VOID:
        raise Refused(_("Receipt %(number)s is void already.", number=shown_number(payment.number)))
    return payment


def _voided(payment: Payment, reason: str) -> Payment:
    actor, moment = current_actor(), now()
    bills = release(Allocation.payment_id == payment.id, at=moment)
    payment.voided_at, payment.voided_by_id, payment.void_reason = moment, actor.id if actor else None, reason
    payment.unallocated = 0
    db.session.flush()
    for bill in bills:
        charge_operators(bill)
    lock_chain(payment.owner_id)
    if payment.collected_by_id is not None:
        lock_cash(payment.collected_by_id)
    _post_money(payment, EntryKind.PAYMENT_VOID, holder_owner_id=_owner_of_holder(payment), amount=-payment.amount)
    return payment


def _owner_of_holder(payment: Payment) -> int:
    if payment.collected_by_id is None:
        return head_of(payment.tenant_id)
    with everywhere("who took the money may since have left the scope"):
        holder = db.session.get_one(Account, payment.collected_by_id)
    return (holder.parent_id if holder.kind == Kind.MANAGER else holder.id) or 0


def edit_payment(payment: Payment, *, amount: int, paid_on: date, note: str, reason: str, request_id: str) -> Received:
    """Correct a payment: the old one is void, a new one with its own receipt number names it (spec §11.8).

    ``amount`` is paisa. The money stays with who took it. Raises Refused, also when an Operator's account cannot bear
    a larger amount.
    """
    actor = _collector()
    reason = given(reason, otherwise=_("Say why the payment is changed."))
    request_id = request_uuid(request_id)
    customer = lock_customer(db.session.get_one(Customer, payment.customer_id))
    first = recorded_by(request_id, customer)
    if first is not None:
        return Received(first, already_recorded=True)
    old = _locked(payment)
    if old.method in ONLINE:
        raise Refused(_("What came in through a gateway is what the gateway says: void it when it was given back."))
    if paid_on != old.paid_on:
        _allowed_day(actor, paid_on, old.collected_by_id)
    with cash_taken_for(customer.owner_id):
        _voided(old, reason)
        new = _post_payment(
            customer,
            amount,
            method=Method.CASH,
            holder_id=old.collected_by_id or 0,
            holder_owner_id=_owner_of_holder(old),
            request_id=request_id,
            paid_on=paid_on,
            note=note,
            replaces=old,
        )
        settle(customer, Change.PAYMENT_VOID)
    record_payment(new, "payment.edited", changes=_changed(old, new), replaced=old.number, reason=reason)
    return Received(new)


def _changed(old: Payment, new: Payment) -> dict[str, tuple[object, object]]:
    before, after = _editable(old), _editable(new)
    return {name: (before[name], after[name]) for name in before if before[name] != after[name]}


def _editable(payment: Payment) -> dict[str, object]:
    return {"amount_paisa": payment.amount, "paid_on": payment.paid_on, "note": payment.note}


def record_payment(payment: Payment, event: str, **words: object) -> None:
    """Record what happened to a payment in the activity log."""
    customer = db.session.get_one(Customer, payment.customer_id)
    changes = words.pop("changes", None)
    record(
        "payments",
        event,
        tenant_id=payment.tenant_id,
        owner_id=payment.owner_id,
        subject=payment,
        customer_id=payment.customer_id,
        changes=changes,  # type: ignore[arg-type]
        number=payment.number,
        customer=customer.name,
        customer_bn=customer.name_bn,
        **words,
    )
