"""Questions about payments."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.billing.models import Bill
from app.core.database import db
from app.customers.models import Customer
from app.payments.models import Allocation, Payment


@dataclass(frozen=True)
class Settled:
    """A bill and how many paisa of it a payment settles."""

    bill: Bill
    amount: int


def settled_by(payment: Payment) -> list[Settled]:
    """Return the bills a payment settles, oldest first; of a void payment, what it settled until then."""
    rows = db.session.execute(
        select(Bill, Allocation.amount)
        .join(Allocation, Allocation.bill_id == Bill.id)
        .where(Allocation.payment_id == payment.id, Allocation.released_at == payment.voided_at)
        .order_by(Bill.period_from, Bill.id)
    ).all()
    return [Settled(bill, amount) for bill, amount in rows]


@dataclass(frozen=True)
class Preview:
    """What an amount would settle, oldest bill first, and what would become advance; paisa."""

    settles: tuple[Settled, ...]
    advance: int


def preview(bills: list[Bill], amount: int) -> Preview:
    """Work out what ``amount`` paisa would settle of the open bills, oldest first (spec §5.1)."""
    lines, left = [], amount
    for bill in bills:
        part = min(bill.open, left)
        if part > 0:
            lines.append(Settled(bill, part))
            left -= part
    return Preview(tuple(lines), left)


def replaced_by(payment: Payment) -> Payment | None:
    """Return the payment that corrects this one, if any."""
    return db.session.execute(select(Payment).where(Payment.replaces_id == payment.id)).scalar_one_or_none()


def payments_of(customer: Customer) -> list[Payment]:
    """Return all payments of a customer, newest first, void ones too."""
    return list(
        db.session.execute(
            select(Payment)
            .where(Payment.customer_id == customer.id)
            .options(joinedload(Payment.customer))
            .order_by(Payment.id.desc())
        ).scalars()
    )
