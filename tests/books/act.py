"""What the tests of money do again and again: act as a person, look at figures, prove that nothing was written."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from threading import Barrier
from typing import Any

from flask import Flask
from flask_babel import force_locale
from sqlalchemy import func, inspect, select, text

from app.access.actor import Actor
from app.access.scope import everywhere
from app.accounts.models import Account
from app.activity.models import Activity
from app.billing.models import Bill
from app.books.check import check_books
from app.books.models import JournalEntry, JournalLine, Ledger
from app.books.operators import add_operator_balance
from app.core.database import db, transaction
from app.payments.models import Payment
from tests import make


@contextmanager
def change(email: str) -> Iterator[Actor]:
    """Make a change as a person of the cast: one transaction; refusals are in English."""
    with force_locale("en"), make.as_account(email) as actor, transaction():
        yield actor


def bills_of(customer_id: int) -> list[Bill]:
    """Return a customer's bills, first raised first."""
    with everywhere("tests look at everything"):
        statement = select(Bill).where(Bill.customer_id == customer_id).order_by(Bill.id)
        return list(db.session.execute(statement.execution_options(populate_existing=True)).scalars())


def payment(payment_id: int) -> Payment:
    """Return a payment, whoever looks."""
    with everywhere("tests look at everything"):
        return db.session.get_one(Payment, payment_id, populate_existing=True)


def payments_of(customer_id: int) -> list[Payment]:
    """Return a customer's payments, first taken first."""
    with everywhere("tests look at everything"):
        statement = select(Payment).where(Payment.customer_id == customer_id).order_by(Payment.id)
        return list(db.session.execute(statement.execution_options(populate_existing=True)).scalars())


def account(email: str) -> Account:
    """Return an account, whoever looks."""
    with everywhere("tests look at everything"):
        statement = select(Account).where(Account.email == email).execution_options(populate_existing=True)
        return db.session.execute(statement).scalar_one()


def balance(email: str) -> int:
    """Return what an Operator's account holds, in paisa."""
    return account(email).balance


def bring_balance_to(email: str, paisa: int) -> None:
    """Bring an Operator's account up to a balance in paisa."""
    with everywhere("tests top accounts up"), transaction():
        holder = account(email)
        if holder.balance < paisa:
            add_operator_balance(holder, paisa - holder.balance)


def booked(ledger: Ledger, holder_id: int) -> int:
    """Return the balance of a ledger account in paisa, debits above zero."""
    with everywhere("tests look at everything"):
        lines = select(func.coalesce(func.sum(JournalLine.amount), 0))
        return int(
            db.session.execute(
                lines.where(JournalLine.ledger == ledger.value, JournalLine.holder_id == holder_id)
            ).scalar_one()
        )


def entries() -> list[JournalEntry]:
    """Return the whole journal, oldest entry first."""
    with everywhere("tests look at everything"):
        return list(db.session.execute(select(JournalEntry).order_by(JournalEntry.id)).scalars())


def events(customer_id: int) -> list[str]:
    """Return what the activity log holds about a customer, oldest first."""
    with everywhere("tests look at everything"):
        statement = select(Activity.event).where(Activity.customer_id == customer_id).order_by(Activity.seq)
        return list(db.session.execute(statement).scalars())


def differences() -> list[str]:
    """Return what check-books finds."""
    db.session.rollback()
    return check_books().differences


@contextmanager
def nothing_is_written() -> Iterator[None]:
    """Assert that the block leaves every table as it was."""
    before = _all_rows()
    yield
    assert _all_rows() == before


def _all_rows() -> dict[str, list[str]]:
    db.session.rollback()
    connection = db.session.connection()
    names = inspect(connection).get_table_names()
    return {name: sorted(map(repr, connection.execute(text(f"SELECT * FROM {name}")))) for name in names}


def at_once(app: Flask, *works: Callable[[], Any], requests: bool = False) -> list[Any]:
    """Do works at the same moment, each on its own connection; return what each returned or the exception it raised.

    Works that are ``requests`` to the application bring a context of their own.
    """
    gate = Barrier(len(works))

    def one(work: Callable[[], Any]) -> Any:
        with nullcontext() if requests else app.app_context():
            gate.wait(30)
            try:
                return work()
            except Exception as raised:
                return raised

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result(60) for future in [pool.submit(one, work) for work in works]]
