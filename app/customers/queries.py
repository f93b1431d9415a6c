"""Questions about customers."""

from sqlalchemy import Select, or_, select

from app.core.database import db
from app.core.language import fold, to_ascii_digits
from app.customers.models import Customer


def present() -> Select[tuple[Customer]]:
    """Select the customers that are not deleted."""
    return select(Customer).where(Customer.deleted_at.is_(None))


def matching(text: str) -> object:
    """Return the condition for a search by number, name in either script, username or mobile."""
    words = fold(text)
    digits = "".join(character for character in to_ascii_digits(text) if character.isdigit())
    conditions = [Customer.search_text.contains(words, autoescape=True)]
    # a number is looked for when nothing but a number is typed: “road 7” is no customer number
    if digits and len(digits) <= 9 and to_ascii_digits(text).strip().lstrip("#") == digits:
        conditions.append(Customer.number == int(digits))
    if len(digits) >= 4:
        conditions.append(Customer.mobile.contains(digits.removeprefix("88").removeprefix("0"), autoescape=True))
    return or_(*conditions)


def username_taken(username_key: str, except_id: int | None = None) -> bool:
    """Tell whether a username is in use anywhere in the installation, whoever's it is (spec §3)."""
    statement = select(Customer.id).where(Customer.username_key == username_key)
    if except_id is not None:
        statement = statement.where(Customer.id != except_id)
    return db.session.execute(statement).first() is not None
