"""Fill an empty database with the demo cast and their customers (the contract: spec, demo.md).

Small and medium go through the services from the first row to the last; large is loaded by app/demo_bulk.py, and app/demo_ten.py
makes a million of it.
"""

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from app.access.actor import Actor, acting_as, find_actor
from app.access.permissions import KEYS, MANAGER_KEYS, TEMPLATES
from app.access.scope import everywhere, own
from app.accounts.models import Account, Kind, Tenant
from app.accounts.passwords import hash_password
from app.accounts.services import create_account, create_group_admin, create_super_admin, set_keys
from app.activity.models import Activity
from app.activity.recorder import record
from app.activity.sentences import SENTENCES
from app.billing.models import Bill
from app.billing.services import bill_month, discount_bill, void_bill
from app.books.counting import fold_figures
from app.books.operators import add_operator_balance
from app.core.clock import next_month, now, pretending, today
from app.core.database import db, measure_tables, transaction
from app.core.errors import Refused
from app.customers.counting import count_customers
from app.customers.models import Customer, CustomerStatus
from app.customers.services import change_status, create_customer, suspend_for_non_payment
from app.demo_bulk import load_customers, load_history
from app.demo_cash import close_a_day
from app.demo_cast import PASSWORD, Person, people
from app.demo_links import make_links
from app.demo_names import ZONES
from app.demo_plan import (
    BOUGHT_AT,
    CATEGORIES,
    COLLECTORS,
    CREDIT_LIMIT,
    FLOAT,
    GA,
    GHAT,
    LACKS,
    LOW,
    NORTH,
    PACKAGES,
    PADMA,
    PROFILES,
    RECHARGE_DAYS,
    SEED,
    SETTLED_AT,
    SETTLED_DOWN_TO,
    SHARES,
    SIZES,
    SOUTH,
    TARGETS,
    at,
    customers_of,
    line_of,
    made_up,
    months_back,
    paid_by,
    past,
    visit,
)
from app.demo_radius import connect
from app.demo_status import tell
from app.demo_ten import bare_tables, fill_up, last_entry
from app.expenses.models import ExpenseCategory, PaidFrom
from app.expenses.services import add_expense
from app.packages.models import BillingProfile, Cycle, Package, PackageOffer, Zone
from app.payments.models import Payment
from app.payments.recharging import recharge
from app.payments.services import receive_cash, void_payment

__all__ = [
    "BOUGHT_AT",
    "SIZES",
    "State",
    "fill",
    "is_filled",
    "make_cast",
    "make_packages",
    "make_zones",
    "offer_packages",
    "state",
]

MONTHS_OF_HISTORY = {"small": 4, "medium": 2, "large": 11, "1m": 11}
"""How many months lie before the present one."""

BULK = ("large", "1m")
"""Sizes that are loaded without the services."""

PAYS, PAYS_THIS_MONTH = 0.86, 0.45
"""Which part of those who owe something pays in a past month, and so far in the present one."""

PAID_SO_FAR = (0.99, 0.05)
"""In the present month one customer of each owner has paid in advance and one a part."""

TENANTS = {
    GA: ("meghna", "Meghna Net", "মেঘনা নেট", "মাসের ১০ তারিখের মধ্যে বিল পরিশোধ করুন।"),
    PADMA: ("padma", "Padma Link", "পদ্মা লিংক", ""),
}
LOADED = "demo.loaded"
SENTENCES[LOADED] = _l("Demo data loaded: %(customers)s customers")


class State(StrEnum):
    """What the demo finds in a database."""

    EMPTY = "empty"
    UNFINISHED = "unfinished"
    IN_USE = "in use"


UNFINISHED = "this database holds an unfinished demo, its filling was interrupted: delete the database and start again"


def state() -> State:
    """Tell whether the database is empty, holds a demo whose filling was interrupted, or is in use."""
    with everywhere("the demo refuses a database that is in use"):
        first = db.session.execute(select(Account.email).order_by(Account.id).limit(1)).scalar_one_or_none()
        if first is None:
            return State.EMPTY
        if first != people()[0].email:
            return State.IN_USE
        loaded = db.session.execute(select(Activity.id).where(Activity.event == LOADED).limit(1)).first()
    return State.IN_USE if loaded else State.UNFINISHED


def is_filled() -> bool:
    """Tell whether the database has accounts. Raises Refused for a demo whose filling was interrupted."""
    found = state()
    if found == State.UNFINISHED:
        raise Refused(UNFINISHED)
    return found == State.IN_USE


def fill(size: str) -> None:
    """Fill an empty database. Raises Refused when it has accounts already."""
    if is_filled():
        raise Refused("this database has accounts already")
    chance = random.Random(SEED)
    first_month = months_back(today(), MONTHS_OF_HISTORY[size])
    with pretending(at(first_month, 0, 5)):
        actors = make_cast()
        for email in TENANTS:
            make_packages(actors[email])
        for reseller, per_cent in BOUGHT_AT.items():
            offer_packages(actors[GA], actors[reseller], per_cent)
        zones = {email: make_zones(actors[email]) for email, _share in SHARES}
        if size in BULK:
            customers = load_customers(actors, zones, chance)
        else:
            for email, _share in SHARES:
                _make_customers(actors[email], customers_of(email, size), zones[email], chance)
    if size in BULK:
        before = last_entry()
        with bare_tables():
            load_history(actors, customers, first_month, chance)
            fill_up(SIZES[size] // SIZES["large"], before)
        measure_tables()
    else:
        _live(actors, first_month, chance)
    # before the balances are brought to what the contract says: money of a gateway credits an Operator
    make_links(actors)
    _leave_traces(actors, chance, times=max(1, min(10, SIZES[size] // 200)))
    connect(actors, [email for email, _share in SHARES])
    tell([actors[email] for email in TENANTS])
    _finish(actors)
    count_customers()
    fold_figures()


def make_cast() -> dict[str, Actor]:
    """Create the people with their keys and accounts; return them by email."""
    hashed = hash_password(PASSWORD)
    with everywhere("the cast spans two tenants"), transaction():
        for person in people():
            _make_person(person, hashed)
    actors: dict[str, Actor] = {}
    for person in people():
        with everywhere("the cast spans two tenants"):
            account_id = db.session.execute(select(Account.id).where(Account.email == person.email)).scalar_one()
        actor = find_actor(account_id)
        assert actor is not None
        actors[person.email] = actor
    _refill(NORTH, FLOAT)
    _refill(GHAT, TARGETS[GHAT])
    return actors


def _make_person(person: Person, hashed: str) -> None:
    if person.kind == Kind.SUPER_ADMIN:
        create_super_admin(person.email, person.name, hashed)
        return
    if person.kind == Kind.GROUP_ADMIN:
        slug, name, name_bn, footer = TENANTS[person.email]
        account = create_group_admin(
            slug=slug,
            tenant_name=name,
            tenant_name_bn=name_bn,
            name=person.name,
            email=person.email,
            password_hash=hashed,
            must_change=False,
        )
        account.mobile = f"+88{person.mobile}"
        tenant = db.session.get_one(Tenant, account.tenant_id)
        tenant.address, tenant.phone, tenant.invoice_footer = "12 Station Road, Brahmanbaria", "09612-345678", footer
        return
    parent = db.session.execute(select(Account).where(Account.email == person.parent)).scalar_one()
    is_reseller = person.kind in (Kind.OPERATOR, Kind.SUB_OPERATOR)
    is_postpaid = person.email == SOUTH
    account = create_account(
        person.kind,
        parent,
        name=person.name,
        email=person.email,
        mobile=person.mobile,
        password_hash=hashed,
        must_change=False,
        balance_kind=("credit" if is_postpaid else "debit") if is_reseller else None,
        credit_limit=CREDIT_LIMIT if is_postpaid else 0,
    )
    keys = _keys(person)
    if keys:
        set_keys(account, keys)


def _keys(person: Person) -> set[str]:
    if isinstance(person.keys, tuple):
        return set(person.keys)
    if person.keys == "all":
        return set(MANAGER_KEYS)
    if person.keys == "accounts":
        sections = ("bills", "payments", "expenses", "sensitive")
        return {row.name for row in KEYS.values() if row.section in sections} | {"view-customer-details", "dashboard"}
    return set(TEMPLATES[person.keys][1]) if person.keys else set()


def _refill(email: str, target: int, below: int | None = None) -> None:
    """Bring an account up to ``target`` paisa when it holds less than ``below``, or less than the target."""
    with everywhere("the demo tops accounts up"):
        balance = db.session.execute(select(Account.balance).where(Account.email == email)).scalar_one()
        if balance >= (target if below is None else below):
            return
        with transaction():
            account = db.session.execute(select(Account).where(Account.email == email)).scalar_one()
            add_operator_balance(account, target - account.balance)


def make_packages(group_admin: Actor) -> None:
    """Create a tenant's packages and billing profiles."""
    with acting_as(group_admin), transaction() as session:
        for name, connection_type, price, kbps, hours in PACKAGES:
            session.add(
                Package(
                    name=name,
                    connection_type=connection_type,
                    price=price,
                    operator_price=price * 60 // 100,
                    download_kbps=kbps,
                    upload_kbps=kbps,
                    validity_hours=hours,
                )
            )
        for name, cycle, due_day, vat in PROFILES:
            session.add(BillingProfile(name=name, cycle=cycle, due_day=due_day, vat_basis_points=vat))


def offer_packages(group_admin: Actor, reseller: Actor, per_cent: int) -> None:
    """Give the tenant's packages down to a reseller at ``per_cent`` of their price."""
    with acting_as(group_admin), transaction() as session:
        for package in session.execute(select(Package).order_by(Package.id)).scalars().all():
            session.add(
                PackageOffer(
                    tenant_id=reseller.tenant_id,
                    owner_id=reseller.id,
                    package_id=package.id,
                    account_id=reseller.id,
                    price=package.price * per_cent // 100,
                )
            )


def make_zones(owner: Actor) -> list[int]:
    """Create an owner's zones and expense categories; return the ids of the zones."""
    with acting_as(owner), transaction() as session:
        zones = [Zone(name=name) for name in ZONES]
        session.add_all(zones)
        session.add_all(ExpenseCategory(name=name) for name in CATEGORIES)
        session.flush()
        return [zone.id for zone in zones]


def _make_customers(owner: Actor, count: int, zones: list[int], chance: random.Random) -> None:
    with acting_as(owner), transaction() as session:
        packages = {row.name: (row.id, row.connection_type) for row in session.execute(select(Package)).scalars()}
        profiles = {row.name: row.id for row in session.execute(select(BillingProfile)).scalars()}
        for number in range(count):
            line = line_of(owner.email, number)
            create_customer(made_up(owner.email, number, packages[line.package], profiles[line.profile], zones, chance))


def _live(actors: dict[str, Actor], first_month: date, chance: random.Random) -> None:
    """Bill and collect month by month up to today."""
    month = first_month
    while month <= today():
        with pretending(past(at(month, 0, 10))):
            bill_month(month)
        _collect_month(actors, month, chance)
        month = next_month(month)
        # not in the first hours of a month: what is collected then still counts for the evening before
        if at(month, 12) <= now():
            _close_month(actors, month, chance)


def _close_month(actors: dict[str, Actor], following: date, chance: random.Random) -> None:
    """Close the collectors' days at a month's end and confirm them; north's collector lacks something the last time."""
    evening = at(following - timedelta(days=1), 21)
    for owner, collector in COLLECTORS.items():
        if actors[collector].kind == Kind.MANAGER:
            lacks = LACKS if owner == NORTH and next_month(following) > today() else 0
            close_a_day(actors[collector], actors[owner], evening, _uuid(chance), lacks)


@dataclass(frozen=True, order=True)
class _Visit:
    """A collector at a customer's door: ``roll`` decides how much of what is due is paid."""

    moment: datetime
    customer_id: int
    owner: str
    roll: float
    request_id: UUID
    is_recharge: bool = False


def _collect_month(actors: dict[str, Actor], month: date, chance: random.Random) -> None:
    """Take the cash of a month, visit by visit in the order of time. Nobody of ghat's has paid in the present month."""
    is_present = month == today().replace(day=1)
    visits: list[_Visit] = []
    for owner in COLLECTORS:
        if is_present and owner == GHAT:
            continue
        with acting_as(actors[owner]):
            owing = select(Customer.id).where(own(Customer), Customer.due > 0).order_by(Customer.id)
            ids = [row for row in _rows(owing) if chance.random() < (PAYS_THIS_MONTH if is_present else PAYS)]
            if owner == GHAT:
                with pretending(past(at(month, 8))):
                    _refill(GHAT, TARGETS[GHAT] + _cost(ids))
            prepaid = _rows(_prepaid().where(own(Customer))) if next_month(month) >= today().replace(day=1) else []
        rolls = [chance.random() for _row in ids]
        if is_present:
            rolls[: len(PAID_SO_FAR)] = PAID_SO_FAR[: len(ids)]
        visits += [
            _Visit(visit(month, today(), chance), row, owner, roll, _uuid(chance))
            for row, roll in zip(ids, rolls, strict=True)
        ]
        for row in prepaid:
            # recently enough to be served today
            moment = (
                at(max(today() - timedelta(days=chance.randrange(5)), month), 10)
                if is_present
                else visit(month, today(), chance)
            )
            visits.append(_Visit(moment, row, owner, 0, _uuid(chance), is_recharge=True))
    for planned in sorted(visits):
        with pretending(past(planned.moment)):
            _collect(planned, actors[COLLECTORS[planned.owner]])


def _uuid(chance: random.Random) -> UUID:
    return UUID(int=chance.getrandbits(128))


def _prepaid() -> Any:
    return (
        select(Customer.id)
        .join(BillingProfile, BillingProfile.id == Customer.profile_id)
        .where(BillingProfile.cycle.in_((Cycle.DAILY.value, Cycle.PREPAID.value)))
        .order_by(Customer.id)
    )


def _cost(customer_ids: list[int]) -> int:
    """Return what the owner pays in paisa when these customers settle all that they owe."""
    cost = select(func.sum(Bill.operator_amount - Bill.operator_taken)).where(
        Bill.customer_id.in_(customer_ids), Bill.voided_at.is_(None), Bill.paid < Bill.total
    )
    return int(db.session.execute(cost).scalar_one() or 0)


def _collect(planned: _Visit, collector: Actor) -> None:
    with acting_as(collector), transaction() as session:
        customer, request_id = session.get_one(Customer, planned.customer_id), str(planned.request_id)
        if planned.is_recharge:
            package = session.get_one(Package, customer.package_id)
            recharge(
                customer,
                package,
                days=RECHARGE_DAYS if package.validity_hours == 24 else 0,
                request_id=request_id,
                confirmed=True,
            )
        else:
            receive_cash(
                customer, paid_by(planned.owner, customer.due, planned.roll), request_id=request_id, confirmed=True
            )
    if planned.owner in (NORTH, GHAT):
        _refill(NORTH, FLOAT, below=LOW)
    elif planned.owner == SOUTH:
        _refill(SOUTH, SETTLED_DOWN_TO, below=SETTLED_AT)


def _leave_traces(actors: dict[str, Actor], chance: random.Random, times: int) -> None:
    """Leave what a real month has: voids, discounts, expenses, suspended and disabled customers."""
    office, accounts, north = (actors[f"{name}@meghna.example.com"] for name in ("office", "accounts", "north"))
    for actor in (office, accounts):
        with acting_as(actor), transaction() as session:
            for payment in _rows(
                select(Payment).where(Payment.voided_at.is_(None)).order_by(Payment.id.desc()).limit(times)
            ):
                void_payment(payment, "Wrong customer")
            unpaid = _rows(
                select(Bill).where(Bill.voided_at.is_(None), Bill.paid == 0).order_by(Bill.id).limit(2 * times)
            )
            for discounted, voided in zip(unpaid[0::2], unpaid[1::2], strict=False):
                discount_bill(discounted, min(50_00, discounted.amount // 2), "Line was down for 3 days")
                void_bill(voided, "Raised twice")
    for actor in (office, accounts, actors[PADMA]):
        with acting_as(actor), transaction():
            for number, category_id in enumerate(
                _rows(select(ExpenseCategory.id).where(own(ExpenseCategory)).order_by(ExpenseCategory.id))
            ):
                add_expense(
                    category_id=category_id,
                    # from collected cash only today: an earlier day may be closed
                    spent_on=today() - timedelta(days=0 if number == 3 else number * 2),
                    amount=chance.randrange(50, 900) * 100,
                    note=("Office", "Router for the shop", "CNG fare", "Splicing", "")[number],
                    paid_from=PaidFrom.OWN_CASH if number == 3 and actor.kind == Kind.MANAGER else PaidFrom.BUSINESS,
                )
    for owner in (actors[GA], north):
        with acting_as(owner), transaction() as session:
            owing = select(Customer.id).where(
                own(Customer), Customer.due > 0, Customer.status == CustomerStatus.ACTIVE.value
            )
            ids = _rows(owing.order_by(Customer.due.desc(), Customer.id).limit(3 * times))
            for customer_id in ids[times:]:
                suspend_for_non_payment(session.get_one(Customer, customer_id))
            for customer_id in ids[:times]:
                change_status(session.get_one(Customer, customer_id), CustomerStatus.DISABLED, "Moved away")
    _refill(NORTH, TARGETS[NORTH])


def _rows(statement: Any) -> list[Any]:
    return list(db.session.execute(statement).scalars())


def _finish(actors: dict[str, Actor]) -> None:
    """Write what says that the filling came to its end: one entry in each tenant's activity log."""
    with everywhere("the demo spans two tenants"), transaction():
        for email in TENANTS:
            head = actors[email]
            count = db.session.execute(
                select(func.count(Customer.id)).where(Customer.tenant_id == head.tenant_id)
            ).scalar_one()
            record("accounts", LOADED, tenant_id=head.tenant_id, owner_id=head.id, customers=count)
