"""Money that came in through a gateway: posted once per transaction, never refused, and the accounts of Operators follow (spec §6, §11.2)."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.access.scope import within
from app.billing.services import void_bill
from app.books.models import Ledger
from app.core.database import db, transaction
from app.core.errors import Refused
from app.customers.models import Customer
from app.customers.services import delete_customer, suspend_for_non_payment
from app.payments.models import Method
from app.payments.services import Received, receive_online
from tests import make
from tests.billing.test_raising import by_hand
from tests.books import act
from tests.cast import ACCOUNTS, COLLECTOR, GA, GHAT, NORTH, Cast
from tests.payments.test_corrections import correct, void_receipt


def arrives(cast: Cast, who: int, paisa: int, transaction_id: str = "TRX1", **said: Any) -> Received:
    """Let a gateway's money arrive for a customer, as a callback does: in the tenant's scope, by nobody."""
    said.setdefault("method", Method.BKASH)
    head = cast.accounts[GA]
    with within(act.account(GA).tenant_id, head), transaction():
        return receive_online(db.session.get_one(Customer, who), paisa, transaction_id=transaction_id, **said)


def test_it_settles_the_oldest_bill_lies_at_the_gateway_and_nobody_holds_it(context: object, cast: Cast) -> None:
    who = cast.customers[NORTH][0]
    payment = arrives(cast, who, 900_00).payment
    assert (payment.method, payment.gateway_transaction, payment.collected_by_id) == ("bkash", "TRX1", None)
    assert (make.customer(who).due, make.customer(who).advance) == (0, 60_00)
    assert act.booked(Ledger.GATEWAY, cast.accounts[GA]) == 900_00
    assert act.booked(Ledger.CASH, cast.accounts[COLLECTOR]) == 0
    assert act.events(who)[-1] == "payment.received_online"
    assert act.differences() == []


def test_the_same_transaction_gives_back_its_receipt_also_when_that_is_void_now(context: object, cast: Cast) -> None:
    who = cast.customers[NORTH][0]
    first = arrives(cast, who, 840_00)
    with act.nothing_is_written():
        again = arrives(cast, who, 840_00)
    assert (again.already_recorded, again.payment.id) == (True, first.payment.id)
    void_receipt(ACCOUNTS, first.payment.id)
    assert arrives(cast, who, 840_00).already_recorded
    assert len(act.payments_of(who)) == 1


def test_another_gateway_may_use_the_same_name_of_a_transaction(context: object, cast: Cast) -> None:
    who = cast.customers[NORTH][0]
    assert not arrives(cast, who, 1_00).already_recorded
    assert not arrives(cast, who, 1_00, method=Method.NAGAD).already_recorded


def test_a_transaction_of_another_customer_is_refused(context: object, cast: Cast) -> None:
    arrives(cast, cast.customers[NORTH][0], 840_00)
    with act.nothing_is_written(), pytest.raises(Refused):
        arrives(cast, cast.customers[NORTH][1], 840_00)


@pytest.mark.parametrize(
    "said",
    [{"paisa": 0}, {"paisa": -1}, {"transaction_id": ""}, {"transaction_id": "x" * 101}, {"method": Method.CASH}],
)
def test_what_no_gateway_says_is_an_error_and_nothing_is_written(context: object, cast: Cast, said: Any) -> None:
    with act.nothing_is_written(), pytest.raises(ValueError, match="gateway"):
        arrives(cast, cast.customers[NORTH][0], **{"paisa": 1_00} | said)


def test_no_balance_refuses_it_and_the_chain_is_credited_with_paid_less_operator_amount(
    context: object, cast: Cast
) -> None:
    who, bill = cast.customers[GHAT][0], make.bill(cast.bills[GHAT][0])
    before = {email: act.balance(email) for email in (GHAT, NORTH)}
    own, upper = bill.operator_amount, bill.upper_amount
    arrives(cast, who, bill.total)
    assert act.balance(GHAT) == before[GHAT] + bill.total - own
    assert act.balance(NORTH) == before[NORTH] + bill.total - upper
    assert act.differences() == []


def test_money_for_a_deleted_customer_is_not_lost(context: object, cast: Cast) -> None:
    who = cast.customers[NORTH][0]
    with act.change(NORTH):
        void_bill(make.bill(cast.bills[NORTH][0]), "Left")
        delete_customer(make.customer(who), "Left")
    arrives(cast, who, 500_00)
    assert make.customer(who).advance == 500_00


def test_the_bills_of_a_link_come_before_older_ones(context: object, cast: Cast) -> None:
    who = cast.customers[NORTH][0]
    newer = by_hand(NORTH, who, 300_00)
    arrives(cast, who, make.bill(newer).total, bills=[newer])
    assert make.bill(newer).status == "paid"
    assert make.bill(cast.bills[NORTH][0]).paid == 0
    assert act.differences() == []


def test_who_was_suspended_for_non_payment_is_active_again(context: object, cast: Cast) -> None:
    who = cast.customers[NORTH][0]
    with act.change(NORTH):
        suspend_for_non_payment(make.customer(who))
    arrives(cast, who, 840_00)
    assert make.customer(who).status == "active"


def test_it_is_voided_when_it_was_given_back_but_never_corrected(context: object, cast: Cast) -> None:
    who, before = cast.customers[GHAT][0], act.balance(GHAT)
    receipt = arrives(cast, who, 500_00).payment.id
    with act.nothing_is_written(), pytest.raises(Refused, match="gateway"):
        correct(GA, receipt, 400_00)
    void_receipt(GA, receipt)
    assert (act.booked(Ledger.GATEWAY, cast.accounts[GA]), act.balance(GHAT)) == (0, before)
    assert act.differences() == []


def test_its_page_names_the_transaction_and_offers_no_correction(
    app: Flask, cast: Cast, as_person: Callable[[str], FlaskClient]
) -> None:
    with app.app_context():
        receipt = arrives(cast, cast.customers[NORTH][0], 840_00, "BKA77X").payment.id
    page = as_person(ACCOUNTS).get(f"/payments/show/{receipt}").text
    assert "BKA77X" in page
    assert f"/payments/edit/{receipt}" not in page
    assert f"/payments/delete/{receipt}" in page


def test_one_transaction_told_thirty_times_at_once_while_cash_is_taken_makes_one_receipt(
    app: Flask, cast: Cast
) -> None:
    who = cast.customers[NORTH][0]
    told: list[Callable[[], object]] = [lambda: arrives(cast, who, 840_00).payment.id for _ in range(15)]
    told += [lambda: make.pay(COLLECTOR, who, 840_00, request_id=str(uuid4())).id for _ in range(2)]
    outcomes = act.at_once(app, *told)
    assert [one for one in outcomes if isinstance(one, Exception)] == []
    with app.app_context():
        taken = act.payments_of(who)
        assert sorted(one.method for one in taken) == ["bkash", "cash", "cash"]
        assert (make.customer(who).due, make.customer(who).advance) == (0, 2 * 840_00)
        assert sorted(one.number for one in taken) == [1, 2, 3]
        assert act.differences() == []


def test_one_transaction_for_two_customers_at_once_counts_for_one(app: Flask, cast: Cast) -> None:
    works = [lambda who=who: arrives(cast, who, 100_00) for who in cast.customers[NORTH][:2] for _ in range(4)]
    outcomes = act.at_once(app, *works)
    assert [one for one in outcomes if isinstance(one, Exception) and not isinstance(one, Refused)] == []
    with app.app_context():
        assert sum(len(act.payments_of(who)) for who in cast.customers[NORTH][:2]) == 1
        assert act.differences() == []
