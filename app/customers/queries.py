"""Questions about customers."""

from typing import Any

from sqlalchemy import ColumnElement, Select, column, or_, select, table

from app.access.scope import get_or_404
from app.core.database import db
from app.core.errors import NotFound
from app.core.language import fold, to_ascii_digits
from app.customers.models import Customer


def present() -> Select[tuple[Customer]]:
    """Select the customers that are not deleted."""
    return select(Customer).where(Customer.deleted_at.is_(None))


def present_customer(pk: object, *load: Any) -> Customer:
    """Return a customer in scope that is not deleted. Raises NotFound."""
    customer = get_or_404(Customer, pk, *load)
    if customer.deleted_at is not None:
        raise NotFound("Customer")
    return customer


SHORTEST_PART = 3
"""Characters: the indexes of parts of words hold parts of three, on both databases."""


def matching(text: str) -> ColumnElement[bool]:
    """Return the condition for a search by number, name in either script, username or mobile."""
    parts, number = _sought(text)
    if db.is_sqlite and all(len(part) >= SHORTEST_PART for part in parts):
        found = _with_parts(parts)
        # in one list of ids, because SQLite reads a whole table for an “or” between a list and a column
        return Customer.id.in_(found if number is None else found.union(select(Customer.id).where(number)))
    return matches(text)


def matches(text: str) -> ColumnElement[bool]:
    """Return the same condition for a row that is read anyway."""
    parts, number = _sought(text)
    conditions = [Customer.search_text.contains(part, autoescape=True) for part in sorted(parts)]
    return or_(*conditions, *([] if number is None else [number]))


def _sought(text: str) -> tuple[set[str], ColumnElement[bool] | None]:
    """Return the parts of words that a search is after, and the number where it may be one."""
    digits = "".join(character for character in to_ascii_digits(text) if character.isdigit())
    parts = {fold(text)}
    if len(digits) >= 4:
        parts.add(digits.removeprefix("88"))
    # a number is looked for when nothing but a number is typed: “road 7” is no customer number
    is_number = digits and len(digits) <= 9 and to_ascii_digits(text).strip().lstrip("#") == digits
    return parts, Customer.number == int(digits) if is_number else None


def _with_parts(parts: set[str]) -> Select[Any]:
    # SQLite's own table of parts of words (migration 0003); PostgreSQL finds them through an index of the column
    words: Any = table("customers_words", column("rowid"), column("customers_words"))
    wanted = " OR ".join('"' + part.replace('"', '""') + '"' for part in sorted(parts))
    return select(words.c.rowid).where(words.c.customers_words.op("MATCH")(wanted))


def username_taken(username_key: str, except_id: int | None = None) -> bool:
    """Tell whether a username is in use anywhere in the installation, whoever's it is (spec §3)."""
    statement = select(Customer.id).where(Customer.username_key == username_key)
    if except_id is not None:
        statement = statement.where(Customer.id != except_id)
    return db.session.execute(statement).first() is not None
