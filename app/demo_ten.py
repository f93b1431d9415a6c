"""Make a million customers of the large demo: the database copies what is there, nine times over, with ids, numbers and names of its own.

Rows of a copy refer to rows of the same copy; accounts, packages and zones are shared. Every sum is ten times what it was, and
`flask isp check-books` proves it. All amounts are paisa.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Integer, String, case, cast, func, insert, literal, select, text, update

from app.access.scope import everywhere
from app.accounts.models import Counter
from app.accounts.numbering import BILLS, CUSTOMERS, RECEIPTS
from app.billing.models import Bill
from app.books.counting import count_anew
from app.books.models import JournalEntry, JournalLine, Ledger
from app.core.database import db, transaction
from app.customers.models import Customer
from app.demo_plan import SHARES
from app.payments.models import Allocation, Payment

TABLES = (Customer, Bill, Payment, JournalEntry, JournalLine, Allocation)
"""What is written by the million: in the order in which rows refer to each other."""

LOCAL_NUMBERS = 10**8
"""How many mobile numbers begin alike: the last eight digits differ."""

STRIDE = 9_876_543
"""How far from one another the mobile numbers of a customer and of its copies lie."""

FOR_INDEXES_KB = 1_000_000


@contextmanager
def bare_tables() -> Iterator[None]:
    """Take the tables' indexes and triggers away meanwhile, on PostgreSQL the foreign keys too: rows come in several times as fast.

    What the triggers keep (figures, parts of names) is the caller's. A filling that breaks off leaves the tables bare, in a
    database that says of itself that it is unfinished.
    """
    names = [model.__tablename__ for model in TABLES]
    takes, gives = _of_sqlite(names) if db.is_sqlite else _of_postgresql(names)
    _run(takes)
    yield
    _run(gives)


def _run(statements: list[str]) -> None:
    for statement in statements:
        # each by itself: what is given back is as large as the tables
        with transaction() as session:
            connection = session.connection()
            more = f"PRAGMA cache_size = -{FOR_INDEXES_KB}"
            connection.exec_driver_sql(
                more if db.is_sqlite else f"SET LOCAL maintenance_work_mem = '{FOR_INDEXES_KB}kB'"
            )
            connection.exec_driver_sql(statement)


def _read(query: str, names: list[str]) -> list[Any]:
    asked = text(query).bindparams(names=names) if not db.is_sqlite else text(query)
    return list(db.session().connection().execute(asked))


def _of_sqlite(names: list[str]) -> tuple[list[str], list[str]]:
    known = _read("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid", names)
    found = [row for row in known if row.type in ("index", "trigger") and row.tbl_name in names]
    return [f"DROP {row.type} {row.name}" for row in found], [row.sql for row in found]


def _of_postgresql(names: list[str]) -> tuple[list[str], list[str]]:
    keys = _read(
        "SELECT conrelid::regclass AS of, conname AS name, pg_get_constraintdef(oid) AS said FROM pg_constraint "
        "WHERE contype = 'f' AND conrelid::regclass::text = ANY(:names) ORDER BY conrelid, conname",
        names,
    )
    indexes = _read(
        "SELECT indexrelid::regclass AS name, pg_get_indexdef(indexrelid) AS said FROM pg_index "
        "WHERE indrelid::regclass::text = ANY(:names) "
        "AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid) ORDER BY indexrelid",
        names,
    )
    takes = [f"ALTER TABLE {row.of} DROP CONSTRAINT {row.name}" for row in keys]
    takes += [f"DROP INDEX {row.name}" for row in indexes]
    takes += [f"ALTER TABLE {name} DISABLE TRIGGER USER" for name in names]
    gives = [row.said for row in indexes]
    gives += [f"ALTER TABLE {row.of} ADD CONSTRAINT {row.name} {row.said}" for row in keys]
    gives += [f"ALTER TABLE {name} ENABLE TRIGGER USER" for name in names]
    return takes, gives


def last_entry() -> int:
    """Return the id of the last entry of the journal."""
    with everywhere("the large demo spans two tenants"):
        return db.session.execute(select(func.coalesce(func.max(JournalEntry.id), 0))).scalar_one()


def fill_up(times: int, after: int) -> None:
    """Make so many of every customer with all that belongs to it, and count what triggers would have counted.

    ``after`` is the last entry of the journal that is none of theirs. The tables must be bare.
    """
    with everywhere("the large demo spans two tenants"):
        _Copies(times, after).make()
    count_anew()
    if db.is_sqlite:
        with transaction() as session:
            session.execute(text("INSERT INTO customers_words(customers_words) VALUES ('rebuild')"))
    else:
        _go_on_counting()


class _Copies:
    """The copies of what is there: the first has the number 1."""

    def __init__(self, times: int, after: int) -> None:
        self.times, self.after = times, after
        self.tops = {model: db.session.execute(select(func.max(model.id))).scalar_one() for model in TABLES}
        counted = select(Counter.series, Counter.tenant_id, Counter.value)
        self.last: dict[str, dict[int, int]] = {series: {} for series in (CUSTOMERS, BILLS, RECEIPTS)}
        for series, tenant_id, value in db.session.execute(counted.where(Counter.series.in_(self.last))):
            self.last[series][tenant_id] = value

    def make(self) -> None:
        """Copy table by table, then let the counters follow."""
        for model in TABLES:
            for copy in range(1, self.times):
                with transaction() as session:
                    session.connection().execute(self._copied(model, copy))
        with transaction() as session:
            series = Counter.series.in_(self.last)
            session.connection().execute(update(Counter).where(series).values(value=Counter.value * self.times))

    def _copied(self, model: Any, copy: int) -> Any:
        table = model.__table__
        own = {
            Customer: self._of_customer,
            Bill: self._of_bill,
            Payment: self._of_payment,
            JournalEntry: self._of_entry,
            JournalLine: self._of_line,
            Allocation: self._of_allocation,
        }[model](table.c, copy)
        own["id"] = self._moved(table.c.id, model, copy)
        chosen = [own.get(column.name, column) for column in table.c]
        rows = select(*chosen).where(table.c.id <= self.tops[model])
        if model in (JournalEntry, JournalLine):
            rows = rows.where((table.c.id if model is JournalEntry else table.c.entry_id) > self.after)
        return insert(table).from_select([column.name for column in table.c], rows)

    def _moved(self, column: Any, model: Any, copy: int) -> Any:
        return column + copy * self.tops[model]

    def _numbered(self, of: Any, series: str, copy: int) -> Any:
        return of.number + copy * case(self.last[series], value=of.tenant_id)

    def _of_customer(self, of: Any, copy: int) -> dict[str, Any]:
        username, mobile = _own_name(of.username, copy), _own_mobile(of.mobile, copy)
        known_as = func.replace(of.search_text, of.username_key, _own_name(of.username_key, copy))
        address = of.ip_address
        for at in range(len(SHARES)):
            # static addresses of an owner begin alike: fifty second numbers are its own
            address = func.replace(address, f"10.{at * 50}.", f"10.{at * 50 + copy}.")
        return {
            "number": self._numbered(of, CUSTOMERS, copy),
            "username": username,
            "username_key": _own_name(of.username_key, copy),
            "mobile": mobile,
            "search_text": func.replace(known_as, func.substr(of.mobile, 4), func.substr(mobile, 4)),
            "ip_address": address,
        }

    def _of_bill(self, of: Any, copy: int) -> dict[str, Any]:
        return {
            "number": self._numbered(of, BILLS, copy),
            "customer_id": self._moved(of.customer_id, Customer, copy),
            "customer_username": _own_name(of.customer_username, copy),
            "customer_mobile": _own_mobile(of.customer_mobile, copy),
        }

    def _of_payment(self, of: Any, copy: int) -> dict[str, Any]:
        return {
            "number": self._numbered(of, RECEIPTS, copy),
            "customer_id": self._moved(of.customer_id, Customer, copy),
            "request_id": _own_code(of.request_id, copy),
            "check_code": _own_code(of.check_code, copy),
        }

    def _of_entry(self, of: Any, copy: int) -> dict[str, Any]:
        return {
            "bill_id": self._moved(of.bill_id, Bill, copy),
            "payment_id": self._moved(of.payment_id, Payment, copy),
        }

    def _of_line(self, of: Any, copy: int) -> dict[str, Any]:
        is_customers = of.ledger == Ledger.CUSTOMER.value
        return {
            "entry_id": self._moved(of.entry_id, JournalEntry, copy),
            "holder_id": case((is_customers, self._moved(of.holder_id, Customer, copy)), else_=of.holder_id),
        }

    def _of_allocation(self, of: Any, copy: int) -> dict[str, Any]:
        return {
            "payment_id": self._moved(of.payment_id, Payment, copy),
            "bill_id": self._moved(of.bill_id, Bill, copy),
        }


def _own_name(username: Any, copy: int) -> Any:
    return username + f".{copy}"


def _own_mobile(mobile: Any, copy: int) -> Any:
    # +88 01x and eight digits; one more digit before them keeps the zeros
    last = (cast(func.substr(mobile, 7), Integer) + copy * STRIDE) % LOCAL_NUMBERS
    return func.substr(mobile, 1, 6).concat(func.substr(cast(last + LOCAL_NUMBERS, String), 2))


def _own_code(code: Any, copy: int) -> Any:
    # codes are drawn at random and none begins like this: what is left of one is nobody else's
    return literal(f"~{copy}").concat(func.substr(code, 3))


def _go_on_counting() -> None:
    # PostgreSQL has not seen the ids that rows came with, nor how full the tables are
    with transaction() as session:
        connection = session.connection()
        for model in TABLES:
            name = model.__tablename__
            connection.execute(
                text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))")
            )
        connection.execute(text("ANALYZE"))
