"""Run FreeRADIUS against the program's database: Debian's own configuration with the files of deploy/freeradius/ put in.

``make radius`` serves the demo's database; the tests start it against theirs.
"""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import sys
import tempfile
from pathlib import Path

from sqlalchemy.engine import make_url

ROOT = Path(__file__).resolve().parent.parent
STOCK = Path("/etc/freeradius/3.0")
DEPLOY = ROOT / "deploy" / "freeradius"
PROGRAM = "/usr/sbin/freeradius"
UNUSED = ("eap", "ntlm_auth", "totp", "sql", "linelog", "detail", "detail.log", "unix", "radutmp", "echo", "digest")
"""Modules of Debian's configuration that the server does without: certificates, files and programs of theirs."""


def lay_out(folder: Path, reject_delay: int = 1) -> Path:
    """Copy Debian's configuration into a folder, with our server in the place of theirs; return where it is.

    ``reject_delay`` is how many seconds a refusal waits, against guessing.
    """
    place = folder / "freeradius"
    shutil.copytree(STOCK, place, symlinks=True)
    for name in UNUSED:
        (place / "mods-enabled" / name).unlink(missing_ok=True)
    for site in (place / "sites-enabled").iterdir():
        site.unlink()
    shutil.copy(DEPLOY / "sql", place / "mods-enabled" / "sql")
    shutil.copy(DEPLOY / "sanjog", place / "sites-enabled" / "sanjog")
    shutil.copy(DEPLOY / "clients.conf", place / "clients.conf")
    main = place / "radiusd.conf"
    text = main.read_text()
    user = pwd.getpwuid(os.getuid()).pw_name
    group = grp.getgrgid(os.getgid()).gr_name
    run = folder / "run"
    run.mkdir()
    for stock, own in (
        ("user = freerad", f"user = {user}"),
        ("group = freerad", f"group = {group}"),
        ("run_dir = ${localstatedir}/run/${name}", f"run_dir = {run}"),
        ("proxy_requests  = yes", "proxy_requests  = no"),
        ("$INCLUDE proxy.conf", ""),
        ("reject_delay = 1", f"reject_delay = {reject_delay}"),
    ):
        text = text.replace(stock, own)
    main.write_text(text)
    return place


def environment(database_url: str, *, auth_port: int, acct_port: int, secret: str, user: str = "") -> dict[str, str]:
    """Return the settings that deploy/freeradius/ reads, for a database; ``user`` is PostgreSQL's account for FreeRADIUS."""
    url = make_url(database_url)
    is_sqlite = url.get_backend_name() == "sqlite"
    words = {
        "host": url.host,
        "port": url.port,
        "dbname": url.database,
        "user": user or url.username,
        "password": url.password,
    }
    return {
        "SANJOG_DIALECT": "sqlite" if is_sqlite else "postgresql",
        "SANJOG_SQLITE_FILE": str(url.database) if is_sqlite else "/nowhere",
        "SANJOG_POSTGRESQL": "-" if is_sqlite else " ".join(f"{name}={word}" for name, word in words.items() if word),
        "SANJOG_RADIUS_ADDRESS": "127.0.0.1",
        "SANJOG_RADIUS_AUTH_PORT": str(auth_port),
        "SANJOG_RADIUS_ACCT_PORT": str(acct_port),
        "SANJOG_RADIUS_SECRET": secret,
    }


def main() -> None:
    """Serve the database of DATABASE_URL until a signal comes."""
    sys.path.insert(0, str(ROOT))
    from config import for_environment

    settings = for_environment()
    host, _colon, port = (settings.RADIUS_SERVER or "127.0.0.1:18120").partition(":")
    folder = Path(tempfile.mkdtemp(prefix="sanjog-radius-"))
    place = lay_out(folder)
    own = environment(
        settings.DATABASE_URL, auth_port=int(port), acct_port=int(port) + 1, secret=settings.RADIUS_SECRET
    )
    print(
        f"FreeRADIUS answers on {host}:{port} (accounting {int(port) + 1}), secret {settings.RADIUS_SECRET}", flush=True
    )
    os.execve(PROGRAM, [PROGRAM, "-f", "-l", "stdout", "-d", str(place)], os.environ | own)


if __name__ == "__main__":
    main()
