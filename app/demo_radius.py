"""Sessions of the demo: access servers, days of use, who is connected now; and the demo's stand-in for access servers that go on telling."""

import random
from datetime import datetime, timedelta

from sqlalchemy import select, text

from app.access.actor import Actor, acting_as
from app.access.scope import everywhere, own
from app.core.clock import now, to_dhaka
from app.core.database import db, transaction
from app.customers.models import Customer, CustomerStatus
from app.demo_plan import GA, NORTH, PADMA, SEED
from app.packages.models import Package
from app.radius.models import LineSession
from app.radius.services import add_access_server

DEMO = "demo-"
"""How the unique ids of the demo's sessions begin."""

SERVERS = {
    GA: ("Station Road router", "10.255.0.1"),
    NORTH: ("North tower", "10.255.0.2"),
    PADMA: ("Padma core", "10.255.1.1"),
}
CONNECTED = 0.7
AT_ONCE = 1_000
DAYS = 21
WITH_HISTORY = 40
"""So many customers of an owner have sessions of the past days."""


def connect(actors: dict[str, Actor], owners: list[str]) -> None:
    """Enter the access servers and let most of each owner's active customers be connected, some with a past."""
    chance = random.Random(SEED)
    for email, (name, address) in SERVERS.items():
        with acting_as(actors[email]), transaction():
            add_access_server(name=name, address=address, secret="demo-shared-secret", coa_port=3799)
    for number, owner in enumerate(owners):
        _connect_owner(actors[owner], number, SERVERS.get(owner, SERVERS[GA if owner != PADMA else PADMA])[1], chance)


def _connect_owner(owner: Actor, block: int, server: str, chance: random.Random) -> None:
    with acting_as(owner), transaction() as session:
        served = (
            select(Customer.id, Customer.username, Package.download_kbps)
            .join(Package, Package.id == Customer.package_id)
            .where(
                own(Customer),
                Customer.deleted_at.is_(None),
                Customer.status == CustomerStatus.ACTIVE.value,
                (Customer.suspend_at.is_(None)) | (Customer.suspend_at > now()),
            )
        )
        rows = []
        for place, (customer_id, username, kbps) in enumerate(session.execute(served.order_by(Customer.id)).all()):
            line = {
                "customer_id": customer_id,
                "username": username.lower(),
                "nas_address": server,
                "address": f"10.{100 + block + place // 62_500}.{place // 250 % 250}.{place % 250 + 2}",
                "mac": f"4C:5E:0C:{block:02X}:{place // 256 % 256:02X}:{place % 256:02X}",
                "nas_port_type": "Ethernet",
            }
            if place < WITH_HISTORY:
                rows += [_past(line, day, kbps, chance) for day in range(DAYS, 0, -1) if chance.random() < 0.9]
            if chance.random() < CONNECTED:
                rows.append(_present(line, kbps, chance))
        for row in rows:
            row |= {"tenant_id": owner.tenant_id, "owner_id": owner.id}
        for at in range(0, len(rows), AT_ONCE):
            session.add_all(LineSession(**row) for row in rows[at : at + AT_ONCE])
            session.flush()
            if not at and not db.is_sqlite:
                # PostgreSQL keeps how a trigger finds rows: of a table that it knows as empty it would read all, for each new row
                session.execute(text("ANALYZE radacct"))


def _past(line: dict[str, object], days: int, kbps: int, chance: random.Random) -> dict[str, object]:
    evening = to_dhaka(now() - timedelta(days=days)).replace(hour=17, minute=chance.randrange(60), second=0)
    seconds = chance.randrange(2, 6) * 3600 + chance.randrange(3600)
    # whoever watches films in the evening uses a tenth of the line on average
    downloaded = kbps * 125 * seconds // chance.randrange(8, 30)
    name = f"{DEMO}{line['customer_id']}-{days}"
    return line | {
        "acct_unique_id": name,
        "acct_session_id": name[-12:],
        "started_at": evening,
        "updated_at": evening + timedelta(seconds=seconds),
        "stopped_at": evening + timedelta(seconds=seconds),
        "seconds": seconds,
        "downloaded": downloaded,
        "uploaded": downloaded // chance.randrange(7, 14),
        "terminate_cause": chance.choice(("User-Request", "User-Request", "Lost-Carrier", "Idle-Timeout")),
    }


def _present(line: dict[str, object], kbps: int, chance: random.Random) -> dict[str, object]:
    seconds = chance.randrange(300, 30_000)
    downloaded = kbps * 125 * seconds // chance.randrange(10, 40)
    name = f"{DEMO}{line['customer_id']}-0"
    return line | {
        "acct_unique_id": name,
        "acct_session_id": name[-12:],
        "started_at": now() - timedelta(seconds=seconds),
        "updated_at": now(),
        "seconds": seconds,
        "downloaded": downloaded,
        "uploaded": downloaded // chance.randrange(7, 14),
    }


def go_on(at: datetime | None = None) -> None:
    """Tell of the demo's sessions as their access servers would: they go on where the customer is served, and end where not."""
    moment, chance = at or now(), random.Random(SEED)
    with everywhere("the demo's access servers serve two tenants"), transaction() as session:
        lines = session.execute(
            select(LineSession, Customer.status)
            .join(Customer, Customer.id == LineSession.customer_id)
            .where(LineSession.acct_unique_id.like(f"{DEMO}%-0"))
        ).all()
        for line, status in lines:
            if status != CustomerStatus.ACTIVE and line.stopped_at is None:
                line.stopped_at, line.terminate_cause = moment, "Admin-Reset"
            elif status == CustomerStatus.ACTIVE:
                line.stopped_at, line.terminate_cause = None, ""
                line.updated_at = moment
                line.downloaded = (line.downloaded or 0) + chance.randrange(5_000_000, 80_000_000)
                line.uploaded = (line.uploaded or 0) + chance.randrange(500_000, 8_000_000)
