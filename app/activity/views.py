"""The activity log: who did what, when, from where."""

from typing import Any

from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, or_, select

from app.access.actor import Actor
from app.access.permissions import SIGNED_IN
from app.activity.models import Activity
from app.activity.sentences import TOPIC_KEYS, TOPICS, changes, sentence
from app.core.database import db
from app.customers.models import Customer
from app.customers.tabs import ProfileTab, add_tab
from app.web.interface import AppInterface
from app.web.listing import Choice, Column, DateRange, simple_listing
from app.web.page import Page
from app.web.shown import choices


def readable(actor: Actor) -> Select[Any]:
    """Select the entries an account may read: its own, and of others' those whose topic's list key it holds (spec §8)."""
    topics = [topic for topic, key in TOPIC_KEYS.items() if actor.may(key)]
    return select(Activity).where(or_(Activity.actor_id == actor.id, Activity.topic.in_(topics)))


class ActivityPage(Page):
    """Entries of the account's scope."""

    datamodel = AppInterface(Activity)
    route_base = "/activity"
    title = _l("Activity log")
    empty_text = _l("Nothing has happened yet.")
    empty_icon = "history"
    export_name = "activity"
    default_sort = "at"
    search = staticmethod(
        lambda text: (
            Activity.detail.contains(text, autoescape=True) | Activity.actor_name.contains(text, autoescape=True)
        )
    )
    search_label = _l("Name, number or word")
    search_columns = ["topic", "event", "actor_name"]
    keys = {"list": SIGNED_IN, "export": SIGNED_IN}
    columns = (
        Column("sentence", _l("What"), sentence, "data", card="title"),
        Column("at", _l("When"), lambda row: row.at, "moment", sort=Activity.seq),
        Column("actor", _l("Who"), lambda row: row.actor_name or _("System"), "data"),
        Column("topic", _l("Topic"), lambda row: str(TOPICS[row.topic])),
        Column("changes", _l("Before → after"), changes, only_csv=True),
        Column("address", _l("IP address"), lambda row: row.address, "data", card="hide"),
    )
    filters = (
        Choice("topic", _l("Topic"), lambda: choices(TOPICS), lambda value: Activity.topic == value),
        DateRange("at", _l("When"), Activity.at, is_moment=True),
    )

    @expose("/")
    def list(self) -> str:
        """Show the entries."""
        return super().list()

    def rows(self) -> Select[Any]:
        """Select what the account may read."""
        return readable(self.actor())


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
