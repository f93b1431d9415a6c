"""Recharge a prepaid customer: choose, see what it costs, take the cash."""

from typing import Any
from uuid import uuid4

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import HiddenField

from app.access.scope import everywhere, get_or_404
from app.core.database import db
from app.core.errors import Refused
from app.customers.models import Customer, CustomerStatus
from app.customers.queries import present_customer
from app.customers.tabs import ProfileAction, add_action
from app.packages.forms import priced_choices
from app.packages.models import Cycle, Package
from app.packages.queries import packages_on_offer
from app.payments.recharging import Recharge, is_by_package, recharge, work_out
from app.payments.services import LikelySecondEntry, Received
from app.payments.views import second_entry_question
from app.web.formats import show_name, show_taka
from app.web.forms import ChoiceField, CountField, HouseForm, paisa_of, row_id
from app.web.page import REFUSED, Panel

KEY = "receive-payment"


class RechargeForm(HouseForm):
    """Days and hours for Daily; ``quoted`` is what the preview asked for, in paisa."""

    days = CountField(_l("Days"))
    hours = CountField(_l("Hours"))
    quoted = HiddenField()
    request_id = HiddenField()


class HotspotForm(HouseForm):
    """A package for Hotspot."""

    package_id = ChoiceField(_l("Package"), coerce=row_id)
    quoted = HiddenField()
    request_id = HiddenField()


class RechargePage(Panel):
    """Preview, then bill and cash in one change."""

    is_about_money = True
    route_base = "/payments/recharge"
    default_view = "recharge"
    keys = {"recharge": KEY}

    @expose("/<pk>", methods=["GET", "POST"])
    def recharge(self, pk: str) -> Any:
        """Choose time or package, see what it costs, take the cash once."""
        customer = present_customer(pk)
        form = _form_for(customer)
        back = (
            url_for("CustomerPage.show", pk=customer.id)
            if self.actor().may("view-customer-details")
            else url_for("HomePage.index")
        )
        if self.is_right(form):
            try:
                planned = work_out(customer, _package(customer, form), **_time(form))
            except Refused as refused:
                form.attach(refused)
                self.note_refusal(refused)
            else:
                return self._preview_or_recharge(customer, form, planned, back)
        shown = self.render(
            "page/form.html",
            form=form,
            title=_("Recharge"),
            intro=_("%(name)s has %(package)s.", name=show_name(customer), package=customer.package.name),
            submit_label=_("Show what it costs"),
            cancel_url=back,
        )
        return (shown, REFUSED) if request.method == "POST" else shown

    def _preview_or_recharge(self, customer: Customer, form: Any, planned: Recharge, back: str) -> Any:
        question = None

        def act() -> Response:
            outcome = recharge(
                customer,
                get_or_404(Package, planned.package.id),
                **_time(form),
                request_id=form.request_id.data or "",
                quoted=paisa_of(form.quoted.data, otherwise=-1),
                confirmed=request.form.get("confirm") == "1",
            )
            if isinstance(outcome, Received):
                again = {"again": "1"} if outcome.already_recorded else {}
                return redirect(url_for("PaymentPage.show", pk=outcome.payment.id, **again), 303)
            flash(_("Recharged from advance."), "success")
            return redirect(back, 303)

        if form.quoted.data:
            try:
                return self.ask(
                    form, act, "billing/recharge_preview.html", **self._context(customer, form, planned, back, None)
                )
            except LikelySecondEntry as likely:
                question = second_entry_question(likely.earlier)
        else:
            form.quoted.data, form.request_id.data = str(planned.cash), str(uuid4())
        return self.render(
            "billing/recharge_preview.html", form=form, **self._context(customer, form, planned, back, question)
        )

    @staticmethod
    def _context(customer: Customer, form: Any, planned: Recharge, back: str, question: str | None) -> dict[str, Any]:
        kept = (
            {"package_id": form.package_id.data}
            if isinstance(form, HotspotForm)
            else {"days": form.days.data, "hours": form.hours.data}
        )
        return {
            "title": _("Recharge"),
            "consequence": question,
            "confirm": question is not None,
            "kept": kept,
            "groups": [],
            "facts": [
                (_("Customer"), show_name(customer), "data"),
                (_("Package"), planned.package.name, "data"),
                (_("Recharge"), planned.amount, "money"),
                (_("VAT"), planned.vat, "money"),
                (_("Due before"), planned.due, "money"),
                (_("To take now"), planned.cash, "money"),
                (_("Paid up to"), planned.until, "moment"),
            ],
            "submit_label": _("%(amount)s received", amount=show_taka(planned.cash))
            if planned.cash
            else _("Recharge from advance"),
            "cancel_url": back,
        }


def _form_for(customer: Customer) -> Any:
    if not is_by_package(customer):
        return RechargeForm(data={"days": 1, "hours": 0} if request.method == "GET" else None)
    form = HotspotForm(data={"package_id": customer.package_id} if request.method == "GET" else None)
    offered = packages_on_offer(customer.connection_type, owner_id=customer.owner_id)
    if customer.package_id not in [row.id for row in offered]:
        offered.insert(0, customer.package)
    form.package_id.choices = priced_choices(offered, customer.owner_id)
    return form


def _package(customer: Customer, form: Any) -> Package:
    if isinstance(form, HotspotForm):
        return get_or_404(Package, form.package_id.data)
    with everywhere("the package may belong to an account above"):
        return db.session.get_one(Package, customer.package_id)


def _time(form: Any) -> dict[str, int]:
    return {} if isinstance(form, HotspotForm) else {"days": form.days.data or 0, "hours": form.hours.data or 0}


add_action(
    ProfileAction(
        _l("Recharge"),
        "bolt",
        KEY,
        lambda customer: url_for("RechargePage.recharge", pk=customer.id),
        order=11,
        fits=lambda customer: (
            customer.profile.cycle in (Cycle.DAILY, Cycle.PREPAID) and customer.status != CustomerStatus.DISABLED
        ),
    )
)
