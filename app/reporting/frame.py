"""The frame of every report: filters in the address, a table with totals, the same rows as PDF and CSV."""

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Any, ClassVar

from flask import flash, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.access.actor import Actor
from app.activity.recorder import record
from app.billing.documents import company
from app.core.clock import month_of, now, today
from app.core.database import transaction
from app.core.errors import NotFound, Refused
from app.web.charts import Chart, chart_response
from app.web.exports import csv_response
from app.web.formats import language, reader_digits, show_number
from app.web.frame import company_of
from app.web.listing import Column, DateRange, Filter, ShownFilter, is_right, simple_listing
from app.web.page import Panel
from app.web.responses import pdf
from reports.table import DAY, MONEY, NUMBER, TableColumn, TableData, TableRow, table_pdf
from reports.wording import Wording

MOST_DRAWN = 1_000
"""So many rows of a report stand on its page; the file has all."""

MOST_PRINTED = 10_000
"""A PDF of more rows than these is made by nobody's patience: filters narrow it, or the CSV is taken."""

WIDTHS = {"money": MONEY, "date": DAY, "number": NUMBER, "phone": DAY}
NUMBERS = ("money", "number")


class ReportPage(Panel):
    """A report. ``rows`` returns what the columns read; a column with ``total`` is added up, ``group`` names the one that heads groups."""

    default_view = "index"
    keys: ClassVar[dict[str, str]] = {"index": "parents", "as_pdf": "parents", "as_csv": "parents"}
    title: ClassVar[Any] = ""
    intro: ClassVar[Any] = ""
    icon: ClassVar[str] = "report"
    empty_text: ClassVar[Any] = ""
    columns: ClassVar[tuple[Column, ...]] = ()
    filters: ClassVar[tuple[Filter, ...]] = ()
    group: ClassVar[str | None] = None
    is_landscape: ClassVar[bool] = False
    most_drawn: ClassVar[int] = MOST_DRAWN

    def rows(self, conditions: list[Any]) -> Sequence[Any]:
        """Return the rows under the filters' conditions; each has an ``id`` that no other row has."""
        raise NotImplementedError

    def first_period(self) -> tuple[date, date]:
        """Return the days that are shown when the address names none: this month."""
        return month_of(today())

    def chart(self, rows: Sequence[Any]) -> Chart | None:
        """Return the drawing of the rows for a report that has one; its ``keys`` open ``chart_json`` too."""
        return None

    @expose("/chart.json")
    def chart_json(self) -> Response:
        """Return what the drawing is made from."""
        chart = self.chart(self._rows(self._asked()))
        if chart is None:
            raise NotFound("Chart")
        return chart_response(chart)

    def asks_for_all(self) -> bool:
        """Tell whether every row is wanted, and not only what a page can show."""
        return request.path.endswith(".csv")

    @expose("/")
    def index(self) -> str:
        """Show the report."""
        shown = self._asked()
        rows = self._rows(shown)
        listing = simple_listing(self.columns, list(rows[: self.most_drawn]), empty_text=str(self.empty_text))
        if len(rows) > self.most_drawn:
            flash(
                _(
                    "Only the first %(count)s rows are shown. The CSV has all of them.",
                    count=show_number(self.most_drawn),
                ),
                "warning",
            )
        listing.filters, listing.clear_url = shown, request.path
        listing.totals, listing.totals_label = self._totals(rows), _("Total")
        chart = self.chart(rows)
        return self.render(
            "reporting/report.html",
            page=self,
            listing=listing,
            chart=chart,
            chart_url=self._same_query("chart_json") if chart else "",
            pdf_url=self._same_query("as_pdf"),
            csv_url=self._same_query("as_csv"),
            index_url=url_for("ReportsPage.index"),
        )

    @expose("/report.pdf")
    def as_pdf(self) -> Response:
        """Return the report as PDF in the reader's language and digits; it is logged."""
        actor = self.actor()
        tenant = company_of(actor)
        if tenant is None:
            raise NotFound("Tenant")
        shown = self._asked()
        rows = self._rows(shown)
        if len(rows) > MOST_PRINTED:
            raise Refused(
                _(
                    "More than %(most)s rows do not go into one PDF. Narrow the report by its filters, or take the CSV.",
                    most=show_number(MOST_PRINTED),
                )
            )
        self._record(actor)
        wording = Wording(language(), reader_digits())
        data = self._table(rows, shown, wording)
        return pdf(table_pdf(company(tenant), data, wording.language, wording.digits), self._name())

    @expose("/report.csv")
    def as_csv(self) -> Response:
        """Return the report as CSV; it is logged."""
        rows = self._rows(self._asked())
        self._record(self.actor())
        cells = ([(column.csv or column.value)(row) for column in self.columns] for row in rows)
        return csv_response(self._name(), [str(column.label) for column in self.columns], cells)

    def _name(self) -> str:
        return (self.route_base or "").rpartition("/")[2]

    def _record(self, actor: Actor) -> None:
        with transaction():
            record(
                "access",
                "list.exported",
                tenant_id=actor.tenant_id,
                owner_id=actor.owner_id,
                list=self._name(),
                query=request.query_string.decode("ascii", "ignore")[:300],
            )

    def _asked(self) -> list[ShownFilter]:
        arguments = {name: value.replace("\x00", "") for name, value in request.args.items()}
        for one in self.filters:
            edges = (f"{one.name}_from", f"{one.name}_to")
            if isinstance(one, DateRange) and not any(name in arguments for name in edges):
                arguments |= dict(zip(edges, (day.isoformat() for day in self.first_period()), strict=True))
        return [one.read(arguments) for one in self.filters]

    def _rows(self, shown: list[ShownFilter]) -> Sequence[Any]:
        return self.rows([condition for one in shown for condition in one.conditions])

    def _totals(self, rows: Sequence[Any]) -> dict[str, int]:
        added = [column for column in self.columns if column.total and column.kind == "money"]
        return {column.name: sum(column.value(row) or 0 for row in rows) for column in added} if rows else {}

    def _same_query(self, method: str) -> str:
        query = request.query_string.decode("ascii", "ignore")
        return url_for(f"{self.endpoint}.{method}") + (f"?{query}" if query else "")

    def _table(self, rows: Sequence[Any], shown: list[ShownFilter], wording: Wording) -> TableData:
        columns = [column for column in self.columns if column.name != self.group]
        lines: list[TableRow] = []
        heading = next((column for column in self.columns if column.name == self.group), None)
        if heading is None:
            lines += [TableRow(_cells(columns, row, wording)) for row in rows]
        else:
            for name, members in groupby(rows, heading.value):
                found = list(members)
                sums = _sums(columns, found, wording)
                lines.append(TableRow([_text(heading.kind, name, wording), *sums[1:]], "group"))
                lines += [TableRow(_cells(columns, row, wording)) for row in found]
        totals = _sums(columns, rows, wording)
        # what no text needs goes to the first column
        widest = columns[0] if all(column.kind in WIDTHS for column in columns) else None
        return TableData(
            title=str(self.title),
            subtitle=wording.day(today()) if not any(one.kind == "date_range" for one in shown) else "",
            about=[
                *((one.label, one.active_label) for one in shown if one.active),
                (_("Made on"), wording.moment(now())),
            ],
            columns=[
                TableColumn(
                    str(column.label),
                    None if column is widest else WIDTHS.get(column.kind),
                    "right" if is_right(column.align, column.kind) or column.kind == "number" else "left",
                )
                for column in columns
            ],
            rows=lines,
            totals=[_("Total"), *totals[1:]] if rows and any(totals) else (),
            empty=str(self.empty_text),
            is_landscape=self.is_landscape,
        )


def _cells(columns: Sequence[Column], row: Any, wording: Wording) -> list[str]:
    return [_text(column.kind, column.value(row), wording) for column in columns]


def _sums(columns: Sequence[Column], rows: Sequence[Any], wording: Wording) -> list[str]:
    return [
        _text(column.kind, sum(column.value(row) or 0 for row in rows), wording) if column.total else ""
        for column in columns
    ]


def _text(kind: str, value: Any, wording: Wording) -> str:
    if value is None or value == "":
        return "–"
    if kind == "money":
        return wording.taka(value)
    if kind == "date":
        return wording.day(value)
    if kind == "month":
        return wording.month(value)
    if kind == "phone":
        return wording.phone(value)
    return wording.number(value) if kind == "number" else str(value)
