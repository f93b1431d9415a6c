"""A day closing as its slip is printed: rows in, the report's data out."""

from app.access.actor import reader_digits
from app.accounts.models import Tenant
from app.accounts.queries import account_names
from app.activity.queries import printed_head
from app.billing.documents import company
from app.cash.models import COINS, NOTES, DayClosing
from app.web.formats import language
from reports.closing import ClosingData, closing_pdf


def slip(tenant: Tenant, closing: DayClosing, size: str) -> bytes:
    """Return the slip of a closing as PDF in the reader's language and digits: size "a4", "58" or "80" (millimetres)."""
    who = account_names({closing.answered_by_id}) if closing.answered_by_id else {}
    data = ClosingData(
        number=closing.number,
        person=closing.person.name,
        closed_at=closing.closed_at,
        opening=closing.opening,
        collected=closing.collected,
        spent=closing.spent,
        expected=closing.expected,
        counted=closing.counted,
        difference=closing.difference,
        reason=closing.reason,
        handed_over=closing.handed_over,
        left=closing.left,
        pieces=[(note, closing.pieces[str(note)]) for note in NOTES if closing.pieces.get(str(note))],
        coins=closing.pieces.get(COINS, 0),
        state=closing.state,
        answered_by=who.get(closing.answered_by_id or 0, ""),
        answered_at=closing.answered_at,
        word=closing.word,
        log_head=printed_head(closing.tenant_id),
    )
    return closing_pdf(company(tenant), data, size, language(), reader_digits())
