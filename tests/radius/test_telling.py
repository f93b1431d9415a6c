"""A change of status or package reaches the access server, is tried again, shown on the profile, and never held up (spec §7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.access.scope import everywhere
from app.billing.package_change import change_package, work_out
from app.core.clock import now
from app.core.database import db, transaction
from app.customers.models import Customer, CustomerStatus
from app.customers.services import change_status, suspend_for_non_payment
from app.packages.models import Package
from app.radius.models import LineRequest, LineSession
from app.radius.services import add_access_server
from app.radius.telling import PAUSES, send_line_requests
from tests.cast import COLLECTOR, GA, NORTH, Cast
from tests.conftest import Clock
from tests.make import as_account, pay
from tests.radius.nas import SECRET, FakeNas
from tests.radius.server import free_udp_port


@pytest.fixture(scope="module")
def nas() -> Iterator[FakeNas]:
    """An access server that answers."""
    yield FakeNas()


@pytest.fixture
def line(cast: Cast, context: Flask, nas: FakeNas) -> LineSession:
    """North's first customer is connected through the access server."""
    nas.asked.clear()
    nas.says_no.clear()
    return connect(cast, nas.port)


def connect(cast: Cast, port: int) -> LineSession:
    with as_account(NORTH) as north, transaction() as session:
        add_access_server(name="North tower", address="127.0.0.1", secret=SECRET, coa_port=port)
        line = LineSession(
            tenant_id=north.tenant_id,
            owner_id=north.id,
            customer_id=cast.customers[NORTH][0],
            acct_session_id="81a0f00d",
            acct_unique_id="u-1",
            username=f"rahima.{NORTH}",
            nas_address="127.0.0.1",
            address="10.20.0.7",
            started_at=now(),
            updated_at=now(),
        )
        session.add(line)
    return line


def suspend(cast: Cast) -> None:
    with as_account(NORTH), transaction() as session:
        change_status(session.get_one(Customer, cast.customers[NORTH][0]), CustomerStatus.SUSPENDED, "test")


def requests() -> list[LineRequest]:
    with everywhere("the test looks"):
        rows = db.session.execute(
            select(LineRequest).order_by(LineRequest.id).execution_options(populate_existing=True)
        )
        return list(rows.scalars())


def test_suspending_ends_the_live_session(line: LineSession, cast: Cast, nas: FakeNas) -> None:
    suspend(cast)
    assert nas.asked == [
        (
            "disconnect",
            {"User-Name": f"rahima.{NORTH}", "Acct-Session-Id": "81a0f00d", "Framed-IP-Address": "10.20.0.7"},
        )
    ]
    [asked] = requests()
    assert (asked.ask, asked.state, asked.tries) == ("disconnect", "done", 1)


def test_suspension_and_payment_by_any_other_way_end_it_too(line: LineSession, cast: Cast, nas: FakeNas) -> None:
    with as_account(NORTH), transaction() as session:
        customer = session.get_one(Customer, cast.customers[NORTH][0])
        due = customer.due
        suspend_for_non_payment(customer)
    pay(COLLECTOR, cast.customers[NORTH][0], due)
    # back from the suspended pool: the settlement made the customer active again
    assert [name for name, _attributes in nas.asked] == ["disconnect", "disconnect"]


def test_another_package_changes_the_speed_without_ending_the_session(
    line: LineSession, cast: Cast, nas: FakeNas
) -> None:
    change_to_20m(cast)
    assert [(name, attributes["Mikrotik-Rate-Limit"]) for name, attributes in nas.asked] == [("coa", "20000k/20000k")]
    assert [(asked.ask, asked.state) for asked in requests()] == [("change_speed", "done")]


def change_to_20m(cast: Cast) -> None:
    with as_account(NORTH), transaction() as session:
        customer = session.get_one(Customer, cast.customers[NORTH][0])
        faster = session.execute(select(Package).where(Package.name == "Home 20M")).scalar_one()
        change_package(customer, faster, quoted=work_out(customer, faster).total, request_id=str(uuid4()))


def test_a_speed_that_the_access_server_will_not_change_ends_the_session(
    line: LineSession, cast: Cast, nas: FakeNas
) -> None:
    nas.says_no = {"coa"}
    change_to_20m(cast)
    assert [name for name, _attributes in nas.asked] == ["coa", "disconnect"]
    assert [(asked.ask, asked.state) for asked in requests()] == [("disconnect", "done")]


def test_a_refusal_is_kept(line: LineSession, cast: Cast, nas: FakeNas) -> None:
    nas.says_no = {"disconnect"}
    suspend(cast)
    assert [asked.state for asked in requests()] == ["refused"]


def test_a_change_that_touches_no_line_asks_nothing(line: LineSession, cast: Cast, nas: FakeNas) -> None:
    with as_account(NORTH), transaction() as session:
        session.get_one(Customer, cast.customers[NORTH][0]).comment = "likes tea"
    assert (nas.asked, requests()) == ([], [])


def test_a_change_that_is_rolled_back_asks_nothing(line: LineSession, cast: Cast, nas: FakeNas) -> None:
    with pytest.raises(ZeroDivisionError), as_account(NORTH), transaction() as session:
        change_status(session.get_one(Customer, cast.customers[NORTH][0]), CustomerStatus.SUSPENDED, "test")
        session.flush()
        raise ZeroDivisionError
    assert (nas.asked, requests()) == ([], [])


def test_without_an_entered_access_server_the_change_stands_and_the_reason_is_kept(
    line: LineSession, cast: Cast, nas: FakeNas
) -> None:
    with everywhere("the test sets the scene"), transaction() as session:
        session.get_one(LineSession, line.id).nas_address = "127.0.0.9"
    suspend(cast)
    assert [asked.state for asked in requests()] == ["unknown_server"]
    with everywhere("the test looks"):
        assert db.session.get_one(Customer, cast.customers[NORTH][0]).status == "suspended"


def test_silence_is_tried_again_and_given_up_at_last(cast: Cast, context: Flask, clock: Clock) -> None:
    connect(cast, free_udp_port())
    suspend(cast)
    [asked] = requests()
    assert (asked.state, asked.tries) == ("waiting", 1)
    assert send_line_requests() == 0, "not before its time"
    for pause in PAUSES[:-1]:
        clock.forward(minutes=pause)
        assert send_line_requests() == 1
    [asked] = requests()
    assert (asked.state, asked.tries) == ("given_up", len(PAUSES))
    clock.forward(days=1)
    assert send_line_requests() == 0


def test_the_profile_says_what_became_of_it(
    cast: Any, app: Flask, nas: FakeNas, as_person: Callable[[str], FlaskClient], fill: Callable[..., Any], clock: Clock
) -> None:
    with app.app_context():
        connect(cast, nas.port)
    profile = f"/customers/show/{cast.customers[NORTH][0]}"
    north = as_person(NORTH)
    north.get("/lang/en")
    fill(north, profile.replace("show", "suspend"), reason="moved out")
    assert "The live session was ended." in north.get(profile).text
    assert "Requests to the access server" in north.get(f"{profile}?tab=sessions").text
    # whoever may change nothing about the line is not told that there was a session
    collector = as_person(COLLECTOR)
    collector.get("/lang/en")
    assert "live session" not in collector.get(profile).text
    assert as_person(GA).get("/access-servers/list/").status_code == 200
    clock.forward(minutes=16)
    assert "The live session was ended." not in as_person(NORTH).get(profile).text
