"""Back everything up but the keys, and restore it into an empty place: database, uploaded files, and what proves both."""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
from contextlib import closing
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import URL, inspect, text
from sqlalchemy.engine import make_url

from app.core.clock import now
from app.core.database import db
from app.core.errors import Refused

MANIFEST, FILES = "manifest.json", "files.tar"
SQLITE, POSTGRESQL = "database.db", "database.dump"
KEYS = ("SECRET_KEY", "LOG_KEY", "FIELD_KEYS")
NOT_KEPT = (".db", ".db-wal", ".db-shm", ".db-journal", ".log", ".lock", ".sock")
LET_GO = ("jobs",)
"""Folders whose files are made anew or are gone within a day."""


def back_up(folder: Path, keep: int = 0) -> Path:
    """Write a backup into a new folder below ``folder`` and return it; of older ones the last ``keep`` stay (0: all).

    The program may go on meanwhile: the database is read as it is at one moment, and the files after it. The keys are not
    in it: whoever finds a backup must not be able to open what they seal. Raises Refused.
    """
    if folder.resolve().is_relative_to(Path(current_app.config["FILES_FOLDER"]).resolve()):
        raise Refused("a backup inside of what is backed up: name another folder")
    place = folder / f"sanjog-{now():%Y%m%d-%H%M%S}"
    unfinished = folder / f".{place.name}"
    if place.exists() or unfinished.exists():
        raise Refused(f"{place} is there already")
    unfinished.mkdir(parents=True, mode=0o700)
    name = SQLITE if db.is_sqlite else POSTGRESQL
    if db.is_sqlite:
        # the house's engine begins a transaction with every connection, and this statement wants none
        with closing(sqlite3.connect(_sqlite_file(), timeout=30)) as connection:
            connection.execute("VACUUM INTO ?", [str(unfinished / name)])
    else:
        _postgresql("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={unfinished / name}")
    _pack(unfinished / FILES)
    manifest = {
        "made_at": now().isoformat(timespec="seconds"),
        "version": _version(),
        "keys": _fingerprints(),
        "sha256": {part: _digest(unfinished / part) for part in (name, FILES)},
    }
    (unfinished / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
    # a backup that was broken off has no name that anybody restores
    unfinished.rename(place)
    if keep:
        for old in sorted(folder.glob("sanjog-*-*"))[:-keep]:
            shutil.rmtree(old)
    return place


def restore(place: Path) -> None:
    """Restore a backup into the configured database and folder, both empty. Raises Refused, and leaves what is there."""
    manifest = _manifest(place)
    name = SQLITE if db.is_sqlite else POSTGRESQL
    if name not in manifest["sha256"]:
        raise Refused("the backup is of another kind of database than DATABASE_URL names")
    for part, digest in manifest["sha256"].items():
        if _digest(place / part) != digest:
            raise Refused(f"{part} is not what was backed up")
    other = [key for key, fingerprint in _fingerprints().items() if manifest["keys"][key] != fingerprint]
    if other:
        raise Refused(
            f"not the keys of this backup: {', '.join(other)}. Put back the environment file that belongs to it."
        )
    if db.is_sqlite:
        file = _sqlite_file()
        if file.exists() and file.stat().st_size:
            raise Refused(f"{file} is there already")
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(place / name, file)
    else:
        if inspect(db.engine).get_table_names():
            raise Refused("the database holds tables already")
        db.dispose()
        _postgresql(
            "pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", str(place / name)
        )
    _unpack(place / FILES)


def _sqlite_file() -> Path:
    return Path(str(make_url(current_app.config["DATABASE_URL"]).database))


def _manifest(place: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((place / MANIFEST).read_text()))
    except (OSError, ValueError):
        raise Refused(f"{place} is no backup") from None


def _version() -> str:
    with db.engine.connect() as connection:
        return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def _fingerprints() -> dict[str, str]:
    """Return what tells keys apart and tells nothing of them."""
    return {
        name: hashlib.scrypt(
            repr(current_app.config[name]).encode(), salt=b"sanjog backup", n=2**14, r=8, p=1, dklen=8
        ).hex()
        for name in KEYS
    }


def _digest(file: Path) -> str:
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError:
        return ""


def _pack(file: Path) -> None:
    folder = Path(current_app.config["FILES_FOLDER"])

    def kept(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
        is_let_go = entry.name.split("/")[0] in LET_GO or entry.name.endswith(NOT_KEPT)
        return None if is_let_go or not (entry.isfile() or entry.isdir()) else entry

    with tarfile.open(file, "w") as archive:
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            archive.add(path, path.name, filter=kept)


def _unpack(file: Path) -> None:
    # tarfile's own filter came with Python 3.11.4, and Debian 12 has 3.11.2
    folder = Path(current_app.config["FILES_FOLDER"])
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(file) as archive:
        for entry in archive:
            place = folder / entry.name
            if not place.resolve().is_relative_to(folder.resolve()):
                raise Refused(f"{entry.name} would lie outside of {folder}")
            content = archive.extractfile(entry) if entry.isfile() else None
            if entry.isdir():
                place.mkdir(parents=True, exist_ok=True)
            elif content is not None:
                with place.open("wb") as target:
                    shutil.copyfileobj(content, target)


def _postgresql(program: str, *words: str) -> None:
    """Run a program of PostgreSQL on the configured database; its password stands in no list of processes."""
    url: URL = make_url(current_app.config["DATABASE_URL"])
    place = {"PGHOST": url.host, "PGPORT": url.port, "PGUSER": url.username, "PGPASSWORD": url.password}
    environment = {name: str(value) for name, value in place.items() if value} | {"PGDATABASE": str(url.database)}
    given = {name: str(value) for name, value in url.query.items()}
    if "host" in given:
        environment["PGHOST"] = given["host"]
    command = [program, *(["--dbname", str(url.database)] if program == "pg_restore" else []), *words]
    try:
        done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True)
    except FileNotFoundError:
        raise Refused(f"{program} is missing: install the Debian package postgresql-client") from None
    if done.returncode:
        raise Refused(f"{program}: {done.stderr.strip().splitlines()[-1]}")
