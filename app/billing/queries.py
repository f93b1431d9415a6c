"""Questions about bills."""

from sqlalchemy import ColumnElement, and_, select

from app.billing.models import Bill, BillStatus
from app.core.database import db
from app.customers.models import Customer


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
