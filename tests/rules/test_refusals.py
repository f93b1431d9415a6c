"""Every refused access, export and look at a secret is an entry of the actor's own log, read off the route map (spec §1, §8)."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from app.access.permissions import AUDIENCES, RESELLER_KEYS
from app.access.scope import everywhere
from app.activity.models import Activity, Authentication
from app.activity.sentences import SENTENCES
from app.core.database import db
from tests.cast import COLLECTOR, GA, GHATMAN, NEWBIE, NORTH, PADMA_COLLECTOR, ROOT, SOUTH
from tests.conftest import form_fields
from tests.make import actor_of
from tests.rules.doors import Door, is_public
from tests.rules.house import House, Visitor, hold

Browsers = Callable[[str], Visitor]


def entries(app: Flask, email: str, event: str) -> list[dict[str, Any]]:
    """Return the words of an event's entries that somebody of the cast made, oldest first; each must be in its maker's own tenant."""
    with app.app_context(), everywhere("the test reads the log"):
        actor = actor_of(email)
        rows = db.session.execute(
            select(Activity).where(Activity.event == event, Activity.actor_id == actor.id).order_by(Activity.seq)
        ).scalars()
        found = []
        for row in rows:
            assert (row.tenant_id, row.owner_id) == (actor.tenant_id or 0, actor.owner_id)
            found.append(json.loads(row.detail)["words"])
        return found


def test_every_missing_key_at_every_door_is_an_entry_with_door_method_and_key(
    app: Flask, house: House, every_door: list[Door], visitor: Browsers
) -> None:
    hold(app, NEWBIE, set())
    newbie, asked = visitor(NEWBIE), []
    for door in every_door:
        address, method = door.address(house, SOUTH), door.methods[-1]
        if not is_public(door) and door.route != "logout" and newbie.send(method, address).status_code == 403:
            asked.append((method, address.partition("?")[0], door.asks_for))
    written = {(one["method"], one["path"], one["key"]) for one in entries(app, NEWBIE, "access.refused")}
    assert len(asked) > 40
    assert set(asked) - written == set()


@pytest.mark.parametrize("who", [SOUTH, PADMA_COLLECTOR, GHATMAN])
def test_every_foreign_row_that_is_asked_for_is_an_entry(
    who: str, app: Flask, house: House, every_door: list[Door], visitor: Browsers
) -> None:
    stranger, asked = visitor(who), []
    for door in every_door:
        if not door.names_a_row or is_public(door) or door.key in {*AUDIENCES, *RESELLER_KEYS}:
            continue
        address = door.address(house, NORTH)
        if stranger.send(door.methods[-1], address, reason="x", amount="1").status_code == 404:
            asked.append((door.methods[-1], address))
    written = [(one["method"], one["path"]) for one in entries(app, who, "access.refused")]
    assert len(asked) > 10
    assert [one for one in asked if one not in written] == []


def test_a_foreign_row_in_a_field_or_a_query_is_an_entry_too(app: Flask, house: House, visitor: Browsers) -> None:
    south = visitor(SOUTH)
    assert south.send("GET", f"/bills/add?customer={house.rows[NORTH]['Customer']}").status_code == 404
    form = form_fields(south.page("/customers/add"), "package_id")
    chosen = form | {"name": "X", "username": "x.y", "zone_id": str(house.rows[NORTH]["Zone"])}
    assert south.client.post("/customers/add", data=chosen).status_code == 422
    kinds = [(one["path"], one["kind"]) for one in entries(app, SOUTH, "access.refused")]
    assert kinds[-2:] == [("/bills/add", "not found"), ("/customers/add", "not among the rows offered")]


def test_a_refused_payment_is_an_entry(app: Flask, house: House, visitor: Browsers) -> None:
    collector, address = visitor(COLLECTOR), f"/payments/receive/{house.rows[NORTH]['Customer']}"
    form = form_fields(collector.page(address), "amount")
    assert collector.client.post(address, data=form | {"amount": "100", "paid_on": "2026-12-24"}).status_code == 422
    assert entries(app, COLLECTOR, "access.refused")[-1]["path"] == address


def test_every_export_is_an_entry(app: Flask, house: House, every_door: list[Door], visitor: Browsers) -> None:
    for door in every_door:
        if not door.route.startswith(("export", "heads")):
            continue
        somebody = ROOT if door.key == "super-admin" else GA
        before = _count(app)
        answer = visitor(somebody).send("GET", door.address(house, GA) + "?q=burgundy")
        assert answer.status_code == 200, door.rule
        assert _count(app) == before + 1, f"{door.rule} leaves no entry"


def _count(app: Flask) -> int:
    with app.app_context(), db.engine.connect() as connection:
        return connection.execute(
            text("SELECT count(*) FROM activity_log WHERE event LIKE '%exported' OR event LIKE '%downloaded'")
        ).scalar_one()


def test_a_look_at_a_connection_password_and_a_look_as_a_manager_are_entries(
    app: Flask, house: House, visitor: Browsers
) -> None:
    north = visitor(NORTH)
    customer = house.rows[NORTH]["Customer"]
    page = north.send("POST", f"/customers/password/{customer}")
    assert "Burgundy-secret" in page.text
    assert len(entries(app, NORTH, "customer.password_shown")) == 1
    north.send("POST", f"/managers/see-as/{house.rows[NORTH]['Account']}")
    assert north.send("POST", "/customers/add", name="x").status_code == 403
    north.send("POST", "/managers/see-as/end")
    assert len(entries(app, NORTH, "account.seen_as")) == 1
    assert entries(app, NORTH, "access.refused")[-1]["kind"] == "read only"
    assert len(entries(app, NORTH, "account.seen_as_ended")) == 1


def test_control_characters_of_an_address_begin_no_line_of_the_log(app: Flask, house: House, visitor: Browsers) -> None:
    somebody = visitor(COLLECTOR)
    somebody.send("GET", "/customers/show/1%0d%0aFAKE%1b[2J")
    (last,) = entries(app, COLLECTOR, "access.refused")[-1:]
    assert "FAKE" in last["path"]
    assert last["path"].isprintable()


def test_every_event_in_the_logs_has_a_sentence(app: Flask, house: House) -> None:
    with app.app_context(), everywhere("the test reads the logs"):
        assert set(db.session.execute(select(Activity.event).distinct()).scalars()) <= set(SENTENCES)


SECRETS = ("sanjog-demo-1", "line-secret-1", "-secret", "csrf_token", "scrypt:", "not-the-password-1")


def test_no_secret_that_passed_through_the_house_is_in_any_log(
    app: Flask, house: House, every_door: list[Door], visitor: Browsers, stranger: Visitor
) -> None:
    """Every form is sent with secrets in every field that a browser would send, right, wrong and as somebody without the key."""
    secret = "S3cret-f0r-n0-log-9x"
    given: list[str] = []
    for who in (NORTH, COLLECTOR, NEWBIE):
        somebody = visitor(who)
        for door in every_door:
            if "POST" not in door.methods or door.route == "logout" or door.view.route_base == "/account":
                continue
            address = door.address(house, NORTH)
            fields = {
                "connection_password": secret,
                "password": secret,
                "current": secret,
                "new": secret,
                "again": secret,
                "code": "987650",
                "reason": "because",
            }
            page = somebody.send("POST", address, **fields)
            given += _one_time_passwords(page.text)
    customer = f"/customers/edit/{house.rows[GA]['Customer']}"
    ga = visitor(GA)
    form = form_fields(ga.page(customer), "connection_password")
    assert ga.client.post(customer, data=form | {"connection_password": secret}).status_code == 303
    sign_in = {"email": COLLECTOR, "password": secret}
    stranger.client.post("/login/", data=form_fields(stranger.client.get("/login/").text, "email") | sign_in)
    stranger.client.post(
        "/login/", data=form_fields(stranger.client.get("/login/").text, "email") | {"email": secret, "password": "x"}
    )
    tokens = [visitor(who).token for who in (NORTH, COLLECTOR)] + [value for _name, value in house.cookies.values()]
    with app.app_context(), everywhere("the test reads the logs"):
        rows = [
            " ".join(str(getattr(row, column.key)) for column in model.__table__.columns)
            for model in (Activity, Authentication)
            for row in db.session.execute(select(model)).scalars()
        ]
    written = "\n".join(rows)
    assert len(rows) > 50
    assert given, "no one-time password was given: the test looks for nothing"
    found = [one for one in (*SECRETS, secret, "987650", *given, *tokens) if one in written]
    assert found == []


def _one_time_passwords(page: str) -> list[str]:
    import re

    return re.findall(r"\b[a-z]{4}(?:-[a-z]{4}){3}\b", page)
