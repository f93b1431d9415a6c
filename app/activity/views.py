"""The two logs: who did what, and who signed in, when, from where."""

from typing import Any

from flask import Response, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, or_, select

from app.access.actor import Actor, current_actor
from app.access.permissions import SIGNED_IN
from app.accounts.models import Account, Tenant
from app.activity.models import Activity, Authentication
from app.activity.queries import printed_head, signed_heads
from app.activity.recorder import record
from app.activity.sentences import (
    AUTHENTICATION,
    REFERENCES,
    RESULTS,
    TOPIC_KEYS,
    TOPICS,
    authentication_sentence,
    changes,
    plain_changes,
    reference,
    result_of,
    sentence,
)
from app.core.clock import today
from app.core.database import db, transaction
from app.core.language import fold
from app.customers.models import Customer
from app.customers.tabs import ProfileTab, add_tab
from app.security.devices import device_name
from app.web.interface import AppInterface
from app.web.listing import Choice, Column, DateRange, Word, simple_listing
from app.web.page import LONGEST_NUMBER, Page
from app.web.shown import choices


def readable(actor: Actor) -> Select[Any]:
    """Select the entries an account may read: its own, and of others' those whose topic's list key it holds (spec §8)."""
    if actor.may("super-admin"):
        return select(Activity)
    return select(Activity).where(or_(Activity.actor_id == actor.id, Activity.topic.in_(_open_topics(actor))))


def _open_topics(actor: Actor) -> list[str]:
    return [topic for topic, key in TOPIC_KEYS.items() if actor.may(key)]


def readable_sign_ins(actor: Actor) -> Select[Any]:
    """Select the sign-ins an account may read: a Manager's own, a parent's scope (spec §8)."""
    everybodys = select(Authentication)
    return everybodys.where(Authentication.actor_id == actor.id) if actor.may("managers") else everybodys


def _people(actor: Actor | None, *, others: bool) -> list[tuple[str, Any]]:
    """Return who may have made entries, by name: oneself, and the accounts of the scope where others' entries are read."""
    if actor is None or not others:
        return [(str(actor.id), actor.name)] if actor else []
    rows = db.session.execute(select(Account.id, Account.name).order_by(func.lower(Account.name), Account.id))
    return [(str(account_id), name) for account_id, name in rows]


def _actors() -> list[tuple[str, Any]]:
    actor = current_actor()
    return _people(actor, others=actor is not None and bool(_open_topics(actor)))


def _signers() -> list[tuple[str, Any]]:
    actor = current_actor()
    return _people(actor, others=actor is not None and not actor.may("managers"))


def _of_customer(number: str) -> Any:
    if not (number.isascii() and number.isdigit() and len(number) <= LONGEST_NUMBER):
        return None
    return Activity.customer_id.in_(select(Customer.id).where(Customer.number == int(number)))


def _page_of(entry: Activity) -> str | None:
    """Return the address of what an entry is about, for who may open it."""
    actor = current_actor()
    if actor is None or entry.subject_id is None or not reference(entry):
        return None
    _label, endpoint, key = REFERENCES[entry.subject_kind]
    return url_for(endpoint, pk=entry.subject_id) if actor.may(key) else None


class LogPage(Page):
    """What the pages of both logs share."""

    default_sort = "at"
    empty_icon = "history"
    search_label = _l("Name, number or word")

    @expose("/")
    def list(self) -> str:
        """Show the entries."""
        return super().list()


class ActivityPage(LogPage):
    """Entries of the account's scope."""

    datamodel = AppInterface(Activity)
    route_base = "/activity"
    title = _l("Activity log")
    empty_text = _l("Nothing has happened yet.")
    export_name = "activity"
    list_template = "activity/list.html"
    search = staticmethod(
        lambda text: (
            Activity.detail.icontains(text, autoescape=True)
            | Activity.actor_name.icontains(text, autoescape=True)
            | (Activity.address == text)
        )
    )
    search_columns = ["topic", "event", "actor_name"]
    keys = {"list": SIGNED_IN, "export": SIGNED_IN, "heads": "group-admin"}
    columns = (
        Column("sentence", _l("What"), sentence, "data", card="title", secondary=changes),
        Column(
            "at",
            _l("When"),
            lambda row: row.at,
            "full_moment",
            sort=Activity.seq,
            csv=lambda row: row.at,
        ),
        Column("actor", _l("Who"), lambda row: row.actor_name or _("System"), "data"),
        Column("topic", _l("Topic"), lambda row: str(TOPICS[row.topic])),
        Column("reference", _l("Reference"), reference, "data", url=_page_of),
        Column("changes", _l("Before → after"), plain_changes, only_csv=True),
        Column("address", _l("IP address"), lambda row: row.address, "data", card="hide"),
    )
    filters = (
        Choice("topic", _l("Topic"), lambda: choices(TOPICS), lambda value: Activity.topic == value),
        Choice("person", _l("Who"), _actors, lambda value: Activity.actor_id == int(value)),
        DateRange("at", _l("When"), Activity.at, is_moment=True),
        Word("customer", _l("Customer no."), _of_customer),
    )

    def rows(self) -> Select[Any]:
        """Select what the account may read."""
        return readable(self.actor())

    def list_context(self, actor: Actor) -> dict[str, Any]:
        """Add the head of the chain, for who may carry it elsewhere."""
        url = self.link("heads")
        return {"heads_url": url, "head": printed_head(actor.tenant_id) if url and actor.tenant_id else None}

    @expose("/heads")
    def heads(self) -> Response:
        """Download the heads of the tenant's logs, signed, to be kept outside of the database; the download is logged."""
        actor = self.actor()
        tenant = db.session.get_one(Tenant, actor.tenant_id)
        with transaction():
            record("access", "log.heads_downloaded", tenant_id=actor.tenant_id, owner_id=actor.owner_id)
        response = Response(signed_heads(tenant.id, tenant.slug), mimetype="application/json")
        response.headers["Content-Disposition"] = (
            f'attachment; filename="log-heads-{tenant.slug}-{today().isoformat()}.json"'
        )
        return response


class AuthenticationPage(LogPage):
    """Sign-ins of the account's scope: a Manager's own, a parent's with those of the accounts below."""

    datamodel = AppInterface(Authentication)
    route_base = "/authentication-log"
    title = _l("Authentication log")
    empty_text = _l("Nobody has signed in yet.")
    empty_icon = "key"
    export_name = "authentication-log"
    search_label = _l("Name, IP address or device")
    search = staticmethod(
        lambda text: (
            Authentication.actor_name.icontains(text, autoescape=True)
            | Authentication.device.icontains(fold(text), autoescape=True)
            | Authentication.address.contains(text, autoescape=True)
        )
    )
    search_columns = ["event", "result", "actor_name"]
    keys = {"list": SIGNED_IN, "export": SIGNED_IN}
    columns = (
        Column("event", _l("What"), authentication_sentence, card="title"),
        Column(
            "at",
            _l("When"),
            lambda row: row.at,
            "full_moment",
            sort=Authentication.seq,
            csv=lambda row: row.at,
        ),
        Column("actor", _l("Account"), lambda row: row.actor_name or _("Unknown"), "data"),
        Column("result", _l("Result"), lambda row: result_of(row)[0], "status", tone=lambda row: result_of(row)[1]),
        Column("address", _l("IP address"), lambda row: row.address, "data"),
        Column("device", _l("Device"), lambda row: device_name(row.device), "data", csv=lambda row: row.device),
    )
    filters = (
        Choice("event", _l("What"), lambda: choices(AUTHENTICATION), lambda value: Authentication.event == value),
        Choice(
            "result",
            _l("Result"),
            lambda: [(value, label) for value, (label, _tone) in RESULTS.items()],
            lambda value: Authentication.result == value,
        ),
        Choice("person", _l("Account"), _signers, lambda value: Authentication.actor_id == int(value)),
        DateRange("at", _l("When"), Authentication.at, is_moment=True),
    )

    def rows(self) -> Select[Any]:
        """Select what the account may read."""
        return readable_sign_ins(self.actor())


def _history_tab(customer: Customer, actor: Actor) -> dict[str, Any]:
    entries = list(
        db.session.execute(
            readable(actor).where(Activity.customer_id == customer.id).order_by(Activity.seq.desc()).limit(100)
        ).scalars()
    )
    names = ("sentence", "at", "actor")
    columns = tuple(column for column in ActivityPage.columns if column.name in names)
    return {"listing": simple_listing(columns, entries, empty_text=_("Nothing has happened yet."))}


add_tab(ProfileTab("history", _l("History"), ("view-customer-details",), _history_tab, order=60))
