"""Questions about the cash that people hold: what is open, what is closed, what is owed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from app.access.actor import Actor
from app.access.scope import everywhere, own
from app.accounts.models import Account, Kind
from app.books.models import EntryKind, JournalEntry, JournalLine, Ledger
from app.cash.models import LIVE, ClosingState, DayClosing
from app.core.clock import today
from app.core.database import db
from app.customers.models import Customer
from app.expenses.models import Expense, ExpenseCategory
from app.payments.models import Payment

SPENDING = (EntryKind.EXPENSE.value, EntryKind.EXPENSE_VOID.value)


@dataclass(frozen=True)
class Period:
    """A person's cash since its last closing, in paisa: what it then kept, what came in, what it spent."""

    last: DayClosing | None
    collected: int = 0
    spent: int = 0
    entries: int = 0

    @property
    def opening(self) -> int:
        """What stayed in the person's hands at the last closing."""
        return self.last.left if self.last else 0

    @property
    def expected(self) -> int:
        """What the person should hold now (spec §5.5); below zero the business owes it."""
        return self.opening + self.collected - self.spent

    @property
    def since_line(self) -> int:
        """The last line of the journal that is closed."""
        return self.last.up_to_line if self.last else 0


def lock_cash(person_id: int) -> None:
    """Lock the account of a Manager that holds cash: every entry is in a closing or after it, never neither.

    Whatever moves a Manager's cash takes this lock before it posts, and a closing before it counts. It comes after the
    accounts of Operators; nobody who holds it waits for more than counters and the heads of logs.
    """
    _lock(Account.id == person_id, Account.kind == Kind.MANAGER.value)


def lock_account(account_id: int) -> None:
    """Lock the account of who enters an expense, Manager or parent: of two equal forms the second finds the first's row."""
    _lock(Account.id == account_id)


def _lock(*conditions: ColumnElement[bool]) -> None:
    if db.is_sqlite:
        return
    with everywhere("who holds the cash may have left the scope"):
        # a lock that leaves the key alone: rows that name the account can still be added meanwhile
        db.session.execute(select(Account.id).where(*conditions).with_for_update(key_share=True))


def last_closing(person_id: int) -> DayClosing | None:
    """Return the person's last closing that was not returned."""
    return _last_closings([person_id]).get(person_id)


def _last_closings(person_ids: Iterable[int]) -> dict[int, DayClosing]:
    newest = (
        select(func.max(DayClosing.id))
        .where(DayClosing.person_id.in_(list(person_ids)), DayClosing.state.in_(LIVE))
        .group_by(DayClosing.person_id)
    )
    with everywhere("a person's cash is counted whole, wherever its customers have moved since"):
        rows = db.session.execute(
            select(DayClosing).where(DayClosing.id.in_(newest)).execution_options(populate_existing=True)
        ).scalars()
        return {row.person_id: row for row in rows}


def first_open_day(person_id: int) -> date | None:
    """Return the first date a person's entries may carry after its last closing; None when it has never closed.

    That is the day after, or the very day as long as it lasts: cash later that day belongs to the next closing
    (spec §11.7).
    """
    last = last_closing(person_id)
    return min(today(), last.closed_on + timedelta(days=1)) if last else None


def is_closed_day(person_id: int, day: date) -> bool:
    """Tell whether a person's entries may no longer carry this date."""
    opened = first_open_day(person_id)
    return opened is not None and day < opened


def is_closed_expense(expense: Expense) -> bool:
    """Tell whether the expense was recorded before the last closing of who entered it."""
    last = last_closing(expense.entered_by_id)
    if last is None:
        return False
    with everywhere("a person's cash is counted whole, wherever its customers have moved since"):
        first_line = db.session.execute(
            select(func.min(JournalLine.id))
            .join(JournalEntry, JournalEntry.id == JournalLine.entry_id)
            .where(
                JournalLine.tenant_id == expense.tenant_id,
                JournalLine.ledger == Ledger.EXPENSE.value,
                JournalLine.holder_id == expense.owner_id,
                JournalEntry.expense_id == expense.id,
            )
        ).scalar_one()
    return first_line is not None and first_line <= last.up_to_line


def open_period(tenant_id: int, person_id: int) -> Period:
    """Return a person's cash since its last closing."""
    return open_periods(tenant_id, [person_id])[person_id]


def open_periods(tenant_id: int, person_ids: list[int]) -> dict[int, Period]:
    """Return the cash of persons since their last closings, by person."""
    if not person_ids:
        return {}
    last = _last_closings(person_ids)
    since = {person: closing.up_to_line for person, closing in last.items()}
    with everywhere("a person's cash is counted whole, wherever its customers have moved since"):
        rows = db.session.execute(
            select(JournalLine.holder_id, JournalEntry.kind, func.sum(JournalLine.amount), func.count(JournalLine.id))
            .join(JournalEntry, JournalEntry.id == JournalLine.entry_id)
            .where(
                JournalLine.tenant_id == tenant_id,
                JournalLine.ledger == Ledger.CASH.value,
                JournalEntry.kind != EntryKind.CLOSING.value,
                or_(
                    *(
                        and_(JournalLine.holder_id == person, JournalLine.id > since.get(person, 0))
                        for person in person_ids
                    )
                ),
            )
            .group_by(JournalLine.holder_id, JournalEntry.kind)
        ).all()
    collected, spent, entries = (dict.fromkeys(person_ids, 0) for _sum in range(3))
    for person, kind, amount, count in rows:
        entries[person] += count
        if kind in SPENDING:
            spent[person] -= int(amount)
        else:
            collected[person] += int(amount)
    return {
        person: Period(last.get(person), collected[person], spent[person], entries[person]) for person in person_ids
    }


@dataclass(frozen=True)
class CashEntry:
    """A movement of a person's cash in paisa: above zero it came in. ``about`` names the customer or the category."""

    id: int
    kind: EntryKind
    at: datetime
    on: date
    amount: int
    about: str
    number: int | None = None
    payment_id: int | None = None
    expense_id: int | None = None

    @property
    def is_void(self) -> bool:
        """Whether the movement takes an earlier one back."""
        return self.kind in (EntryKind.PAYMENT_VOID, EntryKind.EXPENSE_VOID)


def open_entries(tenant_id: int, person_id: int, limit: int = 200) -> list[CashEntry]:
    """Return the movements of a person's cash since its last closing, newest first."""
    last = last_closing(person_id)
    statement = (
        select(JournalLine.id, JournalEntry, JournalLine.amount, Payment.number, Customer.name, ExpenseCategory.name)
        .join(JournalEntry, JournalEntry.id == JournalLine.entry_id)
        .outerjoin(Payment, Payment.id == JournalEntry.payment_id)
        .outerjoin(Customer, Customer.id == Payment.customer_id)
        .outerjoin(Expense, Expense.id == JournalEntry.expense_id)
        .outerjoin(ExpenseCategory, ExpenseCategory.id == Expense.category_id)
        .where(
            JournalLine.tenant_id == tenant_id,
            JournalLine.ledger == Ledger.CASH.value,
            JournalLine.holder_id == person_id,
            JournalLine.id > (last.up_to_line if last else 0),
            JournalEntry.kind != EntryKind.CLOSING.value,
        )
        .order_by(JournalLine.id.desc())
        .limit(limit)
    )
    with everywhere("a person's cash is counted whole, wherever its customers have moved since"):
        rows = db.session.execute(statement).all()
    return [
        CashEntry(
            line_id,
            EntryKind(entry.kind),
            entry.at,
            entry.posted_on,
            amount,
            customer or category or "",
            number,
            entry.payment_id,
            entry.expense_id,
        )
        for line_id, entry, amount, number, customer, category in rows
    ]


def shortages(tenant_id: int, person_ids: list[int]) -> dict[int, int]:
    """Return what persons owe from confirmed shortages, in paisa, by person; who owes nothing is left out."""
    with everywhere("a shortage is the person's own debt"):
        rows = db.session.execute(
            select(JournalLine.holder_id, func.sum(JournalLine.amount))
            .where(
                JournalLine.tenant_id == tenant_id,
                JournalLine.ledger == Ledger.SHORTAGE.value,
                JournalLine.holder_id.in_(person_ids),
            )
            .group_by(JournalLine.holder_id)
        ).all()
    return {person: int(amount) for person, amount in rows if amount}


def waiting(person_ids: list[int]) -> dict[int, int]:
    """Return what persons have handed over and nobody has confirmed yet, in paisa, by person."""
    rows = db.session.execute(
        select(DayClosing.person_id, func.sum(DayClosing.handed_over))
        .where(DayClosing.person_id.in_(person_ids), DayClosing.state == ClosingState.SUBMITTED.value)
        .group_by(DayClosing.person_id)
    ).all()
    return {person: int(amount) for person, amount in rows}


def closings_for(actor: Actor) -> Select[tuple[DayClosing]]:
    """Select the closings an account may see: a Manager its own, a parent those in its scope."""
    statement = select(DayClosing)
    return statement.where(DayClosing.person_id == actor.id) if actor.kind == Kind.MANAGER else statement


def newest_closings(person_id: int, limit: int) -> list[DayClosing]:
    """Return a person's newest closings, returned ones too."""
    return list(
        db.session.execute(
            select(DayClosing).where(DayClosing.person_id == person_id).order_by(DayClosing.id.desc()).limit(limit)
        ).scalars()
    )


def closings_to_answer() -> list[DayClosing]:
    """Return the closings that wait for the parent at work, oldest first."""
    return list(
        db.session.execute(
            select(DayClosing)
            .where(own(DayClosing), DayClosing.state == ClosingState.SUBMITTED.value)
            .order_by(DayClosing.id)
        ).scalars()
    )


def cash_holders(actor: Actor) -> list[Account]:
    """Return the Managers of the parent at work, by name."""
    return list(
        db.session.execute(
            select(Account)
            .where(Account.parent_id == actor.id, Account.kind == Kind.MANAGER.value)
            .order_by(Account.name, Account.id)
        ).scalars()
    )
