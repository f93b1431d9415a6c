"""Languages and scripts: what people type made uniform, and dates, digits and phone numbers written for them."""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from babel import Locale
from babel.dates import format_date as babel_date
from flask import g
from flask_babel import force_locale, get_locale, gettext

from app.core.clock import to_dhaka

LANGUAGES = ("en", "bn")
DIGITS = ("latn", "beng")

_TO_BENGALI = str.maketrans("0123456789", "০১২৩৪৫৬৭৮৯")
_TO_ASCII = str.maketrans("০১২৩৪৫৬৭৮৯", "0123456789")
_JOINERS = "\u200c\u200d"
_DATE = {"en": "d MMM y", "bn": "d MMMM y"}
_DAY_AND_MONTH = {"en": "d MMM", "bn": "d MMMM"}


def locale_at_work() -> Locale | None:
    """Return the locale of the request or job; None outside of both.

    Reads what flask-babel keeps in one step: asking it took a tenth of a list's time, four hundred sentences a page.
    """
    kept = getattr(g._get_current_object(), "_flask_babel", None) if g else None
    return getattr(kept, "babel_locale", None) or get_locale()


def to_bengali_digits(text: object) -> str:
    """Return the text with 0-9 written as ০-৯."""
    return str(text).translate(_TO_BENGALI)


def to_ascii_digits(text: object) -> str:
    """Return the text with ০-৯ written as 0-9."""
    return str(text).translate(_TO_ASCII)


def in_digits(text: object, digits: str) -> str:
    """Return the text with its digits in "latn" or "beng". Raises ValueError for another name."""
    if digits not in DIGITS:
        raise ValueError(f"digits are 'latn' or 'beng', not {digits!r}")
    return to_bengali_digits(text) if digits == "beng" else str(text)


def normalise(text: str, lines: bool = False) -> str:
    """Return typed text in NFC, trimmed, with single spaces, without control and invisible characters.

    The joiners ZWJ and ZWNJ stay, because Bengali spelling needs them (র‍্যাব). With ``lines`` line breaks stay too,
    blank lines do not.
    """
    if lines:
        return "\n".join(filter(None, map(normalise, text.splitlines())))
    kept = "".join(" " if c.isspace() else c for c in text if not _is_invisible(c))
    kept = unicodedata.normalize("NFC", " ".join(kept.split()))
    return kept if kept.strip(_JOINERS + " ") else ""


def fold(text: str) -> str:
    """Return the form in which texts are compared in a search: normalised, without regard to case and joiners."""
    folded = normalise(text).casefold().translate({ord(c): None for c in _JOINERS})
    return unicodedata.normalize("NFC", folded)


def write_decimal(value: int, places: int) -> str:
    """Return a number that is kept in whole parts, such as kbit/s for Mbit/s, as people write it: 2500 with 3 places is 2.5."""
    whole, rest = divmod(value, 10**places)
    return f"{whole}.{rest:0{places}d}".rstrip("0").rstrip(".")


def read_decimal(text: str, places: int) -> int | None:
    """Return a typed number in whole parts, in either digits; empty is 0, None what is no number or has too many digits."""
    whole, point, rest = to_ascii_digits(text).strip().partition(".")
    if not (whole or point):
        return 0
    digits = whole + rest
    if not (digits.isascii() and digits.isdigit() and len(whole) <= 6 and len(rest) <= places) or (point and not rest):
        return None
    return int(whole or 0) * 10**places + int(rest.ljust(places, "0") or 0)


def format_date(day: date, language: str, digits: str = "latn") -> str:
    """Return a date as "22 Nov 2026" or "২২ নভেম্বর ২০২৬"."""
    return _write(day, _DATE[language], language, digits)


def format_day_and_month(day: date, language: str, digits: str = "latn") -> str:
    """Return a date without its year, "22 Nov" or "২২ নভেম্বর": for the marks of a chart."""
    return _write(day, _DAY_AND_MONTH[language], language, digits)


def format_moment(moment: datetime, language: str, digits: str = "latn") -> str:
    """Return a moment in Asia/Dhaka, "22 Nov 2026, 14:03". Raises ValueError for one without a time zone."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    local = to_dhaka(moment)
    return f"{format_date(local.date(), language, digits)}, {in_digits(f'{local:%H:%M}', digits)}"


def format_month(day: date, language: str, digits: str = "latn") -> str:
    """Return the month of a date as "November 2026" or "নভেম্বর ২০২৬"."""
    return _write(day, "MMMM y", language, digits)


def format_period(first: date, last: date, language: str, digits: str = "latn") -> str:
    """Return the days from ``first`` to ``last``, both included, naming month and year no more often than needed."""
    end = format_date(last, language, digits)
    if first == last:
        return end
    if (first.year, first.month) == (last.year, last.month):
        return f"{in_digits(first.day, digits)}–{end}"
    if first.year == last.year:
        return f"{format_day_and_month(first, language, digits)} – {end}"
    return f"{format_date(first, language, digits)} – {end}"


def format_phone(e164: str, digits: str = "latn") -> str:
    """Return a Bangladeshi mobile as it is read out, 01712-345678; any other number as it is stored."""
    number = e164.removeprefix("+88")
    if len(number) == 11 and number.isascii() and number.isdigit() and number.startswith("01"):
        number = f"{number[:5]}-{number[5:]}"
    else:
        number = e164
    return in_digits(number, digits)


@contextmanager
def in_language(language: str) -> Iterator[None]:
    """Translate in this language inside the block: a document speaks its customer's, not its reader's.

    Raises ValueError for a language the house does not speak.
    """
    if language not in LANGUAGES:
        raise ValueError(f"languages are 'en' and 'bn', not {language!r}")
    with force_locale(language):
        yield


@dataclass(frozen=True)
class Sentence:
    """A sentence that can be said again to another reader: the English one with its gaps, and the words that fill them."""

    code: str
    words: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return gettext(self.code, **self.words)


_heard: ContextVar[dict[str, Sentence] | None] = ContextVar("heard", default=None)


@contextmanager
def listening() -> Iterator[dict[str, Sentence]]:
    """Note the sentences that are said inside the block, each by its text: what a refusal said can be said in another language later."""
    heard: dict[str, Sentence] = {}
    token = _heard.set(heard)
    try:
        yield heard
    finally:
        _heard.reset(token)


def hear(said: str, code: str, words: dict[str, Any]) -> None:
    """Hear what the catalogue said, for who listens."""
    heard = _heard.get()
    if heard is not None:
        heard[said] = Sentence(code, words)


# a page names the same few days again and again, and babel takes a tenth of a millisecond for each
@lru_cache(maxsize=4_096)
def _write(day: date, pattern: str, language: str, digits: str) -> str:
    return in_digits(unicodedata.normalize("NFC", babel_date(day, pattern, locale=language)), digits)


def _is_invisible(character: str) -> bool:
    if character in _JOINERS or character.isspace():
        return False
    return unicodedata.category(character) in ("Cc", "Cf", "Cs")
