"""The second factor: set up, asked for, used once; nothing else opens in between."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from app.access.scope import everywhere
from app.accounts.models import Account, Credential
from app.activity.models import Activity
from app.core.database import db, transaction
from app.core.sealing import BrokenSeal, rotate_seals, unseal
from app.security import services
from app.security.factors import PURPOSE, use_recovery_code, use_totp
from app.security.models import RecoveryCode, TotpFactor
from app.web.page import GATES
from tests.cast import ACCOUNTS, COLLECTOR, DESK, GA, NEWBIE, NORTH, OFFICE, ROOT
from tests.conftest import form_fields
from tests.rules.doors import doors, is_public
from tests.security.conftest import PASSWORD, App, token_of
from tests.security.test_sign_in import try_password


def second_step(client, code):
    """Send the second step's form and return the answer."""
    form = form_fields(client.get("/login/factor").text, "code")
    return client.post("/login/factor", data=form | {"code": code})


@pytest.fixture
def collector(cast, as_person):
    """North's cash collector, signed in."""
    return as_person(COLLECTOR)


@pytest.fixture
def protected(app, collector, set_up_app):
    """The collector's authenticator app and recovery codes."""
    return set_up_app(collector)


@pytest.fixture
def half_in(app, cast, protected):
    """A browser in which the collector's password was right and the second factor is asked for."""
    client = app.test_client()
    assert try_password(client, COLLECTOR, PASSWORD).location == "/login/factor"
    return client


class TestSettingUp:
    def test_shows_a_picture_drawn_in_the_page_and_the_key_as_text(self, collector):
        collector.post("/account/security/totp/begin", data={"csrf_token": token_of(collector)})
        page = collector.get("/account/security/totp")
        assert "<svg" in page.text
        secret = re.search(r'id="secret"[^>]*>([A-Z2-7 ]+)<', page.text).group(1).replace(" ", "")
        assert len(secret) == 32
        assert page.headers["Cache-Control"] == "no-store"

    def test_a_wrong_code_confirms_nothing_and_the_same_key_stays(self, app, collector, fill, cast):
        collector.post("/account/security/totp/begin", data={"csrf_token": token_of(collector)})
        before = collector.get("/account/security/totp").text
        secret = re.search(r'id="secret"[^>]*>([A-Z2-7 ]+)<', before).group(1).replace(" ", "")
        assert fill(collector, "/account/security/totp", code=App(secret).wrong).status_code == 422
        assert secret[:4] + " " in collector.get("/account/security/totp").text
        assert try_password(app.test_client(), COLLECTOR, PASSWORD).location == "/"

    def test_the_code_that_confirmed_it_does_not_sign_in(self, app, protected, half_in):
        phone, _codes = protected
        assert second_step(half_in, phone.code()).status_code == 422

    def test_tells_the_log_and_the_recovery_codes_are_shown_once(self, cast, collector, protected, events):
        assert events(cast.accounts[COLLECTOR])[-2:] == ["totp_added", "recovery_codes_made"]
        _phone, codes = protected
        page = collector.get("/account/security/").text
        assert not any(code in page for code in codes)

    def test_a_parent_that_looks_at_the_panel_as_its_manager_sees_no_key(self, cast, collector, as_person):
        collector.post("/account/security/totp/begin", data={"csrf_token": token_of(collector)})
        north = as_person(NORTH)
        north.post(f"/managers/see-as/{cast.accounts[COLLECTOR]}", data={"csrf_token": token_of(north)})
        for page in ("totp", "codes", "passkeys/add", "totp/remove"):
            assert north.get(f"/account/security/{page}").status_code == 403
        assert "/account/security/totp/begin" not in north.get("/account/security/").text


class TestACode:
    def test_signs_in_once(self, app, protected, half_in):
        phone, _codes = protected
        code = phone.code(1)
        assert second_step(half_in, code).location == "/"
        assert half_in.get("/customers/list/").status_code == 200
        again = app.test_client()
        try_password(again, COLLECTOR, PASSWORD)
        assert second_step(again, code).status_code == 422

    def test_of_a_neighbouring_half_minute_fits_and_no_other(self, app, cast, protected, clock):
        phone, _codes = protected
        clock.forward(minutes=10)
        for steps, fits in ((-2, False), (2, False), (-1, True), (0, True), (1, True)):
            with app.app_context():
                assert use_totp(cast.accounts[COLLECTOR], phone.code(steps)) is fits, steps

    def test_older_than_the_newest_used_is_refused(self, app, cast, protected, clock):
        phone, _codes = protected
        clock.forward(minutes=10)
        with app.app_context():
            assert use_totp(cast.accounts[COLLECTOR], phone.code(1))
            for steps in (-1, 0, 1):
                assert not use_totp(cast.accounts[COLLECTOR], phone.code(steps))

    def test_typed_in_bengali_digits_and_with_a_space_fits(self, app, protected, half_in):
        phone, _codes = protected
        bengali = phone.code(1).translate(str.maketrans("0123456789", "০১২৩৪৫৬৭৮৯"))
        assert second_step(half_in, f"{bengali[:3]} {bengali[3:]}").location == "/"

    def test_works_once_when_twenty_send_it_at_the_same_moment(self, app, cast, protected, clock):
        phone, _codes = protected
        clock.forward(minutes=10)
        code, gate = phone.code(), Barrier(20)

        def use(_number):
            with app.app_context():
                gate.wait()
                return use_totp(cast.accounts[COLLECTOR], code)

        with ThreadPoolExecutor(20) as pool:
            assert sorted(pool.map(use, range(20))) == [False] * 19 + [True]

    @pytest.mark.parametrize(
        "code", ["", "12345", "1234567", "abcdef", "１２３４５６", "-12345", "12345\x00", "1" * 3000, "\ud800x"]
    )
    def test_nonsense_is_refused(self, half_in, code):
        assert second_step(half_in, code.encode("utf-8", "replace").decode()).status_code == 422

    def test_five_wrong_ones_ask_for_the_password_again(self, app, cast, protected, half_in, clock, events):
        phone, _codes = protected
        for _ in range(4):
            assert second_step(half_in, phone.wrong).status_code == 422
        assert second_step(half_in, phone.wrong).location == "/login/"
        assert half_in.get("/login/factor").location == "/login/"
        assert "second_factor_failed" in events(cast.accounts[COLLECTOR])
        # and the right one waits, whoever knows the password and comes from wherever
        other = app.test_client()
        other.environ_base["REMOTE_ADDR"] = "127.0.0.9"
        try_password(other, COLLECTOR, PASSWORD)
        assert second_step(other, phone.code(1)).status_code == 422
        clock.forward(seconds=31)
        assert second_step(other, phone.code(1)).location == "/"

    def test_of_many_wrong_ones_at_once_no_more_than_five_are_tried(self, app, protected, half_in, monkeypatch):
        tried, real = [], services.use_totp
        monkeypatch.setattr(services, "use_totp", lambda *args: tried.append(args) or real(*args))
        form = form_fields(half_in.get("/login/factor").text, "code")
        cookie, gate = half_in.get_cookie(app.config["SESSION_COOKIE_NAME"]).value, Barrier(12)

        def send(_number):
            client = app.test_client()
            client.set_cookie(app.config["SESSION_COOKIE_NAME"], cookie)
            gate.wait()
            return client.post("/login/factor", data=form | {"code": protected[0].wrong}).status_code

        with ThreadPoolExecutor(12) as pool:
            list(pool.map(send, range(12)))
        assert len(tried) <= 5


class TestARecoveryCode:
    def test_signs_in_once_whatever_its_case_and_spaces(self, app, cast, protected, half_in, events):
        _phone, codes = protected
        assert second_step(half_in, codes[3].lower().replace("-", " ")).location == "/"
        assert events(cast.accounts[COLLECTOR])[-2:] == ["recovery_code_used", "signed_in"]
        again = app.test_client()
        try_password(again, COLLECTOR, PASSWORD)
        assert second_step(again, codes[3]).status_code == 422
        assert second_step(again, codes[4]).location == "/"

    def test_is_kept_as_a_hash_and_works_for_nobody_else(self, app, cast, protected, events):
        _phone, codes = protected
        with app.app_context(), everywhere("tests look at everything"):
            kept = db.session.execute(select(RecoveryCode.code_hash)).scalars().all()
            assert len(set(kept)) == 10
            assert not any(code.replace("-", "") in "".join(kept) for code in codes)
            desk = db.session.get_one(Account, cast.accounts[DESK])
            assert not use_recovery_code(desk, codes[0])

    def test_new_ones_make_the_old_void(self, app, collector, protected, half_in, fill):
        _phone, codes = protected
        shown = fill(collector, "/account/security/codes")
        new = re.findall(r"[A-Z2-9]{5}(?:-[A-Z2-9]{5}){4}", shown.text)
        assert len(set(new) - set(codes)) == 10
        assert second_step(half_in, codes[0]).status_code == 422
        assert second_step(half_in, new[0]).location == "/"

    def test_has_125_random_bits(self, protected):
        _phone, codes = protected
        assert all(len(code.replace("-", "")) * 5 == 125 for code in codes)


def is_for_programs(door):
    """Whether a door takes API keys alone: a browser's session is nobody there."""
    return door.rule.startswith("/api/v1")


class TestBetweenPasswordAndSecondFactor:
    def test_no_door_opens_that_would_not_open_to_a_stranger(self, app, half_in):
        let_in = []
        token = token_of(half_in, "/login/factor")
        for door in doors(app):
            if is_public(door):
                continue
            address = re.sub(r"<[^>]+>", "1", door.rule)
            for method in door.methods:
                answer = half_in.open(address, method=method, data={"csrf_token": token} if method == "POST" else None)
                if is_for_programs(door) and answer.status_code == 401:
                    continue
                if answer.status_code != 302 or not answer.location.startswith("/login/"):
                    let_in.append(f"{method} {door.rule} answers {answer.status_code}")
        assert let_in == []

    def test_ten_minutes_are_enough(self, half_in, protected, clock):
        clock.forward(minutes=10)
        assert half_in.get("/login/factor").location == "/login/"

    def test_a_password_changed_meanwhile_asks_again(self, collector, protected, half_in, fill):
        new = "velvet orbit lantern mango"
        fill(collector, "/account/password", current=PASSWORD, new=new, again=new)
        assert half_in.get("/login/factor").location == "/login/"

    def test_a_step_cannot_be_skipped_or_taken_twice(self, app, half_in, protected):
        stranger = app.test_client()
        assert stranger.get("/login/factor").location == "/login/"
        phone, codes = protected
        cookie = half_in.get_cookie(app.config["SESSION_COOKIE_NAME"]).value
        assert second_step(half_in, phone.code(1)).location == "/"
        copy = app.test_client()
        copy.set_cookie(app.config["SESSION_COOKIE_NAME"], cookie)
        assert copy.get("/login/factor").location == "/login/"


@pytest.mark.parametrize("gate", ["password", "factor"])
def test_behind_a_gate_nothing_opens_but_what_leads_through_it(app, cast, as_person, gate):
    client = as_person(COLLECTOR)
    with app.app_context(), everywhere("tests change everything"), transaction() as session:
        if gate == "password":
            session.get_one(Credential, cast.accounts[COLLECTOR]).must_change = True
        else:
            session.get_one(Account, cast.accounts[NORTH]).demands_factor = True
    open_routes = GATES[gate][1]
    token, wrong = token_of(client, client.get("/").location), []
    assert client.get("/").location in ("/account/password", "/account/security/")
    for door in doors(app):
        if is_public(door) or door.endpoint in open_routes:
            continue
        address = re.sub(r"<[^>]+>", "1", door.rule)
        for method in door.methods:
            answer = client.open(address, method=method, data={"csrf_token": token} if method == "POST" else None)
            if is_for_programs(door) and answer.status_code == 401:
                continue
            if answer.status_code != 302 or answer.location != client.get("/").location:
                wrong.append(f"{method} {door.rule} answers {answer.status_code}")
    assert wrong == []
    page = client.get(client.get("/").location).text
    assert 'href="/customers/list/"' not in page


class TestRememberThisDevice:
    def test_asks_for_no_second_factor_there_for_thirty_days(self, app, cast, protected, clock):
        phone, _codes = protected
        client = app.test_client()
        try_password(client, COLLECTOR, PASSWORD, remember="y")
        assert second_step(client, phone.code(1)).location == "/"
        client.post("/logout/", data={"csrf_token": token_of(client)})
        clock.forward(days=29)
        assert try_password(client, COLLECTOR, PASSWORD).location == "/"
        client.post("/logout/", data={"csrf_token": token_of(client)})
        clock.forward(days=1)
        assert try_password(client, COLLECTOR, PASSWORD).location == "/login/factor"

    def test_helps_nobody_else_on_the_same_device(self, app, cast, protected, as_person, set_up_app):
        phone, _codes = protected
        set_up_app(as_person(DESK))
        client = app.test_client()
        try_password(client, COLLECTOR, PASSWORD, remember="y")
        second_step(client, phone.code(1))
        client.post("/logout/", data={"csrf_token": token_of(client)})
        assert try_password(client, DESK, PASSWORD).location == "/login/factor"

    def test_ends_with_a_changed_password_elsewhere(self, app, cast, collector, protected, fill):
        phone, _codes = protected
        client = app.test_client()
        try_password(client, COLLECTOR, PASSWORD, remember="y")
        second_step(client, phone.code(1))
        new = "velvet orbit lantern mango"
        fill(collector, "/account/password", current=PASSWORD, new=new, again=new)
        assert client.get("/account/").status_code == 302
        assert try_password(client, COLLECTOR, new).location == "/login/factor"


class TestTheParent:
    def test_demands_a_factor_of_its_managers_who_set_one_up_and_go_on(self, app, cast, as_person, set_up_app):
        north = as_person(NORTH)
        north.post("/managers/demand-factor", data={"csrf_token": token_of(north), "wanted": "1"})
        client = as_person(COLLECTOR)
        assert client.get("/customers/list/").location == "/account/security/"
        assert as_person(NEWBIE).get("/account/").status_code == 200
        assert as_person(OFFICE).get("/account/").status_code == 200
        set_up_app(client)
        assert client.get("/customers/list/").status_code == 200
        north.post("/managers/demand-factor", data={"csrf_token": token_of(north), "wanted": "0"})
        assert as_person(DESK).get("/account/").status_code == 200

    def test_sees_who_has_one(self, cast, as_person, collector, protected):
        north = as_person(NORTH)
        north.get("/lang/en")
        lines = {line.split(",")[0]: line for line in north.get("/managers/export").text.splitlines()}
        assert ",On," in lines["Tanvir Ahmed"]
        assert ",Off," in lines["Sumaiya Desk"]

    def test_takes_a_lost_one_away_and_the_person_is_told(
        self, app, cast, as_person, collector, protected, fill, events
    ):
        north = as_person(NORTH)
        assert fill(north, f"/managers/reset-factors/{cast.accounts[COLLECTOR]}").status_code == 303
        assert collector.get("/account/").status_code == 302
        assert "factors_reset" in events(cast.accounts[COLLECTOR])
        with app.app_context(), everywhere("tests read the log"):
            entry = db.session.execute(select(Activity).where(Activity.event == "account.factors_reset")).scalar_one()
            assert (entry.subject_id, entry.actor_id) == (cast.accounts[COLLECTOR], cast.accounts[NORTH])
        client = app.test_client()
        assert try_password(client, COLLECTOR, PASSWORD).location == "/"
        assert "note-warn" in client.get("/").text
        assert "note-warn" not in as_person(COLLECTOR).get("/").text

    def test_of_another_s_manager_takes_nothing_away(self, cast, as_person, set_up_app):
        set_up_app(as_person(OFFICE))
        assert as_person(NORTH).get(f"/managers/reset-factors/{cast.accounts[OFFICE]}").status_code == 404
        assert as_person(ACCOUNTS).get(f"/managers/reset-factors/{cast.accounts[COLLECTOR]}").status_code == 403


@pytest.mark.parametrize("email", [ROOT, GA, NORTH])
def test_who_has_lost_it_and_has_nobody_above_is_helped_by_the_command_line(
    app, cast, as_person, set_up_app, events, email
):
    signed_in = as_person(email)
    set_up_app(signed_in)
    assert try_password(app.test_client(), email, PASSWORD).location == "/login/factor"
    answer = app.test_cli_runner().invoke(args=["isp", "reset-factors", email.upper()])
    assert (answer.exit_code, answer.output) == (0, f"{email} signs in with its password alone\n")
    assert signed_in.get("/account/").status_code == 302
    assert "factors_reset" in events(cast.accounts[email])
    client = app.test_client()
    assert try_password(client, email, PASSWORD).location == "/"
    assert "সার্ভার থেকে" in client.get("/").text
    refused = app.test_cli_runner().invoke(args=["isp", "reset-factors", "nobody@meghna.example.com"])
    assert (refused.exit_code, refused.output) == (1, "Error: there is no account nobody@meghna.example.com\n")


def test_removing_the_app_takes_the_recovery_codes_along(app, cast, collector, protected, fill, events):
    assert fill(collector, "/account/security/totp/remove").status_code == 303
    assert try_password(app.test_client(), COLLECTOR, PASSWORD).location == "/"
    assert events(cast.accounts[COLLECTOR])[-2:] == ["totp_removed", "signed_in"]
    with app.app_context():
        assert db.session.execute(select(RecoveryCode.id)).first() is None


def test_no_code_and_no_secret_is_in_the_log(app, cast, protected, half_in, whole_log):
    phone, codes = protected
    second_step(half_in, phone.wrong)
    second_step(half_in, codes[0])
    text = whole_log()
    assert not any(code in text for code in (*codes, phone.wrong, phone.code(), phone._totp.secret))


def test_the_secret_is_sealed_for_its_account_and_the_keys_can_be_rotated(app, cast, protected, monkeypatch):
    phone, _codes = protected
    owner, other = cast.accounts[COLLECTOR], cast.accounts[DESK]
    with app.app_context():
        sealed = db.session.get_one(TotpFactor, owner).secret
        assert phone._totp.secret not in sealed
        with pytest.raises(BrokenSeal):
            unseal(PURPOSE, other, sealed)
        old = app.config["FIELD_KEYS"]
        new = Fernet.generate_key().decode()
        monkeypatch.setitem(app.config, "FIELD_KEYS", (new, *old))
        with everywhere("the keys seal the secrets of all"), transaction():
            assert rotate_seals() == 1
        monkeypatch.setitem(app.config, "FIELD_KEYS", (new,))
        assert unseal(PURPOSE, owner, db.session.get_one(TotpFactor, owner).secret) == phone._totp.secret
