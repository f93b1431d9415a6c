"""What programs change: through the services of the pages, once, and under the account's name."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.access.scope import everywhere
from app.activity.models import Activity
from app.billing.models import Bill
from app.books.check import check_books
from app.core.database import db
from app.customers.models import Customer
from app.packages.models import Package
from app.payments.models import Payment
from tests.api.conftest import Program
from tests.cast import COLLECTOR, DESK, GA, GHAT, NORTH, PADMA_GA, SOUTH, Cast
from tests.make import as_account, customer

Programs = Callable[..., Program]


@pytest.fixture
def new(app: Flask) -> Callable[[Program], dict[str, Any]]:
    """`new(program)`: what makes a right new customer of the program's account."""

    def sent(program: Program) -> dict[str, Any]:
        package = next(row for row in program.get("/packages")["data"] if row["connection_type"] == "pppoe")
        profile = next(row for row in program.get("/profiles")["data"] if row["cycle"] == "monthly")
        return {
            "name": "Shirin Akter",
            "username": "shirin.akter",
            "connection_type": "pppoe",
            "package_id": package["id"],
            "profile_id": profile["id"],
            "connection_password": "line-secret-9",
        }

    return sent


def payments(app: Flask) -> int:
    """Return how many payments there are."""
    with app.app_context(), everywhere("the test counts"):
        return db.session.execute(select(func.count(Payment.id))).scalar_one()


# --- refusals


@pytest.mark.parametrize("path", ["", "/activate", "/suspend", "/disable", "/payments"])
def test_a_foreign_customer_is_404_whatever_is_sent_with_it(
    path: str, cast: Cast, program: Programs, app: Flask
) -> None:
    stranger = program(SOUTH)
    foreign = cast.customers[NORTH][0]
    with app.app_context():
        before = customer(foreign).version
    for sent in ({}, {"reason": "x", "name": "x", "amount_paisa": 100}, {"nonsense": 1}):
        method = "POST" if path else "PATCH"
        answer = stranger.ask(method, f"/customers/{foreign}{path}", sent, Idempotency_Key="a")
        assert answer.status_code == 404
    with app.app_context():
        assert customer(foreign).version == before


def test_foreign_rows_in_a_body_are_refused_by_field(cast: Cast, program: Programs, app: Flask, new: Any) -> None:
    south = program(SOUTH)
    with app.app_context(), everywhere("the test names foreign rows"):
        foreign_package = (
            db.session.execute(
                select(Package.id).where(Package.tenant_id != customer(cast.customers[NORTH][0]).tenant_id)
            )
            .scalars()
            .first()
        )
    for field, value in (
        ("zone_id", cast.zones[NORTH][0]),
        ("package_id", foreign_package),
        ("profile_id", 2147483647),
    ):
        answer = south.post("/customers", {**new(south), field: value})
        assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": 5}, "name"),
        ({"name": None}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"username": "two words"}, "username"),
        ({"mobile": "12"}, "mobile"),
        ({"package_id": "1"}, "package_id"),
        ({"package_id": True}, "package_id"),
        ({"package_id": 1.5}, "package_id"),
        ({"package_id": 10**30}, "package_id"),
        ({"connection_type": "carrier pigeon"}, "connection_type"),
        ({"registered_on": "2026-13-01"}, "registered_on"),
        ({"owner_id": 1}, "owner_id"),
        ({"status": "disabled"}, "status"),
        ({"due_paisa": 0}, "due_paisa"),
        ({"custom_fields": []}, "custom_fields"),
    ],
)
def test_bad_input_is_422_with_a_sentence_by_field_and_nothing_is_written(
    change: dict[str, Any], field: str, program: Programs, app: Flask, new: Any
) -> None:
    north = program(NORTH)
    answer = north.post("/customers", {**new(north), **change})
    assert answer.status_code == 422, answer.text
    assert field in answer.json["errors"]
    with app.app_context(), as_account(NORTH):
        found = select(Customer).where(Customer.name.in_(["Shirin Akter", "a\x00b"[:1]]))
        assert db.session.execute(found).first() is None


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"name": NaN}', "application/json", 400),
        (b'{"name": "a", "name": "b"}', "application/json", 400),
        (b"[" * 20_000, "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b'"text"', "application/json", 422),
        (b'{"name": "\\ud800"}', "application/json", 422),
        (b"name=x", "application/x-www-form-urlencoded", 415),
        (b"{}" + b" " * 70_000, "application/json", 413),
    ],
)
def test_what_is_no_json_is_refused(body: bytes, kind: str, status: int, program: Programs) -> None:
    north = program(NORTH)
    answer = north.client.post(
        "/api/v1/customers", data=body, content_type=kind, headers={"Authorization": f"Bearer {north.secret}"}
    )
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")


@pytest.mark.parametrize("once", ["", " ", "x" * 101, "এক"])
def test_cash_without_a_usable_idempotency_key_is_refused(once: str, cast: Cast, program: Programs, app: Flask) -> None:
    north = program(NORTH)
    headers = {"Idempotency_Key": once} if once.isascii() else {}
    answer = north.post(f"/customers/{cast.customers[NORTH][0]}/payments", {"amount_paisa": 100}, **headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["Idempotency-Key"])
    assert payments(app) == 0


@pytest.mark.parametrize("amount", [0, -5, 1.5, "100", None, True, 10**12])
def test_an_amount_that_is_no_whole_paisa_is_refused(amount: Any, cast: Cast, program: Programs, app: Flask) -> None:
    answer = program(NORTH).pay(cast.customers[NORTH][0], amount, "k-1")
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["amount_paisa"])
    assert payments(app) == 0


def test_an_operator_s_account_that_is_too_small_refuses_the_cash_and_nothing_is_written(
    cast: Cast, program: Programs, app: Flask
) -> None:
    answer = program(GHAT).pay(cast.customers[GHAT][0], 500_00, "k-1")
    assert answer.status_code == 422
    assert "balance" in answer.json["detail"].lower() or "account" in answer.json["detail"].lower()
    assert payments(app) == 0


def test_a_likely_second_entry_asks_for_confirmation(cast: Cast, program: Programs, app: Flask) -> None:
    north, who = program(NORTH), cast.customers[NORTH][0]
    first = north.pay(who, 100_00, "k-1").json
    asked = north.pay(who, 100_00, "k-2")
    assert (asked.status_code, asked.json["earlier_payment_id"]) == (409, first["id"])
    assert north.pay(who, 100_00, "k-2", confirmed=True).status_code == 201
    assert payments(app) == 2


def test_an_idempotency_key_used_for_another_payment_is_409(cast: Cast, program: Programs, app: Flask) -> None:
    north = program(NORTH)
    one, other = cast.customers[NORTH][:2]
    first = north.pay(one, 100_00, "k-1", note="a")
    assert first.status_code == 201
    for who, paisa, more in (
        (one, 200_00, {"note": "a"}),
        (one, 100_00, {"note": "b"}),
        (one, 100_00, {"note": "a", "paid_on": "2026-11-20"}),
    ):
        assert north.pay(who, paisa, "k-1", **more).status_code == 409
    assert north.pay(other, 100_00, "k-1", note="a").status_code == 422
    assert payments(app) == 1


# --- what works


def test_a_customer_is_created_with_its_bill_and_logged_with_the_key_s_name(
    program: Programs, app: Flask, new: Any
) -> None:
    north = program(NORTH)
    answer = north.post("/customers", new(north))
    assert answer.status_code == 201, answer.text
    assert "line-secret-9" not in answer.text
    with app.app_context(), as_account(NORTH):
        made = db.session.get_one(Customer, answer.json["id"])
        assert (
            db.session.execute(select(Bill).where(Bill.customer_id == made.id)).scalar_one().purpose == "new_customer"
        )
        entry = (
            db.session.execute(
                select(Activity).where(Activity.event == "customer.created").order_by(Activity.id.desc())
            )
            .scalars()
            .first()
        )
        assert entry is not None
        assert json.loads(entry.detail)["api_key"] == "program of north@meghna.example.com"


def test_create_without_view_answers_the_number_alone(program: Programs, app: Flask, new: Any) -> None:
    answer = program(NORTH, "create-customer").post("/customers", new(program(NORTH)))
    assert (answer.status_code, set(answer.json)) == (201, {"id", "number"})


def test_a_change_keeps_what_was_not_sent(cast: Cast, program: Programs, app: Flask) -> None:
    desk, who = program(DESK), cast.customers[NORTH][0]
    before = desk.get(f"/customers/{who}")
    after = desk.ask("PATCH", f"/customers/{who}", {"comment": "gate 4", "version": before["version"]}).json
    assert {name for name in before if before[name] != after[name]} == {"comment", "version"}
    with app.app_context():
        assert customer(who).connection_password == "line-secret-1"
    late = desk.ask("PATCH", f"/customers/{who}", {"comment": "late", "version": before["version"]})
    assert late.status_code == 422


def test_each_status_change_needs_its_own_key(cast: Cast, program: Programs) -> None:
    desk, who = program(DESK), cast.customers[NORTH][0]
    assert desk.post(f"/customers/{who}/disable", {"reason": "x"}).json["key"] == "disable-customer"
    assert desk.post(f"/customers/{who}/suspend", {}).status_code == 422
    assert desk.post(f"/customers/{who}/suspend", {"reason": "asked for"}).json["status"] == "suspended"
    assert desk.post(f"/customers/{who}/suspend", {"reason": "again"}).status_code == 422
    assert desk.post(f"/customers/{who}/activate").json["status"] == "active"


def test_cash_is_recorded_once_under_the_account_and_the_books_add_up(
    cast: Cast, program: Programs, app: Flask
) -> None:
    collector, who = program(COLLECTOR), cast.customers[NORTH][0]
    first = collector.pay(who, 100_00, "k-1", note="kiosk 3")
    again = collector.pay(who, 100_00, "k-1", note="kiosk 3")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    assert first.json["collected_by_id"] == cast.accounts[COLLECTOR]
    with app.app_context():
        assert check_books().differences == []


def test_two_accounts_may_use_the_same_idempotency_key(cast: Cast, program: Programs, app: Flask) -> None:
    assert program(NORTH).pay(cast.customers[NORTH][0], 100_00, "k-1").status_code == 201
    assert program(COLLECTOR).pay(cast.customers[NORTH][1], 100_00, "k-1").status_code == 201
    assert program(PADMA_GA).pay(cast.customers[PADMA_GA][0], 100_00, "k-1").status_code == 201
    assert payments(app) == 3


def test_the_same_key_in_parallel_makes_one_payment(cast: Cast, program: Programs, app: Flask) -> None:
    who = cast.customers[NORTH][0]
    programs = [Program(app.test_client(use_cookies=False), program(NORTH).secret) for _ in range(12)]
    with ThreadPoolExecutor(len(programs)) as pool:
        answers = list(pool.map(lambda one: one.pay(who, 100_00, "k-1"), programs))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert payments(app) == 1


def test_the_same_key_for_two_customers_in_parallel_makes_one_payment(
    cast: Cast, program: Programs, app: Flask
) -> None:
    secret = program(GA).secret
    asked = [(Program(app.test_client(use_cookies=False), secret), who) for who in cast.customers[GA][:2] * 4]
    with ThreadPoolExecutor(len(asked)) as pool:
        statuses = [answer.status_code for answer in pool.map(lambda one: one[0].pay(one[1], 100_00, "k-1"), asked)]
    assert set(statuses) == {201, 422}
    assert payments(app) == 1


def test_a_payment_is_voided_with_its_key_and_its_bill_opens_again(cast: Cast, program: Programs, app: Flask) -> None:
    north, who = program(NORTH), cast.customers[NORTH][0]
    paid = north.pay(who, 100_00, "k-1").json
    assert (
        program(COLLECTOR).post(f"/payments/{paid['id']}/void", {"reason": "x"}).json["key"]
        == "delete-customer-payment"
    )
    assert program(SOUTH).post(f"/payments/{paid['id']}/void", {"reason": "x"}).status_code == 404
    assert north.post(f"/payments/{paid['id']}/void", {}).status_code == 422
    assert north.post(f"/payments/{paid['id']}/void", {"reason": "typed twice"}).json["status"] == "void"
    assert north.post(f"/payments/{paid['id']}/void", {"reason": "typed twice"}).status_code == 422
    # the Idempotency-Key stands for the payment that was made, also when it is void now
    assert north.pay(who, 100_00, "k-1").json["id"] == paid["id"]
    with app.app_context():
        assert check_books().differences == []
