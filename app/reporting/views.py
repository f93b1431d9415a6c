"""The reports, and the page that leads to them."""

from datetime import date
from typing import Any

from flask import request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from app.billing.models import Bill
from app.billing.queries import NOT_VOID
from app.billing.views import BillPage
from app.core.clock import month_of, today
from app.core.money import plain
from app.customers.models import Customer
from app.expenses.models import Expense
from app.expenses.queries import categories
from app.expenses.views import ExpensePage
from app.packages.queries import zone_and_below, zones
from app.payments.models import Payment
from app.payments.views import NOBODY, PaymentPage
from app.reporting.book_views import BooksReport, LedgerReport, OperatorsReport
from app.reporting.frame import ReportPage
from app.reporting.queries import (
    Billed,
    Collected,
    CustomerDues,
    InAndOut,
    ZoneDues,
    billed_by_owner,
    collected,
    collectors,
    dues_by_customer,
    dues_by_zone,
    income_against_expense,
    spent_by_month,
)
from app.web.charts import Chart, Series, chart_response
from app.web.formats import language, show_month
from app.web.listing import Choice, Column, DateRange, ShownFilter
from app.web.page import Panel


def _money(name: str, label: Any, url: Any = None, card: str = "meta") -> Column:
    def amount(row: Any) -> int | None:
        # nothing is said of what is not there
        return getattr(row, name) or None

    return Column(
        name,
        label,
        amount,
        "money",
        csv=lambda row: plain(amount(row) or 0),
        align="right",
        total=True,
        card=card,
        url=url,
    )


def _zone(row: ZoneDues | CustomerDues) -> str:
    return " · ".join(filter(None, (row.zone or _("Without a zone"), row.owner)))


def _receipts(row: Collected) -> str:
    return url_for(
        f"{PaymentPage.__name__}.list",
        status="valid",
        collector=row.person_id or NOBODY,
        paid_on_from=row.day,
        paid_on_to=row.day,
    )


class CollectionReport(ReportPage):
    """What each person took in, day by day."""

    route_base = "/reports/collections"
    title = _l("Collection by person and day")
    intro = _l("What each person took in, day by day. Void receipts do not count.")
    icon = "cash"
    empty_text = _l("No money came in on these days.")
    group = "person"
    columns = (
        Column("person", _l("Person"), lambda row: row.person or _("Online payment"), "data", card="title"),
        Column("day", _l("Date"), lambda row: row.day, "date", card="bare"),
        Column("receipts", _l("Receipts"), lambda row: row.receipts, "number", total=True, align="right", card="hide"),
        _money("cash", _l("Cash")),
        _money("online", _l("Online")),
        Column(
            "amount",
            _l("Total"),
            lambda row: row.amount,
            "money",
            csv=lambda row: plain(row.amount),
            align="right",
            total=True,
            card="amount",
            url=_receipts,
        ),
    )
    filters = (
        DateRange("paid_on", _l("Date"), Payment.paid_on),
        Choice(
            "person",
            _l("Person"),
            lambda: [(str(person), name) for person, name in collectors()],
            lambda value: Payment.collected_by_id == int(value),
        ),
    )

    def rows(self, conditions: list[Any]) -> list[Any]:
        """Return sums by person and day."""
        return collected(conditions)


class ZoneDuesReport(ReportPage):
    """What is open in each zone, and for how long."""

    route_base = "/reports/dues-by-zone"
    title = _l("Dues by zone")
    intro = _l("What is open in each zone, and for how many days it is overdue.")
    icon = "map-pin"
    empty_text = _l("Nobody owes anything.")
    lies = True
    columns = (
        Column("zone", _l("Zone"), _zone, "data", card="title"),
        Column(
            "customers", _l("Customers"), lambda row: row.customers, "number", total=True, align="right", card="hide"
        ),
        _money("not_due", _l("Not due yet")),
        _money("to_30", _l("1–30 days")),
        _money("to_60", _l("31–60 days")),
        _money("to_90", _l("61–90 days")),
        _money("older", _l("Over 90 days")),
        Column(
            "amount",
            _l("Due"),
            lambda row: row.amount,
            "money",
            csv=lambda row: plain(row.amount),
            align="right",
            total=True,
            card="amount",
        ),
    )

    def rows(self, conditions: list[Any]) -> list[Any]:
        """Return sums by zone."""
        return dues_by_zone()


class CustomerDuesReport(ReportPage):
    """Who owes, by zone and address."""

    route_base = "/reports/dues-by-customer"
    title = _l("Dues by customer")
    intro = _l("Who owes, in the order of zones and addresses: a list to walk with.")
    icon = "users"
    empty_text = _l("Nobody owes anything.")
    lies = True
    group = "zone"
    columns = (
        Column("zone", _l("Zone"), _zone, "data", card="bare"),
        Column(
            "name",
            _l("Customer"),
            lambda row: row.name_bn if language() == "bn" and row.name_bn else row.name,
            "data",
            card="title",
        ),
        Column("number", _l("No."), lambda row: row.number, "number"),
        Column("mobile", _l("Mobile"), lambda row: row.mobile, "phone", csv=lambda row: row.mobile.removeprefix("+88")),
        Column("place", _l("Address"), lambda row: row.place, "data"),
        Column("due_on", _l("Due since"), lambda row: row.due_on, "date"),
        _money("amount", _l("Due")),
    )
    filters = (
        Choice(
            "zone",
            _l("Zone"),
            lambda: [(str(row.id), row.name) for row in zones()],
            lambda value: Customer.zone_id.in_(zone_and_below(int(value))),
        ),
    )

    def rows(self, conditions: list[Any]) -> list[Any]:
        """Return who owes."""
        return dues_by_customer(conditions)


class ExpenseReport(ReportPage):
    """What was spent, month by month."""

    route_base = "/reports/expenses"
    title = _l("Expenses by month")
    intro = _l("What was spent, month by month and by category. Void expenses do not count.")
    icon = "shopping-cart"
    empty_text = _l("Nothing was spent on these days.")
    group = "month"
    columns = (
        Column("month", _l("Month"), lambda row: row.month, "month", card="bare"),
        Column("category", _l("Category"), lambda row: row.category, "data", card="title"),
        Column("entries", _l("Entries"), lambda row: row.entries, "number", total=True, align="right", card="hide"),
        _money("amount", _l("Amount")),
    )
    filters = (
        DateRange("spent_on", _l("Date"), Expense.spent_on),
        Choice(
            "category",
            _l("Category"),
            lambda: [(str(row.id), row.name) for row in categories()],
            lambda value: Expense.category_id == int(value),
        ),
    )

    def first_period(self) -> tuple[date, date]:
        """Return this calendar year up to the end of the month."""
        return today().replace(month=1, day=1), month_of(today())[1]

    def rows(self, conditions: list[Any]) -> list[Any]:
        """Return sums by month and category."""
        return spent_by_month(conditions)


def _days_of(month: InAndOut, name: str) -> dict[str, Any]:
    return {"status": "valid", f"{name}_from": month.first, f"{name}_to": month.last}


def _payments_of(month: InAndOut) -> str | None:
    return url_for(f"{PaymentPage.__name__}.list", **_days_of(month, "paid_on")) if month.collected else None


def _expenses_of(month: InAndOut) -> str | None:
    return url_for(f"{ExpensePage.__name__}.list", **_days_of(month, "spent_on")) if month.spent else None


class IncomeReport(ReportPage):
    """What came in from customers against what was spent, month by month."""

    route_base = "/reports/income"
    keys = ReportPage.keys | {"chart_json": "parents"}
    title = _l("Income against expense")
    intro = _l("What customers paid and what was spent, month by month. Void receipts and void expenses do not count.")
    icon = "scale"
    empty_text = _l("Nothing came in and nothing was spent on these days.")
    columns = (
        Column("month", _l("Month"), lambda row: row.month, "month", card="title"),
        _money("collected", _l("Collected"), _payments_of),
        _money("spent", _l("Expense"), _expenses_of),
        Column(
            "left",
            _l("Left over"),
            lambda row: row.left,
            "money",
            csv=lambda row: plain(row.left),
            align="right",
            total=True,
            card="amount",
        ),
    )
    filters = (DateRange("on", _l("Date"), Payment.paid_on),)

    def first_period(self) -> tuple[date, date]:
        """Return this calendar year up to the end of the month."""
        return today().replace(month=1, day=1), month_of(today())[1]

    def _rows(self, shown: list[ShownFilter]) -> list[InAndOut]:
        # the days hold for two tables at once, which the condition of one column cannot say
        first, last = (date.fromisoformat(day) if day else None for day in (shown[0].from_value, shown[0].to_value))
        return income_against_expense(first, last)

    def chart(self, rows: Any) -> Chart:
        """Draw both sums beside each other."""
        return Chart(
            "income",
            str(self.title),
            category_label=_("Month"),
            categories=[show_month(row.month) for row in rows],
            series=(
                Series(_("Collected"), [row.collected for row in rows], [_payments_of(row) for row in rows], "ok"),
                Series(_("Expense"), [row.spent for row in rows], [_expenses_of(row) for row in rows], "warn"),
            ),
            unit="taka",
        )

    @expose("/chart.json")
    def chart_json(self) -> Response:
        """Return what the drawing is made from."""
        return chart_response(self.chart(self._rows(self._asked())))


def _bills_of(row: Billed) -> str:
    # the days stand in the address that was asked for, and otherwise are this month
    first, last = month_of(today())
    asked = {f"period_{edge}": request.args.get(f"period_{edge}") for edge in ("from", "to")}
    if all(day is None for day in asked.values()):
        asked = {"period_from": first.isoformat(), "period_to": last.isoformat()}
    return url_for(f"{BillPage.__name__}.list", status=NOT_VOID, owner=row.id, **asked)


class BilledReport(ReportPage):
    """What the bills of each Operator's customers come to."""

    route_base = "/reports/bills-by-operator"
    title = _l("Bills by operator")
    intro = _l(
        "What the bills of each Operator's customers come to, by the period they begin in. Void bills do not count."
    )
    icon = "file-invoice"
    empty_text = _l("No bills begin on these days.")
    filters = (DateRange("period", _l("Period"), Bill.period_from),)

    columns = (
        Column("owner", _l("Owner"), lambda row: row.owner, "data", card="title", url=_bills_of),
        Column("bills", _l("Bills"), lambda row: row.bills, "number", total=True, align="right", card="hide"),
        _money("amount", _l("Amount")),
        _money("discount", _l("Discount")),
        _money("vat", _l("VAT")),
        _money("total", _l("Total"), _bills_of, "amount"),
        _money("paid", _l("Paid")),
        _money("open", _l("Open"), _bills_of),
    )

    def rows(self, conditions: list[Any]) -> list[Any]:
        """Return sums by owner."""
        return billed_by_owner(conditions)


REPORTS: tuple[type[ReportPage], ...] = (
    CollectionReport,
    BilledReport,
    ZoneDuesReport,
    CustomerDuesReport,
    ExpenseReport,
    IncomeReport,
    OperatorsReport,
    BooksReport,
    LedgerReport,
)
"""The reports on /reports/, in order."""


class ReportsPage(Panel):
    """What reports there are."""

    route_base = "/reports"
    default_view = "index"
    keys = {"index": "parents"}

    @expose("/")
    def index(self) -> str:
        """List the reports."""
        return self.render(
            "reporting/index.html",
            reports=[
                {
                    "title": report.title,
                    "intro": report.intro,
                    "icon": report.icon,
                    "url": url_for(f"{report.__name__}.index"),
                }
                for report in REPORTS
                if self.actor().may(report.keys["index"])
            ],
        )
