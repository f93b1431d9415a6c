"""Before a sensitive act who acts proves again who it is; what was typed is kept meanwhile (spec §11.12)."""

import inspect
import re

import pytest
from flask import Flask

from app.access.permissions import KEYS
from tests.cast import ACCOUNTS, COLLECTOR, GA, NORTH
from tests.conftest import form_fields
from tests.rules.doors import doors
from tests.security.conftest import PASSWORD, token_of
from tests.security.test_factors import second_step
from tests.security.test_sign_in import try_password

GRAVE = {
    "AccountPage.password",
    "ApiKeyPage.add",
    "ManagerPage.answer",
    "ManagerPage.demand_factor",
    "ManagerPage.password",
    "ManagerPage.permissions",
    "ManagerPage.reset_factors",
    "ResellerPage.password",
    "ResellerPage.permissions",
    "SecurityPage.add_passkey",
    "SecurityPage.begin_totp",
    "SecurityPage.codes",
    "SecurityPage.remove_passkey",
    "SecurityPage.remove_totp",
    "SecurityPage.totp",
    "TenantPage.password",
}
"""Doors to own factors, passwords, granting keys: five minutes."""


def minutes_at(app: Flask, endpoint: str) -> int | None:
    """Return within how many minutes the function behind a route wants a proof."""
    return inspect.getclosurevars(app.view_functions[endpoint]).nonlocals.get("minutes")


def test_every_door_behind_a_sensitive_key_asks_after_half_an_hour(app):
    forgotten = [
        door.endpoint
        for door in doors(app)
        if door.key in KEYS and KEYS[door.key].sensitive and (minutes_at(app, door.endpoint) or 99) > 30
    ]
    assert forgotten == []


def test_every_door_to_factors_passwords_and_keys_asks_after_five_minutes(app):
    found = {door.endpoint for door in doors(app) if minutes_at(app, door.endpoint) == 5}
    assert found == GRAVE


def test_doors_that_change_an_account_are_none_that_were_forgotten(app):
    words = re.compile(r"permissions|password|totp|passkey|factor|codes")
    forgotten = [
        door.endpoint
        for door in doors(app)
        if "POST" in door.methods
        and words.search(door.route)
        and door.endpoint.startswith(("ManagerPage", "ResellerPage", "TenantPage", "SecurityPage", "AccountPage"))
        and minutes_at(app, door.endpoint) is None
    ]
    # what only says what to sign, and asking for a key
    assert forgotten == ["SecurityPage.passkey_options"]


def test_to_receive_cash_is_no_sensitive_act(app):
    assert minutes_at(app, "PaymentPage.receive") is None


@pytest.fixture
def accounts(cast, as_person):
    """North's accountant, who holds the sensitive keys, signed in."""
    return as_person(ACCOUNTS)


def asks(answer):
    """Tell whether a page asks for a proof."""
    return "proof_password" in answer.text or "proof_code" in answer.text


class TestWithAPassword:
    def test_right_after_signing_in_nothing_is_asked(self, cast, accounts, clock):
        address = f"/bills/delete/{cast.bills[NORTH][0]}"
        assert not asks(accounts.get(address))
        clock.forward(minutes=29, seconds=59)
        assert not asks(accounts.get(address))

    def test_after_half_an_hour_the_page_asks_and_leads_on(self, cast, accounts, clock, events):
        address = f"/bills/delete/{cast.bills[NORTH][0]}"
        clock.forward(minutes=20)
        accounts.get("/")
        clock.forward(minutes=10)
        page = accounts.get(address)
        assert asks(page)
        assert "reason" not in form_fields(page.text, "proof_password")
        form = form_fields(page.text, "proof_password")
        wrong = accounts.post("/account/security/prove", data=form | {"proof_password": "not this one"})
        assert wrong.status_code == 422
        assert asks(wrong)
        again = form_fields(wrong.text, "proof_password")
        right = accounts.post("/account/security/prove", data=again | {"proof_password": PASSWORD})
        assert (right.status_code, right.location) == (303, address)
        assert not asks(accounts.get(address))
        assert events(cast.accounts[ACCOUNTS])[-2:] == ["proof_failed", "proven"]

    def test_a_form_that_comes_too_late_is_kept_and_done_with_the_proof(self, cast, accounts, clock):
        address = f"/bills/delete/{cast.bills[NORTH][0]}"
        form = form_fields(accounts.get(address).text, "reason") | {"reason": "<b>“twice”</b> & more"}
        clock.forward(minutes=20)
        accounts.get("/")
        clock.forward(minutes=11)
        late = accounts.post(address, data=form)
        assert late.status_code == 422
        kept = form_fields(late.text, "proof_password")
        assert kept["reason"] == form["reason"]
        assert accounts.get(f"/bills/show/{cast.bills[NORTH][0]}").text.count("<b>“twice”") == 0
        wrong = accounts.post(address, data=kept | {"proof_password": "no"})
        kept = form_fields(wrong.text, "proof_password")
        assert kept["reason"] == form["reason"]
        done = accounts.post(address, data=kept | {"proof_password": PASSWORD})
        assert done.status_code == 303
        assert "&lt;b&gt;“twice”&lt;/b&gt; &amp; more" in accounts.get(f"/bills/show/{cast.bills[NORTH][0]}").text

    def test_several_values_of_one_field_are_kept(self, cast, as_person, clock):
        north = as_person(NORTH)
        address = f"/managers/permissions/{cast.accounts[COLLECTOR]}"
        token = token_of(north)
        clock.forward(minutes=6)
        keys = ["print-invoice", "edit-bills", "view-customer-details"]
        late = north.post(address, data={"csrf_token": token, "keys": keys, "seen": "1"})
        assert late.status_code == 422
        assert [key for key in keys if f'name="keys" value="{key}"' in late.text] == keys
        done = north.post(address, data={"csrf_token": token, "keys": keys, "seen": "1", "proof_password": PASSWORD})
        assert done.status_code == 303

    def test_five_wrong_ones_have_to_wait_and_so_has_the_right_one(self, cast, accounts, clock):
        address = f"/bills/delete/{cast.bills[NORTH][0]}"
        clock.forward(minutes=20)
        accounts.get("/")
        clock.forward(minutes=11)
        token = token_of(accounts)
        for _ in range(5):
            assert asks(accounts.post(address, data={"csrf_token": token, "proof_password": "no"}))
        assert asks(accounts.post(address, data={"csrf_token": token, "proof_password": PASSWORD}))
        clock.forward(seconds=31)
        assert not asks(accounts.post(address, data={"csrf_token": token, "proof_password": PASSWORD}))

    def test_without_the_key_nothing_is_asked_but_403(self, cast, as_person, clock):
        client = as_person(COLLECTOR)
        clock.forward(minutes=20)
        client.get("/")
        clock.forward(minutes=11)
        assert client.get(f"/bills/delete/{cast.bills[NORTH][0]}").status_code == 403

    def test_cash_is_taken_in_one_post_however_late_and_a_discount_with_it_asks(self, cast, accounts, as_person, clock):
        # the form's own rules come first: take cash with what is due
        customer = cast.customers[NORTH][0]
        form = form_fields(accounts.get(f"/payments/receive/{customer}").text, "amount")
        clock.forward(minutes=20)
        accounts.get("/")
        clock.forward(minutes=11)
        with_discount = form | {"amount": "100", "discount": "10", "discount_reason": "old customer"}
        late = accounts.post(f"/payments/receive/{customer}", data=with_discount)
        assert asks(late)
        assert form_fields(late.text, "proof_password")["discount"] == "10"
        taken = accounts.post(f"/payments/receive/{customer}", data=form | {"amount": "100"})
        assert taken.status_code == 303

    @pytest.mark.parametrize("target", ["//evil.example.com", "https://evil.example.com", "/\\evil"])
    def test_the_proof_leads_nowhere_else(self, accounts, target):
        data = {"csrf_token": token_of(accounts), "next": target, "proof_password": PASSWORD}
        assert accounts.post("/account/security/prove", data=data).location == "/"

    def test_looking_at_the_proof_s_address_changes_nothing(self, accounts):
        assert accounts.get("/account/security/prove").location == "/"


class TestWithAFactor:
    def test_the_code_is_asked_for_and_the_password_is_not_enough(self, cast, accounts, set_up_app, clock):
        phone, _codes = set_up_app(accounts)
        clock.forward(minutes=20)
        accounts.get("/")
        clock.forward(minutes=11)
        address = f"/bills/delete/{cast.bills[NORTH][0]}"
        page = accounts.get(address)
        assert "proof_code" in page.text
        assert "proof_password" not in page.text
        form = form_fields(page.text, "proof_code")
        assert accounts.post("/account/security/prove", data=form | {"proof_password": PASSWORD}).status_code == 422
        assert accounts.post("/account/security/prove", data=form | {"proof_code": phone.wrong}).status_code == 422
        code = phone.code()
        assert accounts.post("/account/security/prove", data=form | {"proof_code": code}).location == address
        clock.forward(seconds=29)
        data = {"csrf_token": token_of(accounts), "next": address, "proof_code": code}
        assert accounts.post("/account/security/prove", data=data).status_code == 422

    def test_a_remembered_device_that_skipped_it_is_asked_at_once(self, app, cast, accounts, set_up_app):
        phone, _codes = set_up_app(accounts)
        client = app.test_client()
        try_password(client, ACCOUNTS, PASSWORD, remember="y")
        second_step(client, phone.code(1))
        assert not asks(client.get(f"/bills/delete/{cast.bills[NORTH][0]}"))
        client.post("/logout/", data={"csrf_token": token_of(client)})
        assert try_password(client, ACCOUNTS, PASSWORD).location == "/"
        assert asks(client.get(f"/bills/delete/{cast.bills[NORTH][0]}"))
        assert client.get("/bills/list/").status_code == 200


def test_own_password_asks_for_itself_and_not_twice(cast, as_person, clock, fill):
    client = as_person(COLLECTOR)
    clock.forward(minutes=10)
    new = "velvet orbit lantern mango"
    assert fill(client, "/account/password", current=PASSWORD, new=new, again=new).status_code == 303


def test_granting_a_key_asks_after_five_minutes(cast, as_person, clock):
    parent = as_person(GA)
    office = f"/managers/permissions/{cast.accounts['office@meghna.example.com']}"
    clock.forward(minutes=4, seconds=59)
    assert not asks(parent.get(office))
    clock.forward(seconds=1)
    assert asks(parent.get(office))
