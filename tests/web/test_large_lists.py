"""Lists of any size: counted and added up to a limit, the next page found after the last row, parts of names by index."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select, update

from app.access.scope import everywhere
from app.core.database import db, transaction
from app.customers.models import Customer
from app.customers.queries import matching
from app.web import listing
from tests.cast import GA, GHAT, NORTH, Cast
from tests.make import as_account, customer

People = Callable[[str], FlaskClient]


@pytest.fixture
def ga(cast: Cast, as_person: People) -> FlaskClient:
    """The Group Admin's browser, in English."""
    client = as_person(GA)
    client.get("/lang/en")
    return client


def numbers(page: str) -> list[str]:
    """Return the addresses of the customers on a page, in its order."""
    return list(dict.fromkeys(re.findall(r'href="(/customers/show/\d+)"', page.partition("<table")[2])))


def next_page(page: str) -> str:
    """Return where the link to the next page leads."""
    found = re.search(r'rel="next" href="([^"]+)"', page)
    assert found is not None, "there is no next page"
    return found.group(1).replace("&amp;", "&")


def test_a_list_beyond_the_limit_says_so_and_adds_nothing_up(
    ga: FlaskClient, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ga.get("/customers/list/").text
    assert "<tfoot" in whole and "more than" not in whole
    monkeypatch.setattr(listing, "COUNTED", 2)
    page = ga.get("/customers/list/").text
    assert "of more than 2" in page and "<tfoot" not in page
    link = re.search(r'href="([^"]*totals=all[^"]*)"', page)
    assert link is not None
    asked = ga.get(link.group(1).replace("&amp;", "&")).text
    assert re.findall("<tfoot.*?</tfoot>", asked, re.S) == re.findall("<tfoot.*?</tfoot>", whole, re.S)


def test_the_pages_hold_every_row_once_in_the_order_of_the_list(
    ga: FlaskClient, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = numbers(ga.get("/customers/list/?page_size=100").text)
    monkeypatch.setattr(listing, "PAGE_SIZES", (2, 100))
    first = ga.get("/customers/list/?page_size=2").text
    found, page = numbers(first), first
    while 'rel="next"' in page:
        address = next_page(page)
        assert "after=" in address
        page = ga.get(address).text
        found += numbers(page)
    assert found == at_once and len(found) > 4


@pytest.mark.parametrize("order", ["number", "name", "due", "suspend_at", "zone", "mobile"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_an_operator_sees_its_own_and_its_sub_operators_rows_in_one_order(
    as_person: People, cast: Cast, monkeypatch: pytest.MonkeyPatch, order: str, direction: str
) -> None:
    client = as_person(NORTH)
    monkeypatch.setattr(listing, "PAGE_SIZES", (2, 100))
    address = f"/customers/list/?sort={order}&dir={direction}&page_size="
    together = numbers(client.get(f"{address}2").text)
    page = 1
    while 'rel="next"' in client.get(f"{address}2&page={page}").text:
        page += 1
        together += numbers(client.get(f"{address}2&page={page}").text)
    monkeypatch.setattr(listing, "MOST_OWNERS", 0)
    assert together == numbers(client.get(f"{address}100").text)
    assert len(together) == len(cast.customers[NORTH]) + len(cast.customers[GHAT])


@pytest.mark.parametrize("after", ["nonsense", "-1", "9" * 30, "0", "' OR 1=1"])
def test_nonsense_after_which_a_page_should_begin_is_no_error(ga: FlaskClient, cast: Cast, after: str) -> None:
    assert ga.get("/customers/list/", query_string={"after": after}).status_code == 200


def test_another_order_begins_at_its_first_page(ga: FlaskClient, cast: Cast) -> None:
    assert numbers(ga.get("/customers/list/?sort=name&dir=asc&after=1").text) == numbers(
        ga.get("/customers/list/?sort=name&dir=asc").text
    )


class TestPartsOfNames:
    """The index follows what is written, whichever way it is written."""

    @staticmethod
    def found(text: str) -> set[int]:
        return set(db.session.execute(select(Customer.id).where(matching(text))).scalars())

    @pytest.mark.parametrize("part", ["রহি", "RAHIM", "ahim", "01711"])
    def test_are_found_in_either_script_and_in_mobiles(self, context: Flask, cast: Cast, part: str) -> None:
        rahima = customer(cast.customers[GA][0])
        with as_account(GA), transaction():
            rahima.name, rahima.name_bn, rahima.mobile = "Rahima", "রহিমা", "+8801711000001"
            rahima.search_text = "rahima রহিমা rahima.user 01711000001"
        with as_account(GA):
            assert rahima.id in self.found(part)

    def test_are_gone_when_the_name_is_another(self, context: Flask, cast: Cast) -> None:
        mine = cast.customers[GA][0]
        with everywhere("the test renames"), transaction() as session:
            session.execute(update(Customer).where(Customer.id == mine).values(search_text="zebunnesa"))
        with everywhere("the test renames"), transaction() as session:
            session.execute(update(Customer).where(Customer.id == mine).values(search_text="yasmin"))
        with as_account(GA):
            assert self.found("zebun") == set() and self.found("asmi") == {mine}

    @pytest.mark.parametrize("text", ['"', "*", "a OR b", "NEAR(x y)", "rahim*", "^rahim", "%%%", "___", "'; DROP"])
    def test_words_of_a_query_language_are_nothing_but_words(self, context: Flask, cast: Cast, text: str) -> None:
        with as_account(GA):
            assert self.found(text) == set()

    def test_foreign_customers_stay_foreign(self, context: Flask, cast: Cast) -> None:
        mine = cast.customers[GA][0]
        with everywhere("the test renames"), transaction() as session:
            session.execute(update(Customer).where(Customer.id == mine).values(search_text="zebunnesa 77"))
            number = session.get_one(Customer, mine).number
        with as_account(NORTH):
            assert self.found("zebun") == set() and mine not in self.found(str(number))


class StatementCount:
    """How many statements a request costs, BEGIN not counted."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def __call__(self, _connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith("BEGIN"):
            self.statements.append(statement)


@pytest.fixture
def statements(app: Flask) -> Iterator[StatementCount]:
    """Count what the database is asked."""
    counted, engine = StatementCount(), app.extensions["database"]
    event.listen(engine, "before_cursor_execute", counted)
    yield counted
    event.remove(engine, "before_cursor_execute", counted)


@pytest.mark.parametrize(
    ("path", "most"),
    [("/customers/list/", 2), ("/bills/list/", 2), ("/payments/list/", 2), ("/customers/list/?status=active", 3)],
)
def test_a_list_asks_who_is_there_and_for_its_rows_and_nothing_else(
    ga: FlaskClient, cast: Cast, statements: StatementCount, path: str, most: int
) -> None:
    ga.get(path)
    statements.statements.clear()
    assert ga.get(path).status_code == 200
    assert len(statements.statements) == most, "\n\n".join(statements.statements)


class TestRowsInPlenty:
    """Where filters leave many, the list is read along its order; what is shown is the same."""

    PATHS = (
        "/customers/list/?status=active",
        "/customers/list/?q=a",
        "/customers/list/?q=017&sort=number&dir=asc",
        "/customers/list/?q=017",
        "/bills/list/?status=unpaid",
    )

    @staticmethod
    def rows(page: str) -> list[str]:
        """Return the addresses of a page's rows, in its order."""
        return list(dict.fromkeys(re.findall(r'href="(/\w+/show/\d+)"', page.partition("<table")[2])))

    def through(self, ga: FlaskClient, path: str) -> list[str]:
        """Return the rows of all pages, two a page."""
        page = ga.get(f"{path}&page_size=2").text
        found = self.rows(page)
        while 'rel="next"' in page:
            page = ga.get(next_page(page)).text
            found += self.rows(page)
        return found

    @pytest.mark.parametrize("path", PATHS)
    @pytest.mark.parametrize("walked", [1, 3, 30_000])
    @pytest.mark.parametrize("who", [GA, NORTH])
    def test_are_the_rows_that_are_looked_up(
        self, as_person: People, cast: Cast, monkeypatch: pytest.MonkeyPatch, path: str, walked: int, who: str
    ) -> None:
        ga = as_person(who)
        monkeypatch.setattr(listing, "PAGE_SIZES", (2, 100))
        looked_up = self.through(ga, path)
        monkeypatch.setattr(listing, "COUNTED", 0)
        monkeypatch.setattr(listing, "WALKED", walked)
        assert self.through(ga, path) == looked_up and len(looked_up) > 2
        assert len(set(looked_up)) == len(looked_up)

    def test_are_read_along_the_order_and_looked_up_when_too_few_are_met(
        self, ga: FlaskClient, cast: Cast, monkeypatch: pytest.MonkeyPatch, statements: StatementCount
    ) -> None:
        monkeypatch.setattr(listing, "PAGE_SIZES", (2, 100))
        monkeypatch.setattr(listing, "COUNTED", 0)
        path = "/customers/list/?status=active&page_size=2"
        ga.get(path)
        for walked, most in ((30_000, 3), (1, 4)):
            monkeypatch.setattr(listing, "WALKED", walked)
            statements.statements.clear()
            ga.get(path)
            assert len(statements.statements) == most, "\n\n".join(statements.statements)


def test_choices_that_are_rows_are_read_when_the_filter_is_opened_or_narrows(ga: FlaskClient, cast: Cast) -> None:
    package = re.compile(r'name="package" value="(\d+)"')
    closed = ga.get("/customers/list/?status=active").text
    assert not package.search(closed)
    link = re.search(r'href="([^"]*choices=package[^"]*)"', closed)
    assert link is not None
    opened = ga.get(link.group(1).replace("&amp;", "&")).text
    chosen = package.search(opened)
    assert chosen is not None
    narrowed = ga.get(f"/customers/list/?package={chosen.group(1)}").text
    assert f'value="{chosen.group(1)}" checked' in narrowed
