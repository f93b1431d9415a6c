"""Nagad Online Payment: initialize, complete, verify (reference: gateways, §2)."""

import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from ipaddress import IPv4Address
from typing import Any
from urllib.parse import quote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    load_der_private_key,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)

from app.core.clock import now, to_dhaka
from app.core.money import plain
from app.gateways.base import BDT, Failure, Opened, Order, Outcome, Place, Proof, Reply, Transport, first, paisa_of

TAKA_BY_NUMBER = "050"
API_VERSION = "v-0.2.0"
PENDING = frozenset(
    "orderinitiated ready inprogress transactioninprogress otpsent otpverified pingiven initiated".split()
)
NOT_PAID = frozenset("aborted cancelled failed unknownfailed invalidrequest fraud".split())
REVERSED = frozenset("partialcancelled refunded partialrefunded".split())


class BrokenKey(ValueError):
    """Report a key that is none, or not an RSA key."""


def load_private_key(text: str) -> RSAPrivateKey:
    """Read a private key as portals hand it out: one line of base64, or PEM. Raises BrokenKey."""
    try:
        key = _from_text(text, load_der_private_key, load_pem_private_key, None)
    except (ValueError, TypeError):
        raise BrokenKey("this is no private key") from None
    if not isinstance(key, RSAPrivateKey):
        raise BrokenKey("this is no RSA key")
    return key


def load_public_key(text: str) -> RSAPublicKey:
    """Read a public key: one line of base64, or PEM. Raises BrokenKey."""
    try:
        key = _from_text(text, load_der_public_key, load_pem_public_key)
    except (ValueError, TypeError):
        raise BrokenKey("this is no public key") from None
    if not isinstance(key, RSAPublicKey):
        raise BrokenKey("this is no RSA key")
    return key


def _from_text(text: str, from_der: Any, from_pem: Any, *more: Any) -> Any:
    if "-----BEGIN" in text:
        return from_pem(text.strip().encode(), *more)
    return from_der(b64decode("".join(text.split()), validate=True), *more)


def compact(fields: Mapping[str, Any]) -> bytes:
    """Return JSON without spaces in the given order: the one byte string that is both signed and encrypted."""
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()


def sign(content: bytes, key: RSAPrivateKey) -> str:
    """Sign with SHA-256: the vendor's text says SHA-1, its own signatures say otherwise (reference: §2.2, vectors)."""
    return b64encode(key.sign(content, PKCS1v15(), SHA256())).decode()


def is_signed(content: bytes, signature: str, key: RSAPublicKey) -> bool:
    """Tell whether a signature over the bytes is of this key."""
    try:
        key.verify(b64decode(signature, validate=True), content, PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def encrypt(content: bytes, key: RSAPublicKey) -> str:
    """Encrypt at most 245 bytes for the holder of a key of 2048 bits."""
    return b64encode(key.encrypt(content, PKCS1v15())).decode()


def decrypt(text: str, key: RSAPrivateKey) -> bytes:
    """Decrypt what was encrypted for this key. Raises ValueError."""
    return key.decrypt(b64decode(text, validate=True), PKCS1v15())


class Nagad:
    """A merchant's calls to Nagad. Raises BrokenKey when the merchant's keys cannot be read."""

    def __init__(self, place: Place, credentials: Mapping[str, str], transport: Transport, client_ip: str = "") -> None:
        self._place = place
        self._merchant = credentials["merchant_id"]
        self._account = credentials.get("account_number", "")
        self._private = load_private_key(credentials["private_key"])
        self._gateway = load_public_key(credentials["gateway_key"])
        self._transport = transport
        self._ip = _ipv4(client_ip) or _ipv4(credentials.get("server_ip", "")) or "127.0.0.1"

    def open(self, order: Order) -> Opened | Failure:
        """Initialize and complete an order: the customer then pays on Nagad's page, and money moves there."""
        moment = to_dhaka(now()).strftime("%Y%m%d%H%M%S")
        # "datetime" inside, "dateTime" outside: the other way round is refused
        inside = {
            "merchantId": self._merchant,
            "orderId": order.reference,
            "datetime": moment,
            "challenge": secrets.token_hex(20),
        }
        outside = {"dateTime": moment} | ({"accountNumber": self._account} if self._account else {})
        headers = self._headers(order.is_phone)
        locale = "EN" if order.language == "en" else "BN"
        path = f"/check-out/initialize/{quote(self._merchant, safe='')}/{order.reference}?locale={locale}"
        reply = self._transport.post_json(self._place.root + path, {**outside, **self._sealed(inside)}, headers)
        told = self._opened(reply)
        if isinstance(told, Failure):
            return told
        session, challenge = first(told, "paymentReferenceId"), first(told, "challenge", "random")
        if not session or not challenge or len(session) > 200:
            return Failure("initialize", "the answer lacks a reference", raw=reply.raw)
        order_inside = {
            "merchantId": self._merchant,
            "orderId": order.reference,
            "currencyCode": TAKA_BY_NUMBER,
            "amount": plain(order.amount),
            "challenge": challenge,
        }
        reply = self._transport.post_json(
            f"{self._place.root}/check-out/complete/{quote(session, safe='')}",
            {**self._sealed(order_inside), "merchantCallbackURL": order.return_url},
            headers,
        )
        url = first(reply.data, "callBackUrl", "callbackUrl")
        if first(reply.data, "status").lower() != "success" or not url:
            return _failure(reply)
        if not self._place.leads_to_its_pages(url):
            return Failure("page", "the answer leads to a foreign page", raw=reply.raw)
        return Opened(session, url, raw=reply.raw)

    def verify(self, session: str) -> Proof:
        """Ask what came of a payment: also the only way to learn of one whose customer never came back (reference: §2.7)."""
        reply = self._transport.get(
            f"{self._place.root}/verify/payment/{quote(session, safe='')}", headers=self._headers(True)
        )
        data = reply.data
        status, transaction = first(data, "status"), first(data, "issuerPaymentRefNo")
        about: dict[str, Any] = {
            "transaction": transaction,
            "amount": paisa_of(data.get("amount")),
            # the answer names no currency: orders are placed in taka alone
            "currency": BDT,
            "reference": first(data, "orderId"),
            "session": first(data, "paymentRefId"),
            "merchant": first(data, "merchantId"),
            "code": first(data, "statusCode", "reason"),
            "message": first(data, "message", "status") or reply.problem,
            "raw": reply.raw,
        }
        word = status.lower()
        if reply.problem or reply.status >= 400 or not word:
            return Proof(Outcome.UNKNOWN, **about)
        # statusCode is written in three ways: only the word decides
        if status == "Success":
            return Proof(Outcome.PAID if transaction else Outcome.UNKNOWN, **about)
        if word in REVERSED or (word == "cancelled" and transaction):
            return Proof(Outcome.REVERSED, **about)
        if word in PENDING:
            return Proof(Outcome.PENDING, **about)
        return Proof(Outcome.REFUSED if word in NOT_PAID else Outcome.UNKNOWN, **about)

    def _sealed(self, fields: Mapping[str, Any]) -> dict[str, str]:
        content = compact(fields)
        return {"sensitiveData": encrypt(content, self._gateway), "signature": sign(content, self._private)}

    def _opened(self, reply: Reply) -> dict[str, Any] | Failure:
        """Decrypt an answer and believe it only when Nagad has signed it."""
        sealed, signature = first(reply.data, "sensitiveData"), first(reply.data, "signature")
        if not sealed or not signature:
            return _failure(reply)
        try:
            content = decrypt(sealed, self._private)
            if not is_signed(content, signature, self._gateway):
                return Failure("signature", "the answer is not signed by Nagad", raw=reply.raw)
            told = json.loads(content)
        except ValueError:
            return Failure("signature", "the answer cannot be read", raw=reply.raw)
        return told if isinstance(told, dict) else Failure("initialize", "the answer is no object", raw=reply.raw)

    def _headers(self, is_phone: bool) -> dict[str, str]:
        return {
            "X-KM-Api-Version": API_VERSION,
            "X-KM-IP-V4": self._ip,
            "X-KM-Client-Type": "MOBILE_WEB" if is_phone else "PC_WEB",
            "X-KM-MC-Id": self._merchant,
        }


def _ipv4(text: str) -> str:
    try:
        return str(IPv4Address(text))
    except ValueError:
        return ""


def _failure(reply: Reply) -> Failure:
    code = first(reply.data, "reason", "statusCode") or str(reply.status)
    return Failure(code, first(reply.data, "message", "devMessage", "status") or reply.problem, raw=reply.raw)
