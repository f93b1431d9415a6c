"""The monthly run and the suspension of who has not paid, as jobs of a parent."""

from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.billing.services import MonthlyRun, bill_month_of_scope
from app.billing.suspending import auto_suspend_in_scope
from app.jobs.services import Outcome, Progress, worker
from app.web.formats import show_number, show_taka

MONTHLY_RUN, SUSPENSION = "monthly-run", "auto-suspend"

SKIPPED = {
    "billed already": _l("billed already"),
    "days left billed": _l("new, billed by days left"),
    "suspended": _l("suspended"),
    "disabled": _l("disabled"),
    "no auto-bill": _l("billing profile without automatic bills"),
    "free package": _l("package without a price"),
    "deleted": _l("deleted meanwhile"),
    "not monthly": _l("no longer billed by the month"),
}
"""Why a monthly run passes a customer over, in words."""


@worker(MONTHLY_RUN, key="parents", sentence=_l("Monthly run for %(month)s"), resumable=True)
def run_month(arguments: dict[str, Any], progress: Progress) -> Outcome:
    """Raise a month's bills of the scope at work."""
    month = date.fromisoformat(arguments["month"])
    return Outcome(sentence=summary(bill_month_of_scope(month, progress)), link="/bills/list/?purpose=monthly")


def summary(run: MonthlyRun) -> str:
    """Return what a run did, in a sentence or two."""
    said = ngettext(
        "%(count)s bill made over %(amount)s before VAT.",
        "%(count)s bills made over %(amount)s before VAT.",
        run.made,
        count=show_number(run.made),
        amount=show_taka(run.amount),
    )
    if not run.skipped:
        return said
    reasons = ", ".join(f"{SKIPPED[reason]}: {show_number(count)}" for reason, count in run.skipped.most_common())
    return said + " " + _("Skipped: %(reasons)s.", reasons=reasons)


@worker(SUSPENSION, key="parents", sentence=_l("Suspend customers who have not paid in time"), resumable=True)
def suspend(_arguments: dict[str, Any], progress: Progress) -> Outcome:
    """Suspend who is past the date up to which service is paid, of the scope at work."""
    count = auto_suspend_in_scope(progress).suspended
    return Outcome(
        sentence=ngettext(
            "%(count)s customer suspended.", "%(count)s customers suspended.", count, count=show_number(count)
        ),
        link="/customers/list/?status=suspended",
    )
