"""A bill as its invoice is printed: rows in, the report's data out."""

from app.accounts.models import Tenant
from app.billing.models import Bill
from app.billing.printed import printed_address
from app.core.clock import to_dhaka
from app.core.language import in_language
from app.web.shown import PURPOSES
from reports.document import Company
from reports.invoice import InvoiceData, invoice_pdf


def company(tenant: Tenant) -> Company:
    """Return the company as documents name it."""
    return Company(
        name=tenant.name,
        name_bn=tenant.name_bn,
        address=tenant.address,
        phone=tenant.phone,
        footer=tenant.invoice_footer,
        logo=tenant.logo,
        vat_number=tenant.vat_number,
        receipt_footer=tenant.receipt_footer,
    )


def invoice_data(bill: Bill) -> InvoiceData:
    """Return a bill as it is printed, in its customer's language."""
    customer = bill.customer
    with in_language(customer.document_language):
        description = bill.description or str(PURPOSES[bill.purpose])
        if bill.package is not None and not bill.description:
            description = f"{description}: {bill.package.name}"
    return InvoiceData(
        number=bill.number,
        issued_on=to_dhaka(bill.issued_at).date(),
        due_on=bill.due_on,
        period_from=bill.period_from,
        period_to=bill.period_to,
        customer_name=customer.name_bn
        if customer.document_language == "bn" and customer.name_bn
        else bill.customer_name,
        customer_number=customer.number,
        username=bill.customer_username,
        mobile=bill.customer_mobile,
        address=customer.place,
        package=bill.package.name if bill.package else "",
        lines=[(description, bill.amount)],
        amount=bill.amount,
        discount=bill.discount,
        vat_percent_text=f"{bill.vat_basis_points / 100:g}",
        vat=bill.vat,
        total=bill.total,
        paid=bill.paid,
        open=bill.open,
        status=bill.status,
        check_url=printed_address(bill),
        language=customer.document_language,
        digits=customer.document_digits,
    )


def invoice(tenant: Tenant, bill: Bill) -> bytes:
    """Return the invoice of a bill as PDF, in its customer's language and digits."""
    customer = bill.customer
    return invoice_pdf(company(tenant), [invoice_data(bill)], customer.document_language, customer.document_digits)
