"""The limit that `make bench` measures against: a bare WSGI application on the same server, one Core query a page, no templates.

It takes DATABASE_URL and PORT from the environment; the paths are those of PAGES. Where the house has an index of its own for a piece of work
(parts of names, what is due), the query here does without it, as the one of the systems it is compared with does.
"""

from __future__ import annotations

import csv
import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import waitress  # noqa: E402
from sqlalchemy import Column, Connection, Integer, MetaData, Select, String, Table, func, insert, select  # noqa: E402
from werkzeug.wrappers import Request, Response  # noqa: E402

from app import sitemap  # noqa: E402, F401  all tables are known
from app.accounts.models import Account  # noqa: E402
from app.billing.models import Bill  # noqa: E402
from app.core.database import make_engine  # noqa: E402
from app.customers.models import Customer  # noqa: E402
from app.packages.models import Zone  # noqa: E402
from app.payments.models import Payment  # noqa: E402
from app.radius.models import LineSession  # noqa: E402

ROWS, STEP = 25, 1_000
ACCOUNTS, CUSTOMERS, BILLS, PAYMENTS, SESSIONS, ZONES = (
    model.__table__ for model in (Account, Customer, Bill, Payment, LineSession, Zone)
)
SHOWN = [
    CUSTOMERS.c[name]
    for name in ("id", "number", "name", "name_bn", "mobile", "status", "suspend_at", "due", "advance")
]
Query = dict[str, str]


def _listed(*columns: Any) -> Select[Any]:
    present = (CUSTOMERS.c.tenant_id == 1, CUSTOMERS.c.deleted_at.is_(None))
    return select(*(columns or SHOWN)).where(*present).order_by(CUSTOMERS.c.number.desc()).limit(ROWS)


def _profile(asked: Query) -> Iterator[Select[Any]]:
    who = int(asked["id"])
    yield select(CUSTOMERS).where(CUSTOMERS.c.id == who)
    for table in (BILLS, PAYMENTS):
        yield (
            select(table)
            .where(table.c.tenant_id == 1, table.c.customer_id == who)
            .order_by(table.c.id.desc())
            .limit(10)
        )


def _to_collect(_asked: Query) -> Iterator[Select[Any]]:
    yield (
        select(*SHOWN, ZONES.c.name)
        .select_from(CUSTOMERS.outerjoin(ZONES, ZONES.c.id == CUSTOMERS.c.zone_id))
        .where(CUSTOMERS.c.tenant_id == 1, CUSTOMERS.c.deleted_at.is_(None), CUSTOMERS.c.due > 0)
        .order_by(ZONES.c.name, CUSTOMERS.c.address, CUSTOMERS.c.road, CUSTOMERS.c.house, CUSTOMERS.c.id)
        .limit(ROWS)
    )


def _online(_asked: Query) -> Iterator[Select[Any]]:
    """Ask for the newest open sessions with their customers, and how many there are."""
    live = (SESSIONS.c.acctstoptime.is_(None), SESSIONS.c.tenant_id == 1)
    yield (
        select(SESSIONS, CUSTOMERS.c.name, CUSTOMERS.c.username)
        .join(CUSTOMERS, CUSTOMERS.c.id == SESSIONS.c.customer_id)
        .where(*live)
        .order_by(SESSIONS.c.acctstarttime.desc(), SESSIONS.c.radacctid.desc())
        .limit(ROWS + 1)
    )
    yield select(func.count()).select_from(SESSIONS).where(*live)


PAGES: dict[str, Callable[[Query], Iterable[Select[Any]]]] = {
    "/list": lambda _asked: [_listed()],
    "/deep": lambda asked: [_listed(CUSTOMERS).offset(int(asked["offset"]))],
    "/mobile": lambda asked: [_listed().where(CUSTOMERS.c.mobile == asked["q"])],
    "/part": lambda asked: [_listed().where((CUSTOMERS.c.search_text + "").like(f"%{asked['q']}%"))],
    "/due": lambda _asked: [_listed().order_by(None).order_by((CUSTOMERS.c.due + 0).desc(), CUSTOMERS.c.id.desc())],
    "/status": lambda asked: [_listed().where(CUSTOMERS.c.status == asked["status"])],
    "/profile": _profile,
    "/collect": _to_collect,
    "/online": _online,
}


def _csv(connection: Connection, count: int) -> Iterator[bytes]:
    """Write payments through csv.writer, in steps, with as many columns as the house writes."""
    own = (
        "number",
        "paid_on",
        "received_at",
        "method",
        "gateway_transaction",
        "note",
        "voided_at",
        "void_reason",
        "amount",
    )
    wanted = (
        select(
            *(CUSTOMERS.c[name] for name in ("name", "number", "mobile")),
            ACCOUNTS.c.name,
            *(PAYMENTS.c[name] for name in own),
        )
        .join(CUSTOMERS, CUSTOMERS.c.id == PAYMENTS.c.customer_id)
        .outerjoin(ACCOUNTS, ACCOUNTS.c.id == PAYMENTS.c.collected_by_id)
        .where(PAYMENTS.c.tenant_id == 1)
        .order_by(PAYMENTS.c.number.desc())
        .limit(count)
    )
    with connection:
        for part in connection.execution_options(yield_per=STEP).execute(wanted).partitions():
            text = io.StringIO()
            csv.writer(text).writerows(part)
            yield text.getvalue().encode()


def main() -> None:
    """Serve the limit until it is ended."""
    engine = make_engine(os.environ["DATABASE_URL"])
    notes = _scratch_table()
    # the server beside it writes too: who reads first and writes later is sent away
    notes.create(engine.execution_options(writing=True), checkfirst=True)

    @Request.application
    def answer(request: Request) -> Response:
        asked = request.args.to_dict()
        if request.path == "/csv":
            return Response(_csv(engine.connect(), int(asked["rows"])), mimetype="text/csv")
        if request.path == "/insert":
            with engine.execution_options(writing=True).begin() as connection:
                connection.execute(insert(notes).values(customer_id=int(asked["id"]), amount=1, note="bench"))
            return Response("written")
        with engine.connect() as connection:
            rows = [row for query in PAGES[request.path](asked) for row in connection.execute(query)]
        return Response("\n".join(map(str, rows)))

    waitress.serve(answer, host="127.0.0.1", port=int(os.environ["PORT"]), threads=8, ident=None)


def _scratch_table() -> Any:
    return Table(
        "bench_payments",
        MetaData(),
        Column("id", Integer, primary_key=True),
        Column("customer_id", Integer),
        Column("amount", Integer),
        Column("note", String(50)),
    )


if __name__ == "__main__":
    main()
