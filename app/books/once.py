"""Once only: a form that makes money carries a request id, and what it made is found again by it (spec §5.2)."""

from typing import Any, TypeVar
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.access.actor import current_actor
from app.access.scope import everywhere
from app.core.database import db
from app.core.errors import Refused

Row = TypeVar("Row")


def request_uuid(text: str) -> str:
    """Return a form's request id in one spelling. Raises Refused for what is no UUID."""
    try:
        return str(UUID(text))
    except ValueError:
        raise Refused(_("This form is damaged. Open it again.")) from None


def made_by(model: type[Row], request_id: str | None, tenant_id: int | None, **whose: Any) -> Row | None:
    """Return the row that a form has made before in a tenant, None when there is none.

    A service asks under the lock that its change takes, so that of two equal forms at once the second finds the first's
    row. ``whose`` says by column what the row must be about. Raises Refused when the form was used for something else.
    """
    if request_id is None:
        return None
    columns: Any = model
    with everywhere("a request id is used once in a tenant, whoever sent it"):
        row = db.session.execute(
            select(model).where(columns.tenant_id == tenant_id, columns.request_id == request_id)
        ).scalar_one_or_none()
    if row is not None and any(getattr(row, name) != wanted for name, wanted in whose.items()):
        raise Refused(_("This form was used for something else. Open it again."))
    return row


def add_once(row: Any) -> None:
    """Add a row that carries a request id. Raises Refused when the id was used for something else at this very moment.

    Equal forms wait for the lock that they share; of a form sent for two customers at once no lock knows, the unique id
    does.
    """
    db.session.add(row)
    try:
        db.session.flush()
    except IntegrityError:
        if row.request_id is None:
            raise
        raise Refused(_("This form was used for something else. Open it again.")) from None


def sent_before(model: type[Row], text: str | None) -> Row | None:
    """Return what a form sent again by the person at work had made, for a page that says so. Raises Refused as above."""
    actor = current_actor()
    return made_by(model, request_uuid(text or ""), actor.tenant_id if actor else None)
