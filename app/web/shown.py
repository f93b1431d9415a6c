"""Small things pages show: badges, actions, documents, tabs."""

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from app.books.models import EntryKind
from app.customers.models import NOT_PAID


@dataclass(frozen=True)
class Badge:
    """A status as word and tone: "ok", "warn", "due", "accent" or none."""

    value: str
    label: Any
    tone: str | None = None


@dataclass(frozen=True)
class Action:
    """A button: where it leads and how it looks."""

    label: Any
    url: str
    icon: str = ""
    style: str = "plain"
    method: str = "get"


@dataclass(frozen=True)
class Tab:
    """A tab of a page."""

    name: str
    label: Any
    url: str
    active: bool


def badges(*rows: tuple[str, Any, str | None]) -> dict[str, Badge]:
    """Return badges by their value."""
    return {value: Badge(value, label, tone) for value, label, tone in rows}


CUSTOMER_STATUS = badges(
    ("active", _l("Active"), "ok"),
    ("suspended", _l("Suspended"), "warn"),
    ("disabled", _l("Disabled"), None),
)
BILL_STATUS = badges(
    ("unpaid", _l("Unpaid"), "due"),
    ("partial", _l("Partly paid"), "warn"),
    ("paid", _l("Paid"), "ok"),
    ("void", _l("Void"), None),
)
RECORD_STATUS = badges(("valid", _l("Valid"), "ok"), ("void", _l("Void"), None))
PAYMENT_STATUS = badges(
    ("paid", _l("Paid"), "ok"),
    ("partial", _l("Partly paid"), "warn"),
    ("due", _l("Due"), "due"),
    ("advance", _l("Advance"), "accent"),
)
CONNECTION_TYPES = {"pppoe": "PPPoE", "hotspot": _l("Hotspot"), "static_ip": _l("Static IP"), "other": _l("Other")}
CYCLES = {"daily": _l("Daily"), "monthly": _l("Monthly"), "free": _l("Free"), "prepaid": _l("Prepaid")}
METHODS = {"cash": _l("Cash"), "bkash": _l("bKash"), "nagad": _l("Nagad"), "sslcommerz": _l("SSLCommerz")}
PURPOSES = {
    "monthly": _l("Monthly bill"),
    "package_change": _l("Package change"),
    "recharge": _l("Recharge"),
    "new_customer": _l("New customer"),
    "manual": _l("Bill by hand"),
}
REASONS = {NOT_PAID: _l("Not paid in time")}
"""Reasons that the program writes down itself."""

LANGUAGE_NAMES = {"bn": "বাংলা", "en": "English"}
DIGIT_NAMES = {"latn": "0123", "beng": "০১২৩"}
READER_DIGITS = {"auto": _l("As the language"), **DIGIT_NAMES}


def choices(labels: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return values with their labels, as select fields and filters want them."""
    return [(value, row.label if isinstance(row, Badge) else row) for value, row in labels.items()]


def shown_reason(reason: str) -> str:
    """Return a reason as its reader is told it: what people wrote as it is, the program's own in the reader's language."""
    return str(REASONS.get(reason, reason))


ENTRY_KINDS: dict[str, Any] = {
    EntryKind.BILL: _l("Bill"),
    EntryKind.BILL_EDIT: _l("Bill changed"),
    EntryKind.BILL_VOID: _l("Bill void"),
    EntryKind.DISCOUNT: _l("Discount"),
    EntryKind.CREDIT: _l("Credit given"),
    EntryKind.PAYMENT: _l("Payment"),
    EntryKind.PAYMENT_VOID: _l("Payment void"),
    EntryKind.OPERATOR_AMOUNT: _l("Operator amount of a bill"),
    EntryKind.COLLECTED_ABOVE: _l("Collected above"),
    EntryKind.OPERATOR_BALANCE: _l("Balance added"),
    EntryKind.EXPENSE: _l("Expense"),
    EntryKind.EXPENSE_VOID: _l("Expense void"),
    EntryKind.CLOSING: _l("Day closing"),
    EntryKind.SHORTAGE_REPAID: _l("Shortage repaid"),
    EntryKind.SERVICE_CHARGE: _l("Service charge"),
}
"""What an entry of the journal stands for, in words."""
