"""Import: upload, what the check found, import, undo."""

from dataclasses import dataclass
from typing import Any

from flask import request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from werkzeug.wrappers import Response

from app.activity.recorder import record
from app.core.database import transaction
from app.core.errors import Refused
from app.customers import jobs as _jobs  # noqa: F401 - registers the workers
from app.customers.importing import (
    HEADER,
    SHOWN_REASONS,
    count_touched,
    has_refused_rows,
    refused_rows,
    repair_file,
    said_to_the_reader,
    undo_refusal,
    upload_import,
)
from app.customers.models import CustomerImport, ImportState
from app.jobs.services import start_job
from app.web.exports import csv_response
from app.web.formats import show_number
from app.web.forms import HouseForm
from app.web.interface import AppInterface
from app.web.listing import Choice, Column, DateRange, simple_listing
from app.web.page import Page
from app.web.shown import Action, badges, choices

STATES = badges(
    ("checking", _l("Being checked"), "accent"),
    ("checked", _l("Checked"), "warn"),
    ("imported", _l("Imported"), "ok"),
    ("undone", _l("Undone"), None),
)


@dataclass(frozen=True)
class RefusedRow:
    """A refused row as the page shows it; its line in the file names it."""

    id: int
    reason: str
    username: str


REASON_COLUMNS = (
    Column("line", _l("Line"), lambda row: row.id, "number"),
    Column("reason", _l("Why it is refused"), lambda row: row.reason, "data", card="title"),
    Column("username", _l("Username"), lambda row: row.username, "data"),
)


class UploadForm(HouseForm):
    """A file of customers."""

    file = FileField(_l("File"), description=_l("CSV (UTF-8) or XLSX, at most 10 MB."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.file.flags.required = True


class ImportPage(Page):
    """Imports of customers: parents only (spec §2, §3)."""

    datamodel = AppInterface(CustomerImport)
    route_base = "/import"
    title = _l("Import of customers")
    add_label = _l("New import")
    empty_text = _l(
        "Nothing was imported yet. Upload a file: it is checked first, and nothing changes before you say so."
    )
    empty_icon = "upload"
    default_sort = "created_at"
    search_columns = ["state", "created_at"]
    keys = {
        "list": "parents",
        "add": "parents",
        "show": "parents",
        "template": "parents",
        "repair": "parents",
        "start": "parents",
        "undo": "parents",
    }
    columns = (
        Column("file_name", _l("File"), lambda row: row.file_name, "data", card="title"),
        Column("created_at", _l("Uploaded"), lambda row: row.created_at, "moment", sort=CustomerImport.id),
        Column("good", _l("Good rows"), lambda row: row.good, "number", align="right"),
        Column("bad", _l("Refused rows"), lambda row: row.bad, "number", align="right"),
        Column(
            "state",
            _l("Status"),
            lambda row: STATES[row.state].label,
            "status",
            tone=lambda row: STATES[row.state].tone,
        ),
    )
    filters = (
        Choice("state", _l("Status"), lambda: choices(STATES), lambda value: CustomerImport.state == value),
        DateRange("created_at", _l("Uploaded"), CustomerImport.created_at, is_moment=True),
    )

    @expose("/")
    def list(self) -> str:
        """List the imports."""
        return super().list()

    @expose("/template.csv")
    def template(self) -> Response:
        """Download the header that a file must have."""
        return csv_response("customers", [*HEADER], [])

    @expose("/add", methods=["GET", "POST"])
    def add(self) -> Any:
        """Upload a file and check it; nothing is imported yet."""
        form = UploadForm()

        def act() -> Response:
            file = request.files.get("file")
            if file is None or not file.filename:
                raise Refused(_("Choose a file."), "file")
            made = upload_import(file.filename, file.read())
            job = start_job("import-check", {"file": made.file_name, "count": made.rows}, {"import": made.id})
            made.check_job_id = job.id
            return self.done(_("The file is being checked."), self.link("show", pk=made.id))

        return self.ask(
            form,
            act,
            "customers/import.html",
            title=_("New import"),
            submit_label=_("Upload and check"),
            has_files=True,
            cancel_url=self.link("list"),
            header=HEADER,
            template_url=self.link("template"),
        )

    @expose("/show/<pk>")
    def show(self, pk: str) -> str:
        """Show what the check found, and what can be done now."""
        made = self._row(pk)
        job_id = made.import_job_id or made.check_job_id
        actions = []
        if made.state == ImportState.CHECKED and made.good:
            label = _("Import %(count)s customers", count=show_number(made.good))
            actions.append(Action(label, url_for("ImportPage.start", pk=made.id), "upload", "primary", method="post"))
        if has_refused_rows(made):
            actions.append(Action(_("File to repair"), url_for("ImportPage.repair", pk=made.id), "download"))
        if job_id:
            actions.append(Action(_("Progress"), url_for("JobPage.show", pk=job_id), "hourglass"))
        if made.state == ImportState.IMPORTED:
            actions.append(Action(_("Undo the import"), url_for("ImportPage.undo", pk=made.id), "trash", "danger"))
        tables = []
        if made.reasons:
            rows = [
                RefusedRow(row["line"], said_to_the_reader(row["reason"], row.get("words", {})), row["username"])
                for row in made.reasons
            ]
            refused = simple_listing(REASON_COLUMNS, rows)
            refused.title = _("Refused rows")
            tables.append(refused)
        return self.render(
            "page/show.html",
            title=made.file_name,
            badges=[STATES[made.state]],
            actions=actions,
            notice=self._notice(made),
            tables=tables,
            facts=[
                {
                    "title": _("The file"),
                    "rows": [
                        (_("Rows"), made.rows, "number"),
                        (_("Good rows"), made.good, "number"),
                        (_("Refused rows"), made.bad, "number"),
                        (_("Uploaded"), made.created_at, "moment"),
                    ],
                }
            ],
            back_url=self.link("list"),
        )

    @staticmethod
    def _notice(made: CustomerImport) -> dict[str, str] | None:
        if made.state == ImportState.CHECKING:
            return {"text": _("The file is being checked; nothing is imported yet. Load this page again in a moment.")}
        if made.state == ImportState.CHECKED:
            return {
                "text": _(
                    "Nothing is imported yet. Refused rows stay out; repair them in the file and upload it again."
                )
            }
        if made.bad > SHOWN_REASONS:
            return {"text": _("The first %(count)s refused rows are shown.", count=show_number(SHOWN_REASONS))}
        return None

    @expose("/repair/<pk>")
    def repair(self, pk: str) -> Response:
        """Download the refused rows, each with its reason in the reader's language; it is logged."""
        made = self._row(pk)
        content = repair_file(refused_rows(made))
        with transaction():
            record(
                "access",
                "list.exported",
                tenant_id=made.tenant_id,
                owner_id=made.owner_id,
                list="customers-to-repair",
                query=made.file_name,
            )
        response = Response(content, mimetype="text/csv")
        response.headers["Content-Disposition"] = 'attachment; filename="customers-to-repair.csv"'
        return response

    @expose("/start/<pk>", methods=["POST"])
    def start(self, pk: str) -> Response:
        """Import the good rows of a checked file, as a job."""
        made = self._row(pk)
        with transaction():
            job = start_job("import-customers", {"file": made.file_name, "count": made.rows}, {"import": made.id})
            self._row(pk).import_job_id = job.id
        return self.done(_("The import has begun."), url_for("JobPage.show", pk=job.id))

    @expose("/undo/<pk>", methods=["GET", "POST"])
    def undo(self, pk: str) -> Any:
        """Take a whole import back while nothing was billed, as a job."""
        made = self._row(pk)

        def act() -> Response:
            refusal = undo_refusal(made)
            if refusal is not None:
                raise refusal
            job = start_job("import-undo", {"file": made.file_name, "count": made.good}, {"import": made.id})
            return self.done(_("The import is being undone."), url_for("JobPage.show", pk=job.id))

        touched = count_touched(made)
        return self.ask(
            HouseForm(),
            act,
            "page/confirm.html",
            title=_("Undo the import"),
            consequence=_(
                "All customers of this import are deleted and their usernames are free again. Only while none of them has a bill or a payment."
            ),
            facts=[
                (_("File"), made.file_name, "data"),
                (_("Customers"), made.good, "number"),
                (_("With bills or payments"), touched, "number"),
            ],
            submit_label=_("Undo the import"),
            danger=True,
            cancel_url=self.link("show", pk=made.id),
        )
