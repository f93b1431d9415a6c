"""Post to the journal. Nothing else writes to it."""

from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _
from sqlalchemy import insert

from app.access.actor import current_actor, shown_number
from app.books.models import EntryKind, JournalEntry, JournalLine, Ledger
from app.core.clock import today
from app.core.database import db
from app.core.errors import Refused

LONGEST_TEXT = 200
"""How many characters the books keep of a reason or a description."""


@dataclass(frozen=True)
class Side:
    """One side of an entry, in paisa: debit above zero, credit below. ``owner_id``: named if it is not the entry's."""

    ledger: Ledger
    holder_id: int
    amount: int
    owner_id: int | None = None


def given(text: str, field: str = "reason", *, otherwise: str | None = None) -> str:
    """Return a text that goes into the books, stripped.

    Raises Refused for ``field`` when it is too long, or empty and ``otherwise`` says what is wrong with that.
    """
    text = text.strip()
    if not text and otherwise is not None:
        raise Refused(otherwise, field)
    if len(text) > LONGEST_TEXT:
        raise Refused(_("At most %(count)s characters.", count=shown_number(LONGEST_TEXT)), field)
    return text


def post(
    kind: EntryKind,
    tenant_id: int,
    owner_id: int,
    *sides: Side,
    posted_on: date | None = None,
    bill_id: int | None = None,
    payment_id: int | None = None,
    expense_id: int | None = None,
    note: str = "",
    request_id: str | None = None,
) -> JournalEntry | None:
    """Post a balanced entry and return it; None when every side is nought.

    Raises ValueError for sides that do not sum to zero.
    """
    moving = [side for side in sides if side.amount]
    if sum(side.amount for side in moving) != 0:
        raise ValueError(f"{kind}: the sides of an entry must sum to zero")
    if not moving:
        return None
    actor = current_actor()
    entry = JournalEntry(
        tenant_id=tenant_id,
        owner_id=owner_id,
        kind=kind,
        posted_on=posted_on or today(),
        by_id=actor.id if actor else None,
        bill_id=bill_id,
        payment_id=payment_id,
        expense_id=expense_id,
        note=note,
        request_id=request_id,
    )
    db.session.add(entry)
    db.session.flush()
    # plain rows in one statement: each side names its own owner, which may be an account above the one at work
    lines = [
        {
            "tenant_id": tenant_id,
            "owner_id": side.owner_id or owner_id,
            "entry_id": entry.id,
            "ledger": side.ledger,
            "holder_id": side.holder_id,
            "amount": side.amount,
        }
        for side in moving
    ]
    db.session.connection().execute(insert(JournalLine), lines)
    return entry
