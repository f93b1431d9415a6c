"""How often a stranger may knock at the doors that need no sign-in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from threading import Lock

from flask import Flask, current_app, request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from app.core.clock import now
from app.security.throttling import count_some_within, count_within

A_MINUTE = timedelta(minutes=1)


class Counted(Enum):
    """Where knocks are counted: each in the database, in the database by tens, or by each process for itself."""

    TOGETHER = auto()
    IN_TENS = auto()
    APART = auto()


@dataclass(frozen=True)
class Limit:
    """How many knocks of a kind one address has in a minute, and where they are counted."""

    times: int
    counted: Counted = Counted.TOGETHER


LIMITS = {
    # opening a payment asks a gateway for a session
    "pay": Limit(20),
    # to count a look in the database would cost more than the look: each process counts its own
    "look": Limit(120, Counted.APART),
    # a callback whose secret names an attempt; SSLCommerz sends all notices from one address
    "callback": Limit(600),
    # secrets and tokens that are none: somebody guesses
    "guess": Limit(30),
    # what a program of a tenant asks with one API key, and API keys that are none
    "api": Limit(300, Counted.IN_TENS),
    "api-guess": Limit(30),
}


class Looks:
    """Count requests by kind and address, in this process."""

    def __init__(self) -> None:
        self._storage = MemoryStorage()
        self._limiter = FixedWindowRateLimiter(self._storage)

    def are_too_many(self, kind: str, times: int, address: str) -> bool:
        """Count one request and tell whether it is beyond the limit."""
        return not self._limiter.hit(RateLimitItemPerMinute(times), kind, address)

    def reset(self) -> None:
        """Forget all that was counted."""
        self._storage.reset()


TEN = 10


@dataclass
class Tally:
    """What a process knows of one name: what all had counted when it last told, when that began, and what it has not told yet."""

    shared: int
    began: datetime
    untold: int = 0


class Tens:
    """Count in this process and tell the database of every ten: one write for ten requests.

    Alone a process counts exactly; of each other one it misses nine at the most.
    """

    def __init__(self) -> None:
        self._tallies: dict[tuple[str, str], Tally] = {}
        self._lock = Lock()

    def count(self, kind: str, name: str) -> int:
        """Count one request and return how many all processes have counted within the present minute."""
        with self._lock:
            tally = self._tallies.setdefault((kind, name), Tally(0, now()))
            if now() - tally.began >= A_MINUTE:
                tally.shared, tally.began = 0, now()
            tally.untold += 1
            told = tally.untold if tally.untold == 1 and not tally.shared or tally.untold >= TEN else 0
            tally.untold -= told
        if told:
            shared, began = count_some_within(f"knock {kind}", name, A_MINUTE, told)
            with self._lock:
                tally.began, tally.shared = max((tally.began, tally.shared), (began, shared))
        return tally.shared + tally.untold

    def reset(self) -> None:
        """Forget all that was counted here."""
        self._tallies.clear()


def init_app(app: Flask) -> None:
    """Give the application its counters."""
    app.extensions["looks"], app.extensions["tens"] = Looks(), Tens()
    app.extensions.setdefault("limiter", set()).update((app.extensions["looks"], app.extensions["tens"]))


def limit(kind: str, name: str = "") -> None:
    """Answer 429 to who knocks too often: the address that asks, or who is named."""
    allowed, address = LIMITS[kind], name or request.remote_addr or ""
    if allowed.counted is Counted.TOGETHER:
        are_too_many = count_within(f"knock {kind}", address, A_MINUTE) > allowed.times
    elif allowed.counted is Counted.IN_TENS:
        are_too_many = current_app.extensions["tens"].count(kind, address) > allowed.times
    else:
        are_too_many = current_app.extensions["looks"].are_too_many(kind, allowed.times, address)
    if are_too_many:
        raise TooManyRequests(retry_after=int(A_MINUTE.total_seconds()))
