"""Load the large demo: a hundred thousand customers with twelve months of bills and payments, by plain inserts.

The one place beside the services that makes bills, payments and the journal: through them it would take a day. It
posts what they post; `flask isp check-books` proves it to the paisa. All amounts are paisa.
"""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, insert, select, update

from app.access.actor import Actor, acting_as
from app.access.scope import everywhere
from app.accounts.models import Account, Kind
from app.accounts.numbering import BILLS, CUSTOMERS, RECEIPTS, next_number
from app.billing.models import Bill, Purpose, vat_on
from app.books.models import EntryKind, JournalEntry, JournalLine, Ledger
from app.core.clock import end_of_day, month_of, next_month, now, to_dhaka, today
from app.core.contact import normal_mobile
from app.core.database import db, transaction
from app.core.money import share
from app.customers.models import NON_PAYMENT, Customer, CustomerStatus
from app.customers.services import search_text
from app.demo_plan import (
    COLLECTORS,
    GHAT,
    NORTH,
    RECHARGE_DAYS,
    SHARES,
    SOUTH,
    at,
    customers_of,
    line_of,
    made_up,
    paid_by,
    past,
    visit,
)
from app.packages.models import BillingProfile, Cycle, Package, PackageOffer
from app.packages.queries import due_date, paid_up_to
from app.payments.models import Allocation, Method, Payment

BATCH = 5_000
PAYS, PAYS_THIS_MONTH = 0.93, 0.45
SUSPENDED = 0.4
"""Which part of those with two open bills is suspended."""


@dataclass(slots=True)
class _OpenBill:
    """A bill that is not settled yet."""

    id: int
    total: int
    due_on: date
    paid: int = 0
    taken: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Line:
    """What the bills of a customer are made of, and how it stands."""

    id: int
    owner: str
    tenant_id: int
    owner_id: int
    name: str
    mobile: str
    username: str
    package: Package
    profile: BillingProfile
    chain: list[int]
    prices: list[int]
    open: list[_OpenBill] = field(default_factory=list)
    advance: int = 0
    suspend_at: datetime | None = None

    @property
    def due(self) -> int:
        """What is open."""
        return sum(bill.total - bill.paid for bill in self.open)


@dataclass(order=True, slots=True)
class _Visit:
    """A payment to come, with the parts that settle bills: (bill, part, what each Operator pays for it)."""

    moment: datetime
    id: int
    line: _Line = field(compare=False)
    amount: int = field(compare=False, default=0)
    request_id: str = field(compare=False, default="")
    parts: list[tuple[int, int, list[int]]] = field(compare=False, default_factory=list)


class _Batches:
    """Rows on their way into the tables, written in the order in which they refer to each other."""

    ORDER = (Bill, Payment, JournalEntry, JournalLine, Allocation)

    def __init__(self) -> None:
        self._rows: dict[Any, list[dict[str, Any]]] = {model: [] for model in self.ORDER}
        self._ids: Counter[Any] = Counter()
        for model in self.ORDER:
            self._ids[model] = db.session.execute(select(func.coalesce(func.max(model.id), 0))).scalar_one()

    def next_id(self, model: Any) -> int:
        """Return the next id of a table."""
        self._ids[model] += 1
        return self._ids[model]

    def add(self, model: Any, row: dict[str, Any]) -> None:
        """Take a row; write all that wait when there are many."""
        rows = self._rows[model]
        rows.append(row)
        if len(rows) >= BATCH:
            self.write()

    def write(self) -> None:
        """Write what waits."""
        for model, rows in self._rows.items():
            write(model, rows)
            rows.clear()

    def post(
        self,
        kind: EntryKind,
        tenant_id: int,
        owner_id: int,
        moment: datetime,
        sides: list[tuple[Ledger, int, int, int]],
        **about: Any,
    ) -> None:
        """Post an entry as books/services.py does; ``sides`` are ledger, holder, amount, owner."""
        entry_id = self.next_id(JournalEntry)
        row = {
            "id": entry_id,
            "tenant_id": tenant_id,
            "owner_id": owner_id,
            "kind": kind.value,
            "posted_on": to_dhaka(moment).date(),
            "at": moment,
            "by_id": None,
            "bill_id": None,
            "payment_id": None,
            "note": "",
        }
        row.update(about)
        self.add(JournalEntry, row)
        for ledger, holder_id, amount, line_owner in sides:
            if amount:
                self.add(
                    JournalLine,
                    {
                        "id": self.next_id(JournalLine),
                        "tenant_id": tenant_id,
                        "owner_id": line_owner,
                        "entry_id": entry_id,
                        "ledger": ledger.value,
                        "holder_id": holder_id,
                        "amount": amount,
                    },
                )


def write(model: Any, rows: list[dict[str, Any]]) -> None:
    """Insert rows of one shape; columns that they do not name get their defaults."""
    if rows:
        db.session().connection().execute(insert(model.__table__), rows)


def load_customers(actors: dict[str, Actor], zones: dict[str, list[int]], chance: random.Random) -> list[_Line]:
    """Load every owner's customers and return what their bills are made of."""
    lines: list[_Line] = []
    for owner, _share in SHARES:
        with acting_as(actors[owner]), transaction():
            lines += _load_customers_of(actors[owner], zones[owner], len(lines), chance)
    return lines


def _load_customers_of(owner: Actor, zones: list[int], before: int, chance: random.Random) -> list[_Line]:
    packages = {row.name: row for row in db.session.execute(select(Package)).scalars()}
    profiles = {row.name: row for row in db.session.execute(select(BillingProfile)).scalars()}
    chains = {name: _chain(owner.id, package) for name, package in packages.items()}
    count = customers_of(owner.email, "large")
    first_number = next_number(owner.tenant_id or 0, CUSTOMERS, count)
    lines: list[_Line] = []
    rows: list[dict[str, Any]] = []
    for number in range(count):
        wanted = line_of(owner.email, number)
        package, profile = packages[wanted.package], profiles[wanted.profile]
        details = made_up(owner.email, number, (package.id, package.connection_type), profile.id, zones, chance)
        row = {name: value for name, value in vars(details).items() if name != "registered_on"}
        row |= {
            "id": before + number + 1,
            "tenant_id": owner.tenant_id,
            "owner_id": owner.id,
            "number": first_number + number,
            "mobile": normal_mobile(details.mobile),
            "username_key": details.username.lower(),
            "search_text": search_text(details.name, details.name_bn, details.username, normal_mobile(details.mobile)),
            "registered_on": today(),
            "created_by_id": owner.id,
            "suspend_at": None if profile.cycle == Cycle.FREE else now(),
        }
        rows.append(row)
        lines.append(
            _Line(
                id=row["id"],
                owner=owner.email,
                tenant_id=owner.tenant_id or 0,
                owner_id=owner.id,
                name=details.name,
                mobile=row["mobile"],
                username=details.username,
                package=package,
                profile=profile,
                chain=chains[wanted.package][0],
                prices=chains[wanted.package][1],
            )
        )
        if len(rows) >= BATCH:
            write(Customer, rows)
            rows.clear()
    write(Customer, rows)
    for row in (*packages.values(), *profiles.values()):
        db.session.expunge(row)
    return lines


def _chain(owner_id: int, package: Package) -> tuple[list[int], list[int]]:
    """Return who pays whom for a package, from the owner up to the Group Admin, and the price of each level."""
    accounts, prices = [owner_id], []
    with everywhere("the price chain goes up to the Group Admin"):
        payer = db.session.get_one(Account, owner_id)
        while payer.kind != Kind.GROUP_ADMIN:
            offer = select(PackageOffer.price).where(
                PackageOffer.package_id == package.id, PackageOffer.account_id == payer.id
            )
            prices.append(db.session.execute(offer).scalar_one())
            payer = db.session.get_one(Account, payer.parent_id)
            accounts.append(payer.id)
    return accounts, prices


def load_history(actors: dict[str, Actor], lines: list[_Line], first_month: date, chance: random.Random) -> None:
    """Load the bills and payments of every month up to today, and how customers and counters then stand."""
    history = _History(actors, chance)
    month = first_month
    while month <= today():
        with everywhere("the large demo spans two tenants"), transaction():
            history.load_month(lines, month)
        month = next_month(month)
    with everywhere("the large demo spans two tenants"), transaction():
        history.close(lines)


class _History:
    """Twelve months of business, month by month."""

    def __init__(self, actors: dict[str, Actor], chance: random.Random) -> None:
        self._chance = chance
        self._collectors = {owner: actors[email].id for owner, email in COLLECTORS.items()}
        self._debit = {actors[email].id: actors[email].parent_id or 0 for email in (NORTH, SOUTH, GHAT)}
        self._tenants = {actor.id: actor.tenant_id or 0 for actor in actors.values()}
        self._numbers: dict[str, Counter[int]] = {BILLS: Counter(), RECEIPTS: Counter()}
        self._taken: Counter[int] = Counter()

    def load_month(self, lines: list[_Line], month: date) -> None:
        """Raise the month's bills, then take the cash of its visits in the order of time."""
        self._batches = _Batches()
        self._settled: dict[int, dict[str, Any]] = {}
        visits: list[_Visit] = []
        raised_at = past(at(month, 0, 10))
        for line in lines:
            if line.profile.cycle == Cycle.MONTHLY:
                self._monthly(line, month, raised_at, visits)
            elif line.profile.cycle != Cycle.FREE:
                self._recharges(line, month, visits)
        self._batches.write()
        self._update_settled()
        self._pay_for_operators(month)
        for planned in sorted(visits):
            self._take(planned)
        self._batches.write()

    def _monthly(self, line: _Line, month: date, raised_at: datetime, visits: list[_Visit]) -> None:
        chance = self._chance
        is_present = month == today().replace(day=1)
        bill = _OpenBill(self._batches.next_id(Bill), 0, due_date(line.profile, month), taken=[0] * len(line.prices))
        row = self._bill(line, bill, Purpose.MONTHLY, line.package.price, month_of(month), raised_at, by_id=None)
        pays = chance.random() < (PAYS_THIS_MONTH if is_present else PAYS) and not (is_present and line.owner == GHAT)
        moment, roll, request_id = (
            visit(month, today(), chance),
            chance.random(),
            str(UUID(int=chance.getrandbits(128))),
        )
        line.open.append(bill)
        if pays:
            due = line.due
            amount = paid_by(line.owner, due, roll)
            # advance is left in the present month alone: no bill comes after it that it would have to settle
            amount = amount if is_present else min(amount, due)
            planned = _Visit(past(moment), line.id, line, amount, request_id)
            self._allocate(line, planned, {bill.id: row})
            visits.append(planned)
        self._batches.add(Bill, row)

    def _bill(
        self,
        line: _Line,
        bill: _OpenBill,
        purpose: Purpose,
        amount: int,
        period: tuple[date, date],
        moment: datetime,
        by_id: int | None,
    ) -> dict[str, Any]:
        """Post a bill and return its row."""
        vat = vat_on(amount, line.profile.vat_basis_points)
        bill.total = amount + vat
        levels = [share(price, amount, line.package.price) for price in line.prices]
        self._numbers[BILLS][line.tenant_id] += 1
        self._batches.post(
            EntryKind.BILL,
            line.tenant_id,
            line.owner_id,
            moment,
            [
                (Ledger.CUSTOMER, line.id, bill.total, line.owner_id),
                (Ledger.INCOME, line.owner_id, -amount, line.owner_id),
                (Ledger.VAT, line.owner_id, -vat, line.owner_id),
            ],
            bill_id=bill.id,
            by_id=by_id,
        )
        return {
            "id": bill.id,
            "tenant_id": line.tenant_id,
            "owner_id": line.owner_id,
            "number": self._numbers[BILLS][line.tenant_id],
            "customer_id": line.id,
            "customer_name": line.name,
            "customer_mobile": line.mobile,
            "customer_username": line.username,
            "package_id": line.package.id,
            "purpose": purpose.value,
            "month": period[0] if purpose == Purpose.MONTHLY else None,
            "package_price": line.package.price,
            "operator_price": line.prices[0] if line.prices else 0,
            "upper_price": line.prices[1] if len(line.prices) > 1 else 0,
            "period_from": period[0],
            "period_to": period[1],
            "due_on": bill.due_on,
            "amount": amount,
            "vat_basis_points": line.profile.vat_basis_points,
            "vat": vat,
            "total": bill.total,
            "paid": 0,
            "operator_amount": levels[0] if levels else 0,
            "operator_taken": 0,
            "upper_amount": levels[1] if len(levels) > 1 else 0,
            "upper_taken": 0,
            "issued_at": moment,
            "issued_by_id": by_id,
        }

    def _allocate(self, line: _Line, planned: _Visit, fresh: dict[int, dict[str, Any]]) -> None:
        """Spread a payment over the open bills, oldest first; what is left is advance."""
        left = planned.amount
        for bill in line.open:
            part = min(left, bill.total - bill.paid)
            if not part:
                break
            left -= part
            bill.paid += part
            deltas = []
            for level, price in enumerate(line.prices):
                # the bills of the history bear no discount: gross is the total (spec §11.2)
                taken = share(price, bill.paid, bill.total)
                deltas.append(taken - bill.taken[level])
                bill.taken[level] = taken
                self._taken[line.chain[level]] += deltas[level]
            planned.parts.append((bill.id, part, deltas))
            row = fresh.get(bill.id) or self._settled.setdefault(bill.id, {"row_id": bill.id})
            row["paid"] = bill.paid
            row["operator_taken"] = bill.taken[0] if bill.taken else 0
            row["upper_taken"] = bill.taken[1] if len(bill.taken) > 1 else 0
        line.advance += left
        line.open = [bill for bill in line.open if bill.paid < bill.total]

    def _recharges(self, line: _Line, month: date, visits: list[_Visit]) -> None:
        """Plan the month's recharges: bill and payment at one moment."""
        daily = line.profile.cycle == Cycle.DAILY
        for day in (1, 16) if daily else (1,):
            moment = at(
                month + timedelta(days=day - 1 + self._chance.randrange(8)),
                self._chance.randrange(9, 20),
                self._chance.randrange(60),
            )
            request_id = str(UUID(int=self._chance.getrandbits(128)))
            if moment > now():
                continue
            amount = line.package.price * (RECHARGE_DAYS if daily else 1)
            visits.append(_Visit(moment, line.id, line, amount, request_id))
            line.suspend_at = moment + (
                timedelta(days=RECHARGE_DAYS) if daily else timedelta(hours=line.package.validity_hours or 0)
            )
            for level, price in enumerate(line.prices):
                self._taken[line.chain[level]] += share(price, amount, line.package.price)

    def _update_settled(self) -> None:
        """Bring bills of earlier months, already written, to what is paid on them by the end of this one."""
        if self._settled:
            db.session().connection().execute(
                update(Bill.__table__)
                .where(Bill.__table__.c.id == bindparam("row_id"))
                .values(
                    paid=bindparam("paid"),
                    operator_taken=bindparam("operator_taken"),
                    upper_taken=bindparam("upper_taken"),
                ),
                list(self._settled.values()),
            )

    def _pay_for_operators(self, month: date) -> None:
        """Let every Operator pay in what the payments of the month take: its account ends the month as it began."""
        for account_id, parent_id in self._debit.items():
            amount, tenant_id = self._taken.pop(account_id, 0), self._tenants[account_id]
            if amount:
                self._batches.post(
                    EntryKind.OPERATOR_BALANCE,
                    tenant_id,
                    account_id,
                    past(at(month, 0, 30)),
                    [
                        (Ledger.BUSINESS, parent_id, amount, parent_id),
                        (Ledger.OPERATOR, account_id, -amount, account_id),
                    ],
                )

    def _take(self, planned: _Visit) -> None:
        """Write a payment with its allocations and what it takes from the Operators' accounts."""
        line, moment = planned.line, planned.moment
        holder_id = self._collectors[line.owner]
        if not planned.parts:
            self._recharge(planned, holder_id)
        self._numbers[RECEIPTS][line.tenant_id] += 1
        payment_id = self._batches.next_id(Payment)
        paid_on = to_dhaka(moment).date()
        self._batches.add(
            Payment,
            {
                "id": payment_id,
                "tenant_id": line.tenant_id,
                "owner_id": line.owner_id,
                "number": self._numbers[RECEIPTS][line.tenant_id],
                "customer_id": line.id,
                "amount": planned.amount,
                "unallocated": planned.amount - sum(part for _bill, part, _deltas in planned.parts),
                "method": Method.CASH.value,
                "collected_by_id": holder_id,
                "paid_on": paid_on,
                "received_at": moment,
                "request_id": planned.request_id,
            },
        )
        self._batches.post(
            EntryKind.PAYMENT,
            line.tenant_id,
            line.owner_id,
            moment,
            [
                # a person's cash lies with the customer's owner here: everybody collects for the own parent account
                (Ledger.CASH, holder_id, planned.amount, line.owner_id),
                (Ledger.CUSTOMER, line.id, -planned.amount, line.owner_id),
            ],
            payment_id=payment_id,
            by_id=holder_id,
        )
        for bill_id, part, deltas in planned.parts:
            self._batches.add(
                Allocation,
                {
                    "tenant_id": line.tenant_id,
                    "owner_id": line.owner_id,
                    "payment_id": payment_id,
                    "bill_id": bill_id,
                    "amount": part,
                    "made_at": moment,
                },
            )
            for level, delta in enumerate(deltas):
                payer, payee = line.chain[level : level + 2]
                self._batches.post(
                    EntryKind.OPERATOR_AMOUNT,
                    line.tenant_id,
                    line.owner_id,
                    moment,
                    [(Ledger.OPERATOR, payer, delta, payer), (Ledger.WHOLESALE, payee, -delta, payee)],
                    bill_id=bill_id,
                    by_id=holder_id,
                )

    def _recharge(self, planned: _Visit, holder_id: int) -> None:
        line, day = planned.line, to_dhaka(planned.moment).date()
        days = RECHARGE_DAYS if line.profile.cycle == Cycle.DAILY else (line.package.validity_hours or 0) // 24
        bill = _OpenBill(self._batches.next_id(Bill), 0, day)
        row = self._bill(
            line,
            bill,
            Purpose.RECHARGE,
            planned.amount,
            (day, day + timedelta(days=days - 1)),
            planned.moment,
            by_id=holder_id,
        )
        row["paid"], row["operator_taken"], row["upper_taken"] = (
            row["total"],
            row["operator_amount"],
            row["upper_amount"],
        )
        self._batches.add(Bill, row)
        deltas = [share(price, planned.amount, line.package.price) for price in line.prices]
        planned.parts.append((bill.id, planned.amount, deltas))

    def close(self, lines: list[_Line]) -> None:
        """Bring customers and counters to where the history ends."""
        connection = db.session().connection()
        table = Customer.__table__
        statement = (
            update(table)
            .where(table.c.id == bindparam("row_id"))
            .values(
                {
                    name: bindparam(f"new_{name}")
                    for name in (
                        "due",
                        "paid_on_open",
                        "advance",
                        "suspend_at",
                        "status",
                        "status_reason",
                        "status_cause",
                    )
                }
            )
        )
        for start in range(0, len(lines), BATCH):
            connection.execute(statement, [self._standing(line) for line in lines[start : start + BATCH]])
        for series, numbers in self._numbers.items():
            for tenant_id, count in sorted(numbers.items()):
                next_number(tenant_id, series, count)

    def _standing(self, line: _Line) -> dict[str, Any]:
        suspended = len(line.open) > 1 and line.owner != GHAT and self._chance.random() < SUSPENDED
        suspend_at = line.suspend_at
        if line.profile.cycle == Cycle.MONTHLY:
            suspend_at = end_of_day(line.open[0].due_on) if line.open else paid_up_to(line.profile, next_month(today()))
        return {
            "row_id": line.id,
            "new_due": line.due,
            "new_paid_on_open": sum(bill.paid for bill in line.open),
            "new_advance": line.advance,
            "new_suspend_at": suspend_at,
            "new_status": (CustomerStatus.SUSPENDED if suspended else CustomerStatus.ACTIVE).value,
            "new_status_reason": "Not paid in time" if suspended else "",
            "new_status_cause": NON_PAYMENT if suspended else "",
        }
