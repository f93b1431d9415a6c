"""Managers: made, granted, withdrawn, suspended, looked at, by their parent alone."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.access.models import Grant
from app.access.scope import everywhere
from app.accounts.models import Account
from app.activity.models import Activity
from app.core.clock import now
from app.core.database import db, transaction
from tests.cast import ACCOUNTS, COLLECTOR, DESK, GA, GHAT, GHATMAN, NEWBIE, NORTH, OFFICE, PADMA_GA, SOUTH

ONE_TIME = re.compile(r"[a-z]{4}(?:-[a-z]{4}){3}")


def activities(app, event):
    """Return the entries of an event, newest first."""
    with app.app_context(), everywhere("tests look at everything"):
        return (
            db.session.execute(select(Activity).where(Activity.event == event).order_by(Activity.id.desc()))
            .scalars()
            .all()
        )


def account_id(app, email):
    """Return an account's id, None when there is none."""
    with app.app_context(), everywhere("tests look at everything"):
        return db.session.execute(select(Account.id).where(Account.email == email)).scalar_one_or_none()


@pytest.fixture
def north(cast, as_person):
    """The Operator north, signed in."""
    return as_person(NORTH)


@pytest.fixture
def collector(cast, as_person):
    """North's cash collector, signed in."""
    return as_person(COLLECTOR)


def permissions_of(cast, email):
    """Return the address of Special Permissions of a person."""
    return f"/managers/permissions/{cast.accounts[email]}"


@pytest.mark.parametrize("email", [OFFICE, NEWBIE, GHATMAN, NORTH, "ga@padma.example.com"])
def test_a_parent_does_not_find_an_account_that_is_not_its_own_manager(cast, north, email):
    for page in ("show", "edit", "suspend", "permissions", "password", "end-sessions"):
        assert north.get(f"/managers/{page}/{cast.accounts[email]}").status_code == 404, page


def test_the_group_admin_does_not_manage_the_managers_of_its_operators(cast, as_person):
    assert as_person(GA).get(permissions_of(cast, COLLECTOR)).status_code == 404


@pytest.mark.parametrize("email", [COLLECTOR, ACCOUNTS, OFFICE])
def test_a_manager_opens_no_page_of_managers_whatever_its_keys(cast, as_person, email):
    client = as_person(email)
    for target in (COLLECTOR, DESK):
        assert client.get(permissions_of(cast, target)).status_code == 403
    assert client.get("/managers/list/").status_code == 403
    assert client.get("/managers/who").status_code == 403
    assert client.get("/operators/list/").status_code == 403


def grants(app):
    """Return every grant there is: account, key, and until when."""
    with app.app_context(), everywhere("tests look at everything"):
        rows = db.session.execute(select(Grant.account_id, Grant.key, Grant.until))
        return sorted(rows.all(), key=str)


@pytest.mark.parametrize("target", [COLLECTOR, DESK, OFFICE, GHATMAN])
def test_a_manager_that_posts_to_special_permissions_for_itself_or_a_colleague_gets_403_and_grants_nothing(
    app, cast, collector, target
):
    before = grants(app)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', collector.get("/account/").text).group(1)
    answer = collector.post(
        permissions_of(cast, target), data={"csrf_token": token, "keys": ["delete-bills"], "seen": "1"}
    )
    assert answer.status_code == 403
    assert grants(app) == before
    assert collector.get(f"/bills/delete/{cast.bills[NORTH][0]}").status_code == 403


def test_a_key_that_does_not_exist_is_refused_and_nothing_is_granted(app, cast, north, fill):
    answer = fill(north, permissions_of(cast, DESK), keys=["print-invoice", "fly-to-the-moon"], seen="1")
    assert answer.status_code == 422
    with app.app_context(), everywhere("tests look at everything"):
        held = db.session.execute(select(Grant.key).where(Grant.account_id == cast.accounts[DESK])).scalars().all()
    assert "print-invoice" not in held
    assert "view-customer-details" in held


def test_a_reseller_key_cannot_be_granted_to_a_manager(cast, north, fill):
    assert fill(north, permissions_of(cast, DESK), keys=["delete-customer"], seen="1").status_code == 422


def test_the_difference_is_shown_before_it_is_saved_and_saved_as_one_entry(app, cast, north, fill):
    keys = ["view-customer-details", "print-invoice", "edit-bills"]
    before = len(activities(app, "account.keys"))
    shown = fill(north, permissions_of(cast, COLLECTOR), keys=keys)
    assert shown.status_code == 200
    assert len(activities(app, "account.keys")) == before
    saved = fill(north, permissions_of(cast, COLLECTOR), keys=keys, seen="1")
    assert saved.status_code == 303
    entries = activities(app, "account.keys")
    assert len(entries) == before + 1
    assert '"edit-bills":[false,true]' in entries[0].detail
    assert '"receive-payment":[true,false]' in entries[0].detail


def test_a_changed_key_binds_at_the_next_request_and_ends_no_session(cast, north, collector, fill):
    customer = cast.customers[NORTH][0]
    assert collector.get(f"/payments/receive/{customer}").status_code == 200
    fill(north, permissions_of(cast, COLLECTOR), keys=["view-customer-details", "generate-bill"], seen="1")
    assert collector.get(f"/payments/receive/{customer}").status_code == 403
    assert collector.get("/bills/add").status_code == 200
    assert collector.get("/customers/list/").status_code == 200


@pytest.mark.parametrize("above", [NORTH, GA])
def test_who_is_suspended_is_out_at_the_next_request_with_everyone_below(app, cast, as_person, fill, above):
    ghatman, ghat = as_person(GHATMAN), as_person(GHAT)
    parent = as_person(GA) if above == NORTH else as_person("root@sanjog.example.com")
    page = "operators" if above == NORTH else "tenants"
    assert fill(parent, f"/{page}/suspend/{cast.accounts[above]}").status_code == 303
    for client in (ghatman, ghat):
        answer = client.get("/customers/list/")
        assert answer.status_code == 302
        assert "/login/" in answer.location


def test_a_reset_password_ends_sessions_must_be_changed_and_opens_nothing_before(app, cast, north, collector, fill):
    shown = fill(north, f"/managers/password/{cast.accounts[COLLECTOR]}")
    password = ONE_TIME.search(shown.text).group(0)
    assert collector.get("/").status_code == 302
    fresh = app.test_client()
    fill(fresh, "/login/", email=COLLECTOR, password=password)
    for path in (
        "/",
        "/customers/list/",
        f"/customers/show/{cast.customers[NORTH][0]}",
        "/account/",
        "/managers/list/",
    ):
        assert fresh.get(path).location.endswith("/account/password"), path
    refused = fill(fresh, "/account/password", current=password, new=password, again=password)
    assert refused.status_code == 422
    assert (
        fill(
            fresh, "/account/password", current=password, new="a long new password", again="a long new password"
        ).status_code
        == 303
    )
    assert fresh.get("/customers/list/").status_code == 200


def test_a_one_time_password_is_good_for_a_day(app, cast, north, fill, clock):
    shown = fill(north, f"/managers/password/{cast.accounts[COLLECTOR]}")
    password = ONE_TIME.search(shown.text).group(0)
    clock.forward(hours=24, seconds=1)
    assert fill(app.test_client(), "/login/", email=COLLECTOR, password=password).status_code == 422


def test_a_changed_password_ends_every_other_session_and_not_this_one(cast, as_person, fill):
    here, elsewhere = as_person(COLLECTOR), as_person(COLLECTOR)
    answer = fill(
        here, "/account/password", current="sanjog-demo-1", new="a long new password", again="a long new password"
    )
    assert answer.status_code == 303
    assert here.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 302


def test_an_email_in_use_is_refused_without_a_hint_whose_it_is(app, cast, north, fill):
    north.get("/lang/en")
    for taken in (DESK, PADMA_GA, PADMA_GA.upper()):
        answer = fill(north, "/managers/add", name="Somebody", email=taken)
        assert answer.status_code == 422
        assert "This email address cannot be used. Choose another." in answer.text
        assert "Padma" not in answer.text
        assert "Meghna Net" not in answer.text.replace('translate="no">Meghna Net', "")


def test_what_a_new_account_needs_is_not_called_optional(cast, north):
    north.get("/lang/en")
    labels = dict(re.findall(r'<label class="form-label" for="(\w+)">(.*?)</label>', north.get("/managers/add").text))
    assert {name: "(optional)" in label for name, label in labels.items()} == {
        "name": False,
        "email": False,
        "mobile": True,
    }


def test_an_operator_without_the_reseller_module_makes_no_sub_operator(app, cast, as_person, fill):
    south = as_person(SOUTH)
    assert south.get("/operators/add").status_code == 403
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', south.get("/account/").text).group(1)
    answer = south.post(
        "/operators/add",
        data={
            "csrf_token": token,
            "name": "X",
            "email": "x@meghna.example.com",
            "kind": "sub_operator",
            "balance_kind": "debit",
        },
    )
    assert answer.status_code == 403
    assert account_id(app, "x@meghna.example.com") is None


def test_an_operator_makes_sub_operators_and_no_operators(app, cast, north, fill):
    refused = fill(
        north, "/operators/add", name="X", email="x@meghna.example.com", kind="operator", balance_kind="debit"
    )
    assert refused.status_code == 422
    assert account_id(app, "x@meghna.example.com") is None
    made = fill(
        north, "/operators/add", name="X", email="x@meghna.example.com", kind="sub_operator", balance_kind="debit"
    )
    assert made.status_code == 200
    assert ONE_TIME.search(made.text)
    assert account_id(app, "x@meghna.example.com") is not None


def test_a_request_is_answered_for_some_hours_and_ends_by_itself(app, cast, as_person, fill, clock):
    newbie, south = as_person(NEWBIE), as_person(SOUTH)
    assert newbie.get("/customers/list/").status_code == 403
    assert "view-customer-details" in newbie.get("/customers/list/").text
    asked = fill(newbie, "/account/permissions/request/view-customer-details", reason="New here")
    assert asked.status_code == 303
    again = fill(newbie, "/account/permissions/request/view-customer-details", reason="Once more")
    assert again.status_code == 422
    request_id = re.search(r"/managers/requests/(\d+)", south.get("/managers/list/").text).group(1)
    assert as_person(NORTH).get(f"/managers/requests/{request_id}").status_code == 404
    assert fill(south, f"/managers/requests/{request_id}", answer="hours", hours="0").status_code == 422
    assert fill(south, f"/managers/requests/{request_id}", answer="hours", hours="2").status_code == 303
    assert newbie.get("/customers/list/").status_code == 200
    clock.forward(hours=1, minutes=59)
    newbie = as_person(NEWBIE)
    assert newbie.get("/customers/list/").status_code == 200
    clock.forward(minutes=2)
    assert newbie.get("/customers/list/").status_code == 403


def test_a_request_is_declined_with_a_word(app, cast, as_person, fill):
    newbie, south = as_person(NEWBIE), as_person(SOUTH)
    fill(newbie, "/account/permissions/request/delete-bills", reason="I want to")
    request_id = re.search(r"/managers/requests/(\d+)", south.get("/managers/list/").text).group(1)
    assert fill(south, f"/managers/requests/{request_id}", answer="decline", word="").status_code == 422
    assert fill(south, f"/managers/requests/{request_id}", answer="decline", word="Ask accounts").status_code == 303
    assert fill(south, f"/managers/requests/{request_id}", answer="for_good").status_code == 422
    assert newbie.get(f"/bills/delete/{cast.bills[SOUTH][0]}").status_code == 403


def test_see_as_shows_the_managers_panel_refuses_every_write_and_logs_both(app, cast, north, fill):
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', north.get("/").text).group(1)
    assert north.post(f"/managers/see-as/{cast.accounts[COLLECTOR]}", data={"csrf_token": token}).status_code == 303
    page = north.get("/customers/list/")
    assert page.status_code == 200
    assert "/managers/see-as/end" in page.text
    assert north.get("/customers/add").status_code == 403
    assert north.get("/managers/list/").status_code == 403
    customer = cast.customers[NORTH][0]
    refused = fill(north, f"/payments/receive/{customer}", amount="100")
    assert refused.status_code == 403
    assert activities(app, "payment.received") == []
    entry = activities(app, "access.refused")[0]
    assert entry.actor_id == cast.accounts[NORTH]
    assert activities(app, "account.seen_as")[0].actor_id == cast.accounts[NORTH]
    back = north.post("/managers/see-as/end", data={"csrf_token": token})
    assert back.status_code == 303
    assert north.get("/managers/list/").status_code == 200
    assert activities(app, "account.seen_as_ended")[0].actor_id == cast.accounts[NORTH]


def test_nobody_sees_as_a_foreign_manager(cast, north):
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', north.get("/").text).group(1)
    for email in (OFFICE, GHATMAN, NEWBIE, "collector@padma.example.com"):
        assert north.post(f"/managers/see-as/{cast.accounts[email]}", data={"csrf_token": token}).status_code == 404
    assert "/managers/see-as/end" not in north.get("/").text


def test_my_permissions_show_every_key_and_which_are_held(cast, collector):
    page = collector.get("/account/permissions").text
    for key in ("view-customer-details", "receive-payment", "delete-bills", "dashboard"):
        assert key in page
    assert "/account/permissions/request/delete-bills" in page
    assert "/account/permissions/request/receive-payment" not in page


def test_the_page_of_who_can_do_what_names_the_own_managers_and_no_others(cast, north):
    page = north.get("/managers/who").text
    assert "Tanvir Ahmed" in page
    assert "Farida Office" not in page
    assert "Kamal Ghatman" not in page


def test_a_grant_that_has_run_out_is_not_held(app, cast, as_person):
    with app.app_context(), everywhere("tests look at everything"), transaction() as session:
        grant = session.execute(
            select(Grant).where(Grant.account_id == cast.accounts[COLLECTOR], Grant.key == "receive-payment")
        ).scalar_one()
        grant.until = now() - timedelta(seconds=1)
    assert as_person(COLLECTOR).get(f"/payments/receive/{cast.customers[NORTH][0]}").status_code == 403
