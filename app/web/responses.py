"""Answers that are no pages: documents and pictures, under a name of our own making."""

from flask import Response, abort, request
from flask_babel import lazy_gettext as _l

ROLL_LABELS = {"58": _l("Print on 58 mm"), "80": _l("Print on 80 mm")}
"""The widths of a thermal printer's paper."""


def roll_asked() -> str:
    """Return the width of roll that the address asks for, 58 or 80; answer 404 for another."""
    size = request.args.get("size", "58")
    if size not in ROLL_LABELS:
        abort(404)
    return size


def pdf(content: bytes, name: str) -> Response:
    """Return a PDF that the browser shows."""
    return _inline(content, "application/pdf", f"{name}.pdf")


def png(content: bytes, name: str) -> Response:
    """Return a picture that the browser shows."""
    return _inline(content, "image/png", f"{name}.png")


def _inline(content: bytes, kind: str, name: str) -> Response:
    response = Response(content, mimetype=kind)
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return response
