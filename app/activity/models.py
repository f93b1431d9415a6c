"""The activity log, the authentication log, and the heads of their chains."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import UtcDateTime
from app.core.database import Base

INSTALLATION = 0  # the tenant_id of what happened outside of every tenant


class Chained:
    """A row of an append-only log; each row seals the one before it."""

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column()
    owner_id: Mapped[int | None] = mapped_column()
    seq: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int | None] = mapped_column()
    actor_name: Mapped[str] = mapped_column(String(120), default="")
    event: Mapped[str] = mapped_column(String(60))
    detail: Mapped[str] = mapped_column(Text, default="{}")
    address: Mapped[str] = mapped_column(String(45), default="")
    previous: Mapped[str] = mapped_column(String(64))
    # which key of LOG_KEY made the seal; empty for rows from before keys had ids
    key_id: Mapped[str] = mapped_column(String(8), default="", server_default="")
    seal: Mapped[str] = mapped_column(String(64))


class Activity(Chained, Base):
    """One thing somebody did. ``detail`` is JSON: the words of the sentence, and before → after by field."""

    __tablename__ = "activity_log"
    __table_args__ = (
        UniqueConstraint("tenant_id", "seq"),
        Index("ix_activity_log_owner", "tenant_id", "owner_id", "seq"),
        Index("ix_activity_log_subject", "tenant_id", "subject_kind", "subject_id", "seq"),
        Index("ix_activity_log_actor", "tenant_id", "actor_id", "seq"),
    )

    topic: Mapped[str] = mapped_column(String(30))
    subject_kind: Mapped[str] = mapped_column(String(30), default="")
    subject_id: Mapped[int | None] = mapped_column()
    customer_id: Mapped[int | None] = mapped_column(index=True)


class Authentication(Chained, Base):
    """One step of a sign-in or of an account's factors."""

    __tablename__ = "authentication_log"
    __table_args__ = (
        UniqueConstraint("tenant_id", "seq"),
        Index("ix_authentication_log_actor", "tenant_id", "actor_id", "seq"),
    )

    device: Mapped[str] = mapped_column(String(200), default="")
    result: Mapped[str] = mapped_column(String(20), default="")


class ChainHead(Base):
    """The last row of a log of a tenant: what is locked while the next row is sealed to it."""

    __tablename__ = "log_heads"

    log: Mapped[str] = mapped_column(String(30), primary_key=True)
    tenant_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger)
    seal: Mapped[str] = mapped_column(String(64))
