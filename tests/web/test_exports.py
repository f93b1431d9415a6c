"""A CSV is exactly the rows its list shows, for a spreadsheet, in the reader's language; what a key hides is in neither."""

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.access.scope import everywhere
from app.activity.models import Activity
from app.billing.views import BillPage
from app.core.database import db, transaction
from app.customers.models import Customer
from app.customers.views import CustomerPage
from app.payments.views import PaymentPage
from app.web.exports import guarded
from tests.cast import ACCOUNTS, GA, NEWBIE, NORTH, SOUTH
from tests.rules.house import AMOUNTS, WORDS, House, Visitor, hold, shown

Browsers = Callable[[str], Visitor]

QUERIES = {
    "/customers": (
        *("", "q=Rahima", "status=active", "payment=due", "sort=name&dir=asc", "sort=due&dir=desc", "type=other"),
        *("_flt_2_name=Jasim", "status=nothing"),
    ),
    "/bills": (
        *("", "status=unpaid", "status=partial", "sort=total&dir=asc", "open_from=1000", "purpose=manual", "q=Quader"),
        "due_on_from=2026-11-30",
    ),
    "/payments": ("", "method=cash", "amount_from=3200&amount_to=3300", "q=Burgundy", "status=void"),
    "/expenses": ("", "amount_from=620", "q=lunch", "status=valid"),
}


def rows_of(answer: object) -> list[list[str]]:
    """Return the rows of a CSV answer, titles first."""
    return list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))  # type: ignore[attr-defined]


def numbers_on(page: str) -> list[str]:
    """Return the ids of the rows of a list page, in order."""
    table = page.partition("<tbody>")[2].partition("</tbody>")[0]
    return re.findall(r'<a[^>]*href="/\w+/show/(\d+)"', table)


@pytest.mark.parametrize("base", QUERIES)
def test_the_csv_holds_the_rows_of_the_list_in_their_order(base: str, house: House, visitor: Browsers) -> None:
    boss = visitor(GA)
    for query in QUERIES[base]:
        page = boss.page(f"{base}/list/?page_size=100&{query}")
        rows = rows_of(boss.send("GET", f"{base}/export?{query}"))
        listed = list(dict.fromkeys(numbers_on(page)))
        assert len(rows) - 1 == len(listed), (
            f"{base}?{query}: {len(rows) - 1} rows in the CSV, {len(listed)} in the list"
        )
        text = shown(page)
        table = text.partition("<tbody>")[2].partition("</tbody>")[0]
        words = [re.sub(r"\D", "", row[0]) if base in ("/bills", "/payments") else row[0] for row in rows[1:]]
        if base in ("/bills", "/payments"):
            assert words == [number for number in _first_cells(table)], f"{base}?{query}"


@pytest.mark.parametrize(
    ("view", "base"), [(CustomerPage, "/customers"), (BillPage, "/bills"), (PaymentPage, "/payments")]
)
@pytest.mark.parametrize("language", ["en", "bn"])
def test_the_database_writes_the_cells_that_python_would_write(
    view: Any,
    base: str,
    language: str,
    app: Flask,
    house: House,
    visitor: Browsers,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with app.app_context(), everywhere("the test makes odd rows"), transaction() as session:
        odd = session.get_one(Customer, house.row(GA, "Customer"))
        odd.name, odd.name_bn, odd.comment = '=1+1, "quoted"', "＋রহিমা", "two\nlines"
        odd.house, odd.thana, odd.suspend_at = "", "-7", datetime(2026, 12, 31, 18, 30, tzinfo=UTC)
    boss = visitor(GA)
    boss.send("GET", f"/lang/{language}")
    by_the_database = rows_of(boss.send("GET", f"{base}/export"))
    monkeypatch.setattr(view, "csv_cells", {})
    assert by_the_database == rows_of(boss.send("GET", f"{base}/export"))
    assert len(by_the_database) > 1


def _first_cells(table: str) -> list[str]:
    cells = re.findall(r"<tr[^>]*>.*?<td[^>]*>(.*?)</td>", table, re.DOTALL)
    return [re.sub(r"\D", "", re.sub(r"<[^>]+>", "", cell)) for cell in cells]


@pytest.mark.parametrize("base", QUERIES)
def test_the_csv_is_a_download_in_utf_8_with_a_mark_for_spreadsheets(
    base: str, house: House, visitor: Browsers
) -> None:
    answer = visitor(NORTH).send("GET", f"{base}/export")
    assert answer.get_data().startswith(b"\xef\xbb\xbf")
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["Cache-Control"] == "no-store"
    rows = rows_of(answer)
    assert len(rows) > 1
    assert {len(row) for row in rows} == {len(rows[0])}, "every row has a cell for every title"
    assert WORDS[NORTH] in str(rows) and WORDS[SOUTH] not in str(rows)


def test_titles_are_in_the_reader_s_language_and_cells_for_machines(house: House, visitor: Browsers) -> None:
    north = visitor(NORTH)
    north.send("GET", "/lang/en")
    english = rows_of(north.send("GET", "/customers/export"))
    north.send("GET", "/lang/bn")
    bengali = rows_of(north.send("GET", "/customers/export"))
    assert "Name" in english[0] and "Due" in english[0]
    # the owners' own fields are called what the owners called them
    titles = [title for title in bengali[0] if not any(word in title for word in WORDS.values())]
    assert all(any("\u0980" <= letter <= "\u09ff" for letter in title) for title in titles), titles
    own = next(row for row in bengali if WORDS[NORTH] in row[1])
    assert "01812345678" in own and "4824.96" in own, (
        "amounts as 1234.50 and phones as 01… in ASCII digits (spec §11.14)"
    )
    assert "2026-11-23" in own, "dates as ISO"


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1+1", "-A1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x", "=cmd|' /C calc'!A0"],
)
def test_a_cell_that_a_spreadsheet_would_run_is_quoted(text: str) -> None:
    assert guarded(text) == "'" + text


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        (12, "12"),
        (-12, "-12"),
        ("-50.00", "-50.00"),
        ("Rahima", "Rahima"),
        ("01712345678", "01712345678"),
        ("", ""),
    ],
)
def test_a_harmless_cell_is_left_alone(value: object, cell: str) -> None:
    assert guarded(value) == cell


def test_an_advance_stays_a_number_in_the_csv(app: Flask, house: House, visitor: Browsers) -> None:
    with app.app_context(), everywhere("the test gives an advance"), transaction() as session:
        session.execute(
            update(Customer).where(Customer.id == house.rows[NORTH]["Customer"]).values(due=0, advance=50_00)
        )
    row = next(row for row in rows_of(visitor(NORTH).send("GET", "/customers/export")) if WORDS[NORTH] in row[1])
    assert "-50.00" in row


def test_a_formula_typed_into_a_name_comes_out_harmless(app: Flask, house: House, visitor: Browsers) -> None:
    with app.app_context(), everywhere("the test types a formula"), transaction() as session:
        session.get_one(Customer, house.rows[NORTH]["Customer"]).name = '=HYPERLINK("http://evil.example.com")'
    cells = [cell for row in rows_of(visitor(NORTH).send("GET", "/customers/export"))[1:] for cell in row]
    assert '\'=HYPERLINK("http://evil.example.com")' in cells
    assert not [cell for cell in cells if cell.startswith(("=", "@", "+"))]


def test_an_export_is_logged_with_its_query_and_nothing_else_changes(
    app: Flask, house: House, visitor: Browsers
) -> None:
    visitor(ACCOUNTS).send("GET", "/bills/export?status=unpaid")
    with app.app_context(), everywhere("the test reads the log"):
        entry = (
            db.session.execute(select(Activity).where(Activity.event == "list.exported").order_by(Activity.id.desc()))
            .scalars()
            .first()
        )
        assert entry is not None and '"query":"status=unpaid"' in entry.detail and entry.actor_name == "Rafiq Accounts"


class TestWhatIsDueWithoutTheKeysForIt:
    @pytest.fixture
    def newbie(self, app: Flask, house: House, visitor: Browsers) -> Visitor:
        """A Manager that may see customers, and neither bills nor take cash."""
        hold(app, NEWBIE, {"view-customer-details"})
        return visitor(NEWBIE)

    def amounts(self) -> list[str]:
        bill, paid, _expense = AMOUNTS[SOUTH]
        return [f"{paisa // 100}.{paisa % 100:02d}" for paisa in (bill, paid, bill - paid)]

    def test_it_is_neither_in_the_list_nor_in_the_csv_nor_on_the_profile(self, newbie: Visitor, house: House) -> None:
        profile = f"/customers/show/{house.rows[SOUTH]['Customer']}"
        tabs = [f"{profile}?tab={tab}" for tab in ("profile", "bills", "payments", "statement", "history")]
        form = f"/customers/edit/{house.rows[SOUTH]['Customer']}"
        for address in ("/customers/list/", "/customers/export", profile, *tabs, form, "/", "/activity/"):
            text = shown(newbie.send("GET", address).text)
            assert not [amount for amount in self.amounts() if amount in text], address
        newbie.send("GET", "/lang/en")
        titles = rows_of(newbie.send("GET", "/customers/export"))[0]
        assert "Name" in titles and not {"Due", "Payment status"} & set(titles), titles

    def test_the_list_cannot_be_sorted_by_it(self, newbie: Visitor) -> None:
        plain = numbers_on(newbie.page("/customers/list/"))
        for way in ("asc", "desc"):
            assert numbers_on(newbie.page(f"/customers/list/?sort=due&dir={way}")) == plain
        assert (
            "sort=due"
            not in newbie.page("/customers/list/").replace("sort=due&amp;dir", "sort=due&dir").partition("<table")[2]
        )

    def test_the_list_cannot_be_filtered_by_it(self, newbie: Visitor) -> None:
        everybody = numbers_on(newbie.page("/customers/list/"))
        for query in (
            "payment=due",
            "payment=paid",
            "payment=advance",
            "_flt_0_due=0",
            "_flt_1_due=0",
            "_flt_0_advance=0",
            "_flt_0_paid_on_open=0",
        ):
            assert numbers_on(newbie.page(f"/customers/list/?{query}")) == everybody, query
            assert len(rows_of(newbie.send("GET", f"/customers/export?{query}"))) - 1 == len(set(everybody)), query

    @pytest.mark.parametrize("key", ["print-invoice", "receive-payment"])
    def test_either_key_shows_it(self, key: str, app: Flask, house: House, visitor: Browsers) -> None:
        hold(app, NEWBIE, {"view-customer-details", key})
        left = AMOUNTS[SOUTH][0] - AMOUNTS[SOUTH][1]
        written = f"{left // 100}.{left % 100:02d}"
        newbie = visitor(NEWBIE)
        assert written in shown(newbie.page("/customers/list/"))
        assert written in newbie.send("GET", "/customers/export").text
