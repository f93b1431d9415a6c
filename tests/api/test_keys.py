"""API keys: what they never open, how they are made, and how they end."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.access.models import ApiKey
from app.access.scope import everywhere
from app.accounts.models import Account, AccountStatus
from app.accounts.services import set_keys, set_status
from app.activity.models import Activity
from app.activity.sentences import sentence
from app.api.services import make_api_key, revoke_api_key
from app.core.clock import now
from app.core.database import db, transaction
from app.core.errors import Forbidden, NotFound, Refused
from app.core.tokens import digest
from tests.api.conftest import Program
from tests.cast import ACCOUNTS, COLLECTOR, GA, GHAT, GHATMAN, NORTH, OFFICE, PADMA_GA, SOUTH, Cast
from tests.conftest import form_fields
from tests.make import actor_of, as_account

Programs = Callable[..., Program]


def account(email: str) -> Account:
    """Return an account of the cast, whoever looks."""
    return db.session.execute(select(Account).where(Account.email == email)).scalar_one()


def test_without_a_key_with_a_wrong_one_and_with_a_broken_header_there_is_401(cast: Cast, app: Flask) -> None:
    for header in ("", "Bearer", "Bearer ", "Bearer sanjog_nonsense", "Basic c2FuOmpvZw==", "Bearer " + "x" * 5000):
        answer = app.test_client().get("/api/v1/customers", headers={"Authorization": header} if header else {})
        assert answer.status_code == 401, header[:30]
        assert answer.mimetype == "application/problem+json"
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_session_opens_no_address_for_programs_and_an_api_key_no_page(
    cast: Cast, app: Flask, as_person: Callable[[str], FlaskClient], program: Programs
) -> None:
    browser = as_person(GA)
    assert browser.get("/api/v1/me").status_code == 401
    form = form_fields(browser.get("/account/").text)
    assert browser.post("/api/v1/customers", json={}, headers={"X-CSRFToken": form["csrf_token"]}).status_code == 401
    key = {"Authorization": f"Bearer {program(GA).secret}"}
    answer = app.test_client().get("/customers/list/", headers=key)
    assert (answer.status_code, answer.location) == (302, "/login/?next=/customers/list/")
    assert app.test_client().post("/customers/add", data={"name": "x"}, headers=key).status_code == 400


def test_an_answer_to_a_program_sets_no_cookie(program: Programs) -> None:
    assert "Set-Cookie" not in program(GA).ask("GET", "/me").headers
    assert "Set-Cookie" not in program(GA).ask("GET", "/nowhere").headers


def test_a_missing_permission_is_403_and_named_whatever_the_id(program: Programs) -> None:
    narrow = program(NORTH, "view-customer-details")
    for path in ("/bills", "/bills/1", "/bills/2147483647"):
        answer = narrow.ask("GET", path)
        assert (answer.status_code, answer.json["key"]) == (403, "print-invoice")


def test_a_key_never_does_more_than_its_account_may_do_now(program: Programs, app: Flask) -> None:
    collector = program(COLLECTOR)
    assert collector.ask("GET", "/expenses").status_code == 403
    assert collector.get("/bills")["data"]
    assert "print-invoice" in collector.get("/me")["keys"]
    with app.app_context(), everywhere("the parent withdraws a key"), transaction():
        set_keys(account(COLLECTOR), {"view-customer-details"})
    assert collector.ask("GET", "/bills").status_code == 403
    assert collector.get("/me")["keys"] == ["view-customer-details"]


@pytest.mark.parametrize("suspended", [COLLECTOR, NORTH])
def test_the_key_of_an_account_that_is_suspended_or_stands_below_one_is_401_at_the_next_request(
    suspended: str, program: Programs, app: Flask
) -> None:
    collector = program(COLLECTOR)
    assert collector.ask("GET", "/me").status_code == 200
    with app.app_context(), as_account(GA), transaction():
        set_status(account(suspended), AccountStatus.SUSPENDED)
    assert collector.ask("GET", "/me").status_code == 401


def test_a_revoked_key_opens_nothing_and_is_revoked_once(program: Programs, app: Flask) -> None:
    office = program(OFFICE)
    with app.app_context(), as_account(GA):
        with transaction():
            revoke_api_key(db.session.get_one(ApiKey, office.row_id))
        with pytest.raises(Refused), transaction():
            revoke_api_key(db.session.get_one(ApiKey, office.row_id))
    assert office.ask("GET", "/me").status_code == 401


def test_a_key_ends_with_the_day_it_is_valid_up_to(program: Programs) -> None:
    brief = program(NORTH, expires_on=date(2026, 11, 24))
    assert brief.ask("GET", "/me").status_code == 200
    with time_machine.travel(now() + timedelta(hours=36), tick=False):
        assert brief.ask("GET", "/me").status_code == 401


def test_only_the_hash_of_a_key_is_kept_and_what_may_be_seen_of_it_is_its_beginning(
    program: Programs, app: Flask
) -> None:
    made = program(NORTH)
    with app.app_context(), everywhere("the test looks"):
        row = db.session.get_one(ApiKey, made.row_id)
        assert row.token_hash == digest(made.secret)
        assert made.secret.startswith(row.prefix)
        assert len(made.secret) - len(row.prefix) >= 37


def test_who_may_make_keys_for_whom(cast: Cast, app: Flask) -> None:
    with app.app_context():
        for maker, whom in (
            (NORTH, GHATMAN),
            (NORTH, GHAT),
            (NORTH, GA),
            (NORTH, OFFICE),
            (GA, COLLECTOR),
            (GHAT, NORTH),
        ):
            with as_account(maker), pytest.raises(NotFound), transaction():
                make_api_key(cast.accounts[whom], "x", ["print-invoice"])
        with as_account(PADMA_GA), pytest.raises(NotFound), transaction():
            make_api_key(cast.accounts[GA], "x", ["print-invoice"])
        with as_account(OFFICE), pytest.raises(Forbidden), transaction():
            make_api_key(cast.accounts[OFFICE], "x", ["print-invoice"])


@pytest.mark.parametrize(
    ("name", "keys", "day", "field"),
    [
        ("", ["print-invoice"], None, "name"),
        ("x" * 61, ["print-invoice"], None, "name"),
        ("x", [], None, "keys"),
        ("x", ["parents"], None, "keys"),
        ("x", ["no-such-key"], None, "keys"),
        ("x", ["print-invoice"], date(2026, 11, 22), "expires_on"),
        ("x", ["print-invoice"], date(2099, 1, 1), "expires_on"),
    ],
)
def test_bad_input_is_a_sentence_beside_its_field(
    name: str, keys: list[str], day: date | None, field: str, cast: Cast, app: Flask
) -> None:
    with app.test_request_context(), as_account(NORTH), pytest.raises(Refused) as refused, transaction():
        make_api_key(cast.accounts[NORTH], name, keys, day)
    assert refused.value.field == field


def test_making_using_and_revoking_a_key_stand_in_the_log_without_the_secret(program: Programs, app: Flask) -> None:
    made = program(NORTH)
    customer = made.get("/customers")["data"][0]
    assert made.post(f"/customers/{customer['id']}/suspend", {"reason": "asked for"}).status_code == 200
    with app.test_request_context("/api/v1/me"), as_account(NORTH):
        with transaction():
            revoke_api_key(db.session.get_one(ApiKey, made.row_id))
        entries = list(db.session.execute(select(Activity).order_by(Activity.seq)).scalars())
        said = [sentence(entry) for entry in entries]
    assert said[-3].startswith("API key program of north@meghna.example.com made for")
    assert said[-2].endswith("suspended: asked for · by API key program of north@meghna.example.com")
    assert said[-1].startswith("API key program of north@meghna.example.com of")
    assert not any(made.secret in entry.detail or made.secret[20:] in entry.detail for entry in entries)


def test_the_page_makes_a_key_shows_it_once_and_revokes_it(
    cast: Cast, app: Flask, as_person: Callable[[str], FlaskClient]
) -> None:
    browser = as_person(NORTH)
    form = form_fields(browser.get("/api-keys/add").text, "name")
    sent = {**form, "name": "Kiosk", "account_id": str(cast.accounts[ACCOUNTS]), "keys": ["print-invoice"]}
    made = browser.post("/api-keys/add", data=sent)
    assert made.status_code == 200
    secret = made.text.split('id="secret"')[1].split(">")[1].split("<")[0]
    assert Program(app.test_client(use_cookies=False), secret).get("/me")["api_key"] == "Kiosk"
    with app.app_context(), as_account(NORTH):
        row_id = db.session.execute(select(ApiKey.id).where(ApiKey.name == "Kiosk")).scalar_one()
    for page in ("/api-keys/list/", f"/api-keys/show/{row_id}", "/api-keys/reference"):
        assert secret not in browser.get(page).text
    token = form_fields(browser.get(f"/api-keys/revoke/{row_id}").text)
    assert browser.post(f"/api-keys/revoke/{row_id}", data=token).status_code == 303
    assert Program(app.test_client(use_cookies=False), secret).ask("GET", "/me").status_code == 401


def test_a_stranger_s_account_on_the_form_is_refused(cast: Cast, as_person: Callable[[str], FlaskClient]) -> None:
    browser = as_person(SOUTH)
    form = form_fields(browser.get("/api-keys/add").text, "name")
    sent = {**form, "name": "Kiosk", "account_id": str(cast.accounts[COLLECTOR]), "keys": ["print-invoice"]}
    assert browser.post("/api-keys/add", data=sent).status_code == 422


def test_too_many_requests_with_one_key_and_too_many_wrong_keys_are_429_with_retry_after(
    program: Programs, app: Flask
) -> None:
    busy, other = program(NORTH), program(NORTH)
    statuses = [busy.ask("GET", "/me").status_code for _ in range(301)]
    assert statuses[:300] == [200] * 300
    answer = busy.ask("GET", "/me")
    assert (statuses[-1], answer.status_code, answer.mimetype) == (429, 429, "application/problem+json")
    assert int(answer.headers["Retry-After"]) > 0
    assert other.ask("GET", "/me").status_code == 200
    guesses = [Program(app.test_client(), f"sanjog_{n}").ask("GET", "/me").status_code for n in range(31)]
    assert (guesses[29], guesses[30]) == (401, 429)


def test_processes_count_what_one_key_asks_together(
    program: Programs, app: Flask, another_app: Callable[..., Flask]
) -> None:
    from config import Testing

    busy = program(NORTH)
    elsewhere = Program(another_app(Testing).test_client(use_cookies=False), busy.secret)
    here = [busy.ask("GET", "/me").status_code for _ in range(200)]
    there = [elsewhere.ask("GET", "/me").status_code for _ in range(115)]
    assert here == [200] * 200
    # of what the other process has not told yet it knows nothing: nine at the most
    assert there[:100] == [200] * 100 and there[109:] == [429] * 6
    with time_machine.travel(now() + timedelta(minutes=1), tick=False):
        assert [one.ask("GET", "/me").status_code for one in (busy, elsewhere)] == [200, 200]


def test_a_manager_is_told_of_a_program_that_acts_as_it_and_sees_it_with_the_secret_nowhere(
    program: Programs, cast: Cast, app: Flask, as_person: Callable[[str], FlaskClient]
) -> None:
    made, other = program(COLLECTOR, "print-invoice", "edit-bills"), program(ACCOUNTS)
    browser = as_person(COLLECTOR)
    browser.get("/lang/en")
    assert "প্রোগ্রাম" in as_person(ACCOUNTS).get("/").text
    page = browser.get("/account/security/").text
    assert "Programs that act as you" in page and f"program of {COLLECTOR}" in page
    # what it may do now: the key the account does not hold is not said
    assert (
        "print-invoice" not in page
        and "edit" not in page.partition("Programs that act as you")[2].partition("</section>")[0].lower()
    )
    assert made.secret not in page and f"program of {ACCOUNTS}" not in page and other.secret[:13] not in page
    with app.app_context(), as_account(NORTH), transaction():
        revoke_api_key(db.session.get_one(ApiKey, made.row_id))
    assert "Programs that act as you" not in browser.get("/account/security/").text
    for email in (NORTH, GA):
        assert f"program of {ACCOUNTS}" not in as_person(email).get("/account/security/").text


def test_an_account_whose_password_was_given_acts_by_its_api_key(program: Programs, app: Flask) -> None:
    office = program(OFFICE)
    with app.app_context():
        assert actor_of(OFFICE).gate == ""
    assert office.get("/me")["email"] == OFFICE
