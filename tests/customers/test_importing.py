"""Customers come in from a CSV file: every bad row named with its line and reason, every good row in, nothing twice."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import select

from app.access.scope import everywhere
from app.accounts.models import Account
from app.billing.models import Bill
from app.core.clock import now
from app.core.database import db, transaction
from app.core.errors import Refused
from app.customers.importing import HEADER, LARGEST_FILE, ImportReport, import_customers, read_file
from app.customers.models import Customer
from app.packages.models import Package, Zone
from tests.cast import GA, GHAT, NORTH, PADMA_GA, SOUTH
from tests.make import as_account

SAMPLE = Path(__file__).parent.parent / "data" / "customers-import.csv"

REFUSED = {
    6: "Enter the username.",
    13: "This username is in use already. Choose another.",
    15: "This username is in use already. Choose another.",
    27: "Enter the name.",
    37: "A mobile number has 11 digits and begins with 013 to 019.",
    45: "The phone number is missing.",
    59: "This is not an email address.",
    75: "There is no operator nobody@meghna.example.com.",
    77: "There is no operator ga@padma.example.com.",
    91: "There is no package Home 999M.",
    101: "There is no billing profile Weekly.",
    108: "This connection type cannot be billed by this profile.",
    138: "At most 120 characters.",
    171: "The row has 6 columns instead of 10.",
}
"""The rows of the sample file that must be refused, by the line of the file on which each begins."""

GOOD = {
    "Username": "new.line-1",
    "Password": "secret12",
    "Full Name": "Rahima Khatun",
    "Phone": "01712345678",
    "Email": "",
    "Operator": "",
    "Package": "Home 10M",
    "Billing Profile": "Monthly 10",
    "Zone": "",
    "Address": "",
}


@pytest.fixture
def english(cast: Any, context: Flask) -> Iterator[None]:
    """The cast, with sentences in English."""
    with force_locale("en"):
        yield


def _file(*rows: dict[str, str], encoding: str = "utf-8-sig") -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADER)
    for row in rows:
        writer.writerow((GOOD | row).values())
    return text.getvalue().encode(encoding)


def _import(content: bytes, who: str = GA) -> ImportReport:
    with as_account(who):
        return import_customers(content)


def _refusals(report: ImportReport) -> dict[int, str]:
    return {bad.line: bad.reason for bad in report.refused}


def _customer(username: str) -> Customer:
    with everywhere("tests look at everything"):
        return db.session.execute(select(Customer).where(Customer.username == username)).scalar_one()


def _count() -> int:
    with everywhere("tests look at everything"):
        return len(db.session.execute(select(Customer.id)).all())


# --- The sample ---------------------------------------------------------------------------------------------------


def test_the_sample_is_taken_row_by_row_as_expected(english: None) -> None:
    before = _count()
    report = _import(SAMPLE.read_bytes())
    assert _refusals(report) == REFUSED
    assert report.imported == 240 - len(REFUSED)
    assert _count() == before + report.imported
    with everywhere("tests look at everything"):
        stored = {
            customer.username: (customer.name, db.session.get_one(Account, customer.owner_id).email)
            for customer in db.session.execute(select(Customer)).scalars()
        }
    reader = csv.reader(io.StringIO(SAMPLE.read_text(encoding="utf-8-sig"), newline=""))
    next(reader)
    begins = 2
    for cells in reader:
        line, begins = begins, reader.line_num + 1
        if line not in REFUSED:
            assert stored[cells[0]] == (" ".join(cells[2].split()), cells[5] or GA), f"line {line}"


def test_the_sample_again_brings_nothing_twice(english: None) -> None:
    _import(SAMPLE.read_bytes())
    before = _count()
    report = _import(SAMPLE.read_bytes())
    assert (report.imported, len(report.refused)) == (0, 240)
    assert _count() == before


def test_formulas_and_markup_stay_the_text_they_are(english: None) -> None:
    formula = '=HYPERLINK("http://x.example.com","click")'
    report = _import(
        _file(
            {"Username": "a", "Full Name": formula},
            {"Username": "b", "Full Name": "@SUM(1+1)*cmd|calc"},
            {"Username": "c", "Full Name": "<script>alert(1)</script>", "Address": "<b>12</b> {{ 7*7 }}"},
            # a quote that the export put before a formula is taken off again (spec §11.14)
            {"Username": "d", "Full Name": "'" + formula},
            {"Username": "e", "Full Name": "'Boss' Computer"},
        )
    )
    assert _refusals(report) == {}
    assert [_customer(name).name for name in "abcde"] == [
        formula,
        "@SUM(1+1)*cmd|calc",
        "<script>alert(1)</script>",
        formula,
        "'Boss' Computer",
    ]
    assert _customer("c").address == "<b>12</b> {{ 7*7 }}"


# --- Cells --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "01712345678",
        "+8801712345678",
        "8801712345678",
        "01712-345678",
        "+880 1712 345678",
        "০১৭১২৩৪৫৬৭৮",
        "+৮৮০১৭১২-৩৪৫৬৭৮",
        " 01712345678 ",
    ],
)
def test_phones_are_taken_in_every_spelling(english: None, typed: str) -> None:
    assert _import(_file({"Phone": typed})).imported == 1
    assert _customer("new.line-1").mobile == "+8801712345678"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"Phone": "01212345678"}, "A mobile number has 11 digits and begins with 013 to 019."),
        ({"Phone": "1712345678"}, "A mobile number has 11 digits and begins with 013 to 019."),
        ({"Phone": "  "}, "The phone number is missing."),
        ({"Username": "two words"}, "A username has letters, digits and . _ @ + - only, at most 64."),
        ({"Username": "x" * 65}, "A username has letters, digits and . _ @ + - only, at most 64."),
        ({"Full Name": "\u200b\u200d"}, "Enter the name."),
        ({"Full Name": "x" * 121}, "At most 120 characters."),
        ({"Password": "x" * 65}, "At most 64 characters."),
        (
            {"Password": "ends-in-\\"},
            "A connection password has no backslash, tab or line break: the RADIUS server would read another one.",
        ),
        (
            {"Password": '"%{User-Name}"'},
            "A connection password does not stand in quotation marks: the RADIUS server would take them away.",
        ),
        ({"Email": "a@b"}, "This is not an email address."),
        ({"Zone": "x" * 81}, "At most 80 characters."),
        ({"Package": ""}, "There is no package ."),
        ({"Operator": "office@meghna.example.com"}, "There is no operator office@meghna.example.com."),
        ({"Operator": PADMA_GA}, "There is no operator ga@padma.example.com."),
        ({"Package": "Hotspot Weekly"}, "This connection type cannot be billed by this profile."),
        (
            {"Package": "Business 50M", "Billing Profile": "Daily"},
            "This connection type cannot be billed by this profile.",
        ),
    ],
)
def test_a_bad_row_is_refused_with_its_reason_and_the_next_one_is_taken(
    english: None, row: dict[str, str], reason: str
) -> None:
    report = _import(_file(row, {"Username": "after.it"}))
    assert _refusals(report) == {2: reason}
    assert report.imported == 1
    assert _customer("after.it").name == "Rahima Khatun"


def test_of_equal_usernames_the_first_wins_whatever_the_case(english: None) -> None:
    report = _import(_file({"Username": "Rahima", "Full Name": "First"}, {"Username": "RAHIMA", "Full Name": "Second"}))
    assert _refusals(report) == {3: "This username is in use already. Choose another."}
    assert _customer("Rahima").name == "First"


def test_a_username_of_another_tenant_is_taken_and_not_told_whose_it_is(english: None) -> None:
    assert _import(_file({"Username": "shared"}), PADMA_GA).imported == 1
    assert _refusals(_import(_file({"Username": "Shared"}))) == {2: "This username is in use already. Choose another."}


def test_an_archived_package_is_not_offered(english: None) -> None:
    with as_account(GA), transaction() as session:
        session.execute(select(Package).where(Package.name == "Home 10M")).scalar_one().archived_at = now()
    assert _refusals(_import(_file({}))) == {2: "There is no package Home 10M."}


def test_the_connection_type_comes_from_the_package(english: None) -> None:
    rows = (
        {"Username": "h", "Package": "home 20m"},
        {"Username": "d", "Package": "Daily 5M", "Billing Profile": "Daily"},
        {"Username": "b", "Package": "Business 50M", "Billing Profile": "Monthly 5"},
        {"Username": "s", "Package": "Hotspot Weekly", "Billing Profile": "Prepaid"},
    )
    assert _refusals(_import(_file(*rows))) == {}
    assert [_customer(name).connection_type for name in "hdbs"] == ["pppoe", "pppoe", "static_ip", "hotspot"]


def test_an_unknown_zone_is_made_once_for_its_owner(english: None) -> None:
    rows = [
        {"Username": f"u{number}", "Zone": zone, "Operator": NORTH}
        for number, zone in enumerate(("New Zone", "new  zone", "College Para"))
    ]
    _import(_file(*rows))
    zones = [_customer(f"u{number}").zone_id for number in range(3)]
    assert zones[0] == zones[1] != zones[2]
    with everywhere("tests look at everything"):
        made = db.session.get_one(Zone, zones[0])
        north = db.session.execute(select(Account.id).where(Account.email == NORTH)).scalar_one()
        assert (made.name, made.owner_id) == ("New Zone", north)


def test_an_imported_customer_is_not_billed_for_the_rest_of_the_month(english: None) -> None:
    _import(_file({}))
    customer = _customer("new.line-1")
    with everywhere("tests look at everything"):
        assert db.session.execute(select(Bill.id).where(Bill.customer_id == customer.id)).first() is None
    assert customer.due == 0


def test_an_operator_imports_for_itself_and_below_and_for_nobody_else(english: None) -> None:
    rows = (
        {"Username": "own"},
        {"Username": "below", "Operator": GHAT.upper()},
        {"Username": "beside", "Operator": SOUTH},
        {"Username": "above", "Operator": GA},
    )
    report = _import(_file(*rows), NORTH)
    assert _refusals(report) == {4: f"There is no operator {SOUTH}.", 5: f"There is no operator {GA}."}
    with everywhere("tests look at everything"):
        owners = [db.session.get_one(Account, _customer(name).owner_id).email for name in ("own", "below")]
    assert owners == [NORTH, GHAT]


# --- Files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_file_is_read_with_and_without_a_byte_order_mark(english: None, encoding: str) -> None:
    assert _import(_file({"Full Name": "রহিমা খাতুন"}, encoding=encoding)).imported == 1
    assert _customer("new.line-1").name == "রহিমা খাতুন"


def test_a_row_is_named_by_the_line_on_which_it_begins(english: None) -> None:
    content = _file(
        {"Username": "one", "Address": "Flat 4B\nRahman Villa\r\nRoad 3"},
        {"Username": "", "Address": "Flat 4B\nRahman Villa"},
        {"Username": ""},
    )
    report = _import(content + b"\r\n\r\nshort,row\r\n")
    assert _refusals(report) == {
        5: "Enter the username.",
        7: "Enter the username.",
        10: "The row has 2 columns instead of 10.",
    }
    assert _customer("one").address == "Flat 4B Rahman Villa Road 3"


def test_a_header_alone_imports_nothing(english: None) -> None:
    report = _import(_file())
    assert (report.imported, report.refused) == (0, [])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b"\xef\xbb\xbf \r\n", "The file is empty."),
        ("নাম".encode("utf-16"), "The file is not UTF-8"),
        (b"Username\xff", "The file is not UTF-8"),
        (_file({"Full Name": "Rahima\x00Khatun"}), "The file is not a text file."),
        (b"Name,Phone\r\nRahima,01712345678\r\n", "The file has other columns"),
        (_file({}).replace(b",", b"|"), "The file has other columns"),
        (_file({}) + b'x,y,"never closed\r\nnew,row\r\n', "Line 3 of the file cannot be read"),
        (b" " * (LARGEST_FILE + 1), "The file is too large: at most 10 MB."),
    ],
)
def test_a_file_that_is_not_one_is_refused_as_a_whole(english: None, content: bytes, sentence: str) -> None:
    before = _count()
    with pytest.raises(Refused, match=sentence):
        _import(content)
    assert _count() == before


def test_of_a_huge_file_no_more_is_read_than_shows_that_it_is(english: None, tmp_path: Path) -> None:
    huge = tmp_path / "huge.csv"
    with huge.open("wb") as file:
        file.truncate(50 * 2**20)
    content = read_file(huge)
    assert len(content) == LARGEST_FILE + 1
    with pytest.raises(Refused, match="too large"):
        _import(content)
