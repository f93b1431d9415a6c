"""Measure pieces of work on the small demo: SQL statements, median time, and the ratio to a limit measured in the same run.

The limit is a bare WSGI answer with one SQLAlchemy Core query. The statements that permission and scope cost are counted in real
requests, by who runs them: signing in again, keys and scope, before the page's own work begins and while it goes on.
"""

from __future__ import annotations

import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from flask import Flask  # noqa: E402
from flask.testing import FlaskClient  # noqa: E402
from sqlalchemy import Engine, event, select  # noqa: E402

from app import create_app  # noqa: E402
from app.cli import alembic_config  # noqa: E402
from app.customers.models import Customer  # noqa: E402
from app.demo import fill  # noqa: E402
from app.demo_cast import PASSWORD, people  # noqa: E402
from config import Testing  # noqa: E402

ROUNDS = 30
MOST_FOR_PERMISSION_AND_SCOPE = 2
ASKING = (str(ROOT / "app" / "access"), str(ROOT / "app" / "security"))
"""Whoever runs a statement from here asks about the account and not about the page's rows."""

READING_ROWS = ("get_or_404",)
"""It stands with the scope, and loads the row that the address names."""

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


class Statements:
    """Count the SQL statements an engine runs inside the block; BEGIN is none."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.count = 0

    def __enter__(self) -> Statements:
        event.listen(self.engine, "before_cursor_execute", self._counted)
        return self

    def __exit__(self, *_error: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._counted)

    def _counted(self, _connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        self.count += not statement.startswith("BEGIN")


class ForPermissionAndScope(Statements):
    """Count the statements alone that are run to learn who acts, what the account may do and whose rows it sees."""

    def _counted(self, connection: object, cursor: object, statement: str, *rest: object) -> None:
        frame = sys._getframe()
        while frame is not None:
            code = frame.f_code
            if code.co_filename.startswith(ASKING) and code.co_name not in READING_ROWS:
                super()._counted(connection, cursor, statement, *rest)
                return
            frame = frame.f_back  # type: ignore[assignment]


def median_ms(work: Callable[[], object]) -> float:
    """Return the median of some rounds in milliseconds, after one to warm up."""
    work()
    times = []
    for _round in range(ROUNDS):
        begun = time.perf_counter()
        work()
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times)


def signed_in(app: Flask, email: str) -> FlaskClient:
    """Return a client that is signed in as a person of the cast."""
    client = app.test_client()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/login/").text)
    assert token is not None
    client.post("/login/", data={"email": email, "password": PASSWORD, "csrf_token": token.group(1)})
    return client


def bare(app: Flask) -> FlaskClient:
    """Return a client of a WSGI application that runs one Core query and answers: the limit."""
    table = Customer.__table__
    statement = select(table.c.id, table.c.name, table.c.due).order_by(table.c.id.desc()).limit(25)
    limit = Flask("limit")

    @limit.get("/")
    def answer() -> str:
        with app.extensions["database"].connect() as connection:
            return "\n".join(str(row) for row in connection.execute(statement))

    return limit.test_client()


def main() -> int:
    """Print the table; return 1 when permission and scope cost more statements than they may."""
    from alembic import command

    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Testing, DATABASE_URL=f"sqlite:///{folder}/bench.db")
        with app.app_context():
            command.upgrade(alembic_config(), "head")
            with app.test_request_context():
                fill("small")
        failed = False
        print("session, permission and scope: most SQL statements a request, over the pages an account opens")
        for person in people():
            visitor, most, pages = signed_in(app, person.email), 0, 0
            for path in EVERYDAY:
                with ForPermissionAndScope(app.extensions["database"]) as statements:
                    answer = visitor.get(path)
                most, pages = max(most, statements.count), pages + (answer.status_code == 200)
            failed |= most > MOST_FOR_PERMISSION_AND_SCOPE
            print(
                f"  {person.kind.replace('_', ' '):14}{person.email:32}{most}  ({pages} of {len(EVERYDAY)} pages open)"
            )
        client, limit = signed_in(app, "collector@meghna.example.com"), bare(app)
        unit = median_ms(lambda: limit.get("/"))
        print(
            f"\nlimit: bare WSGI and one Core query, {unit:.2f} ms\n{'work':34}{'ms':>8}{'ratio':>8}{'statements':>12}{'kB':>7}"
        )
        customer = re.search(r"/customers/show/\d+", client.get("/customers/list/?payment=due").text)
        assert customer is not None
        profile = customer.group(0)
        works = {
            "customers, page 1": "/customers/list/",
            "customers, part of a Bengali name": "/customers/list/?q=রহি",
            "customers, sorted by due": "/customers/list/?sort=due&dir=desc",
            "profile": profile,
            "cash form": profile.replace("/customers/show", "/payments/receive"),
            "collection list": "/collect/",
            "bills, page 1": "/bills/list/",
            "payments, CSV": "/payments/export",
        }
        for name, path in works.items():
            with Statements(app.extensions["database"]) as statements:
                page = client.get(path)
            taken = median_ms(lambda path=path: client.get(path).data)  # type: ignore[misc]
            print(f"{name:34}{taken:8.1f}{taken / unit:8.1f}{statements.count:12}{len(page.data) / 1000:7.1f}")
        app.extensions["database"].dispose()
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
