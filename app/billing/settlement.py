"""Settlement: advance meets open bills, oldest first, and Operators' accounts follow. Every change of what is owed ends here."""

from sqlalchemy import func, select

from app.access.scope import everywhere
from app.accounts.models import Account
from app.billing.models import Bill, Credit, Purpose
from app.books.models import EntryKind, Ledger
from app.books.operators import locked_account, refuse_if_short
from app.books.services import Side, post
from app.core.clock import end_of_day, next_month, now, today
from app.core.database import db, locked
from app.core.money import share
from app.customers.models import NON_PAYMENT, Customer, CustomerStatus
from app.packages.models import BillingProfile, Cycle
from app.packages.queries import paid_up_to
from app.payments.models import Allocation, Payment


def lock_customer(customer: Customer) -> Customer:
    """Lock the customer's row and read it again. Whoever moves a customer's money locks the customer first."""
    statement = locked(select(Customer).where(Customer.id == customer.id)).execution_options(populate_existing=True)
    return db.session.execute(statement).scalar_one()


def open_bills(customer: Customer) -> list[Bill]:
    """Return the customer's open bills, oldest first."""
    return list(
        db.session.execute(
            select(Bill)
            .where(Bill.customer_id == customer.id, Bill.voided_at.is_(None), Bill.paid < Bill.total)
            .order_by(Bill.period_from, Bill.id)
        ).scalars()
    )


def settle(customer: Customer, *, cash_by_person: bool = False, reactivate: bool = True) -> list[Allocation]:
    """Settle open bills from advance, oldest first; follow with the customer's figures, suspend date, status and the Operators' accounts.

    Call with the customer's row locked. With ``cash_by_person`` an Operator's account that is too small refuses the whole change
    (spec §11.2); advance, online money and jobs always post. Raises Refused.
    """
    bills = open_bills(customer)
    sources = _unspent(customer)
    made: list[Allocation] = []
    for bill in bills:
        parts = [
            _allocate(bill, source, min(bill.total - bill.paid, source.unallocated))
            for source in sources
            if source.unallocated and bill.paid < bill.total
        ]
        if parts:
            made += parts
            db.session.add_all(parts)
            charge_operators(bill, cash_by_person=cash_by_person)
    still_open = [bill for bill in bills if bill.paid < bill.total]
    customer.due = sum(bill.total - bill.paid for bill in still_open)
    customer.paid_on_open = sum(bill.paid for bill in still_open)
    customer.advance = sum(source.unallocated for source in sources)
    if len(still_open) < len(bills):
        customer.suspend_at_by_hand = False
    _move_suspend_date(customer, still_open)
    if customer.due == 0 and reactivate:
        _reactivate(customer)
    return made


def _unspent(customer: Customer) -> list[Payment | Credit]:
    sources: list[Payment | Credit] = []
    for model, since in ((Payment, Payment.received_at), (Credit, Credit.given_at)):
        sources += db.session.execute(
            select(model).where(model.customer_id == customer.id, model.unallocated > 0).order_by(since, model.id)
        ).scalars()
    return sources


def _allocate(bill: Bill, source: Payment | Credit, part: int) -> Allocation:
    bill.paid += part
    source.unallocated -= part
    return Allocation(
        tenant_id=bill.tenant_id,
        owner_id=bill.owner_id,
        payment_id=source.id if isinstance(source, Payment) else None,
        credit_id=source.id if isinstance(source, Credit) else None,
        bill_id=bill.id,
        amount=part,
    )


def release(*conditions: object) -> int:
    """Release the allocations that meet the conditions and return their sum in paisa: the bills open again, the sources are unspent."""
    released = db.session.execute(select(Allocation).where(Allocation.released_at.is_(None), *conditions)).scalars().all()
    for allocation in released:
        allocation.released_at = now()
        bill = db.session.get_one(Bill, allocation.bill_id)
        bill.paid -= allocation.amount
        source = (
            db.session.get_one(Payment, allocation.payment_id) if allocation.payment_id else db.session.get_one(Credit, allocation.credit_id)
        )
        source.unallocated += allocation.amount
        db.session.flush()
        charge_operators(bill)
    return sum(allocation.amount for allocation in released)


def charge_operators(bill: Bill, *, cash_by_person: bool = False) -> None:
    """Bring what Operators have paid for a bill to its part that is settled, level by level (spec §11.2).

    A discount counts as settled; a void bill gives all of it back. Raises Refused when a person takes cash and a balance is too small.
    """
    if not (bill.operator_amount or bill.upper_amount):
        return
    settled = 0 if bill.voided_at else bill.paid + bill.gross - bill.total
    with everywhere("an Operator's account is moved by whoever settles its customer's bill"):
        payer = locked_account(bill.owner_id)
        for amount, taken_name, amount_name in (
            (bill.operator_amount, "operator_taken", "operator_amount"),
            (bill.upper_amount, "upper_taken", "upper_amount"),
        ):
            if getattr(bill, amount_name) == 0 and amount_name == "upper_amount":
                break
            payee_id = payer.parent_id
            delta = share(amount, settled, bill.gross) - getattr(bill, taken_name)
            if delta and payee_id is not None:
                _move_balance(payer, payee_id, bill, delta, cash_by_person)
                setattr(bill, taken_name, getattr(bill, taken_name) + delta)
            if payee_id is None:
                break
            payer = locked_account(payee_id)


def _move_balance(payer: Account, payee_id: int, bill: Bill, delta: int, cash_by_person: bool) -> None:
    if cash_by_person and delta > 0:
        refuse_if_short(payer, delta)
    payer.balance -= delta
    post(
        EntryKind.OPERATOR_AMOUNT,
        bill.tenant_id,
        bill.owner_id,
        Side(Ledger.OPERATOR, payer.id, delta, owner_id=payer.id),
        Side(Ledger.WHOLESALE, payee_id, -delta, owner_id=payee_id),
        bill_id=bill.id,
    )


def _move_suspend_date(customer: Customer, still_open: list[Bill]) -> None:
    with everywhere("the profile may belong to an account above"):
        profile = db.session.get_one(BillingProfile, customer.profile_id)
    if profile.cycle != Cycle.MONTHLY or customer.suspend_at_by_hand:
        return
    if still_open:
        customer.suspend_at = end_of_day(still_open[0].due_on)
        return
    last_billed = db.session.execute(
        select(func.max(Bill.period_from)).where(
            Bill.customer_id == customer.id,
            Bill.purpose.in_((Purpose.MONTHLY, Purpose.NEW_CUSTOMER)),
            Bill.voided_at.is_(None),
        )
    ).scalar_one()
    customer.suspend_at = paid_up_to(profile, next_month(last_billed) if last_billed else today())


def _reactivate(customer: Customer) -> None:
    if customer.status == CustomerStatus.SUSPENDED and customer.status_cause == NON_PAYMENT:
        customer.status = CustomerStatus.ACTIVE
        customer.status_cause = ""
        customer.status_reason = ""
        customer.status_changed_at = now()
