"""The sandbox's pages: where a customer pays, cancels, or lets go wrong what can go wrong."""

from typing import Any

from flask import render_template, request

from app.gateways.sandbox.desk import FAULTS, Payment

LABELS = {"bkash": "bKash", "nagad": "Nagad", "sslcommerz": "SSLCommerz"}


def pay_page(payment: Payment, wallet: str = "01770618575", *, needs_pin: bool = False) -> str:
    """Return the page to pay in; it is over when the payment is no longer open."""
    return render_template(
        "pay.html",
        payment=payment,
        label=LABELS[payment.gateway],
        faults=FAULTS[payment.gateway],
        wallet=wallet if wallet.isdecimal() else "01770618575",
        needs_pin=needs_pin,
    )


def presented(payment: Payment) -> str:
    """Return what the customer pressed: pay, fail or cancel; a fault chosen on the page replaces the one in waiting."""
    fault = request.form.get("fault", "")
    if fault in FAULTS[payment.gateway]:
        payment.fault = fault
    act = request.form.get("act", "")
    return act if act in ("pay", "fail") else "cancel"


def hand_over(url: str, fields: dict[str, str]) -> str:
    """Return a page with a form that sends itself to the merchant: a POST from another site."""
    return render_template("hand_over.html", url=url, fields=fields)


def lost() -> str:
    """Return what a customer sees whose way back is lost."""
    return render_template("lost.html")


def broken(sentence: str) -> Any:
    """Return an HTML page where a client waits for JSON."""
    return render_template("broken.html", sentence=sentence)
