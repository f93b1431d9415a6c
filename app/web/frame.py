"""What surrounds every request: who acts, in which scope and language, and what the templates find around each page."""

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, abort, current_app, flash, g, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from markupsafe import Markup, escape
from werkzeug.exceptions import SecurityError
from werkzeug.wrappers import Response

from app.access.actor import Actor, current_actor, find_by_api_key, reader_digits, set_actor
from app.access.scope import everywhere
from app.accounts.models import Kind, Tenant
from app.core.database import db
from app.core.errors import ReadOnly
from app.core.language import LANGUAGES
from app.security.services import seen_as
from app.security.sessions import TOKEN, forget_browser_s_session, touch, touch_api_key
from app.web import cells
from app.web.compression import compressed
from app.web.formats import language
from app.web.problems import is_for_programs

KIND_LABELS = {
    Kind.SUPER_ADMIN: _l("Super Admin"),
    Kind.GROUP_ADMIN: _l("Group Admin"),
    Kind.OPERATOR: _l("Operator"),
    Kind.SUB_OPERATOR: _l("Sub-Operator"),
    Kind.MANAGER: _l("Manager"),
}

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), "
        "microphone=(), midi=(), payment=(), usb=(), publickey-credentials-get=(self), publickey-credentials-create=(self)"
    ),
}
READ_ONLY_EXITS = ("/managers/see-as/end", "/logout/")
"""What a parent that looks at the panel as a Manager may still send."""

WORKER = "/static/js/worker.js"
"""The script that shows the offline page, for all addresses."""
ACCOUNTLESS: set[str] = set()
"""Endpoints on which nobody is anybody: pages that must be served without a database."""

YEAR = 365 * 24 * 3600
LONGEST_TOKEN = 200


def init_app(app: Flask) -> None:
    """Surround every request of the application."""
    app.before_request(_begin)
    app.after_request(_finish)
    app.teardown_request(_end)
    app.context_processor(_surroundings)
    app.jinja_env.globals["static_url"] = static_url
    app.jinja_env.globals["draw_icon"] = icon
    app.jinja_env.globals |= {"draw_value": cells.draw, "draw_status": cells.status, "draw_due": cells.due_amount}
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def _begin() -> Response | None:
    set_actor(None)
    if isinstance(request.routing_exception, SecurityError):
        # another host's name: nothing of a session is looked at, no address is made up from it
        abort(400)
    if request.endpoint == "static" or request.endpoint in ACCOUNTLESS:
        return None
    if any("\x00" in value or len(value) > 2000 for values in request.args.listvalues() for value in values):
        abort(400)
    if is_for_programs():
        # no cookie opens an address for programs, and no API key opens a page
        set_actor(_program())
        return None
    if current_user.is_authenticated:
        actor = current_user._get_current_object()
        touch(actor)
        seen = seen_as(actor)
        set_actor(seen or actor)
        if seen is not None and request.method not in ("GET", "HEAD") and request.path not in READ_ONLY_EXITS:
            raise ReadOnly
    elif session.get(TOKEN):
        forget_browser_s_session()
        flash(_("Your session is over. Sign in again."), "info")
    return None


def _program() -> Actor | None:
    """Return the account as which a program acts, by its API key; None without one that holds."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not 0 < len(token) <= LONGEST_TOKEN:
        return None
    actor = find_by_api_key(token.strip())
    if actor is not None:
        touch_api_key(actor)
    return actor


def _finish(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers.setdefault("Strict-Transport-Security", f"max-age={YEAR}; includeSubDomains")
    if request.endpoint == "static":
        # the address carries the content's hash: another content has another address
        if request.args.get("v"):
            response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
        if request.path == WORKER:
            response.headers["Service-Worker-Allowed"] = "/"
    else:
        response.headers["Cache-Control"] = "no-store"
    return compressed(response)


def _end(_error: BaseException | None) -> None:
    set_actor(None)


def static_url(name: str) -> str:
    """Return the address of a static file with the hash of its content, so that browsers may keep it for ever."""
    return _hashed(current_app.static_folder or "", name)


@cache
def _hashed(folder: str, name: str) -> str:
    file = Path(folder) / name
    fingerprint = hashlib.sha256(file.read_bytes()).hexdigest()[:10] if file.is_file() else "0"
    return f"/static/{name}?v={fingerprint}"


@cache
def icon(name: str, size: str = "") -> Markup:
    """Return an icon of the sheet as HTML; ``size`` is "" or the name of a class after "icon-"."""
    look = f"icon icon-{size}" if size else "icon"
    address = static_url("vendor/icons.svg")
    return Markup(
        f'<svg class="{look}" aria-hidden="true" focusable="false"><use href="{address}#{escape(name)}"/></svg>'
    )


class Viewer:
    """The signed-in account as the templates show it."""

    def __init__(self, actor: Actor) -> None:
        self.name = actor.name
        self.email = actor.email
        self.kind = KIND_LABELS[actor.kind]
        self.initials = actor.initials


def _surroundings() -> dict[str, Any]:
    actor = current_actor()
    # before a given password is changed, or a demanded factor set up, nothing is offered
    is_in = actor is not None and not actor.gate
    site_map = current_app.extensions["sitemap"]
    return {
        "language": language(),
        "digits": reader_digits(),
        "theme": actor.theme if actor else "auto",
        "current_account": Viewer(actor) if actor else None,
        "seen_by": actor.seen_by.name if actor and actor.seen_by else None,
        "can": actor.may if actor else lambda key: False,
        "menu": site_map.menu(actor, request.path) if is_in else [],
        "bottom_bar": site_map.bottom_bar(actor, request.path) if is_in else [],
        "search_url": site_map.search_url(actor) if is_in else None,
        "company": _company_name(actor) if actor else "",
        "request_id": g.get("request_id"),
    }


def _company_name(actor: Actor) -> str:
    return actor.company_bn if language() == "bn" and actor.company_bn else actor.company


def company_of(actor: Actor) -> Tenant | None:
    """Return the tenant of an account, with all that documents say of it."""
    if actor.tenant_id is None:
        return None
    if "company" not in g:
        with everywhere("a tenant's name is known to all its accounts"):
            g.company = db.session.get(Tenant, actor.tenant_id)
    return g.company


def wanted_language(name: str) -> str:
    """Return the language named in an address, or answer 404."""
    if name not in LANGUAGES:
        abort(404)
    return name


def own_path(target: str | None) -> str | None:
    """Return an address from a request when it is a path of this site, else None: nobody is sent to another host."""
    return (
        target if target and len(target) <= 1000 and re.fullmatch(r"/(?![/\\])[^\s\\\x00-\x1f\x7f]*", target) else None
    )


def back_to(target: str | None, fallback: str) -> Response:
    """Go back to a path of this site."""
    return redirect(own_path(target) or url_for(fallback))
