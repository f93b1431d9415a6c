"""How people are reached: mobile numbers and email addresses, checked and put in one form."""

import re

from flask_babel import gettext as _

from app.core.errors import Refused
from app.core.language import to_ascii_digits

MOBILE = re.compile(r"01[3-9][0-9]{8}")
EMAIL = re.compile(r"[^@\s<>\"',;]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")


def normal_mobile(text: str) -> str:
    """Return a mobile number as E.164: 01…, +880…, 880…, dashes and Bengali digits are accepted; empty stays empty. Raises Refused."""
    digits = to_ascii_digits(text).replace("-", "").replace(" ", "")
    if not digits:
        return ""
    for prefix in ("+88", "88"):
        if digits.startswith(prefix + "0"):
            digits = digits.removeprefix(prefix)
    if not MOBILE.fullmatch(digits):
        raise Refused(_("A mobile number has 11 digits and begins with 013 to 019."), "mobile")
    return "+88" + digits


def is_email(text: str) -> bool:
    """Tell whether a text has the form of an email address of at most 190 characters."""
    return len(text) <= 190 and EMAIL.fullmatch(text) is not None
