"""The sandbox's bKash: token, create, a page for wallet and PIN, execute, status, search (reference: gateways, §1)."""

import re
import secrets
import threading
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, jsonify, redirect, request

from app.core.clock import now, to_dhaka
from app.gateways.sandbox.desk import Desk, Payment, call_back_in_parallel
from app.gateways.sandbox.keys import BKASH
from app.gateways.sandbox.pages import broken, lost, pay_page, presented

bkash = Blueprint("bkash", __name__, url_prefix="/bkash")
ROOT = "/v1.2.0-beta/tokenized/checkout"
POOR, BARRED = "01823074817", "01823074818"
AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?")


def _desk() -> Desk:
    return current_app.extensions["desk"]


def _moment() -> str:
    return to_dhaka(now()).strftime("%Y-%m-%dT%H:%M:%S:000 GMT+0600")


def _no(code: str, message: str) -> Response:
    return jsonify(statusCode=code, statusMessage=message)


@bkash.post(f"{ROOT}/token/grant")
@bkash.post(f"{ROOT}/token/refresh")
def grant() -> Any:
    """Grant a token to who knows all four secrets, twice an hour."""
    desk, body = _desk(), request.get_json(silent=True) or {}
    desk.count("bkash.grant")
    told = {**{name: request.headers.get(name) for name in ("username", "password")}, **body}
    if any(told.get(name) != value for name, value in BKASH.items()):
        return _no("2001", "Invalid App Key"), 400 if "app_key" not in body else 200
    token = desk.grant_token()
    if token is None:
        return jsonify(message="Too Many Requests"), 429
    return jsonify(
        statusCode="0000",
        statusMessage="Successful",
        id_token=token,
        token_type="Bearer",
        expires_in=3600,
        refresh_token=secrets.token_urlsafe(40),
    )


def _refusal() -> Any:
    """Return why a call is not let in, or None."""
    if not _desk().is_token(request.headers.get("Authorization", "")):
        return jsonify(message="The incoming token has expired"), 401
    if request.headers.get("X-App-Key") != BKASH["app_key"]:
        return jsonify(message="Unauthorized"), 401
    return None


@bkash.post(f"{ROOT}/create")
def create() -> Any:
    """Create a payment after the checks of the real one."""
    desk = _desk()
    desk.count("bkash.create")
    refused = _refusal()
    if refused is not None:
        return refused
    body = request.get_json(silent=True) or {}
    invoice, amount = body.get("merchantInvoiceNumber"), body.get("amount")
    checks = (
        (body.get("mode") == "0011", "2063", "Mode is not valid as per request data"),
        (_is_safe(body.get("payerReference")), "2048", "Invalid Payer Reference"),
        (str(body.get("callbackURL", "")).startswith("http"), "2049", "Invalid Merchant Callback URL"),
        (isinstance(amount, str) and AMOUNT.fullmatch(amount), "2006", "Invalid Amount"),
        (body.get("currency") == "BDT", "2007", "Invalid Currency"),
        (body.get("intent") == "sale", "2008", "Invalid Intent"),
        (_is_safe(invoice) and not desk.is_known("bkash", str(invoice)), "2031", "Invalid Merchant Invoice Number"),
    )
    wrong = next(((code, message) for right, code, message in checks if not right), None)
    if wrong:
        return _no(*wrong)
    payment_id = f"TR0011{secrets.token_hex(6)}{int(now().timestamp() * 1000)}"
    payment = desk.add(Payment("bkash", payment_id, str(invoice), str(amount), str(body["callbackURL"])))
    payment.more = {"payer": body["payerReference"], "signature": secrets.token_urlsafe(8)}
    return jsonify(
        statusCode="0000",
        statusMessage="Successful",
        paymentID=payment.id,
        bkashURL=f"{request.host_url}bkash/pay/{payment.id}",
        callbackURL=payment.return_url,
        successCallbackURL=_return_url(payment, "success", with_version=False),
        failureCallbackURL=_return_url(payment, "failure", with_version=False),
        cancelledCallbackURL=_return_url(payment, "cancel", with_version=False),
        amount=payment.amount,
        intent="sale",
        currency="BDT",
        paymentCreateTime=_moment(),
        transactionStatus="Initiated",
        merchantInvoiceNumber=payment.reference,
    )


def _is_safe(text: Any) -> bool:
    return isinstance(text, str) and 0 < len(text) <= 255 and not set("<>&") & set(text)


def _return_url(payment: Payment, status: str, *, with_version: bool = True) -> str:
    words = {"paymentID": payment.id, "status": status, "signature": payment.more["signature"]}
    tail = "&apiVersion=1.2.0-beta/" if with_version else ""
    return f"{payment.return_url}{'&' if '?' in payment.return_url else '?'}{urlencode(words)}{tail}"


@bkash.get("/pay/<payment_id>")
def page(payment_id: str) -> Any:
    """Show the page to pay in."""
    payment = _desk().find("bkash", payment_id)
    if payment is None:
        return broken("There is no such payment."), 404
    return pay_page(payment, wallet=payment.more["payer"], needs_pin=True)


@bkash.post("/pay/<payment_id>")
def pay(payment_id: str) -> Any:
    """Take wallet and PIN, or the customer's no, and send the browser back: no money moves here."""
    desk = _desk()
    payment = desk.find("bkash", payment_id)
    if payment is None:
        return broken("There is no such payment."), 404
    act = presented(payment)
    if act != "pay":
        payment.state = "cancelled" if payment.state == "open" else payment.state
        return redirect(_return_url(payment, "failure" if act == "fail" else "cancel"), 303)
    with desk.lock:
        if payment.state == "open":
            payment.state = "authorized"
    payment.wallet = request.form.get("wallet", "")
    back = _return_url(payment, "success")
    if payment.fault == "never_returns":
        return lost()
    if payment.fault == "duplicate_return":
        desk.later(threading.Thread(target=call_back_in_parallel, args=(3, "GET", back)))
    return redirect(back, 303)


@bkash.post(f"{ROOT}/execute")
def execute() -> Any:
    """Take the money; the fault decides what the caller hears of it."""
    desk = _desk()
    desk.count("bkash.execute")
    refused = _refusal()
    if refused is not None:
        return refused
    payment = desk.find("bkash", str((request.get_json(silent=True) or {}).get("paymentID")))
    if payment is None:
        return _no("2002", "Invalid Payment ID")
    with desk.lock:
        if payment.fault == "token_expired":
            payment.fault = "none"
            desk.tokens.clear()
            return jsonify(message="The incoming token has expired"), 401
        if payment.state == "paid":
            return _no("2062", "The payment has already been completed")
        if payment.state != "authorized":
            return _no("2056", "Invalid Payment State")
        if payment.wallet == POOR:
            return _no("2023", "Insufficient Balance")
        if payment.wallet == BARRED:
            return _no("2041", "Debit is barred for this wallet")
        if payment.fault == "duplicate_2029":
            return _no("2029", "Duplicate for All Transactions")
        desk.take_money(payment)
        # counted where the money moves, so that a test can tell how often it did
        desk.count("bkash.debit")
    if payment.fault == "slow":
        desk.wait()
    if payment.fault == "html":
        return broken("Gateway error")
    if payment.fault == "503":
        return jsonify(message="Service Unavailable"), 503
    if payment.fault == "error_9999":
        return _no("9999", "System Error")
    if payment.fault == "already_done":
        return _no("2062", "The payment has already been completed")
    return jsonify(**_told(payment), merchantInvoiceNumber=_reference(payment))


def _reference(payment: Payment) -> str:
    return "SJ0000000000000OTHER" if payment.fault == "other_reference" else payment.reference


def _told(payment: Payment) -> dict[str, str]:
    return {
        "statusCode": "0000",
        "statusMessage": "Successful",
        "paymentID": payment.id,
        "payerReference": payment.more["payer"],
        "customerMsisdn": payment.wallet,
        "trxID": payment.transaction,
        "amount": _desk().told_amount(payment),
        "transactionStatus": "Completed",
        "paymentExecuteTime": _moment(),
        "currency": "USD" if payment.fault == "other_currency" else "BDT",
        "intent": "sale",
    }


@bkash.post(f"{ROOT}/payment/status")
def status() -> Any:
    """Tell what came of a payment."""
    desk = _desk()
    desk.count("bkash.query")
    refused = _refusal()
    if refused is not None:
        return refused
    payment = desk.find("bkash", str((request.get_json(silent=True) or {}).get("paymentID")))
    if payment is None:
        return _no("2002", "Invalid Payment ID")
    if payment.state == "paid":
        return jsonify(**_told(payment), merchantInvoice=_reference(payment), verificationStatus="Complete")
    word = {"open": "Initiated", "authorized": "Initiated", "cancelled": "Cancelled"}[payment.state]
    return jsonify(
        statusCode="0000",
        statusMessage="Successful",
        paymentID=payment.id,
        amount=payment.amount,
        currency="BDT",
        transactionStatus=word,
        verificationStatus="Incomplete",
        merchantInvoice=payment.reference,
    )


@bkash.post(f"{ROOT}/general/searchTransaction")
def search() -> Any:
    """Look a transaction up by its number."""
    refused = _refusal()
    if refused is not None:
        return refused
    payment = _desk().by_transaction.get(str((request.get_json(silent=True) or {}).get("trxID")))
    if payment is None:
        return _no("2033", "Transaction not found")
    return jsonify(**_told(payment), transactionType="bKash Tokenized Checkout via API")
