"""Packages and what they are given down at, billing profiles, zones and devices: add and change them."""

import re
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select

from app.access.actor import demand, shown_taka
from app.access.scope import current_scope, get_or_404
from app.accounts.models import RESELLERS, Account
from app.activity.recorder import record
from app.core.clock import now
from app.core.database import db
from app.core.errors import NotFound, Refused
from app.core.language import fold
from app.customers.models import Customer
from app.packages.catalogue import add, archive, bring_back, change, changeable, is_changeable, named
from app.packages.models import (
    PATH_MARK,
    BillingProfile,
    ConnectionType,
    Cycle,
    Device,
    Package,
    PackageOffer,
    Zone,
)
from app.packages.queries import is_usable, retail_price, zone_and_below

LONGEST_NAME = 80
GROUP = re.compile(r"[A-Za-z0-9._-]{0,64}")
RATE_LIMIT = re.compile(
    r"\d+[kMG]?(/\d+[kMG]?)?( \d+[kMG]?(/\d+[kMG]?)?){0,2}( \d+(/\d+)?)?( [1-8])?( \d+[kMG]?(/\d+[kMG]?)?)?"
)
"""Mikrotik-Rate-Limit: rate, burst rate, burst threshold, burst time, priority, least rate."""

FASTEST_KBPS = 100_000_000
LONGEST_HOURS = 366 * 24
DEEPEST = 2
"""Area, street, building: levels 0 to 2."""


@dataclass(frozen=True)
class PackageWords:
    """What a form says of a package; prices in paisa, speeds in kbit/s."""

    name: str
    connection_type: str
    price: int
    operator_price: int
    download_kbps: int
    upload_kbps: int
    validity_hours: int | None
    radius_group: str = ""
    rate_limit: str = ""


def save_package(words: PackageWords, package_id: object = None) -> Package:
    """Add a package of the owner at work, or change one. Raises Refused, NotFound."""
    package = changeable(Package, package_id) if package_id is not None else None
    values = _package_values(words)
    if package is None:
        _refuse_second(Package, values["name"])
        return add(Package(**values))
    _refuse_second(Package, values["name"], package)
    if values["connection_type"] != package.connection_type and _is_sold(package):
        raise Refused(
            _("Customers are on this package: its connection type stays. Add another package instead."),
            "connection_type",
        )
    _refuse_below_offers(package, values["price"])
    return change(package, values)


def _package_values(words: PackageWords) -> dict[str, Any]:
    if words.connection_type not in list(ConnectionType):
        raise Refused(_("Choose a connection type."), "connection_type")
    for field in ("price", "operator_price"):
        if getattr(words, field) < 0:
            raise Refused(_("The amount cannot be below zero."), field)
    if words.operator_price > words.price:
        raise Refused(
            _("The operator price is above the price: an Operator would lose money on every customer."),
            "operator_price",
        )
    for field in ("download_kbps", "upload_kbps"):
        if not 0 <= getattr(words, field) <= FASTEST_KBPS:
            raise Refused(_("A speed lies between 0 and 100,000 Mbit/s."), field)
    hours = words.validity_hours or None
    if hours is not None and not 0 < hours <= LONGEST_HOURS:
        raise Refused(_("Give at least an hour and at most a year."), "validity")
    if words.connection_type == ConnectionType.HOTSPOT and hours is None:
        raise Refused(_("Say how long a hotspot package lasts."), "validity")
    group, limit = words.radius_group.strip(), " ".join(words.rate_limit.split())
    if not GROUP.fullmatch(group):
        raise Refused(_("A group has letters, digits and . _ - only, at most 64."), "radius_group")
    if limit and not (len(limit) <= 120 and RATE_LIMIT.fullmatch(limit)):
        raise Refused(
            _("Write the rate limit as MikroTik does: rate, burst rate, threshold, burst time, a space between them."),
            "rate_limit",
        )
    return {
        **vars(words),
        "name": named(words.name, LONGEST_NAME),
        "validity_hours": hours,
        "radius_group": group,
        "rate_limit": limit,
    }


def _refuse_second(model: Any, name: str, row: Any = None) -> None:
    """Refuse a name that another row of the same owner has, archived or not. Raises Refused."""
    owner_id = row.owner_id if row is not None else current_scope().owner_id
    others = db.session.execute(select(model.id, model.name).where(model.owner_id == owner_id)).all()
    if any(fold(other) == fold(name) and (row is None or row_id != row.id) for row_id, other in others):
        raise Refused(_("There is one of this name already; look among the archived ones too."), "name")


def _is_sold(package: Package) -> bool:
    return db.session.execute(select(Customer.id).where(Customer.package_id == package.id).limit(1)).first() is not None


def _refuse_below_offers(package: Package, price: int) -> None:
    dearest = db.session.execute(
        select(func.max(PackageOffer.price)).where(
            PackageOffer.package_id == package.id,
            PackageOffer.withdrawn_at.is_(None),
            PackageOffer.retail_price.is_(None),
        )
    ).scalar_one()
    if dearest is not None and dearest > price:
        raise Refused(
            _("An Operator buys this package at %(price)s. Lower that first.", price=shown_taka(dearest)), "price"
        )


def may_give(package: Package) -> bool:
    """Tell whether the account at work may give a package down: it is its own, or came down to it and was not withdrawn."""
    return current_scope().shape != "nothing" and is_usable(package, current_scope().owner_id)


def give_down(package: Package, account_id: object, price: int, retail: int | None = None) -> PackageOffer:
    """Give a package to an Operator or Sub-Operator right below at ``price`` paisa; again, to change it or bring it back.

    ``retail`` is what the receiver's customers pay, in paisa; None leaves it at what it is above. Raises Refused, NotFound.
    """
    giver_id = current_scope().owner_id
    account = get_or_404(Account, account_id)
    if account.parent_id != giver_id or account.kind not in RESELLERS:
        raise NotFound("Account")
    if package.archived_at is not None or not may_give(package):
        raise Refused(_("This package is no longer offered."))
    if price < 0:
        raise Refused(_("The amount cannot be below zero."), "price")
    offer = _offer_to(account.id, package.id)
    if retail is not None and retail != (offer.retail_price if offer else None):
        _refuse_without_price_key(package)
    sells_at = retail_price(giver_id, package) if retail is None else retail
    if price > sells_at:
        raise Refused(
            _(
                "The price for the Operator is above what its customers pay, %(price)s: it would lose money on each.",
                price=shown_taka(sells_at),
            ),
            "price",
        )
    if offer is None:
        offer = PackageOffer(
            tenant_id=account.tenant_id,
            owner_id=account.id,
            package_id=package.id,
            account_id=account.id,
            price=price,
            retail_price=retail,
        )
        db.session.add(offer)
        db.session.flush()
        record_offer(offer, package, account, "offer.given", amount_paisa=price)
        return offer
    changes = {
        name: (old, new)
        for name, old, new in (
            ("price_paisa", offer.price, price),
            ("retail_price_paisa", offer.retail_price, retail),
        )
        if old != new
    }
    came_back = offer.withdrawn_at is not None
    offer.price, offer.retail_price, offer.withdrawn_at = price, retail, None
    db.session.flush()
    if came_back or changes:
        event = "offer.given" if came_back else "offer.changed"
        record_offer(offer, package, account, event, changes=changes or None, amount_paisa=price)
    return offer


def _refuse_without_price_key(package: Package) -> None:
    """Let who owns a package set any price of it, others with the key alone (spec §2)."""
    if not is_changeable(package):
        demand("edit-package-price")


def withdraw(package: Package, account_id: object) -> PackageOffer:
    """Offer a package no longer to an account right below: its customers stay on it, nobody new gets it. Raises Refused, NotFound."""
    account = get_or_404(Account, account_id)
    offer = _offer_to(account.id, package.id)
    if account.parent_id != current_scope().owner_id or offer is None:
        raise NotFound("PackageOffer")
    if offer.withdrawn_at is not None:
        raise Refused(_("This package was withdrawn already."))
    offer.withdrawn_at = now()
    db.session.flush()
    record_offer(offer, package, account, "offer.withdrawn")
    return offer


def set_retail_price(package: Package, retail: int | None) -> PackageOffer:
    """Set what the own customers pay for a package that was given down (key ``edit-package-price``), in paisa; None ends that.

    Raises Refused, NotFound.
    """
    actor = demand("edit-package-price")
    offer = _offer_to(actor.owner_id or 0, package.id)
    if offer is None:
        raise NotFound("PackageOffer")
    if retail is not None and retail < offer.price:
        raise Refused(
            _("You buy this package at %(price)s: below that you lose money.", price=shown_taka(offer.price)), "price"
        )
    before, offer.retail_price = offer.retail_price, retail
    db.session.flush()
    if before != retail:
        account = db.session.get_one(Account, offer.account_id)
        record_offer(offer, package, account, "offer.changed", changes={"retail_price_paisa": (before, retail)})
    return offer


def _offer_to(account_id: int, package_id: int) -> PackageOffer | None:
    return db.session.execute(
        select(PackageOffer).where(PackageOffer.account_id == account_id, PackageOffer.package_id == package_id)
    ).scalar_one_or_none()


def record_offer(
    offer: PackageOffer, package: Package, account: Account, event: str, changes: Any = None, **words: object
) -> None:
    """Record what was done about a package given down, in the log of who gave it."""
    record(
        "setup",
        event,
        tenant_id=offer.tenant_id,
        owner_id=account.parent_id,
        subject=offer,
        changes=changes,
        package=package.name,
        account=account.name,
        **words,
    )


@dataclass(frozen=True)
class ProfileWords:
    """What a form says of a billing profile. ``vat_basis_points``: 750 is 7.5 %."""

    name: str
    cycle: str
    due_day: int
    grace_days: int
    vat_basis_points: int
    auto_bill: bool
    given_down: bool


def save_profile(words: ProfileWords, profile_id: object = None) -> BillingProfile:
    """Add a billing profile of the owner at work, or change one. Raises Refused, NotFound."""
    profile = changeable(BillingProfile, profile_id) if profile_id is not None else None
    name = named(words.name, LONGEST_NAME)
    if words.cycle not in list(Cycle):
        raise Refused(_("Choose one of the list."), "cycle")
    if not 1 <= words.due_day <= 31:
        raise Refused(_("A day of the month lies between 1 and 31."), "due_day")
    if not 0 <= words.grace_days <= 60:
        raise Refused(_("Grace days lie between 0 and 60."), "grace_days")
    if not 0 <= words.vat_basis_points <= 10_000:
        raise Refused(_("A rate lies between 0 and 100 per cent."), "vat")
    _refuse_second(BillingProfile, name, profile)
    values = {**vars(words), "name": name}
    if profile is None:
        return add(BillingProfile(**values))
    if words.cycle != profile.cycle and _has_customers(profile):
        raise Refused(_("Customers are billed by this profile: its cycle stays. Add another profile instead."), "cycle")
    return change(profile, values)


def _has_customers(profile: BillingProfile) -> bool:
    return db.session.execute(select(Customer.id).where(Customer.profile_id == profile.id).limit(1)).first() is not None


def save_zone(name: str, parent_id: int | None, zone_id: object = None) -> Zone:
    """Add a zone of the owner at work below another, or rename and move one with all below it. Raises Refused, NotFound."""
    zone = changeable(Zone, zone_id) if zone_id is not None else None
    owner_id = zone.owner_id if zone else current_scope().owner_id
    name = named(name, LONGEST_NAME)
    if PATH_MARK.strip() in name:
        raise Refused(_("A name cannot hold the mark %(mark)s.", mark=PATH_MARK.strip()), "name")
    parent = _parent_zone(parent_id, owner_id, zone)
    path = parent.path + PATH_MARK + name if parent else name
    below = _below(zone) if zone else []
    depth = max((one.level for one in below), default=zone.level) - zone.level if zone else 0
    if path.count(PATH_MARK) + depth > DEEPEST:
        raise Refused(_("A tree has three levels: area, street, building."), "parent_id")
    taken = select(Zone.id, Zone.path).where(Zone.owner_id == owner_id)
    if any(
        fold(other) == fold(path) and (zone is None or other_id != zone.id)
        for other_id, other in db.session.execute(taken).all()
    ):
        raise Refused(_("There is one of this name already; look among the archived ones too."), "name")
    if zone is None:
        return add(Zone(name=name, parent_id=parent_id, path=path))
    before = zone.path
    change(zone, {"name": name, "parent_id": parent_id, "path": path})
    for one in below:
        one.path = path + one.path.removeprefix(before)
    db.session.flush()
    return zone


def _parent_zone(parent_id: int | None, owner_id: int, zone: Zone | None) -> Zone | None:
    if parent_id is None:
        return None
    try:
        parent = get_or_404(Zone, parent_id)
    except NotFound:
        parent = None
    is_kept = zone is not None and zone.parent_id == parent_id
    if parent is None or parent.owner_id != owner_id or (parent.archived_at is not None and not is_kept):
        raise Refused(_("Choose one of the list."), "parent_id")
    if zone is not None and (parent.id == zone.id or parent.path.startswith(zone.path + PATH_MARK)):
        raise Refused(_("A zone cannot lie below itself."), "parent_id")
    return parent


def _below(zone: Zone) -> list[Zone]:
    return list(
        db.session.execute(select(Zone).where(Zone.id.in_(zone_and_below(zone.id)), Zone.id != zone.id)).scalars()
    )


def archive_zone(zone: Zone) -> Zone:
    """Offer a zone no longer; the zones below it go first. Raises Refused."""
    if any(one.archived_at is None for one in _below(zone)):
        raise Refused(_("There are zones below this one. Archive those first."))
    return archive(zone)


def bring_back_zone(zone: Zone) -> Zone:
    """Offer an archived zone again, once the one above it is. Raises Refused."""
    if zone.parent_id is not None and db.session.get_one(Zone, zone.parent_id).archived_at is not None:
        raise Refused(_("The zone above is archived. Bring that back first."))
    return bring_back(zone)


def save_device(name: str, place: str, device_id: object = None) -> Device:
    """Add a device of the owner at work, or change one. Raises Refused, NotFound."""
    device = changeable(Device, device_id) if device_id is not None else None
    name, place = named(name, LONGEST_NAME), place.strip()
    if len(place) > 120:
        raise Refused(_("At most %(count)s characters.", count=120), "place")
    _refuse_second(Device, name, device)
    return add(Device(name=name, place=place)) if device is None else change(device, {"name": name, "place": place})
