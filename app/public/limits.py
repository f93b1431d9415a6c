"""How often a stranger may knock at the doors that need no sign-in."""

from flask import Flask, abort, current_app, request
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

LIMITS = {
    # opening a payment asks a gateway for a session
    "pay": parse("20/minute"),
    "look": parse("120/minute"),
    # a callback whose secret names an attempt; SSLCommerz sends all notices from one address
    "callback": parse("600/minute"),
    # secrets and tokens that are none: somebody guesses
    "guess": parse("30/minute"),
}


class Knocks:
    """Count requests by kind and address, in this process."""

    def __init__(self) -> None:
        self._storage = MemoryStorage()
        self._limiter = FixedWindowRateLimiter(self._storage)

    def are_too_many(self, kind: str, address: str) -> bool:
        """Count one request and tell whether it is beyond the limit."""
        return not self._limiter.hit(LIMITS[kind], kind, address)

    def reset(self) -> None:
        """Forget all that was counted."""
        self._storage.reset()


def init_app(app: Flask) -> None:
    """Give the application its counters."""
    app.extensions["knocks"] = Knocks()
    app.extensions.setdefault("limiter", set()).add(app.extensions["knocks"])


def limit(kind: str) -> None:
    """Answer 429 to who knocks too often."""
    if current_app.extensions["knocks"].are_too_many(kind, request.remote_addr or ""):
        abort(429)
