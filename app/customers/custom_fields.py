"""The fields that an owner adds to its customers: what they are, and what a customer's hold."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from app.access.actor import shown_number
from app.access.scope import current_scope
from app.core.database import db
from app.core.errors import Refused
from app.core.language import fold, normalise, to_ascii_digits
from app.customers.models import Customer, CustomField, FieldType
from app.packages.catalogue import add, change, changeable, named

LONGEST_NAME, LONGEST_TEXT, MOST_OPTIONS, MOST_FIELDS = 60, 200, 50, 30
NUMBER = re.compile(r"-?\d{1,12}(\.\d{1,4})?")


def custom_fields(owner_id: int) -> list[CustomField]:
    """Return the fields of an owner's customers that are not archived, in their order."""
    return list(
        db.session.execute(
            select(CustomField)
            .where(CustomField.owner_id == owner_id, CustomField.archived_at.is_(None))
            .order_by(CustomField.position, CustomField.id)
        ).scalars()
    )


def fields_in_sight() -> list[CustomField]:
    """Return the fields of all owners of the scope that are not archived, in their order."""
    return list(
        db.session.execute(
            select(CustomField).where(CustomField.archived_at.is_(None)).order_by(CustomField.position, CustomField.id)
        ).scalars()
    )


def save_field(
    name: str, field_type: str, options: list[str], *, required: bool, position: int, field_id: object = None
) -> CustomField:
    """Add a field for the customers of the owner at work, or change one. Raises Refused, NotFound."""
    row = changeable(CustomField, field_id) if field_id is not None else None
    name = named(name, LONGEST_NAME)
    if field_type not in list(FieldType):
        raise Refused(_("Choose one of the list."), "type")
    options = list(dict.fromkeys(normalise(option) for option in options if option.strip()))
    if field_type != FieldType.CHOICE:
        options = []
    elif len(options) < 2 or len(options) > MOST_OPTIONS:
        raise Refused(
            _("A choice offers 2 to %(most)s things, one a line.", most=shown_number(MOST_OPTIONS)), "options"
        )
    if any(len(option) > LONGEST_NAME for option in options):
        raise Refused(_("At most %(count)s characters.", count=shown_number(LONGEST_NAME)), "options")
    owner_id = row.owner_id if row else current_scope().owner_id
    others = db.session.execute(select(CustomField.id, CustomField.name).where(CustomField.owner_id == owner_id)).all()
    if any(fold(other) == fold(name) and (row is None or other_id != row.id) for other_id, other in others):
        raise Refused(_("There is one of this name already; look among the archived ones too."), "name")
    values = {"name": name, "type": field_type, "options": options, "required": required, "position": position}
    if row is not None:
        if field_type != row.type and holders(row):
            raise Refused(_("Customers have this field filled in: its type stays. Add another field instead."), "type")
        return change(row, values)
    if len(others) >= MOST_FIELDS:
        raise Refused(_("At most %(count)s fields.", count=shown_number(MOST_FIELDS)))
    return add(CustomField(**values))


def is_filled(field_id: int) -> Any:
    """Return the condition for customers that have a field filled in."""
    return Customer.custom_fields[str(field_id)].as_string() != ""


def holders(row: CustomField) -> bool:
    """Tell whether any customer has a field filled in."""
    return db.session.execute(select(Customer.id).where(is_filled(row.id)).limit(1)).first() is not None


def checked_values(owner_id: int, typed: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return a customer's values with what was typed, by the field's id as text; values of other fields are kept.

    Raises Refused for the form field ``custom_<id>``.
    """
    values = dict(kept)
    for row in custom_fields(owner_id):
        key = str(row.id)
        text = normalise(str(typed.get(key) or ""))
        if not text:
            if row.required:
                raise Refused(_("Fill in this field."), f"custom_{key}")
            values.pop(key, None)
            continue
        values[key] = _read(row, text, str(kept.get(key, "")))
    return values


def _read(row: CustomField, text: str, before: str) -> str:
    field = f"custom_{row.id}"
    if row.type == FieldType.NUMBER:
        number = to_ascii_digits(text).replace(",", "")
        if not NUMBER.fullmatch(number):
            raise Refused(_("Enter a number."), field)
        return number
    if row.type == FieldType.DATE:
        try:
            day = date.fromisoformat(to_ascii_digits(text))
        except ValueError:
            raise Refused(_("This is not a date."), field) from None
        if not 1900 <= day.year <= 2200:
            raise Refused(_("The date lies too far away."), field)
        return day.isoformat()
    if row.type == FieldType.CHOICE and text not in (*row.options, before):
        raise Refused(_("Choose one of the list."), field)
    if len(text) > LONGEST_TEXT:
        raise Refused(_("At most %(count)s characters.", count=shown_number(LONGEST_TEXT)), field)
    return text
