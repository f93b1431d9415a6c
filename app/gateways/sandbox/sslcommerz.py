"""The sandbox's SSLCommerz: session, a page to pay in, signed notices, validation, query (reference: gateways, §3)."""

import re
import secrets
import threading
from hashlib import md5, sha256
from typing import Any

from flask import Blueprint, current_app, jsonify, request

from app.core.clock import now, to_dhaka
from app.gateways.sandbox.desk import Desk, Payment, call_back, call_back_in_parallel
from app.gateways.sandbox.keys import SSLCOMMERZ
from app.gateways.sandbox.pages import broken, hand_over, lost, pay_page, presented
from app.gateways.sslcommerz import canonical

sslcommerz = Blueprint("sslcommerz", __name__, url_prefix="/sslcommerz")
NEEDED = """
    total_amount currency tran_id product_category success_url fail_url cancel_url emi_option cus_name cus_email cus_add1
    cus_city cus_postcode cus_country cus_phone shipping_method num_of_item product_name product_profile
""".split()
LATE_SECONDS = 1


def _desk() -> Desk:
    return current_app.extensions["desk"]


def _is_store(fields: Any) -> bool:
    return all(fields.get(name) == value for name, value in SSLCOMMERZ.items())


@sslcommerz.post("/gwprocess/v4/api.php")
def session() -> Any:
    """Open a session; a multipart form or JSON gets the words of wrong credentials, as at the real one."""
    desk, fields = _desk(), request.form
    desk.count("sslcommerz.session")
    if request.mimetype != "application/x-www-form-urlencoded" or not _is_store(fields):
        return jsonify(status="FAILED", failedreason="Store Credential Error Or Store is De-active")
    missing = [name for name in NEEDED if not fields.get(name)]
    amount, reference = fields.get("total_amount", ""), fields.get("tran_id", "")
    if missing:
        return jsonify(status="FAILED", failedreason=f"{missing[0]} is missing")
    if not re.fullmatch(r"[0-9]{1,6}\.[0-9]{2}", amount) or not 10_00 <= int(amount.replace(".", "")) <= 500_000_00:
        return jsonify(status="FAILED", failedreason="Total amount must be between 10.00 and 500000.00")
    if len(reference) > 30 or desk.is_known("sslcommerz", reference):
        return jsonify(status="FAILED", failedreason="tran_id must be unique")
    payment = desk.add(
        Payment(
            "sslcommerz",
            secrets.token_hex(16).upper(),
            reference,
            amount,
            fields["success_url"],
            fields.get("ipn_url", ""),
        )
    )
    page_url = f"{request.host_url}sslcommerz/EasyCheckOut/test{payment.id}"
    return jsonify(status="SUCCESS", failedreason="", sessionkey=payment.id, GatewayPageURL=page_url)


@sslcommerz.get("/EasyCheckOut/test<payment_id>")
def page(payment_id: str) -> Any:
    """Show the page to pay in."""
    payment = _desk().find("sslcommerz", payment_id)
    return pay_page(payment) if payment is not None else (broken("There is no such session."), 404)


@sslcommerz.post("/EasyCheckOut/test<payment_id>")
def pay(payment_id: str) -> Any:
    """Move the money, send the notice before the browser goes back, and hand the browser a form that sends itself."""
    desk = _desk()
    payment = desk.find("sslcommerz", payment_id)
    if payment is None:
        return broken("There is no such session."), 404
    act = presented(payment)
    if act == "pay":
        desk.take_money(payment)
        desk.count("sslcommerz.debit")
        if payment.fault == "two_valid":
            payment.more["second"] = secrets.token_hex(8)
            desk.by_transaction[payment.more["second"]] = payment
    else:
        payment.state = act if payment.state == "open" else payment.state
    notice = notice_of(payment)
    _send_notices(payment, notice)
    if payment.fault in ("never_returns", "all_lost") and act == "pay":
        return lost()
    return hand_over(payment.return_url, notice)


def _send_notices(payment: Payment, notice: dict[str, str]) -> None:
    how: dict[str, Any] = {"data": notice}
    if payment.fault in ("ipn_lost", "all_lost"):
        return
    if payment.fault == "ipn_late":
        _desk().later(threading.Timer(LATE_SECONDS, call_back, ("POST", payment.notice_url), how))
    elif payment.fault in ("ipn_in_parallel", "duplicate_return"):
        _desk().later(threading.Thread(target=call_back_in_parallel, args=(4, "POST", payment.notice_url), kwargs=how))
    else:
        for _time in range(3 if payment.fault == "ipn_three_times" else 1):
            call_back("POST", payment.notice_url, **how)


def notice_of(payment: Payment) -> dict[str, str]:
    """Return the signed notice of a payment as it stands."""
    desk = _desk()
    if payment.state != "paid":
        word = "CANCELLED" if payment.state == "cancel" else "FAILED"
        fields = {"status": word, "tran_id": payment.reference, "error": "Cancelled by User"}
    else:
        fields = {name: str(value) for name, value in _told(payment, payment.transaction).items()}
        if payment.fault == "replay":
            # the val_id of another bill of the same amount
            others = [one for one in desk.by_transaction.values() if one.state == "paid" and one is not payment]
            if others:
                fields["val_id"] = others[-1].transaction
    fields["store_id"] = SSLCOMMERZ["store_id"]
    fields["verify_key"] = ",".join(sorted(fields))
    password = "another" if payment.fault == "other_key" else SSLCOMMERZ["store_passwd"]
    for name, hashing in (("verify_sign", md5), ("verify_sign_sha2", sha256)):
        text = canonical(fields, password, hashing)
        fields[name] = hashing(text.encode(), usedforsecurity=False).hexdigest()
        if payment.fault == "bad_signature":
            fields[name] = fields[name][::-1]
    return fields


def _told(payment: Payment, val_id: str) -> dict[str, Any]:
    amount = _desk().told_amount(payment)
    store = {"store_id": "anotherbox"} if payment.fault == "other_merchant" else {}
    return store | {
        "tran_date": to_dhaka(now()).strftime("%Y-%m-%d %H:%M:%S"),
        "tran_id": "SJ0000000000000OTHER" if payment.fault == "other_reference" else payment.reference,
        "val_id": val_id,
        "amount": amount,
        "store_amount": amount,
        "currency": "BDT",
        "bank_tran_id": f"B{val_id}",
        "card_type": "BKASH-BKash",
        "card_no": "",
        "card_brand": "MOBILEBANKING",
        "currency_type": "USD" if payment.fault == "other_currency" else "BDT",
        "currency_amount": amount,
        "currency_rate": "1.0000",
        "base_fair": "0.00",
        "risk_level": "1" if payment.fault == "risky" else "0",
        "risk_title": "Not Safe" if payment.fault == "risky" else "Safe",
        "status": "VALID",
    }


@sslcommerz.get("/validator/api/validationserverAPI.php")
def validate() -> Any:
    """Tell about one movement of money: VALID the first time, VALIDATED from then on."""
    desk = _desk()
    desk.count("sslcommerz.validate")
    if not _is_store(request.args):
        return jsonify(APIConnect="FAILED", status="FAILED_AUTH")
    val_id = request.args.get("val_id", "")
    payment = desk.by_transaction.get(val_id)
    if payment is None or payment.gateway != "sslcommerz":
        return jsonify(APIConnect="DONE", status="INVALID_TRANSACTION")
    if payment.fault == "slow":
        payment.fault = "none"
        desk.wait()
    if payment.fault in ("html", "503"):
        fault, payment.fault = payment.fault, "none"
        return (broken("Gateway error"), 200) if fault == "html" else (jsonify(message="down"), 503)
    with desk.lock:
        seen = payment.more.setdefault("validated", [])
        word = "VALIDATED" if val_id in seen else "VALID"
        seen.append(val_id)
    return jsonify(APIConnect="DONE", gw_version=4, **{**_told(payment, val_id), "status": word})


@sslcommerz.get("/validator/api/merchantTransIDvalidationAPI.php")
def query() -> Any:
    """Tell what was tried under a merchant's reference."""
    desk = _desk()
    desk.count("sslcommerz.query")
    if not _is_store(request.args):
        return jsonify(APIConnect="FAILED")
    reference = request.args.get("tran_id", "")
    with desk.lock:
        tried = [one for one in desk.payments.values() if (one.gateway, one.reference) == ("sslcommerz", reference)]
    elements = []
    for payment in tried:
        if payment.state == "paid":
            ids = [payment.transaction, *([payment.more["second"]] if "second" in payment.more else [])]
            elements += [_told(payment, val_id) for val_id in ids]
        elif payment.state != "open":
            elements.append({"status": "FAILED", "tran_id": reference})
    return jsonify(APIConnect="DONE", no_of_trans_found=len(elements), element=elements)
