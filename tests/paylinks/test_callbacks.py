"""Callbacks that lie: forged, repeated, reordered, of another shape. None moves money, none is an error of ours."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests
from flask import Flask

from app.gateways.registry import GATEWAYS
from config import Testing
from tests.cast import GA, NORTH
from tests.conftest import Clock
from tests.paylinks.conftest import Phone, Town
from tests.sandbox import serving


def secret_of(town: Town, which: int = -1) -> str:
    """The secret of a payment's callback address, as its gateway knows it."""
    payment = list(town.sandbox.desk.payments.values())[which]
    return payment.return_url.rpartition("/")[2]


def call(town: Town, gateway: str, secret: str, **fields: str) -> requests.Response:
    """Call a callback as the gateway's browser would."""
    url = f"{town.url}/gateway/{gateway}/{secret}"
    if gateway == "sslcommerz":
        return requests.post(url, data=fields, timeout=30, allow_redirects=False)
    return requests.get(url, params=fields, timeout=30, allow_redirects=False)


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_secret_that_is_none_is_not_found_and_asks_no_gateway(gateway: str, town: Town, phone: Phone) -> None:
    phone.begin(town.link_for(), gateway)
    asked = dict(town.sandbox.desk.calls)
    for secret in ("x" * 43, "short", "x" * 5000, "%00"):
        assert call(town, gateway, secret, status="success", tran_id="x").status_code in (404, 414)
    assert dict(town.sandbox.desk.calls) == asked


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_forged_success_moves_nothing(gateway: str, town: Town, phone: Phone) -> None:
    phone.begin(town.link_for(), gateway)
    (payment,) = town.sandbox.desk.payments.values()
    due = town.due()
    fields = {
        "bkash": {"paymentID": payment.id, "status": "success", "signature": str(payment.more.get("signature"))},
        "nagad": {"payment_ref_id": payment.id, "order_id": payment.reference, "status": "Success"},
        "sslcommerz": {"tran_id": payment.reference, "val_id": "made-up", "status": "VALID", "amount": payment.amount},
    }[gateway]
    answer = call(town, gateway, secret_of(town), **fields)
    assert (answer.status_code, answer.headers["Location"].split("/")[1:3]) == (303, ["pay", "result"])
    assert "Set-Cookie" not in answer.headers
    assert (town.payments, town.due()) == ([], due)


def test_another_payment_s_name_under_one_s_own_secret_is_not_asked_about(town: Town, phone: Phone) -> None:
    phone.begin(town.link_for(NORTH), "bkash")
    phone.begin(town.link_for(GA), "bkash")
    other = next(iter(town.sandbox.desk.payments.values()))
    call(town, "bkash", secret_of(town), paymentID=other.id, status="success")
    assert town.sandbox.desk.calls["bkash.execute"] == 0


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_callback_replayed_after_the_payment_changes_nothing(gateway: str, town: Town, phone: Phone) -> None:
    due = town.due()
    phone.pay(town.link_for(), gateway)
    (payment,) = town.sandbox.desk.payments.values()
    fields = {
        "bkash": {"paymentID": payment.id, "status": "success", "signature": str(payment.more.get("signature"))},
        "nagad": {"payment_ref_id": payment.id, "order_id": payment.reference, "status": "Success"},
        "sslcommerz": {"tran_id": payment.reference, "status": "VALID"},
    }[gateway]
    for status in (None, "cancel", "Failed"):
        call(town, gateway, secret_of(town), **(fields | ({"status": status} if status else {})))
    assert [one.amount for one in town.payments] == [due]
    assert town.states == ["posted"]


def test_a_cancel_that_comes_after_the_success_does_not_undo_it(town: Town, phone: Phone) -> None:
    begun = phone.begin(town.link_for(), "nagad")
    (payment,) = town.sandbox.desk.payments.values()
    known = {"payment_ref_id": payment.id, "order_id": payment.reference}
    call(town, "nagad", secret_of(town), **known, status="Aborted")
    assert town.states == ["cancelled"]
    phone.press(begun.headers["Location"])
    assert (len(town.payments), town.states) == (1, ["posted"])


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b'{"tran_id": "x"}', "application/json", 415),
        (b"a=" + b"x" * 70_000, "application/x-www-form-urlencoded", 413),
        (b"tran_id=a&tran_id=b", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"k%d=1" % n for n in range(200)), "application/x-www-form-urlencoded", 400),
    ],
)
def test_a_notice_of_another_shape_is_refused(body: bytes, kind: str, status: int, town: Town, phone: Phone) -> None:
    phone.begin(town.link_for(), "sslcommerz")
    url = f"{town.url}/gateway/sslcommerz/{secret_of(town)}/notice"
    answer = requests.post(url, data=body, headers={"Content-Type": kind}, timeout=30)
    assert answer.status_code == status
    assert town.sandbox.desk.calls["sslcommerz.query"] == 0


def test_who_guesses_is_told_to_wait(town: Town) -> None:
    answers = {call(town, "nagad", f"{number:0>43}").status_code for number in range(40)}
    assert answers == {404, 429}


def test_all_processes_count_together_who_begins_to_pay(
    town: Town, phone: Phone, another_app: Callable[..., Flask]
) -> None:
    link = town.link_for()
    with serving(another_app(Testing, PUBLIC_URL=town.url)) as beside:
        path = link.removeprefix(town.url)
        answers = [requests.post(f"{place}{path}", timeout=30).status_code for place in (town.url, beside) * 11]
    assert answers == [400] * 20 + [429] * 2


def test_after_a_minute_it_is_counted_anew(town: Town, clock: Clock) -> None:
    for _time in range(31):
        last = call(town, "nagad", "x" * 43).status_code
    assert last == 429
    clock.forward(seconds=61)
    assert call(town, "nagad", "x" * 43).status_code == 404


def test_a_signed_in_person_s_browser_posts_nothing_in_that_person_s_name(town: Town, phone: Phone) -> None:
    phone.pay(town.link_for(), "bkash")
    (payment,) = town.payments
    assert payment.collected_by_id is None


class TestThePagesForm:
    @pytest.mark.parametrize("token", ["", "guessed", "e30.abc.def"])
    def test_without_the_page_s_token_nothing_is_begun(self, token: str, town: Town) -> None:
        answer = requests.post(town.link_for(), data={"gateway": "bkash", "csrf_token": token}, timeout=30)
        assert answer.status_code == 400
        assert town.states == []

    @pytest.mark.parametrize("gateway", ["", "cash", "bkash' --"])
    def test_a_way_that_is_not_offered_is_refused(self, gateway: str, town: Town, phone: Phone) -> None:
        link = town.link_for()
        begun = phone.get(link).text.partition('data-token="')[2].partition('"')[0]
        answer = requests.post(link, data={"gateway": gateway, "csrf_token": begun}, timeout=30)
        assert (answer.status_code, town.states) == (422, [])

    def test_the_amount_is_the_server_s_at_the_moment_of_paying(self, town: Town, phone: Phone) -> None:
        link, due = town.link_for(), town.due()
        token = phone.get(link).text.partition('data-token="')[2].partition('"')[0]
        sent = {"gateway": "bkash", "csrf_token": token, "amount": "1.00", "total_amount": "1.00"}
        requests.post(link, data=sent, timeout=30, allow_redirects=False)
        assert [payment.amount for payment in town.sandbox.desk.payments.values()] == [f"{due // 100}.{due % 100:02d}"]
