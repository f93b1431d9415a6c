"""A running installation that faults happen to: its processes, the people who work with it meanwhile, and what must hold afterwards."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import requests
from sqlalchemy import func, select

from app.core.database import Base, make_engine
from tests.browser import PASSWORD
from tests.conftest import form_fields
from tests.servers import free_port, postgresql_program

ROOT = Path(__file__).resolve().parents[2]
GA = "ga@meghna.example.com"
PATIENCE_SECONDS = 120
PEOPLE = 3
CHECKS = """
import sys
from app import create_app
runner = create_app().test_cli_runner()
said = [runner.invoke(args=["isp", command]) for command in ("check-books", "verify-log")]
print(*(one.output for one in said))
sys.exit(any(one.exit_code for one in said))
"""


def until(is_so: Callable[[], Any], what: str, seconds: float = PATIENCE_SECONDS) -> Any:
    """Wait until something is so, and return it; AssertionError names what never was."""
    waiting = threading.Event()
    for _time in range(int(seconds * 20)):
        if found := is_so():
            return found
        waiting.wait(0.05)
    raise AssertionError(f"{what}: not within {seconds} s")


class Site:
    """The program on a database: processes that are started, killed and started again."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder = folder
        self.address = address
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            "PATH": f"{Path(postgresql_program('pg_dump')).parent}:{os.environ['PATH']}",
            "DATABASE_URL": address,
            "FILES_FOLDER": str(folder),
            "PORT": str(self.port),
            "PUBLIC_URL": self.url,
            # with the clock that measures spans moved too, whoever waits for somebody waits for ever
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }
        self.log = (folder / "server.log").open("ab")
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._beside = make_engine(address)

    def start(self, mode: str = "", largest_file: int = 0, **outside: str) -> None:
        """Start `run.py`; ``largest_file`` is how many bytes a file of it may have, as if the disk were full."""

        def limit() -> None:
            if largest_file:
                resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

        command = ["setpriv", "--pdeathsig", "KILL", "--", sys.executable, "run.py", *([mode] if mode else [])]
        self.processes[mode] = subprocess.Popen(
            command,
            cwd=ROOT,
            env=self.environment | outside,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
            preexec_fn=limit,
        )
        if mode != "worker":
            until(self.answers, "the web server's answer")

    def answers(self) -> bool:
        """Tell whether the web server answers."""
        try:
            return requests.get(f"{self.url}/healthz", timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def kill(self, mode: str = "") -> None:
        """End a process, and nothing of what it started, as `kill -9` does."""
        process = self.processes.pop(mode)
        process.kill()
        process.wait()

    def stop(self) -> None:
        """End everything."""
        for process in self.processes.values():
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.processes.clear()
        self.log.close()
        self._beside.dispose()

    def isp(self, *words: str, before: tuple[str, ...] = (), address: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command of the program."""
        outside = {"DATABASE_URL": address} if address else {}
        return self.python(*before, sys.executable, "-m", "flask", "isp", *words, **outside)

    def python(self, *words: str, **outside: str) -> subprocess.CompletedProcess[str]:
        """Run a process beside those that serve, to its end."""
        return subprocess.run(
            words,
            cwd=ROOT,
            env=self.environment | outside,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )

    def rows(self, statement: Any) -> list[Any]:
        """Return the rows of a statement, read beside the program."""
        with self._beside.connect() as connection:
            return list(connection.execute(statement))

    @property
    def customers(self) -> list[int]:
        """The Group Admin's own customers."""
        customers, accounts = tables("customers", "accounts")
        own = select(customers.c.id).join(accounts, accounts.c.id == customers.c.owner_id).where(accounts.c.email == GA)
        return [row.id for row in self.rows(own.where(customers.c.deleted_at.is_(None)).order_by(customers.c.id))]

    @property
    def unfinished(self) -> list[Any]:
        """The jobs that have not ended."""
        (jobs,) = tables("jobs")
        return self.rows(select(jobs.c.id, jobs.c.state).where(jobs.c.state.in_(("waiting", "running"))))

    def assert_right(self) -> None:
        """Check books and logs, that no month was billed twice, and that jobs ended and say how."""
        # in one process: to start it takes longer than to count
        said = self.python(sys.executable, "-c", CHECKS)
        assert said.returncode == 0, said.stdout + said.stderr
        bills, jobs = tables("bills", "jobs")
        a_month = (bills.c.customer_id, bills.c.period_from)
        twice = select(*a_month).where(bills.c.purpose == "monthly", bills.c.voided_at.is_(None)).group_by(*a_month)
        assert self.rows(twice.having(func.count() > 1)) == []
        ended = self.rows(select(jobs.c.state, jobs.c.sentence, jobs.c.file))
        assert all(row.state in ("done", "failed", "cancelled") for row in ended)
        assert all(row.sentence["texts"]["bn"] for row in ended if row.state == "failed")
        assert all((self.folder / "jobs" / row.file).is_file() for row in ended if row.state == "done" and row.file)


def tables(*names: str) -> list[Any]:
    """Return tables by name."""
    return [Base.metadata.tables[name] for name in names]


class Person:
    """Somebody at the panel."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.session = requests.Session()
        self.token = ""

    def sign_in(self) -> None:
        """Sign in as the Group Admin, and know the forms' token."""
        page = self.session.get(f"{self.site.url}/login/", timeout=60)
        form = form_fields(page.text, "email") | {"email": GA, "password": PASSWORD}
        self.session.post(f"{self.site.url}/login/", data=form, timeout=60).raise_for_status()
        self.token = form_fields(self.session.get(f"{self.site.url}/account/", timeout=60).text)["csrf_token"]

    def send(self, path: str, **fields: str) -> requests.Response:
        """Send a form."""
        form = {"csrf_token": self.token, **fields}
        return self.session.post(f"{self.site.url}{path}", data=form, timeout=60, allow_redirects=False)


@dataclass
class Cash:
    """Cash that somebody took: the form, and what was answered."""

    customer: int
    fields: dict[str, str]
    confirmed: str = ""


@dataclass
class Traffic:
    """People who take cash one after the other, whatever happens to the program; nobody knows what came of what had no answer."""

    site: Site
    seed: int
    taken: list[Cash] = field(default_factory=list)
    refused: int = 0
    _over: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Let everybody begin."""
        customers = self.site.customers
        for number in range(PEOPLE):
            chance = random.Random(f"{self.seed}:{number}")
            self._threads.append(threading.Thread(target=self._work, args=(chance, customers)))
            self._threads[-1].start()

    def _work(self, chance: random.Random, customers: list[int]) -> None:
        person = Person(self.site)
        while not self._over.is_set():
            try:
                person.sign_in()
                break
            except (requests.RequestException, AssertionError):
                self._over.wait(0.2)
        while not self._over.is_set():
            cash = Cash(
                chance.choice(customers),
                {
                    "amount": f"{chance.randrange(1, 400)}.{chance.randrange(1, 100):02d}",
                    "request_id": str(UUID(int=chance.getrandbits(128), version=4)),
                    "confirm": "1",
                },
            )
            self.taken.append(cash)
            self._take(person, cash)

    def _take(self, person: Person, cash: Cash) -> None:
        try:
            path = f"/payments/receive/{cash.customer}"
            page = person.session.get(f"{self.site.url}{path}", timeout=60)
            if "/login" in page.url:
                person.sign_in()
                page = person.session.get(f"{self.site.url}{path}", timeout=60)
            day = form_fields(page.text, "paid_on")["paid_on"]
            answer = person.send(path, **cash.fields, paid_on=day)
        except (requests.RequestException, AssertionError):
            self.refused += 1
            self._over.wait(0.1)
            return
        location = answer.headers.get("Location", "")
        if answer.status_code == 303 and location.startswith("/payments/show/"):
            cash.confirmed = location
        else:
            self.refused += 1
            self._over.wait(0.1)

    @property
    def confirmed(self) -> int:
        """How often somebody was told that the cash is recorded."""
        return sum(bool(cash.confirmed) for cash in self.taken)

    def wait_for(self, more: int) -> None:
        """Wait until so many more were confirmed."""
        wanted = self.confirmed + more
        until(lambda: self.confirmed >= wanted, f"{wanted} confirmed payments")

    def stop(self) -> None:
        """Let everybody come to an end."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def assert_once(self) -> None:
        """Check that what was confirmed is there, once, and that the rest is there at most once; then send the rest again."""
        self._compare(at_least=False)
        person = Person(self.site)
        person.sign_in()
        for cash in self.taken:
            if not cash.confirmed:
                self._take(person, cash)
        assert all(cash.confirmed for cash in self.taken)
        self._compare(at_least=True)

    def _compare(self, *, at_least: bool) -> None:
        (payments,) = tables("payments")
        known: dict[str, list[tuple[int, int, int]]] = {}
        for row in self.site.rows(select(payments)):
            known.setdefault(row.request_id, []).append((row.id, row.customer_id, row.amount))
        for cash in self.taken:
            found = known.get(cash.fields["request_id"], [])
            assert len(found) <= 1, f"{cash} is there {len(found)} times"
            if cash.confirmed or at_least:
                assert found, f"{cash} is lost"
                number, customer, amount = found[0]
                assert cash.confirmed.split("?")[0] == f"/payments/show/{number}"
                assert (customer, f"{amount // 100}.{amount % 100:02d}") == (cash.customer, cash.fields["amount"])


@contextmanager
def at_work(site: Site, seed: int) -> Iterator[Traffic]:
    """Let people take cash while the block runs."""
    traffic = Traffic(site, seed)
    traffic.start()
    try:
        yield traffic
    finally:
        traffic.stop()
