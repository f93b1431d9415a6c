"""Every form that makes money counts once: sent again it leads to what it made, fifty at once make one row (spec §5.2)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.access.scope import everywhere
from app.billing.models import Bill, Credit, Discount
from app.books.models import EntryKind, JournalEntry, JournalLine
from app.cash.models import DayClosing, ShortageRepayment
from app.core.database import db
from app.customers.models import Customer
from app.expenses.models import Expense
from app.payments.models import Payment
from tests import make
from tests.books import act
from tests.cast import ACCOUNTS, COLLECTOR, GA, NORTH, Cast
from tests.conftest import form_fields

SENT_AT_ONCE = 50


@dataclass(frozen=True)
class Form:
    """A form that makes money: who sends it, where it is, what is typed, and of what it makes one row more."""

    email: str
    path: Callable[[Cast], str]
    typed: dict[str, str]
    model: type
    having: str = "request_id"
    where: tuple[Any, ...] = ()


FORMS = {
    "a bill by hand": Form(
        ACCOUNTS, lambda cast: f"/bills/add?customer={cast.customers[NORTH][0]}", {"amount": "150"}, Bill
    ),
    "a discount": Form(
        ACCOUNTS,
        lambda cast: f"/bills/discount/{cast.bills[NORTH][0]}",
        {"discount": "10", "reason": "Storm"},
        Discount,
    ),
    "an expense": Form(ACCOUNTS, lambda _cast: "/expenses/add", {"amount": "70"}, Expense),
    "a parent's expense": Form(NORTH, lambda _cast: "/expenses/add", {"amount": "70"}, Expense),
    "cash": Form(COLLECTOR, lambda cast: f"/payments/receive/{cast.customers[NORTH][0]}", {"amount": "100"}, Payment),
    "balance added": Form(
        GA,
        lambda cast: f"/operators/balance/{cast.accounts[NORTH]}",
        {"amount": "500"},
        JournalEntry,
        where=(JournalEntry.kind == EntryKind.OPERATOR_BALANCE.value,),
    ),
}


def in_english(browser: FlaskClient) -> FlaskClient:
    """Show a person's pages in English."""
    browser.get("/lang/en")
    return browser


def rows(form: Form) -> int:
    """Return how many rows there are of what a form makes."""
    with everywhere("the test counts"):
        return db.session.execute(select(func.count()).select_from(form.model).where(*form.where)).scalar_one()


def lines() -> int:
    """Return how many lines the journal has."""
    with everywhere("the test counts"):
        return db.session.execute(select(func.count(JournalLine.id))).scalar_one()


@pytest.mark.parametrize("name", FORMS)
def test_a_form_sent_again_leads_to_the_same_page_and_moves_nothing(
    app: Flask, cast: Cast, as_person: Callable[[str], FlaskClient], name: str
) -> None:
    form = FORMS[name]
    browser, path = in_english(as_person(form.email)), form.path(cast)
    typed = form_fields(browser.get(path).text, form.having) | form.typed
    with app.app_context():
        before = rows(form)
    first = browser.post(path, data=typed)
    assert first.status_code == 303, first.text
    with app.app_context():
        moved = lines()
    second = browser.post(path, data=typed)
    assert (second.status_code, second.location.partition("?")[0]) == (303, first.location.partition("?")[0])
    assert "already" in browser.get(second.location).text.lower()
    with app.app_context():
        assert (rows(form), lines()) == (before + 1, moved)
        assert act.differences() == []


@pytest.mark.parametrize("name", FORMS)
def test_a_form_without_an_id_of_ours_is_refused(
    app: Flask, cast: Cast, as_person: Callable[[str], FlaskClient], name: str
) -> None:
    form = FORMS[name]
    browser, path = in_english(as_person(form.email)), form.path(cast)
    typed = form_fields(browser.get(path).text, form.having) | form.typed
    with app.app_context():
        before = rows(form), lines()
    for nonsense in ("", "x" * 36, "1" * 5000):
        answer = browser.post(path, data=typed | {"request_id": nonsense})
        assert answer.status_code == 422
        assert "This form is damaged. Open it again." in answer.text
    with app.app_context():
        assert (rows(form), lines()) == before


@pytest.mark.parametrize("name", ["a bill by hand", "a discount", "a parent's expense", "balance added"])
def test_fifty_identical_posts_at_once_make_one_row(
    app: Flask, cast: Cast, as_person: Callable[[str], FlaskClient], name: str
) -> None:
    form = FORMS[name]
    browser, path = as_person(form.email), form.path(cast)
    typed = form_fields(browser.get(path).text, form.having) | form.typed
    session = app.config["SESSION_COOKIE_NAME"]
    signed_in = browser.get_cookie(session).value
    with app.app_context():
        before = rows(form)

    def send() -> tuple[int, str]:
        phone = app.test_client()
        phone.set_cookie(session, signed_in)
        answer = phone.post(path, data=typed)
        return answer.status_code, (answer.location or "").partition("?")[0]

    answers = act.at_once(app, *[send] * SENT_AT_ONCE, requests=True)
    assert len(set(answers)) == 1
    assert answers[0][0] == 303
    with app.app_context():
        assert rows(form) == before + 1
        assert act.differences() == []


# --- Forms of two steps ------------------------------------------------------------------------------------------


def change_to(browser: FlaskClient, who: int, package: int) -> dict[str, str]:
    """Choose a package, look at what it costs, and return the form that changes to it."""
    path = f"/customers/change-package/{who}"
    chosen = form_fields(browser.get(path).text, "package_id") | {"package_id": str(package)}
    return form_fields(browser.post(path, data=chosen).text, "quoted")


def other_package(app: Flask, who: int, *, dearer: bool) -> int:
    """Return a package of the customer's type that costs more, or less, than the customer's own."""
    from app.packages.models import Package

    with app.app_context(), everywhere("the test looks at everything"):
        customer = make.customer(who)
        own = db.session.get_one(Package, customer.package_id)
        side = Package.price > own.price if dearer else Package.price < own.price
        return (
            db.session.execute(
                select(Package.id).where(
                    Package.connection_type == own.connection_type,
                    Package.tenant_id == customer.tenant_id,
                    Package.archived_at.is_(None),
                    side,
                )
            )
            .scalars()
            .first()
        )


def test_a_package_change_with_cash_sent_again_leads_to_its_receipt(
    app: Flask, cast: Cast, as_person: Callable[[str], FlaskClient]
) -> None:
    browser, who = in_english(as_person(NORTH)), cast.customers[NORTH][0]
    path = f"/customers/change-package/{who}"
    typed = change_to(browser, who, other_package(app, who, dearer=True)) | {"take_cash": "y"}
    first, second = (browser.post(path, data=typed) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location.partition("?")[0] == second.location.partition("?")[0]
    assert "already recorded" in browser.get(second.location).text.lower()
    with app.app_context():
        assert len(act.payments_of(who)) == 1
        assert len(act.bills_of(who)) == 2
        assert act.differences() == []


def test_an_old_form_of_a_package_change_gives_nothing_back_a_second_time(
    app: Flask, cast: Cast, as_person: Callable[[str], FlaskClient]
) -> None:
    browser, who = as_person(NORTH), cast.customers[NORTH][0]
    path = f"/customers/change-package/{who}"
    with app.app_context():
        dear = make.customer(who).package_id
    cheap, dear = dear, other_package(app, who, dearer=True)
    assert browser.post(path, data=change_to(browser, who, dear)).status_code == 303
    down = change_to(browser, who, cheap)
    assert browser.post(path, data=down).status_code == 303
    assert browser.post(path, data=change_to(browser, who, dear)).status_code == 303
    again = browser.post(path, data=down)
    assert again.status_code == 303
    with app.app_context(), everywhere("the test counts"):
        assert make.customer(who).package_id == dear
        assert db.session.execute(select(func.count(Credit.id)).where(Credit.customer_id == who)).scalar_one() == 1
        assert act.differences() == []


@pytest.mark.parametrize("quoted", ["²", "1e9", "9" * 40, "--5"])
def test_a_figure_that_no_page_shows_changes_no_package(
    app: Flask, cast: Cast, as_person: Callable[[str], FlaskClient], quoted: str
) -> None:
    browser, who = as_person(NORTH), cast.customers[NORTH][0]
    typed = change_to(browser, who, other_package(app, who, dearer=True)) | {"quoted": quoted}
    with app.app_context():
        before = make.customer(who).package_id
    assert browser.post(f"/customers/change-package/{who}", data=typed).status_code in (200, 422)
    with app.app_context():
        assert make.customer(who).package_id == before


def daily_customer(app: Flask, cast: Cast) -> int:
    """Return a prepaid customer of north's."""
    from app.packages.models import BillingProfile, Cycle

    with app.app_context(), everywhere("the test looks at everything"):
        return (
            db.session.execute(
                select(Customer.id)
                .join(BillingProfile, BillingProfile.id == Customer.profile_id)
                .where(Customer.id.in_(cast.customers[NORTH]), BillingProfile.cycle == Cycle.DAILY.value)
            )
            .scalars()
            .first()
        )


@pytest.mark.parametrize("owed", [0, 50_00])
def test_a_recharge_sent_again_leads_to_its_receipt_whatever_was_due_before(
    app: Flask, cast: Cast, as_person: Callable[[str], FlaskClient], owed: int
) -> None:
    from tests.billing.test_raising import by_hand

    who = daily_customer(app, cast)
    if owed:
        with app.app_context():
            by_hand(NORTH, who, owed)
    browser, path = as_person(NORTH), f"/payments/recharge/{who}"
    chosen = form_fields(browser.get(path).text, "days") | {"days": "3", "hours": "0"}
    typed = form_fields(browser.post(path, data=chosen).text, "quoted")
    first, second = (browser.post(path, data=typed) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location.partition("?")[0] == second.location.partition("?")[0]
    with app.app_context():
        assert len(act.payments_of(who)) == 1
        assert act.differences() == []


# --- Cash in hand ------------------------------------------------------------------------------------------------


def test_a_closing_and_a_repaid_shortage_sent_again_count_once(
    app: Flask, cast: Cast, as_person: Callable[[str], FlaskClient]
) -> None:
    with app.app_context():
        make.pay(COLLECTOR, cast.customers[NORTH][0], 840_00)
    collector, parent = as_person(COLLECTOR), as_person(NORTH)
    count = form_fields(collector.get("/cash/close").text, "note_500") | {"note_500": "1", "reason": "Lost"}
    assert [collector.post("/cash/close", data=count).status_code for _ in range(2)] == [303, 303]
    with app.app_context(), everywhere("the test looks at everything"):
        (closing,) = db.session.execute(select(DayClosing)).scalars().all()
        pk = closing.id
    assert (
        parent.post(
            f"/cash/closings/confirm/{pk}", data=form_fields(parent.get(f"/cash/closings/confirm/{pk}").text)
        ).status_code
        == 303
    )
    path = f"/cash/shortage/{cast.accounts[COLLECTOR]}"
    paid = form_fields(parent.get(path).text, "amount") | {"amount": "100"}
    assert [parent.post(path, data=paid).status_code for _ in range(2)] == [303, 303]
    with app.app_context(), everywhere("the test looks at everything"):
        assert [one.amount for one in db.session.execute(select(ShortageRepayment)).scalars()] == [100_00]
        assert act.differences() == []


def test_a_form_used_for_one_bill_discounts_no_other(app: Flask, cast: Cast) -> None:
    from app.billing.services import discount_bill
    from app.core.errors import Refused

    form = str(uuid4())
    with app.app_context():
        first, second = cast.bills[NORTH][:2]
        with act.change(ACCOUNTS):
            discount_bill(make.bill(first), 1_00, "Storm", request_id=form)
        with act.nothing_is_written(), pytest.raises(Refused, match="something else"), act.change(ACCOUNTS):
            discount_bill(make.bill(second), 1_00, "Storm", request_id=form)


def test_a_package_priced_by_the_day_is_no_package_for_who_pays_by_the_month(
    app: Flask, cast: Cast, as_person: Callable[[str], FlaskClient]
) -> None:
    who = cast.customers[NORTH][0]
    cheap = other_package(app, who, dearer=False)
    browser = as_person(NORTH)
    path = f"/customers/change-package/{who}"
    page = browser.get(path).text
    assert f'value="{cheap}"' not in page
    chosen = form_fields(page, "package_id") | {"package_id": str(cheap)}
    assert browser.post(path, data=chosen).status_code == 422
