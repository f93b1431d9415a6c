"""Attempts to pay by a link: the state machine from the customer's tap to the posted money (reference: gateways, §6).

The gateway is always called between two transactions, never inside one. Whoever calls it has claimed the attempt first.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import func, select

from app.access.scope import get_or_404, within
from app.accounts.models import Tenant
from app.accounts.queries import head_of
from app.billing.settlement import lock_customer
from app.books.models import EntryKind, Ledger
from app.books.services import Side, post
from app.core.clock import now
from app.core.database import db, transaction
from app.core.errors import Refused
from app.customers.models import Customer
from app.gateways.base import BDT, TIMED_OUT, Failure, Opened, Order, Outcome, Proof, redacted
from app.gateways.nagad import BrokenKey
from app.gateways.registry import BKASH, GATEWAYS, NAGAD, SSLCOMMERZ
from app.gateways.sslcommerz import is_signed
from app.paylinks.merchants import (
    NoToken,
    bkash_of,
    credentials_of,
    nagad_of,
    offers,
    sslcommerz_of,
    token_was_refused,
)
from app.paylinks.models import (
    AttemptState,
    GatewayEvent,
    GatewaySettings,
    LinkState,
    PaymentAttempt,
    PaymentLink,
    TrayEntry,
    TrayKind,
)
from app.paylinks.queries import chosen_bills, due_of, hash_of, undecided_attempt
from app.payments.models import Method, Payment
from app.payments.services import Received, receive_online

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
LEASE = timedelta(seconds=90)
"""How long who has claimed an attempt may take with the gateway."""

SAME_TAP = timedelta(minutes=2)
"""A second tap within this time leads to the gateway's page of the first."""

ATTEMPTS_AN_HOUR = 10
SETTLED_MEANWHILE = "settled"
"""The code of an attempt that was not taken any further because nothing was due any more."""

LONGEST_BODY = 4000
EVENTS_OF_AN_ATTEMPT = 100

RECONCILED_FOR = timedelta(hours=72)
"""Neither a refusal nor silence is final before (reference: gateways, §6.3)."""

LIFE_AT_BKASH = timedelta(hours=24)
CHECKS = tuple(timedelta(minutes=minutes) for minutes in (2, 5, 15, 30, 60, 180, 360, 720, 1440, 2880, 4320))
"""When a silent attempt is asked about again, after it was made (reference: gateways, §6.7)."""

LOOKS_FOR_MORE = (timedelta(minutes=15), timedelta(hours=24))
"""When SSLCommerz is asked whether a second movement of money came under the reference of one that is posted."""

CLAIMABLE = tuple(
    state.value
    for state in (
        AttemptState.NEW,
        AttemptState.OPEN,
        AttemptState.VERIFYING,
        AttemptState.UNKNOWN,
        AttemptState.FAILED,
        AttemptState.CANCELLED,
        AttemptState.EXPIRED,
    )
)


class Says(StrEnum):
    """What a callback claims; nobody believes it, but it decides what the customer reads until the gateway has spoken."""

    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"


SAYS = {
    BKASH: {"success": Says.PAID, "failure": Says.FAILED, "cancel": Says.CANCELLED},
    NAGAD: {"success": Says.PAID, "failed": Says.FAILED, "aborted": Says.CANCELLED, "cancelled": Says.CANCELLED},
    SSLCOMMERZ: {
        "valid": Says.PAID,
        "validated": Says.PAID,
        "failed": Says.FAILED,
        "cancelled": Says.CANCELLED,
        "unattempted": Says.CANCELLED,
        "expired": Says.FAILED,
    },
}


@dataclass(frozen=True)
class Started:
    """An attempt that was opened: where the customer pays, and the secret under which the result page is found."""

    pay_url: str
    secret: str


def start(
    link: PaymentLink, gateway: str, *, client_ip: str = "", is_phone: bool = True, language: str = "bn"
) -> Started:
    """Open a payment of what a link asks for at this moment, and return where the customer pays (spec §6).

    Raises Refused with a sentence for the customer. Call outside of a transaction: it calls the gateway.
    """
    secret = secrets.token_urlsafe(32)
    with within(link.tenant_id, link.owner_id):
        with transaction():
            attempt, again = _begun(link, gateway, secret)
        if again:
            return Started(again, "")
        order = _order(attempt, secret, is_phone=is_phone, language=language)
        answer = _opened(attempt, order, client_ip)
        with transaction():
            attempt = _locked(attempt.id)
            if isinstance(answer, Opened):
                attempt.state, attempt.session, attempt.pay_url = AttemptState.OPEN, answer.session, answer.pay_url
                attempt.signature = answer.signature[:100]
                attempt.next_check_at = _next_check(attempt)
            else:
                attempt.state, attempt.code = AttemptState.FAILED, answer.code[:60]
                attempt.message = answer.message[:200]
                # a session that SSLCommerz opened and could not tell of is found by our reference
                attempt.next_check_at = _next_check(attempt)
            note_event(attempt, "opened", answer.raw)
        if isinstance(answer, Failure):
            raise Refused(
                _(
                    "%(gateway)s does not answer as it should. Nothing was paid. Try again, or choose another way.",
                    gateway=GATEWAYS[gateway].label,
                )
            )
        return Started(answer.pay_url, secret)


def _begun(link: PaymentLink, gateway: str, secret: str) -> tuple[PaymentAttempt, str]:
    """Write an attempt down before the gateway hears of it; or return the page of one that was opened just now."""
    customer = lock_customer(db.session.get_one(Customer, link.customer_id))
    link = get_or_404(PaymentLink, link.id, lock=True)
    if link.state != LinkState.OPEN:
        raise Refused(_("This link is not open any more."))
    if undecided_attempt(link) is not None:
        raise Refused(_("Your payment is being confirmed. Do not pay again."))
    amount = due_of(link).amount
    if not amount:
        raise Refused(_("Nothing is due any more."))
    offer = next((one for one in offers(link.owner_id, amount) if one.kind.name == gateway), None)
    if offer is None:
        raise Refused(_("This way of paying is not offered."))
    since = select(PaymentAttempt).where(
        PaymentAttempt.link_id == link.id, PaymentAttempt.made_at > now() - timedelta(hours=1)
    )
    lately = list(db.session.execute(since.order_by(PaymentAttempt.id.desc())).scalars())
    for one in lately:
        is_same = one.gateway == gateway and one.amount == amount and one.state == AttemptState.OPEN
        if is_same and one.pay_url and one.made_at > now() - SAME_TAP:
            return one, one.pay_url
    if len(lately) >= ATTEMPTS_AN_HOUR:
        raise Refused(_("That were many attempts. Wait a while, then try again."))
    attempt = PaymentAttempt(
        tenant_id=link.tenant_id,
        owner_id=link.owner_id,
        link_id=link.id,
        customer_id=customer.id,
        settings_id=offer.settings.id,
        gateway=gateway,
        reference="SJ" + "".join(secrets.choice(ALPHABET) for _time in range(18)),
        secret_hash=hash_of(secret),
        amount=amount,
        charge=offer.charge,
        state=AttemptState.NEW,
        made_at=now(),
        next_check_at=now() + CHECKS[0],
    )
    db.session.add(attempt)
    db.session.flush()
    return attempt, ""


def _order(attempt: PaymentAttempt, secret: str, *, is_phone: bool, language: str) -> Order:
    customer = db.session.get_one(Customer, attempt.customer_id)
    back = f"{current_app.config['PUBLIC_URL']}/gateway/{attempt.gateway}/{secret}"
    tenant = db.session.get_one(Tenant, attempt.tenant_id)
    return Order(
        reference=attempt.reference,
        amount=attempt.total,
        return_url=back,
        notice_url=f"{back}/notice",
        description=f"Internet bill, {tenant.name}"[:100],
        payer=f"0{customer.mobile[4:]}" if customer.mobile.startswith("+880") else customer.mobile,
        payer_name=customer.name,
        # SSLCommerz demands an address, and most customers have none
        payer_email=customer.email or "no-reply@customer.invalid",
        payer_address=customer.place,
        language=language,
        is_phone=is_phone,
    )


def _opened(attempt: PaymentAttempt, order: Order, client_ip: str) -> Opened | Failure:
    settings = _settings(attempt)
    try:
        if attempt.gateway == BKASH:
            answer = bkash_of(settings).open(order)
            if isinstance(answer, Failure) and answer.is_token:
                token_was_refused(settings)
                answer = bkash_of(settings).open(order)
            return answer
        if attempt.gateway == NAGAD:
            return nagad_of(settings, client_ip).open(order)
        return sslcommerz_of(settings).open(order)
    except NoToken as problem:
        return Failure("token", str(problem))
    except BrokenKey as problem:
        return Failure("key", str(problem))


def _settings(attempt: PaymentAttempt) -> GatewaySettings:
    return db.session.get_one(GatewaySettings, attempt.settings_id)


def _locked(attempt_id: int) -> PaymentAttempt:
    return get_or_404(PaymentAttempt, attempt_id, lock=True)


def note_event(attempt: PaymentAttempt, kind: str, body: str) -> None:
    """Keep what came from a gateway, without secrets."""
    count = db.session.execute(
        select(func.count(GatewayEvent.id)).where(GatewayEvent.attempt_id == attempt.id)
    ).scalar_one()
    if count < EVENTS_OF_AN_ATTEMPT:
        db.session.add(
            GatewayEvent(
                tenant_id=attempt.tenant_id,
                owner_id=attempt.owner_id,
                attempt_id=attempt.id,
                kind=kind,
                body=body[:LONGEST_BODY],
            )
        )


def come_back(attempt: PaymentAttempt, fields: Mapping[str, str], kind: str = "return") -> None:
    """Take a customer's return or a gateway's notice as a reason to ask the gateway, and as nothing more (spec §6).

    Call outside of a transaction: it calls the gateway.
    """
    with within(attempt.tenant_id, attempt.owner_id):
        with transaction():
            note_event(attempt, kind, json.dumps(redacted(dict(fields)), ensure_ascii=False))
        if not _names_the_attempt(attempt, fields):
            return
        says = SAYS[attempt.gateway].get(fields.get("status", "").lower())
        if attempt.gateway == BKASH:
            if says == Says.PAID:
                verify(attempt.id, says=says, takes_money=True)
            elif says is not None:
                _note_no(attempt.id, AttemptState(says.value))
            return
        val_id = ""
        if attempt.gateway == SSLCOMMERZ:
            password = credentials_of(_settings(attempt)).get("store_passwd", "")
            # what is not signed is no reason to ask about another movement than our own
            val_id = fields.get("val_id", "") if is_signed(fields, password) else ""
        is_another = bool(val_id) and val_id != attempt.transaction
        verify(attempt.id, says=says, val_id=val_id, for_more=is_another)


def _names_the_attempt(attempt: PaymentAttempt, fields: Mapping[str, str]) -> bool:
    """Tell whether the gateway's own names in a callback are those of the attempt that its address names."""
    if attempt.gateway == BKASH:
        is_signed_alike = not attempt.signature or fields.get("signature", attempt.signature) == attempt.signature
        return fields.get("paymentID") == attempt.session and is_signed_alike
    if attempt.gateway == NAGAD:
        return (fields.get("payment_ref_id"), fields.get("order_id")) == (attempt.session, attempt.reference)
    # SSLCommerz is asked by our own reference, whatever a notice names
    return True


def _note_no(attempt_id: int, state: AttemptState) -> None:
    """Note that a customer gave up before any money moved; a payment that is being taken is left alone."""
    with transaction():
        attempt = _locked(attempt_id)
        if attempt.state == AttemptState.OPEN and attempt.executed_at is None:
            attempt.state = state


def verify(
    attempt_id: int, *, says: Says | None = None, takes_money: bool = False, val_id: str = "", for_more: bool = False
) -> str:
    """Ask the gateway what came of an attempt, as the one who may, and post what it proves. Return the attempt's state.

    With ``takes_money`` bKash is told to take it, once; with ``for_more`` SSLCommerz is asked for further money even where
    some is posted. Call in the scope of the tenant, outside of a transaction.
    """
    claim = _claim(attempt_id, says=says, takes_money=takes_money, for_more=for_more)
    if claim is None:
        return db.session.execute(select(PaymentAttempt.state).where(PaymentAttempt.id == attempt_id)).scalar_one()
    try:
        proof = _ask(attempt_id, claim, val_id)
    except NoToken as problem:
        proof = Proof(Outcome.UNKNOWN, code="token", message=str(problem))
        _give_back_the_order(attempt_id, claim)
    except BrokenKey as problem:
        proof = Proof(Outcome.UNKNOWN, code="key", message=str(problem))
    return _conclude(attempt_id, claim, proof)


@dataclass(frozen=True)
class Claim:
    """The right to ask a gateway about an attempt: nobody else asks meanwhile. ``executes``: bKash is to take the money."""

    token: str
    executes: bool
    before: str
    says: Says | None


def _claim(attempt_id: int, *, says: Says | None, takes_money: bool, for_more: bool) -> Claim | None:
    """Claim an attempt; None when somebody else has, or when it is settled. Its row is locked while that is decided."""
    with transaction():
        row = db.session.get_one(PaymentAttempt, attempt_id, populate_existing=True)
        executes = row.gateway == BKASH and takes_money
        if executes:
            # the customer is locked before the attempt, in the order of all changes of money
            lock_customer(db.session.get_one(Customer, row.customer_id))
        attempt = _locked(attempt_id)
        before = attempt.state
        is_posted = for_more and before == AttemptState.POSTED and attempt.gateway == SSLCOMMERZ
        is_free = before in CLAIMABLE or is_posted
        if not is_free or (attempt.claimed_until is not None and attempt.claimed_until > now()):
            return None
        executes = executes and attempt.executed_at is None
        if attempt.gateway == BKASH and not executes and attempt.executed_at is None and before != AttemptState.OPEN:
            return None
        if executes:
            # cash came first: bKash has taken nothing yet, so it need not (reference: gateways, §6.5)
            if not due_of(db.session.get_one(PaymentLink, attempt.link_id)).amount:
                attempt.state, attempt.code, attempt.next_check_at = AttemptState.CANCELLED, SETTLED_MEANWHILE, None
                return None
            attempt.executed_at = now()
        claim = Claim(secrets.token_hex(16), executes, before, says)
        attempt.claim, attempt.claimed_until = claim.token, now() + LEASE
        if not is_posted:
            attempt.state = AttemptState.VERIFYING
        # who dies with the claim in hand leaves an attempt that is asked about again
        attempt.next_check_at = now() + LEASE
        return claim


def _ask(attempt_id: int, claim: Claim, val_id: str) -> Proof:
    attempt = db.session.get_one(PaymentAttempt, attempt_id, populate_existing=True)
    settings = _settings(attempt)
    session = attempt.session or ""
    if attempt.gateway == SSLCOMMERZ:
        return _ask_sslcommerz(attempt, settings, val_id)
    if not session:
        return Proof(Outcome.REFUSED)
    if attempt.gateway == NAGAD:
        return nagad_of(settings).verify(session)
    client = bkash_of(settings)
    proof = client.execute(session) if claim.executes else client.query(session)
    if proof.is_token:
        token_was_refused(settings)
        client = bkash_of(settings)
        # a refusal that speaks of nothing but the token has taken no money: once more is safe
        proof = client.execute(session) if claim.executes else client.query(session)
    is_unclear = proof.outcome == Outcome.UNKNOWN and proof.message != TIMED_OUT
    if claim.executes and (proof.ask_again or is_unclear):
        # asked only when the order gave no usable answer; after a time-out the time is used up, and the next check asks
        told = client.query(session)
        return proof if told.outcome == Outcome.PENDING and proof.outcome == Outcome.REFUSED else told
    return proof


def _ask_sslcommerz(attempt: PaymentAttempt, settings: GatewaySettings, val_id: str) -> Proof:
    client = sslcommerz_of(settings)
    if val_id and len(val_id) <= 100:
        proof = client.validate(val_id)
        if proof.outcome == Outcome.PAID and proof.reference == attempt.reference:
            return proof
        if proof.outcome == Outcome.UNKNOWN:
            return proof
        # the val_id of another bill: our own reference says what came of ours
        own = client.query(attempt.reference)
        return proof if own.outcome != Outcome.PAID and _is_strange(attempt, proof) else own
    return client.query(attempt.reference)


def _is_strange(attempt: PaymentAttempt, proof: Proof) -> bool:
    """Tell whether a paid val_id belongs to nobody we know: money that a parent should look at."""
    if proof.outcome != Outcome.PAID:
        return False
    known = db.session.execute(
        select(PaymentAttempt.id).where(
            PaymentAttempt.gateway == attempt.gateway, PaymentAttempt.reference == proof.reference
        )
    ).first()
    return known is None


def _give_back_the_order(attempt_id: int, claim: Claim) -> None:
    """Forget that bKash was to take the money where it was never asked to."""
    if claim.executes:
        with transaction():
            _locked(attempt_id).executed_at = None


def _conclude(attempt_id: int, claim: Claim, proof: Proof) -> str:
    """Write down what the gateway said, and post the money that it proves, in one transaction."""
    with transaction():
        row = db.session.get_one(PaymentAttempt, attempt_id, populate_existing=True)
        customer = lock_customer(db.session.get_one(Customer, row.customer_id))
        attempt = _locked(attempt_id)
        note_event(attempt, "answer", proof.raw)
        is_mine = attempt.claim == claim.token
        if is_mine:
            attempt.claim = attempt.claimed_until = None
        elif proof.outcome != Outcome.PAID or attempt.state == AttemptState.POSTED:
            # the lease was over and another has asked since; money that is proved counts all the same
            return attempt.state
        if claim.before == AttemptState.POSTED:
            _take_further(attempt, customer, proof)
            attempt.next_check_at = _next_check(attempt)
            return attempt.state
        attempt.code, attempt.message = proof.code[:60], proof.message[:200]
        if proof.outcome == Outcome.PAID:
            _take(attempt, customer, proof)
        elif proof.outcome == Outcome.REVERSED:
            attempt.state = AttemptState.REVIEW
            ask_to_look(attempt, TrayKind.REVERSED, proof.transaction, proof.amount)
        else:
            attempt.state = _unpaid(attempt, claim, proof)
        attempt.checks += 1
        attempt.next_check_at = _next_check(attempt)
        if attempt.state == AttemptState.UNKNOWN and now() - attempt.made_at > timedelta(hours=1):
            ask_to_look(attempt, TrayKind.UNCLEAR, "", attempt.total)
        return attempt.state


def _unpaid(attempt: PaymentAttempt, claim: Claim, proof: Proof) -> str:
    """Return where an attempt stands whose money the gateway has not proved."""
    negative = claim.before in (AttemptState.FAILED, AttemptState.CANCELLED, AttemptState.EXPIRED)
    if proof.outcome == Outcome.REFUSED:
        if negative:
            return claim.before
        return AttemptState.CANCELLED if claim.says == Says.CANCELLED else AttemptState.FAILED
    was_in_doubt = claim.before in (AttemptState.UNKNOWN, AttemptState.VERIFYING)
    # at bKash money moves only after it was told to take it
    may_have_moved = attempt.executed_at is not None if attempt.gateway == BKASH else claim.says == Says.PAID
    if proof.outcome == Outcome.UNKNOWN and (may_have_moved or was_in_doubt) and not (negative and claim.says is None):
        return AttemptState.UNKNOWN
    if attempt.gateway == BKASH and may_have_moved and not negative:
        return AttemptState.UNKNOWN
    if negative:
        return claim.before
    if claim.says in (Says.FAILED, Says.CANCELLED):
        return AttemptState(claim.says.value)
    life = LIFE_AT_BKASH if attempt.gateway == BKASH else RECONCILED_FOR
    return AttemptState.EXPIRED if now() - attempt.made_at >= life else AttemptState.OPEN


def _next_check(attempt: PaymentAttempt) -> datetime | None:
    """Return when an attempt is asked about again; None when it is settled."""
    if attempt.state == AttemptState.POSTED and attempt.gateway == SSLCOMMERZ:
        return next((attempt.made_at + wait for wait in LOOKS_FOR_MORE if attempt.made_at + wait > now()), None)
    if attempt.state in (AttemptState.POSTED, AttemptState.REVIEW, AttemptState.EXPIRED):
        return None
    if attempt.gateway == BKASH and attempt.state != AttemptState.UNKNOWN:
        # no money has moved, or bKash has said no; it counts needless questions (reference: gateways, §6.7)
        return attempt.made_at + LIFE_AT_BKASH if attempt.state == AttemptState.OPEN else None
    if attempt.gateway != SSLCOMMERZ and not attempt.session:
        return None
    later = next((attempt.made_at + wait for wait in CHECKS if attempt.made_at + wait > now()), None)
    if later is not None:
        return later
    # what is unclear is never given up, what was refused is after three days
    return now() + timedelta(days=1) if attempt.state == AttemptState.UNKNOWN else None


def _take(attempt: PaymentAttempt, customer: Customer, proof: Proof) -> None:
    """Post money that a gateway has proved, or hold it for a parent to look at; never lose it (reference: gateways, §6.5)."""
    attempt.transaction, attempt.received, attempt.currency = proof.transaction[:100], proof.amount, proof.currency[:10]
    if _is_foreign(attempt, proof) or not proof.amount:
        attempt.state = AttemptState.REVIEW
        ask_to_look(attempt, TrayKind.FOREIGN, proof.transaction, proof.amount)
        return
    if proof.risky:
        attempt.state = AttemptState.REVIEW
        ask_to_look(attempt, TrayKind.HELD, proof.transaction, proof.amount)
        return
    try:
        post_money(attempt, customer, proof.transaction, proof.amount)
    except Refused:
        # the transaction stands in the books already, for another customer
        attempt.state = AttemptState.REVIEW
        ask_to_look(attempt, TrayKind.FOREIGN, proof.transaction, proof.amount)
        return
    _take_further(attempt, customer, proof)


def _take_further(attempt: PaymentAttempt, customer: Customer, proof: Proof) -> None:
    """Post what a gateway proves beyond the movement that is posted, each once, and let the parent look at it."""
    for other in (proof, *proof.more):
        if other.outcome != Outcome.PAID or other.transaction == attempt.transaction:
            continue
        if _is_foreign(attempt, other) or not other.amount or other.risky:
            ask_to_look(attempt, TrayKind.FOREIGN, other.transaction, other.amount)
            continue
        received = _received(attempt, customer, other.transaction, other.amount)
        if not received.already_recorded:
            ask_to_look(attempt, TrayKind.SECOND, other.transaction, other.amount, received.payment)


def _is_foreign(attempt: PaymentAttempt, proof: Proof) -> bool:
    """Tell whether a proof speaks of another currency, reference, session or merchant than the attempt's."""
    told = credentials_of(_settings(attempt))
    merchant = told.get("merchant_id") if attempt.gateway == NAGAD else told.get("store_id")
    return (
        proof.currency != BDT
        or proof.reference != attempt.reference
        or (bool(proof.session) and proof.session != attempt.session)
        or (attempt.gateway == NAGAD and proof.merchant != merchant)
        or (attempt.gateway == SSLCOMMERZ and bool(proof.merchant) and proof.merchant != merchant)
    )


def post_money(attempt: PaymentAttempt, customer: Customer, transaction_id: str, amount: int) -> Payment:
    """Post ``amount`` paisa of an attempt to its customer, once per transaction, in the present transaction.

    Another amount than was asked for is posted as it came, and goes to the tray; so does what nobody owed any more.
    """
    link = get_or_404(PaymentLink, attempt.link_id, lock=True)
    is_exact = amount == attempt.total
    # a service charge is taken only where all was paid: it is no debt of the customer's
    charge = attempt.charge if amount >= attempt.total else 0
    owed = customer.due
    payment = _received(attempt, customer, transaction_id, amount - charge).payment
    if charge and not attempt.charge_posted:
        _post_charge(attempt, payment, charge)
    attempt.state, attempt.payment_id, attempt.settled_at = AttemptState.POSTED, payment.id, now()
    if amount >= attempt.total and link.paid_at is None:
        link.paid_at = now()
    if not is_exact:
        ask_to_look(attempt, TrayKind.AMOUNT, transaction_id, amount, payment)
    elif payment.amount > owed:
        ask_to_look(attempt, TrayKind.SURPLUS, transaction_id, payment.amount - owed, payment)
    return payment


def _received(attempt: PaymentAttempt, customer: Customer, transaction_id: str, amount: int) -> Received:
    link = db.session.get_one(PaymentLink, attempt.link_id)
    return receive_online(
        customer,
        amount,
        method=Method(attempt.gateway),
        transaction_id=transaction_id,
        bills=chosen_bills(link),
    )


def _post_charge(attempt: PaymentAttempt, payment: Payment, charge: int) -> None:
    """Post a service charge: it came in with the payment and belongs to the Group Admin, whose gateway it is."""
    head = head_of(attempt.tenant_id)
    post(
        EntryKind.SERVICE_CHARGE,
        attempt.tenant_id,
        attempt.owner_id,
        Side(Ledger.GATEWAY, head, charge, owner_id=head),
        Side(Ledger.INCOME, head, -charge, owner_id=head),
        payment_id=payment.id,
    )
    attempt.charge_posted = charge


def ask_to_look(
    attempt: PaymentAttempt, kind: TrayKind, transaction_id: str, amount: int | None, payment: Payment | None = None
) -> None:
    """Put something into the parent's tray, once."""
    transaction_id = transaction_id[:100]
    known = db.session.execute(
        select(TrayEntry.id).where(
            TrayEntry.attempt_id == attempt.id,
            TrayEntry.cause == kind.value,
            TrayEntry.transaction == transaction_id,
        )
    ).first()
    if known is None:
        db.session.add(
            TrayEntry(
                tenant_id=attempt.tenant_id,
                owner_id=attempt.owner_id,
                attempt_id=attempt.id,
                customer_id=attempt.customer_id,
                cause=kind.value,
                transaction=transaction_id,
                amount=amount,
                payment_id=payment.id if payment else None,
            )
        )
