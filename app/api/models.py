"""Webhooks: addresses of a tenant's own programs, and each message to them."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.clock import UtcDateTime, now
from app.core.database import Base
from app.core.ownership import Owned, owned_by_account, referable, same_tenant
from app.core.sealing import SEALED


class Happening(StrEnum):
    """What a webhook can be told of."""

    CUSTOMER_CREATED = "customer.created"
    CUSTOMER_UPDATED = "customer.updated"
    CUSTOMER_STATUS_CHANGED = "customer.status_changed"
    CUSTOMER_MOVED = "customer.moved"
    CUSTOMER_LEFT = "customer.left"
    BILL_MADE = "bill.made"
    BILL_EDITED = "bill.edited"
    BILL_VOIDED = "bill.voided"
    PAYMENT_RECEIVED = "payment.received"
    PAYMENT_EDITED = "payment.edited"
    PAYMENT_VOIDED = "payment.voided"
    TEST = "test"


class DeliveryState(StrEnum):
    """A message waits until it is answered with 2xx, or given up after the last try."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class Webhook(Owned, Base):
    """An address that is told what happens in its owner's scope. The secret signs each message; it is sealed and never shown again."""

    __tablename__ = "webhooks"
    __table_args__ = (
        referable(),
        owned_by_account(),
        Index("ix_webhooks_scope", "tenant_id", "owner_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    url: Mapped[str] = mapped_column(String(500))
    events: Mapped[list[str]] = mapped_column(JSON, default=list)
    sealed_secret: Mapped[str] = mapped_column(Text, default="", info=SEALED)
    is_on: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    # messages given up since the last one that was answered
    given_up: Mapped[int] = mapped_column(default=0)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __str__(self) -> str:
        return self.url


def _due() -> dict[str, object]:
    is_waiting = text("state = 'waiting'")
    return {"sqlite_where": is_waiting, "postgresql_where": is_waiting}


class WebhookDelivery(Owned, Base):
    """A message to a webhook: written in the transaction of the change, sent after it."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        owned_by_account(),
        same_tenant("webhook_id", "webhooks"),
        UniqueConstraint("message_id"),
        Index("ix_webhook_deliveries_scope", "tenant_id", "owner_id", "id"),
        Index("ix_webhook_deliveries_webhook", "webhook_id", "id"),
        Index("ix_webhook_deliveries_due", "next_try_at", "id", **_due()),
        CheckConstraint("state IN ('waiting', 'done', 'failed')", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    webhook_id: Mapped[int] = mapped_column()
    # what the receiver tells a message by that comes twice
    message_id: Mapped[str] = mapped_column(String(36))
    event: Mapped[str] = mapped_column(String(30))
    # the very text that is signed and sent
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), default=DeliveryState.WAITING)
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    answer_code: Mapped[int | None] = mapped_column()
    # why the last try failed, by a name of ours
    problem: Mapped[str] = mapped_column(String(20), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    webhook: Mapped[Webhook] = relationship(
        viewonly=True, primaryjoin="foreign(WebhookDelivery.webhook_id) == Webhook.id"
    )
