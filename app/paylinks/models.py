"""Payment links, attempts to pay by them, what gateways said, merchants' settings, and what a parent is to look at."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, CheckConstraint, Index, String, Text, UniqueConstraint, case, select, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from app.accounts.models import Account
from app.core.clock import UtcDateTime, now
from app.core.database import Base
from app.core.money import Money
from app.core.ownership import Owned, owned_by_account, referable, same_tenant
from app.core.sealing import SEALED
from app.customers.models import Customer


class LinkState(StrEnum):
    """A link takes new payments while it is open; closing it stops no payment that was begun (reference: gateways, §6.2)."""

    OPEN = "open"
    PAID = "paid"
    EXPIRED = "expired"
    REVOKED = "revoked"
    REPLACED = "replaced"


SENT_AND_OPEN = "paid_at IS NULL AND revoked_at IS NULL AND replaced_at IS NULL AND NOT is_printed"


class PaymentLink(Owned, Base):
    """A link for all that a customer owes, or for chosen bills. Only the hash of its token is kept, and no amount (spec §6)."""

    __tablename__ = "payment_links"
    __table_args__ = (
        referable(),
        owned_by_account(),
        same_tenant("customer_id", "customers"),
        same_tenant("made_by_id", "accounts"),
        UniqueConstraint("token_hash"),
        Index("ix_payment_links_tenant_newest", "tenant_id", "id"),
        Index("ix_payment_links_owner_newest", "owner_id", "id"),
        # two links for the same dues are how people pay twice: a new one replaces the one before. One made by the code of
        # an invoice replaces none: whoever finds the paper could close what was sent
        Index(
            "uq_payment_links_open",
            "tenant_id",
            "customer_id",
            unique=True,
            sqlite_where=text(SENT_AND_OPEN),
            postgresql_where=text(SENT_AND_OPEN),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column()
    token_hash: Mapped[str] = mapped_column(String(64))
    is_for_chosen_bills: Mapped[bool] = mapped_column(default=False)
    # made by who scanned the code on an invoice; made_by then is the account whose bill it is
    is_printed: Mapped[bool] = mapped_column(default=False)
    made_by_id: Mapped[int] = mapped_column()
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # by the page's own script: who only fetches the page, such as a chat's preview, has not opened it
    times_opened: Mapped[int] = mapped_column(default=0)
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_by_id: Mapped[int | None] = mapped_column()
    replaced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    customer: Mapped[Customer] = relationship(
        viewonly=True, primaryjoin="foreign(PaymentLink.customer_id) == Customer.id"
    )
    maker_name: ClassVar[Any]

    @hybrid_property
    def state(self) -> str:
        """open, paid, expired, revoked or replaced."""
        if self.paid_at is not None:
            return LinkState.PAID
        if self.revoked_at is not None:
            return LinkState.REVOKED
        if self.replaced_at is not None:
            return LinkState.REPLACED
        return LinkState.EXPIRED if self.expires_at <= now() else LinkState.OPEN

    @state.inplace.expression
    @classmethod
    def _state_sql(cls) -> Any:
        return case(
            (cls.paid_at.is_not(None), LinkState.PAID.value),
            (cls.revoked_at.is_not(None), LinkState.REVOKED.value),
            (cls.replaced_at.is_not(None), LinkState.REPLACED.value),
            (cls.expires_at <= now(), LinkState.EXPIRED.value),
            else_=LinkState.OPEN.value,
        )


# who made a link may be an account above or beside the reader
_maker = Account.__table__.alias()
PaymentLink.maker_name = column_property(
    select(_maker.c.name).where(_maker.c.id == PaymentLink.made_by_id).scalar_subquery()
)


class LinkedBill(Owned, Base):
    """A bill that a link was made for."""

    __tablename__ = "payment_link_bills"
    __table_args__ = (
        owned_by_account(),
        same_tenant("link_id", "payment_links"),
        same_tenant("bill_id", "bills"),
        UniqueConstraint("link_id", "bill_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    link_id: Mapped[int] = mapped_column()
    bill_id: Mapped[int] = mapped_column()


class AttemptState(StrEnum):
    """Where an attempt to pay stands (reference: gateways, §6.3). Money beats status: a late proof leads out of every one but posted."""

    NEW = "new"
    OPEN = "open"
    VERIFYING = "verifying"
    UNKNOWN = "unknown"
    REVIEW = "review"
    POSTED = "posted"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class PaymentAttempt(Owned, Base):
    """One attempt to pay by a link at a gateway. ``amount`` goes to the customer's account, ``charge`` is the service charge; paisa."""

    __tablename__ = "payment_attempts"
    __table_args__ = (
        referable(),
        owned_by_account(),
        same_tenant("link_id", "payment_links"),
        same_tenant("customer_id", "customers"),
        same_tenant("settings_id", "gateway_settings"),
        UniqueConstraint("gateway", "reference"),
        UniqueConstraint("gateway", "session"),
        UniqueConstraint("secret_hash"),
        Index("ix_payment_attempts_link", "tenant_id", "link_id", "id"),
        Index("ix_payment_attempts_next", "next_check_at"),
        CheckConstraint("amount > 0 AND charge >= 0", "amount"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    link_id: Mapped[int] = mapped_column()
    customer_id: Mapped[int] = mapped_column()
    settings_id: Mapped[int] = mapped_column()
    gateway: Mapped[str] = mapped_column(String(20))
    reference: Mapped[str] = mapped_column(String(20))
    # what the callback's address carries: unguessable, and known to the gateway alone
    secret_hash: Mapped[str] = mapped_column(String(64))
    amount: Mapped[int] = mapped_column(Money)
    charge: Mapped[int] = mapped_column(Money, default=0)
    state: Mapped[str] = mapped_column(String(20), default=AttemptState.NEW)
    session: Mapped[str | None] = mapped_column(String(200))
    pay_url: Mapped[str] = mapped_column(String(1000), default="")
    signature: Mapped[str] = mapped_column(String(100), default="")
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    # bKash is told to take the money once, whatever the answer
    executed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    claim: Mapped[str | None] = mapped_column(String(32))
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    checks: Mapped[int] = mapped_column(default=0)
    next_check_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # what the gateway said last, and what it says has moved
    code: Mapped[str] = mapped_column(String(60), default="")
    message: Mapped[str] = mapped_column(String(200), default="")
    transaction: Mapped[str] = mapped_column(String(100), default="")
    received: Mapped[int | None] = mapped_column(Money)
    currency: Mapped[str] = mapped_column(String(10), default="")
    payment_id: Mapped[int | None] = mapped_column()
    # how much of the service charge the journal holds, in paisa
    charge_posted: Mapped[int] = mapped_column(Money, default=0)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def total(self) -> int:
        """What the gateway is asked to take, in paisa: amount and service charge."""
        return self.amount + self.charge


class GatewayEvent(Owned, Base):
    """What came from a gateway about an attempt: returns, notices, answers, without secrets. Append-only."""

    __tablename__ = "gateway_events"
    __table_args__ = (
        owned_by_account(),
        same_tenant("attempt_id", "payment_attempts"),
        Index("ix_gateway_events_attempt", "tenant_id", "attempt_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column()
    kind: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    body: Mapped[str] = mapped_column(Text)


class GatewaySettings(Owned, Base):
    """A Group Admin's account at a gateway in one environment; what it was given is sealed (spec §6)."""

    __tablename__ = "gateway_settings"
    __table_args__ = (
        referable(),
        owned_by_account(),
        UniqueConstraint("tenant_id", "gateway", "environment"),
        CheckConstraint("charge_basis_points BETWEEN 0 AND 1000", "charge"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    gateway: Mapped[str] = mapped_column(String(20))
    environment: Mapped[str] = mapped_column(String(10))
    is_on: Mapped[bool] = mapped_column(default=False)
    # whether the Operators' customers pay by it too
    is_inherited: Mapped[bool] = mapped_column(default=True)
    # per cent of the amount, on top of it, in hundredths
    charge_basis_points: Mapped[int] = mapped_column(default=0)
    credentials: Mapped[str | None] = mapped_column(Text, info=SEALED, deferred=True)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class GatewayToken(Owned, Base):
    """bKash's token of a merchant, shared by all processes; ``granted`` are the moments of the last hour's grants."""

    __tablename__ = "gateway_tokens"
    __table_args__ = (
        owned_by_account(),
        same_tenant("settings_id", "gateway_settings"),
        UniqueConstraint("settings_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    settings_id: Mapped[int] = mapped_column()
    token: Mapped[str | None] = mapped_column(Text, info=SEALED)
    refresh: Mapped[str | None] = mapped_column(Text, info=SEALED)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    renewing_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    granted: Mapped[list[int]] = mapped_column(JSON, default=list)


class TrayKind(StrEnum):
    """Why a parent is asked to look at an online payment (spec §6)."""

    AMOUNT = "amount"  # the gateway took another amount than was asked
    SURPLUS = "surplus"  # the bills were settled meanwhile: the money is advance
    SECOND = "second"  # two movements of money under one attempt
    HELD = "held"  # the gateway marks the payment as a risk
    FOREIGN = "foreign"  # another currency, reference or merchant: nothing is posted
    REVERSED = "reversed"  # the gateway gave the money back
    UNCLEAR = "unclear"  # the gateway has not said for an hour whether money moved


class TrayEntry(Owned, Base):
    """Something about an online payment that a parent is to look at, and what came of it."""

    __tablename__ = "tray_entries"
    __table_args__ = (
        referable(),
        owned_by_account(),
        same_tenant("attempt_id", "payment_attempts"),
        same_tenant("customer_id", "customers"),
        UniqueConstraint("attempt_id", "cause", "transaction"),
        Index("ix_tray_entries_tenant_newest", "tenant_id", "done_at", "id"),
        Index("ix_tray_entries_owner_newest", "owner_id", "done_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column()
    customer_id: Mapped[int] = mapped_column()
    cause: Mapped[str] = mapped_column(String(20))
    transaction: Mapped[str] = mapped_column(String(100), default="")
    # what it is about, in paisa: the money that came, or the part of it that nobody owed
    amount: Mapped[int | None] = mapped_column(Money)
    payment_id: Mapped[int | None] = mapped_column()
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_by_id: Mapped[int | None] = mapped_column()
    word: Mapped[str] = mapped_column(String(200), default="")

    customer: Mapped[Customer] = relationship(
        viewonly=True, primaryjoin="foreign(TrayEntry.customer_id) == Customer.id"
    )
    attempt: Mapped[PaymentAttempt] = relationship(
        viewonly=True, primaryjoin="foreign(TrayEntry.attempt_id) == PaymentAttempt.id"
    )

    @hybrid_property
    def is_done(self) -> bool:
        """Whether somebody has looked at it."""
        return self.done_at is not None

    @is_done.inplace.expression
    @classmethod
    def _is_done_sql(cls) -> Any:
        return cls.done_at.is_not(None)
