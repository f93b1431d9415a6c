"""Add, edit and void expenses."""

from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from app.access.actor import Actor, current_actor
from app.access.scope import get_or_404
from app.accounts.models import Kind
from app.activity.recorder import record
from app.books.models import EntryKind, Ledger
from app.books.services import Side, given, post
from app.core.clock import now, today
from app.core.database import db, locked
from app.core.errors import NotFound, Refused
from app.expenses.models import Expense, ExpenseCategory, PaidFrom

LATEST_DAYS = 31
"""How many days back an expense may be dated."""


def add_expense(
    *, category_id: int, spent_on: date, amount: int, note: str = "", paid_from: str = PaidFrom.BUSINESS
) -> Expense:
    """Record an expense of ``amount`` paisa, from the cash the person holds or the business's money. Raises Refused."""
    actor = _person()
    category = _category(category_id)
    if category.owner_id != actor.owner_id or category.archived_at is not None:
        raise Refused(_("Choose one of the list."), "category_id")
    _check(amount, paid_from)
    _check_day(spent_on)
    expense = Expense(
        tenant_id=category.tenant_id,
        owner_id=category.owner_id,
        category_id=category.id,
        spent_on=spent_on,
        amount=amount,
        note=given(note, "note"),
        paid_from=paid_from,
        entered_by_id=actor.id,
    )
    db.session.add(expense)
    db.session.flush()
    _post(expense, amount, EntryKind.EXPENSE)
    _record(expense, category, "expense.added", amount_paisa=amount)
    return expense


def edit_expense(
    expense: Expense, *, category_id: int, spent_on: date, amount: int, note: str = "", paid_from: str
) -> Expense:
    """Change an expense; a Manager changes its own only (spec §11.10). ``amount`` is paisa. Raises Refused."""
    expense = _changeable(expense)
    category = _category(category_id)
    is_new = category.id != expense.category_id
    if category.owner_id != expense.owner_id or (is_new and category.archived_at is not None):
        raise Refused(_("Choose one of the list."), "category_id")
    _check(amount, paid_from)
    if spent_on != expense.spent_on:
        _check_day(spent_on)
    note = given(note, "note")
    before = _editable(expense)
    moves_money = (amount, paid_from, spent_on) != (expense.amount, expense.paid_from, expense.spent_on)
    if moves_money:
        _post(expense, -expense.amount, EntryKind.EXPENSE_VOID)
    expense.category_id, expense.spent_on, expense.amount, expense.paid_from = category.id, spent_on, amount, paid_from
    expense.note = note
    db.session.flush()
    if moves_money:
        _post(expense, amount, EntryKind.EXPENSE)
    after = _editable(expense)
    changes = {name: (old, after[name]) for name, old in before.items() if old != after[name]}
    if changes:
        _record(expense, category, "expense.edited", changes=changes)
    return expense


def _editable(expense: Expense) -> dict[str, Any]:
    names = ("category_id", "spent_on", "note", "paid_from")
    return {"amount_paisa": expense.amount, **{name: getattr(expense, name) for name in names}}


def void_expense(expense: Expense, reason: str) -> Expense:
    """Void an expense with a reason; it stays on record. Raises Refused."""
    expense = _changeable(expense)
    reason = given(reason, otherwise=_("Say why the expense is void."))
    actor = _person()
    expense.voided_at, expense.voided_by_id, expense.void_reason = now(), actor.id, reason
    _post(expense, -expense.amount, EntryKind.EXPENSE_VOID)
    category = db.session.get_one(ExpenseCategory, expense.category_id)
    _record(expense, category, "expense.voided", amount_paisa=expense.amount, reason=reason)
    return expense


def _person() -> Actor:
    actor = current_actor()
    if actor is None:
        raise RuntimeError("an expense is entered by a person")
    return actor


def _category(category_id: int) -> ExpenseCategory:
    try:
        return get_or_404(ExpenseCategory, category_id)
    except NotFound:
        raise Refused(_("Choose one of the list."), "category_id") from None


def _check(amount: int, paid_from: str) -> None:
    if amount <= 0:
        raise Refused(_("The amount must be above zero."), "amount")
    if paid_from not in list(PaidFrom):
        raise Refused(_("Choose one of the list."), "paid_from")


def _check_day(spent_on: date) -> None:
    if spent_on > today():
        raise Refused(_("The date lies in the future."), "spent_on")
    if spent_on < today() - timedelta(days=LATEST_DAYS):
        raise Refused(_("The date is too far back."), "spent_on")


def _changeable(expense: Expense) -> Expense:
    expense = db.session.execute(
        locked(select(Expense).where(Expense.id == expense.id)).execution_options(populate_existing=True)
    ).scalar_one()
    actor = _person()
    if expense.voided_at is not None:
        raise Refused(_("This expense is void already."))
    if actor.kind == Kind.MANAGER and expense.entered_by_id != actor.id:
        raise Refused(_("Only who entered an expense, or the parent account, may change it."))
    return expense


def _post(expense: Expense, amount: int, kind: EntryKind) -> None:
    own_cash = expense.paid_from == PaidFrom.OWN_CASH
    post(
        kind,
        expense.tenant_id,
        expense.owner_id,
        Side(Ledger.EXPENSE, expense.owner_id, amount),
        Side(Ledger.CASH, expense.entered_by_id, -amount)
        if own_cash
        else Side(Ledger.BUSINESS, expense.owner_id, -amount),
        posted_on=expense.spent_on if kind == EntryKind.EXPENSE else today(),
        expense_id=expense.id,
    )


def _record(
    expense: Expense,
    category: ExpenseCategory,
    event: str,
    changes: dict[str, tuple[Any, Any]] | None = None,
    **words: object,
) -> None:
    record(
        "expenses",
        event,
        tenant_id=expense.tenant_id,
        owner_id=expense.owner_id,
        subject=expense,
        changes=changes,
        category=category.name,
        **words,
    )
