"""Activate, suspend or disable many customers at once: the parents' (spec §3). Each row is checked and reported by itself."""

from dataclasses import dataclass
from typing import Any, ClassVar

from flask import redirect, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.access.actor import Actor
from app.access.scope import parse_id
from app.core.database import db, transaction
from app.core.errors import NotFound, Refused
from app.customers.bulk_jobs import Told, change_one, status_job
from app.customers.forms import NoteForm, ReasonForm
from app.customers.models import Customer, CustomerStatus
from app.customers.queries import present
from app.jobs.services import WORTH_A_JOB, start_job
from app.jobs.views import job_url
from app.web.formats import language, show_number
from app.web.forms import HouseForm
from app.web.listing import Column, simple_listing
from app.web.page import REFUSED, BulkAction, Panel, log_refusal

MOST_AT_ONCE = 100
"""What a list shows on its longest page."""


@dataclass(frozen=True)
class Change:
    """A change of status for many: its button, what it does, and the form that asks for the reason."""

    name: str
    status: CustomerStatus
    label: Any
    title: Any
    consequence: Any
    form: type[HouseForm]
    danger: bool = False


CHANGES = {
    one.name: one
    for one in (
        Change(
            "activate",
            CustomerStatus.ACTIVE,
            _l("Activate"),
            _l("Activate customers"),
            _l("The customers are served again at once."),
            NoteForm,
        ),
        Change(
            "suspend",
            CustomerStatus.SUSPENDED,
            _l("Suspend"),
            _l("Suspend customers"),
            _l("The customers are cut off until somebody activates their lines again."),
            ReasonForm,
            danger=True,
        ),
        Change(
            "disable",
            CustomerStatus.DISABLED,
            _l("Disable"),
            _l("Disable customers"),
            _l("The customers are cut off and no longer billed."),
            ReasonForm,
            danger=True,
        ),
    )
}


class BulkStatusPage(Panel):
    """One status for many customers: asked once, done row by row, told row by row."""

    route_base = "/customers/bulk"
    default_view = "change"
    keys: ClassVar[dict[str, str]] = {"change": "parents"}

    @expose("/<what>", methods=["POST"])
    def change(self, what: str) -> Any:
        """Ask for the reason, then change every chosen row that can be changed and say what became of each."""
        change = CHANGES.get(what)
        if change is None:
            raise NotFound("Change")
        ids = list(dict.fromkeys(request.form.getlist("ids")))[:MOST_AT_ONCE]
        if not ids:
            return self.done(_("No row was chosen."), url_for("CustomerPage.list"))
        form = change.form()
        if request.form.get("confirmed") == "1" and form.validate_on_submit():
            reason = form.reason.data or ""  # type: ignore[attr-defined]
            if reason.strip() or not change.danger:
                if len(ids) > WORTH_A_JOB:
                    return self._started(change, ids, reason)
                return self._told(change, [self._one(row_id, change, reason) for row_id in ids])
            form.attach(Refused(_("Say why."), "reason"))
        return self._asked(change, form, ids)

    @staticmethod
    def _one(row_id: str, change: Change, reason: str) -> Told:
        try:
            return change_one(row_id, change.status, reason)
        except NotFound:
            # a row of somebody else's and none at all look alike, here and in the log
            log_refusal(None, "not found")
            return Told(0, None, _("There is no such customer."))

    def _started(self, change: Change, ids: list[str], reason: str) -> Any:
        """Change that many as a job; what is no customer of the account's is left out, and logged here."""
        typed = [_id_or_none(row_id) for row_id in ids]
        known = present().with_only_columns(Customer.id).where(Customer.id.in_([one for one in typed if one]))
        found = set(db.session.execute(known).scalars())
        for _missing in range(len(ids) - len(found)):
            log_refusal(None, "not found")
        wanted = [one for one in typed if one in found]
        if not wanted:
            return self.done(_("No row was chosen."), url_for("CustomerPage.list"))
        with transaction():
            job = start_job(
                status_job(change.name), {"count": len(wanted)}, {"ids": wanted, "reason": reason.strip()[:200]}
            )
        return redirect(job_url(job), 303)

    def _asked(self, change: Change, form: HouseForm, ids: list[str]) -> tuple[str, int] | str:
        count = show_number(len(ids))
        shown = self.render(
            "customers/bulk.html",
            form=form,
            title=change.title,
            consequence=change.consequence,
            facts=[(_("Chosen customers"), count, "data")],
            ids=ids,
            danger=change.danger,
            submit_label=change.title,
            cancel_url=url_for("CustomerPage.list"),
        )
        return (shown, REFUSED) if request.form.get("confirmed") == "1" else shown

    def _told(self, change: Change, outcomes: list[Told]) -> str:
        columns = (
            Column(
                "number", _l("No."), lambda row: row.customer.number if row.customer else None, "number", card="bare"
            ),
            Column(
                "name",
                _l("Name"),
                lambda row: row.customer.name_for(language()) if row.customer else "",
                "data",
                card="title",
            ),
            Column("outcome", _l("Result"), lambda row: row.refusal or _("Done"), card="status"),
        )
        listing = simple_listing(columns, outcomes, row_url=_profile)
        listing.title = str(change.title)
        done = sum(not one.refusal for one in outcomes)
        sentence = ngettext(
            "Done for %(done)s of %(count)s customer.",
            "Done for %(done)s of %(count)s customers.",
            len(outcomes),
            done=show_number(done),
            count=show_number(len(outcomes)),
        )
        return self.render(
            "customers/bulk_done.html",
            title=change.title,
            notice={"text": sentence, "tone": "ok" if done == len(outcomes) else "warn"},
            tables=[listing],
            back_url=url_for("CustomerPage.list"),
        )


def _id_or_none(text: str) -> int | None:
    try:
        return parse_id(text)
    except NotFound:
        return None


def _profile(row: Told) -> str | None:
    return url_for("CustomerPage.show", pk=row.customer.id) if row.customer else None


def bulk_actions_for(actor: Actor) -> list[BulkAction]:
    """Return the changes whose buttons stand under the list of who may use them."""
    if not actor.may(BulkStatusPage.keys["change"]):
        return []
    return [
        BulkAction(one.name, one.label, url_for("BulkStatusPage.change", what=one.name), one.danger)
        for one in CHANGES.values()
    ]
