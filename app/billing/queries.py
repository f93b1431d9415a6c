"""Questions about bills."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import joinedload

from app.billing.models import Bill, BillStatus
from app.core.database import db
from app.customers.models import Customer
from app.packages.models import Zone
from app.packages.queries import zone_and_below


def bills_of(customer: Customer) -> list[Bill]:
    """Return all bills of a customer, newest first."""
    return list(
        db.session.execute(
            select(Bill).where(Bill.customer_id == customer.id).order_by(Bill.period_from.desc(), Bill.id.desc())
        ).scalars()
    )


def in_status(status: str) -> ColumnElement[bool]:
    """Return the condition for bills of a status, such that the index of the open bills serves it."""
    is_open = and_(Bill.voided_at.is_(None), Bill.paid < Bill.total)
    return {
        BillStatus.VOID: Bill.voided_at.is_not(None),
        BillStatus.PAID: and_(Bill.voided_at.is_(None), Bill.paid == Bill.total),
        BillStatus.PARTIAL: and_(is_open, Bill.paid > 0),
        BillStatus.UNPAID: and_(is_open, Bill.paid == 0),
    }[BillStatus(status)]


ORDERS = ("number", "zone", "name")
"""How a download of invoices is ordered: by bill, by zone and address, by the customer's name."""

OPEN, NOT_VOID, OWED = "open", "not_void", "owed"


def is_owed() -> ColumnElement[bool]:
    """Return the condition for what is open of customers that are not deleted: the bills that dues are made of."""
    # the export joins customers besides: this one is another
    owing = select(Customer.id).where(Customer.id == Bill.customer_id, Customer.deleted_at.is_(None)).correlate(Bill)
    return and_(Bill.voided_at.is_(None), Bill.paid < Bill.total, owing.exists())


NO_ZONE = "none"


def in_zone_itself(value: str) -> ColumnElement[bool]:
    """Return the condition for bills of customers right in a zone, without those of the zones below it, or in none."""
    is_in_it = Customer.zone_id.is_(None) if value == NO_ZONE else Customer.zone_id == int(value)
    return select(Customer.id).where(Customer.id == Bill.customer_id, is_in_it).correlate(Bill).exists()


def of_customer_number(typed: str) -> ColumnElement[bool] | None:
    """Return the condition for bills of the customer with a typed number; None for what is no number."""
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 9):
        return None
    return Bill.customer_id.in_(select(Customer.id).where(Customer.number == int(typed)).correlate(None))


@dataclass(frozen=True)
class BillChoice:
    """Which bills a download takes, and in which order; what is None narrows nothing."""

    zone_id: int | None = None
    package_id: int | None = None
    period_from: date | None = None
    period_to: date | None = None
    due_from: date | None = None
    due_to: date | None = None
    status: str = NOT_VOID
    order: str = "number"

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return what narrows the bills to this choice; a bill belongs to the period in which its own begins."""
        edges = (
            (self.period_from, Bill.period_from.__ge__),
            (self.period_to, Bill.period_from.__le__),
            (self.due_from, Bill.due_on.__ge__),
            (self.due_to, Bill.due_on.__le__),
        )
        found: list[ColumnElement[bool]] = [compare(day) for day, compare in edges if day is not None]
        if self.zone_id is not None:
            found.append(Customer.zone_id.in_(zone_and_below(self.zone_id)))
        if self.package_id is not None:
            found.append(Bill.package_id == self.package_id)
        if self.status == OPEN:
            found.append(and_(Bill.voided_at.is_(None), Bill.paid < Bill.total))
        elif self.status == NOT_VOID:
            found.append(Bill.voided_at.is_(None))
        else:
            found.append(in_status(self.status))
        return found


def _chosen(choice: BillChoice, *columns: Any) -> Select[Any]:
    return (
        select(*columns).select_from(Bill).join(Customer, Customer.id == Bill.customer_id).where(*choice.conditions())
    )


def count_bills(choice: BillChoice) -> int:
    """Return how many bills a choice takes."""
    return db.session.execute(_chosen(choice, func.count(Bill.id))).scalar_one()


def chosen_bill_ids(choice: BillChoice) -> list[int]:
    """Return the ids of the bills a choice takes, in its order."""
    orders: dict[str, tuple[Any, ...]] = {
        "number": (Bill.number,),
        "zone": (Zone.id.is_(None), Zone.name, Zone.id, Customer.road, Customer.house, Customer.address, Bill.number),
        "name": (Bill.customer_name, Bill.number),
    }
    statement = _chosen(choice, Bill.id).outerjoin(Zone, Zone.id == Customer.zone_id)
    # fetched in parts: all rows of 50,000 bills at once would stand beside their ids for a moment
    in_parts = statement.order_by(*orders[choice.order]).execution_options(yield_per=2_000)
    return list(db.session.execute(in_parts).scalars())


def bills_in_order(bill_ids: Sequence[int], chunk: int = 200) -> Iterator[Bill]:
    """Yield bills with customer and package in the order of their ids; few are in memory at a time."""
    for first in range(0, len(bill_ids), chunk):
        ids = bill_ids[first : first + chunk]
        rows = db.session.execute(
            select(Bill)
            .where(Bill.id.in_(ids))
            .options(joinedload(Bill.customer), joinedload(Bill.package))
            .execution_options(populate_existing=True)
        ).scalars()
        found = {bill.id: bill for bill in rows}
        yield from (found[bill_id] for bill_id in ids if bill_id in found)
        db.session.expunge_all()
