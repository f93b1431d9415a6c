"""Change a customer's package: what it costs or gives back is worked out first, shown, and then done once."""

from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import select

from app.access.actor import current_actor
from app.access.scope import everywhere
from app.activity.recorder import record
from app.billing.models import Bill, Credit, Purpose, vat_on
from app.billing.services import raise_bill
from app.billing.settlement import Change, lock_customer, settle
from app.books.models import EntryKind, Ledger
from app.books.once import add_once, made_by, request_uuid
from app.books.services import Side, post
from app.core.clock import month_of, today
from app.core.database import db
from app.core.errors import Refused
from app.core.money import share_in_taka
from app.customers.models import Customer, CustomerStatus
from app.packages.models import BillingProfile, Cycle, Package
from app.packages.queries import due_date, is_usable, retail_prices


@dataclass(frozen=True)
class PackageChange:
    """What a change of package means, in paisa before VAT: ``charge`` for the new one, ``credit`` for unused days of the old one.

    ``net`` is the difference, rounded to the taka once: above zero a bill, below zero given back (spec §3, §11.6).
    """

    old: Package
    new: Package
    days_left: int
    days_billed: int
    charge: int
    credit: int
    net: int
    vat: int

    @property
    def total(self) -> int:
        """What the customer owes more (above zero) or less (below zero), with VAT."""
        return self.net + self.vat


def fits(customer: Customer, new: Package) -> bool:
    """Tell whether a package is priced as the customer's own is, by the month or by a validity.

    A price for a day is none for a month. Who pays nothing may have any.
    """
    with everywhere("package and profile may belong to an account above"):
        old = db.session.get_one(Package, customer.package_id)
        cycle = db.session.get_one(BillingProfile, customer.profile_id).cycle
    return cycle == Cycle.FREE or (old.validity_hours is None) == (new.validity_hours is None)


def work_out(customer: Customer, new: Package) -> PackageChange:
    """Work out what a change to a package costs from today to the end of the month, both included. Raises Refused.

    Only Monthly customers pay or get back; a prepaid one keeps its time and pays the new price from the next recharge on.
    """
    with everywhere("package and profile may belong to an account above"):
        old = db.session.get_one(Package, customer.package_id)
        profile = db.session.get_one(BillingProfile, customer.profile_id)
    if new.id == old.id:
        raise Refused(_("The customer has this package already."), "package_id")
    if new.archived_at is not None or not is_usable(new, customer.owner_id):
        raise Refused(_("This package is no longer offered."), "package_id")
    if new.connection_type != customer.connection_type:
        raise Refused(_("This package is for another connection type."), "package_id")
    if not fits(customer, new):
        raise Refused(_("This package is priced for another length of time than the customer's."), "package_id")
    if customer.status == CustomerStatus.DISABLED:
        raise Refused(_("This customer is disabled; activate the line first."), "package_id")
    if profile.cycle != Cycle.MONTHLY:
        return PackageChange(old, new, 0, 0, 0, 0, 0, 0)
    first, last = month_of(today())
    days_left = (last - today()).days + 1
    days_billed = days_left if _is_billed(customer) else 0
    # one division: the daily prices themselves are never rounded
    price = retail_prices(customer.owner_id, (old, new))
    parts = days_left * price[new.id] - days_billed * price[old.id]
    net = share_in_taka(parts, 1, last.day)
    vat = vat_on(abs(net), profile.vat_basis_points)
    return PackageChange(
        old,
        new,
        days_left,
        days_billed,
        days_left * price[new.id] // last.day,
        days_billed * price[old.id] // last.day,
        net,
        vat if net >= 0 else -vat,
    )


def _is_billed(customer: Customer) -> bool:
    covering = select(Bill.id).where(
        Bill.customer_id == customer.id,
        Bill.voided_at.is_(None),
        Bill.purpose.in_((Purpose.MONTHLY.value, Purpose.NEW_CUSTOMER.value, Purpose.PACKAGE_CHANGE.value)),
        Bill.period_from <= today(),
        Bill.period_to >= today(),
    )
    return db.session.execute(covering).first() is not None


def change_package(customer: Customer, new: Package, *, quoted: int, request_id: str) -> Bill | Credit | None:
    """Change the package as it was quoted: ``quoted`` is the total in paisa that the preview showed.

    Returns the bill or the credit it made, the first one for a request id that comes again, None when no money moves.
    Raises Refused, also when the figure has changed since the preview.
    """
    request_id = request_uuid(request_id)
    customer = lock_customer(customer)
    first = outcome_of(request_id, customer)
    if first is not None:
        return first
    change = work_out(customer, new)
    if change.total != quoted:
        raise Refused(_("The figures have changed since the preview. Look at them again."))
    customer.package_id = new.id
    _record(customer, change)
    if change.net > 0:
        return _bill(customer, change, request_id)
    return _give_back(customer, change, request_id) if change.net < 0 else None


def outcome_of(request_id: str, customer: Customer) -> Bill | Credit | None:
    """Return the bill or the credit that a form has made before. Raises Refused when that was for another customer."""
    bill = made_by(Bill, request_id, customer.tenant_id, customer_id=customer.id)
    return bill or made_by(Credit, request_id, customer.tenant_id, customer_id=customer.id)


def _bill(customer: Customer, change: PackageChange, request_id: str) -> Bill:
    first, last = month_of(today())
    with everywhere("the profile may belong to an account above"):
        profile = db.session.get_one(BillingProfile, customer.profile_id)
    return raise_bill(
        customer,
        Purpose.PACKAGE_CHANGE,
        change.net,
        period=(today(), last),
        due_on=max(due_date(profile, first), today()),
        description=f"{change.old.name} → {change.new.name}",
        vat_basis_points=profile.vat_basis_points,
        package=change.new,
        request_id=request_id,
    )


def _give_back(customer: Customer, change: PackageChange, request_id: str) -> Credit:
    actor = current_actor()
    reason = f"{change.old.name} → {change.new.name}"
    credit = Credit(
        tenant_id=customer.tenant_id,
        owner_id=customer.owner_id,
        customer_id=customer.id,
        amount=-change.total,
        unallocated=-change.total,
        reason=reason,
        request_id=request_id,
        given_by_id=actor.id if actor else None,
    )
    add_once(credit)
    post(
        EntryKind.CREDIT,
        customer.tenant_id,
        customer.owner_id,
        Side(Ledger.CREDIT_NOTE, customer.owner_id, -change.net),
        Side(Ledger.VAT, customer.owner_id, -change.vat),
        Side(Ledger.CUSTOMER, customer.id, change.total),
        note=reason,
    )
    settle(customer, Change.BILL)
    return credit


def _record(customer: Customer, change: PackageChange) -> None:
    record(
        "customers",
        "customer.package",
        tenant_id=customer.tenant_id,
        owner_id=customer.owner_id,
        subject=customer,
        customer_id=customer.id,
        changes={"package": (change.old.name, change.new.name)},
        number=customer.number,
        customer=customer.name,
        customer_bn=customer.name_bn,
        package=change.new.name,
    )
