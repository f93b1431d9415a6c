"""Sign in, step by step, prove again who one is, sign out; look at the panel as one of one's Managers."""

import ipaddress
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from flask import request, session
from flask_babel import gettext as _
from sqlalchemy import delete, update

from app.access.actor import Actor, acting_as, current_actor, find_actor, set_actor
from app.access.scope import everywhere
from app.accounts.models import Account, Credential, Kind
from app.accounts.passwords import password_fits
from app.accounts.services import change_password, find_by_email, log_authentication, record_account
from app.core.clock import now
from app.core.database import db, transaction
from app.core.errors import Refused
from app.core.language import normalise
from app.core.tokens import digest, new_token
from app.security.factors import own_account, use_recovery_code, use_totp
from app.security.models import PendingSignIn, SignInSession
from app.security.passkeys import request_options, use_passkey
from app.security.sessions import TOKEN, device_of_browser, end_by_token, go_on_with, open_session
from app.security.throttling import forget_attempts, is_locked, keyed, take_attempt

PENDING = "pending"
PENDING_LIFE = timedelta(minutes=10)
TRIES = 5
"""So often a second factor may be wrong before the password is asked for again."""

FREE_PER_ADDRESS = 100
"""Many people share an address (an office, a provider's NAT): it is held back only when a hundred attempts in a row have failed."""

LONGEST_EMAIL = 190


class Step(StrEnum):
    """Where a sign-in stands."""

    SIGNED_IN = "signed in"
    FACTOR = "second factor"
    REFUSED = "refused"
    LOCKED = "locked"


def sign_in(email: str, password: str, *, remember: bool = False, next_url: str = "") -> Step:
    """Take email and password and say how it goes on. Unknown, wrong, suspended: one answer, and as much work (spec §8)."""
    is_text = "\x00" not in email
    email = normalise(email).lower()
    account = find_by_email(email) if is_text and len(email) <= LONGEST_EMAIL else None
    with everywhere("who signs in is not known yet"):
        credential = db.session.get(Credential, account.id) if account else None
        device = device_of_browser(account.id, credential.epoch) if account and credential else None
    device_id, account_id = device.id if device else None, account.id if account else None
    # a remembered device counts its own failures: nobody else's lock it (spec §11.13)
    counted = ("device", device_id) if device_id else ("account", f"{email}|{network()}")
    if not device_id and is_locked("address", network()):
        return Step.LOCKED
    attempt = take_attempt(*counted)
    if not attempt.allowed:
        password_fits(None, password)
        return Step.LOCKED
    with everywhere("who signs in is not known yet"):
        credential = db.session.get(Credential, account_id) if account_id else None
    fits = password_fits(credential, password)
    if credential is not None and credential.expires_at is not None and credential.expires_at < now():
        fits = False
    actor = find_actor(account_id) if account_id and fits else None
    if actor is None:
        _failed("sign_in_failed", account_id, email, locks=attempt.locks)
        if not device_id:
            take_attempt("address", network(), FREE_PER_ADDRESS)
        return Step.REFUSED
    forget_attempts(*counted)
    if actor.factors and not device_id:
        _begin_pending(actor, remember, next_url)
        return Step.FACTOR
    # on a remembered device the factor has not been seen today: a sensitive act asks for it
    open_session(actor, "password", remember=remember, device_id=device_id, proven=not actor.factors)
    return Step.SIGNED_IN


def network() -> str:
    """Return what an attempt comes from: the address, of IPv6 the network, which one subscriber has whole."""
    address = ipaddress.ip_address(request.remote_addr or "0.0.0.0")
    return str(ipaddress.ip_network(f"{address}/64", strict=False)) if address.version == 6 else str(address)


def _failed(event: str, account_id: int | None, email: str = "", *, locks: bool = False) -> None:
    with everywhere("the log belongs to whoever tries"), transaction():
        account = db.session.get_one(Account, account_id) if account_id else None
        # an unknown name is kept as a keyed hash: it may be a password typed into the wrong field
        words = {"name_hash": keyed("email", email)[:16]} if email and not account else {}
        log_authentication(account, event, "refused", **words)
        if locks:
            log_authentication(account, "locked", "locked", **words)


# --- Between password and second factor: nobody is signed in ------------------------------------------------------


@dataclass(frozen=True)
class Pending:
    """Whose second factor is asked for, and how it goes on after it."""

    actor: Actor
    remember: bool
    next_url: str


def _begin_pending(actor: Actor, remember: bool, next_url: str) -> None:
    token = new_token()
    with transaction() as at_work:
        end_by_token(session.get(TOKEN))
        at_work.execute(delete(PendingSignIn).where(PendingSignIn.expires_at < now()))
        at_work.add(
            PendingSignIn(
                token_hash=digest(token),
                account_id=actor.id,
                epoch=actor.epoch,
                remember=remember,
                next_url=next_url[:1000],
                expires_at=now() + PENDING_LIFE,
            )
        )
    kept = {name: session[name] for name in ("locale", "chosen_locale") if name in session}
    session.clear()
    session.update(kept)
    session[PENDING] = token


def pending_sign_in() -> Pending | None:
    """Return whose second factor this browser is asked for; None when the password has to be typed (again)."""
    token = session.get(PENDING)
    row = db.session.get(PendingSignIn, digest(token)) if isinstance(token, str) else None
    if row is None or row.expires_at <= now() or row.tries >= TRIES:
        return None
    actor = find_actor(row.account_id)
    # a password or factor changed meanwhile: what was typed proves nothing any more
    if actor is None or actor.epoch != row.epoch or not actor.factors:
        return None
    return Pending(actor, row.remember, row.next_url)


def finish_sign_in(pending: Pending, *, code: str = "", credential: str = "") -> Step:
    """Take the second factor: a code of the app, a recovery code, or a passkey's answer."""
    token = session.get(PENDING, "")
    with transaction() as at_work:
        counted = at_work.execute(
            update(PendingSignIn)
            .where(PendingSignIn.token_hash == digest(token), PendingSignIn.tries < TRIES)
            .values(tries=PendingSignIn.tries + 1)
            .execution_options(synchronize_session=False)
        )
    if counted.rowcount != 1:
        return Step.LOCKED
    actor = pending.actor
    way, allowed = _proven_by(actor, "sign_in", code, credential)
    if way is None:
        _failed("second_factor_failed", actor.id, locks=not allowed)
        return Step.REFUSED if allowed else Step.LOCKED
    with transaction() as at_work:
        taken = at_work.execute(delete(PendingSignIn).where(PendingSignIn.token_hash == digest(token)))
    if taken.rowcount != 1:
        return Step.REFUSED
    open_session(actor, way, remember=pending.remember)
    return Step.SIGNED_IN


def _proven_by(actor: Actor, purpose: str, code: str, credential: str) -> tuple[str | None, bool]:
    """Return how a second factor proves who it is, None when it does not, and whether it could be tried at all."""
    if credential:
        return ("passkey" if use_passkey(purpose, credential, actor.id) else None), True
    attempt = take_attempt("totp", actor.id)
    if not attempt.allowed:
        return None, False
    if "totp" in actor.factors and use_totp(actor.id, code):
        way = "totp"
    elif len(code) > 12 and use_recovery_code(own_account(actor), code):
        way = "recovery"
    else:
        return None, True
    forget_attempts("totp", actor.id)
    return way, True


def sign_in_with_passkey(credential: str) -> Step:
    """Sign in with a passkey alone: its holder verified, named by the passkey itself."""
    if is_locked("address", network()):
        return Step.LOCKED
    passkey = use_passkey("alone", credential, None)
    account_id = passkey.account_id if passkey is not None else None
    actor = find_actor(account_id) if account_id is not None else None
    if actor is None:
        _failed("passkey_failed", account_id)
        take_attempt("address", network(), FREE_PER_ADDRESS)
        return Step.REFUSED
    open_session(actor, "passkey", remember=False)
    return Step.SIGNED_IN


def passkey_options(actor: Actor | None, purpose: str) -> str:
    """Return what the browser needs to use a passkey of an account, or of whoever it is, as JSON."""
    return request_options(purpose, actor.id if actor else None)


# --- Once more, before a sensitive act (spec §11.12) --------------------------------------------------------------


def prove_again(actor: Actor, *, password: str = "", code: str = "", credential: str = "") -> Step:
    """Take a further proof of who acts: the factor, or the password of an account that has none."""
    attempt = take_attempt("proof", actor.id)
    if not attempt.allowed:
        return Step.LOCKED
    if actor.factors:
        way, _allowed = _proven_by(actor, "prove", code, credential)
    else:
        with everywhere("one's own account, whatever its scope"):
            way = "password" if password_fits(db.session.get_one(Credential, actor.id), password) else None
    if way is None or actor.session is None:
        _failed("proof_failed", actor.id, locks=attempt.locks)
        return Step.REFUSED
    forget_attempts("proof", actor.id)
    with transaction() as at_work:
        at_work.execute(update(SignInSession).where(SignInSession.id == actor.session.id).values(confirmed_at=now()))
        log_authentication(own_account(actor), "proven", way=way)
    set_actor(replace(actor, session=replace(actor.session, confirmed_at=now())))
    return Step.SIGNED_IN


def change_own_password(actor: Actor, current: str, new: str, again: str) -> None:
    """Change one's own password: every other session is over, this one goes on under a new id. Raises Refused."""
    if not take_attempt("proof", actor.id).allowed:
        raise Refused(_("Too many attempts. Try again in a few minutes."), "current")
    try:
        with transaction():
            go_on_with(actor, change_password(actor.id, current, new, again))
    except Refused as refused:
        # only a wrong present password counts as an attempt
        if refused.field == "current":
            raise
        forget_attempts("proof", actor.id)
        raise
    forget_attempts("proof", actor.id)


# --- Out, and in somebody else's place ----------------------------------------------------------------------------


def sign_out() -> None:
    """End this browser's session."""
    actor = current_actor()
    with transaction():
        end_by_token(session.get(TOKEN))
        if actor is not None:
            log_authentication(own_account(actor.hand), "signed_out")
    language = session.get("locale")
    session.clear()
    if language:
        session["locale"] = language
    set_actor(None)


def see_as(manager: Account) -> None:
    """Look at the panel as one of one's own Managers: read-only, until ``see_as_myself`` (spec §1)."""
    session["see_as"] = manager.id
    record_account(manager, "account.seen_as")


def see_as_myself(actor: Actor) -> None:
    """Go back from a Manager's panel to one's own."""
    session.pop("see_as", None)
    if actor.seen_by is not None:
        with acting_as(actor.seen_by), transaction():
            record_account(db.session.get_one(Account, actor.id), "account.seen_as_ended")


def seen_as(parent: Actor) -> Actor | None:
    """Return the Manager this browser looks at the panel as, acting for its parent; None when it does not, or no longer may."""
    manager_id = session.get("see_as")
    if manager_id is None:
        return None
    manager = find_actor(manager_id)
    if manager is None or manager.parent_id != parent.id or manager.kind != Kind.MANAGER:
        session.pop("see_as", None)
        return None
    return replace(manager, seen_by=parent, language=parent.language, digits=parent.digits, theme=parent.theme)
