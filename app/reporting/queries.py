"""Figures of reports, each over the rows of the scope at work; amounts in paisa."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import case, extract, func, select
from sqlalchemy.orm import aliased

from app.access.scope import own
from app.accounts.models import Account
from app.billing.models import Bill
from app.core.clock import month_of, today
from app.core.database import db
from app.customers.models import Customer
from app.expenses.models import Expense, ExpenseCategory
from app.packages.models import PATH_MARK, Zone
from app.payments.models import Method, Payment


@dataclass(frozen=True)
class Collected:
    """What one person took in on one day; money of a gateway has no person."""

    id: int
    person_id: int | None
    person: str
    day: date
    receipts: int
    cash: int
    online: int

    @property
    def amount(self) -> int:
        """Cash and online."""
        return self.cash + self.online


def collected(conditions: list[Any]) -> list[Collected]:
    """Return the valid payments under conditions, summed up by person and day (spec §9)."""
    cash = case((Payment.method == Method.CASH.value, Payment.amount), else_=0)
    person = func.coalesce(func.max(Payment.collector_name), "")
    rows = db.session.execute(
        select(
            Payment.collected_by_id,
            person,
            Payment.paid_on,
            func.count(Payment.id),
            func.sum(cash),
            func.sum(Payment.amount - cash),
        )
        .where(Payment.voided_at.is_(None), *conditions)
        .group_by(Payment.collected_by_id, Payment.paid_on)
        .order_by(person, Payment.collected_by_id, Payment.paid_on)
    ).all()
    return [
        Collected(number, person_id, name, day, count, int(in_cash), int(online))
        for number, (person_id, name, day, count, in_cash, online) in enumerate(rows)
    ]


def collectors() -> list[tuple[int, str]]:
    """Return who has taken money, by id and name."""
    name = func.max(Payment.collector_name)
    rows = db.session.execute(
        select(Payment.collected_by_id, name)
        .where(Payment.collected_by_id.is_not(None))
        .group_by(Payment.collected_by_id)
        .order_by(name)
    ).all()
    return [(person, found or "") for person, found in rows]


def _elsewhere(model: type[Bill] | type[Customer] | type[Expense]) -> Any:
    # the name of an owner below; nothing for the rows of who reads
    return case((own(model), ""), else_=func.coalesce(Account.name, ""))


AGES = (30, 60, 90)
"""Where one age of an overdue bill ends and the next begins, in days."""


@dataclass(frozen=True)
class ZoneDues:
    """What is open in a zone: not due yet, and overdue by up to 30, 60, 90 and more days."""

    id: int
    zone_id: int | None
    owner_id: int
    zone: str
    owner: str
    customers: int
    not_due: int
    to_30: int
    to_60: int
    to_90: int
    older: int

    @property
    def amount(self) -> int:
        """All that is open."""
        return self.not_due + self.to_30 + self.to_60 + self.to_90 + self.older


def dues_by_zone() -> list[ZoneDues]:
    """Return what is open by zone and by age, the zone's name in order; customers without a zone come last."""
    days = [today() - timedelta(days=age) for age in AGES]
    open_ = Bill.total - Bill.paid
    edges = [
        Bill.due_on >= today(),
        (Bill.due_on < today()) & (Bill.due_on >= days[0]),
        (Bill.due_on < days[0]) & (Bill.due_on >= days[1]),
        (Bill.due_on < days[1]) & (Bill.due_on >= days[2]),
        Bill.due_on < days[2],
    ]
    rows = db.session.execute(
        select(
            Zone.id,
            Bill.owner_id,
            func.coalesce(Zone.name, ""),
            _elsewhere(Bill),
            func.count(func.distinct(Customer.id)),
            *(func.coalesce(func.sum(case((edge, open_), else_=0)), 0) for edge in edges),
        )
        .select_from(Bill)
        .join(Customer, Customer.id == Bill.customer_id)
        .outerjoin(Zone, Zone.id == Customer.zone_id)
        .outerjoin(Account, Account.id == Bill.owner_id)
        .where(Bill.voided_at.is_(None), open_ > 0, Customer.deleted_at.is_(None))
        .group_by(Zone.id, Zone.name, Bill.owner_id, Account.name)
        .order_by(Zone.id.is_(None), Zone.name, Zone.id)
    ).all()
    return [
        ZoneDues(number, zone_id, owner_id, zone, owner, customers, *(int(paisa) for paisa in ages))
        for number, (zone_id, owner_id, zone, owner, customers, *ages) in enumerate(rows)
    ]


@dataclass(frozen=True)
class CustomerDues:
    """What one customer owes."""

    id: int
    zone: str
    owner: str
    number: int
    name: str
    name_bn: str
    mobile: str
    place: str
    due_on: date | None
    amount: int


def dues_by_customer(conditions: list[Any], most: int | None) -> list[CustomerDues]:
    """Return who owes, by zone and address, so many at the most, with the oldest due date: the list a collector walks with."""
    oldest = (
        select(func.min(Bill.due_on))
        .where(Bill.customer_id == Customer.id, Bill.voided_at.is_(None), Bill.total > Bill.paid)
        .correlate(Customer)
        .scalar_subquery()
    )
    street = (Customer.road, Customer.house, Customer.address, Customer.id)
    order = (Zone.id.is_(None), Zone.name, Zone.id, *street)
    # put in order by themselves: only those that are shown are asked for what they owe since when
    shown = (
        select(Customer.id)
        .outerjoin(Zone, Zone.id == Customer.zone_id)
        .where(Customer.deleted_at.is_(None), Customer.due > 0, *conditions)
        .order_by(*order)
        .limit(most)
        .subquery()
    )
    rows = db.session.execute(
        select(Customer, func.coalesce(Zone.name, ""), _elsewhere(Customer), oldest)
        .join(shown, shown.c.id == Customer.id)
        .outerjoin(Zone, Zone.id == Customer.zone_id)
        .outerjoin(Account, Account.id == Customer.owner_id)
        .order_by(*order)
    ).all()
    return [
        CustomerDues(row.id, zone, owner, row.number, row.name, row.name_bn, row.mobile, row.place, due_on, row.due)
        for row, zone, owner, due_on in rows
    ]


@dataclass(frozen=True)
class OwedInZone:
    """What the customers of a zone owe, in paisa."""

    zone: str
    owner: str
    amount: int


def owed_by_zone(conditions: list[Any]) -> list[OwedInZone]:
    """Return what the customers of the list above owe, by its zones."""
    rows = db.session.execute(
        select(func.coalesce(Zone.name, ""), _elsewhere(Customer), func.sum(Customer.due))
        .select_from(Customer)
        .outerjoin(Zone, Zone.id == Customer.zone_id)
        .outerjoin(Account, Account.id == Customer.owner_id)
        .where(Customer.deleted_at.is_(None), Customer.due > 0, *conditions)
        .group_by(Zone.id, Zone.name, Customer.owner_id, Account.name)
        .order_by(Zone.id.is_(None), Zone.name, Zone.id)
    )
    return [OwedInZone(zone, owner, int(due)) for zone, owner, due in rows]


@dataclass(frozen=True)
class Spent:
    """What was spent on a category in a month."""

    id: int
    month: date
    first: date
    last: date
    category_id: int
    category: str
    entries: int
    amount: int


def spent_by_month(first: date | None, last: date | None, conditions: list[Any]) -> list[Spent]:
    """Return the valid expenses of some days under conditions, summed up by month and category (spec §9).

    A category stands with the one above it, and with its owner's name where it is not the reader's own.
    """
    year, month = extract("year", Expense.spent_on), extract("month", Expense.spent_on)
    above = aliased(ExpenseCategory)
    label = (ExpenseCategory.id, ExpenseCategory.name, above.name, _elsewhere(Expense))
    days = [Expense.spent_on >= first] if first else []
    days += [Expense.spent_on <= last] if last else []
    rows = db.session.execute(
        select(year, month, *label, func.count(Expense.id), func.sum(Expense.amount))
        .join(ExpenseCategory, ExpenseCategory.id == Expense.category_id)
        .outerjoin(above, above.id == ExpenseCategory.parent_id)
        .outerjoin(Account, Account.id == Expense.owner_id)
        .where(Expense.voided_at.is_(None), *days, *conditions)
        .group_by(year, month, *label)
        .order_by(
            year, month, func.coalesce(above.name, ExpenseCategory.name), ExpenseCategory.name, ExpenseCategory.id
        )
    ).all()
    found = []
    for number, (in_year, in_month, category_id, name, over, owner, entries, amount) in enumerate(rows):
        begins, ends = month_of(date(int(in_year), int(in_month), 1))
        path = PATH_MARK.join(filter(None, (over, name)))
        found.append(
            Spent(
                number,
                begins,
                max(begins, first or begins),
                min(ends, last or ends),
                category_id,
                " · ".join(filter(None, (path, owner))),
                entries,
                int(amount),
            )
        )
    return found


@dataclass(frozen=True)
class InAndOut:
    """What was collected and what was spent in a month; ``first`` and ``last`` are the days of it that were asked for."""

    id: int
    month: date
    first: date
    last: date
    collected: int
    spent: int

    @property
    def left(self) -> int:
        """What the month left over; below zero when more was spent than collected."""
        return self.collected - self.spent


def income_against_expense(first: date | None, last: date | None) -> list[InAndOut]:
    """Return the valid payments and the valid expenses of the days from ``first`` to ``last`` by month, in paisa (spec §9)."""
    collected_in = _by_month(Payment.paid_on, Payment.amount, Payment.voided_at.is_(None), first, last)
    spent_in = _by_month(Expense.spent_on, Expense.amount, Expense.voided_at.is_(None), first, last)
    found = []
    for number, month in enumerate(sorted(collected_in | spent_in)):
        begins, ends = month_of(month)
        found.append(
            InAndOut(
                number,
                month,
                max(begins, first or begins),
                min(ends, last or ends),
                collected_in.get(month, 0),
                spent_in.get(month, 0),
            )
        )
    return found


def _by_month(day: Any, amount: Any, is_valid: Any, first: date | None, last: date | None) -> dict[date, int]:
    year, month = extract("year", day), extract("month", day)
    edges = [*([day >= first] if first else []), *([day <= last] if last else [])]
    rows = db.session.execute(select(year, month, func.sum(amount)).where(is_valid, *edges).group_by(year, month)).all()
    return {date(int(in_year), int(in_month), 1): int(paisa) for in_year, in_month, paisa in rows}


@dataclass(frozen=True)
class Billed:
    """What the bills of an owner's customers come to."""

    id: int
    owner: str
    bills: int
    amount: int
    discount: int
    vat: int
    total: int
    paid: int

    @property
    def open(self) -> int:
        """What is not paid yet."""
        return self.total - self.paid


def billed_by_owner(conditions: list[Any]) -> list[Billed]:
    """Return the bills under conditions that are not void, summed up by the owner of the customer, by the owner's name (spec §9)."""
    figures = (Bill.amount, Bill.discount, Bill.vat, Bill.total, Bill.paid)
    rows = db.session.execute(
        select(Bill.owner_id, func.coalesce(Account.name, ""), func.count(Bill.id), *(func.sum(one) for one in figures))
        .select_from(Bill)
        .outerjoin(Account, Account.id == Bill.owner_id)
        .where(Bill.voided_at.is_(None), *conditions)
        .group_by(Bill.owner_id, Account.name)
        .order_by(Account.name, Bill.owner_id)
    ).all()
    return [Billed(owner_id, name, bills, *(int(paisa) for paisa in sums)) for owner_id, name, bills, *sums in rows]
