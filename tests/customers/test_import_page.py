"""The import page: checked first, imported as a job, the refused rows as a file to repair, undone as a whole while nothing was billed."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.access.scope import everywhere
from app.activity.models import Activity
from app.core.clock import now
from app.core.database import db, transaction
from app.customers.importing import HEADER, read_rows, remove_old_uploads
from app.customers.models import Customer, CustomerImport, ImportState
from app.payments.services import receive_cash
from tests.cast import COLLECTOR, GA, NORTH, OFFICE, PADMA_GA, Cast
from tests.customers.test_importing import GOOD, REFUSED, SAMPLE
from tests.make import as_account

People = Callable[[str], FlaskClient]


@pytest.fixture
def ga(as_person: People) -> FlaskClient:
    """The Group Admin's browser, in English."""
    client = as_person(GA)
    client.get("/lang/en")
    return client


def upload(client: FlaskClient, content: bytes, name: str = "customers.csv") -> Any:
    """Send a file through the form, as a browser would."""
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/import/add").text)
    assert token is not None
    return client.post("/import/add", data={"csrf_token": token.group(1), "file": (io.BytesIO(content), name)})


def press(client: FlaskClient, page: str, address: str) -> Any:
    """Send the form that leads to an address."""
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(page).text)
    assert token is not None
    return client.post(address, data={"csrf_token": token.group(1)})


def count(app: Flask) -> int:
    """Return how many customers there are, deleted ones left out."""
    with app.app_context(), everywhere("tests look at everything"):
        return db.session.execute(select(func.count(Customer.id)).where(Customer.deleted_at.is_(None))).scalar_one()


def csv_of(*rows: dict[str, str], delimiter: str = ",") -> bytes:
    """Return a file with these rows."""
    lines = [HEADER, *[tuple((GOOD | row).values()) for row in rows]]
    return "\r\n".join(delimiter.join(line) for line in lines).encode("utf-8-sig")


def test_the_check_names_every_refused_row_and_imports_nothing(app: Flask, cast: Cast, ga: FlaskClient) -> None:
    before = count(app)
    answer = upload(ga, SAMPLE.read_bytes())
    assert answer.status_code == 303 and count(app) == before
    page = ga.get(answer.location).text
    for line, reason in REFUSED.items():
        assert re.search(rf">{line}</span>.*?{re.escape(reason)}", page, re.S), f"line {line}: {reason}"
    assert "Nothing is imported yet" in page and f"Import {240 - len(REFUSED)} customers" in page


def test_the_good_rows_come_in_and_the_log_says_how_many(app: Flask, cast: Cast, ga: FlaskClient) -> None:
    before, page = count(app), upload(ga, SAMPLE.read_bytes()).location
    answer = press(ga, page, page.replace("/show/", "/start/"))
    assert answer.status_code == 303 and answer.location.startswith("/jobs/")
    assert count(app) == before + 240 - len(REFUSED)
    assert "226 customers imported" in ga.get("/activity/?q=customers.csv").text
    with app.app_context(), everywhere("tests look at everything"):
        assert (
            db.session.execute(select(func.count(Activity.id)).where(Activity.event == "import.done")).scalar_one() == 1
        )
    left = [path.suffix for path in (Path(app.config["FILES_FOLDER"]) / "imports").iterdir()]
    assert left == [".refused"], "the file held passwords"


def test_two_taps_on_import_bring_the_customers_in_once(app: Flask, cast: Cast, ga: FlaskClient) -> None:
    before, page = count(app), upload(ga, csv_of({})).location
    for _tap in range(2):
        assert press(ga, page, page.replace("/show/", "/start/")).status_code == 303
    assert count(app) == before + 1


def test_the_refused_rows_come_back_as_a_file_that_is_imported_once_repaired(
    app: Flask, cast: Cast, ga: FlaskClient
) -> None:
    page = upload(ga, csv_of({"Username": "fine"}, {"Username": "=bad", "Phone": "123"})).location
    address = page.replace("/show/", "/repair/")
    assert f'href="{address}"' in ga.get(page).text
    file = ga.get(address).data
    assert b"'=bad" in file and b"A mobile number has 11 digits" in file
    assert "Customers that were not imported" in ga.get("/activity/").text
    repaired = file.decode("utf-8-sig").replace("'=bad", "good").replace("123,", "01812345678,")
    rows = read_rows(repaired.encode())
    assert len(rows) == 1 and rows[0][1][0] == "good" and len(rows[0][1]) == len(HEADER)
    again = upload(ga, repaired.encode()).location
    assert "Import 1 customers" in ga.get(again).text


def test_who_reads_in_another_language_reads_the_reasons_in_it_on_the_page_and_in_the_file(
    app: Flask, cast: Cast, ga: FlaskClient
) -> None:
    """The job ran in the account's language, Bengali; who looks chose English, and then the other way round."""
    page = upload(
        ga,
        csv_of(
            {"Username": "a1", "Package": "Rocket 9"},
            {"Username": "a2", "Phone": "123"},
            {"Username": "a3", "Zone": "z" * 81},
        ),
    ).location
    file = page.replace("/show/", "/repair/")
    english = ("There is no package Rocket 9.", "A mobile number has 11 digits", "At most 80 characters.")
    bengali = ("Rocket 9 নামে", "মোবাইল নম্বর", "৮০")
    for language, wanted, unwanted in (("en", english, "মোবাইল নম্বরে"), ("bn", bengali, "A mobile number")):
        ga.get(f"/lang/{language}")
        for place in (page, file):
            text = ga.get(place).text
            assert all(one in text for one in wanted), (place, text[-2000:])
            assert unwanted not in text


def test_rows_with_passwords_are_gone_after_a_day_and_a_file_nobody_imports_after_a_week(
    app: Flask, cast: Cast, as_person: People, clock: Any
) -> None:
    page = upload(as_person(GA), csv_of({"Username": "a1"}, {"Username": "a2", "Phone": "123"})).location
    # the files carry the time of the system, which no test sets
    for path in (Path(app.config["FILES_FOLDER"]) / "imports").iterdir():
        os.utime(path, (now().timestamp(),) * 2)
    for days, left in ((1, 1), (7, 0)):
        clock.forward(days=days, minutes=1)
        with app.app_context():
            assert remove_old_uploads() == 1
        assert len(list((Path(app.config["FILES_FOLDER"]) / "imports").iterdir())) == left
    browser = as_person(GA)
    assert browser.get(page.replace("/show/", "/repair/")).status_code == 404
    assert browser.get(page).status_code == 200


def test_a_username_twice_in_the_file_is_refused_the_second_time_however_far_apart(
    app: Flask, cast: Cast, ga: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.customers.importing.CHECKED_AT_ONCE", 1)
    page = upload(ga, csv_of({"Username": "twin"}, {"Username": "other"}, {"Username": "TWIN"})).location
    with app.app_context(), everywhere("tests look at everything"):
        made = db.session.execute(select(CustomerImport)).scalar_one()
        assert (made.good, made.bad, [row["line"] for row in made.reasons]) == (2, 1, [4])
    assert "in use already" in ga.get(page).text


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_files_of_spreadsheets_of_any_country_are_read(app: Flask, delimiter: str) -> None:
    assert [cells[0] for _line, cells in read_rows(csv_of({}, {"Username": "b"}, delimiter=delimiter))] == [
        GOOD["Username"],
        "b",
    ]


def test_a_workbook_is_read_with_the_zero_that_spreadsheets_drop(app: Flask) -> None:
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    book.active.append([*(GOOD | {"Username": "x1"}).values()][:3] + [1712345678, None, None, "Home 10M", "Monthly 10"])
    file = io.BytesIO()
    book.save(file)
    ((line, cells),) = read_rows(file.getvalue())
    assert line == 2 and cells[3] == "01712345678" and len(cells) == len(HEADER)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b"PK\x03\x04nonsense", "The spreadsheet cannot be read."),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"Name,Phone\r\n", "other columns"),
        (csv_of(), "The file holds no customers."),
        (b"\x00" * 40, "not a text file"),
    ],
)
def test_what_is_no_list_of_customers_is_refused_with_a_sentence(
    app: Flask, cast: Cast, ga: FlaskClient, content: bytes, sentence: str
) -> None:
    answer = upload(ga, content)
    assert answer.status_code == 422 and sentence in answer.text
    with app.app_context(), everywhere("tests look at everything"):
        assert db.session.execute(select(func.count(CustomerImport.id))).scalar_one() == 0


def test_an_import_is_undone_as_a_whole_and_can_be_made_again(app: Flask, cast: Cast, ga: FlaskClient) -> None:
    before, page = count(app), upload(ga, csv_of({"Username": "a1"}, {"Username": "a2"})).location
    press(ga, page, page.replace("/show/", "/start/"))
    assert count(app) == before + 2
    undo = page.replace("/show/", "/undo/")
    assert press(ga, undo, undo).status_code == 303
    assert count(app) == before
    again = upload(ga, csv_of({"Username": "a1"})).location
    assert "Import 1 customers" in ga.get(again).text


def test_nothing_is_undone_once_one_of_the_customers_has_paid(app: Flask, cast: Cast, ga: FlaskClient) -> None:
    page = upload(ga, csv_of({"Username": "a1"}, {"Username": "a2"})).location
    press(ga, page, page.replace("/show/", "/start/"))
    with app.app_context(), as_account(OFFICE), transaction():
        paid = db.session.execute(select(Customer).where(Customer.username == "a1")).scalar_one()
        receive_cash(paid, 500_00, request_id=str(uuid4()))
    before, undo = count(app), page.replace("/show/", "/undo/")
    answer = press(ga, undo, undo)
    assert answer.status_code == 422 and "1 customer of this import has a bill or a payment" in answer.text
    assert count(app) == before
    with app.app_context(), everywhere("tests look at everything"):
        assert db.session.execute(select(CustomerImport.state)).scalar_one() == ImportState.IMPORTED


def test_an_operator_imports_into_its_own_scope_alone(app: Flask, cast: Cast, as_person: People) -> None:
    north = as_person(NORTH)
    north.get("/lang/en")
    page = upload(
        north, csv_of({"Username": "n1"}, {"Username": "n2", "Operator": "south@meghna.example.com"})
    ).location
    shown = north.get(page).text
    assert "There is no operator south@meghna.example.com." in shown and "Import 1 customers" in shown
    for stranger in (PADMA_GA, "south@meghna.example.com"):
        assert as_person(stranger).get(page).status_code == 404


def test_a_manager_imports_nothing(app: Flask, cast: Cast, as_person: People) -> None:
    for manager in (OFFICE, COLLECTOR):
        assert as_person(manager).get("/import/repair/1").status_code == 403
        assert as_person(manager).get("/import/").status_code == 403
        assert as_person(manager).get("/import/add").status_code == 403
