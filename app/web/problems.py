"""What programs are answered when something is refused: application/problem+json (RFC 9457) in place of a page."""

import json
from collections.abc import Mapping
from typing import Any

from flask import Response, g, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import HTTPException

from app.core.errors import Conflict, Forbidden, Refused, Unauthenticated

PROGRAMS = "/api/"
"""What the addresses for programs begin with: no session, no cookie, no page there."""

TITLES = {
    400: _l("This request cannot be read."),
    401: _l("An API key is needed."),
    403: _l("A permission is missing."),
    404: _l("There is nothing at this address."),
    405: _l("This address does not take that method."),
    409: _l("This contradicts what is there already."),
    413: _l("This request is too large."),
    415: _l("Send JSON."),
    422: _l("Something in this request is not right."),
    429: _l("Too many requests. Wait a little."),
    500: _l("Something broke here. Nothing was changed."),
    507: _l("The server's disk is full. Nothing was changed."),
}


class Invalid(Refused):
    """Say no to a body or a query with sentences by field; a field of a field is written with a dot between."""

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__(_("Something in this request is not right."))
        self.errors = dict(errors)


def is_for_programs() -> bool:
    """Tell whether the request came to an address for programs."""
    return request.path.startswith(PROGRAMS)


def problem(error: Exception, status: int) -> Response:
    """Return the answer of an error: status, a sentence in the language asked for, and which field or key it is about."""
    said: dict[str, Any] = {
        "type": f"urn:sanjog:problem:{status}",
        "title": str(TITLES.get(status, TITLES[400] if status < 500 else TITLES[500])),
        "status": status,
        "request_id": g.get("request_id", ""),
    }
    headers = {}
    if isinstance(error, Forbidden) and error.key:
        said["key"] = error.key
    elif isinstance(error, Invalid):
        said["errors"] = error.errors
    elif isinstance(error, Refused):
        said["detail"] = error.message
        if error.field:
            said["errors"] = {error.field: [error.message]}
        if isinstance(error, Conflict) and error.about:
            said |= error.about
    elif isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    elif isinstance(error, HTTPException):
        headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    text = json.dumps(said, ensure_ascii=False)
    return Response(text, status, headers, mimetype="application/problem+json")
