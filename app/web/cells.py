"""One value as HTML, by its kind: what cells of lists, facts and cards are made of.

In Python, because a page draws hundreds of them: as macros they took two thirds of a list's time.
"""

from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup, escape

from app.web.formats import (
    show_day,
    show_digits,
    show_moment,
    show_month,
    show_number,
    show_phone,
    show_taka_html,
)

NOTHING = Markup('<span class="muted" aria-hidden="true">–</span>')
TONES = ("ok", "warn", "due", "accent")
NOWRAP = {"date": show_day, "moment": show_moment, "month": show_month, "phone": show_phone}


def draw(content: Any, kind: str = "text", url: str | None = None, tone: str | None = None, css: str = "") -> Markup:
    """Return a value as HTML; with a ``url`` it is a link. ``tone`` colours it: "ok", "warn", "due" or "accent"."""
    inner = NOTHING if content is None or content == "" else _inner(content, kind, tone)
    if url:
        return Markup('<a href="%s"%s>%s</a>') % (url, _class(css), inner)
    return Markup('<span class="%s">%s</span>') % (css, inner) if css else inner


def _class(css: str | None) -> Markup:
    return Markup(' class="%s"') % css if css else Markup("")


def _inner(content: Any, kind: str, tone: str | None) -> Markup:
    if kind == "data":
        return Markup('<span translate="no"%s>%s</span>') % (_class(tone), content)
    if kind == "money":
        return Markup('<span translate="no"%s>%s</span>') % (_class(tone), show_taka_html(content))
    if kind == "due":
        return due_amount(content, tone == "due")
    if kind == "status":
        return status(content, tone)
    if kind == "number":
        shown = show_number(content) if isinstance(content, int) else show_digits(content)
        return Markup('<span translate="no">%s</span>') % shown
    if kind in NOWRAP:
        return Markup('<span class="nowrap" translate="no">%s</span>') % NOWRAP[kind](content)
    if kind == "yes_no":
        return escape(_("Yes") if content else _("No"))
    return Markup('<span class="%s">%s</span>') % (tone, content) if tone else escape(content)


def status(label: Any, tone: str | None = None) -> Markup:
    """Return a status as dot and word."""
    return Markup('<span class="st%s">%s</span>') % (f" st-{tone}" if tone in TONES else "", label)


def due_amount(paisa: int | None, overdue: bool = False) -> Markup:
    """Return what a customer owes in paisa: above 0 due, red only when overdue; 0 nothing; below 0 advance."""
    if paisa is None:
        return Markup("")
    if paisa > 0:
        return Markup('<strong%s translate="no">%s</strong>') % (
            _class("due" if overdue else None),
            show_taka_html(paisa),
        )
    if paisa < 0:
        advance = Markup(escape(_("%(amount)s advance"))) % {"amount": show_taka_html(-paisa)}
        return Markup('<span class="ok advance">%s</span>') % advance
    return Markup('<span class="muted">%s</span>') % _("Nothing due")
