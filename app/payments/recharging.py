"""Recharge a prepaid customer: bill and payment in one transaction, and more time (spec §3)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext as _

from app.access.scope import everywhere
from app.billing.models import Bill, Purpose, vat_on
from app.billing.services import raise_bill
from app.billing.settlement import lock_customer
from app.books.once import made_by, request_uuid
from app.core.clock import now, to_dhaka, today
from app.core.database import db
from app.core.errors import Refused
from app.core.money import share_in_taka
from app.customers.models import Customer, CustomerStatus
from app.packages.models import BillingProfile, ConnectionType, Cycle, Package
from app.packages.queries import is_usable, retail_price
from app.payments.services import Received, receive_cash, recorded_by

HOURS_A_DAY = 24
LONGEST_HOURS = 366 * HOURS_A_DAY


@dataclass(frozen=True)
class Recharge:
    """What a recharge costs in paisa, and up to when service is paid after it."""

    package: Package
    hours: int
    amount: int
    vat: int
    until: datetime
    due: int

    @property
    def cash(self) -> int:
        """What the customer pays now: the recharge and what was due, less advance; paisa."""
        return max(self.amount + self.vat + self.due, 0)


def is_prepaid(customer: Customer) -> bool:
    """Tell whether a customer is served by recharge: Daily, or Hotspot by package."""
    return _profile(customer).cycle in (Cycle.DAILY, Cycle.PREPAID)


def _profile(customer: Customer) -> BillingProfile:
    with everywhere("the profile may belong to an account above"):
        return db.session.get_one(BillingProfile, customer.profile_id)


def work_out(customer: Customer, package: Package, *, days: int = 0, hours: int = 0) -> Recharge:
    """Work out what a recharge costs: Daily by days and hours, Hotspot by the package. Raises Refused."""
    profile = _profile(customer)
    if profile.cycle not in (Cycle.DAILY, Cycle.PREPAID):
        raise Refused(_("This customer pays by the month; there is nothing to recharge."))
    if customer.status == CustomerStatus.DISABLED:
        raise Refused(_("This customer is disabled; activate the line first."))
    if customer.deleted_at is not None:
        raise Refused(_("This customer is deleted; restore it first."))
    if package.connection_type != customer.connection_type:
        raise Refused(_("This package is for another connection type."), "package_id")
    # who is on a package may go on with it, whatever became of it
    is_kept = package.id == customer.package_id
    if not is_kept and (package.archived_at is not None or not is_usable(package, customer.owner_id)):
        raise Refused(_("This package is no longer offered."), "package_id")
    lasts = package.validity_hours or HOURS_A_DAY
    if profile.cycle == Cycle.PREPAID:
        wanted = lasts
    else:
        if package.id != customer.package_id:
            raise Refused(_("The package changes by its own button on the profile."), "package_id")
        if days < 0 or hours < 0 or hours >= HOURS_A_DAY:
            raise Refused(_("Give days, and hours from 0 to 23."), "hours")
        wanted = days * HOURS_A_DAY + hours
    if not 0 < wanted <= LONGEST_HOURS:
        raise Refused(_("Give at least an hour and at most a year."), "days")
    amount = share_in_taka(retail_price(customer.owner_id, package), wanted, lasts)
    if amount <= 0:
        raise Refused(_("This package costs nothing; there is nothing to recharge."), "package_id")
    begins = max(customer.suspend_at or now(), now())
    return Recharge(
        package,
        wanted,
        amount,
        vat_on(amount, profile.vat_basis_points),
        begins + timedelta(hours=wanted),
        customer.balance,
    )


def recharge(
    customer: Customer,
    package: Package,
    *,
    days: int = 0,
    hours: int = 0,
    request_id: str,
    quoted: int | None = None,
    confirmed: bool = False,
) -> Received | Bill:
    """Recharge a customer: raise the bill, take the cash it needs, extend from the later of now and the suspend date, in one change.

    Returns the payment, or the bill when advance covers all of it. The same request id gives back the first outcome.
    ``quoted`` is the cash in paisa that the preview asked for. Raises Refused, also when that has changed, and
    LikelySecondEntry.
    """
    request_id = request_uuid(request_id)
    customer = lock_customer(customer)
    first = recorded_by(request_id, customer)
    if first is not None:
        return Received(first, already_recorded=True)
    from_advance = made_by(Bill, request_id, customer.tenant_id, customer_id=customer.id)
    if from_advance is not None:
        return from_advance
    planned = work_out(customer, package, days=days, hours=hours)
    if quoted is not None and quoted != planned.cash:
        raise Refused(_("The figures have changed since the preview. Look at them again."))
    customer.package_id = package.id
    customer.suspend_at, customer.suspend_at_by_hand = planned.until, False
    bill = raise_bill(
        customer,
        Purpose.RECHARGE,
        planned.amount,
        period=(today(), to_dhaka(planned.until).date()),
        due_on=today(),
        vat_basis_points=_profile(customer).vat_basis_points,
        package=package,
        request_id=request_id,
    )
    if customer.due == 0:
        return bill
    return receive_cash(customer, customer.due, request_id=request_id, confirmed=confirmed)


def is_by_package(customer: Customer) -> bool:
    """Tell whether a recharge is a choice of package (Hotspot) rather than of days."""
    return customer.connection_type == ConnectionType.HOTSPOT
