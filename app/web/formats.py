"""How values look on a page: money, dates, phones and digits in the viewer's language and digits."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any, Protocol

from flask import Flask
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from jinja2 import pass_context
from markupsafe import Markup, escape

from app.access.actor import reader_digits
from app.core.clock import to_dhaka, today
from app.core.language import (
    format_date,
    format_day_and_month,
    format_moment,
    format_month,
    format_phone,
    in_digits,
    locale_at_work,
)
from app.core.money import taka


class Named(Protocol):
    """Who has a name in one or both scripts."""

    name: str
    username: str

    def name_for(self, language: str) -> str:
        """Return the name that readers of a language are shown."""


def language() -> str:
    """Return the language of the page: "bn" or "en"."""
    locale = locale_at_work()
    return "en" if locale is not None and locale.language == "en" else "bn"


def show_taka(paisa: int) -> str:
    """Write paisa as taka."""
    return taka(paisa, reader_digits())


def show_taka_html(paisa: int) -> Markup:
    """Write paisa as taka with the paisa smaller."""
    whole, _dot, rest = taka(paisa, reader_digits()).rpartition(".")
    # digits, commas and the sign of the currency: nothing to escape
    return Markup(f'<span class="money">{whole}<small>.{rest}</small></span>')


def show_day(day: date) -> str:
    """Write a date."""
    return format_date(day, language(), reader_digits())


def show_short_day(day: date) -> str:
    """Write a date without its year, for the marks of a chart."""
    return format_day_and_month(day, language(), reader_digits())


def show_near_day(day: date) -> Markup:
    """Write a date as people say it: today, yesterday, tomorrow; without the year where it is this one; exact on hover."""
    return Markup('<time datetime="{}" title="{}">{}</time>').format(day.isoformat(), show_day(day), _said(day))


def _said(day: date) -> str:
    away = (day - today()).days
    if away in NEAR_DAYS:
        return str(NEAR_DAYS[away])
    return show_short_day(day) if day.year == today().year else show_day(day)


NEAR_DAYS = {-1: _l("Yesterday"), 0: _l("Today"), 1: _l("Tomorrow")}


def show_moment(moment: datetime) -> Markup:
    """Write a moment as people say it, on Dhaka's clocks: today's as the time, the end of a day or an older one as the day; exact on hover."""
    digits, local, day = reader_digits(), to_dhaka(moment), today()
    text = format_moment(moment, language(), digits)
    clock = in_digits(f"{local:%H:%M}", digits)
    if local.time() == time(23, 59, 59) or local.date() < day - timedelta(days=1):
        shown = _said(local.date())
    else:
        shown = clock if local.date() == day else f"{_said(local.date())}, {clock}"
    # dates and times in either script: nothing to escape
    return Markup(f'<time datetime="{local.isoformat(timespec="seconds")}" title="{text}">{shown}</time>')


def show_full_moment(moment: datetime) -> str:
    """Write a moment with date and time."""
    return format_moment(moment, language(), reader_digits())


def show_month(day: date) -> str:
    """Write the month of a date."""
    return format_month(day, language(), reader_digits())


def show_name(customer: Named) -> str:
    """Write a customer's name for the reader: the Bengali one in Bengali, where it is known."""
    return customer.name_for(language())


def beside_name(customer: Named) -> str:
    """Write what stands small below a customer's name: the Latin one where the Bengali one is shown, and the username."""
    latin = customer.name if show_name(customer) != customer.name else ""
    return " · ".join(part for part in (latin, customer.username) if part)


def show_phone(number: str) -> str:
    """Write a mobile number as people read it."""
    return format_phone(number, reader_digits())


def show_digits(value: object) -> str:
    """Write a number's or identifier's digits in the viewer's."""
    return in_digits(value, reader_digits())


def show_number(value: int) -> str:
    """Write a count with lakh grouping."""
    whole = taka(value * 100, reader_digits()).rpartition(".")[0]
    return str(escape(whole.replace("৳", "").replace("\u00a0", "")))


DATA = ((10**9, _l("%(n)s GB")), (10**6, _l("%(n)s MB")), (0, _l("%(n)s kB")))


def show_bytes(value: int) -> str:
    """Write an amount of data, in steps of a thousand: 1.2 GB."""
    for least, words in DATA:
        if value >= least:
            tenths = (value * 10 + (least or 1000) // 2) // (least or 1000)
            return str(words) % {"n": in_digits(f"{tenths // 10}.{tenths % 10}", reader_digits())}
    raise ValueError("an amount of data is not below zero")


def show_duration(seconds: int) -> str:
    """Write how long something lasted by its two largest parts: 2 d 4 h, 3 h 12 min, 8 min."""
    minutes = seconds // 60
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        text = _("%(days)s d %(hours)s h", days=days, hours=hours)
    elif hours:
        text = _("%(hours)s h %(minutes)s min", hours=hours, minutes=minutes)
    else:
        text = _("%(minutes)s min", minutes=minutes)
    return in_digits(text, reader_digits())


def show_clock(moment: datetime) -> str:
    """Write the time of a moment of today, with seconds, as Dhaka's clocks show it."""
    return in_digits(f"{to_dhaka(moment):%H:%M:%S}", reader_digits())


def init_app(app: Flask) -> None:
    """Make the filters known to the templates."""
    filters: dict[str, Callable[[Any], Any]] = dict(
        taka=show_taka,
        taka_html=show_taka_html,
        day=show_day,
        moment=show_moment,
        full_moment=show_full_moment,
        month=show_month,
        phone=show_phone,
        digits=show_digits,
        number=show_number,
        bytes=show_bytes,
        clock=show_clock,
    )
    app.jinja_env.filters.update({name: _asked_each_time(work) for name, work in filters.items()})


def _asked_each_time(work: Callable[[Any], Any]) -> Callable[..., Any]:
    """Return a filter that Jinja cannot work out once for all readers when a template is compiled."""

    @pass_context
    def filtered(_context: object, value: Any) -> Any:
        return work(value)

    return filtered
