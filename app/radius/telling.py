"""Tell access servers what changed for a live session: after the change is safe, outside of it, until there is an answer (spec §7).

A change never waits for an access server: the request is a row of the same transaction, a job sends it, and a minute's job sends it again.
"""

from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import event, inspect, select, update
from sqlalchemy.orm import Session

from app.access.scope import everywhere
from app.core.clock import now
from app.core.database import HouseSession, after_commit, before_commit, db, transaction
from app.core.jobs import enqueue, register
from app.customers.models import Customer, CustomerStatus
from app.packages.models import Package
from app.radius.models import AccessServer, Ask, AskState, LineRequest, LineSession
from app.radius.wire import Word, change_speed, disconnect

ENDS_THE_SESSION = (
    "status",
    "deleted_at",
    "username_key",
    "connection_password",
    "ip_address",
    "profile_id",
    "connection_type",
)
"""Columns of a customer that decide what FreeRADIUS answers: after a change the session must ask anew."""

PAUSES = (1, 2, 5, 15, 60)
"""Minutes before the next try; after the last one a request is given up."""

AT_ONCE = 200
"""How many requests one run of the job takes."""

_CHANGES = "line_changes"


def init_app(app: Flask) -> None:
    """Let the application's queue send requests."""
    register(app, send_line_requests)


@event.listens_for(HouseSession, "after_flush")
def _notice(session: Session, _context: Any) -> None:
    # whoever changes a customer, by whichever way: a page, the settlement, a job
    if not session.info.get("writing"):
        return
    for row in session.dirty:
        if isinstance(row, Customer) and (ask := _what_to_ask(row)):
            changes = session.info.get(_CHANGES)
            if changes is None:
                changes = session.info[_CHANGES] = {}
                before_commit(lambda noted=changes: _write_requests(noted))  # type: ignore[misc]
            changes[row.id] = Ask.DISCONNECT if changes.get(row.id) == Ask.DISCONNECT else ask


def _what_to_ask(customer: Customer) -> Ask | None:
    attributes = inspect(customer).attrs
    if any(attributes[name].history.deleted for name in ENDS_THE_SESSION):
        return Ask.DISCONNECT
    if not attributes["package_id"].history.has_changes():
        return None
    return Ask.CHANGE_SPEED if customer.status == CustomerStatus.ACTIVE else Ask.DISCONNECT


def _write_requests(changes: dict[int, Ask]) -> None:
    """Write a request for each live session of the changed customers into the present transaction."""
    live = select(LineSession).where(LineSession.customer_id.in_(changes), LineSession.stopped_at.is_(None))
    sessions = db.session.execute(live).scalars().all()
    for line in sessions:
        db.session.add(
            LineRequest(
                tenant_id=line.tenant_id,
                owner_id=line.owner_id,
                customer_id=line.customer_id,
                session_id=line.id,
                ask=changes[line.customer_id or 0],
            )
        )
    if sessions:
        after_commit(lambda: enqueue(send_line_requests.__name__))


def send_line_requests() -> int:
    """Send the requests that are due, each tried anew later where no answer comes; return how many were sent.

    An access server that is silent once in a run is not waited for again in it.
    """
    silent: set[str] = set()
    with everywhere("access servers of every tenant are told"):
        claimed = _claim()
        for request_id in claimed:
            _send(request_id, silent)
    return len(claimed)


def _claim() -> list[int]:
    """Take due requests for this run: another run beside it sees them as waiting for later."""
    with transaction() as session:
        due = select(LineRequest.id).where(LineRequest.state == AskState.WAITING, LineRequest.next_try_at <= now())
        ids = list(session.execute(due.order_by(LineRequest.id).limit(AT_ONCE)).scalars())
        session.execute(
            update(LineRequest)
            .where(LineRequest.id.in_(ids))
            .values(next_try_at=now() + timedelta(minutes=PAUSES[0]))
            .execution_options(synchronize_session=False)
        )
    return ids


def _send(request_id: int, silent: set[str]) -> None:
    asked = db.session.get_one(LineRequest, request_id, populate_existing=True)
    line = db.session.get_one(LineSession, asked.session_id, populate_existing=True)
    server = db.session.execute(
        select(AccessServer).where(
            AccessServer.tenant_id == line.tenant_id,
            AccessServer.address == line.nas_address,
            AccessServer.removed_at.is_(None),
        )
    ).scalar_one_or_none()
    if line.stopped_at is not None:
        word: Word | None = Word.GONE
    elif server is None:
        word = None
    elif server.address in silent:
        word = Word.SILENCE
    else:
        word = _ask(server, line, asked)
        if word == Word.SILENCE:
            silent.add(server.address)
    _note(request_id, word)


def _ask(server: AccessServer, line: LineSession, asked: LineRequest) -> Word:
    about = {"username": line.username or "", "session": line.acct_session_id, "ip": line.address}
    if asked.ask == Ask.CHANGE_SPEED:
        package = db.session.execute(
            select(Package).join(Customer, Customer.package_id == Package.id).where(Customer.id == line.customer_id)
        ).scalar_one()
        if package.download_kbps and package.upload_kbps:
            return change_speed(server.address, server.coa_port, server.secret, speed=speed_of(package), **about)
    return disconnect(server.address, server.coa_port, server.secret, **about)


def speed_of(package: Package) -> str:
    """Return a package's speed as MikroTik reads it: what the customer sends first, as in the view radgroupreply."""
    return f"{package.upload_kbps}k/{package.download_kbps}k"


def _note(request_id: int, word: Word | None) -> None:
    """Write down what came back. A speed that an access server will not change ends the session instead: it comes back with the new one."""
    with transaction() as session:
        asked = session.get_one(LineRequest, request_id, populate_existing=True, with_for_update=not db.is_sqlite)
        asked.tries += 1
        if word is None:
            asked.state = AskState.UNKNOWN_SERVER
        elif word in (Word.YES, Word.GONE):
            asked.state, asked.answered_at = AskState.DONE, now()
        elif word == Word.NO and asked.ask == Ask.CHANGE_SPEED:
            asked.ask, asked.next_try_at = Ask.DISCONNECT, now()
            after_commit(lambda: enqueue(send_line_requests.__name__))
        elif word == Word.NO:
            asked.state, asked.answered_at = AskState.REFUSED, now()
        elif asked.tries > len(PAUSES) - 1:
            asked.state = AskState.GIVEN_UP
        else:
            asked.next_try_at = now() + timedelta(minutes=PAUSES[asked.tries - 1])
