"""Bills: list, page, invoice, by hand, edit, discount, void."""

from typing import Any

from flask import request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from app.access.actor import Actor
from app.access.scope import get_or_404
from app.billing.documents import invoice
from app.billing.forms import BillForCustomerForm, DiscountForm, EditBillForm
from app.billing.models import Bill, BillStatus, Discount
from app.billing.owner_services import owners_in_scope
from app.billing.queries import (
    NO_ZONE,
    NOT_VOID,
    OWED,
    bills_of,
    in_status,
    in_zone_itself,
    is_owed,
    of_customer_number,
)
from app.billing.services import discount_bill, edit_bill, generate_bill, void_bill
from app.books.once import sent_before
from app.core.clock import month_of, today
from app.core.database import db
from app.core.errors import NotFound, Refused
from app.core.language import to_ascii_digits
from app.core.money import plain
from app.customers.forms import ReasonForm
from app.customers.models import Customer
from app.customers.queries import matching, present
from app.customers.tabs import ProfileAction, ProfileTab, add_action, add_tab
from app.packages.models import Package, Zone
from app.packages.queries import zones
from app.web.exports import amount_cell, day_cell, label_cell, mobile_cell, name_cell, text_cell
from app.web.formats import language, show_digits, show_name
from app.web.forms import paisa_of, row_id
from app.web.frame import company_of
from app.web.interface import AppInterface
from app.web.listing import AmountRange, Choice, Column, DateRange, Listing, Word, simple_listing
from app.web.page import Page
from app.web.responses import pdf
from app.web.shown import BILL_STATUS, PURPOSES, Action, choices

SEE = "print-invoice"


def _matching(text: str) -> Any:
    digits = to_ascii_digits(text).strip()
    # by the customer alone: to look through what millions of bills say of theirs takes seconds
    by_customer = Bill.customer_id.in_(select(Customer.id).where(matching(text)))
    if digits.isascii() and digits.isdigit() and len(digits) <= 9:
        return (Bill.number == int(digits)) | by_customer
    return by_customer


def bill_name(bill: Bill) -> str:
    """Return whose bill it is: as the bill says, or the Bengali name to Bengali readers, where it is known."""
    return bill.customer.name_bn if language() == "bn" and bill.customer.name_bn else bill.customer_name


def beside_bill_name(bill: Bill) -> str:
    """Return what stands small below it: the bill's own name where another is shown, and the username."""
    own = bill.customer_name if bill_name(bill) != bill.customer_name else ""
    return " · ".join(part for part in (own, bill.customer_username) if part)


def _zones() -> list[tuple[str, Any]]:
    """Return the zones to choose from, the one that the address names too when it is archived by now."""
    names = {str(row.id): row.name for row in zones()}
    asked = row_id(request.args.get("zone", ""))
    if asked and str(asked) not in names:
        name = db.session.execute(select(Zone.name).where(Zone.id == asked)).scalar_one_or_none()
        names |= {str(asked): name} if name is not None else {}
    return [*names.items(), (NO_ZONE, _l("Without a zone"))]


STATUS_CONDITIONS = {NOT_VOID: lambda: Bill.voided_at.is_(None), OWED: is_owed}


class BillPage(Page):
    """Bills of the account's customers."""

    datamodel = AppInterface(Bill)
    is_about_money = True
    route_base = "/bills"
    title = _l("Bills")
    add_label = _l("New bill")
    empty_text = _l("No bills yet. The monthly run makes them, or raise one by hand.")
    empty_icon = "file-invoice"
    export_name = "bills"
    list_template = "billing/bills.html"
    default_sort = "number"
    search = staticmethod(_matching)
    search_label = _l("Bill number, name, number, username or mobile")
    search_columns = ["number", "amount", "total", "paid", "due_on", "period_from", "purpose"]
    load = (joinedload(Bill.customer), joinedload(Bill.package))
    keys = {
        "list": SEE,
        "show": SEE,
        "export": SEE,
        "invoice": SEE,
        "add": "generate-bill",
        "edit": "edit-bills",
        "discount": "discount-on-bills",
        "delete": "delete-bills",
    }
    columns = (
        Column("number", _l("Bill no."), lambda row: row.number, "number", sort=Bill.number, card="bare", is_key=True),
        Column(
            "customer",
            _l("Customer"),
            bill_name,
            "data",
            sort=Bill.customer_name,
            secondary=beside_bill_name,
        ),
        Column("mobile", _l("Mobile"), lambda row: row.customer_mobile.removeprefix("+88"), only_csv=True),
        Column("package", _l("Package"), lambda row: row.package.name if row.package else "", "data"),
        Column("purpose", _l("Purpose"), lambda row: str(PURPOSES[row.purpose]), only_csv=True),
        Column("description", _l("Description"), lambda row: row.description, only_csv=True),
        Column(
            "period_from", _l("Period from"), lambda row: row.period_from, "date", sort=Bill.period_from, card="hide"
        ),
        Column("period_to", _l("Period to"), lambda row: row.period_to, only_csv=True),
        Column("due_on", _l("Due date"), lambda row: row.due_on, "date", sort=Bill.due_on),
        Column("amount", _l("Amount"), lambda row: plain(row.amount), only_csv=True),
        Column("discount", _l("Discount"), lambda row: plain(row.discount), only_csv=True),
        Column("vat", _l("VAT"), lambda row: plain(row.vat), only_csv=True),
        Column(
            "total",
            _l("Total"),
            lambda row: row.total,
            "money",
            sort=Bill.total,
            csv=lambda row: plain(row.total),
            align="right",
            card="amount",
        ),
        Column("paid", _l("Paid"), lambda row: plain(row.paid), only_csv=True),
        Column(
            "open",
            _l("Open"),
            lambda row: row.open,
            "money",
            sort=Bill.open,
            csv=lambda row: plain(row.open),
            total=Bill.open,
            align="right",
        ),
        Column(
            "status",
            _l("Status"),
            lambda row: BILL_STATUS[row.status].label,
            "status",
            tone=lambda row: BILL_STATUS[row.status].tone,
        ),
        Column("operator_amount", _l("Operator amount"), lambda row: plain(row.operator_amount), only_csv=True),
    )
    csv_cells = {
        "number": lambda: Bill.number,
        "customer": lambda: name_cell(Bill.customer_name, Customer.name_bn),
        "mobile": lambda: mobile_cell(Bill.customer_mobile),
        "package": lambda: text_cell(Package.name),
        "purpose": lambda: label_cell(Bill.purpose, PURPOSES),
        "description": lambda: text_cell(Bill.description),
        "period_from": lambda: day_cell(Bill.period_from),
        "period_to": lambda: day_cell(Bill.period_to),
        "due_on": lambda: day_cell(Bill.due_on),
        "amount": lambda: amount_cell(Bill.amount),
        "discount": lambda: amount_cell(Bill.discount),
        "vat": lambda: amount_cell(Bill.vat),
        "total": lambda: amount_cell(Bill.total),
        "paid": lambda: amount_cell(Bill.paid),
        "open": lambda: amount_cell(Bill.open),
        "status": lambda: label_cell(Bill.status, BILL_STATUS),
        "operator_amount": lambda: amount_cell(Bill.operator_amount),
    }
    filters = (
        Choice(
            "status",
            _l("Status"),
            lambda: [(NOT_VOID, _l("All but void ones")), (OWED, _l("To be paid")), *choices(BILL_STATUS)],
            lambda value: STATUS_CONDITIONS[value]() if value in STATUS_CONDITIONS else in_status(value),
        ),
        Choice(
            "zone",
            _l("Zone"),
            lambda: _zones(),
            in_zone_itself,
            from_rows=True,
        ),
        Word("customer", _l("Customer no."), of_customer_number),
        Choice(
            "owner",
            _l("Owner"),
            lambda: [(str(row.id), row.name) for row in owners_in_scope()],
            lambda value: Bill.owner_id.in_([int(value)]),
            key="parents",
            from_rows=True,
        ),
        DateRange("period", _l("Period"), Bill.period_from),
        DateRange("due_on", _l("Due date"), Bill.due_on),
        AmountRange("open", _l("Open"), Bill.open),
        Choice("purpose", _l("Purpose"), lambda: choices(PURPOSES), lambda value: Bill.purpose == value),
    )

    def for_cells(self, statement: Select[Any]) -> Select[Any]:
        """Join the names of package and customer."""
        return statement.outerjoin(Package, Package.id == Bill.package_id).join(
            Customer, Customer.id == Bill.customer_id
        )

    def row_tone(self, row: Bill) -> str | None:
        """Strike void bills out."""
        return "void" if row.voided_at else None

    @expose("/show/<pk>")
    def show(self, pk: str) -> str:
        """Show a bill."""
        actor, bill = self.actor(), self._row(pk)
        facts = [
            (_("Customer"), bill_name(bill), "data", customer_url(actor, bill.customer)),
            (_("Purpose"), str(PURPOSES[bill.purpose])),
            (_("Package"), bill.package.name if bill.package else "", "data"),
            (_("Description"), bill.description, "data"),
            (_("Period from"), bill.period_from, "date"),
            (_("Period to"), bill.period_to, "date"),
            (_("Due date"), bill.due_on, "date"),
            (_("Issued"), bill.issued_at, "moment"),
        ]
        amounts = [
            (_("Amount"), bill.amount, "money"),
            (_("Discount"), bill.discount, "money"),
            (_("VAT"), bill.vat, "money"),
            (_("Total"), bill.total, "money"),
            (_("Paid"), bill.paid, "money"),
            (_("Open"), bill.open, "money"),
        ]
        if bill.voided_at:
            facts += [(_("Voided"), bill.voided_at, "moment"), (_("Reason"), bill.void_reason, "data")]
        return self.render(
            "page/show.html",
            title=_("Bill %(number)s", number=show_digits(bill.number)),
            subtitle=bill_name(bill),
            badges=[BILL_STATUS[bill.status]],
            figure={
                "label": _("Open"),
                "amount": bill.open,
                "tone": "due" if bill.open and bill.due_on < today() else None,
            },
            back_url=self.link("list"),
            crumbs=[(_("Bills"), "/bills/list/"), (show_digits(bill.number), None)],
            actions=self._actions(actor, bill),
            facts=[{"title": _("Bill"), "rows": facts}, {"title": _("Amounts"), "rows": amounts}],
            documents=[Action(_("Invoice PDF"), invoice_url(bill), "printer")],
        )

    def _actions(self, actor: Actor, bill: Bill) -> list[Action]:
        if bill.voided_at:
            return []
        rows = [
            ("edit", _("Edit"), "edit", "plain"),
            ("discount", _("Discount"), "percentage", "plain"),
            ("delete", _("Void bill"), "receipt-off", "danger"),
        ]
        actions = [
            Action(label, url_for(f"BillPage.{route}", pk=bill.id), icon, style)
            for route, label, icon, style in rows
            if actor.may(self.keys[route]) and (route != "discount" or bill.open)
        ]
        withdraw = url_for("PaymentLinkPage.withdraw", pk=bill.id)
        actions.append(Action(_("Withdraw printed codes"), withdraw, "qrcode", "plain"))
        if bill.open and actor.may("payment-link"):
            link = url_for("PaymentLinkPage.make", customer=bill.customer_id, bill=bill.id)
            actions.insert(0, Action(_("Send payment link"), link, "link"))
        if bill.open and actor.may("receive-payment"):
            actions.insert(
                0, Action(_("Receive payment"), url_for("PaymentPage.receive", pk=bill.customer_id), "cash", "primary")
            )
        return actions

    @expose("/<pk>/invoice.pdf")
    def invoice(self, pk: str) -> Response:
        """Return the invoice as PDF."""
        bill = self._row(pk)
        tenant = company_of(self.actor())
        if tenant is None:
            raise NotFound("Tenant")
        return pdf(invoice(tenant, bill), f"invoice-{bill.number}")

    @expose("/add", methods=["GET", "POST"])
    def add(self) -> Any:
        """Raise a bill by hand, for the customer named in the address or by number."""
        first, last = month_of(today())
        chosen = request.values.get("customer", "")
        customer = get_or_404(Customer, chosen) if chosen else None
        form = BillForCustomerForm(
            data={"period_from": first, "period_to": last, "due_on": last, "customer": chosen}
            if request.method == "GET"
            else None
        )
        if customer is not None:
            del form.customer_number

        def act() -> Response:
            earlier = sent_before(Bill, form.request_id.data)
            found = customer or _customer_by_number(form.customer_number.data)
            bill = generate_bill(
                found,
                form.amount.data,
                description=form.description.data,
                period=(form.period_from.data, form.period_to.data),
                due_on=form.due_on.data,
                request_id=form.request_id.data,
            )
            number = show_digits(bill.number)
            said = (
                _("Bill %(number)s was raised already.", number=number)
                if earlier
                else _("Bill %(number)s raised.", number=number)
            )
            return self.done(said, self.link("show", pk=bill.id))

        return self.ask(
            form,
            act,
            title=_("New bill"),
            about=show_name(customer) if customer else None,
            submit_label=_("Raise the bill"),
            cancel_url=self.link("list"),
        )

    @expose("/edit/<pk>", methods=["GET", "POST"])
    def edit(self, pk: str) -> Any:
        """Change a bill."""
        bill = self._row(pk)
        form = EditBillForm(obj=bill)

        def act() -> Response:
            edit_bill(
                bill,
                amount=form.amount.data,
                description=form.description.data,
                period=(form.period_from.data, form.period_to.data),
                due_on=form.due_on.data,
                version=paisa_of(form.version.data, otherwise=0),
            )
            return self.done(
                _("Bill %(number)s saved.", number=show_digits(bill.number)), self.link("show", pk=bill.id)
            )

        return self.ask(
            form,
            act,
            title=_("Edit bill %(number)s", number=show_digits(bill.number)),
            cancel_url=self.link("show", pk=pk),
        )

    @expose("/discount/<pk>", methods=["GET", "POST"])
    def discount(self, pk: str) -> Any:
        """Give a discount on a bill."""
        bill = self._row(pk)
        form = DiscountForm()

        def act() -> Response:
            earlier = sent_before(Discount, form.request_id.data)
            discount_bill(
                bill,
                form.discount.data or 0,
                form.reason.data,
                percent=form.percent.data,
                request_id=form.request_id.data,
            )
            said = _("The discount was given already.") if earlier else _("Discount given.")
            return self.done(said, self.link("show", pk=bill.id))

        return self._confirm(
            form,
            act,
            bill,
            _("Give a discount"),
            _("The customer owes less by this amount; the discount stays on record."),
            danger=False,
        )

    @expose("/delete/<pk>", methods=["GET", "POST"])
    def delete(self, pk: str) -> Any:
        """Void a bill."""
        bill = self._row(pk)
        form = ReasonForm()

        def act() -> Response:
            void_bill(bill, form.reason.data)
            return self.done(
                _("Bill %(number)s is void.", number=show_digits(bill.number)), self.link("show", pk=bill.id)
            )

        return self._confirm(
            form,
            act,
            bill,
            _("Void bill"),
            _("The bill stays on record as void and keeps its number. What was paid on it becomes advance."),
            danger=True,
        )

    def _confirm(self, form: Any, act: Any, bill: Bill, title: str, consequence: str, *, danger: bool) -> Any:
        return self.ask(
            form,
            act,
            "page/confirm.html",
            title=title,
            consequence=consequence,
            facts=[
                (_("Bill no."), bill.number, "number"),
                (_("Customer"), bill_name(bill), "data"),
                (_("Total"), bill.total, "money"),
                (_("Open"), bill.open, "money"),
            ],
            submit_label=title,
            danger=danger,
            cancel_url=self.link("show", pk=bill.id),
        )


def _customer_by_number(text: str) -> Customer:
    digits = to_ascii_digits(text or "").strip()
    customer = None
    if digits.isascii() and digits.isdigit() and len(digits) <= 9:
        customer = db.session.execute(present().where(Customer.number == int(digits))).scalar_one_or_none()
    if customer is None:
        raise Refused(_("There is no customer with this number."), "customer_number")
    return customer


def customer_url(actor: Actor, customer: Customer) -> str | None:
    """Return the address of the profile, when the viewer may open it."""
    return (
        url_for("CustomerPage.show", pk=customer.id)
        if actor.may("view-customer-details") and customer.deleted_at is None
        else None
    )


def invoice_url(bill: Bill) -> str:
    """Return the address of a bill's invoice."""
    return f"/bills/{bill.id}/invoice.pdf"


def _bills_tab(customer: Customer, actor: Actor) -> dict[str, Any]:
    bills = bills_of(customer)
    names = ("period_from", "due_on", "total", "open", "status")
    columns = (
        # here a row has no name that could be its title
        Column(
            "number", _l("Bill no."), lambda row: _("Bill %(number)s", number=show_digits(row.number)), card="title"
        ),
        *(column for column in BillPage.columns if column.name in names),
    )
    listing: Listing = simple_listing(
        columns,
        bills,
        row_url=lambda row: url_for("BillPage.show", pk=row.id),
        row_tone=lambda row: "void" if row.status == BillStatus.VOID else None,
        empty_text=_("No bills yet."),
    )
    return {"listing": listing}


add_tab(ProfileTab("bills", _l("Bills"), (SEE,), _bills_tab, order=20))
add_action(
    ProfileAction(
        _l("New bill"),
        "file-invoice",
        "generate-bill",
        lambda customer: url_for("BillPage.add", customer=customer.id),
        order=60,
    )
)
