"""The public page behind a receipt's QR code: number, masked name, amount, time, valid or void, and nothing else (spec §5.7)."""

from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.access.scope import everywhere
from app.core.database import db, transaction
from app.core.language import to_ascii_digits
from app.customers.models import Customer
from app.payments.models import Payment
from app.payments.services import void_payment
from app.public.views import masked
from tests.cast import COLLECTOR, NORTH, Cast
from tests.make import as_account, pay


@dataclass(frozen=True)
class Paid:
    """A payment, by what names it."""

    id: int
    number: int
    check_code: str
    customer_id: int


@pytest.fixture
def paid(app: Flask, cast: Cast) -> Paid:
    """A payment of ৳ 312.50."""
    with app.app_context():
        payment = pay(COLLECTOR, cast.customers[NORTH][0], 312_50)
        return Paid(payment.id, payment.number, payment.check_code, payment.customer_id)


def test_it_shows_what_is_on_the_receipt_with_the_name_masked(app: Flask, paid: Paid, client: FlaskClient) -> None:
    answer = client.get(f"/receipt/{paid.check_code}")
    assert answer.status_code == 200
    text = to_ascii_digits(answer.text).replace("<small>", "").replace("</small>", "")
    with app.app_context(), everywhere("tests look at everything"):
        customer = db.session.get_one(Customer, paid.customer_id)
        name, mobile, username = customer.name, customer.mobile, customer.username
    assert "312.50" in text
    assert str(paid.number) in text
    assert masked(name) in answer.text
    for secret in (name, mobile.removeprefix("+88"), username, COLLECTOR):
        assert secret not in answer.text


@pytest.mark.parametrize(("language", "valid", "void"), [("en", "genuine", "void"), ("bn", "আসল", "বাতিল")])
def test_a_voided_payment_is_said_to_be_void_at_once(
    app: Flask, paid: Paid, client: FlaskClient, language: str, valid: str, void: str
) -> None:
    client.get(f"/lang/{language}")
    assert valid in client.get(f"/receipt/{paid.check_code}").text
    with app.app_context(), as_account(NORTH), transaction():
        void_payment(db.session.get_one(Payment, paid.id), "Wrong customer")
    page = client.get(f"/receipt/{paid.check_code}").text
    assert void in page
    assert "Wrong customer" not in page


@pytest.mark.parametrize("code", ["x", "A" * 43, "A" * 42 + "!", "1", "%00" * 5])
def test_unknown_codes_are_not_found(app: Flask, paid: Paid, client: FlaskClient, code: str) -> None:
    assert client.get(f"/receipt/{code}").status_code == 404


def test_the_code_cannot_be_guessed_and_the_page_is_not_kept_by_search_engines(
    app: Flask, paid: Paid, client: FlaskClient
) -> None:
    assert len(paid.check_code) == 43
    assert 'name="robots" content="noindex"' in client.get(f"/receipt/{paid.check_code}").text
