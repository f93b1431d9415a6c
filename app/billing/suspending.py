"""The daily job that suspends who is past the date up to which service is paid (spec §4)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select

from app.access.scope import everywhere
from app.billing.models import Bill
from app.core.clock import now, to_dhaka
from app.core.database import db, locked, transaction
from app.core.progress import Progress
from app.customers.models import NON_PAYMENT, NOT_PAID, Customer, CustomerStatus
from app.customers.services import change_status
from app.packages.models import BillingProfile, Cycle

BATCH = 100


@dataclass
class SuspendRun:
    """How many customers a run suspended."""

    suspended: int = 0


def auto_suspend() -> SuspendRun:
    """Suspend Monthly customers past their suspend date with an open overdue bill, and prepaid ones past theirs.

    Idempotent; works in batches, each a transaction of its own; sees every tenant. Asia/Dhaka decides what is past.
    """
    with everywhere("the job looks at every tenant"):
        return _suspend(_batches(), lambda _count: None)


def auto_suspend_in_scope(progress: Progress) -> SuspendRun:
    """Suspend who is past the date among the customers in the scope at work; ``progress`` hears how far it is."""
    batches = _batches()
    progress.total(sum(len(ids) for ids in batches))
    return _suspend(batches, progress.step)


def plan_suspending() -> tuple[int, int]:
    """Return how many customers in the scope at work a run would suspend now, and what they owe in paisa."""
    count, due = db.session.execute(
        _past_their_date(func.count(Customer.id), func.coalesce(func.sum(Customer.due), 0))
    ).one()
    return int(count), int(due)


def _suspend(batches: list[list[int]], step: Callable[[int], None]) -> SuspendRun:
    run = SuspendRun()
    for ids in batches:
        with transaction():
            # asked again under the lock: who has paid meanwhile stays
            rows = locked(_past_their_date(Customer).where(Customer.id.in_(ids)).order_by(Customer.id))
            for customer in db.session.execute(rows.execution_options(populate_existing=True)).scalars():
                change_status(customer, CustomerStatus.SUSPENDED, NOT_PAID, cause=NON_PAYMENT)
                run.suspended += 1
        step(len(ids))
    return run


def _batches() -> list[list[int]]:
    """Return the customers to look at, a tenant at a time: a transaction seals to one chain of the log."""
    found = db.session.execute(
        _past_their_date(Customer.tenant_id, Customer.id).order_by(Customer.tenant_id, Customer.id)
    )
    batches: list[list[int]] = []
    for _tenant, rows in groupby(found, key=lambda row: row.tenant_id):
        ids = [row.id for row in rows]
        batches += [ids[start : start + BATCH] for start in range(0, len(ids), BATCH)]
    return batches


def suspended_by(moment: datetime) -> ColumnElement[bool]:
    """Return the condition for the customers that the job will have suspended at a moment, if nothing is paid meanwhile."""
    day = to_dhaka(moment).date()
    overdue = (
        select(Bill.id)
        .where(Bill.customer_id == Customer.id, Bill.voided_at.is_(None), Bill.paid < Bill.total, Bill.due_on < day)
        .exists()
    )
    return and_(
        Customer.deleted_at.is_(None),
        Customer.status == CustomerStatus.ACTIVE.value,
        Customer.suspend_at < moment,
        or_(_is_billed(Cycle.DAILY, Cycle.PREPAID), _is_billed(Cycle.MONTHLY) & overdue),
    )


def _is_billed(*cycles: Cycle) -> ColumnElement[bool]:
    # the few profiles are read once, and not for every customer; a statement around this may join them too
    names = [cycle.value for cycle in cycles]
    profiles = select(BillingProfile.id).where(BillingProfile.cycle.in_(names)).correlate(None)
    return Customer.profile_id.in_(profiles)


def _past_their_date(*what: Any) -> Any:
    return select(*what).where(suspended_by(now()))
