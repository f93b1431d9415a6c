"""Expense categories and subcategories: what money is spent on."""

from typing import Any

from flask import g, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from app.access.scope import current_scope, get_or_404
from app.core.database import db
from app.expenses.category_services import archive_category, bring_back_category, save_category, subcategories
from app.expenses.models import Expense, ExpenseCategory
from app.expenses.queries import top_categories
from app.packages.catalogue import is_own
from app.packages.views import owner_name
from app.web.catalogue import CataloguePage, Use, state_column, state_filter
from app.web.forms import ChoiceField, HouseForm, TextField, row_id
from app.web.interface import AppInterface
from app.web.listing import Column, simple_listing
from app.web.shown import Action

_above = aliased(ExpenseCategory)
SORT = func.coalesce(
    select(_above.name)
    .where(_above.id == ExpenseCategory.parent_id)
    .correlate(ExpenseCategory)
    .scalar_subquery()
    .concat(" › ")
    .concat(ExpenseCategory.name),
    ExpenseCategory.name,
)
"""What puts subcategories below their category."""


class CategoryForm(HouseForm):
    """A category and the one above it."""

    name = TextField(_l("Name"), required=True, render_kw={"maxlength": 80})
    parent_id = ChoiceField(_l("Belongs to"), coerce=row_id, optional=True)


def _names() -> dict[int, str]:
    if "category_names" not in g:
        rows = db.session.execute(select(ExpenseCategory.id, ExpenseCategory.name)).all()
        g.category_names = {category_id: name for category_id, name in rows}
    return g.category_names


def in_order(rows: list[ExpenseCategory]) -> list[ExpenseCategory]:
    """Return categories with their subcategories right below them."""
    return sorted(rows, key=lambda row: (full_name(row).casefold(), row.id))


def full_name(row: ExpenseCategory) -> str:
    """Return a category's name with the one above it."""
    return f"{_names()[row.parent_id]} › {row.name}" if row.parent_id else row.name


def expenses_by_category() -> dict[int, int]:
    """Return how many expenses of the scope each category has; once a request."""
    if "expense_counts" not in g:
        counted = select(Expense.category_id, func.count(Expense.id)).group_by(Expense.category_id)
        g.expense_counts = {category_id: count for category_id, count in db.session.execute(counted).all()}
    return g.expense_counts


class ExpenseCategoryPage(CataloguePage):
    """Categories, with subcategories below them."""

    datamodel = AppInterface(ExpenseCategory)
    route_base = "/expense-categories"
    title = _l("Expense categories")
    add_label = _l("New category")
    edit_title = _l("Edit category")
    empty_text = _l("No categories yet. Add what you spend money on.")
    empty_icon = "tag"
    export_name = "expense-categories"
    search = staticmethod(lambda text: ExpenseCategory.name.icontains(text, autoescape=True))
    search_label = _l("Name")
    archive_text = _l("No expense is put into it any more. What was spent stays in it.")
    columns = (
        Column("name", _l("Name"), full_name, "data", sort=SORT),
        Column("owner", _l("Owner"), owner_name, "data"),
        Column("expenses", _l("Expenses"), lambda row: expenses_by_category().get(row.id, 0), "number", align="right"),
        state_column(ExpenseCategory),
    )
    filters = (state_filter(ExpenseCategory),)

    def form(self, row: ExpenseCategory | None = None) -> CategoryForm:
        """Return the form of a category; a new one may start below another."""
        under = request.args.get("under", "")
        if row is None:
            above = get_or_404(ExpenseCategory, under) if under else None
            data = {"parent_id": above.id if above else None} if request.method == "GET" else None
            form = CategoryForm(data=data)
        else:
            form = CategoryForm(obj=row)
        owner_id = row.owner_id if row else current_scope().owner_id
        form.parent_id.choices = [
            ("", _("None: a category of its own")),
            *((one.id, one.name) for one in top_categories(owner_id) if one is not row),
        ]
        if row is not None and row.parent_id and row.parent_id not in [one[0] for one in form.parent_id.choices]:
            form.parent_id.choices.append((row.parent_id, _names()[row.parent_id]))
        return form

    def save(self, form: Any, row: ExpenseCategory | None = None) -> ExpenseCategory:
        """Write what the form says."""
        return save_category(form.name.data or "", form.parent_id.data, row.id if row else None)

    def archiving(self, row: ExpenseCategory) -> None:
        """Archive a category below which none is in use."""
        archive_category(row)

    def bringing_back(self, row: ExpenseCategory) -> None:
        """Bring a category back below one that is in use."""
        bring_back_category(row)

    def uses(self, row: ExpenseCategory) -> list[Use]:
        """Return the expenses in the category and its subcategories."""
        count = expenses_by_category().get(row.id, 0)
        return [
            Use(_("Expenses"), count, url_for("ExpensePage.list", category=row.id)),
            Use(_("Subcategories"), len(subcategories(row))),
        ]

    def facts(self, row: ExpenseCategory) -> list[tuple[Any, ...]]:
        """Return where the category stands."""
        return [
            (_("Belongs to"), _names()[row.parent_id] if row.parent_id else "", "data"),
            (_("Owner"), owner_name(row), "data"),
        ]

    def more(self, row: ExpenseCategory) -> dict[str, Any]:
        """Add the subcategories."""
        if row.parent_id is not None:
            return {}
        columns = (
            Column("name", _l("Name"), lambda one: one.name, "data"),
            Column(
                "expenses", _l("Expenses"), lambda one: expenses_by_category().get(one.id, 0), "number", align="right"
            ),
            state_column(ExpenseCategory),
        )
        listing = simple_listing(
            columns, subcategories(row), row_url=self.row_url, empty_text=_("No subcategories yet.")
        )
        listing.title = _("Subcategories")
        return {"tables": [listing]}

    def more_actions(self, row: ExpenseCategory) -> list[Action]:
        """Add a subcategory."""
        if row.parent_id is not None or row.archived_at is not None or not is_own(row):
            return []
        return [Action(_("New subcategory"), self.link("add", under=row.id) or "", "plus")]
