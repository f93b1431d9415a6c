"""Production refuses to start with what protects nothing, and says in one line what is wrong."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from flask import Flask

from app import create_app
from app.access.scope import everywhere
from app.accounts.services import create_super_admin, hash_password
from app.core.database import db, transaction
from config import DEMO_FIELD_KEY, DEMO_SECRETS, Production

ROOT = Path(__file__).resolve().parent.parent
GOOD = {
    "SECRET_KEY": "3f0c9b7a5d1e8264c7b9a0d2e4f6081357",
    "LOG_KEY": "97e1d3c5b7a9f8e6d4c2b0a1938475660f",
    "FIELD_KEYS": (Fernet.generate_key().decode(),),
    "PUBLIC_URL": "https://panel.example.com",
}


def production(tmp_path: Path, **changed: object) -> Flask:
    """Build the application as production does, with these settings changed."""
    return create_app(Production, DATABASE_URL=f"sqlite:///{tmp_path / 'sanjog.db'}", **(GOOD | changed))


def test_it_starts_with_secrets_of_its_own_and_answers_to_its_own_name_alone(tmp_path: Path) -> None:
    app = production(tmp_path)
    assert app.config["SESSION_COOKIE_NAME"].startswith("__Host-")
    client = app.test_client()
    ours, other = ({"Host": host} for host in ("panel.example.com", "evil.example.com"))
    answer = client.get("/login/", headers=ours, base_url="https://panel.example.com")
    assert answer.status_code == 200
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-sanjog=")
    for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert word in cookie
    assert "Domain" not in cookie
    assert "sanjog-demo-1" not in answer.text
    assert client.get("/login/", headers=other).status_code == 400


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("SECRET_KEY", ""),
        ("SECRET_KEY", DEMO_SECRETS[0]),
        ("SECRET_KEY", f"{DEMO_SECRETS[0]}-and-longer"),
        ("SECRET_KEY", "short-1234567890"),
        ("SECRET_KEY", "a" * 64),
        ("SECRET_KEY", "changeme" * 5),
        ("LOG_KEY", ""),
        ("LOG_KEY", DEMO_SECRETS[1]),
        ("LOG_KEY", GOOD["LOG_KEY"] + ",old"),
        ("LOG_KEY", f"{GOOD['LOG_KEY']},{DEMO_SECRETS[1]}"),
        ("LOG_KEY", GOOD["SECRET_KEY"]),
        ("FIELD_KEYS", ()),
        ("FIELD_KEYS", (DEMO_FIELD_KEY,)),
        ("FIELD_KEYS", (*GOOD["FIELD_KEYS"], DEMO_FIELD_KEY)),
        ("FIELD_KEYS", ("no key",)),
        ("PUBLIC_URL", "http://panel.example.com"),
        ("PUBLIC_URL", ""),
        ("SESSION_COOKIE_SECURE", False),
        ("SESSION_COOKIE_HTTPONLY", False),
        ("SESSION_COOKIE_NAME", "sanjog"),
    ],
)
def test_it_refuses(setting: str, value: object, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=f"(?i){setting.split('_')[0]}|cookie|PUBLIC_URL"):
        production(tmp_path, **{setting: value})


def test_it_refuses_a_debugger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")
    with pytest.raises(RuntimeError, match="FLASK_DEBUG"):
        production(tmp_path)


def test_it_refuses_a_database_with_people_of_the_demo(tmp_path: Path) -> None:
    app = production(tmp_path)
    assert app.test_cli_runner().invoke(args=["isp", "migrate"]).exit_code == 0
    production(tmp_path)
    with app.app_context(), everywhere("somebody fills it as a demo"), transaction():
        create_super_admin("root@sanjog.example.com", "Root", hash_password("another password"))
    with app.app_context():
        db.dispose()
    with pytest.raises(RuntimeError, match="demo"):
        production(tmp_path)


@pytest.mark.parametrize(
    ("changed", "said"),
    [({}, "SECRET_KEY"), ({"SECRET_KEY": GOOD["SECRET_KEY"], "LOG_KEY": DEMO_SECRETS[1]}, "LOG_KEY")],
)
def test_the_program_itself_ends_with_one_line_that_says_what_to_set(
    changed: dict[str, str], said: str, tmp_path: Path
) -> None:
    setting = {
        "APP_ENV": "production",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'sanjog.db'}",
        "PATH": os.environ["PATH"],
    }
    ran = subprocess.run(
        [sys.executable, "run.py"], cwd=ROOT, env=setting | changed, capture_output=True, text=True, timeout=60
    )
    assert ran.returncode != 0
    assert said in ran.stderr.strip().splitlines()[-1]
    assert not (tmp_path / "sanjog.db").exists()


def test_the_demo_is_not_filled_in_production(tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "none", ignore_errors=True)
    answer = production(tmp_path).test_cli_runner().invoke(args=["isp", "demo"])
    assert answer.exit_code == 1
    assert "no demo data" in answer.output
