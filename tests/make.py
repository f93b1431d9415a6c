"""Rows for tests, made through the services."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from sqlalchemy import select

from app.access.actor import Actor, acting_as, find_actor
from app.access.scope import everywhere
from app.accounts.models import Account
from app.billing.models import Bill
from app.core.database import db, transaction
from app.customers.models import Customer
from app.payments.models import Payment
from app.payments.services import receive_cash


def actor_of(email: str) -> Actor:
    """Return a person of the cast as the database knows it now."""
    with everywhere("tests name people by email"):
        account_id = db.session.execute(select(Account.id).where(Account.email == email)).scalar_one()
    actor = find_actor(account_id)
    assert actor is not None, f"{email} cannot act"
    return actor


@contextmanager
def as_account(email: str) -> Iterator[Actor]:
    """Act as a person of the cast inside the block, outside of any request."""
    with acting_as(actor_of(email)) as actor:
        yield actor


def customer(customer_id: int) -> Customer:
    """Return a customer, whoever looks."""
    with everywhere("tests look at everything"):
        return db.session.get_one(Customer, customer_id, populate_existing=True)


def bill(bill_id: int) -> Bill:
    """Return a bill, whoever looks."""
    with everywhere("tests look at everything"):
        return db.session.get_one(Bill, bill_id, populate_existing=True)


def pay(email: str, customer_id: int, paisa: int, **options: object) -> Payment:
    """Take cash from a customer as a person of the cast."""
    with as_account(email), transaction():
        options.setdefault("request_id", str(uuid4()))
        options.setdefault("confirmed", True)
        return receive_cash(db.session.get_one(Customer, customer_id), paisa, **options).payment  # type: ignore[arg-type]
