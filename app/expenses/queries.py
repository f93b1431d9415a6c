"""Questions about expenses."""

from sqlalchemy import select

from app.access.scope import own
from app.core.database import db
from app.expenses.models import ExpenseCategory


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


def categories() -> list[ExpenseCategory]:
    """Return the expense categories of the owner at work that are not archived, by name."""
    return list(
        db.session.execute(
            select(ExpenseCategory)
            .where(ExpenseCategory.archived_at.is_(None), own(ExpenseCategory))
            .order_by(ExpenseCategory.name, ExpenseCategory.id)
        ).scalars()
    )
