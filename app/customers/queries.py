"""Questions about customers."""

from typing import Any

from sqlalchemy import ColumnElement, Select, column, or_, select, table

from app.core.database import db
from app.core.language import fold, to_ascii_digits
from app.customers.models import Customer


def present() -> Select[tuple[Customer]]:
    """Select the customers that are not deleted."""
    return select(Customer).where(Customer.deleted_at.is_(None))


SHORTEST_PART = 3
"""Characters: the indexes of parts of words hold parts of three, on both databases."""


def matching(text: str) -> ColumnElement[bool]:
    """Return the condition for a search by number, name in either script, username or mobile."""
    digits = "".join(character for character in to_ascii_digits(text) if character.isdigit())
    conditions = [_contains(fold(text))]
    # a number is looked for when nothing but a number is typed: “road 7” is no customer number
    if digits and len(digits) <= 9 and to_ascii_digits(text).strip().lstrip("#") == digits:
        conditions.append(Customer.number == int(digits))
    if len(digits) >= 4:
        conditions.append(_contains(digits.removeprefix("88")))
    return or_(*conditions)


def _contains(part: str) -> ColumnElement[bool]:
    if not db.is_sqlite or len(part) < SHORTEST_PART:
        # PostgreSQL finds parts of words through an index of the column itself
        return Customer.search_text.contains(part, autoescape=True)
    words: Any = table("customers_words", column("rowid"), column("customers_words"))
    quoted = '"' + part.replace('"', '""') + '"'
    return Customer.id.in_(select(words.c.rowid).where(words.c.customers_words.op("MATCH")(quoted)))


def username_taken(username_key: str, except_id: int | None = None) -> bool:
    """Tell whether a username is in use anywhere in the installation, whoever's it is (spec §3)."""
    statement = select(Customer.id).where(Customer.username_key == username_key)
    if except_id is not None:
        statement = statement.where(Customer.id != except_id)
    return db.session.execute(statement).first() is not None
