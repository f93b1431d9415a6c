"""A customer's statement on paper and as CSV."""

from flask_appbuilder import expose
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.access.actor import demand
from app.access.scope import get_or_404
from app.activity.recorder import record
from app.books.statement import statement
from app.core.database import transaction
from app.core.errors import NotFound
from app.core.money import plain
from app.customers.models import Customer
from app.payments.documents import particulars_of, statement_pdf
from app.web.exports import csv_response
from app.web.frame import company_of
from app.web.page import Panel
from app.web.responses import pdf


class StatementPage(Panel):
    """Every bill, payment, discount and void with the running balance (spec §3); needs the keys of bills and of payments."""

    route_base = "/statements"
    keys = {"as_pdf": "view-customer-payments", "as_csv": "view-customer-payments"}

    def _customer(self, pk: str) -> Customer:
        demand("print-invoice")
        customer = get_or_404(Customer, pk)
        if customer.deleted_at is not None:
            raise NotFound("Customer")
        with transaction():
            record(
                "payments",
                "statement.printed",
                tenant_id=customer.tenant_id,
                owner_id=customer.owner_id,
                subject=customer,
                customer_id=customer.id,
                number=customer.number,
                customer=customer.name,
                customer_bn=customer.name_bn,
            )
        return customer

    @expose("/<pk>/statement.pdf")
    def as_pdf(self, pk: str) -> Response:
        """Return the statement as PDF in the customer's language and digits."""
        customer, tenant = self._customer(pk), company_of(self.actor())
        if tenant is None:
            raise NotFound("Tenant")
        return pdf(statement_pdf(tenant, customer), f"statement-{customer.number}")

    @expose("/<pk>/statement.csv")
    def as_csv(self, pk: str) -> Response:
        """Return the statement as CSV, oldest first."""
        customer = self._customer(pk)
        lines = statement(customer)[::-1]
        names = particulars_of(lines, "latn")
        titles = [_("Date"), _("Entry"), _("Note"), _("Billed"), _("Paid"), _("Balance")]
        rows = [
            [
                line.on,
                name,
                line.note,
                plain(line.billed) if line.billed else "",
                plain(line.paid) if line.paid else "",
                plain(line.balance),
            ]
            for line, name in zip(lines, names, strict=True)
        ]
        return csv_response(f"statement-{customer.number}", titles, rows)
