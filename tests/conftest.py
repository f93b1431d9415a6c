"""What every test stands on: an application on a database of its own, a clock that stands still, no network."""

from __future__ import annotations

import fcntl
import os
import pickle
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import hypothesis
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.servers import PostgresServer, PostgresStore, SqliteStore, Store

pytest_plugins = ["tests.browser"]

DHAKA = ZoneInfo("Asia/Dhaka")
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=DHAKA)
PASSWORD = "sanjog-demo-1"
OWN_ADDRESSES = re.compile(r"127\.\d+\.\d+\.\d+|::1|localhost")
SETTINGS_FROM_OUTSIDE = re.compile(
    r"APP_ENV|DATABASE_URL|LISTEN|PORT|SIZE|SECRET_KEY|LOG_KEY|FIELD_KEYS|HOSTS|PROXIES|FLASK_.*|.*_proxy"
    r"|PUBLIC_URL|LOG_LINES|SLOW_QUERY_MS|METRICS_.*|JOBS_URL|FILES_FOLDER|PROMETHEUS_.*",
    re.IGNORECASE,
)
POSTGRESQL = pytest.StashKey[PostgresServer]()
T = TypeVar("T")

hypothesis.settings.register_profile("sanjog", deadline=None, derandomize=True, database=None, print_blob=False)
hypothesis.settings.load_profile("sanjog")


# --- The run -----------------------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--database`: which engine the tests of this run use."""
    parser.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite", help="engine of the tests")


def pytest_configure(config: pytest.Config) -> None:
    """Close the process to the outside and start PostgreSQL once for all workers."""
    for name in list(os.environ):
        if SETTINGS_FROM_OUTSIDE.fullmatch(name):
            del os.environ[name]
    # Neither Dhaka's time nor UTC, and mostly another date than Dhaka's: naive local time makes a test fail.
    os.environ["TZ"] = "HST10"
    sys.addaudithook(_refuse_network)
    is_worker = hasattr(config, "workerinput")
    if config.getoption("--database") == "postgresql" and not is_worker and not config.option.collectonly:
        try:
            config.stash[POSTGRESQL] = PostgresServer()
        except RuntimeError as problem:
            raise pytest.UsageError(str(problem)) from None


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what was started for the run."""
    server = config.stash.get(POSTGRESQL, None)
    if server is not None:
        server.stop()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell each worker process where the run's PostgreSQL listens."""
    server = node.config.stash.get(POSTGRESQL, None)
    if server is not None:
        node.workerinput["postgresql"] = {"admin_address": server.admin_address, "url": server.url("{}")}


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the browser's tests."""
    if "live_server" in getattr(item, "fixturenames", ()):
        item.add_marker("browser")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the browser's tests out on PostgreSQL, and those that bring both databases with them."""
    if config.getoption("--database") == "postgresql":
        played = [
            item for item in items if item.get_closest_marker("browser") or item.get_closest_marker("both_databases")
        ]
        config.hook.pytest_deselected(items=played)
        items[:] = [item for item in items if item not in played]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hand the workers test by test, but the browser's tests file by file: those of a file share a server."""
    from xdist.scheduler import LoadScopeScheduling

    class BrowserFilesTogether(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return nodeid.partition("::")[0] if nodeid.startswith("tests/e2e/") else nodeid

    return BrowserFilesTogether(config, log)


def _refuse_network(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    else:
        return
    name = host.decode() if isinstance(host, bytes) else host
    if name and not OWN_ADDRESSES.fullmatch(name):
        raise RuntimeError(f"a test reached for the network: {name}")


# --- The clock ---------------------------------------------------------------------------------------------------


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self, traveller: Any) -> None:
        self._traveller = traveller

    def set(self, moment: str | datetime) -> None:
        """Set the clock to a moment; text such as "2026-11-30 23:50" is Dhaka's time."""
        if isinstance(moment, str):
            moment = datetime.fromisoformat(moment).replace(tzinfo=DHAKA)
        # The moment and not the zone: a ZoneInfo would make time-machine change the zone of the process too.
        self._traveller.move_to(moment.timestamp())

    def forward(self, **span: float) -> None:
        """Set the clock forward by a span, in the words of timedelta: days, hours, minutes, seconds."""
        self._traveller.shift(timedelta(**span))


def standing_clock() -> time_machine.travel:
    """Return a context in which the clock stands at noon of 2026-11-23 in Dhaka."""
    return time_machine.travel(NOON.timestamp(), tick=False)


@pytest.fixture(autouse=True)
def clock(request: pytest.FixtureRequest) -> Iterator[Clock | None]:
    """Stop the clock at 2026-11-23 12:00 in Dhaka, except for the browser's tests and those marked `real_clock`."""
    if request.node.get_closest_marker("real_clock") or request.node.get_closest_marker("browser"):
        yield None
        return
    with standing_clock() as traveller:
        yield Clock(traveller)


# --- The application and its database ----------------------------------------------------------------------------


class World:
    """One worker's application, its database, and the states the database can be put back to.

    A state is built by the first worker that needs it and kept for all workers of the run.
    """

    def __init__(self, store: Store, shared: Path, files: Path) -> None:
        from app import create_app
        from config import Testing

        self._store = store
        self._shared = shared
        self._files = files
        self._files.mkdir(parents=True)
        self.app = create_app(Testing, DATABASE_URL=store.url, FILES_FOLDER=str(files))
        self._keep("empty", self._migrate)

    def restore(self, name: str) -> Any:
        """Put the database back to a state, without any file, and return what its builder returned."""
        self._forget()
        self._store.restore(name)
        shutil.rmtree(self._files)
        self._files.mkdir()
        return pickle.loads(self._value(name).read_bytes())

    def snapshot(self, name: str, build: Callable[[Flask], T]) -> T:
        """Put the database into a named state, built on an empty one the first time, and return what `build` returned.

        `build` runs inside an application context, at noon of 2026-11-23 in Dhaka; what it returns must be picklable
        plain values (ids, names): rows of the database do not outlive the state they were read in.
        """

        def fill() -> T:
            self.restore("empty")
            with self.app.app_context():
                return build(self.app)

        self._keep(name, fill)
        return self.restore(name)

    def _keep(self, name: str, fill: Callable[[], Any]) -> None:
        if self._value(name).exists():
            return
        with (self._shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self._value(name).exists():
                return
            with standing_clock():
                value = fill()
            self._forget()
            self._store.keep(name)
            unfinished = self._value(name).with_suffix(".unfinished")
            unfinished.write_bytes(pickle.dumps(value))
            unfinished.rename(self._value(name))

    def _migrate(self) -> None:
        answer = self.app.test_cli_runner().invoke(args=["isp", "migrate"])
        if answer.exit_code:
            raise RuntimeError(f"flask isp migrate failed: {answer.output}") from answer.exception

    def _forget(self) -> None:
        from app.core.database import db

        with self.app.app_context():
            db.dispose()
        for limiter in self.app.extensions.get("limiter", ()):
            limiter.reset()

    def _value(self, name: str) -> Path:
        return self._shared / f"{name}.value"


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The temporary folder that all workers of the run share."""
    own = tmp_path_factory.getbasetemp()
    folder = (own if worker_id == "master" else own.parent) / "run"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def store(request: pytest.FixtureRequest, run_folder: Path, worker_id: str) -> Store:
    """The worker's own database on the engine of the run."""
    if request.config.getoption("--database") == "sqlite":
        return SqliteStore(run_folder / worker_id / "sanjog.db", run_folder / "snapshots")
    server = request.config.stash.get(POSTGRESQL, None)
    if server is not None:
        return PostgresStore(server.admin_address, server.url(worker_id), worker_id)
    place = request.config.workerinput["postgresql"]
    return PostgresStore(place["admin_address"], place["url"].format(worker_id), worker_id)


@pytest.fixture(scope="session")
def database_url(store: Store) -> str:
    """The address of the worker's database."""
    return store.url


@pytest.fixture(scope="session")
def world(store: Store, run_folder: Path, worker_id: str) -> Iterator[World]:
    """The worker's application, made once, its tables made by the real migrations."""
    from app.core.database import db

    made = World(store, run_folder, run_folder / worker_id / "files")
    yield made
    with made.app.app_context():
        db.dispose()


@pytest.fixture
def app(request: pytest.FixtureRequest, world: World) -> Flask:
    """The application on a database without any row, or in the state the test asks for with `snapshot` or `cast`."""
    if "snapshot" not in request.fixturenames:
        world.restore("empty")
    return world.app


@pytest.fixture
def another_app(database_url: str) -> Iterator[Callable[..., Flask]]:
    """`another_app(Settings, NAME=…)`: one more application on the worker's database; its connections end with the test."""
    from app import create_app
    from app.core.database import db

    made: list[Flask] = []

    def make(settings: Any, **changed: Any) -> Flask:
        made.append(create_app(settings, DATABASE_URL=database_url, **changed))
        return made[-1]

    yield make
    for one in made:
        with one.app_context():
            db.dispose()


@pytest.fixture
def snapshot(world: World) -> Callable[[str, Callable[[Flask], T]], T]:
    """`snapshot(name, build)`: put the database into a named state; see World.snapshot."""
    return world.snapshot


@pytest.fixture
def cast(snapshot: Callable[..., Any]) -> Any:
    """The people and rows of tests/cast.py, in the database."""
    from tests.cast import build

    return snapshot("cast", build)


@pytest.fixture
def context(request: pytest.FixtureRequest, app: Flask) -> Iterator[Flask]:
    """An application context around the whole test, for tests of services and queries.

    Not together with `client`: Flask would share this context's `g`, and with it who is signed in, between requests.
    """
    if "client" in request.fixturenames:
        raise pytest.UsageError("a test takes either `context` or `client`")
    with app.app_context():
        yield app


# --- The pages ---------------------------------------------------------------------------------------------------


class FormReader(HTMLParser):
    """Collect the forms of a page: for each the names of its fields with the values a browser would send."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, str]] = []
        self._inside = False
        self._name: str | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a form or note one of its fields."""
        given = dict(attrs)
        name = given.get("name")
        if tag == "form":
            self.forms.append({})
            self._inside = True
        elif not self._inside:
            return
        elif tag == "input" and name and given.get("type") not in ("submit", "button", "image", "file"):
            if given.get("type") not in ("checkbox", "radio"):
                self.forms[-1].setdefault(name, given.get("value") or "")
            elif "checked" in given:
                self.forms[-1][name] = given.get("value") or "on"
        elif tag == "textarea" and name:
            self.forms[-1][name] = ""
            self._name = name
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in given or self._select not in self.forms[-1]):
            self.forms[-1][self._select] = given.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        """Close a form or a field."""
        if tag == "form":
            self._inside = False
        elif tag == "textarea":
            self._name = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        """Note what stands in a text area."""
        if self._name is not None:
            # A browser drops the line break right after the opening tag.
            self.forms[-1][self._name] += data.removeprefix("\n") if not self.forms[-1][self._name] else data


def form_fields(page: str, having: str = "csrf_token") -> dict[str, str]:
    """Return the fields, as a browser would send them untouched, of the page's first form that has the named field."""
    reader = FormReader()
    reader.feed(page)
    for form in reader.forms:
        if having in form:
            return form
    raise AssertionError(f"no form of the page has a field {having!r}")


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without script, signed in as nobody."""
    return app.test_client()


@pytest.fixture
def fields() -> Callable[..., dict[str, str]]:
    """`fields(page, having="amount")`: the form of a page that has this field; see form_fields."""
    return form_fields


@pytest.fixture
def fill() -> Callable[..., TestResponse]:
    """`fill(client, path, having="amount", amount="500", …)`: open a page, change those fields of its form, send it."""

    def fill_form(client: FlaskClient, path: str, having: str | None = None, **changed: str) -> TestResponse:
        wanted = having or next(iter(changed), "csrf_token")
        page = client.get(path)
        assert page.status_code == 200, f"{path} answered {page.status_code}"
        return client.post(path, data=form_fields(page.text, wanted) | changed)

    return fill_form


@pytest.fixture
def sign_in(fill: Callable[..., TestResponse]) -> Callable[..., FlaskClient]:
    """`sign_in(client, email)`: sign in through the real form; returns the client."""

    def sign_in_with_form(client: FlaskClient, email: str, password: str = PASSWORD) -> FlaskClient:
        answer = fill(client, "/login/", email=email, password=password)
        assert answer.status_code in (302, 303), f"{email} could not sign in"
        assert "/login" not in answer.location, f"{email} could not sign in"
        return client

    return sign_in_with_form


@pytest.fixture
def as_person(app: Flask, sign_in: Callable[..., FlaskClient]) -> Callable[[str], FlaskClient]:
    """`as_person(email)`: a new client, signed in."""
    return lambda email: sign_in(app.test_client(), email)
