"""Cash is taken: what it settles, what is refused, once only (spec §5.1, §5.2)."""

from datetime import date
from uuid import uuid4

import pytest

from app.billing.services import bill_month
from app.books.models import Ledger
from app.core.database import db
from app.core.errors import Refused
from app.customers.models import Customer
from app.customers.services import delete_customer
from app.payments.queries import preview, settled_by
from app.payments.services import LikelySecondEntry, Received, receive_cash, void_payment
from tests.billing.test_changing import discount, void
from tests.billing.test_raising import by_hand
from tests.books import act
from tests.cast import ACCOUNTS, COLLECTOR, GA, NORTH, OFFICE, SOUTH, Cast
from tests.make import bill, customer, pay

ONE, OTHER = "0b1c9a0e-6a55-4f0e-8b54-2d1f3a5e0001", "0b1c9a0e-6a55-4f0e-8b54-2d1f3a5e0002"


def take(email: str, customer_id: int, paisa: int, **said: object) -> Received:
    """Take cash, and ask about a likely second entry as the page does."""
    said.setdefault("request_id", str(uuid4()))
    with act.change(email):
        return receive_cash(db.session.get_one(Customer, customer_id), paisa, **said)  # type: ignore[arg-type]


# --- Refused -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("paisa", [0, -1])
def test_an_amount_that_is_not_above_zero_is_refused(context: object, cast: Cast, paisa: int) -> None:
    with act.nothing_is_written(), pytest.raises(Refused) as refused:
        take(NORTH, cast.customers[NORTH][0], paisa)
    assert refused.value.field == "amount"


@pytest.mark.parametrize(
    ("email", "day", "allowed"),
    [
        (COLLECTOR, date(2026, 11, 24), False),
        (COLLECTOR, date(2026, 11, 23), True),
        (COLLECTOR, date(2026, 11, 16), True),
        (COLLECTOR, date(2026, 11, 15), False),
        (NORTH, date(2026, 10, 23), True),
        (NORTH, date(2026, 10, 22), False),
        (NORTH, date(2026, 11, 24), False),
    ],
)
def test_a_manager_dates_back_seven_days_a_parent_thirty_one_nobody_ahead(
    context: object, cast: Cast, email: str, day: date, allowed: bool
) -> None:
    who = cast.customers[NORTH][0]
    if allowed:
        assert take(email, who, 100_00, paid_on=day).payment.paid_on == day
        return
    with act.nothing_is_written(), pytest.raises(Refused) as refused:
        take(email, who, 100_00, paid_on=day)
    assert refused.value.field == "paid_on"


def test_just_after_midnight_in_dhaka_today_is_the_new_day(context: object, cast: Cast, clock: object) -> None:
    clock.set("2026-11-24 00:10")  # type: ignore[attr-defined]
    assert take(COLLECTOR, cast.customers[NORTH][0], 100_00).payment.paid_on == date(2026, 11, 24)


def test_a_deleted_customer_pays_nothing(context: object, cast: Cast) -> None:
    with act.change(GA):
        delete_customer(db.session.get_one(Customer, cast.customers[GA][0]), "Moved away")
    with act.nothing_is_written(), pytest.raises(Refused):
        take(GA, cast.customers[GA][0], 100_00)


@pytest.mark.parametrize("request_id", ["", "1", "not-a-uuid", "0b1c9a0e-6a55-4f0e-8b54-2d1f3a5e000g"])
def test_a_form_without_a_proper_request_id_is_refused(context: object, cast: Cast, request_id: str) -> None:
    with act.nothing_is_written(), pytest.raises(Refused):
        take(GA, cast.customers[GA][0], 100_00, request_id=request_id)


@pytest.mark.parametrize("paisa", [800_01, 840_00])
def test_a_discount_above_what_is_open_takes_no_cash_either(context: object, cast: Cast, paisa: int) -> None:
    with act.nothing_is_written(), pytest.raises(Refused) as refused:
        take(ACCOUNTS, cast.customers[NORTH][0], 100_00, discount=paisa)
    assert refused.value.field == "discount"


# --- What it settles ---------------------------------------------------------------------------------------------


def test_the_oldest_bill_is_settled_first_and_the_rest_is_advance_as_the_preview_says(
    context: object, cast: Cast
) -> None:
    who, november = cast.customers[NORTH][0], cast.bills[NORTH][0]
    december = by_hand(NORTH, who, 100_00)
    october = by_hand(NORTH, who, 50_00, period=(date(2026, 10, 1), date(2026, 10, 31)))
    shown = preview([bill(one) for one in (october, november, december)], 1_010_00)
    taken = take(COLLECTOR, who, 1_010_00).payment
    with act.change(NORTH):
        settled = [(line.bill.id, line.amount) for line in settled_by(taken)]
    assert settled == [(line.bill.id, line.amount) for line in shown.settles]
    assert settled == [(october, 52_50), (november, 840_00), (december, 105_00)]
    assert (taken.unallocated, shown.advance, customer(who).advance) == (12_50, 12_50, 12_50)
    assert act.differences() == []


def test_advance_and_open_bills_never_stand_side_by_side(context: object, cast: Cast) -> None:
    who = cast.customers[NORTH][0]
    pay(NORTH, who, 2_000_00)
    bill_month(date(2026, 12, 1))
    assert (customer(who).due, customer(who).advance) == (0, 320_00)
    bill_month(date(2027, 1, 1))
    assert (customer(who).due, customer(who).advance) == (520_00, 0)
    assert act.differences() == []


def test_a_discount_while_taking_cash_is_spread_over_the_oldest_bills(context: object, cast: Cast) -> None:
    who, november = cast.customers[NORTH][0], cast.bills[NORTH][0]
    december = by_hand(NORTH, who, 100_00)
    pay(NORTH, who, 630_00)
    take(ACCOUNTS, who, 84_00, discount=220_00, discount_reason="Goodwill")
    assert (bill(november).discount, bill(november).open) == (200_00, 0)
    assert (bill(december).discount, bill(december).total, bill(december).open) == (20_00, 84_00, 0)
    assert (customer(who).due, customer(who).advance) == (0, 0)
    assert act.differences() == []


def test_who_took_the_cash_holds_it(context: object, cast: Cast) -> None:
    take(COLLECTOR, cast.customers[NORTH][0], 840_00)
    assert act.booked(Ledger.CASH, cast.accounts[COLLECTOR]) == 840_00
    assert act.booked(Ledger.CUSTOMER, cast.customers[NORTH][0]) == 0


def test_receipt_numbers_have_no_gap_after_a_change_that_was_lost(context: object, cast: Cast) -> None:
    first = take(COLLECTOR, cast.customers[NORTH][0], 100_00).payment.number
    with pytest.raises(RuntimeError), act.change(COLLECTOR):
        receive_cash(db.session.get_one(Customer, cast.customers[NORTH][1]), 100_00, request_id=ONE)
        raise RuntimeError("the power fails before the commit")
    with pytest.raises(Refused):
        take(COLLECTOR, cast.customers[NORTH][0], 0)
    assert take(OFFICE, cast.customers[GA][0], 100_00).payment.number == first + 1
    assert act.differences() == []


# --- Once only ---------------------------------------------------------------------------------------------------


def test_the_same_form_again_gives_the_first_receipt_whatever_it_says_now(context: object, cast: Cast) -> None:
    who = cast.customers[NORTH][0]
    first = take(COLLECTOR, who, 100_00, request_id=ONE)
    with act.nothing_is_written():
        again = take(COLLECTOR, who, 500_00, request_id=ONE.upper(), paid_on=date(2030, 1, 1))
    assert (first.already_recorded, again.already_recorded) == (False, True)
    assert again.payment.id == first.payment.id


def test_a_form_of_one_customer_cannot_be_sent_for_another_one_of_whatever_owner(context: object, cast: Cast) -> None:
    take(COLLECTOR, cast.customers[NORTH][0], 100_00, request_id=ONE)
    for email in (NORTH, SOUTH, GA):
        with act.nothing_is_written(), pytest.raises(Refused):
            take(email, cast.customers[email][1], 100_00, request_id=ONE)


def test_the_same_amount_within_ten_minutes_asks_once_and_is_possible(
    context: object, cast: Cast, clock: object
) -> None:
    who = cast.customers[NORTH][0]
    first = take(COLLECTOR, who, 100_00).payment
    clock.forward(minutes=10)  # type: ignore[attr-defined]
    with act.nothing_is_written(), pytest.raises(LikelySecondEntry) as asked:
        take(NORTH, who, 100_00, request_id=ONE)
    assert asked.value.earlier.id == first.id
    assert take(NORTH, who, 100_00, request_id=ONE, confirmed=True).payment.id != first.id
    assert customer(who).due == 640_00


def test_another_amount_another_customer_or_another_hour_asks_nothing(
    context: object, cast: Cast, clock: object
) -> None:
    who, neighbour = cast.customers[NORTH][:2]
    take(COLLECTOR, who, 100_00)
    take(COLLECTOR, who, 100_01)
    take(COLLECTOR, neighbour, 100_00)
    clock.forward(minutes=10, seconds=1)  # type: ignore[attr-defined]
    take(COLLECTOR, who, 100_00)
    assert customer(who).due == 840_00 - 300_01


def test_a_void_payment_is_no_earlier_entry(context: object, cast: Cast) -> None:
    who = cast.customers[NORTH][0]
    with act.change(NORTH):
        void_payment(take(COLLECTOR, who, 100_00).payment, "Wrong customer")
    take(COLLECTOR, who, 100_00)
    assert customer(who).due == 740_00


def test_discounts_and_voids_before_cash_leave_the_books_right(context: object, cast: Cast) -> None:
    who = cast.customers[NORTH][1]
    discount(NORTH, cast.bills[NORTH][1], 333_33)
    take(COLLECTOR, who, 1_234_56)
    void(NORTH, cast.bills[NORTH][1])
    assert customer(who).advance == 1_234_56
    assert act.differences() == []
