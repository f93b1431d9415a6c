"""What runs by itself: the monthly run, the daily suspension, the nightly check of the books."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Flask
from huey import crontab

from app.api.telling import remove_old_messages, send_webhooks
from app.billing.services import bill_month
from app.billing.suspending import auto_suspend
from app.books.check import nightly_check
from app.books.counting import fold_figures
from app.core.clock import today
from app.core.database import measure_tables
from app.core.jobs import in_app, queue
from app.customers.counting import count_customers
from app.customers.importing import remove_old_uploads
from app.demo_radius import go_on
from app.jobs.services import recover_jobs, remove_old_files
from app.paylinks.reconciling import reconcile
from app.radius.services import close_stale_sessions
from app.radius.telling import send_line_requests
from app.security.sessions import clear_away
from app.status.services import check_components

log = logging.getLogger(__name__)

LATEST_DAY = 3
"""Up to this day a monthly run that was missed, because the server stood still, is made up for."""


def init_app(app: Flask) -> None:
    """Register the periodic jobs with the application's queue, and take up the jobs that the last process left."""
    with app.app_context():
        recover_jobs()
    stand_ins = DEMO_PERIODIC if app.config["DEMO"] else ()
    for when, work in (*PERIODIC, *stand_ins):
        # a name of its own: the same work may also be queued when something happens
        app.extensions["jobs"].periodic_task(when, name=f"by_the_clock_{work.__name__}")(in_app(app, work))


def run_month() -> None:
    """Raise the month's bills, once, on the 1st at 00:10 in Dhaka; a missed run follows within days (spec §4)."""
    month = today().replace(day=1)
    done = f"monthly run {month}"
    if today().day > LATEST_DAY or queue().get(done, peek=True):
        return
    run = bill_month(month)
    queue().put(done, True)
    log.info("monthly run %s: made %d, skipped %s", month, run.made, dict(run.skipped))


def suspend_the_overdue() -> None:
    """Suspend who is past the date up to which service is paid (spec §4)."""
    log.info("suspended %d", auto_suspend().suspended)


def ask_about_payments() -> None:
    """Ask the gateways about payments that nobody has heard of again (spec §6)."""
    outcome = reconcile()
    if outcome.asked:
        log.info("asked about %d online payments: %s", outcome.asked, dict(outcome.states))


def tell_access_servers() -> None:
    """Send again what no access server has answered; a queue knows a function by one name, and the first try has the other."""
    send_line_requests()


def tell_webhooks() -> None:
    """Send again what no webhook has answered; under a name of its own, as above."""
    send_webhooks()


# Huey's clock is UTC, six hours behind Dhaka: these are ten past every hour, because a server may have stood still at
# midnight, 00:20 and 03:30.
PERIODIC: tuple[tuple[Callable[[datetime], bool], Callable[[], Any]], ...] = (
    (crontab(minute="10"), run_month),
    (crontab(minute="20", hour="18"), suspend_the_overdue),
    (crontab(minute="30", hour="21"), nightly_check),
    (crontab(minute="50", hour="21"), clear_away),
    (crontab(minute="55", hour="21"), measure_tables),
    (crontab(minute="*"), recover_jobs),
    (crontab(minute="*"), ask_about_payments),
    (crontab(minute="40"), remove_old_files),
    (crontab(minute="45"), remove_old_uploads),
    (crontab(minute="50"), count_customers),
    (crontab(minute="*/5"), close_stale_sessions),
    (crontab(minute="*"), tell_access_servers),
    (crontab(minute="*"), tell_webhooks),
    (crontab(minute="*"), fold_figures),
    (crontab(minute="25", hour="22"), remove_old_messages),
    (crontab(minute="*/2"), check_components),
)

DEMO_PERIODIC: tuple[tuple[Callable[[datetime], bool], Callable[[], Any]], ...] = ((crontab(minute="*"), go_on),)
"""What stands in for the world around the demo: access servers that go on telling of sessions."""
