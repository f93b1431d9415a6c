"""Every door is declared, FAB's own stay shut, a look changes nothing, and nothing is sent without a token."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask_appbuilder import ModelView, expose

from app.access.permissions import ANY_OF, AUDIENCES, KEYS, PUBLIC
from app.customers.models import Customer
from app.web.interface import AppInterface
from app.web.page import Page, Panel, UndeclaredDoor
from tests.cast import ACCOUNTS, COLLECTOR, GA, GHATMAN, NEWBIE, NORTH, PADMA_GA, ROOT
from tests.rules.doors import DECIDED_BY_ROW, FOR_EVERYBODY, Door, asked_at_the_door, is_public
from tests.rules.house import House, Visitor, fingerprint, owner_of
from tests.rules.pages import read

PUBLIC_DOORS = {
    "StatusPage.page": "how the services stand is for everybody (spec §8)",
    "StatusPage.data": "the same as data",
    "StatusPage.feed": "what was said about incidents, as RSS",
    "SignInPage.login": "who signs in is not signed in yet",
    "SignInPage.factor": "between password and second factor nobody is signed in",
    "SignInPage.passkey": "the passkey says who signs in",
    "SignInPage.passkey_options": "what that passkey has to sign",
    "NoConnectionPage.show": "a device keeps it before anybody signs in; it holds no data",
    "LanguagePage.choose": "the sign-in page speaks both languages",
    "HealthPage.alive": "whoever watches the process has no account; it says ok and nothing else",
    "HealthPage.ready": "the same, for the database",
    "PayPage.show": "a customer holds the link; its token has 256 bits of a secret (spec §6)",
    "PayPage.pay": "a customer begins to pay; the form carries a token bound to the link",
    "PayPage.opened": "the page's script says that it was opened; it carries the same token",
    "PayPage.result": "a customer comes back; the secret of the attempt has 256 random bits",
    "PrintedInvoicePage.show": "whoever holds an invoice may see what its bill says today; nobody can make a code (decision 0090)",
    "PrintedInvoicePage.pay": "the same person begins to pay; the form carries a token bound to the code",
    "GatewayPage.bkash": "bKash sends customers back; the secret names the attempt, the gateway is asked",
    "GatewayPage.nagad": "Nagad sends customers back",
    "GatewayPage.sslcommerz": "SSLCommerz sends customers back",
    "GatewayPage.notice": "SSLCommerz sends notices",
    "DescriptionApi.openapi": "it describes the addresses for programs: names of fields and no row",
    "ReceiptCheckPage.check": "whoever holds a receipt may check it; the code has 256 random bits (spec §5.7)",
}
"""Doors that open without sign-in, each with its reason."""

GETS_THAT_CHANGE = {"LanguagePage.choose": "changes the visitor's own language, as the demo contract says"}

ANSWERS_WITHOUT_TOKEN = {"GatewayPage.sslcommerz": (404, 415), "GatewayPage.notice": (404, 415)}
"""Doors where gateways post without a token of ours: a secret that is none, or what is no form, is nothing to them."""

FAB_DOORS = """
    /api/v1/security/login /api/v1/security/refresh /api/v1/security/users/ /api/v1/security/roles/ /api/v1/security/permissions/
    /api/v1/security/resources/ /api/v1/security/permissions-resources/ /api/v1/security/groups/ /api/v1/security/api_keys/
    /api/v1/_openapi /api/v1/menu/ /swagger/v1 /swaggerview/v1 /users/list/ /users/add /users/userinfo/ /users/edit/1 /users/show/1
    /users/delete/1 /users/action/x/1 /roles/list/ /roles/add /roles/edit/1 /roles/copyrole /groups/list/ /permissions/list/
    /viewmenus/list/ /permissionviews/list/ /registeruser/list/ /register/form /register/activation/x /userstatschartview/chart
    /resetpassword/form /resetpassword/form?pk=1 /resetmypassword/form /userinfoeditview/form /back /static/appbuilder/js/ab.js
    /customers/action/delete/1 /customers/action_post /customers/download/secret.csv /customers/list/widget /customers/api /customers/api/read
    /bills/action/delete/1 /bills/action_post /bills/download/x /payments/action_post /payments/download/x /expenses/action_post
    /expenses/download/x /activity/action_post /activity/show/1 /activity/add /activity/edit/1 /activity/delete/1
""".split()
"""Doors that FAB 5.3 opens by itself (reference: security, §1.2), and what a ModelView adds besides lists and forms."""


def test_every_route_is_a_guarded_view_that_asks_for_the_key_it_declares(app: Flask, every_door: list[Door]) -> None:
    wrong = [
        f"{door.rule}: {door.endpoint} declares {door.key!r}, at the door {asked_at_the_door(app, door)!r} is asked for"
        for door in every_door
        if asked_at_the_door(app, door) != door.key
    ]
    assert not wrong, "\n".join(wrong)


def test_every_key_at_a_door_is_in_the_table(every_door: list[Door]) -> None:
    assert {door.key for door in every_door} <= KEYS.keys() | AUDIENCES.keys() | ANY_OF.keys()
    assert set(DECIDED_BY_ROW.values()) <= KEYS.keys()


def test_only_the_listed_doors_open_without_sign_in(app: Flask, every_door: list[Door]) -> None:
    assert {door.endpoint for door in every_door if is_public(door)} == set(PUBLIC_DOORS)
    assert {rule.endpoint for rule in app.url_map.iter_rules()} - {door.endpoint for door in every_door} == set(
        FOR_EVERYBODY
    )


def test_nobody_signed_in_is_sent_to_the_sign_in_page_from_every_other_door(
    house: House, every_door: list[Door], stranger: Visitor
) -> None:
    let_in = []
    for door in every_door:
        for method in door.methods:
            if is_public(door):
                continue
            answer = stranger.send(method, door.address(house, NORTH))
            if door.is_for_programs and answer.status_code == 401:
                continue
            if answer.status_code != 302 or not answer.location.startswith("/login/"):
                let_in.append(f"{method} {door.rule} answers {answer.status_code} {answer.location or ''}")
    assert not let_in, "\n".join(let_in)


class TestAPageThatForgetsItsKeyRefusesToStart:
    def test_a_route_without_a_key(self) -> None:
        class Forgotten(Panel):
            __module__ = "app.somewhere.views"

            @expose("/open")
            def open(self) -> str:
                return "anybody"

        with pytest.raises(UndeclaredDoor, match=r"Forgotten\.open has no key"):
            Forgotten()

    def test_a_second_route_beside_one_with_a_key(self) -> None:
        class HalfDeclared(Page):
            __module__ = "app.somewhere.views"
            datamodel = AppInterface(Customer)
            keys = {"list": "view-customer-details"}

            @expose("/pay/<pk>", methods=["POST"])
            def pay(self, pk: str) -> str:
                return pk

        with pytest.raises(UndeclaredDoor, match=r"HalfDeclared\.pay has no key"):
            HalfDeclared()

    @pytest.mark.parametrize("key", ["view-customers", "", "PUBLIC", "can_list", "view-customer-details "])
    def test_a_key_that_the_table_does_not_know(self, key: str) -> None:
        class Misspelt(Panel):
            __module__ = "app.somewhere.views"
            keys = {"open": key}

            @expose("/open")
            def open(self) -> str:
                return "anybody"

        with pytest.raises(UndeclaredDoor, match="unknown key"):
            Misspelt()

    def test_a_key_for_a_route_that_is_not_there(self) -> None:
        class Ghost(Panel):
            __module__ = "app.somewhere.views"
            keys = {"open": PUBLIC}

        with pytest.raises(UndeclaredDoor, match=r"Ghost\.open is no route"):
            Ghost()

    def test_an_action_of_fab_is_a_route_and_needs_a_key_as_well(self) -> None:
        declared = {name for view in (Page,) for name in view.keys}
        offered = {name for name in dir(ModelView) if hasattr(getattr(ModelView, name), "_urls")}
        assert {"action", "action_post", "download"} <= offered
        assert not declared & {"action", "action_post", "download"}


def test_fab_s_own_doors_are_not_there(house: House, visitor: Callable[[str], Visitor]) -> None:
    boss = visitor(GA)
    answers = {
        f"{method} {path}": boss.send(method, path).status_code for path in FAB_DOORS for method in ("GET", "POST")
    }
    assert {door: status for door, status in answers.items() if status not in (404, 405)} == {}


@pytest.mark.parametrize("email", [GA, NORTH, ACCOUNTS, NEWBIE, GHATMAN, ROOT])
def test_a_look_changes_nothing(
    email: str, app: Flask, house: House, every_door: list[Door], visitor: Callable[[str], Visitor]
) -> None:
    somebody = visitor(email)
    before = fingerprint(app)
    broken = []
    for door in every_door:
        if "GET" in door.methods and door.endpoint not in GETS_THAT_CHANGE:
            answer = somebody.send("GET", door.address(house, owner_of(email)))
            if answer.status_code >= 500:
                broken.append(f"{door.rule} answers {answer.status_code} to {email}")
    after = fingerprint(app)
    assert not broken, "\n".join(broken)
    assert [table for table in before if before[table] != after[table]] == []


def test_signing_out_by_a_link_does_not_sign_out(house: House, visitor: Callable[[str], Visitor]) -> None:
    somebody = visitor(COLLECTOR)
    somebody.send("GET", "/logout/")
    assert somebody.send("GET", "/customers/list/").status_code == 200


def test_nothing_is_sent_without_the_form_s_token(
    app: Flask, house: House, every_door: list[Door], visitor: Callable[[str], Visitor], stranger: Visitor
) -> None:
    before = fingerprint(app)
    taken = []
    for who in (visitor(GA), stranger):
        foreign_token = visitor(PADMA_GA).token
        for door in every_door:
            if "POST" not in door.methods:
                continue
            for fields in ({}, {"csrf_token": "guessed"}, {"csrf_token": foreign_token}):
                answer = who.client.post(door.address(house, GA), data=fields)
                expected = (401,) if door.is_for_programs else ANSWERS_WITHOUT_TOKEN.get(door.endpoint, (400,))
                if answer.status_code not in expected:
                    taken.append(f"POST {door.rule} with {fields or 'no token'} answers {answer.status_code}")
    after = fingerprint(app)
    assert not taken, "\n".join(taken)
    assert before == after


def test_pages_hold_no_inline_code_and_nothing_from_another_host(
    app: Flask, house: House, every_door: list[Door], visitor: Callable[[str], Visitor], stranger: Visitor
) -> None:
    found = []
    for who in (visitor(GA), stranger):
        for door in every_door:
            answer = who.send("GET", door.address(house, GA)) if "GET" in door.methods else None
            if answer is not None and answer.mimetype == "text/html":
                found += [f"{door.rule}: {thing}" for thing in read(answer.text, door.rule).forbidden]
    assert not found, "\n".join(found)


def test_every_answer_carries_the_headers_of_the_house(
    app: Flask, house: House, every_door: list[Door], visitor: Callable[[str], Visitor], stranger: Visitor
) -> None:
    wanted = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    lacking = []
    for who in (visitor(NEWBIE), stranger):
        addresses = [
            ("GET" if "GET" in door.methods else "POST", door.address(house, GA))
            for door in every_door
            if door.route != "logout"
        ]
        for method, address in [
            *addresses,
            ("GET", "/nowhere"),
            ("GET", "/customers/show/0"),
            ("GET", "/static/nothing.js"),
            ("PUT", "/login/"),
        ]:
            answer = who.client.open(address, method=method, buffered=True)
            policy = {
                part.split()[0]: part.split()[1:]
                for part in answer.headers.get("Content-Security-Policy", "").split(";")
                if part.strip()
            }
            strict = (
                policy.get("default-src") == ["'none'"]
                and policy.get("script-src") == ["'self'"]
                and policy.get("style-src") == ["'self'"]
            )
            framed = (
                policy.get("frame-ancestors") == ["'none'"]
                and policy.get("base-uri") == ["'none'"]
                and policy.get("form-action") == ["'self'"]
            )
            cached = answer.headers.get("Cache-Control") == "no-store" or address.startswith("/static/")
            if not (strict and framed and cached) or any(
                answer.headers.get(name) != value for name, value in wanted.items()
            ):
                lacking.append(f"{method} {address}: {answer.status_code} {dict(answer.headers)}")
    assert not lacking, "\n".join(lacking)
