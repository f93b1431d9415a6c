"""Where gateways send customers and notices: no session, no token of ours, nothing believed (spec §6; reference: gateways, §6.9)."""

from typing import Any

from flask import abort, redirect, request, url_for
from flask_appbuilder import expose
from werkzeug.wrappers import Response

from app.access.actor import set_actor
from app.access.permissions import PUBLIC
from app.core.errors import NotFound
from app.gateways.registry import BKASH, NAGAD, SSLCOMMERZ
from app.paylinks.attempts import come_back
from app.paylinks.models import PaymentAttempt
from app.paylinks.queries import attempt_of
from app.public.limits import limit
from app.web.page import Panel

LARGEST_BODY = 64 * 1024
MOST_FIELDS = 100

WITHOUT_SESSION = (
    # the secret in the address names the attempt, and what is posted is only a reason to ask the gateway
    "app.public.callbacks.sslcommerz",
    "app.public.callbacks.notice",
    # bound to the link by a token of their own: the page has no session
    "app.public.pay.pay",
    "app.public.pay.opened",
    "app.public.invoices.pay",
)
"""Doors whose POST carries no token of a session, each with its reason."""


class GatewayPage(Panel):
    """Returns and notices of the gateways."""

    route_base = "/gateway"
    default_view = "bkash"
    keys = {"bkash": PUBLIC, "nagad": PUBLIC, "sslcommerz": PUBLIC, "notice": PUBLIC}

    @expose("/bkash/<secret>")
    def bkash(self, secret: str) -> Response:
        """Take a customer back from bKash."""
        return _returned(BKASH, secret, _single(request.args))

    # Nagad puts a slash between our address and its query
    @expose("/nagad/<secret>")
    @expose("/nagad/<secret>/")
    def nagad(self, secret: str) -> Response:
        """Take a customer back from Nagad."""
        return _returned(NAGAD, secret, _single(request.args))

    @expose("/sslcommerz/<secret>", methods=["POST"])
    def sslcommerz(self, secret: str) -> Response:
        """Take a customer back from SSLCommerz: a form posted from its site, without our cookies."""
        return _returned(SSLCOMMERZ, secret, _posted())

    @expose("/sslcommerz/<secret>/notice", methods=["POST"])
    def notice(self, secret: str) -> Any:
        """Take a notice of SSLCommerz; duplicates are answered like the first."""
        attempt = _attempt(SSLCOMMERZ, secret)
        come_back(attempt, _posted(), "notice")
        return "OK", 200, {"Content-Type": "text/plain"}


def _returned(gateway: str, secret: str, fields: dict[str, str]) -> Response:
    attempt = _attempt(gateway, secret)
    come_back(attempt, fields)
    return redirect(url_for("PayPage.result", secret=secret), 303)


def _attempt(gateway: str, secret: str) -> PaymentAttempt:
    """Return the attempt that a secret names. Raises NotFound, and asks no gateway, for any other."""
    # who is signed in beside it does not act here: the money would be recorded as that person's
    set_actor(None)
    limit("callback")
    attempt = attempt_of(gateway, secret)
    if attempt is None:
        limit("guess")
        raise NotFound("PaymentAttempt")
    return attempt


def _posted() -> dict[str, str]:
    """Return the fields of a posted form; anything else than a small form with each field once is refused."""
    request.max_content_length = LARGEST_BODY
    if request.mimetype != "application/x-www-form-urlencoded":
        abort(415)
    return _single(request.form)


def _single(values: Any) -> dict[str, str]:
    fields = dict(values.items(multi=True))
    is_plain = all(
        len(name) <= 100 and len(value) <= 2000 and "\ufffd" not in value and "\x00" not in value
        for name, value in fields.items()
    )
    # a field that comes twice is read in two ways by two programs
    if len(fields) != len(list(values.items(multi=True))) or len(fields) > MOST_FIELDS or not is_plain:
        abort(400)
    return fields
