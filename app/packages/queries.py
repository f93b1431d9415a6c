"""Questions about packages, profiles, zones and devices."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, func, or_, select

from app.access.scope import current_scope, everywhere
from app.accounts.models import RESELLERS, Account
from app.core.clock import clamped, end_of_day
from app.core.database import db
from app.packages.models import PATH_MARK, BillingProfile, Device, Package, PackageOffer, Zone


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


def retail_price(owner_id: int, package: Package) -> int:
    """Return what the owner's customers pay for a package, in paisa: the price set for the owner, else for the account above
    it, else the package's own."""
    if package.owner_id == owner_id:
        return package.price
    return retail_prices(owner_id, [package])[package.id]


def retail_prices(owner_id: int, packages: Iterable[Package]) -> dict[int, int]:
    """Return what the owner's customers pay, in paisa, by package; one statement."""
    prices = {package.id: package.price for package in packages}
    above = select(Account.parent_id).where(Account.id == owner_id).scalar_subquery()
    with everywhere("an Operator's prices hold for the Sub-Operators below it"):
        rows = db.session.execute(
            select(PackageOffer.account_id, PackageOffer.package_id, PackageOffer.retail_price).where(
                PackageOffer.package_id.in_(list(prices)),
                PackageOffer.retail_price.is_not(None),
                or_(PackageOffer.account_id == owner_id, PackageOffer.account_id == above),
            )
        ).all()
    for _account_id, package_id, price in sorted(rows, key=lambda row: row.account_id == owner_id):
        prices[package_id] = price
    return prices


def due_date(profile: BillingProfile, month: date) -> date:
    """Return the due date of a month's bill: the due day, clamped to the month's end, plus the grace days (spec §4)."""
    return clamped(month.year, month.month, profile.due_day) + timedelta(days=profile.grace_days)


def paid_up_to(profile: BillingProfile, month: date) -> datetime:
    """Return the suspend date that a month's due date means: 23:59:59 in Dhaka (spec §11.5)."""
    return end_of_day(due_date(profile, month))


def accounts_above(owner_id: int) -> list[int]:
    """Return the Operators a package passes on its way down to an owner, the owner first; none for a Group Admin."""
    chain: list[int] = []
    with everywhere("a package comes down from the accounts above"):
        account = db.session.get_one(Account, owner_id)
        while account.kind in RESELLERS:
            chain.append(account.id)
            account = db.session.get_one(Account, account.parent_id)
    return chain


def count_of_offers(package: Package) -> int:
    """Return to how many accounts below the one at work a package is given down."""
    return db.session.execute(
        select(func.count(PackageOffer.id)).where(
            PackageOffer.package_id == package.id,
            PackageOffer.withdrawn_at.is_(None),
            PackageOffer.account_id != current_scope().owner_id,
        )
    ).scalar_one()


def usable_packages(owner_id: int, *, also_withdrawn: bool = False) -> Select[tuple[Package]]:
    """Select the packages an owner may use, archived ones too: its own, and those given down to it at every level (spec §9).

    ``also_withdrawn`` adds what was given once and serves nobody new.
    """
    chain = accounts_above(owner_id)
    top = select(Account.parent_id).where(Account.id == (chain[-1] if chain else owner_id)).scalar_subquery()
    levels: list[Any] = [Package.owner_id == owner_id]
    for depth in range(1, len(chain) + 1):
        giver = chain[depth] if depth < len(chain) else top
        levels.append(
            and_(Package.owner_id == giver, *(_is_given(account, also_withdrawn) for account in chain[:depth]))
        )
    return select(Package).where(or_(*levels))


def _is_given(account_id: int, also_withdrawn: bool) -> Any:
    offer = select(PackageOffer.id).where(PackageOffer.package_id == Package.id, PackageOffer.account_id == account_id)
    if not also_withdrawn:
        offer = offer.where(PackageOffer.withdrawn_at.is_(None))
    return offer.exists()


def is_usable(package: Package, owner_id: int) -> bool:
    """Tell whether an owner may put customers on a package: it is its own, or was given down and not withdrawn."""
    if package.owner_id == owner_id:
        return True
    with everywhere("whether a package came down is written with the account that got it"):
        return db.session.execute(usable_packages(owner_id).where(Package.id == package.id)).first() is not None


def packages_on_offer(connection_type: str | None = None, *, owner_id: int | None = None) -> list[Package]:
    """Return the packages that an owner, the one at work unless named, may sell and that are not archived, by name."""
    statement = usable_packages(owner_id or current_scope().owner_id)
    statement = statement.where(Package.archived_at.is_(None)).order_by(Package.name, Package.id)
    if connection_type:
        statement = statement.where(Package.connection_type == connection_type)
    with everywhere("whether a package came down is written with the account that got it"):
        return list(db.session.execute(statement).scalars())


def usable_profiles(owner_id: int) -> Select[tuple[BillingProfile]]:
    """Select the billing profiles an owner may use, archived ones too: its own, and those given down from above."""
    above = accounts_above(owner_id)[1:]
    top = select(Account.tenant_id).where(Account.id == owner_id).scalar_subquery()
    heads = select(Account.id).where(Account.tenant_id == top, Account.parent_id.is_(None)).scalar_subquery()
    from_above = and_(
        BillingProfile.given_down, or_(BillingProfile.owner_id.in_(above), BillingProfile.owner_id == heads)
    )
    return select(BillingProfile).where(or_(BillingProfile.owner_id == owner_id, from_above))


def is_usable_profile(profile: BillingProfile, owner_id: int) -> bool:
    """Tell whether an owner may bill customers by a profile: it is its own, or comes down from above."""
    if profile.owner_id == owner_id:
        return True
    with everywhere("profiles come down from the accounts above"):
        return db.session.execute(usable_profiles(owner_id).where(BillingProfile.id == profile.id)).first() is not None


def profiles_on_offer(owner_id: int | None = None) -> list[BillingProfile]:
    """Return the billing profiles that an owner, the one at work unless named, may use and that are not archived, by name."""
    statement = usable_profiles(owner_id or current_scope().owner_id).where(BillingProfile.archived_at.is_(None))
    with everywhere("profiles come down from the accounts above"):
        return list(db.session.execute(statement.order_by(BillingProfile.name, BillingProfile.id)).scalars())


def packages_in_sight() -> list[Package]:
    """Return the packages to narrow a list by, archived ones last: all of the scope, and of those above what was given down."""
    scope = current_scope()
    statement = select(Package)
    if scope.shape != "tenant":
        given = usable_packages(scope.owner_id, also_withdrawn=True).with_only_columns(Package.id)
        statement = statement.where(or_(Package.owner_id.in_(scope.owners), Package.id.in_(given)))
    return list(
        db.session.execute(statement.order_by(Package.archived_at.is_not(None), Package.name, Package.id)).scalars()
    )


def profiles_in_sight() -> list[BillingProfile]:
    """Return the billing profiles to narrow a list by, archived ones last: all of the scope, and of those above what came down."""
    scope = current_scope()
    statement = select(BillingProfile)
    if scope.shape != "tenant":
        usable = usable_profiles(scope.owner_id).with_only_columns(BillingProfile.id)
        statement = statement.where(or_(BillingProfile.owner_id.in_(scope.owners), BillingProfile.id.in_(usable)))
    order = (BillingProfile.archived_at.is_not(None), BillingProfile.name, BillingProfile.id)
    return list(db.session.execute(statement.order_by(*order)).scalars())


def in_sight(model: Any, order: Any) -> list[Any]:
    """Return the zones or devices to narrow a list by, archived ones last."""
    return list(db.session.execute(select(model).order_by(model.archived_at.is_not(None), order, model.id)).scalars())


def zones(owner_id: int | None = None) -> list[Zone]:
    """Return the zones of the scope, or of one owner of it, that are not archived: each tree from its area downwards."""
    return list(db.session.execute(_standing(Zone, owner_id).order_by(Zone.path, Zone.id)).scalars())


def devices(owner_id: int | None = None) -> list[Device]:
    """Return the devices of the scope, or of one owner of it, that are not archived, by name."""
    return list(db.session.execute(_standing(Device, owner_id).order_by(Device.name, Device.id)).scalars())


def _standing(model: Any, owner_id: int | None) -> Select[Any]:
    statement = select(model).where(model.archived_at.is_(None))
    return statement if owner_id is None else statement.where(model.owner_id == owner_id)


def zone_and_below(zone_id: int) -> Any:
    """Return the ids of a zone and of all zones below it, as a subquery."""
    top = select(Zone.owner_id, Zone.path).where(Zone.id == zone_id).subquery()
    below = top.c.path + PATH_MARK
    # by the letters themselves: in a LIKE a name's own % and _ would stand for others
    return select(Zone.id).where(
        Zone.owner_id == top.c.owner_id,
        or_(Zone.path == top.c.path, func.substr(Zone.path, 1, func.length(below)) == below),
    )
