"""The figures of the first page: few statements, each narrowed by the scope at work, and every one equal to the list it leads to."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import BigInteger, Date, Integer, Select, String, case, cast, func, literal, null, select, union_all

from app.billing.suspending import suspended_by
from app.books.models import Figure, FigureSeries
from app.core.clock import month_of, now, today
from app.core.database import db
from app.customers.counting import DAYS
from app.customers.models import Customer, CustomerCount, CustomerStatus
from app.customers.views import SOON_DAYS
from app.expenses.models import Expense
from app.radius.models import LineSession
from app.radius.queries import online

COUNTED_SOON = 10_000
"""So many who will be suspended soon are counted: at a month's end they are nearly all customers, each asked for an open bill."""

COUNTED_ONLINE = 100_000
"""So many who are connected are counted: FreeRADIUS writes them, and no trigger of ours makes it wait for a figure."""

AGES = ((0, 30), (31, 60), (61, 90), (91, None))
"""Days past a bill's due date, both included; what is not due yet counts to the first."""


@dataclass(frozen=True)
class Amount:
    """An amount in paisa and how many rows make it up."""

    paisa: int = 0
    rows: int = 0

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.paisa + other.paisa, self.rows + other.rows)


@dataclass(frozen=True)
class CustomerFigures:
    """Customers by status, how many the daily job will suspend within some days, how many are connected, and what all owe.

    ``soon`` beyond COUNTED_SOON and ``online`` beyond COUNTED_ONLINE say that there are more.
    """

    by_status: dict[str, int]
    soon: int
    online: int
    owing: Amount


def customer_figures() -> CustomerFigures:
    """Count the customers of the scope at work, in one statement."""
    suspended = select(Customer.id).where(suspended_by(now() + timedelta(days=SOON_DAYS))).limit(COUNTED_SOON + 1)
    soon = select(func.count()).select_from(suspended.subquery()).scalar_subquery()
    sessions = online().with_only_columns(LineSession.id).limit(COUNTED_ONLINE + 1)
    connected = select(func.count()).select_from(sessions.subquery()).scalar_subquery()
    numbers = [_sum(Figure.number, Figure.status == status.value) for status in CustomerStatus]
    is_owing = Figure.series == FigureSeries.OWING.value
    *counts, due, owing, soon_count, online_count = db.session.execute(
        select(*numbers, _sum(Figure.amount, is_owing), _sum(Figure.number, is_owing), soon, connected).where(
            Figure.series.in_((FigureSeries.CUSTOMERS.value, FigureSeries.OWING.value))
        )
    ).one()
    return CustomerFigures(
        dict(zip([status.value for status in CustomerStatus], map(int, counts), strict=True)),
        soon_count,
        online_count,
        Amount(int(due), int(owing)),
    )


def _sum(figure: Any, condition: Any) -> Any:
    return func.coalesce(func.sum(case((condition, figure))), 0)


@dataclass(frozen=True)
class Person:
    """Who took money; nobody did when it was paid online."""

    id: int | None
    name: str


@dataclass
class MoneyFigures:
    """What came in by day and by person, what was spent, what is open by age."""

    by_day: dict[date, Amount] = field(default_factory=lambda: defaultdict(Amount))
    by_person: dict[Person, Amount] = field(default_factory=dict)
    spent: dict[date, Amount] = field(default_factory=dict)
    by_age: list[Amount] = field(default_factory=lambda: [Amount() for _age in AGES])

    def collected(self, first: date, last: date) -> Amount:
        """Add up what came in from one day to another, both included."""
        return sum((amount for day, amount in self.by_day.items() if first <= day <= last), Amount())


def first_day() -> date:
    """Return the first day that figures look back to: that of last month, or of the chart of the last days."""
    this_month = month_of(today())[0]
    return min((this_month - timedelta(days=1)).replace(day=1), today() - timedelta(days=DAYS - 1))


def money_figures(parts: Iterable[str]) -> MoneyFigures:
    """Add up the parts asked for (day, person, spent, age) in one statement; void rows do not count."""
    asked = [PARTS[part]() for part in parts]
    found = MoneyFigures()
    if not asked:
        return found
    for part, day, number, name, paisa, rows in db.session.execute(union_all(*asked)):
        amount = Amount(int(paisa or 0), rows)
        if part == "day":
            found.by_day[day] = amount
        elif part == "person":
            found.by_person[Person(number, name or "")] = amount
        elif part == "spent":
            found.spent[day] = amount
        elif rows:
            found.by_age[number] = amount
    return found


NO_DAY, NO_NUMBER, NO_NAME = cast(null(), Date), cast(null(), Integer), cast(null(), String)
"""Every part has the same columns of the same types: PostgreSQL joins nothing else."""


def _part(name: str, day: Any, number: Any, person: Any, amount: Any, rows: Any) -> Select[Any]:
    return select(
        cast(literal(name), String),
        day,
        number,
        cast(person, String),
        cast(func.sum(amount), BigInteger),
        cast(rows, Integer),
    )


def _kept(name: str, series: FigureSeries, day: Any, number: Any, person: Any) -> Select[Any]:
    rows = func.sum(Figure.number)
    return _part(name, day, number, person, Figure.amount, rows).where(Figure.series == series.value).having(rows > 0)


def _by_day() -> Select[Any]:
    return (
        _kept("day", FigureSeries.TAKEN, Figure.day, NO_NUMBER, NO_NAME)
        .where(Figure.day >= first_day(), Figure.day <= today())
        .group_by(Figure.day)
    )


def _by_person() -> Select[Any]:
    return (
        _kept("person", FigureSeries.TAKEN, NO_DAY, Figure.person_id, Figure.person_name)
        .where(Figure.day >= month_of(today())[0], Figure.day <= today())
        .group_by(Figure.person_id)
    )


def _spent() -> Select[Any]:
    first, last = month_of(today())
    month_before = (first - timedelta(days=1)).replace(day=1)
    month = case((Expense.spent_on >= first, literal(first)), else_=literal(month_before))
    return (
        _part("spent", month, NO_NUMBER, NO_NAME, Expense.amount, func.count())
        .where(Expense.voided_at.is_(None), Expense.spent_on >= month_before, Expense.spent_on <= last)
        .group_by(month)
    )


def _by_age() -> Select[Any]:
    bounds = [(Figure.day >= today() - timedelta(days=last), at) for at, (_first, last) in enumerate(AGES) if last]
    age = case(*bounds, else_=len(AGES) - 1)
    return _kept("age", FigureSeries.OPEN, NO_DAY, age, NO_NAME).group_by(age)


PARTS = {"day": _by_day, "person": _by_person, "spent": _spent, "age": _by_age}


def customers_over_time(now_are: dict[str, int]) -> dict[date, dict[str, int]]:
    """Return how many customers of each status there were on each of the last days; today's are those given."""
    first = today() - timedelta(days=DAYS - 1)
    rows = db.session.execute(
        select(
            CustomerCount.day,
            func.sum(CustomerCount.active),
            func.sum(CustomerCount.suspended),
            func.sum(CustomerCount.disabled),
        )
        .where(CustomerCount.day >= first, CustomerCount.day < today())
        .group_by(CustomerCount.day)
    )
    statuses = [status.value for status in CustomerStatus]
    kept = {day: dict(zip(statuses, map(int, counts), strict=True)) for day, *counts in rows}
    found: dict[date, dict[str, int]] = {}
    last = dict.fromkeys(statuses, 0)
    for ago in range(DAYS - 1, 0, -1):
        day = today() - timedelta(days=ago)
        # a day on which nobody counted is as the one before
        last = kept.get(day, last)
        found[day] = last
    return found | {today(): now_are}
