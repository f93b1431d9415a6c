"""Who is connected and who is not, a customer's sessions, the access servers of a parent."""

from datetime import timedelta
from typing import Any

from flask import g, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload, load_only, undefer
from werkzeug.wrappers import Response

from app.access.actor import Actor
from app.access.scope import get_or_404
from app.core.clock import now
from app.core.errors import NotFound
from app.customers.forms import NoteForm
from app.customers.models import Customer
from app.customers.queries import matching, present_customer
from app.customers.tabs import Notice, ProfileTab, add_notice, add_tab
from app.packages.models import Zone
from app.packages.queries import in_sight, packages_in_sight, zone_and_below
from app.radius.forms import AccessServerForm
from app.radius.models import AccessServer, Ask, AskState, LineSession
from app.radius.queries import (
    access_server_names,
    access_servers,
    count_online,
    matching_sessions,
    offline,
    online,
    requests_of,
    sessions_of,
    usage_by_day,
)
from app.radius.services import add_access_server, edit_access_server, remove_access_server
from app.web.charts import Chart, Series, chart_response
from app.web.formats import language, show_clock, show_day, show_duration, show_number
from app.web.interface import AppInterface
from app.web.listing import Choice, Column, DateRange, simple_listing
from app.web.page import Page
from app.web.shown import CONNECTION_TYPES, Badge, choices

ONLINE, OFFLINE = "view-online-customers", "view-offline-customers"
PROFILE = "view-customer-details"

REFRESHED_EVERY_SECONDS = 20

CAUSES = {
    "User-Request": _l("Ended by the customer"),
    "Lost-Carrier": _l("Line broke"),
    "Lost-Service": _l("Line broke"),
    "Idle-Timeout": _l("Nothing was moved for long"),
    "Session-Timeout": _l("Paid time was over"),
    "Admin-Reset": _l("Ended by the provider"),
    "NAS-Reboot": _l("Access server started anew"),
    "NAS-Request": _l("Ended by the access server"),
    "NAS-Error": _l("Ended by the access server"),
    "Stale": _l("Access server fell silent"),
}
"""What FreeRADIUS' terminate causes mean to people; others are shown as they are."""

ASKS = {"disconnect": _l("End the session"), "change_speed": _l("Change the speed")}
ASK_STATES = {
    "waiting": Badge("waiting", _l("Tried again soon"), "warn"),
    "done": Badge("done", _l("Done"), "ok"),
    "refused": Badge("refused", _l("Refused by the access server"), "due"),
    "given_up": Badge("given_up", _l("No answer, given up"), "due"),
    "unknown_server": Badge("unknown_server", _l("Access server is not entered"), "due"),
}


def server_name(address: str) -> str:
    """Return the name of the access server at an address, or the address where it is not the viewer's."""
    if "access_server_names" not in g:
        g.access_server_names = access_server_names()
    return g.access_server_names.get(address, address)


def up_time(session: LineSession) -> int:
    """Return how many seconds a session has lasted, up to now where it is open."""
    if session.started_at is None:
        return session.seconds or 0
    return max(int(((session.stopped_at or now()) - session.started_at).total_seconds()), 0)


class LivePage(Page):
    """A list that brings itself up to date: its script asks the same address for the rows alone."""

    list_template = "radius/live.html"

    def render(self, template: str, **context: Any) -> str:
        """Render the whole page, or the rows alone."""
        is_asked_for_rows = template == self.list_template and request.headers.get("X-Refresh") == "rows"
        return super().render("radius/rows.html" if is_asked_for_rows else template, **context)

    @expose("/")
    def list(self) -> str:
        """Show the list."""
        return super().list()

    def figure(self) -> str:
        """Return the figure above the list, if there is one."""
        return ""

    def list_context(self, actor: Actor) -> dict[str, Any]:
        """Return the figure, the time, and how often the list is refreshed."""
        return {"figure": self.figure(), "as_of": now(), "every": REFRESHED_EVERY_SECONDS}


class OnlinePage(LivePage):
    """Customers who are connected now (spec §7)."""

    datamodel = AppInterface(LineSession)
    route_base = "/online"
    title = _l("Online customers")
    empty_text = _l("Nobody is connected. Sessions appear here as soon as an access server tells of them.")
    empty_icon = "wifi-off"
    export_name = "online"
    default_sort = "since"
    search = staticmethod(matching_sessions)
    search_label = _l("Name, username, mobile, IP or MAC")
    search_columns = ["username"]
    # two wide tables of which a row shows little
    load = (
        load_only(
            LineSession.customer_id,
            LineSession.address,
            LineSession.mac,
            LineSession.started_at,
            LineSession.stopped_at,
            LineSession.updated_at,
            LineSession.seconds,
            LineSession.downloaded,
            LineSession.uploaded,
            LineSession.nas_address,
        ),
        joinedload(LineSession.customer).load_only(Customer.name, Customer.name_bn, Customer.username),
    )
    keys = {"list": ONLINE, "export": ONLINE, "usage": ONLINE}
    columns = (
        Column(
            "name",
            _l("Customer"),
            lambda row: row.customer.name_for(language()),
            "data",
            secondary=lambda row: row.customer.username,
            card="title",
        ),
        Column("username", _l("Username"), lambda row: row.customer.username, only_csv=True),
        Column("address", _l("IP address"), lambda row: row.address, "data", sort=LineSession.address),
        Column("mac", _l("MAC address"), lambda row: row.mac, "data", card="hide"),
        Column(
            "since",
            _l("Connected since"),
            lambda row: row.started_at,
            "moment",
            sort=LineSession.started_at,
            secondary=lambda row: show_duration(up_time(row)),
        ),
        Column("seconds", _l("Up time in seconds"), up_time, only_csv=True),
        Column(
            "downloaded",
            _l("Download"),
            lambda row: row.downloaded or 0,
            "bytes",
            sort=LineSession.downloaded,
            align="right",
            card="amount",
        ),
        Column(
            "uploaded",
            _l("Upload"),
            lambda row: row.uploaded or 0,
            "bytes",
            sort=LineSession.uploaded,
            align="right",
            card="hide",
        ),
        Column("nas", _l("Access server"), lambda row: server_name(row.nas_address), "data"),
        Column(
            "updated", _l("Updated"), lambda row: row.updated_at, "moment", sort=LineSession.updated_at, card="hide"
        ),
    )
    filters = (
        Choice(
            "nas",
            _l("Access server"),
            lambda: [(server.address, server.name) for server in access_servers()],
            lambda value: LineSession.nas_address == value,
            from_rows=True,
        ),
        Choice(
            "package",
            _l("Package"),
            lambda: [(str(row.id), row.name) for row in packages_in_sight()],
            lambda value: LineSession.customer_id.in_(select(Customer.id).where(Customer.package_id == int(value))),
            from_rows=True,
        ),
        Choice(
            "zone",
            _l("Zone"),
            lambda: [(str(row.id), row.path) for row in in_sight(Zone, Zone.path)],
            lambda value: LineSession.customer_id.in_(
                select(Customer.id).where(Customer.zone_id.in_(zone_and_below(int(value))))
            ),
            from_rows=True,
        ),
        DateRange("since", _l("Connected since"), LineSession.started_at, is_moment=True),
    )

    def rows(self) -> Select[Any]:
        """Select the open sessions."""
        return online()

    def figure(self) -> str:
        """Say how many are connected."""
        return _("%(count)s connected now", count=show_number(count_online()))

    def row_url(self, row: Any) -> str | None:
        """Lead to the customer's sessions, for who may open the profile."""
        return _profile_url(self.actor(), row.customer_id)

    @expose("/usage/<pk>")
    def usage(self, pk: str) -> Response:
        """Answer the figures of a customer's usage chart."""
        customer = present_customer(pk)
        return chart_response(_usage_chart(customer))


class OfflinePage(LivePage):
    """Active customers who are not connected: who should be and is not (spec §7)."""

    datamodel = AppInterface(Customer)
    route_base = "/offline"
    title = _l("Offline customers")
    empty_text = _l("Every active customer is connected.")
    empty_icon = "wifi"
    export_name = "offline"
    default_sort = "number"
    search = staticmethod(matching)
    search_label = _l("Name, number, username or mobile")
    search_columns = ["name", "username"]
    load = (joinedload(Customer.package), joinedload(Customer.zone), undefer(Customer.last_seen))  # type: ignore[attr-defined]
    keys = {"list": OFFLINE, "export": OFFLINE}
    columns = (
        Column("number", _l("No."), lambda row: row.number, "number", sort=Customer.number, card="bare", is_key=True),
        Column(
            "name",
            _l("Name"),
            lambda row: row.name_for(language()),
            "data",
            sort=Customer.name,
            secondary=lambda row: row.username,
        ),
        Column("username", _l("Username"), lambda row: row.username, only_csv=True),
        Column(
            "mobile",
            _l("Mobile"),
            lambda row: row.mobile,
            "phone",
            csv=lambda row: row.mobile.removeprefix("+88"),
            card="meta",
        ),
        Column("package", _l("Package"), lambda row: row.package.name, "data"),
        Column("zone", _l("Zone"), lambda row: row.zone.path if row.zone else "", "data"),
        Column("last_seen", _l("Last seen"), lambda row: row.last_seen, "moment"),
    )
    filters = (
        Choice(
            "type",
            _l("Connection type"),
            lambda: choices(CONNECTION_TYPES),
            lambda value: Customer.connection_type == value,
        ),
        Choice(
            "package",
            _l("Package"),
            lambda: [(str(row.id), row.name) for row in packages_in_sight()],
            lambda value: Customer.package_id == int(value),
            from_rows=True,
        ),
        Choice(
            "zone",
            _l("Zone"),
            lambda: [(str(row.id), row.path) for row in in_sight(Zone, Zone.path)],
            lambda value: Customer.zone_id.in_(zone_and_below(int(value))),
            from_rows=True,
        ),
    )

    def rows(self) -> Select[Any]:
        """Select active customers without an open session."""
        return offline()

    def row_url(self, row: Any) -> str | None:
        """Lead to the customer's profile, for who may open it."""
        return _profile_url(self.actor(), row.id)


def _profile_url(actor: Actor, customer_id: int) -> str | None:
    if not actor.may(PROFILE):
        return None
    # written out: this is a row of a list that is asked for every few seconds
    return f"/customers/show/{customer_id}" + ("?tab=sessions" if actor.may(ONLINE) else "")


SESSION_COLUMNS = (
    Column("started", _l("From"), lambda row: row.started_at, "moment", card="title"),
    Column("seconds", _l("Up time"), lambda row: show_duration(up_time(row)), "data"),
    Column("downloaded", _l("Download"), lambda row: row.downloaded or 0, "bytes", align="right", card="amount"),
    Column("uploaded", _l("Upload"), lambda row: row.uploaded or 0, "bytes", align="right", card="hide"),
    Column("address", _l("IP address"), lambda row: row.address, "data"),
    Column("nas", _l("Access server"), lambda row: server_name(row.nas_address), "data", card="hide"),
    Column(
        "end",
        _l("Ended"),
        lambda row: (
            _("Connected now") if row.stopped_at is None else CAUSES.get(row.terminate_cause, row.terminate_cause)
        ),
        "status",
        tone=lambda row: "ok" if row.stopped_at is None else None,
    ),
)

REQUEST_COLUMNS = (
    Column("ask", _l("What was asked"), lambda row: ASKS[row.ask], card="title"),
    Column("asked_at", _l("When"), lambda row: row.asked_at, "moment"),
    Column("tries", _l("Tries"), lambda row: row.tries, "number", card="hide"),
    Column(
        "state",
        _l("State"),
        lambda row: ASK_STATES[row.state].label,
        "status",
        tone=lambda row: ASK_STATES[row.state].tone,
    ),
)


def _usage_chart(customer: Customer) -> Chart:
    days = usage_by_day(customer)
    return Chart(
        "usage",
        _("Usage by day"),
        category_label=_("Day"),
        categories=[show_day(day) for day, _up, _down in days],
        series=(
            Series(_("Download"), [down for _day, _up, down in days]),
            Series(_("Upload"), [up for _day, up, _down in days]),
        ),
        unit="bytes",
        stacked=True,
        empty_text=_("Nothing was moved in the last 30 days."),
    )


def _sessions_tab(customer: Customer, _actor: Actor) -> dict[str, Any]:
    sessions = sessions_of(customer)
    live = next((one for one in sessions if one.stopped_at is None), None)
    asked = requests_of(customer)
    lead = []
    if live is not None:
        rows = [
            (_("Connected since"), live.started_at, "moment"),
            (_("Up time"), show_duration(up_time(live)), "data"),
            (_("IP address"), live.address, "data"),
            (_("MAC address"), live.mac, "data"),
            (_("Access server"), server_name(live.nas_address), "data"),
            (_("Updated"), live.updated_at, "moment"),
        ]
        lead = [{"title": _("Connected now"), "rows": rows}]
    return {
        "lead": lead,
        "chart": _usage_chart(customer),
        "chart_url": url_for("OnlinePage.usage", pk=customer.id),
        "listing": simple_listing(SESSION_COLUMNS, sessions, empty_text=_("This line was never connected.")),
        "more_listings": [(_("Requests to the access server"), simple_listing(REQUEST_COLUMNS, asked))]
        if asked
        else [],
    }


add_tab(ProfileTab("sessions", _l("Sessions"), (ONLINE,), _sessions_tab, order=50))


TOLD_BY = ("activate-customer", "suspend-customer", "disable-customer", "change-customer-package", ONLINE)
"""Whoever may change what a live session is affected by is told what became of it."""

SHOWN_FOR = timedelta(hours=24)
SHOWN_WHEN_DONE = timedelta(minutes=15)


def _told(customer: Customer, actor: Actor) -> Notice | None:
    """Say what became of the last request about a customer's session, while that is news."""
    if not any(actor.may(key) for key in TOLD_BY):
        return None
    last = next(iter(requests_of(customer, limit=1)), None)
    if last is None or last.asked_at < now() - (SHOWN_WHEN_DONE if last.state == AskState.DONE else SHOWN_FOR):
        return None
    if last.state == AskState.DONE:
        done = (
            _("The live session has the new speed.")
            if last.ask == Ask.CHANGE_SPEED
            else _("The live session was ended.")
        )
        return Notice(done, "ok")
    if last.state == AskState.WAITING:
        return Notice(
            _(
                "The change is saved. The access server has not answered yet: it is told again at %(time)s.",
                time=show_clock(last.next_try_at)[:5],
            )
            if last.tries
            else _("The change is saved. The access server is being told."),
            "warn",
        )
    reasons = {
        AskState.REFUSED: _(
            "The change is saved, but the access server refused to end the live session. End it there."
        ),
        AskState.GIVEN_UP: _(
            "The change is saved, but the access server did not answer. The live session may still run: end it there."
        ),
        AskState.UNKNOWN_SERVER: _(
            "The change is saved, but the live session runs on: its access server is not entered under Access servers."
        ),
    }
    return Notice(reasons[AskState(last.state)], "due")


add_notice(_told)


class AccessServerPage(Page):
    """The access servers (MikroTik and others) that ask FreeRADIUS and take its requests: what CoA needs, no more."""

    datamodel = AppInterface(AccessServer)
    route_base = "/access-servers"
    title = _l("Access servers")
    add_label = _l("New access server")
    empty_text = _l(
        "No access server yet. Enter each MikroTik that asks FreeRADIUS, so that sessions can be ended from here."
    )
    empty_icon = "router"
    export_name = "access_servers"
    default_sort = "name"
    search_columns = ["name", "address"]
    keys = {"list": "parents", "add": "parents", "edit": "parents", "remove": "parents"}
    columns = (
        Column("name", _l("Name"), lambda row: row.name, "data", sort=AccessServer.name),
        Column("address", _l("IP address"), lambda row: row.address, "data", sort=AccessServer.address),
        Column("coa_port", _l("Port for disconnecting (CoA)"), lambda row: str(row.coa_port), "number"),
    )

    def rows(self) -> Select[Any]:
        """Select the access servers in use."""
        return select(AccessServer).where(AccessServer.removed_at.is_(None))

    def row_url(self, row: Any) -> str | None:
        """Lead to the form."""
        return self.link("edit", pk=row.id)

    def _row(self, pk: object) -> AccessServer:
        server = get_or_404(AccessServer, pk)
        if server.removed_at is not None:
            raise NotFound("AccessServer")
        return server

    @expose("/add", methods=["GET", "POST"])
    def add(self) -> Any:
        """Enter an access server."""
        form = AccessServerForm()

        def act() -> Response:
            add_access_server(**form.values())  # type: ignore[arg-type]
            return self.done(_("Access server entered."), self.link("list"))

        return self.ask(
            form,
            act,
            title=_("New access server"),
            intro=_("FreeRADIUS reads this list when it starts: start it anew after a change."),
            cancel_url=self.link("list"),
        )

    @expose("/edit/<pk>", methods=["GET", "POST"])
    def edit(self, pk: str) -> Any:
        """Change an access server."""
        server = self._row(pk)
        form = AccessServerForm(
            data={"name": server.name, "address": server.address, "coa_port": str(server.coa_port), "secret": ""}
        )
        form.secret.description = _("Leave empty to keep the secret.")
        form.secret.flags.required = False

        def act() -> Response:
            edit_access_server(server, **form.values())  # type: ignore[arg-type]
            return self.done(_("Access server saved."), self.link("list"))

        return self.ask(
            form,
            act,
            "radius/access_server.html",
            title=_("Edit access server"),
            intro=_("FreeRADIUS reads this list when it starts: start it anew after a change."),
            cancel_url=self.link("list"),
            remove_url=self.link("remove", pk=pk),
        )

    @expose("/remove/<pk>", methods=["GET", "POST"])
    def remove(self, pk: str) -> Any:
        """Take an access server out of use."""
        server = self._row(pk)

        def act() -> Response:
            remove_access_server(server)
            return self.done(_("Access server removed."), self.link("list"))

        return self.ask(
            NoteForm(),
            act,
            "page/confirm.html",
            title=_("Remove access server"),
            consequence=_("FreeRADIUS no longer answers it, and its sessions can no longer be ended from here."),
            facts=[(_("Name"), server.name, "data"), (_("IP address"), server.address, "data")],
            submit_label=_("Remove access server"),
            danger=True,
            cancel_url=self.link("edit", pk=pk),
        )
