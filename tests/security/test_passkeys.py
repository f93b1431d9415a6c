"""Passkeys whose answers no browser would send: what the server itself must refuse, seen on both databases."""

import json

import pytest
from sqlalchemy import select

from app.access.scope import everywhere
from app.core.database import db
from app.security.models import Passkey
from tests.cast import ACCOUNTS, COLLECTOR
from tests.conftest import form_fields
from tests.security.authenticator import Authenticator
from tests.security.conftest import PASSWORD, token_of
from tests.security.test_sign_in import try_password


@pytest.fixture
def key(app):
    """A passkey that nobody knows yet."""
    return Authenticator(origin=app.config["PUBLIC_URL"])


def register(client, key, name="my phone", **how):
    """Add a passkey through the pages and return the answer."""
    token = token_of(client)
    options = client.post("/account/security/passkeys/options", data={"csrf_token": token}).get_json()
    given = {"csrf_token": token, "name": name, "credential": key.register(options, **how)}
    return client.post("/account/security/passkeys/add", data=given)


def challenge(client):
    """Return what a passkey is asked to sign, with the token of the page that asks."""
    path = "/login/factor" if client.get("/login/factor").status_code == 200 else "/login/"
    token = form_fields(client.get(path).text)["csrf_token"]
    return client.post("/login/passkey/options", data={"csrf_token": token}).get_json(), token


def alone(client, key, change=lambda answer: None, **how):
    """Sign in with a passkey and nothing else; `change` spoils its answer."""
    options, token = challenge(client)
    answer = json.loads(key.sign(options, **how))
    change(answer)
    return client.post("/login/passkey", data={"csrf_token": token, "credential": json.dumps(answer)})


def second(client, key, **how):
    """Take the second step with a passkey."""
    options, token = challenge(client)
    return client.post("/login/factor", data={"csrf_token": token, "credential": key.sign(options, **how)})


@pytest.fixture
def collector(cast, as_person):
    """North's cash collector, signed in."""
    return as_person(COLLECTOR)


@pytest.fixture
def known(collector, key):
    """A passkey that the collector has added."""
    assert register(collector, key).status_code == 200
    return key


def is_signed_in(client):
    """Tell whether a browser is let in."""
    return client.get("/customers/list/").status_code == 200


class TestAHolderNobodyHasVerified:
    def test_adds_no_passkey(self, app, collector, key):
        assert register(collector, key, verified=False).status_code == 422
        with app.app_context(), everywhere("the test counts"):
            assert db.session.execute(select(Passkey)).all() == []

    def test_does_not_sign_in_with_it_alone(self, app, known, events):
        client = app.test_client()
        assert alone(client, known, verified=False).location == "/login/"
        assert not is_signed_in(client)
        assert events()[-1] == "passkey_failed"
        # whoever is verified does
        assert alone(client, known).location == "/"
        assert is_signed_in(client)

    def test_may_use_it_after_the_password_which_is_the_other_factor(self, app, known):
        client = app.test_client()
        assert try_password(client, COLLECTOR, PASSWORD).location == "/login/factor"
        assert second(client, known, verified=False).location == "/"


class TestAnAnswer:
    @pytest.mark.parametrize("spoilt", ["signature", "authenticatorData", "clientDataJSON", "userHandle"])
    def test_of_which_a_part_was_changed_signs_nobody_in(self, spoilt, app, known):
        def change(answer):
            whole = answer["response"][spoilt]
            middle = len(whole) // 2
            answer["response"][spoilt] = whole[:middle] + ("A" if whole[middle] != "A" else "B") + whole[middle + 1 :]

        client = app.test_client()
        assert alone(client, known, change).location == "/login/"
        assert not is_signed_in(client)

    @pytest.mark.parametrize("handle", [None, "", "AAAA"])
    def test_that_does_not_name_its_account_signs_nobody_in(self, handle, app, known):
        client = app.test_client()
        assert alone(client, known, lambda answer: answer["response"].update(userHandle=handle)).location == "/login/"
        assert not is_signed_in(client)

    @pytest.mark.parametrize(("part", "other"), [("origin", "https://evil.example"), ("rp_id", "evil.example")])
    def test_for_another_site_signs_nobody_in(self, part, other, app, known):
        setattr(known, part, other)
        client = app.test_client()
        assert alone(client, known).location == "/login/"
        assert not is_signed_in(client)

    def test_of_a_copy_whose_counter_stands_still_signs_nobody_in(self, app, known):
        client = app.test_client()
        assert alone(client, known).location == "/"
        known.counter -= 1
        copied = app.test_client()
        assert alone(copied, known).location == "/login/"
        assert not is_signed_in(copied)

    def test_that_was_used_already_signs_nobody_in_not_even_from_a_copied_browser(self, app, known):
        # many passkeys never count: of theirs the challenge alone tells the second use
        known.counter = -1
        client, copied = app.test_client(), app.test_client()
        options, token = challenge(client)
        name = app.config["SESSION_COOKIE_NAME"]
        copied.set_cookie(name, client.get_cookie(name).value)
        sent = {"csrf_token": token, "credential": known.sign(options)}
        assert client.post("/login/passkey", data=sent).location == "/"
        assert copied.post("/login/passkey", data=sent).location == "/login/"
        assert not is_signed_in(copied)

    def test_to_an_older_challenge_signs_nobody_in(self, app, known, clock):
        client = app.test_client()
        options, token = challenge(client)
        answer = known.sign(options)
        clock.forward(minutes=5)
        assert client.post("/login/passkey", data={"csrf_token": token, "credential": answer}).location == "/login/"
        assert not is_signed_in(client)

    def test_to_the_challenge_of_another_browser_signs_nobody_in(self, app, known):
        mine, theirs = app.test_client(), app.test_client()
        options, _token = challenge(theirs)
        _options, token = challenge(mine)
        sent = {"csrf_token": token, "credential": known.sign(options)}
        assert mine.post("/login/passkey", data=sent).location == "/login/"
        assert not is_signed_in(mine)

    @pytest.mark.parametrize("nonsense", ["", "{", "[]", "null", '{"rawId": 7}', '{"rawId": "AA", "response": []}'])
    def test_that_is_none_is_answered_like_a_wrong_one(self, nonsense, app, cast):
        client = app.test_client()
        _options, token = challenge(client)
        answer = client.post("/login/passkey", data={"csrf_token": token, "credential": nonsense})
        assert (answer.status_code, answer.location) == (302, "/login/")


def test_a_passkey_of_another_account_is_no_second_factor(app, known, as_person):
    accountants = Authenticator(origin=app.config["PUBLIC_URL"])
    assert register(as_person(ACCOUNTS), accountants).status_code == 200
    client = app.test_client()
    assert try_password(client, ACCOUNTS, PASSWORD).location == "/login/factor"
    assert second(client, known).status_code == 422
    assert not is_signed_in(client)
    assert second(client, accountants).location == "/"


def test_a_passkey_that_is_in_use_already_is_no_second_account_s(app, known, as_person):
    assert register(as_person(ACCOUNTS), known).status_code == 422
    with app.app_context(), everywhere("the test counts"):
        assert len(db.session.execute(select(Passkey)).all()) == 1
