"""Merchants' settings of the gateways: kept sealed, tried, switched on; clients made from them; bKash's token shared by all."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select

from app.access.actor import current_actor
from app.access.scope import everywhere
from app.activity.recorder import record
from app.core.clock import now
from app.core.database import db, transaction
from app.core.errors import Refused
from app.core.money import share
from app.core.sealing import seal, unseal
from app.gateways.base import Outcome, Place, Token, Transport
from app.gateways.bkash import Bkash
from app.gateways.nagad import BrokenKey, Nagad, load_private_key, load_public_key
from app.gateways.registry import BKASH, GATEWAYS, LIVE, LOCAL, NAGAD, SANDBOX, GatewayKind, place_of
from app.gateways.sslcommerz import SslCommerz
from app.paylinks.models import GatewaySettings, GatewayToken

PURPOSE, TOKEN_PURPOSE = "gateway credentials", "gateway token"
GRANTS_AN_HOUR = 2
"""bKash blocks a merchant that asks for more (reference: gateways, §1.2)."""

RENEW_BEFORE = timedelta(minutes=8)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Offer:
    """A gateway a customer may pay by: its kind, the settings behind it, the service charge in paisa."""

    kind: GatewayKind
    settings: GatewaySettings
    charge: int


class NoToken(Exception):
    """Report that a token cannot be had at this moment."""


def environments() -> tuple[str, ...]:
    """Return the environments settings can be made for: the sandbox of this machine only where one may run."""
    return (LIVE, SANDBOX, LOCAL) if current_app.config["SANDBOX_URL"] else (LIVE, SANDBOX)


def place(settings: GatewaySettings) -> Place | None:
    """Return where the gateway of some settings stands."""
    return place_of(settings.gateway, settings.environment, current_app.config["SANDBOX_URL"])


def offers(owner_id: int, amount: int) -> list[Offer]:
    """Return the gateways by which a customer of an owner may pay an amount in paisa (spec §6): switched on, and within their limits.

    Call in the scope of the tenant.
    """
    rows = db.session.execute(
        select(GatewaySettings).where(GatewaySettings.is_on).order_by(GatewaySettings.id)
    ).scalars()
    found = []
    for row in rows:
        kind = GATEWAYS[row.gateway]
        charge = share(amount, row.charge_basis_points, 10_000)
        is_given = row.owner_id == owner_id or row.is_inherited
        if is_given and place(row) is not None and kind.least <= amount + charge <= kind.most:
            found.append(Offer(kind, row, charge))
    order = list(GATEWAYS)
    return sorted(found, key=lambda offer: order.index(offer.kind.name))


def credentials_of(settings: GatewaySettings) -> dict[str, str]:
    """Return what a merchant was given, opened."""
    sealed = db.session.execute(
        select(GatewaySettings.credentials).where(GatewaySettings.id == settings.id)
    ).scalar_one()
    return json.loads(unseal(PURPOSE, settings.id, sealed)) if sealed else {}


def is_complete(settings: GatewaySettings, told: Mapping[str, str]) -> bool:
    """Tell whether nothing is missing of what the gateway needs."""
    return all(told.get(one.name) or one.is_optional for one in GATEWAYS[settings.gateway].credentials)


def save_settings(
    gateway: str,
    environment: str,
    *,
    credentials: Mapping[str, str],
    charge_basis_points: int,
    is_on: bool,
    is_inherited: bool,
) -> GatewaySettings:
    """Keep a Group Admin's settings of a gateway; a secret left empty stays what it was. Raises Refused.

    Of a gateway's environments one is on at a time.
    """
    actor = current_actor()
    if actor is None or actor.tenant_id is None or environment not in environments():
        raise Refused(_("Choose one of the list."), "environment")
    row = db.session.execute(
        select(GatewaySettings).where(GatewaySettings.gateway == gateway, GatewaySettings.environment == environment)
    ).scalar_one_or_none()
    if row is None:
        row = GatewaySettings(tenant_id=actor.tenant_id, owner_id=actor.id, gateway=gateway, environment=environment)
        db.session.add(row)
        db.session.flush()
    before = credentials_of(row)
    told = {one.name: credentials.get(one.name) or before.get(one.name, "") for one in GATEWAYS[gateway].credentials}
    _check_keys(gateway, told)
    if is_on and not is_complete(row, told):
        raise Refused(_("Fill in everything before the gateway is switched on."), "is_on")
    if is_on and not current_app.config["PUBLIC_URL"]:
        raise Refused(_("PUBLIC_URL is not set: gateways would not find the way back."), "is_on")
    figures = {
        "gateway_on": (bool(row.is_on), is_on),
        "gateway_inherited": (bool(row.is_inherited), is_inherited),
        "service_charge": (row.charge_basis_points or 0, charge_basis_points),
    }
    changes: dict[str, tuple[object, object]] = {name: pair for name, pair in figures.items() if pair[0] != pair[1]}
    if told != before:
        # that they changed, never what they are
        changes["credentials"] = ("•••", "•••")
    row.credentials = seal(PURPOSE, row.id, json.dumps(told))
    row.charge_basis_points, row.is_on, row.is_inherited, row.changed_at = (
        charge_basis_points,
        is_on,
        is_inherited,
        now(),
    )
    if is_on:
        for other in db.session.execute(
            select(GatewaySettings).where(GatewaySettings.gateway == gateway, GatewaySettings.id != row.id)
        ).scalars():
            other.is_on = False
    if told != before:
        _forget_token(row)
    record(
        "access",
        "gateway.saved",
        tenant_id=row.tenant_id,
        owner_id=row.owner_id,
        subject=row,
        changes=changes,
        gateway=GATEWAYS[gateway].label,
        environment=environment,
    )
    return row


def _check_keys(gateway: str, told: Mapping[str, str]) -> None:
    if gateway != NAGAD:
        return
    for name, load in (("private_key", load_private_key), ("gateway_key", load_public_key)):
        if told[name]:
            try:
                load(told[name])
            except BrokenKey:
                raise Refused(_("This is no key as Nagad hands it out. Copy the whole of it."), name) from None


def transport() -> Transport:
    """Return how gateways are spoken to, with the time-out of the settings."""
    return Transport(current_app.config["GATEWAY_SECONDS"])


def bkash_of(settings: GatewaySettings) -> Bkash:
    """Return bKash's client with the merchant's shared token. Raises NoToken when none can be had now."""
    where = place(settings)
    if where is None:
        raise NoToken
    told = credentials_of(settings)
    return Bkash(where, told, transport(), shared_token(settings, Bkash(where, told, transport())))


def nagad_of(settings: GatewaySettings, client_ip: str = "") -> Nagad:
    """Return Nagad's client. Raises NoToken where the gateway does not stand, BrokenKey for keys that cannot be read."""
    where = place(settings)
    if where is None:
        raise NoToken
    return Nagad(where, credentials_of(settings), transport(), client_ip)


def sslcommerz_of(settings: GatewaySettings) -> SslCommerz:
    """Return SSLCommerz' client. Raises NoToken where the gateway does not stand."""
    where = place(settings)
    if where is None:
        raise NoToken
    return SslCommerz(where, credentials_of(settings), transport())


def shared_token(settings: GatewaySettings, client: Bkash) -> str:
    """Return the token that all processes share; it is renewed by one of them, at most twice an hour (reference: §1.2).

    Raises NoToken when there is none and none may be asked for. Call outside of a transaction: it calls bKash.
    """
    with everywhere("the token is the merchant's, whoever's customer pays"):
        with transaction():
            row = _token_row(settings)
            good = row.token is not None and row.expires_at is not None and now() < row.expires_at
            fresh = good and row.expires_at is not None and now() < row.expires_at - RENEW_BEFORE
            lately = [at for at in row.granted if at > (now() - HOUR).timestamp()]
            is_renewed_elsewhere = row.renewing_until is not None and now() < row.renewing_until
            may_ask = not fresh and not is_renewed_elsewhere and len(lately) < GRANTS_AN_HOUR
            token = unseal(TOKEN_PURPOSE, row.id, row.token) if good and row.token else ""
            if may_ask:
                row.renewing_until = now() + timedelta(seconds=current_app.config["GATEWAY_SECONDS"] + 5)
                row.granted = [*lately, int(now().timestamp())]
        if not may_ask:
            if not token:
                raise NoToken
            return token
        # the row is free while bKash is asked: nobody waits for its answer with the database in hand
        told = client.grant()
        with transaction():
            row = _token_row(settings)
            row.renewing_until = None
            if isinstance(told, Token):
                row.token = seal(TOKEN_PURPOSE, row.id, told.value)
                row.refresh = seal(TOKEN_PURPOSE, row.id, told.refresh) if told.refresh else None
                row.expires_at = now() + timedelta(seconds=told.seconds)
        if isinstance(told, Token):
            return told.value
        if token:
            return token
        raise NoToken(told.message)


def _token_row(settings: GatewaySettings) -> GatewayToken:
    # the merchant's row is locked first, so that the token's row is made once
    statement = select(GatewaySettings.id).where(GatewaySettings.id == settings.id)
    db.session.execute(statement if db.is_sqlite else statement.with_for_update())
    row = db.session.execute(
        select(GatewayToken).where(GatewayToken.settings_id == settings.id).execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if row is None:
        row = GatewayToken(
            tenant_id=settings.tenant_id, owner_id=settings.owner_id, settings_id=settings.id, granted=[]
        )
        db.session.add(row)
        db.session.flush()
    return row


def token_was_refused(settings: GatewaySettings) -> None:
    """Drop the shared token: bKash says that it is over."""
    with everywhere("the token is the merchant's, whoever's customer pays"), transaction():
        _forget_token(settings)


def _forget_token(settings: GatewaySettings) -> None:
    row = db.session.execute(select(GatewayToken).where(GatewayToken.settings_id == settings.id)).scalar_one_or_none()
    if row is not None:
        row.token = row.refresh = row.expires_at = None


def try_settings(settings: GatewaySettings) -> str | None:
    """Call the gateway without moving money and return None when it knows the merchant, else what it said.

    bKash's token counts against two an hour: the shared one is used. Call outside of a transaction.
    """
    told = credentials_of(settings)
    if not is_complete(settings, told):
        return _("Fill in everything first.")
    try:
        if settings.gateway == BKASH:
            bkash_of(settings)
            return None
        if settings.gateway == NAGAD:
            # a reference that is none: a merchant that is known is told so, another is refused before
            proof = nagad_of(settings).verify("connection-test")
            return None if proof.code.endswith("055") or proof.code.endswith("999") else proof.message or proof.code
        answer = sslcommerz_of(settings).query("CONNECTIONTEST")
        return None if answer.outcome != Outcome.UNKNOWN else answer.message or answer.code
    except NoToken as problem:
        return str(problem) or _("The gateway grants no token now. Try again in an hour.")
    except BrokenKey:
        return _("This is no key as Nagad hands it out. Copy the whole of it.")
