"""The demo data is a contract (spec, demo.md): its people, what they may, what they hold, and what lies before them."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import func, select, text

from app.access.scope import everywhere
from app.accounts.models import Account, Credential, Kind, Tenant
from app.accounts.passwords import password_fits
from app.accounts.services import held_keys
from app.activity.models import Activity
from app.activity.sentences import sentence
from app.billing.models import Bill, BillStatus
from app.billing.services import bill_month
from app.books.check import check_books
from app.core.clock import now, today
from app.core.database import db
from app.core.errors import Refused
from app.customers.models import Customer, CustomerStatus
from app.customers.queries import matching
from app.demo import SIZES, State, fill, make_cast, state
from app.expenses.models import Expense
from app.packages.models import BillingProfile, ConnectionType, Cycle
from app.payments.models import Payment
from tests.cast import (
    ACCOUNTS,
    COLLECTOR,
    DESK,
    EVERYBODY,
    GA,
    GHAT,
    GHATMAN,
    NEWBIE,
    NORTH,
    OFFICE,
    OWNERS,
    PADMA_COLLECTOR,
    PADMA_GA,
    ROOT,
    SOUTH,
)
from tests.make import pay

CASH_COLLECTOR = "view-customer-details receive-payment print-invoice view-customer-payments"
SUPPORT_DESK = (
    "view-customer-details create-customer edit-customer activate-customer suspend-customer change-customer-package"
    " view-online-customers"
)
ACCOUNTS_KEYS = (
    "print-invoice generate-bill receive-payment view-customer-payments expense-management edit-bills delete-bills"
    " discount-on-bills edit-customer-payment delete-customer-payment view-customer-details dashboard"
)
ALL_KEYS = (
    ACCOUNTS_KEYS
    + " create-customer edit-customer activate-customer suspend-customer disable-customer edit-suspend-date"
    " change-customer-package view-online-customers view-offline-customers"
)

CAST = {
    ROOT: (Kind.SUPER_ADMIN, None, ""),
    GA: (Kind.GROUP_ADMIN, None, ""),
    NORTH: (Kind.OPERATOR, GA, "reseller-module delete-customer"),
    SOUTH: (Kind.OPERATOR, GA, ""),
    GHAT: (Kind.SUB_OPERATOR, NORTH, ""),
    OFFICE: (Kind.MANAGER, GA, ALL_KEYS),
    COLLECTOR: (Kind.MANAGER, NORTH, CASH_COLLECTOR),
    DESK: (Kind.MANAGER, NORTH, SUPPORT_DESK),
    ACCOUNTS: (Kind.MANAGER, NORTH, ACCOUNTS_KEYS),
    NEWBIE: (Kind.MANAGER, SOUTH, ""),
    GHATMAN: (Kind.MANAGER, GHAT, "view-customer-details receive-payment"),
    PADMA_GA: (Kind.GROUP_ADMIN, None, ""),
    PADMA_COLLECTOR: (Kind.MANAGER, PADMA_GA, CASH_COLLECTOR),
}
"""Kind, parent and keys of everybody, as the contract says."""


def _fill_small(_app: Flask) -> None:
    fill("small")


@pytest.fixture
def small(snapshot: Callable[..., Any], world: Any) -> Any:
    """The small demo, in an application context that sees everything."""
    snapshot("small demo", _fill_small)
    with world.app.app_context(), force_locale("en"), everywhere("the tests look at all of it"):
        yield world.app


def _account(email: str) -> Account:
    return db.session.execute(select(Account).where(Account.email == email)).scalar_one()


def _count(what: Any, *conditions: Any) -> int:
    return db.session.execute(select(func.count(what.id)).where(*conditions)).scalar_one()


def _meghna() -> int:
    return db.session.execute(select(Tenant.id).where(Tenant.slug == "meghna")).scalar_one()


# --- The people ---------------------------------------------------------------------------------------------------


def test_the_cast_is_exactly_that_of_the_contract(small: Flask) -> None:
    assert set(EVERYBODY) == set(CAST)
    found = {}
    for account in db.session.execute(select(Account)).scalars():
        parent = db.session.get(Account, account.parent_id) if account.parent_id else None
        found[account.email] = (Kind(account.kind), parent and parent.email, held_keys(account))
    assert found == {email: (kind, parent, set(keys.split())) for email, (kind, parent, keys) in CAST.items()}


@pytest.mark.parametrize("email", [ROOT, GA, COLLECTOR])
def test_the_known_password_opens_and_counts_as_chosen_by_the_person(small: Flask, email: str) -> None:
    credential = db.session.get_one(Credential, _account(email).id)
    assert password_fits(credential, "sanjog-demo-1")
    assert not credential.must_change


def test_tenants_have_their_names_in_both_scripts(small: Flask) -> None:
    found = {(tenant.slug, tenant.name, tenant.name_bn) for tenant in db.session.execute(select(Tenant)).scalars()}
    assert found == {("meghna", "Meghna Net", "মেঘনা নেট"), ("padma", "Padma Link", "পদ্মা লিংক")}


def test_operators_hold_what_the_contract_says(small: Flask) -> None:
    north, south, ghat = _account(NORTH), _account(SOUTH), _account(GHAT)
    assert (north.balance_kind, north.balance) == ("debit", 50_000_00)
    assert (ghat.balance_kind, ghat.balance) == ("debit", 300_00)
    assert (south.balance_kind, south.credit_limit) == ("credit", 20_000_00)
    assert -south.credit_limit < south.balance <= 0


def test_ghats_account_is_too_small_for_one_more_payment_of_any_customer(small: Flask) -> None:
    ghat = _account(GHAT)
    customers = db.session.execute(select(Customer).where(Customer.owner_id == ghat.id)).scalars().all()
    assert len(customers) == 8
    for customer in customers:
        dearest = select(func.max(Bill.operator_amount - Bill.operator_taken)).where(
            Bill.customer_id == customer.id, Bill.voided_at.is_(None), Bill.paid < Bill.total
        )
        assert db.session.execute(dearest).scalar_one() > ghat.balance
    with pytest.raises(Refused, match="too small"):
        pay(GHATMAN, customers[0].id, customers[0].due)


# --- What lies before them ----------------------------------------------------------------------------------------


def test_small_has_sixty_customers_and_enough_bills_and_payments(small: Flask) -> None:
    assert _count(Customer) == SIZES["small"] == 60
    assert _count(Bill, Bill.tenant_id == _meghna()) >= 150
    assert _count(Payment, Payment.tenant_id == _meghna()) >= 100
    for email in OWNERS:
        assert _count(Customer, Customer.owner_id == _account(email).id) >= 8


def test_bills_of_meghna_have_every_status(small: Flask) -> None:
    found = set(db.session.execute(select(Bill.status).where(Bill.tenant_id == _meghna()).distinct()).scalars())
    assert found == {str(status) for status in BillStatus}


def test_customers_are_of_every_type_cycle_status_and_standing(small: Flask) -> None:
    rows = db.session.execute(
        select(Customer.connection_type, BillingProfile.cycle, Customer.status, Customer.payment_status)
        .join(BillingProfile, BillingProfile.id == Customer.profile_id)
        .where(Customer.tenant_id == _meghna())
    ).all()
    types, cycles, statuses, standings = (set(column) for column in zip(*rows, strict=True))
    assert types == {str(kind) for kind in ConnectionType}
    assert cycles == {str(cycle) for cycle in Cycle}
    assert statuses == {str(status) for status in CustomerStatus}
    assert standings == {"paid", "partial", "due", "advance"}


def test_names_are_in_both_scripts_and_everybody_lives_in_a_zone(small: Flask) -> None:
    names = list(db.session.execute(select(Customer.name)).scalars())
    assert any(name.isascii() for name in names)
    assert any("\u0980" <= name[0] <= "\u09ff" for name in names)
    assert _count(Customer, Customer.zone_id.is_(None)) == 0


def test_payments_and_expenses_look_like_real_ones(small: Flask) -> None:
    assert _count(Payment, Payment.voided_at.is_not(None)) >= 1
    for email in (OFFICE, ACCOUNTS):
        person = _account(email)
        sources = select(Expense.paid_from).where(Expense.entered_by_id == person.id).distinct()
        assert set(db.session.execute(sources).scalars()) == {"business", "own_cash"}
    # cash of a day has its own times, and receipts are numbered in the order in which they were written
    numbered = (
        db.session.execute(select(Payment.received_at).where(Payment.tenant_id == _meghna()).order_by(Payment.number))
        .scalars()
        .all()
    )
    assert numbered == sorted(numbered)


def test_prepaid_customers_are_served_today(small: Flask) -> None:
    prepaid = (
        select(Customer)
        .join(BillingProfile, BillingProfile.id == Customer.profile_id)
        .where(BillingProfile.cycle.in_(("daily", "prepaid")))
    )
    customers = db.session.execute(prepaid).scalars().all()
    assert customers
    assert all(customer.suspend_at > now() for customer in customers)


def test_the_books_of_the_small_demo_are_right(small: Flask) -> None:
    assert check_books().differences == []


def test_the_end_of_the_filling_stands_in_each_tenants_log(small: Flask) -> None:
    entries = (
        db.session.execute(select(Activity).where(Activity.event == "demo.loaded").order_by(Activity.tenant_id))
        .scalars()
        .all()
    )
    assert [sentence(entry) for entry in entries] == ["Demo data loaded: 52 customers", "Demo data loaded: 8 customers"]
    assert state() == State.IN_USE


# --- The same every time, on every day ----------------------------------------------------------------------------


def _figures() -> list[Any]:
    """Return all that people see of the data, without secrets and times of the day."""
    statements = (
        select(
            Customer.id, Customer.name, Customer.mobile, Customer.status, Customer.due, Customer.advance, Customer.house
        ),
        select(Bill.number, Bill.customer_id, Bill.total, Bill.paid, Bill.discount, Bill.due_on, Bill.operator_taken),
        select(Payment.number, Payment.customer_id, Payment.amount, Payment.paid_on, Payment.request_id),
        select(Expense.amount, Expense.spent_on, Expense.note),
        select(Account.email, Account.balance),
    )
    return [sorted(map(tuple, db.session.execute(statement).all())) for statement in statements]


def test_the_same_day_gives_the_same_data(small: Flask, world: Any, clock: Any) -> None:
    before = _figures()
    db.session.remove()
    world.restore("empty")
    clock.set("2026-11-23 22:50")
    fill("small")
    assert _figures() == before


@pytest.mark.parametrize("moment", ["2026-12-01 00:05", "2028-02-29 00:10"])
def test_it_can_be_filled_at_any_moment(context: Flask, clock: Any, moment: str) -> None:
    clock.set(moment)
    fill("small")
    with everywhere("the tests look at all of it"):
        assert check_books().differences == []
        assert _count(Bill, Bill.tenant_id == _meghna()) >= 150
        assert _count(Payment, Payment.tenant_id == _meghna()) >= 100
        assert _count(Bill, Bill.period_from == today().replace(day=1)) >= 40
        assert db.session.execute(select(func.max(Payment.paid_on))).scalar_one() <= today()
        assert db.session.execute(select(func.max(Bill.issued_at))).scalar_one() <= now()
        assert _account(NORTH).balance == 50_000_00


# --- What it refuses ----------------------------------------------------------------------------------------------


def test_a_database_with_accounts_is_refused(app: Flask) -> None:
    runner = app.test_cli_runner()
    words = ["isp", "create-super-admin", "owner@isp.example.com", "--password", "long-enough-secret"]
    assert runner.invoke(args=words).exit_code == 0
    answer = runner.invoke(args=["isp", "demo"])
    assert answer.exit_code == 1
    assert answer.output.splitlines() == ["Error: this database has accounts already"]
    assert runner.invoke(args=["isp", "demo", "--if-empty"]).exit_code == 0
    with app.app_context(), everywhere("the tests look at all of it"):
        assert _count(Account) == 1


def test_a_filling_that_was_interrupted_does_not_count_as_filled(app: Flask) -> None:
    with app.app_context():
        assert state() == State.EMPTY
        make_cast()
        assert state() == State.UNFINISHED
    for words in (["isp", "demo"], ["isp", "demo", "--if-empty"]):
        answer = app.test_cli_runner().invoke(args=words)
        assert answer.exit_code == 1
        assert answer.output.splitlines() == [
            "Error: this database holds an unfinished demo, its filling was interrupted:"
            " delete the database and start again"
        ]


def test_the_production_configuration_is_refused(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "DEMO", False)
    answer = app.test_cli_runner().invoke(args=["isp", "demo"])
    assert answer.exit_code == 1
    assert answer.output.splitlines() == ["Error: the production configuration has no demo data"]
    with app.app_context():
        assert state() == State.EMPTY


# --- The large size -----------------------------------------------------------------------------------------------


def test_the_bulk_loaded_demo_is_right_to_the_paisa_and_business_goes_on(
    context: Flask, monkeypatch: pytest.MonkeyPatch, clock: Any
) -> None:
    monkeypatch.setitem(SIZES, "large", 240)
    fill("large")
    with everywhere("the tests look at all of it"):
        assert check_books().differences == []
        assert _count(Customer) == 240
        assert _account(NORTH).balance == 50_000_00
        assert _account(GHAT).balance == 300_00
        assert set(db.session.execute(select(Bill.status).distinct()).scalars()) == {
            str(status) for status in BillStatus
        }
        months = db.session.execute(
            select(func.count(Bill.period_from.distinct())).where(Bill.purpose == "monthly")
        ).scalar_one()
        assert months == 12
        assert _count(Bill) >= 0.95 * 12 * 240
        assert _count(Payment) >= 0.85 * 12 * 240
        assert state() == State.IN_USE
        customer = db.session.execute(
            select(Customer)
            .where(Customer.owner_id == _account(NORTH).id, Customer.due > 0)
            .order_by(Customer.id)
            .limit(1)
        ).scalar_one()
        customer_id, due = customer.id, customer.due
    pay(COLLECTOR, customer_id, due)
    clock.set("2026-12-01 00:10")
    assert bill_month(today()).made > 100
    assert check_books().differences == []


def test_a_million_are_ten_of_each_customer_and_business_goes_on(
    context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SIZES, "large", 60)
    monkeypatch.setitem(SIZES, "1m", 600)
    before = _made_of_the_tables()
    fill("1m")
    assert _made_of_the_tables() == before
    with everywhere("the tests look at all of it"):
        assert check_books().differences == []
        assert _count(Customer) == 600
        for column in (Customer.mobile, Customer.username_key, Customer.search_text, Payment.check_code):
            distinct = db.session.execute(select(func.count(column.distinct()))).scalar_one()
            assert distinct >= 0.9 * _count(column.class_), column
        north = _account(NORTH).id
        last = db.session.execute(
            select(Customer).where(Customer.owner_id == north, Customer.due > 0).order_by(Customer.id.desc()).limit(1)
        ).scalar_one()
        number, mobile, username, customer_id, due = last.number, last.mobile, last.username, last.id, last.due
        assert username == last.username_key
        assert all(part in last.search_text for part in (mobile.removeprefix("+88"), username))
        for typed in (mobile, username, str(number)):
            found = db.session.execute(select(Customer.id).where(matching(typed), Customer.owner_id == north)).scalars()
            assert customer_id in found.all(), typed
    pay(COLLECTOR, customer_id, due)
    with everywhere("the tests look at all of it"):
        assert check_books().differences == []


def _made_of_the_tables() -> set[str]:
    """Return the tables' indexes, keys and triggers by name."""
    asked = (
        "SELECT name FROM sqlite_master"
        if db.is_sqlite
        else "SELECT indexname FROM pg_indexes WHERE schemaname = 'public' "
        "UNION SELECT conname FROM pg_constraint "
        "UNION SELECT tgname || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal"
    )
    names = set(db.session.execute(text(asked)).scalars())
    db.session.rollback()
    return names
