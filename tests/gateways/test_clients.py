"""The clients against the sandbox over HTTP: exact requests, careful answers, errors as data."""

from base64 import b64decode
from decimal import Decimal
from typing import Any

import pytest
import requests

from app.gateways.base import Failure, Opened, Order, Outcome, Place, Reply, Token, Transport, paisa_of, redacted
from app.gateways.bkash import Bkash
from app.gateways.nagad import Nagad
from app.gateways.registry import GATEWAYS, LIVE, LOCAL, SANDBOX, place_of
from app.gateways.sslcommerz import SslCommerz
from tests.sandbox import PATIENCE_SECONDS, Sandbox

BACK = "http://127.0.0.1:9/gateway/back"


def order(reference: str = "SJ234567ABCDEFGHIJKL", amount: int = 525_50) -> Order:
    """An order over ৳ 525.50."""
    return Order(reference, amount, BACK, BACK, "Internet bill", "01712345678", "Rahima", "bills@example.com")


def client(sandbox: Sandbox, gateway: str, token: str = "", **changed: str) -> Any:
    """A client of a gateway of the sandbox; ``changed`` credentials are wrong ones."""
    place = place_of(gateway, LOCAL, sandbox.url)
    assert place is not None
    told = sandbox.credentials[gateway] | changed
    transport = Transport(PATIENCE_SECONDS)
    if gateway == "bkash":
        return Bkash(place, told, transport, token)
    return Nagad(place, told, transport) if gateway == "nagad" else SslCommerz(place, told, transport)


def bkash_with_token(sandbox: Sandbox) -> Bkash:
    """A client of bKash that was granted a token."""
    token = client(sandbox, "bkash").grant()
    assert isinstance(token, Token)
    return client(sandbox, "bkash", token.value)


def opened(sandbox: Sandbox, gateway: str, **how: Any) -> tuple[Any, Opened]:
    """A payment that was opened at a gateway."""
    one = bkash_with_token(sandbox) if gateway == "bkash" else client(sandbox, gateway)
    payment = one.open(order(**how))
    assert isinstance(payment, Opened), payment
    return one, payment


def press(payment: Opened, act: str = "pay", wallet: str = "01770618575") -> requests.Response:
    """Do on the gateway's page what a customer does."""
    return requests.post(payment.pay_url, data={"act": act, "wallet": wallet}, allow_redirects=False, timeout=10)


def proof_of(one: Any, payment: Opened) -> Any:
    """Ask the gateway what came of a payment."""
    if isinstance(one, Bkash):
        return one.execute(payment.session)
    return one.verify(payment.session) if isinstance(one, Nagad) else one.query(order().reference)


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_payment_is_opened_paid_and_proved_to_the_paisa(gateway: str, sandbox: Sandbox) -> None:
    one, payment = opened(sandbox, gateway)
    press(payment)
    proof = proof_of(one, payment)
    assert (proof.outcome, proof.amount, proof.currency) == (Outcome.PAID, 525_50, "BDT")
    assert proof.reference == order().reference
    assert proof.transaction


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_cancelled_payment_is_not_paid(gateway: str, sandbox: Sandbox) -> None:
    one, payment = opened(sandbox, gateway)
    press(payment, "cancel")
    assert proof_of(one, payment).outcome == Outcome.REFUSED


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_payment_nobody_has_made_yet_is_not_paid(gateway: str, sandbox: Sandbox) -> None:
    one, payment = opened(sandbox, gateway)
    told = one.query(payment.session) if gateway == "bkash" else proof_of(one, payment)
    assert told.outcome == Outcome.PENDING


@pytest.mark.parametrize("gateway", GATEWAYS)
@pytest.mark.parametrize("fault", ["html", "503", "slow"])
def test_an_answer_that_says_nothing_is_unknown_and_no_exception(gateway: str, fault: str, sandbox: Sandbox) -> None:
    sandbox.fault(gateway, fault)
    one, payment = opened(sandbox, gateway)
    press(payment)
    assert proof_of(one, payment).outcome == Outcome.UNKNOWN


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_gateway_that_is_not_there_is_a_failure_and_no_exception(gateway: str, sandbox: Sandbox) -> None:
    nowhere = place_of(gateway, LOCAL, "http://127.0.0.1:9")
    assert nowhere is not None
    one = client(sandbox, gateway, token="any")
    one._place = nowhere
    assert isinstance(one.open(order()), Failure)
    assert proof_of(one, Opened("x", "x")).outcome == Outcome.UNKNOWN


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_reference_is_good_for_one_payment(gateway: str, sandbox: Sandbox) -> None:
    one, _payment = opened(sandbox, gateway)
    assert isinstance(one.open(order()), Failure)


@pytest.mark.parametrize(
    ("gateway", "wrong"),
    [
        ("bkash", {"app_secret": "guessed"}),
        ("bkash", {"password": "guessed"}),
        ("nagad", {"merchant_id": "683002007100000"}),
        ("sslcommerz", {"store_passwd": "guessed"}),
    ],
)
def test_wrong_credentials_are_a_failure(gateway: str, wrong: dict[str, str], sandbox: Sandbox) -> None:
    one = client(sandbox, gateway, **wrong)
    assert isinstance(one.grant() if gateway == "bkash" else one.open(order()), Failure)


class TestBkash:
    def test_two_tokens_an_hour_and_no_more(self, sandbox: Sandbox) -> None:
        one = client(sandbox, "bkash")
        first, second, third = one.grant(), one.refresh("any"), one.grant()
        assert isinstance(first, Token) and first.seconds == 3600
        assert isinstance(second, Token)
        assert isinstance(third, Failure) and third.code == "429"

    def test_an_expired_token_is_told_from_a_refused_payment(self, sandbox: Sandbox) -> None:
        sandbox.fault("bkash", "token_expired")
        one, payment = opened(sandbox, "bkash")
        press(payment)
        told = one.execute(payment.session)
        assert (told.outcome, told.is_token) == (Outcome.UNKNOWN, True)

    def test_executing_twice_is_no_failure_and_takes_the_money_once(self, sandbox: Sandbox) -> None:
        one, payment = opened(sandbox, "bkash")
        press(payment)
        first, second = one.execute(payment.session), one.execute(payment.session)
        assert (second.outcome, second.ask_again, second.code) == (Outcome.UNKNOWN, True, "2062")
        assert one.query(payment.session).transaction == first.transaction
        assert sandbox.desk.calls["bkash.debit"] == 1

    @pytest.mark.parametrize(("wallet", "code"), [("01823074817", "2023"), ("01823074818", "2041")])
    def test_a_wallet_that_cannot_pay_is_refused(self, wallet: str, code: str, sandbox: Sandbox) -> None:
        one, payment = opened(sandbox, "bkash")
        press(payment, wallet=wallet)
        told = one.execute(payment.session)
        assert (told.outcome, told.code) == (Outcome.REFUSED, code)

    def test_without_the_customer_nothing_is_executed(self, sandbox: Sandbox) -> None:
        one, payment = opened(sandbox, "bkash")
        told = one.execute(payment.session)
        assert (told.outcome, told.code, told.ask_again) == (Outcome.REFUSED, "2056", True)

    def test_the_spellings_of_version_2_are_read(self) -> None:
        data = {
            "paymentId": "TR1",
            "trxId": "6H7801QFYM",
            "transactionStatus": "Completed",
            "amount": "15",
            "currency": "BDT",
            "merchantInvoiceNumber": "X",
        }
        told = Bkash._proof(Reply(200, data), "TR1")
        assert (told.outcome, told.transaction, told.session, told.amount) == (
            Outcome.PAID,
            "6H7801QFYM",
            "TR1",
            15_00,
        )


class TestNagad:
    @pytest.mark.parametrize("fault", ["bad_signature", "other_key"])
    def test_an_answer_that_nagad_has_not_signed_is_not_believed(self, fault: str, sandbox: Sandbox) -> None:
        sandbox.fault("nagad", fault)
        told = client(sandbox, "nagad").open(order())
        assert isinstance(told, Failure) and told.code == "signature"

    def test_its_reference_holds_merchant_order_and_challenge(self, sandbox: Sandbox) -> None:
        _one, payment = opened(sandbox, "nagad")
        _moment, merchant, reference, challenge = b64decode(payment.session).decode().split(".")
        assert (merchant, reference, len(challenge)) == ("683002007104225", order().reference, 20)

    def test_money_that_was_given_back_is_said_to_be(self, sandbox: Sandbox) -> None:
        sandbox.fault("nagad", "reversed")
        one, payment = opened(sandbox, "nagad")
        press(payment)
        assert one.verify(payment.session).outcome == Outcome.REVERSED


class TestSslCommerz:
    def test_valid_and_validated_are_both_paid(self, sandbox: Sandbox) -> None:
        one, payment = opened(sandbox, "sslcommerz")
        press(payment)
        first, second = one.query(order().reference), one.query(order().reference)
        assert (first.code, second.code) == ("VALID", "VALIDATED")
        assert first.outcome == second.outcome == Outcome.PAID

    def test_two_movements_under_one_reference_are_both_told(self, sandbox: Sandbox) -> None:
        sandbox.fault("sslcommerz", "two_valid")
        one, payment = opened(sandbox, "sslcommerz")
        press(payment)
        told = one.query(order().reference)
        assert len({told.transaction, *(more.transaction for more in told.more)}) == 2

    def test_an_unknown_val_id_is_not_paid(self, sandbox: Sandbox) -> None:
        assert client(sandbox, "sslcommerz").validate("made-up").outcome == Outcome.REFUSED

    def test_another_currency_and_a_risk_are_told(self, sandbox: Sandbox) -> None:
        for fault, expected in (("other_currency", ("USD", False)), ("risky", ("BDT", True))):
            sandbox.fault("sslcommerz", fault)
            one, payment = opened(sandbox, "sslcommerz", reference=f"SJ{fault.replace('_', '')[:18].upper():X<18}")
            press(payment)
            told = one.validate(sandbox.desk.find("sslcommerz", payment.session).transaction)
            assert (told.currency, told.risky) == expected


class TestAddresses:
    @pytest.mark.parametrize(
        ("gateway", "url"),
        [
            ("bkash", "https://payment.bkash.com/?paymentId=TR1"),
            ("nagad", "https://checkout.mynagad.com/check-out/x"),
            ("sslcommerz", "https://epay-gw.sslcommerz.com/abc"),
        ],
    )
    def test_a_page_of_the_gateway_may_be_followed(self, gateway: str, url: str) -> None:
        assert GATEWAYS[gateway].places[LIVE].leads_to_its_pages(url)

    @pytest.mark.parametrize(
        "url",
        [
            "http://payment.bkash.com/",
            "https://payment.bkash.com.evil.example/",
            "https://evil.example/payment.bkash.com",
            "https://payment.bkash.com@evil.example/",
            "https://user@payment.bkash.com/",
            "https://payment.bkash.com:8443/",
            "https://sandbox.payment.bkash.com/",
            "//payment.bkash.com/",
            "javascript:alert(1)",
            "https://payment.bkash.com\\@evil.example/",
            "https://payment.bkash.com:x/",
            "",
        ],
    )
    def test_no_other_address_of_an_answer_is_followed(self, url: str) -> None:
        assert not GATEWAYS["bkash"].places[LIVE].leads_to_its_pages(url)

    def test_every_gateway_is_called_over_tls_at_a_host_of_the_table(self) -> None:
        for kind in GATEWAYS.values():
            assert set(kind.places) == {LIVE, SANDBOX}
            assert all(place.root.startswith("https://") for place in kind.places.values())

    def test_there_is_no_local_gateway_unless_a_sandbox_runs(self) -> None:
        assert place_of("bkash", LOCAL) is None
        assert place_of("bkash", "elsewhere") is None

    def test_a_redirect_is_not_followed(self, sandbox: Sandbox) -> None:
        _one, payment = opened(sandbox, "bkash")
        told = Transport(PATIENCE_SECONDS).get(payment.pay_url.replace("/pay/", "/pay//"))
        assert told.problem

    def test_a_page_of_another_host_in_an_answer_is_a_failure(self, sandbox: Sandbox) -> None:
        one = bkash_with_token(sandbox)
        one._place = Place(one._place.root, ("payment.bkash.com",))
        assert isinstance(one.open(order()), Failure)


class TestAmounts:
    @pytest.mark.parametrize(
        ("text", "paisa"),
        [("15", 15_00), ("500.0", 500_00), ("500.00", 500_00), (Decimal("347.1"), 347_10), (7, 7_00), ("0.01", 1)],
    )
    def test_an_amount_on_the_wire_is_paisa(self, text: Any, paisa: int) -> None:
        assert paisa_of(text) == paisa

    @pytest.mark.parametrize(
        "text", ["", "-5", "1e3", "NaN", "Infinity", "1_000", "১০", "10.005", "1,000", None, True, 1.5, [], {}]
    )
    def test_anything_else_is_none(self, text: Any) -> None:
        assert paisa_of(text) is None


def test_what_is_kept_of_an_answer_holds_no_secret_and_no_whole_phone_number() -> None:
    kept = str(
        redacted(
            {
                "id_token": "secret-token",
                "nested": [{"store_passwd": "secret-word"}],
                "customerMsisdn": "01770618575",
                "card_no": "418117XXXXXX6675",
                "amount": "15",
            }
        )
    )
    assert "secret" not in kept and "0177061" not in kept and "418117" not in kept
    assert "575" in kept and "675" in kept and "15" in kept
