"""Invoice Download: the one bulk act that a Manager has (spec §2, §4)."""

from typing import Any
from uuid import uuid4

from flask import redirect, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import HiddenField

from app.access.actor import shown_number
from app.activity.recorder import record
from app.billing.jobs import KIND, MOST, MOST_IN_ONE, PDF, PIECE, ZIP, as_arguments
from app.billing.queries import NOT_VOID, OPEN, BillChoice, count_bills
from app.core.clock import month_of, today
from app.core.errors import Refused
from app.jobs.services import start_job
from app.jobs.views import job_url
from app.packages.queries import packages_on_offer, zones
from app.web.forms import ChoiceField, DayField, HouseForm, row_id
from app.web.page import Panel
from app.web.shown import BILL_STATUS, choices

STATUSES: list[tuple[str, Any]] = [
    (NOT_VOID, _l("All but void ones")),
    (OPEN, _l("Open: unpaid and partly paid")),
    *choices(BILL_STATUS),
]


class DownloadForm(HouseForm):
    """Which bills, as what, in which order."""

    zone_id = ChoiceField(_l("Zone"), coerce=row_id, optional=True)
    package_id = ChoiceField(_l("Package"), coerce=row_id, optional=True)
    period_from = DayField(_l("Billing period begins from"), required=False)
    period_to = DayField(_l("Billing period begins up to"), required=False)
    due_from = DayField(_l("Due from"), required=False)
    due_to = DayField(_l("Due up to"), required=False)
    status = ChoiceField(_l("Status"), choices=STATUSES)
    format = ChoiceField(
        _l("As"), choices=[(PDF, _l("One PDF")), (ZIP, _l("ZIP of a file for each bill, named by customer"))]
    )
    layout = ChoiceField(
        _l("Paper"), choices=[("1", _l("One bill on an A4 page")), ("2", _l("Two bills on an A4 page"))]
    )
    order = ChoiceField(
        _l("Order"),
        choices=[("number", _l("Bill no.")), ("zone", _l("Zone and address")), ("name", _l("Name of the customer"))],
    )
    request_id = HiddenField()


class DownloadPage(Panel):
    """Choose bills, and let a job make a file of their invoices."""

    route_base = "/bills"
    default_view = "download"
    keys = {"download": "print-invoice"}

    @expose("/download", methods=["GET", "POST"])
    def download(self) -> Any:
        """Show the choice, or start the job."""
        first, last = month_of(today())
        form = DownloadForm(
            data={"period_from": first, "period_to": last, "status": NOT_VOID, "request_id": str(uuid4())}
            if request.method == "GET"
            else None
        )
        form.zone_id.choices = [("", _("All zones")), *((zone.id, zone.name) for zone in zones())]
        form.package_id.choices = [("", _("All packages")), *((row.id, row.name) for row in packages_on_offer())]

        def act() -> Response:
            choice = BillChoice(
                **{
                    name: getattr(form, name).data
                    for name in (
                        "zone_id",
                        "package_id",
                        "period_from",
                        "period_to",
                        "due_from",
                        "due_to",
                        "status",
                        "order",
                    )
                }
            )
            return redirect(job_url(self._start(choice, form)), 303)

        return self.ask(
            form,
            act,
            title=_("Invoice Download"),
            intro=_(
                "The invoices become one file, which is kept for a day. More than %(most)s bills become a ZIP of PDFs of %(piece)s each.",
                most=shown_number(MOST_IN_ONE),
                piece=shown_number(PIECE),
            ),
            groups=[
                {
                    "title": _("Which bills"),
                    "fields": ["status", "period_from", "period_to", "due_from", "due_to", "zone_id", "package_id"],
                },
                {"title": _("The file"), "fields": ["format", "layout", "order"]},
            ],
            submit_label=_("Make the file"),
            cancel_url=url_for("BillPage.list"),
        )

    def _start(self, choice: BillChoice, form: DownloadForm) -> Any:
        count = count_bills(choice)
        if not count:
            raise Refused(_("There are no bills under these filters."))
        if count > MOST:
            raise Refused(
                _(
                    "These are %(count)s bills; at most %(most)s go into one file. Choose a shorter period or a zone.",
                    count=shown_number(count),
                    most=shown_number(MOST),
                )
            )
        arguments = {
            "choice": as_arguments(choice),
            "format": form.format.data,
            "two_up": form.layout.data == "2",
        }
        actor = self.actor()
        job = start_job(KIND, {"count": count}, arguments, request_id=form.request_id.data or None)
        if job.is_new:
            record(
                "bills",
                "invoices.downloaded",
                tenant_id=actor.tenant_id,
                owner_id=actor.owner_id,
                subject=job,
                count=count,
            )
        return job
