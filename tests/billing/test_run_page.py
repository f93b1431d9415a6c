"""The monthly run and the suspension by a parent's hand: what the page promises is what the job does, in its scope alone."""

import re
from collections.abc import Callable
from datetime import date

from flask import Flask
from flask.testing import FlaskClient

from app.billing.services import bill_month, plan_month
from app.customers.services import change_status
from tests import make
from tests.books import act
from tests.cast import GA, GHAT, NORTH, SOUTH, Cast
from tests.conftest import Clock, form_fields

DECEMBER = date(2026, 12, 1)
MONTHLY = 2
"""How many customers of each owner of the cast are billed by the month."""


def press(browser: FlaskClient, what: str) -> str:
    """Press one of the page's buttons and return the page of the job."""
    page = browser.get("/billing-run/").text
    address = re.search(rf'action="(/billing-run/{what}[^"]*)"', page)
    assert address is not None, f"the page offers no {what}"
    form = form_fields(page[page.index(address[0]) - 200 :], "request_id")
    answer = browser.post(address[1], data=form)
    assert answer.status_code == 303
    return browser.get(answer.location).text


def english(browser: FlaskClient) -> FlaskClient:
    """Show a person's pages in English."""
    browser.get("/lang/en")
    return browser


def test_the_plan_says_what_the_run_then_does_and_why_it_passes_over(context: object, cast: Cast, clock: Clock) -> None:
    with act.change(NORTH):
        change_status(make.customer(cast.customers[NORTH][1]), "suspended", "Away")
    clock.set("2026-12-01 09:00")
    with make.as_account(GA):
        plan = plan_month(DECEMBER)
    run = bill_month(DECEMBER)
    assert (plan.made, plan.skipped["suspended"]) == (7, 1)
    # the run also billed the two customers of the other tenant
    assert (run.made, run.skipped["suspended"]) == (7 + MONTHLY, 1)
    with make.as_account(GA):
        plan = plan_month(DECEMBER)
    assert (plan.made, plan.skipped["billed already"], plan.amount) == (0, 7, 0)


def test_an_operator_runs_the_month_for_itself_and_those_below(
    app: Flask, cast: Cast, as_person: Callable[[str], FlaskClient], clock: Clock
) -> None:
    clock.set("2026-11-30 23:50")
    browser = english(as_person(NORTH))
    assert "every customer that is billed by the month has its bill" in browser.get("/billing-run/").text
    clock.set("2026-12-01 00:10")
    browser = english(as_person(NORTH))
    done = press(browser, "month")
    assert "4 bills made" in done
    with app.app_context():
        billed = {
            owner: [one.month for one in act.bills_of(cast.customers[owner][0])].count(DECEMBER)
            for owner in (GA, NORTH, SOUTH, GHAT)
        }
        assert billed == {GA: 0, NORTH: 1, SOUTH: 0, GHAT: 1}
        assert act.differences() == []
    assert "has its bill" in browser.get("/billing-run/").text


def test_who_has_not_paid_in_time_is_suspended_by_the_button(
    app: Flask, cast: Cast, as_person: Callable[[str], FlaskClient], clock: Clock
) -> None:
    clock.set("2026-12-28 09:00")
    browser = english(as_person(GA))
    assert "customers suspended" in press(browser, "suspend")
    with app.app_context():
        statuses = [make.customer(cast.customers[owner][0]).status for owner in (GA, NORTH, SOUTH, GHAT)]
        assert statuses == ["suspended"] * 4


def test_a_damaged_form_starts_nothing(app: Flask, cast: Cast, as_person: Callable[[str], FlaskClient]) -> None:
    browser = english(as_person(GA))
    token = form_fields(browser.get("/billing-run/").text)["csrf_token"]
    answer = browser.post("/billing-run/month", data={"csrf_token": token, "request_id": "x"}, follow_redirects=True)
    assert "This form is damaged" in answer.text
