"""Grants of permission keys."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
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
