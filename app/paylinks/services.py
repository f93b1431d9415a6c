"""Make, open and revoke payment links."""

import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select, update

from app.access.actor import Actor, current_actor, shown_number
from app.access.scope import get_or_404
from app.activity.recorder import record
from app.billing.models import Bill
from app.billing.settlement import lock_customer
from app.core.clock import now, today
from app.core.database import db
from app.core.errors import Refused
from app.customers.models import Customer
from app.paylinks.models import LinkedBill, LinkState, PaymentLink
from app.paylinks.queries import TOKEN, hash_of

DAYS, MOST_DAYS = 7, 30
"""How many days a link is good for, and how many it can be (spec §6)."""


@dataclass(frozen=True)
class MadeLink:
    """A link, and its token: it is known while the answer to the form is on its way and never again."""

    link: PaymentLink
    token: str


def new_seed() -> str:
    """Return what a form carries so that its token is made once: 256 random bits."""
    return secrets.token_urlsafe(32)


def _token_of(seed: str, holder_id: int) -> str:
    # the same form sent twice makes the same link; without the program's secret the seed tells nothing of the token
    key = current_app.config["SECRET_KEY"].encode()
    digest = hmac.new(key, f"payment link:{holder_id}:{seed}".encode(), sha256).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def make_link(customer: Customer, *, seed: str, days: int = DAYS, bills: Collection[int] = ()) -> MadeLink:
    """Make a link for all that a customer owes, or for open bills with these ids; it replaces the link before it.

    The same seed gives the same link, however often the form comes. Raises Refused for bad input, NotFound for a bill of
    somebody else (spec §6).
    """
    actor = _maker()
    if not TOKEN.fullmatch(seed):
        raise Refused(_("This form is damaged. Open it again."))
    if not 1 <= days <= MOST_DAYS:
        raise Refused(_("A link is good for 1 to %(count)s days.", count=shown_number(MOST_DAYS)), "days")
    token = _token_of(seed, actor.id)
    customer = lock_customer(customer)
    if customer.deleted_at is not None:
        raise Refused(_("This customer is deleted; restore it first."))
    made = _link_with(token)
    if made is not None:
        if made.customer_id != customer.id:
            raise Refused(_("This form was used for another customer. Open it again."))
        return MadeLink(made, token)
    chosen = [_open_bill(customer, bill_id) for bill_id in sorted(set(bills))]
    db.session.execute(
        update(PaymentLink)
        .where(
            PaymentLink.customer_id == customer.id,
            PaymentLink.paid_at.is_(None),
            PaymentLink.revoked_at.is_(None),
            PaymentLink.replaced_at.is_(None),
            ~PaymentLink.is_printed,
        )
        .values(replaced_at=now())
    )
    link = _written(customer, token, days, chosen, made_by_id=actor.id)
    _record(link, customer, "link.made")
    return MadeLink(link, token)


def make_printed_link(bill: Bill) -> MadeLink:
    """Make the link by which who scanned the code on an invoice pays its bill; good for a day, and on that day the same.

    Raises Refused when nothing of the bill is open (decision 0090).
    """
    customer = lock_customer(db.session.get_one(Customer, bill.customer_id))
    bill = get_or_404(Bill, bill.id, lock=True)
    if not bill.open:
        raise Refused(_("Nothing is due any more."))
    token = _token_of(f"printed:{bill.id}:{bill.code_serial}:{today().isoformat()}", bill.tenant_id)
    made = _link_with(token)
    if made is not None:
        return MadeLink(made, token)
    link = _written(customer, token, 1, [bill], made_by_id=bill.owner_id, is_printed=True)
    _record(link, customer, "link.printed")
    return MadeLink(link, token)


def withdraw_codes(bill: Bill) -> None:
    """Make the codes on all invoices printed of a bill so far worthless, and revoke the links made by them."""
    actor = _maker()
    customer = lock_customer(db.session.get_one(Customer, bill.customer_id))
    bill = get_or_404(Bill, bill.id, lock=True)
    bill.code_serial += 1
    db.session.execute(
        update(PaymentLink)
        .where(
            PaymentLink.customer_id == customer.id,
            PaymentLink.is_printed,
            PaymentLink.paid_at.is_(None),
            PaymentLink.revoked_at.is_(None),
            PaymentLink.id.in_(select(LinkedBill.link_id).where(LinkedBill.bill_id == bill.id)),
        )
        .values(revoked_at=now(), revoked_by_id=actor.id)
        .execution_options(synchronize_session="fetch")
    )
    record(
        "payments",
        "bill.codes_withdrawn",
        tenant_id=bill.tenant_id,
        owner_id=bill.owner_id,
        subject=bill,
        customer_id=customer.id,
        number=bill.number,
        customer=customer.name,
        customer_bn=customer.name_bn,
    )


def _link_with(token: str) -> PaymentLink | None:
    return db.session.execute(select(PaymentLink).where(PaymentLink.token_hash == hash_of(token))).scalar_one_or_none()


def _written(
    customer: Customer, token: str, days: int, bills: Collection[Bill], *, made_by_id: int, is_printed: bool = False
) -> PaymentLink:
    link = PaymentLink(
        tenant_id=customer.tenant_id,
        owner_id=customer.owner_id,
        customer_id=customer.id,
        token_hash=hash_of(token),
        is_for_chosen_bills=bool(bills),
        is_printed=is_printed,
        made_by_id=made_by_id,
        made_at=now(),
        expires_at=now() + timedelta(days=days),
    )
    db.session.add(link)
    db.session.flush()
    db.session.add_all(
        LinkedBill(tenant_id=link.tenant_id, owner_id=link.owner_id, link_id=link.id, bill_id=bill.id) for bill in bills
    )
    return link


def _maker() -> Actor:
    actor = current_actor()
    if actor is None or actor.tenant_id is None:
        raise RuntimeError("a payment link is made by a person")
    return actor


def _open_bill(customer: Customer, bill_id: int) -> Bill:
    bill = get_or_404(Bill, bill_id)
    if bill.customer_id != customer.id:
        raise Refused(_("Choose bills of this customer."), "bills")
    if not bill.open:
        raise Refused(_("Choose bills that are open."), "bills")
    return bill


def revoke_link(link: PaymentLink) -> None:
    """Revoke a link: nobody can begin to pay by it; what was begun is still settled. Raises Refused when it is not open."""
    actor = _maker()
    link = get_or_404(PaymentLink, link.id, lock=True)
    if link.state != LinkState.OPEN:
        raise Refused(_("This link is not open any more."))
    link.revoked_at, link.revoked_by_id = now(), actor.id
    _record(link, db.session.get_one(Customer, link.customer_id), "link.revoked")


def note_opened(link: PaymentLink) -> None:
    """Note that a person has opened the link's page."""
    db.session.execute(
        update(PaymentLink)
        .where(PaymentLink.id == link.id)
        .values(times_opened=PaymentLink.times_opened + 1, opened_at=now())
    )


def _record(link: PaymentLink, customer: Customer, event: str) -> None:
    record(
        "payments",
        event,
        tenant_id=link.tenant_id,
        owner_id=link.owner_id,
        subject=link,
        customer_id=customer.id,
        number=customer.number,
        customer=customer.name,
        customer_bn=customer.name_bn,
    )
