"""What the sandbox server remembers: payments, tokens, the fault each payment is to suffer, and a log of calls."""

import secrets
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import requests
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from app.core.clock import now

COMMON = ("none", "never_returns", "duplicate_return", "amount_lower", "amount_higher", "html", "503", "slow")
FAULTS = {
    "bkash": (
        *COMMON,
        *("error_9999", "already_done", "duplicate_2029", "other_currency", "other_reference", "token_expired"),
    ),
    "nagad": (*COMMON, "other_reference", "other_merchant", "bad_signature", "other_key", "reversed"),
    "sslcommerz": (
        *COMMON,
        *("ipn_lost", "all_lost", "ipn_three_times", "ipn_late", "ipn_in_parallel", "other_currency"),
        *("other_reference", "other_merchant", "risky", "bad_signature", "other_key", "two_valid", "replay"),
    ),
}
"""What a payment can be made to suffer, by gateway (reference: gateways, §5)."""

LOOPBACK = ("http://localhost:", "http://127.0.0.1:")


@dataclass
class Payment:
    """A payment somebody opened. ``amount`` is text as it came; ``told_amount`` is what the gateway will say."""

    gateway: str
    id: str
    reference: str
    amount: str
    return_url: str
    notice_url: str = ""
    fault: str = "none"
    state: str = "open"
    transaction: str = ""
    wallet: str = ""
    made_at: datetime = field(default_factory=now)
    more: dict[str, Any] = field(default_factory=dict)


@dataclass
class Keys:
    """Nagad's pair of the sandbox, and the public key that the merchant has uploaded."""

    gateway: RSAPrivateKey
    merchant: RSAPublicKey


class Desk:
    """The sandbox server's memory; it is gone when the server ends."""

    def __init__(self, keys: Keys, slow_seconds: int = 40) -> None:
        self.keys = keys
        self.slow_seconds = slow_seconds
        self.lock = threading.RLock()
        self.payments: dict[tuple[str, str], Payment] = {}
        self.by_transaction: dict[str, Payment] = {}
        self.references: set[tuple[str, str]] = set()
        self.faults: dict[str, list[str]] = {}
        self.tokens: dict[str, datetime] = {}
        self.grants: list[datetime] = []
        self.calls: Counter[str] = Counter()
        self.ended = threading.Event()
        self.errands: list[threading.Thread] = []

    def count(self, call: str) -> None:
        """Count a call, for whoever wants to know how often the gateway was asked."""
        with self.lock:
            self.calls[call] += 1

    def wait(self) -> None:
        """Be slow: longer than any client's patience."""
        self.ended.wait(self.slow_seconds)

    def later(self, errand: threading.Thread) -> None:
        """Start something that goes on while the customer's browser is answered."""
        with self.lock:
            self.errands.append(errand)
        errand.start()

    def finish(self) -> None:
        """Wait until all that was started has come to its end."""
        for errand in self.errands:
            errand.join()

    def add(self, payment: Payment) -> Payment:
        """Keep a payment; it takes the next fault in waiting for its gateway."""
        with self.lock:
            waiting = self.faults.get(payment.gateway)
            payment.fault = waiting.pop(0) if waiting else "none"
            self.payments[payment.gateway, payment.id] = payment
            self.references.add((payment.gateway, payment.reference))
            return payment

    def find(self, gateway: str, payment_id: str) -> Payment | None:
        """Return a payment by the gateway's name for it."""
        with self.lock:
            return self.payments.get((gateway, payment_id))

    def is_known(self, gateway: str, reference: str) -> bool:
        """Tell whether a merchant's reference was used before."""
        with self.lock:
            return (gateway, reference) in self.references

    def take_money(self, payment: Payment) -> str:
        """Move the money, once, and return the transaction's number."""
        with self.lock:
            if not payment.transaction:
                payment.transaction = "".join(secrets.choice("ABCDEFGHJKLMNPQRSTUVWXYZ23456789") for _ in range(10))
                self.by_transaction[payment.transaction] = payment
            payment.state = "paid"
            return payment.transaction

    def told_amount(self, payment: Payment) -> str:
        """Return the amount as the gateway says it: one paisa off, where that is the fault."""
        off = {"amount_lower": -1, "amount_higher": 1}.get(payment.fault, 0)
        whole, _dot, rest = payment.amount.partition(".")
        paisa = int(whole) * 100 + int(rest.ljust(2, "0") or 0) + off
        return f"{paisa // 100}.{paisa % 100:02d}"

    def is_token(self, token: str) -> bool:
        """Tell whether a token was granted and is not over."""
        with self.lock:
            until = self.tokens.get(token)
        return until is not None and now() < until

    def grant_token(self) -> str | None:
        """Grant a token for an hour; None beyond two grants an hour."""
        with self.lock:
            self.grants = [at for at in self.grants if at > now() - timedelta(hours=1)]
            if len(self.grants) >= 2:
                return None
            self.grants.append(now())
            token = secrets.token_urlsafe(40)
            self.tokens[token] = now() + timedelta(hours=1)
            return token


def call_back(method: str, url: str, **how: Any) -> None:
    """Call the panel, on this machine alone; what it answers is its own affair."""
    if not url.startswith(LOOPBACK):
        return
    try:
        requests.request(method, url, timeout=30, allow_redirects=False, **how).close()
    except requests.RequestException:
        return


def call_back_in_parallel(times: int, method: str, url: str, **how: Any) -> None:
    """Call the panel several times at the same moment and wait for all."""
    threads = [threading.Thread(target=call_back, args=(method, url), kwargs=how) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
