"""Whatever `next` says, the way leads on within the house."""

from collections.abc import Callable

import pytest

from tests.cast import COLLECTOR
from tests.conftest import form_fields
from tests.rules.house import House, Visitor

ELSEWHERE = [
    "http://evil.example.com/",
    "https://evil.example.com/",
    "//evil.example.com/",
    "///evil.example.com/",
    "/\\evil.example.com/",
    "\\\\evil.example.com/",
    "/\t/evil.example.com/",
    "\t//evil.example.com/",
    "/\n/evil.example.com/",
    "/\r\nLocation: //evil.example.com/",
    " //evil.example.com/",
    "https:evil.example.com",
    "https:/evil.example.com",
    "javascript:alert(1)",
    "data:text/html,x",
    "ftp://evil.example.com/",
    "http://localhost@evil.example.com/",
    "http://[",
    "//[",
    "//evil\u2100.example.com/",
    "evil.example.com",
    "\u2028//evil.example.com",
]
"""Targets that a browser would follow to another host, or stumble over."""

INSIDE = ["/customers/list/", "/bills/list/?status=unpaid&page=2", "/customers/show/1?tab=bills"]


def _leads_inside(location: str) -> bool:
    return (
        location.startswith("/")
        and not location.startswith(("//", "/\\"))
        and not any(ord(letter) < 33 for letter in location)
    )


@pytest.mark.parametrize("target", ELSEWHERE)
def test_signing_in_leads_nowhere_else(target: str, house: House, stranger: Visitor) -> None:
    page = stranger.client.get("/login/", query_string={"next": target})
    assert page.status_code == 200
    form = form_fields(page.text, "email")
    answer = stranger.client.post(
        "/login/", data=form | {"email": COLLECTOR, "password": "sanjog-demo-1", "next": target}
    )
    assert answer.status_code == 302
    assert _leads_inside(answer.location), answer.location


@pytest.mark.parametrize("target", INSIDE)
def test_signing_in_leads_on_to_the_page_that_was_wanted(target: str, house: House, stranger: Visitor) -> None:
    sent_away = stranger.client.get(target)
    form = form_fields(stranger.client.get(sent_away.location).text, "email")
    answer = stranger.client.post("/login/", data=form | {"email": COLLECTOR, "password": "sanjog-demo-1"})
    assert answer.location == target


def test_choosing_a_language_leads_nowhere_else(house: House, visitor: Callable[[str], Visitor]) -> None:
    somebody = visitor(COLLECTOR)
    for target in ELSEWHERE:
        answer = somebody.client.get("/lang/en", query_string={"next": target})
        assert answer.status_code == 302, target
        assert _leads_inside(answer.location), f"{target!r} leads to {answer.location!r}"
    for target in INSIDE:
        assert somebody.client.get("/lang/bn", query_string={"next": target}).location == target


@pytest.mark.parametrize("host", ["evil.example.com", "localhost:1@evil.example.com"])
def test_a_forged_host_leads_nowhere_else(host: str, house: House, stranger: Visitor) -> None:
    answer = stranger.client.get("/customers/list/", headers={"Host": host})
    assert answer.status_code in (302, 400)
    assert answer.status_code == 400 or _leads_inside(answer.location)
