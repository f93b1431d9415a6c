"""The collection list: who owes and where, what came of a visit, what a person has taken today (spec §5.3)."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, and_, case, false, func, literal_column, not_, or_, select, union_all
from sqlalchemy.orm import joinedload

from app.access.actor import Actor, current_actor, shown_number
from app.accounts.models import Account
from app.activity.recorder import record
from app.billing.models import Bill
from app.billing.settlement import lock_customer
from app.books.models import Figure, FigureSeries
from app.books.once import request_uuid
from app.core.clock import now, start_of_day, today
from app.core.database import db
from app.core.errors import Refused
from app.customers.models import Customer
from app.customers.queries import matching, present
from app.packages.models import Zone
from app.payments.models import Method, Outcome, Payment, Visit
from app.payments.services import recorded_by

PAGE_SIZE = 50
LATEST_PROMISE_DAYS = 30
"""How many days ahead a customer may promise to pay."""

NO_ZONE = "none"
"""What the address says for customers without a zone."""


@dataclass(frozen=True)
class Asked:
    """What part of the list is asked for: one zone (its id, or NO_ZONE), a search, those put off to a later date."""

    zone: str = ""
    query: str = ""
    later: bool = False
    page: int = 1


@dataclass(frozen=True)
class Taken:
    """What a person has taken from a customer today, in paisa, and the last receipt over it."""

    amount: int
    payment_id: int
    number: int


@dataclass(frozen=True)
class Stop:
    """A customer on the list: open bills, the last visit while it still tells something, today's money."""

    customer: Customer
    bills: list[Bill]
    visit: Visit | None
    taken: Taken | None

    @property
    def is_promised_now(self) -> bool:
        """Whether the date the customer promised has come."""
        return self.visit is not None and self.visit.promised_for is not None and self.visit.promised_for <= today()

    @property
    def was_out_today(self) -> bool:
        """Whether nobody was at home today."""
        return (
            self.visit is not None and self.visit.outcome == Outcome.NOT_HOME and self.visit.at >= start_of_day(today())
        )


@dataclass(frozen=True)
class ZoneSum:
    """How many customers of a zone are to be visited and what they owe, in paisa."""

    zone: str
    name: str
    count: int
    due: int


@dataclass(frozen=True)
class Sums:
    """Who is to be visited now, by zone, and who is put off to a later date."""

    zones: list[ZoneSum]
    later: int

    @property
    def count(self) -> int:
        """How many customers are to be visited now."""
        return sum(zone.count for zone in self.zones)

    @property
    def due(self) -> int:
        """What they owe, in paisa."""
        return sum(zone.due for zone in self.zones)


@dataclass(frozen=True)
class Round:
    """One page of the list."""

    stops: list[Stop]
    has_next: bool


@dataclass(frozen=True)
class Day:
    """What a person has taken today, in paisa, by customer; ``customers`` is the statement of whom it was taken from."""

    taken: dict[int, Taken] = field(default_factory=dict)
    customers: Select[tuple[int]] | None = None

    @property
    def amount(self) -> int:
        """What was taken in all, in paisa."""
        return sum(one.amount for one in self.taken.values())


def taken_today(actor: Actor) -> Day:
    """Return the cash this person has taken that is dated today; void payments do not count."""
    customers = select(Payment.customer_id).where(
        Payment.tenant_id == actor.tenant_id,
        Payment.collected_by_id == actor.id,
        Payment.paid_on == today(),
        Payment.method == Method.CASH.value,
        Payment.voided_at.is_(None),
    )
    rows = db.session.execute(
        customers.add_columns(Payment.amount, Payment.id, Payment.number).order_by(Payment.id)
    ).all()
    taken: dict[int, Taken] = {}
    for customer_id, amount, payment_id, number in rows:
        before = taken[customer_id].amount if customer_id in taken else 0
        taken[customer_id] = Taken(before + amount, payment_id, number)
    return Day(taken, customers if taken else None)


def _with_last_visit(statement: Select[Any]) -> Select[Any]:
    # visits are few beside those who owe: found once, not once for each customer
    last = select(Visit.customer_id, func.max(Visit.id).label("id")).group_by(Visit.customer_id).subquery()
    return statement.outerjoin(last, last.c.customer_id == Customer.id).outerjoin(Visit, Visit.id == last.c.id)


def _put_off() -> Select[Any]:
    # whom to leave out of a count: in this shape the count is read from an index alone
    last = select(func.max(Visit.id)).group_by(Visit.customer_id)
    return select(Visit.customer_id).where(Visit.promised_for > today(), Visit.id.in_(last)).correlate(None)


def _is_put_off() -> ColumnElement[bool]:
    return func.coalesce(Visit.promised_for > today(), False)


def _has_paid_since() -> ColumnElement[bool]:
    # money makes good what the last visit left open: a promise is kept, who was out has been met
    payment = (
        select(Payment.id)
        .where(
            Payment.tenant_id == Customer.tenant_id,
            Payment.customer_id == Customer.id,
            Payment.voided_at.is_(None),
            Payment.received_at >= Visit.at,
        )
        .correlate(Customer, Visit)
        .exists()
    )
    # most customers were never visited in vain: of them no payment need be read
    return case((Visit.id.is_(None), false()), else_=payment)


def _searched(query: str) -> list[Any]:
    if not query:
        return []
    places = (column.icontains(query, autoescape=True) for column in (Customer.house, Customer.road, Customer.address))
    return [or_(matching(query), *places)]


def _in_zone(zone: str) -> list[Any]:
    if not zone:
        return []
    return [Customer.zone_id.is_(None) if zone == NO_ZONE else Customer.zone_id == int(zone)]


def sums(query: str = "") -> Sums:
    """Count and add up who owes in the scope at work, by zone; with a search, of those it finds."""
    return _sums_of_found(query) if query else _sums_kept()


def _sums_of_found(query: str) -> Sums:
    put_off = Customer.id.in_(_put_off()).label("put_off")
    rows = db.session.execute(
        present()
        .where(Customer.due > 0, *_searched(query))
        .outerjoin(Zone, Zone.id == Customer.zone_id)
        .with_only_columns(
            Customer.zone_id,
            Zone.name,
            Zone.owner_id,
            func.count(),
            func.sum(Customer.due),
            put_off,
            maintain_column_froms=True,
        )
        .group_by(Customer.zone_id, Zone.id, Zone.name, Zone.owner_id, put_off)
        .order_by(*_zone_order())
    ).all()
    now_due = [_ZoneRow(*row[:5]) for row in rows if not row.put_off]
    return _named(now_due, later=sum(row[3] for row in rows if row.put_off))


def _sums_kept() -> Sums:
    """Return the sums of the whole list: kept already but for those who are put off, which are few."""
    rows = db.session.execute(
        select(Figure.zone_id, Zone.name, Zone.owner_id, func.sum(Figure.number), func.sum(Figure.amount))
        .outerjoin(Zone, Zone.id == Figure.zone_id)
        .where(Figure.series == FigureSeries.OWING.value)
        .group_by(Figure.zone_id, Zone.id, Zone.name, Zone.owner_id)
        .order_by(*_zone_order())
    ).all()
    put_off = _put_off().correlate(None).distinct().subquery()
    later = {
        zone_id: (count, due)
        for zone_id, count, due in db.session.execute(
            select(Customer.zone_id, func.count(), func.sum(Customer.due))
            # from the visits to their customers: the other way round everybody who owes would be read
            .select_from(put_off.join(Customer, Customer.id == put_off.c.customer_id))
            .where(Customer.deleted_at.is_(None), Customer.due > 0)
            .group_by(Customer.zone_id)
        )
    }
    found = []
    for zone_id, name, owner_id, count, due in rows:
        later_count, later_due = later.get(zone_id, (0, 0))
        if count > later_count:
            found.append(_ZoneRow(zone_id, name, owner_id, int(count) - later_count, int(due) - int(later_due)))
    return _named(found, later=sum(count for count, _due in later.values()))


@dataclass(frozen=True)
class _ZoneRow:
    """A zone as the database knows it, with how many are to be visited there and what they owe in paisa."""

    zone_id: int | None
    name: str | None
    owner_id: int | None
    count: int
    due: int


def _zone_order() -> list[Any]:
    return [Zone.id.is_(None), Zone.name, Zone.id]


def _named(rows: list[_ZoneRow], later: int) -> Sums:
    names = Counter(row.name for row in rows)
    owners = _account_names({row.owner_id for row in rows if row.owner_id is not None and names[row.name] > 1})
    zones = [
        ZoneSum(
            NO_ZONE if row.zone_id is None else str(row.zone_id),
            # two owners may have a zone of the same name: who sees both is told whose it is
            " · ".join(
                part
                for part in (
                    row.name or _("Without a zone"),
                    owners.get(row.owner_id or 0, "") if names[row.name] > 1 else "",
                )
                if part
            ),
            row.count,
            int(row.due),
        )
        for row in rows
    ]
    return Sums(zones, later)


def to_collect() -> tuple[int, int]:
    """Return how many customers are to be visited now, and what they owe in paisa: the sums of the list, in one row.

    Those who owe are counted already; only those put off are read, which are few.
    """
    # from the visits to their customers: the other way round everybody who owes would be read
    put_off = _put_off().correlate(None).distinct().subquery()
    later = (
        select(func.count().label("number"), func.coalesce(func.sum(Customer.due), 0).label("due"))
        .select_from(put_off.join(Customer, Customer.id == put_off.c.customer_id))
        .where(Customer.deleted_at.is_(None), Customer.due > 0)
        .subquery()
    )
    owing, due = (func.coalesce(func.sum(figure), 0) for figure in (Figure.number, Figure.amount))
    count, paisa = db.session.execute(
        select(owing - func.max(later.c.number), due - func.max(later.c.due)).select_from(
            later.outerjoin(Figure, Figure.series == FigureSeries.OWING.value)
        )
    ).one()
    return int(count), int(paisa)


def _account_names(ids: set[int]) -> dict[int, str]:
    if not ids:
        return {}
    return {row.id: row.name for row in db.session.execute(select(Account.id, Account.name).where(Account.id.in_(ids)))}


def stops(asked: Asked, day: Day, whole: Sums) -> Round:
    """Return a page of the list in the order of the walk; ``whole`` are the sums of the whole list.

    First whose promised date has come, then by zone and address, with who has paid today in place, last who was out
    today. The later list is ordered by the promised date.
    """
    is_owing = Customer.due > 0
    statement = _with_last_visit(present().where(*_searched(asked.query), *_in_zone(asked.zone)))
    if asked.later:
        statement = statement.where(is_owing, Customer.id.in_(_told()), _is_put_off()).order_by(Visit.promised_for)
    else:
        if not asked.query:
            statement = statement.where(Customer.id.in_(_near(asked, day, whole)))
        met = is_owing if day.customers is None else or_(is_owing, Customer.id.in_(day.customers))
        statement = statement.where(met, or_(Customer.due == 0, ~_is_put_off())).order_by(_rank())
    # the order is worked out on ids alone: sorting whole rows of everybody who owes takes several times as long
    rows = db.session.execute(
        statement.with_only_columns(Customer.id, Visit.id, _has_paid_since(), maintain_column_froms=True)
        .outerjoin(Zone, Zone.id == Customer.zone_id)
        .order_by(*_zone_order(), *_street_order())
        .limit(PAGE_SIZE + 1)
        .offset(PAGE_SIZE * (asked.page - 1))
    ).all()
    customers, visits = _read(Customer, [row[0] for row in rows]), _read(Visit, [row[1] for row in rows])
    shown = [(customers[row[0]], visits.get(row[1]), row[2]) for row in rows[:PAGE_SIZE]]
    bills = _open_bills([customer.id for customer, _visit, _paid in shown])
    return Round(
        [
            # a date put off stays put off when a part comes in
            Stop(customer, bills[customer.id], visit if asked.later or not paid else None, day.taken.get(customer.id))
            for customer, visit, paid in shown
        ],
        has_next=len(rows) > PAGE_SIZE,
    )


def _told() -> Select[Any]:
    """Return the statement of those who owe and whose last visit may move them out of the walk."""
    last = select(func.max(Visit.id)).group_by(Visit.customer_id).correlate(None)
    tells = or_(
        Visit.promised_for.is_not(None),
        and_(Visit.outcome == Outcome.NOT_HOME.value, Visit.at >= start_of_day(today())),
    )
    return (
        select(Visit.customer_id)
        .join(Customer, Customer.id == Visit.customer_id)
        .where(Customer.due > 0, Visit.id.in_(last), tells)
        .correlate(None)
    )


def _near(asked: Asked, day: Day, sums_of_all: Sums) -> Any:
    """Return the statement of who can stand on the page or before it.

    To put everybody who owes in order for a page of fifty takes the longer the more they are. An index has them in the order of
    the walk, zone by zone; besides stand only those whom a visit or today's money moves.
    """
    told = _told()
    moved = db.session.execute(select(func.count()).select_from(told.subquery())).scalar_one()
    wanted = PAGE_SIZE * asked.page + 1 + moved
    whole, last = _zones_for(asked, sums_of_all, wanted)
    arms = [told]
    if day.customers is not None:
        arms.append(day.customers)
    # in this very shape the index offers itself: a value that comes apart from the statement would not prove that it fits
    owing = present().where(Customer.due > literal_column("0")).with_only_columns(Customer.id)
    if whole:
        arms.append(owing.where(Customer.zone_id.in_([int(zone) for zone in whole])))
    if last:
        nearest = owing.where(*_in_zone(last)).order_by(Customer.zone_id, *_street_order()).limit(wanted).subquery()
        arms.append(select(nearest.c.id))
    return union_all(*arms)


def _zones_for(asked: Asked, sums_of_all: Sums, wanted: int) -> tuple[list[str], str]:
    """Return the zones that the walk leads through altogether before it has met so many, and the one it comes to last."""
    if asked.zone:
        return [], asked.zone
    whole: list[str] = []
    for zone in sums_of_all.zones:
        wanted -= zone.count
        if wanted <= 0 or zone.zone == NO_ZONE:
            return whole, zone.zone
        whole.append(zone.zone)
    return whole, ""


def _read(model: type[Any], ids: list[int | None]) -> dict[int, Any]:
    wanted = [one for one in ids if one is not None]
    statement = select(model).where(model.id.in_(wanted))
    if model is Customer:
        statement = statement.options(joinedload(Customer.zone))
    return {row.id: row for row in db.session.execute(statement).scalars()} if wanted else {}


def _rank() -> ColumnElement[int]:
    still_says = and_(Customer.due > 0, not_(_has_paid_since()))
    return case(
        (and_(Visit.promised_for <= today(), still_says), 0),
        (and_(Visit.outcome == Outcome.NOT_HOME.value, Visit.at >= start_of_day(today()), still_says), 2),
        else_=1,
    )


def _street_order() -> list[Any]:
    # the shorter first: house 9 comes before house 12. As the indexes of the walk have it
    by_length = [part for column in (Customer.road, Customer.house) for part in (func.length(column), column)]
    return [Customer.address, *by_length, Customer.id]


def _open_bills(customer_ids: list[int]) -> dict[int, list[Bill]]:
    found: dict[int, list[Bill]] = defaultdict(list)
    rows = db.session.execute(
        select(Bill)
        .where(Bill.customer_id.in_(customer_ids), Bill.voided_at.is_(None), Bill.paid < Bill.total)
        .order_by(Bill.period_from, Bill.id)
    ).scalars()
    for bill in rows:
        found[bill.customer_id].append(bill)
    return found


def next_stop(asked: Asked, day: Day, after: int) -> Stop | None:
    """Return who comes next on the page of the list after this customer, or else the first who still owes there."""
    page = stops(replace(asked, later=False), day, sums()).stops
    here = next((index for index, stop in enumerate(page) if stop.customer.id == after), -1)
    return next(
        (stop for stop in page[here + 1 :] + page[: here + 1] if stop.customer.due and stop.customer.id != after), None
    )


def not_home(customer: Customer) -> Visit:
    """Note that nobody was at home: the customer goes to the end of today's list. Raises Refused."""
    return _visited(customer, Outcome.NOT_HOME, None)


def promised(customer: Customer, day: date) -> Visit:
    """Note that the customer will pay on a day: off the list until then, first on it from then on. Raises Refused."""
    latest = today() + timedelta(days=LATEST_PROMISE_DAYS)
    if not today() <= day <= latest:
        raise Refused(
            _("Choose a day from today on, at most %(count)s days ahead.", count=shown_number(LATEST_PROMISE_DAYS)),
            "promised_for",
        )
    return _visited(customer, Outcome.PROMISED, day)


def _visited(customer: Customer, outcome: Outcome, day: date | None) -> Visit:
    actor = current_actor()
    if actor is None:
        raise RuntimeError("a visit is made by a person")
    customer = lock_customer(customer)
    if customer.due == 0:
        raise Refused(_("Nothing is due from this customer any more."))
    visit = Visit(
        tenant_id=customer.tenant_id,
        owner_id=customer.owner_id,
        customer_id=customer.id,
        account_id=actor.id,
        outcome=outcome,
        promised_for=day,
        at=now(),
    )
    db.session.add(visit)
    db.session.flush()
    record(
        "customers",
        f"visit.{outcome}",
        tenant_id=customer.tenant_id,
        owner_id=customer.owner_id,
        subject=visit,
        customer_id=customer.id,
        number=customer.number,
        customer=customer.name,
        customer_bn=customer.name_bn,
        **({"promised_day": day} if day else {}),
    )
    return visit


def ensure_still_due(customer: Customer, quoted: str, request_id: str) -> None:
    """Make sure, before "take all" is recorded, that the customer still owes what the sheet said (paisa).

    A colleague may have taken the money since the list was opened; it would all become advance. The same request again
    passes, because it records nothing. Call in the transaction that records; raises Refused.
    """
    customer = lock_customer(customer)
    if str(customer.due) != quoted and recorded_by(request_uuid(request_id), customer) is None:
        raise Refused(
            _("What is due has changed since the list was opened. Nothing was recorded: compare it with what you got.")
        )
