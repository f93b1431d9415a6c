"""Grants of permission keys, requests for them, and the API keys with which an account's own programs act."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Account
from app.core.clock import UtcDateTime, now
from app.core.database import Base
from app.core.ownership import Owned, owned_by_account, referable, same_tenant


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


class ApiKey(Owned, Base):
    """What a program of the tenant acts with: as an account, with some of its permission keys. Only the hash of the key is kept."""

    __tablename__ = "api_keys"
    __table_args__ = (
        referable(),
        owned_by_account(),
        same_tenant("account_id", "accounts"),
        UniqueConstraint("token_hash"),
        Index("ix_api_keys_scope", "tenant_id", "owner_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column()
    name: Mapped[str] = mapped_column(String(60))
    # what of the key may be seen: who finds it in a program knows which row it is
    prefix: Mapped[str] = mapped_column(String(20))
    token_hash: Mapped[str] = mapped_column(String(64))
    keys: Mapped[list[str]] = mapped_column(JSON, default=list)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))

    account: Mapped[Account] = relationship(viewonly=True, primaryjoin="foreign(ApiKey.account_id) == Account.id")

    def is_live(self, moment: datetime) -> bool:
        """Tell whether the key opens anything at a moment."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > moment)

    def __str__(self) -> str:
        return self.name
