"""Look at components, say what happened."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select, text

from app.access.actor import current_actor
from app.access.scope import everywhere, get_or_404, within
from app.accounts.models import Account, Kind
from app.activity.recorder import record
from app.core.clock import now, today
from app.core.database import db, transaction
from app.core.errors import Refused
from app.core.language import normalise
from app.gateways.base import is_reachable
from app.paylinks.merchants import place
from app.paylinks.models import GatewaySettings
from app.radius.queries import probe_password
from app.radius.wire import Word, accepts
from app.status.models import BUILT_IN, OWN, Incident, IncidentUpdate, Progress, State, StatusComponent, StatusDay
from app.status.queries import components, open_incidents, shown_state

EVERY_MINUTES = 2
SILENT_AFTER = timedelta(minutes=6)
"""When nobody has looked for so long, the jobs stand still."""

PROBE = "~status-probe"
"""The username of the status check: no customer can have it."""

Check = Callable[[], State | None]
"""Looks at a component of the provider in scope; None where there is nothing to look at."""

CHECKS: dict[str, list[Check]] = {}


def add_check(key: str, check: Check) -> None:
    """Let a domain look at a built-in component besides: the worst finding holds. It must answer within seconds."""
    CHECKS.setdefault(key, []).append(check)


def _database() -> State | None:
    db.session.execute(text("SELECT 1"))
    return State.WORKING


def _jobs() -> State | None:
    # whoever runs this is the job
    return State.WORKING


def _radius() -> State | None:
    server, secret = current_app.config["RADIUS_SERVER"], current_app.config["RADIUS_SECRET"]
    if not server:
        return None
    host, _colon, port = server.rpartition(":")
    word = accepts(host, int(port), secret, username=PROBE, password=probe_password())
    # an answer that is no Accept: FreeRADIUS is there, and does not reach its tables
    return {Word.YES: State.WORKING, Word.SILENCE: State.DOWN}.get(word, State.IMPAIRED)


def _gateways() -> State | None:
    switched_on = db.session.execute(select(GatewaySettings).where(GatewaySettings.is_on)).scalars()
    roots = {stands.root for row in switched_on if (stands := place(row)) is not None}
    if not roots:
        return None
    reached = [is_reachable(root) for root in sorted(roots)]
    return State.WORKING if all(reached) else State.IMPAIRED if any(reached) else State.DOWN


add_check("portal", _database)
add_check("billing", _jobs)
add_check("radius", _radius)
add_check("gateways", _gateways)


def check_components() -> int:
    """Look at every component of every provider and count what is found to the day; return how many were looked at."""
    with everywhere("the job looks for every provider"):
        heads = db.session.execute(
            select(Account.tenant_id, Account.id)
            .where(Account.kind == Kind.GROUP_ADMIN.value)
            .order_by(Account.tenant_id)
        ).all()
    count = 0
    for tenant_id, head_id in heads:
        with within(tenant_id, head_id):
            ensure_components()
            findings = {component.id: look_at(component.key) for component in components()}
            with transaction():
                count += _write(findings)
    return count


def look_at(key: str) -> State | None:
    """Return the worst that the checks of a component find; None where there is none to look."""
    found = [finding for check in CHECKS.get(key, []) if (finding := check()) is not None]
    return max(found, key=list(State).index) if found else None


def ensure_components() -> None:
    """Give the provider in scope the components that every provider has."""
    known = {component.key for component in components()}
    if set(BUILT_IN) <= known:
        return
    with transaction() as session:
        known = {component.key for component in components()}
        session.add_all(StatusComponent(key=key, position=BUILT_IN.index(key)) for key in BUILT_IN if key not in known)


def _write(findings: dict[int, State | None]) -> int:
    unresolved, day, moment = open_incidents(), today(), now()
    rows = {
        row.component_id: row for row in db.session.execute(select(StatusDay).where(StatusDay.day == day)).scalars()
    }
    for component in components():
        finding = findings.get(component.id)
        if finding is not None:
            component.checked_at = moment
            if component.state != finding:
                component.state, component.state_since = finding, moment
        row = rows.get(component.id)
        if row is None:
            row = StatusDay(component_id=component.id, day=day, looks=0, impaired=0, down=0)
            db.session.add(row)
        state = shown_state(component, unresolved)
        row.looks += 1
        row.impaired += state == State.IMPAIRED
        row.down += state == State.DOWN
    return len(findings)


# --- Incidents and own components, by the Group Admin ---


def open_incident(
    *, title: str, title_bn: str, impact: str, component_ids: list[int], said: str, said_bn: str
) -> Incident:
    """Tell the public of an incident or of planned work, with its first words. Raises Refused."""
    title, title_bn = normalise(title), normalise(title_bn)
    if not title:
        raise Refused(_("Say in a few words what happened."), "title")
    if len(title) > 120 or len(title_bn) > 120:
        raise Refused(_("At most %(count)s characters.", count=120), "title" if len(title) > 120 else "title_bn")
    known = {component.id for component in components()}
    if not set(component_ids) <= known:
        raise Refused(_("Choose one of the list."), "component_ids")
    incident = Incident(title=title, title_bn=title_bn, impact=impact, component_ids=sorted(component_ids))
    db.session.add(incident)
    db.session.flush()
    _say(incident, Progress.INVESTIGATING, said, said_bn)
    _record("incident.opened", incident, incident=incident.title, incident_bn=incident.title_bn)
    return incident


def update_incident(incident: Incident, *, progress: str, said: str, said_bn: str) -> IncidentUpdate:
    """Tell the public how far it is; "resolved" ends the incident, another word opens it again. Raises Refused."""
    incident = get_or_404(Incident, incident.id, lock=True)
    update = _say(incident, Progress(progress), said, said_bn)
    _record("incident.updated", incident, incident=incident.title, incident_bn=incident.title_bn)
    return update


def _say(incident: Incident, progress: Progress, said: str, said_bn: str) -> IncidentUpdate:
    said, said_bn = normalise(said, lines=True), normalise(said_bn, lines=True)
    if not said and not said_bn:
        raise Refused(_("Say what customers should know."), "said")
    if max(len(said), len(said_bn)) > 2000:
        raise Refused(_("At most %(count)s characters.", count=2000), "said")
    actor = current_actor()
    update = IncidentUpdate(
        incident_id=incident.id, progress=progress, said=said, said_bn=said_bn, said_by_id=actor.id if actor else None
    )
    db.session.add(update)
    incident.progress = progress
    incident.resolved_at = now() if progress == Progress.RESOLVED else None
    db.session.flush()
    return update


def add_component(*, name: str, name_bn: str) -> StatusComponent:
    """Add a component that the provider names; its state is set by hand. Raises Refused."""
    component = StatusComponent(key=OWN, position=100)
    _name(component, name, name_bn)
    db.session.add(component)
    db.session.flush()
    _record("status_component.added", component, component=component.name, component_bn=component.name_bn)
    return component


def edit_component(component: StatusComponent, *, name: str, name_bn: str, state: str) -> StatusComponent:
    """Rename an own component, or set how a component stands that nothing looks at. Raises Refused."""
    component = get_or_404(StatusComponent, component.id, lock=True)
    before = component.state
    if component.key == OWN:
        _name(component, name, name_bn)
    if state != component.state:
        if component.checked_at is not None:
            raise Refused(_("This component is looked at by itself. Open an incident to say more."), "state")
        component.state, component.state_since = State(state), now()
    _record(
        "status_component.edited",
        component,
        changes={"state": (str(before), str(component.state))} if before != component.state else None,
        component=component.name or component.key,
        component_bn=component.name_bn,
    )
    return component


def archive_component(component: StatusComponent) -> StatusComponent:
    """Take an own component off the page. Raises Refused for one that every provider has."""
    component = get_or_404(StatusComponent, component.id, lock=True)
    if component.key != OWN or component.archived_at is not None:
        raise Refused(_("This component stays on the page."))
    component.archived_at = now()
    _record("status_component.archived", component, component=component.name, component_bn=component.name_bn)
    return component


def _name(component: StatusComponent, name: str, name_bn: str) -> None:
    component.name, component.name_bn = normalise(name), normalise(name_bn)
    if not component.name:
        raise Refused(_("Enter the name."), "name")
    if max(len(component.name), len(component.name_bn)) > 60:
        raise Refused(_("At most %(count)s characters.", count=60), "name")


def _record(event: str, row: Any, changes: dict[str, tuple[Any, Any]] | None = None, **words: Any) -> None:
    record("status", event, tenant_id=row.tenant_id, owner_id=row.owner_id, subject=row, changes=changes, **words)
