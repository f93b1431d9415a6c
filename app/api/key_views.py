"""Settings → API keys: what the tenant's own programs act with, shown once, and the addresses they may ask."""

from typing import Any

from flask import current_app, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from app.access.actor import Actor
from app.access.models import ApiKey
from app.access.permissions import ANY_OF, KEYS
from app.api.description import areas
from app.api.doors import Operation, operations_of
from app.api.resources import RESOURCES, USED_KEYS
from app.api.services import bindable, make_api_key, revoke_api_key
from app.core.clock import now
from app.core.database import transaction
from app.core.errors import Refused
from app.customers.forms import NoteForm
from app.paylinks.forms import ManyChoices
from app.web.forms import ChoiceField, DayField, HouseForm, TextField, row_id
from app.web.interface import AppInterface
from app.web.listing import Choice, Column
from app.web.page import GRAVE_MINUTES, REFUSED, Page
from app.web.shown import Action, badges, choices

PARENTS = "parents"
STATES = badges(("live", _l("Active"), "ok"), ("over", _l("Expired"), "warn"), ("revoked", _l("Revoked"), None))


def state_of(row: ApiKey) -> str:
    """Return whether an API key is live, over or revoked."""
    if row.revoked_at is not None:
        return "revoked"
    return "live" if row.is_live(now()) else "over"


def _in_state(state: str) -> Any:
    is_over = ApiKey.expires_at <= now()
    return {
        "revoked": ApiKey.revoked_at.is_not(None),
        "over": ApiKey.revoked_at.is_(None) & is_over,
        "live": ApiKey.revoked_at.is_(None) & (ApiKey.expires_at.is_(None) | ~is_over),
    }[state]


class ApiKeyForm(HouseForm):
    """What a new API key may do."""

    name = TextField(_l("Name"), required=True, description=_l("Which program uses it."), render_kw={"maxlength": 60})
    account_id = ChoiceField(
        _l("Acts as"),
        coerce=row_id,
        description=_l("It sees what this account sees. Cash it receives is this account's cash in hand."),
    )
    expires_on = DayField(_l("Valid up to"), required=False, description=_l("Empty: until it is revoked."))
    keys = ManyChoices(_l("Permissions"), description=_l("It never does more than its account may do at that moment."))


class ApiKeyPage(Page):
    """API keys of the account and of those below it."""

    datamodel = AppInterface(ApiKey)
    route_base = "/api-keys"
    title = _l("API keys")
    add_label = _l("New API key")
    empty_text = _l("No API key yet. Make one for each program, so that each can be revoked by itself.")
    empty_icon = "key"
    export_name = "api-keys"
    list_template = "api/keys.html"
    default_sort = "created_at"
    search_columns = ["name"]
    load = (joinedload(ApiKey.account),)
    keys = {"list": PARENTS, "show": PARENTS, "add": PARENTS, "revoke": PARENTS, "reference": PARENTS}
    fresh = {"add": GRAVE_MINUTES}
    columns = (
        Column("name", _l("Name"), lambda row: row.name, "data", sort=ApiKey.name, card="title"),
        Column("prefix", _l("Begins with"), lambda row: f"{row.prefix}…", "data"),
        Column("account", _l("Acts as"), lambda row: row.account.name, "data"),
        Column("created_at", _l("Made"), lambda row: row.created_at, "moment", sort=ApiKey.id),
        Column("last_used_at", _l("Last used"), lambda row: row.last_used_at, "moment", sort=ApiKey.last_used_at),
        Column("expires_at", _l("Valid up to"), lambda row: row.expires_at, "moment", sort=ApiKey.expires_at),
        Column(
            "state",
            _l("State"),
            lambda row: STATES[state_of(row)].label,
            "status",
            tone=lambda row: STATES[state_of(row)].tone,
        ),
    )
    filters = (Choice("state", _l("State"), lambda: choices(STATES), _in_state),)

    def list_context(self, actor: Actor) -> dict[str, Any]:
        """Add where the addresses are explained."""
        return {"reference_url": self.link("reference")}

    @expose("/add", methods=["GET", "POST"])
    def add(self) -> Any:
        """Make an API key and show it once."""
        form = ApiKeyForm()
        form.account_id.choices = [(row.id, row.name) for row in bindable(self.actor())]
        form.keys.choices = [(name, str(KEYS[name].label)) for name in USED_KEYS]
        if self.is_right(form):
            try:
                with transaction():
                    row, secret = make_api_key(
                        form.account_id.data, form.name.data, form.keys.data or [], form.expires_on.data
                    )
                return self.render(
                    "api/secret.html",
                    title=_("API key"),
                    name=row.name,
                    secret=secret,
                    example=f'curl -H "Authorization: Bearer {secret}" {_base()}/api/v1/me',
                    back_url=self.link("show", pk=row.id),
                )
            except Refused as refused:
                form.attach(refused)
        shown = self.render(
            "page/form.html",
            form=form,
            title=_("New API key"),
            cancel_url=self.link("list"),
            submit_label=_("Make API key"),
        )
        return (shown, REFUSED) if form.is_submitted() else shown

    @expose("/show/<pk>")
    def show(self, pk: str) -> str:
        """Show what an API key may do and when it was used."""
        row = self._row(pk)
        state = STATES[state_of(row)]
        url = self.link("revoke", pk=pk)
        return self.render(
            "page/show.html",
            title=row.name,
            subtitle=f"{row.prefix}…",
            badges=[state],
            back_url=self.link("list"),
            actions=[Action(_("Revoke"), url, "ban", "danger")] if url and row.revoked_at is None else [],
            crumbs=[(_("API keys"), self.link("list")), (row.name, None)],
            facts=[
                {
                    "title": _("Use"),
                    "rows": [
                        (_("Acts as"), row.account.name, "data"),
                        (_("Made"), row.created_at, "moment"),
                        (_("Last used"), row.last_used_at, "moment"),
                        (_("Valid up to"), row.expires_at, "moment"),
                        (_("Revoked"), row.revoked_at, "moment"),
                    ],
                },
                {
                    "title": _("Permissions"),
                    "rows": [(str(KEYS[name].label), name, "data") for name in row.keys if name in KEYS],
                },
            ],
        )

    @expose("/revoke/<pk>", methods=["GET", "POST"])
    def revoke(self, pk: str) -> Any:
        """Make an API key open nothing any more."""
        row = self._row(pk)

        def act() -> Response:
            revoke_api_key(row)
            return self.done(_("API key revoked."), self.link("list"))

        return self.ask(
            NoteForm(),
            act,
            "page/confirm.html",
            title=_("Revoke API key"),
            consequence=_("The program that uses it is refused from its next request on. This cannot be undone."),
            facts=[(_("Name"), row.name, "data"), (_("Begins with"), f"{row.prefix}…", "data")],
            groups=[],
            submit_label=_("Revoke API key"),
            danger=True,
            cancel_url=self.link("show", pk=pk),
        )

    @expose("/reference")
    def reference(self) -> str:
        """Explain the addresses for programs."""
        return self.render(
            "api/reference.html",
            base=_base(),
            rules=RULES,
            description_url=url_for("DescriptionApi.openapi"),
            areas=[
                {"label": areas()[view.__name__], "lines": [_line(view, *found) for found in operations_of(view)]}
                for view in RESOURCES
            ],
            back_url=self.link("list"),
        )


RULES = (
    ("Authorization", _l("A program sends its API key with each request.")),
    ("…_paisa", _l("Amounts are whole paisa.")),
    ("ISO 8601 +06:00", _l("Moments are as the clocks of Dhaka show them.")),
    ("next_cursor", _l("What a list goes on with: send it with the next question. Nothing means the end.")),
    ("Accept-Language", _l("The language of all sentences.")),
    ("Idempotency-Key", _l("The same key gives back the first payment, however often it is sent.")),
    ("HTTP 401", _l("An API key is needed.")),
    ("HTTP 403", _l("A permission is missing; the answer names it.")),
    ("HTTP 404", _l("What the account may not see does not exist for it.")),
    ("HTTP 422", _l("Something in this request is not right; the answer has a sentence for each field.")),
    ("HTTP 429", _l("Too many requests. Wait a little.")),
)
"""What holds for all addresses, each with the word of the protocol that it is about."""


def _base() -> str:
    return current_app.config["PUBLIC_URL"] or "http://localhost"


def _line(view: Any, name: str, one: Operation) -> dict[str, Any]:
    ((url, _methods),) = getattr(view, name)._urls
    key = view.keys[name]
    asked = one.query or one.body
    return {
        "method": one.method,
        "path": (view.route_base + url).replace("<pk>", "{id}"),
        "summary": one.summary,
        "keys": [KEYS[each] for each in ANY_OF.get(key, (key,)) if each in KEYS],
        "is_once_only": one.is_once_only,
        "fields": [
            {"name": field, "required": declared.required, "hint": declared.metadata.get("description", "")}
            for field, declared in (asked().fields if asked else {}).items()
        ],
    }
