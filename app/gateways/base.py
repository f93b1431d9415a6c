"""What the clients of all gateways share: orders in, proofs out, one careful way to speak HTTP, amounts, redaction."""

import json
import re
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import requests

from app.core.money import PAISA

BDT = "BDT"
LARGEST_ANSWER = 256 * 1024
"""Bytes: no answer of a gateway is that large; what is larger is not read to its end."""

CONNECT_SECONDS = 5
TIMED_OUT = "no answer in time"


class Outcome(StrEnum):
    """What a gateway says about a payment: errors are data, nothing is raised (reference: gateways, §4)."""

    PAID = "paid"
    PENDING = "pending"
    REFUSED = "refused"
    REVERSED = "reversed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Order:
    """What a customer is to pay: ``amount`` in paisa, ``reference`` 20 characters A-Z 0-9, new for every attempt."""

    reference: str
    amount: int
    return_url: str
    notice_url: str
    description: str
    payer: str
    payer_name: str
    payer_email: str
    language: str = "bn"
    payer_address: str = ""
    is_phone: bool = True


@dataclass(frozen=True)
class Opened:
    """A payment that was opened: the gateway's name for it, and where the customer pays."""

    session: str
    pay_url: str
    signature: str = ""
    raw: str = ""


@dataclass(frozen=True)
class Failure:
    """Why a call came to nothing. ``message`` is the gateway's own word; ``is_token`` says that only a token was refused."""

    code: str
    message: str = ""
    is_token: bool = False
    raw: str = ""


@dataclass(frozen=True)
class Token:
    """A token that opens a gateway's other calls, and for how many seconds."""

    value: str
    refresh: str
    seconds: int


@dataclass(frozen=True)
class Proof:
    """What a gateway says about one payment, server to server. ``amount`` is paisa; None when it is no amount.

    ``transaction`` is unique for each movement of money; ``more`` are further movements under the same reference.
    """

    outcome: Outcome
    transaction: str = ""
    bank_transaction: str = ""
    amount: int | None = None
    currency: str = ""
    reference: str = ""
    session: str = ""
    merchant: str = ""
    risky: bool = False
    ask_again: bool = False
    is_token: bool = False
    code: str = ""
    message: str = ""
    raw: str = ""
    more: tuple["Proof", ...] = ()

    def without_more(self) -> "Proof":
        """Return this movement alone."""
        return replace(self, more=())


@dataclass(frozen=True)
class Place:
    """Where a gateway stands in one environment: the root of its calls, and the hosts of its pages for customers."""

    root: str
    pages: tuple[str, ...]

    def leads_to_its_pages(self, url: str) -> bool:
        """Tell whether an address from an answer may be followed: the scheme of the root, a host of the table, no user, no odd port."""
        try:
            wanted = urlsplit(url)
            port = wanted.port
        except ValueError:
            return False
        own = urlsplit(self.root)
        if wanted.scheme != own.scheme or wanted.username is not None or not wanted.hostname or len(url) > 1000:
            return False
        if any(character.isspace() or ord(character) < 32 or character == "\\" for character in url):
            return False
        for page in self.pages:
            host, _colon, wanted_port = page.partition(":")
            same_host = (
                wanted.hostname.endswith(host.removeprefix("*")) if host.startswith("*.") else wanted.hostname == host
            )
            if same_host and port == (int(wanted_port) if wanted_port else None):
                return True
        return False

    @property
    def origins(self) -> tuple[str, ...]:
        """The pages' hosts as a content policy names them."""
        return tuple(f"{urlsplit(self.root).scheme}://{page}" for page in self.pages)


@dataclass(frozen=True)
class Reply:
    """An answer over HTTP: its status, and its JSON object when it is one; ``problem`` says why there is none."""

    status: int = 0
    data: dict[str, Any] = field(default_factory=dict)
    problem: str = ""

    @property
    def raw(self) -> str:
        """The answer as it may be kept: without secrets, phone and card numbers shortened."""
        if self.problem:
            return f"{self.status} {self.problem}".strip()
        return json.dumps(redacted(self.data), ensure_ascii=False, default=str)[:4000]


class Transport:
    """Speak HTTP with one gateway: time-outs, no redirects, no proxies, certificates checked, answers of limited size."""

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._session = requests.Session()
        # neither proxies nor credentials out of the environment
        self._session.trust_env = False

    def post_json(self, url: str, body: Mapping[str, Any] | bytes, headers: Mapping[str, str]) -> Reply:
        """Send JSON and read a JSON object."""
        content = body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).encode()
        told = {"Content-Type": "application/json", "Accept": "application/json", **headers}
        return self._send("POST", url, data=content, headers=told)

    def post_form(self, url: str, fields: Mapping[str, str]) -> Reply:
        """Send a form (never multipart: SSLCommerz takes that for wrong credentials) and read a JSON object."""
        return self._send("POST", url, data=dict(fields), headers={"Accept": "application/json"})

    def get(self, url: str, query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None) -> Reply:
        """Fetch a JSON object."""
        return self._send(
            "GET", url, params=dict(query or {}), headers={"Accept": "application/json", **(headers or {})}
        )

    def _send(self, method: str, url: str, **how: Any) -> Reply:
        deadline = time.monotonic() + self._seconds
        try:
            with self._session.request(
                method,
                url,
                timeout=(min(CONNECT_SECONDS, self._seconds), self._seconds),
                allow_redirects=False,
                stream=True,
                **how,
            ) as answer:
                content = b""
                for part in answer.iter_content(16 * 1024):
                    content += part
                    if len(content) > LARGEST_ANSWER:
                        return Reply(answer.status_code, problem="the answer is too large")
                    # the time-out above is for each read: an answer that drips would never end
                    if time.monotonic() > deadline:
                        return Reply(answer.status_code, problem=TIMED_OUT)
                status = answer.status_code
        except requests.Timeout:
            return Reply(problem=TIMED_OUT)
        except requests.RequestException as problem:
            # the exception's own words hold the address, and with it SSLCommerz' password
            return Reply(problem=f"no connection: {type(problem).__name__}")
        if 300 <= status < 400:
            return Reply(status, problem="the answer leads elsewhere")
        try:
            # a decimal fraction must not pass through a float on its way to paisa
            data = json.loads(content, parse_float=Decimal)
        except (ValueError, RecursionError):
            return Reply(status, problem="the answer is no JSON")
        return Reply(status, data) if isinstance(data, dict) else Reply(status, problem="the answer is no object")


SECONDS_TO_REACH = 3


def is_reachable(root: str) -> bool:
    """Tell whether a gateway's server takes connections; nothing is sent, so that no gateway counts it as a call."""
    address = urlsplit(root)
    port = address.port or (443 if address.scheme == "https" else 80)
    try:
        socket.create_connection((address.hostname or "", port), SECONDS_TO_REACH).close()
    except OSError:
        return False
    return True


def words(value: Any) -> str:
    """Return a field of an answer as text; nothing for what is neither text nor number."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return ""
    return str(value).strip()


def first(data: Mapping[str, Any], *names: str) -> str:
    """Return the first field that is there, of several spellings."""
    return next((words(data[name]) for name in names if words(data.get(name))), "")


AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,10})?")


def paisa_of(value: Any) -> int | None:
    """Return an amount on the wire ("15", "500.00", 347.1) in paisa, exactly; None for anything else."""
    text = words(value)
    if not AMOUNT.fullmatch(text):
        return None
    amount = Decimal(text) * PAISA
    return int(amount) if amount == amount.to_integral_value() else None


SECRET_FIELDS = frozenset(
    {
        *("password", "app_key", "app_secret", "id_token", "refresh_token", "authorization", "store_passwd"),
        *("sensitivedata", "signature", "private_key", "verify_sign", "verify_sign_sha2", "sessionkey", "store_id"),
    }
)
PERSONAL_FIELDS = frozenset(
    {"customermsisdn", "payerreference", "payeraccount", "clientmobileno", "card_no", "debitmsisdn", "cus_phone"}
)


def redacted(data: Any) -> Any:
    """Return an answer without secrets, with phone and card numbers down to their last three digits (reference: §6.11)."""
    if isinstance(data, dict):
        return {str(name): _hidden(str(name).lower(), value) for name, value in data.items()}
    return [redacted(one) for one in data] if isinstance(data, list | tuple) else data


def _hidden(name: str, value: Any) -> Any:
    if name in SECRET_FIELDS:
        return "•••"
    if name in PERSONAL_FIELDS:
        return f"•••{words(value)[-3:]}" if value else value
    return redacted(value)
