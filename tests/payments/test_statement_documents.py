"""A customer's statement as PDF and CSV: behind both keys, every movement once, the same balance as the profile."""

import csv
import io
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.access.scope import everywhere
from app.accounts.models import Account
from app.accounts.services import set_keys
from app.activity.models import Activity
from app.core.database import db, transaction
from app.core.language import to_ascii_digits
from tests.cast import COLLECTOR, NORTH, PADMA_COLLECTOR, Cast
from tests.make import customer, pay

Person = Callable[[str], FlaskClient]


@pytest.fixture
def paid(app: Flask, cast: Cast) -> int:
    """A customer of north that has paid ৳ 300; its id."""
    with app.app_context():
        pay(COLLECTOR, cast.customers[NORTH][0], 300_00)
    return cast.customers[NORTH][0]


def test_the_last_balance_is_what_the_customer_owes(app: Flask, paid: int, as_person: Person, tmp_path: Path) -> None:
    client = as_person(COLLECTOR)
    client.get("/lang/en")
    lines = list(csv.reader(io.StringIO(client.get(f"/statements/{paid}/statement.csv").text.removeprefix("\ufeff"))))
    with app.app_context():
        balance = customer(paid).balance
    assert lines[0] == ["Date", "Entry", "Note", "Billed", "Paid", "Balance"]
    assert lines[-1][-1] == f"{balance / 100:.2f}"
    (tmp_path / "s.pdf").write_bytes(client.get(f"/statements/{paid}/statement.pdf").data)
    text = subprocess.run(["pdftotext", tmp_path / "s.pdf", "-"], capture_output=True, text=True, check=True).stdout
    assert f"{abs(balance) / 100:,.2f}" in to_ascii_digits(text)


def test_the_profile_leads_to_both(app: Flask, paid: int, as_person: Person) -> None:
    page = as_person(COLLECTOR).get(f"/customers/show/{paid}?tab=statement").text
    assert f"/statements/{paid}/statement.pdf" in page
    assert f"/statements/{paid}/statement.csv" in page


@pytest.mark.parametrize("missing", ["print-invoice", "view-customer-payments"])
def test_either_key_alone_is_refused(app: Flask, cast: Cast, paid: int, as_person: Person, missing: str) -> None:
    client = as_person(COLLECTOR)
    with app.app_context(), everywhere("tests grant keys"), transaction():
        keys = {"print-invoice", "view-customer-payments"} - {missing}
        set_keys(db.session.get_one(Account, cast.accounts[COLLECTOR]), keys)
    for ending in ("pdf", "csv"):
        assert client.get(f"/statements/{paid}/statement.{ending}").status_code == 403


def test_a_foreign_customer_has_no_statement(app: Flask, paid: int, as_person: Person) -> None:
    assert as_person(PADMA_COLLECTOR).get(f"/statements/{paid}/statement.pdf").status_code in (403, 404)


def test_taking_it_out_is_logged(app: Flask, paid: int, as_person: Person) -> None:
    as_person(COLLECTOR).get(f"/statements/{paid}/statement.pdf")
    with app.app_context(), everywhere("tests look at everything"):
        assert db.session.query(Activity).filter_by(event="statement.printed", customer_id=paid).count() == 1
