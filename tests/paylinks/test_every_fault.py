"""Every fault that the sandbox can play, with returns that come at the same moment: money once, or an entry in the tray."""

from __future__ import annotations

from urllib.parse import urljoin

import pytest
import requests

from app.gateways.sandbox.desk import FAULTS
from tests.conftest import Clock, FormReader
from tests.paylinks.conftest import Phone, Town
from tests.paylinks.test_paying import at_once

ONCE, NOTHING = "money once", "no money moved"
ENDS = {
    "bkash": {
        "none": ONCE,
        # bKash takes money only when it is told to, and who does not come back does not tell it
        "never_returns": NOTHING,
        "duplicate_return": ONCE,
        "amount_lower": "amount",
        "amount_higher": "amount",
        "html": ONCE,
        "503": ONCE,
        "slow": ONCE,
        "error_9999": ONCE,
        "already_done": ONCE,
        "duplicate_2029": NOTHING,
        "other_currency": "foreign",
        "other_reference": "foreign",
        "token_expired": ONCE,
    },
    "nagad": {
        "none": ONCE,
        "never_returns": ONCE,
        "duplicate_return": ONCE,
        "amount_lower": "amount",
        "amount_higher": "amount",
        "html": ONCE,
        "503": ONCE,
        "slow": ONCE,
        "other_reference": "foreign",
        "other_merchant": "foreign",
        # an answer that Nagad has not signed opens nothing
        "bad_signature": NOTHING,
        "other_key": NOTHING,
        "reversed": "reversed",
    },
    "sslcommerz": {
        "none": ONCE,
        "never_returns": ONCE,
        "duplicate_return": ONCE,
        "amount_lower": "amount",
        "amount_higher": "amount",
        "html": ONCE,
        "503": ONCE,
        "slow": ONCE,
        "ipn_lost": ONCE,
        "all_lost": ONCE,
        "ipn_three_times": ONCE,
        "ipn_late": ONCE,
        "ipn_in_parallel": ONCE,
        "other_currency": "foreign",
        "other_reference": "foreign",
        "other_merchant": "foreign",
        "risky": "held",
        "bad_signature": ONCE,
        "other_key": ONCE,
        "two_valid": "second",
        "replay": ONCE,
    },
}
"""How each fault ends: with the money, without any, or with the entry of that name in the tray."""


def press_and_come_back_in_threes(town: Town, pay_url: str) -> None:
    """Pay, and let the browser's return come three times at the moment at which the job asks too."""
    answer = requests.post(pay_url, data={"act": "pay", "wallet": "01770618575"}, timeout=90, allow_redirects=False)
    if answer.is_redirect:
        back = answer.headers["Location"]
        at_once(*[lambda: requests.get(back, timeout=90)] * 3, town.ask_again)
    elif 'id="back"' in answer.text:
        reader = FormReader()
        reader.feed(answer.text)
        target = urljoin(answer.url, answer.text.split('action="')[1].split('"')[0])
        at_once(*[lambda: requests.post(target, data=reader.forms[0], timeout=90)] * 3, town.ask_again)
    town.finish()


def test_every_fault_has_an_end_that_is_known() -> None:
    assert {gateway: set(ends) for gateway, ends in ENDS.items()} == {
        gateway: set(faults) for gateway, faults in FAULTS.items()
    }


@pytest.mark.parametrize(("gateway", "fault"), [(gateway, fault) for gateway, ends in ENDS.items() for fault in ends])
def test_a_fault_ends_with_money_once_or_an_entry_in_the_tray(
    gateway: str, fault: str, town: Town, phone: Phone, clock: Clock
) -> None:
    due, link = town.due(), town.link_for()
    town.sandbox.fault(gateway, fault)
    begun = phone.begin(link, gateway)
    if begun.status_code == 303:
        press_and_come_back_in_threes(town, begun.headers["Location"])
    for minutes in (3, 15):
        clock.forward(minutes=minutes)
        town.ask_again()
    end = ENDS[gateway][fault]
    moved = [payment for payment in town.sandbox.desk.payments.values() if payment.state == "paid"]
    assert bool(moved) is (end != NOTHING)
    assert town.tray == ([] if end in (ONCE, NOTHING) else [end])
    off = {"amount_lower": -1, "amount_higher": 1}.get(fault, 0)
    posted = {ONCE: [due], NOTHING: [], "amount": [due + off], "second": [due, due]}.get(end, [])
    assert [payment.amount for payment in town.payments] == posted
    assert town.due() - town.advance() == due - sum(posted)
    assert town.sandbox.desk.calls["bkash.debit"] <= 1
    town.assert_books_add_up()
