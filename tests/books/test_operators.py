"""The accounts of Operators and Sub-Operators: who pays, who is refused, what is credited (spec §5.4, §11.2)."""

from datetime import date

import pytest

from app.billing.models import Purpose
from app.billing.services import bill_month, discount_bill, raise_bill
from app.books.models import Ledger
from app.books.operators import add_operator_balance
from app.core.database import db
from app.core.errors import Refused
from app.customers.models import Customer
from tests.books import act
from tests.cast import ACCOUNTS, COLLECTOR, GA, GHAT, GHATMAN, NORTH, OFFICE, SOUTH, Cast
from tests.make import bill, customer
from tests.payments.test_cash import take
from tests.payments.test_corrections import void_receipt


def test_cash_that_a_debit_account_cannot_bear_is_refused_with_what_is_missing_and_nothing_is_written(
    context: object, cast: Cast
) -> None:
    with act.nothing_is_written(), pytest.raises(Refused, match=r"300\.00 are missing"):
        take(GHATMAN, cast.customers[GHAT][0], 840_00)


def test_what_is_missing_is_named_for_the_whole_payment_not_for_its_first_bill(context: object, cast: Cast) -> None:
    rahima, jasim = cast.bills[GHAT][:2]
    assert (bill(rahima).operator_amount, bill(jasim).operator_amount) == (600_00, 2_625_00)
    bill_month(date(2026, 12, 1))
    with act.nothing_is_written(), pytest.raises(Refused, match=r"900\.00 are missing"):
        take(GHATMAN, cast.customers[GHAT][0], 1_680_00)


def test_a_payment_that_the_account_just_bears_goes_through(context: object, cast: Cast) -> None:
    take(GHATMAN, cast.customers[GHAT][0], 420_00)
    assert act.balance(GHAT) == 0
    with pytest.raises(Refused):
        take(GHATMAN, cast.customers[GHAT][0], 420_00, confirmed=True)
    with act.change(GA):
        add_operator_balance(act.account(GHAT), 300_00)
    take(GHATMAN, cast.customers[GHAT][0], 420_00, confirmed=True)
    assert (act.balance(GHAT), customer(cast.customers[GHAT][0]).due) == (0, 0)


def test_any_short_account_of_the_chain_refuses(context: object, cast: Cast) -> None:
    act.bring_balance_to(GHAT, 5_000_00)
    with act.change(NORTH):
        # a discount is the giver's loss and always posts: it empties the account
        for index in (0, 1):
            one = bill(cast.bills[NORTH][index])
            discount_bill(one, one.amount, "Goodwill")
    _empty(NORTH, cast)
    with act.nothing_is_written(), pytest.raises(Refused, match="are missing"):
        take(GHATMAN, cast.customers[GHAT][0], 840_00)


def _empty(email: str, cast: Cast) -> None:
    """Spend an Operator's account by discounts on bills by hand over a package's price."""
    with act.change(email):
        who = db.session.get_one(Customer, cast.customers[email][0])
        period = (date(2026, 12, 1), date(2026, 12, 31))
        dear = raise_bill(who, Purpose.MANUAL, 9_00_000_00, period=period, due_on=period[1], package=who.package)
        discount_bill(dear, 9_00_000_00, "Goodwill")
    assert act.balance(email) < 0


def test_both_levels_pay_in_proportion(context: object, cast: Cast) -> None:
    act.bring_balance_to(GHAT, 5_000_00)
    north = act.balance(NORTH)
    take(GHATMAN, cast.customers[GHAT][0], 210_00)
    assert (act.balance(GHAT), act.balance(NORTH)) == (5_000_00 - 150_00, north - 120_00)
    assert act.booked(Ledger.WHOLESALE, cast.accounts[NORTH]) == -150_00
    assert act.booked(Ledger.WHOLESALE, cast.accounts[GA]) == -120_00
    assert act.differences() == []


def test_a_credit_account_is_allowed_up_to_its_limit(context: object, cast: Cast) -> None:
    assert (act.account(SOUTH).balance_kind, act.account(SOUTH).credit_limit) == ("credit", 20_000_00)
    take(SOUTH, cast.customers[SOUTH][0], 840_00)
    assert act.balance(SOUTH) == -520_00
    with act.change(GA):
        act.account(SOUTH).credit_limit = 1_000_00
    with act.nothing_is_written(), pytest.raises(Refused, match=r"1,795\.00 are missing"):
        take(SOUTH, cast.customers[SOUTH][1], 3_500_00)
    with act.change(GA):
        act.account(SOUTH).credit_limit = 0
    take(SOUTH, cast.customers[SOUTH][1], 3_500_00)
    assert act.differences() == []


def test_the_group_admins_own_customers_touch_no_account(context: object, cast: Cast) -> None:
    before = [act.balance(email) for email in (NORTH, SOUTH, GHAT)]
    take(OFFICE, cast.customers[GA][0], 840_00)
    assert [act.balance(email) for email in (NORTH, SOUTH, GHAT)] == before
    assert act.booked(Ledger.OPERATOR, cast.accounts[GA]) == 0


def test_money_taken_above_credits_every_operator_between_with_what_it_earns(context: object, cast: Cast) -> None:
    north, ghat = act.balance(NORTH), act.balance(GHAT)
    take(GA, cast.customers[GHAT][0], 840_00)
    assert act.balance(GHAT) == ghat + 840_00 - 600_00
    assert act.balance(NORTH) == north + 840_00 - 480_00
    assert act.booked(Ledger.CASH, cast.accounts[GA]) == 840_00
    assert act.differences() == []


def test_money_taken_by_the_operator_credits_the_sub_operator_alone(context: object, cast: Cast) -> None:
    north, ghat = act.balance(NORTH), act.balance(GHAT)
    take(NORTH, cast.customers[GHAT][0], 840_00)
    assert act.balance(GHAT) == ghat + 840_00 - 600_00
    assert act.balance(NORTH) == north - 480_00
    assert act.differences() == []


def test_money_taken_above_is_not_refused_for_a_balance_that_it_fills(context: object, cast: Cast) -> None:
    _empty(NORTH, cast)
    before = act.balance(NORTH)
    take(GA, cast.customers[NORTH][1], 3_500_00)
    assert act.balance(NORTH) == before + 3_500_00 - 2_100_00
    assert act.differences() == []


def test_a_void_takes_back_what_was_credited(context: object, cast: Cast) -> None:
    before = {email: act.balance(email) for email in (NORTH, GHAT)}
    receipt = take(GA, cast.customers[GHAT][0], 1_000_00).payment.id
    void_receipt(GA, receipt)
    assert {email: act.balance(email) for email in before} == before
    assert act.differences() == []


def test_advance_is_taken_from_nobody_until_it_settles_a_bill(context: object, cast: Cast) -> None:
    daily = cast.customers[GHAT][2]
    take(GHATMAN, daily, 5_000_00)
    assert act.balance(GHAT) == 300_00
    assert customer(daily).advance == 5_000_00


@pytest.mark.parametrize("paisa", [0, -1])
def test_a_balance_is_added_above_zero_only(context: object, cast: Cast, paisa: int) -> None:
    with act.nothing_is_written(), pytest.raises(Refused), act.change(GA):
        add_operator_balance(act.account(NORTH), paisa)


def test_who_is_no_operator_has_no_account_to_fill(context: object, cast: Cast) -> None:
    for email in (GA, COLLECTOR, ACCOUNTS):
        with act.nothing_is_written(), pytest.raises(ValueError, match="only Operators"), act.change(GA):
            add_operator_balance(act.account(email), 100_00)
