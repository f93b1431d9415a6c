"""Measure pieces of work at 100,000 customers with twelve months, on the real server, over SQLite and over PostgreSQL.

Each stands beside its limit, measured in the same run, by turns: a bare WSGI application with one Core query on the same server
(scripts/bench_limit.py). The databases are filled once, with seeded data, into build/bench; remove the folder to fill them anew.

scripts/bench.py [--size large|1m] [--only sqlite|postgresql] [--rounds 40]; ends with 1 where permission and scope cost more than
they may. Goals stand beside what was found and are for reading: figures depend on the machine.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import psycopg  # noqa: E402
from flask import Flask  # noqa: E402
from sqlalchemy import case, func, select  # noqa: E402

from app import create_app  # noqa: E402
from app.access.scope import everywhere  # noqa: E402
from app.accounts.models import Account, Kind  # noqa: E402
from app.core.clock import today  # noqa: E402
from app.core.database import db  # noqa: E402
from app.customers.models import Customer  # noqa: E402
from app.demo_cast import people  # noqa: E402
from app.payments.models import Payment  # noqa: E402
from config import Testing  # noqa: E402
from scripts.measure import PLACE, POSTGRESQL, WHO, ForPermissionAndScope, Process, Statements, signed_in  # noqa: E402
from tests.conftest import form_fields  # noqa: E402
from tests.servers import PostgresServer  # noqa: E402

MOST_FOR_PERMISSION_AND_SCOPE = 2
EVERYDAY = (
    *(
        "/",
        "/customers/list/",
        "/customers/add",
        "/collect/",
        "/bills/list/",
        "/payments/list/",
        "/expenses/list/",
        "/online/",
    ),
    *(
        "/cash/",
        "/activity/",
        "/search/?q=1",
        "/customers/export",
        "/account/",
        "/help/",
        "/managers/list/",
        "/tenants/",
    ),
)
COLLECTOR = "collector@meghna.example.com"
DATABASES = ("sqlite", "postgresql")


@contextmanager
def database(kind: str, size: str) -> Iterator[str]:
    """Yield the address of a database with the demo of a size; it is filled where it is not, which takes a quarter of an hour."""
    PLACE.mkdir(parents=True, exist_ok=True)
    if kind == "sqlite":
        url = f"sqlite:///{PLACE / size}.db"
        fill(url, size)
        yield url
        return
    server = PostgresServer(PLACE / "postgresql", **POSTGRESQL)
    try:
        with psycopg.connect(server.admin_address, autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [size]).fetchone() is None:
                connection.execute(f'CREATE DATABASE "{size}" OWNER sanjog')
        fill(server.url(size), size)
        with psycopg.connect(server.admin_address.replace("dbname=postgres", f"dbname={size}"), autocommit=True) as one:
            one.execute("VACUUM (ANALYZE)")
        yield server.url(size)
    finally:
        server.stop()


def fill(url: str, size: str) -> None:
    """Bring a database up to date and fill it where it is empty."""
    environment = os.environ | {"DATABASE_URL": url, "FLASK_APP": "run.py"}
    program = str(Path(sys.executable).with_name("flask"))
    for words in (["isp", "demo", "--size", size, "--if-empty"], ["isp", "migrate"]):
        subprocess.run([program, *words], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)


@dataclass(frozen=True)
class Facts:
    """What the pieces of work are about, read from the database: paisa, ids, and from which day on there are so many payments."""

    count: int
    mobile: str
    owing: list[int]
    days: dict[int, tuple[date, int]]
    payments: list[int]

    @classmethod
    def of(cls, app: Flask, email: str, *wanted: int) -> Facts:
        """Read those of a person; ``wanted`` are numbers of payments."""
        with app.app_context(), everywhere("the measurement looks for its rows"):
            is_manager = Account.kind == Kind.MANAGER.value
            who = select(case((is_manager, Account.parent_id), else_=Account.id), Account.tenant_id)
            owner, tenant = db.session.execute(who.where(Account.email == email)).one()
            mine = Customer.owner_id == owner
            latest = (
                select(Payment.id)
                .where(Payment.owner_id == owner, Payment.voided_at.is_(None))
                .order_by(Payment.id.desc())
                .limit(200)
            )
            # who has paid today is asked about before more is taken
            paid = select(Payment.customer_id).where(Payment.paid_on == today(), Payment.customer_id == Customer.id)
            owing = (
                select(Customer.id)
                .where(mine, Customer.due > 100_00, ~paid.exists())
                .order_by(func.random())
                .limit(1_000)
            )
            days: dict[int, tuple[date, int]] = {}
            taken = 0
            by_day = (
                select(Payment.paid_on, func.count())
                .where(Payment.tenant_id == tenant)
                .group_by(Payment.paid_on)
                .order_by(Payment.paid_on.desc())
            )
            for day, rows in db.session.execute(by_day):
                taken += rows
                for number in wanted:
                    if number not in days and taken >= number:
                        days[number] = (day, taken)
            return cls(
                db.session.execute(select(func.count()).where(Customer.tenant_id == tenant)).scalar_one(),
                db.session.execute(select(Customer.mobile).where(mine).limit(1)).scalar_one(),
                list(db.session.execute(owing).scalars()),
                days,
                list(db.session.execute(latest).scalars()),
            )


@dataclass(frozen=True)
class Work:
    """A piece of work, what is its limit, and the ratio that is the goal; ``rounds`` where it takes long."""

    name: str
    do: Callable[[Process], tuple[int, bytes]]
    limit: Callable[[Process], tuple[int, bytes]]
    goal: float
    path: str | None = None
    rounds: int | None = None


def page(name: str, path: str, limit: str, goal: float) -> Work:
    """Return a page as a piece of work."""
    return Work(name, lambda server: server.ask(path), lambda server: server.ask(limit), goal, path)


def export(number: int, since: tuple[date, int], rounds: int) -> Work:
    """Return the export of about so many payments as a piece of work."""
    day, rows = since
    return Work(
        f"CSV of {number:,} payments",
        lambda server: server.ask(f"/payments/export?paid_on_from={day}"),
        lambda server: server.ask(f"/csv?rows={rows}"),
        1.6,
        rounds=rounds,
    )


def works(facts: Facts) -> list[Work]:
    """Return what is measured (issue: fast and large)."""
    lists, who = "/customers/list/", facts.owing[0]
    latin, bengali = "ahman", "রহমা"
    part = "/part?q={}"
    deep = facts.count - 1_000

    def sign_in(server: Process) -> tuple[int, bytes]:
        server.sign_in()
        return 303, b""

    return [
        page("list, page 1", lists, "/list", 5),
        page("list, deep page", f"{lists}?page={deep // 25}", f"/deep?offset={deep}", 2),
        page("list, deep page by the next link", f"{lists}?page={deep // 25}&after=1000", f"/deep?offset={deep}", 2),
        page("search, whole mobile", f"{lists}?q={facts.mobile[3:]}", f"/mobile?q={quote(facts.mobile)}", 5),
        page("search, part of a Latin name", f"{lists}?q={latin}", part.format(latin), 2.5),
        page("search, part of a Bengali name", f"{lists}?q={quote(bengali)}", part.format(quote(bengali)), 2.5),
        page("sorted by due", f"{lists}?sort=due&dir=desc", "/due", 1.5),
        page("filter by status", f"{lists}?status=suspended", "/status?status=suspended", 5),
        page("bills, page 1", "/bills/list/", "/list", 5),
        page("payments, page 1", "/payments/list/", "/list", 5),
        page("profile", f"/customers/show/{who}", f"/profile?id={who}", 4),
        page("receipt, against a profile's limit", f"/payments/show/{facts.payments[0]}", f"/profile?id={who}", 4),
        page("collection list", "/collect/", "/collect", 5),
        page("first page, against the list's limit", "/", "/list", 10),
        Work("cash payment, whole booking", Payer(facts.owing), lambda server: server.ask(f"/insert?id={who}"), 12),
        Work(
            "void, whole booking", Voider(facts.payments), lambda server: server.ask(f"/insert?id={who}"), 0, rounds=30
        ),
        Work("sign-in, against the list's limit", sign_in, lambda server: server.ask("/list"), 0, rounds=8),
        *(export(number, facts.days[number], rounds) for number, rounds in ((50_000, 3), (500_000, 1))),
    ]


def works_of_a_manager(facts: Facts) -> list[Work]:
    """Return what a Manager's day is made of: it sees the rows of one owner, and other indexes serve it."""
    lists, who = "/customers/list/", facts.owing[0]
    profile, limit = f"/customers/show/{who}", f"/profile?id={who}"
    return [
        page("list, page 1", lists, "/list", 5),
        page("search, whole mobile", f"{lists}?q={facts.mobile[3:]}", f"/mobile?q={quote(facts.mobile)}", 5),
        page("collection list", "/collect/", "/collect", 5),
        page("profile", profile, limit, 4),
        page("profile, bills", f"{profile}?tab=bills", limit, 4),
        page("profile, payments", f"{profile}?tab=payments", limit, 4),
        page("receipt, against a profile's limit", f"/payments/show/{facts.payments[0]}", limit, 4),
        Work("cash payment, whole booking", Payer(facts.owing), lambda server: server.ask(f"/insert?id={who}"), 12),
    ]


class Voider:
    """Voids one payment after another."""

    def __init__(self, payments: list[int]) -> None:
        self._next = iter(payments[1:])
        self._form: dict[str, str] = {}

    def __call__(self, server: Process) -> tuple[int, bytes]:
        """Void the next payment."""
        path = f"/payments/delete/{next(self._next)}"
        if not self._form:
            self._form = form_fields(server.ask(path)[1].decode())
        status, body = server.ask(path, self._form | {"reason": "Wrong customer"})
        assert status == 303, f"the void was answered with {status}"
        return status, body


class Payer:
    """Takes cash from one customer after another, as the form does."""

    def __init__(self, owing: list[int]) -> None:
        self._next = iter(owing)
        self._form: dict[str, str] = {}

    def __call__(self, server: Process) -> tuple[int, bytes]:
        """Take 10 taka from the next customer who owes."""
        path = f"/payments/receive/{next(self._next)}"
        if not self._form:
            self._form = form_fields(server.ask(path)[1].decode(), "request_id")
        changes = {"amount": "10", "paid_on": today().isoformat(), "request_id": str(uuid4()), "quoted": ""}
        status, body = server.ask(path, self._form | changes)
        assert status == 303, f"the payment was answered with {status}"
        return status, body


def timed(work: Callable[[Process], tuple[int, bytes]], server: Process) -> tuple[float, int]:
    """Return the milliseconds of a piece of work and the bytes of its answer."""
    begun = time.perf_counter()
    status, body = work(server)
    taken = (time.perf_counter() - begun) * 1000
    assert status in (200, 303), f"a piece of work was answered with {status}"
    return taken, len(body)


def measure(work: Work, server: Process, limit: Process, rounds: int) -> str:
    """Do a piece of work and its limit by turns; return the line of the table."""
    taken: list[float] = []
    bare: list[float] = []
    if work.rounds is None:
        for _warm_up in range(2):
            timed(work.do, server), timed(work.limit, limit)
    before = server.memory(anew=True)
    size = 0
    for _round in range(work.rounds or rounds):
        bare.append(timed(work.limit, limit)[0])
        milliseconds, size = timed(work.do, server)
        taken.append(milliseconds)
    more = max(server.memory() - before, 0)
    median, unit = statistics.median(taken), statistics.median(bare)
    worst = sorted(taken)[min(len(taken) - 1, round(len(taken) * 0.95))]
    goal = f"{work.goal:g}" if work.goal else "–"
    ratio = median / unit
    mark = "" if not work.goal or ratio <= work.goal else " above"
    return f"{work.name:38}{median:9.1f}{worst:9.1f}{unit:9.1f}{ratio:8.2f}{goal:>6}{mark:6}{size / 1000:11.1f}{more / 1024:7.1f}"


def statements(app: Flask, paths: list[str]) -> int:
    """Print how many statements pages cost, and return how many of them at the most ask who acts and what the account may."""
    worst = 0
    print("session, permission and scope: most SQL statements a request, over the pages an account opens")
    for person in people():
        visitor, most, pages = signed_in(app, person.email), 0, 0
        for path in EVERYDAY:
            with ForPermissionAndScope(app.extensions["database"]) as counted:
                answer = visitor.get(path)
            most, pages = max(most, counted.count), pages + (answer.status_code == 200)
        if not pages:
            raise SystemExit(f"{person.email} opened no page: nothing was counted")
        worst = max(worst, most)
        print(f"  {person.kind.replace('_', ' '):14}{person.email:32}{most}  ({pages} of {len(EVERYDAY)} pages open)")
    print("statements in all")
    client = signed_in(app, WHO)
    for path in paths:
        client.get(path)
        with Statements(app.extensions["database"]) as counted:
            client.get(path)
        print(f"  {path[:60]:62}{counted.count}")
    return worst


def main() -> None:
    """Print a table for each database."""
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--size", default=os.environ.get("SIZE") if os.environ.get("SIZE") == "1m" else "large")
    reading.add_argument("--only", choices=DATABASES)
    reading.add_argument("--rounds", type=int, default=40)
    asked = reading.parse_args()
    worst = 0
    for kind in DATABASES if asked.only is None else (asked.only,):
        with database(kind, asked.size) as url:
            app = create_app(Testing, DATABASE_URL=url)
            facts, of_manager = Facts.of(app, WHO, 50_000, 500_000), Facts.of(app, COLLECTOR)
            server, limit = Process("run.py", "web", url=url), Process("scripts/bench_limit.py", url=url)
            pieces = works(facts)
            try:
                for email, whose, done in (
                    (WHO, facts, pieces),
                    (COLLECTOR, of_manager, works_of_a_manager(of_manager)),
                ):
                    server.sign_in(email)
                    print(f"\n{kind}, {whose.count:,} customers of the company, as {email}")
                    print(
                        f"{'work':38}{'median':>9}{'p95':>9}{'limit':>9}{'ratio':>8}{'goal':>6}{'':6}{'kB':>11}{'+MiB':>7}   (ms)"
                    )
                    for work in done:
                        print(measure(work, server, limit, asked.rounds), flush=True)
            finally:
                limit.stop()
                server.stop()
            worst = max(worst, statements(app, [work.path for work in pieces if work.path]))
            app.extensions["database"].dispose()
    if worst > MOST_FOR_PERMISSION_AND_SCOPE:
        raise SystemExit(f"permission and scope cost {worst} statements, {MOST_FOR_PERMISSION_AND_SCOPE} are allowed")


if __name__ == "__main__":
    main()
