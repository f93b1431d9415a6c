"""One search over customers, bills and payments: each kind behind its key, in scope; it leads nowhere by itself."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.billing.models import Bill
from app.billing.services import void_bill
from app.core.database import db, transaction
from app.core.language import to_bengali_digits
from app.customers.models import Customer
from app.payments.models import Payment
from tests.cast import COLLECTOR, DESK, GA, NEWBIE, NORTH, OFFICE, PADMA_GA, ROOT, SOUTH, Cast
from tests.make import as_account, bill, customer, pay
from tests.rules.house import hold

People = Callable[[str], FlaskClient]


@pytest.fixture
def search(as_person: People) -> Callable[[str, str], str]:
    """`search(email, query)`: the part of the English page that shows what a person of the cast finds."""
    browsers: dict[str, FlaskClient] = {}

    def ask(email: str, query: str) -> str:
        if email not in browsers:
            browsers[email] = as_person(email)
            browsers[email].get("/lang/en")
        answer = browsers[email].get("/search/", query_string={"q": query})
        assert answer.status_code == 200
        return answer.text.partition("<main")[2].partition("</main>")[0]

    return ask


def found(page: str) -> list[str]:
    """Return where the results lead."""
    return re.findall(r'<li><a class="hit" href="([^"]+)"', page)


def test_a_number_finds_the_customer_the_bill_and_the_receipt_each_under_its_kind(
    app: Flask, cast: Cast, search: Callable[[str, str], str]
) -> None:
    rahima = cast.customers[GA][0]
    with app.app_context():
        payment = pay(OFFICE, rahima, 10_00)
        number, receipt, first_bill = customer(rahima).number, payment.number, cast.bills[GA][0]
        payment_id, bill_number = payment.id, bill(first_bill).number
    assert f"/customers/show/{rahima}" == found(search(OFFICE, str(number)))[0]
    assert f"/payments/show/{payment_id}" in found(search(OFFICE, str(receipt)))
    page = search(OFFICE, str(bill_number))
    assert f"/bills/show/{first_bill}" in found(page)
    assert "<h2" in page and "Bills" in page


@pytest.mark.parametrize("query", ["jasim of ga", "JASIM.GA@", "Jasim   of"])
def test_a_customer_is_found_by_name_and_username_in_any_case(
    query: str, cast: Cast, search: Callable[[str, str], str]
) -> None:
    assert found(search(OFFICE, query)) == [f"/customers/show/{cast.customers[GA][1]}"]


@pytest.mark.parametrize("query", ["রহিমা", "01712345678", "০১৭১২৩৪৫৬৭৮", "+8801712345678"])
def test_customers_are_found_by_bengali_name_and_by_mobile_in_either_digits(
    query: str, cast: Cast, search: Callable[[str, str], str]
) -> None:
    assert {f"/customers/show/{one}" for one in cast.customers[GA]} <= set(found(search(OFFICE, query)))


def test_bengali_digits_and_a_hash_are_read_as_the_number(
    app: Flask, cast: Cast, search: Callable[[str, str], str]
) -> None:
    with app.app_context():
        number = bill(cast.bills[GA][0]).number
    for query in (to_bengali_digits(number), f"#{number}", f" {number} "):
        assert f"/bills/show/{cast.bills[GA][0]}" in found(search(OFFICE, query))


def test_one_hit_is_shown_and_not_opened(app: Flask, cast: Cast, as_person: People) -> None:
    answer = as_person(OFFICE).get("/search/?q=jasim")
    assert answer.status_code == 200
    assert "location" not in answer.headers


class TestKeys:
    def kinds(self, page: str) -> set[str]:
        return {address.split("/")[1] + "/" + address.split("/")[2] for address in found(page)}

    @pytest.mark.parametrize(
        ("keys", "kinds"),
        [
            ({"view-customer-details"}, {"customers/show"}),
            ({"receive-payment"}, {"payments/receive"}),
            ({"view-customer-details", "receive-payment"}, {"customers/show"}),
            ({"print-invoice"}, {"bills/show"}),
            ({"view-customer-payments"}, {"payments/show"}),
        ],
    )
    def test_each_kind_shows_with_its_key_alone(
        self, keys: set[str], kinds: set[str], app: Flask, cast: Cast, search: Callable[[str, str], str]
    ) -> None:
        with app.app_context():
            # one number that is a customer's, a bill's and a receipt's
            payment_id = pay(GA, cast.customers[GA][0], 10_00).id
            with as_account(GA), transaction():
                rows = ((Customer, cast.customers[GA][0]), (Bill, cast.bills[GA][0]), (Payment, payment_id))
                for model, row_id in rows:
                    db.session.get_one(model, row_id).number = 901
            hold(app, OFFICE, keys)
        page = search(OFFICE, "901")
        assert self.kinds(page) == kinds

    def test_with_receive_payment_alone_neither_phone_nor_username_shows(
        self, app: Flask, cast: Cast, search: Callable[[str, str], str]
    ) -> None:
        hold(app, OFFICE, {"receive-payment"})
        page = search(OFFICE, "jasim")
        assert found(page) == [f"/payments/receive/{cast.customers[GA][1]}"]
        assert "01712" not in page
        assert "jasim.ga" not in page
        assert 'href="/collect/?q=jasim"' in page

    def test_what_is_due_shows_only_to_who_may_see_dues(
        self, app: Flask, cast: Cast, search: Callable[[str, str], str]
    ) -> None:
        hold(app, OFFICE, {"view-customer-details"})
        assert "৳" not in search(OFFICE, "jasim")
        hold(app, OFFICE, {"view-customer-details", "print-invoice"})
        assert "৳" in search(OFFICE, "jasim")

    def test_without_any_key_there_is_no_box_and_the_page_says_why(
        self, cast: Cast, search: Callable[[str, str], str], as_person: People
    ) -> None:
        page = search(NEWBIE, "jasim")
        assert "Your permissions open nothing to search." in page
        assert found(page) == []
        assert 'action="/search/"' not in as_person(NEWBIE).get("/").text
        assert 'action="/search/"' in as_person(DESK).get("/").text

    def test_the_super_admin_and_strangers_are_turned_away(self, app: Flask, cast: Cast, as_person: People) -> None:
        assert as_person(ROOT).get("/search/?q=jasim").status_code == 403
        assert 'action="/search/"' not in as_person(ROOT).get("/").text
        assert app.test_client().get("/search/?q=jasim").location.startswith("/login/")


class TestScope:
    def test_nothing_of_another_operator_or_tenant_is_found(
        self, app: Flask, cast: Cast, search: Callable[[str, str], str]
    ) -> None:
        with app.app_context():
            numbers = [bill(one).number for owner in (SOUTH, GA) for one in cast.bills[owner]]
            payment = pay(SOUTH, cast.customers[SOUTH][0], 10_00)
            numbers += [customer(one).number for one in cast.customers[SOUTH]] + [payment.number]
        mine = {f"/customers/show/{one}" for one in cast.customers[NORTH]} | {
            f"/bills/show/{one}" for one in cast.bills[NORTH]
        }
        for query in ("south@", "Rahima of south", *map(str, numbers)):
            assert set(found(search(COLLECTOR, query))) <= mine

    def test_the_group_admin_finds_its_whole_tenant_and_nothing_of_the_other(
        self, cast: Cast, search: Callable[[str, str], str]
    ) -> None:
        shown = set(found(search(GA, "jasim")))
        assert f"/customers/show/{cast.customers[SOUTH][1]}" in shown
        assert f"/customers/show/{cast.customers[PADMA_GA][1]}" not in shown


class TestThePage:
    def test_ten_of_a_kind_at_the_most_and_the_way_to_the_list_under_the_same_search(
        self, cast: Cast, search: Callable[[str, str], str]
    ) -> None:
        page = search(GA, "meghna")
        assert len([one for one in found(page) if one.startswith("/customers/")]) == 10
        assert "The first 10" in page
        assert 'href="/customers/list/?q=meghna"' in page

    def test_nothing_found_says_so_and_offers_the_lists(self, cast: Cast, search: Callable[[str, str], str]) -> None:
        page = search(OFFICE, "zzz")
        assert "Nothing is found." in page
        assert 'href="/bills/list/?q=zzz"' in page

    @pytest.mark.parametrize("query", ["%", "_", "'", "\\", "9" * 40, "a" * 1000, "#", "‍"])
    def test_signs_of_the_database_find_nothing(
        self, query: str, cast: Cast, search: Callable[[str, str], str]
    ) -> None:
        assert found(search(OFFICE, query)) == []

    def test_without_a_search_the_page_asks_for_one(self, cast: Cast, search: Callable[[str, str], str]) -> None:
        assert "Type a name in either script" in search(OFFICE, "")

    def test_what_was_typed_is_shown_as_text(self, cast: Cast, search: Callable[[str, str], str]) -> None:
        page = search(OFFICE, "<b>x</b>")
        assert "<b>x</b>" not in page
        assert "&lt;b&gt;x&lt;/b&gt;" in page

    def test_void_bills_and_payments_are_found_too(
        self, app: Flask, cast: Cast, search: Callable[[str, str], str]
    ) -> None:
        with app.app_context(), as_account(GA), transaction():
            number = void_bill(db.session.get_one(Bill, cast.bills[GA][0]), "twice").number
        assert f"/bills/show/{cast.bills[GA][0]}" in found(search(OFFICE, str(number)))
