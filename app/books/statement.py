"""Statements from the journal: a customer's or an Operator's account with its running balance, all ledgers, and a ledger line by line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import case, func, select

from app.access.scope import current_scope
from app.accounts.models import Account
from app.books.models import EntryKind, JournalEntry, JournalLine, Ledger
from app.core.database import db
from app.customers.models import Customer


@dataclass(frozen=True)
class StatementLine:
    """A movement in paisa: ``billed`` raises what is owed, ``paid`` lowers it; ``balance`` is what is owed after it.

    Without a ``kind`` it is no movement and says what was owed before the first day of a period.
    """

    id: int
    on: date
    kind: EntryKind | None
    bill_id: int | None
    payment_id: int | None
    note: str
    amount: int
    balance: int

    @property
    def billed(self) -> int | None:
        """What the movement adds to the debt."""
        return self.amount if self.amount > 0 else None

    @property
    def paid(self) -> int | None:
        """What the movement takes off the debt."""
        return -self.amount if self.amount < 0 else None


def statement(customer: Customer, first: date | None = None, last: date | None = None) -> list[StatementLine]:
    """Return the customer's movements of some days, both included, newest first, each with the balance after it.

    With a ``first`` day the oldest line says what was owed before it.
    """
    chosen = (
        select(JournalEntry, JournalLine.amount)
        .join(JournalLine, JournalLine.entry_id == JournalEntry.id)
        .where(JournalLine.ledger == Ledger.CUSTOMER.value, JournalLine.holder_id == customer.id)
    )
    lines, balance = [], 0
    if first is not None:
        before = chosen.where(JournalEntry.posted_on < first).with_only_columns(
            func.coalesce(func.sum(JournalLine.amount), 0), maintain_column_froms=True
        )
        balance = int(db.session.execute(before).scalar_one())
        lines.append(StatementLine(0, first, None, None, None, "", 0, balance))
        chosen = chosen.where(JournalEntry.posted_on >= first)
    if last is not None:
        chosen = chosen.where(JournalEntry.posted_on <= last)
    for entry, amount in db.session.execute(chosen.order_by(JournalEntry.posted_on, JournalEntry.id)):
        balance += amount
        lines.append(_line(entry, amount, balance))
    return lines[::-1]


def operator_statement(account: Account, most: int) -> list[StatementLine]:
    """Return the last movements of an Operator's account with whom it buys from, so many at the most, newest first.

    In the order of booking, as the account has moved; ``balance`` below zero is prepaid money.
    """
    moves = (
        select(JournalEntry, JournalLine.amount)
        .join(JournalLine, JournalLine.entry_id == JournalEntry.id)
        .where(JournalLine.ledger == Ledger.OPERATOR.value, JournalLine.holder_id == account.id)
        .order_by(JournalLine.id.desc())
        .limit(most)
    )
    lines, balance = [], -account.balance
    for entry, amount in db.session.execute(moves):
        lines.append(_line(entry, amount, balance))
        balance -= amount
    return lines


def _line(entry: JournalEntry, amount: int, balance: int) -> StatementLine:
    return StatementLine(
        entry.id, entry.posted_on, EntryKind(entry.kind), entry.bill_id, entry.payment_id, entry.note, amount, balance
    )


MOST_LINES = 5_000
"""More lines of a ledger than this are not drawn at once: a shorter period is asked for."""


@dataclass(frozen=True)
class LedgerSum:
    """A ledger over some days: ``opening`` before them, then debits and credits, each above zero."""

    id: int
    ledger: Ledger
    first: date
    last: date
    opening: int
    debit: int
    credit: int

    @property
    def closing(self) -> int:
        """What the ledger holds in the end; below zero it is a credit."""
        return self.opening + self.debit - self.credit


class TwoSided:
    """An amount in paisa as it stands in the books: on the left where it adds, on the right where it takes away."""

    amount: int

    @property
    def debit(self) -> int:
        """What the line adds."""
        return max(self.amount, 0)

    @property
    def credit(self) -> int:
        """What the line takes away."""
        return max(-self.amount, 0)


@dataclass(frozen=True)
class LedgerLine(TwoSided):
    """A line of a ledger with the balance after it; the first one of a period has no entry and says what was there before."""

    id: int
    day: date | None
    kind: str
    bill_id: int | None
    payment_id: int | None
    expense_id: int | None
    holder_id: int | None
    who: str
    note: str
    amount: int
    balance: int


def ledger_sums(first: date, last: date) -> list[LedgerSum]:
    """Return every ledger that has ever moved in the scope at work, over the days from ``first`` to ``last``, both included."""
    amount, day = JournalLine.amount, JournalEntry.posted_on
    within = day >= first
    rows = db.session.execute(
        select(
            JournalLine.ledger,
            func.sum(case((day < first, amount), else_=0)),
            func.sum(case((within & (amount > 0), amount), else_=0)),
            func.sum(case((within & (amount < 0), -amount), else_=0)),
        )
        .join(JournalEntry, JournalEntry.id == JournalLine.entry_id)
        .where(day <= last)
        .group_by(JournalLine.ledger)
    ).all()
    found = {ledger: (int(opening), int(debit), int(credit)) for ledger, opening, debit, credit in rows}
    return [
        LedgerSum(number, ledger, first, last, *found[ledger.value])
        for number, ledger in enumerate(Ledger)
        if ledger.value in found
    ]


@dataclass(frozen=True)
class OperatorSum:
    """An Operator's account over some days, as its holder sees it: balances above zero are prepaid money."""

    id: int
    name: str
    opening: int
    taken: int
    added: int
    collected: int

    @property
    def closing(self) -> int:
        """What the account holds in the end."""
        return self.opening - self.taken + self.added + self.collected


def operator_sums(first: date, last: date) -> list[OperatorSum]:
    """Return the accounts of all Operators below who reads that have ever moved, over some days, both included, by name."""
    day, amount, kind = JournalEntry.posted_on, JournalLine.amount, JournalEntry.kind

    def within(*kinds: EntryKind) -> Any:
        named = kind.in_([one.value for one in kinds])
        return func.sum(case(((day >= first) & named, amount), else_=0))

    rows = db.session.execute(
        select(
            Account.id,
            Account.name,
            func.sum(case((day < first, amount), else_=0)),
            within(EntryKind.OPERATOR_AMOUNT),
            within(EntryKind.OPERATOR_BALANCE),
            within(EntryKind.COLLECTED_ABOVE),
        )
        .select_from(JournalLine)
        .join(JournalEntry, JournalEntry.id == JournalLine.entry_id)
        .join(Account, Account.id == JournalLine.holder_id)
        .where(JournalLine.ledger == Ledger.OPERATOR.value, day <= last, Account.id != current_scope().owner_id)
        .group_by(Account.id, Account.name)
        .order_by(Account.name, Account.id)
    ).all()
    return [
        OperatorSum(number, name, -int(opening), int(taken), -int(added), -int(collected))
        for number, name, opening, taken, added, collected in rows
    ]


def ledger_lines(
    ledger: Ledger, first: date, last: date, conditions: Sequence[Any] = (), most: int | None = MOST_LINES
) -> tuple[list[LedgerLine], bool]:
    """Return the lines of a ledger over some days, oldest first, after what was there before; and whether there are more than ``most``.

    ``conditions`` narrow it to the ledger of one person, Operator or customer.
    """
    chosen = (
        select(JournalEntry, JournalLine)
        .join(JournalEntry, JournalEntry.id == JournalLine.entry_id)
        .where(JournalLine.ledger == ledger.value, *conditions)
    )
    before = chosen.where(JournalEntry.posted_on < first).with_only_columns(
        func.coalesce(func.sum(JournalLine.amount), 0), maintain_column_froms=True
    )
    balance = int(db.session.execute(before).scalar_one())
    rows = db.session.execute(
        chosen.where(JournalEntry.posted_on >= first, JournalEntry.posted_on <= last)
        .order_by(JournalEntry.posted_on, JournalLine.id)
        .limit(None if most is None else most + 1)
    ).all()
    names = _holders(ledger, {line.holder_id for _entry, line in rows})
    lines = [LedgerLine(0, None, "", None, None, None, None, "", "", 0, balance)]
    for entry, line in rows[:most]:
        balance += line.amount
        lines.append(
            LedgerLine(
                line.id,
                entry.posted_on,
                entry.kind,
                entry.bill_id,
                entry.payment_id,
                entry.expense_id,
                line.holder_id,
                names.get(line.holder_id, ""),
                entry.note,
                line.amount,
                balance,
            )
        )
    return lines, most is not None and len(rows) > most


def _holders(ledger: str, ids: set[int]) -> dict[int, str]:
    model: Any = Customer if ledger == Ledger.CUSTOMER else Account
    found: dict[int, str] = {}
    wanted = sorted(ids)
    for begin in range(0, len(wanted), NAMED_AT_ONCE):
        part = select(model.id, model.name).where(model.id.in_(wanted[begin : begin + NAMED_AT_ONCE]))
        found |= {row.id: row.name for row in db.session.execute(part)}
    return found


NAMED_AT_ONCE = 5_000


@dataclass(frozen=True)
class JournalRow(TwoSided):
    """A line of an entry, as the journal shows it; ``begins`` marks the first line of each entry."""

    id: int
    begins: bool
    entry_id: int
    day: date
    stands_for: str
    bill_id: int | None
    payment_id: int | None
    expense_id: int | None
    owner_id: int
    note: str
    ledger: str
    who: str
    holder_id: int
    amount: int


def journal(
    first: date, last: date, conditions: Sequence[Any] = (), most: int | None = MOST_LINES
) -> tuple[list[JournalRow], bool]:
    """Return the entries of some days with all their lines, oldest first; and whether there are more lines than ``most``.

    ``conditions`` narrow the entries. Of what does not fit no entry is shown in part.
    """
    rows = db.session.execute(
        select(JournalEntry, JournalLine)
        .join(JournalLine, JournalLine.entry_id == JournalEntry.id)
        .where(JournalEntry.posted_on >= first, JournalEntry.posted_on <= last, *conditions)
        .order_by(JournalEntry.posted_on, JournalEntry.id, JournalLine.id)
        .limit(None if most is None else most + 1)
    ).all()
    is_cut = most is not None and len(rows) > most
    if is_cut:
        unfinished = rows[-1][0].id
        rows = [row for row in rows if row[0].id != unfinished]
    names = {
        ledger: _holders(ledger, {line.holder_id for _entry, line in rows if line.ledger == ledger})
        for ledger in {line.ledger for _entry, line in rows}
    }
    found, before = [], 0
    for entry, line in rows:
        found.append(
            JournalRow(
                line.id,
                entry.id != before,
                entry.id,
                entry.posted_on,
                entry.kind,
                entry.bill_id,
                entry.payment_id,
                entry.expense_id,
                entry.owner_id,
                entry.note,
                line.ledger,
                names[line.ledger].get(line.holder_id, ""),
                line.holder_id,
                line.amount,
            )
        )
        before = entry.id
    return found, is_cut
