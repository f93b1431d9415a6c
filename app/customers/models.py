"""Customers, and the fields that an owner adds to them."""

from collections.abc import Iterator
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, String, Text, UniqueConstraint, case, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.clock import UtcDateTime, now
from app.core.database import Base
from app.core.money import Money
from app.core.ownership import Owned, owned_by_account, referable, same_tenant
from app.packages.models import BillingProfile, Device, Package, Zone


class CustomerStatus(StrEnum):
    """Whether a customer is served; the payment status is a separate axis (spec §3)."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    DISABLED = "disabled"


class PaymentStatus(StrEnum):
    """How a customer stands, derived from the books."""

    PAID = "paid"
    PARTIAL = "partial"
    DUE = "due"
    ADVANCE = "advance"


NON_PAYMENT = "non_payment"
"""The cause of a suspension that ends by itself when all that is due is settled (spec §11.5)."""

NOT_PAID = "Not paid in time"
"""The reason that jobs write down for it: in English, whoever reads it; said in the reader's language where it is shown."""


def _orders(**orders: Any) -> Iterator[Index]:
    """Yield for each order of the list the index that a tenant and an owner read it from, without the deleted ones.

    An order may name further columns for the index to hold after the key.
    """
    is_present = text("deleted_at IS NULL")
    for name, order in orders.items():
        first, *held = order if isinstance(order, tuple) else (order,)
        for scope in ("tenant", "owner"):
            yield Index(
                f"ix_customers_{scope}_by_{name}",
                f"{scope}_id",
                first,
                "id",
                *held,
                sqlite_where=is_present,
                postgresql_where=is_present,
            )


def _walks() -> Iterator[Index]:
    """Yield the indexes that those who owe are read from in the order of the walk (payments/collecting.py)."""
    is_owing = text("deleted_at IS NULL AND due > 0")
    order = ("zone_id", "address", text("length(road)"), "road", text("length(house)"), "house", "id")
    for scope in ("tenant", "owner"):
        name = f"ix_customers_{scope}_walk"
        yield Index(name, f"{scope}_id", *order, sqlite_where=is_owing, postgresql_where=is_owing)


class FieldType(StrEnum):
    """What a custom field holds."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"


class CustomField(Owned, Base):
    """A field that an owner adds to its customers; ``options`` are what a choice offers, in order."""

    __tablename__ = "custom_fields"
    __table_args__ = (
        referable(),
        owned_by_account(),
        UniqueConstraint("owner_id", "name"),
        CheckConstraint("type IN ('text', 'number', 'date', 'choice')", "type"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    type: Mapped[str] = mapped_column(String(10))
    options: Mapped[list[str]] = mapped_column(JSON, default=list)
    required: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __str__(self) -> str:
        return self.name


class Customer(Owned, Base):
    """A customer of one owner. ``due``, ``paid_on_open`` and ``advance`` are paisa, kept by the transaction that posts the journal."""

    __tablename__ = "customers"
    __table_args__ = (
        referable(),
        owned_by_account(),
        same_tenant("package_id", "packages"),
        same_tenant("profile_id", "billing_profiles"),
        same_tenant("zone_id", "zones"),
        same_tenant("device_id", "devices"),
        UniqueConstraint("tenant_id", "number"),
        UniqueConstraint("username_key"),
        Index("ix_customers_tenant_newest", "tenant_id", "deleted_at", "id"),
        Index("ix_customers_owner_newest", "owner_id", "deleted_at", "id"),
        # after the id: what the figures of the first page and of the collection list need besides
        Index("ix_customers_tenant_due", "tenant_id", "due", "id", "deleted_at", "zone_id"),
        Index("ix_customers_owner_due", "owner_id", "due", "id", "deleted_at", "zone_id"),
        Index("ix_customers_tenant_status", "tenant_id", "status", "id", "deleted_at", "due"),
        Index("ix_customers_owner_status", "owner_id", "status", "id", "deleted_at", "due"),
        Index("ix_customers_tenant_mobile", "tenant_id", "mobile", "id"),
        Index("ix_customers_owner_mobile", "owner_id", "mobile", "id"),
        *_orders(
            number="number",
            name="name",
            suspend_at=("suspend_at", "deleted_at", "status", "profile_id"),
            balance=text("(due - advance)"),
        ),
        *_walks(),
        CheckConstraint("due >= 0 AND advance >= 0 AND paid_on_open >= 0", "balance"),
        # spec §11.1: advance and open bills never coexist
        CheckConstraint("due = 0 OR advance = 0", "due_or_advance"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column()
    name: Mapped[str] = mapped_column(String(120))
    name_bn: Mapped[str] = mapped_column(String(120), default="")
    mobile: Mapped[str] = mapped_column(String(20), default="")
    email: Mapped[str] = mapped_column(String(190), default="")
    nid: Mapped[str] = mapped_column(String(20), default="")
    birth_date: Mapped[date | None] = mapped_column()
    zone_id: Mapped[int | None] = mapped_column()
    address: Mapped[str] = mapped_column(String(300), default="")
    house: Mapped[str] = mapped_column(String(60), default="")
    road: Mapped[str] = mapped_column(String(60), default="")
    thana: Mapped[str] = mapped_column(String(60), default="")
    district: Mapped[str] = mapped_column(String(60), default="")
    connection_type: Mapped[str] = mapped_column(String(20))
    username: Mapped[str] = mapped_column(String(64))
    username_key: Mapped[str] = mapped_column(String(64))
    # in clear because PAP and CHAP need it (spec §11.16): read by the RADIUS view and the logged reveal alone
    connection_password: Mapped[str] = mapped_column(String(64), deferred=True, default="")
    device_id: Mapped[int | None] = mapped_column()
    mac: Mapped[str] = mapped_column(String(17), default="")
    ip_address: Mapped[str] = mapped_column(String(45), default="")
    package_id: Mapped[int] = mapped_column()
    profile_id: Mapped[int] = mapped_column()
    status: Mapped[str] = mapped_column(String(20), default=CustomerStatus.ACTIVE)
    status_reason: Mapped[str] = mapped_column(String(200), default="")
    status_cause: Mapped[str] = mapped_column(String(20), default="")
    status_changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    status_changed_by_id: Mapped[int | None] = mapped_column()
    suspend_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    suspend_at_by_hand: Mapped[bool] = mapped_column(default=False)
    registered_on: Mapped[date] = mapped_column()
    comment: Mapped[str] = mapped_column(Text, default="")
    custom_fields: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    document_language: Mapped[str] = mapped_column(String(2), default="bn")
    document_digits: Mapped[str] = mapped_column(String(4), default="beng")
    due: Mapped[int] = mapped_column(Money, default=0)
    paid_on_open: Mapped[int] = mapped_column(Money, default=0)
    advance: Mapped[int] = mapped_column(Money, default=0)
    search_text: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    created_by_id: Mapped[int | None] = mapped_column()
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deleted_by_id: Mapped[int | None] = mapped_column()
    deleted_reason: Mapped[str] = mapped_column(String(200), default="")
    version: Mapped[int] = mapped_column(default=1)

    package: Mapped[Package] = relationship(viewonly=True, primaryjoin="foreign(Customer.package_id) == Package.id")
    profile: Mapped[BillingProfile] = relationship(
        viewonly=True, primaryjoin="foreign(Customer.profile_id) == BillingProfile.id"
    )
    zone: Mapped[Zone | None] = relationship(viewonly=True, primaryjoin="foreign(Customer.zone_id) == Zone.id")
    device: Mapped[Device | None] = relationship(viewonly=True, primaryjoin="foreign(Customer.device_id) == Device.id")

    __mapper_args__ = {"version_id_col": version}

    @hybrid_property
    def payment_status(self) -> str:
        """paid, partial, due or advance: derived from the books."""
        if self.due > 0:
            return PaymentStatus.PARTIAL if self.paid_on_open > 0 else PaymentStatus.DUE
        return PaymentStatus.ADVANCE if self.advance > 0 else PaymentStatus.PAID

    @payment_status.inplace.expression
    @classmethod
    def _payment_status_sql(cls) -> Any:
        return case(
            (cls.due > 0, case((cls.paid_on_open > 0, PaymentStatus.PARTIAL.value), else_=PaymentStatus.DUE.value)),
            (cls.advance > 0, PaymentStatus.ADVANCE.value),
            else_=PaymentStatus.PAID.value,
        )

    @hybrid_property
    def balance(self) -> int:
        """What the customer owes in paisa; below zero is advance (spec §11.1)."""
        return self.due - self.advance

    def name_for(self, language: str) -> str:
        """The name a reader of this language is shown: the Bengali one to Bengali readers, where it is known."""
        return self.name_bn if language == "bn" and self.name_bn else self.name

    @property
    def place(self) -> str:
        """The address as one line."""
        return ", ".join(part for part in (self.house, self.road, self.address, self.thana, self.district) if part)

    def __str__(self) -> str:
        return self.name


class CustomerCount(Owned, Base):
    """How many customers an owner had of each status at the end of a Dhaka day: what the chart over time is drawn from."""

    __tablename__ = "customer_counts"
    __table_args__ = (
        owned_by_account(),
        UniqueConstraint("owner_id", "day"),
        Index("ix_customer_counts_tenant", "tenant_id", "day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column()
    active: Mapped[int] = mapped_column(default=0)
    suspended: Mapped[int] = mapped_column(default=0)
    disabled: Mapped[int] = mapped_column(default=0)


class ImportState(StrEnum):
    """An import is checked, imported, and can be undone while nothing was billed."""

    CHECKING = "checking"
    CHECKED = "checked"
    IMPORTED = "imported"
    UNDONE = "undone"


class CustomerImport(Owned, Base):
    """A file of customers: what its check found, what came of it. ``reasons`` are the first of the refused rows."""

    __tablename__ = "customer_imports"
    __table_args__ = (
        referable(),
        owned_by_account(),
        same_tenant("account_id", "accounts"),
        Index("ix_customer_imports_scope", "tenant_id", "owner_id", "id"),
        CheckConstraint("state IN ('checking', 'checked', 'imported', 'undone')", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int | None] = mapped_column()
    file_name: Mapped[str] = mapped_column(String(120))
    # the uploaded file's name in a folder that no web server serves, which nobody can guess
    file: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(10), default=ImportState.CHECKING)
    rows: Mapped[int] = mapped_column()
    good: Mapped[int] = mapped_column(default=0)
    bad: Mapped[int] = mapped_column(default=0)
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    check_job_id: Mapped[int | None] = mapped_column()
    import_job_id: Mapped[int | None] = mapped_column()

    def __str__(self) -> str:
        return self.file_name


class ImportedCustomer(Owned, Base):
    """Which customers an import brought. The owner is the import's, whoever's customer it is."""

    __tablename__ = "imported_customers"
    __table_args__ = (
        owned_by_account(),
        same_tenant("import_id", "customer_imports"),
        same_tenant("customer_id", "customers"),
        Index("ix_imported_customers_import", "tenant_id", "import_id", "customer_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column()
    customer_id: Mapped[int] = mapped_column()
    # of the file, counted from 1 with the header
    line: Mapped[int] = mapped_column()
