"""Faults at moments nobody chose: nothing that was confirmed is lost, nothing is there twice, books and logs are right, jobs end."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
from alembic.script import ScriptDirectory
from sqlalchemy import func, select

from app.cli import alembic_config
from tests.conftest import form_fields
from tests.faults.site import PEOPLE, ROOT, Person, Site, at_work, tables, until
from tests.paylinks.conftest import Phone
from tests.servers import PostgresServer, free_port

pytestmark = [pytest.mark.real_clock, pytest.mark.both_databases]
long = pytest.mark.long
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
IN_TEN_MINUTES = ("faketime", "-f", "+10m")
ANOTHER_CHANGE = f"""
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "another", {ScriptDirectory.from_config(alembic_config()).get_current_head()!r}, None, None


def change(work):
    # on SQLite row by row into a table of the new form, which has the triggers of the old one only if they are put back
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for name in ("payments", "bills"):
        of_this = f"SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '{{name}}'"
        triggers = list(op.get_bind().exec_driver_sql(of_this).scalars()) if is_sqlite else []
        with op.batch_alter_table(name, recreate="always" if is_sqlite else "never") as table:
            work(table)
        for trigger in triggers:
            op.get_bind().exec_driver_sql(trigger)


def upgrade():
    change(lambda table: table.add_column(sa.Column("another", sa.Integer, nullable=False, server_default="7")))


def downgrade():
    change(lambda table: table.drop_column("another"))
"""


def test_the_server_is_killed_while_cash_is_taken(seed: int, sqlite_site: Site) -> None:
    _killed_while_cash_is_taken(seed, sqlite_site, 1)


@long
def test_the_server_is_killed_again_and_again_while_cash_is_taken(seed: int, site: Site) -> None:
    _killed_while_cash_is_taken(seed, site, 4)


def _killed_while_cash_is_taken(seed: int, site: Site, times: int) -> None:
    chance = random.Random(seed)
    site.start()
    with at_work(site, seed) as traffic:
        for _time in range(times):
            traffic.wait_for(chance.randrange(3, 20))
            site.kill()
            site.start()
        traffic.wait_for(3)
    traffic.assert_once()
    site.assert_right()


def _ask_for_pdfs(person: Person, site: Site) -> None:
    page = person.session.get(f"{site.url}/bills/download", timeout=60).text
    for layout in ("1", "2"):
        form = form_fields(page, "layout") | {"period_from": "2020-01-01", "layout": layout}
        assert person.send("/bills/download", **(form | {"request_id": str(uuid4())})).status_code == 303


def _begin_jobs(person: Person, site: Site) -> None:
    _ask_for_pdfs(person, site)
    months = person.session.get(f"{site.url}/billing-run/", timeout=60).text
    path = months.partition('action="/billing-run/month')[2].partition('"')[0]
    run = person.send(f"/billing-run/month{path}".replace("&amp;", "&"), request_id=str(uuid4()))
    assert run.status_code == 303
    assert person.send("/billing-run/suspend", request_id=str(uuid4())).status_code == 303


def _all_ended(site: Site) -> bool:
    return site.unfinished == []


@long
def test_the_worker_is_killed_during_bulk_pdf_and_monthly_run(seed: int, site: Site) -> None:
    chance = random.Random(seed)
    site.start("web")
    site.start("worker")
    person = Person(site)
    person.sign_in()
    with at_work(site, seed) as traffic:
        _begin_jobs(person, site)
        for _time in range(2):
            threading.Event().wait(chance.uniform(0, 2))
            site.kill("worker")
            site.start("worker")
        until(lambda: _all_ended(site), "the end of all jobs")
    traffic.assert_once()
    site.assert_right()


@long
def test_jobs_go_through_a_redis_where_web_and_worker_have_one(
    seed: int, postgresql_site: Site, tmp_path: Path
) -> None:
    site, chance = postgresql_site, random.Random(seed)
    with _redis(tmp_path) as outside:
        site.start("web", **outside)
        site.start("worker", **outside)
        person = Person(site)
        person.sign_in()
        _begin_jobs(person, site)
        threading.Event().wait(chance.uniform(0, 2))
        site.kill("worker")
        site.start("worker", **outside)
        until(lambda: _all_ended(site), "the end of all jobs")
        site.assert_right()


@long
def test_redis_is_killed_and_comes_back_empty_while_jobs_run(seed: int, postgresql_site: Site, tmp_path: Path) -> None:
    site, chance, port = postgresql_site, random.Random(seed), free_port()
    with _redis(tmp_path, port) as outside:
        site.start("web", **outside)
        site.start("worker", **outside)
        person = Person(site)
        person.sign_in()
        threading.Event().wait(chance.uniform(0, 2))
    _begin_jobs(person, site)
    with _redis(tmp_path, port):
        threading.Event().wait(chance.uniform(0, 20))
    assert person.session.get(f"{site.url}/jobs/", timeout=60).status_code == 200
    with _redis(tmp_path, port):
        until(lambda: _all_ended(site), "the end of all jobs", 300)
        site.assert_right()


@contextmanager
def _redis(folder: Path, port: int = 0) -> Iterator[dict[str, str]]:
    """Run a Redis that keeps nothing, inside the block; what processes are told of it."""
    port = port or free_port()
    words = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    redis = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    try:
        until(lambda: _listens(port), "Redis")
        yield {"JOBS_URL": f"redis://127.0.0.1:{port}/0"}
    finally:
        redis.kill()
        redis.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@long
def test_postgresql_is_killed_while_cash_is_taken_and_jobs_run(
    seed: int, postgresql_site: Site, durable: PostgresServer
) -> None:
    site, chance = postgresql_site, random.Random(seed)
    site.start()
    person = Person(site)
    person.sign_in()
    with at_work(site, seed) as traffic:
        _begin_jobs(person, site)
        traffic.wait_for(chance.randrange(1, 12))
        durable.kill()
        durable.start_again()
        traffic.wait_for(5)
    # nobody has to start the program anew, for the cash; what ran in a job may wait for the minute's look
    until(lambda: _all_ended(site), "the end of all jobs")
    traffic.assert_once()
    site.assert_right()


@long
def test_the_database_is_gone_for_ten_seconds(seed: int, postgresql_site: Site, durable: PostgresServer) -> None:
    site = postgresql_site
    site.start()
    with at_work(site, seed) as traffic:
        traffic.wait_for(3)
        durable.kill()
        threading.Event().wait(10)
        assert requests.get(f"{site.url}/healthz", timeout=60).status_code == 200
        assert requests.get(f"{site.url}/readyz", timeout=60).status_code == 503
        durable.start_again()
        traffic.wait_for(5)
        assert requests.get(f"{site.url}/readyz", timeout=60).status_code == 200
    assert traffic.refused
    traffic.assert_once()
    site.assert_right()


@long
def test_the_disk_is_full(seed: int, sqlite_site: Site) -> None:
    site, chance = sqlite_site, random.Random(seed)
    size = (site.folder / "sanjog.db").stat().st_size
    site.start("web", largest_file=size + chance.randrange(0, 40) * 4096)
    with at_work(site, seed) as traffic:
        until(lambda: traffic.refused >= 6, "payments that are refused")
        site.kill("web")
        site.start()
        traffic.wait_for(5)
    traffic.assert_once()
    site.assert_right()


@long
def test_the_disk_is_full_during_bulk_pdf(seed: int, postgresql_site: Site, tmp_path: Path) -> None:
    site, chance = postgresql_site, random.Random(seed)
    with _redis(tmp_path) as outside:
        site.start("web", **outside)
        site.start("worker", largest_file=chance.randrange(1, 40_000), **outside)
        person = Person(site)
        person.sign_in()
        _begin_jobs(person, site)
        until(lambda: _all_ended(site), "the end of all jobs")
        site.assert_right()
        full = _pdf_jobs(site)
        assert [(job.state, job.file) for job in full] == [("failed", ""), ("failed", "")]
        assert all("disk is full" in job.sentence["texts"]["en"] for job in full)
        assert [path.name for path in (site.folder / "jobs").iterdir() if path.suffix != ".lock"] == []
        site.kill("worker")
        site.start("worker", **outside)
        _ask_for_pdfs(person, site)
        until(lambda: _all_ended(site), "the end of all jobs")
    assert [job.state for job in _pdf_jobs(site)] == ["failed", "failed", "done", "done"]
    site.assert_right()


def _pdf_jobs(site: Site) -> list[Any]:
    (jobs,) = tables("jobs")
    return site.rows(select(jobs).where(jobs.c.kind == "invoice-download").order_by(jobs.c.id))


@long
def test_the_clock_jumps_forward_and_back(seed: int, site: Site) -> None:
    # the loader leaves out what is not there, and no clock would jump
    assert Path(FAKETIME).exists(), "the Debian package faketime is missing"
    clock = site.folder / "clock"
    clock.write_text("+0\n")
    outside = {"LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1"}
    site.start(**outside)
    with at_work(site, seed) as traffic:
        for jump in ("+40d", "+0", "-2d", "+0"):
            traffic.wait_for(2)
            clock.write_text(f"{jump}\n")
    for moved in ("+40d", "-2d"):
        assert site.isp("auto-suspend", before=("faketime", "-f", moved)).returncode == 0
    traffic.assert_once()
    site.assert_right()


@long
def test_two_workers_and_two_runs_at_once(seed: int, site: Site) -> None:
    site.start()
    second = Site(site.folder, site.address)
    second.start("worker")
    person = Person(site)
    person.sign_in()
    with at_work(site, seed) as traffic:
        _begin_jobs(person, site)
        commands = [("bill-month", "2026-12"), ("bill-month", "2026-12"), ("auto-suspend",), ("auto-suspend",)]
        running = [
            subprocess.Popen(
                [sys.executable, "-m", "flask", "isp", *words],
                cwd=ROOT,
                env=site.environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
            for words in commands
        ]
        for process in running:
            _said, wrong = process.communicate(timeout=120)
            assert process.returncode == 0, wrong.decode()
        traffic.wait_for(3)
        until(lambda: _all_ended(site), "the end of all jobs")
    second.stop()
    traffic.assert_once()
    site.assert_right()


@long
def test_the_tables_are_changed_while_cash_is_taken(seed: int, site: Site, tmp_path: Path) -> None:
    (tmp_path / "another_change.py").write_text(ANOTHER_CHANGE)
    site.start()
    with at_work(site, seed) as traffic:
        traffic.wait_for(3)
        for step in ("command.upgrade(config, 'another')", "command.downgrade(config, '-1')"):
            _change_tables(site, step, tmp_path)
            traffic.wait_for(3)
    traffic.assert_once()
    site.assert_right()


@long
def test_the_last_change_of_the_tables_is_taken_back_and_made_again_while_cash_is_taken(seed: int, site: Site) -> None:
    site.start()
    with at_work(site, seed) as traffic:
        traffic.wait_for(3)
        _change_tables(site, "command.downgrade(config, '-1')")
        # the program may need what was taken away: then it refuses
        seen = len(traffic.taken)
        until(lambda: len(traffic.taken) >= seen + 2 * PEOPLE, "cash that is taken meanwhile")
        assert site.isp("migrate").returncode == 0
        traffic.wait_for(3)
    traffic.assert_once()
    site.assert_right()


def _change_tables(site: Site, step: str, *more: Path) -> None:
    lines = (
        "from alembic import command; from app.cli import alembic_config; from run import app",
        "config = alembic_config()",
        f"config.set_main_option('version_locations', {':'.join(map(str, (ROOT / 'migrations' / 'versions', *more)))!r})",
        "config.set_main_option('path_separator', 'os')",
        f"with app.app_context(): {step}",
    )
    changed = site.python(sys.executable, "-c", "\n".join(lines))
    assert changed.returncode == 0, changed.stderr


@long
def test_a_backup_made_while_cash_is_taken_is_restored(
    seed: int, site: Site, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    import psycopg

    site.start()
    with at_work(site, seed) as traffic:
        traffic.wait_for(3)
        before = [cash for cash in list(traffic.taken) if cash.confirmed]
        made = site.isp("backup", str(tmp_path / "backups"))
        assert made.returncode == 0, made.stderr
        traffic.wait_for(3)
    address = f"sqlite:///{tmp_path / 'empty' / 'sanjog.db'}"
    if site.address.startswith("postgresql"):
        durable: PostgresServer = request.getfixturevalue("durable")
        with psycopg.connect(durable.admin_address, autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS empty WITH (FORCE)")
            connection.execute("CREATE DATABASE empty OWNER sanjog TEMPLATE template0")
        address = durable.url("empty")
    (tmp_path / "empty").mkdir()
    again = Site(tmp_path / "empty", address)
    restored = again.isp("restore", made.stdout.strip())
    assert restored.returncode == 0, restored.stdout + restored.stderr
    (payments,) = tables("payments")
    known = {row.request_id for row in again.rows(select(payments.c.request_id))}
    assert {cash.fields["request_id"] for cash in before} <= known
    again.start()
    again.assert_right()
    again.stop()
    traffic.assert_once()


@long
def test_the_server_is_killed_while_customers_come_back_from_gateways(seed: int, site: Site, demo_folder: Path) -> None:
    chance = random.Random(seed)
    keys = "sandbox-gateways"
    shutil.copytree(demo_folder / keys, site.folder / keys, dirs_exist_ok=True)
    sandbox = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "app.gateways.sandbox",
            "--port",
            str(site.port + 1),
            "--folder",
            str(site.folder),
            "--beside",
        ],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        stdout=subprocess.DEVNULL,
    )
    try:
        until(lambda: _is_open(f"http://127.0.0.1:{site.port + 1}/healthz"), "the sandbox")
        site.start()
        _pay_and_kill(chance, site)
        for _time in range(3):
            said = site.isp("reconcile", before=IN_TEN_MINUTES)
            assert said.returncode == 0, said.stderr
        calls = requests.get(f"http://127.0.0.1:{site.port + 1}/_control/calls", timeout=30).json()
    finally:
        sandbox.kill()
        sandbox.wait()
    (payments,) = tables("payments")
    online = select(payments.c.method, func.count(), func.count(payments.c.gateway_transaction.distinct()))
    new = payments.c.id > site.last_payment  # type: ignore[attr-defined]
    posted = {row[0]: (row[1], row[2]) for row in site.rows(online.where(new).group_by(payments.c.method))}
    debits = {name: calls.get(f"{name}.debit", 0) for name in ("bkash", "nagad", "sslcommerz")}
    assert sum(debits.values())
    assert {name: posted.get(name, (0, 0)) for name in debits} == {
        name: (count, count) for name, count in debits.items()
    }
    site.assert_right()


def _is_open(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False


def _pay_and_kill(chance: random.Random, site: Site) -> None:
    """Let customers pay at once, and kill the server while they come back."""
    payments, customers = tables("payments", "customers")
    site.last_payment = site.rows(select(func.max(payments.c.id)))[0][0]  # type: ignore[attr-defined]
    owing = {row.id for row in site.rows(select(customers.c.id).where(customers.c.due > 0))}
    person = Person(site)
    person.sign_in()
    begun = []
    for customer in [one for one in site.customers if one in owing][:6]:
        path = f"/payment-links/add?customer={customer}"
        form = form_fields(person.session.get(f"{site.url}{path}", timeout=60).text, "seed")
        made = person.send(path, **form).text
        link = f"{site.url}/pay/{made.partition('/pay/')[2][:43]}"
        phone = Phone()
        begun.append((phone, phone.begin(link, chance.choice(("bkash", "nagad", "sslcommerz"))).headers["Location"]))

    def pay(phone: Phone, url: str) -> None:
        try:
            phone.press(url)
        except requests.RequestException:
            return  # the way back ended at a server that was not there

    threads = [threading.Thread(target=pay, args=one) for one in begun]
    for thread in threads:
        thread.start()
    threading.Event().wait(chance.uniform(0, 0.6))
    site.kill()
    for thread in threads:
        thread.join()
    site.start()
