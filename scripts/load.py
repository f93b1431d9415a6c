"""Let fifty people of the cast work at once, each the next thing as soon as the last is done, and prove that nothing broke.

scripts/load.py [--minutes 10] [--people 50] [--seed 1]: the real server on PostgreSQL with the medium demo. Prints how much was done
and how long it took; ends with 1 on an answer of 500 and above, a lock that was waited for in vain, books or logs that are not right,
a kind of work that nobody managed, or a server that keeps growing.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from app.demo_cast import people  # noqa: E402
from scripts.measure import PLACE, POSTGRESQL, Client, Process  # noqa: E402
from tests.conftest import form_fields  # noqa: E402
from tests.servers import PostgresServer  # noqa: E402

ALLOWED_GROWTH = 1.25
"""How much larger than after its first minute the server may be in the end."""

MIX = {
    "list": 25,
    "profile": 20,
    "collect": 15,
    "cash": 15,
    "search": 10,
    "bills": 5,
    "home": 5,
    "void": 2,
    "expense": 3,
}
"""What people do, in parts of a hundred."""

CHANGES = ("cash", "void", "expense")
"""What is done when it is answered with a redirect; the rest is read."""

WORDS = ("rahman", "akter", "রহমান", "01711", "store", "hossain")


class Person:
    """Somebody of the cast at work."""

    def __init__(self, port: int, email: str, chance: random.Random) -> None:
        self.client = Client(port)
        self.client.sign_in(email)
        self.chance = chance
        self.customers: list[str] = []
        self.payments: list[str] = []

    def do(self, what: str) -> tuple[int, bytes]:
        """Do one thing; return how it was answered."""
        return getattr(self, f"_{what}")()

    def _list(self) -> tuple[int, bytes]:
        status, body = self.client.ask(f"/customers/list/?page={self.chance.randint(1, 8)}")
        self.customers = re.findall(r"/customers/show/(\d+)", body.decode()) or self.customers
        return status, body

    def _customer(self) -> str:
        if not self.customers:
            self._list()
        return self.chance.choice(self.customers or ["0"])

    def _profile(self) -> tuple[int, bytes]:
        return self.client.ask(f"/customers/show/{self._customer()}")

    def _collect(self) -> tuple[int, bytes]:
        return self.client.ask("/collect/")

    def _search(self) -> tuple[int, bytes]:
        return self.client.ask(f"/customers/list/?q={quote(self.chance.choice(WORDS))}")

    def _bills(self) -> tuple[int, bytes]:
        return self.client.ask("/bills/list/?status=unpaid")

    def _home(self) -> tuple[int, bytes]:
        return self.client.ask("/")

    def _sent(self, path: str, **typed: str) -> tuple[int, bytes]:
        status, body = self.client.ask(path)
        if status != 200:
            return status, body
        try:
            form = form_fields(body.decode(), next(iter(typed)))
        except AssertionError:
            return status, body
        return self.client.ask(path, form | typed)

    def _cash(self) -> tuple[int, bytes]:
        who = self._customer()
        taka = str(self.chance.choice((100, 250, 500, 800)))
        typed = {"amount": taka, "quoted": "", "confirm": "1", "request_id": str(uuid4())}
        status, body = self.client.ask(f"/payments/receive/{who}")
        if status != 200:
            return status, body
        return self.client.ask(f"/payments/receive/{who}", form_fields(body.decode(), "request_id") | typed)

    def _void(self) -> tuple[int, bytes]:
        status, body = self.client.ask("/payments/list/")
        found = re.findall(r"/payments/show/(\d+)", body.decode())
        return (
            self._sent(f"/payments/delete/{self.chance.choice(found)}", reason="Wrong customer")
            if found
            else (status, body)
        )

    def _expense(self) -> tuple[int, bytes]:
        status, body = self.client.ask("/expenses/add")
        chooses = re.search(r'name="category_id".*?</select>', body.decode(), re.DOTALL)
        category = re.findall(r'<option[^>]*value="(\d+)"', chooses.group()) if chooses else []
        if not category:
            return status, body
        return self._sent(
            "/expenses/add", amount=str(self.chance.randint(10, 90)), category_id=category[0], note="Cable ties"
        )


class Tally:
    """What was done, by kind of work, and what went wrong."""

    def __init__(self) -> None:
        self.milliseconds: dict[str, list[float]] = defaultdict(list)
        self.statuses: Counter[tuple[str, int]] = Counter()
        self.broken: list[str] = []
        self._lock = threading.Lock()

    def never_done(self) -> list[str]:
        """Return the kinds of work that nobody managed: a load without them says nothing about them."""
        return [what for what in MIX if not self.statuses[what, 303 if what in CHANGES else 200]]

    def add(self, what: str, status: int, milliseconds: float, body: bytes) -> None:
        """Count an answer."""
        with self._lock:
            self.milliseconds[what].append(milliseconds)
            self.statuses[what, status] += 1
            if status >= 500:
                self.broken.append(f"{what} was answered with {status}: {body[:200]!r}")


def work(port: int, email: str, seed: int, until: float, tally: Tally) -> None:
    """Work until a moment."""
    chance = random.Random(seed)
    person = Person(port, email, chance)
    names, weights = list(MIX), list(MIX.values())
    while time.monotonic() < until:
        what = chance.choices(names, weights)[0]
        begun = time.perf_counter()
        status, body = person.do(what)
        tally.add(what, status, (time.perf_counter() - begun) * 1000, body)


def checked(url: str, *words: str) -> str:
    """Run a command of the program and return what it printed."""
    program = str(Path(sys.executable).with_name("flask"))
    done = subprocess.run(
        [program, "isp", *words], cwd=ROOT, env=os.environ | {"DATABASE_URL": url}, capture_output=True, text=True
    )
    print(
        f"{' '.join(words)}: {done.stdout.strip().splitlines()[-1] if done.stdout.strip() else done.stderr.strip()[-300:]}"
    )
    return done.stdout if done.returncode == 0 else ""


def main() -> int:
    """Let them work; print and judge."""
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--minutes", type=float, default=float(os.environ.get("MINUTES") or 10))
    reading.add_argument("--people", type=int, default=50)
    reading.add_argument("--seed", type=int, default=1)
    asked = reading.parse_args()
    database = PostgresServer(**POSTGRESQL)
    try:
        url = database.url("sanjog")
        subprocess.run(["psql", "-q", database.admin_address, "-c", "CREATE DATABASE sanjog OWNER sanjog"], check=True)
        checked(url, "demo", "--size", "medium")
        server = Process("run.py", url=url)
        tally = Tally()
        emails = [person.email for person in people() if person.kind != "super_admin"]
        until = time.monotonic() + asked.minutes * 60
        threads = [
            threading.Thread(target=work, args=(server.port, emails[at % len(emails)], asked.seed + at, until, tally))
            for at in range(asked.people)
        ]
        for thread in threads:
            thread.start()
        time.sleep(min(60, asked.minutes * 30))
        early = server.memory()
        for thread in threads:
            thread.join()
        late = server.memory()
        server.stop()
        print(f"{'work':10}{'done':>8}{'median':>9}{'p95':>9}   (ms)   answers")
        for what, taken in sorted(tally.milliseconds.items()):
            worst = sorted(taken)[round(len(taken) * 0.95) - 1]
            answers = {status: count for (name, status), count in sorted(tally.statuses.items()) if name == what}
            print(f"{what:10}{len(taken):8}{statistics.median(taken):9.0f}{worst:9.0f}          {answers}")
        log = (PLACE / "run.log").read_text(errors="replace")
        waited = len(re.findall(r"lock timeout|deadlock detected|database is locked|Traceback", log))
        print(
            f"server: {early / 1024:.0f} MiB after the first minute, {late / 1024:.0f} MiB in the end; {waited} errors in its log"
        )
        for what in tally.never_done():
            tally.broken.append(f"{what} was never done")
        books, logs = checked(url, "check-books"), checked(url, "verify-log")
        right = not tally.broken and not waited and books.strip() and logs.strip() and late <= early * ALLOWED_GROWTH
        for line in tally.broken[:10]:
            print(line)
        return int(not right)
    finally:
        database.stop()


if __name__ == "__main__":
    raise SystemExit(main())
