"""Packages, the prices at which they are given down, billing profiles, zones and devices."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import UtcDateTime
from app.core.database import Base
from app.core.money import Money
from app.core.ownership import Offered, Owned, owned_by_account, referable, same_tenant


class ConnectionType(StrEnum):
    """How a customer is connected (spec §3)."""

    PPPOE = "pppoe"
    HOTSPOT = "hotspot"
    STATIC_IP = "static_ip"
    OTHER = "other"


class Cycle(StrEnum):
    """When a customer is billed (spec §3). Prepaid is the hotspot's: by package."""

    DAILY = "daily"
    MONTHLY = "monthly"
    FREE = "free"
    PREPAID = "prepaid"


CYCLES_OF = {
    ConnectionType.PPPOE: (Cycle.DAILY, Cycle.MONTHLY, Cycle.FREE),
    ConnectionType.HOTSPOT: (Cycle.PREPAID, Cycle.FREE),
    ConnectionType.STATIC_IP: (Cycle.MONTHLY, Cycle.FREE),
    ConnectionType.OTHER: (Cycle.MONTHLY, Cycle.FREE),
}
"""Which cycles a connection type allows; Hotspot-Monthly, Static-Daily and Other-Daily are refused (spec §3)."""


class Package(Offered, Base):
    """What a customer buys: speed, price in paisa, and for hotspots how many hours it lasts."""

    __tablename__ = "packages"
    __table_args__ = (
        referable(),
        owned_by_account(),
        Index("ix_packages_scope", "tenant_id", "owner_id"),
        CheckConstraint("price >= 0 AND operator_price >= 0", "price"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    connection_type: Mapped[str] = mapped_column(String(20))
    price: Mapped[int] = mapped_column(Money)
    operator_price: Mapped[int] = mapped_column(Money, default=0)
    download_kbps: Mapped[int] = mapped_column(default=0)
    upload_kbps: Mapped[int] = mapped_column(default=0)
    validity_hours: Mapped[int | None] = mapped_column()
    # the group of FreeRADIUS, and Mikrotik-Rate-Limit where it is more than the two speeds; both may be empty
    radius_group: Mapped[str] = mapped_column(String(64), default="")
    rate_limit: Mapped[str] = mapped_column(String(120), default="")
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __str__(self) -> str:
        return self.name


class PackageOffer(Owned, Base):
    """A package given down: the price in paisa at which an account gets it from its parent, one level of the chain (spec §11.2).

    ``retail_price`` is what the account's customers pay where that differs from the package's own price. A withdrawn
    offer serves who is on the package already, and nobody new.
    """

    __tablename__ = "package_offers"
    __table_args__ = (
        owned_by_account(),
        same_tenant("package_id", "packages"),
        same_tenant("account_id", "accounts"),
        UniqueConstraint("account_id", "package_id"),
        CheckConstraint("price >= 0", "price"),
        CheckConstraint("retail_price >= 0", "retail_price"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    package_id: Mapped[int] = mapped_column()
    account_id: Mapped[int] = mapped_column()
    price: Mapped[int] = mapped_column(Money)
    retail_price: Mapped[int | None] = mapped_column(Money)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class BillingProfile(Offered, Base):
    """When and how customers are billed. ``vat_basis_points``: 750 is 7.5 %. ``given_down``: the accounts below may use it."""

    __tablename__ = "billing_profiles"
    __table_args__ = (
        referable(),
        owned_by_account(),
        Index("ix_billing_profiles_scope", "tenant_id", "owner_id"),
        CheckConstraint("vat_basis_points BETWEEN 0 AND 10000", "vat"),
        CheckConstraint("due_day BETWEEN 1 AND 31", "due_day"),
        CheckConstraint("grace_days BETWEEN 0 AND 60", "grace_days"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    cycle: Mapped[str] = mapped_column(String(20))
    due_day: Mapped[int] = mapped_column(default=10)
    grace_days: Mapped[int] = mapped_column(default=0)
    vat_basis_points: Mapped[int] = mapped_column(default=0)
    auto_bill: Mapped[bool] = mapped_column(default=True)
    given_down: Mapped[bool] = mapped_column(default=True)
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __str__(self) -> str:
        return self.name


PATH_MARK = " › "
"""What stands between the names of a zone's path."""


def _own_name(context: Any) -> str:
    return context.get_current_parameters()["name"]


class Zone(Owned, Base):
    """Where customers live: area › street › building. ``path`` names the zones above too and orders a tree by itself."""

    __tablename__ = "zones"
    __table_args__ = (
        referable(),
        owned_by_account(),
        same_tenant("parent_id", "zones"),
        UniqueConstraint("owner_id", "path"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    parent_id: Mapped[int | None] = mapped_column()
    path: Mapped[str] = mapped_column(String(260), default=_own_name)
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def level(self) -> int:
        """0 for an area, 1 for a street, 2 for a building."""
        return self.path.count(PATH_MARK)

    def __str__(self) -> str:
        return self.name


class Device(Owned, Base):
    """What customers hang on in the field: a switch, an OLT, an access point."""

    __tablename__ = "devices"
    __table_args__ = (referable(), owned_by_account(), UniqueConstraint("owner_id", "name"))

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    place: Mapped[str] = mapped_column(String(120), default="")
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __str__(self) -> str:
        return self.name
