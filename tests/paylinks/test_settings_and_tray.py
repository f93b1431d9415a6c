"""A Group Admin's gateways, kept sealed; and what parents do with what lies in the tray."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient

from app.core.language import to_ascii_digits
from app.core.money import plain
from app.paylinks.models import GatewaySettings, TrayEntry
from tests.cast import COLLECTOR, GA, NORTH, OFFICE, SOUTH
from tests.conftest import Clock, form_fields
from tests.make import pay as take_cash
from tests.paylinks.conftest import Phone, Town

People = Callable[[str], FlaskClient]
PAGE = "/settings/gateways/sslcommerz/local"


def save(client: FlaskClient, path: str = PAGE, **changed: str | None) -> int:
    """Send the settings' form with some fields changed; None leaves a box unticked. Return the status."""
    form = form_fields(client.get(path).text, "service_charge") | changed
    return client.post(path, data={name: value for name, value in form.items() if value is not None}).status_code


class TestSettings:
    @pytest.mark.parametrize("who", [NORTH, OFFICE, COLLECTOR])
    def test_they_are_the_group_admin_s_alone(self, who: str, town: Town, as_person: People) -> None:
        client = as_person(who)
        assert {client.get(path).status_code for path in ("/settings/gateways/", PAGE)} == {403}
        assert client.post(f"{PAGE}/try").status_code in (400, 403)

    def test_what_was_given_is_sealed_and_never_shown_again(self, town: Town, as_person: People) -> None:
        client = as_person(GA)
        assert save(client, store_passwd="very-secret-word") == 303
        with town.app.app_context(), town.app.extensions["database"].connect() as connection:
            kept = str(connection.execute(GatewaySettings.__table__.select()).all())
        assert "very-secret-word" not in kept
        page = client.get(PAGE).text
        assert "very-secret-word" not in page and "word" in page

    def test_a_secret_left_empty_stays(self, town: Town, phone: Phone, as_person: People) -> None:
        assert save(as_person(GA), service_charge="0") == 303
        due = town.due()
        phone.pay(town.link_for(), "sslcommerz")
        assert [payment.amount for payment in town.payments] == [due]

    def test_of_live_and_sandbox_one_is_on(self, town: Town, as_person: People) -> None:
        live = "/settings/gateways/sslcommerz/live"
        assert save(as_person(GA), live, store_id="shop", store_passwd="word", is_on="y") == 303
        assert {row.environment for row in town.rows(GatewaySettings) if row.gateway == "sslcommerz" and row.is_on} >= {
            "live"
        }
        mine = [row for row in town.rows(GatewaySettings) if row.gateway == "sslcommerz" and row.tenant_id == 1]
        assert [row.environment for row in mine if row.is_on] == ["live"]

    @pytest.mark.parametrize(
        "changed",
        [{"service_charge": "11"}, {"service_charge": "much"}, {"service_charge": "-1"}],
    )
    def test_a_service_charge_that_is_none_is_refused(
        self, changed: dict[str, str], town: Town, as_person: People
    ) -> None:
        assert save(as_person(GA), **changed) == 422

    def test_an_incomplete_gateway_cannot_be_switched_on(self, town: Town, as_person: People) -> None:
        assert save(as_person(GA), "/settings/gateways/bkash/live", username="shop", is_on="y") == 422

    def test_what_is_no_key_is_no_key(self, town: Town, as_person: People) -> None:
        assert save(as_person(GA), "/settings/gateways/nagad/live", private_key="abc") == 422

    @pytest.mark.parametrize("gateway", ["bkash", "nagad", "sslcommerz"])
    def test_the_test_button_tells_right_from_wrong(self, gateway: str, town: Town, as_person: People) -> None:
        client = as_person(GA)
        path = f"/settings/gateways/{gateway}/local"
        token = form_fields(client.get("/settings/gateways/").text)["csrf_token"]

        def said() -> str:
            return client.post(f"{path}/try", data={"csrf_token": token}, follow_redirects=True).text

        assert "সাড়া দিচ্ছে এবং আপনাকে চেনে" in said()
        town.app.config["SANDBOX_URL"] = "http://127.0.0.1:9"
        if gateway != "bkash":  # a token that is still good needs no call
            assert "ঢুকতে দিচ্ছে না" in said()

    def test_a_charge_is_added_to_what_the_customer_pays_and_is_the_group_admin_s(
        self, town: Town, phone: Phone, as_person: People
    ) -> None:
        assert save(as_person(GA), service_charge="1.5") == 303
        due, link = town.due(), town.link_for()
        assert "সার্ভিস চার্জ" in phone.get(link).text
        phone.pay(link, "sslcommerz")
        (asked,) = town.sandbox.desk.payments.values()
        charge = (due * 150 + 5000) // 10000
        assert asked.amount == f"{(due + charge) // 100}.{(due + charge) % 100:02d}"
        assert ([payment.amount for payment in town.payments], town.advance(), town.tray) == ([due], 0, [])
        town.assert_books_add_up()

    def test_what_is_not_inherited_is_not_offered_to_an_operator_s_customer(
        self, town: Town, phone: Phone, as_person: People
    ) -> None:
        assert save(as_person(GA), is_inherited=None) == 303
        assert 'value="sslcommerz"' not in phone.get(town.link_for(NORTH)).text
        assert 'value="sslcommerz"' in phone.get(town.link_for(GA)).text

    def test_in_production_there_is_no_sandbox_of_this_machine(self, app: Flask, tmp_path: Path) -> None:
        from config import Production

        assert Production.SANDBOX_URL is None


class TestTray:
    def entry(self, town: Town, phone: Phone, gateway: str, fault: str, owner: str = NORTH) -> int:
        """Let a payment go wrong and return the id of its entry."""
        town.sandbox.fault(gateway, fault)
        phone.pay(town.link_for(owner), gateway)
        (entry,) = town.rows(TrayEntry)
        return int(entry.id)

    def act(
        self, client: FlaskClient, entry_id: int, route: str, word: str = "Spoke with the customer", **changed: str
    ) -> int:
        """Press a button of an entry and say why."""
        path = f"/to-look-at/{route}/{entry_id}"
        form = form_fields(client.get(path).text, "word") | {"word": word} | changed
        return client.post(path, data=form).status_code

    def test_parents_see_their_own_and_managers_none(self, town: Town, phone: Phone, as_person: People) -> None:
        entry_id = self.entry(town, phone, "sslcommerz", "risky")
        for who in (NORTH, GA):
            page = as_person(who).get("/to-look-at/list/").text
            assert "আটকানো" in page and "/to-look-at/show/" in page
        assert as_person(SOUTH).get(f"/to-look-at/show/{entry_id}").status_code == 404
        assert as_person(COLLECTOR).get("/to-look-at/list/").status_code == 403

    def test_held_money_is_accepted_once(self, town: Town, phone: Phone, as_person: People) -> None:
        due = town.due(NORTH)
        entry_id = self.entry(town, phone, "sslcommerz", "risky")
        client = as_person(NORTH)
        assert self.act(client, entry_id, "accept", word="") == 422
        assert self.act(client, entry_id, "accept") == 303
        assert self.act(client, entry_id, "accept") == 422
        assert ([payment.amount for payment in town.payments], town.due(NORTH)) == ([due], 0)
        town.assert_books_add_up()

    def test_a_refund_is_recorded_and_nothing_is_sent(self, town: Town, phone: Phone, as_person: People) -> None:
        link = town.link_for(NORTH)
        first, second = phone.begin(link, "nagad"), phone.begin(link, "sslcommerz")
        for begun in (first, second):
            phone.press(begun.headers["Location"])
        (entry,) = town.rows(TrayEntry)
        calls = dict(town.sandbox.desk.calls)
        assert self.act(as_person(NORTH), entry.id, "refund", "Given back on 24 Nov, no. 77") == 303
        assert dict(town.sandbox.desk.calls) == calls
        assert (town.advance(NORTH), town.due(NORTH)) == (0, 0)
        assert sorted(payment.status for payment in town.payments) == ["valid", "void"]
        town.assert_books_add_up()

    def test_a_part_is_given_back_and_the_rest_stands_under_a_new_receipt(
        self, town: Town, phone: Phone, as_person: People
    ) -> None:
        due, link = town.due(NORTH), town.link_for(NORTH)
        begun = phone.begin(link, "nagad")
        with town.app.app_context():
            take_cash(NORTH, town.cast.customers[NORTH][0], due // 4)
        phone.press(begun.headers["Location"])
        (entry,) = town.rows(TrayEntry)
        north = as_person(NORTH)
        page = north.get(f"/to-look-at/refund/{entry.id}").text
        assert to_ascii_digits(form_fields(page, "word")["amount"]) == plain(due // 4)
        for wrong in ("0", "-1", "much", plain(due + 1)):
            assert self.act(north, entry.id, "refund", amount=wrong) == 422
        assert [payment.status for payment in town.payments] == ["valid"]
        assert self.act(north, entry.id, "refund") == 303
        first, rest = town.payments
        assert (first.status, first.amount, rest.status, rest.amount) == ("void", due, "valid", due - due // 4)
        assert (rest.replaces_id, rest.gateway_transaction) == (first.id, first.gateway_transaction)
        assert (town.due(NORTH), town.advance(NORTH)) == (0, 0)
        town.assert_books_add_up()

    def test_the_gateway_s_news_of_a_payment_given_back_in_part_posts_nothing_anew(
        self, town: Town, phone: Phone, as_person: People, clock: Clock
    ) -> None:
        self.entry(town, phone, "sslcommerz", "amount_higher")
        (entry,) = town.rows(TrayEntry)
        assert self.act(as_person(NORTH), entry.id, "refund", amount="100") == 303
        (payment,) = town.sandbox.desk.payments.values()
        requests.post(payment.notice_url, data=town.sandbox.notice(payment), timeout=30)
        clock.forward(minutes=15)
        town.ask_again()
        assert [one.status for one in town.payments] == ["void", "valid"]
        assert [one.is_done for one in town.rows(TrayEntry)] == [True]
        town.assert_books_add_up()

    def test_what_is_set_aside_moves_nothing(self, town: Town, phone: Phone, as_person: People) -> None:
        due = town.due(NORTH)
        entry_id = self.entry(town, phone, "bkash", "other_currency")
        assert self.act(as_person(NORTH), entry_id, "done") == 303
        assert (town.payments, town.due(NORTH)) == ([], due)

    def test_the_gateway_can_be_asked_at_once(self, town: Town, phone: Phone, as_person: People, clock: Clock) -> None:
        due = town.due(NORTH)
        town.sandbox.fault("bkash", "slow")
        phone.pay(town.link_for(NORTH), "bkash")
        (payment,) = town.sandbox.desk.payments.values()
        payment.state = "authorized"
        clock.forward(minutes=61)
        town.ask_again()
        (entry,) = town.rows(TrayEntry)
        payment.state = "paid"
        client = as_person(NORTH)
        token = form_fields(client.get(f"/to-look-at/show/{entry.id}").text)["csrf_token"]
        assert client.post(f"/to-look-at/ask/{entry.id}", data={"csrf_token": token}).status_code == 303
        assert [one.amount for one in town.payments] == [due]
