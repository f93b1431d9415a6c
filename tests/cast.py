"""The people of the tests: the demo's cast, each owner with three customers and the bills of November 2026."""

from dataclasses import dataclass
from datetime import date

from flask import Flask
from sqlalchemy import select

from app.access.actor import acting_as
from app.access.scope import everywhere
from app.billing.models import Bill
from app.billing.services import bill_month
from app.core.database import db, transaction
from app.customers.services import Details, create_customer
from app.demo import BOUGHT_AT, make_cast, make_packages, make_zones, offer_packages
from app.packages.models import BillingProfile, Package

ROOT = "root@sanjog.example.com"
GA, NORTH, SOUTH, GHAT = (f"{name}@meghna.example.com" for name in ("ga", "north", "south", "ghat"))
OFFICE, COLLECTOR, DESK, ACCOUNTS, NEWBIE, GHATMAN = (
    f"{name}@meghna.example.com" for name in ("office", "collector", "desk", "accounts", "newbie", "ghatman")
)
PADMA_GA, PADMA_COLLECTOR = "ga@padma.example.com", "collector@padma.example.com"
OWNERS = (GA, NORTH, SOUTH, GHAT, PADMA_GA)
EVERYBODY = (
    ROOT,
    GA,
    NORTH,
    SOUTH,
    GHAT,
    OFFICE,
    COLLECTOR,
    DESK,
    ACCOUNTS,
    NEWBIE,
    GHATMAN,
    PADMA_GA,
    PADMA_COLLECTOR,
)


@dataclass(frozen=True)
class Cast:
    """Ids by email: accounts, each owner's customers (Home 10M monthly, Business 50M monthly, Daily 5M) and their November bills."""

    accounts: dict[str, int]
    customers: dict[str, tuple[int, ...]]
    bills: dict[str, tuple[int, ...]]
    zones: dict[str, tuple[int, ...]]


def build(app: Flask) -> Cast:
    """Fill an empty database with the cast."""
    actors = make_cast()
    make_packages(actors[GA])
    make_packages(actors[PADMA_GA])
    for email, per_cent in BOUGHT_AT.items():
        offer_packages(actors[GA], actors[email], per_cent)
    zones, customers, bills = {}, {}, {}
    for email in OWNERS:
        zones[email] = tuple(make_zones(actors[email]))
        with acting_as(actors[email]), transaction() as session:
            packages = {row.name: row for row in session.execute(select(Package)).scalars()}
            profiles = {row.name: row for row in session.execute(select(BillingProfile)).scalars()}
            customers[email] = tuple(
                create_customer(
                    Details(
                        name=f"{name} of {email}",
                        name_bn="রহিমা খাতুন",
                        username=f"{name.lower()}.{email}",
                        connection_password="line-secret-1",
                        mobile="01712345678",
                        package_id=packages[package].id,
                        profile_id=profiles[profile].id,
                        connection_type=packages[package].connection_type,
                        zone_id=zones[email][0],
                    )
                ).id
                for name, package, profile in (
                    ("Rahima", "Home 10M", "Monthly 10"),
                    ("Jasim", "Business 50M", "Monthly 5"),
                    ("Quader", "Daily 5M", "Daily"),
                )
            )
    bill_month(date(2026, 11, 1))
    with everywhere("the tests look at all of it"):
        for email in OWNERS:
            bills[email] = tuple(
                db.session.execute(
                    select(Bill.id).where(Bill.customer_id.in_(customers[email])).order_by(Bill.id)
                ).scalars()
            )
    return Cast({email: actor.id for email, actor in actors.items()}, customers, bills, zones)
