"""Tenants, accounts and the counters that give their rows gap-free numbers."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import UtcDateTime, now
from app.core.database import Base
from app.core.money import Money
from app.core.ownership import referable, same_tenant


class Kind(StrEnum):
    """The kinds of account (spec §1)."""

    SUPER_ADMIN = "super_admin"
    GROUP_ADMIN = "group_admin"
    OPERATOR = "operator"
    SUB_OPERATOR = "sub_operator"
    MANAGER = "manager"


PARENTS = (Kind.GROUP_ADMIN, Kind.OPERATOR, Kind.SUB_OPERATOR)
RESELLERS = (Kind.OPERATOR, Kind.SUB_OPERATOR)


class AccountStatus(StrEnum):
    """Who may sign in: nobody on or below an account that is not active."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    DISABLED = "disabled"


class Tenant(Base):
    """An internet provider: a Group Admin with all below it."""

    __tablename__ = "tenants"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    name_bn: Mapped[str] = mapped_column(String(120), default="")
    address: Mapped[str] = mapped_column(String(300), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    vat_number: Mapped[str] = mapped_column(String(40), default="")
    invoice_footer: Mapped[str] = mapped_column(String(500), default="")
    receipt_footer: Mapped[str] = mapped_column(String(500), default="")
    # what the form of a new customer starts from
    document_language: Mapped[str] = mapped_column(String(2), default="bn")
    document_digits: Mapped[str] = mapped_column(String(4), default="beng")
    # no foreign keys: packages and profiles refer to their tenant already; neither is ever deleted
    default_package_id: Mapped[int | None] = mapped_column()
    default_profile_id: Mapped[int | None] = mapped_column()
    logo: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Account(Base):
    """A staff user. ``owner_id`` is the account that manages this one: its parent, or itself for a Group Admin."""

    __tablename__ = "accounts"
    __table_args__ = (
        referable(),
        same_tenant("owner_id", "accounts"),
        same_tenant("parent_id", "accounts"),
        # kept in small letters by the services: one name, one account
        UniqueConstraint("email"),
        CheckConstraint("email = lower(email)", "email"),
        Index("ix_accounts_tenant_owner", "tenant_id", "owner_id", "kind"),
        CheckConstraint("credit_limit >= 0", "credit_limit"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenants.id"))
    owner_id: Mapped[int | None] = mapped_column()
    parent_id: Mapped[int | None] = mapped_column()
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(190))
    mobile: Mapped[str] = mapped_column(String(20), default="")
    status: Mapped[str] = mapped_column(String(20), default=AccountStatus.ACTIVE)
    language: Mapped[str] = mapped_column(String(2), default="bn")
    # "auto" follows the language
    digits: Mapped[str] = mapped_column(String(4), default="auto")
    theme: Mapped[str] = mapped_column(String(5), default="auto")
    page_size: Mapped[int] = mapped_column(default=25)
    last_sign_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    # how an Operator stands with whom it buys from (spec §5.4): prepaid is "debit", postpaid is "credit"; paisa
    balance_kind: Mapped[str | None] = mapped_column(String(6))
    balance: Mapped[int] = mapped_column(Money, default=0)
    credit_limit: Mapped[int] = mapped_column(Money, default=0)
    # a parent's wish: its Managers sign in with a second factor (spec §8)
    demands_factor: Mapped[bool] = mapped_column(default=False)


class Credential(Base):
    """How an account proves who it is. Kept apart so that no page of accounts can show, sort or filter by it."""

    __tablename__ = "credentials"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    password_hash: Mapped[str] = mapped_column(String(300))
    must_change: Mapped[bool] = mapped_column(default=False)
    # a password that somebody else has given is good for a day
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # raised by a changed password, factor or status: sessions and devices that carry an older number are over
    epoch: Mapped[int] = mapped_column(default=1)
    # what the person is told at the next sign-in: the name of a sentence, such as "factors_reset"
    notice: Mapped[str] = mapped_column(String(30), default="")


class Counter(Base):
    """The last number given out in a series of a tenant."""

    __tablename__ = "counters"

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    series: Mapped[str] = mapped_column(String(20), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)
