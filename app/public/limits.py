"""How often a stranger may knock at the doors that need no sign-in."""

from dataclasses import dataclass
from datetime import timedelta

from flask import Flask, current_app, request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from app.security.throttling import count_within

A_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Limit:
    """How many knocks of a kind one address has in a minute, and whether all processes count them together."""

    times: int
    together: bool = True


LIMITS = {
    # opening a payment asks a gateway for a session
    "pay": Limit(20),
    # to count a look in the database would cost more than the look: each process counts its own
    "look": Limit(120, together=False),
    # a callback whose secret names an attempt; SSLCommerz sends all notices from one address
    "callback": Limit(600),
    # secrets and tokens that are none: somebody guesses
    "guess": Limit(30),
    # what a program of a tenant asks with one API key, and API keys that are none
    "api": Limit(300, together=False),
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


def init_app(app: Flask) -> None:
    """Give the application its counters."""
    app.extensions["looks"] = Looks()
    app.extensions.setdefault("limiter", set()).add(app.extensions["looks"])


def limit(kind: str, name: str = "") -> None:
    """Answer 429 to who knocks too often: the address that asks, or who is named."""
    allowed, address = LIMITS[kind], name or request.remote_addr or ""
    if allowed.together:
        are_too_many = count_within(f"knock {kind}", address, A_MINUTE) > allowed.times
    else:
        are_too_many = current_app.extensions["looks"].are_too_many(kind, allowed.times, address)
    if are_too_many:
        raise TooManyRequests(retry_after=int(A_MINUTE.total_seconds()))
