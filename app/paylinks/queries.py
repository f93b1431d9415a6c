"""Questions about payment links, attempts, merchants' settings and what is to be looked at."""

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, or_, select

from app.access.scope import everywhere
from app.billing.models import Bill
from app.core.clock import now
from app.core.database import db
from app.customers.models import Customer
from app.paylinks.models import (
    AttemptState,
    GatewaySettings,
    LinkedBill,
    PaymentAttempt,
    PaymentLink,
    TrayEntry,
)

TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
UNDECIDED = (AttemptState.VERIFYING.value, AttemptState.UNKNOWN.value)
"""While an attempt stands so, nobody knows whether money moved: the customer must not pay again."""

AT_THE_GATEWAY = timedelta(minutes=30)
"""So long a customer may be at the gateway's page; later most have given up."""


def hash_of(token: str) -> str:
    """Return what is kept of a token or a secret: the hash of the whole string."""
    return hashlib.sha256(token.encode()).hexdigest()


def link_of(token: str) -> PaymentLink | None:
    """Return the link of a token, in whatever state; None for a token that is none."""
    if not TOKEN.fullmatch(token):
        return None
    with everywhere("whoever holds the token may open its page"):
        return db.session.execute(
            select(PaymentLink).where(PaymentLink.token_hash == hash_of(token))
        ).scalar_one_or_none()


def attempt_of(gateway: str, secret: str) -> PaymentAttempt | None:
    """Return the attempt that a callback's secret names; None for a secret that is none: nobody is asked about it."""
    if not TOKEN.fullmatch(secret):
        return None
    with everywhere("the secret of the address says whose attempt it is"):
        return db.session.execute(
            select(PaymentAttempt).where(
                PaymentAttempt.gateway == gateway, PaymentAttempt.secret_hash == hash_of(secret)
            )
        ).scalar_one_or_none()


@dataclass(frozen=True)
class Due:
    """What a link asks for at this moment: its open bills, oldest first, and their sum in paisa."""

    bills: tuple[Bill, ...]

    @property
    def amount(self) -> int:
        """The sum of what is open, in paisa."""
        return sum(bill.open for bill in self.bills)


def due_of(link: PaymentLink) -> Due:
    """Return what a link asks for now: the chosen bills as far as they are open, or all that are."""
    chosen = chosen_bills(link)
    statement = select(Bill).where(
        Bill.customer_id == link.customer_id, Bill.voided_at.is_(None), Bill.paid < Bill.total
    )
    if link.is_for_chosen_bills:
        statement = statement.where(Bill.id.in_(chosen))
    rows = db.session.execute(
        statement.order_by(Bill.period_from, Bill.id).execution_options(populate_existing=True)
    ).scalars()
    return Due(tuple(rows))


def chosen_bills(link: PaymentLink) -> tuple[int, ...]:
    """Return the ids of the bills a link was made for; none for a link for all that is due."""
    if not link.is_for_chosen_bills:
        return ()
    return tuple(db.session.execute(select(LinkedBill.bill_id).where(LinkedBill.link_id == link.id)).scalars())


def undecided_attempt(link: PaymentLink) -> PaymentAttempt | None:
    """Return an attempt of which nobody knows whether money moved, for what the link asks for: its own, or that of another link."""
    return undecided_about(link.customer_id, [bill.id for bill in due_of(link).bills], link.id)


def undecided_about(customer_id: int, bill_ids: Collection[int], link_id: int | None = None) -> PaymentAttempt | None:
    """Return an attempt of which nobody knows whether money moved, for one of these bills, or by the link with this id."""
    shared = select(LinkedBill.link_id).where(
        LinkedBill.link_id == PaymentAttempt.link_id, LinkedBill.bill_id.in_(bill_ids)
    )
    return (
        db.session.execute(
            select(PaymentAttempt)
            .join(PaymentLink, PaymentLink.id == PaymentAttempt.link_id)
            .where(
                PaymentAttempt.customer_id == customer_id,
                PaymentAttempt.state.in_(UNDECIDED),
                or_(PaymentAttempt.link_id == link_id, ~PaymentLink.is_for_chosen_bills, shared.exists()),
            )
            .order_by(PaymentAttempt.id.desc())
        )
        .scalars()
        .first()
    )


def payment_under_way(customer: Customer) -> PaymentAttempt | None:
    """Return the newest attempt of a customer by which money may be moving at this moment (reference: gateways, §6.5)."""
    begun = (AttemptState.NEW.value, AttemptState.OPEN.value)
    statement = select(PaymentAttempt).where(
        PaymentAttempt.customer_id == customer.id,
        PaymentAttempt.state.in_(UNDECIDED)
        | (PaymentAttempt.state.in_(begun) & (PaymentAttempt.made_at > now() - AT_THE_GATEWAY)),
    )
    return db.session.execute(statement.order_by(PaymentAttempt.id.desc()).limit(1)).scalar_one_or_none()


def last_posted(link: PaymentLink) -> PaymentAttempt | None:
    """Return the newest attempt of a link whose money is posted."""
    return (
        db.session.execute(
            select(PaymentAttempt)
            .where(PaymentAttempt.link_id == link.id, PaymentAttempt.state == AttemptState.POSTED.value)
            .order_by(PaymentAttempt.id.desc())
        )
        .scalars()
        .first()
    )


def attempts_of(link: PaymentLink) -> list[PaymentAttempt]:
    """Return all attempts of a link, newest first."""
    return list(
        db.session.execute(
            select(PaymentAttempt).where(PaymentAttempt.link_id == link.id).order_by(PaymentAttempt.id.desc())
        ).scalars()
    )


def settings_of_tenant() -> list[GatewaySettings]:
    """Return the settings of the gateways in scope."""
    return list(
        db.session.execute(
            select(GatewaySettings).order_by(GatewaySettings.gateway, GatewaySettings.environment)
        ).scalars()
    )


def waiting_in_tray() -> int:
    """Return how many entries of the tray wait for a look."""
    return db.session.execute(select(func.count(TrayEntry.id)).where(TrayEntry.done_at.is_(None))).scalar_one()
