"""Money: whole paisa inside, text only at the edges."""

import re
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import BigInteger
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from app.core.errors import Refused
from app.core.language import in_digits, to_ascii_digits

PAISA = 100
NO_BREAK_SPACE = "\u00a0"

_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
_GROUPED = re.compile(r"[0-9]{1,2}(,[0-9]{2})*,[0-9]{3}|[0-9]{1,3}(,[0-9]{3})+")

_BENGALI_WORDS = """
    শূন্য এক দুই তিন চার পাঁচ ছয় সাত আট নয় দশ এগারো বারো তেরো চৌদ্দ পনেরো ষোলো সতেরো আঠারো উনিশ বিশ একুশ
    বাইশ তেইশ চব্বিশ পঁচিশ ছাব্বিশ সাতাশ আটাশ ঊনত্রিশ ত্রিশ একত্রিশ বত্রিশ তেত্রিশ চৌত্রিশ পঁয়ত্রিশ ছত্রিশ
    সাঁইত্রিশ আটত্রিশ ঊনচল্লিশ চল্লিশ একচল্লিশ বিয়াল্লিশ তেতাল্লিশ চুয়াল্লিশ পঁয়তাল্লিশ ছেচল্লিশ সাতচল্লিশ
    আটচল্লিশ ঊনপঞ্চাশ পঞ্চাশ একান্ন বাহান্ন তিপ্পান্ন চুয়ান্ন পঞ্চান্ন ছাপ্পান্ন সাতান্ন আটান্ন ঊনষাট ষাট
    একষট্টি বাষট্টি তেষট্টি চৌষট্টি পঁয়ষট্টি ছেষট্টি সাতষট্টি আটষট্টি ঊনসত্তর সত্তর একাত্তর বাহাত্তর
    তিয়াত্তর চুয়াত্তর পঁচাত্তর ছিয়াত্তর সাতাত্তর আটাত্তর ঊনআশি আশি একাশি বিরাশি তিরাশি চুরাশি পঁচাশি
    ছিয়াশি সাতাশি আটাশি ঊননব্বই নব্বই একানব্বই বিরানব্বই তিরানব্বই চুরানব্বই পঁচানব্বই ছিয়ানব্বই সাতানব্বই
    আটানব্বই নিরানব্বই
""".split()
_ENGLISH_WORDS = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen
""".split()
_ENGLISH_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_UNITS = (
    (10_000_000, " crore", " কোটি"),
    (100_000, " lakh", " লাখ"),
    (1_000, " thousand", " হাজার"),
    (100, " hundred", "শত"),
)


class Money(TypeDecorator[int]):
    """An amount in whole paisa: an int in Python, BIGINT in the database. Refuses everything else with TypeError."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:
        if value is not None and type(value) is not int:
            raise TypeError(f"an amount is an int of paisa, not {type(value).__name__}")
        return value

    def process_literal_param(self, value: Any, dialect: Dialect) -> str:
        return str(self.process_bind_param(value, dialect))

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        # PostgreSQL's sum() of BIGINT is NUMERIC
        return int(value) if isinstance(value, Decimal) and value == int(value) else value


def parse_amount(text: str, *, allow_zero: bool = False, field: str | None = "amount") -> int:
    """Return a typed amount of taka in paisa (spec §11.14): 1234.50, ১,২৩,৪৫৬.৭৫, ৳ 500.

    Raises Refused, for ``field``, when the text is empty or no number, has misplaced commas, more than two decimals or
    more than nine digits before the point, or is not above zero (with ``allow_zero``: below zero).
    """
    typed = to_ascii_digits(text or "").strip().removeprefix("৳").strip()
    if not typed:
        raise Refused(_("Enter an amount."), field=field)
    negative = typed[0] in "-−"
    number = typed[1:].strip() if negative else typed
    whole, point, paisa = number.partition(".")
    if "," in whole:
        if not _GROUPED.fullmatch(whole):
            raise Refused(_("The commas are not where they belong. Write 1,00,000 or 100000."), field=field)
        whole = whole.replace(",", "")
    if not _NUMBER.fullmatch(whole + point + paisa):
        raise Refused(_("This is not an amount. Write digits only, such as 1250 or 1,250.50."), field=field)
    if negative and allow_zero:
        raise Refused(_("The amount cannot be below zero."), field=field)
    if negative:
        raise Refused(_("The amount must be above zero."), field=field)
    if len(paisa) > 2:
        raise Refused(_("Write at most two digits after the point: the smallest amount is one paisa."), field=field)
    if len(whole) > 9:
        raise Refused(_("The amount is too large: at most 99,99,99,999.99 taka."), field=field)
    amount = int(whole) * PAISA + int(paisa.ljust(2, "0"))
    if not amount and not allow_zero:
        raise Refused(_("The amount must be above zero."), field=field)
    return amount


def taka(paisa: int, digits: str = "latn") -> str:
    """Return paisa as taka for people: ৳ 1,00,000.00 with lakh grouping, or ৳ ১,০০,০০০.০০ with digits "beng"."""
    return f"{'−' if paisa < 0 else ''}৳{NO_BREAK_SPACE}{in_digits(_grouped(abs(paisa)), digits)}"


def plain(paisa: int) -> str:
    """Return paisa as taka for CSV and form fields: 1234.50."""
    whole, rest = divmod(abs(paisa), PAISA)
    return f"{'-' if paisa < 0 else ''}{whole}.{rest:02d}"


def amount_in_words(paisa: int, language: str) -> str:
    """Return paisa in words, counted in lakh and crore, in "en" or "bn"."""
    whole, rest = divmod(abs(paisa), PAISA)
    if language == "bn":
        words = f"{_in_bengali(whole)} টাকা" + (f" {_in_bengali(rest)} পয়সা" if rest else "") + " মাত্র"
        return f"ঋণাত্মক {words}" if paisa < 0 else words
    words = f"{_in_english(whole)} taka" + (f" and {_in_english(rest)} paisa" if rest else "") + " only"
    words = f"minus {words}" if paisa < 0 else words
    return words[0].upper() + words[1:]


def share(amount: int, part: int, whole: int) -> int:
    """Return amount × part ÷ whole in paisa, half a paisa rounded away from zero.

    Raises ValueError unless whole is above zero.
    """
    if whole <= 0:
        raise ValueError("a share needs a whole above zero")
    product = amount * part
    rounded = (2 * abs(product) + whole) // (2 * whole)
    return -rounded if product < 0 else rounded


def share_in_taka(amount: int, part: int, whole: int) -> int:
    """Return amount × part ÷ whole in paisa, rounded once, to whole taka, half a taka away from zero (spec §11.6).

    Raises ValueError unless whole is above zero.
    """
    return share(amount, part, whole * PAISA) * PAISA


def _grouped(paisa: int) -> str:
    whole, rest = divmod(paisa, PAISA)
    head, tail = divmod(whole, 1000)
    if not head:
        return f"{whole}.{rest:02d}"
    groups = [f"{tail:03d}"]
    while head >= 100:
        head, pair = divmod(head, 100)
        groups.append(f"{pair:02d}")
    return ",".join([str(head), *reversed(groups)]) + f".{rest:02d}"


def _in_bengali(number: int) -> str:
    if number < 100:
        return _BENGALI_WORDS[number]
    unit, name = next((unit, bengali) for unit, _english, bengali in _UNITS if number >= unit)
    count, rest = divmod(number, unit)
    return _in_bengali(count) + name + (f" {_in_bengali(rest)}" if rest else "")


def _in_english(number: int) -> str:
    if number < 20:
        return _ENGLISH_WORDS[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return _ENGLISH_TENS[tens - 2] + (f"-{_ENGLISH_WORDS[ones]}" if ones else "")
    unit, name = next((unit, english) for unit, english, _bengali in _UNITS if number >= unit)
    count, rest = divmod(number, unit)
    return _in_english(count) + name + (f" {_in_english(rest)}" if rest else "")
