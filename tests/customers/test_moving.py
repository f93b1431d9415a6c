"""Customers that move to another owner: everything of theirs moves along, the books add up, Operators pay for their own time."""

from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import select

from app.access.scope import everywhere
from app.activity.models import Activity
from app.billing.models import Bill, Discount
from app.billing.owner_services import (
    SUSPEND_WITH_OWNER,
    Mapping,
    bring_back_customers_of,
    move_customers,
    new_owner,
    replacements,
    rows_of_customers,
    suspend_customers_of,
)
from app.billing.services import discount_bill, void_bill
from app.books.models import JournalEntry
from app.core.database import Base, db, transaction
from app.core.errors import NotFound, Refused
from app.core.ownership import Owned
from app.customers.models import Customer, CustomerStatus
from app.customers.services import change_status
from app.jobs.models import Job, JobState
from app.jobs.services import run_job, start_job
from app.packages.models import Package, Zone
from app.packages.services import withdraw
from app.payments.models import Allocation, Payment
from app.payments.services import void_payment
from tests.books import act
from tests.cast import COLLECTOR, GA, GHAT, NORTH, PADMA_GA, SOUTH, Cast
from tests.conftest import form_fields
from tests.make import as_account, bill, customer, pay


def move(email: str, ids: list[int], to: int, mapping: Mapping | None = None) -> int:
    """Move customers as a person of the cast."""
    with as_account(email), transaction():
        return move_customers(ids, new_owner(to), mapping or Mapping())


def test_bills_payments_and_what_hangs_on_them_move_and_the_journal_stays(context: object, cast: Cast) -> None:
    who = cast.customers[NORTH][0]
    pay(COLLECTOR, who, 300_00)
    with act.change(NORTH):
        discount_bill(bill(cast.bills[NORTH][0]), 50_00, "Line was down")
    assert move(GA, [who], cast.accounts[SOUTH]) == 1
    south, north = cast.accounts[SOUTH], cast.accounts[NORTH]
    with everywhere("the test looks at all of it"):
        for model in (Bill, Payment):
            owners = set(db.session.execute(select(model.owner_id).where(model.customer_id == who)).scalars())
            assert owners == {south}, model.__name__
        bills = select(Bill.id).where(Bill.customer_id == who)
        for model in (Allocation, Discount):
            owners = set(db.session.execute(select(model.owner_id).where(model.bill_id.in_(bills))).scalars())
            assert owners == {south}, model.__name__
        posted = db.session.execute(select(JournalEntry.owner_id).where(JournalEntry.bill_id.in_(bills))).scalars()
        assert set(posted) == {north}
        paths = {
            (zone.owner_id, zone.path)
            for zone in db.session.execute(select(Zone).where(Zone.id == customer(who).zone_id)).scalars()
        }
        assert paths == {(south, db.session.get_one(Zone, cast.zones[NORTH][0]).path)}
    assert act.differences() == []
    with as_account(SOUTH):
        assert db.session.get(Customer, who) is not None
    with as_account(COLLECTOR):
        assert db.session.execute(select(Payment).where(Payment.customer_id == who)).first() is None


def test_each_operator_pays_for_what_was_settled_in_its_time_and_gets_its_own_back(context: object, cast: Cast) -> None:
    who, first = cast.customers[NORTH][0], cast.bills[NORTH][0]
    north = act.balance(NORTH)
    payment = pay(COLLECTOR, who, 420_00)
    # half of 840.00 with VAT: half of 480.00 of north's
    assert act.balance(NORTH) == north - 240_00
    move(GA, [who], cast.accounts[SOUTH])
    south = act.balance(SOUTH)
    pay(SOUTH, who, 420_00)
    # south buys at 65 per cent of 800.00: half of 520.00
    assert (act.balance(NORTH), act.balance(SOUTH)) == (north - 240_00, south - 260_00)
    assert act.differences() == []
    with act.change(GA):
        void_payment(db.session.get_one(Payment, payment.id), "Never came")
    assert act.differences() == []
    with act.change(GA):
        void_bill(bill(first), "Was never served")
    assert (act.balance(NORTH), act.balance(SOUTH)) == (north, south)
    assert act.differences() == []


def test_a_customer_may_come_back_and_go_to_an_owner_without_operators_and_below_two(
    context: object, cast: Cast
) -> None:
    who = cast.customers[NORTH][0]
    act.bring_balance_to(GHAT, 9_000_00)
    north = act.balance(NORTH)
    pay(COLLECTOR, who, 100_00)
    for owner in (GHAT, GA, NORTH):
        move(GA, [who], cast.accounts[owner])
        assert act.differences() == [], owner
        pay(GA, who, 100_00)
        assert act.differences() == [], owner
    with act.change(GA):
        for one in db.session.execute(select(Payment).where(Payment.customer_id == who)).scalars().all():
            void_payment(one, "All again")
    assert act.differences() == []
    assert (act.balance(NORTH), act.balance(GHAT)) == (north, 9_000_00)


def test_money_taken_above_is_taken_back_from_who_was_credited(context: object, cast: Cast) -> None:
    who = cast.customers[NORTH][0]
    north = act.balance(NORTH)
    payment = pay(GA, who, 840_00)
    assert act.balance(NORTH) == north + 840_00 - 480_00
    move(GA, [who], cast.accounts[SOUTH])
    south = act.balance(SOUTH)
    with act.change(GA):
        void_payment(db.session.get_one(Payment, payment.id), "Bounced")
    assert (act.balance(NORTH), act.balance(SOUTH)) == (north, south)
    assert act.differences() == []


def test_a_package_the_new_owner_may_not_use_is_replaced_by_one_it_may(context: object, cast: Cast) -> None:
    who = cast.customers[NORTH][0]
    with as_account(GA), transaction():
        old = customer(who).package
        withdraw(db.session.get_one(Package, old.id), cast.accounts[SOUTH])
    with pytest.raises(Refused, match="instead of Home 10M"), force_locale("en"):
        move(GA, [who], cast.accounts[SOUTH])
    with as_account(GA):
        packages, profiles = replacements([db.session.get_one(Customer, who)], new_owner(cast.accounts[SOUTH]))
        other = packages[0].choices[0]
        assert (len(packages), packages[0].count, profiles) == (1, 1, [])
    move(GA, [who], cast.accounts[SOUTH], Mapping({old.id: other.id}))
    assert customer(who).package_id == other.id


@pytest.mark.parametrize("stranger", [PADMA_GA, COLLECTOR])
def test_an_account_that_cannot_own_or_lies_elsewhere_is_no_owner(context: object, cast: Cast, stranger: str) -> None:
    with act.nothing_is_written(), pytest.raises(NotFound):
        move(GA, [cast.customers[NORTH][0]], cast.accounts[stranger])


def test_an_operator_moves_between_itself_and_those_below_and_no_further(context: object, cast: Cast) -> None:
    assert move(NORTH, [cast.customers[NORTH][0]], cast.accounts[GHAT]) == 1
    for ids, to in (([cast.customers[NORTH][1]], SOUTH), ([cast.customers[SOUTH][0]], NORTH)):
        with act.nothing_is_written(), pytest.raises(NotFound):
            move(NORTH, ids, cast.accounts[to])


def test_one_customer_that_cannot_move_keeps_all_where_they_are(context: object, cast: Cast) -> None:
    with act.nothing_is_written(), pytest.raises(NotFound):
        move(GA, [cast.customers[NORTH][0], cast.customers[PADMA_GA][0]], cast.accounts[SOUTH])
    with act.nothing_is_written(), pytest.raises(Refused):
        move(GA, [cast.customers[SOUTH][0]], cast.accounts[SOUTH])


def test_many_move_by_a_job_all_of_them_or_none(
    app: Flask, cast: Cast, as_person: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.customers.move_views.WORTH_A_JOB", 2)
    browser, wanted = as_person(GA), cast.customers[NORTH]
    browser.get("/lang/en")
    south, page = cast.accounts[SOUTH], f"/customers/move/?of={cast.accounts[NORTH]}"
    with app.app_context(), as_account(GA), transaction():
        old = customer(wanted[0]).package_id
        withdraw(db.session.get_one(Package, old), south)
    asked = form_fields(browser.get(f"{page}&owner_id={south}").text, "owner_id")
    assert browser.post(page, data={**asked, f"package_{old}": ""}).status_code == 422
    answer = browser.post(page, data=asked)
    assert answer.status_code == 303 and answer.location.startswith("/jobs/")
    assert "3 customers moved to " in browser.get(answer.location).text
    with app.app_context():
        assert {customer(one).owner_id for one in wanted} == {south}
        assert customer(wanted[0]).package_id == int(asked[f"package_{old}"])
        assert act.differences() == []
        # begun again after its end it finds that it is done
        job_id = int(answer.location.rpartition("/")[2])
        with everywhere("the test starts it anew"), transaction():
            db.session.get_one(Job, job_id).state = JobState.WAITING
        run_job(job_id)
        with everywhere("the test looks"):
            assert db.session.get_one(Job, job_id, populate_existing=True).state == JobState.DONE


def test_the_move_stands_in_both_owners_logs(context: object, cast: Cast) -> None:
    move(GA, [cast.customers[NORTH][0]], cast.accounts[SOUTH])
    for email, event in ((NORTH, "customer.left"), (SOUTH, "customer.came")):
        with as_account(email):
            found = db.session.execute(select(Activity.event).where(Activity.event == event)).scalars().all()
        assert found == [event]


def test_every_owned_row_that_names_a_customer_a_bill_or_a_payment_moves_or_is_the_journal() -> None:
    moved = {model.__name__ for model, _condition in rows_of_customers([1])}
    hanging = {
        mapper.class_.__name__
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, Owned)
        and {"customer_id", "bill_id", "payment_id", "credit_id"} & set(mapper.columns.keys())
    }
    assert hanging - moved == {"JournalEntry"}


class TestSuspendedWithItsOwner:
    """Exactly those that were suspended with the account come back with it."""

    def test_who_was_suspended_before_or_changed_since_stays_as_it_is(self, context: object, cast: Cast) -> None:
        before, since, along = cast.customers[NORTH]
        below = cast.customers[GHAT]
        with act.change(NORTH):
            change_status(db.session.get_one(Customer, before), CustomerStatus.SUSPENDED, "On holiday")
        with act.change(GA):
            assert suspend_customers_of(act.account(NORTH)) == 2 + len(below)
        with act.change(GA):
            change_status(db.session.get_one(Customer, since), CustomerStatus.DISABLED, "Left")
        with act.change(GA):
            assert bring_back_customers_of(act.account(NORTH)) == 1 + len(below)
        statuses = [customer(one).status for one in (before, since, along, *below)]
        assert statuses == ["suspended", "disabled", "active", *["active"] * len(below)]

    def test_who_was_suspended_with_a_sub_operator_waits_for_that_one(self, context: object, cast: Cast) -> None:
        with act.change(NORTH):
            suspend_customers_of(act.account(GHAT))
        with act.change(GA):
            suspend_customers_of(act.account(NORTH))
        with act.change(GA):
            bring_back_customers_of(act.account(NORTH))
        assert {customer(one).status for one in cast.customers[GHAT]} == {"suspended"}
        assert {customer(one).status for one in cast.customers[NORTH]} == {"active"}

    def test_many_are_suspended_and_brought_back_by_a_job_a_part_at_a_time(
        self, app: Flask, cast: Cast, as_person: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("app.accounts.management.WORTH_A_JOB", 2)
        monkeypatch.setattr("app.customers.bulk_jobs.A_TIME", 2)
        browser, below = as_person(GA), cast.customers[NORTH] + cast.customers[GHAT]
        browser.get("/lang/en")
        for act_of, status, said in (
            ("suspend", "suspended", "6 customers suspended."),
            ("activate", "active", "6 customers are served again."),
        ):
            page = f"/operators/{act_of}/{cast.accounts[NORTH]}"
            answer = browser.post(page, data={**form_fields(browser.get(page).text), "with_customers": "y"})
            assert answer.status_code == 303 and answer.location.startswith("/jobs/")
            assert said in browser.get(answer.location).text
            with app.app_context():
                assert {customer(one).status for one in below} == {status}
        with app.app_context(), everywhere("the test looks"):
            counted = db.session.execute(
                select(Activity.event).where(Activity.event.like("account.customers%")).order_by(Activity.seq)
            )
            assert list(counted.scalars()) == ["account.customers_suspended", "account.customers_back"]

    def test_an_account_that_is_activated_while_its_customers_are_suspended_has_them_back(
        self, context: object, cast: Cast
    ) -> None:
        with act.change(GA):
            suspend_customers_of(act.account(NORTH))
        # the job begins late: the account is active by now
        with as_account(GA), transaction():
            job_id = start_job(
                SUSPEND_WITH_OWNER, {"count": 6, "name": "x"}, {"account": cast.accounts[NORTH], "count": 6}
            ).id
        with everywhere("the test looks"):
            assert db.session.get_one(Job, job_id, populate_existing=True).state == JobState.DONE
        assert {customer(one).status for one in cast.customers[NORTH] + cast.customers[GHAT]} == {"active"}

    def test_a_customer_that_moves_away_is_served_again(self, context: object, cast: Cast) -> None:
        with act.change(GA):
            suspend_customers_of(act.account(NORTH))
        move(GA, [cast.customers[NORTH][0]], cast.accounts[SOUTH])
        assert customer(cast.customers[NORTH][0]).status == "active"
