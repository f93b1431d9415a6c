"""What the demo data is made of: sizes, packages, prices, who owns and who collects. All amounts are paisa."""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from app.core.clock import DHAKA
from app.customers.services import Details
from app.demo_names import HOUSES, NAMES, ROADS, SHOPS
from app.packages.models import ConnectionType, Cycle

SEED = 20261123
SIZES = {"small": 60, "medium": 2_000, "large": 100_000, "1m": 1_000_000}
"""How many customers; a million are ten of each of the large demo."""
GA, NORTH, SOUTH, GHAT = (f"{name}@meghna.example.com" for name in ("ga", "north", "south", "ghat"))
PADMA = "ga@padma.example.com"

BOUGHT_AT = {NORTH: 60, SOUTH: 65, GHAT: 75}
"""What an Operator pays for a package, per cent of its price; a Sub-Operator pays its Operator more than that."""

TARGETS = {NORTH: 50_000_00, GHAT: 300_00}
"""What debit accounts hold in the end."""

FLOAT = 40_000_00
"""What north's account is filled up to meanwhile: a void gives back, and the end must not lie above the target."""

LOW = FLOAT // 2
"""Below this north's account is filled up; no customer's bills of the history cost more than this."""

SETTLED_AT, SETTLED_DOWN_TO = -5_000_00, -4_000_00
"""Beyond the first the postpaid Operator settles, down to the second: its limit is never reached."""

CREDIT_LIMIT = 20_000_00

RECHARGE_DAYS = 15
"""What a Daily customer recharges at a time."""

PACKAGES = (
    ("Home 10M", ConnectionType.PPPOE, 800_00, 10_000, None),
    ("Home 20M", ConnectionType.PPPOE, 1_000_00, 20_000, None),
    ("Business 50M", ConnectionType.STATIC_IP, 3_500_00, 50_000, None),
    ("Hotspot Weekly", ConnectionType.HOTSPOT, 150_00, 5_000, 168),
    ("Daily 5M", ConnectionType.PPPOE, 30_00, 5_000, 24),
    ("Office line", ConnectionType.OTHER, 1_500_00, 20_000, None),
)
PROFILES = (
    ("Monthly 5", Cycle.MONTHLY, 5, 0),
    ("Monthly 10", Cycle.MONTHLY, 10, 500),
    ("Daily", Cycle.DAILY, 1, 0),
    ("Prepaid", Cycle.PREPAID, 1, 0),
    ("Free", Cycle.FREE, 1, 0),
)
CATEGORIES = ("Cable and fibre", "Rent", "Electricity", "Transport", "Tea and snacks")
LACKS = 50_00
"""What north's collector is short of when the last month is closed, in paisa: a named debt."""

SHARES = ((GA, 14), (NORTH, 22), (SOUTH, 8), (GHAT, 8), (PADMA, 8))
"""How sixty customers are spread over their owners; larger sizes keep the proportion."""

COLLECTORS = {
    GA: "office@meghna.example.com",
    NORTH: "collector@meghna.example.com",
    SOUTH: SOUTH,
    GHAT: "ghatman@meghna.example.com",
    PADMA: "collector@padma.example.com",
}


@dataclass(frozen=True)
class Line:
    """A way to be connected and billed."""

    package: str
    profile: str


LINES = (
    Line("Home 10M", "Monthly 10"),
    Line("Home 20M", "Monthly 10"),
    Line("Home 10M", "Monthly 5"),
    Line("Home 20M", "Monthly 5"),
    Line("Business 50M", "Monthly 5"),
    Line("Home 10M", "Monthly 10"),
    Line("Office line", "Monthly 10"),
    Line("Daily 5M", "Daily"),
    Line("Hotspot Weekly", "Prepaid"),
    Line("Home 20M", "Monthly 10"),
    Line("Home 10M", "Free"),
)
MONTHLY_LINES = 6
"""So many from the start are monthly: a Sub-Operator's, whose small account can bear none of its customers' bills."""


def customers_of(owner: str, size: str) -> int:
    """Return how many customers an owner has in a size."""
    counts = {email: share * SIZES[size] // 60 for email, share in SHARES}
    counts[GA] += SIZES[size] - sum(counts.values())
    return counts[owner]


def line_of(owner: str, number: int) -> Line:
    """Return how the owner's customer of this number, counted from 0, is connected and billed."""
    return LINES[number % (MONTHLY_LINES if owner == GHAT else len(LINES))]


def made_up(
    owner: str, number: int, package: tuple[int, str], profile_id: int, zones: list[int], chance: random.Random
) -> Details:
    """Return the details of the owner's customer of this number; ``package`` is its id and connection type."""
    name, name_bn = chance.choice(SHOPS if number % 9 == 4 else NAMES)
    package_id, connection_type = package
    local = owner.split("@")[0] + ("p" if owner == PADMA else "")
    block = [email for email, _share in SHARES].index(owner) * 50 + number // 62_500
    return Details(
        # a few are known by their Bengali name alone
        name=name if number % 16 else name_bn,
        name_bn=name_bn,
        username=f"{local}{number + 1:05d}",
        connection_password=f"{chance.randrange(10**8):08d}",
        mobile=f"01{chance.choice('3456789')}{chance.randrange(10**8):08d}",
        email=f"{local}{number + 1}@mail.example.com" if number % 3 == 0 else "",
        package_id=package_id,
        profile_id=profile_id,
        connection_type=connection_type,
        zone_id=zones[number % len(zones)],
        house=chance.choice(HOUSES),
        road=chance.choice(ROADS),
        thana="ব্রাহ্মণবাড়িয়া সদর" if number % 2 else "Sadar",
        district="Brahmanbaria",
        ip_address=f"10.{block}.{number // 250 % 250}.{number % 250 + 2}"
        if connection_type == ConnectionType.STATIC_IP
        else "",
        document_language="en" if number % 5 == 0 else "bn",
        document_digits="latn" if number % 5 == 0 else "beng",
    )


def months_back(day: date, count: int) -> date:
    """Return the first date of the month that lies ``count`` months before a date's."""
    months = day.year * 12 + day.month - 1 - count
    return date(months // 12, months % 12 + 1, 1)


def past(moment: datetime) -> datetime:
    """Return the moment, or this one where that is still to come."""
    return min(moment, datetime.now(UTC))


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """Return a moment of a day in Dhaka."""
    return datetime.combine(day, time(hour, minute), DHAKA)


def visit(month: date, last: date, chance: random.Random) -> datetime:
    """Return a moment of a collector's round in a month, not after the day ``last``."""
    return at(min(month + timedelta(days=chance.randrange(2, 24)), last), chance.randrange(9, 20), chance.randrange(60))


def paid_by(owner: str, due: int, roll: float) -> int:
    """Return what somebody who owes ``due`` paisa pays: most all of it, some a part, some more; ghat's all of it."""
    if owner == GHAT or 0.12 <= roll <= 0.93:
        return due
    return max(due // 200 * 100, 100) if roll < 0.12 else due + 200_00
