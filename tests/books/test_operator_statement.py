"""An Operator's account as a statement: its last movements as they were booked, each with the balance after it."""

from __future__ import annotations

import re
from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.access.scope import everywhere
from app.accounts.models import Account
from app.books.models import EntryKind
from app.books.statement import operator_statement
from app.core.database import db
from app.core.language import to_ascii_digits
from tests.cast import GA, NORTH, Cast
from tests.make import as_account, pay
from tests.payments.test_corrections import void_receipt


def _account(email: str) -> Account:
    with everywhere("tests look at everything"):
        return db.session.execute(
            select(Account).where(Account.email == email).execution_options(populate_existing=True)
        ).scalar_one()


def test_each_line_says_what_the_account_held_after_it(context: Flask, cast: Cast) -> None:
    before = _account(NORTH).balance
    first, second = cast.customers[NORTH][:2]
    pay(NORTH, first, 100_00)
    void_receipt(GA, pay(NORTH, second, 50_00).id)
    account = _account(NORTH)
    for viewer in (NORTH, GA):
        with as_account(viewer):
            lines = operator_statement(account, 500)
        assert -lines[0].balance == account.balance
        for newer, older in zip(lines, lines[1:], strict=False):
            assert older.balance == newer.balance - newer.amount
        taken, given_back = lines[1], lines[0]
        assert (taken.kind, given_back.kind) == (EntryKind.OPERATOR_AMOUNT, lines[0].kind)
        assert taken.amount == -given_back.amount > 0
        assert -lines[2].balance == account.balance < before
        assert lines[-1].kind == EntryKind.OPERATOR_BALANCE and lines[-1].balance == lines[-1].amount


def test_of_a_long_one_the_last_lines_are_shown_with_the_same_balances(context: Flask, cast: Cast) -> None:
    for customer_id in cast.customers[NORTH][:3]:
        pay(NORTH, customer_id, 30_00)
    account = _account(NORTH)
    with as_account(NORTH):
        assert operator_statement(account, 2) == operator_statement(account, 500)[:2]


def test_an_operator_reads_on_its_page_what_its_account_holds(
    app: Flask, cast: Cast, as_person: Callable[[str], FlaskClient]
) -> None:
    with app.app_context():
        pay(NORTH, cast.customers[NORTH][0], 100_00)
        held = _account(NORTH).balance
    client = as_person(NORTH)
    client.get("/lang/en")
    page = client.get("/account/balance/").text
    row = page.partition("<tbody>")[2].partition("</tr>")[0]
    amounts = re.findall(r"[\d,]+\.\d\d", to_ascii_digits(re.sub("<[^>]+>", "", row)))
    assert int(re.sub(r"\D", "", amounts[-1])) == held
