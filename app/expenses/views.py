"""Expenses: list, add, edit, void."""

from datetime import date
from typing import Any

from flask import request, send_from_directory, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import case
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from app.access.actor import Actor
from app.books.once import sent_before
from app.core.clock import month_of, today
from app.core.database import db
from app.core.errors import NotFound
from app.core.language import fold
from app.core.money import plain
from app.core.pictures import LARGEST_PICTURE
from app.customers.forms import ReasonForm
from app.expenses.category_views import full_name, in_order
from app.expenses.forms import ExpenseForm
from app.expenses.models import Expense, ExpenseCategory
from app.expenses.queries import categories, months_of, with_subcategories
from app.expenses.services import (
    add_expense,
    attach_picture,
    edit_expense,
    is_changeable,
    picture_folder,
    void_expense,
)
from app.web.formats import show_month
from app.web.forms import row_id
from app.web.interface import AppInterface
from app.web.listing import AmountRange, Choice, Column, DateRange
from app.web.page import Page
from app.web.shown import RECORD_STATUS, Action, choices

KEY = "expense-management"
PAID_FROM = {"business": _l("The business's money"), "own_cash": _l("Collected cash")}


ALONE = "only-"
"""What stands before a category in an address that leaves out those below it."""


def _categories() -> list[tuple[str, Any]]:
    """Return the categories to choose from; that of a report's figure too, without those below it and whoever's it is."""
    offered: list[tuple[str, Any]] = [(str(row.id), full_name(row)) for row in in_order(categories())]
    asked = request.args.get("category", "")
    alone = row_id(asked.removeprefix(ALONE)) if asked.startswith(ALONE) else None
    if alone and (row := db.session.get(ExpenseCategory, alone)) is not None:
        offered.append((f"{ALONE}{row.id}", full_name(row)))
    return offered


class ExpensePage(Page):
    """What the owner and its Managers spent."""

    datamodel = AppInterface(Expense)
    is_about_money = True
    route_base = "/expenses"
    title = _l("Expenses")
    add_label = _l("New expense")
    empty_text = _l("No expenses yet.")
    empty_icon = "shopping-cart"
    export_name = "expenses"
    default_sort = "spent_on"
    search = staticmethod(
        lambda text: (
            Expense.note.icontains(fold(text), autoescape=True)
            | Expense.category.has(ExpenseCategory.name.icontains(text, autoescape=True))
        )
    )
    search_label = _l("Note or category")
    search_columns = ["amount", "spent_on", "note", "paid_from"]
    load = (joinedload(Expense.category),)
    list_template = "expenses/list.html"
    keys = {"list": KEY, "show": KEY, "export": KEY, "add": KEY, "edit": KEY, "delete": KEY, "picture": KEY}
    columns = (
        Column("category", _l("Category"), lambda row: full_name(row.category), "data"),
        Column("spent_on", _l("Date"), lambda row: row.spent_on, "date", sort=Expense.spent_on),
        Column("note", _l("Note"), lambda row: row.note, "data"),
        Column("paid_from", _l("Paid from"), lambda row: str(PAID_FROM[row.paid_from])),
        Column(
            "status",
            _l("Status"),
            lambda row: RECORD_STATUS[row.status].label,
            "status",
            tone=lambda row: RECORD_STATUS[row.status].tone,
        ),
        Column(
            "amount",
            _l("Amount"),
            lambda row: row.amount,
            "money",
            sort=Expense.amount,
            csv=lambda row: plain(row.amount),
            total=case((Expense.voided_at.is_(None), Expense.amount), else_=0),
            align="right",
        ),
    )
    filters = (
        Choice(
            "category",
            _l("Category"),
            lambda: _categories(),
            lambda value: (
                Expense.category_id == int(value.removeprefix(ALONE))
                if value.startswith(ALONE)
                else Expense.category_id.in_(with_subcategories(int(value)))
            ),
            from_rows=True,
        ),
        DateRange("spent_on", _l("Date"), Expense.spent_on),
        AmountRange("amount", _l("Amount"), Expense.amount),
        Choice("status", _l("Status"), lambda: choices(RECORD_STATUS), lambda value: Expense.status == value),
    )

    def list_context(self, actor: Actor) -> dict[str, Any]:
        """Add what the rows under the filters come to by month, newest first."""
        asked, _columns = self._asked(actor)
        return {
            "months": [
                {
                    "name": show_month(month),
                    "amount": amount,
                    "url": self._within(month),
                }
                for month, amount in months_of(asked.statement)
            ]
        }

    def _within(self, month: date) -> str:
        first, last = month_of(month)
        kept = {name: value for name, value in request.args.items() if name not in ("page", "after")}
        return url_for("ExpensePage.list", **kept | {"spent_on_from": first, "spent_on_to": last})

    def row_tone(self, row: Expense) -> str | None:
        """Strike void expenses out."""
        return "void" if row.voided_at else None

    @expose("/show/<pk>")
    def show(self, pk: str) -> str:
        """Show an expense."""
        expense = self._row(pk)
        facts = [
            (_("Category"), full_name(expense.category), "data"),
            (_("Date"), expense.spent_on, "date"),
            (_("Paid from"), str(PAID_FROM[expense.paid_from])),
            (_("Note"), expense.note, "data"),
            (_("Recorded"), expense.entered_at, "moment"),
        ]
        actions = []
        if expense.voided_at:
            facts.append((_("Reason"), expense.void_reason, "data"))
        if is_changeable(expense):
            actions = [
                Action(_("Edit"), f"/expenses/edit/{expense.id}", "edit"),
                Action(_("Void expense"), f"/expenses/delete/{expense.id}", "receipt-off", "danger"),
            ]
        return self.render(
            "page/show.html",
            title=expense.category.name,
            badges=[RECORD_STATUS[expense.status]],
            figure={"label": _("Amount"), "amount": expense.amount, "tone": None},
            actions=actions,
            facts=[{"title": _("Expense"), "rows": facts}],
            back_url=self.link("list"),
            crumbs=[(_("Expenses"), "/expenses/list/"), (expense.category.name, None)],
            documents=[Action(_("Picture of the receipt"), f"/expenses/picture/{expense.id}", "file-text")]
            if expense.picture
            else [],
        )

    @expose("/picture/<pk>")
    def picture(self, pk: str) -> Response:
        """Show the picture of a receipt to who may see the expense."""
        expense = self._row(pk)
        if not expense.picture:
            raise NotFound("Picture")
        response = send_from_directory(picture_folder(expense.tenant_id), expense.picture, mimetype="image/jpeg")
        response.headers["Content-Disposition"] = f'inline; filename="expense-{expense.id}.jpg"'
        return response

    @expose("/add", methods=["GET", "POST"])
    def add(self) -> Any:
        """Add an expense."""
        form = self._form(ExpenseForm(data={"spent_on": today()} if request.method == "GET" else None))

        def act() -> Response:
            earlier = sent_before(Expense, form.request_id.data)
            expense = add_expense(**self._typed(form), request_id=form.request_id.data)
            if expense.picture == "":
                _keep_picture(expense, form)
            said = _("The expense was added already.") if earlier else _("Expense added.")
            return self.done(said, self.link("show", pk=expense.id))

        return self.ask(form, act, title=_("New expense"), has_files=True, cancel_url=self.link("list"))

    @expose("/edit/<pk>", methods=["GET", "POST"])
    def edit(self, pk: str) -> Any:
        """Change an expense."""
        expense = self._row(pk)
        form = self._form(ExpenseForm(obj=expense), expense)

        def act() -> Response:
            edit_expense(expense, **self._typed(form))
            _keep_picture(expense, form)
            return self.done(_("Expense saved."), self.link("show", pk=expense.id))

        return self.ask(form, act, title=_("Edit expense"), has_files=True, cancel_url=self.link("show", pk=pk))

    @staticmethod
    def _form(form: ExpenseForm, expense: Expense | None = None) -> ExpenseForm:
        form.category_id.choices = [(row.id, full_name(row)) for row in in_order(categories())]
        if expense is not None and expense.category_id not in [value for value, _label in form.category_id.choices]:
            form.category_id.choices.append((expense.category_id, full_name(expense.category)))
        return form

    @staticmethod
    def _typed(form: ExpenseForm) -> dict[str, Any]:
        return {
            "category_id": form.category_id.data,
            "spent_on": form.spent_on.data,
            "amount": form.amount.data,
            "note": form.note.data,
            "paid_from": form.paid_from.data,
        }

    @expose("/delete/<pk>", methods=["GET", "POST"])
    def delete(self, pk: str) -> Any:
        """Void an expense."""
        expense = self._row(pk)
        form = ReasonForm()

        def act() -> Response:
            void_expense(expense, form.reason.data)
            return self.done(_("The expense is void."), self.link("show", pk=expense.id))

        return self.ask(
            form,
            act,
            "page/confirm.html",
            title=_("Void expense"),
            consequence=_("The expense stays on record as void."),
            facts=[(_("Category"), expense.category.name, "data"), (_("Amount"), expense.amount, "money")],
            submit_label=_("Void expense"),
            danger=True,
            cancel_url=self.link("show", pk=pk),
        )


def _keep_picture(expense: Expense, form: ExpenseForm) -> None:
    if form.picture.data:
        attach_picture(expense, form.picture.data.read(LARGEST_PICTURE + 1))
