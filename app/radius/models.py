"""FreeRADIUS' own tables, the use of lines by day, access servers, and what was asked of them.

``radacct`` has every column of FreeRADIUS 3.2's schema under its own name; a trigger adds whose session it is. What FreeRADIUS reads
(`radcheck`, `radreply`, `radusergroup`, `radgroupreply`, `nas`) are views, made by the migrations (docs/decisions/0050).
"""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator, TypeEngine

from app.core.clock import UtcDateTime, now
from app.core.database import Base
from app.core.ownership import Owned, owned_by_account, same_tenant
from app.customers.models import Customer


class RadiusTime(TypeDecorator[datetime]):
    """A moment as FreeRADIUS writes it: a timestamp on PostgreSQL, seconds since 1970 on SQLite."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of the column on a database."""
        return dialect.type_descriptor(DateTime(timezone=True) if dialect.name == "postgresql" else BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Write a moment."""
        if value is None or dialect.name == "postgresql":
            return value
        return int(value.timestamp())

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Read a moment."""
        if value is None:
            return None
        return value.astimezone(UTC) if isinstance(value, datetime) else datetime.fromtimestamp(value, UTC)


class NetworkAddress(TypeDecorator[str]):
    """An IP address: inet on PostgreSQL, text on SQLite, text in Python."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of the column on a database."""
        return dialect.type_descriptor(INET() if dialect.name == "postgresql" else Text())

    def process_result_value(self, value: Any | None, dialect: Dialect) -> str | None:
        """Read an address."""
        return None if value in (None, "") else str(value)


STALE = "Stale"
"""The terminate cause of a session that the stale job closed; the next word of the access server opens it again (a trigger)."""


def _live() -> dict[str, Any]:
    condition = text("acctstoptime IS NULL")
    return {"sqlite_where": condition, "postgresql_where": condition}


class LineSession(Owned, Base):
    """A customer's session, as the access server told FreeRADIUS. Octets count from the server: in is what the customer sent."""

    __tablename__ = "radacct"
    __table_args__ = (
        owned_by_account(),
        same_tenant("customer_id", "customers"),
        UniqueConstraint("acctuniqueid"),
        Index("ix_radacct_username", "username"),
        Index("ix_radacct_customer", "customer_id", "acctstarttime"),
        Index("ix_radacct_live_tenant", "tenant_id", "acctstarttime", "radacctid", "acctstoptime", **_live()),
        Index("ix_radacct_live_owner", "owner_id", "acctstarttime", "radacctid", "acctstoptime", **_live()),
        Index("ix_radacct_live_customer", "customer_id", **_live()),
        Index("ix_radacct_live_updated", "acctupdatetime", **_live()),
        Index("ix_radacct_live_nas", "nasipaddress", "acctstarttime", **_live()),
    )

    id: Mapped[int] = mapped_column(
        "radacctid", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    # empty for a username that nobody has: then nobody sees the row
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenants.id"))  # type: ignore[assignment]
    owner_id: Mapped[int | None] = mapped_column()  # type: ignore[assignment]
    customer_id: Mapped[int | None] = mapped_column()
    acct_session_id: Mapped[str] = mapped_column("acctsessionid", Text)
    acct_unique_id: Mapped[str] = mapped_column("acctuniqueid", Text)
    username: Mapped[str | None] = mapped_column(Text)
    realm: Mapped[str | None] = mapped_column(Text)
    nas_address: Mapped[str] = mapped_column("nasipaddress", NetworkAddress)
    nas_port: Mapped[str | None] = mapped_column("nasportid", Text)
    nas_port_type: Mapped[str | None] = mapped_column("nasporttype", Text)
    started_at: Mapped[datetime | None] = mapped_column("acctstarttime", RadiusTime)
    updated_at: Mapped[datetime | None] = mapped_column("acctupdatetime", RadiusTime)
    stopped_at: Mapped[datetime | None] = mapped_column("acctstoptime", RadiusTime)
    interval_seconds: Mapped[int | None] = mapped_column("acctinterval", BigInteger)
    seconds: Mapped[int | None] = mapped_column("acctsessiontime", BigInteger)
    authentic: Mapped[str | None] = mapped_column("acctauthentic", Text)
    connect_info_start: Mapped[str | None] = mapped_column("connectinfo_start", Text)
    connect_info_stop: Mapped[str | None] = mapped_column("connectinfo_stop", Text)
    uploaded: Mapped[int | None] = mapped_column("acctinputoctets", BigInteger)
    downloaded: Mapped[int | None] = mapped_column("acctoutputoctets", BigInteger)
    called_station: Mapped[str | None] = mapped_column("calledstationid", Text)
    mac: Mapped[str | None] = mapped_column("callingstationid", Text)
    terminate_cause: Mapped[str | None] = mapped_column("acctterminatecause", Text)
    service_type: Mapped[str | None] = mapped_column("servicetype", Text)
    framed_protocol: Mapped[str | None] = mapped_column("framedprotocol", Text)
    address: Mapped[str | None] = mapped_column("framedipaddress", NetworkAddress)
    ipv6_address: Mapped[str | None] = mapped_column("framedipv6address", NetworkAddress)
    ipv6_prefix: Mapped[str | None] = mapped_column("framedipv6prefix", NetworkAddress)
    interface_id: Mapped[str | None] = mapped_column("framedinterfaceid", Text)
    delegated_prefix: Mapped[str | None] = mapped_column("delegatedipv6prefix", NetworkAddress)
    class_: Mapped[str | None] = mapped_column("class", Text)

    customer: Mapped[Customer] = relationship(
        viewonly=True, primaryjoin="foreign(LineSession.customer_id) == Customer.id"
    )


class LineUsage(Owned, Base):
    """What a customer moved on a day of Dhaka, in bytes; triggers of ``radacct`` add each difference to the day it came in."""

    __tablename__ = "line_usage"
    __table_args__ = (
        owned_by_account(),
        same_tenant("customer_id", "customers"),
        UniqueConstraint("customer_id", "day"),
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    customer_id: Mapped[int] = mapped_column()
    day: Mapped[date] = mapped_column()
    uploaded: Mapped[int] = mapped_column(BigInteger, default=0)
    downloaded: Mapped[int] = mapped_column(BigInteger, default=0)


class AccessServer(Owned, Base):
    """A MikroTik or another access server (NAS) that asks FreeRADIUS. Its secret stands in clear for FreeRADIUS' view ``nas``."""

    __tablename__ = "access_servers"
    __table_args__ = (
        owned_by_account(),
        # FreeRADIUS knows a client by its address alone
        Index(
            "uq_access_servers_address",
            "address",
            unique=True,
            sqlite_where=text("removed_at IS NULL"),
            postgresql_where=text("removed_at IS NULL"),
        ),
        Index("ix_access_servers_scope", "tenant_id", "owner_id"),
        CheckConstraint("coa_port BETWEEN 1 AND 65535", "coa_port"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    address: Mapped[str] = mapped_column(String(45))
    secret: Mapped[str] = mapped_column(String(60), deferred=True)
    coa_port: Mapped[int] = mapped_column(default=3799)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __str__(self) -> str:
        return self.name


class Ask(StrEnum):
    """What an access server is asked to do with a live session."""

    DISCONNECT = "disconnect"
    CHANGE_SPEED = "change_speed"


class AskState(StrEnum):
    """How far a request to an access server is."""

    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"
    GIVEN_UP = "given_up"
    UNKNOWN_SERVER = "unknown_server"


class LineRequest(Owned, Base):
    """A request to an access server about a live session: Disconnect or CoA, tried again until it is answered or given up."""

    __tablename__ = "line_requests"
    __table_args__ = (
        owned_by_account(),
        same_tenant("customer_id", "customers"),
        Index("ix_line_requests_customer", "customer_id", "id"),
        Index(
            "ix_line_requests_waiting",
            "next_try_at",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column()
    session_id: Mapped[int] = mapped_column(BigInteger)
    ask: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20), default=AskState.WAITING)
    tries: Mapped[int] = mapped_column(default=0)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


# What FreeRADIUS needs besides and the program does not read. Attributes that an installation wants for a whole package group:
Table(
    "radgroupcheck",
    Base.metadata,
    Column("id", Integer, primary_key=True),
    Column("groupname", Text, nullable=False),
    Column("attribute", Text, nullable=False),
    Column("op", String(2), nullable=False, server_default="=="),
    Column("value", Text, nullable=False),
)
Table(
    "radpostauth",
    Base.metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("username", Text, nullable=False),
    Column("pass", Text),
    Column("reply", Text),
    Column("calledstationid", Text),
    Column("callingstationid", Text),
    Column("authdate", DateTime(timezone=True), nullable=False, server_default=text("CURRENT_TIMESTAMP")),
    Column("class", Text),
)
Table(
    "nasreload",
    Base.metadata,
    Column("nasipaddress", NetworkAddress, primary_key=True),
    Column("reloadtime", RadiusTime, nullable=False),
)
# The password with which the status check signs in to see whether FreeRADIUS answers from this database.
PROBE = Table(
    "radius_probe",
    Base.metadata,
    Column("id", Integer, primary_key=True),
    Column("password", String(64), nullable=False),
)
