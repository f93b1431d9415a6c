"""Settlement: advance meets open bills, oldest first, and Operators' accounts follow.

Every change of what is owed ends here.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from sqlalchemy import func, inspect, select

from app.access.actor import current_actor
from app.access.scope import everywhere, get_or_404
from app.accounts.models import Account
from app.activity.recorder import record
from app.billing.models import Bill, Credit, Purpose
from app.books.models import EntryKind, Ledger
from app.books.operators import lock_chain, locked_account
from app.books.services import Side, post
from app.core.clock import end_of_day, next_month, now, today
from app.core.database import db
from app.core.money import share
from app.customers.models import NON_PAYMENT, Customer, CustomerStatus
from app.packages.models import BillingProfile, Cycle
from app.packages.queries import paid_up_to
from app.payments.models import Allocation, Payment


@dataclass(frozen=True)
class Prices:
    """What a package costs, in paisa: what the customer pays, what the customer's owner pays, and the level above (§11.2)."""

    package: int = 0
    operator: int = 0
    upper: int = 0


class Change(Enum):
    """What moved a customer's money: it decides whether suspend date and status follow (spec §4, §5.6, §11.5)."""

    BILL = "a bill was raised, edited or discounted, or a credit was given"
    BILL_VOID = "a bill was voided: the status stays"
    PAYMENT = "money came in"
    PAYMENT_VOID = "a payment was voided or corrected: suspend date and status stay"


def lock_customer(customer: Customer) -> Customer:
    """Lock the customer's row and read it again. Whoever moves a customer's money locks the customer first.

    Locks are taken in one order, so that two changes never wait for each other: customers by id, their bills and
    payments, the accounts of their Operators upwards, the counters, the heads of the logs.
    """
    # not by the attribute: what was read before the transaction is forgotten, and would be read once more for its id
    (customer_id,) = inspect(customer).identity or (customer.id,)
    return get_or_404(Customer, customer_id, lock=True)


def open_bills(customer: Customer) -> list[Bill]:
    """Return the customer's open bills, oldest first."""
    return list(
        db.session.execute(
            select(Bill)
            .where(Bill.customer_id == customer.id, Bill.voided_at.is_(None), Bill.paid < Bill.total)
            .order_by(Bill.period_from, Bill.id)
            .execution_options(populate_existing=True)
        ).scalars()
    )


def settle(customer: Customer, change: Change, *, closed: bool = False, first: Collection[int] = ()) -> None:
    """Settle open bills from advance, oldest first; the Operators' accounts and the customer's own figures follow.

    Call with the customer's row locked. ``closed`` says that the change itself settled a bill, as a discount over all
    that is open does. ``change`` decides about suspend date and status. ``first`` are ids of bills that come before
    older ones: who pays by a link has chosen them.
    """
    bills = open_bills(customer)
    sources = _unspent(customer)
    # sorting is stable: the oldest first on either side
    for bill in sorted(bills, key=lambda one: one.id not in first):
        parts = [
            _allocate(bill, source, min(bill.total - bill.paid, source.unallocated))
            for source in sources
            if source.unallocated and bill.paid < bill.total
        ]
        if parts:
            db.session.add_all(parts)
            charge_operators(bill)
    still_open = [bill for bill in bills if bill.paid < bill.total]
    customer.due = sum(bill.total - bill.paid for bill in still_open)
    customer.paid_on_open = sum(bill.paid for bill in still_open)
    customer.advance = sum(source.unallocated for source in sources)
    _follow(customer, change, still_open, settled=closed or len(still_open) < len(bills))


def _unspent(customer: Customer) -> list[Payment | Credit]:
    sources: list[Payment | Credit] = []
    for model, since in ((Payment, Payment.received_at), (Credit, Credit.given_at)):
        sources += db.session.execute(
            select(model)
            .where(model.customer_id == customer.id, model.unallocated > 0)
            .order_by(since, model.id)
            .execution_options(populate_existing=True)
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


def release(*conditions: object, at: datetime) -> list[Bill]:
    """Release the allocations that meet the conditions: their bills, which are returned, open again.

    The Operators' accounts follow with ``charge_operators`` once the caller has made its change.
    """
    rows = db.session.execute(
        select(Allocation, Bill, Payment, Credit)
        .join(Bill, Bill.id == Allocation.bill_id)
        .outerjoin(Payment, Payment.id == Allocation.payment_id)
        .outerjoin(Credit, Credit.id == Allocation.credit_id)
        .where(Allocation.released_at.is_(None), *conditions)
        .order_by(Allocation.id)
        .execution_options(populate_existing=True)
    ).all()
    for allocation, bill, payment, credit in rows:
        allocation.released_at = at
        bill.paid -= allocation.amount
        source = payment or credit
        source.unallocated += allocation.amount
    return list({bill.id: bill for _allocation, bill, _payment, _credit in rows}.values())


def charge_operators(bill: Bill) -> None:
    """Bring what Operators have paid for a bill to its part that is settled, level by level (spec §11.2).

    Each level's sum is computed anew from all that is settled, so the last part takes the rest and a void gives back
    exactly what was taken. A discount counts as settled. What was settled under an earlier owner of the customer is that
    owner's to pay and to get back.
    """
    settled = _charge_earlier(bill)
    own = share(bill.operator_amount, settled, bill.gross) - bill.operator_taken
    upper = share(bill.upper_amount, settled, bill.gross) - bill.upper_taken
    if not (own or upper):
        return
    bill.operator_taken += own
    bill.upper_taken += upper
    for payer, part in zip(lock_chain(bill.owner_id), (own, upper), strict=False):
        _move_balance(payer, bill, part)


def _charge_earlier(bill: Bill) -> int:
    """Bring what the Operators of earlier owners have paid to the part settled in their time; return the part settled since."""
    periods, start, earlier_taken = [], 0, 0
    for period in bill.earlier_charges or ():
        span = period["up_to"] - start
        part = min(max(bill.settled - start, 0), span)
        payers = []
        for payer_id, at_move, taken in period["payers"]:
            target = share(at_move, part, span)
            if target != taken:
                _move_balance(locked_account(payer_id), bill, target - taken)
            earlier_taken += target
            payers.append([payer_id, at_move, target])
        periods.append({"up_to": period["up_to"], "payers": payers})
        start = period["up_to"]
    if periods:
        bill.earlier_charges, bill.earlier_taken = periods, earlier_taken
    return max(bill.settled - start, 0)


def set_operator_amounts(bill: Bill) -> None:
    """Set what each level pays: in proportion of the bill's amount to the list price, without VAT (§11.2, §11.3)."""
    whole = bill.package_price
    bill.operator_amount = share(bill.operator_price, bill.amount, whole) if whole else 0
    bill.upper_amount = share(bill.upper_price, bill.amount, whole) if whole else 0


def leave_owner(bill: Bill, prices: Prices) -> None:
    """Close a bill's account with the Operators of the owner it leaves, before ``owner_id`` changes.

    What they have paid stays theirs; what is settled from now on is charged to the new owner's at its own prices. A bill
    that costs no Operator anything, such as one by hand without a package, goes on costing nothing.
    """
    if bill.settled > bill.settled_before_move:
        chain = lock_chain(bill.owner_id)
        taken = (bill.operator_taken, bill.upper_taken)
        payers = [[payer.id, part, part] for payer, part in zip(chain, taken, strict=False) if part]
        bill.earlier_charges = [*(bill.earlier_charges or ()), {"up_to": bill.settled, "payers": payers}]
        bill.earlier_taken += sum(part for _payer, part, _taken in payers)
    bill.operator_taken, bill.upper_taken = 0, 0
    if bill.package_id is not None:
        bill.package_price, bill.operator_price, bill.upper_price = prices.package, prices.operator, prices.upper
        set_operator_amounts(bill)


def _move_balance(payer: Account, bill: Bill, part: int) -> None:
    payer.balance -= part
    post(
        EntryKind.OPERATOR_AMOUNT,
        bill.tenant_id,
        bill.owner_id,
        Side(Ledger.OPERATOR, payer.id, part, owner_id=payer.id),
        Side(Ledger.WHOLESALE, payer.parent_id or 0, -part, owner_id=payer.parent_id),
        bill_id=bill.id,
    )


def _follow(customer: Customer, change: Change, still_open: list[Bill], *, settled: bool) -> None:
    if change is Change.PAYMENT_VOID:
        return
    if settled:
        customer.suspend_at_by_hand = False
    # a part payment leaves the suspend date where it is (spec §11.5)
    if settled or change is not Change.PAYMENT:
        _move_suspend_date(customer, still_open)
    if customer.due == 0 and (change is Change.PAYMENT or (change is Change.BILL and settled)):
        _reactivate(customer)


def _move_suspend_date(customer: Customer, still_open: list[Bill]) -> None:
    if customer.suspend_at_by_hand:
        return
    with everywhere("the profile may belong to an account above"):
        profile = db.session.get_one(BillingProfile, customer.profile_id)
    if profile.cycle != Cycle.MONTHLY:
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
    # who settles an old month is served up to the next month from today, not up to one that has passed
    customer.suspend_at = paid_up_to(profile, next_month(max(last_billed or today(), today())))


def _reactivate(customer: Customer) -> None:
    if customer.status != CustomerStatus.SUSPENDED or customer.status_cause != NON_PAYMENT:
        return
    # a prepaid customer that settles an old bill has bought no time by it
    if customer.suspend_at is not None and customer.suspend_at <= now():
        return
    actor = current_actor()
    customer.status, customer.status_cause, customer.status_reason = CustomerStatus.ACTIVE, "", ""
    customer.status_changed_at, customer.status_changed_by_id = now(), actor.id if actor else None
    record(
        "customers",
        "customer.active",
        tenant_id=customer.tenant_id,
        owner_id=customer.owner_id,
        subject=customer,
        customer_id=customer.id,
        changes={"status": (str(CustomerStatus.SUSPENDED), str(CustomerStatus.ACTIVE))},
        number=customer.number,
        customer=customer.name,
        customer_bn=customer.name_bn,
    )
