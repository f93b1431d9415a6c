"""Payments, the parts of them that settle bills, and visits at a customer's door that brought no money."""

import secrets
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint, case, select, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from app.accounts.models import Account
from app.core.clock import UtcDateTime, now
from app.core.database import Base
from app.core.money import Money
from app.core.ownership import Owned, found_by, owned_by_account, referable, same_tenant
from app.customers.models import Customer


class Method(StrEnum):
    """How money came in."""

    CASH = "cash"
    BKASH = "bkash"
    NAGAD = "nagad"
    SSLCOMMERZ = "sslcommerz"


ONLINE = (Method.BKASH, Method.NAGAD, Method.SSLCOMMERZ)
"""Methods whose money comes in through a gateway of the Group Admin, taken by nobody."""


class PaymentState(StrEnum):
    """A payment is valid until it is void; it is never deleted (spec §5.6)."""

    VALID = "valid"
    VOID = "void"


class Payment(Owned, Base):
    """Money received from a customer, in paisa, with its receipt number."""

    __tablename__ = "payments"
    __table_args__ = (
        referable(),
        owned_by_account(),
        same_tenant("customer_id", "customers"),
        same_tenant("collected_by_id", "accounts"),
        same_tenant("replaces_id", "payments"),
        UniqueConstraint("tenant_id", "number"),
        UniqueConstraint("tenant_id", "request_id"),
        UniqueConstraint("check_code"),
        # one receipt for a transaction of a gateway, however often its news comes
        Index(
            "uq_payments_gateway_transaction",
            "tenant_id",
            "method",
            "gateway_transaction",
            unique=True,
            # of one that is void a part may stand again, under another receipt
            sqlite_where=text("voided_at IS NULL"),
            postgresql_where=text("voided_at IS NULL"),
        ),
        Index("ix_payments_tenant_newest", "tenant_id", "id"),
        Index("ix_payments_owner_newest", "owner_id", "id"),
        Index("ix_payments_owner_number", "owner_id", "number"),
        Index("ix_payments_customer", "customer_id", "id"),
        found_by("ix_payments_replaces", "replaces_id"),
        Index("ix_payments_collector", "tenant_id", "collected_by_id", "paid_on"),
        # all that the sums by day and by person need
        Index("ix_payments_tenant_taken", "tenant_id", "paid_on", "voided_at", "collected_by_id", "amount"),
        Index("ix_payments_owner_taken", "owner_id", "paid_on", "voided_at", "collected_by_id", "amount"),
        CheckConstraint("amount > 0", "amount"),
        CheckConstraint("unallocated BETWEEN 0 AND amount", "unallocated"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column()
    customer_id: Mapped[int] = mapped_column()
    amount: Mapped[int] = mapped_column(Money)
    # what settles no bill yet: the customer's advance
    unallocated: Mapped[int] = mapped_column(Money)
    method: Mapped[str] = mapped_column(String(20), default=Method.CASH)
    # the gateway's own name of the transaction; cash has none, and online money no collector
    gateway_transaction: Mapped[str | None] = mapped_column(String(100))
    collected_by_id: Mapped[int | None] = mapped_column()
    paid_on: Mapped[date] = mapped_column()
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    note: Mapped[str] = mapped_column(String(200), default="")
    request_id: Mapped[str] = mapped_column(String(36))
    # what the receipt's QR code leads to: nobody can guess it (spec §5.7)
    check_code: Mapped[str] = mapped_column(String(43), default=lambda: secrets.token_urlsafe(32))
    replaces_id: Mapped[int | None] = mapped_column()
    voided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    voided_by_id: Mapped[int | None] = mapped_column()
    void_reason: Mapped[str] = mapped_column(String(200), default="")

    collector_name: ClassVar[Any]

    customer: Mapped[Customer] = relationship(viewonly=True, primaryjoin="foreign(Payment.customer_id) == Customer.id")

    @hybrid_property
    def status(self) -> str:
        """valid or void."""
        return PaymentState.VOID if self.voided_at is not None else PaymentState.VALID

    @status.inplace.expression
    @classmethod
    def _status_sql(cls) -> Any:
        return case((cls.voided_at.is_not(None), PaymentState.VOID.value), else_=PaymentState.VALID.value)


# the name of who took the money: it stands on the receipt, whoever reads it, also when that account lies above the reader
_collector = Account.__table__.alias()
Payment.collector_name = column_property(
    select(_collector.c.name).where(_collector.c.id == Payment.collected_by_id).scalar_subquery()
)


class Allocation(Owned, Base):
    """Paisa of a payment or a credit that settle a bill.

    Released when either is void: it stays on record and settles nothing.
    """

    __tablename__ = "allocations"
    __table_args__ = (
        owned_by_account(),
        same_tenant("payment_id", "payments"),
        same_tenant("credit_id", "credits"),
        same_tenant("bill_id", "bills"),
        Index("ix_allocations_bill", "bill_id"),
        Index("ix_allocations_payment", "payment_id"),
        Index("ix_allocations_credit", "credit_id"),
        CheckConstraint("amount > 0", "amount"),
        CheckConstraint("(payment_id IS NULL) <> (credit_id IS NULL)", "source"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    payment_id: Mapped[int | None] = mapped_column()
    credit_id: Mapped[int | None] = mapped_column()
    bill_id: Mapped[int] = mapped_column()
    amount: Mapped[int] = mapped_column(Money)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Outcome(StrEnum):
    """What came of a visit that brought no money (spec §5.3)."""

    NOT_HOME = "not_home"
    PROMISED = "promised"


class Visit(Owned, Base):
    """A visit at a customer's door without money: nobody was at home, or the customer promised a date."""

    __tablename__ = "visits"
    __table_args__ = (
        owned_by_account(),
        same_tenant("customer_id", "customers"),
        same_tenant("account_id", "accounts"),
        Index("ix_visits_customer", "customer_id", "id"),
        CheckConstraint("(outcome = 'promised') = (promised_for IS NOT NULL)", "promised_for"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column()
    account_id: Mapped[int] = mapped_column()
    outcome: Mapped[str] = mapped_column(String(20))
    promised_for: Mapped[date | None] = mapped_column()
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
