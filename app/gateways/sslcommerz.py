"""SSLCommerz v4, hosted page (reference: gateways, §3)."""

import hmac
from collections.abc import Mapping
from dataclasses import replace
from hashlib import md5, sha256
from typing import Any

from app.core.money import plain
from app.gateways.base import BDT, Failure, Opened, Order, Outcome, Place, Proof, Reply, Transport, first, paisa_of

GOOD = frozenset({"VALID", "VALIDATED"})
"""The first successful validation answers VALID, later ones VALIDATED: both are paid."""

NOT_PAID = frozenset({"FAILED", "CANCELLED", "UNATTEMPTED", "EXPIRED"})
MUST_BE_SIGNED = frozenset({"tran_id", "val_id", "amount", "currency_type", "currency_amount", "status", "store_id"})


def canonical(fields: Mapping[str, str], password: str, algorithm: Any) -> str:
    """Return the text that SSLCommerz signs: the fields of verify_key and the password's hash, by key (reference: §3.4)."""
    signed = {name: fields[name] for name in fields.get("verify_key", "").split(",") if name in fields}
    signed["store_passwd"] = algorithm(password.encode(), usedforsecurity=False).hexdigest()
    return "&".join(f"{name}={signed[name]}" for name in sorted(signed))


def is_signed(fields: Mapping[str, str], password: str) -> bool:
    """Tell whether a notice is signed with the store's password, over every field that matters.

    A filter and no proof: the customer's own browser carries a rightly signed notice, so it can be replayed.
    """
    named = set(fields.get("verify_key", "").split(","))
    # notices of failures carry no val_id
    needed = MUST_BE_SIGNED if fields.get("val_id") else {"tran_id", "status"}
    if not needed <= named:
        return False
    checks = (("verify_sign_sha2", sha256), ("verify_sign", md5))
    name, algorithm = next(((name, hashing) for name, hashing in checks if fields.get(name)), ("", None))
    if algorithm is None:
        return False
    # the protocol's own hash, where the newer one is not sent
    right = algorithm(canonical(fields, password, algorithm).encode(), usedforsecurity=False).hexdigest()
    return hmac.compare_digest(right.encode(), fields[name].encode())


class SslCommerz:
    """A store's calls to SSLCommerz."""

    def __init__(self, place: Place, credentials: Mapping[str, str], transport: Transport) -> None:
        self._place = place
        self._store = credentials["store_id"]
        self._password = credentials["store_passwd"]
        self._transport = transport

    def open(self, order: Order) -> Opened | Failure:
        """Open a session: the customer then pays on SSLCommerz' page, and money moves there."""
        reply = self._transport.post_form(
            f"{self._place.root}/gwprocess/v4/api.php",
            {
                "store_id": self._store,
                "store_passwd": self._password,
                "total_amount": plain(order.amount),
                "currency": BDT,
                "tran_id": order.reference,
                "product_category": "internet",
                "success_url": order.return_url,
                "fail_url": order.return_url,
                "cancel_url": order.return_url,
                "ipn_url": order.notice_url,
                "emi_option": "0",
                "cus_name": order.payer_name[:50],
                "cus_email": order.payer_email[:50],
                "cus_add1": (order.payer_address or "Bangladesh")[:50],
                "cus_city": "Dhaka",
                "cus_postcode": "1000",
                "cus_country": "Bangladesh",
                "cus_phone": order.payer[:20],
                "shipping_method": "NO",
                "num_of_item": "1",
                "product_name": order.description[:255],
                "product_profile": "non-physical-goods",
            },
        )
        session, url = first(reply.data, "sessionkey"), first(reply.data, "GatewayPageURL")
        # failures too come with the status 200
        if first(reply.data, "status").upper() != "SUCCESS" or not session or not url:
            reason = first(reply.data, "failedreason") or reply.problem
            return Failure(first(reply.data, "status") or str(reply.status), reason, raw=reply.raw)
        if not self._place.leads_to_its_pages(url):
            return Failure("page", "the answer leads to a foreign page", raw=reply.raw)
        return Opened(session, url, raw=reply.raw)

    def validate(self, val_id: str) -> Proof:
        """Ask about one movement of money by its val_id: the decision (reference: §3.5)."""
        reply = self._transport.get(
            f"{self._place.root}/validator/api/validationserverAPI.php", {"val_id": val_id, **self._who()}
        )
        proof = self._proof(reply.data, reply)
        return proof if proof.outcome != Outcome.PAID or proof.transaction == val_id else self._unclear(reply)

    def query(self, reference: str) -> Proof:
        """Ask by our reference for all that was tried under it, and validate what is paid (reference: §3.6)."""
        reply = self._transport.get(
            f"{self._place.root}/validator/api/merchantTransIDvalidationAPI.php", {"tran_id": reference, **self._who()}
        )
        if reply.problem or first(reply.data, "APIConnect").upper() != "DONE":
            return self._unclear(reply)
        elements = reply.data.get("element")
        tried = [one for one in elements if isinstance(one, dict)] if isinstance(elements, list) else []
        paid = [self.validate(first(one, "val_id")) for one in tried if first(one, "status").upper() in GOOD]
        if not paid:
            words = {first(one, "status").upper() for one in tried}
            over = bool(words) and words <= NOT_PAID
            return Proof(Outcome.REFUSED if over else Outcome.PENDING, reference=reference, raw=reply.raw)
        settled = [proof for proof in paid if proof.outcome == Outcome.PAID]
        if not settled or len(settled) < len(paid):
            return self._unclear(reply)
        return replace(settled[0], more=tuple(settled[1:]))

    def _who(self) -> dict[str, str]:
        return {"store_id": self._store, "store_passwd": self._password, "format": "json"}

    @staticmethod
    def _unclear(reply: Reply) -> Proof:
        return Proof(
            Outcome.UNKNOWN,
            code=first(reply.data, "APIConnect", "status") or str(reply.status),
            message=reply.problem,
            raw=reply.raw,
        )

    def _proof(self, data: Mapping[str, Any], reply: Reply) -> Proof:
        status = first(data, "status").upper()
        if reply.problem or status not in GOOD | NOT_PAID | {"PENDING", "INVALID_TRANSACTION"}:
            return self._unclear(reply)
        currency = first(data, "currency_type", "currency")
        amount, in_currency = paisa_of(data.get("amount")), paisa_of(data.get("currency_amount"))
        if currency == BDT and amount != in_currency:
            amount = None
        about: dict[str, Any] = {
            "transaction": first(data, "val_id"),
            "bank_transaction": first(data, "bank_tran_id"),
            "amount": amount,
            "currency": currency,
            "reference": first(data, "tran_id"),
            "merchant": first(data, "store_id"),
            "risky": first(data, "risk_level") != "0",
            "code": status,
            "message": first(data, "error", "risk_title"),
            "raw": reply.raw,
        }
        if status in GOOD:
            return Proof(Outcome.PAID if about["transaction"] else Outcome.UNKNOWN, **about)
        return Proof(Outcome.PENDING if status == "PENDING" else Outcome.REFUSED, **about)
