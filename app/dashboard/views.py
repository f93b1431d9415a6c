"""The first page: figures and charts for who holds the dashboard, else the tasks an account can do; and whether the process is well."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from flask import abort, url_for
from flask_appbuilder import IndexView, expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import text
from werkzeug.wrappers import Response

from app.access.actor import Actor
from app.access.permissions import PUBLIC, SIGNED_IN
from app.accounts.management import ManagerPage, TenantPage
from app.billing.views import BillPage
from app.books.queries import last_check
from app.cash.views import CashPage
from app.core import jobs
from app.core.clock import month_of, now, today
from app.core.database import db
from app.core.errors import Forbidden
from app.customers.models import CustomerStatus
from app.customers.views import DUE_KEYS, SOON_DAYS, CustomerPage
from app.dashboard.figures import (
    AGES,
    COUNTED_ONLINE,
    COUNTED_SOON,
    Amount,
    CustomerFigures,
    MoneyFigures,
    customer_figures,
    customers_over_time,
    money_figures,
)
from app.expenses.views import ExpensePage
from app.payments.collect_views import CollectPage
from app.payments.collecting import to_collect
from app.payments.views import NOBODY, PaymentPage
from app.radius.views import OnlinePage
from app.web.charts import Chart, Series, chart_response
from app.web.formats import show_day, show_digits, show_number, show_short_day, show_taka
from app.web.page import Panel
from app.web.shown import CUSTOMER_STATUS

TASKS = (
    (CollectPage, "index", "cash", _l("Collection"), _l("Take what is due, door by door.")),
    (CustomerPage, "list", "users", _l("Customers"), _l("Look a customer up, see the profile.")),
    (CustomerPage, "add", "user-plus", _l("New customer"), _l("Add somebody who wants a line.")),
    (OnlinePage, "list", "wifi", _l("Online"), _l("See who is connected now.")),
    (BillPage, "list", "file-invoice", _l("Bills"), _l("See and print bills.")),
    (PaymentPage, "list", "receipt", _l("Payments"), _l("See what was received.")),
    (CashPage, "index", "wallet", _l("My cash"), _l("See what you hold and close the day.")),
    (ExpensePage, "list", "shopping-cart", _l("Expenses"), _l("Note what was spent.")),
    (ManagerPage, "list", "user-cog", _l("Managers"), _l("Grant and withdraw what your staff may do.")),
    (TenantPage, "list", "building", _l("Providers"), _l("Create and suspend Group Admins.")),
)

MOST_PEOPLE = 12
"""How many bars the chart by person has at the most; the others stand together in the last one."""


@dataclass(frozen=True)
class Card:
    """A figure with the list that it counts. ``paisa`` or ``count``; ``note`` is a line below it, ``tone`` colours the figure.

    ``is_more``: there are more than the count says.
    """

    label: str
    url: str
    count: int | None = None
    paisa: int | None = None
    note: str = ""
    tone: str = ""
    is_more: bool = False


class Board:
    """The figures of one request, each asked once, and only for the keys the viewer holds."""

    def __init__(self, actor: Actor, parts: tuple[str, ...] = ("day", "person", "spent", "age")) -> None:
        self.actor = actor
        self._parts = parts

    def opens(self, view: Any, route: str = "list") -> bool:
        """Tell whether the viewer may open the list behind a part."""
        return self.actor.may(view.keys[route])

    @property
    def sees_due(self) -> bool:
        """Whether the viewer sees what customers owe in the list of customers."""
        return self.opens(CustomerPage) and any(self.actor.may(key) for key in DUE_KEYS)

    @cached_property
    def customers(self) -> CustomerFigures:
        """The figures about customers."""
        return customer_figures()

    @cached_property
    def money(self) -> MoneyFigures:
        """The figures about money, of the parts whose lists open."""
        behind = {"day": PaymentPage, "person": PaymentPage, "spent": ExpensePage, "age": BillPage}
        return money_figures([part for part in self._parts if self.opens(behind[part])])

    # --- Cards ---

    def cards(self) -> list[Card]:
        """Return the cards whose lists open, money that came in first."""
        made = []
        if self.opens(PaymentPage):
            made += self._collected()
        if self.sees_due:
            owing = self.customers.owing
            made.append(
                Card(
                    _("Due in total"),
                    customers_url(payment="owing", sort="due", dir="desc"),
                    paisa=owing.paisa,
                    note=ngettext(
                        "of %(count)s customer", "of %(count)s customers", owing.rows, count=show_number(owing.rows)
                    ),
                )
            )
        if self.opens(CollectPage, "index"):
            count, due = to_collect()
            made.append(
                Card(
                    _("To collect today"),
                    url_for("CollectPage.index"),
                    paisa=due,
                    note=ngettext(
                        "from %(count)s customer", "from %(count)s customers", count, count=show_number(count)
                    ),
                )
            )
        if self.opens(CustomerPage):
            made += self._statuses()
        if self.opens(OnlinePage):
            online = self.customers.online
            made.append(
                Card(
                    _("Online now"),
                    url_for("OnlinePage.list"),
                    count=min(online, COUNTED_ONLINE),
                    is_more=online > COUNTED_ONLINE,
                    tone="ok",
                )
            )
        if self.opens(ExpensePage):
            made.append(self._spent())
        return made

    def _collected(self) -> list[Card]:
        day, (first, _last) = today(), month_of(today())
        taken, month = self.money.collected(day, day), self.money.collected(first, day)
        before_from, before_to = same_days_of_last_month(day)
        before = self.money.collected(before_from, before_to)
        return [
            Card(
                _("Collected today"),
                payments_url(day, day),
                paisa=taken.paisa,
                note=ngettext("%(count)s payment", "%(count)s payments", taken.rows, count=show_number(taken.rows)),
                tone="accent",
            ),
            Card(_("Collected this month"), payments_url(first, day), paisa=month.paisa, note=_against(month, before)),
            Card(
                _("Last month up to the same day"),
                payments_url(before_from, before_to),
                paisa=before.paisa,
                note=_("up to %(day)s", day=show_day(before_to)),
            ),
        ]

    def _statuses(self) -> list[Card]:
        labels = {
            CustomerStatus.ACTIVE: _("Active customers"),
            CustomerStatus.SUSPENDED: _("Suspended customers"),
            CustomerStatus.DISABLED: _("Disabled customers"),
        }
        made = [
            Card(label, customers_url(status=status.value), count=self.customers.by_status[status.value])
            for status, label in labels.items()
        ]
        soon = Card(
            ngettext(
                "Suspended within %(count)s day",
                "Suspended within %(count)s days",
                SOON_DAYS,
                count=show_digits(SOON_DAYS),
            ),
            customers_url(suspension=SOON_DAYS),
            count=min(self.customers.soon, COUNTED_SOON),
            is_more=self.customers.soon > COUNTED_SOON,
            note=_("unless they pay before"),
            tone="warn" if self.customers.soon else "",
        )
        return [made[0], soon, *made[1:]]

    def _spent(self) -> Card:
        first, last = month_of(today())
        before = self.money.spent.get((first - timedelta(days=1)).replace(day=1), Amount())
        return Card(
            _("Expenses this month"),
            address("ExpensePage.list", status="valid", spent_on_from=first, spent_on_to=last),
            paisa=self.money.spent.get(first, Amount()).paisa,
            note=_("last month %(amount)s", amount=show_taka(before.paisa)),
        )

    # --- Charts ---

    def charts(self) -> list[Chart]:
        """Return the charts whose lists open."""
        return [make(self) for view, make in CHARTS.values() if self.opens(view)]

    def collection(self) -> Chart:
        """What came in on each of the last 30 days; today stands out."""
        days = [today() - timedelta(days=ago) for ago in range(29, -1, -1)]
        amounts = [self.money.collected(day, day) for day in days]
        return Chart(
            "collection",
            _("Collection by day"),
            category_label=_("Day"),
            categories=[show_day(day) for day in days],
            marks=[show_short_day(day) for day in days],
            series=(
                Series(
                    _("Collected"),
                    [amount.paisa for amount in amounts],
                    links=[payments_url(day, day) for day in days],
                    tones=["muted"] * 29 + ["accent"],
                ),
            ),
            unit="taka",
            note=_("the last 30 days"),
            empty_text=_("Nothing was collected in the last 30 days."),
        )

    def ages(self) -> Chart:
        """What is open by the days past its due date; what is oldest stands out."""
        return Chart(
            "ages",
            _("Dues by age"),
            category_label=_("Days past the due date"),
            categories=[
                _("%(first)s–%(last)s days", first=show_digits(first), last=show_digits(last))
                if last
                else _("more than %(count)s days", count=show_digits(first - 1))
                for first, last in AGES
            ],
            series=(
                Series(
                    _("Open"),
                    [amount.paisa for amount in self.money.by_age],
                    links=[bills_url(first, last) for first, last in AGES],
                    tones=["accent", "muted", "muted", "due"],
                ),
            ),
            unit="taka",
            shape="bars-across",
            note=_("from the due date of the bill; what is not due yet counts to the first"),
            empty_text=_("Nothing is open."),
        )

    def over_time(self) -> Chart:
        """How many customers of each status there were on each of the last 30 days; today's lead to their list."""
        past = customers_over_time(self.customers.by_status)
        tones = {"active": "ok", "suspended": "warn", "disabled": "muted"}
        return Chart(
            "customers",
            _("Customers by status"),
            category_label=_("Day"),
            categories=[show_day(day) for day in past],
            marks=[show_short_day(day) for day in past],
            series=[
                Series(
                    str(CUSTOMER_STATUS[status].label),
                    [counts[status] for counts in past.values()],
                    links=[customers_url(status=status) if day == today() else None for day in past],
                    tone=tone,
                )
                for status, tone in tones.items()
            ],
            shape="areas",
            note=_("the last 30 days"),
            empty_text=_("There are no customers yet."),
        )

    def people(self) -> Chart:
        """Who took how much this month, the most first."""
        first = month_of(today())[0]
        ranked = sorted(self.money.by_person.items(), key=lambda pair: (-pair[1].paisa, pair[0].name))
        shown, rest = ranked[:MOST_PEOPLE], ranked[MOST_PEOPLE:]
        names = [person.name if person.id else _("Paid online") for person, _amount in shown]
        amounts = [amount.paisa for _person, amount in shown]
        links: list[str | None] = [
            payments_url(first, today(), collector=person.id or NOBODY) for person, _amount in shown
        ]
        if rest:
            names.append(ngettext("%(count)s other", "%(count)s others", len(rest), count=show_digits(len(rest))))
            amounts.append(sum(amount.paisa for _person, amount in rest))
            links.append(None)
        return Chart(
            "people",
            _("Collection by person"),
            category_label=_("Taken by"),
            categories=names,
            series=(Series(_("Collected"), amounts, links=links),),
            unit="taka",
            shape="bars-across",
            names_data=True,
            note=_("this month"),
            empty_text=_("Nothing was collected this month."),
        )


CHARTS: dict[str, tuple[Any, Callable[[Board], Chart]]] = {
    "collection": (PaymentPage, Board.collection),
    "ages": (BillPage, Board.ages),
    "customers": (CustomerPage, Board.over_time),
    "people": (PaymentPage, Board.people),
}
"""The charts by name, with the view whose list is behind each."""

PART_OF = {"collection": ("day",), "ages": ("age",), "customers": (), "people": ("person",)}


def same_days_of_last_month(day: date) -> tuple[date, date]:
    """Return the first day of last month and the day of it that a day is compared with: the month's last where it is shorter."""
    last = month_of(day)[0] - timedelta(days=1)
    return last.replace(day=1), min(last, last.replace(day=min(day.day, last.day)))


def _against(amount: Amount, before: Amount) -> str:
    if not before.paisa:
        return _("nothing to compare with last month")
    per_cent = (amount.paisa - before.paisa) * 100 // before.paisa
    sign = "+" if per_cent >= 0 else "−"
    return _("%(change)s%% against last month", change=sign + show_number(abs(per_cent)))


def address(endpoint: str, **values: Any) -> str:
    """Return a list's address under filters."""
    return f"{url_for(endpoint)}?{urlencode(values)}"


def customers_url(**values: Any) -> str:
    """Return the list of customers under filters."""
    return address("CustomerPage.list", **values)


def payments_url(first: date, last: date, **values: Any) -> str:
    """Return the list of valid payments of some days."""
    return address("PaymentPage.list", status="valid", paid_on_from=first, paid_on_to=last, **values)


def bills_url(first: int, last: int | None) -> str:
    """Return the list of open bills that are some days past their due date."""
    values: dict[str, Any] = {"open_from": "0.01"}
    if last is not None:
        values["due_on_from"] = today() - timedelta(days=last)
    if first:
        values["due_on_to"] = today() - timedelta(days=first)
    return address("BillPage.list", **values)


class HomePage(Panel, IndexView):
    """The dashboard, or a plain welcome with the tasks the account can do."""

    route_base = ""
    default_view = "index"
    keys = {"index": SIGNED_IN, "chart": "dashboard"}

    @expose("/")
    def index(self) -> str:
        """Show the figures and charts, each with the key of the list behind it; without the key, the tasks (spec: dashboard)."""
        actor = self.actor()
        board = Board(actor)
        check = last_check(actor.tenant_id) if actor.may("parents") else None
        cards = board.cards() if actor.may(self.keys["chart"]) else []
        if not cards:
            return self.render("dashboard/welcome.html", tasks=_tasks(actor), check=check)
        return self.render(
            "dashboard/dashboard.html",
            cards=cards,
            charts=board.charts(),
            check=check,
            at=now(),
            collect_url=url_for("CollectPage.index") if board.opens(CollectPage, "index") else None,
        )

    @expose("/dashboard/<name>.json")
    def chart(self, name: str) -> Response:
        """Return what a chart of the first page is drawn from."""
        if name not in CHARTS:
            abort(404)
        view, make = CHARTS[name]
        board = Board(self.actor(), PART_OF[name])
        if not board.opens(view):
            raise Forbidden(view.keys["list"])
        return chart_response(make(board))


def _tasks(actor: Actor) -> list[dict[str, Any]]:
    return [
        {"url": url_for(f"{view.__name__}.{route}"), "icon": icon, "label": label, "meaning": meaning}
        for view, route, icon, label, meaning in TASKS
        if actor.may(view.keys[route])
    ]


PLAIN = {"Content-Type": "text/plain; charset=utf-8"}


class HealthPage(Panel):
    """Answers for whoever watches the process; they tell nothing else."""

    route_base = ""
    default_view = "alive"
    keys = {"alive": PUBLIC, "ready": PUBLIC}

    @expose("/healthz")
    def alive(self) -> tuple[str, int, dict[str, str]]:
        """Say that the process answers."""
        return "ok\n", 200, PLAIN

    @expose("/readyz")
    def ready(self) -> tuple[str, int, dict[str, str]]:
        """Say whether database and jobs answer too."""
        try:
            db.session.execute(text("SELECT 1"))
            ready = jobs.is_working()
        except Exception:  # whatever is wrong, the answer is the same
            ready = False
        return ("ok\n", 200, PLAIN) if ready else ("not ready\n", 503, PLAIN)
