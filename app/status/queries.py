"""What the status page of a provider shows, as plain data that can be kept in a file."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from app.access.scope import everywhere
from app.accounts.models import Account, Kind, Tenant
from app.core.clock import now, today
from app.core.database import db
from app.core.errors import NotFound
from app.status.models import WORST_LAST, Incident, IncidentUpdate, State, StatusComponent, StatusDay

DAYS = 90
"""How many days of bars the page shows (spec §8)."""

INCIDENT_DAYS = 30


def provider(slug: str) -> tuple[Tenant, int]:
    """Return a provider by the short name in an address, with the id of its Group Admin. Raises NotFound."""
    with everywhere("a status page is named by its address, and is for everybody"):
        row = db.session.execute(
            select(Tenant, Account.id)
            .join(Account, Account.tenant_id == Tenant.id)
            .where(Tenant.slug == slug, Account.kind == Kind.GROUP_ADMIN.value)
        ).first()
    if row is None:
        raise NotFound("Tenant")
    return row[0], row[1]


def components() -> list[StatusComponent]:
    """Return the components of the provider in scope, in order."""
    shown = select(StatusComponent).where(StatusComponent.archived_at.is_(None))
    return list(db.session.execute(shown.order_by(StatusComponent.position, StatusComponent.id)).scalars())


def open_incidents() -> list[Incident]:
    """Return what is not resolved yet, the newest first."""
    unresolved = (
        select(Incident).where(Incident.resolved_at.is_(None)).order_by(Incident.started_at.desc(), Incident.id.desc())
    )
    return list(db.session.execute(unresolved).scalars())


def updates_of(incidents: list[Incident]) -> dict[int, list[IncidentUpdate]]:
    """Return what was said about incidents, the newest first, by incident."""
    said: dict[int, list[IncidentUpdate]] = {incident.id: [] for incident in incidents}
    rows = select(IncidentUpdate).where(IncidentUpdate.incident_id.in_(said)).order_by(IncidentUpdate.id.desc())
    for update in db.session.execute(rows).scalars():
        said[update.incident_id].append(update)
    return said


def worst(*states: str) -> str:
    """Return the worst of some states."""
    return max(states, key=lambda state: WORST_LAST.index(State(state)))


def shown_state(component: StatusComponent, incidents: list[Incident]) -> str:
    """Return how a component stands: its check, or an open incident that says worse."""
    return worst(component.state, *(one.impact for one in incidents if component.id in one.component_ids))


def snapshot() -> dict[str, Any]:
    """Return the page of the provider in scope as plain data: components with their days, open and past incidents."""
    shown, unresolved = components(), open_incidents()
    since = now() - timedelta(days=INCIDENT_DAYS)
    past = list(
        db.session.execute(
            select(Incident)
            .where(Incident.resolved_at >= since)
            .order_by(Incident.started_at.desc(), Incident.id.desc())
            .limit(20)
        ).scalars()
    )
    said = updates_of([*unresolved, *past])
    first = today() - timedelta(days=DAYS - 1)
    days: dict[int, dict[str, StatusDay]] = {}
    for row in db.session.execute(select(StatusDay).where(StatusDay.day >= first)).scalars():
        days.setdefault(row.component_id, {})[row.day.isoformat()] = row
    return {
        "made_at": now().isoformat(),
        "components": [
            {
                "key": component.key,
                "name": component.name,
                "name_bn": component.name_bn,
                "state": shown_state(component, unresolved),
                "checked_at": component.checked_at.isoformat() if component.checked_at else None,
                "days": [_day(days.get(component.id, {}), first + timedelta(days=number)) for number in range(DAYS)],
            }
            for component in shown
        ],
        "open": [_incident(one, said[one.id]) for one in unresolved],
        "past": [_incident(one, said[one.id]) for one in past],
    }


def _day(rows: dict[str, StatusDay], day: Any) -> dict[str, Any]:
    row = rows.get(day.isoformat())
    if row is None or not row.looks:
        return {"day": day.isoformat(), "state": "unknown", "up": None}
    state = State.DOWN if row.down else State.IMPAIRED if row.impaired else State.WORKING
    # parts of ten thousand, in whole numbers: 9,999 is 99.99 %
    return {"day": day.isoformat(), "state": str(state), "up": (row.looks - row.down) * 10_000 // row.looks}


def _incident(incident: Incident, said: list[IncidentUpdate]) -> dict[str, Any]:
    return {
        "id": incident.id,
        "title": incident.title,
        "title_bn": incident.title_bn,
        "impact": incident.impact,
        "progress": incident.progress,
        "started_at": incident.started_at.isoformat(),
        "resolved_at": incident.resolved_at.isoformat() if incident.resolved_at else None,
        "updates": [
            {
                "id": one.id,
                "progress": one.progress,
                "said": one.said,
                "said_bn": one.said_bn,
                "said_at": one.said_at.isoformat(),
            }
            for one in said
        ],
    }
