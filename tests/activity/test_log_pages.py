"""The pages of the two logs: who reads whose entries, filters, search, CSV; nothing secret is ever in them."""

import csv
import io
import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.access.scope import everywhere
from app.accounts.models import Account
from app.activity.recorder import record_authentication
from app.core.database import db, transaction
from app.core.language import to_ascii_digits
from tests.cast import (
    ACCOUNTS,
    COLLECTOR,
    DESK,
    GA,
    GHAT,
    GHATMAN,
    NORTH,
    OFFICE,
    PADMA_COLLECTOR,
    PADMA_GA,
    ROOT,
)
from tests.make import customer, pay
from tests.rules.house import House, Visitor

People = Callable[[str], FlaskClient]


def rows_of(client: FlaskClient, address: str) -> list[dict[str, str]]:
    """Return the lines of a CSV by column."""
    answer = client.get(address)
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def names_in(client: FlaskClient, address: str = "/authentication-log/export") -> set[str]:
    """Return whose entries a CSV holds."""
    return {row.get("Account") or row["Who"] for row in rows_of(client, address)}


@pytest.fixture
def names(app: Flask, house: House) -> dict[str, str]:
    """Names of the cast by email."""
    with app.app_context(), everywhere("tests look at everything"):
        return {email: name for email, name in db.session.execute(select(Account.email, Account.name))}


@pytest.fixture
def people(house: House, visitor: Callable[[str], Visitor]) -> Callable[[str], FlaskClient]:
    """`people(email)`: somebody of the cast, signed in and reading English."""

    def open_browser(email: str) -> FlaskClient:
        client = visitor(email).client
        client.get("/lang/en")
        return client

    return open_browser


def account(email: str) -> int:
    """Return the id of somebody of the cast."""
    return db.session.execute(select(Account.id).where(Account.email == email)).scalar_one()


def test_a_manager_reads_its_own_sign_ins_a_parent_those_of_its_scope_and_nobody_more(
    names: dict[str, str], people: People
) -> None:
    assert names_in(people(COLLECTOR)) == {names[COLLECTOR]}
    assert names_in(people(GHATMAN)) == {names[GHATMAN]}
    assert names_in(people(NORTH)) == {names[one] for one in (NORTH, COLLECTOR, DESK, ACCOUNTS, GHAT, GHATMAN)}
    assert names_in(people(GHAT)) == {names[GHAT], names[GHATMAN]}
    assert names_in(people(GA)) == {name for email, name in names.items() if email.endswith("@meghna.example.com")}
    assert names_in(people(PADMA_GA)) == {names[PADMA_GA], names[PADMA_COLLECTOR]}
    assert names_in(people(ROOT)) == {names[ROOT]}


def test_what_concerns_no_tenant_stands_in_the_installation_s_log_alone(app: Flask, people: People) -> None:
    with app.app_context(), everywhere("a stranger tries"), transaction():
        record_authentication(
            "sign_in_failed", tenant_id=None, owner_id=None, actor_id=None, actor_name="", result="refused"
        )
    assert "Unknown" in names_in(people(ROOT))
    assert all("Unknown" not in names_in(people(email)) for email in (GA, NORTH, COLLECTOR, PADMA_GA))
    assert {row["Who"] for row in rows_of(people(ROOT), "/activity/export")} == {"Sanjog Root"}


def test_the_super_admin_reads_what_it_did_itself_to_a_provider_and_nothing_the_provider_does(
    app: Flask, people: People, fill: Callable[..., object]
) -> None:
    root = people(ROOT)
    fill(root, "/tenants/add", name="Jamuna Owner", email="ga@jamuna.example.com", tenant_name="Jamuna", slug="jamuna")
    people(PADMA_GA).get("/customers/export")
    entries = rows_of(root, "/activity/export")
    assert {row["Who"] for row in entries} == {"Sanjog Root"}
    assert "Account Jamuna Owner created" in {row["What"] for row in entries}


def test_a_failed_sign_in_stands_in_the_list_with_result_address_and_device(
    app: Flask, people: People, fill: Callable[..., object]
) -> None:
    stranger = app.test_client()
    stranger.environ_base["HTTP_USER_AGENT"] = "Old phone\x07\r\nX: y"
    fill(stranger, "/login/", email=DESK, password="not the password")
    (row,) = rows_of(people(NORTH), "/authentication-log/export?result=refused")
    assert row["Account"] == "Sumaiya Desk"
    assert row["IP address"] == "127.0.0.1"
    assert row["Device"].startswith("Old phone")
    assert not re.search(r"[\x00-\x1f]", row["Device"])
    page = people(NORTH).get("/authentication-log/?result=refused").text
    assert "Sumaiya Desk" in page
    assert "Refused" in page


def test_filters_search_and_days_narrow_list_and_csv_alike(app: Flask, house: House, people: People) -> None:
    with app.app_context(), everywhere("tests name people by email"):
        desk, office = account(DESK), account(OFFICE)
    north = people(NORTH)
    everything = rows_of(north, "/authentication-log/export")
    assert {row["What"] for row in rows_of(north, "/authentication-log/export?event=signed_in")} == {"Signed in"}
    assert rows_of(north, "/authentication-log/export?event=locked") == []
    one = rows_of(north, f"/authentication-log/export?person={desk}")
    assert {row["Account"] for row in one} == {"Sumaiya Desk"}
    # somebody else's number is not offered, so it narrows nothing and shows nothing more
    assert rows_of(north, f"/authentication-log/export?person={office}") == everything
    assert {row["Account"] for row in rows_of(north, "/authentication-log/export?q=tanvir")} == {"Tanvir Ahmed"}
    assert rows_of(north, "/authentication-log/export?at_from=2026-11-24") == []
    assert rows_of(north, "/authentication-log/export?at_from=2026-11-23&at_to=2026-11-23")[-1] == everything[-1]


def test_a_manager_is_offered_no_names_but_its_own(people: People) -> None:
    page = people(COLLECTOR).get("/authentication-log/").text
    assert "Sumaiya Desk" not in page
    assert "Sumaiya Desk" in people(NORTH).get("/authentication-log/").text


def test_an_activity_is_found_by_topic_person_day_customer_and_word(app: Flask, house: House, people: People) -> None:
    with app.app_context():
        with everywhere("tests name people by email"):
            desk, collector = account(DESK), account(COLLECTOR)
        paid = pay(COLLECTOR, house.rows[NORTH]["Customer"], 100_00).number
    north = people(NORTH)
    address = "/activity/export?topic=payments"
    row = rows_of(north, address)[0]
    assert row["Reference"] == f"Receipt {paid}"
    assert row["IP address"] == ""
    assert (row["Who"], row["Topic"]) == ("Tanvir Ahmed", "Payments")
    assert rows_of(north, f"{address}&person={collector}")[0] == row
    assert rows_of(north, f"{address}&person={desk}") == []
    assert rows_of(north, f"{address}&at_to=2026-11-22") == []
    number = _number_of(app, house.rows[NORTH]["Customer"])
    assert rows_of(north, f"{address}&customer={number}")[0] == row
    bengali = str(number).translate(str.maketrans("0123456789", "০১২৩৪৫৬৭৮৯"))
    assert rows_of(north, f"{address}&customer={bengali}")[0] == row
    for nobody in ("999999", "abc", "9" * 30, "-1", "1 OR 1=1"):
        assert rows_of(north, f"{address}&customer={nobody}") == []
    assert row in rows_of(north, "/activity/export?q=TANVIR")
    page = north.get("/activity/?topic=payments").text
    assert re.search(r'href="/payments/show/\d+"', page)


def test_a_reference_is_a_link_only_for_who_may_open_it(app: Flask, house: House, people: People) -> None:
    with app.app_context():
        pay(COLLECTOR, house.rows[NORTH]["Customer"], 100_00)
    assert "/payments/show/" in people(COLLECTOR).get("/activity/").text
    assert "/payments/show/" not in people(DESK).get("/activity/").text


def test_before_and_after_stand_by_field_under_the_sentence(
    app: Flask, house: House, people: People, fill: Callable[..., object]
) -> None:
    fill(people(DESK), f"/customers/edit/{house.rows[NORTH]['Customer']}", comment="calls back", name="Rahima Begum")
    (row,) = [one for one in rows_of(people(NORTH), "/activity/export?topic=customers") if one["Before → after"]][:1]
    assert "Name: " in row["Before → after"]
    assert "→ Rahima Begum" in row["Before → after"]
    assert "→ Rahima Begum" in people(NORTH).get("/activity/?topic=customers").text


def _number_of(app: Flask, customer_id: int) -> int:
    with app.app_context():
        return customer(customer_id).number


def test_lists_of_logs_speak_bengali(people: People) -> None:
    north = people(NORTH)
    north.get("/lang/bn")
    page = north.get("/authentication-log/").text.partition("<main")[2]
    assert "লগইন করেছেন" in page
    assert to_ascii_digits(page).count("127.0.0.1") > 0
    assert "Signed in" not in page


def test_a_sentence_names_a_customer_in_the_script_of_its_reader(people: People) -> None:
    north = people(NORTH)
    english = north.get("/activity/?page_size=100").text.partition("<main")[2]
    north.get("/lang/bn")
    bengali = north.get("/activity/?page_size=100").text.partition("<main")[2]
    assert "Rahima of" in english
    assert "রহিমা" not in english
    assert "রহিমা খাতুন" in bengali
    assert "Rahima of" not in bengali
