"""Sanjog: the panel with which an internet provider's people look after customers, bills, payments and expenses."""

from pathlib import Path
from typing import Any

from flask import Flask
from flask_wtf.csrf import CSRFProtect

from app.core import jobs as job_queue
from app.core.database import db
from config import Settings, for_environment


def create_app(settings: type[Settings] | None = None, **overrides: Any) -> Flask:
    """Build the application from its settings: the only wiring. Raises RuntimeError for settings that are not safe."""
    from app import cli, safety, sitemap
    from app.api import doors as api_doors
    from app.api import telling as webhooks
    from app.api.resources import WITHOUT_SESSION as FOR_PROGRAMS
    from app.dashboard.views import HomePage
    from app.jobs import services as job_services
    from app.public import limits
    from app.public.callbacks import WITHOUT_SESSION
    from app.radius import telling
    from app.security.manager import SecurityManager
    from app.web import compression, errors, formats, frame, translations, watching
    from app.web.builder import Builder

    app = Flask(__name__)
    app.config.from_object(settings or for_environment())
    app.config.update(overrides)
    _place_files(app)
    safety.refuse_unsafe_settings(app)
    safety.trust(app)
    app.config["SQLALCHEMY_DATABASE_URI"] = app.config["DATABASE_URL"]

    db.init_app(app)
    job_queue.init_app(app)
    job_services.init_app(app)
    telling.init_app(app)
    webhooks.init_app(app)
    watching.init_app(app)
    tokens = CSRFProtect(app)
    for door in (*WITHOUT_SESSION, *FOR_PROGRAMS):
        tokens.exempt(door)
    limits.init_app(app)
    formats.init_app(app)
    compression.init_app(app)
    frame.init_app(app)
    api_doors.init_app(app)
    errors.init_app(app)
    with app.app_context():
        appbuilder = Builder(
            app, db.session, indexview=HomePage, security_manager_class=SecurityManager, update_perms=False
        )
        translations.init_app(app)
        sitemap.init_app(app, appbuilder)
    cli.init_app(app)
    safety.refuse_people_of_the_demo(app)
    return app


def _place_files(app: Flask) -> None:
    """Keys, jobs and files lie in FILES_FOLDER; without one beside the SQLite file, or under instance/ with PostgreSQL."""
    url = app.config["DATABASE_URL"]
    folder = (
        Path(url.removeprefix("sqlite:///")).parent
        if url.startswith("sqlite:///")
        else Path(app.root_path).parent / "instance"
    )
    folder = Path(app.config.setdefault("FILES_FOLDER", str(folder)))
    if app.config.get("TESTING"):
        app.config.setdefault("JOBS_FILE", None)
    app.config.setdefault("JOBS_FILE", str(folder / (Path(url).stem + ".jobs.db")))
