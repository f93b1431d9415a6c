"""What programs read: exactly what the account sees on its pages, a part at a time."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.access.scope import everywhere
from app.billing.models import Bill
from app.core.database import db
from app.customers.models import Customer
from tests.api.conftest import Program
from tests.cast import COLLECTOR, DESK, GA, GHAT, GHATMAN, NORTH, OFFICE, OWNERS, PADMA_GA, SOUTH, Cast
from tests.make import actor_of, as_account, pay

Programs = Callable[..., Program]

LISTS = {"customers": Customer, "bills": Bill}


def every(program: Program, path: str, limit: int = 2) -> list[dict]:
    """Return the whole list, a part at a time."""
    rows, cursor = [], ""
    while True:
        mark = "&" if "?" in path else "?"
        part = program.get(f"{path}{mark}limit={limit}" + (f"&cursor={cursor}" if cursor else ""))
        assert len(part["data"]) <= limit
        rows += part["data"]
        cursor = part["next_cursor"]
        if not cursor:
            return rows


@pytest.mark.parametrize("email", [GA, NORTH, SOUTH, GHAT, OFFICE, COLLECTOR, GHATMAN, PADMA_GA])
@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_the_rows_of_the_account_s_scope_newest_first(
    name: str, email: str, program: Programs, app: Flask
) -> None:
    asked = program(email)
    if asked.ask("GET", f"/{name}").status_code == 403:
        with app.app_context():
            assert not actor_of(email).may("print-invoice" if name == "bills" else "view-customer-details")
        return
    with app.app_context(), as_account(email):
        own = list(db.session.execute(select(LISTS[name].id).order_by(LISTS[name].id.desc())).scalars())
    found = [row["id"] for row in every(asked, f"/{name}")]
    assert found == own
    assert own


@pytest.mark.parametrize("path", ["customers", "bills", "payments"])
def test_a_foreign_an_unknown_and_a_nonsensical_id_are_404_alike(
    path: str, cast: Cast, program: Programs, app: Flask
) -> None:
    with app.app_context():
        payment = pay(NORTH, cast.customers[NORTH][0], 100_00).id
    foreign = {"customers": cast.customers[NORTH][0], "bills": cast.bills[NORTH][0], "payments": payment}[path]
    stranger = program(SOUTH)
    answers = [stranger.ask("GET", f"/{path}/{one}") for one in (foreign, 2147483647, 0, "abc", "9" * 30, "%00")]
    assert {answer.status_code for answer in answers} == {404}
    bodies = [{**answer.json, "request_id": ""} for answer in answers]
    assert all(body == bodies[0] for body in bodies)
    assert program(NORTH).get(f"/{path}/{foreign}")["id"] == foreign


def test_filters_do_not_reach_beyond_the_scope(cast: Cast, program: Programs, app: Flask) -> None:
    south = program(SOUTH)
    with app.app_context(), everywhere("the test names a foreign row"):
        foreign = db.session.get_one(Customer, cast.customers[NORTH][0])
        username, package, zone = foreign.username, foreign.package_id, foreign.zone_id
    for query in (f"username={username}", f"q={username}", f"zone_id={zone}", "q=Rahima of north"):
        assert south.get(f"/customers?{query}")["data"] == []
    assert all(row["owner_id"] == cast.accounts[SOUTH] for row in south.get(f"/customers?package_id={package}")["data"])
    assert south.get(f"/bills?customer_id={cast.customers[NORTH][0]}")["data"] == []
    assert south.get(f"/payments?customer_id={cast.customers[NORTH][0]}")["data"] == []
    assert program(NORTH).get(f"/customers?username={username.upper()}")["data"][0]["id"] == cast.customers[NORTH][0]


def test_a_cursor_that_was_changed_or_is_another_list_s_or_account_s_is_422(program: Programs) -> None:
    north = program(NORTH)
    cursor = north.get("/customers?limit=1")["next_cursor"]
    strangers = [
        (north, "/customers", cursor[:-2] + ("aa" if cursor[-2:] != "aa" else "bb")),
        (north, "/customers", "1"),
        (north, "/customers", "x" * 300),
        (north, "/customers", "[]."),
        (north, "/bills", cursor),
        (program(SOUTH), "/customers", cursor),
        (program(COLLECTOR), "/customers", cursor),
    ]
    for asked, path, tampered in strangers:
        answer = asked.ask("GET", f"{path}?cursor={tampered}")
        assert (answer.status_code, list(answer.json["errors"])) == (422, ["cursor"]), tampered
    # another API key of the same account goes on where the first one stopped
    assert program(NORTH).get(f"/customers?limit=1&cursor={cursor}")["data"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=abc", "limit"),
        ("limit=৫", "limit"),
        ("status=nothing", "status"),
        ("package_id=-1", "package_id"),
        ("package_id=99999999999", "package_id"),
        ("owner_id=1", "owner_id"),
        ("sort=connection_password", "sort"),
        ("q=%00", None),
        ("q=" + "x" * 101, "q"),
    ],
)
def test_a_question_that_is_not_understood_is_refused_and_not_overheard(
    query: str, field: str | None, program: Programs
) -> None:
    answer = program(NORTH).ask("GET", f"/customers?{query}")
    assert answer.status_code == (422 if field else 400)
    if field:
        assert list(answer.json["errors"]) == [field]


def test_what_is_due_shows_to_who_may_see_it_alone_and_the_connection_password_to_nobody(
    program: Programs, app: Flask
) -> None:
    whole = program(NORTH).ask("GET", "/customers")
    assert {"due_paisa", "advance_paisa", "payment_status"} <= whole.json["data"][0].keys()
    assert "line-secret-1" not in whole.text
    assert "connection_password" not in whole.text
    for narrow in (program(DESK), program(NORTH, "view-customer-details")):
        assert not {"due_paisa", "advance_paisa", "payment_status"} & narrow.get("/customers")["data"][0].keys()
    assert "price_paisa" not in program(DESK).get("/packages")["data"][0]
    assert "price_paisa" in program(NORTH).get("/packages")["data"][0]


def test_money_is_whole_paisa_and_moments_are_dhaka_s(cast: Cast, program: Programs) -> None:
    bill = program(NORTH).get(f"/bills/{cast.bills[NORTH][0]}")
    for name, value in bill.items():
        if name.endswith("_paisa"):
            assert type(value) is int
    assert bill["open_paisa"] == bill["total_paisa"] - bill["paid_paisa"] > 0
    assert datetime.fromisoformat(bill["issued_at"]).utcoffset() == timedelta(hours=6)


def test_sentences_follow_accept_language(program: Programs) -> None:
    north = program(NORTH)
    english = north.ask("GET", "/customers?limit=0").json
    bengali = north.ask("GET", "/customers?limit=0", Accept_Language="bn").json
    assert english["errors"]["limit"] == ["The number is too small or too large."]
    assert bengali["errors"]["limit"] == ["সংখ্যাটি বেশি ছোট বা বেশি বড়।"]
    assert north.ask("GET", "/bills/0", Accept_Language="fr").json["title"] == "There is nothing at this address."


def test_every_owner_chooses_among_its_own_packages_profiles_and_zones(cast: Cast, program: Programs) -> None:
    for email in OWNERS:
        asked = program(email)
        assert asked.get("/packages")["data"]
        assert asked.get("/profiles")["data"]
        assert {row["id"] for row in every(asked, "/zones")} >= set(cast.zones[email])
    south = {row["id"] for row in every(program(SOUTH), "/zones")}
    assert not south & set(cast.zones[NORTH])


def test_unknown_addresses_and_methods_are_problems_too(program: Programs) -> None:
    north = program(NORTH)
    for method, path, status in (("GET", "/nowhere", 404), ("DELETE", "/customers", 405), ("PUT", "/customers/1", 405)):
        answer = north.ask(method, path)
        assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert "GET" in north.ask("DELETE", "/customers").headers["Allow"]


def test_the_description_needs_no_key_and_names_every_address(app: Flask, cast: Cast) -> None:
    described = app.test_client().get("/api/v1/openapi.json").json
    assert described["openapi"] == "3.1.0"
    rules = {
        (rule.rule.replace("<pk>", "{id}"), method.lower())
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/") and not rule.rule.endswith("openapi.json")
    }
    assert {(path, method) for path, methods in described["paths"].items() for method in methods} == rules
