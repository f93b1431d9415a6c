"""Every request is counted, timed and logged: by its route, never by its address, which may hold a name or a secret."""

import logging
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, g, request
from prometheus_client import Counter, Histogram
from werkzeug.wrappers import Response

from app.access.actor import current_actor
from app.core.logs import about
from app.core.tally import Tally, begin_tally

log = logging.getLogger("sanjog.requests")

QUIET = {"static", "HealthPage.alive", "HealthPage.ready"}
"""What is asked for all day and is no news."""

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
"""Whoever asks may make words up; figures are kept for these alone."""

NO_ROUTE = "none"

REQUESTS = Counter("sanjog_requests", "Requests answered", ("route", "method", "status"))
SECONDS = Histogram(
    "sanjog_request_seconds",
    "How long an answer took, to its last byte",
    ("route",),
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
STATEMENTS = Counter("sanjog_statements", "SQL statements of requests", ("route",))
STATEMENT_SECONDS = Counter("sanjog_statement_seconds", "Seconds the database took for requests", ("route",))


@dataclass
class Watched:
    """A request in work."""

    began: float = field(default_factory=time.perf_counter)
    tally: Tally = field(default_factory=begin_tally)


def init_app(app: Flask) -> None:
    """Watch every request of the application; to be called first, so that it sees what all others did."""
    app.before_request(_begin)
    app.after_request(_finish)


def _begin() -> None:
    # a letter first: nobody shall read it as a number
    g.request_id = f"r{secrets.token_hex(8)}"
    g.watched = Watched()
    about.set({"request_id": g.request_id})


def _finish(response: Response) -> Response:
    watched: Watched = g.watched
    response.headers["X-Request-ID"] = g.request_id
    actor = current_actor()
    words = {
        "request_id": g.request_id,
        "method": request.method if request.method in METHODS else NO_ROUTE,
        "route": str(request.url_rule) if request.url_rule else NO_ROUTE,
        "status": response.status_code,
        "account": actor.id if actor else None,
        "tenant": actor.tenant_id if actor else None,
    }
    is_quiet = request.endpoint in QUIET
    response.call_on_close(lambda: _answered(watched, words, is_quiet))
    return response


def _answered(watched: Watched, words: dict[str, Any], is_quiet: bool) -> None:
    """Count and log an answer once its last byte is sent: a long list is streamed."""
    seconds = time.perf_counter() - watched.began
    route = words["route"]
    REQUESTS.labels(route, words["method"], words["status"]).inc()
    SECONDS.labels(route).observe(seconds)
    STATEMENTS.labels(route).inc(watched.tally.statements)
    STATEMENT_SECONDS.labels(route).inc(watched.tally.seconds)
    about.set(None)
    if not is_quiet:
        log.info(
            "request",
            extra={
                **words,
                "ms": int(seconds * 1000),
                "statements": watched.tally.statements,
                "sql_ms": int(watched.tally.seconds * 1000),
            },
        )
