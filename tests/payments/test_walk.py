"""The order of the collection list comes from an index: it is the order that sorting everybody who owes would give."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, update

from app.access.actor import current_actor
from app.access.scope import everywhere
from app.billing.services import generate_bill
from app.core.clock import month_of, now, today
from app.core.database import db, transaction
from app.customers.models import Customer
from app.customers.queries import present
from app.customers.services import Details, create_customer, delete_customer
from app.payments import collecting
from app.payments.collecting import NO_ZONE, Asked, stops, sums, taken_today
from app.payments.models import Outcome, Visit
from tests.cast import COLLECTOR, GA, NORTH, OFFICE, PADMA_GA, Cast
from tests.make import as_account, customer, pay

OWNERS = (GA, NORTH, PADMA_GA)


@pytest.fixture
def street(context: Flask, cast: Cast, request: Any) -> random.Random:
    """Three owners' customers in all zones and in none: some owe nothing, some have been visited, some have paid today."""
    chance = random.Random(getattr(request, "param", 1))
    for owner in OWNERS:
        like = customer(cast.customers[owner][0])
        with as_account(owner), transaction():
            made = [
                create_customer(
                    Details(
                        name=f"Somebody {number}",
                        username=f"walk.{cast.accounts[owner]}.{number}",
                        package_id=like.package_id,
                        profile_id=like.profile_id,
                        connection_type=like.connection_type,
                        zone_id=chance.choice([*cast.zones[owner], None]),
                        address=chance.choice(["", "Bazar"]),
                        road=chance.choice(["", "Road 7", "Road 12", "রোড ৭"]),
                        house=chance.choice(["", "3", "12", "12A"]),
                    )
                )
                for number in range(20)
            ]
            for one in made:
                if chance.random() < 0.8:
                    generate_bill(one, 100_00 + one.id, description="Cable", period=month_of(today()), due_on=today())
            delete_customer(chance.choice([one for one in made if one.due]), "Moved away")
            mine = [one.id for one in made if one.deleted_at is None]
        _visit(owner, mine, chance)
        for customer_id in chance.sample(mine, 4):
            if due := customer(customer_id).due:
                pay(owner, customer_id, due if chance.random() < 0.7 else due // 2)
    return chance


def _visit(owner: str, customer_ids: list[int], chance: random.Random) -> None:
    with as_account(owner) as actor, transaction() as session:
        for customer_id in chance.choices(customer_ids, k=14):
            promised = chance.random() < 0.6
            ago = timedelta(days=chance.choice([0, 0, 1, 3]))
            session.add(
                Visit(
                    tenant_id=actor.tenant_id,
                    owner_id=actor.id,
                    customer_id=customer_id,
                    account_id=actor.id,
                    outcome=Outcome.PROMISED if promised else Outcome.NOT_HOME,
                    promised_for=today() + timedelta(days=chance.randrange(-2, 3)) if promised else None,
                    at=now() - ago,
                )
            )
            session.flush()


def walked(zone: str = "", *, later: bool = False) -> list[int]:
    """Return who stands on all pages, in order."""
    actor = current_actor()
    assert actor is not None
    found, page, day, whole = [], 0, taken_today(actor), sums()
    while True:
        page += 1
        shown = stops(Asked(zone=zone, later=later, page=page), day, whole)
        found += [stop.customer.id for stop in shown.stops]
        assert len(shown.stops) == collecting.PAGE_SIZE or not shown.has_next
        if not shown.has_next:
            return found


@pytest.mark.parametrize("street", [1, 2, 3], indirect=True)
@pytest.mark.parametrize("size", [1, 3, 50])
def test_the_pages_are_those_of_everybody_put_in_order(
    street: random.Random, cast: Cast, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(collecting, "PAGE_SIZE", size)
    zones = ["", NO_ZONE, *(str(zone) for owner in OWNERS for zone in cast.zones[owner])]
    for email in (GA, OFFICE, COLLECTOR, PADMA_GA):
        with as_account(email):
            from_the_index = {zone: walked(zone) for zone in zones}
            with monkeypatch.context() as without:
                without.setattr(collecting, "_near", lambda *_asked: present().with_only_columns(Customer.id))
                assert from_the_index == {zone: walked(zone) for zone in zones}
            assert len(from_the_index[""]) > 10


def test_the_later_list_has_those_who_are_put_off(street: random.Random, cast: Cast) -> None:
    with as_account(GA):
        later = walked(later=True)
        assert len(later) == sums().later > 0
        assert not set(later) & set(walked())


def test_the_sums_kept_by_zone_are_those_of_the_rows(street: random.Random, cast: Cast) -> None:
    for email in (GA, OFFICE, COLLECTOR, PADMA_GA):
        with as_account(email):
            kept = sums()
            # everybody's username has a dot or a letter: a search that finds all
            assert kept == collecting._sums_of_found("a")
            assert kept.count == len([one for one in walked() if customer(one).due])


def test_a_zone_that_a_customer_moves_to_counts_it(context: Flask, cast: Cast) -> None:
    who, (here, there) = cast.customers[GA][0], cast.zones[GA][:2]
    with everywhere("the test moves"), transaction() as session:
        session.execute(update(Customer).where(Customer.id == who).values(zone_id=here, due=70_00))
    with as_account(GA):
        before = {zone.zone: zone.due for zone in sums().zones}
    with everywhere("the test moves"), transaction() as session:
        session.execute(update(Customer).where(Customer.id == who).values(zone_id=there))
    with as_account(GA):
        after = {zone.zone: zone.due for zone in sums().zones}
    assert before.get(str(here), 0) - after.get(str(here), 0) == 70_00
    assert after[str(there)] - before.get(str(there), 0) == 70_00


def test_the_walk_is_read_from_its_index(context: Flask, cast: Cast) -> None:
    asked: list[tuple[str, Any]] = []

    def heard(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if "length(customers.house)" in statement:
            asked.append((statement, parameters))

    for email, index in ((GA, "tenant"), (OFFICE, "owner")):
        asked.clear()
        event.listen(db.engine, "before_cursor_execute", heard)
        with as_account(email):
            walked(NO_ZONE)
        event.remove(db.engine, "before_cursor_execute", heard)
        ((statement, parameters),) = asked
        connection = db.session.connection()
        if not db.is_sqlite:
            # so few rows it would rather read all and sort them
            for dearer in ("seqscan", "bitmapscan", "sort", "incremental_sort"):
                connection.exec_driver_sql(f"SET LOCAL enable_{dearer} = off")
        explain = "EXPLAIN QUERY PLAN" if db.is_sqlite else "EXPLAIN"
        plan = "\n".join(row[-1] for row in connection.exec_driver_sql(f"{explain} {statement}", parameters))
        assert f"ix_customers_{index}_walk" in plan, plan
