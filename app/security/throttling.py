"""Attempts are counted before they are tried, in one statement each: of many at once no more than the free ones are tried."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import case, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from app.core.clock import now
from app.core.database import db, transaction
from app.security.models import Throttle

FREE = 5
FIRST_LOCK, LONGEST_LOCK = timedelta(seconds=30), timedelta(minutes=15)
MEMORY = timedelta(hours=1)
"""So long after the last attempt the count begins anew."""


@dataclass(frozen=True)
class Attempt:
    """Whether an attempt may be tried, and whether a lock begins with it."""

    allowed: bool
    locks: bool = False


def keyed(kind: str, value: object) -> str:
    """Return the keyed hash under which a name is counted or logged: the table and the log tell no names."""
    text = f"{kind}\0{value}".encode("utf-8", "replace")
    return hmac.new(current_app.config["SECRET_KEY"].encode(), text, hashlib.sha256).hexdigest()


def take_attempt(kind: str, value: object, free: int = FREE) -> Attempt:
    """Count an attempt. After the free ones each begins a lock of 30 s, 60 s, … up to 15 minutes (spec §11.13)."""
    moment = now()
    failures = case((Throttle.tried_at < moment - MEMORY, 1), else_=Throttle.failures + 1)
    add = (sqlite.insert if db.is_sqlite else postgresql.insert)(Throttle)
    statement = (
        add.values(key=keyed(kind, value), failures=1, tried_at=moment, locked_until=moment)
        .on_conflict_do_update(
            index_elements=[Throttle.key],
            set_={"failures": failures, "tried_at": moment, "locked_until": _locked_until(failures, moment, free)},
            where=Throttle.locked_until <= moment,
        )
        .returning(Throttle.failures)
    )
    with transaction() as session:
        counted = session.execute(statement).scalar_one_or_none()
    return Attempt(counted is not None, counted is not None and counted >= free)


def _locked_until(failures, moment, free):
    steps = {}
    lock = FIRST_LOCK
    while lock < LONGEST_LOCK:
        steps[free + len(steps)] = moment + lock
        lock *= 2
    beyond = case((failures < free, moment), else_=moment + LONGEST_LOCK)
    return case(steps, value=failures, else_=beyond)


def is_locked(kind: str, value: object) -> bool:
    """Tell whether a lock holds at the moment."""
    statement = select(Throttle.locked_until).where(Throttle.key == keyed(kind, value))
    until = db.session.execute(statement).scalar_one_or_none()
    return until is not None and until > now()


def forget_attempts(kind: str, value: object) -> None:
    """Begin to count anew after a success."""
    with transaction() as session:
        session.execute(delete(Throttle).where(Throttle.key == keyed(kind, value)))


def count_within(kind: str, value: object, span: timedelta) -> int:
    """Count one thing done, and return how many it is since the first of the present span; all processes count together."""
    return count_some_within(kind, value, span, 1)[0]


def count_some_within(kind: str, value: object, span: timedelta, times: int) -> tuple[int, datetime]:
    """Count some things done, and return how many they are since the first of the present span, and when that was."""
    moment = now()
    is_over = Throttle.tried_at <= moment - span
    add = (sqlite.insert if db.is_sqlite else postgresql.insert)(Throttle)
    statement = add.values(key=keyed(kind, value), failures=times, tried_at=moment, locked_until=moment)
    counting = statement.on_conflict_do_update(
        index_elements=[Throttle.key],
        set_={
            "failures": case((is_over, times), else_=Throttle.failures + times),
            "tried_at": case((is_over, moment), else_=Throttle.tried_at),
        },
    ).returning(Throttle.failures, Throttle.tried_at)
    with transaction() as session:
        counted, began = session.execute(counting).one()
    return counted, began
