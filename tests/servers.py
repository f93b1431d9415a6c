"""The databases the tests run on: a SQLite file or a private PostgreSQL server, with snapshots that restore quickly."""

from __future__ import annotations

import fcntl
import itertools
import os
import pwd
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
from pathlib import Path
from typing import IO, Protocol

import psycopg

START_SECONDS = 60
SYSTEM_ACCOUNTS = ("postgres", "nobody")
POSTGRESQL_FOLDERS = "/usr/lib/postgresql"
MEMORY = Path("/dev/shm")
ENOUGH_MEMORY_BYTES = 2**30
# Below the ports that Linux gives to those who connect: a caller on its way out never sits on one of these.
PORTS = range(10_000, 32_000, 2)

POSTGRESQL_SETTINGS = {
    "autovacuum": "off",
    "checkpoint_timeout": "1h",
    "fsync": "off",
    "full_page_writes": "off",
    "jit": "off",
    "listen_addresses": "127.0.0.1",
    "log_min_messages": "warning",
    "max_connections": "300",
    "max_wal_senders": "0",
    "max_wal_size": "128MB",
    "min_wal_size": "32MB",
    "shared_buffers": "128MB",
    "synchronous_commit": "off",
    "timezone": "UTC",
    "wal_level": "minimal",
}


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Return a port of 127.0.0.1 on which nobody listens, nor on the one above it, and that no other run of tests is given."""
    while True:
        port = next(_candidates)
        if _is_ours(port) and _is_free(port, kind) and _is_free(port + 1, kind):
            return port


def _is_ours(port: int) -> bool:
    # a name that one process of the machine may have, gone with it however it ends
    if port not in _claims:
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0sanjog-tests-{port}")
        except OSError:
            claim.close()
            return False
        _claims[port] = claim
    return True


def _is_free(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(type=kind) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


_candidates = itertools.islice(itertools.cycle(PORTS), os.getpid() * 16 % len(PORTS), None)
_claims: dict[int, socket.socket] = {}


def postgresql_program(name: str) -> str:
    """Find a program of PostgreSQL, Debian's folder of version 15 first; raise RuntimeError when there is none."""
    versions = sorted(Path(POSTGRESQL_FOLDERS).glob("*/bin"), key=lambda folder: folder.parent.name != "15")
    for folder in versions:
        if (folder / name).exists():
            return str(folder / name)
    found = shutil.which(name)
    if found is None:
        raise RuntimeError(f"PostgreSQL's {name} is missing: install the Debian package postgresql")
    return found


def _claimed_folder() -> tuple[Path, IO[str]]:
    """Make a temporary folder and hold the lock that says it is in use; remove those of runs that were killed."""
    # In memory a database is copied in 30 ms; on a busy disk the same took between 40 and 500 ms.
    place = Path(tempfile.gettempdir())
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK):
        memory = os.statvfs(MEMORY)
        if memory.f_bavail * memory.f_frsize >= ENOUGH_MEMORY_BYTES:
            place = MEMORY
    for left in place.glob("sanjog-pg-*/owner"):
        try:
            with left.open() as owner:
                fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left.parent, ignore_errors=True)
        except OSError:
            continue
    folder = Path(tempfile.mkdtemp(prefix="sanjog-pg-", dir=place))
    owner = (folder / "owner.new").open("w")
    fcntl.flock(owner, fcntl.LOCK_EX)
    (folder / "owner.new").rename(folder / "owner")
    return folder, owner


def _lasting_folder(folder: Path) -> tuple[Path, IO[str]]:
    """Make a folder that stays, or take it again, and hold it alone."""
    folder.mkdir(parents=True, exist_ok=True)
    owner = (folder / "owner").open("w")
    fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return folder, owner


class PostgresServer:
    """Run a PostgreSQL server of its own in a temporary folder until `stop()`.

    With ``kept`` it works in that folder, which stays; ``settings`` come before those that make tests quick.
    It speaks TCP on a free port of 127.0.0.1 and a Unix socket in its folder. Databases belong to the role `sanjog`,
    which is no superuser, as in production; the role `admin` makes and drops them.
    """

    def __init__(self, kept: Path | None = None, **settings: str) -> None:
        self._is_kept, self._settings = kept is not None, POSTGRESQL_SETTINGS | settings
        self.folder, self._owner = _claimed_folder() if kept is None else _lasting_folder(kept)
        self.port = free_port()
        self._account: pwd.struct_passwd | None = None
        if os.geteuid() == 0:
            self._account = self._system_account()
            os.chown(self.folder, self._account.pw_uid, self._account.pw_gid)
        try:
            if not (self.folder / "data" / "PG_VERSION").exists():
                self._make_cluster()
            self._process = self._start()
        except BaseException:
            self._remove_folder()
            raise

    def url(self, database: str) -> str:
        """Return the SQLAlchemy address of a database for the role `sanjog`."""
        return f"postgresql+psycopg://sanjog@127.0.0.1:{self.port}/{database}"

    @property
    def admin_address(self) -> str:
        """Return the libpq address for the role `admin`, through the Unix socket."""
        return f"host={self.folder} port={self.port} user=admin dbname=postgres"

    def stop(self) -> None:
        """End the server at once and remove its folder."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(timeout=START_SECONDS)
        self._remove_folder()

    def kill(self) -> None:
        """End the server's first process as a fault does: nothing is written, nobody is told."""
        self._process.kill()
        self._process.wait(timeout=START_SECONDS)

    def start_again(self) -> None:
        """Start the server on what lies in its folder; what the killed one left in memory must have gone first."""
        for _ in range(START_SECONDS):
            try:
                self._process = self._start()
                return
            except RuntimeError:
                time.sleep(0.5)
        raise RuntimeError("PostgreSQL did not start again")

    def _remove_folder(self) -> None:
        if not self._is_kept:
            shutil.rmtree(self.folder, ignore_errors=True)
        self._owner.close()

    @staticmethod
    def _system_account() -> pwd.struct_passwd:
        for name in SYSTEM_ACCOUNTS:
            try:
                return pwd.getpwnam(name)
            except KeyError:
                continue
        raise RuntimeError(f"PostgreSQL refuses root and none of the accounts {', '.join(SYSTEM_ACCOUNTS)} exists")

    def _command(self, *words: str) -> list[str]:
        # The death signal ends the server with the tests even when they are killed outright.
        command = ["setpriv", "--pdeathsig", "QUIT"]
        if self._account is not None:
            command += [f"--reuid={self._account.pw_uid}", f"--regid={self._account.pw_gid}", "--clear-groups"]
        return [*command, "--", *words]

    def _make_cluster(self) -> None:
        made = subprocess.run(
            self._command(
                postgresql_program("initdb"),
                "--username=admin",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
                "--no-instructions",
                f"--pgdata={self.folder / 'data'}",
            ),
            cwd=self.folder,
            capture_output=True,
            text=True,
        )
        if made.returncode:
            raise RuntimeError(f"PostgreSQL's initdb failed: {made.stderr.strip()}")

    def _start(self) -> subprocess.Popen[bytes]:
        settings = self._settings | {"port": str(self.port), "unix_socket_directories": str(self.folder)}
        log = self.folder / "server.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                self._command(
                    postgresql_program("postgres"),
                    "-D",
                    str(self.folder / "data"),
                    *(f"--{name}={value}" for name, value in settings.items()),
                ),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C must reach the tests first: they still talk to the server while they end.
                start_new_session=True,
            )
        for _ in range(START_SECONDS * 20):
            try:
                with psycopg.connect(self.admin_address, autocommit=True) as connection:
                    if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'sanjog'").fetchone() is None:
                        connection.execute("CREATE ROLE sanjog LOGIN")
                return process
            except psycopg.OperationalError:
                try:
                    process.wait(timeout=0.05)
                except subprocess.TimeoutExpired:
                    continue
                break
        process.kill()
        raise RuntimeError(f"PostgreSQL did not start: {log.read_text(errors='replace').strip()}")


class Store(Protocol):
    """One worker's database and the snapshots it can be put back to; nobody may be connected while it is put back."""

    url: str

    def keep(self, name: str) -> None:
        """Store what the database holds now under a name."""

    def restore(self, name: str) -> None:
        """Make the database hold exactly what was stored under a name."""


class SqliteStore:
    """A SQLite file whose snapshots are files in a folder that all workers share."""

    def __init__(self, file: Path, snapshots: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        snapshots.mkdir(parents=True, exist_ok=True)
        self.url = f"sqlite:///{file}"
        self._file = file
        self._snapshots = snapshots

    def keep(self, name: str) -> None:
        """Store what the database holds now, the write-ahead log included."""
        source, target = sqlite3.connect(self._file), sqlite3.connect(self._snapshots / f"{name}.db")
        try:
            source.backup(target)
        finally:
            target.close()
            source.close()

    def restore(self, name: str) -> None:
        """Put a fresh file in the place of the old one, so that a connection left open writes to nobody."""
        for ending in ("", "-wal", "-shm", "-journal"):
            Path(f"{self._file}{ending}").unlink(missing_ok=True)
        shutil.copyfile(self._snapshots / f"{name}.db", self._file)


class PostgresStore:
    """A PostgreSQL database whose snapshots are template databases that all workers share."""

    def __init__(self, server_address: str, url: str, database: str) -> None:
        self.url = url
        self._address = server_address
        self._database = database
        self._replace(database, "template0")

    def keep(self, name: str) -> None:
        """Store what the database holds now as a template; whoever is connected is disconnected."""
        with psycopg.connect(self._address, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [self._database]
            )
        self._replace(f"snapshot_{name}", self._database)

    def restore(self, name: str) -> None:
        """Drop the database, with whoever is connected, and copy it from its template."""
        self._replace(self._database, f"snapshot_{name}")

    def _replace(self, database: str, template: str) -> None:
        with psycopg.connect(self._address, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
            # Measured in memory with 45 tables: 30 ms; TRUNCATE of all of them takes 45 ms and restores no rows.
            connection.execute(f'CREATE DATABASE "{database}" OWNER sanjog TEMPLATE "{template}" STRATEGY file_copy')
