"""Questions about expenses."""

from datetime import date
from typing import Any

from sqlalchemy import Select, extract, func, select

from app.access.scope import own
from app.core.database import db
from app.expenses.models import Expense, ExpenseCategory


def top_categories(owner_id: int) -> list[ExpenseCategory]:
    """Return an owner's categories that lie below none and are not archived, by name."""
    return list(
        db.session.execute(
            select(ExpenseCategory)
            .where(
                ExpenseCategory.owner_id == owner_id,
                ExpenseCategory.parent_id.is_(None),
                ExpenseCategory.archived_at.is_(None),
            )
            .order_by(ExpenseCategory.name, ExpenseCategory.id)
        ).scalars()
    )


def with_subcategories(category_id: int) -> Select[tuple[int]]:
    """Select the id of a category and of those below it."""
    return select(ExpenseCategory.id).where(
        (ExpenseCategory.id == category_id) | (ExpenseCategory.parent_id == category_id)
    )


MOST_MONTHS = 12
"""How many months' totals a list shows."""


def months_of(expenses: Select[Any]) -> list[tuple[date, int]]:
    """Return what the selected expenses that are not void come to by month, in paisa, newest first, a year at most."""
    year, month = extract("year", Expense.spent_on), extract("month", Expense.spent_on)
    rows = db.session.execute(
        expenses.with_only_columns(year, month, func.sum(Expense.amount))
        .where(Expense.voided_at.is_(None))
        .order_by(None)
        .group_by(year, month)
        .order_by(year.desc(), month.desc())
        .limit(MOST_MONTHS)
    ).all()
    return [(date(int(in_year), int(in_month), 1), int(amount)) for in_year, in_month, amount in rows]


def categories() -> list[ExpenseCategory]:
    """Return the expense categories of the owner at work that are not archived, by name."""
    return list(
        db.session.execute(
            select(ExpenseCategory)
            .where(ExpenseCategory.archived_at.is_(None), own(ExpenseCategory))
            .order_by(ExpenseCategory.name, ExpenseCategory.id)
        ).scalars()
    )
