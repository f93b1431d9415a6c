"""The people of the demonstration (a contract: tests and the sign-in page rely on these names)."""

from dataclasses import dataclass

from app.accounts.models import Kind

PASSWORD = "sanjog-demo-1"


@dataclass(frozen=True)
class Person:
    """A member of the cast. ``keys`` names a template, or is the keys themselves."""

    email: str
    kind: Kind
    name: str
    parent: str = ""
    mobile: str = ""
    keys: str | tuple[str, ...] = ()


_ROOT, _GA, _OP, _SUB, _MANAGER = Kind.SUPER_ADMIN, Kind.GROUP_ADMIN, Kind.OPERATOR, Kind.SUB_OPERATOR, Kind.MANAGER

CAST = (
    Person("root@sanjog.example.com", _ROOT, "Sanjog Root"),
    Person("ga@meghna.example.com", _GA, "Nazrul Rahman", mobile="01711000001"),
    Person(
        "north@meghna.example.com",
        _OP,
        "Shafiq North",
        "ga@meghna.example.com",
        "01711000002",
        ("reseller-module", "delete-customer"),
    ),
    Person("south@meghna.example.com", _OP, "Hasina South", "ga@meghna.example.com", "01711000003"),
    Person("ghat@meghna.example.com", _SUB, "Ghat Cable", "north@meghna.example.com", "01711000004"),
    Person("office@meghna.example.com", _MANAGER, "Farida Office", "ga@meghna.example.com", "01711000005", "all"),
    Person(
        "collector@meghna.example.com",
        _MANAGER,
        "Tanvir Ahmed",
        "north@meghna.example.com",
        "01711000006",
        "cash-collector",
    ),
    Person(
        "desk@meghna.example.com", _MANAGER, "Sumaiya Desk", "north@meghna.example.com", "01711000007", "support-desk"
    ),
    Person(
        "accounts@meghna.example.com", _MANAGER, "Rafiq Accounts", "north@meghna.example.com", "01711000008", "accounts"
    ),
    Person("newbie@meghna.example.com", _MANAGER, "Nabila Newbie", "south@meghna.example.com", "01711000009"),
    Person(
        "ghatman@meghna.example.com",
        _MANAGER,
        "Kamal Ghatman",
        "ghat@meghna.example.com",
        "01711000010",
        ("view-customer-details", "receive-payment"),
    ),
    Person("ga@padma.example.com", _GA, "Padma Sarkar", mobile="01811000001"),
    Person(
        "collector@padma.example.com", _MANAGER, "Jamil Padma", "ga@padma.example.com", "01811000002", "cash-collector"
    ),
)


def people() -> tuple[Person, ...]:
    """Return the cast in the order in which accounts are made: parents first."""
    return CAST
