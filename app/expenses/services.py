"""Add, edit and void expenses."""

import secrets
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from flask import current_app
from flask_babel import gettext as _

from app.access.actor import Actor, current_actor
from app.access.scope import get_or_404
from app.accounts.models import Kind
from app.activity.recorder import record
from app.books.models import EntryKind, Ledger
from app.books.once import add_once, made_by
from app.books.services import Side, given, post
from app.cash.queries import is_closed_day, is_closed_expense, lock_account, lock_cash
from app.core.clock import now, today
from app.core.database import db
from app.core.errors import NotFound, Refused
from app.core.pictures import drawn, read_picture
from app.expenses.models import Expense, ExpenseCategory, PaidFrom

LATEST_DAYS = 31
LONGEST_SIDE = 2_000
"""How many days back an expense may be dated."""


def add_expense(
    *,
    category_id: int,
    spent_on: date,
    amount: int,
    note: str = "",
    paid_from: str = PaidFrom.BUSINESS,
    request_id: str | None = None,
) -> Expense:
    """Record an expense of ``amount`` paisa, from the cash the person holds or the business's money.

    The same request id records one. Raises Refused.
    """
    actor = _person()
    lock_account(actor.id)
    first = made_by(Expense, request_id, actor.tenant_id, entered_by_id=actor.id)
    if first is not None:
        return first
    category = _category(category_id)
    if category.owner_id != actor.owner_id or category.archived_at is not None:
        raise Refused(_("Choose one of the list."), "category_id")
    _check(amount, paid_from)
    _check_day(spent_on, actor.id)
    expense = Expense(
        tenant_id=category.tenant_id,
        owner_id=category.owner_id,
        category_id=category.id,
        spent_on=spent_on,
        amount=amount,
        note=given(note, "note"),
        paid_from=paid_from,
        request_id=request_id,
        entered_by_id=actor.id,
    )
    add_once(expense)
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
        _check_day(spent_on, expense.entered_by_id)
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
    names = ("spent_on", "note", "paid_from")
    category = db.session.get_one(ExpenseCategory, expense.category_id)
    return {
        "amount_paisa": expense.amount,
        "category": category.name,
        **{name: getattr(expense, name) for name in names},
    }


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


def _check_day(spent_on: date, person_id: int) -> None:
    if spent_on > today():
        raise Refused(_("The date lies in the future."), "spent_on")
    if spent_on < today() - timedelta(days=LATEST_DAYS):
        raise Refused(_("The date is too far back."), "spent_on")
    if is_closed_day(person_id, spent_on):
        raise Refused(_("That day is closed. Choose a later date."), "spent_on")


def is_changeable(expense: Expense) -> bool:
    """Tell whether who is at work may change an expense: a Manager its own in an open period, the parent all (spec §11.10)."""
    if expense.voided_at is not None:
        return False
    actor = _person()
    return actor.kind != Kind.MANAGER or (expense.entered_by_id == actor.id and not is_closed_expense(expense))


def _changeable(expense: Expense) -> Expense:
    expense = get_or_404(Expense, expense.id, lock=True)
    actor = _person()
    if expense.voided_at is not None:
        raise Refused(_("This expense is void already."))
    if actor.kind == Kind.MANAGER and expense.entered_by_id != actor.id:
        raise Refused(_("Only who entered an expense, or the parent account, may change it."))
    lock_cash(expense.entered_by_id)
    if actor.kind == Kind.MANAGER and is_closed_expense(expense):
        raise Refused(_("This expense lies in a closed day. The parent account can still correct it."))
    return expense


def _post(expense: Expense, amount: int, kind: EntryKind) -> None:
    own_cash = expense.paid_from == PaidFrom.OWN_CASH
    # a closed day never changes: its correction is an entry of today (spec §5.6)
    is_late = kind != EntryKind.EXPENSE or is_closed_day(expense.entered_by_id, expense.spent_on)
    post(
        kind,
        expense.tenant_id,
        expense.owner_id,
        Side(Ledger.EXPENSE, expense.owner_id, amount),
        Side(Ledger.CASH, expense.entered_by_id, -amount)
        if own_cash
        else Side(Ledger.BUSINESS, expense.owner_id, -amount),
        posted_on=today() if is_late else expense.spent_on,
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


def attach_picture(expense: Expense, content: bytes) -> Expense:
    """Keep the picture of a receipt: drawn anew as JPEG, under a name nobody can guess, outside of what the web server serves.

    Raises Refused for what is no picture, or too large.
    """
    picture = jpeg_of(content)
    name = f"{secrets.token_hex(16)}.jpg"
    place = picture_folder(expense.tenant_id)
    place.mkdir(parents=True, exist_ok=True)
    (place / name).write_bytes(picture)
    expense.picture = name
    db.session.flush()
    return expense


def picture_folder(tenant_id: int) -> Path:
    """Return where a tenant's pictures of receipts lie."""
    return Path(current_app.config["FILES_FOLDER"]) / "expenses" / str(tenant_id)


def jpeg_of(content: bytes) -> bytes:
    """Return a photograph as JPEG of at most 2000 pixels, without what the camera wrote into it. Raises Refused."""
    return drawn(read_picture(content, "picture").convert("RGB"), "JPEG", (LONGEST_SIDE, LONGEST_SIDE), quality=82)
