"""THE table of permission keys. Menu, buttons, tabs, Special Permissions, docs/permissions.md and the test matrix are derived from it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask_babel import lazy_gettext as _l

from app.accounts.models import PARENTS, RESELLERS, Kind

if TYPE_CHECKING:
    from app.access.actor import Actor


@dataclass(frozen=True)
class Key:
    """A row of the table: what a key is called and what it unlocks, in plain words."""

    name: str
    section: str
    label: object
    meaning: object
    sensitive: bool = False
    reseller: bool = False


SECTIONS = {
    "dashboard": _l("Dashboard"),
    "customers": _l("Customers"),
    "online": _l("Online"),
    "bills": _l("Bills"),
    "payments": _l("Payments"),
    "expenses": _l("Expenses"),
    "sensitive": _l("Sensitive"),
    "reseller": _l("Reseller"),
}

_ROWS = (
    Key(
        "dashboard",
        "dashboard",
        _l("Dashboard"),
        _l("See the figures and charts of the first page, each only with the key of the list behind it."),
    ),
    Key(
        "view-customer-details",
        "customers",
        _l("View customers"),
        _l("See the customer list, search it, open profiles, export customers."),
    ),
    Key("create-customer", "customers", _l("Create customer"), _l("Add new customers.")),
    Key(
        "edit-customer",
        "customers",
        _l("Edit customer"),
        _l(
            "Change profile and connection details. Of little use without “View customers”: there is no page to start from."
        ),
    ),
    Key("activate-customer", "customers", _l("Activate customer"), _l("Make one customer active again.")),
    Key("suspend-customer", "customers", _l("Suspend customer"), _l("Suspend one customer.")),
    Key("disable-customer", "customers", _l("Disable customer"), _l("Disable one customer.")),
    Key("edit-suspend-date", "customers", _l("Edit suspend date"), _l("Move the date up to which service is paid.")),
    Key(
        "change-customer-package",
        "customers",
        _l("Change package"),
        _l("Change a customer's package, with a preview of what it costs."),
    ),
    Key("view-online-customers", "online", _l("View online customers"), _l("See who is connected now.")),
    Key(
        "view-offline-customers", "online", _l("View offline customers"), _l("See who should be connected and is not.")
    ),
    Key(
        "print-invoice",
        "bills",
        _l("View and print bills"),
        _l("See bills at all: list, page, invoice PDF, download of many, export."),
    ),
    Key("generate-bill", "bills", _l("Generate bill"), _l("Raise a bill by hand.")),
    Key(
        "receive-payment",
        "payments",
        _l("Receive payment"),
        _l("Take cash, recharge, see the collection list, own cash and day closing."),
    ),
    Key(
        "view-customer-payments",
        "payments",
        _l("View payments"),
        _l("See the payment list and receipts, export payments."),
    ),
    Key("expense-management", "expenses", _l("Manage expenses"), _l("See, add and edit expenses, export them.")),
    Key(
        "edit-bills",
        "sensitive",
        _l("Edit bills"),
        _l("Change amount, description, period and due date of a bill. Of little use without “View and print bills”."),
        sensitive=True,
    ),
    Key(
        "delete-bills",
        "sensitive",
        _l("Void bills"),
        _l("Void a bill with a reason. Of little use without “View and print bills”."),
        sensitive=True,
    ),
    Key(
        "discount-on-bills",
        "sensitive",
        _l("Discount on bills"),
        _l("Give a discount on a bill, alone or while taking cash."),
        sensitive=True,
    ),
    Key(
        "edit-customer-payment",
        "sensitive",
        _l("Edit payment"),
        _l(
            "Correct a payment: the old one becomes void, a new one takes its place. Of little use without “View payments”."
        ),
        sensitive=True,
    ),
    Key(
        "delete-customer-payment",
        "sensitive",
        _l("Void payment"),
        _l("Void a payment with a reason. Of little use without “View payments”."),
        sensitive=True,
    ),
    Key("reseller-module", "reseller", _l("Reseller module"), _l("Make Sub-Operators."), reseller=True),
    Key(
        "delete-customer",
        "reseller",
        _l("Delete customer"),
        _l("Delete customers; they can be restored."),
        reseller=True,
    ),
    Key(
        "edit-package-price",
        "reseller",
        _l("Edit package price"),
        _l("Change the price of packages that were given."),
        reseller=True,
    ),
)

KEYS: dict[str, Key] = {row.name: row for row in _ROWS}
MANAGER_KEYS = tuple(row.name for row in _ROWS if not row.reseller)
RESELLER_KEYS = tuple(row.name for row in _ROWS if row.reseller)

TEMPLATES = {
    "cash-collector": (
        _l("Cash collector"),
        ("view-customer-details", "receive-payment", "print-invoice", "view-customer-payments"),
    ),
    "support-desk": (
        _l("Support desk"),
        (
            "view-customer-details",
            "create-customer",
            "edit-customer",
            "activate-customer",
            "suspend-customer",
            "change-customer-package",
            "view-online-customers",
        ),
    ),
    "office-manager": (
        _l("Office manager"),
        tuple(row.name for row in _ROWS if not row.reseller and not row.sensitive),
    ),
}
"""Sets of keys to start from on Special Permissions (spec §11.11)."""

PUBLIC = "public"
SIGNED_IN = "signed-in"
AUDIENCES: dict[str, tuple[Kind, ...]] = {
    PUBLIC: tuple(Kind),
    SIGNED_IN: tuple(Kind),
    "staff": (*PARENTS, Kind.MANAGER),
    "managers": (Kind.MANAGER,),
    "parents": PARENTS,
    "resellers": RESELLERS,
    "group-admin": (Kind.GROUP_ADMIN,),
    "operator-makers": (Kind.GROUP_ADMIN,),
    "super-admin": (Kind.SUPER_ADMIN,),
}
"""Doors that no key opens: who may pass by the kind of the account alone (spec §2: no key opens them to a Manager)."""


ANY_OF: dict[str, tuple[str, ...]] = {
    "payment-link": ("view-customer-details", "print-invoice", "receive-payment"),
    # packages, billing profiles and zones by name: whoever reads or writes a customer reads or chooses them there
    "choices-of-customers": ("view-customer-details", "create-customer", "edit-customer"),
}
"""Doors without a key of their own, which any of several keys opens (spec §2: Send Payment Link)."""


def is_known(key: str) -> bool:
    """Tell whether a name is a key of the table, an audience, or a door that any of several keys opens."""
    return key in KEYS or key in AUDIENCES or key in ANY_OF


def may(actor: "Actor", key: str) -> bool:
    """Tell whether the actor may pass a door. Parents hold every Manager key; reseller keys are granted to Operators (spec §2).

    Raises KeyError for a name that is neither key nor audience.
    """
    if key in AUDIENCES:
        return actor.kind in AUDIENCES[key]
    if key in ANY_OF:
        return any(may(actor, one) for one in ANY_OF[key])
    row = KEYS[key]
    # an API key never does more than was ticked for it, nor more than its account may do now
    if actor.api_key is not None and key not in actor.api_key.keys:
        return False
    if actor.kind == Kind.GROUP_ADMIN:
        return True
    if row.reseller:
        return actor.kind == Kind.OPERATOR and key in actor.keys
    if actor.kind == Kind.MANAGER:
        return key in actor.keys
    return actor.kind in PARENTS
