"""Money at the same moment, on parallel connections: it ends as if one thing had come after the other."""

from collections.abc import Callable
from datetime import date
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.access.scope import everywhere
from app.billing.package_change import change_package, work_out
from app.billing.services import bill_month, discount_bill, edit_bill, generate_bill, void_bill
from app.cash.models import DayClosing
from app.cash.queries import open_period
from app.cash.services import close_day
from app.core.database import db
from app.core.errors import Refused
from app.customers.models import Customer
from app.packages.models import Package
from app.payments.models import Payment
from app.payments.services import edit_payment, void_payment
from tests import make
from tests.books import act
from tests.cast import ACCOUNTS, COLLECTOR, GA, GHAT, GHATMAN, NORTH, PADMA_GA, SOUTH, Cast
from tests.conftest import form_fields

DECEMBER = date(2026, 12, 1)
PERIOD = (DECEMBER, date(2026, 12, 31))


def taking(email: str, customer_id: int, paisa: int, **said: object) -> Callable[[], Payment]:
    """Return the work of taking cash on a connection of its own."""
    return lambda: make.pay(email, customer_id, paisa, **said)


def doing(email: str, work: Callable[[], object]) -> Callable[[], object]:
    """Return work to be done as a person, in a transaction of its own."""

    def done() -> object:
        with act.change(email):
            work()
            return "done"

    return done


def raised(outcomes: list[object]) -> list[object]:
    """Return the outcomes that are exceptions other than refusals."""
    return [one for one in outcomes if isinstance(one, Exception) and not isinstance(one, Refused)]


def right(app: Flask) -> bool:
    """Tell whether the books add up."""
    with app.app_context():
        assert act.differences() == []
    return True


def test_fifty_identical_posts_at_once_make_one_payment_and_lead_to_one_receipt(
    app: Flask, cast: Cast, as_person: Callable[[str], FlaskClient]
) -> None:
    who = cast.customers[NORTH][0]
    browser = as_person(COLLECTOR)
    page = browser.get(f"/payments/receive/{who}")
    form = form_fields(page.text, "amount") | {"amount": "840"}
    session = app.config["SESSION_COOKIE_NAME"]
    signed_in = browser.get_cookie(session).value

    def send() -> tuple[int, str]:
        phone = app.test_client()
        phone.set_cookie(session, signed_in)
        answer = phone.post(f"/payments/receive/{who}", data=form)
        return answer.status_code, (answer.location or "").partition("?")[0]

    answers = act.at_once(app, *[send] * 50, requests=True)
    with app.app_context():
        (taken,) = act.payments_of(who)
        assert make.customer(who).due == 0
    assert answers == [(303, f"/payments/show/{taken.id}")] * 50
    assert right(app)


def test_twenty_payments_at_once_settle_one_bill_once_and_the_rest_is_advance(app: Flask, cast: Cast) -> None:
    who = cast.customers[NORTH][0]
    outcomes = act.at_once(app, *[taking(COLLECTOR, who, 60_00 + part) for part in range(20)])
    assert raised(outcomes) == []
    with app.app_context():
        taken = act.payments_of(who)
        (november,) = act.bills_of(who)
        paid = sum(one.amount for one in taken)
        assert (len(taken), november.status, november.paid) == (20, "paid", 840_00)
        assert (make.customer(who).due, make.customer(who).advance) == (0, paid - 840_00)
        assert sorted(one.number for one in taken) == list(range(1, 21))
    assert right(app)


def test_a_payment_voided_by_two_at_once_is_voided_once(app: Flask, cast: Cast) -> None:
    who = cast.customers[NORTH][0]
    with app.app_context():
        receipt = make.pay(COLLECTOR, who, 840_00).id
    outcomes = act.at_once(
        app, *[doing(email, lambda: void_payment(act.payment(receipt), "Wrong")) for email in (ACCOUNTS, NORTH, GA)]
    )
    assert sorted(map(str, outcomes)).count("done") == 1
    assert [type(one) for one in outcomes if one != "done"] == [Refused, Refused]
    assert right(app)


def test_cash_against_the_void_and_the_correction_of_a_payment_of_the_same_customer(app: Flask, cast: Cast) -> None:
    who = cast.customers[NORTH][0]
    with app.app_context():
        first, second = (make.pay(COLLECTOR, who, paisa).id for paisa in (300_00, 200_00))
    correction = {"paid_on": date(2026, 11, 23), "note": "", "reason": "Misread", "request_id": str(uuid4())}
    outcomes = act.at_once(
        app,
        taking(COLLECTOR, who, 400_00),
        doing(ACCOUNTS, lambda: void_payment(act.payment(first), "Wrong")),
        doing(NORTH, lambda: edit_payment(act.payment(second), amount=250_00, **correction)),
        taking(NORTH, who, 77_77),
    )
    assert raised(outcomes) == []
    with app.app_context():
        assert make.customer(who).balance == 840_00 - 400_00 - 250_00 - 77_77
    assert right(app)


def test_a_bill_voided_discounted_and_edited_while_it_is_paid(app: Flask, cast: Cast) -> None:
    who, one = cast.customers[NORTH][0], cast.bills[NORTH][0]
    outcomes = act.at_once(
        app,
        taking(COLLECTOR, who, 500_00),
        doing(ACCOUNTS, lambda: void_bill(make.bill(one), "Raised twice")),
        doing(NORTH, lambda: discount_bill(make.bill(one), 100_00, "Goodwill")),
        doing(
            GA,
            lambda: edit_bill(make.bill(one), amount=700_00, description="", period=PERIOD, due_on=date(2026, 12, 9)),
        ),
        taking(NORTH, who, 340_00),
    )
    assert raised(outcomes) == []
    with app.app_context():
        assert make.bill(one).status == "void"
        assert (make.customer(who).due, make.customer(who).advance) == (0, 840_00)
    assert right(app)


def test_two_collectors_and_money_for_one(app: Flask, cast: Cast) -> None:
    first, second = cast.customers[GHAT][0], cast.customers[GHAT][1]
    with app.app_context():
        act.bring_balance_to(GHAT, 620_00)
    outcomes = act.at_once(app, taking(GHATMAN, first, 840_00), taking(GHAT, second, 800_00))
    assert [type(one) for one in outcomes].count(Refused) == 1
    with app.app_context():
        assert len(act.payments_of(first)) + len(act.payments_of(second)) == 1
    assert right(app)


def test_the_month_run_twice_at_once_bills_once(app: Flask, cast: Cast) -> None:
    with app.app_context():
        make.pay(NORTH, cast.customers[NORTH][0], 2_000_00)
        make.pay(SOUTH, cast.customers[SOUTH][0], 2_000_00)
    runs = act.at_once(app, *[lambda: bill_month(DECEMBER)] * 3)
    assert raised(runs) == []
    assert sum(run.made for run in runs) == 10
    with app.app_context():
        for owner in (GA, NORTH, SOUTH, GHAT, PADMA_GA):
            assert [one.month for one in act.bills_of(cast.customers[owner][0])].count(DECEMBER) == 1
    assert right(app)


def test_the_month_run_while_cash_is_taken_bills_are_raised_and_payments_corrected(app: Flask, cast: Cast) -> None:
    with app.app_context():
        receipts = [make.pay(NORTH, cast.customers[NORTH][index], 900_00 + index).id for index in (0, 1)]
        make.pay(GA, cast.customers[GHAT][0], 3_000_00)

    def raising(email: str, index: int) -> Callable[[], object]:
        return doing(
            email,
            lambda: generate_bill(
                db.session.get_one(Customer, cast.customers[email][index]),
                50_00,
                description="",
                period=PERIOD,
                due_on=PERIOD[1],
            ),
        )

    def correcting(receipt: int, paisa: int) -> Callable[[], object]:
        said = {"paid_on": date(2026, 11, 23), "note": "", "reason": "Misread"}
        return doing(GA, lambda: edit_payment(act.payment(receipt), amount=paisa, request_id=str(uuid4()), **said))

    works = [lambda: bill_month(DECEMBER), lambda: bill_month(date(2027, 1, 1))]
    works += [raising(email, index) for email in (NORTH, GHAT, SOUTH, GA) for index in (0, 1)]
    works += [taking(email, cast.customers[email][index], 33_33) for email in (NORTH, SOUTH, GA) for index in (1, 0)]
    works += [correcting(receipt, 1_000_00 + receipt) for receipt in receipts]
    outcomes = act.at_once(app, *works)
    assert raised(outcomes) == []
    assert right(app)


def test_one_form_for_two_customers_at_once_counts_for_one(app: Flask, cast: Cast) -> None:
    form = str(uuid4())
    outcomes = act.at_once(
        app, *[taking(NORTH, who, 100_00, request_id=form) for who in cast.customers[NORTH][:2] for _ in range(3)]
    )
    assert raised(outcomes) == []
    with app.app_context():
        taken = [one for who in cast.customers[NORTH][:2] for one in act.payments_of(who)]
        assert len(taken) == 1
    assert right(app)


def test_the_month_run_against_a_package_change(app: Flask, cast: Cast) -> None:
    with app.app_context(), act.change(NORTH):
        package = next(
            one for one in db.session.execute(select(Package).order_by(Package.id)).scalars() if one.name == "Home 20M"
        )
        package_id = package.id

    def changing(who: int) -> None:
        customer, new = db.session.get_one(Customer, who), db.session.get_one(Package, package_id)
        change_package(customer, new, quoted=work_out(customer, new).total, request_id=str(uuid4()))

    who = cast.customers[NORTH][0]
    outcomes = act.at_once(
        app,
        lambda: bill_month(DECEMBER),
        doing(NORTH, lambda: changing(who)),
        doing(ACCOUNTS, lambda: changing(who)),
        lambda: bill_month(DECEMBER),
    )
    assert raised(outcomes) == []
    with app.app_context():
        purposes = [one.purpose for one in act.bills_of(who)]
        assert sorted(purposes) == ["monthly", "monthly", "package_change"]
        (december,) = [one for one in act.bills_of(who) if one.month == DECEMBER]
        # whichever came first, the month is billed at one package's price, whole
        assert december.amount in {800_00, 1_000_00}
    assert right(app)


def test_a_day_closed_while_cash_is_taken_and_spent_counts_each_entry_once(app: Flask, cast: Cast) -> None:
    who = cast.customers[NORTH]
    with app.app_context():
        make.pay(COLLECTOR, who[0], 500_00)

    def closing() -> None:
        close_day({"500": 1}, request_id=str(uuid4()), reason="Counted in a hurry")

    outcomes = act.at_once(
        app,
        doing(COLLECTOR, closing),
        *[taking(COLLECTOR, one, 50_00 + index) for index, one in enumerate(who)],
        doing(COLLECTOR, closing),
        doing(NORTH, lambda: void_payment(act.payments_of(who[0])[0], "Wrong")),
    )
    assert raised(outcomes) == []
    # check-books compares each closing with the lines it covers, and the cash with what came in
    assert right(app)
    with app.app_context(), everywhere("the test looks at everything"):
        closings = db.session.execute(select(DayClosing).order_by(DayClosing.number)).scalars().all()
        assert [one.number for one in closings] == list(range(1, len(closings) + 1))
        covered = sum(one.collected for one in closings)
        period = open_period(act.account(COLLECTOR).tenant_id or 0, cast.accounts[COLLECTOR])
        assert covered + period.collected == 50_00 + 50_01 + 50_02


def test_a_payment_corrected_by_two_at_once_is_corrected_once(app: Flask, cast: Cast) -> None:
    who = cast.customers[NORTH][0]
    with app.app_context():
        receipt = make.pay(COLLECTOR, who, 840_00).id

    def correcting(email: str, paisa: int) -> Callable[[], object]:
        said = {"paid_on": date(2026, 11, 23), "note": "", "reason": "Misread"}
        return doing(email, lambda: edit_payment(act.payment(receipt), amount=paisa, request_id=str(uuid4()), **said))

    outcomes = act.at_once(app, correcting(ACCOUNTS, 400_00), correcting(NORTH, 300_00), correcting(GA, 200_00))
    assert outcomes.count("done") == 1
    assert [type(one) for one in outcomes if one != "done"] == [Refused, Refused]
    with app.app_context():
        assert [one.status for one in act.payments_of(who)] == ["void", "valid"]
    assert right(app)


def test_two_people_who_change_one_bill_do_not_undo_each_other(app: Flask, cast: Cast) -> None:
    one = cast.bills[NORTH][0]
    with app.app_context():
        seen = make.bill(one).version

    def editing(email: str, paisa: int) -> Callable[[], object]:
        said = {"description": "", "period": PERIOD, "due_on": date(2026, 12, 9), "version": seen}
        return doing(email, lambda: edit_bill(make.bill(one), amount=paisa, **said))

    outcomes = act.at_once(app, editing(ACCOUNTS, 700_00), editing(NORTH, 600_00))
    assert outcomes.count("done") == 1
    assert [str(other) for other in outcomes if isinstance(other, Refused)] == [
        "This bill has changed since the page was opened. Look at it and change it again."
    ]
    assert right(app)


@pytest.mark.long
def test_a_storm_of_everything_ends_right(app: Flask, cast: Cast) -> None:
    for _round in range(10):
        works = [
            taking(email, cast.customers[email][index], 11_11 + index, request_id=str(uuid4()))
            for email in (NORTH, SOUTH, GA)
            for index in (0, 1, 2)
            for _ in range(2)
        ]
        outcomes = act.at_once(app, *works, lambda: bill_month(DECEMBER))
        assert raised(outcomes) == []
    assert right(app)
