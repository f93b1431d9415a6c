"""Raise bills, edit, discount and void them, and run the month."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from flask_babel import gettext as _
from sqlalchemy import select

from app.access.actor import current_actor, shown_taka
from app.access.scope import everywhere
from app.accounts.models import Tenant
from app.accounts.numbering import BILLS, next_number
from app.activity.recorder import record
from app.billing.models import Bill, BillStatus, Discount, Purpose, vat_on
from app.billing.settlement import charge_operators, lock_customer, release, settle
from app.books.models import EntryKind, Ledger
from app.books.services import Side, post
from app.core.clock import month_of, now, today
from app.core.database import db, locked, transaction
from app.core.errors import Refused
from app.core.money import share
from app.customers.models import Customer, CustomerStatus
from app.packages.models import BillingProfile, Cycle, Package
from app.packages.queries import due_date, price_chain
from app.payments.models import Allocation


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
) -> Bill:
    """Raise a bill over ``amount`` paisa before VAT; advance is applied at once (spec §4).

    The operator amounts come from the prices the package was given down at, in proportion where the amount is a part of the price.
    Raises Refused for an amount that is not above zero.
    """
    if amount <= 0:
        raise Refused(_("The amount must be above zero."), "amount")
    customer = lock_customer(customer)
    vat = vat_on(amount, vat_basis_points)
    levels = [share(price, amount, package.price) for _payer, price in price_chain(customer.owner_id, package)] if package and package.price else []
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
        operator_amount=levels[0] if levels else 0,
        operator_taken=0,
        upper_amount=levels[1] if len(levels) > 1 else 0,
        upper_taken=0,
        issued_by_id=actor.id if actor else None,
    )
    db.session.add(bill)
    db.session.flush()
    post(
        EntryKind.BILL,
        bill.tenant_id,
        bill.owner_id,
        Side(Ledger.CUSTOMER, customer.id, bill.total),
        Side(Ledger.INCOME, bill.owner_id, -amount),
        Side(Ledger.VAT, bill.owner_id, -vat),
        bill_id=bill.id,
    )
    settle(customer)
    _record(bill, "bill.raised", amount_paisa=bill.total)
    return bill


def generate_bill(customer: Customer, amount: int, *, description: str, period: tuple[date, date], due_on: date) -> Bill:
    """Raise a bill by hand (key ``generate-bill``), ``amount`` in paisa before VAT. Raises Refused."""
    if period[1] < period[0]:
        raise Refused(_("The period ends before it begins."), "period_to")
    if due_on < today():
        raise Refused(_("The due date lies in the past."), "due_on")
    with everywhere("the profile may belong to an account above"):
        profile = db.session.get_one(BillingProfile, customer.profile_id)
    return raise_bill(
        customer, Purpose.MANUAL, amount, period=period, due_on=due_on, description=description, vat_basis_points=profile.vat_basis_points
    )


def edit_bill(bill: Bill, *, amount: int, description: str, period: tuple[date, date], due_on: date) -> Bill:
    """Change a bill: never below what is paid and discounted; operator amounts follow in proportion (spec §4).

    ``amount`` is paisa before VAT and discount. Raises Refused.
    """
    customer = lock_customer(_customer_of(bill))
    bill = _locked(bill)
    _refuse_void(bill)
    if period[1] < period[0]:
        raise Refused(_("The period ends before it begins."), "period_to")
    vat = vat_on(amount - bill.discount, bill.vat_basis_points) if amount >= bill.discount else 0
    total = amount - bill.discount + vat
    if amount <= 0 or amount < bill.discount or total < bill.paid:
        least = shown_taka(bill.paid + bill.discount)
        raise Refused(_("The amount cannot be below what is paid and discounted: %(least)s.", least=least), "amount")
    before = {"amount_paisa": bill.amount, "description": bill.description, "period_from": bill.period_from, "period_to": bill.period_to, "due_on": bill.due_on}
    old_amount, old_total, old_vat = bill.amount, bill.total, bill.vat
    bill.operator_amount = share(bill.operator_amount, amount, old_amount)
    bill.upper_amount = share(bill.upper_amount, amount, old_amount)
    bill.amount, bill.vat, bill.total = amount, vat, total
    bill.description, bill.due_on = description, due_on
    bill.period_from, bill.period_to = period
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
    settle(customer)
    after = {"amount_paisa": bill.amount, "description": bill.description, "period_from": bill.period_from, "period_to": bill.period_to, "due_on": bill.due_on}
    changes = {name: (old, after[name]) for name, old in before.items() if old != after[name]}
    _record(bill, "bill.edited", changes=changes)
    return bill


def discount_bill(bill: Bill, amount: int, reason: str) -> Bill:
    """Give a discount of ``amount`` paisa on a bill, at most what is open; VAT is computed anew (spec §11.3). Raises Refused."""
    customer = lock_customer(_customer_of(bill))
    bill = _locked(bill)
    _refuse_void(bill)
    reason = reason.strip()
    if not reason:
        raise Refused(_("Say why the discount is given."), "reason")
    if amount <= 0:
        raise Refused(_("The discount must be above zero."), "discount")
    discount = bill.discount + amount
    vat = vat_on(bill.amount - discount, bill.vat_basis_points) if discount <= bill.amount else 0
    total = bill.amount - discount + vat
    if discount > bill.amount or total < bill.paid:
        raise Refused(_("The discount is more than what is open: %(open)s.", open=shown_taka(bill.open)), "discount")
    old_total, old_vat = bill.total, bill.vat
    bill.discount, bill.vat, bill.total = discount, vat, total
    actor = current_actor()
    db.session.add(
        Discount(
            tenant_id=bill.tenant_id,
            owner_id=bill.owner_id,
            bill_id=bill.id,
            amount=amount,
            reason=reason,
            given_by_id=actor.id if actor else None,
        )
    )
    db.session.flush()
    post(
        EntryKind.DISCOUNT,
        bill.tenant_id,
        bill.owner_id,
        Side(Ledger.CUSTOMER, customer.id, total - old_total),
        Side(Ledger.DISCOUNT, bill.owner_id, amount),
        Side(Ledger.VAT, bill.owner_id, old_vat - vat),
        bill_id=bill.id,
        note=reason,
    )
    charge_operators(bill)
    settle(customer)
    _record(bill, "bill.discounted", amount_paisa=amount, reason=reason)
    return bill


def void_bill(bill: Bill, reason: str) -> Bill:
    """Void a bill with a reason: what was paid on it becomes advance; the customer's status stays (spec §4). Raises Refused."""
    customer = lock_customer(_customer_of(bill))
    bill = _locked(bill)
    _refuse_void(bill)
    reason = reason.strip()
    if not reason:
        raise Refused(_("Say why the bill is void."), "reason")
    release(Allocation.bill_id == bill.id)
    actor = current_actor()
    bill.voided_at, bill.voided_by_id, bill.void_reason = now(), actor.id if actor else None, reason
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
    settle(customer, reactivate=False)
    _record(bill, "bill.voided", amount_paisa=bill.total, reason=reason)
    return bill


def _customer_of(bill: Bill) -> Customer:
    return db.session.get_one(Customer, bill.customer_id)


def _locked(bill: Bill) -> Bill:
    return db.session.execute(
        locked(select(Bill).where(Bill.id == bill.id)).execution_options(populate_existing=True)
    ).scalar_one()


def _refuse_void(bill: Bill) -> None:
    if bill.status == BillStatus.VOID:
        raise Refused(_("Bill %(number)s is void already.", number=bill.number))


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
        **words,
    )


@dataclass
class MonthlyRun:
    """What a monthly run did: bills made, and customers skipped with why."""

    made: int = 0
    skipped: Counter[str] = field(default_factory=Counter)


BATCH = 200


def bill_month(month: date, tenant: Tenant | None = None) -> MonthlyRun:
    """Raise the month's bill for each active customer on a Monthly profile with auto-bill that has none (spec §4, §11.4).

    Idempotent: a second run, or two at once, makes no second bill. Works in batches, each a transaction of its own; sees every tenant
    unless one is named.
    """
    first, last = month_of(month)
    run = MonthlyRun()
    with everywhere("the monthly run bills every tenant"):
        for customer_ids in _batches(tenant):
            with transaction():
                for customer_id in customer_ids:
                    _bill_customer(customer_id, first, last, run)
    return run


def _batches(tenant: Tenant | None) -> list[list[int]]:
    statement = (
        select(Customer.id)
        .join(BillingProfile, BillingProfile.id == Customer.profile_id)
        .where(Customer.deleted_at.is_(None), BillingProfile.cycle == Cycle.MONTHLY.value)
        .order_by(Customer.id)
    )
    if tenant is not None:
        statement = statement.where(Customer.tenant_id == tenant.id)
    ids = list(db.session.execute(statement).scalars())
    return [ids[start : start + BATCH] for start in range(0, len(ids), BATCH)]


def _bill_customer(customer_id: int, first: date, last: date, run: MonthlyRun) -> None:
    customer = db.session.execute(
        locked(select(Customer).where(Customer.id == customer_id)).execution_options(populate_existing=True)
    ).scalar_one()
    profile, package = db.session.get_one(BillingProfile, customer.profile_id), db.session.get_one(Package, customer.package_id)
    reason = _why_not(customer, profile, package, first)
    if reason:
        run.skipped[reason] += 1
        return
    raise_bill(
        customer,
        Purpose.MONTHLY,
        package.price,
        period=(first, last),
        due_on=due_date(profile, first),
        vat_basis_points=profile.vat_basis_points,
        package=package,
    )
    run.made += 1


def _why_not(customer: Customer, profile: BillingProfile, package: Package, first: date) -> str:
    if customer.status != CustomerStatus.ACTIVE:
        return customer.status
    if not profile.auto_bill:
        return "no auto-bill"
    if package.price == 0:
        return "free package"
    billed = db.session.execute(
        select(Bill.id).where(
            Bill.customer_id == customer.id,
            Bill.tenant_id == customer.tenant_id,
            Bill.period_from == first,
            Bill.purpose == Purpose.MONTHLY.value,
        )
    ).first()
    return "billed already" if billed else ""
