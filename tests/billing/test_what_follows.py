"""Suspend date and status follow what is settled, and stay where a person or a correction must decide (spec §11.5)."""

from datetime import date, datetime

import pytest

from app.billing.services import bill_month
from app.core.clock import DHAKA, end_of_day
from app.core.database import db
from app.customers.models import Customer, CustomerStatus
from app.customers.services import change_status, edit_suspend_date, suspend_for_non_payment
from app.payments.services import edit_payment, void_payment
from tests.billing.test_changing import discount, edit, void
from tests.billing.test_raising import by_hand
from tests.books import act
from tests.cast import GA, NORTH, Cast
from tests.make import customer, pay

NOVEMBERS, DECEMBERS = end_of_day(date(2026, 11, 10)), end_of_day(date(2026, 12, 10))
BY_HAND = datetime(2026, 12, 24, 18, 0, tzinfo=DHAKA)


@pytest.fixture
def who(context: object, cast: Cast) -> int:
    """A customer of north with an open bill for November, due on the 10th."""
    return cast.customers[NORTH][0]


def suspend(customer_id: int) -> None:
    """Suspend a customer for non-payment."""
    with act.change(NORTH):
        suspend_for_non_payment(db.session.get_one(Customer, customer_id))


def move_by_hand(customer_id: int) -> None:
    """Move a customer's suspend date by hand."""
    with act.change(NORTH):
        edit_suspend_date(db.session.get_one(Customer, customer_id), BY_HAND)


def void_receipt(payment_id: int) -> None:
    """Void a payment."""
    with act.change(NORTH):
        void_payment(act.payment(payment_id), "Wrong customer")


# --- The suspend date --------------------------------------------------------------------------------------------


def test_it_is_the_due_day_of_the_oldest_open_bill_else_of_the_next_month(who: int) -> None:
    assert customer(who).suspend_at == NOVEMBERS
    pay(NORTH, who, 840_00)
    assert customer(who).suspend_at == DECEMBERS


def test_a_part_payment_does_not_move_it(who: int) -> None:
    pay(NORTH, who, 839_99)
    assert customer(who).suspend_at == NOVEMBERS


def test_settling_the_oldest_of_two_moves_it_to_the_next_open_bill(who: int) -> None:
    by_hand(NORTH, who, 100_00)
    assert customer(who).suspend_at == NOVEMBERS
    pay(NORTH, who, 840_00)
    assert customer(who).suspend_at == DECEMBERS


def test_an_old_bill_settled_late_serves_up_to_the_next_month_from_today(who: int, clock: object) -> None:
    clock.set("2027-01-15 09:00")  # type: ignore[attr-defined]
    pay(NORTH, who, 840_00)
    assert customer(who).suspend_at == end_of_day(date(2027, 2, 10))


def test_a_month_billed_ahead_counts(who: int) -> None:
    bill_month(date(2026, 12, 1))
    pay(NORTH, who, 1_680_00)
    assert customer(who).suspend_at == end_of_day(date(2027, 1, 10))


def test_it_follows_a_changed_due_date(who: int, cast: Cast) -> None:
    edit(NORTH, cast.bills[NORTH][0], 800_00, due_on=date(2026, 11, 28))
    assert customer(who).suspend_at == end_of_day(date(2026, 11, 28))


def test_a_date_set_by_hand_stays_until_a_bill_is_settled(who: int) -> None:
    move_by_hand(who)
    by_hand(NORTH, who, 100_00)
    pay(NORTH, who, 100_00)
    assert customer(who).suspend_at == BY_HAND
    pay(NORTH, who, 740_00)
    assert (customer(who).suspend_at, customer(who).suspend_at_by_hand) == (DECEMBERS, False)


def test_a_date_set_by_hand_survives_a_void_bill(who: int, cast: Cast) -> None:
    move_by_hand(who)
    void(NORTH, cast.bills[NORTH][0])
    assert (customer(who).suspend_at, customer(who).suspend_at_by_hand) == (BY_HAND, True)


def test_a_discount_over_all_that_is_open_settles_the_bill(who: int, cast: Cast) -> None:
    move_by_hand(who)
    suspend(who)
    discount(NORTH, cast.bills[NORTH][0], 800_00)
    assert (customer(who).suspend_at, customer(who).status) == (DECEMBERS, CustomerStatus.ACTIVE)


def test_an_edit_down_to_what_is_paid_settles_the_bill(who: int, cast: Cast) -> None:
    pay(NORTH, who, 420_00)
    suspend(who)
    edit(NORTH, cast.bills[NORTH][0], 400_00)
    assert (customer(who).suspend_at, customer(who).status) == (DECEMBERS, CustomerStatus.ACTIVE)


def test_a_void_payment_does_not_move_it_back_nor_does_a_part_payment_after_it(who: int) -> None:
    receipt = pay(NORTH, who, 840_00).id
    void_receipt(receipt)
    assert (customer(who).due, customer(who).suspend_at) == (840_00, DECEMBERS)
    pay(NORTH, who, 100_00)
    assert customer(who).suspend_at == DECEMBERS


def test_a_corrected_payment_moves_neither_date_nor_status(who: int) -> None:
    receipt = pay(NORTH, who, 100_00).id
    suspend(who)
    with act.change(NORTH):
        edit_payment(
            act.payment(receipt),
            amount=840_00,
            paid_on=date(2026, 11, 23),
            note="",
            reason="Misread",
            request_id="9f5b7e2c-9a1f-4c58-9f68-0b0d6fd0b001",
        )
    assert (customer(who).due, customer(who).suspend_at, customer(who).status) == (0, NOVEMBERS, "suspended")


def test_a_prepaid_customers_date_is_none_of_a_bills_business(context: object, cast: Cast) -> None:
    daily = cast.customers[NORTH][2]
    before = customer(daily).suspend_at
    by_hand(NORTH, daily, 100_00)
    pay(NORTH, daily, 100_00)
    assert customer(daily).suspend_at == before


# --- The status --------------------------------------------------------------------------------------------------


def test_settling_all_that_is_due_reactivates_who_was_suspended_for_non_payment_and_the_log_says_so(who: int) -> None:
    suspend(who)
    pay(NORTH, who, 839_99)
    assert customer(who).status == CustomerStatus.SUSPENDED
    pay(NORTH, who, 1)
    assert customer(who).status == CustomerStatus.ACTIVE
    assert "customer.active" in act.events(who)


@pytest.mark.parametrize("status", [CustomerStatus.SUSPENDED, CustomerStatus.DISABLED])
def test_who_was_suspended_or_disabled_by_hand_stays_so(who: int, status: CustomerStatus) -> None:
    with act.change(NORTH):
        change_status(db.session.get_one(Customer, who), status, "Asked for it")
    pay(NORTH, who, 840_00)
    assert customer(who).status == status


def test_voiding_the_only_open_bill_changes_no_status(who: int, cast: Cast) -> None:
    suspend(who)
    void(NORTH, cast.bills[NORTH][0])
    assert (customer(who).due, customer(who).status) == (0, CustomerStatus.SUSPENDED)


def test_editing_the_text_of_a_settled_bill_reactivates_nobody(who: int, cast: Cast) -> None:
    pay(NORTH, who, 840_00)
    suspend(who)
    edit(NORTH, cast.bills[NORTH][0], 800_00, description="November")
    assert customer(who).status == CustomerStatus.SUSPENDED


def test_a_void_payment_does_not_suspend(who: int) -> None:
    suspend(who)
    receipt = pay(NORTH, who, 840_00).id
    void_receipt(receipt)
    assert customer(who).status == CustomerStatus.ACTIVE


def test_advance_that_settles_a_new_bill_reactivates(context: object, cast: Cast) -> None:
    who = cast.customers[GA][0]
    with act.change(GA):
        suspend_for_non_payment(db.session.get_one(Customer, who))
    pay(GA, who, 420_00)
    void(GA, cast.bills[GA][0])
    assert customer(who).status == CustomerStatus.SUSPENDED
    by_hand(GA, who, 400_00)
    assert (customer(who).due, customer(who).advance, customer(who).status) == (0, 0, CustomerStatus.ACTIVE)
    assert act.differences() == []
