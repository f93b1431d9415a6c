"""Close a Manager's day, confirm or return the closing, record what is paid back of a shortage."""

from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import func, select

from app.access.actor import Actor, current_actor, shown_number, shown_taka
from app.access.scope import everywhere, get_or_404
from app.accounts.models import PARENTS, Account, Kind
from app.activity.recorder import record
from app.books.models import EntryKind, JournalLine, Ledger
from app.books.once import add_once, made_by, request_uuid
from app.books.services import Side, given, post
from app.cash.models import COINS, LIVE, NOTES, ClosingState, DayClosing, ShortageRepayment, worth
from app.cash.queries import Period, lock_cash, open_period, shortages
from app.core.clock import now, today
from app.core.database import db, locked
from app.core.errors import NotFound, Refused

MOST_PIECES = 99_999
"""How many pieces of one note a count may have."""

MOST_COINS = 99_999_999
"""How many paisa a count may have in coins."""


@dataclass(frozen=True)
class Closed:
    """A closing, and whether this very request had made it before."""

    closing: DayClosing
    already_closed: bool = False


def close_day(
    pieces: dict[str, int],
    *,
    request_id: str,
    reason: str = "",
    handed_over: int | None = None,
    seen_expected: int | None = None,
) -> Closed:
    """Close the day of the Manager at work with a count by note; ``handed_over`` is paisa, None is all (spec §5.5).

    ``pieces`` counts notes by their taka, and paisa under "coins". The same request id gives back the first closing.
    ``seen_expected`` is what the person was told it should hold, in paisa. Raises Refused.
    """
    actor = _manager()
    request_id = request_uuid(request_id)
    lock_cash(actor.id)
    first = _closed_by(actor, request_id)
    if first is not None:
        return Closed(first, already_closed=True)
    counted = _counted(pieces)
    period = open_period(actor.tenant_id or 0, actor.id)
    if not period.entries and not period.expected and not counted:
        raise Refused(_("There is nothing to close: no cash has moved since the last closing."))
    if seen_expected is not None and seen_expected != period.expected:
        raise Refused(_("Your cash has changed since this page was opened. Look at the new figures and count again."))
    difference = counted - max(period.expected, 0)
    reason = given(reason) if not difference else given(reason, otherwise=_missing_reason(difference))
    handed_over = counted if handed_over is None else handed_over
    if not 0 <= handed_over <= counted:
        raise Refused(_("You cannot hand over more than you have counted."), "handed_over")
    closing = DayClosing(
        tenant_id=actor.tenant_id,
        owner_id=actor.owner_id,
        number=_next_number(actor),
        person_id=actor.id,
        closed_at=now(),
        closed_on=today(),
        up_to_line=_last_line(),
        opening=period.opening,
        collected=period.collected,
        spent=period.spent,
        expected=period.expected,
        pieces={name: count for name, count in pieces.items() if count},
        counted=counted,
        difference=difference,
        reason=reason if difference else "",
        handed_over=handed_over,
        request_id=request_id,
    )
    add_once(closing)
    words = {"amount_paisa": abs(difference), "reason": closing.reason} if difference else {}
    event = "cash.closed_short" if difference < 0 else "cash.closed_over" if difference else "cash.closed"
    _record(closing, event, actor.name, counted_paisa=counted, **words)
    return Closed(closing)


def _manager() -> Actor:
    actor = current_actor()
    if actor is None or actor.tenant_id is None:
        raise RuntimeError("a day is closed by a person")
    if actor.kind != Kind.MANAGER:
        raise Refused(_("Only Managers close their day: a parent's cash is the business's."))
    return actor


def _closed_by(actor: Actor, request_id: str) -> DayClosing | None:
    return made_by(DayClosing, request_id, actor.tenant_id, person_id=actor.id)


def _counted(pieces: dict[str, int]) -> int:
    for name, count in pieces.items():
        known = name == COINS or name in {str(note) for note in NOTES}
        if not known or not 0 <= count <= (MOST_COINS if name == COINS else MOST_PIECES):
            raise Refused(_("Count each note from 0 to 99,999 pieces."), name if name == COINS else f"note_{name}")
    return worth(pieces)


def _missing_reason(difference: int) -> str:
    if difference < 0:
        return _("%(amount)s are missing: count again, or say why.", amount=shown_taka(-difference))
    return _("%(amount)s are too much: count again, or say why.", amount=shown_taka(difference))


def _next_number(actor: Actor) -> int:
    # gap-free: the person's lock is held
    return (
        db.session.execute(
            select(func.coalesce(func.max(DayClosing.number), 0)).where(DayClosing.person_id == actor.id)
        ).scalar_one()
        + 1
    )


def _last_line() -> int:
    """Return the newest line of the journal: with the person's lock held, every line of its cash up to it is there."""
    with everywhere("lines are numbered through the installation"):
        return db.session.execute(select(func.coalesce(func.max(JournalLine.id), 0))).scalar_one()


def confirm_closing(closing: DayClosing, word: str = "") -> DayClosing:
    """Confirm that the cash of a closing was received: it leaves the person's hands, what lacks is its debt (§5.5).

    Older closings are confirmed first. Raises Refused, and NotFound for another parent's.
    """
    word = given(word, "word")
    actor, closing = _answering(closing)
    earlier = _neighbour(closing, DayClosing.number < closing.number, ClosingState.SUBMITTED.value)
    if earlier is not None:
        raise Refused(_("Closing %(number)s is older and waits too. Answer it first.", number=shown_number(earlier)))
    entry = post(
        EntryKind.CLOSING,
        closing.tenant_id,
        closing.owner_id,
        Side(Ledger.BUSINESS, closing.owner_id, closing.handed_over),
        Side(Ledger.SHORTAGE, closing.person_id, closing.shortage),
        Side(Ledger.SURPLUS, closing.owner_id, -closing.surplus),
        Side(Ledger.CASH, closing.person_id, closing.difference - closing.handed_over),
    )
    closing.entry_id, closing.word = entry.id if entry else None, word
    person = _answer(actor, closing, ClosingState.CONFIRMED)
    _record(closing, "cash.confirmed", person.name, handed_over_paisa=closing.handed_over)
    return closing


def return_closing(closing: DayClosing, word: str) -> DayClosing:
    """Return a closing with a word: what it covers is open again and belongs to the person's next closing.

    The newest is returned first. Raises Refused, and NotFound for another parent's.
    """
    word = given(word, "word", otherwise=_("Say what is wrong with the closing."))
    actor, closing = _answering(closing)
    later = _neighbour(closing, DayClosing.number > closing.number, *LIVE)
    if later is not None:
        raise Refused(_("Closing %(number)s was made after this one. Return it first.", number=shown_number(later)))
    closing.word = word
    person = _answer(actor, closing, ClosingState.RETURNED)
    _record(closing, "cash.returned", person.name, word=word)
    return closing


def may_answer(actor: Actor, closing: DayClosing) -> bool:
    """Tell whether the account is the parent whose Manager made the closing; accounts further up only see it."""
    return actor.kind in PARENTS and closing.owner_id == actor.owner_id


def _answering(closing: DayClosing) -> tuple[Actor, DayClosing]:
    actor = current_actor()
    if actor is None or not may_answer(actor, closing):
        raise NotFound("DayClosing")
    lock_cash(closing.person_id)
    closing = db.session.execute(
        locked(select(DayClosing).where(DayClosing.id == closing.id)).execution_options(populate_existing=True)
    ).scalar_one()
    if closing.state != ClosingState.SUBMITTED:
        raise Refused(_("Closing %(number)s is answered already.", number=shown_number(closing.number)))
    return actor, closing


def _neighbour(closing: DayClosing, side: object, *states: str) -> int | None:
    """Return the number of the person's nearest other closing on a side of this one."""
    return db.session.execute(
        select(func.min(DayClosing.number)).where(
            DayClosing.person_id == closing.person_id,
            side,  # type: ignore[arg-type]
            DayClosing.state.in_(states),
        )
    ).scalar_one()


def _answer(actor: Actor, closing: DayClosing, state: ClosingState) -> Account:
    closing.state, closing.answered_by_id, closing.answered_at = state, actor.id, now()
    db.session.flush()
    return db.session.get_one(Account, closing.person_id)


def record_repayment(person: Account, amount: int, *, request_id: str, note: str = "") -> ShortageRepayment:
    """Record that a person paid back ``amount`` paisa of its shortages; the same request id records once.

    Raises Refused, and NotFound for anybody but the person's parent.
    """
    actor = current_actor()
    if actor is None or actor.kind not in PARENTS or person.parent_id != actor.id or person.kind != Kind.MANAGER:
        raise NotFound("Account")
    request_id = request_uuid(request_id)
    lock_cash(person.id)
    first = made_by(ShortageRepayment, request_id, person.tenant_id, person_id=person.id)
    if first is not None:
        return first
    owed = shortages(person.tenant_id or 0, [person.id]).get(person.id, 0)
    if amount <= 0:
        raise Refused(_("The amount must be above zero."), "amount")
    if amount > owed:
        raise Refused(_("That is more than the shortage of %(amount)s.", amount=shown_taka(owed)), "amount")
    note = given(note, "note")
    entry = post(
        EntryKind.SHORTAGE_REPAID,
        person.tenant_id or 0,
        actor.id,
        Side(Ledger.BUSINESS, actor.id, amount),
        Side(Ledger.SHORTAGE, person.id, -amount),
        note=note,
    )
    assert entry is not None
    repayment = ShortageRepayment(
        tenant_id=person.tenant_id,
        owner_id=actor.id,
        person_id=person.id,
        amount=amount,
        note=note,
        recorded_by_id=actor.id,
        request_id=request_id,
        entry_id=entry.id,
    )
    add_once(repayment)
    record(
        "cash",
        "cash.shortage_repaid",
        tenant_id=person.tenant_id,
        owner_id=actor.id,
        subject=repayment,
        person=person.name,
        amount_paisa=amount,
    )
    return repayment


def closing_of(actor: Actor, row_id: object) -> DayClosing:
    """Return a closing the account may see by its id. Raises NotFound for any other, also of a fellow Manager."""
    closing = get_or_404(DayClosing, row_id)
    if actor.kind == Kind.MANAGER and closing.person_id != actor.id:
        raise NotFound("DayClosing")
    return closing


def cash_of(actor: Actor) -> Period:
    """Return the cash of the Manager at work since its last closing."""
    return open_period(actor.tenant_id or 0, actor.id)


def _record(closing: DayClosing, event: str, person: str, **words: object) -> None:
    record(
        "cash",
        event,
        tenant_id=closing.tenant_id,
        owner_id=closing.owner_id,
        subject=closing,
        number=closing.number,
        person=person,
        **words,
    )
