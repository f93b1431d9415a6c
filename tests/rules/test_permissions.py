"""Each key alone opens exactly its own doors, and what does not open does not appear: keys × routes, read off the route map."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from app.access.permissions import AUDIENCES, MANAGER_KEYS, PUBLIC, RESELLER_KEYS, SIGNED_IN
from app.access.scope import everywhere
from app.accounts.models import PARENTS, Account, Kind
from app.activity.models import Activity
from app.core.database import db
from app.packages.models import PackageOffer
from tests.cast import GA, GHAT, NEWBIE, NORTH, PADMA_GA, ROOT, SOUTH
from tests.make import actor_of
from tests.rules.doors import NEEDS_BESIDES, Door, door_at, is_public
from tests.rules.house import AMOUNTS, House, Visitor, fingerprint, hold, shown
from tests.rules.pages import read

Browsers = Callable[[str], Visitor]

KINDS = {
    ROOT: Kind.SUPER_ADMIN,
    GA: Kind.GROUP_ADMIN,
    NORTH: Kind.OPERATOR,
    SOUTH: Kind.OPERATOR,
    GHAT: Kind.SUB_OPERATOR,
}

ENDS_THE_SESSION = "logout"
STEPS_OF_SIGN_IN = {"SignInPage.factor", "SignInPage.passkey"}
"""They lead back to the first step whoever has not taken it."""

UNSEEN = {
    "/account/theme": "the switch of light and dark sends there by script",
    "/customers/activate/<pk>": "the marked customer is active",
    "/managers/see-as/end": "the banner of who looks at the panel as a Manager leads there",
    "/expenses/picture/<pk>": "the marked expense has no picture",
    "/jobs/<pk>/state": "the script of the job's page asks it",
    "/jobs/<pk>/file": "the marked job has made no file",
    "/import/repair/<pk>": "no row of the marked import was refused",
    "/jobs/<pk>/cancel": "the marked job has ended",
    "/dashboard/<name>.json": "the page's script asks there what its charts show",
    "/online/usage/<pk>": "the same, for the chart of the profile",
    "/account/permissions/request/<key>": "nobody asks for a key that is held",
    "/account/security/codes": "who has no second factor has no codes for it",
    "/account/security/totp": "the button that makes the secret leads there",
    "/account/security/totp/remove": "there is no app to remove",
    "/account/security/passkeys/options": "the page's script asks there what a passkey signs",
    "/account/security/passkeys/remove/<int:number>": "there is no passkey to remove",
    "/account/security/sessions/end/<int:number>": "there is no other session to end",
    "/account/security/sessions/end-others": "there is no other session to end",
    "/account/security/prove": "a page that wants a proof leads there, half an hour after the sign-in",
    "/account/security/prove/options": "the same, for the page's script",
}
"""Doors that no page leads to for a Manager with every key, each with its reason."""

NOT_THERE = {
    "PaymentLinkPage.make": "a link is made for the customer that the address names, and this one names none",
    **dict.fromkeys(
        ("PayPage.result", "GatewayPage.bkash", "GatewayPage.nagad", "GatewayPage.sslcommerz", "GatewayPage.notice"),
        "a secret that is none opens nothing",
    ),
    "CompanyPage.logo": "the companies have no logo",
    "ExpensePage.picture": "the marked expense has no picture: 404 for whoever may see it",
    "JobPage.file": "the marked job has made no file",
    "ImportPage.repair": "no row of the marked import was refused",
    **dict.fromkeys(
        ("JobPage.show", "JobPage.state", "JobPage.cancel"),
        "only who started a job, and holds the key of its kind, finds it",
    ),
    "SecurityPage.remove_passkey": "nobody of the house has a passkey",
    "SecurityPage.end_session": "number 0 is nobody's session",
}
"""Doors that open on nothing, each with its reason."""


def refused(status: int) -> bool:
    """Tell whether an answer says that the key is missing."""
    return status == 403


def verdict(who: Visitor, door: Door, method: str, address: str, *, allowed: bool) -> str | None:
    """Try a door and return what is wrong with its answer, if anything."""
    answer = who.send(method, address)
    status = answer.status_code
    if not allowed:
        # nobody can make an API key for the Super Admin, who has no rows
        if door.is_for_programs and not who.api_key and status == 401:
            return None
        return None if refused(status) else f"{method} {door.rule} ({door.key}) must answer 403, answers {status}"
    to_sign_in = status in (301, 302, 303) and answer.location.startswith("/login/") and door.route != ENDS_THE_SESSION
    to_sign_in = to_sign_in and door.endpoint not in STEPS_OF_SIGN_IN
    if status == 404 and door.endpoint in NOT_THERE:
        return None
    if status in (401, 403, 404, 405) or status >= 500 or to_sign_in:
        return f"{method} {door.rule} ({door.key}) must open, answers {status}"
    return None


@pytest.mark.parametrize("key", ["", *MANAGER_KEYS], ids=lambda key: key or "no key")
def test_a_manager_with_one_key_opens_its_doors_and_no_others(
    key: str, app: Flask, house: House, every_door: list[Door], visitor: Browsers
) -> None:
    keys = {key} - {""}
    hold(app, NEWBIE, keys)
    newbie = visitor(NEWBIE)
    wrong = []
    for door in every_door:
        if key and door.asks_for in AUDIENCES:
            continue  # a key changes nothing there: tried with no key
        allowed = door.opens_to(Kind.MANAGER, keys)
        # one function guards all methods of a door: of a closed one the strongest is tried
        for method in door.methods if allowed else door.methods[-1:]:
            wrong.append(verdict(newbie, door, method, door.address(house, SOUTH), allowed=allowed))
    assert not [line for line in wrong if line], "\n".join(line for line in wrong if line)


def test_a_door_stays_shut_to_who_holds_every_key_but_one_that_it_asks_for(
    app: Flask, house: House, every_door: list[Door], visitor: Browsers
) -> None:
    # a door that asks for two keys is shut to each of them alone, whichever of the two it forgets to ask for
    newbie, wrong = visitor(NEWBIE), []
    for missing in MANAGER_KEYS:
        keys = set(MANAGER_KEYS) - {missing}
        hold(app, NEWBIE, keys)
        behind = [door for door in every_door if missing in {door.asks_for, *NEEDS_BESIDES.get(door.endpoint, ())}]
        assert behind, f"{missing} opens no door"
        wrong += [verdict(newbie, door, door.methods[-1], door.address(house, SOUTH), allowed=False) for door in behind]
    assert not [line for line in wrong if line], "\n".join(line for line in wrong if line)


def test_a_door_that_asks_for_two_keys_opens_to_the_two_and_needs_no_third(
    app: Flask, house: House, every_door: list[Door], visitor: Browsers
) -> None:
    newbie, wrong = visitor(NEWBIE), []
    for door in every_door:
        if door.endpoint in NEEDS_BESIDES:
            keys = {door.asks_for, *NEEDS_BESIDES[door.endpoint]}
            hold(app, NEWBIE, keys)
            wrong.append(verdict(newbie, door, door.methods[-1], door.address(house, SOUTH), allowed=True))
    assert wrong
    assert not [line for line in wrong if line], "\n".join(line for line in wrong if line)


@pytest.mark.parametrize("email", [ROOT, GA, NORTH, SOUTH, GHAT])
def test_parents_open_what_their_kind_and_their_reseller_keys_open(
    email: str, app: Flask, house: House, every_door: list[Door], visitor: Browsers
) -> None:
    held = {
        GA: {*MANAGER_KEYS, *RESELLER_KEYS},
        NORTH: {*MANAGER_KEYS, "reseller-module", "delete-customer"},
        ROOT: set(),
    }
    keys = held.get(email, set(MANAGER_KEYS))
    somebody = visitor(email)
    wrong = [
        verdict(
            somebody,
            door,
            "GET",
            door.address(house, email if email != ROOT else NORTH),
            allowed=door.opens_to(KINDS[email], keys),
        )
        for door in every_door
        if "GET" in door.methods and (email != ROOT or door.key not in (SIGNED_IN, PUBLIC))
    ]
    assert not [line for line in wrong if line], "\n".join(line for line in wrong if line)


@pytest.mark.parametrize("key", RESELLER_KEYS)
def test_an_operator_with_one_reseller_key_opens_its_doors_and_those_of_no_other(
    key: str, app: Flask, house: House, every_door: list[Door], visitor: Browsers
) -> None:
    hold(app, NORTH, {key})
    north = visitor(NORTH)
    behind = [door for door in every_door if door.asks_for in RESELLER_KEYS]
    assert {door.asks_for for door in behind} == set(RESELLER_KEYS)
    wrong = [
        verdict(north, door, door.methods[0], door.address(house, NORTH), allowed=door.asks_for == key)
        for door in behind
    ]
    assert not [line for line in wrong if line], "\n".join(line for line in wrong if line)


def test_without_the_key_an_unknown_a_foreign_and_an_own_id_are_refused_alike(
    app: Flask, house: House, every_door: list[Door], visitor: Browsers
) -> None:
    hold(app, NEWBIE, set())
    newbie = visitor(NEWBIE)
    before = fingerprint(app)
    told_apart = []
    for door in every_door:
        if not door.names_a_row or door.opens_to(Kind.MANAGER, set()):
            continue
        own = door.address(house, SOUTH)
        ids = [own, door.address(house, PADMA_GA), door.rule.replace("<pk>", "2147483647")]
        answers = {newbie.send(door.methods[-1], address).status_code for address in ids}
        if answers != {403}:
            told_apart.append(f"{door.methods[-1]} {door.rule}: {answers}")
    assert not told_apart, "\n".join(told_apart)
    assert fingerprint(app) == before


def test_what_a_manager_may_not_do_is_no_link_and_no_button_of_any_page_it_can_open(
    app: Flask, house: House, every_door: list[Door], visitor: Browsers
) -> None:
    hold(app, NEWBIE, set(MANAGER_KEYS))
    newbie = visitor(NEWBIE)
    offered = {
        address: _offers(app, newbie, address, every_door)
        for address in _pages_of(newbie, house, every_door, set(MANAGER_KEYS))
    }
    shown = []
    for missing in MANAGER_KEYS:
        keys = set(MANAGER_KEYS) - {missing}
        hold(app, NEWBIE, keys)
        for address in [
            page for page, behind in offered.items() if any(door.asks_for == missing for _what, door in behind)
        ]:
            if not _door_of(app, every_door, address).opens_to(Kind.MANAGER, keys):
                continue
            for what, door in _offers(app, newbie, address, every_door):
                if door.key == missing:
                    shown.append(f"without {missing} {address} still offers {what}")
    assert {door.key for behind in offered.values() for _what, door in behind} >= set(MANAGER_KEYS) & {
        door.key for door in every_door if door.rule not in UNSEEN
    }
    assert not shown, "\n".join(sorted(set(shown)))


def test_figures_are_on_no_page_export_or_chart_without_a_key_that_shows_them(
    app: Flask, house: House, every_door: list[Door], visitor: Browsers
) -> None:
    newbie, told = visitor(NEWBIE), []
    billed, paid, spent = AMOUNTS[SOUTH]
    of_bills = {"print-invoice", "receive-payment", "generate-bill", "edit-bills", "delete-bills", "discount-on-bills"}
    of_payments = {"view-customer-payments", "edit-customer-payment", "delete-customer-payment"}
    for what, amounts, keys_to_it in (
        ("bills", (billed, billed - paid), of_bills),
        ("payments", (paid,), of_payments | of_bills),
        ("expenses", (spent,), {"expense-management"}),
    ):
        figures = [f"{amount // 100}.{amount % 100:02d}" for amount in amounts]
        for keys, shows in ((set(MANAGER_KEYS), True), (set(MANAGER_KEYS) - keys_to_it, False)):
            hold(app, NEWBIE, keys)
            addresses = [
                *_pages_of(newbie, house, every_door, keys),
                *(
                    door.address(house, SOUTH)
                    for door in every_door
                    if door.route == "export" and door.opens_to(Kind.MANAGER, keys)
                ),
            ]
            found = {
                address: seen
                for address in addresses
                if (
                    seen := [
                        one
                        for one in figures
                        if one in shown(newbie.send("GET", address).data.decode(errors="replace"))
                    ]
                )
            }
            if bool(found) is not shows:
                told.append(f"{what} with{'' if shows else 'out'} their keys: {found}")
    assert not told, "\n".join(told)


def test_a_suspended_customer_s_page_offers_to_activate_it_with_that_key_alone(
    app: Flask, house: House, visitor: Browsers
) -> None:
    # the marked customers are active: the test above sees no such button
    newbie, customer = visitor(NEWBIE), house.rows[SOUTH]["Customer"]
    assert visitor(SOUTH).send("POST", f"/customers/suspend/{customer}", reason="moved").status_code == 303
    for keys, offered in ((set(MANAGER_KEYS), True), (set(MANAGER_KEYS) - {"activate-customer"}, False)):
        hold(app, NEWBIE, keys)
        page = newbie.page(f"/customers/show/{customer}")
        assert (f"/customers/activate/{customer}" in page) is offered
        assert f"/customers/disable/{customer}" in page


def test_the_price_of_a_package_that_came_down_is_offered_with_its_key_alone(
    app: Flask, house: House, visitor: Browsers
) -> None:
    north = visitor(NORTH)
    with app.app_context(), everywhere("the test looks for a package that came down"):
        package = (
            db.session.execute(select(PackageOffer.package_id).where(PackageOffer.account_id == actor_of(NORTH).id))
            .scalars()
            .first()
        )
    for keys, offered in (({"edit-package-price"}, True), (set[str](), False)):
        hold(app, NORTH, keys)
        assert (f"/packages/price/{package}" in north.page(f"/packages/show/{package}")) is offered
        assert ('name="retail_price"' in north.page(f"/packages/give/{package}")) is offered


def _door_of(app: Flask, every_door: list[Door], address: str) -> Door:
    door = door_at(app, every_door, address, "GET")
    assert door is not None, address
    return door


def _offers(app: Flask, who: Visitor, address: str, every_door: list[Door]) -> list[tuple[str, Door]]:
    """Return the doors that a page's links and forms lead to, each with what leads there."""
    answer = who.send("GET", address)
    if answer.mimetype != "text/html":
        return []
    offer = read(answer.text, address)
    ways = [("GET", link) for link in offer.links if link.startswith("/")] + offer.forms
    found = ((f"{method} {target}", door_at(app, every_door, target, method)) for method, target in ways)
    return [(what, door) for what, door in found if door is not None]


def _pages_of(who: Visitor, house: House, every_door: list[Door], keys: set[str]) -> list[str]:
    """Return the addresses of the pages that open, the tabs of the profiles among them."""
    opening = [
        door
        for door in every_door
        if "GET" in door.methods and door.opens_to(Kind.MANAGER, keys) and not is_public(door)
    ]
    addresses = [
        door.address(house, SOUTH)
        for door in opening
        if door.route not in (ENDS_THE_SESSION, "export", "invoice", "receipt")
    ]
    tabs = {
        link
        for address in addresses
        if "/show/" in address
        for link in read(who.send("GET", address).text, address).links
        if "?tab=" in link
    }
    return sorted({*addresses, *tabs})


@pytest.mark.parametrize("email", [NORTH, SOUTH, GHAT])
def test_what_a_parent_may_not_do_is_no_link_and_no_button(
    email: str, app: Flask, house: House, every_door: list[Door], visitor: Browsers
) -> None:
    keys = {NORTH: {*MANAGER_KEYS, "reseller-module", "delete-customer"}}.get(email, set(MANAGER_KEYS))
    parent = visitor(email)
    shown = []
    for door in every_door:
        if (
            "GET" in door.methods
            and door.opens_to(KINDS[email], keys)
            and not is_public(door)
            and door.route != ENDS_THE_SESSION
        ):
            address = door.address(house, email)
            shown += [
                f"{address} offers {what}, which needs {behind.key}"
                for what, behind in _offers(app, parent, address, every_door)
                if not behind.opens_to(KINDS[email], keys)
            ]
    assert not shown, "\n".join(sorted(set(shown)))


def test_every_door_that_opens_to_a_manager_is_behind_a_link_or_a_form_of_some_page(
    app: Flask, house: House, every_door: list[Door], visitor: Browsers
) -> None:
    keys = set(MANAGER_KEYS)
    hold(app, NEWBIE, keys)
    newbie = visitor(NEWBIE)
    reached = {
        door.endpoint
        for address in _pages_of(newbie, house, every_door, keys)
        for _what, door in _offers(app, newbie, address, every_door)
    }
    alone = [
        door.rule
        for door in every_door
        if door.opens_to(Kind.MANAGER, keys)
        and not is_public(door)
        and not door.is_for_programs
        and door.endpoint not in reached
    ]
    assert [rule for rule in alone if rule not in UNSEEN] == []


def test_the_keys_of_resellers_open_nothing_to_a_manager_and_no_door_of_parents_does(every_door: list[Door]) -> None:
    for door in every_door:
        kinds = AUDIENCES.get(door.key)
        if kinds is not None and Kind.MANAGER not in kinds:
            assert not door.opens_to(Kind.MANAGER, {*MANAGER_KEYS, *RESELLER_KEYS}), door.rule
    assert set(AUDIENCES["parents"]) == set(PARENTS)


def test_a_withdrawn_key_binds_at_the_next_request_and_ends_no_session(
    app: Flask, house: House, visitor: Browsers
) -> None:
    newbie = visitor(NEWBIE)
    hold(app, NEWBIE, {"print-invoice"})
    assert newbie.send("GET", "/bills/list/").status_code == 200
    hold(app, NEWBIE, set())
    assert newbie.send("GET", "/bills/list/").status_code == 403
    assert newbie.send("GET", "/account/").status_code == 200


def test_the_answer_to_a_missing_key_names_it_and_the_refusal_is_logged_in_the_actor_s_tenant(
    app: Flask, house: House, visitor: Browsers
) -> None:
    hold(app, NEWBIE, set())
    page = visitor(NEWBIE).send("POST", "/bills/delete/1", reason="because").text
    assert "delete-bills" in page
    with app.app_context(), everywhere("the test reads the log"):
        newbie = db.session.get_one(Account, house.row(SOUTH, "Account"))
        entry = (
            db.session.execute(select(Activity).where(Activity.event == "access.refused").order_by(Activity.id.desc()))
            .scalars()
            .first()
        )
        assert entry is not None
        assert (entry.tenant_id, entry.actor_id) == (newbie.tenant_id, newbie.id)
        assert '"path":"/bills/delete/1"' in entry.detail
