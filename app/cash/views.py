"""My cash: what one holds, closing the day; for parents what their Managers hold and the closings to confirm."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from app.access.actor import Actor
from app.accounts.models import Account, Tenant
from app.accounts.queries import account_names, managers_of, one_of
from app.activity.queries import printed_head
from app.cash.documents import slip
from app.cash.forms import CloseForm, ConfirmForm, RepaymentForm, ReturnForm
from app.cash.models import COINS, NOTES, ClosingState, DayClosing
from app.cash.queries import (
    CashEntry,
    Period,
    cash_holders,
    closings_for,
    closings_to_answer,
    newest_closings,
    open_entries,
    open_periods,
    shortages,
    waiting,
)
from app.cash.services import (
    cash_of,
    close_day,
    closing_of,
    confirm_closing,
    may_answer,
    record_repayment,
    return_closing,
)
from app.core.errors import NotFound
from app.core.money import PAISA, plain
from app.web.formats import show_digits, show_taka
from app.web.frame import company_of
from app.web.interface import AppInterface
from app.web.listing import Choice, Column, DateRange, simple_listing
from app.web.page import Page, Panel
from app.web.responses import ROLL_LABELS, pdf, png, roll_asked
from app.web.shown import Action, badges, choices
from reports.thermal import thermal_png

RECEIVE = "receive-payment"
LATEST = 5
"""How many of its last closings a Manager sees on My cash."""

STATES = badges(
    ("submitted", _l("Waits for confirmation"), "warn"),
    ("confirmed", _l("Confirmed"), "ok"),
    ("returned", _l("Returned"), "due"),
)


class CashPage(Panel):
    """What one holds; what a parent's Managers hold."""

    is_about_money = True
    route_base = "/cash"
    default_view = "index"
    keys = {"index": RECEIVE, "close": RECEIVE, "repay": "parents"}

    @expose("/")
    def index(self) -> str:
        """Show a Manager its own cash, a parent its Managers'."""
        actor = self.actor()
        return self._mine(actor) if actor.may("managers") else self._people(actor)

    def _mine(self, actor: Actor) -> str:
        period = cash_of(actor)
        entries = open_entries(actor.tenant_id or 0, actor.id)
        latest = newest_closings(actor.id, LATEST)
        can_close = bool(period.entries or period.expected)
        actions = [Action(_("Close the day"), url_for("CashPage.close"), "lock", "primary")] if can_close else []
        return self.render(
            "cash/mine.html",
            period=period,
            facts=_formula(period),
            listing=simple_listing(_entry_columns(actor), entries, empty_text=_no_entries(period)),
            more=period.entries - len(entries),
            closings=[_closing_line(row) for row in latest],
            returned=latest[0] if latest and latest[0].state == ClosingState.RETURNED else None,
            waiting=waiting([actor.id]).get(actor.id, 0),
            shortage=shortages(actor.tenant_id or 0, [actor.id]).get(actor.id, 0),
            actions=[*actions, Action(_("All closings"), url_for("ClosingPage.list"), "history")],
        )

    def _people(self, actor: Actor) -> str:
        people = cash_holders(actor)
        ids = [person.id for person in people]
        periods = open_periods(actor.tenant_id or 0, ids)
        owed, sent = shortages(actor.tenant_id or 0, ids), waiting(ids)
        columns = (
            Column("name", _l("Manager"), lambda row: row.name, "data", card="title"),
            Column("last", _l("Last closing"), lambda row: _last_moment(periods[row.id]), "moment"),
            Column("waiting", _l("Waits for you"), lambda row: sent.get(row.id), "money", align="right", card="meta"),
            Column(
                "shortage",
                _l("Shortage"),
                lambda row: owed.get(row.id),
                "money",
                align="right",
                card="meta",
                tone=lambda row: "due",
            ),
            Column("in_hand", _l("In hand"), lambda row: periods[row.id].expected, "money", align="right"),
        )
        listing = simple_listing(
            columns, people, empty_text=_("You have no Managers yet. The cash they hold will stand here.")
        )
        listing.empty_icon = "wallet"
        names = {person.id: person.name for person in people}
        return self.render(
            "cash/people.html",
            listing=listing,
            in_hand=sum(period.expected for period in periods.values()),
            debts=[
                {"person": person.name, "amount": owed[person.id], "url": url_for("CashPage.repay", pk=person.id)}
                for person in people
                if person.id in owed
            ],
            closings=[{**_closing_line(row), "person": names.get(row.person_id, "")} for row in closings_to_answer()],
            history_url=url_for("ClosingPage.list"),
        )

    @expose("/close", methods=["GET", "POST"])
    def close(self) -> Any:
        """Close the day with a count by note; a parent has no day to close."""
        actor = self.actor()
        if not actor.may("managers"):
            return redirect(url_for("CashPage.index"))
        period = cash_of(actor)
        form = CloseForm()
        if request.method == "GET":
            form.expected.data = str(period.expected)

        def act() -> Response:
            closed = close_day(
                form.pieces,
                request_id=form.request_id.data or "",
                reason=form.reason.data,
                handed_over=form.handed_over.data,
                seen_expected=form.seen_expected,
            )
            number = show_digits(closed.closing.number)
            if closed.already_closed:
                flash(
                    _(
                        "This was closed already, as closing %(number)s. Nothing was closed a second time.",
                        number=number,
                    ),
                    "info",
                )
            else:
                flash(
                    _(
                        "Day closed: closing %(number)s. Hand the cash over; the parent account confirms it.",
                        number=number,
                    ),
                    "success",
                )
            return redirect(url_for("ClosingPage.show", pk=closed.closing.id), 303)

        return self.ask(
            form,
            act,
            "cash/close.html",
            period=period,
            facts=_formula(period),
            rows=[{"note": note, "paisa": note * PAISA, "field": form[f"note_{note}"]} for note in NOTES],
            counted=_counted_so_far(form),
            cancel_url=url_for("CashPage.index"),
        )

    @expose("/shortage/<pk>", methods=["GET", "POST"])
    def repay(self, pk: str) -> Any:
        """Record that a Manager paid back what was missing."""
        actor = self.actor()
        person = one_of(managers_of(actor), pk)
        owed = shortages(actor.tenant_id or 0, [person.id]).get(person.id, 0)
        form = RepaymentForm()
        if request.method == "GET":
            form.amount.data = owed or None

        def act() -> Response:
            record_repayment(person, form.amount.data, request_id=form.request_id.data or "", note=form.note.data)
            return self.done(_("Recorded: paid back."), url_for("CashPage.index"))

        return self.ask(
            form,
            act,
            "page/confirm.html",
            title=_("Shortage paid back"),
            facts=[(_("Manager"), person.name, "data"), (_("Shortage"), owed, "money", None, "due" if owed else None)],
            submit_label=_("Record"),
            cancel_url=url_for("CashPage.index"),
        )


class ClosingPage(Page):
    """Day closings: one's own, or those of a parent's Managers."""

    datamodel = AppInterface(DayClosing)
    route_base = "/cash/closings"
    title = _l("Day closings")
    empty_text = _l("No day has been closed yet.")
    empty_icon = "lock"
    export_name = "closings"
    default_sort = "closed_at"
    search = staticmethod(lambda text: DayClosing.person.has(Account.name.icontains(text, autoescape=True)))
    search_label = _l("Name of the Manager")
    search_columns = ["number", "closed_on", "state", "counted"]
    load = (joinedload(DayClosing.person),)
    keys = {
        "list": RECEIVE,
        "show": RECEIVE,
        "export": RECEIVE,
        "confirm": "parents",
        "give_back": "parents",
        "slip": RECEIVE,
        "slip_picture": RECEIVE,
        "print_slip": RECEIVE,
    }
    columns = (
        Column("person", _l("Manager"), lambda row: row.person.name, "data", card="title"),
        Column("number", _l("Closing no."), lambda row: row.number, "number", card="bare"),
        Column("closed_at", _l("Closed"), lambda row: row.closed_at, "moment", sort=DayClosing.id, card="bare"),
        Column(
            "state",
            _l("Status"),
            lambda row: STATES[row.state].label,
            "status",
            tone=lambda row: STATES[row.state].tone,
        ),
        Column(
            "expected",
            _l("By the books"),
            lambda row: row.expected,
            "money",
            csv=lambda row: plain(row.expected),
            align="right",
            card="hide",
        ),
        Column(
            "counted",
            _l("Counted"),
            lambda row: row.counted,
            "money",
            csv=lambda row: plain(row.counted),
            align="right",
            card="hide",
        ),
        Column(
            "difference",
            _l("Difference"),
            lambda row: row.difference or None,
            "money",
            csv=lambda row: plain(row.difference),
            align="right",
            card="meta",
            tone=lambda row: "due" if row.difference < 0 else None,
        ),
        Column("reason", _l("Reason"), lambda row: row.reason, only_csv=True),
        Column(
            "handed_over",
            _l("Handed over"),
            lambda row: row.handed_over,
            "money",
            csv=lambda row: plain(row.handed_over),
            align="right",
        ),
        Column("word", _l("Word of the parent"), lambda row: row.word, only_csv=True),
    )
    filters = (
        Choice("state", _l("Status"), lambda: choices(STATES), lambda value: DayClosing.state == value),
        DateRange("closed_on", _l("Date"), DayClosing.closed_on),
    )

    def rows(self) -> Select[Any]:
        """Select the closings the account may see."""
        return closings_for(self.actor())

    def row_tone(self, row: DayClosing) -> str | None:
        """Strike returned closings out."""
        return "void" if row.state == ClosingState.RETURNED else None

    def _row(self, pk: object) -> DayClosing:
        return closing_of(self.actor(), pk)

    @expose("/show/<pk>")
    def show(self, pk: str) -> str:
        """Show a closing as a slip that can be printed."""
        actor, closing = self.actor(), self._row(pk)
        actions = []
        if may_answer(actor, closing) and closing.state == ClosingState.SUBMITTED:
            actions = [
                Action(_("Confirm receipt"), url_for("ClosingPage.confirm", pk=closing.id), "check", "primary"),
                Action(_("Return it"), url_for("ClosingPage.give_back", pk=closing.id), "arrow-back-up", "danger"),
            ]
        who = account_names({closing.answered_by_id} if closing.answered_by_id else set())
        return self.render(
            "cash/closing.html",
            closing=closing,
            person=closing.person.name,
            badge=STATES[closing.state],
            facts=_slip(closing),
            pieces=[
                {
                    "paisa": note * PAISA,
                    "count": closing.pieces[str(note)],
                    "sum": note * PAISA * closing.pieces[str(note)],
                }
                for note in NOTES
                if closing.pieces.get(str(note))
            ],
            coins=closing.pieces.get(COINS, 0),
            answered_by=who.get(closing.answered_by_id or 0, ""),
            actions=actions,
            documents=[
                Action(_("Slip as PDF"), url_for("ClosingPage.slip", pk=closing.id), "file-text"),
                *(
                    Action(label, url_for("ClosingPage.print_slip", pk=closing.id, size=size), "printer")
                    for size, label in ROLL_LABELS.items()
                ),
            ],
            back_url=url_for("CashPage.index"),
        )

    @expose("/<pk>/slip.pdf")
    def slip(self, pk: str) -> Response:
        """Return the slip as PDF on A4."""
        closing = self._row(pk)
        return pdf(slip(self._company(), closing, "a4"), f"closing-{closing.number}")

    @expose("/<pk>/slip.png")
    def slip_picture(self, pk: str) -> Response:
        """Return the slip as black dots for a thermal printer."""
        closing, size = self._row(pk), roll_asked()
        return png(thermal_png(slip(self._company(), closing, size), size), f"closing-{closing.number}")

    @expose("/<pk>/print")
    def print_slip(self, pk: str) -> str:
        """Show the slip on a roll and open the printer's dialog."""
        closing, size = self._row(pk), roll_asked()
        return self.render(
            "print.html",
            title=_("Closing %(number)s", number=show_digits(closing.number)),
            picture_url=url_for("ClosingPage.slip_picture", pk=closing.id, size=size),
            size=size,
            back_url=url_for("ClosingPage.show", pk=closing.id),
        )

    def _company(self) -> Tenant:
        tenant = company_of(self.actor())
        if tenant is None:
            raise NotFound("Tenant")
        return tenant

    @expose("/confirm/<pk>", methods=["GET", "POST"])
    def confirm(self, pk: str) -> Any:
        """Confirm that the cash was received."""
        closing = self._row(pk)
        form = ConfirmForm()

        def act() -> Response:
            confirm_closing(closing, form.word.data)
            return self.done(
                _("Received: closing %(number)s is confirmed.", number=show_digits(closing.number)),
                url_for("CashPage.index"),
            )

        consequence = _("Confirm only what you have counted yourself. The day is then closed for good.")
        if closing.shortage:
            consequence = _(
                "Confirm only what you have counted yourself. %(amount)s are missing: they become a debt of %(name)s.",
                amount=show_taka(closing.shortage),
                name=closing.person.name,
            )
        elif closing.surplus:
            consequence = _(
                "Confirm only what you have counted yourself. "
                "%(amount)s are too much: they become income of the business.",
                amount=show_taka(closing.surplus),
            )
        return self._answer(form, act, closing, _("Confirm receipt"), consequence, danger=False)

    @expose("/return/<pk>", methods=["GET", "POST"])
    def give_back(self, pk: str) -> Any:
        """Return a closing with a word."""
        closing = self._row(pk)
        form = ReturnForm()

        def act() -> Response:
            return_closing(closing, form.word.data)
            return self.done(
                _("Closing %(number)s is returned.", number=show_digits(closing.number)), url_for("CashPage.index")
            )

        consequence = _("Its cash is back in the hands of %(name)s, who closes again.", name=closing.person.name)
        return self._answer(form, act, closing, _("Return closing"), consequence, danger=True)

    def _answer(self, form: Any, act: Any, closing: DayClosing, title: str, consequence: str, *, danger: bool) -> Any:
        return self.ask(
            form,
            act,
            "page/confirm.html",
            title=title,
            consequence=consequence,
            facts=[
                (_("Manager"), closing.person.name, "data"),
                (_("Closing no."), closing.number, "number"),
                (_("Closed"), closing.closed_at, "moment"),
                (_("Counted"), closing.counted, "money"),
                *_difference(closing),
                (_("Handed over"), closing.handed_over, "money"),
            ],
            submit_label=title,
            danger=danger,
            cancel_url=url_for("ClosingPage.show", pk=closing.id),
        )


def _formula(period: Period) -> list[tuple[Any, ...]]:
    return [
        (_("Kept from the last closing"), period.opening, "money"),
        (_("Collected"), period.collected, "money"),
        (_("Expenses paid from it"), -period.spent, "money"),
        (_("You should hold"), period.expected, "money"),
    ]


def _slip(closing: DayClosing) -> list[tuple[Any, ...]]:
    return [
        (_("Kept from the last closing"), closing.opening, "money"),
        (_("Collected"), closing.collected, "money"),
        (_("Expenses paid from it"), -closing.spent, "money"),
        (_("By the books"), closing.expected, "money"),
        (_("Counted"), closing.counted, "money"),
        *_difference(closing),
        (_("Handed over"), closing.handed_over, "money"),
        (_("Kept for the next day"), closing.left, "money"),
        # on paper it proves later what the log said today (spec §8)
        (_("Head of the log"), printed_head(closing.tenant_id), "data"),
    ]


def _difference(closing: DayClosing) -> list[tuple[Any, ...]]:
    if not closing.difference:
        return []
    label = _("Missing") if closing.shortage else _("Too much")
    tone = "due" if closing.shortage else "warn"
    return [(label, abs(closing.difference), "money", None, tone), (_("Reason"), closing.reason, "data")]


def _no_entries(period: Period) -> str:
    return _("Nothing has come in since the last closing.") if period.last else _("You have taken no cash yet.")


def _entry_columns(actor: Actor) -> tuple[Column, ...]:
    def what(entry: CashEntry) -> str:
        if entry.payment_id:
            label = _("Receipt %(number)s", number=show_digits(entry.number))
            return _("%(entry)s, void", entry=label) if entry.is_void else label
        return _("Expense taken back") if entry.is_void else _("Expense")

    def url(entry: CashEntry) -> str | None:
        if entry.payment_id:
            return url_for("PaymentPage.show", pk=entry.payment_id)
        may_see = entry.expense_id and actor.may("expense-management")
        return url_for("ExpensePage.show", pk=entry.expense_id) if may_see else None

    return (
        Column("what", _l("Entry"), what, url=url, card="title"),
        Column("about", _l("For"), lambda entry: entry.about, "data", card="bare"),
        Column("at", _l("Recorded"), lambda entry: entry.at, "moment", card="bare"),
        Column("amount", _l("Amount"), lambda entry: entry.amount, "money", align="right"),
    )


def _closing_line(row: DayClosing) -> dict[str, Any]:
    return {
        "number": row.number,
        "closed_at": row.closed_at,
        "handed_over": row.handed_over,
        "difference": row.difference,
        "badge": STATES[row.state],
        "url": url_for("ClosingPage.show", pk=row.id),
    }


def _last_moment(period: Period) -> Any:
    return period.last.closed_at if period.last else None


def _counted_so_far(form: CloseForm) -> int:
    return sum(note * PAISA * (form[f"note_{note}"].data or 0) for note in NOTES) + (form.coins.data or 0)
