"""A customer's statement of some days: what the address asks for, on paper and as CSV."""

from dataclasses import dataclass
from datetime import date

from flask import request
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from app.access.actor import demand
from app.activity.recorder import record
from app.books.models import JournalEntry
from app.books.statement import statement
from app.core.database import transaction
from app.core.errors import NotFound, Refused
from app.core.money import plain
from app.customers.models import Customer
from app.customers.queries import present_customer
from app.payments.documents import particulars_of, statement_pdf
from app.web.exports import csv_response
from app.web.frame import company_of
from app.web.listing import DateRange, ShownFilter
from app.web.page import Panel
from app.web.responses import pdf

DAYS = DateRange("on", _l("Date"), JournalEntry.posted_on)


@dataclass(frozen=True)
class Period:
    """The days of a statement, both included, and the filter that shows them; what is no date is left out, as in every list."""

    first: date | None
    last: date | None
    shown: ShownFilter

    @classmethod
    def asked(cls) -> "Period":
        """Read the days off the address."""
        shown = DAYS.read(dict(request.args.items()))
        first, last = (date.fromisoformat(day) if day else None for day in (shown.from_value, shown.to_value))
        return cls(first, last, shown)

    @property
    def wrong(self) -> str:
        """The sentence about days that cannot be; empty for others."""
        is_wrong = self.first is not None and self.last is not None and self.first > self.last
        return _("The first day comes after the last.") if is_wrong else ""

    @property
    def query(self) -> dict[str, str]:
        """The days as an address names them."""
        days = {"on_from": self.shown.from_value, "on_to": self.shown.to_value}
        return {name: day for name, day in days.items() if day}


class StatementPage(Panel):
    """Every bill, payment, discount and void with the running balance (spec §3); needs the keys of bills and of payments."""

    route_base = "/statements"
    keys = {"as_pdf": "view-customer-payments", "as_csv": "view-customer-payments"}

    def _asked(self, pk: str) -> tuple[Customer, Period]:
        demand("print-invoice")
        customer, period = present_customer(pk), Period.asked()
        if period.wrong:
            raise Refused(period.wrong)
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
        return customer, period

    @expose("/<pk>/statement.pdf")
    def as_pdf(self, pk: str) -> Response:
        """Return the statement as PDF in the customer's language and digits."""
        (customer, period), tenant = self._asked(pk), company_of(self.actor())
        if tenant is None:
            raise NotFound("Tenant")
        return pdf(statement_pdf(tenant, customer, period.first, period.last), f"statement-{customer.number}")

    @expose("/<pk>/statement.csv")
    def as_csv(self, pk: str) -> Response:
        """Return the statement as CSV, oldest first."""
        customer, period = self._asked(pk)
        lines = statement(customer, period.first, period.last)[::-1]
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
