"""One status for many customers: the parents', row by row, each told by itself."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from app.access.scope import everywhere
from app.activity.models import Activity
from app.core.database import db
from tests.cast import COLLECTOR, GA, GHAT, NORTH, OFFICE, PADMA_GA, SOUTH
from tests.make import customer
from tests.rules.house import House, Visitor, fingerprint

Browsers = Callable[[str], Visitor]


def ours(app: Flask, owner: str) -> list[int]:
    """Return the ids of an owner's customers."""
    from app.customers.models import Customer
    from tests.make import actor_of

    with app.app_context(), everywhere("tests look at everything"):
        owner_id = actor_of(owner).id
        present = select(Customer.id).where(Customer.owner_id == owner_id, Customer.deleted_at.is_(None))
        return list(db.session.execute(present).scalars())


def send(who: Visitor, what: str, ids: list[int | str], **fields: str) -> str:
    """Send chosen rows with the question answered, and return the page."""
    answer = who.client.post(
        f"/customers/bulk/{what}",
        data={"csrf_token": who.token, "ids": [str(one) for one in ids], "confirmed": "1", **fields},
    )
    assert answer.status_code == 200, answer.status_code
    return answer.text


def statuses(app: Flask, ids: list[int]) -> list[str]:
    with app.app_context():
        return [str(customer(one).status) for one in ids]


def test_a_parent_suspends_many_and_each_that_cannot_be_is_named(app: Flask, house: House, visitor: Browsers) -> None:
    ids = ours(app, NORTH)
    north = visitor(NORTH)
    north.send("GET", "/lang/en")
    send(north, "disable", ids[:1], reason="moved away")
    page = send(north, "suspend", ids, reason="line is cut")
    assert set(statuses(app, ids)) <= {"suspended", "disabled"}
    done = re.search(r"Done for (\d+) of (\d+) customers", page)
    assert done is not None
    assert int(done[2]) == len(ids)
    assert int(done[1]) == statuses(app, ids).count("suspended")
    with app.app_context(), everywhere("tests look at everything"):
        entries = db.session.execute(select(Activity).where(Activity.event == "customer.suspended")).scalars().all()
        assert {entry.customer_id for entry in entries} >= {
            one for one, status in zip(ids, statuses(app, ids), strict=True) if status == "suspended"
        }


def test_one_that_has_the_status_already_is_told_and_hinders_nobody(
    app: Flask, house: House, visitor: Browsers
) -> None:
    ids = ours(app, NORTH)
    north = visitor(NORTH)
    north.send("GET", "/lang/en")
    send(north, "suspend", ids[:1], reason="first")
    page = send(north, "suspend", ids[:3], reason="again")
    assert "Done for 2 of 3 customers" in page
    assert statuses(app, ids[:3]) == ["suspended"] * 3
    assert "Done for 3 of 3" in send(north, "activate", ids[:3])
    assert statuses(app, ids[:3]) == ["active"] * 3


def test_a_foreign_an_unknown_and_a_nonsensical_row_look_alike_and_are_logged(
    app: Flask, house: House, visitor: Browsers
) -> None:
    own, foreign = ours(app, SOUTH)[:1], ours(app, NORTH)[:1] + ours(app, PADMA_GA)[:1] + ours(app, GA)[:1]
    south = visitor(SOUTH)
    south.send("GET", "/lang/en")
    page = send(south, "suspend", [*own, *foreign, "2147483647", "1 OR 1=1", "-1", "9" * 30], reason="because")
    assert "Done for 1 of 8 customers" in page
    assert page.count("There is no such customer.") == 7
    assert statuses(app, foreign) == ["active"] * 3
    with app.app_context(), everywhere("tests look at everything"):
        refusals = db.session.execute(select(Activity.detail).where(Activity.event == "access.refused")).scalars().all()
    assert sum("/customers/bulk/suspend" in detail for detail in refusals) == 7


def test_without_a_reason_nobody_is_cut_off_and_without_rows_nothing_is_asked(
    app: Flask, house: House, visitor: Browsers
) -> None:
    ids, north = ours(app, NORTH)[:2], visitor(NORTH)
    before = fingerprint(app)
    asked = north.client.post(
        "/customers/bulk/suspend", data={"csrf_token": north.token, "ids": [str(one) for one in ids]}
    )
    assert asked.status_code == 200
    assert all(f'name="ids" value="{one}"' in asked.text for one in ids)
    for reason in ("", "   "):
        answer = north.client.post(
            "/customers/bulk/suspend",
            data={"csrf_token": north.token, "ids": [str(one) for one in ids], "confirmed": "1", "reason": reason},
        )
        assert answer.status_code == 422
    assert north.send("POST", "/customers/bulk/suspend", confirmed="1", reason="x").status_code == 303
    assert north.send("POST", "/customers/bulk/explode", confirmed="1", ids=str(ids[0])).status_code == 404
    assert north.client.post("/customers/bulk/suspend", data={"ids": str(ids[0]), "confirmed": "1"}).status_code == 400
    assert fingerprint(app) == before


def test_more_than_somebody_waits_for_are_a_job_and_who_could_not_be_changed_stands_in_its_file(
    app: Flask, house: House, visitor: Browsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.customers.bulk_views.WORTH_A_JOB", 2)
    own, foreign = ours(app, NORTH), ours(app, SOUTH)[:1]
    north = visitor(NORTH)
    north.send("GET", "/lang/en")
    send(north, "suspend", own[:1], reason="first")
    answer = north.client.post(
        "/customers/bulk/suspend",
        data={
            "csrf_token": north.token,
            "ids": [*own, *foreign, "1 OR 1=1"],
            "confirmed": "1",
            "reason": "line is cut",
        },
    )
    assert answer.status_code == 303 and answer.location.startswith("/jobs/")
    page = north.page(answer.location)
    assert f"Suspend {len(own)} customers" in page
    assert f"Done for {len(own) - 1} of {len(own)} customers." in page
    with north.client.get(f"{answer.location}/file") as file:
        assert file.text.count("This customer has that status already.") == 1
    assert statuses(app, own) == ["suspended"] * len(own)
    assert statuses(app, foreign) == ["active"]
    with app.app_context(), everywhere("tests look at everything"):
        refusals = db.session.execute(select(Activity.detail).where(Activity.event == "access.refused")).scalars().all()
    assert sum("/customers/bulk/suspend" in detail for detail in refusals) == 2


@pytest.mark.parametrize("email", [OFFICE, COLLECTOR])
def test_many_at_once_are_never_a_manager_s(email: str, app: Flask, house: House, visitor: Browsers) -> None:
    manager = visitor(email)
    before = fingerprint(app)
    assert manager.send("POST", "/customers/bulk/activate", ids="1", confirmed="1").status_code == 403
    assert "/customers/bulk/" not in manager.page("/customers/list/")
    assert fingerprint(app) == before


def test_parents_find_the_buttons_under_their_list(house: House, visitor: Browsers) -> None:
    for email in (GA, NORTH, GHAT):
        page = visitor(email).page("/customers/list/")
        assert all(f'formaction="/customers/bulk/{what}"' in page for what in ("activate", "suspend", "disable"))
