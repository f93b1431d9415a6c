"""Day closings of the demo: a closed day that is confirmed, and the open day after it."""

from datetime import datetime
from uuid import UUID

from app.access.actor import Actor, acting_as
from app.cash.models import in_pieces
from app.cash.queries import open_period
from app.cash.services import close_day, confirm_closing
from app.core.clock import pretending
from app.core.database import transaction


def close_a_day(collector: Actor, parent: Actor | None, moment: datetime, request_id: UUID, missing: int = 0) -> None:
    """Close a collector's day at a past moment, ``missing`` paisa short; with a parent, confirm it. No cash: none.

    Call it in the order of time: it covers all that the collector has entered up to now.
    """
    with pretending(moment), acting_as(collector), transaction():
        expected = open_period(collector.tenant_id or 0, collector.id).expected
        if expected <= missing:
            return
        reason = "Gave too much change" if missing else ""
        closing = close_day(in_pieces(expected - missing), request_id=str(request_id), reason=reason).closing
        if parent is not None:
            with acting_as(parent):
                confirm_closing(closing)
