"""The sandbox's Nagad: initialize, complete, a page to pay in, verify (reference: gateways, §2)."""

import json
import re
import secrets
import threading
from base64 import b64encode
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from flask import Blueprint, current_app, jsonify, redirect, request

from app.core.clock import DHAKA, now, to_dhaka
from app.gateways.nagad import compact, decrypt, encrypt, is_signed, sign
from app.gateways.sandbox.desk import Desk, Payment, call_back_in_parallel
from app.gateways.sandbox.keys import NAGAD_MERCHANT
from app.gateways.sandbox.pages import broken, lost, pay_page, presented

nagad = Blueprint("nagad", __name__, url_prefix="/nagad")
ROOT = "/api/dfs"
ORDER = re.compile(r"[A-Za-z0-9]{5,20}")
HEADERS = ("X-KM-Api-Version", "X-KM-IP-V4", "X-KM-Client-Type")
CLOCKS_APART = timedelta(minutes=5)


def _desk() -> Desk:
    return current_app.extensions["desk"]


def _no(number: str, message: str, status: int = 400) -> Any:
    return jsonify(reason=f"16_0006_{number}", message=message), status


def _opened(body: dict[str, Any]) -> dict[str, Any] | None:
    """Decrypt what a merchant sent; None unless the merchant signed it."""
    keys = _desk().keys
    try:
        content = decrypt(str(body.get("sensitiveData")), keys.gateway)
        told = json.loads(content)
    except ValueError:
        return None
    return told if is_signed(content, str(body.get("signature")), keys.merchant) and isinstance(told, dict) else None


@nagad.post(f"{ROOT}/check-out/initialize/<merchant>/<order>")
def initialize(merchant: str, order: str) -> Any:
    """Begin an order after the checks of the real one; the answer is encrypted and signed."""
    desk, body = _desk(), request.get_json(silent=True) or {}
    desk.count("nagad.initialize")
    if any(not request.headers.get(name) for name in HEADERS):
        return _no("064", "Mandatory header is missing")
    if merchant != NAGAD_MERCHANT:
        return _no("052", "Invalid merchant")
    if not ORDER.fullmatch(order):
        return _no("068", "Invalid order id")
    told = _opened(body)
    if told is None:
        return _no("058", "Invalid signature")
    if "datetime" not in told or (told.get("merchantId"), told.get("orderId")) != (merchant, order):
        return _no("059", "Invalid sensitive data")
    try:
        moment = datetime.strptime(str(body.get("dateTime")), "%Y%m%d%H%M%S").replace(tzinfo=DHAKA)
    except ValueError:
        return _no("081", "Invalid date format")
    if abs(moment - now()) > CLOCKS_APART or told["datetime"] != body["dateTime"]:
        return _no("076", "Date time is outside of the allowed window")
    if desk.is_known("nagad", order):
        return _no("083", "Duplicate order id")
    challenge = secrets.token_hex(10)
    stamp = to_dhaka(now()).strftime("%m%d%H%M%S000")
    session = b64encode(f"{stamp}.{merchant}.{order}.{challenge}".encode()).decode()
    payment = desk.add(Payment("nagad", session, order, "0", ""))
    payment.more = {"challenge": challenge}
    content = compact(
        {
            "paymentReferenceId": session,
            "challenge": challenge,
            "acceptDateTime": to_dhaka(now()).strftime("%Y%m%d%H%M%S"),
        }
    )
    key = generate_private_key(65537, 2048) if payment.fault == "other_key" else desk.keys.gateway
    signature = sign(content if payment.fault != "bad_signature" else content + b" ", key)
    return jsonify(sensitiveData=encrypt(content, desk.keys.merchant), signature=signature)


@nagad.post(f"{ROOT}/check-out/complete/<path:session>")
def complete(session: str) -> Any:
    """Place the order: its challenge must be the one of the beginning."""
    desk, body = _desk(), request.get_json(silent=True) or {}
    payment, told = desk.find("nagad", session), _opened(body)
    if payment is None:
        return _no("055", "Invalid payment reference id")
    if told is None:
        return _no("058", "Invalid signature")
    if told.get("challenge") != payment.more["challenge"] or told.get("orderId") != payment.reference:
        return _no("059", "Invalid sensitive data")
    if told.get("currencyCode") != "050":
        return _no("080", "Invalid currency")
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,2})?", str(told.get("amount"))):
        return _no("059", "Invalid amount")
    payment.amount, payment.return_url = str(told["amount"]), str(body.get("merchantCallbackURL", ""))
    return jsonify(callBackUrl=f"{request.host_url}nagad/check-out/{session}", status="Success")


@nagad.get("/check-out/<path:session>")
def page(session: str) -> Any:
    """Show the page to pay in."""
    payment = _desk().find("nagad", session)
    return pay_page(payment, needs_pin=True) if payment is not None else (broken("There is no such payment."), 404)


@nagad.post("/check-out/<path:session>")
def pay(session: str) -> Any:
    """Move the money and send the browser back."""
    desk = _desk()
    payment = desk.find("nagad", session)
    if payment is None:
        return broken("There is no such payment."), 404
    act = presented(payment)
    words = {"merchant": NAGAD_MERCHANT, "order_id": payment.reference, "payment_ref_id": payment.id}
    if act == "pay":
        transaction = desk.take_money(payment)
        desk.count("nagad.debit")
        words |= {
            "status": "Success",
            "status_code": "00_0000_000",
            "message": "Successful Transaction",
            "payment_dt": to_dhaka(now()).strftime("%Y%m%d%H%M%S"),
            "issuer_payment_ref": transaction,
        }
    else:
        payment.state = act if payment.state == "open" else payment.state
        words |= {"status": "Aborted" if act == "cancel" else "Failed", "status_code": "50_0026_851", "message": act}
    if payment.fault == "never_returns" and act == "pay":
        return lost()
    # Nagad puts a slash between our address and the query
    back = f"{payment.return_url}/?{urlencode(words)}"
    if payment.fault == "duplicate_return":
        desk.later(threading.Thread(target=call_back_in_parallel, args=(3, "GET", back)))
    return redirect(back, 303)


@nagad.get(f"{ROOT}/verify/payment/<path:session>")
def verify(session: str) -> Any:
    """Tell what came of a payment."""
    desk = _desk()
    desk.count("nagad.verify")
    payment = desk.find("nagad", session)
    if payment is None:
        return _no("055", "Invalid payment reference id", 404)
    if payment.fault == "slow":
        payment.fault = "none"
        desk.wait()
    if payment.fault in ("html", "503"):
        fault, payment.fault = payment.fault, "none"
        return (broken("Gateway error"), 200) if fault == "html" else (jsonify(message="down"), 503)
    word = {"open": "OrderInitiated", "paid": "Success", "cancel": "Aborted", "fail": "Failed"}[payment.state]
    if payment.fault == "reversed" and payment.state == "paid":
        word = "Refunded"
    return jsonify(
        merchantId="683002007100000" if payment.fault == "other_merchant" else NAGAD_MERCHANT,
        orderId="SJ0000000000000OTHER" if payment.fault == "other_reference" else payment.reference,
        paymentRefId=payment.id,
        amount=desk.told_amount(payment),
        clientMobileNo=None,
        merchantMobileNo="01711428801",
        issuerPaymentRefNo=payment.transaction,
        status=word,
        statusCode="00_000_00",
        serviceType="online",
    )
