"""The dashboard: each figure is what the list behind it adds up to, each part with its key alone, in few statements (spec: dashboard)."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from app.access.permissions import MANAGER_KEYS
from app.access.scope import everywhere
from app.billing.suspending import auto_suspend
from app.core.clock import now, today
from app.core.database import db, transaction
from app.core.language import to_ascii_digits
from app.customers.counting import count_customers
from app.customers.models import CustomerCount, CustomerStatus
from app.customers.services import change_status
from app.dashboard import figures as dashboard_figures
from app.dashboard import views as dashboard_views
from app.expenses.models import ExpenseCategory
from app.expenses.services import add_expense, void_expense
from app.payments.services import void_payment
from app.radius.models import LineSession
from tests.cast import ACCOUNTS, COLLECTOR, GA, GHATMAN, NEWBIE, NORTH, PADMA_GA, ROOT, SOUTH, Cast
from tests.cast import build as build_cast
from tests.conftest import Clock
from tests.make import as_account, customer, pay
from tests.rules.house import hold

MOST_STATEMENTS = 9
CARD = re.compile(
    r'<a class="card pad figure" href="([^"]+)"><span class="muted">([^<]+)</span>'
    r'<span class="money-m[^>]*>(.*?)</span>(?:<span|</a>)',
    re.S,
)
CHARTS = ("collection", "ages", "customers", "people")


def build(app: Flask) -> Cast:
    """Give the cast money on several days, a void payment, expenses, and customers of every status."""
    made = build_cast(app)
    for email, owner in ((COLLECTOR, NORTH), (GA, GA), (GA, NORTH), (SOUTH, SOUTH), (PADMA_GA, PADMA_GA)):
        for ago, paisa in ((0, 110_50), (1, 220_00), (9, 330_00)):
            if email == COLLECTOR and ago > 7:
                continue
            pay(email, made.customers[owner][0], paisa, paid_on=today() - timedelta(days=ago))
    wrong = pay(COLLECTOR, made.customers[NORTH][1], 77_00)
    with as_account(NORTH), transaction() as session:
        void_payment(session.get_one(type(wrong), wrong.id), "typed twice")
        category = ExpenseCategory(name="Fuel")
        session.add(category)
        session.flush()
        add_expense(category_id=category.id, spent_on=today(), amount=45_00)
        add_expense(category_id=category.id, spent_on=today() - timedelta(days=2), amount=55_25)
        void_expense(add_expense(category_id=category.id, spent_on=today(), amount=99_00), "wrong")
        change_status(customer(made.customers[NORTH][1]), CustomerStatus.DISABLED, "moved away")
        change_status(customer(made.customers[NORTH][2]), CustomerStatus.SUSPENDED, "asked for it")
    return made


@pytest.fixture
def board(snapshot: Callable[..., Any]) -> Cast:
    """The cast with money in and out."""
    return snapshot("dashboard", build)


def figures(page: str) -> dict[str, tuple[str, str]]:
    """Return the cards of a page: label → address, figure."""
    cards = CARD.findall(page)
    found = {html.unescape(label): (html.unescape(url), re.sub("<[^>]+>", "", figure)) for url, label, figure in cards}
    assert found, "the page has no card"
    assert len(found) == len(cards), "a figure stands there twice"
    return found


def amount(text: str) -> int:
    """Return the paisa or the count of a figure as shown."""
    return int(re.sub(r"[^\d−-]", "", to_ascii_digits(text)).replace("−", "-"))


def english(client: FlaskClient) -> FlaskClient:
    """Let a client read English."""
    client.get("/lang/en")
    return client


def rows_behind(client: FlaskClient, url: str) -> list[dict[str, str]]:
    """Follow a figure's link and return the rows of that list, out of its CSV."""
    assert client.get(url).status_code == 200
    export = client.get(url.replace("/list/", "/export") if "/list/" in url else url + "export")
    return list(csv.DictReader(io.StringIO(export.text.removeprefix("\ufeff"))))


def paisa(rows: list[dict[str, str]], column: str) -> int:
    """Add up a column of a CSV."""
    return sum(int(row[column].replace(".", "")) for row in rows)


READERS = (GA, NORTH, ACCOUNTS, SOUTH, PADMA_GA)
CUSTOMERS = ("Active customers", "Suspended customers", "Disabled customers", "Suspended within 3 days")
MONEY_IN = ("Collected today", "Collected this month", "Last month up to the same day")


@pytest.mark.parametrize("email", READERS)
class TestEachFigureIsWhatItsListAddsUpTo:
    """Follow the link, add up the rows."""

    def test_the_cards(self, email: str, board: Cast, as_person: Callable[..., FlaskClient]) -> None:
        client = english(as_person(email))
        shown = figures(client.get("/").text)
        for label in CUSTOMERS:
            url, figure = shown[label]
            assert amount(figure) == len(rows_behind(client, url)), label
        for label in (*MONEY_IN, "Expenses this month"):
            url, figure = shown[label]
            assert amount(figure) == paisa(rows_behind(client, url), "Amount"), label
        # the accountant does not hold the key of the online list
        if email != ACCOUNTS:
            url, figure = shown["Online now"]
            assert amount(figure) == len(rows_behind(client, url))
        url, figure = shown["Due in total"]
        rows = rows_behind(client, url)
        assert amount(figure) == paisa(rows, "Due") > 0
        assert {row["Payment status"] for row in rows} <= {"Due", "Partly paid"}

    def test_the_charts(self, email: str, board: Cast, as_person: Callable[..., FlaskClient]) -> None:
        client = english(as_person(email))
        for name, column in (("collection", "Amount"), ("ages", "Open"), ("people", "Amount")):
            (series,) = client.get(f"/dashboard/{name}.json").get_json()["series"]
            assert any(series["values"]), name
            for value, link in zip(series["values"], series["links"], strict=True):
                # days without money are many and alike: the first and the last of them are enough
                if value or link in (series["links"][0], series["links"][-1]):
                    assert value == paisa(rows_behind(client, link), column), link
        for series in client.get("/dashboard/customers.json").get_json()["series"]:
            assert series["values"][-1] == len(rows_behind(client, series["links"][-1]))


def test_what_is_to_collect_today_is_what_the_collection_list_says(
    board: Cast, as_person: Callable[..., FlaskClient]
) -> None:
    client = english(as_person(NORTH))
    url, figure = figures(client.get("/").text)["To collect today"]
    page = re.sub("<[^>]+>", "", client.get(url).text)
    assert figure.strip() in page


def test_who_is_suspended_within_three_days_is_whom_the_job_suspends_then(
    board: Cast, app: Flask, clock: Clock, as_person: Callable[..., FlaskClient]
) -> None:
    clock.set("2026-12-08 12:00")
    client = english(as_person(GA))
    url, figure = figures(client.get("/").text)["Suspended within 3 days"]
    named = {row["Customer no."] if "Customer no." in row else row["No."] for row in rows_behind(client, url)}
    assert amount(figure) == len(named) > 0
    clock.forward(days=3)
    with app.app_context():
        suspended = auto_suspend().suspended
    # the job works for both providers, the page for one
    url, figure = figures(english(as_person(PADMA_GA)).get("/").text)["Suspended customers"]
    assert suspended == len(named) + amount(figure)


@pytest.mark.parametrize(
    ("card", "limit"), [("Suspended within 3 days", "COUNTED_SOON"), ("Online now", "COUNTED_ONLINE")]
)
def test_of_very_many_the_first_page_says_that_there_are_more(
    board: Cast,
    clock: Clock,
    as_person: Callable[..., FlaskClient],
    monkeypatch: pytest.MonkeyPatch,
    app: Flask,
    card: str,
    limit: str,
) -> None:
    clock.set("2026-12-08 12:00")
    with app.app_context(), as_account(GA) as actor, transaction() as session:
        for customer_id in board.customers[GA][:2]:
            session.add(
                LineSession(
                    tenant_id=actor.tenant_id,
                    owner_id=actor.id,
                    customer_id=customer_id,
                    username=customer(customer_id).username_key,
                    acct_unique_id=f"more-{customer_id}",
                    acct_session_id=f"{customer_id}",
                    nas_address="10.0.0.1",
                    started_at=now(),
                    updated_at=now(),
                )
            )
    client = english(as_person(GA))
    count = amount(figures(client.get("/").text)[card][1])
    assert count > 1
    for shown, most in ((str(count), count), (f"more than {count - 1}", count - 1)):
        for module in (dashboard_figures, dashboard_views):
            monkeypatch.setattr(module, limit, most)
        assert figures(client.get("/").text)[card][1] == shown


class TestKeys:
    """Each part is there with the key of the list behind it, and with no other."""

    PARTS = {
        "view-customer-details": (
            {"Active customers", "Suspended customers", "Disabled customers", "Suspended within 3 days"},
            {"customers"},
        ),
        "view-customer-payments": (
            {"Collected today", "Collected this month", "Last month up to the same day"},
            {"collection", "people"},
        ),
        "view-online-customers": ({"Online now"}, set[str]()),
        "receive-payment": ({"To collect today"}, set[str]()),
        "expense-management": ({"Expenses this month"}, set[str]()),
        "print-invoice": (set[str](), {"ages"}),
    }

    @pytest.mark.parametrize("key", PARTS)
    def test_a_part_shows_with_its_key_alone(
        self, key: str, board: Cast, app: Flask, as_person: Callable[..., FlaskClient]
    ) -> None:
        hold(app, COLLECTOR, {"dashboard", key})
        client = english(as_person(COLLECTOR))
        cards, charts = self.PARTS[key]
        page = client.get("/").text
        assert {html.unescape(label) for _url, label, _figure in CARD.findall(page)} == cards
        assert set(re.findall(r'data-chart="/dashboard/(\w+)\.json"', page)) == (charts if cards else set())
        for name in CHARTS:
            assert client.get(f"/dashboard/{name}.json").status_code == (200 if name in charts else 403)

    def test_what_is_due_needs_the_list_and_one_of_the_keys_to_amounts(
        self, board: Cast, app: Flask, as_person: Callable[..., FlaskClient]
    ) -> None:
        for keys, seen in (
            ({"print-invoice"}, False),
            ({"view-customer-details"}, False),
            ({"view-customer-details", "print-invoice"}, True),
        ):
            hold(app, COLLECTOR, {"dashboard", *keys})
            assert ("Due in total" in english(as_person(COLLECTOR)).get("/").text) is seen

    @pytest.mark.parametrize("email", [NEWBIE, GHATMAN, ROOT])
    def test_without_the_key_the_first_page_is_a_welcome_with_the_tasks(
        self, email: str, board: Cast, as_person: Callable[..., FlaskClient]
    ) -> None:
        client = english(as_person(email))
        page = client.get("/").text
        assert "Welcome, " in page
        assert not CARD.findall(page)
        assert {client.get(f"/dashboard/{name}.json").status_code for name in CHARTS} == {403}

    def test_an_unknown_chart_is_not_found(self, board: Cast, as_person: Callable[..., FlaskClient]) -> None:
        assert as_person(GA).get("/dashboard/cake.json").status_code == 404


@pytest.mark.parametrize("email", [GA, NORTH, ACCOUNTS])
def test_the_page_costs_few_statements(
    email: str, board: Cast, app: Flask, as_person: Callable[..., FlaskClient]
) -> None:
    hold(app, ACCOUNTS, set(MANAGER_KEYS))
    client = as_person(email)
    run: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            run.append(statement)

    event.listen(app.extensions["database"], "before_cursor_execute", note)
    try:
        assert len(figures(client.get("/").text)) == 11
    finally:
        event.remove(app.extensions["database"], "before_cursor_execute", note)
    assert len(run) <= MOST_STATEMENTS, "\n\n".join(run)


def test_this_month_is_compared_with_the_same_days_of_the_last(
    board: Cast, clock: Clock, as_person: Callable[..., FlaskClient]
) -> None:
    clock.set("2026-12-31 10:00")
    url, _figure = figures(english(as_person(GA)).get("/").text)["Last month up to the same day"]
    assert url.endswith("paid_on_from=2026-11-01&paid_on_to=2026-11-30")


class TestCountsOverTime:
    """How many customers of each status there were on a day."""

    @staticmethod
    def kept(day: date, owner_id: int) -> tuple[int, int, int]:
        with everywhere("the test looks at the counts"):
            row = db.session.query(CustomerCount).filter_by(day=day, owner_id=owner_id).one()
            return row.active, row.suspended, row.disabled

    def test_the_first_count_finds_the_days_before_in_the_log(self, cast: Cast, context: Flask, clock: Clock) -> None:
        owner, (first, second, _third) = cast.accounts[NORTH], cast.customers[NORTH]
        days = {}
        for day, customer_id, status in (
            ("2026-11-24", first, CustomerStatus.SUSPENDED),
            ("2026-11-25", second, CustomerStatus.DISABLED),
            ("2026-11-26", first, CustomerStatus.ACTIVE),
        ):
            clock.set(f"{day} 23:30")
            with as_account(NORTH), transaction():
                change_status(customer(customer_id), status, "so it is")
            days[date.fromisoformat(day)] = None
        clock.set("2026-11-28 00:10")
        count_customers()
        assert [self.kept(day, owner) for day in days] == [(2, 1, 0), (1, 1, 1), (2, 0, 1)]
        assert self.kept(date(2026, 11, 23), owner) == (3, 0, 0)
        assert self.kept(date(2026, 11, 28), owner) == (2, 0, 1)

    def test_a_later_count_of_the_same_day_takes_the_place_of_the_first(
        self, cast: Cast, context: Flask, clock: Clock
    ) -> None:
        count_customers()
        with as_account(NORTH), transaction():
            change_status(customer(cast.customers[NORTH][0]), CustomerStatus.SUSPENDED, "so it is")
        count_customers()
        assert self.kept(today(), cast.accounts[NORTH]) == (2, 1, 0)
        clock.forward(days=1)
        count_customers()
        assert self.kept(today() - timedelta(days=1), cast.accounts[NORTH]) == (2, 1, 0)

    def test_the_chart_shows_what_is_in_scope(
        self, cast: Cast, app: Flask, clock: Clock, as_person: Callable[..., FlaskClient]
    ) -> None:
        with app.app_context():
            count_customers()
        clock.forward(days=1)
        drawn = {email: as_person(email).get("/dashboard/customers.json").get_json() for email in (GA, NORTH, SOUTH)}
        # ghat is north's Sub-Operator
        assert {email: one["series"][0]["values"][-2:] for email, one in drawn.items()} == {
            GA: [12, 12],
            NORTH: [6, 6],
            SOUTH: [3, 3],
        }
