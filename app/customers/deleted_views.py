"""Deleted customers: who was deleted, by whom and why, and back again."""

from typing import Any, ClassVar

from flask import g, request
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select
from werkzeug.wrappers import Response

from app.access.scope import get_or_404
from app.accounts.models import Account
from app.accounts.queries import account_names
from app.core.database import db
from app.core.errors import NotFound
from app.core.money import plain
from app.customers.models import Customer
from app.customers.queries import matching
from app.customers.services import free_username, restore_customer
from app.web.formats import show_digits
from app.web.forms import HouseForm, TextField
from app.web.interface import AppInterface
from app.web.listing import Column, DateRange
from app.web.page import Page

KEY = "delete-customer"


class RestoreForm(HouseForm):
    """The username a customer comes back with."""

    username = TextField(_l("Username"), required=True, render_kw={"autocapitalize": "none", "autocomplete": "off"})


def _deleted_by(customer: Customer) -> str:
    if "account_names" not in g:
        g.account_names = account_names(set(db.session.execute(select(Account.id)).scalars()))
    return g.account_names.get(customer.deleted_by_id, "")


class DeletedCustomerPage(Page):
    """The deleted customers of the scope."""

    datamodel = AppInterface(Customer)
    route_base = "/customers/deleted"
    title = _l("Deleted customers")
    empty_text = _l("No customer is deleted.")
    empty_icon = "trash"
    export_name = "deleted-customers"
    default_sort = "deleted_at"
    search = staticmethod(matching)
    search_label = _l("Name, number, username or mobile")
    search_columns: ClassVar[list[str]] = ["name", "mobile", "username"]
    keys: ClassVar[dict[str, str]] = {"list": KEY, "export": KEY, "restore": KEY}
    columns = (
        Column("number", _l("No."), lambda row: row.number, "number", sort=Customer.number, card="bare"),
        Column(
            "name", _l("Name"), lambda row: row.name, "data", sort=Customer.name, secondary=lambda row: row.username
        ),
        Column("mobile", _l("Mobile"), lambda row: row.mobile, "phone", csv=lambda row: row.mobile.removeprefix("+88")),
        Column("deleted_at", _l("Deleted"), lambda row: row.deleted_at, "moment", sort=Customer.deleted_at),
        Column("deleted_by", _l("Who"), _deleted_by, "data"),
        Column("reason", _l("Reason"), lambda row: row.deleted_reason, "data"),
        Column(
            "due",
            _l("Due"),
            lambda row: row.balance,
            "due",
            sort=(Customer.due, -Customer.advance),
            csv=lambda row: plain(row.balance),
            align="right",
        ),
    )
    filters = (DateRange("deleted_at", _l("Deleted"), Customer.deleted_at, is_moment=True),)

    @expose("/")
    def list(self) -> str:
        """Show the deleted customers."""
        return super().list()

    def rows(self) -> Select[Any]:
        """Select the customers that are deleted."""
        return select(Customer).where(Customer.deleted_at.is_not(None))

    def row_url(self, row: Customer) -> str | None:
        """Return where a deleted customer is restored."""
        return self.link("restore", pk=row.id)

    @expose("/restore/<pk>", methods=["GET", "POST"])
    def restore(self, pk: str) -> Any:
        """Bring a deleted customer back, under another username where its own is in use by now."""
        customer = get_or_404(Customer, pk)
        if customer.deleted_at is None:
            raise NotFound("Customer")
        free = free_username(customer)
        form = RestoreForm(data={"username": free} if request.method == "GET" else None)
        if free != customer.username:
            form.username.description = _("%(name)s is in use by now.", name=customer.username)

        def act() -> Response:
            restore_customer(customer, form.username.data or "")
            return self.done(_("Customer %(number)s restored.", number=show_digits(customer.number)), self.link("list"))

        return self.ask(
            form,
            act,
            "page/confirm.html",
            title=_("Restore customer"),
            consequence=_("The customer is back in all lists as it was, with its bills and payments."),
            facts=[
                (_("Customer"), customer.name, "data"),
                (_("Customer no."), customer.number, "number"),
                (_("Deleted"), customer.deleted_at, "moment"),
                (_("Who"), _deleted_by(customer), "data"),
                (_("Reason"), customer.deleted_reason, "data"),
                (_("Due"), customer.balance, "due"),
            ],
            submit_label=_("Restore customer"),
            cancel_url=self.link("list"),
        )
