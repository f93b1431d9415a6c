"""Questions about expenses."""

from sqlalchemy import select

from app.access.scope import own
from app.core.database import db
from app.expenses.models import ExpenseCategory


def categories() -> list[ExpenseCategory]:
    """Return the expense categories of the owner at work that are not archived, by name."""
    return list(
        db.session.execute(
            select(ExpenseCategory)
            .where(ExpenseCategory.archived_at.is_(None), own(ExpenseCategory))
            .order_by(ExpenseCategory.name, ExpenseCategory.id)
        ).scalars()
    )
