"""Access servers, and sessions that nobody ended."""

import re
from datetime import timedelta
from ipaddress import ip_address

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select, update

from app.access.actor import shown_number
from app.access.scope import everywhere, get_or_404
from app.activity.recorder import record
from app.core.clock import now
from app.core.database import db, transaction
from app.core.errors import Refused
from app.core.language import normalise
from app.radius.models import STALE, AccessServer, LineSession

SECRET = re.compile(r"[!-~]{8,60}")
"""What a RADIUS secret may be: eight printable characters and more, no space."""


def add_access_server(*, name: str, address: str, secret: str, coa_port: int) -> AccessServer:
    """Enter an access server of the owner at work; FreeRADIUS knows it from its next start on. Raises Refused."""
    server = AccessServer(name="", address="", secret="", coa_port=coa_port)
    if not secret:
        raise Refused(_("Enter the secret."), "secret")
    _fill(server, name, address, secret, coa_port)
    db.session.add(server)
    db.session.flush()
    _record(server, "access_server.added")
    return server


def edit_access_server(server: AccessServer, *, name: str, address: str, secret: str, coa_port: int) -> AccessServer:
    """Change an access server; an empty secret keeps the old one. Raises Refused."""
    server = get_or_404(AccessServer, server.id, lock=True)
    before = {"name": server.name, "address": server.address, "coa_port": server.coa_port}
    _fill(server, name, address, secret, coa_port)
    changes = {field: (old, getattr(server, field)) for field, old in before.items() if old != getattr(server, field)}
    if secret:
        changes["secret"] = ("•••", "•••")
    if changes:
        _record(server, "access_server.edited", changes)
    return server


def remove_access_server(server: AccessServer) -> AccessServer:
    """Take an access server out of use; its sessions stay on record. Raises Refused."""
    server = get_or_404(AccessServer, server.id, lock=True)
    if server.removed_at is not None:
        raise Refused(_("This access server is removed already."))
    server.removed_at = now()
    _record(server, "access_server.removed")
    return server


def _fill(server: AccessServer, name: str, address: str, secret: str, coa_port: int) -> None:
    name = normalise(name)
    if not name:
        raise Refused(_("Enter the name."), "name")
    if len(name) > 60:
        raise Refused(_("At most %(count)s characters.", count=shown_number(60)), "name")
    try:
        parsed = ip_address(address.strip())
    except ValueError:
        raise Refused(_("This is not an IP address."), "address") from None
    if parsed.is_multicast or parsed.is_unspecified:
        raise Refused(_("This is not an IP address."), "address")
    with everywhere("FreeRADIUS knows an access server by its address alone, whoever's it is"):
        same = select(AccessServer.id).where(
            AccessServer.address == str(parsed), AccessServer.removed_at.is_(None), AccessServer.id != (server.id or 0)
        )
        if db.session.execute(same).first() is not None:
            raise Refused(_("This address is in use already."), "address")
    if secret and not SECRET.fullmatch(secret):
        raise Refused(_("A secret has 8 to 60 letters, digits and signs, without spaces."), "secret")
    if not 1 <= coa_port <= 65535:
        raise Refused(_("A port is a number from 1 to 65535."), "coa_port")
    server.name, server.address, server.coa_port = name, str(parsed), coa_port
    if secret:
        server.secret = secret


def _record(server: AccessServer, event: str, changes: dict[str, tuple[object, object]] | None = None) -> None:
    record(
        "access_servers",
        event,
        tenant_id=server.tenant_id,
        owner_id=server.owner_id,
        subject=server,
        changes=changes,
        server=server.name,
    )


def close_stale_sessions() -> int:
    """Close sessions that no access server has spoken of for STALE_SESSION_MINUTES, as of its last word; return how many.

    The next word of the access server opens a session again that was only thought dead (a trigger of radacct).
    """
    before = now() - timedelta(minutes=current_app.config["STALE_SESSION_MINUTES"])
    with everywhere("sessions of every tenant can be left open"), transaction() as session:
        closed = session.execute(
            update(LineSession)
            .where(LineSession.stopped_at.is_(None), LineSession.updated_at < before)
            .values(stopped_at=LineSession.updated_at, terminate_cause=STALE)
            .execution_options(synchronize_session=False)
        )
    return int(closed.rowcount)  # type: ignore[attr-defined]
