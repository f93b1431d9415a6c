"""A payment as its receipt is printed: rows in, the report's data out."""

from collections.abc import Sequence
from datetime import date

from flask_babel import gettext as _
from sqlalchemy import select

from app.accounts.models import Tenant
from app.billing.documents import company
from app.billing.models import Bill
from app.books.models import EntryKind
from app.books.queries import owed_after
from app.books.statement import StatementLine, statement
from app.core.addresses import public_url
from app.core.clock import today
from app.core.database import db
from app.core.language import format_period, in_digits, in_language
from app.customers.models import Customer
from app.payments.models import Payment
from app.payments.queries import settled_by
from app.web.shown import ENTRY_KINDS
from reports.receipt import ReceiptData, receipt_pdf
from reports.table import DAY, MONEY, TableColumn, TableData, TableRow, table_pdf
from reports.wording import Wording


def check_url(payment: Payment) -> str:
    """Return the public address that shows whether a receipt is genuine."""
    return f"{public_url()}/receipt/{payment.check_code}"


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


def entry_name(line: StatementLine) -> str:
    """Return what a line of a statement is, in the language of the moment."""
    return str(ENTRY_KINDS[line.kind]) if line.kind else _("Balance before")


def particulars_of(lines: Sequence[StatementLine], digits: str) -> list[str]:
    """Return what each line of a statement is, with the number of its bill or receipt."""
    bills = _numbers(Bill, {line.bill_id for line in lines if line.bill_id})
    payments = _numbers(Payment, {line.payment_id for line in lines if line.payment_id})
    names = []
    for line in lines:
        word = entry_name(line)
        number = payments.get(line.payment_id or 0) or bills.get(line.bill_id or 0)
        names.append(f"{word} {in_digits(number, digits)}" if number else word)
    return names


def _numbers(model: type[Bill] | type[Payment], ids: set[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    wanted = sorted(ids)
    # a customer of many years has more bills than a statement takes parameters
    for first in range(0, len(wanted), 500):
        rows = db.session.execute(select(model.id, model.number).where(model.id.in_(wanted[first : first + 500])))
        found |= {row_id: number for row_id, number in rows}
    return found


def statement_pdf(tenant: Tenant, customer: Customer, first: date | None = None, last: date | None = None) -> bytes:
    """Return a customer's statement of some days as PDF, oldest movement first, in the customer's language and digits (spec §3)."""
    wording = Wording(customer.document_language, customer.document_digits)
    lines = statement(customer, first, last)[::-1]
    with in_language(wording.language):
        billed, paid = (sum(getattr(line, name) or 0 for line in lines) for name in ("billed", "paid"))
        balance = lines[-1].balance if lines else 0
        data = TableData(
            title=_("Statement"),
            subtitle=_period(wording, first, last),
            about=[
                (_("Customer"), customer.name_for(wording.language)),
                (_("Customer no."), wording.number(customer.number)),
                (_("Mobile"), wording.phone(customer.mobile)),
                (_("Address"), customer.place),
            ],
            headline=[
                (_("Billed"), wording.taka(billed)),
                (_("Paid"), wording.taka(paid)),
                (_("Advance"), wording.taka(-balance)) if balance < 0 else (_("Due"), wording.taka(balance)),
            ],
            columns=[
                TableColumn(_("Date"), DAY),
                TableColumn(_("Entry")),
                TableColumn(_("Billed"), MONEY, "right"),
                TableColumn(_("Paid"), MONEY, "right"),
                TableColumn(_("Balance"), MONEY, "right"),
            ],
            rows=[
                TableRow(
                    [
                        wording.day(line.on),
                        f"{name}\n{line.note}" if line.note else name,
                        wording.taka(line.billed) if line.billed else "",
                        wording.taka(line.paid) if line.paid else "",
                        wording.taka(line.balance),
                    ],
                    "void" if line.kind in (EntryKind.BILL_VOID, EntryKind.PAYMENT_VOID) else "",
                )
                for line, name in zip(lines, particulars_of(lines, wording.digits), strict=True)
            ],
            totals=[_("Total"), "", wording.taka(billed), wording.taka(paid), wording.taka(balance)] if lines else (),
            in_words=wording.in_words(balance) if balance > 0 else "",
            empty=_("No movements yet."),
        )
    return table_pdf(company(tenant), data, wording.language, wording.digits)


def _period(wording: Wording, first: date | None, last: date | None) -> str:
    if first is None and last is None:
        return wording.day(today())
    if first is None:
        return _("up to %(day)s", day=wording.day(last or today()))
    return wording.period(first, last or today())
