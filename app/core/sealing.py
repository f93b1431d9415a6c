"""Secrets at rest: text encrypted with the installation's field keys, bound to what it is for and to whose row it lies in."""

import json

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from flask import current_app
from sqlalchemy import select, update

from app.core.database import Base, db

SEALED = {"sealed": True}
"""``info`` of a column that holds sealed text: ``mapped_column(Text, info=SEALED)``; rotation finds such columns by it."""


class BrokenSeal(Exception):
    """Report sealed text that no key opens, or that was sealed for another purpose or another row."""


def seal(purpose: str, owner: int | str, secret: str) -> str:
    """Return the secret encrypted for a purpose and for the row ``owner`` names."""
    # Fernet binds nothing but the text: without purpose and owner inside, a token copied to another row would open there
    return _keys().encrypt(json.dumps([purpose, str(owner), secret]).encode()).decode()


def unseal(purpose: str, owner: int | str, token: str) -> str:
    """Return the secret of a token. Raises BrokenSeal for a token that is damaged or belongs elsewhere."""
    try:
        found_purpose, found_owner, secret = json.loads(_keys().decrypt(token.encode()))
    except (InvalidToken, ValueError):
        raise BrokenSeal("no key opens it") from None
    if (found_purpose, found_owner) != (purpose, str(owner)):
        raise BrokenSeal("it was sealed for something else")
    return secret


def rotate_seals() -> int:
    """Seal every sealed column anew with the first key, in the present transaction, and return how many values there were."""
    keys, count = _keys(), 0
    for table in Base.metadata.sorted_tables:
        for column in (column for column in table.columns if column.info.get("sealed")):
            (identity,) = table.primary_key.columns
            for row_id, token in db.session.execute(select(identity, column).where(column.is_not(None))).all():
                anew = keys.rotate(token.encode()).decode()
                db.session.execute(update(table).where(identity == row_id).values({column.name: anew}))
                count += 1
    return count


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in current_app.config["FIELD_KEYS"]])
