"""A backup is made while the program runs, proves itself, and is restored into an empty place with its keys alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import psycopg
import pytest

from tests.servers import PostgresServer
from tests.test_moving import isp, postgresql, target

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.real_clock
__all__ = ["postgresql", "target"]


@pytest.fixture
def demo(demo_folder: Path, tmp_path: Path) -> str:
    """The address of the demo's database: a copy, with a picture beside it."""
    shutil.copytree(demo_folder, tmp_path / "instance")
    (tmp_path / "instance" / "expenses" / "1").mkdir(parents=True)
    (tmp_path / "instance" / "expenses" / "1" / "bill.webp").write_bytes(b"a picture")
    return f"sqlite:///{tmp_path / 'instance' / 'sanjog.db'}"


def backed_up(address: str, folder: Path, **outside: str) -> Path:
    """Make a backup and return its place."""
    made = isp("backup", str(folder), address=address, **outside)
    assert (made.returncode, made.stderr) == (0, "")
    return Path(made.stdout.strip())


def test_what_was_backed_up_stands_in_the_empty_place(demo: str, tmp_path: Path) -> None:
    place = backed_up(demo, tmp_path / "backups")
    assert {path.name for path in place.iterdir()} == {"database.db", "files.tar", "manifest.json"}
    assert oct(place.stat().st_mode & 0o777) == "0o700"
    other = f"sqlite:///{tmp_path / 'new' / 'sanjog.db'}"
    restored = isp("restore", str(place), address=other)
    assert (restored.returncode, restored.stderr) == (0, "")
    assert restored.stdout.startswith("restored: 0 of ")
    assert (tmp_path / "new" / "expenses" / "1" / "bill.webp").read_bytes() == b"a picture"
    counts = [isp("check-books", address=address).stdout for address in (demo, other)]
    assert counts[0] == counts[1]


def test_nothing_is_written_over(demo: str, tmp_path: Path) -> None:
    place = backed_up(demo, tmp_path / "backups")
    refused = isp("restore", str(place), address=demo)
    assert refused.returncode == 1 and "is there already" in refused.stderr


@pytest.mark.parametrize("broken", ["database.db", "files.tar", "manifest.json"])
def test_a_backup_that_was_changed_is_not_restored(broken: str, demo: str, tmp_path: Path) -> None:
    place = backed_up(demo, tmp_path / "backups")
    with (place / broken).open("ab") as file:
        file.write(b"x")
    other = tmp_path / "new" / "sanjog.db"
    assert isp("restore", str(place), address=f"sqlite:///{other}").returncode == 1
    assert not other.exists()


def test_without_its_keys_it_says_which_are_missing(demo: str, tmp_path: Path) -> None:
    place = backed_up(demo, tmp_path / "backups")
    refused = isp("restore", str(place), address=f"sqlite:///{tmp_path / 'new' / 'sanjog.db'}", LOG_KEY="another")
    assert refused.returncode == 1 and "not the keys of this backup: LOG_KEY." in refused.stderr
    assert "another" not in json.dumps(json.loads((place / "manifest.json").read_text()))


def test_the_last_ones_stay(demo: str, tmp_path: Path) -> None:
    for name in ("sanjog-20200101-000000", "sanjog-20210101-000000"):
        (tmp_path / "backups" / name).mkdir(parents=True)
    made = isp("backup", str(tmp_path / "backups"), "--keep", "2", address=demo)
    assert sorted(path.name for path in (tmp_path / "backups").iterdir()) == [
        "sanjog-20210101-000000",
        Path(made.stdout.strip()).name,
    ]


def test_postgresql_too(demo: str, target: str, postgresql: PostgresServer, tmp_path: Path) -> None:
    assert isp("move-database", demo, target, address=demo).returncode == 0
    files = str(tmp_path / "files")
    place = backed_up(target, tmp_path / "backups")
    with psycopg.connect(postgresql.admin_address, autocommit=True) as connection:
        connection.execute("CREATE DATABASE again OWNER sanjog TEMPLATE template0")
    again = postgresql.url("again")
    restored = isp("restore", str(place), address=again, FILES_FOLDER=files)
    assert (restored.returncode, restored.stderr) == (0, ""), restored.stdout
    assert restored.stdout.startswith("restored: 0 of ")
    assert isp("restore", str(place), address=again).returncode == 1
    with psycopg.connect(postgresql.admin_address, autocommit=True) as connection:
        connection.execute("DROP DATABASE again WITH (FORCE)")
