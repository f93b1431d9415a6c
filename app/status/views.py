"""What the Group Admin says on the status page: incidents with updates, own components."""

from typing import Any

from flask import url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select
from werkzeug.wrappers import Response

from app.access.scope import get_or_404
from app.core.errors import NotFound
from app.customers.forms import NoteForm
from app.status.forms import ComponentForm, ComponentStateForm, IncidentForm, UpdateForm
from app.status.models import OWN, Incident, StatusComponent
from app.status.queries import components, updates_of
from app.status.services import add_component, archive_component, edit_component, open_incident, update_incident
from app.status.shown import PROGRESS, STATES, either, name_of
from app.web.frame import company_of
from app.web.interface import AppInterface
from app.web.listing import Choice, Column, DateRange, simple_listing
from app.web.page import Page
from app.web.shown import Action, choices

HEAD = "group-admin"

UPDATE_COLUMNS = (
    Column("said", _l("What was said"), lambda row: either(row.said, row.said_bn), "data", card="title"),
    Column(
        "progress",
        _l("How far"),
        lambda row: PROGRESS[row.progress].label,
        "status",
        tone=lambda row: PROGRESS[row.progress].tone,
    ),
    Column("said_at", _l("When"), lambda row: row.said_at, "moment"),
)


class IncidentPage(Page):
    """Incidents of the provider, as the public sees them."""

    datamodel = AppInterface(Incident)
    route_base = "/incidents"
    title = _l("Status page")
    add_label = _l("New incident")
    empty_text = _l(
        "No incident. When something goes wrong, or work is planned, say it here: the public status page shows it."
    )
    empty_icon = "heartbeat"
    export_name = "incidents"
    default_sort = "started"
    search = staticmethod(
        lambda text: Incident.title.icontains(text, autoescape=True) | Incident.title_bn.contains(text, autoescape=True)
    )
    search_label = _l("Words of the incident")
    search_columns = ["title", "impact"]
    list_template = "status/incidents.html"
    keys = {"list": HEAD, "show": HEAD, "add": HEAD, "update": HEAD, "export": HEAD}
    columns = (
        Column("title", _l("Incident"), lambda row: either(row.title, row.title_bn), "data", card="title"),
        Column("impact", _l("Impact"), lambda row: str(STATES[row.impact].label)),
        Column(
            "progress",
            _l("How far"),
            lambda row: PROGRESS[row.progress].label,
            "status",
            tone=lambda row: PROGRESS[row.progress].tone,
        ),
        Column("started", _l("Began"), lambda row: row.started_at, "moment", sort=Incident.started_at),
        Column("resolved", _l("Over since"), lambda row: row.resolved_at, "moment", sort=Incident.resolved_at),
    )
    filters = (
        Choice("progress", _l("How far"), lambda: choices(PROGRESS), lambda value: Incident.progress == value),
        DateRange("started", _l("Began"), Incident.started_at, is_moment=True),
    )

    def list_context(self, actor: Any) -> dict[str, Any]:
        """Lead to the public page and to the components."""
        company = company_of(actor)
        return {"public_url": url_for("StatusPage.page", slug=company.slug) if company else None}

    @expose("/show/<pk>")
    def show(self, pk: str) -> str:
        """Show an incident with what was said about it."""
        incident = self._row(pk)
        said = updates_of([incident])[incident.id]
        affected = [component for component in components() if component.id in incident.component_ids]
        table = simple_listing(UPDATE_COLUMNS, said)
        table.title = _("Updates")
        rows = [
            (_("Impact"), str(STATES[incident.impact].label)),
            (_("Began"), incident.started_at, "moment"),
            (_("Over since"), incident.resolved_at, "moment"),
            (_("Affected"), ", ".join(name_of(component) for component in affected), "data"),
        ]
        return self.render(
            "page/show.html",
            title=either(incident.title, incident.title_bn),
            badges=[PROGRESS[incident.progress]],
            actions=[Action(_("Post an update"), url_for("IncidentPage.update", pk=pk), "speakerphone", "primary")],
            facts=[{"title": _("Incident"), "rows": rows}],
            tables=[table],
            back_url=self.link("list"),
            crumbs=[(_("Status page"), self.link("list")), (either(incident.title, incident.title_bn), None)],
        )

    @expose("/add", methods=["GET", "POST"])
    def add(self) -> Any:
        """Tell the public of an incident."""
        form = IncidentForm().offer()

        def act() -> Response:
            incident = open_incident(
                title=form.title.data or "",
                title_bn=form.title_bn.data or "",
                impact=form.impact.data,
                component_ids=[one for one in form.component_ids.data or [] if one],
                **form.words(),
            )
            return self.done(_("The incident is on the status page."), self.link("show", pk=incident.id))

        return self.ask(
            form,
            act,
            title=_("New incident"),
            groups=form.groups,
            submit_label=_("Publish"),
            cancel_url=self.link("list"),
        )

    @expose("/update/<pk>", methods=["GET", "POST"])
    def update(self, pk: str) -> Any:
        """Say another word about an incident."""
        incident = self._row(pk)
        form = UpdateForm(data={"progress": incident.progress})

        def act() -> Response:
            update_incident(incident, progress=form.progress.data, **form.words())
            return self.done(_("The update is on the status page."), self.link("show", pk=incident.id))

        return self.ask(
            form,
            act,
            title=_("Post an update"),
            groups=form.groups,
            submit_label=_("Publish"),
            cancel_url=self.link("show", pk=pk),
        )


class ComponentPage(Page):
    """What the status page is about."""

    datamodel = AppInterface(StatusComponent)
    route_base = "/status-components"
    title = _l("Components")
    add_label = _l("New component")
    empty_text = _l("The components appear with the first check, within minutes.")
    empty_icon = "heartbeat"
    export_name = "components"
    default_sort = ""
    search_columns = ["name"]
    keys = {"list": HEAD, "add": HEAD, "edit": HEAD, "archive": HEAD}
    columns = (
        Column("name", _l("Component"), name_of, "data", card="title"),
        Column(
            "state", _l("State"), lambda row: STATES[row.state].label, "status", tone=lambda row: STATES[row.state].tone
        ),
        Column("since", _l("Since"), lambda row: row.state_since, "moment"),
        Column(
            "checked",
            _l("Looked at"),
            lambda row: _("By itself") if row.checked_at else _("By hand"),
        ),
    )

    def rows(self) -> Select[Any]:
        """Select the components on the page."""
        return select(StatusComponent).where(StatusComponent.archived_at.is_(None))

    def row_url(self, row: Any) -> str | None:
        """Lead to the form."""
        return self.link("edit", pk=row.id)

    def _row(self, pk: object) -> StatusComponent:
        component = get_or_404(StatusComponent, pk)
        if component.archived_at is not None:
            raise NotFound("StatusComponent")
        return component

    @expose("/add", methods=["GET", "POST"])
    def add(self) -> Any:
        """Add a component."""
        form = ComponentForm()

        def act() -> Response:
            add_component(name=form.name.data or "", name_bn=form.name_bn.data or "")
            return self.done(_("The component is on the status page."), self.link("list"))

        return self.ask(form, act, title=_("New component"), cancel_url=self.link("list"))

    @expose("/edit/<pk>", methods=["GET", "POST"])
    def edit(self, pk: str) -> Any:
        """Rename a component, or say how it stands."""
        component = self._row(pk)
        form = ComponentStateForm(data={"name": component.name, "name_bn": component.name_bn, "state": component.state})
        is_own = component.key == OWN
        names = ["name", "name_bn", "state"] if is_own else ["state"]
        if component.checked_at is not None:
            form.state.description = _("This component is looked at by itself. Open an incident to say more.")

        def act() -> Response:
            edit_component(component, name=form.name.data or "", name_bn=form.name_bn.data or "", state=form.state.data)
            return self.done(_("Component saved."), self.link("list"))

        return self.ask(
            form,
            act,
            "status/component.html",
            title=name_of(component),
            groups=[{"title": "", "fields": names}],
            cancel_url=self.link("list"),
            archive_url=self.link("archive", pk=pk) if is_own else None,
        )

    @expose("/archive/<pk>", methods=["GET", "POST"])
    def archive(self, pk: str) -> Any:
        """Take a component off the page."""
        component = self._row(pk)

        def act() -> Response:
            archive_component(component)
            return self.done(_("Component taken off the page."), self.link("list"))

        return self.ask(
            NoteForm(),
            act,
            "page/confirm.html",
            title=_("Take component off the page"),
            consequence=_("Its days are kept, but nobody sees them any more."),
            facts=[(_("Component"), name_of(component), "data")],
            submit_label=_("Take off the page"),
            danger=True,
            cancel_url=self.link("edit", pk=pk),
        )
