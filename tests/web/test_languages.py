"""The language switch, and dates in the reader's language on Dhaka's calendar (spec §10)."""

import csv
import io
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.access.scope import everywhere
from app.accounts.models import Account
from app.core.database import db, transaction
from app.payments.models import Payment
from tests.cast import ACCOUNTS, COLLECTOR, GA, NORTH, Cast
from tests.conftest import Clock, form_fields
from tests.make import customer, pay

LIST = "/payments/list/"


def language_of(page: str) -> str:
    """Return the language a page declares."""
    found = re.search(r'<html[^>]* lang="(\w+)"', page)
    assert found is not None
    return found.group(1)


class TestTheSwitch:
    """/lang/bn and /lang/en."""

    def test_a_page_changes_its_words_and_says_which_language_it_is_in(
        self, cast: Cast, as_person: Callable[[str], FlaskClient]
    ) -> None:
        client = as_person(COLLECTOR)
        client.get("/lang/en")
        english = client.get(LIST).text
        client.get("/lang/bn")
        bengali = client.get(LIST).text
        assert (language_of(english), language_of(bengali)) == ("en", "bn")
        assert '<h1 class="h1-desk">Payments</h1>' in english
        assert '<h1 class="h1-desk">পেমেন্ট</h1>' in bengali

    def test_it_leads_back_to_where_the_reader_was_and_nowhere_else(self, cast: Cast, client: FlaskClient) -> None:
        assert client.get("/lang/bn?next=/login/?next=/bills/list/").location == "/login/?next=/bills/list/"
        for foreign in ("//evil.example.com/", "https://evil.example.com/", "/\\evil.example.com"):
            assert client.get("/lang/bn", query_string={"next": foreign}).location == "/"

    @pytest.mark.parametrize("name", ["fr", "BN", "bn_BD", "b", "en%00", "..", "বাংলা"])
    def test_an_unknown_language_is_not_found_and_changes_nothing(
        self, name: str, cast: Cast, as_person: Callable[[str], FlaskClient]
    ) -> None:
        client = as_person(COLLECTOR)
        client.get("/lang/en")
        assert client.get(f"/lang/{name}").status_code == 404
        assert language_of(client.get("/").text) == "en"

    def test_a_stranger_reads_bengali_until_he_chooses(self, cast: Cast, client: FlaskClient) -> None:
        assert language_of(client.get("/login/").text) == "bn"
        client.get("/lang/en")
        assert language_of(client.get("/login/").text) == "en"

    @pytest.mark.parametrize("language", ["bn", "en"])
    def test_the_choice_is_kept_with_the_account_for_the_next_browser(
        self, language: str, cast: Cast, app: Flask, as_person: Callable[[str], FlaskClient]
    ) -> None:
        as_person(COLLECTOR).get(f"/lang/{language}")
        assert language_of(as_person(COLLECTOR).get("/").text) == language

    def test_one_account_s_choice_is_not_another_s(
        self, cast: Cast, app: Flask, as_person: Callable[[str], FlaskClient]
    ) -> None:
        as_person(COLLECTOR).get("/lang/en")
        assert language_of(as_person(ACCOUNTS).get("/").text) == "bn"

    def test_the_preferences_of_the_account_are_the_same_switch(
        self, cast: Cast, as_person: Callable[[str], FlaskClient], fill: Callable[..., object]
    ) -> None:
        client = as_person(COLLECTOR)
        fill(client, "/account/", having="language", language="en")
        assert language_of(client.get("/").text) == "en"
        assert language_of(as_person(COLLECTOR).get("/").text) == "en"

    def test_the_sign_in_page_in_one_s_own_language_stays_so_inside(self, cast: Cast, client: FlaskClient) -> None:
        client.get("/lang/en")
        form = form_fields(client.get("/login/").text, "email")
        client.post("/login/", data=form | {"email": COLLECTOR, "password": "sanjog-demo-1"})
        assert language_of(client.get("/").text) == "en"


class TestDatesAndDigits:
    """Dates are written in the reader's language, in the digits of his choice."""

    @pytest.mark.parametrize(
        ("language", "digits", "date", "amount"),
        [
            ("bn", "auto", "২৩ নভেম্বর ২০২৬", "৳\u00a0১,২৩৪.৫০"),
            ("bn", "latn", "23 নভেম্বর 2026", "৳\u00a01,234.50"),
            ("en", "auto", "23 Nov 2026", "৳\u00a01,234.50"),
            ("en", "beng", "২৩ Nov ২০২৬", "৳\u00a0১,২৩৪.৫০"),
        ],
    )
    def test_a_list_and_a_receipt_write_them(
        self,
        language: str,
        digits: str,
        date: str,
        amount: str,
        cast: Cast,
        app: Flask,
        as_person: Callable[[str], FlaskClient],
    ) -> None:
        with app.app_context():
            payment_id = pay(COLLECTOR, cast.customers[NORTH][0], 1234_50).id
            with everywhere("the test sets an account's preferences"), transaction() as session:
                session.get_one(Account, cast.accounts[COLLECTOR]).digits = digits
        client = as_person(COLLECTOR)
        client.get(f"/lang/{language}")
        for address in (LIST, f"/payments/show/{payment_id}"):
            page = re.sub(r"<small>|</small>", "", client.get(address).text)
            assert date in page and amount in page, address

    @pytest.mark.parametrize(("language", "digits"), [("bn", "[০-৯]+"), ("en", "[0-9]+")])
    def test_a_form_offers_amounts_in_them_and_takes_them_back(
        self, language: str, digits: str, cast: Cast, as_person: Callable[[str], FlaskClient]
    ) -> None:
        client = as_person(GA)
        client.get(f"/lang/{language}")
        found = re.search(r"/packages/show/(\d+)", client.get("/packages/list/").text)
        assert found is not None
        address = f"/packages/edit/{found.group(1)}"
        offered = form_fields(client.get(address).text, "price")
        assert re.fullmatch(rf"{digits}\.{digits}", offered["price"]), offered["price"]
        assert client.post(address, data=offered).status_code in (302, 303)
        assert form_fields(client.get(address).text, "price")["price"] == offered["price"]


class TestShortlyAfterMidnight:
    """A payment at 00:10 in Dhaka is that day's, though it is still the day before in Greenwich (spec §10)."""

    @pytest.fixture
    def payment_id(self, cast: Cast, app: Flask, clock: Clock) -> int:
        """A payment taken at 00:10 on 24 November."""
        clock.set("2026-11-24 00:10")
        with app.app_context():
            return pay(ACCOUNTS, cast.customers[NORTH][0], 700_00).id

    def test_in_the_list_under_a_filter_by_date(self, payment_id: int, as_person: Callable[[str], FlaskClient]) -> None:
        client = as_person(ACCOUNTS)
        link = f'href="/payments/show/{payment_id}"'
        assert link in client.get(f"{LIST}?paid_on_from=2026-11-24&paid_on_to=2026-11-24").text
        assert link not in client.get(f"{LIST}?paid_on_from=2026-11-23&paid_on_to=2026-11-23").text
        assert "২৪ নভেম্বর ২০২৬" in client.get(LIST).text

    def test_in_the_export(self, payment_id: int, as_person: Callable[[str], FlaskClient]) -> None:
        client = as_person(ACCOUNTS)
        client.get("/lang/en")
        rows = list(
            csv.DictReader(
                io.StringIO(client.get("/payments/export?paid_on_from=2026-11-24").text.removeprefix("\ufeff"))
            )
        )
        assert [(row["Date"], row["Recorded"], row["Amount"]) for row in rows] == [
            ("2026-11-24", "2026-11-24 00:10:00", "700.00")
        ]
        assert client.get("/payments/export?paid_on_to=2026-11-23").text.strip().count("\n") == 0

    def test_on_the_receipt_s_page_and_on_the_page_that_proves_it(
        self, payment_id: int, app: Flask, as_person: Callable[[str], FlaskClient]
    ) -> None:
        with app.app_context(), everywhere("the test reads the code of the receipt"):
            code = db.session.get_one(Payment, payment_id).check_code
        page = as_person(ACCOUNTS).get(f"/payments/show/{payment_id}").text
        proof = app.test_client().get(f"/receipt/{code}").text
        assert "২৪ নভেম্বর ২০২৬, ০০:১০" in page
        assert "২৪ নভেম্বর ২০২৬, ০০:১০" in proof

    @pytest.mark.parametrize("size", ["a4", "80", "58"])
    def test_on_the_printed_receipt(
        self,
        size: str,
        payment_id: int,
        cast: Cast,
        app: Flask,
        as_person: Callable[[str], FlaskClient],
        tmp_path: Path,
    ) -> None:
        with app.app_context(), everywhere("the test chooses the customer's language"), transaction():
            row = customer(cast.customers[NORTH][0])
            row.document_language, row.document_digits = "en", "latn"
        place = tmp_path / "receipt.pdf"
        place.write_bytes(as_person(ACCOUNTS).get(f"/payments/{payment_id}/receipt.pdf?size={size}").data)
        text = " ".join(
            subprocess.run(
                ["pdftotext", "-layout", place, "-"], check=True, capture_output=True, text=True
            ).stdout.split()
        )
        assert "24 Nov 2026" in text
        assert "23 Nov 2026" not in text
