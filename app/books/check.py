"""Prove the books: recompute every balance from the journal and the rows behind it, and name each that differs."""

import logging
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BigInteger, Select, case, cast, func, literal, select, union_all

from app.access.scope import everywhere, within
from app.accounts.models import RESELLERS, Account, Counter, Kind, Tenant
from app.accounts.numbering import BILLS, RECEIPTS
from app.billing.models import Bill, Credit, Discount, vat_on
from app.books.counting import figures_and_rows
from app.books.models import BookCheck, EntryKind, JournalEntry, JournalLine, Ledger
from app.cash.models import LIVE, ClosingState, DayClosing, ShortageRepayment
from app.cash.queries import SPENDING
from app.core.database import db, transaction
from app.core.money import share
from app.customers.models import Customer
from app.expenses.models import Expense, PaidFrom
from app.paylinks.models import PaymentAttempt
from app.payments.models import ONLINE, Allocation, Payment

log = logging.getLogger(__name__)


@dataclass
class Report:
    """How many figures were checked, and a sentence for each that differs."""

    checked: int = 0
    differences: list[str] = field(default_factory=list)

    def compare(self, what: str, shown: dict[Any, int], computed: dict[Any, int]) -> None:
        """Compare what is kept with what it should be, paisa by paisa."""
        for row_id in shown.keys() | computed.keys():
            self.checked += 1
            kept, right = shown.get(row_id, 0), computed.get(row_id, 0)
            if kept != right:
                self._differs(what, row_id, kept, right)

    def compare_rows(self, what: str, shown: Select[Any], *computed: Select[Any]) -> None:
        """Compare the amounts of two statements of key and amount; what is right is the sum of all that are ``computed``.

        The database puts both sides together: nothing is held here however many rows there are, and a payment that comes in
        meanwhile is on both sides or on neither.
        """
        both = union_all(_side(shown, 1), *(_side(one, 2) for one in computed)).subquery()
        kept, right = (func.coalesce(func.sum(case((both.c.side == side, both.c.amount))), 0) for side in (1, 2))
        grouped = select(both.c.key, kept.label("kept"), right.label("by_books")).group_by(both.c.key).subquery()
        differs = grouped.c.kept != grouped.c.by_books
        rows, wrong = db.session.execute(
            select(func.count(), func.count(case((differs, 1)))).select_from(grouped)
        ).one()
        self.checked += rows
        if wrong:
            for row_id, is_kept, is_right in db.session.execute(select(*grouped.c).where(differs)):
                self._differs(what, row_id, int(is_kept), int(is_right))

    def _differs(self, what: str, row_id: Any, kept: int, right: int) -> None:
        self.differences.append(f"{what} {row_id}: {kept} kept, {right} by the books (paisa)")


def _side(statement: Select[Any], side: int) -> Select[Any]:
    key, amount = list(statement.subquery().c)
    return select(key.label("key"), cast(amount, BigInteger).label("amount"), literal(side).label("side")).where(
        key.is_not(None)
    )


def check_books() -> Report:
    """Recompute every customer, bill, payment, operator, person and tenant of the installation, in paisa."""
    with everywhere("the check covers the installation"):
        return _checked(list(db.session.execute(select(Tenant.id)).scalars()))


def _checked(tenant_ids: list[int]) -> Report:
    """Check the books of the scope at work, which holds these tenants."""
    report = Report()
    _check_journal(report, tenant_ids)
    _check_bills(report)
    _check_money(report)
    _check_sources(report)
    _check_customers(report)
    _check_operators(report)
    _check_cash(report)
    _check_gateways(report)
    _check_closings(report)
    _check_numbers(report, tenant_ids)
    _check_figures(report)
    return report


def nightly_check() -> list[BookCheck]:
    """Check the books tenant by tenant and keep each outcome, for the tenant's own parents to see."""
    kept = []
    for tenant_id in db.session.execute(select(Tenant.id).order_by(Tenant.id)).scalars().all():
        # nothing is written in this scope but the outcome, which has no owner
        with within(tenant_id, 0):
            report = _checked([tenant_id])
        with transaction() as session:
            check = BookCheck(tenant_id=tenant_id, checked=report.checked, differences=len(report.differences))
            session.add(check)
        kept.append(check)
        for difference in report.differences:
            log.error("the books differ: %s", difference)
    return kept


def _sums(statement: Any) -> dict[Any, int]:
    return {key: int(value or 0) for key, value in db.session.execute(statement).all()}


def _unless_void(figure: Any) -> Any:
    return case((Bill.voided_at.is_not(None), 0), else_=figure)


def _check_journal(report: Report, tenant_ids: list[int]) -> None:
    lines = select(JournalLine.entry_id, func.sum(JournalLine.amount)).group_by(JournalLine.entry_id)
    report.compare_rows("journal entry", lines)
    by_tenant = _sums(select(JournalLine.tenant_id, func.sum(JournalLine.amount)).group_by(JournalLine.tenant_id))
    report.compare("tenant", by_tenant, dict.fromkeys(tenant_ids, 0))
    empty = select(JournalEntry.id).where(
        ~select(JournalLine.id)
        .where(JournalLine.tenant_id == JournalEntry.tenant_id, JournalLine.entry_id == JournalEntry.id)
        .exists()
    )
    report.differences += [f"journal entry {entry} has no lines" for entry in db.session.execute(empty).scalars()]


BOOKED = (
    (Ledger.CUSTOMER, "total of bill", _unless_void(Bill.total)),
    (Ledger.INCOME, "income of bill", _unless_void(-Bill.amount)),
    (Ledger.VAT, "VAT of bill", _unless_void(-Bill.vat)),
    (Ledger.DISCOUNT, "discount on bill", _unless_void(Bill.discount)),
    (Ledger.OPERATOR, "operator amounts of bill", Bill.operator_taken + Bill.upper_taken + Bill.earlier_taken),
)
"""What the journal holds of a bill, ledger by ledger, and what the bill says."""


def _check_bills(report: Report) -> None:
    settled = (
        select(Allocation.bill_id, func.sum(Allocation.amount))
        .where(Allocation.released_at.is_(None))
        .group_by(Allocation.bill_id)
    )
    report.compare_rows("paid on bill", select(Bill.id, Bill.paid), settled)
    given = select(Discount.bill_id, func.sum(Discount.amount)).group_by(Discount.bill_id)
    report.compare_rows("discounts of bill", select(Bill.id, Bill.discount), given)
    for ledger, what, figure in BOOKED:
        report.compare_rows(what, select(Bill.id, figure), _booked(ledger, JournalEntry.bill_id))
    bills = select(Bill).execution_options(yield_per=1000, populate_existing=True)
    for bill in db.session.execute(bills).scalars():
        settled = max(bill.settled - bill.settled_before_move, 0)
        rules = {
            "VAT computed for bill": (bill.vat, vat_on(bill.amount - bill.discount, bill.vat_basis_points)),
            "operator amount taken for bill": (
                bill.operator_taken,
                share(bill.operator_amount, settled, bill.gross),
            ),
            "upper amount taken for bill": (bill.upper_taken, share(bill.upper_amount, settled, bill.gross)),
            "amounts taken from earlier owners for bill": (
                bill.earlier_taken,
                sum(taken for one in bill.earlier_charges or () for _payer, _at_move, taken in one["payers"]),
            ),
        }
        for what, (kept, right) in rules.items():
            report.compare(what, {bill.id: kept}, {bill.id: right})


def _booked(ledger: Ledger, source: Any) -> Select[Any]:
    """Select what the journal holds in a ledger for each bill, payment or expense."""
    return (
        select(source, func.sum(JournalLine.amount))
        .join(JournalLine, JournalLine.entry_id == JournalEntry.id)
        .where(JournalLine.ledger == ledger.value, source.is_not(None))
        .group_by(source)
    )


def _check_money(report: Report) -> None:
    """Compare payments and expenses with the journal: what is void has come and gone."""
    received = select(Payment.id, case((Payment.voided_at.is_not(None), 0), else_=-Payment.amount))
    report.compare_rows("money of payment", received, _booked(Ledger.CUSTOMER, JournalEntry.payment_id))
    spent = select(Expense.id, case((Expense.voided_at.is_not(None), 0), else_=Expense.amount))
    report.compare_rows("money of expense", spent, _booked(Ledger.EXPENSE, JournalEntry.expense_id))


def _check_sources(report: Report) -> None:
    valid = case((Payment.voided_at.is_not(None), 0), else_=Payment.amount)
    for what, model, amount, column in (
        ("payment", Payment, valid, Allocation.payment_id),
        ("credit", Credit, Credit.amount, Allocation.credit_id),
    ):
        spent = (
            select(column, -func.sum(Allocation.amount))
            .where(Allocation.released_at.is_(None), column.is_not(None))
            .group_by(column)
        )
        report.compare_rows(f"unspent of {what}", select(model.id, model.unallocated), select(model.id, amount), spent)


def _check_customers(report: Report) -> None:
    ledger = (
        select(JournalLine.holder_id, func.sum(JournalLine.amount))
        .where(JournalLine.ledger == Ledger.CUSTOMER.value)
        .group_by(JournalLine.holder_id)
    )
    report.compare_rows("balance of customer", select(Customer.id, Customer.due - Customer.advance), ledger)
    due = (
        select(Bill.customer_id, func.sum(Bill.total - Bill.paid))
        .where(Bill.voided_at.is_(None))
        .group_by(Bill.customer_id)
    )
    report.compare_rows("due of customer", select(Customer.id, Customer.due), due)
    partly = (
        select(Bill.customer_id, func.sum(Bill.paid))
        .where(Bill.voided_at.is_(None), Bill.paid < Bill.total)
        .group_by(Bill.customer_id)
    )
    report.compare_rows("paid on open bills of customer", select(Customer.id, Customer.paid_on_open), partly)
    advance = [
        select(model.customer_id, func.sum(model.unallocated)).group_by(model.customer_id)
        for model in (Payment, Credit)
    ]
    report.compare_rows("advance of customer", select(Customer.id, Customer.advance), *advance)


def _check_operators(report: Report) -> None:
    ledger = _sums(
        select(JournalLine.holder_id, -func.sum(JournalLine.amount))
        .where(JournalLine.ledger == Ledger.OPERATOR.value)
        .group_by(JournalLine.holder_id)
    )
    kept = _sums(select(Account.id, Account.balance).where(Account.kind.in_([kind.value for kind in RESELLERS])))
    report.compare("account of operator", kept, ledger)


def _check_cash(report: Report) -> None:
    ledger = _sums(
        select(JournalLine.holder_id, func.sum(JournalLine.amount))
        .where(JournalLine.ledger == Ledger.CASH.value)
        .group_by(JournalLine.holder_id)
    )
    taken = _sums(
        select(Payment.collected_by_id, func.sum(Payment.amount))
        .where(Payment.voided_at.is_(None), Payment.method == "cash")
        .group_by(Payment.collected_by_id)
    )
    spent = _sums(
        select(Expense.entered_by_id, func.sum(Expense.amount))
        .where(Expense.voided_at.is_(None), Expense.paid_from == PaidFrom.OWN_CASH.value)
        .group_by(Expense.entered_by_id)
    )
    is_confirmed = DayClosing.state == ClosingState.CONFIRMED.value
    given_up = _sums(
        select(DayClosing.person_id, func.sum(DayClosing.handed_over - DayClosing.difference))
        .where(is_confirmed)
        .group_by(DayClosing.person_id)
    )
    in_hand = {
        person: taken.get(person, 0) - spent.get(person, 0) - given_up.get(person, 0)
        for person in taken.keys() | spent.keys() | given_up.keys()
    }
    report.compare("cash of person", ledger, in_hand)
    missing, repaid, surplus = (
        _sums(select(holder, func.sum(amount)).where(condition).group_by(holder))
        for holder, amount, condition in (
            (DayClosing.person_id, -DayClosing.difference, is_confirmed & (DayClosing.difference < 0)),
            (ShortageRepayment.person_id, ShortageRepayment.amount, ShortageRepayment.amount > 0),
            (DayClosing.owner_id, -DayClosing.difference, is_confirmed & (DayClosing.difference > 0)),
        )
    )
    owed = {person: missing.get(person, 0) - repaid.get(person, 0) for person in missing.keys() | repaid.keys()}
    report.compare("shortage of person", _ledger_sums(Ledger.SHORTAGE), owed)
    report.compare("surplus of owner", _ledger_sums(Ledger.SURPLUS), surplus)


def _check_gateways(report: Report) -> None:
    """Compare what the gateways of each Group Admin hold with the valid payments and service charges that came in through them."""
    held = _sums(
        select(Account.id, func.sum(Payment.amount))
        .join(Payment, Payment.tenant_id == Account.tenant_id)
        .where(Account.kind == Kind.GROUP_ADMIN.value, Payment.voided_at.is_(None), Payment.method.in_(ONLINE))
        .group_by(Account.id)
    )
    charges = _sums(
        select(Account.id, func.sum(PaymentAttempt.charge_posted))
        .join(PaymentAttempt, PaymentAttempt.tenant_id == Account.tenant_id)
        .where(Account.kind == Kind.GROUP_ADMIN.value)
        .group_by(Account.id)
    )
    computed = {head: held.get(head, 0) + charges.get(head, 0) for head in held.keys() | charges.keys()}
    report.compare("money at gateways of", _ledger_sums(Ledger.GATEWAY), computed)


def _ledger_sums(ledger: Ledger) -> dict[Any, int]:
    return _sums(
        select(JournalLine.holder_id, func.sum(JournalLine.amount))
        .where(JournalLine.ledger == ledger.value)
        .group_by(JournalLine.holder_id)
    )


def _check_closings(report: Report) -> None:
    """Compare each closing with the journal lines it covers, and its opening with what the one before it left."""
    first_over_it = (
        select(func.min(DayClosing.id))
        .where(
            DayClosing.person_id == JournalLine.holder_id,
            DayClosing.state.in_(LIVE),
            DayClosing.up_to_line >= JournalLine.id,
        )
        .correlate(JournalLine)
        .scalar_subquery()
    )
    is_spending = JournalEntry.kind.in_(SPENDING)
    covered = (
        select(
            first_over_it.label("closing"),
            case((is_spending, 0), else_=JournalLine.amount).label("collected"),
            case((is_spending, -JournalLine.amount), else_=0).label("spent"),
        )
        .join(JournalEntry, JournalEntry.id == JournalLine.entry_id)
        .where(
            JournalLine.ledger == Ledger.CASH.value,
            JournalLine.holder_id.in_(select(DayClosing.person_id)),
            JournalEntry.kind != EntryKind.CLOSING.value,
        )
        .subquery()
    )
    closings = list(
        db.session.execute(
            select(DayClosing).where(DayClosing.state.in_(LIVE)).order_by(DayClosing.person_id, DayClosing.number)
        ).scalars()
    )
    for what, column in (("collected", covered.c.collected), ("spent", covered.c.spent)):
        booked = _sums(select(covered.c.closing, func.sum(column)).group_by(covered.c.closing))
        booked.pop(None, None)
        report.compare(f"{what} of closing", {row.id: getattr(row, what) for row in closings}, booked)
    left: dict[int, int] = {}
    openings = {}
    for row in closings:
        openings[row.id] = left.get(row.person_id, 0)
        left[row.person_id] = row.left
    report.compare("opening of closing", {row.id: row.opening for row in closings}, openings)


def _check_numbers(report: Report, tenant_ids: list[int]) -> None:
    for series, model in ((BILLS, Bill), (RECEIPTS, Payment)):
        used = _sums(select(model.tenant_id, func.count(model.id)).group_by(model.tenant_id))
        highest = _sums(select(model.tenant_id, func.max(model.number)).group_by(model.tenant_id))
        given = _sums(
            select(Counter.tenant_id, Counter.value).where(Counter.series == series, Counter.tenant_id.in_(tenant_ids))
        )
        report.compare(f"highest number of {series} in tenant", highest, used)
        report.compare(f"counter of {series} in tenant", given, highest)


def _check_figures(report: Report) -> None:
    """Compare what the first page shows with the customers, bills and payments behind it."""
    for of, (kept, right) in figures_and_rows().items():
        name = " ".join(str(part) for part in of if part not in (None, ""))
        report.compare("amount of figure", {name: kept[0]}, {name: right[0]})
        report.compare("rows of figure", {name: kept[1]}, {name: right[1]})
