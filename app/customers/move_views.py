"""Move customers to another owner: one, the chosen ones of a list, or all of an account."""

from typing import Any

from flask import g, redirect, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from app.access.scope import get_or_404, parse_id
from app.accounts.models import Account
from app.billing.owner_services import (
    Mapping,
    Replacement,
    checked_mapping,
    move_customers,
    new_owner,
    owners_in_scope,
    replacements,
)
from app.core.database import db
from app.core.errors import NotFound, Refused
from app.customers.bulk_jobs import MOVE
from app.customers.models import Customer
from app.customers.queries import present, present_customer
from app.customers.tabs import ProfileAction, add_action
from app.jobs.services import WORTH_A_JOB, start_job
from app.jobs.views import job_url
from app.web.formats import language, show_number
from app.web.forms import ChoiceField, HouseForm, row_id
from app.web.page import REFUSED, Panel

KEY = "reseller-module"
MOST = 5_000
"""How many customers move in one change: seventeen seconds, in which SQLite lets nobody else write."""


class OwnerForm(HouseForm):
    """The new owner."""

    owner_id = ChoiceField(_l("New owner"), coerce=row_id)


def _owners() -> list[Account]:
    if "owners" not in g:
        g.owners = owners_in_scope()
    return g.owners


class MovePage(Panel):
    """Choose the owner, see what the customers keep and what they get instead, move them."""

    route_base = "/customers/move"
    default_view = "many"
    keys = {"one": KEY, "many": KEY}

    @expose("/<pk>", methods=["GET", "POST"])
    def one(self, pk: str) -> Any:
        """Move one customer."""
        customer = present_customer(pk)
        return self._move([customer.id], url_for("CustomerPage.show", pk=customer.id))

    @expose("/", methods=["GET", "POST"])
    def many(self) -> Any:
        """Move the chosen customers, or all of an account."""
        if request.values.get("of"):
            owner = get_or_404(Account, request.values["of"])
            chosen = present().where(Customer.owner_id.in_([owner.id])).with_only_columns(Customer.id)
            ids = list(db.session.execute(chosen.order_by(Customer.id)).scalars())
            return self._move(ids, url_for("ResellerPage.show", pk=owner.id))
        return self._move([parse_id(one) for one in request.values.getlist("ids")], url_for("CustomerPage.list"))

    def _move(self, ids: list[int], back: str) -> Any:
        wanted = (
            select(Customer)
            .where(Customer.id.in_(ids), Customer.deleted_at.is_(None))
            .options(joinedload(Customer.package), joinedload(Customer.profile))
            .order_by(Customer.id)
        )
        customers = list(db.session.execute(wanted).scalars())
        if len(customers) != len(set(ids)):
            raise NotFound("Customer")
        form = OwnerForm()
        form.owner_id.choices = [(one.id, one.name) for one in _owners()]
        problem = self._why_not(customers)
        asked = request.values.get("owner_id", "")
        if problem or not asked:
            return self._page(form, customers, back, problem=problem)
        try:
            owner = new_owner(asked)
        except Refused as refused:
            form.owner_id.data = row_id(asked)
            form.attach(refused)
            return self._page(form, customers, back)
        packages, profiles = replacements(customers, owner)
        chosen = _chooser(packages, profiles)
        chosen.owner_id.choices = form.owner_id.choices
        if request.method == "GET" or "confirmed" not in request.form:
            chosen.owner_id.data = owner.id
            return self._page(chosen, customers, back, owner=owner, needed=(packages, profiles))

        def act() -> Response:
            mapping = Mapping(_read(chosen, packages, "package"), _read(chosen, profiles, "profile"))
            if len(ids) > WORTH_A_JOB:
                mapping = checked_mapping(customers, owner, mapping)
                job = start_job(
                    MOVE,
                    {"count": len(ids), "name": owner.name},
                    {"ids": ids, "owner": owner.id, "packages": mapping.packages, "profiles": mapping.profiles},
                )
                return redirect(job_url(job), 303)
            count = move_customers(ids, new_owner(asked), mapping)
            sentence = ngettext(
                "%(count)s customer moved to %(name)s.",
                "%(count)s customers moved to %(name)s.",
                count,
                count=show_number(count),
                name=owner.name,
            )
            return self.done(sentence, back)

        return self.ask(
            chosen, act, "customers/move.html", **self._context(customers, back, owner, (packages, profiles))
        )

    @staticmethod
    def _why_not(customers: list[Customer]) -> str:
        if not customers:
            return _("No customer is chosen.")
        if len(customers) > MOST:
            return _("At most %(count)s customers move at a time.", count=show_number(MOST))
        return "" if len(_owners()) > 1 else _("There is no other owner yet.")

    def _page(
        self,
        form: HouseForm,
        customers: list[Customer],
        back: str,
        *,
        owner: Account | None = None,
        needed: tuple[list[Replacement], list[Replacement]] = ([], []),
        problem: str = "",
    ) -> Any:
        shown = self.render(
            "customers/move.html", form=form, problem=problem, **self._context(customers, back, owner, needed)
        )
        return (shown, REFUSED) if problem or form.errors else shown

    @staticmethod
    def _context(
        customers: list[Customer],
        back: str,
        owner: Account | None,
        needed: tuple[list[Replacement], list[Replacement]],
    ) -> dict[str, Any]:
        of_account = request.values.get("of", "")
        return {
            "title": _("Move to another owner"),
            "count": len(customers),
            "names": [customer.name_for(language()) for customer in customers[:5]],
            "ids": [] if of_account else [customer.id for customer in customers],
            "of": of_account,
            "owner": owner,
            "needed": needed,
            "open_amount": sum(customer.due for customer in customers),
            "advance": sum(customer.advance for customer in customers),
            "cancel_url": back,
            "here": request.path,
        }


def _chooser(packages: list[Replacement], profiles: list[Replacement]) -> Any:
    """Return the form that asks what customers get instead of what the new owner may not use."""
    members: dict[str, Any] = {}
    for name, needed in (("package", packages), ("profile", profiles)):
        for one in needed:
            options = [(choice.id, choice.name) for choice in one.choices] or [("", _("Nothing fits"))]
            members[f"{name}_{one.row.id}"] = ChoiceField(one.row.name, coerce=row_id, choices=options)
    return type("MoveForm", (OwnerForm,), members)()


def _read(form: Any, needed: list[Replacement], name: str) -> dict[int, int]:
    return {one.row.id: form[f"{name}_{one.row.id}"].data or 0 for one in needed}


add_action(
    ProfileAction(
        _l("Move to another owner"),
        "transfer",
        KEY,
        lambda customer: url_for("MovePage.one", pk=customer.id),
        order=75,
        fits=lambda customer: len(_owners()) > 1,
    )
)
