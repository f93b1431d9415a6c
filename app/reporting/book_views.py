"""The books as pages: all ledgers, and one ledger line by line."""

from datetime import date
from typing import Any

from flask import flash, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select, true

from app.accounts.models import Account
from app.books.models import EntryKind, JournalEntry, JournalLine, Ledger
from app.books.statement import (
    MOST_LINES,
    JournalRow,
    LedgerLine,
    LedgerSum,
    OperatorSum,
    journal,
    ledger_lines,
    ledger_sums,
    operator_sums,
)
from app.core.clock import month_of, today
from app.core.database import db
from app.core.money import plain
from app.customers.models import Customer
from app.reporting.frame import ReportPage
from app.web.charts import Chart, Series
from app.web.formats import show_day, show_number
from app.web.forms import row_id
from app.web.listing import Choice, Column, DateRange, ShownFilter, Word
from app.web.shown import ENTRY_KINDS, choices

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

BOOKS_KEYS = dict.fromkeys(("index", "as_pdf", "as_csv", "chart_json"), "group-admin")
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

    def chart(self, rows: Any) -> Chart:
        """Draw what each ledger took in and gave away."""
        return Chart(
            "ledgers",
            str(self.title),
            category_label=_("Ledger"),
            categories=[str(LEDGERS[row.ledger]) for row in rows],
            series=(
                Series(_("Debit"), [row.debit for row in rows], [_of_ledger(row) for row in rows], "accent"),
                Series(_("Credit"), [row.credit for row in rows], [_of_ledger(row) for row in rows], "warn"),
            ),
            unit="taka",
            shape="bars-across",
        )


def _statement(row: OperatorSum) -> str | None:
    opens = OperatorsReport.actor().may("reseller-module")
    return url_for("ResellerPage.statement", pk=row.id) if opens else None


class OperatorsReport(ReportPage):
    """What the accounts of Operators held, what was taken from them and added."""

    route_base = "/reports/operators"
    keys = ReportPage.keys | {"chart_json": "parents"}
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

    def chart(self, rows: Any) -> Chart:
        """Draw what each account holds."""
        return Chart(
            "operators",
            str(self.title),
            category_label=_("Operator"),
            categories=[row.name for row in rows],
            series=(
                Series(
                    _("Account balance"),
                    [row.closing for row in rows],
                    [_statement(row) for row in rows],
                    tones=["ok" if row.closing >= 0 else "due" for row in rows],
                ),
            ),
            unit="taka",
            shape="bars-across",
            names_data=True,
        )


def _document(row: LedgerLine | JournalRow) -> str | None:
    for view, found in (("BillPage", row.bill_id), ("PaymentPage", row.payment_id), ("ExpensePage", row.expense_id)):
        if found:
            return url_for(f"{view}.show", pk=found)
    if isinstance(row, JournalRow) and row.stands_for == EntryKind.OPERATOR_BALANCE:
        return url_for("ResellerPage.statement", pk=row.owner_id)
    return None


def _ledger_asked() -> Ledger:
    asked = request.args.get("ledger", "")
    return Ledger(asked) if asked in list(Ledger) else Ledger.CASH


def _ledger_of_one(row: LedgerLine) -> str | None:
    """Return the way to the ledger of the one whose line it is, over the same days."""
    if row.holder_id is None:
        return None
    days = {name: request.args[name] for name in ("posted_on_from", "posted_on_to") if name in request.args}
    return url_for("LedgerReport.index", ledger=_ledger_asked(), whose=row.holder_id, **days)  # type: ignore[arg-type]


def _holders() -> list[tuple[str, str]]:
    """Return whose ledgers can be chosen: accounts, or the one customer that the address names."""
    if _ledger_asked() != Ledger.CUSTOMER:
        found = db.session.execute(select(Account.id, Account.name).order_by(Account.name, Account.id))
    else:
        asked = row_id(request.args.get("whose", "")) or 0
        found = db.session.execute(select(Customer.id, Customer.name).where(Customer.id == asked))
    return [(str(holder_id), name) for holder_id, name in found]


def _is_customer(typed: str) -> Any:
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 9):
        return None
    numbered = select(Customer.id).where(Customer.number == int(typed))
    return (JournalLine.ledger == Ledger.CUSTOMER.value) & JournalLine.holder_id.in_(numbered)


def _warn_of_a_cut() -> None:
    flash(
        _(
            "Only the first %(count)s lines are shown. Choose a shorter period for the others.",
            count=show_number(MOST_LINES),
        ),
        "warning",
    )


class LedgerReport(ReportPage):
    """One ledger line by line with its running balance."""

    route_base = "/reports/ledger"
    keys = BOOKS_KEYS
    most_drawn = MOST_LINES
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
        Column("who", _l("Whose"), lambda row: row.who, "data", url=_ledger_of_one),
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
        Choice("whose", _l("Whose"), _holders, lambda value: JournalLine.holder_id == int(value), from_rows=True),
        Word("customer", _l("Customer no."), _is_customer),
        PERIOD,
    )

    def first_period(self) -> tuple[date, date]:
        """Return this month up to today."""
        return month_of(today())[0], today()

    def _rows(self, shown: list[ShownFilter]) -> list[LedgerLine]:
        chosen = next(one for one in shown if one.name == "ledger")
        ledger = next((option["value"] for option in chosen.options if option["selected"]), Ledger.CASH)
        narrower = [condition for one in shown if one.name in ("whose", "customer") for condition in one.conditions]
        most = None if self.asks_for_all() else MOST_LINES
        lines, is_cut = ledger_lines(Ledger(ledger), *_period(shown), narrower, most)
        if is_cut:
            _warn_of_a_cut()
        return lines

    def chart(self, rows: Any) -> Chart:
        """Draw the balance at the end of each day."""
        at_the_end = {row.day: row.balance for row in rows if row.day is not None}
        return Chart(
            "ledger",
            _("Balance by day"),
            category_label=_("Date"),
            categories=[show_day(day) for day in at_the_end],
            series=(Series(_("Balance"), list(at_the_end.values())),),
            unit="taka",
            shape="lines",
        )


def _once(value: Any) -> Any:
    """Return a cell that only the first line of an entry shows on a page; the CSV has it in every line."""
    return lambda row: value(row) if row.begins else None


class JournalReport(ReportPage):
    """The journal: every entry with all its lines."""

    route_base = "/reports/journal"
    keys = BOOKS_KEYS
    most_drawn = MOST_LINES
    title = _l("Journal")
    intro = _l("Every entry with all its lines: debits and credits of each are equal. It leads to what it stands for.")
    icon = "book"
    empty_text = _l("Nothing was posted on these days.")
    is_landscape = True
    columns = (
        Column("entry", _l("Entry no."), _once(lambda row: row.entry_id), "number", csv=lambda row: row.entry_id),
        Column("day", _l("Date"), _once(lambda row: row.day), "date", csv=lambda row: row.day, card="bare"),
        Column(
            "kind",
            _l("What"),
            _once(lambda row: str(ENTRY_KINDS[row.stands_for])),
            url=lambda row: _document(row) if row.begins else None,
            csv=lambda row: str(ENTRY_KINDS[row.stands_for]),
        ),
        Column(
            "ledger",
            _l("Ledger"),
            lambda row: str(LEDGERS[Ledger(row.ledger)]),
            card="title",
            url=lambda row: _ledger_at(row),
        ),
        Column("who", _l("Whose"), lambda row: row.who, "data"),
        Column("note", _l("Note"), _once(lambda row: row.note), "data", csv=lambda row: row.note),
        _amount("debit", _l("Debit"), total=True),
        _amount("credit", _l("Credit"), total=True),
    )
    filters = (
        PERIOD,
        Choice("kind", _l("What"), lambda: choices(ENTRY_KINDS), lambda value: JournalEntry.kind.in_([value])),
    )

    def first_period(self) -> tuple[date, date]:
        """Return this month up to today."""
        return month_of(today())[0], today()

    def _rows(self, shown: list[ShownFilter]) -> list[JournalRow]:
        conditions = [condition for one in shown if one.name == "kind" for condition in one.conditions]
        rows, is_cut = journal(*_period(shown), conditions, None if self.asks_for_all() else MOST_LINES)
        if is_cut:
            _warn_of_a_cut()
        return rows

    def chart(self, rows: Any) -> Chart:
        """Draw what was posted of each kind."""
        sums: dict[str, int] = {}
        for row in rows:
            sums[row.stands_for] = sums.get(row.stands_for, 0) + row.debit
        return Chart(
            "journal",
            _("Posted by kind"),
            category_label=_("What"),
            categories=[str(ENTRY_KINDS[kind]) for kind in sums],
            series=(Series(_("Debit"), list(sums.values())),),
            unit="taka",
            shape="bars-across",
        )


def _ledger_at(row: JournalRow) -> str:
    return url_for(
        "LedgerReport.index", ledger=row.ledger, whose=row.holder_id, posted_on_from=row.day, posted_on_to=row.day
    )
