"""Measure the online list at 100,000 customers with 20,000 open sessions against its bare query; the limit is five times (issue: online)."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import psycopg  # noqa: E402
from alembic import command  # noqa: E402
from sqlalchemy import func, insert, select  # noqa: E402

from app import create_app  # noqa: E402
from app.access.actor import acting_as  # noqa: E402
from app.cli import alembic_config  # noqa: E402
from app.core.clock import now  # noqa: E402
from app.core.database import db, transaction  # noqa: E402
from app.customers.models import Customer  # noqa: E402
from app.demo import fill  # noqa: E402
from app.radius.models import LineSession  # noqa: E402
from config import Testing  # noqa: E402
from scripts.measure import ROUNDS, Process  # noqa: E402
from tests.make import actor_of  # noqa: E402
from tests.servers import PostgresServer  # noqa: E402

CUSTOMERS, SESSIONS, LIMIT = 100_000, 20_000, 5


def enlarge() -> None:
    """Copy a customer of the demo until there are enough, and open sessions of the first of them."""
    with acting_as(actor_of("ga@meghna.example.com")), transaction() as session:
        pattern = session.execute(select(Customer).order_by(Customer.id)).scalars().first()
        assert pattern is not None
        same = {
            column.key: getattr(pattern, column.key)
            for column in Customer.__mapper__.column_attrs
            if column.key not in ("id", "number", "username", "username_key", "last_seen")
        }
        have = session.execute(select(func.max(Customer.number))).scalar_one()
        names = [f"bench{number:06d}" for number in range(have + 1, CUSTOMERS + 1)]
        rows = [
            {**same, "number": number, "username": name, "username_key": name}
            for number, name in enumerate(names, have + 1)
        ]
        for start in range(0, len(rows), 5_000):
            session.execute(insert(Customer), rows[start : start + 5_000])
        sessions = [
            {
                "acct_session_id": name,
                "acct_unique_id": name,
                "username": name,
                "nas_address": "10.255.0.1",
                "address": f"10.150.{number // 250 % 250}.{number % 250 + 1}",
                "started_at": now() - timedelta(seconds=number),
                "updated_at": now(),
                "uploaded": number * 1000,
                "downloaded": number * 9000,
            }
            for number, name in enumerate(names[:SESSIONS])
        ]
        for start in range(0, len(sessions), 5_000):
            session.execute(insert(LineSession), sessions[start : start + 5_000])


def best_ms(works: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Return the shortest of some rounds of each work in milliseconds, taken in turns: what else the machine does only adds."""
    best = dict.fromkeys(works, float("inf"))
    for _round in range(ROUNDS):
        for name, work in works.items():
            begun = time.perf_counter()
            work()
            best[name] = min(best[name], (time.perf_counter() - begun) * 1000)
    return best


def prepare(url: str) -> None:
    """Fill a database with the customers and their sessions."""
    app = create_app(Testing, DATABASE_URL=url)
    with app.app_context():
        command.upgrade(alembic_config(), "head")
        with app.test_request_context():
            fill("small")
            enlarge()
        with db.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            # what PostgreSQL's own housekeeping does after a minute
            connection.exec_driver_sql("ANALYZE")
        db.dispose()


def measure(name: str, url: str) -> bool:
    """Print the times of page, rows and bare query, each asked of its own server, and tell whether the page costs more than it may."""
    prepare(url)
    server, limited = Process("run.py", "web", url=url), Process("scripts/bench_limit.py", url=url)
    try:
        server.sign_in()
        works: dict[str, Callable[[], object]] = {
            "bare query": lambda: limited.ask("/online"),
            "online list": lambda: server.ask("/online/"),
            "rows alone, as it refreshes itself": lambda: server.ask("/online/", headers={"X-Refresh": "rows"}),
            "searched by name": lambda: server.ask("/online/?q=bench0150"),
            "sorted by download": lambda: server.ask("/online/?sort=downloaded&dir=desc"),
            "offline list": lambda: server.ask("/offline/"),
        }
        for work in works.values():
            work()
        best = best_ms(works)
    finally:
        limited.stop()
        server.stop()
    limit = best["bare query"]
    print(f"{name}: {CUSTOMERS:,} customers, {SESSIONS:,} open sessions")
    for title, taken in best.items():
        print(f"  {title:36}{taken:8.1f} ms{taken / limit:7.1f}")
    return best["online list"] > LIMIT * limit


def main() -> int:
    """Measure on both databases; return 1 when the page costs more than it may on one of them."""
    with tempfile.TemporaryDirectory() as folder:
        failed = measure("SQLite", f"sqlite:///{folder}/bench.db")
        server = PostgresServer()
        try:
            with psycopg.connect(server.admin_address, autocommit=True) as connection:
                connection.execute("CREATE DATABASE bench OWNER sanjog")
            failed |= measure("PostgreSQL", server.url("bench"))
        finally:
            server.stop()
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
