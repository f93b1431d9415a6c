"""Error pages of the product: refused, not found, expired, broken."""

import logging
import re
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, g, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from app.access.actor import current_actor
from app.access.permissions import KEYS
from app.core.database import db, is_disk_full
from app.core.errors import Conflict, Forbidden, NotFound, ReadOnly, Refused, Unauthenticated, Unproven
from app.web.frame import own_path
from app.web.page import PROVE, REFUSED, log_refusal, wanted_page
from app.web.problems import is_for_programs, problem

log = logging.getLogger(__name__)

DISK_FULL = 507


def init_app(app: Flask) -> None:
    """Register the error pages."""
    app.register_error_handler(NotFound, _not_found)
    app.register_error_handler(Forbidden, _forbidden)
    app.register_error_handler(ReadOnly, _read_only)
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(Unproven, _unproven)
    app.register_error_handler(CSRFError, _expired)
    app.register_error_handler(StaleDataError, _changed_meanwhile)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Unauthenticated, _unauthenticated)
    app.register_error_handler(Exception, _broken)


def _answer(error: Exception, status: int, template: str, **context: Any) -> Any:
    """Return the page of an error, or what a program is told of it."""
    return problem(error, status) if is_for_programs() else (render_template(template, **context), status)


def _unauthenticated(error: Unauthenticated) -> Any:
    return problem(error, 401)


def _not_found(error: NotFound) -> Any:
    db.session.rollback()
    # an id of nobody's and an id of somebody else's look alike, here and in the log
    log_refusal(None, "not found")
    return _answer(error, 404, "errors/404.html")


def _forbidden(error: Forbidden) -> Any:
    db.session.rollback()
    log_refusal(error.key, "no key")
    row = KEYS.get(error.key or "")
    shown = {"key": row.name, "label": row.label, "meaning": row.meaning} if row else None
    actor = current_actor()
    # whoever could hold the key may ask for it
    can_ask = row is not None and actor is not None and actor.may("managers") and actor.seen_by is None
    request_url = f"/account/permissions/request/{error.key}" if can_ask else None
    return _answer(error, 403, "errors/403.html", key=shown, request_url=request_url)


def _read_only(error: ReadOnly) -> tuple[str, int]:
    db.session.rollback()
    log_refusal(None, "read only")
    return render_template(
        "errors/403.html", key=None, request_url=None, sentence=_("You only look at the panel. Nothing was changed.")
    ), 403


def _refused(error: Refused) -> Any:
    db.session.rollback()
    status = 409 if isinstance(error, Conflict) else REFUSED
    return _answer(error, status, "errors/400.html", sentence=error.message)


def _unproven(error: Unproven) -> tuple[str, int]:
    """Ask who acts to prove who it is; a form that came too late waits in the page with all that was typed."""
    db.session.rollback()
    actor = current_actor()
    page = request.form.get("next", "/") if request.endpoint == PROVE else wanted_page()
    kept = [
        (name, value)
        for name in request.form
        if request.endpoint != PROVE and not name.startswith("proof_") and name != "csrf_token"
        for value in request.form.getlist(name)
    ]
    is_form = request.method == "POST" and request.endpoint != PROVE
    return render_template(
        "security/prove.html",
        sentence=error.sentence,
        factors=actor.factors if actor else (),
        action=page if is_form else url_for(PROVE),
        kept=kept if is_form else [("next", page)],
        options_url=url_for("SecurityPage.proof_options"),
    ), REFUSED if request.method == "POST" else 200


def _expired(error: CSRFError) -> tuple[str, int]:
    # only a form of ours is offered again: another site cannot name us as where it came from
    came_from = urlsplit(request.referrer or "")
    retry_url = (
        own_path(came_from._replace(scheme="", netloc="").geturl()) if came_from.netloc == request.host else None
    )
    kept = _typed() if retry_url else None
    return render_template("errors/expired.html", retry_url=retry_url, kept=kept, again_url=wanted_page()), 400


UNKEPT = re.compile("csrf_token|.*(password|secret|private|code|app_key)")
"""Fields that are not written into a page: a form with one of them is typed anew."""


def _typed() -> list[tuple[str, str]]:
    """Return what a form of ours held that came too late, so that it can be sent again; nothing where a part of it cannot be kept."""
    fields = [(name, text) for name, text in request.form.items(multi=True) if name != "csrf_token"]
    if any(UNKEPT.match(name) and text for name, text in fields) or any(
        file.filename for file in request.files.values()
    ):
        return []
    return fields


def _changed_meanwhile(error: StaleDataError) -> Any:
    db.session.rollback()
    return _answer(error, 409, "errors/400.html")


def _http(error: HTTPException) -> Any:
    if error.response is not None or (error.code or 500) < 400:
        return error
    code = error.code or 500
    if is_for_programs():
        return problem(error, code)
    if code == 404:
        return render_template("errors/404.html"), 404
    if code == 403:
        return render_template("errors/403.html", key=None, request_url=None), 403
    if code >= 500:
        return render_template("errors/500.html"), code
    return render_template("errors/400.html"), code


def _broken(error: Exception) -> Any:
    log.exception(
        "unhandled error in request %s",
        g.get("request_id"),
        exc_info=error,
        extra={"actor": getattr(current_actor(), "id", None)},
    )
    db.session.rollback()
    if is_disk_full(error):
        return _answer(error, DISK_FULL, "errors/507.html")
    return _answer(error, 500, "errors/500.html")
