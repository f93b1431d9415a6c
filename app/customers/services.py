"""Create and edit customers, change their status, delete and restore them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from ipaddress import ip_address
from typing import Any

from flask_babel import gettext as _

from app.access.actor import current_actor, shown_number
from app.access.scope import current_scope, everywhere, get_or_404
from app.accounts.numbering import CUSTOMERS, next_number
from app.activity.recorder import record
from app.billing.models import Purpose
from app.billing.services import raise_bill
from app.billing.settlement import lock_customer
from app.core.clock import month_of, next_month, now, to_dhaka, today
from app.core.contact import is_email, normal_mobile
from app.core.database import db
from app.core.errors import NotFound, Refused
from app.core.language import fold, normalise, to_ascii_digits
from app.core.money import share_in_taka
from app.customers.custom_fields import checked_values, custom_fields
from app.customers.models import NON_PAYMENT, NOT_PAID, Customer, CustomerStatus
from app.customers.queries import username_taken
from app.packages.models import CYCLES_OF, BillingProfile, ConnectionType, Cycle, Device, Package, Zone
from app.packages.queries import due_date, is_usable, is_usable_profile, paid_up_to, retail_price

USERNAME = re.compile(r"[A-Za-z0-9._@+-]{1,64}")
QUOTES = "'\"`"
LONGEST_ON_THE_LINE = 128
"""Bytes of a password that RADIUS can carry (RFC 2865, 5.2)."""

MAC = re.compile(r"([0-9A-F]{2}:){5}[0-9A-F]{2}")


@dataclass(frozen=True)
class Details:
    """What a form or an import says of a customer. Text as typed; the services check and normalise it."""

    name: str
    username: str
    package_id: int
    profile_id: int
    connection_type: str
    name_bn: str = ""
    mobile: str = ""
    email: str = ""
    nid: str = ""
    birth_date: date | None = None
    zone_id: int | None = None
    address: str = ""
    house: str = ""
    road: str = ""
    thana: str = ""
    district: str = ""
    connection_password: str = ""
    device_id: int | None = None
    mac: str = ""
    ip_address: str = ""
    registered_on: date | None = None
    comment: str = ""
    document_language: str = "bn"
    document_digits: str = "beng"
    # by the field's id as text; None leaves the fields as they are
    custom_fields: Mapping[str, Any] | None = None


LENGTHS = {
    "name": 120,
    "name_bn": 120,
    "email": 190,
    "nid": 20,
    "address": 300,
    "house": 60,
    "road": 60,
    "thana": 60,
    "district": 60,
    "connection_password": 64,
    "comment": 2000,
}


def create_customer(
    details: Details, *, owner_id: int | None = None, bill_the_rest_of_the_month: bool = False
) -> Customer:
    """Create a customer of the owner at work, or of ``owner_id`` below it.

    With ``bill_the_rest_of_the_month`` a Monthly customer gets a bill by days left (spec §11.4). Raises Refused.
    """
    scope = current_scope()
    owner_id = owner_id or scope.owner_id
    if not scope.covers(scope.tenant_id, owner_id):
        raise NotFound("Account")
    details, package, profile = _checked(details, owner_id)
    registered_on = details.registered_on or today()
    actor = current_actor()
    customer = Customer(
        tenant_id=scope.tenant_id,
        owner_id=owner_id,
        number=next_number(scope.tenant_id, CUSTOMERS),
        registered_on=registered_on,
        status=CustomerStatus.ACTIVE,
        suspend_at=first_suspend_date(profile),
        created_by_id=actor.id if actor else None,
        due=0,
        advance=0,
        paid_on_open=0,
        **_columns(details),
    )
    db.session.add(customer)
    db.session.flush()
    _record(customer, "customer.created")
    price = retail_price(owner_id, package)
    if bill_the_rest_of_the_month and profile.cycle == Cycle.MONTHLY and price and profile.auto_bill:
        _bill_days_left(customer, package, profile, price)
    return customer


def first_suspend_date(profile: BillingProfile) -> datetime | None:
    """Return up to when a new customer is served: Monthly, the next due date; prepaid, now; Free, without end (spec §11.5)."""
    if profile.cycle == Cycle.MONTHLY:
        this_month = paid_up_to(profile, today())
        return this_month if this_month > now() else paid_up_to(profile, next_month(today()))
    return None if profile.cycle == Cycle.FREE else now()


def _bill_days_left(customer: Customer, package: Package, profile: BillingProfile, price: int) -> None:
    first, last = month_of(today())
    days_left, days = (last - today()).days + 1, last.day
    amount = share_in_taka(price, days_left, days)
    if amount:
        raise_bill(
            customer,
            Purpose.NEW_CUSTOMER,
            amount,
            period=(today(), last),
            due_on=max(due_date(profile, first), today()),
            vat_basis_points=profile.vat_basis_points,
            package=package,
        )


def edit_customer(customer: Customer, details: Details, *, version: int | None = None) -> Customer:
    """Change profile and connection details; an empty connection password keeps the old one. Raises Refused."""
    customer = lock_customer(customer)
    if version is not None and version != customer.version:
        raise Refused(
            _("Somebody else changed this customer in the meantime. Look at it again, then repeat your change.")
        )
    # a package changes by its own act, with a preview (spec §3)
    details = replace(details, package_id=customer.package_id)
    details, _package, _profile = _checked(details, customer.owner_id, customer)
    columns = _columns(details)
    if details.registered_on:
        columns["registered_on"] = details.registered_on
    if not details.connection_password:
        del columns["connection_password"]
    changes: dict[str, tuple[Any, Any]] = {}
    for name, new in columns.items():
        if name == "connection_password":
            changes[name] = ("•••", "•••")
            customer.connection_password = new
            continue
        old = getattr(customer, name)
        if old != new:
            setattr(customer, name, new)
            if name == "custom_fields":
                changes |= _changed_fields(customer.owner_id, old, new)
            elif name in NAMED:
                changes[name.removesuffix("_id")] = (_name(NAMED[name], old), _name(NAMED[name], new))
            elif name not in ("search_text", "username_key"):
                changes[name] = (old, new)
    if changes:
        _record(customer, "customer.edited", changes=changes)
    return customer


def _changed_fields(owner_id: int, old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return before → after of the owner's own fields, each under its name."""
    return {
        f"custom:{row.name}": (old.get(str(row.id)), new.get(str(row.id)))
        for row in custom_fields(owner_id)
        if old.get(str(row.id)) != new.get(str(row.id))
    }


NAMED = {"zone_id": Zone, "profile_id": BillingProfile, "device_id": Device}
"""Rows that the log names by their name: an id says nothing to who reads it."""


def _name(model: type[Zone] | type[BillingProfile] | type[Device], row_id: int | None) -> str:
    row = db.session.get(model, row_id) if row_id else None
    return row.name if row else ""


def _checked(
    details: Details, owner_id: int, customer: Customer | None = None
) -> tuple[Details, Package, BillingProfile]:
    """Check and normalise what was typed; raise Refused with the field for the first thing that is wrong."""
    clean = {
        name: normalise(value)
        for name, value in vars(details).items()
        if isinstance(value, str) and name not in ("connection_password", "comment")
    }
    details = replace(details, **clean, comment=details.comment.replace("\x00", "").strip())
    if not details.name:
        raise Refused(_("Enter the name."), "name")
    for field, longest in LENGTHS.items():
        if len(getattr(details, field)) > longest:
            raise Refused(_("At most %(count)s characters.", count=shown_number(longest)), field)
    details = replace(details, mobile=normal_mobile(details.mobile), nid=to_ascii_digits(details.nid))
    if details.email and not is_email(details.email):
        raise Refused(_("This is not an email address."), "email")
    if details.nid and not (details.nid.isascii() and details.nid.isdigit() and len(details.nid) in (10, 13, 17)):
        raise Refused(_("An NID number has 10, 13 or 17 digits."), "nid")
    for day, field in ((details.birth_date, "birth_date"), (details.registered_on, "registered_on")):
        if day and not date(1900, 1, 1) <= day <= today():
            raise Refused(_("The date lies in the future or too far back."), field)
    if not details.username:
        raise Refused(_("Enter the username."), "username")
    if not USERNAME.fullmatch(details.username):
        raise Refused(_("A username has letters, digits and . _ @ + - only, at most 64."), "username")
    with everywhere("usernames are unique in the installation"):
        if username_taken(details.username.lower(), customer.id if customer else None):
            raise Refused(_("This username is in use already. Choose another."), "username")
    _refuse_unusable_password(details.connection_password)
    mac = details.mac.upper().replace("-", ":")
    if mac and not MAC.fullmatch(mac):
        raise Refused(_("A MAC address looks like 4C:5E:0C:12:34:56."), "mac")
    package, profile = _package_and_profile(details, owner_id, customer)
    if details.zone_id is not None:
        _refuse_other_rows(Zone, details.zone_id, owner_id, customer and customer.zone_id, "zone_id")
    if details.device_id is not None:
        _refuse_other_rows(Device, details.device_id, owner_id, customer and customer.device_id, "device_id")
    if details.custom_fields is not None:
        kept = customer.custom_fields if customer else {}
        details = replace(details, custom_fields=checked_values(owner_id, details.custom_fields, kept))
    return replace(details, mac=mac, ip_address=_ip(details)), package, profile


def _refuse_unusable_password(password: str) -> None:
    """Refuse what FreeRADIUS would read as another password, or run (docs/decisions/0050): the customer could never dial in."""
    if not password:
        return
    if "\\" in password or not password.isprintable():
        raise Refused(
            _("A connection password has no backslash, tab or line break: the RADIUS server would read another one."),
            "connection_password",
        )
    if password[0] == password[-1] and password[0] in QUOTES:
        raise Refused(
            _("A connection password does not stand in quotation marks: the RADIUS server would take them away."),
            "connection_password",
        )
    if len(password.encode()) > LONGEST_ON_THE_LINE:
        raise Refused(
            _("This password is too long for the line: at most 64 English or 42 Bengali letters."),
            "connection_password",
        )


def _refuse_other_rows(model: type[Any], row_id: int, owner_id: int, kept_id: int | None, field: str) -> None:
    """Refuse a zone or device of another owner, and an archived one that the customer does not have already."""
    row = _offered(model, row_id, field)
    if row.owner_id != owner_id or (row.archived_at is not None and row.id != kept_id):
        raise Refused(_("Choose one of the list."), field)


def _ip(details: Details) -> str:
    if not details.ip_address:
        return ""
    if details.connection_type != ConnectionType.STATIC_IP:
        raise Refused(_("Only a Static IP customer has an address of its own."), "ip_address")
    try:
        return str(ip_address(details.ip_address))
    except ValueError:
        raise Refused(_("This is not an IP address."), "ip_address") from None


def _package_and_profile(details: Details, owner_id: int, customer: Customer | None) -> tuple[Package, BillingProfile]:
    if details.connection_type not in list(ConnectionType):
        raise Refused(_("Choose a connection type."), "connection_type")
    package = _offered(Package, details.package_id, "package_id")
    is_kept = customer is not None and customer.package_id == package.id
    if not is_kept and (package.archived_at is not None or not is_usable(package, owner_id)):
        raise Refused(_("This package is no longer offered."), "package_id")
    if package.connection_type != details.connection_type:
        raise Refused(_("This package is for another connection type."), "package_id")
    profile = _offered(BillingProfile, details.profile_id, "profile_id")
    is_kept = customer is not None and customer.profile_id == profile.id
    if not is_kept and (profile.archived_at is not None or not is_usable_profile(profile, owner_id)):
        raise Refused(_("This billing profile is no longer offered."), "profile_id")
    if profile.cycle not in CYCLES_OF[ConnectionType(details.connection_type)]:
        raise Refused(_("This connection type cannot be billed by this profile."), "profile_id")
    return package, profile


def _offered(model: type[Any], row_id: int, field: str) -> Any:
    try:
        return get_or_404(model, row_id)
    except NotFound:
        raise Refused(_("Choose one of the list."), field) from None


def _columns(details: Details) -> dict[str, Any]:
    columns = {name: value for name, value in vars(details).items() if name != "registered_on"}
    if details.custom_fields is None:
        del columns["custom_fields"]
    columns["username_key"] = details.username.lower()
    columns["search_text"] = search_text(details.name, details.name_bn, details.username, columns["mobile"])
    return columns


def search_text(name: str, name_bn: str, username: str, mobile: str) -> str:
    """Return what a search looks through: the names in either script, the username and the mobile as it is dialled, folded."""
    return fold(" ".join(filter(None, (name, name_bn, username, mobile.removeprefix("+88")))))


def change_status(customer: Customer, status: CustomerStatus, reason: str = "", *, cause: str = "") -> Customer:
    """Activate, suspend or disable a customer; suspending and disabling need a reason. Raises Refused."""
    customer = lock_customer(customer)
    reason = reason.strip()
    if customer.status == status:
        raise Refused(_("This customer has that status already."))
    if status != CustomerStatus.ACTIVE and not reason:
        raise Refused(_("Say why."), "reason")
    actor = current_actor()
    before = customer.status
    customer.status, customer.status_reason, customer.status_cause = status, reason[:200], cause
    customer.status_changed_at, customer.status_changed_by_id = now(), actor.id if actor else None
    _record(customer, f"customer.{status}", changes={"status": (before, str(status))}, reason=reason)
    return customer


def edit_suspend_date(customer: Customer, moment: datetime) -> Customer:
    """Move the moment up to which service is paid; it holds until the next bill is settled (spec §11.5). Raises Refused."""
    customer = lock_customer(customer)
    if not today().year - 1 <= to_dhaka(moment).year <= today().year + 5:
        raise Refused(_("The date lies too far away."), "suspend_at")
    before = customer.suspend_at
    customer.suspend_at, customer.suspend_at_by_hand = moment, True
    _record(
        customer,
        "customer.suspend_date",
        changes={"suspend_at": (before and to_dhaka(before).isoformat(), to_dhaka(moment).isoformat())},
    )
    return customer


def suspend_for_non_payment(customer: Customer) -> Customer:
    """Suspend a customer whose suspend date has passed; settling all that is due ends it by itself."""
    return change_status(customer, CustomerStatus.SUSPENDED, NOT_PAID, cause=NON_PAYMENT)


def delete_customer(customer: Customer, reason: str) -> Customer:
    """Delete a customer softly: it leaves every list and can be restored; bills and payments stay on record. Raises Refused.

    The username becomes free for somebody else.
    """
    customer = lock_customer(customer)
    if customer.deleted_at is not None:
        raise Refused(_("This customer is deleted already."))
    reason = reason.strip()[:200]
    if not reason:
        raise Refused(_("Say why."), "reason")
    actor = current_actor()
    customer.deleted_at, customer.deleted_by_id, customer.deleted_reason = now(), actor.id if actor else None, reason
    # no username holds a hash: this one meets none
    customer.username_key = f"#{customer.id}"
    _record(customer, "customer.deleted", reason=reason)
    return customer


def free_username(customer: Customer) -> str:
    """Return the username a deleted customer can come back with: its own, else that with its number."""
    with everywhere("usernames are unique in the installation"):
        if not username_taken(customer.username.lower(), customer.id):
            return customer.username
    return f"{customer.username[:50]}.{customer.number}"


def restore_customer(customer: Customer, username: str = "") -> Customer:
    """Bring a deleted customer back as it was, under another username where its own is in use by now. Raises Refused."""
    customer = lock_customer(customer)
    if customer.deleted_at is None:
        raise Refused(_("This customer is not deleted."))
    username = normalise(username) or customer.username
    if not USERNAME.fullmatch(username):
        raise Refused(_("A username has letters, digits and . _ @ + - only, at most 64."), "username")
    with everywhere("usernames are unique in the installation"):
        if username_taken(username.lower(), customer.id):
            raise Refused(_("This username is in use already. Choose another."), "username")
    changes = {"username": (customer.username, username)} if username != customer.username else None
    customer.username, customer.username_key = username, username.lower()
    customer.search_text = search_text(customer.name, customer.name_bn, username, customer.mobile)
    customer.deleted_at, customer.deleted_by_id, customer.deleted_reason = None, None, ""
    _record(customer, "customer.restored", changes=changes)
    return customer


def _record(customer: Customer, event: str, changes: dict[str, tuple[Any, Any]] | None = None, **words: object) -> None:
    record(
        "customers",
        event,
        tenant_id=customer.tenant_id,
        owner_id=customer.owner_id,
        subject=customer,
        customer_id=customer.id,
        changes=changes,
        number=customer.number,
        customer=customer.name,
        customer_bn=customer.name_bn,
        **words,
    )
