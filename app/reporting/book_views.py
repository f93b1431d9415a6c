"""The books as pages: all ledgers, and one ledger line by line."""

from datetime import date
from typing import Any

from flask import flash, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import true

from app.books.models import JournalEntry, Ledger
from app.books.statement import (
    MOST_LINES,
    LedgerLine,
    LedgerSum,
    OperatorSum,
    ledger_lines,
    ledger_sums,
    operator_sums,
)
from app.core.clock import month_of, today
from app.core.money import plain
from app.reporting.frame import ReportPage
from app.web.formats import show_number
from app.web.listing import Choice, Column, DateRange, ShownFilter
from app.web.shown import ENTRY_KINDS

LEDGERS: dict[str, Any] = {
    Ledger.CUSTOMER: _l("Customers: what they owe"),
    Ledger.CASH: _l("Cash in hand"),
    Ledger.GATEWAY: _l("Money at gateways"),
    Ledger.BUSINESS: _l("The owner's own money"),
    Ledger.OPERATOR: _l("Operators: what they owe"),
    Ledger.COLLECTED_FOR: _l("Collected for Operators"),
    Ledger.INCOME: _l("Income from bills"),
    Ledger.WHOLESALE: _l("Income from Operators"),
    Ledger.VAT: _l("VAT"),
    Ledger.DISCOUNT: _l("Discounts given"),
    Ledger.CREDIT_NOTE: _l("Credits given"),
    Ledger.EXPENSE: _l("Expenses made"),
    Ledger.SHORTAGE: _l("Shortages owed"),
    Ledger.SURPLUS: _l("Cash counted too much"),
}

BOOKS_KEYS = {"index": "group-admin", "as_pdf": "group-admin", "as_csv": "group-admin"}
"""Journal and ledger are the Group Admin's alone (spec §9)."""

PERIOD = DateRange("posted_on", _l("Date"), JournalEntry.posted_on)


def _amount(name: str, label: Any, *, total: bool = False, card: str = "meta") -> Column:
    def value(row: Any) -> int | None:
        return getattr(row, name) or None

    return Column(
        name, label, value, "money", csv=lambda row: plain(getattr(row, name)), align="right", total=total, card=card
    )


def _period(shown: list[ShownFilter]) -> tuple[date, date]:
    one = next(found for found in shown if found.name == PERIOD.name)
    first, last = one.from_value, one.to_value
    return date.fromisoformat(first) if first else date(1900, 1, 1), date.fromisoformat(last) if last else today()


def _of_ledger(row: LedgerSum) -> str:
    return url_for("LedgerReport.index", ledger=row.ledger.value, posted_on_from=row.first, posted_on_to=row.last)


class BooksReport(ReportPage):
    """Every ledger over some days; the two sides of a whole company are equal."""

    route_base = "/reports/ledgers"
    keys = BOOKS_KEYS
    title = _l("Ledgers")
    intro = _l("What each ledger held before, took in, gave away and holds. Debits stand above zero, credits below.")
    icon = "report"
    empty_text = _l("Nothing has been posted yet.")
    columns = (
        Column("ledger", _l("Ledger"), lambda row: str(LEDGERS[row.ledger]), url=_of_ledger, card="title"),
        _amount("opening", _l("Before"), total=True),
        _amount("debit", _l("Debit"), total=True),
        _amount("credit", _l("Credit"), total=True),
        _amount("closing", _l("Balance"), total=True, card="amount"),
    )
    filters = (PERIOD,)

    def _rows(self, shown: list[ShownFilter]) -> list[LedgerSum]:
        return ledger_sums(*_period(shown))


def _statement(row: OperatorSum) -> str | None:
    opens = OperatorsReport.actor().may("reseller-module")
    return url_for("ResellerPage.statement", pk=row.id) if opens else None


class OperatorsReport(ReportPage):
    """What the accounts of Operators held, what was taken from them and added."""

    route_base = "/reports/operators"
    title = _l("Operators' accounts")
    intro = _l(
        "What each account below yours held, what was taken for bills, added and collected for it. Below zero it owes."
    )
    icon = "wallet"
    empty_text = _l("No account of an Operator has moved yet.")
    columns = (
        Column(
            "name",
            _l("Operator"),
            lambda row: row.name,
            "data",
            card="title",
            url=_statement,
        ),
        _amount("opening", _l("Before"), total=True),
        _amount("taken", _l("Taken"), total=True),
        _amount("added", _l("Added"), total=True),
        _amount("collected", _l("Collected for it"), total=True),
        _amount("closing", _l("Account balance"), total=True, card="amount"),
    )
    filters = (PERIOD,)

    def _rows(self, shown: list[ShownFilter]) -> list[OperatorSum]:
        return operator_sums(*_period(shown))


def _document(row: LedgerLine) -> str | None:
    for view, found in (("BillPage", row.bill_id), ("PaymentPage", row.payment_id), ("ExpensePage", row.expense_id)):
        if found:
            return url_for(f"{view}.show", pk=found)
    return None


class LedgerReport(ReportPage):
    """One ledger line by line with its running balance."""

    route_base = "/reports/ledger"
    keys = BOOKS_KEYS
    title = _l("A ledger line by line")
    intro = _l(
        "Every line of a ledger with the balance after it. Each leads to the bill, payment or expense behind it."
    )
    icon = "history"
    empty_text = _l("Nothing has been posted yet.")
    columns = (
        Column("day", _l("Date"), lambda row: row.day, "date", card="bare"),
        Column(
            "kind",
            _l("What"),
            lambda row: str(ENTRY_KINDS[row.kind]) if row.kind else _("Balance before"),
            url=_document,
            card="title",
        ),
        Column("who", _l("Whose"), lambda row: row.who, "data"),
        Column("note", _l("Note"), lambda row: row.note, "data"),
        _amount("debit", _l("Debit"), total=True),
        _amount("credit", _l("Credit"), total=True),
        Column(
            "balance",
            _l("Balance"),
            lambda row: row.balance,
            "money",
            csv=lambda row: plain(row.balance),
            align="right",
            card="amount",
            running=True,
        ),
    )
    filters = (
        Choice(
            "ledger",
            _l("Ledger"),
            lambda: [(ledger.value, label) for ledger, label in LEDGERS.items()],
            lambda _value: true(),
        ),
        PERIOD,
    )

    def first_period(self) -> tuple[date, date]:
        """Return this month up to today."""
        return month_of(today())[0], today()

    def _rows(self, shown: list[ShownFilter]) -> list[LedgerLine]:
        chosen = next(one for one in shown if one.name == "ledger")
        ledger = next((option["value"] for option in chosen.options if option["selected"]), Ledger.CASH)
        lines, is_cut = ledger_lines(Ledger(ledger), *_period(shown))
        if is_cut:
            flash(
                _(
                    "Only the first %(count)s lines are shown. Choose a shorter period for the others.",
                    count=show_number(MOST_LINES),
                ),
                "warning",
            )
        return lines
