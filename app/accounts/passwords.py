"""Passwords: hashed, compared, and refused when they are easy to guess."""

import secrets
from functools import cache

from flask import current_app
from flask_babel import gettext as _
from werkzeug.security import check_password_hash, generate_password_hash

from app.accounts.models import Account, Credential
from app.core.errors import Refused

SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 128
NUL = "\x00"
ESTIMATED_CHARACTERS = 72
"""How much of a password the estimate reads: nobody guesses what lies beyond, and it takes time."""

LEAST_SCORE = 3
"""zxcvbn's scale from 0 to 4: below 3 fewer than 10^8 guesses are enough."""

CONTEXT_WORDS = ("sanjog", "সংযোগ", "isp", "internet", "broadband", "bangladesh", "dhaka", "bkash", "nagad", "taka")


def hash_password(password: str) -> str:
    """Return the salted hash of a password."""
    return generate_password_hash(password, method=current_app.config["PASSWORD_HASH_METHOD"])


def password_fits(credential: Credential | None, password: str) -> bool:
    """Tell whether a password is right; as much work when there is no such account, or when it is too long to be one."""
    kept = (
        credential.password_hash if credential is not None else _of_nobody(current_app.config["PASSWORD_HASH_METHOD"])
    )
    fits = check_password_hash(kept, password[:LONGEST_PASSWORD])
    # scrypt's HMAC fills a password up with NULs: one that ends in them would fit as well
    return fits and credential is not None and len(password) <= LONGEST_PASSWORD and NUL not in password


@cache
def _of_nobody(method: str) -> str:
    return generate_password_hash(secrets.token_hex(16), method=method)


def refuse_weak(password: str, account: Account | None = None, company: str = "", field: str = "new") -> None:
    """Refuse a password of the wrong length or one that is guessed early: common ones, keyboard walks, names of the person or the house.

    There are no rules of composition (ASVS 5.0 6.2.5). Raises Refused for ``field``.
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD or NUL in password:
        raise Refused(_("A password has 12 to 128 characters."), field)
    words = [*CONTEXT_WORDS, company, *company.split()]
    if account is not None:
        words += [account.email, *account.email.replace("@", ".").split("."), account.name, *account.name.split()]
        words.append("".join(account.name.split()))
        words.append(account.mobile.removeprefix("+88"))
    # its lists of common passwords are loaded when they are needed: no page does
    from zxcvbn import zxcvbn

    known = [word.lower() for word in words if len(word) > 2]
    found = zxcvbn(password[:ESTIMATED_CHARACTERS], user_inputs=known)
    is_name = password.strip().lower() in known
    if found["score"] < LEAST_SCORE or is_name:
        raise Refused(
            _("This password is easy to guess. Choose a longer one, such as four words that do not belong together."),
            field,
        )
