"""Jobs: how far one's own long work is, what came of it, and the way to stop it."""

import math
from datetime import timedelta
from typing import Any

from flask import jsonify, send_file, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import Select, select
from werkzeug.wrappers import Response

from app.core.clock import now
from app.core.database import transaction
from app.core.errors import NotFound, Refused
from app.jobs.models import Job, JobState
from app.jobs.services import DAYS_KEPT, KINDS, cancel_job, file_of, is_cancelling, own_job, progress_of
from app.web.formats import language, show_digits, show_full_moment, show_number
from app.web.interface import AppInterface
from app.web.listing import Choice, Column, DateRange
from app.web.page import Page
from app.web.shown import badges, choices

STATES = badges(
    ("waiting", _l("Waiting"), "warn"),
    ("running", _l("Running"), "accent"),
    ("done", _l("Finished"), "ok"),
    ("failed", _l("Failed"), "due"),
    ("cancelled", _l("Cancelled"), None),
)


def job_url(job: Job) -> str:
    """Return the address of a job's page."""
    return url_for("JobPage.show", pk=job.id)


def sentence_of(job: Job) -> str:
    """Return what a job is about, in the reader's language and digits."""
    return _filled(str(KINDS[job.kind].sentence), job.words)


def outcome_of(job: Job) -> str:
    """Return what came of a job, in the reader's language and digits; empty while nothing has."""
    text = job.sentence.get("texts", {}).get(language(), "")
    return _filled(text, job.sentence["words"]) if text else ""


def _filled(text: str, words: dict[str, Any]) -> str:
    # without words a per cent sign is one
    return (
        text % {name: show_number(word) if isinstance(word, int) else word for name, word in words.items()}
        if words
        else text
    )


def state_of(job: Job) -> dict[str, Any]:
    """Return how a job stands, in words, as its page and its script show it."""
    done, total = progress_of(job)
    percent = 100 if job.state == JobState.DONE else min(100 * done // total, 99) if total else 0
    count = ""
    if total:
        count = _("%(done)s of %(total)s", done=show_number(done), total=show_number(total))
    elif done:
        count = show_number(done)
    return {
        "state": job.state,
        "label": _("Cancelling…") if is_cancelling(job) else str(STATES[job.state].label),
        "tone": STATES[job.state].tone or "",
        "percent": percent,
        "count": count,
        "left": _time_left(job, done, total),
        "unfinished": job.is_unfinished,
    }


def _time_left(job: Job, done: int, total: int) -> str:
    if job.state != JobState.RUNNING or job.started_at is None or not total or not done:
        return ""
    seconds = (now() - job.started_at) / timedelta(seconds=1) * (total - done) / done
    if seconds < 60:
        return _("Less than a minute left")
    minutes = math.ceil(seconds / 60)
    return ngettext("About %(count)s minute left", "About %(count)s minutes left", minutes, count=show_number(minutes))


class JobPage(Page):
    """One's own jobs; nobody else's, and only while the key of their kind is held."""

    datamodel = AppInterface(Job)
    route_base = "/jobs"
    title = _l("Jobs")
    empty_text = _l("You have started no long work yet.")
    empty_icon = "hourglass"
    default_sort = "created_at"
    search_columns = ["state", "created_at"]
    keys = {"list": "staff", "show": "staff", "state": "staff", "file": "staff", "cancel": "staff"}
    columns = (
        Column("what", _l("Job"), sentence_of, "data", card="title"),
        Column("created_at", _l("Started"), lambda row: row.created_at, "moment", sort=Job.id),
        Column(
            "state",
            _l("Status"),
            lambda row: STATES[row.state].label,
            "status",
            tone=lambda row: STATES[row.state].tone,
        ),
    )
    filters = (
        Choice("state", _l("Status"), lambda: choices(STATES), lambda value: Job.state == value),
        DateRange("created_at", _l("Started"), Job.created_at, is_moment=True),
    )

    def rows(self) -> Select[Any]:
        """Select the account's own jobs whose key it holds."""
        actor = self.actor()
        open_kinds = [kind.name for kind in KINDS.values() if actor.may(kind.key)]
        return select(Job).where(Job.account_id == actor.id, Job.kind.in_(open_kinds))

    @expose("/")
    def list(self) -> str:
        """List one's own jobs."""
        return super().list()

    def _row(self, pk: object) -> Job:
        return own_job(self.actor(), pk)

    @expose("/<pk>")
    def show(self, pk: str) -> str:
        """Show how far a job is; the page's script asks for the state until the job has ended."""
        job = self._row(pk)
        return self.render(
            "jobs/job.html",
            job=job,
            sentence=sentence_of(job),
            outcome=outcome_of(job),
            now=state_of(job),
            has_file=bool(job.file),
            megabytes=show_digits(f"{job.file_size / 2**20:.1f}"),
            is_gone=bool(job.file_name and not job.file),
            kept_until=show_full_moment(job.finished_at + timedelta(days=DAYS_KEPT)) if job.finished_at else "",
        )

    @expose("/<pk>/state")
    def state(self, pk: str) -> Response:
        """Return how far a job is, as JSON."""
        return jsonify(state_of(self._row(pk)))

    @expose("/<pk>/file")
    def file(self, pk: str) -> Response:
        """Download what a job has made."""
        job, actor = self._row(pk), self.actor()
        if actor.seen_by is not None:
            raise NotFound("Job")
        return send_file(file_of(job), as_attachment=True, download_name=job.file_name)

    @expose("/<pk>/cancel", methods=["POST"])
    def cancel(self, pk: str) -> Response:
        """Stop a job."""
        job = self._row(pk)
        try:
            with transaction():
                cancel_job(job)
        except Refused:
            return self.done(_("This job has ended already."), job_url(job))
        return self.done(_("The job is being cancelled."), job_url(job))
