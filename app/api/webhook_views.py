"""Settings → Webhooks: addresses that are told what happens, and every message to them."""

from typing import Any

from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response
from wtforms import BooleanField

from app.access.scope import get_or_404
from app.api.models import Webhook, WebhookDelivery
from app.api.telling import MOST_GIVEN_UP
from app.api.webhook_services import (
    CHOSEN,
    add_webhook,
    edit_webhook,
    remove_webhook,
    send_again,
    send_test,
)
from app.core.database import db, transaction
from app.core.errors import NotFound, Refused
from app.customers.forms import NoteForm
from app.paylinks.forms import ManyChoices
from app.web.formats import show_number
from app.web.forms import HouseForm, TextField
from app.web.interface import AppInterface
from app.web.listing import Choice, Column
from app.web.page import REFUSED, SENSITIVE_MINUTES, Page
from app.web.shown import Action, badges, choices

PARENTS = "parents"
EVENTS = {
    "customer.created": _l("Customer created"),
    "customer.updated": _l("Customer changed"),
    "customer.status_changed": _l("Status of a customer changed"),
    "customer.moved": _l("Customer came from another owner"),
    "customer.left": _l("Customer went to another owner"),
    "bill.made": _l("Bill made"),
    "bill.edited": _l("Bill changed"),
    "bill.voided": _l("Bill voided"),
    "payment.received": _l("Payment received"),
    "payment.edited": _l("Payment corrected"),
    "payment.voided": _l("Payment voided"),
    "test": _l("Test message"),
}
SWITCH = badges(("on", _l("On"), "ok"), ("off", _l("Off"), None), ("disabled", _l("Switched off by itself"), "due"))
DELIVERY = badges(("waiting", _l("Waiting"), "warn"), ("done", _l("Answered"), "ok"), ("failed", _l("Given up"), "due"))
PROBLEMS = {
    "private": _l("The address lies inside of a private network."),
    "scheme": _l("The address is not https."),
    "form": _l("The address cannot be read."),
    "name": _l("The name of the address is not known."),
    "certificate": _l("The certificate of the address is not right."),
    "silence": _l("No answer in time."),
    "connection": _l("No connection."),
}


def switch_of(hook: Webhook) -> str:
    """Return whether a webhook is on, off, or was switched off by itself."""
    if hook.is_on:
        return "on"
    return "disabled" if hook.disabled_at is not None else "off"


class WebhookForm(HouseForm):
    """Where it leads and what it is told of."""

    url = TextField(
        _l("Address"),
        required=True,
        description=_l(
            "Only encrypted addresses (https). Each message is signed; its receiver takes it within 5 seconds."
        ),
        render_kw={"inputmode": "url", "autocapitalize": "none", "maxlength": 500, "placeholder": "https://"},
    )
    events = ManyChoices(_l("Events"), choices=[(str(one), EVENTS[one]) for one in CHOSEN])


class WebhookEditForm(WebhookForm):
    """The same of a webhook that is there."""

    is_on = BooleanField(_l("It is told what happens"))


class WebhookPage(Page):
    """Webhooks of the account and of those below it."""

    datamodel = AppInterface(Webhook)
    route_base = "/webhooks"
    title = _l("Webhooks")
    add_label = _l("New webhook")
    empty_text = _l("No webhook yet. A webhook tells your own program of customers, bills and payments as they change.")
    empty_icon = "send"
    export_name = "webhooks"
    list_template = "api/webhooks.html"
    default_sort = "created_at"
    search_columns = ["url"]
    keys = dict.fromkeys(("list", "show", "add", "edit", "remove", "try_out"), PARENTS)
    fresh = {"add": SENSITIVE_MINUTES, "edit": SENSITIVE_MINUTES}
    columns = (
        Column("url", _l("Address"), lambda row: row.url, "data", card="title"),
        Column("events", _l("Events"), lambda row: ", ".join(str(EVENTS[one]) for one in row.events if one in EVENTS)),
        Column("created_at", _l("Made"), lambda row: row.created_at, "moment", sort=Webhook.id),
        Column(
            "state",
            _l("State"),
            lambda row: SWITCH[switch_of(row)].label,
            "status",
            tone=lambda row: SWITCH[switch_of(row)].tone,
        ),
    )

    def rows(self) -> Select[Any]:
        """Select the webhooks that are not removed."""
        return select(Webhook).where(Webhook.removed_at.is_(None))

    def _row(self, pk: object) -> Webhook:
        hook = get_or_404(Webhook, pk)
        if hook.removed_at is not None:
            raise NotFound("Webhook")
        return hook

    def list_context(self, actor: Any) -> dict[str, Any]:
        """Add the way to the messages."""
        return {"messages_url": "/webhooks/messages/list/"}

    @expose("/add", methods=["GET", "POST"])
    def add(self) -> Any:
        """Add a webhook and show its secret once."""
        form = WebhookForm()
        if self.is_right(form):
            try:
                with transaction():
                    hook, secret = add_webhook(form.url.data or "", form.events.data or [])
                return self.render(
                    "api/secret.html",
                    title=_("Secret of the webhook"),
                    name=hook.url,
                    secret=secret,
                    back_url=self.link("show", pk=hook.id),
                )
            except Refused as refused:
                form.attach(refused)
        shown = self.render("page/form.html", form=form, title=_("New webhook"), cancel_url=self.link("list"))
        return (shown, REFUSED) if form.is_submitted() else shown

    @expose("/show/<pk>")
    def show(self, pk: str) -> str:
        """Show a webhook."""
        hook = self._row(pk)
        acts = [
            Action(_("Send a test"), self.link("try_out", pk=pk) or "", "send", "primary", "post"),
            Action(_("Messages"), f"/webhooks/messages/list/?webhook={hook.id}", "history"),
            Action(_("Edit"), self.link("edit", pk=pk) or "", "edit"),
            Action(_("Remove"), self.link("remove", pk=pk) or "", "trash", "danger"),
        ]
        notice = None
        if switch_of(hook) == "disabled":
            said = _(
                "Nobody answered: after %(count)s messages in a row this webhook was switched off. Put the receiver right, then"
                " switch it on under “Edit”; what has waited is sent then.",
                count=show_number(MOST_GIVEN_UP),
            )
            notice = {"text": said, "tone": "due"}
        return self.render(
            "page/show.html",
            title=hook.url,
            badges=[SWITCH[switch_of(hook)]],
            notice=notice,
            back_url=self.link("list"),
            actions=acts if hook.is_on else acts[1:],
            crumbs=[(_("Webhooks"), self.link("list")), (hook.url, None)],
            facts=[
                {
                    "title": _("Events"),
                    "rows": [(str(EVENTS[one]), one, "data") for one in hook.events if one in EVENTS],
                }
            ],
        )

    @expose("/edit/<pk>", methods=["GET", "POST"])
    def edit(self, pk: str) -> Any:
        """Change a webhook, switch it on or off."""
        hook = self._row(pk)
        form = WebhookEditForm(data={"url": hook.url, "events": hook.events, "is_on": hook.is_on})

        def act() -> Response:
            edit_webhook(hook, form.url.data or "", form.events.data or [], is_on=form.is_on.data)
            return self.done(_("Saved."), self.link("show", pk=pk))

        return self.ask(form, act, title=_("Edit webhook"), cancel_url=self.link("show", pk=pk))

    @expose("/remove/<pk>", methods=["GET", "POST"])
    def remove(self, pk: str) -> Any:
        """Remove a webhook."""
        hook = self._row(pk)

        def act() -> Response:
            remove_webhook(hook)
            return self.done(_("Webhook removed."), self.link("list"))

        return self.ask(
            NoteForm(),
            act,
            "page/confirm.html",
            title=_("Remove webhook"),
            consequence=_(
                "The address is told nothing any more, not even what waits. Its secret is of no use from then on."
            ),
            facts=[(_("Address"), hook.url, "data")],
            groups=[],
            submit_label=_("Remove webhook"),
            danger=True,
            cancel_url=self.link("show", pk=pk),
        )

    @expose("/test/<pk>", methods=["POST"])
    def try_out(self, pk: str) -> Any:
        """Send a test."""
        hook = self._row(pk)
        with transaction():
            send_test(hook)
        return self.done(_("A test is on its way."), f"/webhooks/messages/list/?webhook={hook.id}")


class WebhookMessagePage(Page):
    """Messages to webhooks: what became of each."""

    datamodel = AppInterface(WebhookDelivery)
    route_base = "/webhooks/messages"
    title = _l("Messages to webhooks")
    empty_text = _l("Nothing has been sent in the last 30 days.")
    empty_icon = "send"
    export_name = "webhook-messages"
    default_sort = "created_at"
    search_columns = ["event"]
    load = (joinedload(WebhookDelivery.webhook),)
    keys = dict.fromkeys(("list", "show", "resend"), PARENTS)
    columns = (
        Column("event", _l("Event"), lambda row: EVENTS[row.event], card="title"),
        Column("webhook", _l("Address"), lambda row: row.webhook.url, "data"),
        Column("created_at", _l("When"), lambda row: row.created_at, "moment", sort=WebhookDelivery.id),
        Column("tries", _l("Tries"), lambda row: row.tries, "number"),
        Column("answer", _l("Answer"), lambda row: row.answer_code, "number"),
        Column(
            "state",
            _l("State"),
            lambda row: DELIVERY[row.state].label,
            "status",
            tone=lambda row: DELIVERY[row.state].tone,
        ),
    )
    filters = (
        Choice("state", _l("State"), lambda: choices(DELIVERY), lambda value: WebhookDelivery.state == value),
        Choice("event", _l("Event"), lambda: choices(EVENTS), lambda value: WebhookDelivery.event == value),
        Choice("webhook", _l("Address"), lambda: _addresses(), lambda value: WebhookDelivery.webhook_id == int(value)),
    )

    @expose("/show/<pk>")
    def show(self, pk: str) -> str:
        """Show a message as it was sent."""
        row = self._row(pk)
        url = self.link("resend", pk=pk)
        can_send = url is not None and row.webhook.is_on and row.webhook.removed_at is None
        return self.render(
            "api/message.html",
            title=str(EVENTS[row.event]),
            subtitle=row.webhook.url,
            badges=[DELIVERY[row.state]],
            back_url=self.link("list"),
            actions=[Action(_("Send again"), url or "", "refresh", "primary", "post")] if can_send else [],
            crumbs=[(_("Messages to webhooks"), self.link("list")), (str(EVENTS[row.event]), None)],
            facts=[
                {
                    "title": _("Delivery"),
                    "rows": [
                        (_("Message"), row.message_id, "data"),
                        (_("When"), row.created_at, "moment"),
                        (_("Tries"), row.tries, "number"),
                        (_("Answer"), row.answer_code, "number"),
                        (_("What went wrong"), str(PROBLEMS.get(row.problem, row.problem))),
                        (_("Answered"), row.answered_at, "moment"),
                        *([(_("Next try"), row.next_try_at, "moment")] if row.state == "waiting" else []),
                    ],
                }
            ],
            body=row.body,
        )

    @expose("/resend/<pk>", methods=["POST"])
    def resend(self, pk: str) -> Any:
        """Send a message again."""
        row = self._row(pk)
        with transaction():
            send_again(row)
        return self.done(_("The message is on its way again."), self.link("show", pk=pk))


def _addresses() -> list[tuple[str, str]]:
    rows = db.session.execute(select(Webhook.id, Webhook.url).order_by(Webhook.id.desc()))
    return [(str(row_id), url) for row_id, url in rows]
