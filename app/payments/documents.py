"""A payment as its receipt is printed: rows in, the report's data out."""

from flask import request

from app.accounts.models import Tenant
from app.billing.documents import company
from app.books.queries import owed_after
from app.core.database import db
from app.core.language import format_period
from app.payments.models import Payment
from app.payments.queries import settled_by
from reports.receipt import ReceiptData, receipt_pdf


def check_url(payment: Payment) -> str:
    """Return the public address that shows whether a receipt is genuine."""
    return f"{request.host_url.rstrip('/')}/receipt/{payment.check_code}"


def receipt(tenant: Tenant, payment: Payment, size: str) -> bytes:
    """Return the receipt of a payment as PDF in its customer's language: size "a4", "58" or "80" (millimetres)."""
    customer = payment.customer
    language, digits = customer.document_language, customer.document_digits
    data = ReceiptData(
        number=payment.number,
        received_at=payment.received_at,
        paid_on=payment.paid_on,
        customer_name=customer.name_for(language),
        customer_number=customer.number,
        amount=payment.amount,
        method=payment.method,
        collector=payment.collector_name or "",
        settles=[
            (line.bill.number, format_period(line.bill.period_from, line.bill.period_to, language, digits), line.amount)
            for line in settled_by(payment)
        ],
        advance=payment.unallocated,
        due_after=owed_after(payment.customer_id, payment.id),
        status=payment.status,
        void_reason=payment.void_reason,
        check_url=check_url(payment),
        replaces=_number_of(payment.replaces_id),
    )
    return receipt_pdf(company(tenant), data, size, language, digits)


def _number_of(payment_id: int | None) -> int | None:
    return db.session.get_one(Payment, payment_id).number if payment_id else None
