"""Change a customer's package, with a preview of what it costs."""

from typing import Any
from uuid import uuid4

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import BooleanField, HiddenField

from app.access.scope import get_or_404
from app.billing.package_change import PackageChange, change_package, fits, outcome_of, work_out
from app.books.once import request_uuid
from app.core.errors import Refused
from app.customers.models import Customer
from app.customers.queries import present_customer
from app.customers.tabs import ProfileAction, add_action
from app.packages.forms import priced_choices
from app.packages.models import Package
from app.packages.queries import packages_on_offer
from app.payments.services import receive_cash, recorded_by
from app.web.formats import show_name, show_taka
from app.web.forms import ChoiceField, HouseForm, paisa_of, row_id
from app.web.page import REFUSED, Panel

KEY = "change-customer-package"


class PackageForm(HouseForm):
    """The package to change to; ``quoted`` is the total in paisa that the preview showed."""

    package_id = ChoiceField(_l("New package"), coerce=row_id)
    quoted = HiddenField()
    request_id = HiddenField()


class PackageWithCashForm(PackageForm):
    """The same for who may take the money at once."""

    take_cash = BooleanField(_l("The customer pays all that is due now, in cash"))


class PackageChangePage(Panel):
    """Preview, then change."""

    is_about_money = True
    route_base = "/customers/change-package"
    default_view = "change"
    keys = {"change": KEY}

    @expose("/<pk>", methods=["GET", "POST"])
    def change(self, pk: str) -> Any:
        """Choose a package, see what it costs, and change to it."""
        customer = present_customer(pk)
        form = PackageWithCashForm() if self.actor().may("receive-payment") else PackageForm()
        on_offer = packages_on_offer(customer.connection_type, owner_id=customer.owner_id)
        offered = [row for row in on_offer if row.id != customer.package_id and fits(customer, row)]
        form.package_id.choices = priced_choices(offered, customer.owner_id)
        back = (
            url_for("CustomerPage.show", pk=customer.id)
            if self.actor().may("view-customer-details")
            else url_for("HomePage.index")
        )
        if form.is_submitted() and form.quoted.data:
            again = _sent_before(customer, form, back)
            if again is not None:
                return again
        if self.is_right(form):
            new = next(row for row in offered if row.id == form.package_id.data)
            try:
                planned = work_out(customer, new)
            except Refused as refused:
                form.attach(refused)
                self.note_refusal(refused)
            else:
                return self._preview_or_change(customer, form, planned, back)
        shown = self.render(
            "page/form.html",
            form=_without(form, "take_cash"),
            title=_("Change package"),
            intro=_("%(name)s has %(package)s.", name=show_name(customer), package=customer.package.name),
            submit_label=_("Show what it costs"),
            cancel_url=back,
        )
        return (shown, REFUSED) if request.method == "POST" else shown

    def _preview_or_change(self, customer: Customer, form: PackageForm, planned: PackageChange, back: str) -> Any:
        def act() -> Response:
            new = get_or_404(Package, planned.new.id)
            change_package(customer, new, quoted=paisa_of(form.quoted.data) or 0, request_id=form.request_id.data or "")
            flash(_("Package changed to %(package)s.", package=planned.new.name), "success")
            if isinstance(form, PackageWithCashForm) and form.take_cash.data and customer.due:
                received = receive_cash(customer, customer.due, request_id=form.request_id.data or "", confirmed=True)
                return redirect(url_for("PaymentPage.show", pk=received.payment.id), 303)
            return redirect(back, 303)

        context = {
            "title": _("Change package"),
            "consequence": _consequence(planned),
            "facts": _facts(customer, planned),
            "submit_label": _("Change package"),
            "cancel_url": back,
            "groups": [{"title": None, "fields": ["take_cash"] if planned.total + customer.balance > 0 else []}],
        }
        if paisa_of(form.quoted.data) is not None:
            return self.ask(form, act, "page/confirm.html", **context)
        form.quoted.data, form.request_id.data = str(planned.total), str(uuid4())
        # the package was chosen; from here on it is a fact, not a question
        return self.render("billing/package_preview.html", form=form, **context)


def _sent_before(customer: Customer, form: PackageForm, back: str) -> Response | None:
    """Lead a form that comes again to what it made: the package is no longer among the choices then."""
    try:
        request_id = request_uuid(form.request_id.data or "")
        payment = recorded_by(request_id, customer)
        if payment is None and outcome_of(request_id, customer) is None:
            return None
    except Refused:
        # said beside the form, once it is looked at
        return None
    if payment is not None:
        return redirect(url_for("PaymentPage.show", pk=payment.id, again="1"), 303)
    flash(_("The package was changed already."), "success")
    return redirect(back, 303)


def _without(form: HouseForm, name: str) -> HouseForm:
    if name in form:
        del form[name]
    return form


def _consequence(planned: PackageChange) -> str:
    if planned.net > 0:
        return _("A bill over %(amount)s is raised at once.", amount=show_taka(planned.total))
    if planned.net < 0:
        return _(
            "%(amount)s are given back: they lower the open bill, the rest is advance.",
            amount=show_taka(-planned.total),
        )
    return _("No money moves today.")


def _facts(customer: Customer, planned: PackageChange) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = [
        (_("Customer"), show_name(customer), "data"),
        (_("From"), planned.old.name, "data"),
        (_("To"), planned.new.name, "data"),
    ]
    if planned.days_left:
        rows += [
            (_("Days left in this month"), planned.days_left, "number"),
            (_("New package for these days"), planned.charge, "money"),
            (_("Unused days of the old package"), -planned.credit, "money"),
            (_("Difference, rounded to the taka"), planned.net, "money"),
            (_("VAT"), planned.vat, "money"),
            (_("Total"), planned.total, "money"),
        ]
    return rows


add_action(
    ProfileAction(
        _l("Change package"),
        "package",
        KEY,
        lambda customer: url_for("PackageChangePage.change", pk=customer.id),
        order=40,
    )
)
