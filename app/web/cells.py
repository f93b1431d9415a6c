"""One value as HTML, by its kind: what cells of lists, facts and cards are made of.

In Python, because a page draws hundreds of them: as macros they took two thirds of a list's time. Inside, HTML is plain text
put together from escaped parts; what leaves for a template is Markup.
"""

from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup, escape

from app.web.formats import (
    show_bytes,
    show_digits,
    show_full_moment,
    show_moment,
    show_month,
    show_near_day,
    show_number,
    show_phone,
    show_taka_html,
)

NOTHING = '<span class="muted" aria-hidden="true">–</span>'
TONES = ("ok", "warn", "due", "accent")
NOWRAP = {
    "bytes": show_bytes,
    "date": show_near_day,
    "full_moment": show_full_moment,
    "moment": show_moment,
    "month": show_month,
    "phone": show_phone,
}


def draw(content: Any, kind: str = "text", url: str | None = None, tone: str | None = None, css: str = "") -> Markup:
    """Return a value as HTML; with a ``url`` it is a link. ``tone`` colours it: "ok", "warn", "due" or "accent"."""
    return Markup(html_of(content, kind, url, tone, css))


def html_of(content: Any, kind: str = "text", url: str | None = None, tone: str | None = None, css: str = "") -> str:
    """Return what ``draw`` returns as plain text that is safe HTML."""
    inner = NOTHING if content is None or content == "" else _inner(content, kind, tone)
    if url:
        return f'<a href="{escape(url)}"{_class(css)}>{inner}</a>'
    return f'<span class="{css}">{inner}</span>' if css else inner


def _class(css: str | None) -> str:
    return f' class="{css}"' if css else ""


def _inner(content: Any, kind: str, tone: str | None) -> str:
    if kind == "data":
        return f'<span translate="no"{_class(tone)}>{escape(content)}</span>'
    if kind == "money":
        return f'<span translate="no"{_class(tone)}>{show_taka_html(content)}</span>'
    if kind == "due":
        return _due(content, tone == "due")
    if kind == "status":
        return _status(content, tone)
    if kind == "number":
        shown = show_number(content) if isinstance(content, int) else show_digits(content)
        return f'<span translate="no">{escape(shown)}</span>'
    if kind in NOWRAP:
        return f'<span class="nowrap" translate="no">{escape(NOWRAP[kind](content))}</span>'
    if kind == "yes_no":
        return escape(_("Yes") if content else _("No"))
    return f'<span class="{tone}">{escape(content)}</span>' if tone else escape(content)


def status(label: Any, tone: str | None = None) -> Markup:
    """Return a status as dot and word."""
    return Markup(_status(label, tone))


def _status(label: Any, tone: str | None) -> str:
    return f'<span class="st{f" st-{tone}" if tone in TONES else ""}">{escape(str(label))}</span>'


def due_amount(paisa: int | None, overdue: bool = False) -> Markup:
    """Return what a customer owes in paisa: above 0 due, red only when overdue; 0 nothing; below 0 advance."""
    return Markup("" if paisa is None else _due(paisa, overdue))


def _due(paisa: int, overdue: bool) -> str:
    if paisa > 0:
        return f'<strong{_class("due" if overdue else None)} translate="no">{show_taka_html(paisa)}</strong>'
    if paisa < 0:
        advance = escape(_("%(amount)s advance")) % {"amount": show_taka_html(-paisa)}
        return f'<span class="ok advance">{advance}</span>'
    # a sentence inside an f-string would not be collected for translation
    nothing = _("Nothing due")
    return f'<span class="muted">{escape(nothing)}</span>'
