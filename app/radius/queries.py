"""Questions about sessions: who is connected, who should be and is not, how much was used."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, Text, cast, func, or_, select
from sqlalchemy.orm import column_property

from app.core.clock import today
from app.core.database import db
from app.customers.models import Customer, CustomerStatus
from app.customers.queries import matching, present
from app.radius.models import PROBE, AccessServer, LineRequest, LineSession, LineUsage

# when a customer was connected last: worked out for the rows of a page alone
Customer.last_seen = column_property(  # type: ignore[attr-defined]
    select(func.max(func.coalesce(LineSession.stopped_at, LineSession.updated_at), type_=LineSession.updated_at.type))
    .where(LineSession.customer_id == Customer.id)
    .correlate_except(LineSession)
    .scalar_subquery(),
    deferred=True,
)


def online() -> Select[tuple[LineSession]]:
    """Select the sessions that are open now."""
    return select(LineSession).where(LineSession.stopped_at.is_(None))


def count_online() -> int:
    """Return how many sessions are open now: the dashboard's figure, for who holds view-online-customers."""
    return db.session.execute(select(func.count(LineSession.id)).where(LineSession.stopped_at.is_(None))).scalar_one()


def offline() -> Select[tuple[Customer]]:
    """Select active customers without an open session: who should be connected and is not (spec §7)."""
    connected = select(LineSession.id).where(LineSession.customer_id == Customer.id, LineSession.stopped_at.is_(None))
    return present().where(Customer.status == CustomerStatus.ACTIVE.value, ~connected.exists())


def matching_sessions(text: str) -> Any:
    """Return the condition for a search by customer, username, IP or MAC address."""
    word = text.strip().lower()
    return or_(
        LineSession.customer_id.in_(select(Customer.id).where(matching(text))),
        LineSession.username.contains(word, autoescape=True),
        func.lower(LineSession.mac).contains(word, autoescape=True),
        cast(LineSession.address, Text).contains(word, autoescape=True),
    )


def sessions_of(customer: Customer, limit: int = 50) -> list[LineSession]:
    """Return a customer's sessions, the newest first."""
    newest = select(LineSession).where(LineSession.customer_id == customer.id)
    return list(
        db.session.execute(newest.order_by(LineSession.started_at.desc(), LineSession.id.desc()).limit(limit)).scalars()
    )


def usage_by_day(customer: Customer, days: int = 30) -> list[tuple[date, int, int]]:
    """Return day, uploaded and downloaded bytes of the last days, today last; a day without use is 0."""
    first = today() - timedelta(days=days - 1)
    rows = db.session.execute(
        select(LineUsage.day, LineUsage.uploaded, LineUsage.downloaded).where(
            LineUsage.customer_id == customer.id, LineUsage.day >= first
        )
    )
    found = {row.day: (row.uploaded, row.downloaded) for row in rows}
    listed = [first + timedelta(days=number) for number in range(days)]
    return [(day, *found.get(day, (0, 0))) for day in listed]


def requests_of(customer: Customer, limit: int = 10) -> list[LineRequest]:
    """Return what access servers were asked about a customer's sessions, the newest first."""
    newest = select(LineRequest).where(LineRequest.customer_id == customer.id).order_by(LineRequest.id.desc())
    return list(db.session.execute(newest.limit(limit)).scalars())


def access_servers() -> list[AccessServer]:
    """Return the access servers of the scope, by name."""
    present_ones = select(AccessServer).where(AccessServer.removed_at.is_(None))
    return list(db.session.execute(present_ones.order_by(AccessServer.name, AccessServer.id)).scalars())


def access_server_names() -> dict[str, str]:
    """Return the name of each access server of the scope by its address."""
    named = select(AccessServer.address, AccessServer.name).where(AccessServer.removed_at.is_(None))
    return {address: name for address, name in db.session.execute(named)}


def probe_password() -> str:
    """Return the password with which the status check signs in to FreeRADIUS; its username is no customer's."""
    return str(db.session.execute(select(PROBE.c.password)).scalar_one())
