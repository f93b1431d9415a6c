"""Fill an empty database with the demo cast and their customers (the contract: spec, demo.md). Everything goes through the services."""

import random
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import select

from app.access.actor import Actor, acting_as, find_actor
from app.access.permissions import MANAGER_KEYS, TEMPLATES, KEYS
from app.access.scope import everywhere, own
from app.accounts.models import Account, Kind, Tenant
from app.accounts.services import create_account, create_group_admin, create_super_admin, hash_password, set_keys
from app.billing.models import Bill
from app.billing.services import bill_month, discount_bill, void_bill
from app.billing.settlement import open_bills
from app.books.operators import add_operator_balance
from app.core.clock import DHAKA, next_month, pretending, today
from app.core.database import db, transaction
from app.customers.models import Customer, CustomerStatus
from app.customers.services import Details, change_status, create_customer, suspend_for_non_payment
from app.demo_cast import PASSWORD, Person, people
from app.demo_names import HOUSES, NAMES, ROADS, SHOPS, ZONES
from app.expenses.models import ExpenseCategory, PaidFrom
from app.expenses.services import add_expense
from app.packages.models import BillingProfile, ConnectionType, Cycle, Package, PackageOffer, Zone
from app.payments.models import Payment
from app.payments.services import receive_cash, void_payment

SIZES = {"small": 60, "medium": 2_000, "large": 100_000}
MONTHS_OF_HISTORY = 5
BOUGHT_AT = {"north@meghna.example.com": 60, "south@meghna.example.com": 65, "ghat@meghna.example.com": 75}
"""What an Operator pays for a package, per cent of its price; a Sub-Operator pays its Operator more than that one pays."""

TARGETS = {"north@meghna.example.com": 50_000_00, "ghat@meghna.example.com": 300_00}
"""What debit accounts hold in the end, in paisa."""

FLOAT = 40_000_00
"""What north's account is kept at meanwhile, in paisa: a void gives back, and the end must not lie above the target."""

SETTLED_DOWN_TO = -4_000_00
"""Up to what the postpaid Operator settles now and then, in paisa."""

PACKAGES = (
    ("Home 10M", ConnectionType.PPPOE, 800_00, 10_000, None),
    ("Home 20M", ConnectionType.PPPOE, 1_000_00, 20_000, None),
    ("Business 50M", ConnectionType.STATIC_IP, 3_500_00, 50_000, None),
    ("Hotspot Weekly", ConnectionType.HOTSPOT, 150_00, 5_000, 168),
    ("Daily 5M", ConnectionType.PPPOE, 30_00, 5_000, 24),
    ("Office line", ConnectionType.OTHER, 1_500_00, 20_000, None),
)
PROFILES = (
    ("Monthly 5", Cycle.MONTHLY, 5, 0),
    ("Monthly 10", Cycle.MONTHLY, 10, 500),
    ("Daily", Cycle.DAILY, 1, 0),
    ("Prepaid", Cycle.PREPAID, 1, 0),
    ("Free", Cycle.FREE, 1, 0),
)
CATEGORIES = ("Cable and fibre", "Rent", "Electricity", "Transport", "Tea and snacks")
SHARES = (
    ("ga@meghna.example.com", 14),
    ("north@meghna.example.com", 22),
    ("south@meghna.example.com", 8),
    ("ghat@meghna.example.com", 8),
    ("ga@padma.example.com", 8),
)
"""How sixty customers are spread over their owners; larger sizes keep the proportion."""

COLLECTORS = {
    "ga@meghna.example.com": "office@meghna.example.com",
    "north@meghna.example.com": "collector@meghna.example.com",
    "south@meghna.example.com": "south@meghna.example.com",
    "ghat@meghna.example.com": "ghatman@meghna.example.com",
    "ga@padma.example.com": "collector@padma.example.com",
}


def is_filled() -> bool:
    """Tell whether the database has accounts."""
    with everywhere("the demo refuses a database that is in use"):
        return db.session.execute(select(Account.id).limit(1)).first() is not None


def fill(size: str) -> None:
    """Fill an empty database. Raises RuntimeError when it has accounts already."""
    if is_filled():
        raise RuntimeError("this database has accounts already")
    chance = random.Random(20261123)
    first_month = _months_back(today(), MONTHS_OF_HISTORY)
    with pretending(_at(first_month, 9)):
        actors = make_cast()
        for email in ("ga@meghna.example.com", "ga@padma.example.com"):
            make_packages(actors[email])
        for reseller in BOUGHT_AT:
            offer_packages(actors["ga@meghna.example.com"], actors[reseller], BOUGHT_AT[reseller])
        zones = {email: make_zones(actors[email]) for email, _share in SHARES}
        for email, share in SHARES:
            _make_customers(actors[email], share * SIZES[size] // 60, zones[email], chance)
    _live(actors, first_month, chance)


def _at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), DHAKA)


def _months_back(day: date, count: int) -> date:
    first = day.replace(day=1)
    for _month in range(count):
        first = (first - timedelta(days=1)).replace(day=1)
    return first


def make_cast() -> dict[str, Actor]:
    """Create the people with their keys and accounts; return them by email."""
    hashed = hash_password(PASSWORD)
    for person in people():
        with everywhere("the cast spans two tenants"), transaction():
            _make_person(person, hashed)
    actors: dict[str, Actor] = {}
    for person in people():
        with everywhere("the cast spans two tenants"):
            account_id = db.session.execute(select(Account.id).where(Account.email == person.email)).scalar_one()
        actor = find_actor(account_id)
        assert actor is not None
        actors[person.email] = actor
    _refill("north@meghna.example.com", FLOAT)
    _refill("ghat@meghna.example.com", TARGETS["ghat@meghna.example.com"])
    return actors


def _make_person(person: Person, hashed: str) -> None:
    if person.kind == Kind.SUPER_ADMIN:
        create_super_admin(person.email, person.name, hashed)
        return
    if person.kind == Kind.GROUP_ADMIN:
        slug, name, name_bn = {"meghna": ("meghna", "Meghna Net", "মেঘনা নেট"), "padma": ("padma", "Padma Link", "পদ্মা লিংক")}[
            person.email.split("@")[1].split(".")[0]
        ]
        account = create_group_admin(
            slug=slug, tenant_name=name, tenant_name_bn=name_bn, name=person.name, email=person.email, password_hash=hashed, must_change=False
        )
        tenant = db.session.get_one(Tenant, account.tenant_id)
        tenant.address, tenant.phone = "12 Station Road, Brahmanbaria", "09612-345678"
        tenant.invoice_footer = "মাসের ১০ তারিখের মধ্যে বিল পরিশোধ করুন।" if slug == "meghna" else ""
        return
    parent = db.session.execute(select(Account).where(Account.email == person.parent)).scalar_one()
    balance = {"south@meghna.example.com": ("credit", 20_000_00)}.get(person.email, ("debit", 0))
    is_reseller = person.kind in (Kind.OPERATOR, Kind.SUB_OPERATOR)
    account = create_account(
        person.kind,
        parent,
        name=person.name,
        email=person.email,
        mobile=person.mobile,
        password_hash=hashed,
        must_change=False,
        balance_kind=balance[0] if is_reseller else None,
        credit_limit=balance[1] if is_reseller else 0,
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


def _refill(email: str, target: int) -> None:
    """Bring a debit account up to ``target`` paisa."""
    with everywhere("the demo tops accounts up"), transaction():
        account = db.session.execute(select(Account).where(Account.email == email)).scalar_one()
        if account.balance < target:
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
        for package in session.execute(select(Package)).scalars().all():
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


@dataclass(frozen=True)
class _Line:
    """A way to be connected and billed."""

    package: str
    profile: str


LINES = (
    _Line("Home 10M", "Monthly 10"),
    _Line("Home 20M", "Monthly 10"),
    _Line("Home 10M", "Monthly 5"),
    _Line("Home 20M", "Monthly 5"),
    _Line("Business 50M", "Monthly 5"),
    _Line("Home 10M", "Monthly 10"),
    _Line("Office line", "Monthly 10"),
    _Line("Daily 5M", "Daily"),
    _Line("Hotspot Weekly", "Prepaid"),
    _Line("Home 20M", "Monthly 10"),
    _Line("Home 10M", "Free"),
)


def _make_customers(owner: Actor, count: int, zones: list[int], chance: random.Random) -> None:
    with acting_as(owner), transaction() as session:
        packages = {row.name: row for row in session.execute(select(Package)).scalars()}
        profiles = {row.name: row for row in session.execute(select(BillingProfile)).scalars()}
        for number in range(count):
            # every customer of a Sub-Operator pays monthly: each has an open bill its small account cannot bear
            line = LINES[number % 6] if owner.kind == Kind.SUB_OPERATOR else LINES[number % len(LINES)]
            name, name_bn = chance.choice(SHOPS if number % 9 == 4 else NAMES)
            package = packages[line.package]
            create_customer(
                Details(
                    name=name if number % 4 else name_bn,
                    name_bn=name_bn,
                    username=f"{owner.email.split('@')[0]}{'p' if 'padma' in owner.email else ''}{number + 1:05d}",
                    connection_password=f"{chance.randrange(10**8):08d}",
                    mobile=f"01{chance.choice('3456789')}{chance.randrange(10**8):08d}",
                    email=f"user{number}@mail.example.com" if number % 3 == 0 else "",
                    package_id=package.id,
                    profile_id=profiles[line.profile].id,
                    connection_type=package.connection_type,
                    zone_id=zones[number % len(zones)],
                    house=chance.choice(HOUSES),
                    road=chance.choice(ROADS),
                    thana="ব্রাহ্মণবাড়িয়া সদর" if number % 2 else "Sadar",
                    district="Brahmanbaria",
                    ip_address=f"10.20.{number // 250 % 250}.{number % 250 + 2}" if package.connection_type == ConnectionType.STATIC_IP else "",
                    document_language="en" if number % 5 == 0 else "bn",
                    document_digits="latn" if number % 5 == 0 else "beng",
                ),
                bill_the_rest_of_the_month=False,
            )


def _live(actors: dict[str, Actor], first_month: date, chance: random.Random) -> None:
    """Bill and collect month by month up to today."""
    month = first_month
    while month <= today():
        with pretending(_at(month, 0, 10)):
            bill_month(month)
        _collect_month(actors, month, chance)
        month = next_month(month)
    _leave_traces(actors, chance)


def _collect_month(actors: dict[str, Actor], month: date, chance: random.Random) -> None:
    present = month == today().replace(day=1)
    for owner, collector in COLLECTORS.items():
        actor = actors[collector]
        with acting_as(actors[owner]):
            ids = list(db.session.execute(select(Customer.id).where(own(Customer), Customer.due > 0).order_by(Customer.id)).scalars())
        for customer_id in ids:
            if present and owner == "ghat@meghna.example.com":
                continue
            if chance.random() > (0.45 if present else 0.86):
                continue
            day = min(month + timedelta(days=chance.randrange(2, 24)), today())
            moment = _at(day, chance.randrange(9, 20), chance.randrange(60))
            if moment >= datetime.now(DHAKA):
                moment = datetime.now(DHAKA) - timedelta(minutes=1)
            with pretending(moment):
                _collect(actors, owner, actor, customer_id, chance)


def _collect(actors: dict[str, Actor], owner: str, collector: Actor, customer_id: int, chance: random.Random) -> None:
    if owner == "ghat@meghna.example.com":
        with acting_as(actors[owner]):
            needed = sum(bill.operator_amount - bill.operator_taken for bill in open_bills(db.session.get_one(Customer, customer_id)))
        _refill(owner, needed + TARGETS[owner])
    with acting_as(collector), transaction():
        customer = db.session.get_one(Customer, customer_id)
        amount = customer.due
        roll = chance.random()
        if owner != "ghat@meghna.example.com" and roll < 0.12:
            amount = max(amount // 200 * 100, 100)
        elif owner != "ghat@meghna.example.com" and roll > 0.93:
            amount += 200_00
        receive_cash(customer, amount, request_id=str(UUID(int=chance.getrandbits(128))), confirmed=True)
    if owner in ("north@meghna.example.com", "ghat@meghna.example.com"):
        _refill("north@meghna.example.com", FLOAT)
    elif owner == "south@meghna.example.com":
        _refill(owner, SETTLED_DOWN_TO)


def _leave_traces(actors: dict[str, Actor], chance: random.Random) -> None:
    """Leave what a real month has: voids, a discount, expenses, suspended and disabled customers."""
    office, accounts, north = (actors[f"{name}@meghna.example.com"] for name in ("office", "accounts", "north"))
    for actor in (office, accounts):
        with acting_as(actor), transaction() as session:
            payment = session.execute(select(Payment).where(Payment.voided_at.is_(None)).order_by(Payment.id.desc()).limit(1)).scalar_one()
            void_payment(payment, "Wrong customer")
            unpaid = select(Bill).where(Bill.voided_at.is_(None), Bill.paid == 0).order_by(Bill.id)
            bills = session.execute(unpaid.limit(2)).scalars().all()
            if len(bills) == 2:
                discount_bill(bills[0], 50_00, "Line was down for 3 days")
                void_bill(bills[1], "Raised twice")
    for actor in (office, accounts, actors["ga@padma.example.com"]):
        with acting_as(actor), transaction() as session:
            own_categories = session.execute(
                select(ExpenseCategory.id).where(own(ExpenseCategory)).order_by(ExpenseCategory.id)
            ).scalars().all()
            for number, category_id in enumerate(own_categories):
                add_expense(
                    category_id=category_id,
                    spent_on=today() - timedelta(days=number * 2),
                    amount=chance.randrange(50, 900) * 100,
                    note=("Office", "Router for the shop", "CNG fare", "Splicing", "")[number],
                    paid_from=PaidFrom.OWN_CASH if number == 3 and actor.kind == Kind.MANAGER else PaidFrom.BUSINESS,
                )
    for owner in (actors["ga@meghna.example.com"], north):
        with acting_as(owner), transaction() as session:
            ids = session.execute(
                select(Customer.id).where(own(Customer), Customer.due > 0).order_by(Customer.due.desc()).limit(3)
            ).scalars().all()
            for customer_id in ids[:2]:
                suspend_for_non_payment(session.get_one(Customer, customer_id))
            change_status(session.get_one(Customer, ids[2]), CustomerStatus.DISABLED, "Moved away")
    _refill("north@meghna.example.com", TARGETS["north@meghna.example.com"])
