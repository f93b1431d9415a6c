"""Sanjog: the panel with which an internet provider's people look after customers, bills, payments and expenses."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from flask_wtf.csrf import CSRFProtect

from app.core import jobs as job_queue
from app.core.database import db
from config import DEMO_FIELD_KEY, Settings, for_environment


def create_app(settings: type[Settings] | None = None, **overrides: Any) -> Flask:
    """Build the application from its settings: the only wiring. Raises RuntimeError for settings that are not safe."""
    from app import cli, sitemap
    from app.dashboard.views import HomePage
    from app.jobs import services as job_services
    from app.public import limits
    from app.public.callbacks import WITHOUT_SESSION
    from app.radius import telling
    from app.security.manager import SecurityManager
    from app.web import compression, errors, formats, frame, translations
    from app.web.builder import Builder

    app = Flask(__name__)
    app.config.from_object(settings or for_environment())
    app.config.update(overrides)
    _place_files(app)
    _refuse_unsafe_settings(app)
    app.config["SQLALCHEMY_DATABASE_URI"] = app.config["DATABASE_URL"]

    db.init_app(app)
    job_queue.init_app(app)
    job_services.init_app(app)
    telling.init_app(app)
    tokens = CSRFProtect(app)
    for door in WITHOUT_SESSION:
        tokens.exempt(door)
    limits.init_app(app)
    formats.init_app(app)
    compression.init_app(app)
    frame.init_app(app)
    errors.init_app(app)
    with app.app_context():
        appbuilder = Builder(
            app, db.session, indexview=HomePage, security_manager_class=SecurityManager, update_perms=False
        )
        translations.init_app(app)
        sitemap.init_app(app, appbuilder)
    cli.init_app(app)
    return app


def _place_files(app: Flask) -> None:
    """Keys, jobs and files lie beside the SQLite file, or under instance/ with PostgreSQL."""
    url = app.config["DATABASE_URL"]
    folder = (
        Path(url.removeprefix("sqlite:///")).parent
        if url.startswith("sqlite:///")
        else Path(app.root_path).parent / "instance"
    )
    app.config.setdefault("FILES_FOLDER", str(folder))
    if app.config.get("TESTING"):
        app.config.setdefault("JOBS_FILE", None)
    app.config.setdefault("JOBS_FILE", str(folder / (Path(url).stem + ".jobs.db")))


WEAK = ("", "demo-secret-known-to-everybody", "demo-log-key-known-to-everybody", "secret", "changeme")


def _refuse_unsafe_settings(app: Flask) -> None:
    if app.config["DEMO"]:
        return
    for name in ("SECRET_KEY", "LOG_KEY"):
        if app.config[name] in WEAK or len(app.config[name]) < 32:
            raise RuntimeError(f"{name} must be set in the environment: at least 32 characters that nobody can guess")
    if not app.config["FIELD_KEYS"] or DEMO_FIELD_KEY in app.config["FIELD_KEYS"]:
        raise RuntimeError("FIELD_KEYS must be set in the environment: Fernet keys of your own, a comma between them")
    if not app.config["PUBLIC_URL"].startswith("https://"):
        raise RuntimeError("PUBLIC_URL must be set in the environment: the https address that people open")
    # a forged Host header gets 400, whatever stands in front of the panel
    if app.config["TRUSTED_HOSTS"] is None:
        app.config["TRUSTED_HOSTS"] = [str(urlsplit(app.config["PUBLIC_URL"]).hostname), "localhost", "127.0.0.1"]
