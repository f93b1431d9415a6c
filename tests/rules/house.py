"""The rows the rules are tried on: the cast, and for every owner a row of each model with a word and amounts nobody else has."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.access.permissions import MANAGER_KEYS
from app.access.scope import everywhere, within
from app.accounts.models import Account
from app.accounts.services import request_key, set_keys
from app.activity.models import Activity
from app.api.models import Happening
from app.api.resources import USED_KEYS
from app.api.services import make_api_key
from app.api.telling import add_message
from app.api.webhook_services import add_webhook
from app.billing.models import Bill
from app.billing.printed import code_of, last_day
from app.billing.services import generate_bill
from app.books.operators import add_operator_balance
from app.cash.services import close_day
from app.core.clock import now, today
from app.core.database import Base, db, transaction
from app.core.language import to_ascii_digits
from app.customers.models import Customer, CustomerImport, CustomField, ImportedCustomer
from app.customers.services import Details, create_customer, delete_customer
from app.expenses.models import ExpenseCategory
from app.expenses.services import add_expense
from app.jobs.services import Progress, start_job, worker
from app.packages.models import BillingProfile, Cycle, Device, Package, Zone
from app.paylinks.models import AttemptState, GatewaySettings, PaymentAttempt, TrayEntry, TrayKind
from app.paylinks.queries import hash_of
from app.paylinks.services import make_link, new_seed
from app.payments.services import receive_cash
from app.radius.models import LineRequest, LineSession
from app.radius.services import add_access_server
from app.security.models import Throttle
from app.status.services import add_component, open_incident
from tests import cast as people
from tests.cast import (
    ACCOUNTS,
    COLLECTOR,
    DESK,
    GA,
    GHAT,
    GHATMAN,
    NEWBIE,
    NORTH,
    OFFICE,
    OWNERS,
    PADMA_COLLECTOR,
    PADMA_GA,
    SOUTH,
)
from tests.conftest import form_fields
from tests.make import actor_of, as_account

WORDS = {GA: "Aquamarine", NORTH: "Burgundy", SOUTH: "Cinnabar", GHAT: "Dandelion", PADMA_GA: "Eggplant"}
"""A word that stands in every text of an owner's rows and nowhere else."""

AMOUNTS = {
    # paisa: a bill, the part of it that is paid, an expense; what stays open is as unmistakable
    GA: (8_018_13, 3_103_17, 616_19),
    NORTH: (8_028_23, 3_203_27, 626_29),
    SOUTH: (8_038_33, 3_303_37, 636_39),
    GHAT: (8_048_43, 3_403_47, 646_49),
    PADMA_GA: (8_058_53, 3_503_57, 656_59),
}
MANAGERS = {GA: OFFICE, NORTH: COLLECTOR, SOUTH: NEWBIE, GHAT: GHATMAN, PADMA_GA: PADMA_COLLECTOR}
STAFF = {
    GA: (OFFICE,),
    NORTH: (COLLECTOR, DESK, ACCOUNTS),
    SOUTH: (NEWBIE,),
    GHAT: (GHATMAN,),
    PADMA_GA: (PADMA_COLLECTOR,),
}
RESELLERS = {GA: NORTH, NORTH: GHAT, SOUTH: NORTH, GHAT: SOUTH, PADMA_GA: SOUTH}
"""A reseller below each owner, or one that is none of its: south, ghat and padma have none."""

HEADS = {GA: GA, NORTH: GA, SOUTH: GA, GHAT: GA, PADMA_GA: PADMA_GA}
MANAGER_NAMES = {
    GA: ("Farida Office",),
    NORTH: ("Tanvir Ahmed", "Sumaiya Desk", "Rafiq Accounts"),
    SOUTH: ("Nabila Newbie",),
    GHAT: ("Kamal Ghatman",),
    PADMA_GA: ("Jamil Padma",),
}
LOGS = {"activity_log", "authentication_log", "log_heads"}
"""Tables that a look at a page may write to: exports and refusals are logged."""


@worker("house", key="print-invoice", sentence=_l("Jobs"))
def do_nothing(arguments: dict[str, Any], progress: Progress) -> None:
    """Do nothing: each Manager of the house has started such a job."""


@dataclass(frozen=True, repr=False)
class House:
    """Ids of each owner's marked rows by model name, their numbers, and everybody's session as a browser keeps it."""

    rows: dict[str, dict[str, int]]
    customer_numbers: dict[str, int]
    check_codes: dict[str, str]
    printed_codes: dict[str, str]
    pay_tokens: dict[str, str]
    cookies: dict[str, tuple[str, str]]
    api_keys: dict[str, str]

    def row(self, owner: str, name: str) -> int:
        """Return the id of an owner's marked row by the name of its model; a test fails with a sentence when there is none."""
        found = self.rows[owner].get(name)
        if found is None:
            pytest.fail(f"tests/rules/house.py makes no {name} for {owner}: add one, so that its doors are tried")
        return found


def owner_of(email: str) -> str:
    """Return the parent account whose rows a person of the cast works on."""
    return next((owner for owner, names in STAFF.items() if email in names), email if email in OWNERS else NORTH)


def traces(owner: str) -> tuple[str, ...]:
    """Return what gives an owner's rows away: word, names, email addresses, amounts as pages and CSV write them."""
    bill, paid, expense = (f"{amount // 100}.{amount % 100:02d}" for amount in AMOUNTS[owner])
    left = AMOUNTS[owner][0] - AMOUNTS[owner][1]
    return (
        WORDS[owner],
        f"of {owner}",
        f".{owner}",
        *MANAGER_NAMES[owner],
        MANAGERS[owner],
        bill,
        paid,
        expense,
        f"{left // 100}.{left % 100:02d}",
    )


def shown(page: str) -> str:
    """Return a page as it is searched for traces: amounts without commas and tags, digits in ASCII."""
    return to_ascii_digits(page).replace("<small>", "").replace("</small>", "").replace(",", "").replace("&#64;", "@")


def build(app: Flask) -> House:
    """Fill an empty database with the cast, the marked rows and a session of everybody."""
    people.build(app)
    with everywhere("the tests fill the house"), transaction():
        add_operator_balance(db.session.execute(select(Account).where(Account.email == GHAT)).scalar_one(), 20_000_00)
        add_operator_balance(db.session.execute(select(Account).where(Account.email == NORTH)).scalar_one(), 20_000_00)
    rows: dict[str, dict[str, int]] = {}
    numbers: dict[str, int] = {}
    codes: dict[str, str] = {}
    tokens: dict[str, str] = {}
    printed: dict[str, str] = {}
    for owner in OWNERS:
        rows[owner], numbers[owner], codes[owner] = _make_rows(owner)
        tokens[owner] = _make_link(owner, rows[owner])
        with everywhere("the tests name rows by id"):
            printed[owner] = code_of(db.session.get_one(Bill, rows[owner]["Bill"]), last_day(today()))
    for manager in (GHATMAN, PADMA_COLLECTOR, OFFICE):
        with everywhere("the strangers hold every key"), transaction():
            set_keys(
                db.session.execute(select(Account).where(Account.email == manager)).scalar_one(), set(MANAGER_KEYS)
            )
    cookies: dict[str, tuple[str, str]] = {}
    # another thread: the context this runs in would be shared with the requests, and with it who is signed in
    signing_in = Thread(target=lambda: cookies.update(_sign_everybody_in(app)))
    signing_in.start()
    signing_in.join()
    assert set(cookies) == set(people.EVERYBODY), "somebody of the cast could not sign in"
    return House(rows, numbers, codes, printed, tokens, cookies, _make_api_keys(rows))


def _make_api_keys(rows: dict[str, dict[str, int]]) -> dict[str, str]:
    """Give every account of the cast an API key with all that one can hold; return the keys by email."""
    secrets = {}
    for owner in OWNERS:
        for email in (owner, *STAFF[owner]):
            account = actor_of(email)
            with as_account(owner), transaction():
                row, secrets[email] = make_api_key(account.id, f"{WORDS[owner]} program", list(USED_KEYS))
                # as used a moment ago: a look writes down when, and the rules count what a look writes
                row.last_used_at = now()
                db.session.flush()
                rows[owner]["ApiKey"] = row.id
        with as_account(owner), transaction():
            hook, _secret = add_webhook(f"https://{WORDS[owner].lower()}.example.com/told", ["bill.made"])
            # nobody is told: the rules go nowhere
            hook.is_on = False
            message = add_message(hook, Happening.TEST, {"word": WORDS[owner]})
            db.session.flush()
            rows[owner] |= {"Webhook": hook.id, "WebhookDelivery": message.id}
    return secrets


def _make_rows(owner: str) -> tuple[dict[str, int], int, str]:
    word = WORDS[owner]
    bill_amount, paid, spent = AMOUNTS[owner]
    with as_account(owner) as actor, transaction() as session:
        zone, category = Zone(name=f"{word} Road"), ExpenseCategory(name=f"{word} costs")
        brought = CustomerImport(file_name=f"{word} customers.csv", file=word.lower(), rows=1, good=1, state="imported")
        device, own_field = Device(name=f"{word} switch"), CustomField(name=f"{word} word", type="text")
        package = Package(name=f"{word} line", connection_type="other", price=900_00, operator_price=0)
        profile = BillingProfile(name=f"{word} free", cycle=Cycle.FREE.value)
        session.add_all([zone, category, package, profile, device, own_field, brought])
        session.flush()
        customer = create_customer(
            Details(
                name=f"{word} Rahman",
                username=f"{word.lower()}.rahman",
                connection_password=f"{word}-secret",
                mobile="01812345678",
                email=f"{word.lower()}@mail.example.com",
                address=f"{word} house",
                comment=f"{word} comment",
                package_id=package.id,
                profile_id=profile.id,
                connection_type="other",
                zone_id=zone.id,
                device_id=device.id,
                custom_fields={str(own_field.id): f"{word} value"},
                document_language="en",
            )
        )
        bill = generate_bill(
            customer,
            bill_amount,
            description=f"{word} work",
            period=(date(2026, 11, 1), date(2026, 11, 30)),
            due_on=date(2026, 11, 30),
        )
        payment = receive_cash(customer, paid, request_id=str(uuid4()), note=f"{word} note").payment
        expense = add_expense(category_id=category.id, spent_on=date(2026, 11, 20), amount=spent, note=f"{word} lunch")
        imported = ImportedCustomer(import_id=brought.id, customer_id=customer.id, line=2)
        session.add(imported)
        session.flush()
        gone = create_customer(
            Details(
                name=f"{word} Gone",
                username=f"{word.lower()}.gone",
                package_id=package.id,
                profile_id=profile.id,
                connection_type="other",
            )
        )
        delete_customer(gone, f"{word} reason")
        made = (zone, category, package, profile, device, own_field, customer, bill, payment, expense)
        ids = {type(row).__name__: row.id for row in (*made, brought, imported)} | {"DeletedCustomer": gone.id}
        number, code = customer.number, payment.check_code
        ids |= _make_network(owner) | _make_incident(owner)
    if owner == GA:
        # nobody asks for a key that is held; build() gives the office its keys again
        with as_account(GA), transaction():
            set_keys(db.session.get_one(Account, actor_of(OFFICE).id), set())
    with as_account(MANAGERS[owner]), transaction() as session:
        request = request_key("edit-bills", f"{word} reason")
        closing = close_day({"coins": 5_00}, reason=f"{word} closing", request_id=str(uuid4())).closing
        job = start_job("house", {"count": 1}, {})
        session.flush()
        ids |= {"KeyRequest": request.id, "DayClosing": closing.id, "Job": job.id}
    with everywhere("the tests name rows by id"):
        ids["Account"] = db.session.execute(select(Account.id).where(Account.email == MANAGERS[owner])).scalar_one()
        ids["Reseller"] = db.session.execute(select(Account.id).where(Account.email == RESELLERS[owner])).scalar_one()
        ids["Head"] = db.session.execute(select(Account.id).where(Account.email == HEADS[owner])).scalar_one()
        ids["Activity"] = db.session.execute(
            select(Activity.id).where(Activity.owner_id == actor.id).order_by(Activity.id.desc()).limit(1)
        ).scalar_one()
    return ids, number, code


def _make_network(owner: str) -> dict[str, int]:
    """Make an access server, an open session of another customer of the owner, and a request about it."""
    place = f"10.99.0.{OWNERS.index(owner) + 1}"
    server = add_access_server(name=f"{WORDS[owner]} tower", address=place, secret="a-shared-secret", coa_port=3799)
    connected = db.session.execute(select(Customer).where(Customer.username == f"rahima.{owner}")).scalar_one()
    session = LineSession(
        tenant_id=connected.tenant_id,
        owner_id=connected.owner_id,
        customer_id=connected.id,
        acct_session_id=f"{WORDS[owner]}-1",
        acct_unique_id=f"{WORDS[owner]}-1",
        username=f"rahima.{owner}",
        nas_address=place,
        started_at=now(),
        updated_at=now(),
        uploaded=1_000_000,
        downloaded=5_000_000,
    )
    db.session.add(session)
    db.session.flush()
    asked = LineRequest(customer_id=connected.id, session_id=session.id, ask="disconnect", state="done")
    asked.tenant_id, asked.owner_id = connected.tenant_id, connected.owner_id
    db.session.add(asked)
    db.session.flush()
    return {"AccessServer": server.id, "LineSession": session.id, "LineRequest": asked.id}


def _make_link(owner: str, ids: dict[str, int]) -> str:
    """Make a payment link of the marked customer and an entry of the tray about it; return the link's token."""
    if owner in (GA, PADMA_GA):
        with as_account(owner), transaction() as session:
            # switched off: the pages behind the links offer no gateway
            session.add(GatewaySettings(gateway="sslcommerz", environment="sandbox"))
    with as_account(owner) as actor, transaction() as session:
        made = make_link(session.get_one(Customer, ids["Customer"]), seed=new_seed())
        link = made.link
        with within(actor.tenant_id or 0, actor.id):
            settings = session.execute(select(GatewaySettings.id)).scalar_one()
        mine = {"tenant_id": link.tenant_id, "owner_id": link.owner_id, "customer_id": link.customer_id}
        attempt = PaymentAttempt(
            **mine,
            link_id=link.id,
            settings_id=settings,
            gateway="sslcommerz",
            reference=f"SJ{WORDS[owner].upper()}",
            secret_hash=hash_of(WORDS[owner]),
            amount=100_00,
            received=100_00,
            state=AttemptState.REVIEW,
            transaction=f"{WORDS[owner]}-transaction",
        )
        session.add(attempt)
        session.flush()
        entry = TrayEntry(
            **mine, attempt_id=attempt.id, cause=TrayKind.HELD, transaction=attempt.transaction, amount=100_00
        )
        session.add(entry)
        session.flush()
        ids |= {"PaymentLink": link.id, "TrayEntry": entry.id}
    return made.token


def _make_incident(owner: str) -> dict[str, int]:
    """Make an incident and a component; a reseller's own could not be made by hand, but would be as far out of sight."""
    component = add_component(name=f"{WORDS[owner]} line", name_bn="")
    incident = open_incident(
        title=f"{WORDS[owner]} cut",
        title_bn="",
        impact="down",
        component_ids=[],
        said=f"{WORDS[owner]} said",
        said_bn="",
    )
    return {"StatusComponent": component.id, "Incident": incident.id}


def _sign_everybody_in(app: Flask) -> dict[str, tuple[str, str]]:
    name = app.config["SESSION_COOKIE_NAME"]
    cookies = {}
    for email in people.EVERYBODY:
        client = app.test_client()
        form = form_fields(client.get("/login/").text, "email")
        client.post("/login/", data=form | {"email": email, "password": "sanjog-demo-1"})
        cookie = client.get_cookie(name)
        assert cookie is not None
        cookies[email] = (name, cookie.value)
    return cookies


class Visitor:
    """Somebody's browser: signed in, and with a valid token for any form."""

    def __init__(self, client: FlaskClient, api_key: str = "") -> None:
        self.client = client
        self.api_key = api_key
        self._token: str | None = None

    @property
    def token(self) -> str:
        """The token that forms of this session carry."""
        if self._token is None:
            self._token = form_fields(self.client.get("/account/", follow_redirects=True).text)["csrf_token"]
        return self._token

    def send(self, method: str, address: str, **fields: str) -> TestResponse:
        """Send a request; a POST carries a valid token. Doors for programs are tried by a program, with the account's API key."""
        if address.startswith("/api/"):
            bearer = {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}
            program = self.client.application.test_client(use_cookies=False)
            json = None if method == "GET" else fields
            return program.open(address, method=method, headers=bearer, json=json, buffered=True)
        if method == "POST":
            return self.client.post(address, data={"csrf_token": self.token, **fields}, buffered=True)
        return self.client.open(address, method=method, buffered=True)

    def page(self, address: str) -> str:
        """Return a page, which must be there."""
        answer = self.send("GET", address)
        assert answer.status_code == 200, f"{address} answered {answer.status_code}"
        return answer.text


def fingerprint(app: Flask) -> dict[str, str]:
    """Return a digest of every table's rows; logs are left out, and how often strangers knocked in vain."""
    digests = {}
    with app.app_context(), db.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            if table.name not in LOGS | {Throttle.__tablename__}:
                rows = connection.execute(select(table).order_by(*table.primary_key.columns)).all()
                digests[table.name] = hashlib.sha256(repr(rows).encode()).hexdigest()
    return digests


def hold(app: Flask, email: str, keys: set[str]) -> None:
    """Make these the keys a person of the cast holds, from the next request on."""
    with app.app_context(), everywhere("the tests grant keys"), transaction():
        account = db.session.execute(select(Account).where(Account.email == email)).scalar_one()
        set_keys(account, keys)


@pytest.fixture
def house(snapshot: Callable[..., Any], app: Flask) -> House:
    """The marked rows, in the database."""
    return snapshot("house", build)


@pytest.fixture
def visitor(house: House, app: Flask) -> Callable[[str], Visitor]:
    """`visitor(email)`: a person of the cast in a browser of its own, signed in already."""

    def open_browser(email: str) -> Visitor:
        client = app.test_client()
        client.set_cookie(*house.cookies[email])
        return Visitor(client, house.api_keys.get(email, ""))

    return open_browser


@pytest.fixture
def stranger(app: Flask) -> Visitor:
    """A browser that nobody has signed in with."""
    return Visitor(app.test_client())
