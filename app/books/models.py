"""The journal: balanced, append-only entries between accounts of the books."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, String, TextClause, false, select, text
from sqlalchemy.orm import Mapped, column_property, mapped_column

from app.accounts.models import Account
from app.core.clock import UtcDateTime, now
from app.core.database import Base
from app.core.money import Money
from app.core.ownership import Owned, found_by, owned_by_account, referable, same_tenant


class Ledger(StrEnum):
    """The accounts of the books (spec §5). A debit is above zero, a credit below."""

    CUSTOMER = "customer"  # what a customer owes; below zero is advance
    CASH = "cash"  # what a person holds
    GATEWAY = "gateway"  # what a payment gateway holds
    BUSINESS = "business"  # the owner's own money
    OPERATOR = "operator"  # what an Operator owes whom it buys from; below zero is prepaid balance
    COLLECTED_FOR = "collected_for"  # what an account above has collected for an Operator
    INCOME = "income"
    WHOLESALE = "wholesale"  # what comes in from Operators for their bills
    VAT = "vat"
    DISCOUNT = "discount"
    CREDIT_NOTE = "credit_note"
    EXPENSE = "expense"
    SHORTAGE = "shortage"  # what a person owes for cash that was missing at a confirmed closing
    SURPLUS = "surplus"  # cash counted above what the books say


class EntryKind(StrEnum):
    """What an entry of the journal stands for."""

    BILL = "bill"
    BILL_EDIT = "bill_edit"
    BILL_VOID = "bill_void"
    DISCOUNT = "discount"
    CREDIT = "credit"
    PAYMENT = "payment"
    PAYMENT_VOID = "payment_void"
    OPERATOR_AMOUNT = "operator_amount"
    COLLECTED_ABOVE = "collected_above"
    OPERATOR_BALANCE = "operator_balance"
    EXPENSE = "expense"
    EXPENSE_VOID = "expense_void"
    CLOSING = "closing"
    SHORTAGE_REPAID = "shortage_repaid"
    SERVICE_CHARGE = "service_charge"


class JournalEntry(Owned, Base):
    """A movement of money. Its lines sum to zero."""

    __tablename__ = "journal_entries"
    __table_args__ = (
        referable(),
        owned_by_account(),
        Index("ix_journal_entries_scope", "tenant_id", "owner_id", "id"),
        found_by("ix_journal_entries_payment", "payment_id"),
        found_by("ix_journal_entries_expense", "expense_id"),
        Index("uq_journal_entries_request", "tenant_id", "request_id", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    posted_on: Mapped[date] = mapped_column()
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    by_id: Mapped[int | None] = mapped_column()
    bill_id: Mapped[int | None] = mapped_column()
    payment_id: Mapped[int | None] = mapped_column()
    expense_id: Mapped[int | None] = mapped_column()
    note: Mapped[str] = mapped_column(String(200), default="")
    # the form of a movement that has no row of its own, such as balance added to an Operator
    request_id: Mapped[str | None] = mapped_column(String(36))


class JournalLine(Owned, Base):
    """One side of an entry, in paisa: debit above zero, credit below.

    ``holder_id`` is the customer or account whose ledger it is.
    """

    __tablename__ = "journal_lines"
    __table_args__ = (
        owned_by_account(),
        same_tenant("entry_id", "journal_entries"),
        Index("ix_journal_lines_holder", "ledger", "holder_id", "id"),
        Index("ix_journal_lines_entry", "entry_id"),
        CheckConstraint("amount <> 0", "amount"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column()
    ledger: Mapped[str] = mapped_column(String(20))
    holder_id: Mapped[int] = mapped_column()
    amount: Mapped[int] = mapped_column(Money)


class BookCheck(Base):
    """A run of the check over the books of a tenant."""

    __tablename__ = "book_checks"
    __table_args__ = (Index("ix_book_checks_tenant", "tenant_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    # the id alone: a check outlives what it was about
    tenant_id: Mapped[int | None] = mapped_column()
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    checked: Mapped[int] = mapped_column()
    differences: Mapped[int] = mapped_column()


class FigureSeries(StrEnum):
    """What a figure counts."""

    CUSTOMERS = "customers"  # those that are not deleted, by status
    OWING = "owing"  # those of them that owe, with what they owe, by their zone
    OPEN = "open"  # bills that are not settled, by the day they are due, with what is open
    TAKEN = "taken"  # payments that are not void, by their day and by who took the money (nobody: it came online)


def _is_change() -> TextClause:
    return text("NOT is_folded")


class Figure(Owned, Base):
    """A part of a figure: what one change added or took away, or the sum of earlier ones. A figure is the sum of its rows.

    Triggers write it (migrations 0022 and 0024), in the transaction of the change and as rows of their own: a figure that is brought
    up to date in place would be a row that all payments wait for. ``fold_figures`` makes one row of many.
    """

    __tablename__ = "figures"
    __table_args__ = (
        owned_by_account(),
        Index("ix_figures_tenant", "tenant_id", "series", "day"),
        Index("ix_figures_owner", "owner_id", "series", "day"),
        Index("ix_figures_changes", "id", sqlite_where=_is_change(), postgresql_where=_is_change()),
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    series: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20), default="")
    day: Mapped[date | None] = mapped_column()
    person_id: Mapped[int | None] = mapped_column()
    amount: Mapped[int] = mapped_column(Money)
    number: Mapped[int] = mapped_column()
    zone_id: Mapped[int | None] = mapped_column()
    is_folded: Mapped[bool] = mapped_column(default=False, server_default=false())

    person_name: ClassVar[Any]


# whoever reads the figure, also when that account lies above the reader
_person = Account.__table__.alias()
Figure.person_name = column_property(
    select(_person.c.name).where(_person.c.id == Figure.person_id).scalar_subquery(), deferred=True
)
