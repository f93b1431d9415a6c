"""Sessions live on the server: they end by time, one by one, all at once, and with what they rested on."""

import re

import pytest
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import event, select, update

from app.access.actor import find_signed_in
from app.access.scope import everywhere
from app.core.clock import now
from app.core.database import db, transaction
from app.core.tokens import digest
from app.security.models import RememberedDevice, SignInSession
from app.security.sessions import clear_away
from config import Production
from tests.cast import COLLECTOR, DESK, GA, NORTH
from tests.rules.house import hold
from tests.security.conftest import PASSWORD, token_of


def cookie_of(app, client):
    """Return the value of a browser's session cookie."""
    return client.get_cookie(app.config["SESSION_COOKIE_NAME"]).value


def browser_with(app, cookie):
    """Return a browser that holds a copy of a cookie."""
    client = app.test_client()
    client.set_cookie(app.config["SESSION_COOKIE_NAME"], cookie)
    return client


def serializer_of(app):
    """Return what signs the application's cookies."""
    return SecureCookieSessionInterface().get_signing_serializer(app)


def token_in(app, cookie):
    """Return the session's token that a cookie carries."""
    return serializer_of(app).loads(cookie)["_user_id"]


def signed(app, content):
    """Return a cookie with this content, signed with the application's own key."""
    return serializer_of(app).dumps(content)


def is_in(client):
    """Tell whether a browser is signed in."""
    return client.get("/account/").status_code == 200


def rows(app):
    """Return all sessions, oldest first."""
    with app.app_context(), everywhere("tests look at everything"):
        found = db.session.execute(select(SignInSession).order_by(SignInSession.id)).scalars().all()
        db.session.expunge_all()
        return found


@pytest.fixture
def collector(cast, as_person):
    """North's cash collector, signed in."""
    return as_person(COLLECTOR)


def test_a_cookie_copied_before_sign_out_is_dead_after_it(app, collector):
    copy = browser_with(app, cookie_of(app, collector))
    assert is_in(copy)
    collector.post("/logout/", data={"csrf_token": token_of(collector)})
    assert not is_in(copy)
    assert not is_in(collector)


def test_signing_in_again_ends_the_browser_s_older_session_and_takes_a_new_id(app, collector):
    older = cookie_of(app, collector)
    token = token_of(collector)
    collector.post("/login/", data={"csrf_token": token, "email": DESK, "password": PASSWORD})
    assert cookie_of(app, collector) != older
    assert not is_in(browser_with(app, older))


def test_the_table_holds_hashes_and_no_token_that_signs_in(app, collector):
    token = token_in(app, cookie_of(app, collector))
    (row,) = rows(app)
    assert row.token_hash == digest(token)
    assert token not in repr(vars(row))
    # who has read the table and even knows the key cannot sign in with the hash
    assert not is_in(browser_with(app, signed(app, {"_user_id": row.token_hash})))


@pytest.mark.parametrize(
    "spoil", [lambda c: c[:-1], lambda c: c[: len(c) // 2], lambda c: c + "x", lambda c: "", lambda c: "é\x7f"]
)
def test_a_cut_or_forged_cookie_signs_nobody_in_and_breaks_nothing(app, collector, spoil):
    assert browser_with(app, spoil(cookie_of(app, collector))).get("/account/").status_code == 302


@pytest.mark.parametrize("token", ["1", 7, None, ["a"], {"a": 1}, "\x00", "x" * 5000])
def test_a_signed_cookie_with_nonsense_in_it_signs_nobody_in(app, cast, token):
    assert browser_with(app, signed(app, {"_user_id": token})).get("/account/").status_code == 302


class TestTime:
    def test_half_an_hour_without_a_request_ends_a_session(self, app, collector, clock):
        clock.forward(minutes=29, seconds=59)
        assert is_in(collector)
        clock.forward(minutes=30)
        answer = collector.get("/customers/list/")
        assert answer.status_code == 302
        assert "/login/" in answer.location
        assert "note-info" in collector.get("/login/").text

    def test_twelve_hours_end_a_session_that_never_rested(self, collector, clock):
        for _ in range(35):
            clock.forward(minutes=20)
            assert is_in(collector)
        clock.forward(minutes=20)
        assert not is_in(collector)

    def test_on_a_remembered_device_it_is_twelve_hours_and_thirty_days(self, app, cast, fill, clock):
        client = app.test_client()
        fill(client, "/login/", email=COLLECTOR, password=PASSWORD, remember="y")
        clock.forward(hours=11, minutes=59)
        assert is_in(client)
        for _ in range(59):
            clock.forward(hours=11, minutes=55)
            assert is_in(client)
        clock.forward(hours=11, minutes=55)
        assert not is_in(client)

    def test_when_it_was_last_seen_is_written_at_most_once_a_minute(self, app, collector, clock):
        seen = rows(app)[0].seen_at
        clock.forward(seconds=59)
        collector.get("/account/")
        assert rows(app)[0].seen_at == seen
        clock.forward(seconds=1)
        collector.get("/account/")
        assert (rows(app)[0].seen_at - seen).total_seconds() == 60

    def test_a_look_waits_for_nobody_who_is_writing(self, app, collector, clock):
        clock.forward(minutes=2)
        seen = rows(app)[0].seen_at
        with app.app_context(), db.engine.connect().execution_options(writing=True) as other:
            other.execute(update(SignInSession).values(way="password"))
            if db.is_sqlite:
                assert is_in(collector)
            other.rollback()
        assert is_in(collector)
        assert rows(app)[0].seen_at > seen


class TestTheListOfSessions:
    def test_shows_device_address_and_when_it_was_seen(self, app, cast, collector, fill):
        phone = app.test_client()
        page = phone.get("/login/", headers={"User-Agent": "Mozilla/5.0 (Linux; Android 13) Chrome/120 Mobile"})
        fields = dict(re.findall(r'name="(csrf_token)"[^>]*value="([^"]+)"', page.text))
        phone.post(
            "/login/",
            data=fields | {"email": COLLECTOR, "password": PASSWORD},
            headers={"User-Agent": "Mozilla/5.0 (Linux; Android 13) Chrome/120 Mobile"},
        )
        shown = collector.get("/account/security/").text
        assert "Chrome, Android" in shown
        assert "127.0.0.1" in shown
        assert shown.count("/account/security/sessions/end/") == 1

    def test_ends_one_and_leaves_the_others(self, app, cast, collector, as_person, events):
        second, third = as_person(COLLECTOR), as_person(COLLECTOR)
        number = rows(app)[1].id
        answer = collector.post(f"/account/security/sessions/end/{number}", data={"csrf_token": token_of(collector)})
        assert answer.status_code == 303
        assert (is_in(second), is_in(third), is_in(collector)) == (False, True, True)
        assert events(cast.accounts[COLLECTOR])[-1] == "session_ended"

    def test_ends_all_others_and_forgets_their_devices(self, app, cast, collector, fill):
        phone = app.test_client()
        fill(phone, "/login/", email=COLLECTOR, password=PASSWORD, remember="y")
        collector.post("/account/security/sessions/end-others", data={"csrf_token": token_of(collector)})
        assert not is_in(phone)
        assert is_in(collector)
        with app.app_context():
            expires = db.session.execute(select(RememberedDevice.expires_at)).scalars().all()
            assert all(moment <= now() for moment in expires)

    def test_another_s_session_is_not_found_and_goes_on(self, app, cast, collector, as_person):
        desk = as_person(DESK)
        number = rows(app)[1].id
        answer = collector.post(f"/account/security/sessions/end/{number}", data={"csrf_token": token_of(collector)})
        assert answer.status_code == 404
        assert is_in(desk)


class TestWhatEndsSessions:
    def test_a_changed_password_ends_all_but_the_acting_one_which_gets_a_new_id(
        self, app, cast, collector, as_person, fill
    ):
        other, older = as_person(COLLECTOR), cookie_of(app, collector)
        fill(
            collector,
            "/account/password",
            current=PASSWORD,
            new="velvet orbit lantern mango",
            again="velvet orbit lantern mango",
        )
        assert (is_in(collector), is_in(other)) == (True, False)
        assert not is_in(browser_with(app, older))

    def test_a_changed_factor_does_the_same(self, app, cast, collector, as_person, set_up_app):
        other, older = as_person(COLLECTOR), cookie_of(app, collector)
        set_up_app(collector)
        assert (is_in(collector), is_in(other)) == (True, False)
        assert not is_in(browser_with(app, older))

    def test_a_parent_s_end_sessions(self, cast, collector, as_person, fill, events):
        north = as_person(NORTH)
        assert fill(north, f"/managers/end-sessions/{cast.accounts[COLLECTOR]}").status_code == 303
        assert not is_in(collector)
        assert is_in(north)
        assert "sessions_ended" in events(cast.accounts[COLLECTOR])

    def test_a_suspended_account_and_one_below_it_stay_out_when_it_is_active_again(
        self, cast, collector, as_person, fill
    ):
        ga = as_person(GA)
        fill(ga, f"/operators/suspend/{cast.accounts[NORTH]}")
        assert not is_in(collector)
        fill(ga, f"/operators/activate/{cast.accounts[NORTH]}")
        assert not is_in(collector)

    def test_a_changed_key_ends_none(self, app, cast, collector):
        hold(app, COLLECTOR, {"dashboard"})
        assert is_in(collector)


def test_a_session_begun_with_a_password_that_was_changed_meanwhile_does_not_hold(app, cast, collector):
    # as if the password had changed between its check and the session's row
    with app.app_context(), transaction() as session:
        session.execute(update(SignInSession).values(epoch=SignInSession.epoch - 1))
    assert not is_in(collector)


def test_in_production_the_cookies_are_bound_to_the_host_and_to_https():
    assert Production.SESSION_COOKIE_NAME.startswith("__Host-")
    assert Production.DEVICE_COOKIE_NAME.startswith("__Host-")
    assert (Production.SESSION_COOKIE_SECURE, Production.SESSION_COOKIE_HTTPONLY) == (True, True)
    assert Production.SESSION_COOKIE_SAMESITE == "Lax"


def test_session_account_and_keys_are_two_statements(app, collector):
    ran = []

    def count(_connection, _cursor, statement, *_rest):
        ran.append(statement)

    token = token_in(app, cookie_of(app, collector))
    with app.app_context():
        db.session.execute(select(1))
        event.listen(db.engine, "before_cursor_execute", count)
        try:
            assert find_signed_in(token).email == COLLECTOR
        finally:
            event.remove(db.engine, "before_cursor_execute", count)
    assert len(ran) == 2


def test_what_is_over_is_cleared_away_and_what_holds_is_not(app, cast, as_person, clock):
    as_person(COLLECTOR)
    clock.forward(days=91)
    client = as_person(DESK)
    with app.app_context():
        clear_away()
    assert [row.account_id for row in rows(app)] == [cast.accounts[DESK]]
    assert is_in(client)
