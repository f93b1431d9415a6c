"""How many customers of each status there are, kept day by day: the chart over time cannot ask the past.

A job counts every hour and overwrites the row of its day, so that a day's row ends as the last count of that day. A tenant that has no
row yet gets its last weeks out of the activity log, which names every change of a status.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, select

from app.access.scope import everywhere
from app.activity.models import Activity
from app.core.clock import start_of_day, today
from app.core.database import db, transaction
from app.customers.models import Customer, CustomerCount, CustomerStatus

DAYS = 30
"""How many days the chart shows, today among them."""

Counts = dict[tuple[int, int], Counter[str]]
"""By tenant and owner, how many customers of each status."""


def count_customers() -> int:
    """Write down today's counts of every owner, and the days before for tenants that have none; return the number of rows."""
    with everywhere("the job counts every owner's customers"), transaction() as session:
        counted: Counts = defaultdict(Counter)
        rows = session.execute(
            select(Customer.tenant_id, Customer.owner_id, Customer.status, func.count())
            .where(Customer.deleted_at.is_(None))
            .group_by(Customer.tenant_id, Customer.owner_id, Customer.status)
        )
        for tenant_id, owner_id, status, number in rows:
            counted[(tenant_id, owner_id)][status] = number
        known = set(session.execute(select(CustomerCount.tenant_id).distinct()).scalars())
        made = _rows(today(), counted)
        for tenant_id in {tenant for tenant, _owner in counted} - known:
            for day, past in _history(tenant_id).items():
                made += _rows(day, past)
        session.execute(delete(CustomerCount).where(CustomerCount.day == today()))
        session.add_all(made)
    return len(made)


def _rows(day: date, counted: Counts) -> list[CustomerCount]:
    return [
        CustomerCount(
            tenant_id=tenant_id, owner_id=owner_id, day=day, **{status: number[status] for status in CustomerStatus}
        )
        for (tenant_id, owner_id), number in counted.items()
    ]


def _history(tenant_id: int) -> dict[date, Counts]:
    """Return the counts of the days before today: each customer's status now, with the changes after a day undone."""
    ends = {
        day: start_of_day(day + timedelta(days=1)) for day in (today() - timedelta(days=ago) for ago in range(1, DAYS))
    }
    changes = _changes(tenant_id, min(ends.values()))
    found: dict[date, Counts] = {day: defaultdict(Counter) for day in ends}
    customers = db.session.execute(
        select(Customer.id, Customer.owner_id, Customer.status, Customer.created_at, Customer.deleted_at).where(
            Customer.tenant_id == tenant_id
        )
    )
    for customer_id, owner_id, status, created_at, deleted_at in customers:
        for day, end in ends.items():
            if created_at < end and (deleted_at is None or deleted_at >= end):
                found[day][(tenant_id, owner_id)][_status_at(end, changes.get(customer_id, ()), status)] += 1
    return found


def _status_at(end: datetime, changes: Iterable[tuple[datetime, str]], status: str) -> str:
    """Return the status before the first change from a moment on; the changes are in their order."""
    return next((before for at, before in changes if at >= end), status)


def _changes(tenant_id: int, first: datetime) -> dict[int, list[tuple[datetime, str]]]:
    events = [f"customer.{status}" for status in CustomerStatus]
    rows = db.session.execute(
        select(Activity.customer_id, Activity.at, Activity.detail)
        .where(Activity.tenant_id == tenant_id, Activity.event.in_(events), Activity.at >= first)
        .order_by(Activity.seq)
    )
    found: dict[int, list[tuple[datetime, str]]] = defaultdict(list)
    for customer_id, at, detail in rows:
        before, _after = json.loads(detail).get("changes", {}).get("status", (None, None))
        if customer_id is not None and before in set(CustomerStatus):
            found[customer_id].append((at, before))
    return found
