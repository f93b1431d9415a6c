"""The reports of parents: figures over exactly their scope, the same on the page, as PDF and as CSV."""

import csv
import io
import re
import subprocess
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import escape
from sqlalchemy import func, select

from app.access.scope import everywhere
from app.accounts.models import Account
from app.activity.models import Activity
from app.billing.services import generate_bill, void_bill
from app.books.models import JournalEntry, JournalLine, Ledger
from app.books.queries import balance_of
from app.core.clock import now, pretending
from app.core.database import db, transaction
from app.customers.models import Customer
from app.customers.services import delete_customer
from app.expenses.models import ExpenseCategory
from app.expenses.services import add_expense, void_expense
from app.packages.models import Zone
from app.packages.services import save_zone
from app.payments.services import void_payment
from app.reporting import frame, views
from app.reporting.frame import ReportPage
from tests.cast import COLLECTOR, GA, GHAT, NORTH, PADMA_COLLECTOR, PADMA_GA, Cast
from tests.make import as_account, bill, pay

Person = Callable[[str], FlaskClient]
REPORTS = (
    "collections",
    "bills-by-operator",
    "dues-by-zone",
    "dues-by-customer",
    "expenses",
    "income",
    "operators",
    "ledgers",
    "ledger",
    "journal",
)
BOOKS = ("ledgers", "ledger", "journal")


@pytest.fixture
def english(as_person: Person) -> Person:
    """`english(email)`: a client, signed in, with pages in English."""

    def open_browser(email: str) -> FlaskClient:
        client = as_person(email)
        client.get("/lang/en")
        return client

    return open_browser


@pytest.fixture
def money(app: Flask, cast: Cast) -> int:
    """North billed ৳ 5,555 in August; the id of that bill.

    Its collector took ৳ 300 and ৳ 200, and ৳ 999 by mistake, padma's ৳ 7,777. North spent ৳ 120, and ৳ 50 by mistake.
    """
    with app.app_context():
        first, second = cast.customers[NORTH][:2]
        with pretending(datetime(2026, 8, 1, tzinfo=UTC)), as_account(NORTH), transaction() as session:
            old = generate_bill(
                session.get_one(Customer, first),
                5_555_00,
                description="Long ago",
                period=(date(2026, 8, 1), date(2026, 8, 31)),
                due_on=date(2026, 8, 10),
            ).id
        pay(COLLECTOR, first, 300_00)
        pay(COLLECTOR, second, 200_00)
        mistake = pay(COLLECTOR, first, 999_00)
        with as_account(NORTH), transaction():
            void_payment(mistake, "Wrong customer")
        pay(PADMA_COLLECTOR, cast.customers[PADMA_GA][0], 7_777_00)
        with as_account(NORTH), transaction() as session:
            category = ExpenseCategory(name="Fibre")
            session.add(category)
            session.flush()
            add_expense(category_id=category.id, spent_on=date(2026, 11, 20), amount=120_00)
            void_expense(add_expense(category_id=category.id, spent_on=date(2026, 11, 20), amount=50_00), "Twice")
    return old


def rows(client: FlaskClient, report: str, query: str = "") -> list[list[str]]:
    answer = client.get(f"/reports/{report}/report.csv{query}")
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def behind(client: FlaskClient, page: str, address: str) -> list[dict[str, str]]:
    """Follow a link of a page, and return all rows of the list it leads to."""
    assert f'href="{escape(address)}"' in client.get(page).text
    exported = client.get(address.replace("/list/", "/export", 1))
    assert exported.status_code == 200
    return list(csv.DictReader(io.StringIO(exported.text.removeprefix("\ufeff"))))


def added(found: list[dict[str, str]], column: str) -> str:
    return str(sum((Decimal(row[column]) for row in found), Decimal("0.00")))


def words(pdf: bytes, tmp_path: Path) -> str:
    (tmp_path / "report.pdf").write_bytes(pdf)
    read = subprocess.run(["pdftotext", tmp_path / "report.pdf", "-"], capture_output=True, text=True, check=True)
    return " ".join(read.stdout.split())


def test_the_collection_counts_valid_receipts_of_the_scope_by_person_and_day(
    app: Flask, money: int, english: Person
) -> None:
    head, *found = rows(english(NORTH), "collections")
    assert head == ["Person", "Date", "Receipts", "Cash", "Online", "Total"]
    assert found == [["Tanvir Ahmed", "2026-11-23", "2", "500.00", "0.00", "500.00"]]


def test_a_collection_of_other_days_or_of_another_person_is_empty(app: Flask, money: int, english: Person) -> None:
    client = english(NORTH)
    assert rows(client, "collections", "?paid_on_from=2026-10-01&paid_on_to=2026-10-31")[1:] == []
    assert (
        "No money came in on these days."
        in client.get("/reports/collections/?paid_on_from=2026-10-01&paid_on_to=2026-10-31").text
    )


def test_dues_stand_in_the_column_of_their_age(app: Flask, money: int, english: Person) -> None:
    head, *found = rows(english(NORTH), "dues-by-zone")
    at = head.index("Over 90 days")
    with app.app_context():
        left = bill(money).open
    assert 0 < left < 5_555_00
    assert [row[at] for row in found if row[at] != "0.00"] == [f"{left // 100}.{left % 100:02d}"]


def test_of_many_rows_the_first_are_drawn_the_total_is_that_of_all_and_the_csv_has_them(
    app: Flask, money: int, english: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, address = english(NORTH), "/reports/dues-by-customer/"
    links = re.compile(r'href="/customers/show/\d+"')
    whole = client.get(address).text
    head, *found = rows(client, "dues-by-customer")
    count = len(set(links.findall(whole)))
    assert count > 2 and "Only the first" not in whole
    monkeypatch.setattr(ReportPage, "most_drawn", 2)
    page = client.get(address).text
    assert len(set(links.findall(page))) == 2
    assert "Only the first 2 rows are shown. The CSV has all of them." in page
    foot = re.compile("<tfoot.*?</tfoot>", re.S)
    assert foot.findall(page) == foot.findall(whole) != []
    assert rows(client, "dues-by-customer") == [head, *found]


def test_more_rows_than_a_pdf_bears_are_refused_with_a_sentence_and_nothing_is_logged(
    app: Flask, money: int, english: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, address = english(NORTH), "/reports/dues-by-customer/report.pdf"
    for module in (frame, views):
        monkeypatch.setattr(module, "MOST_PRINTED", 1)
    before = _exports(app)
    answer = client.get(address)
    assert answer.status_code == 422
    assert "More than 1 rows do not go into one PDF. Narrow the report by its filters, or take the CSV." in answer.text
    assert _exports(app) == before
    for module in (frame, views):
        monkeypatch.setattr(module, "MOST_PRINTED", 100)
    assert client.get(address).mimetype == "application/pdf"
    assert _exports(app) == before + 1


def _exports(app: Flask) -> int:
    with app.app_context(), everywhere("the test counts"):
        return db.session.execute(select(func.count(Activity.id)).where(Activity.event == "list.exported")).scalar_one()


def test_dues_by_customer_are_the_figures_of_the_profiles(app: Flask, money: int, english: Person) -> None:
    head, *found = rows(english(NORTH), "dues-by-customer")
    with app.app_context(), as_account(NORTH):
        owed = {
            str(row.number): f"{row.due // 100}.{row.due % 100:02d}"
            for row in db.session.query(Customer).filter(Customer.due > 0)
        }
    assert owed
    assert {row[head.index("No.")]: row[head.index("Due")] for row in found} == owed


def test_an_area_shows_who_owes_in_its_streets_too(app: Flask, cast: Cast, money: int, english: Person) -> None:
    owing = cast.customers[NORTH][0]
    with app.app_context(), as_account(NORTH), transaction() as session:
        area = save_zone("Riverside", None)
        street = save_zone("Ferry Road", area.id)
        session.get_one(Customer, owing).zone_id = street.id
        number, zones = str(session.get_one(Customer, owing).number), (area.id, street.id)
    for zone in zones:
        head, *found = rows(english(NORTH), "dues-by-customer", f"?zone={zone}")
        assert [row[head.index("No.")] for row in found] == [number]


def test_expenses_are_summed_up_by_month_and_category_without_void_ones(
    app: Flask, money: int, english: Person
) -> None:
    _head, *found = rows(english(NORTH), "expenses")
    assert found == [["2026-11-01", "Fibre", "1", "120.00"]]


def test_income_and_expense_of_a_month_open_the_rows_they_are_the_sum_of(
    app: Flask, money: int, english: Person
) -> None:
    client = english(NORTH)
    head, *found = rows(client, "income")
    assert head == ["Month", "Collected", "Expense", "Left over"]
    assert found == [["2026-11-01", "500.00", "120.00", "380.00"]]
    days = "_from=2026-11-01&{0}_to=2026-11-30"
    payments = behind(client, "/reports/income/", f"/payments/list/?status=valid&paid_on{days.format('paid_on')}")
    expenses = behind(client, "/reports/income/", f"/expenses/list/?status=valid&spent_on{days.format('spent_on')}")
    assert (added(payments, "Amount"), added(expenses, "Amount")) == ("500.00", "120.00")
    assert [one["values"] for one in client.get("/reports/income/chart.json").json["series"]] == [[500_00], [120_00]]


def test_a_part_of_a_month_counts_and_opens_the_days_that_were_asked_for(
    app: Flask, money: int, english: Person
) -> None:
    query = "?on_from=2026-11-21&on_to=2026-11-25"
    client = english(NORTH)
    assert rows(client, "income", query)[1:] == [["2026-11-01", "500.00", "0.00", "500.00"]]
    address = "/payments/list/?status=valid&paid_on_from=2026-11-21&paid_on_to=2026-11-25"
    assert added(behind(client, f"/reports/income/{query}", address), "Amount") == "500.00"


def test_a_days_collection_opens_the_receipts_it_is_the_sum_of(app: Flask, money: int, english: Person) -> None:
    with app.app_context(), everywhere("tests look at everything"):
        collector = db.session.query(Account).filter_by(email=COLLECTOR).one().id
    address = f"/payments/list/?status=valid&collector={collector}&paid_on_from=2026-11-23&paid_on_to=2026-11-23"
    client = english(NORTH)
    assert added(behind(client, "/reports/collections/", address), "Amount") == "500.00"


def test_bills_by_operator_open_the_bills_they_are_the_sum_of(
    app: Flask, cast: Cast, money: int, english: Person
) -> None:
    with app.app_context(), as_account(NORTH), transaction() as session:
        mistake = generate_bill(
            session.get_one(Customer, cast.customers[NORTH][0]),
            999_00,
            description="Twice",
            period=(date(2026, 11, 1), date(2026, 11, 30)),
            due_on=date(2026, 11, 30),
        )
        void_bill(mistake, "Twice")
        account = session.query(Account).filter_by(email=NORTH).one()
        north, name = account.id, account.name
    client = english(GA)
    query = "period_from=2026-08-01&period_to=2026-11-30"
    head, *found = rows(client, "bills-by-operator", f"?{query}")
    assert head == ["Owner", "Bills", "Amount", "Discount", "VAT", "Total", "Paid", "Open"]
    (figures,) = [dict(zip(head, row, strict=True)) for row in found if row[0] == name]
    address = f"/bills/list/?status=not_void&owner={north}&{query}"
    bills = behind(client, f"/reports/bills-by-operator/?{query}", address)
    assert len(bills) == int(figures["Bills"]) > 0
    for column in ("Amount", "Discount", "VAT", "Total", "Paid", "Open"):
        assert added(bills, column) == figures[column]


def test_an_operator_reads_the_bills_of_its_own_customers_alone(app: Flask, money: int, english: Person) -> None:
    query = "?period_from=2026-08-01&period_to=2026-08-31"
    assert [row[1:3] for row in rows(english(NORTH), "bills-by-operator", query)[1:]] == [["1", "5555.00"]]
    assert rows(english(PADMA_GA), "bills-by-operator", query)[1:] == []


def test_a_narrow_list_of_bills_offers_a_manager_no_owners(app: Flask, cast: Cast, english: Person) -> None:
    assert "choices=owner" not in english(COLLECTOR).get("/bills/list/").text


def links_of(client: FlaskClient, page: str, start: str) -> list[str]:
    """Return the links of a report's table that begin with a path."""
    table = client.get(page).text.rpartition("<tbody")[2].partition("</tbody>")[0]
    return [unescape(one) for one in re.findall(r'href="([^"]+)"', table) if one.startswith(start)]


def test_each_age_of_dues_opens_the_bills_it_is_the_sum_of(app: Flask, cast: Cast, money: int, english: Person) -> None:
    with app.app_context(), as_account(GA), transaction() as session:
        # what a deleted customer owes is in no due, an archived zone still is
        session.get_one(Customer, cast.customers[NORTH][1]).zone_id = None
        delete_customer(session.get_one(Customer, cast.customers[GA][0]), "Moved away")
        session.get_one(Zone, cast.zones[NORTH][0]).archived_at = now()
    client = english(GA)
    head, *found = rows(client, "dues-by-zone")
    figures = [cell for row in found for cell in row[head.index("Not due yet") :] if cell != "0.00"]
    links = links_of(client, "/reports/dues-by-zone/", "/bills/list/")
    assert len(links) == len(figures) > 6
    for link, figure_of in zip(links, figures, strict=True):
        assert added(behind(client, "/reports/dues-by-zone/", link), "Open") == figure_of, link


def test_what_a_customer_owes_opens_its_bills(app: Flask, money: int, english: Person) -> None:
    client = english(GA)
    head, *found = rows(client, "dues-by-customer")
    links = links_of(client, "/reports/dues-by-customer/", "/bills/list/")
    assert len(links) == len(found) > 3
    for link, row in zip(links, found, strict=True):
        assert added(behind(client, "/reports/dues-by-customer/", link), "Open") == row[head.index("Due")], link


def test_a_category_opens_its_own_expenses_alone(app: Flask, cast: Cast, money: int, english: Person) -> None:
    with app.app_context():
        for email in (NORTH, GA):
            with as_account(email), transaction() as session:
                above = ExpenseCategory(name="Line")
                session.add(above)
                session.flush()
                below = ExpenseCategory(name="Fibre", parent_id=above.id)
                session.add(below)
                session.flush()
                for number, one in enumerate((above, below)):
                    add_expense(category_id=one.id, spent_on=date(2026, 11, 20), amount=(70 + number) * 100)
    client = english(GA)
    head, *found = rows(client, "expenses")
    names = [row[1] for row in found]
    assert len(names) == 5 and names.count("Line") == names.count("Line › Fibre") == 1
    links = links_of(client, "/reports/expenses/", "/expenses/list/")[1::2]
    for link, row in zip(links, found, strict=True):
        spent = behind(client, "/reports/expenses/", link)
        assert (added(spent, "Amount"), str(len(spent))) == (row[head.index("Amount")], row[head.index("Entries")]), (
            link
        )


def test_cash_of_a_day_opens_its_receipts(app: Flask, money: int, english: Person) -> None:
    client = english(GA)
    head, *found = rows(client, "collections")
    links = [one for one in links_of(client, "/reports/collections/", "/payments/list/") if "method=cash" in one]
    figures = [row[head.index("Cash")] for row in found if row[head.index("Cash")] != "0.00"]
    assert len(links) == len(figures) > 0
    for link, cash in zip(links, figures, strict=True):
        assert added(behind(client, "/reports/collections/", link), "Amount") == cash


def test_the_journal_has_every_line_of_every_entry_and_each_entry_is_in_balance(
    app: Flask, money: int, english: Person
) -> None:
    head, *found = rows(english(GA), "journal", "?posted_on_from=2026-01-01&posted_on_to=2026-12-31")
    at = {name: head.index(name) for name in ("Entry no.", "Debit", "Credit", "What")}
    with app.app_context(), as_account(GA):
        entries = list(db.session.execute(select(JournalEntry)).scalars())
        lines = db.session.execute(select(func.count(JournalLine.id))).scalar_one()
    assert len(found) == lines
    assert {row[at["Entry no."]] for row in found} == {str(one.id) for one in entries}
    for one in entries:
        of_it = [row for row in found if row[at["Entry no."]] == str(one.id)]
        assert sum(figure(row[at["Debit"]]) - figure(row[at["Credit"]]) for row in of_it) == 0
    payments = rows(english(GA), "journal", "?posted_on_from=2026-01-01&kind=payment")[1:]
    assert {row[at["What"]] for row in payments} == {"Payment"}


def test_an_entry_of_the_journal_leads_to_what_it_stands_for_and_to_the_ledger_of_whose_it_is(
    app: Flask, cast: Cast, money: int, english: Person
) -> None:
    client = english(GA)
    page = "/reports/journal/?kind=payment"
    with app.app_context(), as_account(GA):
        paid = set(db.session.execute(select(JournalEntry.payment_id).where(JournalEntry.kind == "payment")).scalars())
    assert {int(one.rpartition("/")[2]) for one in links_of(client, page, "/payments/show/")} == paid
    ledgers = links_of(client, page, "/reports/ledger/")
    assert len(ledgers) >= 2 * len(paid)
    for link in ledgers:
        assert client.get(link).status_code == 200


def test_an_entry_is_shown_whole_or_not_at_all_on_a_page_that_is_full_and_the_csv_has_them_all(
    app: Flask, money: int, english: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = english(GA)
    everything = rows(client, "journal", "?posted_on_from=2026-01-01")
    monkeypatch.setattr("app.reporting.book_views.MOST_LINES", 6)
    assert rows(client, "journal", "?posted_on_from=2026-01-01") == everything
    page = client.get("/reports/journal/?posted_on_from=2026-01-01").text
    assert "Only the first 6 lines are shown" in page
    foot = re.sub(r"<[^>]+>", " ", page.rpartition("<tfoot")[2].partition("</tfoot>")[0])
    debit, credit = re.findall(r"৳\s*([\d,]+ *\.\d\d)", foot)
    assert debit == credit


def test_the_ledger_of_one_person_and_of_one_customer_ends_with_its_own_balance(
    app: Flask, cast: Cast, money: int, english: Person
) -> None:
    client, year = english(GA), "&posted_on_from=2026-01-01"
    with app.app_context(), as_account(GA):
        who = db.session.get_one(Customer, cast.customers[NORTH][0])
        number, owed, collector = who.number, who.balance, cast.accounts[COLLECTOR]
        held = balance_of(Ledger.CASH, collector)
    for query, wanted in (
        (f"ledger=customer&whose={cast.customers[NORTH][0]}", owed),
        (f"ledger=customer&customer={number}", owed),
        (f"ledger=cash&whose={collector}", held),
    ):
        _head, *lines = rows(client, "ledger", f"?{query}{year}")
        assert figure(lines[-1][-1]) == wanted and len(lines) > 2, query
    foreign = rows(client, "ledger", f"?ledger=customer&whose={cast.customers[PADMA_GA][0]}{year}")
    assert "7777" not in str(foreign)


@pytest.mark.parametrize("report", REPORTS)
def test_each_report_has_a_drawing_whose_figures_are_those_of_its_rows(
    app: Flask, money: int, english: Person, report: str
) -> None:
    client = english(GA)
    page = client.get(f"/reports/{report}/").text
    assert f'data-chart="/reports/{report}/chart.json"' in page and "Figures as a table" in page
    drawn = client.get(f"/reports/{report}/chart.json")
    assert drawn.status_code == 200 and drawn.json["series"]
    column = {"collections": "Total", "bills-by-operator": "Total", "dues-by-zone": "Due", "dues-by-customer": "Due"}
    name = column.get(report, {"expenses": "Amount"}.get(report))
    if name is not None:
        head, *found = rows(client, report)
        assert sum(value for one in drawn.json["series"] for value in one["values"]) == sum(
            figure(row[head.index(name)]) for row in found
        )


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize(("language", "unwanted"), [("en", "মোট"), ("bn", "Total")])
def test_each_report_is_a_page_and_a_pdf_in_the_readers_language(
    app: Flask, money: int, as_person: Person, report: str, language: str, unwanted: str, tmp_path: Path
) -> None:
    client = as_person(GA if report in BOOKS else NORTH)
    client.get(f"/lang/{language}")
    page = client.get(f"/reports/{report}/")
    assert page.status_code == 200
    pdf = client.get(f"/reports/{report}/report.pdf")
    assert pdf.mimetype == "application/pdf"
    text = words(pdf.data, tmp_path)
    assert unwanted not in text
    assert {"en": "Page 1 of", "bn": "পৃষ্ঠা"}[language] in text


@pytest.mark.parametrize("report", REPORTS)
def test_another_tenants_figures_are_in_no_report(app: Flask, money: int, english: Person, report: str) -> None:
    text = str(rows(english(GA), report))
    assert "7777" not in text
    assert "500.00" in text or report != "collections"


def test_a_manager_opens_no_report(app: Flask, money: int, as_person: Person) -> None:
    client = as_person(COLLECTOR)
    for address in ("/reports/", "/reports/collections/", "/reports/collections/report.pdf"):
        assert client.get(address).status_code == 403


def test_taking_a_report_out_is_logged(app: Flask, money: int, english: Person) -> None:
    client = english(NORTH)
    client.get("/reports/collections/report.pdf")
    client.get("/reports/expenses/report.csv")
    with app.app_context(), everywhere("tests look at everything"):
        found = [row.detail for row in db.session.query(Activity).filter_by(event="list.exported")]
    assert ["collections" in found[0], "expenses" in found[1]] == [True, True]


@pytest.mark.parametrize("query", ["?paid_on_from=nonsense", "?paid_on_from=9999-99-99&paid_on_to=x", "?person=1'--"])
def test_a_nonsensical_address_is_no_error(app: Flask, money: int, english: Person, query: str) -> None:
    assert english(NORTH).get(f"/reports/collections/{query}").status_code == 200


def figure(text: str) -> int:
    """Return an amount of a CSV in paisa."""
    whole, _dot, rest = text.partition(".")
    return int(whole.lstrip("-") + rest) * (-1 if text.startswith("-") else 1)


def test_the_ledgers_of_a_company_are_in_balance_and_each_ends_where_its_lines_do(
    app: Flask, money: int, english: Person
) -> None:
    client = english(GA)
    head, *found = rows(client, "ledgers", "?posted_on_from=2026-09-01&posted_on_to=2026-12-31")
    closing = head.index("Balance")
    assert sum(figure(row[closing]) for row in found) == 0
    assert sum(figure(row[head.index("Before")]) for row in found) == 0
    links = links_of(client, "/reports/ledgers/?posted_on_from=2026-09-01&posted_on_to=2026-12-31", "/reports/ledger/")
    assert len(links) == len(found) > 3
    for link, row in zip(links, found, strict=True):
        _head, *lines = rows(client, "ledger", "?" + link.partition("?")[2])
        assert figure(lines[0][-1]) == figure(row[head.index("Before")]), row[0]
        assert figure(lines[-1][-1]) == figure(row[closing]), row[0]


@pytest.mark.parametrize("report", BOOKS)
@pytest.mark.parametrize("email", [NORTH, GHAT, COLLECTOR])
def test_the_books_open_to_the_group_admin_alone(
    app: Flask, money: int, english: Person, email: str, report: str
) -> None:
    client = english(email)
    for form in ("", "report.pdf", "report.csv"):
        assert client.get(f"/reports/{report}/{form}").status_code == 403
    if email != COLLECTOR:
        assert f"/reports/{report}/" not in client.get("/reports/").text
    assert f"/reports/{report}/" in english(GA).get("/reports/").text


def test_the_accounts_of_operators_end_where_their_statements_do(app: Flask, money: int, english: Person) -> None:
    head, *found = rows(english(GA), "operators", "?posted_on_from=2026-09-01&posted_on_to=2026-12-31")
    with app.app_context(), everywhere("the test reads every account"):
        balances = {name: balance for name, balance in db.session.execute(select(Account.name, Account.balance))}
    assert found
    for row in found:
        assert figure(row[head.index("Account balance")]) == balances[row[0]], row[0]
    assert any(figure(row[head.index("Taken")]) for row in found)
    own, *below = rows(english(NORTH), "operators")
    assert own == head and all(row[0] != "North" for row in below)
