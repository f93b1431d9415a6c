"""A month of a provider with 2,000 customers, day by day: billed, collected, changed, voided, closed; nothing differs at its end."""

from collections.abc import Iterator
from datetime import date, datetime
from uuid import uuid4

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import func, select

from app.access.actor import Actor, acting_as
from app.access.scope import everywhere
from app.accounts.models import Account
from app.billing.models import Bill, Credit
from app.billing.package_change import change_package, work_out
from app.billing.services import bill_month
from app.books.check import check_books
from app.books.models import JournalEntry
from app.cash.models import ClosingState, DayClosing, in_pieces
from app.cash.queries import open_period
from app.cash.services import close_day, confirm_closing
from app.core.database import db, transaction
from app.core.errors import Refused
from app.customers.models import Customer
from app.customers.services import Details, create_customer
from app.packages.models import BillingProfile, Package
from app.payments.models import Payment
from app.payments.services import receive_cash, void_payment
from tests import make
from tests.books import act
from tests.cast import COLLECTOR, GA, GHAT, GHATMAN, NEWBIE, NORTH, OFFICE, SOUTH, Cast
from tests.conftest import DHAKA, Clock

CUSTOMERS = {GA: 800, NORTH: 700, SOUTH: 300, GHAT: 200}
COLLECTORS = {GA: OFFICE, NORTH: COLLECTOR, SOUTH: NEWBIE, GHAT: GHATMAN}
DAYS, CHANGES, VOIDS, PAYING = 30, 100, 50, 90


def settle_in(owner: str, count: int) -> list[int]:
    """Make an owner's customers, on the packages that are billed by the month; return their ids."""
    ids: list[int] = []
    with make.as_account(owner):
        packages = {row.name: row for row in db.session.execute(select(Package)).scalars()}
        profiles = {row.name: row for row in db.session.execute(select(BillingProfile)).scalars()}
        choices = (("Home 10M", "Monthly 10"), ("Business 50M", "Monthly 5"), ("Home 20M", "Monthly 5"))
        choices = tuple(one for one in choices if one[0] in packages)
        for start in range(0, count, 100):
            with transaction():
                for index in range(start, min(start + 100, count)):
                    package, profile = (choices[index % len(choices)][part] for part in (0, 1))
                    details = Details(
                        name=f"Customer {index}",
                        username=f"line{index}.{owner}",
                        connection_password="line-secret-1",
                        mobile="01712345678",
                        package_id=packages[package].id,
                        profile_id=profiles[profile].id,
                        connection_type=packages[package].connection_type,
                    )
                    ids.append(create_customer(details).id)
    return ids


def collect(actor: Actor, customer_id: int) -> None:
    """Take all that a customer owes."""
    with acting_as(actor), transaction():
        customer = db.session.get_one(Customer, customer_id)
        if customer.due:
            receive_cash(customer, customer.due, request_id=str(uuid4()), confirmed=True)


def change(actor: Actor, customer_id: int) -> bool:
    """Change a customer to another package of its type; return whether there was one."""
    with acting_as(actor), transaction():
        customer = db.session.get_one(Customer, customer_id)
        others = db.session.execute(
            select(Package)
            .where(Package.connection_type == customer.connection_type, Package.id != customer.package_id)
            .order_by(Package.id)
        ).scalars()
        for new in others:
            try:
                quoted = work_out(customer, new).total
            except Refused:
                continue
            change_package(customer, new, quoted=quoted, request_id=str(uuid4()))
            return True
    return False


def close(manager: Actor, parent: Actor) -> None:
    """Close a Manager's day to the paisa, and let the parent confirm it."""
    with acting_as(manager), transaction():
        expected = max(open_period(manager.tenant_id or 0, manager.id).expected, 0)
        closing_id = close_day(in_pieces(expected), request_id=str(uuid4())).closing.id
    with acting_as(parent), transaction():
        confirm_closing(db.session.get_one(DayClosing, closing_id))


def turns(ids: list[int], days: int) -> Iterator[list[int]]:
    """Deal ids out to days."""
    for day in range(days):
        yield ids[day::days]


@pytest.mark.long
def test_a_month_of_two_thousand_customers_ends_without_a_difference(app: Flask, cast: Cast, clock: Clock) -> None:
    with app.app_context(), force_locale("en"):
        lines = {owner: settle_in(owner, count) for owner, count in CUSTOMERS.items()}
        for owner in (NORTH, SOUTH, GHAT):
            act.bring_balance_to(owner, 9_000_000_00)
        clock.set("2026-12-01 00:10")
        run = bill_month(date(2026, 12, 1))
        assert run.made >= sum(CUSTOMERS.values())
        people = {owner: (make.actor_of(COLLECTORS[owner]), make.actor_of(owner)) for owner in CUSTOMERS}
        # a business line has no other package of its type
        movable = [(owner, one) for owner, ids in lines.items() for index, one in enumerate(ids) if index % 3 != 1]
        paying = {owner: list(turns(ids[: len(ids) * PAYING // 100], DAYS)) for owner, ids in lines.items()}
        changing = list(turns(movable[:: len(movable) // CHANGES][:CHANGES], DAYS))
        changed = voided = 0
        for day in range(DAYS):
            clock.set(datetime(2026, 12, day + 1, 18, 0, tzinfo=DHAKA))
            for owner, one in changing[day]:
                changed += change(people[owner][1], one)
            for owner, (collector, parent) in people.items():
                for one in paying[owner][day]:
                    collect(collector, one)
                if voided < VOIDS and owner in (GA, NORTH):
                    with acting_as(parent), transaction():
                        newest = select(Payment).where(
                            Payment.owner_id == cast.accounts[owner], Payment.voided_at.is_(None)
                        )
                        void_payment(
                            db.session.execute(newest.order_by(Payment.id.desc())).scalars().first(), "Typed twice"
                        )
                    voided += 1
                close(collector, parent)
        assert (changed, voided) == (CHANGES, VOIDS)
        report = check_books()
        assert report.differences == []
        with everywhere("the test counts"):
            counted = {
                model.__name__: db.session.execute(select(func.count()).select_from(model)).scalar_one()
                for model in (Bill, Credit, Payment, JournalEntry, DayClosing)
            }
            confirmed = select(func.count(DayClosing.id)).where(DayClosing.state == ClosingState.CONFIRMED.value)
            assert db.session.execute(confirmed).scalar_one() == DAYS * len(people)
            assert db.session.execute(select(func.sum(Account.balance))).scalar_one() is not None
        print(f"made {run.made} bills, checked {report.checked} figures, 0 differ; {counted}")
