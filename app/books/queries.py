"""Questions to the journal."""

from sqlalchemy import func, select

from app.books.models import BookCheck, EntryKind, JournalEntry, JournalLine, Ledger
from app.core.database import db


def balance_of(ledger: Ledger, holder_id: int) -> int:
    """Return the balance of a ledger account in paisa: debits above zero."""
    return db.session.execute(
        select(func.coalesce(func.sum(JournalLine.amount), 0)).where(
            JournalLine.ledger == ledger.value, JournalLine.holder_id == holder_id
        )
    ).scalar_one()


def owed_after(customer_id: int, payment_id: int) -> int:
    """Return what a customer owed in paisa right after a payment, as its receipt says for ever; never below zero."""
    entry = (
        select(JournalEntry.id)
        .where(JournalEntry.payment_id == payment_id, JournalEntry.kind == EntryKind.PAYMENT.value)
        .scalar_subquery()
    )
    balance = db.session.execute(
        select(func.coalesce(func.sum(JournalLine.amount), 0)).where(
            JournalLine.ledger == Ledger.CUSTOMER.value,
            JournalLine.holder_id == customer_id,
            JournalLine.entry_id <= entry,
        )
    ).scalar_one()
    return max(int(balance), 0)


def last_check(tenant_id: int | None) -> BookCheck | None:
    """Return the last run of the check over a tenant's books."""
    return db.session.execute(
        select(BookCheck).where(BookCheck.tenant_id == tenant_id).order_by(BookCheck.id.desc()).limit(1)
    ).scalar_one_or_none()
