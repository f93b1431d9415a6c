"""Expense categories and subcategories: add, change, archive them."""

from flask_babel import gettext as _
from sqlalchemy import select

from app.access.scope import current_scope, get_or_404
from app.core.database import db
from app.core.errors import NotFound, Refused
from app.core.language import fold
from app.expenses.models import ExpenseCategory
from app.packages.catalogue import add, archive, bring_back, change, changeable, named

LONGEST_NAME = 80


def save_category(name: str, parent_id: int | None, category_id: object = None) -> ExpenseCategory:
    """Add a category of the owner at work, or a subcategory below one; or change either. Raises Refused, NotFound."""
    category = changeable(ExpenseCategory, category_id) if category_id is not None else None
    owner_id = category.owner_id if category else current_scope().owner_id
    name = named(name, LONGEST_NAME)
    _check_parent(parent_id, owner_id, category)
    others = db.session.execute(select(ExpenseCategory).where(ExpenseCategory.owner_id == owner_id)).scalars()
    if any(
        fold(other.name) == fold(name) and other.parent_id == parent_id and other is not category for other in others
    ):
        raise Refused(_("There is one of this name already; look among the archived ones too."), "name")
    if category is None:
        return add(ExpenseCategory(name=name, parent_id=parent_id))
    return change(category, {"name": name, "parent_id": parent_id})


def _check_parent(parent_id: int | None, owner_id: int, category: ExpenseCategory | None) -> None:
    if parent_id is None:
        return
    try:
        parent = get_or_404(ExpenseCategory, parent_id)
    except NotFound:
        raise Refused(_("Choose one of the list."), "parent_id") from None
    is_kept = category is not None and category.parent_id == parent_id
    if parent.owner_id != owner_id or (parent.archived_at is not None and not is_kept):
        raise Refused(_("Choose one of the list."), "parent_id")
    if category is not None and parent.id == category.id:
        raise Refused(_("A category cannot lie below itself."), "parent_id")
    if parent.parent_id is not None or (category is not None and subcategories(category)):
        raise Refused(_("There are two levels: categories and subcategories."), "parent_id")


def subcategories(category: ExpenseCategory) -> list[ExpenseCategory]:
    """Return the categories right below one, archived ones too, by name."""
    below = select(ExpenseCategory).where(ExpenseCategory.parent_id == category.id)
    return list(db.session.execute(below.order_by(ExpenseCategory.name, ExpenseCategory.id)).scalars())


def archive_category(category: ExpenseCategory) -> ExpenseCategory:
    """Offer a category no longer; its subcategories go first. Raises Refused."""
    if any(one.archived_at is None for one in subcategories(category)):
        raise Refused(_("There are subcategories in use. Archive those first."))
    return archive(category)


def bring_back_category(category: ExpenseCategory) -> ExpenseCategory:
    """Offer an archived category again, once the one above it is. Raises Refused."""
    above = category.parent_id and db.session.get_one(ExpenseCategory, category.parent_id)
    if above and above.archived_at is not None:
        raise Refused(_("The category above is archived. Bring that back first."))
    return bring_back(category)
