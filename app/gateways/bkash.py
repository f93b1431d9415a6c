"""bKash Tokenized Checkout, URL based, without agreement (mode 0011): v1.2, reading v2 spellings (reference: gateways, §1)."""

from collections.abc import Mapping
from typing import Any

from app.core.money import plain
from app.gateways.base import (
    BDT,
    Failure,
    Opened,
    Order,
    Outcome,
    Place,
    Proof,
    Reply,
    Token,
    Transport,
    first,
    paisa_of,
)

DONE = "0000"
ALREADY_DONE = frozenset({"2062", "2068", "2116", "2117"})
"""The payment was executed before: a replayed return, no failure. A query tells what came of it."""

STATE_PASSED = "2056"
UNCLEAR = frozenset({"503", "9999", "2003", "2020", "2024"})
"""Nobody knows whether money moved."""

UNPAID_YET = frozenset({"initiated", "authorized", "pendingauthorized"})
NEVER_PAID = frozenset({"cancelled", "declined", "expired"})
LIFE_OF_A_TOKEN = 3600


class Bkash:
    """A merchant's calls to bKash. ``token`` is the id_token that all calls but the granting ones carry."""

    def __init__(self, place: Place, credentials: Mapping[str, str], transport: Transport, token: str = "") -> None:
        self._place = place
        self._credentials = credentials
        self._transport = transport
        self._token = token

    def grant(self) -> Token | Failure:
        """Ask for a token. At most two such calls an hour: more blocks the merchant (reference: §1.2)."""
        return self._ask_for_token("/tokenized/checkout/token/grant", {})

    def refresh(self, refresh_token: str) -> Token | Failure:
        """Ask for a new token with a refresh token; it counts like a grant."""
        return self._ask_for_token("/tokenized/checkout/token/refresh", {"refresh_token": refresh_token})

    def _ask_for_token(self, path: str, more: Mapping[str, str]) -> Token | Failure:
        body = {"app_key": self._credentials["app_key"], "app_secret": self._credentials["app_secret"], **more}
        headers = {name: self._credentials[name] for name in ("username", "password")}
        reply = self._transport.post_json(self._place.root + path, body, headers)
        value = first(reply.data, "id_token")
        if not value:
            return _failure(reply)
        seconds = first(reply.data, "expires_in")
        return Token(
            value, first(reply.data, "refresh_token"), int(seconds) if seconds.isdecimal() else LIFE_OF_A_TOKEN
        )

    def open(self, order: Order) -> Opened | Failure:
        """Create a payment: no money moves before ``execute``."""
        reply = self._call(
            "/tokenized/checkout/create",
            {
                "mode": "0011",
                "payerReference": _safe(order.payer) or order.reference,
                "callbackURL": order.return_url,
                "amount": plain(order.amount),
                "currency": BDT,
                "intent": "sale",
                "merchantInvoiceNumber": order.reference,
            },
        )
        session, url = first(reply.data, "paymentID", "paymentId"), first(reply.data, "bkashURL", "bKashURL")
        if not session or not url or first(reply.data, "statusCode") not in ("", DONE):
            return _failure(reply)
        if not self._place.leads_to_its_pages(url):
            return Failure("page", "the answer leads to a foreign page", raw=reply.raw)
        _before, _sign, signature = first(reply.data, "successCallbackURL").rpartition("&signature=")
        return Opened(session, url, signature if _sign else "", reply.raw)

    def execute(self, session: str) -> Proof:
        """Take the money, after the customer's return: once for each payment, whatever the answer (reference: §1.5)."""
        return self._proof(self._call("/tokenized/checkout/execute", {"paymentID": session}), session)

    def query(self, session: str) -> Proof:
        """Ask what came of a payment: only when ``execute`` gave no usable answer (reference: §1.5, the rule of the acceptance test)."""
        return self._proof(self._call("/tokenized/checkout/payment/status", {"paymentID": session}), session)

    def search(self, transaction: str) -> Reply:
        """Look a transaction up by the customer's receipt number, for support."""
        return self._call("/tokenized/checkout/general/searchTransaction", {"trxID": transaction})

    def _call(self, path: str, body: Mapping[str, str]) -> Reply:
        # the token alone, without "Bearer": official plugin and documents agree on it
        headers = {"Authorization": self._token, "X-App-Key": self._credentials["app_key"]}
        return self._transport.post_json(self._place.root + path, body, headers)

    @staticmethod
    def _proof(reply: Reply, session: str) -> Proof:
        data = reply.data
        code = first(data, "statusCode", "externalCode", "internalCode")
        state = first(data, "transactionStatus").lower()
        about: dict[str, Any] = {
            "transaction": first(data, "trxID", "trxId"),
            "amount": paisa_of(data.get("amount")),
            "currency": first(data, "currency"),
            "reference": first(data, "merchantInvoiceNumber", "merchantInvoice"),
            "session": first(data, "paymentID", "paymentId"),
            "code": code,
            "message": first(data, "statusMessage", "errorMessageEn", "message"),
            "raw": reply.raw,
        }
        if _is_token_refusal(reply):
            return Proof(Outcome.UNKNOWN, is_token=True, **about)
        if reply.problem or reply.status >= 500 or code in UNCLEAR:
            return Proof(Outcome.UNKNOWN, **{**about, "message": about["message"] or reply.problem})
        if code in ALREADY_DONE or code == STATE_PASSED:
            return Proof(Outcome.REFUSED if code == STATE_PASSED else Outcome.UNKNOWN, ask_again=True, **about)
        if code not in ("", DONE):
            return Proof(Outcome.REFUSED, **about)
        if state == "completed" and about["transaction"]:
            return Proof(Outcome.PAID, **about)
        if state in UNPAID_YET:
            return Proof(Outcome.PENDING, **about)
        return Proof(Outcome.REFUSED if state in NEVER_PAID else Outcome.UNKNOWN, **about)


def _safe(text: str) -> str:
    return "".join(character for character in text if character not in "<>&")[:255]


def _is_token_refusal(reply: Reply) -> bool:
    """Tell whether an answer refuses the token and says nothing about the payment: then it is safe to call once more."""
    about_money = {"trxID", "trxId", "transactionStatus", "paymentID", "paymentId", "statusCode"} & reply.data.keys()
    return reply.status in (401, 403) and not reply.problem and not about_money


def _failure(reply: Reply) -> Failure:
    code = first(reply.data, "statusCode", "externalCode", "internalCode") or str(reply.status)
    message = first(reply.data, "statusMessage", "errorMessageEn", "message") or reply.problem
    return Failure(code, message, _is_token_refusal(reply), reply.raw)
