"""Email and password: one answer whatever is wrong, attempts counted before they are tried, weak passwords refused."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select

from app.access.scope import everywhere
from app.accounts import passwords
from app.accounts.models import Account, AccountStatus
from app.accounts.passwords import refuse_weak
from app.core.database import db, transaction
from app.core.errors import Refused
from app.security import services
from app.security.throttling import forget_attempts, is_locked, take_attempt
from tests.cast import COLLECTOR, DESK, NEWBIE, NORTH
from tests.conftest import form_fields
from tests.security.conftest import PASSWORD, token_of

WRONG = "not the password at all"


def try_password(client, email, password, **more):
    """Send the sign-in form and return the answer."""
    form = form_fields(client.get("/login/").text, "email")
    return client.post("/login/", data=form | {"email": email, "password": password, **more})


def said(answer):
    """Return what a page says, without the tokens that differ by request."""
    return re.sub(r'(name="csrf_token"[^>]*value=")[^"]+|r[0-9a-f]{16}', "", answer.text)


def suspend(app, email):
    """Suspend an account behind everybody's back."""
    with app.app_context(), everywhere("tests change everything"), transaction() as session:
        session.execute(select(Account).where(Account.email == email)).scalar_one().status = AccountStatus.SUSPENDED


class TestNoHint:
    def test_unknown_wrong_and_suspended_get_the_same_page(self, app, cast):
        suspend(app, NEWBIE)
        answers = [
            try_password(app.test_client(), email, password)
            for email, password in (
                ("nobody@example.com", PASSWORD),
                (COLLECTOR, WRONG),
                (NEWBIE, PASSWORD),
            )
        ]
        assert {answer.status_code for answer in answers} == {422}
        names = ("nobody@example.com", COLLECTOR, NEWBIE)
        pages = {
            said(answer).partition('id="demo-title"')[0].replace(email, "")
            for answer, email in zip(answers, names, strict=True)
        }
        assert len(pages) == 1

    def test_as_much_work_is_done_for_whom_nobody_knows(self, app, cast, monkeypatch):
        suspend(app, NEWBIE)
        checked = []
        real = passwords.check_password_hash
        monkeypatch.setattr(passwords, "check_password_hash", lambda *args: checked.append(args[0]) or real(*args))
        work = {}
        for email, password in (("nobody@example.com", PASSWORD), (COLLECTOR, WRONG), (NEWBIE, PASSWORD)):
            checked.clear()
            try_password(app.test_client(), email, password)
            work[email] = [kept.split("$")[0] for kept in checked]
        assert len({tuple(one) for one in work.values()}) == 1
        assert len(checked) == 1

    def test_the_log_keeps_an_unknown_name_as_a_hash_only(self, app, cast, whole_log, events):
        try_password(app.test_client(), "my-secret-typed-here@example.com", WRONG)
        assert events()[-1] == "sign_in_failed"
        assert "my-secret" not in whole_log()
        assert "name_hash" in whole_log()

    def test_no_password_is_in_the_log(self, app, cast, whole_log):
        try_password(app.test_client(), COLLECTOR, WRONG)
        try_password(app.test_client(), COLLECTOR, PASSWORD)
        assert PASSWORD not in whole_log()
        assert WRONG not in whole_log()


class TestLockOut:
    def test_after_five_wrong_passwords_the_right_one_waits_half_a_minute(self, app, cast, clock, events):
        client = app.test_client()
        for _ in range(5):
            assert try_password(client, COLLECTOR, WRONG).status_code == 422
        assert try_password(client, COLLECTOR, PASSWORD).status_code == 429
        clock.forward(seconds=29)
        assert try_password(client, COLLECTOR, PASSWORD).status_code == 429
        clock.forward(seconds=1)
        assert try_password(client, COLLECTOR, PASSWORD).status_code == 302
        assert events(cast.accounts[COLLECTOR])[-2:] == ["locked", "signed_in"]

    def test_each_further_one_doubles_the_wait_up_to_a_quarter_of_an_hour(self, context, clock):
        for _ in range(4):
            assert take_attempt("account", "x").allowed
        for seconds in (30, 60, 120, 240, 480, 900, 900):
            assert take_attempt("account", "x").locks
            clock.forward(seconds=seconds - 1)
            assert not take_attempt("account", "x").allowed
            clock.forward(seconds=1)

    def test_an_hour_without_a_try_is_forgotten(self, context, clock):
        for _ in range(5):
            take_attempt("account", "x")
        clock.forward(hours=1, seconds=1)
        assert not take_attempt("account", "x").locks

    def test_a_success_is_a_new_beginning(self, context):
        for _ in range(5):
            take_attempt("account", "x")
        assert is_locked("account", "x")
        forget_attempts("account", "x")
        assert not is_locked("account", "x")

    def test_who_is_unknown_is_locked_just_the_same(self, app, cast):
        client = app.test_client()
        statuses = [try_password(client, "nobody@example.com", WRONG).status_code for _ in range(6)]
        assert statuses == [422] * 5 + [429]

    def test_another_address_is_not_locked(self, app, cast):
        for _ in range(6):
            try_password(app.test_client(), COLLECTOR, WRONG)
        other = app.test_client()
        other.environ_base["REMOTE_ADDR"] = "127.0.0.2"
        assert try_password(other, COLLECTOR, PASSWORD).status_code == 302

    def test_a_remembered_device_is_not_locked_by_others_and_counts_its_own(self, app, cast):
        phone = app.test_client()
        try_password(phone, COLLECTOR, PASSWORD, remember="y")
        phone.post("/logout/", data={"csrf_token": token_of(phone)})
        for _ in range(6):
            try_password(app.test_client(), COLLECTOR, WRONG)
        assert try_password(app.test_client(), COLLECTOR, PASSWORD).status_code == 429
        assert try_password(phone, COLLECTOR, PASSWORD).status_code == 302
        phone.post("/logout/", data={"csrf_token": token_of(phone)})
        statuses = [try_password(phone, COLLECTOR, WRONG).status_code for _ in range(6)]
        assert statuses == [422] * 5 + [429]

    def test_an_address_that_tries_names_at_random_is_held_back(self, app, cast, monkeypatch):
        monkeypatch.setattr(services, "FREE_PER_ADDRESS", 4)
        for number in range(4):
            try_password(app.test_client(), f"guess{number}@example.com", WRONG)
        assert try_password(app.test_client(), COLLECTOR, PASSWORD).status_code == 429

    @pytest.mark.parametrize("address", ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9"])
    def test_a_network_of_ipv6_is_one_address(self, app, address):
        with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
            assert services.network() == "2001:db8:1:2::/64"

    def test_of_many_wrong_ones_at_once_no_more_than_five_are_tried(self, app, cast, monkeypatch):
        tried = []
        real = services.password_fits

        def counted(credential, password):
            if credential is not None:
                tried.append(password)
            return real(credential, password)

        monkeypatch.setattr(services, "password_fits", counted)
        clients = [app.test_client() for _ in range(12)]
        forms = [form_fields(client.get("/login/").text, "email") for client in clients]
        gate = Barrier(len(clients))

        def send(client, form):
            gate.wait()
            return client.post("/login/", data=form | {"email": COLLECTOR, "password": WRONG}).status_code

        with ThreadPoolExecutor(len(clients)) as pool:
            statuses = list(pool.map(send, clients, forms))
        assert sorted(statuses) == [422] * 5 + [429] * 7
        assert len(tried) == 5


class TestBadInput:
    @pytest.mark.parametrize(
        ("email", "password"),
        [
            (COLLECTOR, "x" * 400_000),
            (COLLECTOR, "\x00" * 20),
            (COLLECTOR, PASSWORD + "\x00"),
            (COLLECTOR, ""),
            ("", ""),
            (COLLECTOR + "\x00", PASSWORD),
            ("x" * 100_000, PASSWORD),
            ("' OR 1=1 --", "' OR 1=1 --"),
            (COLLECTOR, "é" * 200),
        ],
    )
    def test_nonsense_is_refused_with_the_same_sentence(self, app, cast, email, password):
        assert try_password(app.test_client(), email, password).status_code == 422

    def test_of_a_megabyte_of_password_no_more_is_hashed_than_a_password_has(self, app, cast, monkeypatch):
        hashed = []
        real = passwords.check_password_hash
        monkeypatch.setattr(passwords, "check_password_hash", lambda *args: hashed.append(len(args[1])) or real(*args))
        assert try_password(app.test_client(), COLLECTOR, "x" * 2**20).status_code == 422
        assert hashed == [128]

    def test_broken_utf_8_breaks_nothing(self, app, cast):
        client = app.test_client()
        token = token_of(client, "/login/")
        body = b"csrf_token=" + token.encode() + b"&email=%ff%fe%c3(&password=%80%ff"
        answer = client.post("/login/", data=body, content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 422

    def test_a_password_longer_than_the_longest_does_not_pass_by_its_beginning(self, app, cast, as_person, fill):
        longest = "velvet orbit lantern mango " * 5
        longest = longest[:128]
        fill(as_person(COLLECTOR), "/account/password", current=PASSWORD, new=longest, again=longest)
        assert try_password(app.test_client(), COLLECTOR, longest).status_code == 302
        assert try_password(app.test_client(), COLLECTOR, longest + "x").status_code == 422

    @pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-Method-Override"])
    def test_a_method_named_in_a_header_or_field_is_not_obeyed(self, app, cast, as_person, name):
        client = as_person(COLLECTOR)
        client.get("/logout/", headers={name: "POST"})
        client.get("/logout/?_method=POST")
        assert client.get("/account/").status_code == 200

    def test_the_address_is_case_blind_and_trimmed(self, app, cast):
        assert try_password(app.test_client(), f" {COLLECTOR.upper()} ", PASSWORD).status_code == 302

    @pytest.mark.parametrize(
        "target", ["//evil.example.com", "https://evil.example.com/", "/\\evil.example.com", "/\t/evil"]
    )
    def test_nobody_is_sent_to_another_host_after_the_second_step_either(
        self, app, cast, as_person, set_up_app, target
    ):
        phone, _codes = set_up_app(as_person(COLLECTOR))
        client = app.test_client()
        answer = try_password(client, COLLECTOR, PASSWORD, next=target)
        assert answer.location == "/login/factor"
        form = form_fields(client.get("/login/factor").text, "code")
        answer = client.post("/login/factor", data=form | {"code": phone.code(1)})
        assert answer.location == "/"


class TestPasswords:
    @pytest.mark.parametrize(
        "password",
        [
            "short",
            "x" * 129,
            "password1234",
            "123456789012",
            "qwertyuiop12",
            "aaaaaaaaaaaa",
            "iloveyou12345",
            "1q2w3e4r5t6y",
            "sanjog123456",
            "Meghna Net 1",
            "collector1234",
            COLLECTOR,
            "Tanvir Ahmed",
            "tanvirahmed12",
            "01711000006123",
        ],
    )
    def test_what_is_guessed_early_is_refused(self, context, cast, password):
        with everywhere("tests look at everything"):
            account = db.session.execute(select(Account).where(Account.email == COLLECTOR)).scalar_one()
        with pytest.raises(Refused):
            refuse_weak(password, account, "Meghna Net")

    @pytest.mark.parametrize(
        "password",
        [
            "velvet orbit lantern mango",
            "আমার সোনার বাংলা",
            "x7#kQ!m2pL9z",
            "correct horse battery",
            "মেঘলা দিনে নৌকা চলে",
            "%" * 3 + "wolf tango river",
        ],
    )
    def test_length_alone_may_make_it_strong_in_every_script(self, context, password):
        refuse_weak(password)

    def test_it_has_12_to_128_characters_whatever_they_are(self, context):
        strong = "x7#kQ!m2pL9z velvet orbit lantern mango আমার সোনার বাংলা " * 3
        for length in (12, 64, 128):
            refuse_weak(strong[:length])
        for length in (0, 11, 129):
            with pytest.raises(Refused, match="12|১২"):
                refuse_weak(strong[:length])

    def test_the_command_line_asks_the_same(self, app):
        ran = app.test_cli_runner().invoke(
            args=["isp", "create-super-admin", "boss@example.com", "--password", "password1234"]
        )
        assert ran.exit_code == 1
        assert "easy to guess" in ran.output

    def test_the_present_password_is_asked_for_and_cannot_be_tried_without_end(self, app, cast, as_person, fill):
        client = as_person(COLLECTOR)
        new = "velvet orbit lantern mango"
        for _ in range(5):
            assert fill(client, "/account/password", current=WRONG, new=new, again=new).status_code == 422
        assert fill(client, "/account/password", current=PASSWORD, new=new, again=new).status_code == 422
        assert try_password(app.test_client(), COLLECTOR, PASSWORD).status_code == 302

    def test_a_given_password_must_be_changed_and_a_second_factor_is_offered(self, app, cast, as_person, fill):
        shown = fill(as_person(NORTH), f"/managers/password/{cast.accounts[DESK]}").text
        given = re.search(r"[a-z]{4}(?:-[a-z]{4}){3}", shown).group(0)
        client = app.test_client()
        try_password(client, DESK, given)
        assert client.get("/customers/list/").location == "/account/password"
        new = "velvet orbit lantern mango"
        answer = fill(client, "/account/password", current=given, new=new, again=new)
        assert answer.location == "/account/security/?offer=1"
        assert "/account/security/totp/begin" in client.get(answer.location).text
        assert client.get("/customers/list/").status_code == 200

    def test_the_demo_s_password_counts_as_chosen(self, cast, as_person):
        assert as_person(COLLECTOR).get("/customers/list/").status_code == 200
