"""Payment links: make one, show it once, list them, revoke; and the tray of what a parent is to look at."""

from typing import Any

import segno
from flask import make_response, request, url_for
from flask_appbuilder import expose
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from app.access.actor import Actor
from app.access.scope import get_or_404
from app.billing.models import Bill
from app.billing.settlement import open_bills
from app.core.addresses import public_url
from app.core.language import format_period
from app.customers.models import Customer
from app.customers.queries import matching, present_customer
from app.customers.tabs import Notice, ProfileAction, add_action, add_notice
from app.gateways.registry import GATEWAYS
from app.paylinks.forms import LinkForm, RefundForm, WordForm
from app.paylinks.models import AttemptState, LinkState, PaymentLink, TrayEntry, TrayKind
from app.paylinks.queries import attempts_of, due_of, payment_under_way
from app.paylinks.reconciling import accept_held, ask_about, record_refund, refundable, set_aside, to_give_back
from app.paylinks.services import MadeLink, make_link, new_seed, revoke_link, withdraw_codes
from app.web.formats import language, show_clock, show_digits, show_taka
from app.web.frame import company_of
from app.web.interface import AppInterface
from app.web.listing import Choice, Column, DateRange, simple_listing
from app.web.page import Page
from app.web.shown import Action, badges, choices

SEND = "payment-link"
PARENTS = "parents"

LINK_STATES = badges(
    (LinkState.OPEN, _l("Active"), "accent"),
    (LinkState.PAID, _l("Paid"), "ok"),
    (LinkState.EXPIRED, _l("Expired"), None),
    (LinkState.REVOKED, _l("Revoked"), None),
    (LinkState.REPLACED, _l("Replaced"), None),
)
ATTEMPT_STATES = badges(
    (AttemptState.NEW, _l("Begun"), None),
    (AttemptState.OPEN, _l("Not finished"), None),
    (AttemptState.VERIFYING, _l("Being confirmed"), "warn"),
    (AttemptState.UNKNOWN, _l("Being confirmed"), "warn"),
    (AttemptState.REVIEW, _l("To look at"), "due"),
    (AttemptState.POSTED, _l("Paid"), "ok"),
    (AttemptState.FAILED, _l("Failed"), None),
    (AttemptState.CANCELLED, _l("Cancelled"), None),
    (AttemptState.EXPIRED, _l("Expired"), None),
)
TRAY_KINDS = badges(
    (TrayKind.AMOUNT, _l("Another amount"), "warn"),
    (TrayKind.SURPLUS, _l("Nobody owed it any more"), "warn"),
    (TrayKind.SECOND, _l("Paid twice"), "warn"),
    (TrayKind.HELD, _l("Held: a risk"), "due"),
    (TrayKind.FOREIGN, _l("Does not belong to the payment"), "due"),
    (TrayKind.REVERSED, _l("Given back by the gateway"), "due"),
    (TrayKind.UNCLEAR, _l("Unclear for over an hour"), "due"),
)
WHAT_TO_DO = {
    TrayKind.AMOUNT: _l(
        "The gateway took another amount than was asked for. It is recorded as it came. Compare it with the gateway's"
        " statement and settle the rest with the customer."
    ),
    TrayKind.SURPLUS: _l(
        "The bills were settled before this money came, perhaps in cash. It is the customer's advance now. Ask the"
        " customer: leave it as advance, or give it back at the gateway and record that here."
    ),
    TrayKind.SECOND: _l(
        "The customer was charged twice. Both are recorded; the second is advance. Ask the customer: leave it, or give"
        " it back at the gateway and record that here."
    ),
    TrayKind.HELD: _l(
        "The gateway calls this payment risky. Nothing is recorded yet. Speak with the customer, then accept it, or give"
        " it back at the gateway."
    ),
    TrayKind.FOREIGN: _l(
        "Currency, reference or merchant are not those of the payment, so nothing is recorded. Look the transaction up"
        " in the gateway's portal. If the money is yours, take it as a payment by hand."
    ),
    TrayKind.REVERSED: _l(
        "The gateway says that it gave the money back. If a payment stands in the books, record the refund here."
    ),
    TrayKind.UNCLEAR: _l(
        "The gateway has not said whether money moved. It is asked again by itself. Look the reference up in the"
        " gateway's portal; tell the customer not to pay again."
    ),
}


class PaymentLinkPage(Page):
    """Links that customers pay by (spec §6)."""

    is_about_money = True
    datamodel = AppInterface(PaymentLink)
    route_base = "/payment-links"
    title = _l("Payment links")
    empty_text = _l("No payment link has been made yet. Make one from a customer's profile or a bill.")
    empty_icon = "link"
    export_name = "payment-links"
    default_sort = "made_at"
    search = staticmethod(
        lambda text: PaymentLink.customer_id.in_(select(Customer.id).where(matching(text)))  # type: ignore[arg-type]
    )
    search_label = _l("Name, number, username or mobile of the customer")
    search_columns = ["made_at", "expires_at", "times_opened"]
    load = (joinedload(PaymentLink.customer),)
    keys = {"list": SEND, "show": SEND, "export": SEND, "make": SEND, "revoke": SEND, "withdraw": "print-invoice"}
    columns = (
        Column("customer", _l("Customer"), lambda row: row.customer.name_for(language()), "data", card="title"),
        Column("number", _l("Customer no."), lambda row: row.customer.number, "number", card="bare"),
        Column("made_at", _l("Made"), lambda row: row.made_at, "moment", sort=PaymentLink.id, card="meta"),
        Column("maker", _l("Made by"), lambda row: _maker(row), "data", card="meta"),
        Column("expires_at", _l("Valid until"), lambda row: row.expires_at, "moment", sort=PaymentLink.expires_at),
        Column(
            "opened",
            _l("Opened"),
            lambda row: row.opened_at,
            "moment",
            sort=PaymentLink.opened_at,
            card="meta",
        ),
        Column("paid_at", _l("Paid"), lambda row: row.paid_at, "moment", sort=PaymentLink.paid_at, card="meta"),
        Column(
            "state",
            _l("Status"),
            lambda row: LINK_STATES[row.state].label,
            "status",
            tone=lambda row: LINK_STATES[row.state].tone,
        ),
    )
    filters = (
        Choice("state", _l("Status"), lambda: choices(LINK_STATES), lambda value: PaymentLink.state == value),
        DateRange("made", _l("Made"), PaymentLink.made_at, is_moment=True),
    )

    @expose("/add", methods=["GET", "POST"])
    def make(self) -> Any:
        """Make a link for the customer named in the address, and show it: it cannot be shown again."""
        customer = present_customer(request.values.get("customer", ""))
        bills = open_bills(customer)
        wanted = request.args.get("bill", "")
        form = LinkForm().offer([(bill.id, _bill_label(bill)) for bill in bills])
        if request.method == "GET":
            form.seed.data = new_seed()
            if wanted and "bills" in form:
                form.bills.data = [bill.id for bill in bills if str(bill.id) == wanted]

        def act() -> Response:
            made = make_link(customer, seed=form.seed.data or "", days=form.days.data, bills=form.chosen)
            return make_response(self._made(customer, made))

        return self.ask(
            form,
            act,
            title=_("Send payment link"),
            about=customer.name_for(language()),
            submit_label=_("Make the link"),
            form_action=url_for("PaymentLinkPage.make", customer=customer.id),
            cancel_url=_back_to(self.actor(), customer),
        )

    def _made(self, customer: Customer, made: MadeLink) -> str:
        actor = self.actor()
        address = f"{public_url()}/pay/{made.token}"
        tenant = company_of(actor)
        with force_locale(customer.document_language):
            provider = (
                (tenant.name_bn if customer.document_language == "bn" and tenant.name_bn else tenant.name)
                if tenant
                else ""
            )
            words = _(
                "%(customer)s, you can pay your internet bill of %(provider)s here:",
                customer=customer.name_for(customer.document_language),
                provider=provider,
            )
        return self.render(
            "paylinks/made.html",
            address=address,
            words=words,
            words_language=customer.document_language,
            customer={"name": customer.name_for(language()), "number": customer.number},
            valid_until=made.link.expires_at,
            due=due_of(made.link).amount,
            qr=Markup(segno.make(address, error="m").svg_inline(border=2, omitsize=True)),
            back_url=_back_to(actor, customer),
            link_url=url_for("PaymentLinkPage.show", pk=made.link.id),
        )

    @expose("/show/<pk>")
    def show(self, pk: str) -> str:
        """Show a link: who made it, what came of it, and each attempt to pay."""
        link = self._row(pk)
        badge = LINK_STATES[link.state]
        facts = [
            (_("Customer"), link.customer.name_for(language()), "data", _back_to(self.actor(), link.customer)),
            (_("For"), _("chosen bills") if link.is_for_chosen_bills else _("all that is due")),
            (_("Made by"), _maker(link), "data"),
            (_("Made"), link.made_at, "moment"),
            (_("Valid until"), link.expires_at, "moment"),
            (_("Opened"), link.opened_at, "moment"),
            (_("Times opened"), link.times_opened, "number"),
            (_("Paid"), link.paid_at, "moment"),
            (_("Revoked"), link.revoked_at, "moment"),
        ]
        actions = []
        if link.state == LinkState.OPEN:
            actions.append(Action(_("Revoke"), url_for("PaymentLinkPage.revoke", pk=link.id), "ban", "danger"))
        actions.insert(
            0, Action(_("New link"), url_for("PaymentLinkPage.make", customer=link.customer_id), "link", "plain")
        )
        attempts = simple_listing(
            _attempt_columns(), attempts_of(link), empty_text=_("Nobody has tried to pay by this link yet.")
        )
        attempts.title = _("Attempts to pay")  # type: ignore[attr-defined]
        return self.render(
            "page/show.html",
            title=_("Payment link"),
            subtitle=link.customer.name_for(language()),
            badges=[badge],
            back_url=self.link("list"),
            crumbs=[(_("Payment links"), self.link("list")), (link.customer.name_for(language()), None)],
            actions=actions,
            facts=[{"title": _("Link"), "rows": facts}],
            tables=[attempts],
        )

    @expose("/revoke/<pk>", methods=["GET", "POST"])
    def revoke(self, pk: str) -> Any:
        """Revoke a link."""
        link = self._row(pk)

        def act() -> Response:
            revoke_link(link)
            return self.done(_("The link is revoked."), self.link("show", pk=link.id))

        return self.ask(
            WordlessForm(),
            act,
            "page/confirm.html",
            title=_("Revoke payment link"),
            consequence=_("Nobody can begin to pay by it any more. A payment that was begun is still settled."),
            facts=[
                (_("Customer"), link.customer.name_for(language()), "data"),
                (_("Valid until"), link.expires_at, "moment"),
            ],
            submit_label=_("Revoke"),
            danger=True,
            cancel_url=self.link("show", pk=link.id),
        )

    @expose("/withdraw/<pk>", methods=["GET", "POST"])
    def withdraw(self, pk: str) -> Any:
        """Withdraw the codes on the invoices printed of a bill."""
        bill = get_or_404(Bill, pk)
        back = url_for("BillPage.show", pk=bill.id)

        def act() -> Response:
            withdraw_codes(bill)
            return self.done(_("The codes printed so far are withdrawn."), back)

        return self.ask(
            WordlessForm(),
            act,
            "page/confirm.html",
            title=_("Withdraw printed codes"),
            consequence=_(
                "The QR codes on all invoices printed of this bill so far open nothing any more. An invoice printed from"
                " now on carries a new one."
            ),
            facts=[
                (_("Bill no."), bill.number, "number"),
                (_("Customer"), bill.customer.name_for(language()), "data"),
            ],
            submit_label=_("Withdraw"),
            danger=True,
            cancel_url=back,
        )


class WordlessForm(WordForm):
    """A yes without words."""

    word = None


def _maker(link: PaymentLink) -> str:
    return _("Code on the invoice") if link.is_printed else link.maker_name


def _bill_label(bill: Any) -> str:
    period = format_period(bill.period_from, bill.period_to, language(), _digits())
    return f"{_('Bill %(number)s', number=show_digits(bill.number))} · {period} · {show_taka(bill.open)}"


def _digits() -> str:
    return "beng" if show_digits("1") != "1" else "latn"


def _back_to(actor: Actor, customer: Customer) -> str | None:
    if actor.may("view-customer-details") and customer.deleted_at is None:
        return url_for("CustomerPage.show", pk=customer.id)
    return url_for("PaymentLinkPage.list")


def _attempt_columns() -> tuple[Column, ...]:
    return (
        Column("made_at", _l("Begun"), lambda row: row.made_at, "moment", card="title"),
        Column(
            "gateway",
            _l("Gateway"),
            lambda row: GATEWAYS[row.gateway].label,
            "data",
            secondary=lambda row: row.reference,
        ),
        Column("transaction", _l("Transaction"), lambda row: row.transaction, "data", card="meta"),
        Column("message", _l("The gateway says"), lambda row: row.message, "data", card="meta"),
        Column("amount", _l("Amount"), lambda row: row.amount, "money", align="right"),
        Column(
            "state",
            _l("Status"),
            lambda row: ATTEMPT_STATES[row.state].label,
            "status",
            tone=lambda row: ATTEMPT_STATES[row.state].tone,
        ),
    )


class TrayPage(Page):
    """What a parent is to look at: online money that does not add up by itself (spec §6)."""

    is_about_money = True
    datamodel = AppInterface(TrayEntry)
    route_base = "/to-look-at"
    title = _l("To look at")
    empty_text = _l("Nothing to look at: every online payment adds up.")
    empty_icon = "checks"
    export_name = "to-look-at"
    default_sort = "opened_at"
    search = staticmethod(
        lambda text: TrayEntry.customer_id.in_(select(Customer.id).where(matching(text)))  # type: ignore[arg-type]
    )
    search_label = _l("Name, number, username or mobile of the customer")
    search_columns = ["opened_at", "cause", "transaction"]
    load = (joinedload(TrayEntry.customer), joinedload(TrayEntry.attempt))
    keys = {
        "list": PARENTS,
        "show": PARENTS,
        "export": PARENTS,
        "ask_again": PARENTS,
        "accept": PARENTS,
        "refund": PARENTS,
        "set_aside": PARENTS,
    }
    columns = (
        Column("customer", _l("Customer"), lambda row: row.customer.name_for(language()), "data", card="title"),
        Column("opened_at", _l("Since"), lambda row: row.opened_at, "moment", sort=TrayEntry.id, card="bare"),
        Column("gateway", _l("Gateway"), lambda row: GATEWAYS[row.attempt.gateway].label, "data", card="meta"),
        Column("transaction", _l("Transaction"), lambda row: row.transaction, "data", card="meta"),
        Column("amount", _l("Amount"), lambda row: row.amount, "money", align="right", sort=TrayEntry.amount),
        Column(
            "cause",
            _l("Why"),
            lambda row: TRAY_KINDS[row.cause].label,
            "status",
            tone=lambda row: None if row.is_done else TRAY_KINDS[row.cause].tone,
        ),
        Column("done_at", _l("Looked at"), lambda row: row.done_at, "moment", sort=TrayEntry.done_at, card="meta"),
    )
    filters = (
        Choice(
            "done",
            _l("Status"),
            lambda: [("open", _l("Open")), ("done", _l("Looked at"))],
            lambda value: TrayEntry.is_done == (value == "done"),
        ),
        Choice("cause", _l("Why"), lambda: choices(TRAY_KINDS), lambda value: TrayEntry.cause == value),
    )

    @expose("/show/<pk>")
    def show(self, pk: str) -> str:
        """Show an entry with what to do about it."""
        entry = self._row(pk)
        attempt = entry.attempt
        kind = TrayKind(entry.cause)
        facts = [
            (_("Customer"), entry.customer.name_for(language()), "data", _back_to(self.actor(), entry.customer)),
            (_("Gateway"), GATEWAYS[attempt.gateway].label, "data"),
            (_("Transaction"), entry.transaction, "data"),
            (_("Our reference"), attempt.reference, "data"),
            (_("Asked for"), attempt.total, "money"),
            (_("Service charge in it"), attempt.charge or None, "money"),
            (_("The gateway took"), attempt.received, "money"),
            (_("Currency"), attempt.currency, "data"),
            (_("Since"), entry.opened_at, "moment"),
            (_("Payment"), _("Receipt") if entry.payment_id else "", "text", _payment_url(self.actor(), entry)),
            (_("Looked at"), entry.done_at, "moment"),
            (_("Note"), entry.word, "data"),
        ]
        return self.render(
            "page/show.html",
            title=str(TRAY_KINDS[entry.cause].label),
            figure={"label": _("Amount"), "amount": entry.amount, "tone": None} if entry.amount else None,
            back_url=self.link("list"),
            crumbs=[(_("To look at"), self.link("list")), (show_digits(entry.id), None)],
            notice={"tone": "info" if entry.is_done else "warn", "text": str(WHAT_TO_DO[kind])},
            actions=[] if entry.is_done else self._ways(entry),
            facts=[{"title": _("Payment"), "rows": facts}],
        )

    def _ways(self, entry: TrayEntry) -> list[Action]:
        ways = []
        if entry.cause == TrayKind.HELD:
            ways.append(Action(_("Accept the money"), url_for("TrayPage.accept", pk=entry.id), "check", "primary"))
        if entry.cause == TrayKind.UNCLEAR:
            ways.append(
                Action(
                    _("Ask the gateway now"), url_for("TrayPage.ask_again", pk=entry.id), "refresh", "primary", "post"
                )
            )
        if refundable(entry) is not None:
            ways.append(Action(_("Record a refund"), url_for("TrayPage.refund", pk=entry.id), "receipt-refund"))
        ways.append(Action(_("Done"), url_for("TrayPage.set_aside", pk=entry.id), "checks"))
        return ways

    @expose("/ask/<pk>", methods=["POST"])
    def ask_again(self, pk: str) -> Response:
        """Ask the gateway now what came of a payment."""
        entry = self._row(pk)
        row_id = entry.id
        state = ask_about(entry)
        return self.done(
            _("The gateway was asked: %(state)s.", state=ATTEMPT_STATES[state].label), self.link("show", pk=row_id)
        )

    @expose("/accept/<pk>", methods=["GET", "POST"])
    def accept(self, pk: str) -> Any:
        """Accept money that the gateway calls risky."""
        return self._settle(
            pk,
            _("Accept the money"),
            _("The money is recorded as a payment of the customer; what is due is settled with it."),
            accept_held,
            _("The money is recorded."),
        )

    @expose("/refund/<pk>", methods=["GET", "POST"])
    def refund(self, pk: str) -> Any:
        """Record that money was given back at the gateway, all of it or a part."""
        entry = self._row(pk)
        payment = refundable(entry)
        form = RefundForm()
        if request.method == "GET" and payment is not None:
            form.amount.data = to_give_back(entry, payment)
        return self._settle(
            pk,
            _("Record a refund"),
            _(
                "Give the money back in the gateway's portal first: nothing is sent from here. The payment becomes void; "
                "of a part, a new receipt stands for what is left."
            ),
            lambda entry, word: record_refund(entry, word, form.amount.data),
            _("The refund is recorded."),
            danger=True,
            form=form,
        )

    @expose("/done/<pk>", methods=["GET", "POST"])
    def set_aside(self, pk: str) -> Any:
        """Note what came of an entry."""
        return self._settle(
            pk, _("Done"), _("Nothing moves. The entry leaves the tray with your note."), set_aside, _("Noted.")
        )

    def _settle(
        self,
        pk: str,
        title: str,
        consequence: str,
        act: Any,
        said: str,
        *,
        danger: bool = False,
        form: WordForm | None = None,
    ) -> Any:
        entry = self._row(pk)
        form = form or WordForm()

        def settle() -> Response:
            act(entry, form.word.data)
            return self.done(said, self.link("list"))

        return self.ask(
            form,
            settle,
            "page/confirm.html",
            title=title,
            consequence=consequence,
            facts=[
                (_("Customer"), entry.customer.name_for(language()), "data"),
                (_("Why"), str(TRAY_KINDS[entry.cause].label)),
                (_("Amount"), entry.amount, "money"),
            ],
            submit_label=title,
            danger=danger,
            cancel_url=self.link("show", pk=entry.id),
        )


def _payment_url(actor: Actor, entry: TrayEntry) -> str | None:
    if entry.payment_id is None or not actor.may("view-customer-payments"):
        return None
    return url_for("PaymentPage.show", pk=entry.payment_id)


def _under_way(customer: Customer, actor: Actor) -> Notice | None:
    """Say to who takes money that some may be on its way online: it is not forbidden to take cash, but dear to give back."""
    attempt = payment_under_way(customer) if actor.may("receive-payment") else None
    if attempt is None:
        return None
    words = {
        "amount": show_taka(attempt.total),
        "gateway": GATEWAYS[attempt.gateway].label,
        "time": show_clock(attempt.made_at)[:5],
    }
    if attempt.state in (AttemptState.NEW, AttemptState.OPEN):
        text = _(
            "The customer began to pay %(amount)s by %(gateway)s at %(time)s. Ask before you take cash.",
            **words,
        )
    else:
        text = _(
            "%(amount)s by %(gateway)s, begun at %(time)s, is being confirmed. Wait for it before you take cash.",
            **words,
        )
    return Notice(text, "warn")


add_notice(_under_way, while_taking_cash=True)
add_action(
    ProfileAction(
        _l("Send payment link"),
        "link",
        SEND,
        lambda customer: url_for("PaymentLinkPage.make", customer=customer.id),
        order=15,
    )
)
