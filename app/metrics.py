"""Figures for Prometheus, on a port of their own that no proxy leads to."""

import logging
import os
from collections.abc import Iterator

from flask import Flask
from prometheus_client import REGISTRY, CollectorRegistry, start_http_server
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import func, select

from app.access.scope import everywhere
from app.core.clock import now
from app.core.database import db
from app.core.jobs import queue
from app.jobs.models import UNFINISHED, Job
from app.paylinks.models import AttemptState, PaymentAttempt

log = logging.getLogger(__name__)

SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""The environment's name of the folder through which several processes count together."""


class Standing:
    """How database, jobs and online payments stand at the moment somebody asks."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def describe(self) -> list[GaugeMetricFamily]:
        """Name nothing beforehand: whoever registers this must not ask the database."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Ask, and say of a database that does not answer that it does not."""
        with self._app.app_context(), everywhere("figures of the whole installation, of nobody in particular"):
            try:
                jobs = dict(
                    db.session.execute(
                        select(Job.state, func.count(Job.id)).where(Job.state.in_(UNFINISHED)).group_by(Job.state)
                    )
                    .tuples()
                    .all()
                )
                unclear = db.session.execute(
                    select(func.count(PaymentAttempt.id)).where(PaymentAttempt.state == AttemptState.UNKNOWN.value)
                ).scalar_one()
                late = db.session.execute(select(func.min(PaymentAttempt.next_check_at))).scalar_one()
                queued = queue().pending_count()
            except Exception:  # whatever is wrong, the figure is the same
                yield GaugeMetricFamily("sanjog_database_up", "Whether database and queue answer", 0)
                return
        yield GaugeMetricFamily("sanjog_database_up", "Whether database and queue answer", 1)
        yield GaugeMetricFamily("sanjog_queue_waiting", "Calls in the job queue that nobody has taken", queued)
        states = GaugeMetricFamily("sanjog_jobs", "Jobs that have not ended", labels=["state"])
        for state in UNFINISHED:
            states.add_metric([state], jobs.get(state, 0))
        yield states
        yield GaugeMetricFamily("sanjog_payments_unclear", "Online payments nobody knows the end of", unclear)
        behind = max((now() - late).total_seconds(), 0) if late else 0
        yield GaugeMetricFamily(
            "sanjog_reconciliation_behind_seconds", "How long the longest waiting online payment is overdue", behind
        )


def serve_metrics(app: Flask) -> None:
    """Answer Prometheus on METRICS_PORT where there is one; of several processes that count together the first answers for all."""
    port = app.config["METRICS_PORT"]
    if not port:
        return
    registry = CollectorRegistry()
    if os.environ.get(SHARED):
        MultiProcessCollector(registry)
    else:
        registry = REGISTRY
    registry.register(Standing(app))
    try:
        start_http_server(port, addr=app.config["METRICS_HOST"], registry=registry)
    except OSError:
        log.warning("the port of the figures is taken: another process answers for this one")
