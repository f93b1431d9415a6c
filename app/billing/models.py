"""Bills, their discounts, and credits given to a customer."""

from collections.abc import Iterator
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, String, UniqueConstraint, case, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.clock import UtcDateTime, now
from app.core.database import Base
from app.core.money import Money, share
from app.core.ownership import Owned, owned_by_account, referable, same_tenant
from app.customers.models import Customer
from app.packages.models import Package


class Purpose(StrEnum):
    """Why a bill was raised (spec §4)."""

    MONTHLY = "monthly"
    PACKAGE_CHANGE = "package_change"
    RECHARGE = "recharge"
    NEW_CUSTOMER = "new_customer"
    MANUAL = "manual"


class BillStatus(StrEnum):
    """Derived from what is paid and whether the bill is void (spec §4)."""

    UNPAID = "unpaid"
    PARTIAL = "partial"
    PAID = "paid"
    VOID = "void"


def vat_on(amount: int, basis_points: int) -> int:
    """Return the VAT in paisa on an amount in paisa, half up to the paisa (spec §11.3)."""
    return share(amount, basis_points, 10_000)


def _open_bills() -> Iterator[Index]:
    """Yield the indexes from which a tenant, an owner and a customer's row read the open bills, which are few among all of years.

    They hold all that counting and adding up needs, and what they leave out as well: SQLite would read the row for it.
    """
    is_open = text("voided_at IS NULL AND paid < total")
    held = ("due_on", "voided_at", "total", "paid")
    for name, *columns in (
        ("tenant_open", "tenant_id", "number", *held),
        ("owner_open", "owner_id", "number", *held),
        ("customer_open", "customer_id", *held, "tenant_id", "owner_id"),
    ):
        yield Index(f"ix_bills_{name}", *columns, sqlite_where=is_open, postgresql_where=is_open)


class Bill(Owned, Base):
    """A bill. All amounts are paisa: total = amount − discount + vat, open = total − paid.

    A void bill keeps its figures and opens nothing.
    """

    __tablename__ = "bills"
    __table_args__ = (
        referable(),
        owned_by_account(),
        same_tenant("customer_id", "customers"),
        same_tenant("package_id", "packages"),
        UniqueConstraint("tenant_id", "number"),
        # the form it came from: the same form again makes no second one
        UniqueConstraint("tenant_id", "request_id"),
        # one monthly bill a month and customer, whatever its period is edited to; bills of other purposes have no month
        Index("uq_bills_month", "tenant_id", "customer_id", "month", unique=True),
        Index("ix_bills_tenant_newest", "tenant_id", "id"),
        Index("ix_bills_owner_newest", "owner_id", "id"),
        Index("ix_bills_owner_number", "owner_id", "number"),
        *_open_bills(),
        Index("ix_bills_customer", "customer_id", "period_from", "id"),
        CheckConstraint("amount > 0", "amount"),
        CheckConstraint("discount BETWEEN 0 AND amount", "discount"),
        CheckConstraint("vat >= 0 AND vat_basis_points BETWEEN 0 AND 10000", "vat"),
        CheckConstraint("total = amount - discount + vat", "total"),
        CheckConstraint("paid BETWEEN 0 AND total", "paid"),
        CheckConstraint(
            "operator_amount >= 0 AND operator_taken >= 0 AND upper_amount >= 0 AND upper_taken >= 0", "operator_taken"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column()
    customer_id: Mapped[int] = mapped_column()
    customer_name: Mapped[str] = mapped_column(String(120))
    customer_mobile: Mapped[str] = mapped_column(String(20), default="")
    customer_username: Mapped[str] = mapped_column(String(64), default="")
    package_id: Mapped[int | None] = mapped_column()
    purpose: Mapped[str] = mapped_column(String(20))
    # the first date of the month a monthly run billed: it stays when the period is edited
    month: Mapped[date | None] = mapped_column()
    description: Mapped[str] = mapped_column(String(200), default="")
    period_from: Mapped[date] = mapped_column()
    period_to: Mapped[date] = mapped_column()
    due_on: Mapped[date] = mapped_column()
    amount: Mapped[int] = mapped_column(Money)
    vat_basis_points: Mapped[int] = mapped_column(default=0)
    vat: Mapped[int] = mapped_column(Money, default=0)
    discount: Mapped[int] = mapped_column(Money, default=0)
    total: Mapped[int] = mapped_column(Money)
    paid: Mapped[int] = mapped_column(Money, default=0)
    # the prices the bill was raised at, list price and what each level pays: a changed amount keeps their proportion
    package_price: Mapped[int] = mapped_column(Money, default=0)
    operator_price: Mapped[int] = mapped_column(Money, default=0)
    upper_price: Mapped[int] = mapped_column(Money, default=0)
    # one amount per level (spec §11.2): owner → its parent, its parent → the Group Admin; and what is taken of each
    operator_amount: Mapped[int] = mapped_column(Money, default=0)
    operator_taken: Mapped[int] = mapped_column(Money, default=0)
    upper_amount: Mapped[int] = mapped_column(Money, default=0)
    upper_taken: Mapped[int] = mapped_column(Money, default=0)
    # what Operators paid under owners the customer has left, and the sum of it: see books/operators.py
    earlier_charges: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)
    earlier_taken: Mapped[int] = mapped_column(Money, default=0)
    request_id: Mapped[str | None] = mapped_column(String(36))
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    issued_by_id: Mapped[int | None] = mapped_column()
    voided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    voided_by_id: Mapped[int | None] = mapped_column()
    void_reason: Mapped[str] = mapped_column(String(200), default="")
    # codes printed on invoices carry it: a higher one makes those before it worthless
    code_serial: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)

    customer: Mapped[Customer] = relationship(viewonly=True, primaryjoin="foreign(Bill.customer_id) == Customer.id")
    package: Mapped[Package | None] = relationship(viewonly=True, primaryjoin="foreign(Bill.package_id) == Package.id")

    __mapper_args__ = {"version_id_col": version}

    @property
    def gross(self) -> int:
        """What the bill would be without any discount, in paisa."""
        return self.amount + vat_on(self.amount, self.vat_basis_points)

    @property
    def settled(self) -> int:
        """How much of ``gross`` is paid or discounted, in paisa; nothing of a void bill (spec §11.2)."""
        return 0 if self.voided_at is not None else self.paid + self.gross - self.total

    @property
    def settled_before_move(self) -> int:
        """How much was settled under earlier owners of the customer, in paisa: not the present owner's to pay for."""
        return self.earlier_charges[-1]["up_to"] if self.earlier_charges else 0

    @property
    def largest_discount(self) -> int:
        """The most that can still be discounted, in paisa: what is paid with its VAT must stay billed (spec §11.3)."""
        if self.voided_at is not None:
            return 0
        net = max(self.paid * 10_000 // (10_000 + self.vat_basis_points) - 1, 0)
        while net + vat_on(net, self.vat_basis_points) < self.paid:
            net += 1
        return max(self.amount - self.discount - net, 0)

    @hybrid_property
    def open(self) -> int:
        """What is still to pay, in paisa; nothing on a void bill."""
        return 0 if self.voided_at is not None else self.total - self.paid

    @open.inplace.expression
    @classmethod
    def _open_sql(cls) -> Any:
        return case((cls.voided_at.is_not(None), 0), else_=cls.total - cls.paid)

    @hybrid_property
    def status(self) -> str:
        """unpaid, partial, paid or void."""
        if self.voided_at is not None:
            return BillStatus.VOID
        if self.paid == self.total:
            return BillStatus.PAID
        return BillStatus.PARTIAL if self.paid > 0 else BillStatus.UNPAID

    @status.inplace.expression
    @classmethod
    def _status_sql(cls) -> Any:
        return case(
            (cls.voided_at.is_not(None), BillStatus.VOID.value),
            (cls.paid == cls.total, BillStatus.PAID.value),
            (cls.paid > 0, BillStatus.PARTIAL.value),
            else_=BillStatus.UNPAID.value,
        )


class Discount(Owned, Base):
    """A discount in paisa on a bill, with its reason."""

    __tablename__ = "discounts"
    __table_args__ = (
        owned_by_account(),
        same_tenant("bill_id", "bills"),
        Index("ix_discounts_bill", "bill_id"),
        Index("uq_discounts_request", "tenant_id", "request_id", unique=True),
        CheckConstraint("amount > 0", "amount"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    bill_id: Mapped[int] = mapped_column()
    amount: Mapped[int] = mapped_column(Money)
    reason: Mapped[str] = mapped_column(String(200))
    request_id: Mapped[str | None] = mapped_column(String(36))
    given_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    given_by_id: Mapped[int | None] = mapped_column()


class Credit(Owned, Base):
    """Paisa given back to a customer without a payment: unused days after a package change (spec §3)."""

    __tablename__ = "credits"
    __table_args__ = (
        referable(),
        owned_by_account(),
        same_tenant("customer_id", "customers"),
        Index("ix_credits_customer", "customer_id"),
        Index("uq_credits_request", "tenant_id", "request_id", unique=True),
        CheckConstraint("amount > 0", "amount"),
        CheckConstraint("unallocated BETWEEN 0 AND amount", "unallocated"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column()
    amount: Mapped[int] = mapped_column(Money)
    unallocated: Mapped[int] = mapped_column(Money)
    reason: Mapped[str] = mapped_column(String(200))
    request_id: Mapped[str | None] = mapped_column(String(36))
    given_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    given_by_id: Mapped[int | None] = mapped_column()
