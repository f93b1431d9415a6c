"""A form that comes after its session has ended: nothing is done, what was typed can be sent again, and no other site can make use of that."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.cast import NORTH
from tests.rules.house import House, Visitor

HERE = "http://localhost/zones/add"


@pytest.fixture
def north(house: House, visitor: Callable[[str], Visitor]) -> FlaskClient:
    """An Operator, signed in and reading English."""
    client = visitor(NORTH).client
    client.get("/lang/en")
    return client


def late(client: FlaskClient, came_from: str | None, **fields: str) -> TestResponse:
    """Send a form with a token that is no longer good."""
    headers = {"Referer": came_from} if came_from else {}
    return client.post("/zones/add", data={"csrf_token": "of-yesterday"} | fields, headers=headers)


def test_what_was_typed_is_kept_and_sent_again(north: FlaskClient, fields: Callable[..., dict[str, str]]) -> None:
    answer = late(north, HERE, name="Lake Side")
    assert answer.status_code == 400
    assert "What you typed is kept" in answer.text
    assert "Lake Side" not in north.get("/zones/list/").text
    again = north.post("/zones/add", data=fields(answer.text, "name") | {"parent_id": ""})
    assert again.status_code in (302, 303), again.text
    assert "Lake Side" in north.get("/zones/list/").text


@pytest.mark.parametrize("came_from", [None, "http://elsewhere.example/form"])
def test_a_form_of_another_site_is_never_offered_again(north: FlaskClient, came_from: str | None) -> None:
    answer = late(north, came_from, name="Lake Side")
    assert answer.status_code == 400
    assert "Lake Side" not in answer.text
    assert "Send it again" not in answer.text


def test_a_form_with_a_secret_is_typed_anew(north: FlaskClient) -> None:
    answer = late(north, HERE, name="Lake Side", connection_password="horse-battery")
    assert answer.status_code == 400
    assert "horse-battery" not in answer.text
    assert "Lake Side" not in answer.text
