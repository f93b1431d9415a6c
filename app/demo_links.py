"""Payment links of the demo: the sandbox gateways switched on; links that are open, expired, paid and revoked; something to look at."""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from flask import current_app
from sqlalchemy import select

from app.access.actor import Actor, acting_as
from app.access.scope import own, within
from app.billing.settlement import lock_customer
from app.core.clock import now, pretending
from app.core.database import db, transaction
from app.customers.models import Customer, CustomerStatus
from app.demo_plan import GA, NORTH, PADMA
from app.gateways.registry import BKASH, GATEWAYS, LOCAL, NAGAD
from app.gateways.sandbox.keys import credentials
from app.paylinks.attempts import ask_to_look, post_money
from app.paylinks.merchants import save_settings
from app.paylinks.models import AttemptState, GatewaySettings, PaymentAttempt, PaymentLink, TrayKind
from app.paylinks.queries import due_of, hash_of
from app.paylinks.services import make_link, new_seed, revoke_link

SENT = timedelta(days=9)
"""How long ago the expired link was sent."""


def make_links(actors: Mapping[str, Actor]) -> None:
    """Switch the gateways of the sandbox on and leave links in every state among the customers of ga and north."""
    if not current_app.config["SANDBOX_URL"]:
        return
    for head in (GA, PADMA):
        _switch_on(actors[head])
    for owner in (GA, NORTH):
        with acting_as(actors[owner]):
            owing = select(Customer.id).where(
                own(Customer), Customer.due > 0, Customer.status == CustomerStatus.ACTIVE.value
            )
            ids = list(db.session.execute(owing.order_by(Customer.id).limit(5)).scalars())
        for work, customer_id in zip((_open, _expired, _paid, _revoked, _held), ids, strict=False):
            work(actors[owner], customer_id)


def _switch_on(head: Actor) -> None:
    kept = credentials(Path(current_app.config["FILES_FOLDER"]))
    with acting_as(head), transaction():
        for name in GATEWAYS:
            save_settings(name, LOCAL, credentials=kept[name], charge_basis_points=0, is_on=True, is_inherited=True)


def _open(actor: Actor, customer_id: int) -> PaymentLink:
    with acting_as(actor), transaction():
        return make_link(db.session.get_one(Customer, customer_id), seed=new_seed()).link


def _expired(actor: Actor, customer_id: int) -> None:
    with pretending(now() - SENT):
        _open(actor, customer_id)


def _revoked(actor: Actor, customer_id: int) -> None:
    link = _open(actor, customer_id)
    with acting_as(actor), transaction():
        revoke_link(link)


def _paid(actor: Actor, customer_id: int) -> None:
    link = _open(actor, customer_id)
    with within(link.tenant_id, link.owner_id), transaction():
        customer = lock_customer(db.session.get_one(Customer, customer_id))
        attempt = _attempt(link, BKASH)
        post_money(attempt, customer, attempt.transaction, attempt.total)


def _held(actor: Actor, customer_id: int) -> None:
    link = _open(actor, customer_id)
    with within(link.tenant_id, link.owner_id), transaction():
        attempt = _attempt(link, NAGAD)
        attempt.state = AttemptState.REVIEW
        ask_to_look(attempt, TrayKind.HELD, attempt.transaction, attempt.total)


def _attempt(link: PaymentLink, gateway: str) -> PaymentAttempt:
    """Return an attempt whose money came in, as the sandbox would have told it."""
    settings = db.session.execute(
        select(GatewaySettings.id).where(GatewaySettings.gateway == gateway, GatewaySettings.is_on)
    ).scalar_one()
    amount = due_of(link).amount
    attempt = PaymentAttempt(
        tenant_id=link.tenant_id,
        owner_id=link.owner_id,
        link_id=link.id,
        customer_id=link.customer_id,
        settings_id=settings,
        gateway=gateway,
        reference=f"SJDEMO{link.id:014d}",
        secret_hash=hash_of(secrets.token_urlsafe(32)),
        amount=amount,
        received=amount,
        currency="BDT",
        transaction=f"D{link.id:08d}",
        session=f"demo-{link.id}",
    )
    db.session.add(attempt)
    db.session.flush()
    return attempt
