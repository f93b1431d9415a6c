"""Gap-free numbers: a counter row per tenant and series, locked until the change commits."""

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite

from app.accounts.models import Counter
from app.core.database import db

BILLS, RECEIPTS, CUSTOMERS, JOURNAL = "bills", "receipts", "customers", "journal"


def next_number(tenant_id: int, series: str, count: int = 1) -> int:
    """Return the next number of a series, or the first of ``count`` numbers.

    The counter's row stays locked until the transaction ends; a change that is rolled back takes its number back (spec §11.9).
    """
    connection = db.session().connection()
    step = (
        update(Counter)
        .where(Counter.tenant_id == tenant_id, Counter.series == series)
        .values(value=Counter.value + count)
        .returning(Counter.value)
    )
    last = connection.execute(step).scalar_one_or_none()
    if last is None:
        insert = (sqlite.insert if db.is_sqlite else postgresql.insert)(Counter)
        connection.execute(insert.values(tenant_id=tenant_id, series=series, value=0).on_conflict_do_nothing())
        last = connection.execute(step).scalar_one()
    return last - count + 1
