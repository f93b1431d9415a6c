"""Bad input about money, through the pages: a sentence beside the form, nothing written, and the log shows the refusal."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.access.scope import everywhere
from app.activity.models import Activity
from app.books.models import JournalLine
from app.cash.services import close_day
from app.core.database import db
from app.customers.services import change_status
from tests import make
from tests.books import act
from tests.cast import ACCOUNTS, COLLECTOR, GA, NORTH, Cast
from tests.conftest import form_fields

FORM = "5d9d8c1e-0b5f-4d0b-9a3b-7f1c2e6a0009"


@dataclass(frozen=True)
class Bad:
    """A form filled wrongly: by whom, where, what is typed, and words of the sentence that comes back."""

    email: str
    path: Callable[[Cast], str]
    typed: dict[str, str]
    says: str
    before: Callable[[Cast], Any] = lambda _cast: None


def cash(cast: Cast) -> str:
    """Return where cash is taken from the first of north's customers."""
    return f"/payments/receive/{cast.customers[NORTH][0]}"


def bill(what: str) -> Callable[[Cast], str]:
    """Return where something is done with that customer's bill."""
    return lambda cast: f"/bills/{what}/{cast.bills[NORTH][0]}"


def new_bill(cast: Cast) -> str:
    """Return where that customer gets a bill by hand."""
    return f"/bills/add?customer={cast.customers[NORTH][0]}"


def recharge(cast: Cast) -> str:
    """Return where north's prepaid customer is recharged."""
    return f"/payments/recharge/{cast.customers[NORTH][2]}"


def is_paid(cast: Cast) -> None:
    """Let the customer pay half of its bill."""
    make.pay(COLLECTOR, cast.customers[NORTH][0], 420_00)


def has_closed(cast: Cast) -> None:
    """Let the collector close the day, and a night pass."""
    is_paid(cast)
    with act.change(COLLECTOR):
        close_day({"200": 2, "20": 1}, request_id=FORM)


def is_disabled(cast: Cast) -> None:
    """Disable the prepaid customer."""
    with act.change(NORTH):
        change_status(make.customer(cast.customers[NORTH][2]), "disabled", "Left")


CASES = {
    "nothing paid": Bad(COLLECTOR, cash, {"amount": "0"}, "must be above zero"),
    "less than nothing paid": Bad(COLLECTOR, cash, {"amount": "-5"}, "must be above zero"),
    "parts of a paisa": Bad(COLLECTOR, cash, {"amount": "10.005"}, "two digits after the point"),
    "words": Bad(COLLECTOR, cash, {"amount": "all"}, "not an amount"),
    "paid tomorrow": Bad(COLLECTOR, cash, {"amount": "10", "paid_on": "2026-11-24"}, "lies in the future"),
    "paid long ago": Bad(COLLECTOR, cash, {"amount": "10", "paid_on": "2026-11-15"}, "too far back"),
    "paid in a closed day": Bad(
        COLLECTOR, cash, {"amount": "10", "paid_on": "2026-11-22"}, "That day is closed", before=has_closed
    ),
    "a discount above what is open": Bad(
        ACCOUNTS, bill("discount"), {"discount": "9000", "reason": "Storm"}, "more than what is open"
    ),
    "a discount of nothing": Bad(ACCOUNTS, bill("discount"), {"reason": "Storm"}, "must be above zero"),
    "a discount in both ways": Bad(
        ACCOUNTS, bill("discount"), {"discount": "5", "percent": "5", "reason": "Storm"}, "not both"
    ),
    "more than a hundred per cent": Bad(
        ACCOUNTS, bill("discount"), {"percent": "101", "reason": "Storm"}, "At most 100 per cent"
    ),
    "a bill over nothing": Bad(ACCOUNTS, new_bill, {"amount": "0"}, "must be above zero"),
    "a bill that ends before it begins": Bad(
        ACCOUNTS, new_bill, {"amount": "5", "period_to": "2026-10-01"}, "ends before it begins"
    ),
    "a bill below what is paid": Bad(
        ACCOUNTS, bill("edit"), {"amount": "100"}, "cannot be below what is paid", before=is_paid
    ),
    "a recharge of a disabled customer": Bad(
        NORTH, recharge, {"days": "3"}, "This customer is disabled", before=is_disabled
    ),
    "a recharge of no time": Bad(NORTH, recharge, {"days": "0", "hours": "0"}, "at least an hour"),
    "an expense tomorrow": Bad(
        ACCOUNTS, lambda _cast: "/expenses/add", {"amount": "5", "spent_on": "2026-11-24"}, "lies in the future"
    ),
    "balance below nothing": Bad(
        GA, lambda cast: f"/operators/balance/{cast.accounts[NORTH]}", {"amount": "-5"}, "must be above zero"
    ),
}


def lines() -> int:
    """Return how many lines the journal has."""
    with everywhere("the test counts"):
        return db.session.execute(select(func.count(JournalLine.id))).scalar_one()


def refusals() -> list[str]:
    """Return the refusals in the log, oldest first."""
    with everywhere("the test reads the log"):
        found = select(Activity.detail).where(Activity.event == "access.refused").order_by(Activity.id)
        return list(db.session.execute(found).scalars())


@pytest.mark.parametrize("name", CASES)
def test_it_comes_back_with_a_sentence_and_moves_nothing(
    app: Flask, cast: Cast, as_person: Callable[[str], FlaskClient], name: str
) -> None:
    bad = CASES[name]
    with app.app_context():
        bad.before(cast)
    browser, path = as_person(bad.email), bad.path(cast)
    browser.get("/lang/en")
    typed = form_fields(browser.get(path).text, next(iter(bad.typed))) | bad.typed
    with app.app_context():
        before, refused = lines(), len(refusals())
    answer = browser.post(path, data=typed)
    assert answer.status_code in (200, 422)
    assert bad.says in answer.text
    with app.app_context():
        assert lines() == before
        assert len(refusals()) == refused + 1
        assert bad.says in refusals()[-1]


@pytest.mark.parametrize(("email", "what"), [(ACCOUNTS, "bills"), (ACCOUNTS, "payments")])
def test_what_is_void_cannot_be_voided_by_an_old_form(
    app: Flask, cast: Cast, as_person: Callable[[str], FlaskClient], email: str, what: str
) -> None:
    with app.app_context():
        paid = make.pay(COLLECTOR, cast.customers[NORTH][0], 840_00).id
    path = f"/{what}/delete/{cast.bills[NORTH][0] if what == 'bills' else paid}"
    browser = as_person(email)
    browser.get("/lang/en")
    old = form_fields(browser.get(path).text, "reason") | {"reason": "Typed twice"}
    assert browser.post(path, data=old).status_code == 303
    with app.app_context():
        before = lines()
    again = browser.post(path, data=old)
    assert again.status_code == 422
    assert "is void already" in again.text
    with app.app_context():
        assert lines() == before
        assert "is void already" in refusals()[-1]
