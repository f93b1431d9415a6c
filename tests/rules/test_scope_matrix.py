"""A row out of scope does not exist, at every door: models × doors × strangers, read off the route map (spec §1)."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import hypothesis
import pytest
from flask import Flask
from hypothesis import strategies as st
from sqlalchemy import select
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from app.access.actor import acting_as
from app.access.permissions import AUDIENCES, RESELLER_KEYS
from app.accounts.models import Account
from app.activity.models import Chained
from app.core.database import Base, db
from app.core.ownership import Offered, OwnerColumns
from app.web.listing import AmountRange, Choice
from app.web.page import Page
from tests.cast import GA, GHAT, GHATMAN, NORTH, OFFICE, OWNERS, PADMA_COLLECTOR, PADMA_GA, ROOT, SOUTH
from tests.conftest import FormReader
from tests.make import actor_of
from tests.rules.doors import Door, is_public
from tests.rules.house import WORDS, House, Visitor, fingerprint, shown, traces

Browsers = Callable[[str], Visitor]

STRANGERS = {
    SOUTH: "another Operator of the tenant",
    PADMA_GA: "the Group Admin of another tenant",
    PADMA_COLLECTOR: "a Manager of another tenant, with every key",
    OFFICE: "a Manager of the parent's parent, with every key",
    GHAT: "a Sub-Operator below",
    GHATMAN: "a Manager of the parent's child, with every key",
}
"""Who must not see north's rows, and what each is to north."""

HOME_OF = {SOUTH: SOUTH, PADMA_GA: PADMA_GA, PADMA_COLLECTOR: PADMA_GA, OFFICE: GA, GHAT: GHAT, GHATMAN: GHAT}
SEES = {GHAT: {GHAT}, SOUTH: {SOUTH}, OFFICE: {GA}, PADMA_GA: {PADMA_GA}, PADMA_COLLECTOR: {PADMA_GA}, GHATMAN: {GHAT}}
ABOVE = {GHAT: {NORTH, GA}, GHATMAN: {NORTH, GA}, SOUTH: {GA}, OFFICE: set(), PADMA_GA: set(), PADMA_COLLECTOR: set()}
"""Owners above, whose packages and billing profiles may be chosen: they are given down (spec §9)."""

ID_FIELDS = {
    "package_id": "Package",
    "profile_id": "BillingProfile",
    "zone_id": "Zone",
    "device_id": "Device",
    "category_id": "ExpenseCategory",
    "customer": "Customer",
}
"""Form fields that carry the id of a row, with its model."""

NO_ROWS = {"request_id", "csrf_token", "version"}


def gives_away(page: str, stranger: str) -> list[str]:
    """Return the traces of foreign owners on a page that a stranger got."""
    text = shown(page)
    return [
        trace
        for owner in OWNERS
        if owner not in SEES[stranger]
        for trace in traces(owner)
        if trace in text and not _given_down(trace, stranger)
    ]


def _given_down(trace: str, stranger: str) -> bool:
    # the name of an owner's package or profile is no secret to whom it is offered
    return trace in {WORDS[owner] for owner in ABOVE[stranger]}


@pytest.mark.parametrize("who", STRANGERS)
def test_a_foreign_id_answers_404_at_every_door_and_changes_nothing(
    who: str, app: Flask, house: House, every_door: list[Door], visitor: Browsers
) -> None:
    stranger = visitor(who)
    before = fingerprint(app)
    seen = []
    for door in every_door:
        if not door.names_a_row or is_public(door):
            continue
        for method in door.methods:
            answer = stranger.send(method, door.address(house, NORTH), reason="because", amount="1", confirm="1")
            # of a key that nobody of this kind can hold, the key is asked first
            expected = {403, 404} if door.key in {*AUDIENCES, *RESELLER_KEYS} else {404}
            leaks = gives_away(answer.text, who)
            if answer.status_code not in expected or leaks:
                seen.append(f"{method} {door.rule} answers {answer.status_code} and tells {leaks}")
    assert not seen, f"to {STRANGERS[who]}:\n" + "\n".join(seen)
    assert fingerprint(app) == before


def _questions(page: Any, house: House) -> list[str]:
    """Return the queries that a list understands, asking for north's rows: search, filters of both kinds, orders, sizes, tabs."""
    asked = ["page_size=100", "page=2&page_size=25", "tab=bills"]
    words = [WORDS[NORTH], "Rahima of north", str(house.customer_numbers[NORTH]), "8028.23", "%"]
    asked += [f"q={quote(word)}" for word in words]
    asked += [f"sort={column.name}&dir=asc&page_size=100" for column in page.columns if column.sort is not None]
    for one in page.filters:
        if isinstance(one, Choice):
            asked.append(f"{one.name}={house.rows[NORTH].get(one.name.title(), house.rows[NORTH]['ExpenseCategory'])}")
        elif isinstance(one, AmountRange):
            asked.append(f"{one.name}_from=1&{one.name}_to=99999")
        else:
            asked.append(f"{one.name}_from=2020-01-01&{one.name}_to=2030-01-01")
    hidden = {
        "_flt_0_owner_id": house.rows[NORTH]["Account"],
        "_flt_0_tenant_id": 2,
        "_flt_0_id": house.rows[NORTH]["Customer"],
        "_flt_0_customer": 1,
    }
    asked.append("&".join(f"{name}={value}" for name, value in hidden.items()))
    return asked + [f"_flt_1_{name}={WORDS[NORTH]}" for name in page.search_columns]


@pytest.mark.parametrize("who", [SOUTH, PADMA_COLLECTOR, OFFICE, GHATMAN])
def test_no_list_and_no_export_tells_of_foreign_rows_however_it_is_asked(
    who: str, app: Flask, house: House, every_door: list[Door], visitor: Browsers
) -> None:
    stranger = visitor(who)
    told = []
    for door in every_door:
        if not isinstance(door.view, Page) or door.route not in ("list", "export"):
            continue
        thorough = door.route == "list" and who in (PADMA_COLLECTOR, GHATMAN)
        questions = _questions(door.view, house) if thorough else ["page_size=100", f"q={WORDS[NORTH]}"]
        if stranger.send("GET", door.rule).status_code == 403:
            questions = questions[:1]
        for question in questions:
            answer = stranger.send("GET", f"{door.rule}?{question}")
            # the page repeats what was searched for: it must not say more than that
            leaks = [
                trace for trace in gives_away(answer.text, who) if trace not in shown(question.replace("%20", " "))
            ]
            closed = answer.status_code == 403 and door.key in {*AUDIENCES, *RESELLER_KEYS}
            if not (answer.status_code == 200 or closed) or leaks:
                told.append(f"{door.rule}?{question} answers {answer.status_code} and tells {leaks}")
    assert not told, f"to {STRANGERS[who]}:\n" + "\n".join(told)


def test_the_own_rows_are_in_the_lists_that_the_strangers_look_at(
    app: Flask, house: House, every_door: list[Door], visitor: Browsers
) -> None:
    # without this the test above would be content with empty pages
    for who in STRANGERS:
        home = WORDS[HOME_OF[who]]
        missing = [
            door.rule
            for door in every_door
            if isinstance(door.view, Page)
            and door.model is not None
            and door.model.__name__ in ("Customer", "Bill", "Payment", "Expense")
            and door.route in ("list", "export")
            # whom it opens to is tried elsewhere: not every stranger holds its key
            and door.key != "delete-customer"
            and home not in visitor(who).send("GET", door.rule).text
        ]
        assert not missing, f"{who} does not see its own rows at {missing}"


@pytest.mark.parametrize("who", [SOUTH, PADMA_COLLECTOR, OFFICE, GHATMAN])
def test_no_page_of_one_s_own_tells_of_foreign_rows(
    who: str, app: Flask, house: House, every_door: list[Door], visitor: Browsers
) -> None:
    stranger, told = visitor(who), []
    for door in every_door:
        if "GET" not in door.methods or is_public(door):
            continue
        own = door.address(house, HOME_OF[who])
        tabs = (
            [f"{own}?tab={tab}" for tab in ("profile", "bills", "payments", "statement", "sessions", "history")]
            if door.route == "show"
            else [own]
        )
        for address in tabs:
            answer = stranger.send("GET", address)
            leaks = gives_away(answer.text, who) if answer.mimetype.startswith(("text/", "application/json")) else []
            if leaks:
                told.append(f"{address} tells {leaks}")
    assert not told, "\n".join(told)


@pytest.mark.parametrize("who", [SOUTH, PADMA_COLLECTOR, OFFICE, GHATMAN])
def test_a_foreign_id_in_a_field_of_a_form_is_refused_and_nothing_is_written(
    who: str, app: Flask, house: House, every_door: list[Door], visitor: Browsers
) -> None:
    stranger = visitor(who)
    tried, wrong = set(), []
    before = fingerprint(app)
    for door in every_door:
        if door.methods != ("GET", "POST") or is_public(door) or door.key in {*AUDIENCES, *RESELLER_KEYS}:
            continue
        address = door.address(house, HOME_OF[who])
        page = stranger.send("GET", address)
        if page.status_code != 200:
            continue
        reader = FormReader()
        reader.feed(page.text)
        for form in reader.forms:
            for name in set(form) - NO_ROWS:
                if not name.endswith("_id") and name not in ID_FIELDS:
                    continue
                assert name in ID_FIELDS, (
                    f"{door.rule} has a field {name!r}: name its model in ID_FIELDS, so that foreign ids are tried in it"
                )
                for foreign in _foreign(ID_FIELDS[name], who, house):
                    tried.add(name)
                    answer = stranger.client.post(address, data={**form, **_right(form), name: str(foreign)})
                    leaks = gives_away(answer.text, who)
                    if answer.status_code not in (404, 422) or leaks:
                        wrong.append(
                            f"POST {address} with {name}={foreign} answers {answer.status_code} and tells {leaks}"
                        )
    assert not wrong, "\n".join(wrong)
    assert fingerprint(app) == before
    assert {"package_id", "profile_id", "zone_id", "category_id"} <= tried


def _foreign(model: str, who: str, house: House) -> list[int]:
    mapped = next(mapper.class_ for mapper in Base.registry.mappers if mapper.class_.__name__ == model)
    readable = SEES[who] | (ABOVE[who] if issubclass(mapped, Offered) else set())
    return [house.rows[owner][model] for owner in OWNERS if owner not in readable]


def _right(form: dict[str, str]) -> dict[str, str]:
    """Return values that make every other field of a form right."""
    right = {
        "name": "Somebody",
        "username": "somebody.new",
        "connection_type": "other",
        "amount": "10",
        "reason": "because",
        "customer_number": "1",
        "discount": "1",
        "ip_address": "",
    }
    return {name: value for name, value in right.items() if name in form}


@pytest.mark.parametrize("who", [SOUTH, PADMA_COLLECTOR, OFFICE, GHATMAN])
def test_a_bill_cannot_be_raised_for_a_foreign_customer_by_number_or_by_address(
    who: str, app: Flask, house: House, visitor: Browsers
) -> None:
    stranger = visitor(who)
    before = fingerprint(app)
    dates = {
        "period_from": "2026-11-01",
        "period_to": "2026-11-30",
        "due_on": "2026-11-30",
        "amount": "100",
        "description": "x",
    }
    foreign = house.rows[NORTH]["Customer"]
    assert stranger.send("GET", f"/bills/add?customer={foreign}").status_code == 404
    assert stranger.send("POST", f"/bills/add?customer={foreign}", **dates).status_code == 404
    assert stranger.send("POST", "/bills/add", customer=str(foreign), **dates).status_code == 404
    if who not in (PADMA_GA, PADMA_COLLECTOR):  # in another tenant the number is another customer's
        answer = stranger.send("POST", "/bills/add", customer_number=str(house.customer_numbers[NORTH]), **dates)
        assert answer.status_code == 422
        assert not gives_away(answer.text, who)
    assert fingerprint(app) == before


def test_the_owner_is_nothing_a_form_can_choose(app: Flask, house: House, visitor: Browsers) -> None:
    south = visitor(SOUTH)
    north_id, padma_id = house.rows[NORTH]["Customer"], house.rows[PADMA_GA]["Customer"]
    smuggled = {
        "owner_id": "3",
        "tenant_id": "2",
        "id": str(north_id),
        "due": "0",
        "advance": "99999",
        "created_by_id": "1",
        "status": "disabled",
    }
    address = f"/customers/edit/{house.rows[SOUTH]['Customer']}"
    reader = FormReader()
    reader.feed(south.page(address))
    form = next(form for form in reader.forms if "username" in form)
    before = fingerprint(app)
    south.client.post(address, data=form | smuggled | {"comment": "changed"})
    changed = [table for table, digest in fingerprint(app).items() if digest != before[table]]
    assert changed == ["customers"]
    for email, row_id in ((NORTH, north_id), (PADMA_GA, padma_id)):
        assert visitor(email).send("GET", f"/customers/show/{row_id}").status_code == 200
    assert south.send("GET", f"/customers/show/{house.rows[SOUTH]['Customer']}?tab=bills").status_code == 200


def test_the_super_admin_sees_no_customer_data(
    app: Flask, house: House, every_door: list[Door], visitor: Browsers
) -> None:
    root = visitor(ROOT)
    told = []
    for door in every_door:
        if is_public(door) or door.route == "logout":
            continue
        for owner in (NORTH, PADMA_GA):
            answer = root.send("GET" if "GET" in door.methods else "POST", door.address(house, owner))
            leaks = [trace for one in OWNERS for trace in traces(one) if trace in shown(answer.text)]
            if leaks:
                told.append(f"{door.rule} tells {leaks}")
    assert not told, "\n".join(told)


def test_a_group_admin_sees_its_whole_tenant_and_nothing_of_the_other(house: House, visitor: Browsers) -> None:
    for address in (
        "/customers/list/?page_size=100",
        "/bills/list/?page_size=100",
        "/payments/list/?page_size=100",
        "/expenses/list/?page_size=100",
    ):
        page = shown(visitor(GA).page(address))
        assert [owner for owner in OWNERS if WORDS[owner] in page] == [GA, NORTH, SOUTH, GHAT], address


def test_an_operator_sees_its_sub_operators_rows_and_its_manager_does_not(house: House, visitor: Browsers) -> None:
    assert WORDS[GHAT] in visitor(NORTH).page("/customers/list/?page_size=100")
    assert WORDS[GHAT] not in visitor("collector@meghna.example.com").page("/customers/list/?page_size=100")


def test_every_model_with_an_owner_that_has_a_page_has_a_marked_row(house: House, every_door: list[Door]) -> None:
    models = {
        door.model
        for door in every_door
        if isinstance(door.view, Page) and door.model is not None and issubclass(door.model, OwnerColumns)
    }
    assert {model.__name__ for model in models} <= set(house.rows[NORTH])


ODD = st.one_of(
    st.sampled_from(
        [
            "1",
            "-1",
            "0",
            "1 OR 1=1",
            "%",
            "_",
            "'",
            "\\",
            "২",
            "9" * 30,
            "\x01",
            WORDS[NORTH],
            "8028.23",
            NORTH,
            "all",
            "None",
        ]
    ),
    st.integers(0, 60).map(str),
    st.text(max_size=12).filter(
        lambda text: "\x00" not in text and not any(0xD800 <= ord(letter) <= 0xDFFF for letter in text)
    ),
)
NAMES = st.sampled_from(
    "q page page_size sort dir tab status package zone type cycle payment category period_from due_on_to open_from amount_to again size customer"
    " person topic event result at_from copy template next ids confirmed name email mobile amount reason note username package_id profile_id zone_id"
    " category_id customer_number request_id paid_on keys seen answer hours word account_id parent_id"
    " _flt_0_name _flt_1_number _flt_0_amount _flt_0_owner_id _oc_CustomerPage _od_CustomerPage psize_CustomerPage pk id owner_id tenant_id".split()
)
OWN_ACCOUNT = ("/account", "/prove", "/logout", "/login")
"""Where somebody changes its own account: looked at, and not thrown at, since the session would be over."""


def test_whatever_a_stranger_throws_at_the_house_nothing_foreign_comes_back(
    app: Flask, house: House, every_door: list[Door], visitor: Browsers
) -> None:
    strangers = {who: visitor(who) for who in (SOUTH, OFFICE, GHATMAN, PADMA_COLLECTOR)}
    visible = {who: visible_ids(app, who) for who in strangers}
    targets = [door for door in every_door if not is_public(door) and door.route != "logout"]
    assert {door.model for door in targets if door.model is not None} >= {
        door.model for door in every_door if isinstance(door.view, Page)
    }
    before = fingerprint(app)
    every_id = sorted({row_id for owner in OWNERS for row_id in house.rows[owner].values()})

    @hypothesis.settings(max_examples=150, suppress_health_check=list(hypothesis.HealthCheck))
    @hypothesis.given(
        who=st.sampled_from(sorted(strangers)),
        door=st.sampled_from(targets),
        row_id=st.one_of(st.sampled_from(every_id), ODD),
        query=st.dictionaries(NAMES, ODD, max_size=3),
        fields=st.dictionaries(NAMES, st.one_of(ODD, st.sampled_from(every_id).map(str)), max_size=5),
    )
    def throw(who: str, door: Door, row_id: Any, query: dict[str, str], fields: dict[str, str]) -> None:
        word = str(row_id)
        its_own = (
            word.isascii()
            and word.isdigit()
            and int(word) in visible[who].get(MODEL_OF.get(door.row or "", door.row or ""), set())
        )
        method = door.methods[-1]
        if method in ("POST", "PATCH") and ((door.names_a_row and its_own) or door.rule.startswith(OWN_ACCOUNT)):
            # what one may change of one's own is no stranger's business: it is looked at instead
            if "GET" not in door.methods:
                return
            method = "GET"
        path = re.sub(r"<(?:\w+:)?\w+>", quote(word, safe="") or "0", door.rule)
        asked = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
        answer = strangers[who].send(method, f"{path}?{asked}", **fields)
        thrown = shown(" ".join([word, *query.values(), *fields.values()]))
        assert answer.status_code < 500, f"{method} {path}?{asked} {fields} answers {answer.status_code}"
        if answer.mimetype in ("text/html", "text/csv", "application/json", "text/plain"):
            leaks = [trace for trace in gives_away(answer.text, who) if trace not in thrown]
            assert not leaks, f"{method} {path}?{asked} {fields} tells {leaks}"
            ids = foreign_links(app, every_door, answer.text, visible[who])
            assert not ids, f"{method} {path}?{asked} {fields} leads to {ids}"

    throw()
    changed = [table for table, digest in fingerprint(app).items() if digest != before[table]]
    assert changed == []


MODEL_OF = {"Reseller": "Account", "Head": "Account"}
LEADS = re.compile(r'(?:href|action|formaction)="(/[^"?#]*)')


def visible_ids(app: Flask, who: str) -> dict[str, set[int]]:
    """Return the ids of every model's rows in somebody's scope."""
    with app.app_context(), acting_as(actor_of(who)):
        return {
            mapper.class_.__name__: set(db.session.execute(select(mapper.class_.id)).scalars())
            for mapper in Base.registry.mappers
            if issubclass(mapper.class_, OwnerColumns | Chained) or mapper.class_ is Account
        }


def foreign_links(app: Flask, every_door: list[Door], page: str, visible: dict[str, set[int]]) -> list[str]:
    """Return the links and forms of a page that lead to a row outside of what its reader sees: ids given away."""
    found = []
    for address in set(LEADS.findall(page)):
        try:
            endpoint, arguments = app.url_map.bind("localhost").match(address, method="GET")
        except MethodNotAllowed:
            endpoint, arguments = app.url_map.bind("localhost").match(address, method="POST")
        except HTTPException:
            continue  # a static file, or an address that is none
        door = next((door for door in every_door if door.endpoint == endpoint), None)
        if door is None or door.row is None or not str(arguments.get("pk", "")).isdigit():
            continue
        model = MODEL_OF.get(door.row, door.row)
        if int(arguments["pk"]) not in visible.get(model, set()):
            found.append(address)
    return sorted(found)


@pytest.mark.parametrize("who", [SOUTH, PADMA_COLLECTOR, OFFICE, GHATMAN])
def test_no_page_leads_to_a_foreign_row_not_even_by_its_number(
    who: str, app: Flask, house: House, every_door: list[Door], visitor: Browsers
) -> None:
    stranger, visible, tried = visitor(who), visible_ids(app, who), 0
    leading = []
    for door in every_door:
        if "GET" not in door.methods or is_public(door) or door.route == "logout":
            continue
        answer = stranger.send("GET", door.address(house, HOME_OF[who]))
        if answer.mimetype == "text/html" and answer.status_code == 200:
            tried += 1
            leading += [f"{door.rule} leads to {one}" for one in foreign_links(app, every_door, answer.text, visible)]
    assert tried > 20
    assert not leading, "\n".join(leading)


@pytest.mark.parametrize("who", [SOUTH, PADMA_COLLECTOR, OFFICE, GHATMAN])
def test_the_search_over_everything_and_the_charts_know_no_foreign_row(
    who: str, app: Flask, house: House, every_door: list[Door], visitor: Browsers
) -> None:
    stranger, visible = visitor(who), visible_ids(app, who)
    words = [
        WORDS[NORTH],
        "Rahima of north",
        "8028.23",
        "burgundy.rahman",
        "burgundy@mail.example.com",
        *map(str, house.rows[NORTH].values()),
    ]
    told = []
    for address in [f"/search/?q={quote(word)}" for word in words] + [
        door.address(house, NORTH) for door in every_door if door.rule.endswith(".json") and not is_public(door)
    ]:
        text = stranger.send("GET", address).text
        leaks = [trace for trace in gives_away(text, who) if trace not in shown(address)]
        leaks += foreign_links(app, every_door, text, visible)
        if leaks:
            told.append(f"{address} tells {leaks}")
    assert not told, "\n".join(told)
