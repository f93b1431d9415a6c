"""A customer's statement as PDF and CSV: behind both keys, every movement once, the same balance as the profile."""

import csv
import io
import re
import subprocess
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.access.scope import everywhere
from app.accounts.models import Account
from app.accounts.services import set_keys
from app.activity.models import Activity
from app.core.clock import today
from app.core.database import db, transaction
from app.core.language import to_ascii_digits
from tests.cast import COLLECTOR, NORTH, PADMA_COLLECTOR, Cast
from tests.make import customer, pay

Person = Callable[[str], FlaskClient]


@pytest.fixture
def paid(app: Flask, cast: Cast) -> int:
    """A customer of north that has paid ৳ 300; its id."""
    with app.app_context():
        pay(COLLECTOR, cast.customers[NORTH][0], 300_00)
    return cast.customers[NORTH][0]


def test_the_last_balance_is_what_the_customer_owes(app: Flask, paid: int, as_person: Person, tmp_path: Path) -> None:
    client = as_person(COLLECTOR)
    client.get("/lang/en")
    lines = list(csv.reader(io.StringIO(client.get(f"/statements/{paid}/statement.csv").text.removeprefix("\ufeff"))))
    with app.app_context():
        balance = customer(paid).balance
    assert lines[0] == ["Date", "Entry", "Note", "Billed", "Paid", "Balance"]
    assert lines[-1][-1] == f"{balance / 100:.2f}"
    (tmp_path / "s.pdf").write_bytes(client.get(f"/statements/{paid}/statement.pdf").data)
    text = subprocess.run(["pdftotext", tmp_path / "s.pdf", "-"], capture_output=True, text=True, check=True).stdout
    assert f"{abs(balance) / 100:,.2f}" in to_ascii_digits(text)


def test_the_profile_leads_to_both(app: Flask, paid: int, as_person: Person) -> None:
    page = as_person(COLLECTOR).get(f"/customers/show/{paid}?tab=statement").text
    assert f"/statements/{paid}/statement.pdf" in page
    assert f"/statements/{paid}/statement.csv" in page


@pytest.mark.parametrize("missing", ["print-invoice", "view-customer-payments"])
def test_either_key_alone_is_refused(app: Flask, cast: Cast, paid: int, as_person: Person, missing: str) -> None:
    client = as_person(COLLECTOR)
    with app.app_context(), everywhere("tests grant keys"), transaction():
        keys = {"print-invoice", "view-customer-payments"} - {missing}
        set_keys(db.session.get_one(Account, cast.accounts[COLLECTOR]), keys)
    for ending in ("pdf", "csv"):
        assert client.get(f"/statements/{paid}/statement.{ending}").status_code == 403


def test_a_foreign_customer_has_no_statement(app: Flask, paid: int, as_person: Person) -> None:
    assert as_person(PADMA_COLLECTOR).get(f"/statements/{paid}/statement.pdf").status_code in (403, 404)


def test_taking_it_out_is_logged(app: Flask, paid: int, as_person: Person) -> None:
    as_person(COLLECTOR).get(f"/statements/{paid}/statement.pdf")
    with app.app_context(), everywhere("tests look at everything"):
        assert db.session.query(Activity).filter_by(event="statement.printed", customer_id=paid).count() == 1


# --- Some days ---------------------------------------------------------------------------------------------------


@pytest.fixture
def three_months(app: Flask, cast: Cast) -> int:
    """A customer of north who paid ৳ 100 today, then one payment dated back two days and one of five; its id."""
    customer_id = cast.customers[NORTH][0]
    with app.app_context():
        pay(COLLECTOR, customer_id, 100_00)
        pay(NORTH, customer_id, 20_00, paid_on=today() - timedelta(days=2))
        pay(NORTH, customer_id, 3_00, paid_on=today() - timedelta(days=5))
    return customer_id


def sheet(
    client: FlaskClient, customer_id: int, first: date | None = None, last: date | None = None
) -> list[list[str]]:
    """The rows of the statement as CSV, without the titles."""
    client.get("/lang/en")
    query = {name: day.isoformat() for name, day in (("on_from", first), ("on_to", last)) if day}
    answer = client.get(f"/statements/{customer_id}/statement.csv", query_string=query)
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))[1:]


def paisa(text: str) -> int:
    return round(float(text) * 100) if text else 0


def test_lines_stand_in_the_order_of_their_days(three_months: int, as_person: Person) -> None:
    days = [row[0] for row in sheet(as_person(COLLECTOR), three_months)]
    assert days == sorted(days)
    assert len(set(days)) >= 3


@pytest.mark.parametrize(("ago_first", "ago_last"), [(5, 0), (4, 1), (2, 2), (0, 0), (400, 0), (1, 1)])
def test_what_was_owed_before_and_the_lines_make_what_is_owed_after(
    ago_first: int, ago_last: int, three_months: int, as_person: Person
) -> None:
    client = as_person(COLLECTOR)
    first, last = today() - timedelta(days=ago_first), today() - timedelta(days=ago_last)
    whole = sheet(client, three_months)
    before, *lines = sheet(client, three_months, first, last)
    assert before[1:5] == ["Balance before", "", "", ""]
    assert [row[:5] for row in lines] == [row[:5] for row in whole if first.isoformat() <= row[0] <= last.isoformat()]
    earlier = [row for row in whole if row[0] < first.isoformat()]
    assert paisa(before[5]) == sum(paisa(row[3]) - paisa(row[4]) for row in earlier)
    closing = paisa(before[5]) + sum(paisa(row[3]) - paisa(row[4]) for row in lines)
    assert paisa(([before, *lines])[-1][5]) == closing


def test_the_first_day_alone_runs_to_today_and_the_last_alone_begins_at_the_beginning(
    app: Flask, three_months: int, as_person: Person
) -> None:
    client = as_person(COLLECTOR)
    with app.app_context():
        balance = customer(three_months).balance
    assert paisa(sheet(client, three_months, first=today() - timedelta(days=3))[-1][5]) == balance
    whole = sheet(client, three_months)
    assert sheet(client, three_months, last=today()) == whole
    assert sheet(client, three_months, last=today() - timedelta(days=1)) == [
        row for row in whole if row[0] < today().isoformat()
    ]


def test_the_profile_and_its_documents_speak_of_the_same_days(three_months: int, as_person: Person) -> None:
    client = as_person(COLLECTOR)
    first, last = today() - timedelta(days=3), today() - timedelta(days=1)
    page = client.get(f"/customers/show/{three_months}?tab=statement&on_from={first}&on_to={last}").text
    assert "আগের স্থিতি" in page
    assert f"/statements/{three_months}/statement.pdf?on_from={first}&amp;on_to={last}" in page
    assert 'name="tab" value="statement"' in page
    rows = re.sub(r"<[^>]+>", "", page.partition("<table")[2].partition("</table>")[0])
    assert "২০.০০" in rows
    assert "১০০.০০" not in rows


def test_days_that_cannot_be_get_a_sentence_and_no_document(app: Flask, three_months: int, as_person: Person) -> None:
    client = as_person(COLLECTOR)
    query = f"on_from={today()}&on_to={today() - timedelta(days=1)}"
    page = client.get(f"/customers/show/{three_months}?tab=statement&{query}").text
    assert "শুরুর তারিখ শেষের তারিখের পরে।" in page
    assert "statement.pdf" not in page
    for ending in ("pdf", "csv"):
        answer = client.get(f"/statements/{three_months}/statement.{ending}?{query}")
        assert answer.status_code == 422
        assert "শুরুর তারিখ শেষের তারিখের পরে।" in answer.text
    with app.app_context(), everywhere("tests look at everything"):
        assert db.session.query(Activity).filter_by(event="statement.printed").count() == 0


@pytest.mark.parametrize("nonsense", ["on_from=yesterday", "on_to=2026-02-30", "on_from=0001-01-01", "on_from=1%27"])
def test_what_is_no_date_is_left_out_as_in_every_list(nonsense: str, three_months: int, as_person: Person) -> None:
    client = as_person(COLLECTOR)
    whole = sheet(client, three_months)
    answer = client.get(f"/statements/{three_months}/statement.csv?{nonsense}")
    assert list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))[1:] == whole
    assert client.get(f"/customers/show/{three_months}?tab=statement&{nonsense}").status_code == 200


def test_the_paper_names_its_days_in_the_customer_s_language(
    three_months: int, as_person: Person, tmp_path: Path
) -> None:
    first, last = date(2026, 11, 20), date(2026, 11, 22)
    answer = as_person(COLLECTOR).get(f"/statements/{three_months}/statement.pdf?on_from={first}&on_to={last}")
    (tmp_path / "s.pdf").write_bytes(answer.data)
    text = subprocess.run(["pdftotext", tmp_path / "s.pdf", "-"], capture_output=True, text=True, check=True).stdout
    assert "২০–২২ নভেম্বর ২০২৬" in text
    assert "আগের স্থিতি" in text
