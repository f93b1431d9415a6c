"""Payments: receive cash, receipt, list, correct, void."""

from typing import Any

import segno
from flask import abort, redirect, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import Select, case, select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from app.access.actor import Actor, reader_digits
from app.access.permissions import SIGNED_IN
from app.access.scope import get_or_404
from app.accounts.queries import collectors
from app.billing.settlement import open_bills
from app.billing.views import customer_url
from app.books.statement import StatementLine, statement
from app.core.clock import to_dhaka, today
from app.core.database import db, transaction
from app.core.errors import Forbidden, NotFound, Refused
from app.core.language import format_period, to_ascii_digits
from app.core.money import plain
from app.customers.forms import ReasonForm
from app.customers.models import Customer
from app.customers.queries import matching, present_customer
from app.customers.tabs import ProfileAction, ProfileTab, add_action, add_tab, notices_for
from app.customers.views import is_overdue
from app.payments.collect_views import already_recorded, back_to_the_list, next_customer
from app.payments.collecting import ensure_still_due
from app.payments.documents import check_url, entry_name, receipt
from app.payments.forms import EditPaymentForm, ReceiveForm, ReceiveWithDiscountForm
from app.payments.models import ONLINE, Payment, PaymentState
from app.payments.queries import Preview, payments_of, preview, replaced_by, settled_by
from app.payments.services import LikelySecondEntry, edit_payment, receive_cash, void_payment
from app.payments.statement_views import Period
from app.web.exports import amount_cell, day_cell, label_cell, mobile_cell, moment_cell, name_cell, text_cell
from app.web.formats import beside_name, language, show_digits, show_name, show_taka
from app.web.forms import row_id
from app.web.frame import company_of, own_path
from app.web.interface import AppInterface
from app.web.listing import AmountRange, Choice, Column, DateRange, simple_listing
from app.web.page import REFUSED, SENSITIVE_MINUTES, Page, demand_proof
from app.web.responses import ROLL_LABELS, pdf, png, roll_asked
from app.web.shown import METHODS, RECORD_STATUS, Action, choices
from reports.thermal import thermal_png

SEE = "view-customer-payments"
RECEIVE = "receive-payment"
SIZES = {"a4": _l("A4"), "80": _l("80 mm"), "58": _l("58 mm")}


def _matching(text: str) -> Any:
    digits_typed = to_ascii_digits(text).strip()
    by_customer = Payment.customer_id.in_(select(Customer.id).where(matching(text)))
    if digits_typed.isascii() and digits_typed.isdigit() and len(digits_typed) <= 9:
        return (Payment.number == int(digits_typed)) | by_customer
    return by_customer


NOBODY = "online"
"""What the address says for money that no person took."""


def _collectors() -> list[tuple[str, Any]]:
    """Return who may have taken the money, by name, and what nobody took."""
    people = {str(row.id): row.name for row in collectors(PaymentPage.actor())}
    asked = request.args.get("collector", "")
    if row_id(asked) and asked not in people:
        # a customer that came from another owner brought its payments along
        taken = select(Payment.collector_name).where(Payment.collected_by_id == row_id(asked)).limit(1)
        if name := db.session.execute(taken).scalar_one_or_none():
            people[asked] = name
    return [*people.items(), (NOBODY, _l("Nobody: paid online"))]


def _taken_by(value: str) -> Any:
    return Payment.collected_by_id.is_(None) if value == NOBODY else Payment.collected_by_id == int(value)


class PaymentPage(Page):
    """Payments of the account's customers."""

    datamodel = AppInterface(Payment)
    is_about_money = True
    route_base = "/payments"
    title = _l("Payments")
    empty_text = _l("No payments yet.")
    empty_icon = "receipt"
    export_name = "payments"
    default_sort = "number"
    search = staticmethod(_matching)
    search_label = _l("Receipt number, name, number, username or mobile")
    search_columns = ["number", "amount", "paid_on", "method"]
    load = (joinedload(Payment.customer),)
    keys = {
        "list": SEE,
        # who took the money may always open its receipt: decided by _receipt_row
        "show": SIGNED_IN,
        "receipt": SIGNED_IN,
        "receipt_picture": SIGNED_IN,
        "print_receipt": SIGNED_IN,
        "export": SEE,
        "receive": RECEIVE,
        "edit": "edit-customer-payment",
        "delete": "delete-customer-payment",
    }
    columns = (
        Column(
            "number", _l("Receipt no."), lambda row: row.number, "number", sort=Payment.number, card="bare", is_key=True
        ),
        Column(
            "customer",
            _l("Customer"),
            lambda row: show_name(row.customer),
            "data",
            secondary=lambda row: beside_name(row.customer),
        ),
        Column("customer_number", _l("Customer no."), lambda row: row.customer.number, only_csv=True),
        Column("mobile", _l("Mobile"), lambda row: row.customer.mobile.removeprefix("+88"), only_csv=True),
        Column("paid_on", _l("Date"), lambda row: row.paid_on, "date", sort=Payment.paid_on),
        Column("received_at", _l("Recorded"), lambda row: row.received_at, "moment", sort=Payment.received_at),
        Column("method", _l("Method"), lambda row: str(METHODS[row.method])),
        Column("collector", _l("Taken by"), lambda row: row.collector_name, "data"),
        Column("transaction", _l("Transaction"), lambda row: row.gateway_transaction or "", only_csv=True),
        Column("note", _l("Note"), lambda row: row.note, only_csv=True),
        Column(
            "status",
            _l("Status"),
            lambda row: RECORD_STATUS[row.status].label,
            "status",
            tone=lambda row: RECORD_STATUS[row.status].tone,
        ),
        Column("void_reason", _l("Reason"), lambda row: row.void_reason, only_csv=True),
        Column(
            "amount",
            _l("Amount"),
            lambda row: row.amount,
            "money",
            sort=Payment.amount,
            csv=lambda row: plain(row.amount),
            total=case((Payment.voided_at.is_(None), Payment.amount), else_=0),
            align="right",
        ),
    )
    csv_cells = {
        "number": lambda: Payment.number,
        "customer": lambda: name_cell(Customer.name, Customer.name_bn),
        "customer_number": lambda: Customer.number,
        "mobile": lambda: mobile_cell(Customer.mobile),
        "paid_on": lambda: day_cell(Payment.paid_on),
        "received_at": lambda: moment_cell(Payment.received_at),
        "method": lambda: label_cell(Payment.method, METHODS),
        "collector": lambda: text_cell(Payment.collector_name),
        "transaction": lambda: text_cell(Payment.gateway_transaction),
        "note": lambda: text_cell(Payment.note),
        "status": lambda: label_cell(Payment.status, RECORD_STATUS),
        "void_reason": lambda: text_cell(Payment.void_reason),
        "amount": lambda: amount_cell(Payment.amount),
    }
    filters = (
        Choice("status", _l("Status"), lambda: choices(RECORD_STATUS), lambda value: Payment.status == value),
        DateRange("paid_on", _l("Date"), Payment.paid_on),
        Choice("collector", _l("Taken by"), _collectors, _taken_by, from_rows=True),
        Choice("method", _l("Method"), lambda: choices(METHODS), lambda value: Payment.method == value),
        AmountRange("amount", _l("Amount"), Payment.amount),
    )

    def for_cells(self, statement: Select[Any]) -> Select[Any]:
        """Join the customer's name and number."""
        return statement.join(Customer, Customer.id == Payment.customer_id)

    def row_tone(self, row: Payment) -> str | None:
        """Strike void payments out."""
        return "void" if row.voided_at else None

    def _receipt_row(self, pk: str) -> Payment:
        """Return a payment whose receipt the viewer may see: by key, or because it took the money itself."""
        actor, payment = self.actor(), self._row_if_any(pk)
        if not actor.may(SEE) and (payment is None or payment.collected_by_id != actor.id):
            raise Forbidden(SEE)
        if payment is None:
            raise NotFound("Payment")
        return payment

    def _row_if_any(self, pk: str) -> Payment | None:
        try:
            return self._row(pk)
        except NotFound:
            return None

    @expose("/receive/<pk>", methods=["GET", "POST"])
    def receive(self, pk: str) -> Any:
        """Take cash from a customer: one POST records it and leads to the receipt; the same form again leads to the same receipt."""
        actor = self.actor()
        customer = present_customer(pk, joinedload(Customer.zone))
        form = ReceiveWithDiscountForm() if actor.may("discount-on-bills") else ReceiveForm()
        if request.method == "GET":
            form.amount.data = customer.due or None
            form.paid_on.data = today()
            form.next.data = request.args.get("next", "")
        form.next.data = own_path(form.next.data) or ""
        question = None
        if self.is_right(form):
            try:
                return self._received(customer, form)
            except Refused as refused:
                form.attach(refused)
                self.note_refusal(refused)
                # the page that comes back shows what is due now: from here on the amount is the person's own
                form.quoted.data = ""
            except LikelySecondEntry as likely:
                question = second_entry_question(likely.earlier)
        shown = self._receive_page(customer, form, question)
        return (shown, REFUSED) if request.method == "POST" and question is None else shown

    def _received(self, customer: Customer, form: ReceiveForm) -> Response:
        discount = _discount(form)
        if discount.get("discount"):
            demand_proof(SENSITIVE_MINUTES)
        with transaction():
            if form.quoted.data:
                ensure_still_due(customer, form.quoted.data, form.request_id.data or "")
            received = receive_cash(
                customer,
                form.amount.data,
                request_id=form.request_id.data or "",
                paid_on=form.paid_on.data,
                note=form.note.data,
                **discount,
                confirmed=request.form.get("confirm") == "1",
            )
            payment_id = received.payment.id
        if form.next.data:
            return back_to_the_list(received, form.next.data)
        again = {"again": "1"} if received.already_recorded else {}
        return redirect(url_for("PaymentPage.show", pk=payment_id, **again), 303)

    def _receive_page(self, customer: Customer, form: ReceiveForm, question: str | None) -> str:
        bills = open_bills(customer)
        amount = form.amount.data or 0
        return self.render(
            "payments/receive.html",
            customer={
                "name": customer.name,
                "name_bn": customer.name_bn,
                "number": customer.number,
                "address": customer.place or (customer.zone.name if customer.zone else ""),
                "url": form.next.data or _back(customer),
            },
            due=customer.balance,
            overdue=is_overdue(customer),
            notices=notices_for(self.actor(), customer, while_taking_cash=True),
            form=form,
            preview=_preview_context(preview(bills, amount)),
            open_bills=[{**_bill_words(bill), "open": bill.open} for bill in bills],
            confirm={"sentence": question} if question else None,
            cancel_url=form.next.data or _back(customer),
        )

    @expose("/show/<pk>")
    def show(self, pk: str) -> str:
        """Show a payment as proof."""
        payment = self._receipt_row(pk)
        actor, customer = self.actor(), payment.customer
        later = replaced_by(payment)
        earlier = get_or_404(Payment, payment.replaces_id) if payment.replaces_id else None
        list_url = own_path(request.args.get("next"))
        return self.render(
            "payments/receipt.html",
            payment={
                "number": payment.number,
                "amount": payment.amount,
                "received_at": payment.received_at,
                "paid_on": payment.paid_on,
                "method": METHODS[payment.method],
                "transaction": payment.gateway_transaction,
                "collector": payment.collector_name,
                "status": payment.status,
                "void_reason": payment.void_reason,
                "note": payment.note,
                "replaced_by": {"number": later.number, "url": f"/payments/show/{later.id}"} if later else None,
                "replaces": {"number": earlier.number, "url": f"/payments/show/{earlier.id}"} if earlier else None,
            },
            customer={
                "name": customer.name_for(language()),
                "number": customer.number,
                "url": customer_url(actor, customer),
            },
            settles=[
                {
                    **_bill_words(line.bill),
                    "amount": line.amount,
                    "partial": line.amount < line.bill.total,
                    "url": _bill_url(actor, line.bill.id),
                }
                for line in settled_by(payment)
            ],
            advance=payment.unallocated,
            already_recorded=already_recorded(payment) if request.args.get("again") == "1" else None,
            documents=[
                *(
                    Action(label, f"/payments/{payment.id}/receipt.pdf?size={size}", "file-text")
                    for size, label in SIZES.items()
                ),
                *(
                    Action(label, f"/payments/{payment.id}/print?size={size}", "printer")
                    for size, label in ROLL_LABELS.items()
                ),
            ],
            actions=self._actions(actor, payment),
            check_qr=Markup(segno.make(check_url(payment), error="m").svg_inline(border=2, omitsize=True)),
            back_url=list_url or customer_url(actor, customer) or self.link("list"),
            **next_customer(actor, customer.id, list_url),
        )

    def _actions(self, actor: Actor, payment: Payment) -> list[Action]:
        if payment.status == PaymentState.VOID:
            return []
        rows = [("edit", _("Correct"), "edit", "plain"), ("delete", _("Void payment"), "receipt-off", "danger")]
        if payment.method in ONLINE:
            rows = rows[1:]
        return [
            Action(label, url_for(f"PaymentPage.{route}", pk=payment.id), icon, style)
            for route, label, icon, style in rows
            if actor.may(self.keys[route])
        ]

    @expose("/<pk>/receipt.pdf")
    def receipt(self, pk: str) -> Response:
        """Return the receipt as PDF in the size asked for: a4, 58 or 80."""
        payment = self._receipt_row(pk)
        size = request.args.get("size", "a4")
        if size not in SIZES:
            abort(404)
        tenant = company_of(self.actor())
        if tenant is None:
            raise NotFound("Tenant")
        return pdf(receipt(tenant, payment, size), f"receipt-{payment.number}")

    @expose("/<pk>/receipt.png")
    def receipt_picture(self, pk: str) -> Response:
        """Return the receipt as black dots for a thermal printer: 384 of them a row on 58 mm, 576 on 80."""
        payment, tenant, size = self._receipt_row(pk), company_of(self.actor()), roll_asked()
        if tenant is None:
            raise NotFound("Tenant")
        return png(thermal_png(receipt(tenant, payment, size), size), f"receipt-{payment.number}")

    @expose("/<pk>/print")
    def print_receipt(self, pk: str) -> str:
        """Show the receipt on a roll and open the printer's dialog."""
        payment, size = self._receipt_row(pk), roll_asked()
        return self.render(
            "print.html",
            title=_("Receipt %(number)s", number=show_digits(payment.number)),
            picture_url=url_for("PaymentPage.receipt_picture", pk=payment.id, size=size),
            size=size,
            back_url=url_for("PaymentPage.show", pk=payment.id),
        )

    @expose("/edit/<pk>", methods=["GET", "POST"])
    def edit(self, pk: str) -> Any:
        """Correct a payment."""
        payment = self._row(pk)
        form = EditPaymentForm(obj=payment)

        def act() -> Response:
            edited = edit_payment(
                payment,
                amount=form.amount.data,
                paid_on=form.paid_on.data,
                note=form.note.data,
                reason=form.reason.data,
                request_id=form.request_id.data or "",
            )
            number = show_digits(edited.payment.number)
            return self.done(
                _("Corrected: receipt %(number)s takes its place.", number=number),
                f"/payments/show/{edited.payment.id}",
            )

        return self._confirm(
            form,
            act,
            payment,
            _("Correct payment"),
            _("The old receipt becomes void and stays on record; a new one with its own number takes its place."),
            danger=False,
        )

    @expose("/delete/<pk>", methods=["GET", "POST"])
    def delete(self, pk: str) -> Any:
        """Void a payment."""
        payment = self._row(pk)
        form = ReasonForm()

        def act() -> Response:
            void_payment(payment, form.reason.data)
            return self.done(_("Receipt %(number)s is void.", number=show_digits(payment.number)), self._after(payment))

        return self._confirm(
            form,
            act,
            payment,
            _("Void payment"),
            _(
                "The payment stays on record as void and its bills open again. The suspend date and the status do not change by themselves."
            ),
            danger=True,
        )

    def _after(self, payment: Payment) -> str | None:
        actor = self.actor()
        return f"/payments/show/{payment.id}" if actor.may(SEE) or payment.collected_by_id == actor.id else None

    def _confirm(self, form: Any, act: Any, payment: Payment, title: str, consequence: str, *, danger: bool) -> Any:
        return self.ask(
            form,
            act,
            "page/confirm.html",
            title=title,
            consequence=consequence,
            facts=[
                (_("Receipt no."), payment.number, "number"),
                (_("Customer"), show_name(payment.customer), "data"),
                (_("Amount"), payment.amount, "money"),
            ],
            submit_label=title,
            danger=danger,
            cancel_url=self._after(payment),
        )


def _discount(form: ReceiveForm) -> dict[str, Any]:
    if not isinstance(form, ReceiveWithDiscountForm):
        return {}
    return {"discount": form.discount.data or 0, "discount_reason": form.discount_reason.data}


def second_entry_question(earlier: Payment) -> str:
    """Return the question about a payment that looks like one recorded minutes ago."""
    return _(
        "%(amount)s from this customer were recorded at %(time)s by %(name)s, receipt %(number)s. Is this another payment?",
        amount=show_taka(earlier.amount),
        time=show_digits(f"{to_dhaka(earlier.received_at):%H:%M}"),
        name=earlier.collector_name,
        number=show_digits(earlier.number),
    )


def _back(customer: Customer) -> str:
    return url_for("CustomerPage.show", pk=customer.id) if _may_see_profiles() else "/"


def _may_see_profiles() -> bool:
    return Page.actor().may("view-customer-details")


def _bill_url(actor: Actor, bill_id: int) -> str | None:
    return url_for("BillPage.show", pk=bill_id) if actor.may("print-invoice") else None


def _bill_words(bill: Any) -> dict[str, str]:
    return {
        "label": format_period(bill.period_from, bill.period_to, language(), reader_digits()),
        "detail": _("Bill %(number)s", number=show_digits(bill.number)),
    }


def _preview_context(shown: Preview) -> dict[str, Any]:
    lines = [
        {**_bill_words(line.bill), "amount": line.amount, "partial": line.amount < line.bill.open}
        for line in shown.settles
    ]
    return {"lines": lines, "advance": shown.advance}


def _statement_tab(customer: Customer, actor: Actor) -> dict[str, Any]:
    def url(line: StatementLine) -> str | None:
        if line.bill_id:
            return f"/bills/show/{line.bill_id}"
        return f"/payments/show/{line.payment_id}" if line.payment_id else None

    columns = (
        Column(
            "entry",
            _l("Entry"),
            entry_name,
            url=url,
            secondary=lambda line: line.note,
        ),
        Column("on", _l("Date"), lambda line: line.on, "date"),
        Column("billed", _l("Billed"), lambda line: line.billed, "money", align="right", card="amount"),
        Column("paid", _l("Paid"), lambda line: line.paid, "money", align="right", card="amount"),
        Column("balance", _l("Balance"), lambda line: line.balance, "money", align="right", running=True),
    )
    period = Period.asked()
    listing = simple_listing(
        columns,
        [] if period.wrong else statement(customer, period.first, period.last),
        empty_text=period.wrong or (_("Nothing moved in these days.") if period.query else _("No movements yet.")),
    )
    listing.filters = [period.shown]
    period.shown.clear_url = listing.clear_url = url_for("CustomerPage.show", pk=customer.id, tab="statement")
    listing.hidden = [("tab", "statement")]
    if not period.wrong:
        listing.export_url = url_for("StatementPage.as_csv", pk=customer.id, **period.query)
        listing.pdf_url = url_for("StatementPage.as_pdf", pk=customer.id, **period.query)
    return {"listing": listing}


def _payments_tab(customer: Customer, actor: Actor) -> dict[str, Any]:
    names = ("paid_on", "method", "collector", "status", "amount")
    columns = (
        # here a row has no name that could be its title
        Column(
            "number",
            _l("Receipt no."),
            lambda row: _("Receipt %(number)s", number=show_digits(row.number)),
            card="title",
        ),
        *(column for column in PaymentPage.columns if column.name in names),
    )
    return {
        "listing": simple_listing(
            columns,
            payments_of(customer),
            row_url=lambda row: f"/payments/show/{row.id}",
            row_tone=lambda row: "void" if row.voided_at else None,
            empty_text=_("No payments yet."),
        )
    }


add_tab(ProfileTab("payments", _l("Payments"), (SEE,), _payments_tab, order=30))
add_tab(ProfileTab("statement", _l("Statement"), ("print-invoice", SEE), _statement_tab, order=40))
add_action(
    ProfileAction(
        _l("Receive payment"),
        "cash",
        RECEIVE,
        lambda customer: url_for("PaymentPage.receive", pk=customer.id),
        order=10,
        style="primary",
    )
)
