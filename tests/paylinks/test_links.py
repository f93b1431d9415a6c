"""Making, showing, listing and revoking payment links; what their page gives away."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.access.scope import everywhere
from app.activity.models import Activity
from app.billing.services import generate_bill, void_bill
from app.core.database import db, transaction
from app.customers.models import Customer
from app.paylinks.models import PaymentLink
from app.paylinks.queries import hash_of
from tests.cast import COLLECTOR, DESK, GA, GHATMAN, NEWBIE, NORTH, OFFICE, PADMA_COLLECTOR, SOUTH, Cast
from tests.conftest import Clock, form_fields
from tests.make import as_account, bill

TOKEN = re.compile(r"/pay/([A-Za-z0-9_-]{43})")
People = Callable[[str], FlaskClient]


def make(client: FlaskClient, customer_id: int, **changed: str) -> str:
    """Make a link through the form and return its token."""
    page = client.get(f"/payment-links/add?customer={customer_id}")
    assert page.status_code == 200
    answer = client.post(f"/payment-links/add?customer={customer_id}", data=form_fields(page.text, "seed") | changed)
    assert answer.status_code == 200, answer.text
    found = TOKEN.search(answer.text)
    assert found is not None
    return found.group(1)


@pytest.mark.parametrize("who", [NORTH, COLLECTOR, DESK])
def test_a_link_is_made_from_the_profile_by_who_holds_one_of_three_keys(
    who: str, cast: Cast, as_person: People
) -> None:
    client = as_person(who)
    token = make(client, cast.customers[NORTH][0])
    assert client.get(f"/pay/{token}").status_code == 200
    assert "/payment-links/add?customer=" in client.get(f"/customers/show/{cast.customers[NORTH][0]}").text


def test_without_any_of_the_three_keys_there_are_no_links(cast: Cast, as_person: People) -> None:
    newbie = as_person(NEWBIE)
    for path in ("/payment-links/list/", f"/payment-links/add?customer={cast.customers[SOUTH][0]}"):
        assert newbie.get(path).status_code == 403


@pytest.mark.parametrize("who", [OFFICE, GHATMAN, PADMA_COLLECTOR, SOUTH])
def test_a_link_for_somebody_else_s_customer_cannot_be_made_seen_or_revoked(
    who: str, app: Flask, cast: Cast, as_person: People
) -> None:
    make(as_person(NORTH), cast.customers[NORTH][0])
    with app.app_context(), everywhere("the test looks"):
        link_id = db.session.execute(select(PaymentLink.id)).scalar_one()
    stranger = as_person(who)
    for path in (
        f"/payment-links/add?customer={cast.customers[NORTH][0]}",
        f"/payment-links/show/{link_id}",
        f"/payment-links/revoke/{link_id}",
    ):
        assert stranger.get(path).status_code == 404
    assert "Rahima" not in stranger.get("/payment-links/list/").text
    assert "Rahima" not in stranger.get("/payment-links/export").text


def test_the_token_is_kept_nowhere_but_as_a_hash(app: Flask, cast: Cast, as_person: People) -> None:
    token = make(as_person(NORTH), cast.customers[NORTH][0])
    with app.app_context(), db.engine.connect() as connection:
        everything = "".join(
            str(row) for table in Customer.metadata.sorted_tables for row in connection.execute(select(table)).all()
        )
    assert token not in everything
    assert hash_of(token) in everything


def test_a_token_has_256_bits_that_nothing_repeats(app: Flask, cast: Cast, as_person: People) -> None:
    north = as_person(NORTH)
    tokens = [urlsafe_b64decode(f"{make(north, cast.customers[NORTH][0])}=") for _link in range(24)]
    assert {len(token) for token in tokens} == {32}
    # no two bytes of all tokens go together, and each takes many values
    columns = list(zip(*tokens, strict=True))
    assert len(set(columns)) == 32
    assert min(len(set(column)) for column in columns) > 12


def test_the_same_form_twice_makes_one_link_and_a_new_form_replaces_it(cast: Cast, as_person: People) -> None:
    client = as_person(NORTH)
    path = f"/payment-links/add?customer={cast.customers[NORTH][0]}"
    form = form_fields(client.get(path).text, "seed")
    first, again = (TOKEN.search(client.post(path, data=form).text) for _time in range(2))
    assert first is not None and again is not None and first.group(1) == again.group(1)
    second = make(client, cast.customers[NORTH][0])
    assert client.get(f"/pay/{first.group(1)}").status_code == 404
    assert client.get(f"/pay/{second}").status_code == 200


@pytest.mark.parametrize("days", ["0", "31", "x", ""])
def test_a_link_is_good_for_one_to_thirty_days(days: str, cast: Cast, as_person: People) -> None:
    client = as_person(NORTH)
    path = f"/payment-links/add?customer={cast.customers[NORTH][0]}"
    answer = client.post(path, data=form_fields(client.get(path).text, "seed") | {"days": days})
    assert answer.status_code == 422
    assert TOKEN.search(answer.text) is None


def test_unknown_expired_revoked_and_replaced_links_answer_alike(
    app: Flask, cast: Cast, as_person: People, clock: Clock
) -> None:
    north = as_person(NORTH)
    expired, revoked, replaced = (make(north, cast.customers[NORTH][which], days="1") for which in (0, 1, 2))
    make(north, cast.customers[NORTH][2])
    with app.app_context(), everywhere("the test looks"):
        link_id = db.session.execute(
            select(PaymentLink.id).where(PaymentLink.token_hash == hash_of(revoked))
        ).scalar_one()
    assert (
        north.post(
            f"/payment-links/revoke/{link_id}",
            data={"csrf_token": form_fields(north.get(f"/payment-links/revoke/{link_id}").text)["csrf_token"]},
        ).status_code
        == 303
    )
    clock.forward(days=2)
    stranger = app.test_client()
    pages = {
        re.sub(r"r[0-9a-f]{16}|[A-Za-z0-9_-]{43}", "", stranger.get(f"/pay/{token}").text)
        for token in (expired, revoked, replaced, "x" * 43)
    }
    assert len(pages) == 1
    assert {stranger.get(f"/pay/{token}").status_code for token in (expired, revoked, replaced, "short", "x" * 44)} == {
        404
    }


def test_a_look_is_no_opening_but_the_page_s_script_is(app: Flask, cast: Cast, as_person: People) -> None:
    token = make(as_person(NORTH), cast.customers[NORTH][0])
    stranger = app.test_client()
    page = stranger.get(f"/pay/{token}").text

    def opened() -> int:
        with app.app_context(), everywhere("the test looks"):
            return db.session.execute(select(PaymentLink.times_opened)).scalar_one()

    assert opened() == 0
    assert stranger.post(f"/pay/{token}/opened").status_code == 400
    sent = {"csrf_token": re.search(r'data-token="([^"]+)"', page).group(1)}  # type: ignore[union-attr]
    assert stranger.post(f"/pay/{token}/opened", data=sent).status_code == 204
    assert opened() == 1


def test_the_page_gives_away_nothing_but_what_is_due(app: Flask, cast: Cast, as_person: People) -> None:
    page = app.test_client().get(f"/pay/{make(as_person(NORTH), cast.customers[NORTH][0])}")
    text = page.text
    assert "রহিমা" not in text and "Rahima" not in text and "01712345678" not in text and "র•••" in text
    assert "মেঘনা নেট" in text and "Meghna Net" in text
    assert page.headers["Cache-Control"] == "no-store" and page.headers["X-Robots-Tag"] == "noindex"
    assert "Set-Cookie" not in page.headers


def test_the_page_is_light(app: Flask, cast: Cast, as_person: People) -> None:
    client = app.test_client()
    page = client.get(f"/pay/{make(as_person(NORTH), cast.customers[NORTH][0])}").text
    parts = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    style = next(part for part in parts if "pay.css" in part)
    fonts = re.findall(r"url\(\.\.([^)]+)\)", client.get(style, buffered=True).text)
    weight = len(page.encode()) + sum(len(client.get(part, buffered=True).data) for part in parts)
    weight += sum(len(client.get(f"/static{font}", buffered=True).data) for font in fonts)
    assert weight < 100_000


def test_the_page_speaks_the_customer_s_language_and_the_other_on_request(
    app: Flask, cast: Cast, as_person: People
) -> None:
    token = make(as_person(NORTH), cast.customers[NORTH][0])
    stranger = app.test_client()
    assert "এখন পরিশোধ করতে হবে" in stranger.get(f"/pay/{token}").text
    english = stranger.get(f"/pay/{token}?lang=en").text
    assert "To pay now" in english and "Set-Cookie" not in stranger.get(f"/pay/{token}?lang=en").headers


class TestChosenBills:
    def test_a_link_for_a_bill_asks_for_that_bill_alone(self, app: Flask, cast: Cast, as_person: People) -> None:
        customer_id = cast.customers[NORTH][0]
        with app.app_context(), as_account(NORTH), transaction() as session:
            second = generate_bill(
                session.get_one(Customer, customer_id),
                123_45,
                description="Cable",
                period=(date(2026, 11, 1), date(2026, 11, 30)),
                due_on=date(2026, 11, 30),
            ).id
        client = as_person(NORTH)
        page = client.get(f"/payment-links/add?customer={customer_id}&bill={second}").text
        assert re.search(rf'checked[^>]*value="{second}"|value="{second}"[^>]*checked', page)
        token = make(client, customer_id, bills=str(second))
        # with five per cent of VAT
        asked = app.test_client().get(f"/pay/{token}?lang=en").text
        assert "129.62" in asked and asked.count("<li>") == 1

    def test_a_void_bill_s_link_asks_for_nothing(self, app: Flask, cast: Cast, as_person: People) -> None:
        bill_id = cast.bills[NORTH][0]
        with app.app_context():
            customer_id = bill(bill_id).customer_id
        token = make(as_person(NORTH), customer_id, bills=str(bill_id))
        with app.app_context(), as_account(NORTH), transaction():
            void_bill(bill(bill_id), "Raised twice")
        page = app.test_client().get(f"/pay/{token}?lang=en").text
        assert "Nothing is due at the moment" in page and 'name="gateway"' not in page

    @pytest.mark.parametrize("owner", [SOUTH, NORTH])
    def test_somebody_else_s_bill_is_refused(self, owner: str, cast: Cast, as_person: People) -> None:
        client = as_person(NORTH)
        path = f"/payment-links/add?customer={cast.customers[NORTH][0]}"
        form = form_fields(client.get(path).text, "seed")
        foreign = cast.bills[owner][-1]
        answer = client.post(path, data=form | {"bills": str(foreign)})
        assert answer.status_code == (404 if owner == SOUTH else 422)


def test_making_and_revoking_stand_in_the_activity_log(app: Flask, cast: Cast, as_person: People) -> None:
    client = as_person(GA)
    make(client, cast.customers[GA][0])
    with app.app_context(), everywhere("the test looks"):
        events = list(db.session.execute(select(Activity.event).order_by(Activity.id.desc()).limit(1)).scalars())
    assert events == ["link.made"]
    assert "পেমেন্ট লিংক" in client.get("/activity/").text
