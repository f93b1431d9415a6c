"""The figures kept for the first page: what they should be by the rows behind them, and many of their rows made one."""

from collections import defaultdict
from datetime import date
from typing import Any

from sqlalchemy import Date, Integer, Select, String, cast, delete, func, insert, literal, null, or_, select, union_all

from app.access.scope import everywhere
from app.billing.models import Bill
from app.books.models import Figure, FigureSeries
from app.core.database import db, transaction
from app.customers.models import Customer
from app.payments.models import Payment

FOLDED = 20_000
"""How many rows are folded in one transaction: for so long nobody else writes on SQLite."""

Key = tuple[int, int, str, str, date | None, int | None, int | None]
"""Tenant, owner, series, status, day, person, zone: what rows of one figure share."""

OF_A_ROW = (
    *(Figure.tenant_id, Figure.owner_id, Figure.series, Figure.status, Figure.day, Figure.person_id, Figure.zone_id),
    *(Figure.amount, Figure.number),
)


def fold_figures() -> int:
    """Make one row of each figure out of what changes added and took away; return how many changes were folded.

    Nobody waits for it: changes go on beside. Two who fold at once take different rows, and what a row says goes on with
    whoever removed it; at the worst a figure has two rows until the next time.
    """
    folded = 0
    with everywhere("the job folds every owner's figures"):
        # looked for first: where nothing has changed nobody waits for the lock of a change
        while db.session.execute(_oldest(1)).first():
            folded += _fold_some()
    return folded


def _oldest(number: int) -> Any:
    return select(Figure.id).where(Figure.is_folded.is_(False)).order_by(Figure.id).limit(number)


def _fold_some() -> int:
    """Fold the oldest changes in a transaction of its own; return how many they were."""
    oldest = _oldest(FOLDED)
    with transaction() as session:
        sums: dict[Key, list[int]] = defaultdict(lambda: [0, 0])
        changes = _taken(sums, Figure.id.in_(oldest))
        days: dict[tuple[int, str], set[date | None]] = defaultdict(set)
        for _tenant, owner_id, series, _status, day, *_own in list(sums):
            days[owner_id, series].add(day)
        for (owner_id, series), touched in days.items():
            is_touched = or_(Figure.day.is_(None), Figure.day.in_(touched - {None}))
            _taken(sums, Figure.is_folded, Figure.owner_id == owner_id, Figure.series == series, is_touched)
        names = [column.key for column in OF_A_ROW]
        rows = [dict(zip(names, (*key, *both), strict=True)) for key, both in sums.items() if any(both)]
        session.add_all([Figure(**row, is_folded=True) for row in rows])
    return changes


def _taken(sums: dict[Key, list[int]], *which: Any) -> int:
    """Remove rows and add them to the sums; return how many they were."""
    gone = db.session.execute(
        delete(Figure).where(*which).returning(*OF_A_ROW).execution_options(synchronize_session=False)
    ).all()
    for *key, amount, number in gone:
        both = sums[tuple(key)]  # type: ignore[index]
        both[0] += amount
        both[1] += number
    return len(gone)


# --- What they should be -----------------------------------------------------------------------------------------

NO_STATUS, NO_DAY, NO_ROW = literal("", String), cast(null(), Date), cast(null(), Integer)


def _behind(series: FigureSeries, model: Any, counts: Any, amount: Any, mark: bool, **own: Any) -> Select[Any]:
    key = (
        model.tenant_id,
        model.owner_id,
        literal(series.value, String),
        own.get("status", NO_STATUS),
        own.get("day", NO_DAY),
        own.get("person", NO_ROW),
        own.get("zone", NO_ROW),
    )
    grouped = (model.tenant_id, model.owner_id, *own.values())
    return select(*key, func.sum(amount), func.count(), literal(mark)).where(counts).group_by(*grouped)


def _all_behind(mark: bool) -> list[Select[Any]]:
    """Return for each series the statement that counts its rows: what it is kept by, amount in paisa, number, the mark."""
    is_present = Customer.deleted_at.is_(None)
    is_open = Bill.voided_at.is_(None) & (Bill.paid < Bill.total)
    taken = {"day": Payment.paid_on, "person": Payment.collected_by_id}
    return [
        _behind(FigureSeries.CUSTOMERS, Customer, is_present, literal(0, Integer), mark, status=Customer.status),
        _behind(
            FigureSeries.OWING, Customer, is_present & (Customer.due > 0), Customer.due, mark, zone=Customer.zone_id
        ),
        _behind(FigureSeries.OPEN, Bill, is_open, Bill.open, mark, day=Bill.due_on),
        _behind(FigureSeries.TAKEN, Payment, Payment.voided_at.is_(None), Payment.amount, mark, **taken),
    ]


def figures_and_rows() -> dict[tuple[Any, ...], tuple[tuple[int, int], tuple[int, int]]]:
    """Return for each figure of the scope at work what is kept and what its rows are: amount in paisa and number.

    One statement, so that payments which come in meanwhile are in both or in neither.
    """
    *key, amount, number = OF_A_ROW
    kept = select(*key, func.sum(amount), func.sum(number), literal(True)).group_by(*key)
    found: dict[tuple[Any, ...], list[tuple[int, int]]] = defaultdict(lambda: [(0, 0), (0, 0)])
    for *of, paisa, rows, is_kept in db.session.execute(union_all(*_all_behind(False), kept)):
        found[tuple(of)][0 if is_kept else 1] = (int(paisa or 0), int(rows or 0))
    return {of: (kept, right) for of, (kept, right) in found.items()}


def count_anew() -> None:
    """Keep what the rows say, whatever was kept before: for who has written rows where no trigger saw it."""
    names = [*(column.key for column in OF_A_ROW), Figure.is_folded.key]
    with everywhere("every owner's figures are counted"), transaction() as session:
        session.execute(delete(Figure))
        for rows in _all_behind(True):
            session.connection().execute(insert(Figure.__table__).from_select(names, rows))
