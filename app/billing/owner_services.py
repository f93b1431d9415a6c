"""Customers and their owners: suspended with the owner's account and brought back with it, moved to another owner."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, inspect, select, update

from app.access.scope import current_scope, everywhere, get_or_404
from app.accounts.models import PARENTS, Account, AccountStatus, Kind
from app.activity.recorder import record
from app.billing.models import Bill
from app.billing.services import prices_of
from app.billing.settlement import leave_owner
from app.books.models import JournalEntry, JournalLine
from app.core.database import Base, db, locked
from app.core.errors import NotFound, Refused
from app.core.language import fold
from app.core.ownership import Owned
from app.customers.custom_fields import custom_fields
from app.customers.models import Customer, CustomerStatus
from app.customers.services import change_status
from app.packages.models import Device, Package, Zone
from app.packages.queries import packages_on_offer, profiles_on_offer

STAYS = (JournalEntry, JournalLine)
"""What stays with the owner it was posted for when a customer moves (architecture: row scope)."""


SUSPENDED_WITH = "owner:"
"""What the cause of a suspension begins with that came with the owner's account; the account's id follows."""


SUSPEND_WITH_OWNER, BRING_BACK_WITH_OWNER = "suspend-with-owner", "bring-back-with-owner"
"""Jobs that do it to many."""


# --- Suspended and brought back with their owner -----------------------------------------------------------------


def cause_of(account: Account) -> str:
    """Return what a customer's ``status_cause`` says when it was suspended together with an account."""
    return f"{SUSPENDED_WITH}{account.id}"


def _customers_of(account: Account) -> Any:
    """Return the condition for the customers of an account and of the Sub-Operators below it."""
    below = select(Account.id).where(Account.parent_id == account.id, Account.kind == Kind.SUB_OPERATOR.value)
    return Customer.deleted_at.is_(None) & (Customer.owner_id.in_(below) | (Customer.owner_id == account.id))


def _count(condition: Any) -> int:
    return db.session.execute(select(func.count(Customer.id)).where(condition)).scalar_one()


def customers_of(account: Account) -> int:
    """Return how many customers an account owns itself, deleted ones left out."""
    return _count(Customer.deleted_at.is_(None) & (Customer.owner_id == account.id))


def active_customers(account: Account) -> int:
    """Return how many customers would be suspended with an account."""
    return _count(_customers_of(account) & (Customer.status == CustomerStatus.ACTIVE.value))


def suspended_with(account: Account) -> int:
    """Return how many customers were suspended with an account and are brought back with it."""
    return _count(_was_suspended_with(account))


def _was_suspended_with(account: Account) -> Any:
    return (
        Customer.deleted_at.is_(None)
        & (Customer.status == CustomerStatus.SUSPENDED.value)
        & (Customer.status_cause == cause_of(account))
    )


def suspend_customers_of(account: Account, most: int | None = None) -> int:
    """Suspend the active customers of an account and of those below it, ``most`` of them or all; return how many.

    They are marked, so that exactly they come back.
    """
    wanted = _customers_of(account) & (Customer.status == CustomerStatus.ACTIVE.value)
    reason = _("%(name)s is suspended", name=account.name)
    return _turn(wanted, CustomerStatus.SUSPENDED, reason, cause_of(account), most)


def bring_back_customers_of(account: Account, most: int | None = None) -> int:
    """Activate the customers that were suspended with an account, ``most`` of them or all, and no others; return how many.

    Whose status changed since keeps it.
    """
    return _turn(_was_suspended_with(account), CustomerStatus.ACTIVE, "", "", most)


def _turn(condition: Any, status: CustomerStatus, reason: str, cause: str, most: int | None) -> int:
    wanted = select(Customer).where(condition).order_by(Customer.id).limit(most)
    rows = db.session.execute(locked(wanted).execution_options(populate_existing=True)).scalars().all()
    for customer in rows:
        change_status(customer, status, reason, cause=cause)
    return len(rows)


# --- Moved to another owner --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mapping:
    """What customers get instead of packages and billing profiles that the new owner may not use, by id."""

    packages: dict[int, int] = field(default_factory=dict)
    profiles: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Replacement:
    """A package or profile the new owner may not use, how many customers have it, and what they may get instead."""

    row: Any
    count: int
    choices: list[Any]


def owners_in_scope() -> list[Account]:
    """Return the parent accounts of the scope, by name: who can own a customer."""
    kinds = [kind.value for kind in PARENTS]
    return list(
        db.session.execute(select(Account).where(Account.kind.in_(kinds)).order_by(Account.name, Account.id)).scalars()
    )


def new_owner(account_id: object) -> Account:
    """Return an account of the scope that can own customers. Raises NotFound for any other, Refused for one not active."""
    account = get_or_404(Account, account_id)
    if account.kind not in PARENTS or not current_scope().covers(account.tenant_id, account.id):
        raise NotFound("Account")
    if account.status != AccountStatus.ACTIVE:
        raise Refused(_("This account is not active."), "owner_id")
    return account


def replacements(customers: Iterable[Customer], owner: Account) -> tuple[list[Replacement], list[Replacement]]:
    """Return the packages and the profiles that need another one when customers move to an owner."""
    moving = [customer for customer in customers if customer.owner_id != owner.id]
    packages, profiles = packages_on_offer(owner_id=owner.id), profiles_on_offer(owner.id)
    return (
        list(_replaced(moving, "package", packages, lambda old, new: old.connection_type == new.connection_type)),
        list(_replaced(moving, "profile", profiles, lambda old, new: old.cycle == new.cycle)),
    )


def _replaced(customers: list[Customer], name: str, usable: list[Any], fits: Any) -> Iterator[Replacement]:
    known = {row.id for row in usable}
    counts: dict[int, int] = {}
    rows: dict[int, Any] = {}
    for customer in customers:
        row = getattr(customer, name)
        if row.id not in known:
            counts[row.id] = counts.get(row.id, 0) + 1
            rows[row.id] = row
    for row_id, row in sorted(rows.items()):
        # the one of the same name first
        choices = sorted((one for one in usable if fits(row, one)), key=lambda one: fold(one.name) != fold(row.name))
        yield Replacement(row, counts[row_id], choices)


def not_yet_moved(customer_ids: Iterable[int], owner: Account) -> set[int]:
    """Return which of the customers are not the owner's yet."""
    ids = set(customer_ids)
    there = select(Customer.id).where(Customer.id.in_(ids), Customer.owner_id == owner.id)
    return ids - set(db.session.execute(there).scalars())


def move_customers(
    customer_ids: Iterable[int], owner: Account, mapping: Mapping, each: Callable[[], None] = lambda: None
) -> int:
    """Move customers to another owner with their bills, payments and sessions; the journal stays as posted.

    All of them or none; ``each`` is called after each. Returns how many moved. Raises Refused for a package or profile that the new owner may not use
    and that ``mapping`` does not replace; for the form fields ``package_<id>`` and ``profile_<id>``.
    """
    ids = sorted(set(customer_ids))
    wanted = select(Customer).where(Customer.id.in_(ids), Customer.deleted_at.is_(None)).order_by(Customer.id)
    customers = db.session.execute(locked(wanted).execution_options(populate_existing=True)).scalars().all()
    if len(customers) != len(ids):
        raise NotFound("Customer")
    moving = [customer for customer in customers if customer.owner_id != owner.id]
    if not moving:
        raise Refused(_("These customers belong to that owner already."), "owner_id")
    mapping = checked_mapping(moving, owner, mapping)
    places = _Places(owner)
    moves = [(customer, customer.owner_id) for customer in moving]
    for customer in moving:
        if customer.status_cause.startswith(SUSPENDED_WITH):
            # it was cut off for its old owner's sake
            change_status(customer, CustomerStatus.ACTIVE)
        _move_details(customer, mapping, places)
    db.session.flush()
    for customer in moving:
        _move_bills(customer, owner)
        each()
    db.session.flush()
    for customer in moving:
        # by the row, as everything that webhooks are told of
        customer.owner_id = owner.id
    db.session.flush()
    _move_rows([customer.id for customer in moving], owner)
    for customer, old_owner_id in moves:
        _record_move(customer, old_owner_id, owner)
    return len(moving)


def checked_mapping(customers: Iterable[Customer], owner: Account, mapping: Mapping) -> Mapping:
    """Return what of a mapping these customers need. Raises Refused for a package or profile without a fitting one."""
    packages, profiles = replacements(customers, owner)
    return Mapping(_chosen(packages, mapping.packages, "package"), _chosen(profiles, mapping.profiles, "profile"))


def _chosen(needed: list[Replacement], chosen: dict[int, int], name: str) -> dict[int, int]:
    for one in needed:
        if chosen.get(one.row.id) not in [choice.id for choice in one.choices]:
            raise Refused(
                _("Choose what the new owner's customers get instead of %(name)s.", name=one.row.name),
                f"{name}_{one.row.id}",
            )
    return {one.row.id: chosen[one.row.id] for one in needed}


class _Places:
    """What a customer's zone, device and own fields are with the new owner."""

    def __init__(self, owner: Account) -> None:
        self._owner = owner
        self._zones = {zone.path: zone for zone in self._rows(Zone)}
        self._devices = {fold(device.name): device for device in self._rows(Device)}
        self._fields = {(fold(row.name), row.type): str(row.id) for row in custom_fields(owner.id)}
        self._old_fields: dict[int, dict[str, str]] = {}

    def _rows(self, model: Any) -> list[Any]:
        return list(db.session.execute(select(model).where(model.owner_id == self._owner.id)).scalars())

    def zone(self, zone: Zone | None) -> int | None:
        """Return the new owner's zone of the same path; what is missing of it is made."""
        if zone is None:
            return None
        if zone.path not in self._zones:
            above = db.session.get(Zone, zone.parent_id) if zone.parent_id else None
            made = Zone(
                tenant_id=zone.tenant_id,
                owner_id=self._owner.id,
                name=zone.name,
                parent_id=self.zone(above),
                path=zone.path,
            )
            db.session.add(made)
            db.session.flush()
            self._zones[zone.path] = made
        return self._zones[zone.path].id

    def device(self, device: Device | None) -> int | None:
        """Return the new owner's device of the same name, or none: a device stays where it hangs."""
        found = self._devices.get(fold(device.name)) if device else None
        return found.id if found else None

    def values(self, customer: Customer) -> dict[str, Any]:
        """Return the customer's own fields, those known to the new owner by name and type under its ids too."""
        if customer.owner_id not in self._old_fields:
            self._old_fields[customer.owner_id] = {
                str(row.id): key
                for row in custom_fields(customer.owner_id)
                if (key := self._fields.get((fold(row.name), row.type)))
            }
        renamed = self._old_fields[customer.owner_id]
        return {
            **customer.custom_fields,
            **{new: customer.custom_fields[old] for old, new in renamed.items() if old in customer.custom_fields},
        }


def _move_details(customer: Customer, mapping: Mapping, places: _Places) -> None:
    customer.zone_id = places.zone(customer.zone)
    customer.device_id = places.device(customer.device)
    customer.custom_fields = places.values(customer)
    customer.package_id = mapping.packages.get(customer.package_id, customer.package_id)
    customer.profile_id = mapping.profiles.get(customer.profile_id, customer.profile_id)


def _move_bills(customer: Customer, owner: Account) -> None:
    """Close the bills' accounts with the old owner's Operators; what is settled from now on is the new owner's to pay for."""
    with everywhere("the package may belong to an account above"):
        package = db.session.get_one(Package, customer.package_id)
    prices = prices_of(package, owner.id)
    bills = select(Bill).where(Bill.customer_id == customer.id).order_by(Bill.id)
    for bill in db.session.execute(locked(bills).execution_options(populate_existing=True)).scalars():
        leave_owner(bill, prices)


def _move_rows(customer_ids: list[int], owner: Account) -> None:
    """Give the new owner every owned row that hangs on the customers: bills, payments and what belongs to them."""
    for model, condition in rows_of_customers(customer_ids):
        statement = update(model).where(condition).values(owner_id=owner.id)
        db.session.execute(statement.execution_options(synchronize_session=False))
    db.session.expire_all()


def rows_of_customers(customer_ids: list[int]) -> list[tuple[type[Owned], Any]]:
    """Return each model whose rows hang on a customer, on its bills, payments or credits, with the condition for these customers'.

    Read off the foreign keys: a model that comes later moves by itself.
    """
    of_customers = {"customers": select(Customer.id).where(Customer.id.in_(customer_ids))}
    found: list[tuple[type[Owned], Any]] = []
    for table in ("customers", "bills", "payments", "credits"):
        for mapper in Base.registry.mappers:
            model = mapper.class_
            column = _reference(model, table)
            if column is None or model in STAYS or model in [one for one, _condition in found]:
                continue
            if table != "customers":
                target = next(one.class_ for one in Base.registry.mappers if one.local_table.name == table)  # type: ignore[attr-defined]
                of_customers[table] = select(target.id).where(target.customer_id.in_(customer_ids))
            found.append((model, column.in_(of_customers[table])))
    return found


def _reference(model: type[Any], table: str) -> Any:
    if not issubclass(model, Owned):
        return None
    for key in inspect(model).local_table.foreign_key_constraints:
        if key.referred_table.name == table and "tenant_id" in key.column_keys:
            name = next(name for name in key.column_keys if name != "tenant_id")
            return getattr(model, name)
    return None


def _record_move(customer: Customer, old_owner_id: int, owner: Account) -> None:
    old_owner = get_or_404(Account, old_owner_id)
    for owner_id, event in ((old_owner_id, "customer.left"), (owner.id, "customer.came")):
        record(
            "customers",
            event,
            tenant_id=customer.tenant_id,
            owner_id=owner_id,
            subject=customer,
            customer_id=customer.id,
            number=customer.number,
            customer=customer.name,
            customer_bn=customer.name_bn,
            old=old_owner.name,
            new=owner.name,
        )
