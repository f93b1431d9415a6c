"""Paying by a link, over HTTP from the customer's page through the gateway's and back: money is posted once, whatever goes wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.billing.services import generate_bill, void_bill
from app.core.database import transaction
from app.customers.models import Customer
from app.gateways.registry import GATEWAYS
from app.paylinks.models import GatewayToken, PaymentAttempt, PaymentLink
from tests.cast import COLLECTOR, GA, GHAT, NORTH
from tests.conftest import Clock
from tests.make import as_account, bill
from tests.make import pay as take_cash
from tests.paylinks.conftest import Phone, Town

EVERY = pytest.mark.parametrize("gateway", GATEWAYS)
CONFIRMING = "আবার টাকা দেবেন না"


def at_once(*works: Callable[[], Any]) -> None:
    """Do things at the same moment and wait for all."""
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def is_settled_once(town: Town, due: int) -> None:
    """Check that what was due came in once and that the books add up."""
    assert [payment.amount for payment in town.payments] == [due]
    assert (town.due(), town.advance()) == (0, 0)
    town.assert_books_add_up()


@EVERY
def test_a_customer_pays_all_that_is_due(gateway: str, town: Town, phone: Phone) -> None:
    due = town.due()
    said = phone.pay(town.link_for(), gateway)
    assert "রসিদ" in said and "পরিশোধিত" in said
    is_settled_once(town, due)
    assert (town.payments[0].method, town.tray) == (gateway, [])
    assert [link.state for link in town.rows(PaymentLink)] == ["paid"]


@EVERY
@pytest.mark.parametrize("act", ["cancel", "fail"])
def test_who_gives_up_has_paid_nothing_and_may_try_again(gateway: str, act: str, town: Town, phone: Phone) -> None:
    due, link = town.due(), town.link_for()
    phone.pay(link, gateway, act)
    assert (town.payments, town.states) == ([], ["cancelled" if act == "cancel" else "failed"])
    phone.pay(link, gateway)
    is_settled_once(town, due)


class TestFaultsOfTheWayBack:
    @EVERY
    @pytest.mark.parametrize("fault", ["duplicate_return"])
    def test_returns_that_come_at_the_same_moment_post_once(
        self, gateway: str, fault: str, town: Town, phone: Phone
    ) -> None:
        due = town.due()
        town.sandbox.fault(gateway, fault)
        phone.pay(town.link_for(), gateway)
        town.finish()
        is_settled_once(town, due)

    def test_a_lost_return_of_bkash_has_moved_no_money(self, town: Town, phone: Phone, clock: Clock) -> None:
        town.sandbox.fault("bkash", "never_returns")
        phone.pay(town.link_for(), "bkash")
        clock.forward(hours=25)
        town.ask_again()
        assert (town.payments, town.states) == ([], ["expired"])
        assert town.sandbox.desk.calls["bkash.debit"] == 0

    def test_a_lost_return_of_nagad_is_found_by_asking(self, town: Town, phone: Phone, clock: Clock) -> None:
        due = town.due()
        town.sandbox.fault("nagad", "never_returns")
        phone.pay(town.link_for(), "nagad")
        assert town.payments == []
        clock.forward(minutes=3)
        town.ask_again()
        is_settled_once(town, due)

    @pytest.mark.parametrize("fault", ["never_returns", "ipn_lost", "ipn_three_times", "ipn_in_parallel", "ipn_late"])
    def test_notices_of_sslcommerz_in_any_order_post_once(self, fault: str, town: Town, phone: Phone) -> None:
        due = town.due()
        town.sandbox.fault("sslcommerz", fault)
        phone.pay(town.link_for(), "sslcommerz")
        town.finish()
        is_settled_once(town, due)

    def test_when_notice_and_return_are_both_lost_the_job_finds_the_money(
        self, town: Town, phone: Phone, clock: Clock
    ) -> None:
        due = town.due()
        town.sandbox.fault("sslcommerz", "all_lost")
        phone.pay(town.link_for(), "sslcommerz")
        assert town.payments == []
        clock.forward(minutes=3)
        town.ask_again()
        is_settled_once(town, due)


class TestGatewaysThatDoNotAnswer:
    @pytest.mark.parametrize("fault", ["slow", "html", "503", "error_9999", "already_done"])
    def test_bkash_took_the_money_and_did_not_say_so(self, fault: str, town: Town, phone: Phone, clock: Clock) -> None:
        due = town.due()
        town.sandbox.fault("bkash", fault)
        phone.pay(town.link_for(), "bkash")
        clock.forward(minutes=3)
        town.ask_again()
        is_settled_once(town, due)
        assert town.sandbox.desk.calls["bkash.execute"] == 1

    @pytest.mark.parametrize("gateway", ["nagad", "sslcommerz"])
    @pytest.mark.parametrize("fault", ["slow", "html", "503"])
    def test_the_question_whether_money_came_is_asked_again(
        self, gateway: str, fault: str, town: Town, phone: Phone, clock: Clock
    ) -> None:
        due = town.due()
        town.sandbox.fault(gateway, fault)
        phone.pay(town.link_for(), gateway)
        clock.forward(minutes=3)
        town.ask_again()
        is_settled_once(town, due)

    def test_while_it_is_unclear_nobody_is_asked_to_pay_again(self, town: Town, phone: Phone) -> None:
        town.sandbox.fault("bkash", "slow")
        link = town.link_for()
        said = phone.pay(link, "bkash")
        assert CONFIRMING in said
        page = phone.get(link).text
        assert CONFIRMING in page and 'name="gateway"' not in page

    def test_a_link_that_replaces_one_whose_payment_is_unclear_asks_for_nothing_twice(
        self, town: Town, phone: Phone
    ) -> None:
        town.sandbox.fault("bkash", "slow")
        phone.pay(town.link_for(), "bkash")
        page = phone.get(town.link_for()).text
        assert CONFIRMING in page and 'name="gateway"' not in page

    def test_an_unclear_payment_of_one_bill_does_not_keep_another_from_being_paid(
        self, town: Town, phone: Phone
    ) -> None:
        with town.app.app_context(), as_account(GA), transaction() as session:
            cable = generate_bill(
                session.get_one(Customer, town.cast.customers[GA][0]),
                500_00,
                description="Cable",
                period=(date(2026, 11, 1), date(2026, 11, 30)),
                due_on=date(2026, 11, 30),
            )
            other, asked = cable.id, cable.total
        town.sandbox.fault("bkash", "slow")
        phone.pay(town.link_for(bills=[town.cast.bills[GA][0]]), "bkash")
        phone.pay(town.link_for(bills=[other]), "nagad")
        assert [payment.amount for payment in town.payments] == [asked]

    def test_what_stays_unclear_for_an_hour_is_for_the_parent_to_look_at(
        self, town: Town, phone: Phone, clock: Clock
    ) -> None:
        town.sandbox.fault("bkash", "slow")
        phone.pay(town.link_for(), "bkash")
        for payment in town.sandbox.desk.payments.values():
            payment.state = "authorized"
        clock.forward(minutes=61)
        town.ask_again()
        assert (town.payments, town.tray, town.states) == ([], ["unclear"], ["unknown"])

    @EVERY
    def test_a_gateway_that_is_down_when_a_payment_is_begun_is_said_to_be(
        self, gateway: str, town: Town, phone: Phone
    ) -> None:
        link = town.link_for()
        town.app.config["SANDBOX_URL"] = "http://127.0.0.1:9"
        answer = phone.begin(link, gateway)
        assert answer.status_code == 422 and "কিছুই পরিশোধ হয়নি" in answer.text
        assert (town.payments, town.states) == ([], ["failed"])


class TestMoneyThatDoesNotAddUp:
    @EVERY
    @pytest.mark.parametrize(("fault", "off"), [("amount_lower", -1), ("amount_higher", 1)])
    def test_one_paisa_off_is_recorded_as_it_came_and_looked_at(
        self, gateway: str, fault: str, off: int, town: Town, phone: Phone
    ) -> None:
        due = town.due()
        town.sandbox.fault(gateway, fault)
        phone.pay(town.link_for(), gateway)
        assert [payment.amount for payment in town.payments] == [due + off]
        assert (town.due(), town.advance()) == (max(-off, 0), max(off, 0))
        assert town.tray == ["amount"]
        town.assert_books_add_up()

    @pytest.mark.parametrize(
        ("gateway", "fault", "why"),
        [
            ("bkash", "other_currency", "foreign"),
            ("bkash", "other_reference", "foreign"),
            ("nagad", "other_reference", "foreign"),
            ("nagad", "other_merchant", "foreign"),
            ("nagad", "reversed", "reversed"),
            ("sslcommerz", "other_currency", "foreign"),
            ("sslcommerz", "other_reference", "foreign"),
            ("sslcommerz", "risky", "held"),
        ],
    )
    def test_what_is_not_this_payment_is_not_posted_and_looked_at(
        self, gateway: str, fault: str, why: str, town: Town, phone: Phone
    ) -> None:
        due = town.due()
        town.sandbox.fault(gateway, fault)
        said = phone.pay(town.link_for(), gateway)
        assert CONFIRMING in said
        assert (town.payments, town.tray, town.due()) == ([], [why], due)
        town.assert_books_add_up()

    def test_a_second_charge_under_one_reference_is_recorded_and_looked_at(
        self, town: Town, phone: Phone, clock: Clock
    ) -> None:
        due = town.due()
        town.sandbox.fault("sslcommerz", "two_valid")
        phone.pay(town.link_for(), "sslcommerz")
        clock.forward(minutes=3)
        town.ask_again()
        assert town.tray == []
        clock.forward(minutes=15)
        town.ask_again()
        assert [payment.amount for payment in town.payments] == [due, due]
        assert (town.due(), town.advance(), town.tray, town.states) == (0, due, ["second"], ["posted"])
        clock.forward(hours=24)
        town.ask_again()
        assert (len(town.payments), town.tray) == (2, ["second"])
        town.assert_books_add_up()

    def test_a_notice_of_further_money_under_a_reference_that_is_posted_is_not_lost(
        self, town: Town, phone: Phone
    ) -> None:
        due = town.due()
        town.sandbox.fault("sslcommerz", "two_valid")
        phone.pay(town.link_for(), "sslcommerz")
        (payment,) = town.sandbox.desk.payments.values()
        first, payment.transaction = payment.transaction, payment.more["second"]
        notice = town.sandbox.notice(payment)
        at_once(*[lambda: requests.post(payment.notice_url, data=notice, timeout=30).raise_for_status()] * 4)
        payment.transaction = first
        assert [one.amount for one in town.payments] == [due, due]
        assert town.tray == ["second"]
        town.assert_books_add_up()

    def test_the_val_id_of_bill_a_does_not_pay_bill_b(self, town: Town, phone: Phone, clock: Clock) -> None:
        first, second = town.link_for(NORTH), town.link_for(GA)
        assert town.due(NORTH) == town.due(GA)
        phone.pay(first, "sslcommerz")
        town.sandbox.fault("sslcommerz", "replay")
        phone.pay(second, "sslcommerz")
        assert (town.due(NORTH), town.due(GA)) == (0, 0)
        assert len({payment.gateway_transaction for payment in town.payments}) == 2
        town.assert_books_add_up()

    @pytest.mark.parametrize("fault", ["bad_signature", "other_key"])
    def test_a_notice_that_is_not_signed_is_a_reason_to_ask_and_no_more(
        self, fault: str, town: Town, phone: Phone
    ) -> None:
        due = town.due()
        town.sandbox.fault("sslcommerz", fault)
        phone.pay(town.link_for(), "sslcommerz")
        is_settled_once(town, due)


class TestCashAndOnlineAtOnce:
    def test_bkash_takes_nothing_when_cash_came_first(self, town: Town, phone: Phone) -> None:
        due = town.due()
        begun = phone.begin(town.link_for(), "bkash")
        with town.app.app_context():
            take_cash(GA, town.cast.customers[GA][0], due)
        said = phone.press(begun.headers["Location"])
        assert "টাকা নেওয়া হয়নি" in said
        assert (town.payments, town.advance()) == ([], 0)
        assert town.sandbox.desk.calls["bkash.execute"] == 0

    @pytest.mark.parametrize("gateway", ["nagad", "sslcommerz"])
    def test_elsewhere_the_money_becomes_advance_and_is_looked_at(self, gateway: str, town: Town, phone: Phone) -> None:
        due = town.due()
        begun = phone.begin(town.link_for(), gateway)
        with town.app.app_context():
            take_cash(GA, town.cast.customers[GA][0], due)
        phone.press(begun.headers["Location"])
        assert [payment.amount for payment in town.payments] == [due]
        assert (town.due(), town.advance(), town.tray) == (0, due, ["surplus"])
        town.assert_books_add_up()

    def test_of_a_bill_that_is_void_meanwhile_bkash_takes_nothing_and_elsewhere_the_money_is_advance(
        self, town: Town, phone: Phone
    ) -> None:
        due = town.due()
        bkash = phone.begin(town.link_for(bills=[town.cast.bills[GA][0]]), "bkash")
        nagad = phone.begin(town.link_for(bills=[town.cast.bills[GA][0]]), "nagad")
        with town.app.app_context(), as_account(GA), transaction():
            void_bill(bill(town.cast.bills[GA][0]), "Raised twice")
        phone.press(bkash.headers["Location"])
        assert (town.payments, town.sandbox.desk.calls["bkash.execute"]) == ([], 0)
        phone.press(nagad.headers["Location"])
        assert (town.due(), town.advance(), town.tray) == (0, due, ["surplus"])
        town.assert_books_add_up()

    def test_at_the_same_moment_nothing_is_lost(self, town: Town, phone: Phone) -> None:
        due = town.due()
        begun = phone.begin(town.link_for(), "nagad")

        def cash() -> None:
            with town.app.app_context():
                take_cash(GA, town.cast.customers[GA][0], due)

        at_once(cash, lambda: phone.press(begun.headers["Location"]))
        assert (town.due(), town.advance(), town.tray) in ((0, due, ["surplus"]), (0, due, []))
        town.assert_books_add_up()

    def test_two_tabs_lead_to_one_payment(self, town: Town) -> None:
        link = town.link_for()
        one, other = Phone(), Phone()
        first, second = one.begin(link, "bkash"), other.begin(link, "bkash")
        assert first.headers["Location"] == second.headers["Location"]
        due = town.due()
        at_once(lambda: one.press(first.headers["Location"]), lambda: other.press(second.headers["Location"]))
        town.finish()
        is_settled_once(town, due)

    def test_two_tabs_at_two_gateways_lose_nothing(self, town: Town, phone: Phone) -> None:
        due, link = town.due(), town.link_for()
        first, second = phone.begin(link, "nagad"), phone.begin(link, "sslcommerz")
        phone.press(first.headers["Location"])
        phone.press(second.headers["Location"])
        assert [payment.amount for payment in town.payments] == [due, due]
        assert (town.advance(), town.tray) == (due, ["surplus"])
        town.assert_books_add_up()


class TestTheCashPage:
    """Who takes cash is warned of money that may be on its way, and not stopped (reference: gateways, §6.5)."""

    BEGUN, UNCLEAR = "পরিশোধ শুরু করেছেন", "নিশ্চিত করা হচ্ছে"

    def page(self, town: Town, as_person: Callable[[str], FlaskClient], owner: str = NORTH) -> str:
        return as_person(COLLECTOR).get(f"/payments/receive/{town.cast.customers[owner][0]}").text

    def test_it_tells_of_a_customer_who_is_at_the_gateway_s_page(
        self, town: Town, phone: Phone, clock: Clock, as_person: Callable[[str], FlaskClient]
    ) -> None:
        assert self.BEGUN not in self.page(town, as_person)
        begun = phone.begin(town.link_for(NORTH), "nagad")
        said = self.page(town, as_person)
        assert self.BEGUN in said and "Nagad" in said and "১২:০০" in said
        clock.forward(minutes=31)
        assert self.BEGUN not in self.page(town, as_person)
        phone.press(begun.headers["Location"])
        said = self.page(town, as_person)
        assert self.BEGUN not in said and self.UNCLEAR not in said

    def test_it_tells_of_money_that_is_not_confirmed_however_long_that_takes(
        self, town: Town, phone: Phone, clock: Clock, as_person: Callable[[str], FlaskClient]
    ) -> None:
        town.sandbox.fault("bkash", "slow")
        phone.pay(town.link_for(NORTH), "bkash")
        clock.forward(hours=5)
        assert self.UNCLEAR in self.page(town, as_person)

    def test_cash_can_be_taken_all_the_same(
        self, town: Town, phone: Phone, as_person: Callable[[str], FlaskClient], fill: Callable[..., TestResponse]
    ) -> None:
        phone.begin(town.link_for(NORTH), "bkash")
        path = f"/payments/receive/{town.cast.customers[NORTH][0]}"
        assert fill(as_person(COLLECTOR), path, amount="100").status_code == 303

    def test_another_customer_s_payment_is_nothing_to_it(
        self, town: Town, phone: Phone, as_person: Callable[[str], FlaskClient]
    ) -> None:
        phone.begin(town.link_for(NORTH, which=1), "bkash")
        assert self.BEGUN not in self.page(town, as_person)


class TestOperators:
    @pytest.mark.parametrize("owner", [NORTH, GHAT])
    def test_a_customer_of_an_operator_pays_by_the_group_admin_s_gateway(
        self, owner: str, town: Town, phone: Phone
    ) -> None:
        phone.pay(town.link_for(owner), "bkash")
        assert town.due(owner) == 0
        town.assert_books_add_up()


class TestTokensOfBkash:
    def test_one_token_serves_all_payments(self, town: Town, phone: Phone) -> None:
        for which in range(2):
            phone.pay(town.link_for(which=which), "bkash")
        assert town.sandbox.desk.calls["bkash.grant"] == 1
        assert len(town.payments) == 2

    def test_payments_begun_at_the_same_moment_ask_for_one_token(self, town: Town) -> None:
        links = [town.link_for(owner) for owner in (GA, NORTH)]
        at_once(*(lambda link=link: Phone().begin(link, "bkash") for link in links))
        assert town.sandbox.desk.calls["bkash.grant"] == 1

    def test_it_is_renewed_before_it_is_over_and_never_more_than_twice_an_hour(
        self, town: Town, phone: Phone, clock: Clock
    ) -> None:
        phone.pay(town.link_for(which=0), "bkash")
        clock.forward(minutes=55)
        phone.pay(town.link_for(which=1), "bkash")
        assert town.sandbox.desk.calls["bkash.grant"] == 2
        town.sandbox.desk.tokens.clear()
        assert phone.begin(town.link_for(NORTH), "bkash").status_code == 422
        assert town.sandbox.desk.calls["bkash.grant"] == 2

    def test_a_token_that_bkash_forgot_is_renewed_once_and_the_payment_goes_on(self, town: Town, phone: Phone) -> None:
        due = town.due()
        town.sandbox.fault("bkash", "token_expired")
        phone.pay(town.link_for(), "bkash")
        is_settled_once(town, due)
        assert town.sandbox.desk.calls["bkash.grant"] == 2

    def test_it_is_kept_sealed(self, town: Town, phone: Phone) -> None:
        phone.pay(town.link_for(), "bkash")
        (kept,) = town.rows(GatewayToken)
        assert all(token not in (kept.token or "") for token in town.sandbox.desk.tokens)


@pytest.mark.long
def test_with_production_s_time_out_a_bkash_that_is_silent_for_forty_seconds_is_asked_again(
    town: Town, phone: Phone, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(town.app.config, "GATEWAY_SECONDS", 30)
    town.sandbox.desk.slow_seconds = 40
    due = town.due()
    town.sandbox.fault("bkash", "slow")
    assert CONFIRMING in phone.pay(town.link_for(), "bkash")
    clock.forward(minutes=3)
    town.ask_again()
    is_settled_once(town, due)


def test_who_pays_the_same_sum_again_at_once_is_refused_by_bkash_and_may_try_later(town: Town, phone: Phone) -> None:
    due, link = town.due(), town.link_for()
    town.sandbox.fault("bkash", "duplicate_2029")
    said = phone.pay(link, "bkash")
    assert "Duplicate for All Transactions" in said
    assert (town.payments, town.states, town.tray) == ([], ["failed"], [])
    phone.pay(link, "bkash")
    is_settled_once(town, due)


def test_the_wallet_s_refusal_is_told_to_the_customer(town: Town, phone: Phone) -> None:
    said = phone.pay(town.link_for(), "bkash", wallet="01823074817")
    assert "Insufficient Balance" in said
    assert (town.payments, town.states) == ([], ["failed"])


def test_the_attempt_keeps_what_the_gateway_was_asked_and_said(town: Town, phone: Phone) -> None:
    phone.pay(town.link_for(), "bkash")
    (attempt,) = town.rows(PaymentAttempt)
    assert (attempt.amount, attempt.received, attempt.code) == (town.payments[0].amount, attempt.amount, "0000")
    assert len(attempt.reference) == 20 and attempt.reference.isalnum()
