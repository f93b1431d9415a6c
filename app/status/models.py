"""Components of the status page, their days, incidents and what was said about them."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import JSON, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import UtcDateTime, now
from app.core.database import Base
from app.core.ownership import Owned, owned_by_account, referable, same_tenant


class State(StrEnum):
    """How a component stands, from best to worst."""

    WORKING = "working"
    MAINTENANCE = "maintenance"
    IMPAIRED = "impaired"
    DOWN = "down"


WORST_LAST = tuple(State)

BUILT_IN = ("portal", "billing", "gateways", "radius")
"""Components that every provider has (spec §8); others are "own"."""

OWN = "own"


class StatusComponent(Owned, Base):
    """A part of the service that can stand still. ``state`` comes from the check, or by hand where there is none."""

    __tablename__ = "status_components"
    __table_args__ = (referable(), owned_by_account(), Index("ix_status_components_scope", "tenant_id", "position"))

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(60), default="")
    name_bn: Mapped[str] = mapped_column(String(60), default="")
    state: Mapped[str] = mapped_column(String(20), default=State.WORKING)
    state_since: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    position: Mapped[int] = mapped_column(default=0)
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class StatusDay(Owned, Base):
    """How often a component was looked at on a day of Dhaka, and how often it was impaired or down."""

    __tablename__ = "status_days"
    __table_args__ = (
        owned_by_account(),
        same_tenant("component_id", "status_components"),
        UniqueConstraint("component_id", "day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    component_id: Mapped[int] = mapped_column()
    day: Mapped[date] = mapped_column()
    looks: Mapped[int] = mapped_column(default=0)
    impaired: Mapped[int] = mapped_column(default=0)
    down: Mapped[int] = mapped_column(default=0)


class Progress(StrEnum):
    """How far an incident is."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"


class Incident(Owned, Base):
    """Something that went wrong, or is planned: the state of its components while it is open."""

    __tablename__ = "incidents"
    __table_args__ = (referable(), owned_by_account(), Index("ix_incidents_scope", "tenant_id", "started_at", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    title_bn: Mapped[str] = mapped_column(String(120), default="")
    impact: Mapped[str] = mapped_column(String(20))
    progress: Mapped[str] = mapped_column(String(20), default=Progress.INVESTIGATING)
    component_ids: Mapped[list[int]] = mapped_column(JSON, default=list)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class IncidentUpdate(Owned, Base):
    """What was said about an incident, when."""

    __tablename__ = "incident_updates"
    __table_args__ = (
        owned_by_account(),
        same_tenant("incident_id", "incidents"),
        Index("ix_incident_updates_incident", "incident_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column()
    progress: Mapped[str] = mapped_column(String(20))
    said: Mapped[str] = mapped_column(Text)
    said_bn: Mapped[str] = mapped_column(Text, default="")
    said_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    said_by_id: Mapped[int | None] = mapped_column()
