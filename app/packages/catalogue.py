"""What parents set up (packages, profiles, zones …): change it, archive it, bring it back. Nothing that rows refer to is deleted."""

from typing import Any, TypeVar

from flask_babel import gettext as _

from app.access.actor import shown_number
from app.access.scope import current_scope, get_or_404
from app.activity.recorder import record
from app.core.clock import now
from app.core.database import db
from app.core.errors import NotFound, Refused
from app.core.language import normalise

Row = TypeVar("Row", bound=Any)


def changeable(model: type[Row], row_id: object) -> Row:
    """Return a row that the account at work may change, locked. Raises NotFound for one that only came down to it."""
    row = get_or_404(model, row_id, lock=True)
    if not is_changeable(row):
        raise NotFound(model.__name__)
    return row


def is_changeable(row: Any) -> bool:
    """Tell whether the account at work may change a row: what is given down is its giver's (spec §9)."""
    return current_scope().covers(row.tenant_id, row.owner_id)


def is_own(row: Any) -> bool:
    """Tell whether a row is the very owner's at work, and not of an account below it."""
    return bool(row.owner_id == current_scope().owner_id)


def named(text: str, longest: int, field: str = "name") -> str:
    """Return a name as typed, in one spelling. Raises Refused when it is empty or too long."""
    name = normalise(text)
    if not name:
        raise Refused(_("Enter the name."), field)
    if len(name) > longest:
        raise Refused(_("At most %(count)s characters.", count=shown_number(longest)), field)
    return name


def add(row: Row) -> Row:
    """Add a row of the owner at work and record it."""
    db.session.add(row)
    db.session.flush()
    record_setup(row, "setup.added")
    return row


def change(row: Row, values: dict[str, Any]) -> Row:
    """Give a row these values and record before → after; nothing is recorded where nothing differs."""
    before = {name: getattr(row, name) for name in values}
    changes = {name: (before[name], new) for name, new in values.items() if before[name] != new}
    for name, (_old, new) in changes.items():
        setattr(row, name, new)
    db.session.flush()
    if changes:
        record_setup(row, "setup.edited", changes=changes)
    return row


def archive(row: Row) -> Row:
    """Offer a row no longer: who is on it stays, nobody new gets it. Raises Refused."""
    if row.archived_at is not None:
        raise Refused(_("This is archived already."))
    row.archived_at = now()
    record_setup(row, "setup.archived")
    return row


def bring_back(row: Row) -> Row:
    """Offer an archived row again. Raises Refused."""
    if row.archived_at is None:
        raise Refused(_("This is not archived."))
    row.archived_at = None
    record_setup(row, "setup.restored")
    return row


def record_setup(row: Any, event: str, changes: dict[str, tuple[Any, Any]] | None = None, **words: object) -> None:
    """Record what was set up, in the log of the row's owner; amounts in paisa are named as such."""
    paisa = {"price", "operator_price", "retail_price"}
    named_changes = {f"{name}_paisa" if name in paisa else name: pair for name, pair in (changes or {}).items()}
    record(
        "setup",
        event,
        tenant_id=row.tenant_id,
        owner_id=row.owner_id,
        subject=row,
        changes=named_changes or None,
        kind=type(row).__name__,
        name=str(row),
        **words,
    )
