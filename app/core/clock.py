"""What time it is: timestamps in UTC, business dates in Asia/Dhaka."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import DateTime
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

DHAKA = ZoneInfo("Asia/Dhaka")


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware in Python, UTC in the database. Refuses naive datetimes with ValueError."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


_pretended: ContextVar[datetime | None] = ContextVar("pretended", default=None)


def now() -> datetime:
    """Return this moment, aware, in UTC."""
    return _pretended.get() or datetime.now(UTC)


@contextmanager
def pretending(moment: datetime) -> Iterator[None]:
    """Make it a past moment for the length of a block: demo data has a history. Raises ValueError for a moment to come."""
    if moment > datetime.now(UTC):
        raise ValueError("the past can be pretended, the future cannot")
    token = _pretended.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _pretended.reset(token)


def today() -> date:
    """Return the business date: the date in Asia/Dhaka."""
    return now().astimezone(DHAKA).date()


def to_dhaka(moment: datetime) -> datetime:
    """Return the moment as Asia/Dhaka's clocks show it."""
    return moment.astimezone(DHAKA)


def start_of_day(day: date) -> datetime:
    """Return the first moment of a Dhaka day, in UTC."""
    return datetime.combine(day, time.min, DHAKA).astimezone(UTC)


def end_of_day(day: date) -> datetime:
    """Return 23:59:59 of a Dhaka day, in UTC (spec §11.5: the moment a monthly customer is paid up to)."""
    return datetime.combine(day, time(23, 59, 59), DHAKA).astimezone(UTC)


def month_of(day: date) -> tuple[date, date]:
    """Return the first and the last date of the calendar month of a date."""
    first = day.replace(day=1)
    return first, next_month(first) - timedelta(days=1)


def next_month(day: date) -> date:
    """Return the first date of the month after a date's."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def clamped(year: int, month: int, day: int) -> date:
    """Return the day of the month, or the month's last day where the month is shorter."""
    last = month_of(date(year, month, 1))[1]
    return last if day > last.day else date(year, month, day)
