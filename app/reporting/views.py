"""The reports, and the page that leads to them."""

from datetime import date, timedelta
from typing import Any

from flask import g, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.billing.models import Bill
from app.billing.queries import NO_ZONE, NOT_VOID, OWED
from app.billing.views import BillPage
from app.core.clock import month_of, today
from app.core.money import plain
from app.customers.models import Customer
from app.expenses.models import Expense
from app.expenses.queries import categories
from app.expenses.views import ALONE, ExpensePage
from app.packages.queries import zone_and_below, zones
from app.payments.models import Method, Payment
from app.payments.views import NOBODY, PaymentPage
from app.reporting.book_views import BooksReport, JournalReport, LedgerReport, OperatorsReport
from app.reporting.frame import MOST_PRINTED, ReportPage
from app.reporting.queries import (
    Billed,
    Collected,
    CustomerDues,
    InAndOut,
    OwedInZone,
    Spent,
    ZoneDues,
    billed_by_owner,
    collected,
    collectors,
    dues_by_customer,
    dues_by_zone,
    income_against_expense,
    owed_by_zone,
    spent_by_month,
)
from app.web.charts import Chart, Series
from app.web.formats import language, show_day, show_month, show_number
from app.web.listing import Choice, Column, DateRange, ShownFilter
from app.web.page import Panel

DRAWN = ReportPage.keys | {"chart_json": "parents"}
"""The keys of a report with a drawing."""

MOST_BARS = 12


def _across(name: str, title: Any, label: str, names: list[str], series: tuple[Series, ...], *, stacked: bool) -> Chart:
    """Return a drawing with a bar for each name: the first ones, where there are many."""
    note = ""
    if len(names) > MOST_BARS:
        note = _("The %(count)s largest; all stand in the table below.", count=show_number(MOST_BARS))
    order = sorted(range(len(names)), key=lambda at: -sum(abs(one.values[at]) for one in series))[:MOST_BARS]
    return Chart(
        name,
        str(title),
        category_label=label,
        categories=[names[at] for at in order],
        series=tuple(
            Series(
                one.name,
                [one.values[at] for at in order],
                [one.links[at] for at in order] if one.links else (),
                one.tone,
            )
            for one in series
        ),
        unit="taka",
        shape="bars-across",
        stacked=stacked,
        names_data=True,
        note=note,
    )


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


def _zone(row: ZoneDues | CustomerDues | OwedInZone) -> str:
    return " · ".join(filter(None, (row.zone or _("Without a zone"), row.owner)))


def _receipts(row: Collected, **narrower: str) -> str:
    return url_for(
        f"{PaymentPage.__name__}.list",
        status="valid",
        collector=row.person_id or NOBODY,
        paid_on_from=row.day,
        paid_on_to=row.day,
        **narrower,  # type: ignore[arg-type]
    )


def _cash(row: Collected) -> str | None:
    return _receipts(row, method=Method.CASH) if row.cash else None


def _online(row: Collected) -> str | None:
    # online money has no person, and who takes cash takes nothing else: the receipts of the row are these
    return _receipts(row) if row.online and not row.cash else None


class CollectionReport(ReportPage):
    """What each person took in, day by day."""

    route_base = "/reports/collections"
    keys = DRAWN
    title = _l("Collection by person and day")
    intro = _l("What each person took in, day by day. Void receipts do not count.")
    icon = "cash"
    empty_text = _l("No money came in on these days.")
    group = "person"
    columns = (
        Column("person", _l("Person"), lambda row: row.person or _("Online payment"), "data", card="title"),
        Column("day", _l("Date"), lambda row: row.day, "date", card="bare"),
        Column(
            "receipts",
            _l("Receipts"),
            lambda row: row.receipts,
            "number",
            total=True,
            align="right",
            card="hide",
            url=_receipts,
        ),
        _money("cash", _l("Cash"), _cash),
        _money("online", _l("Online"), _online),
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

    def chart(self, rows: Any) -> Chart:
        """Draw the days, cash and online money on each other."""
        days = sorted({row.day for row in rows})
        links = [
            url_for(f"{PaymentPage.__name__}.list", status="valid", paid_on_from=day, paid_on_to=day) for day in days
        ]
        # of one person a day's link would show the others too
        is_of_all = not request.args.get("person")
        return Chart(
            "collection",
            _("Collection by day"),
            category_label=_("Date"),
            categories=[show_day(day) for day in days],
            series=tuple(
                Series(name, [sum(getattr(row, part) for row in rows if row.day == day) for day in days], (), tone)
                if not is_of_all or part == "online"
                else Series(
                    name,
                    [sum(row.cash for row in rows if row.day == day) for day in days],
                    [f"{link}&method={Method.CASH}" for link in links],
                    tone,
                )
                for part, name, tone in (("cash", _("Cash"), "ok"), ("online", _("Online"), "accent"))
            ),
            unit="taka",
            stacked=True,
        )


def _owed_in(row: ZoneDues, **days: date) -> str:
    return url_for(
        f"{BillPage.__name__}.list",
        status=OWED,
        zone=row.zone_id or NO_ZONE,
        owner=row.owner_id,
        **{f"due_on_{edge}": day for edge, day in days.items()},  # type: ignore[arg-type]
    )


def _days_ago(days: int) -> date:
    return today() - timedelta(days=days)


AGES_SHOWN: tuple[tuple[str, Any, Any], ...] = (
    ("not_due", _l("Not due yet"), lambda row: _owed_in(row, **{"from": today()})),
    ("to_30", _l("1–30 days"), lambda row: _owed_in(row, **{"from": _days_ago(30), "to": _days_ago(1)})),
    ("to_60", _l("31–60 days"), lambda row: _owed_in(row, **{"from": _days_ago(60), "to": _days_ago(31)})),
    ("to_90", _l("61–90 days"), lambda row: _owed_in(row, **{"from": _days_ago(90), "to": _days_ago(61)})),
    ("older", _l("Over 90 days"), lambda row: _owed_in(row, to=_days_ago(91))),
)
"""How old dues are: the figure's name, its words, and the bills it is the sum of."""


class ZoneDuesReport(ReportPage):
    """What is open in each zone, and for how long."""

    route_base = "/reports/dues-by-zone"
    keys = DRAWN
    title = _l("Dues by zone")
    intro = _l("What is open in each zone, and for how many days it is overdue.")
    icon = "map-pin"
    empty_text = _l("Nobody owes anything.")
    is_landscape = True
    columns = (
        Column("zone", _l("Zone"), _zone, "data", card="title"),
        Column(
            "customers", _l("Customers"), lambda row: row.customers, "number", total=True, align="right", card="hide"
        ),
        *(_money(name, label, url) for name, label, url in AGES_SHOWN),
        Column(
            "amount",
            _l("Due"),
            lambda row: row.amount,
            "money",
            csv=lambda row: plain(row.amount),
            align="right",
            total=True,
            card="amount",
            url=_owed_in,
        ),
    )

    def rows(self, conditions: list[Any]) -> list[Any]:
        """Return sums by zone."""
        return dues_by_zone()

    def chart(self, rows: Any) -> Chart:
        """Draw the zones, the ages of what is due on each other."""
        tones = ("muted", "accent", "ok", "warn", "due")
        return _across(
            "dues-by-zone",
            self.title,
            _("Zone"),
            [_zone(row) for row in rows],
            tuple(
                Series(
                    str(label),
                    [getattr(row, name) for row in rows],
                    [url(row) if getattr(row, name) else None for row in rows],
                    tone,
                )
                for (name, label, url), tone in zip(AGES_SHOWN, tones, strict=True)
            ),
            stacked=True,
        )


def _owed_by(row: CustomerDues) -> str:
    return url_for(f"{BillPage.__name__}.list", status=OWED, customer=row.number)


class CustomerDuesReport(ReportPage):
    """Who owes, by zone and address."""

    route_base = "/reports/dues-by-customer"
    keys = DRAWN
    title = _l("Dues by customer")
    intro = _l("Who owes, in the order of zones and addresses: a list to walk with.")
    icon = "users"
    empty_text = _l("Nobody owes anything.")
    is_landscape = True
    group = "zone"
    columns = (
        Column("zone", _l("Zone"), _zone, "data", card="bare"),
        Column(
            "name",
            _l("Customer"),
            lambda row: row.name_bn if language() == "bn" and row.name_bn else row.name,
            "data",
            card="title",
            url=lambda row: url_for("CustomerPage.show", pk=row.id),
        ),
        Column("number", _l("No."), lambda row: row.number, "number"),
        Column("mobile", _l("Mobile"), lambda row: row.mobile, "phone", csv=lambda row: row.mobile.removeprefix("+88")),
        Column("place", _l("Address"), lambda row: row.place, "data"),
        Column("due_on", _l("Due since"), lambda row: row.due_on, "date"),
        _money("amount", _l("Due"), _owed_by),
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
        """Return who owes: all in a CSV, else as many as are shown, and one more."""
        most = MOST_PRINTED if request.path.endswith(".pdf") else self.most_drawn
        return dues_by_customer(conditions, None if self.asks_for_all() else most + 1)

    def _owed(self) -> list[OwedInZone]:
        # once a request: the drawing and the total are made of it
        if "owed_by_zone" not in g:
            g.owed_by_zone = owed_by_zone([condition for one in self._asked() for condition in one.conditions])
        found: list[OwedInZone] = g.owed_by_zone
        return found

    def _totals(self, rows: Any) -> dict[str, int]:
        # of all, also of those that are not shown
        return {"amount": sum(zone.amount for zone in self._owed())} if rows else {}

    def chart(self, rows: Any) -> Chart:
        """Draw what the zones of these customers owe."""
        sums: dict[str, int] = {}
        for zone in self._owed():
            sums[_zone(zone)] = sums.get(_zone(zone), 0) + zone.amount
        return _across(
            "dues-by-customer",
            _("Dues by zone"),
            _("Zone"),
            list(sums),
            (Series(_("Due"), list(sums.values()), (), "due"),),
            stacked=False,
        )


def _entries(row: Spent) -> str:
    return url_for(
        f"{ExpensePage.__name__}.list",
        status="valid",
        category=f"{ALONE}{row.category_id}",
        spent_on_from=row.first,
        spent_on_to=row.last,
    )


class ExpenseReport(ReportPage):
    """What was spent, month by month."""

    route_base = "/reports/expenses"
    keys = DRAWN
    title = _l("Expenses by month")
    intro = _l("What was spent, month by month and by category. Void expenses do not count.")
    icon = "shopping-cart"
    empty_text = _l("Nothing was spent on these days.")
    group = "month"
    columns = (
        Column("month", _l("Month"), lambda row: row.month, "month", card="bare"),
        Column("category", _l("Category"), lambda row: row.category, "data", card="title"),
        Column(
            "entries",
            _l("Entries"),
            lambda row: row.entries,
            "number",
            total=True,
            align="right",
            card="hide",
            url=_entries,
        ),
        _money("amount", _l("Amount"), _entries),
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

    def _rows(self, shown: list[ShownFilter]) -> list[Spent]:
        first, last = _edges(shown[0])
        return spent_by_month(first, last, [condition for one in shown[1:] for condition in one.conditions])

    def chart(self, rows: Any) -> Chart:
        """Draw the months, the largest categories on each other."""
        sums: dict[str, int] = {}
        for row in rows:
            sums[row.category] = sums.get(row.category, 0) + row.amount
        largest = sorted(sums, key=lambda name: -sums[name])[:MOST_SERIES]
        months = sorted({row.month for row in rows})
        series = [
            Series(
                name,
                [sum(row.amount for row in rows if (row.month, row.category) == (month, name)) for month in months],
            )
            for name in largest
        ]
        if len(sums) > MOST_SERIES:
            others = [
                sum(row.amount for row in rows if row.month == month and row.category not in largest)
                for month in months
            ]
            series.append(Series(_("Others"), others, (), "muted"))
        return Chart(
            "expenses",
            str(self.title),
            category_label=_("Month"),
            categories=[show_month(month) for month in months],
            series=tuple(series),
            unit="taka",
            stacked=True,
        )


MOST_SERIES = 5


def _edges(shown: ShownFilter) -> tuple[date | None, date | None]:
    """Return the days of a filter, None for an open end."""
    first, last = (date.fromisoformat(day) if day else None for day in (shown.from_value, shown.to_value))
    return first, last


def _days_of(month: InAndOut, name: str) -> dict[str, Any]:
    return {"status": "valid", f"{name}_from": month.first, f"{name}_to": month.last}


def _payments_of(month: InAndOut) -> str | None:
    return url_for(f"{PaymentPage.__name__}.list", **_days_of(month, "paid_on")) if month.collected else None


def _expenses_of(month: InAndOut) -> str | None:
    return url_for(f"{ExpensePage.__name__}.list", **_days_of(month, "spent_on")) if month.spent else None


class IncomeReport(ReportPage):
    """What came in from customers against what was spent, month by month."""

    route_base = "/reports/income"
    keys = DRAWN
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
        return income_against_expense(*_edges(shown[0]))

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
    keys = DRAWN
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

    def chart(self, rows: Any) -> Chart:
        """Draw what is paid and what is open of each owner's bills."""
        return _across(
            "bills-by-operator",
            self.title,
            _("Owner"),
            [row.owner for row in rows],
            (
                Series(_("Paid"), [row.paid for row in rows], (), "ok"),
                Series(_("Open"), [row.open for row in rows], [_bills_of(row) for row in rows], "due"),
            ),
            stacked=True,
        )


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
    JournalReport,
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
