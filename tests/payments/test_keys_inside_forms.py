"""What a further key allows inside a form is neither shown to who lacks it nor taken from him."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.access.scope import everywhere
from tests.books import act
from tests.cast import COLLECTOR, DESK, NORTH, Cast
from tests.conftest import form_fields
from tests.payments.test_once_only import other_package
from tests.rules.house import hold

TAKING = {"receive-payment", "view-customer-details"}
CHANGING = {"change-customer-package", "view-customer-details"}


@pytest.mark.parametrize("may_give", [False, True])
def test_a_discount_while_taking_cash_is_given_by_who_holds_its_key_alone(
    may_give: bool, app: Flask, cast: Cast, as_person: Callable[[str], FlaskClient]
) -> None:
    hold(app, COLLECTOR, TAKING | ({"discount-on-bills"} if may_give else set()))
    browser, who = as_person(COLLECTOR), cast.customers[NORTH][0]
    form = form_fields(browser.get(f"/payments/receive/{who}").text, "request_id")
    assert ("discount" in form) is may_give
    typed = form | {"amount": "100", "discount": "50", "discount_reason": "a cousin", "quoted": ""}
    assert browser.post(f"/payments/receive/{who}", data=typed).status_code == 303
    with app.app_context(), everywhere("the test adds up"):
        assert sum(bill.discount for bill in act.bills_of(who)) == (50_00 if may_give else 0)


@pytest.mark.parametrize("may_take", [False, True])
def test_cash_is_taken_with_a_change_of_package_by_who_holds_its_key_alone(
    may_take: bool, app: Flask, cast: Cast, as_person: Callable[[str], FlaskClient]
) -> None:
    hold(app, DESK, CHANGING | ({"receive-payment"} if may_take else set()))
    browser, who = as_person(DESK), cast.customers[NORTH][0]
    path = f"/customers/change-package/{who}"
    dearer = str(other_package(app, who, dearer=True))
    chosen = form_fields(browser.get(path).text, "package_id") | {"package_id": dearer}
    preview = browser.post(path, data=chosen).text
    assert ('name="take_cash"' in preview) is may_take
    assert browser.post(path, data=form_fields(preview, "quoted") | {"take_cash": "y"}).status_code == 303
    with app.app_context():
        assert len(act.payments_of(who)) == int(may_take)
