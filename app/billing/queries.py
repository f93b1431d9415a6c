"""Questions about bills."""

from sqlalchemy import select

from app.billing.models import Bill
from app.core.database import db
from app.customers.models import Customer


def bills_of(customer: Customer) -> list[Bill]:
    """Return all bills of a customer, newest first."""
    return list(
        db.session.execute(
            select(Bill).where(Bill.customer_id == customer.id).order_by(Bill.period_from.desc(), Bill.id.desc())
        ).scalars()
    )
