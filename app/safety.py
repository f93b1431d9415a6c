"""What the application insists on before it serves: real secrets, known hosts, no people of the demo."""

from pathlib import Path
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import func, inspect, select
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.middleware.proxy_fix import ProxyFix

from app.access.scope import everywhere
from app.accounts.models import Account
from app.core.database import db
from app.demo_cast import people
from config import DEMO_FIELD_KEY, DEMO_SECRETS

SHORTEST_SECRET = 32
FEWEST_DIFFERENT = 10
"""A secret of 32 letters that repeats a few is a word, not a secret."""

OWN_HOSTS = ("localhost", "127.0.0.1")


def refuse_unsafe_settings(app: Flask) -> None:
    """Raise RuntimeError for production settings that protect nothing: weak or known secrets, debugging, cookies over http."""
    if app.config["DEMO"]:
        return
    for name in ("SECRET_KEY", "LOG_KEY"):
        # LOG_KEY may hold older keys after the first one
        for secret in (
            [word.strip() for word in app.config[name].split(",")] if name == "LOG_KEY" else [app.config[name]]
        ):
            is_known = any(word in secret for word in DEMO_SECRETS)
            if len(secret) < SHORTEST_SECRET or len(set(secret)) < FEWEST_DIFFERENT or is_known:
                raise RuntimeError(
                    f"{name} must be set in the environment: at least 32 characters that nobody can guess"
                )
    if app.config["SECRET_KEY"] in app.config["LOG_KEY"]:
        raise RuntimeError("SECRET_KEY and LOG_KEY must differ: who learns the one must not be able to rewrite the log")
    if not app.config["FIELD_KEYS"] or DEMO_FIELD_KEY in app.config["FIELD_KEYS"]:
        raise RuntimeError("FIELD_KEYS must be set in the environment: Fernet keys of your own, a comma between them")
    for key in app.config["FIELD_KEYS"]:
        try:
            Fernet(key)
        except ValueError:
            raise RuntimeError("FIELD_KEYS holds something that is no Fernet key") from None
    if app.debug:
        raise RuntimeError("FLASK_DEBUG must not be set: a debugger runs whatever a visitor sends")
    cookie = app.config["SESSION_COOKIE_NAME"]
    if not (
        app.config["SESSION_COOKIE_SECURE"] and app.config["SESSION_COOKIE_HTTPONLY"] and cookie.startswith("__Host-")
    ):
        raise RuntimeError("the session cookie must be a __Host- cookie, for https alone and out of reach of scripts")
    if not app.config["PUBLIC_URL"].startswith("https://"):
        raise RuntimeError("PUBLIC_URL must be set in the environment: the https address that people open")


def refuse_people_of_the_demo(app: Flask) -> None:
    """Raise RuntimeError when production would serve a database in which accounts of the demo can sign in."""
    if app.config["DEMO"] or _is_missing_file(app.config["DATABASE_URL"]):
        return
    with app.app_context(), everywhere("the installation is looked at before anybody signs in"):
        try:
            if not inspect(db.engine).has_table(Account.__tablename__):
                return
            known = [person.email for person in people()]
            found = db.session.execute(select(func.count(Account.id)).where(Account.email.in_(known))).scalar_one()
        except SQLAlchemyError:
            return  # no database, no accounts: /readyz says so, and whoever migrates wants to start
    if found:
        raise RuntimeError("this database holds accounts of the demo, whose password everybody knows: fill a new one")


def _is_missing_file(url: str) -> bool:
    # asking would make an empty file
    return url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists()


def trust(app: Flask) -> None:
    """Answer to known host names alone, and believe what proxies say of a visitor only where there are proxies."""
    public = str(urlsplit(app.config["PUBLIC_URL"]).hostname)
    # this machine's own names too: whoever watches the process asks it directly
    app.config["TRUSTED_HOSTS"] = [public, *OWN_HOSTS, *(app.config["TRUSTED_HOSTS"] or ())]
    count = app.config["PROXIES"]
    if count:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=0, x_port=0, x_prefix=0)  # type: ignore[method-assign]
