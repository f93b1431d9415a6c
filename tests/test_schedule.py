"""What runs by itself: the monthly run, the daily suspension, the nightly check of the books."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from huey import MemoryHuey
from sqlalchemy import func, select

from app import schedule
from app.access.scope import everywhere
from app.billing.models import Bill
from app.books.models import BookCheck
from app.books.queries import last_check
from app.core.clock import DHAKA, today
from app.core.database import db, transaction
from app.customers.models import Customer
from tests.books import act
from tests.cast import GA, PADMA_GA


@pytest.fixture
def queue(cast: Any, context: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryHuey]:
    """A job queue of the test's own, with the periodic jobs in it."""
    own = MemoryHuey("test", immediate=True, utc=True)
    monkeypatch.setitem(context.extensions, "jobs", own)
    schedule.init_app(context)
    yield own


def _run(queue: MemoryHuey, moment: datetime) -> list[Any]:
    """Run what the queue finds due at a moment, and return what came of it."""
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    return [queue.execute(task, utc) for task in queue.read_periodic(utc)]


def _run_at(queue: MemoryHuey, clock: Any, moment: str) -> list[Any]:
    clock.set(moment)
    return _run(queue, datetime.fromisoformat(moment).replace(tzinfo=DHAKA))


def _bills() -> int:
    # a job has a session of its own; what this one read before is old
    db.session.rollback()
    with everywhere("tests look at everything"):
        return db.session.execute(
            select(func.count(Bill.id)).where(Bill.period_from == today().replace(day=1))
        ).scalar_one()


def test_the_month_is_billed_at_ten_past_midnight_of_the_first(queue: MemoryHuey, clock: Any) -> None:
    _run_at(queue, clock, "2026-11-30 23:10")
    clock.set("2026-12-01 00:09")
    assert _bills() == 0
    _run_at(queue, clock, "2026-12-01 00:10")
    assert _bills() == 10


def test_a_run_that_was_missed_is_made_up_for_within_the_first_days_only(queue: MemoryHuey, clock: Any) -> None:
    _run_at(queue, clock, "2026-12-04 00:10")
    assert _bills() == 0
    _run_at(queue, clock, "2026-12-03 14:10")
    assert _bills() == 10


def test_the_run_happens_once_a_month(queue: MemoryHuey, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[Any] = []
    bill_month = schedule.bill_month
    monkeypatch.setattr(schedule, "bill_month", lambda month: runs.append(month) or bill_month(month))
    for hour in ("2026-12-01 00:10", "2026-12-01 01:10", "2026-12-02 00:10", "2027-01-01 00:10"):
        _run_at(queue, clock, hour)
    assert [str(month) for month in runs] == ["2026-12-01", "2027-01-01"]


def test_the_overdue_are_suspended_at_twenty_past_midnight(queue: MemoryHuey, clock: Any, cast: Any) -> None:
    _run_at(queue, clock, "2026-12-15 00:20")
    with everywhere("tests look at everything"):
        assert db.session.get_one(Customer, cast.customers[GA][0]).status == "suspended"


def _kept(owner: str) -> BookCheck:
    db.session.rollback()
    found = last_check(act.account(owner).tenant_id)
    assert found is not None
    return found


def test_the_books_are_checked_at_half_past_three(queue: MemoryHuey, clock: Any, cast: Any) -> None:
    _run_at(queue, clock, "2026-11-24 03:30")
    for owner in (GA, PADMA_GA):
        assert _kept(owner).differences == 0
        assert _kept(owner).checked > 30


def test_the_nightly_check_names_what_differs_in_the_log(
    queue: MemoryHuey, clock: Any, cast: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with everywhere("tests break the books"), transaction() as session:
        session.get_one(Customer, cast.customers[GA][0]).due += 1
    with caplog.at_level(logging.ERROR):
        _run_at(queue, clock, "2026-11-24 03:30")
    assert _kept(GA).differences > 0
    # another provider's books are none of theirs
    assert _kept(PADMA_GA).differences == 0
    assert any("due of customer" in line for line in caplog.messages)
