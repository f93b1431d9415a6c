"""Whatever people type is text: on lists, pages, forms, logs, in CSV, in documents and in what is flashed (spec: untrusted data)."""

import re
from collections.abc import Callable

import pytest
from flask import Flask

from tests.cast import GA
from tests.conftest import form_fields
from tests.rules.doors import Door
from tests.rules.house import House, Visitor

Browsers = Callable[[str], Visitor]

TYPED = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}${7*7}<%=7*7%>",
    "</title></textarea><svg/onload=alert(1)>",
    "%(number)s %s {0}",
)
RUNS = re.compile(r"<script>alert|<img src=x|<svg/onload", re.IGNORECASE)


@pytest.mark.parametrize("typed", TYPED)
def test_what_was_typed_runs_nowhere(
    typed: str, app: Flask, house: House, every_door: list[Door], visitor: Browsers
) -> None:
    ga, customer = visitor(GA), house.rows[GA]["Customer"]
    ga.send("GET", "/lang/en")
    form = form_fields(ga.page(f"/customers/edit/{customer}"), "comment")
    texts = {
        name: typed for name in ("name", "name_bn", "comment", "house", "road", "thana", "district") if name in form
    }
    saved = ga.client.post(f"/customers/edit/{customer}", data=form | texts)
    assert saved.status_code == 303, re.findall(r"field-error.*?<span>(.*?)</span>", saved.text)
    ga.send("POST", f"/bills/discount/{house.rows[GA]['Bill']}", amount="1", reason=typed)
    ga.send("POST", f"/customers/suspend/{customer}", reason=typed)
    ga.send("POST", f"/managers/edit/{house.rows[GA]['Account']}", name=typed, email="office@meghna.example.com")
    seen = 0
    for door in every_door:
        if "GET" not in door.methods or door.route in ("logout", "see_as_end") or door.key == "super-admin":
            continue
        address = door.address(house, GA)
        tabs = ["", "?tab=bills", "?tab=statement", "?tab=history"] if door.endpoint == "CustomerPage.show" else [""]
        for tab in tabs:
            answer = ga.send("GET", address + tab)
            assert answer.status_code < 500, f"{address}{tab}"
            if answer.mimetype == "text/html":
                assert not RUNS.search(answer.text), f"{address}{tab}"
                assert "49$" not in answer.text and ">49<" not in answer.text
                seen += "alert(1)" in answer.text or typed[:5] in answer.text
    assert seen > 3, "what was typed is on no page: the test looks for nothing"
