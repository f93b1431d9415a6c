"""Grants of permission keys, and requests for them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import UtcDateTime, now
from app.core.database import Base
from app.core.ownership import Owned, owned_by_account, same_tenant


class Grant(Owned, Base):
    """A key held by an account, for good or until a moment."""

    __tablename__ = "grants"
    __table_args__ = (
        owned_by_account(),
        same_tenant("account_id", "accounts"),
        UniqueConstraint("account_id", "key"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column()
    key: Mapped[str] = mapped_column(String(40))
    granted_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    granted_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class KeyRequest(Owned, Base):
    """A Manager's request for a key, and the parent's answer."""

    __tablename__ = "key_requests"
    __table_args__ = (
        owned_by_account(),
        same_tenant("account_id", "accounts"),
        Index("ix_key_requests_open", "tenant_id", "owner_id", "answered_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column()
    key: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(String(200))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    granted: Mapped[bool | None] = mapped_column()
    word: Mapped[str] = mapped_column(String(200), default="")
