"""Day closings of Managers, and what they paid back of confirmed shortages."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import JSON, CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Account
from app.core.clock import UtcDateTime, now
from app.core.database import Base
from app.core.money import PAISA, Money
from app.core.ownership import Owned, owned_by_account, referable, same_tenant

NOTES = (1000, 500, 200, 100, 50, 20, 10, 5, 2, 1)
"""The notes and coins that are counted piece by piece, in taka."""

COINS = "coins"
"""Where a count keeps what is below a taka or was not sorted, in paisa."""


class ClosingState(StrEnum):
    """A closing waits for the parent, is confirmed for good, or was returned: then it counts no longer."""

    SUBMITTED = "submitted"
    CONFIRMED = "confirmed"
    RETURNED = "returned"


LIVE = (ClosingState.SUBMITTED.value, ClosingState.CONFIRMED.value)
"""States in which a closing locks what it covers (spec §5.5)."""


class DayClosing(Owned, Base):
    """A Manager's count of the cash in its hands, all amounts in paisa (spec §5.5, §11.7).

    It covers the person's cash in the journal from the line after the closing before it up to ``up_to_line``.
    """

    __tablename__ = "day_closings"
    __table_args__ = (
        referable(),
        owned_by_account(),
        same_tenant("person_id", "accounts"),
        same_tenant("answered_by_id", "accounts"),
        same_tenant("entry_id", "journal_entries"),
        UniqueConstraint("tenant_id", "person_id", "number"),
        UniqueConstraint("tenant_id", "request_id"),
        Index("ix_day_closings_owner", "tenant_id", "owner_id", "state", "id"),
        Index("ix_day_closings_person", "person_id", "id"),
        CheckConstraint("state IN ('submitted', 'confirmed', 'returned')", "state"),
        CheckConstraint("expected = opening + collected - spent", "expected"),
        CheckConstraint("difference = counted - (CASE WHEN expected > 0 THEN expected ELSE 0 END)", "difference"),
        CheckConstraint("difference = 0 OR reason <> ''", "reason"),
        CheckConstraint("counted >= 0 AND handed_over BETWEEN 0 AND counted", "handed_over"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column()
    person_id: Mapped[int] = mapped_column()
    closed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    closed_on: Mapped[date] = mapped_column()
    up_to_line: Mapped[int] = mapped_column()
    opening: Mapped[int] = mapped_column(Money)
    collected: Mapped[int] = mapped_column(Money)
    spent: Mapped[int] = mapped_column(Money)
    expected: Mapped[int] = mapped_column(Money)
    # how many pieces of each note, by its taka; under "coins" the paisa of the rest
    pieces: Mapped[dict[str, int]] = mapped_column(JSON)
    counted: Mapped[int] = mapped_column(Money)
    difference: Mapped[int] = mapped_column(Money)
    reason: Mapped[str] = mapped_column(String(200), default="")
    handed_over: Mapped[int] = mapped_column(Money)
    request_id: Mapped[str] = mapped_column(String(36))
    state: Mapped[str] = mapped_column(String(10), default=ClosingState.SUBMITTED)
    answered_by_id: Mapped[int | None] = mapped_column()
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    word: Mapped[str] = mapped_column(String(200), default="")
    # what the confirmation posted to the journal
    entry_id: Mapped[int | None] = mapped_column()

    person: Mapped[Account] = relationship(viewonly=True, primaryjoin="foreign(DayClosing.person_id) == Account.id")

    @property
    def left(self) -> int:
        """What stays in the person's hands, in paisa: the next closing's opening."""
        return self.expected + self.difference - self.handed_over

    @property
    def shortage(self) -> int:
        """What is missing, in paisa: once confirmed the person's named debt."""
        return max(-self.difference, 0)

    @property
    def surplus(self) -> int:
        """What was counted above what the books say, in paisa."""
        return max(self.difference, 0)


class ShortageRepayment(Owned, Base):
    """Paisa that a person paid back of its confirmed shortages."""

    __tablename__ = "shortage_repayments"
    __table_args__ = (
        owned_by_account(),
        same_tenant("person_id", "accounts"),
        same_tenant("recorded_by_id", "accounts"),
        same_tenant("entry_id", "journal_entries"),
        UniqueConstraint("tenant_id", "request_id"),
        Index("ix_shortage_repayments_person", "tenant_id", "person_id", "id"),
        CheckConstraint("amount > 0", "amount"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column()
    amount: Mapped[int] = mapped_column(Money)
    note: Mapped[str] = mapped_column(String(200), default="")
    recorded_by_id: Mapped[int] = mapped_column()
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    request_id: Mapped[str] = mapped_column(String(36))
    entry_id: Mapped[int] = mapped_column()


def worth(pieces: dict[str, int]) -> int:
    """Return what a count is worth in paisa."""
    return sum(pieces.get(str(note), 0) * note * PAISA for note in NOTES) + pieces.get(COINS, 0)


def in_pieces(paisa: int) -> dict[str, int]:
    """Return an amount of paisa as the fewest notes, the rest as coins."""
    pieces: dict[str, int] = {}
    left = paisa
    for note in NOTES:
        pieces[str(note)], left = divmod(left, note * PAISA)
    return {name: count for name, count in {**pieces, COINS: left}.items() if count}
