"""The gateways and where they stand: a fixed table, because no address out of a form or an answer is ever called (reference: §6.10)."""

from dataclasses import dataclass

from app.gateways.base import Place

BKASH, NAGAD, SSLCOMMERZ = "bkash", "nagad", "sslcommerz"
LIVE, SANDBOX, LOCAL = "live", "sandbox", "local"
"""Environments: the gateway's own two, and the project's sandbox server on this machine (demo and tests alone)."""


@dataclass(frozen=True)
class Credential:
    """A value that a merchant is given. ``is_secret`` ones are never shown again; ``is_long`` ones are keys of many characters."""

    name: str
    is_secret: bool = True
    is_long: bool = False
    is_optional: bool = False


@dataclass(frozen=True)
class GatewayKind:
    """A gateway: its name for people, what a merchant needs, the smallest and largest amount in paisa, where it stands."""

    name: str
    label: str
    credentials: tuple[Credential, ...]
    least: int
    most: int
    places: dict[str, Place]


GATEWAYS = {
    BKASH: GatewayKind(
        BKASH,
        "bKash",
        (
            Credential("username", is_secret=False),
            Credential("password"),
            Credential("app_key"),
            Credential("app_secret"),
        ),
        1_00,
        999_999_999_99,
        {
            LIVE: Place("https://tokenized.pay.bka.sh/v1.2.0-beta", ("payment.bkash.com",)),
            SANDBOX: Place("https://tokenized.sandbox.bka.sh/v1.2.0-beta", ("sandbox.payment.bkash.com",)),
        },
    ),
    NAGAD: GatewayKind(
        NAGAD,
        "Nagad",
        (
            Credential("merchant_id", is_secret=False),
            Credential("account_number", is_secret=False, is_optional=True),
            Credential("server_ip", is_secret=False, is_optional=True),
            Credential("private_key", is_long=True),
            Credential("gateway_key", is_secret=False, is_long=True),
        ),
        1_00,
        999_999_999_99,
        {
            LIVE: Place("https://api.mynagad.com/api/dfs", ("*.mynagad.com",)),
            SANDBOX: Place("https://sandbox-ssl.mynagad.com/api/dfs", ("*.mynagad.com", "*.mynagad.com:10061")),
        },
    ),
    SSLCOMMERZ: GatewayKind(
        SSLCOMMERZ,
        "SSLCommerz",
        (Credential("store_id", is_secret=False), Credential("store_passwd")),
        # spec of the gateway: 10.00 to 500000.00 BDT
        10_00,
        500_000_00,
        {
            LIVE: Place("https://securepay.sslcommerz.com", ("*.sslcommerz.com",)),
            SANDBOX: Place("https://sandbox.sslcommerz.com", ("*.sslcommerz.com",)),
        },
    ),
}

LOCAL_ROOTS = {BKASH: "/bkash/v1.2.0-beta", NAGAD: "/nagad/api/dfs", SSLCOMMERZ: "/sslcommerz"}


def place_of(gateway: str, environment: str, local_url: str | None = None) -> Place | None:
    """Return where a gateway stands; None for an environment it has not, also for the local one where there is no sandbox server."""
    if environment != LOCAL:
        return GATEWAYS[gateway].places.get(environment)
    if not local_url:
        return None
    return Place(local_url + LOCAL_ROOTS[gateway], (local_url.partition("://")[2],))
