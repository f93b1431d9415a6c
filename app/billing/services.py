"""Raise bills, edit, discount and void them, and run the month."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, and_, case, func, or_, select

from app.access.actor import current_actor, shown_number, shown_taka
from app.access.scope import everywhere, get_or_404
from app.accounts.models import Tenant
from app.accounts.numbering import BILLS, next_number
from app.activity.recorder import record
from app.billing.models import Bill, BillStatus, Discount, Purpose, vat_on
from app.billing.settlement import (
    Change,
    Prices,
    charge_operators,
    lock_customer,
    release,
    set_operator_amounts,
    settle,
)
from app.books.models import EntryKind, Ledger
from app.books.once import add_once, made_by
from app.books.operators import lock_chain
from app.books.services import Side, given, post
from app.core.clock import month_of, now, today
from app.core.database import db, locked, transaction
from app.core.errors import Refused
from app.core.money import share
from app.core.progress import Progress
from app.customers.models import Customer, CustomerStatus
from app.packages.models import BillingProfile, Cycle, Package
from app.packages.queries import due_date, price_chain, retail_price
from app.payments.models import Allocation

FURTHEST_YEARS = 5
"""How many years from now the dates of a bill may lie."""


def prices_of(package: Package | None, owner_id: int) -> Prices:
    """Return the prices at which a package was given down to an owner; without a package no Operator pays anything."""
    price = retail_price(owner_id, package) if package else 0
    if package is None or not price:
        return Prices()
    levels = [level for _payer, level in price_chain(owner_id, package)]
    return Prices(price, *levels[:2])


def raise_bill(
    customer: Customer,
    purpose: Purpose,
    amount: int,
    *,
    period: tuple[date, date],
    due_on: date,
    description: str = "",
    vat_basis_points: int = 0,
    package: Package | None = None,
    request_id: str | None = None,
) -> Bill:
    """Raise a bill over ``amount`` paisa before VAT; advance is applied at once (spec §4).

    The operator amounts come from the prices the package was given down at, in proportion where the amount is a part of
    the price. Raises Refused for an amount that is not above zero.
    """
    if amount <= 0:
        raise Refused(_("The amount must be above zero."), "amount")
    return _raise(
        lock_customer(customer),
        purpose,
        amount,
        period=period,
        due_on=due_on,
        description=description,
        vat_basis_points=vat_basis_points,
        package=package,
        prices=prices_of(package, customer.owner_id),
        request_id=request_id,
    )


def _raise(
    customer: Customer,
    purpose: Purpose,
    amount: int,
    *,
    period: tuple[date, date],
    due_on: date,
    vat_basis_points: int,
    package: Package | None,
    prices: Prices,
    description: str = "",
    request_id: str | None = None,
) -> Bill:
    # before the first number is drawn, also for the cash that may be taken in the same change: see lock_customer
    lock_chain(customer.owner_id)
    vat = vat_on(amount, vat_basis_points)
    actor = current_actor()
    bill = Bill(
        tenant_id=customer.tenant_id,
        owner_id=customer.owner_id,
        number=next_number(customer.tenant_id, BILLS),
        customer_id=customer.id,
        customer_name=customer.name,
        customer_mobile=customer.mobile,
        customer_username=customer.username,
        package_id=package.id if package else None,
        purpose=purpose,
        month=period[0] if purpose == Purpose.MONTHLY else None,
        description=description,
        period_from=period[0],
        period_to=period[1],
        due_on=due_on,
        amount=amount,
        vat_basis_points=vat_basis_points,
        vat=vat,
        discount=0,
        total=amount + vat,
        paid=0,
        package_price=prices.package,
        operator_price=prices.operator,
        upper_price=prices.upper,
        operator_taken=0,
        upper_taken=0,
        request_id=request_id,
        issued_by_id=actor.id if actor else None,
    )
    set_operator_amounts(bill)
    add_once(bill)
    post(
        EntryKind.BILL,
        bill.tenant_id,
        bill.owner_id,
        Side(Ledger.CUSTOMER, customer.id, bill.total),
        Side(Ledger.INCOME, bill.owner_id, -amount),
        Side(Ledger.VAT, bill.owner_id, -vat),
        bill_id=bill.id,
    )
    settle(customer, Change.BILL)
    _record(bill, "bill.raised", amount_paisa=bill.total)
    return bill


def generate_bill(
    customer: Customer,
    amount: int,
    *,
    description: str,
    period: tuple[date, date],
    due_on: date,
    request_id: str | None = None,
) -> Bill:
    """Raise a bill by hand (key ``generate-bill``), ``amount`` in paisa before VAT; the same request id raises one.

    Raises Refused.
    """
    customer = lock_customer(customer)
    first = made_by(Bill, request_id, customer.tenant_id, customer_id=customer.id, purpose=Purpose.MANUAL.value)
    if first is not None:
        return first
    if customer.deleted_at is not None:
        raise Refused(_("This customer is deleted; restore it first."))
    description = given(description, "description")
    _check_dates(period, due_on)
    if due_on < today():
        raise Refused(_("The due date lies in the past."), "due_on")
    with everywhere("the profile may belong to an account above"):
        profile = db.session.get_one(BillingProfile, customer.profile_id)
    return raise_bill(
        customer,
        Purpose.MANUAL,
        amount,
        period=period,
        due_on=due_on,
        description=description,
        vat_basis_points=profile.vat_basis_points,
        request_id=request_id,
    )


def _check_dates(period: tuple[date, date], due_on: date) -> None:
    if period[1] < period[0]:
        raise Refused(_("The period ends before it begins."), "period_to")
    for day, name in ((period[0], "period_from"), (period[1], "period_to"), (due_on, "due_on")):
        if abs(day.year - today().year) > FURTHEST_YEARS:
            raise Refused(_("The date lies too far away."), name)


def edit_bill(
    bill: Bill,
    *,
    amount: int,
    description: str,
    period: tuple[date, date],
    due_on: date,
    version: int | None = None,
) -> Bill:
    """Change a bill: never below what is paid and discounted; operator amounts follow in proportion (spec §4).

    ``amount`` is paisa before VAT and discount. ``version`` is the one the person saw. Raises Refused, also when
    somebody else has changed the bill since.
    """
    customer = lock_customer(_customer_of(bill))
    bill = _locked(bill)
    _refuse_void(bill)
    if version is not None and version != bill.version:
        raise Refused(_("This bill has changed since the page was opened. Look at it and change it again."))
    description = given(description, "description")
    _check_dates(period, due_on)
    vat = vat_on(amount - bill.discount, bill.vat_basis_points) if amount >= bill.discount else 0
    total = amount - bill.discount + vat
    if amount <= 0 or amount < bill.discount or total < bill.paid:
        least = shown_taka(bill.amount - bill.largest_discount)
        raise Refused(_("The amount cannot be below what is paid and discounted: %(least)s.", least=least), "amount")
    before, old_amount, old_total, old_vat, was_open = _editable(bill), bill.amount, bill.total, bill.vat, bill.open
    bill.amount, bill.vat, bill.total = amount, vat, total
    bill.description, bill.due_on = description, due_on
    bill.period_from, bill.period_to = period
    if amount != old_amount:
        set_operator_amounts(bill)
    db.session.flush()
    post(
        EntryKind.BILL_EDIT,
        bill.tenant_id,
        bill.owner_id,
        Side(Ledger.CUSTOMER, customer.id, total - old_total),
        Side(Ledger.INCOME, bill.owner_id, old_amount - amount),
        Side(Ledger.VAT, bill.owner_id, old_vat - vat),
        bill_id=bill.id,
    )
    charge_operators(bill)
    settle(customer, Change.BILL, closed=bool(was_open and not bill.open))
    after = _editable(bill)
    changes = {name: (old, after[name]) for name, old in before.items() if old != after[name]}
    if changes:
        _record(bill, "bill.edited", changes=changes)
    return bill


def _editable(bill: Bill) -> dict[str, object]:
    names = ("description", "period_from", "period_to", "due_on")
    return {"amount_paisa": bill.amount, **{name: getattr(bill, name) for name in names}}


def discount_bill(bill: Bill, amount: int, reason: str, *, percent: int = 0, request_id: str | None = None) -> Bill:
    """Give a discount of ``amount`` paisa, or ``percent`` of the bill before VAT, at most what is open (spec §4).

    VAT is computed anew (spec §11.3). The same request id gives it once. Raises Refused.
    """
    customer = lock_customer(_customer_of(bill))
    bill = _locked(bill)
    if made_by(Discount, request_id, bill.tenant_id, bill_id=bill.id):
        return bill
    _refuse_void(bill)
    if amount and percent:
        raise Refused(_("Give an amount or per cent, not both."), "percent")
    if percent:
        amount = _per_cent_of(bill, percent)
    reason = given(reason, otherwise=_("Say why the discount is given."))
    if amount <= 0:
        raise Refused(_("The discount must be above zero."), "discount")
    if amount > bill.largest_discount:
        most = shown_taka(bill.largest_discount)
        raise Refused(_("The discount is more than what is open: %(open)s.", open=most), "discount")
    old_total, old_vat, was_open = bill.total, bill.vat, bill.open
    bill.discount += amount
    bill.vat = vat_on(bill.amount - bill.discount, bill.vat_basis_points)
    bill.total = bill.amount - bill.discount + bill.vat
    actor = current_actor()
    add_once(
        Discount(
            tenant_id=bill.tenant_id,
            owner_id=bill.owner_id,
            bill_id=bill.id,
            amount=amount,
            reason=reason,
            request_id=request_id,
            given_by_id=actor.id if actor else None,
        )
    )
    post(
        EntryKind.DISCOUNT,
        bill.tenant_id,
        bill.owner_id,
        Side(Ledger.CUSTOMER, customer.id, bill.total - old_total),
        Side(Ledger.DISCOUNT, bill.owner_id, amount),
        Side(Ledger.VAT, bill.owner_id, old_vat - bill.vat),
        bill_id=bill.id,
        note=reason,
    )
    charge_operators(bill)
    settle(customer, Change.BILL, closed=bool(was_open and not bill.open))
    _record(bill, "bill.discounted", amount_paisa=amount, reason=reason)
    return bill


def _per_cent_of(bill: Bill, percent: int) -> int:
    if percent > 100:
        raise Refused(_("At most 100 per cent."), "percent")
    return share(bill.amount, percent, 100)


def void_bill(bill: Bill, reason: str) -> Bill:
    """Void a bill with a reason: what was paid on it becomes advance; the customer's status stays (spec §4).

    Raises Refused.
    """
    customer = lock_customer(_customer_of(bill))
    bill = _locked(bill)
    _refuse_void(bill)
    reason = given(reason, otherwise=_("Say why the bill is void."))
    actor, moment = current_actor(), now()
    release(Allocation.bill_id == bill.id, at=moment)
    bill.voided_at, bill.voided_by_id, bill.void_reason = moment, actor.id if actor else None, reason
    db.session.flush()
    charge_operators(bill)
    post(
        EntryKind.BILL_VOID,
        bill.tenant_id,
        bill.owner_id,
        Side(Ledger.CUSTOMER, customer.id, -bill.total),
        Side(Ledger.INCOME, bill.owner_id, bill.amount),
        Side(Ledger.DISCOUNT, bill.owner_id, -bill.discount),
        Side(Ledger.VAT, bill.owner_id, bill.vat),
        bill_id=bill.id,
        note=reason,
    )
    settle(customer, Change.BILL_VOID)
    _record(bill, "bill.voided", amount_paisa=bill.total, reason=reason)
    return bill


def _customer_of(bill: Bill) -> Customer:
    return db.session.get_one(Customer, bill.customer_id)


def _locked(bill: Bill) -> Bill:
    return get_or_404(Bill, bill.id, lock=True)


def _refuse_void(bill: Bill) -> None:
    if bill.status == BillStatus.VOID:
        raise Refused(_("Bill %(number)s is void already.", number=shown_number(bill.number)))


def _record(bill: Bill, event: str, **words: object) -> None:
    changes = words.pop("changes", None)
    record(
        "bills",
        event,
        tenant_id=bill.tenant_id,
        owner_id=bill.owner_id,
        subject=bill,
        customer_id=bill.customer_id,
        changes=changes,  # type: ignore[arg-type]
        number=bill.number,
        customer=bill.customer_name,
        customer_bn=bill.customer.name_bn,
        **words,
    )


@dataclass
class MonthlyRun:
    """What a monthly run did, or would do: bills made, over how many paisa before VAT, and customers skipped with why."""

    made: int = 0
    amount: int = 0
    skipped: Counter[str] = field(default_factory=Counter)


BATCH = 100
"""How many customers a transaction of the monthly run bills: cash for them waits that long."""


def bill_month(month: date, tenant: Tenant | None = None) -> MonthlyRun:
    """Raise the month's bill for each active Monthly customer with auto-bill that has none (spec §4, §11.4).

    Idempotent: a second run, or two at once, makes no second bill. Works in batches, each a transaction of its own;
    sees every tenant unless one is named.
    """
    with everywhere("the monthly run bills every tenant"):
        return _bill_batches(month, _batches(tenant), lambda _count: None)


def bill_month_of_scope(month: date, progress: Progress) -> MonthlyRun:
    """Raise the month's bills of the customers in the scope at work, as ``bill_month`` does; the run is in the log.

    ``progress`` hears the total, and after each batch how many customers were looked at. What it raises ends the run
    between two batches; the bills made until then stay.
    """
    actor = current_actor()
    if actor is None:
        raise RuntimeError("the scope's monthly run is started by a person")
    batches = _batches()
    progress.total(sum(len(ids) for _owner, ids in batches))
    with everywhere("packages and Operators' accounts lie above the scope; the customers were chosen in it"):
        run = _bill_batches(month, batches, progress.step)
    with transaction():
        record(
            "bills",
            "bill.month_run",
            tenant_id=actor.tenant_id,
            owner_id=actor.owner_id,
            month=f"{month:%Y-%m}",
            made=run.made,
            skipped=run.skipped.total(),
        )
    return run


def plan_month(month: date) -> MonthlyRun:
    """Return what a run of the month would do now with the customers in the scope at work. Writes nothing."""
    first, last = month_of(month)
    own = (Bill.tenant_id == Customer.tenant_id, Bill.customer_id == Customer.id)
    is_billed = select(Bill.id).where(*own, Bill.month == first).exists()
    has_days_left = (
        select(Bill.id)
        .where(
            *own,
            Bill.purpose == Purpose.NEW_CUSTOMER.value,
            Bill.voided_at.is_(None),
            Bill.period_from.between(first, last),
        )
        .exists()
    )
    billed = case((is_billed, "billed already"), (has_days_left, "days left billed"), else_="")
    groups = db.session.execute(
        _monthly(
            Customer.owner_id,
            Customer.package_id,
            Customer.status,
            BillingProfile.auto_bill,
            billed.label("billed"),
            func.count(Customer.id).label("customers"),
        ).group_by(Customer.owner_id, Customer.package_id, Customer.status, BillingProfile.auto_bill, billed)
    ).all()
    run = MonthlyRun()
    with everywhere("packages may belong to an account above"):
        packages = _by_id(Package, {group.package_id for group in groups})
    for group in groups:
        prices = prices_of(packages[group.package_id], group.owner_id)
        reason = _why_not(group.status, group.auto_bill, prices) or group.billed
        if reason:
            run.skipped[reason] += group.customers
        else:
            run.made += group.customers
            run.amount += group.customers * prices.package
    return run


def _monthly(*what: Any) -> Select[Any]:
    return (
        select(*what)
        .join(BillingProfile, BillingProfile.id == Customer.profile_id)
        .where(Customer.deleted_at.is_(None), BillingProfile.cycle == Cycle.MONTHLY.value)
    )


def _batches(tenant: Tenant | None = None) -> list[tuple[int, list[int]]]:
    """Return the customers to look at, by owner: a batch moves the accounts, counters and logs of one owner alone."""
    statement = _monthly(Customer.owner_id, Customer.id).order_by(Customer.tenant_id, Customer.owner_id, Customer.id)
    if tenant is not None:
        statement = statement.where(Customer.tenant_id == tenant.id)
    batches = []
    for owner_id, rows in groupby(db.session.execute(statement).all(), key=lambda row: row.owner_id):
        ids = [row.id for row in rows]
        batches += [(owner_id, ids[start : start + BATCH]) for start in range(0, len(ids), BATCH)]
    return batches


def _bill_batches(month: date, batches: list[tuple[int, list[int]]], step: Callable[[int], None]) -> MonthlyRun:
    run = MonthlyRun()
    for owner_id, customer_ids in batches:
        with transaction():
            _bill_customers(owner_id, customer_ids, month_of(month), run)
        step(len(customer_ids))
    return run


def _bill_customers(owner_id: int, customer_ids: list[int], month: tuple[date, date], run: MonthlyRun) -> None:
    # all rows of the batch are locked before the first number is drawn: see lock_customer
    wanted = select(Customer).where(Customer.id.in_(customer_ids), Customer.owner_id == owner_id).order_by(Customer.id)
    customers = db.session.execute(locked(wanted).execution_options(populate_existing=True)).scalars().all()
    profiles = _by_id(BillingProfile, {customer.profile_id for customer in customers})
    packages = _by_id(Package, {customer.package_id for customer in customers})
    prices = {package.id: prices_of(package, owner_id) for package in packages.values()}
    billed = _billed_for(month, [customer.id for customer in customers])
    for customer in customers:
        profile, package = profiles[customer.profile_id], packages[customer.package_id]
        reason = _changed_meanwhile(customer, profile)
        reason = reason or _why_not(customer.status, profile.auto_bill, prices[package.id])
        reason = reason or billed.get(customer.id, "")
        if reason:
            run.skipped[reason] += 1
            continue
        _raise(
            customer,
            Purpose.MONTHLY,
            prices[package.id].package,
            period=month,
            due_on=due_date(profile, month[0]),
            vat_basis_points=profile.vat_basis_points,
            package=package,
            prices=prices[package.id],
        )
        run.made += 1
        run.amount += prices[package.id].package


def _changed_meanwhile(customer: Customer, profile: BillingProfile) -> str:
    if customer.deleted_at is not None:
        return "deleted"
    return "" if profile.cycle == Cycle.MONTHLY else "not monthly"


def _why_not(status: str, auto_bill: bool, prices: Prices) -> str:
    if status != CustomerStatus.ACTIVE:
        return str(status)
    if not auto_bill:
        return "no auto-bill"
    return "" if prices.package else "free package"


def _by_id(model: type[Any], ids: set[int]) -> dict[int, Any]:
    return {row.id: row for row in db.session.execute(select(model).where(model.id.in_(ids))).scalars()}


def _billed_for(month: tuple[date, date], customer_ids: list[int]) -> dict[int, str]:
    """Return why customers need no bill for a month: theirs was raised, even if void now, or one by days left."""
    is_new = Bill.purpose == Purpose.NEW_CUSTOMER.value
    days_left = and_(is_new, Bill.voided_at.is_(None), Bill.period_from.between(*month))
    rows = db.session.execute(
        select(Bill.customer_id, Bill.month).where(
            Bill.customer_id.in_(customer_ids), or_(Bill.month == month[0], days_left)
        )
    ).all()
    return {customer_id: "billed already" if of else "days left billed" for customer_id, of in rows}
