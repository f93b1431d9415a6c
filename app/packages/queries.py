"""Questions about packages, profiles and zones."""

from datetime import date, datetime, timedelta

from sqlalchemy import select

from app.access.scope import everywhere
from app.accounts.models import RESELLERS, Account
from app.core.clock import clamped, end_of_day
from app.core.database import db
from app.packages.models import BillingProfile, Package, PackageOffer, Zone


def price_chain(owner_id: int, package: Package) -> tuple[tuple[Account, int], ...]:
    """Return who pays whom for a package, from the owner upwards: (payer, price in paisa), at most two levels (spec §11.2).

    The price of a level is what the package was given down at; where nobody said, the package's own operator price. A package of the
    owner's own costs it nothing.
    """
    levels: list[tuple[Account, int]] = []
    with everywhere("the price chain goes up to the Group Admin"):
        payer = db.session.get_one(Account, owner_id)
        while payer.kind in RESELLERS and payer.id != package.owner_id:
            offered = db.session.execute(
                select(PackageOffer.price).where(
                    PackageOffer.package_id == package.id, PackageOffer.account_id == payer.id
                )
            ).scalar_one_or_none()
            levels.append((payer, package.operator_price if offered is None else offered))
            payer = db.session.get_one(Account, payer.parent_id)
    return tuple(levels)


def due_date(profile: BillingProfile, month: date) -> date:
    """Return the due date of a month's bill: the due day, clamped to the month's end, plus the grace days (spec §4)."""
    return clamped(month.year, month.month, profile.due_day) + timedelta(days=profile.grace_days)


def paid_up_to(profile: BillingProfile, month: date) -> datetime:
    """Return the suspend date that a month's due date means: 23:59:59 in Dhaka (spec §11.5)."""
    return end_of_day(due_date(profile, month))


def packages_on_offer(connection_type: str | None = None) -> list[Package]:
    """Return the packages that are not archived, by name."""
    statement = select(Package).where(Package.archived_at.is_(None)).order_by(Package.name, Package.id)
    if connection_type:
        statement = statement.where(Package.connection_type == connection_type)
    return list(db.session.execute(statement).scalars())


def profiles_on_offer() -> list[BillingProfile]:
    """Return the billing profiles that are not archived, by name."""
    return list(
        db.session.execute(
            select(BillingProfile)
            .where(BillingProfile.archived_at.is_(None))
            .order_by(BillingProfile.name, BillingProfile.id)
        ).scalars()
    )


def zones() -> list[Zone]:
    """Return the zones that are not archived, by name."""
    return list(
        db.session.execute(select(Zone).where(Zone.archived_at.is_(None)).order_by(Zone.name, Zone.id)).scalars()
    )
