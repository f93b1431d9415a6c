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
    insert = sqlite.insert if db.is_sqlite else postgresql.insert
    session = db.session()
    session.connection().execute(insert(Counter).values(tenant_id=tenant_id, series=series, value=0).on_conflict_do_nothing())
    last = session.connection().execute(
        update(Counter)
        .where(Counter.tenant_id == tenant_id, Counter.series == series)
        .values(value=Counter.value + count)
        .returning(Counter.value)
    )
    return last.scalar_one() - count + 1
