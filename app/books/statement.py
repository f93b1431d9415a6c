"""Statements: every movement of a customer's or an Operator's account with the running balance, from the journal."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from app.books.models import EntryKind, JournalEntry, JournalLine, Ledger
from app.core.database import db
from app.customers.models import Customer


@dataclass(frozen=True)
class StatementLine:
    """A movement in paisa: ``billed`` raises what is owed, ``paid`` lowers it; ``balance`` is what is owed after it."""

    id: int
    on: date
    kind: EntryKind
    bill_id: int | None
    payment_id: int | None
    note: str
    amount: int
    balance: int

    @property
    def billed(self) -> int | None:
        """What the movement adds to the debt."""
        return self.amount if self.amount > 0 else None

    @property
    def paid(self) -> int | None:
        """What the movement takes off the debt."""
        return -self.amount if self.amount < 0 else None


def statement(customer: Customer) -> list[StatementLine]:
    """Return the customer's movements, newest first, each with the balance after it."""
    return _movements(Ledger.CUSTOMER, customer.id)


def operator_statement(account_id: int) -> list[StatementLine]:
    """Return the movements of an Operator's account with whom it buys from, newest first; ``balance`` below zero is prepaid money."""
    return _movements(Ledger.OPERATOR, account_id)


def _movements(ledger: Ledger, holder_id: int) -> list[StatementLine]:
    rows = db.session.execute(
        select(JournalEntry, JournalLine.amount)
        .join(JournalLine, JournalLine.entry_id == JournalEntry.id)
        .where(JournalLine.ledger == ledger.value, JournalLine.holder_id == holder_id)
        .order_by(JournalEntry.id)
    ).all()
    lines, balance = [], 0
    for entry, amount in rows:
        balance += amount
        lines.append(
            StatementLine(
                entry.id,
                entry.posted_on,
                EntryKind(entry.kind),
                entry.bill_id,
                entry.payment_id,
                entry.note,
                amount,
                balance,
            )
        )
    return lines[::-1]
