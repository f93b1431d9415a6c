"""My cash and day closing as pages: who may, what a form says, what a second tap does."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.access.scope import everywhere
from app.accounts.models import Account
from app.accounts.services import set_keys
from app.books.models import Ledger
from app.books.queries import balance_of
from app.cash.models import DayClosing, in_pieces
from app.cash.services import close_day
from app.core.database import db, transaction
from tests.cast import ACCOUNTS, COLLECTOR, DESK, GA, GHATMAN, NORTH, OFFICE, PADMA_COLLECTOR, ROOT, Cast
from tests.conftest import form_fields
from tests.make import as_account, pay

Person = Callable[[str], FlaskClient]
COUNT = {"note_500": "1", "handed_over": "", "reason": ""}


@pytest.fixture
def in_english(as_person: Person) -> Person:
    """`in_english(email)`: a client, signed in, with pages in English."""

    def open_browser(email: str) -> FlaskClient:
        client = as_person(email)
        client.get("/lang/en")
        return client

    return open_browser


@pytest.fixture
def taken(app: Flask, cast: Cast) -> int:
    """৳ 500 that the collector has taken; the id of the payment."""
    with app.app_context():
        return pay(COLLECTOR, cast.customers[NORTH][0], 500_00).id


@pytest.fixture
def closed(app: Flask, cast: Cast, taken: int) -> int:
    """The collector's closing of it, ৳ 20 short; its id."""
    with app.app_context(), as_account(COLLECTOR), transaction():
        return close_day(in_pieces(480_00), request_id=str(uuid4()), reason="Lost a note").closing.id


def closings(app: Flask) -> int:
    with app.app_context(), everywhere("tests look at everything"):
        return db.session.execute(select(func.count(DayClosing.id))).scalar_one()


def send(client: FlaskClient, path: str, **changed: str) -> TestResponse:
    page = client.get(path)
    assert page.status_code == 200, f"{path} answered {page.status_code}"
    return client.post(path, data=form_fields(page.text, next(iter(changed))) | changed)


def test_my_cash_shows_the_formula_and_the_entries(cast: Cast, taken: int, in_english: Person) -> None:
    page = in_english(COLLECTOR).get("/cash/").text
    assert page.count("500<small>.00</small>") >= 3
    assert f'href="/payments/show/{taken}"' in page
    assert 'href="/cash/close"' in page


def test_a_day_is_closed_by_one_form_and_confirmed_by_the_parent(
    app: Flask, cast: Cast, taken: int, in_english: Person
) -> None:
    answer = send(in_english(COLLECTOR), "/cash/close", **COUNT)
    assert answer.status_code == 303
    slip = in_english(COLLECTOR).get(answer.location).text
    assert "Waits for confirmation" in slip
    closing = answer.location.rpartition("/")[2]
    parent = in_english(NORTH)
    assert f'href="/cash/closings/show/{closing}"' in parent.get("/cash/").text
    assert send(parent, f"/cash/closings/confirm/{closing}", word="Thanks").status_code == 303
    assert "Received and confirmed by" in in_english(COLLECTOR).get(answer.location).text
    with app.app_context(), everywhere("tests look at everything"):
        assert balance_of(Ledger.CASH, cast.accounts[COLLECTOR]) == 0


def test_the_same_form_twice_makes_one_closing_and_says_so(
    app: Flask, cast: Cast, taken: int, in_english: Person
) -> None:
    collector = in_english(COLLECTOR)
    form = form_fields(collector.get("/cash/close").text, "note_500") | COUNT
    first, second = (collector.post("/cash/close", data=form) for _tap in range(2))
    assert (first.status_code, second.status_code, first.location) == (303, 303, second.location)
    assert "closed already" in collector.get(second.location).text
    assert closings(app) == 1


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"note_500": "-1"}, "in digits only"),
        ({"note_500": "one"}, "in digits only"),
        ({"note_500": "1.5"}, "in digits only"),
        ({"note_500": "999999999999999"}, "0 to 99,999"),
        ({"note_500": "100000"}, "0 to 99,999"),
        ({"coins": "-3"}, "cannot be below zero"),
        ({"coins": "9999999999"}, ""),
        ({"coins": "x"}, "This is not an amount"),
        ({"note_500": "0", "note_100": "4"}, "are missing: count again, or say why"),
        ({"note_500": "2"}, "are too much: count again, or say why"),
        ({"handed_over": "500.01"}, "more than you have counted"),
        ({"note_500": "2", "reason": "x" * 201}, "At most 200 characters"),
        ({"request_id": "nonsense"}, "damaged"),
        ({"expected": "40000"}, "has changed since"),
    ],
)
def test_a_wrong_form_comes_back_with_a_sentence_and_closes_nothing(
    typed: dict[str, str], sentence: str, app: Flask, cast: Cast, taken: int, in_english: Person
) -> None:
    answer = send(in_english(COLLECTOR), "/cash/close", **(COUNT | typed))
    assert answer.status_code == 422
    assert sentence in answer.text
    assert closings(app) == 0


def test_bengali_digits_are_counted(app: Flask, cast: Cast, taken: int, in_english: Person) -> None:
    assert send(in_english(COLLECTOR), "/cash/close", **(COUNT | {"note_500": "১"})).status_code == 303


@pytest.mark.parametrize("stranger", [ACCOUNTS, OFFICE, GHATMAN, PADMA_COLLECTOR])
def test_a_closing_of_somebody_else_is_not_there(
    stranger: str, app: Flask, cast: Cast, closed: int, in_english: Person
) -> None:
    with app.app_context(), everywhere("the strangers hold the key"), transaction():
        account = db.session.execute(select(Account).where(Account.email == stranger)).scalar_one()
        set_keys(account, {"receive-payment", "view-customer-details"})
    client = in_english(stranger)
    assert client.get(f"/cash/closings/show/{closed}").status_code == 404
    assert "Lost a note" not in client.get("/cash/closings/export").text


@pytest.mark.parametrize("path", ["/cash/", "/cash/close", "/cash/closings/list/", "/cash/closings/export"])
def test_without_the_key_my_cash_is_refused(path: str, cast: Cast, in_english: Person) -> None:
    for somebody in (DESK, ROOT):
        assert in_english(somebody).get(path).status_code == 403


def test_a_manager_does_not_answer_closings_nor_record_what_was_paid_back(
    cast: Cast, closed: int, in_english: Person
) -> None:
    collector = in_english(COLLECTOR)
    for path in (
        f"/cash/closings/confirm/{closed}",
        f"/cash/closings/return/{closed}",
        f"/cash/shortage/{cast.accounts[COLLECTOR]}",
    ):
        assert collector.get(path).status_code == 403


def test_only_the_parent_itself_answers(cast: Cast, closed: int, in_english: Person) -> None:
    boss = in_english(GA)
    token = form_fields(boss.get("/account/").text)["csrf_token"]
    assert boss.post(f"/cash/closings/confirm/{closed}", data={"csrf_token": token}).status_code == 404
    assert boss.get(f"/cash/shortage/{cast.accounts[COLLECTOR]}").status_code == 404


def test_a_returned_closing_comes_back_with_its_word(cast: Cast, closed: int, in_english: Person) -> None:
    assert send(in_english(NORTH), f"/cash/closings/return/{closed}", word="Two notes are torn").status_code == 303
    page = in_english(COLLECTOR).get("/cash/").text
    assert "Two notes are torn" in page
    assert 'href="/cash/close"' in page


def test_a_confirmed_shortage_is_shown_as_a_debt_until_it_is_paid_back(
    cast: Cast, closed: int, in_english: Person
) -> None:
    parent, collector = in_english(NORTH), in_english(COLLECTOR)
    question = parent.get(f"/cash/closings/confirm/{closed}").text
    assert "20.00 are missing: they become a debt of" in question
    send(parent, f"/cash/closings/confirm/{closed}", word="")
    assert "You owe" in collector.get("/cash/").text
    repay = f"/cash/shortage/{cast.accounts[COLLECTOR]}"
    assert f'href="{repay}"' in parent.get("/cash/").text
    assert send(parent, repay, amount="20.01").status_code == 422
    assert send(parent, repay, amount="20").status_code == 303
    assert "You owe" not in collector.get("/cash/").text


def test_the_export_has_the_same_closings_as_the_list(cast: Cast, closed: int, in_english: Person) -> None:
    lines = in_english(NORTH).get("/cash/closings/export").text.splitlines()
    assert len(lines) == 2
    assert "-20.00" in lines[1] and "Lost a note" in lines[1]
