"""The monthly run and the suspension of who has not paid, by a parent's hand: what would happen, a button, a job."""

from datetime import date, timedelta
from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose
from werkzeug.wrappers import Response

from app.billing.run_jobs import MONTHLY_RUN, SKIPPED, SUSPENSION
from app.billing.services import plan_month
from app.billing.suspending import plan_suspending
from app.books.once import request_uuid
from app.core.clock import month_of, today
from app.core.database import transaction
from app.core.errors import Refused
from app.jobs.services import start_job
from app.jobs.views import job_url
from app.web.formats import show_month
from app.web.forms import HouseForm, RequestIdField
from app.web.page import Panel


class RunForm(HouseForm):
    """The button that starts a run once, however often it is tapped."""

    request_id = RequestIdField()


class BillingRunPage(Panel):
    """What runs by itself on the 1st and every night, for who cannot wait or has just set things up."""

    is_about_money = True
    route_base = "/billing-run"
    default_view = "index"
    keys = {"index": "parents", "month": "parents", "suspend": "parents"}

    @expose("/")
    def index(self) -> str:
        """Show what a run would do now with the customers in scope."""
        month = _month_of(request.args.get("month", ""))
        plan = plan_month(month)
        suspended, due = plan_suspending()
        return self.render(
            "billing/run.html",
            form=RunForm(),
            months=[
                {
                    "label": show_month(one),
                    "url": url_for("BillingRunPage.index", month=f"{one:%Y-%m}"),
                    "chosen": one == month,
                }
                for one in _months()
            ],
            month={"name": show_month(month), "url": url_for("BillingRunPage.month", month=f"{month:%Y-%m}")},
            plan=plan,
            skipped=[(str(SKIPPED[reason]), count, "number") for reason, count in plan.skipped.most_common()],
            suspension={"count": suspended, "due": due, "url": url_for("BillingRunPage.suspend")},
        )

    @expose("/month", methods=["POST"])
    def month(self) -> Response:
        """Start the run of a month."""
        month = _month_of(request.args.get("month", ""))
        return self._started(MONTHLY_RUN, {"month": show_month(month)}, {"month": month.isoformat()})

    @expose("/suspend", methods=["POST"])
    def suspend(self) -> Response:
        """Start the suspension of who has not paid in time."""
        return self._started(SUSPENSION, {}, {})

    @staticmethod
    def _started(kind: str, words: dict[str, Any], arguments: dict[str, Any]) -> Response:
        try:
            with transaction():
                job = start_job(kind, words, arguments, request_id=request_uuid(RunForm().request_id.data or ""))
        except Refused as refused:
            flash(refused.message, "error")
            return redirect(url_for("BillingRunPage.index"), 303)
        return redirect(job_url(job), 303)


def _months() -> tuple[date, date]:
    this = today().replace(day=1)
    return this, month_of(this - timedelta(days=1))[0]


def _month_of(text: str) -> date:
    """Return the month an address names: this one or the last, a bill for another is raised by hand."""
    return next((month for month in _months() if f"{month:%Y-%m}" == text), _months()[0])
