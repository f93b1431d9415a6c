"""Nonsense in an address gets a page of the house and a sentence, never a fault."""

from collections.abc import Callable
from urllib.parse import quote

import pytest
from flask import Flask

from app.web.page import Page
from tests.cast import COLLECTOR, GA, NORTH, ROOT
from tests.conftest import form_fields
from tests.rules.doors import Door, doors, is_public
from tests.rules.house import House, Visitor, fingerprint

Browsers = Callable[[str], Visitor]

NO_IDS = [
    "abc",
    "-1",
    "0",
    "1 OR 1=1",
    "1;DROP TABLE bills",
    "\x00",
    "1\x00",
    "9" * 18,
    "9" * 40,
    "2147483648",
    "1.5",
    "1e3",
    " 1",
    "১",
    "²",
    "%",
    "None",
    "true",
]
JUNK = [
    *("page=0", "page=-1", "page=abc", "page=1e9", f"page={'9' * 40}", "page=", "page=1&page=2", "page=1.5"),
    *("page_size=0", "page_size=-5", "page_size=1000000", "page_size=abc", "page_size=২৫"),
    *(
        "sort=",
        "sort=nothing",
        "sort=password_hash",
        "sort=owner_id",
        "sort=__class__",
        "sort=number&dir=sideways",
        "dir=desc",
        "sort=due;--",
    ),
    *(
        "q=%25",
        "q=_",
        "q='",
        "q=%22",
        "q=%5C",
        "q=%F0%9F%8C%8A",
        "q=%E2%80%8D",
        "q=%FF%FE",
        f"q={'9' * 60}",
        f"q={'x' * 1900}",
        "q=%0A%0D%09",
    ),
    *(
        "status=nothing",
        "status=paid&status=void",
        "package=abc",
        f"package={'9' * 30}",
        "zone=-1",
        "category=0x10",
        "payment=1=1",
        "cycle=%25",
    ),
    *(
        "due_on_from=9999-12-31",
        "due_on_to=9999-12-31",
        "due_on_from=0001-01-01",
        "due_on_from=2026-02-30",
        "due_on_from=abc",
    ),
    *(
        "suspend_at_to=9999-12-31",
        "suspend_at_from=0001-01-01",
        "suspend_at_from=10000-01-01",
        "at_to=9999-12-31",
        "at_from=0001-01-01",
    ),
    *(
        "registered_to=9999-12-31",
        "paid_on_to=9999-12-31",
        "spent_on_to=9999-12-31",
        "spent_on_from=0001-01-01",
        "period_to=9999-12-31",
    ),
    *(
        "open_from=1e9",
        "open_from=-1",
        f"open_to={'9' * 25}",
        "amount_from=NaN",
        "amount_from=Infinity",
        "amount_to=1,00,000",
        "amount_from=১০",
    ),
    *(
        "_flt_0_=1",
        "_flt_9_number=1",
        "_flt_x_number=1",
        "_flt_0_nothing=1",
        "_flt_0_password_hash=x",
        "_flt_0_number=abc",
        "_flt_0_number=",
    ),
    *(
        f"_flt_0_number={'9' * 30}",
        "_flt_0_number=1e5",
        "_flt_1_number=3000000000",
        "_flt_0_amount=abc",
        f"_flt_1_amount={'9' * 30}",
        "_flt_0_due_on=abc",
    ),
    *(
        "_flt_0_due_on=9999-12-31",
        "_flt_1_due_on=0000-00-00",
        "_flt_0_period_from=%25",
        "_flt_2_name=%25",
        "_flt_2_name=%5C",
        "_flt_7_status=x",
    ),
    *(
        "_flt_0_paid_on=x",
        "_flt_0_spent_on=99999",
        "_flt_0_note='",
        "_flt_0_method=1 OR 1=1",
        "_flt_0_topic=x",
        "_flt_1_status=a&_flt_1_status=b",
    ),
    *(
        "_oc_CustomerPage=password",
        "_od_CustomerPage=asc",
        "psize_CustomerPage=abc",
        "page_CustomerPage=-1",
        "tab=nothing",
        "=",
        "&&&",
        "%00=1",
        "a[]=1",
    ),
]
"""Queries that no form of the house sends."""


OTHERS = (
    "status",
    "package",
    "zone",
    "category",
    "payment",
    "cycle",
    "due_on",
    "suspend_at",
    "at",
    "registered",
    "paid_on",
    "spent_on",
    "period",
    "open",
    "amount",
)


@pytest.fixture
def lists(app: Flask) -> list[Door]:
    """The lists of the house."""
    return [door for door in doors(app) if isinstance(door.view, Page) and door.route == "list"]


def test_an_id_that_is_none_is_not_found_at_every_door(app: Flask, house: House, visitor: Browsers) -> None:
    boss = visitor(GA)
    before = fingerprint(app)
    wrong = []
    for door in doors(app):
        if not door.names_a_row or is_public(door):
            continue
        for number, word in enumerate(NO_IDS):
            # every word by GET, and the first ones by POST too: one function reads the id for both
            for method in door.methods[-1:] if number < 4 else door.methods[:1]:
                answer = boss.send(method, door.rule.replace("<pk>", quote(word, safe="")), reason="because")
                is_said = "problem+json" in answer.mimetype if door.rule.startswith("/api/") else "<html" in answer.text
                if answer.status_code not in (403, 404) or not is_said:
                    wrong.append(f"{method} {door.rule} with {word!r} answers {answer.status_code}")
    assert not wrong, "\n".join(wrong)
    assert fingerprint(app) == before


def _concerns(page: Page, query: str) -> bool:
    """Tell whether a page reads the query's first name: a filter of its own, or what every list reads."""
    name = query.partition("=")[0]
    filters = {f"{one.name}{ending}" for one in page.filters for ending in ("", "_from", "_to")}
    others = {f"{name}{ending}" for name in OTHERS for ending in ("", "_from", "_to")}
    column = name[len("_flt_0_") :] if name.startswith("_flt_") else None
    return (
        column in (*page.search_columns, "", "nothing", "password_hash", "number")
        if column is not None
        else name in filters or name not in others
    )


@pytest.mark.parametrize("ending", ["list", "export"])
def test_a_query_that_is_nonsense_is_answered(
    ending: str, app: Flask, house: House, visitor: Browsers, lists: list[Door]
) -> None:
    broken = []
    for door in lists:
        boss = visitor({"super-admin": ROOT, "group-admin": GA}.get(door.key, NORTH))
        address = door.rule if ending == "list" else f"{door.view.route_base}/export"
        if ending == "export" and "export" not in door.view.keys:
            continue
        asked = [query for query in JUNK if _concerns(door.view, query)]
        for query in (
            asked if ending == "list" else [one for one in asked if "_flt_" in one or "9999" in one or "0001" in one]
        ):
            answer = boss.send("GET", f"{address}?{query}")
            if (
                answer.status_code not in (200, 400)
                or "Traceback" in answer.text
                or "sqlalchemy" in answer.text.lower()
            ):
                broken.append(f"{address}?{query} answers {answer.status_code}")
    assert not broken, "\n".join(broken)


def test_a_nul_character_anywhere_is_a_bad_request_and_no_fault(app: Flask, house: House, visitor: Browsers) -> None:
    # PostgreSQL takes no NUL in a text
    boss, broken = visitor(GA), []
    assert boss.send("GET", "/customers/list/?q=a%00b").status_code == 400
    for door in doors(app):
        if "POST" in door.methods and door.route != "logout":
            names = (
                "name username comment reason note description email password customer_number request_id next".split()
            )
            fields = {name: "a\x00b" for name in names}
            answer = boss.send("POST", door.address(house, GA), **fields)
            if answer.status_code >= 500:
                broken.append(f"POST {door.rule} answers {answer.status_code}")
    assert not broken, "\n".join(broken)


def test_a_nul_character_in_a_comment_is_dropped(house: House, visitor: Browsers) -> None:
    north, address = visitor(NORTH), f"/customers/edit/{house.rows[NORTH]['Customer']}"
    form = form_fields(north.page(address), "comment")
    assert north.client.post(address, data=form | {"comment": "calls\x00 back"}).status_code == 303
    assert form_fields(north.page(address), "comment")["comment"].strip() == "calls back"


def test_a_nul_character_in_the_sign_in_form_is_refused_with_a_sentence(
    app: Flask, house: House, stranger: Visitor
) -> None:
    answer = stranger.send("POST", "/login/", email="ga\x00@meghna.example.com", password="sanjog-demo-1\x00")
    assert answer.status_code == 422


@pytest.mark.parametrize("language", ["en", "bn"])
def test_error_pages_are_the_house_s_own_in_the_reader_s_language(
    language: str, house: House, visitor: Browsers, app: Flask
) -> None:
    somebody = visitor(COLLECTOR)
    somebody.send("GET", f"/lang/{language}")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    answers = {
        404: somebody.send("GET", "/customers/show/0"),
        403: somebody.send("GET", "/expenses/list/"),
        400: somebody.client.post("/customers/add", data={"name": "x"}),
        405: somebody.client.delete("/customers/list/"),
        413: somebody.client.post("/account/", data={"csrf_token": "x" * 600_000}),
    }
    for status, answer in answers.items():
        assert answer.status_code in (status, 400), f"{status}: {answer.status_code}"
        assert f'<html lang="{language}"' in answer.text, status
        assert answer.mimetype == "text/html"
        assert (
            "Traceback" not in answer.text
            and "werkzeug" not in answer.text.lower()
            and "flask" not in answer.text.lower()
        ), status
        if language == "bn":
            assert any("\u0980" <= letter <= "\u09ff" for letter in answer.text.partition("<main")[2]), (
                f"{status} says nothing in Bengali"
            )


def test_a_fault_of_the_house_shows_its_own_page_and_nothing_of_the_fault(
    house: House, visitor: Browsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.customers import views

    def broken(*_words: object) -> None:
        raise ZeroDivisionError("secret of the inside")

    monkeypatch.setattr(views, "is_overdue", broken)
    somebody = visitor(COLLECTOR)
    answer = somebody.send("GET", f"/customers/show/{house.rows[NORTH]['Customer']}")
    assert answer.status_code == 500
    assert "<html" in answer.text
    assert "secret of the inside" not in answer.text and "ZeroDivisionError" not in answer.text
    assert answer.headers["Content-Security-Policy"]
