"""Sign in and out."""

from flask import session
from flask_login import login_user, logout_user

from app.access.actor import Actor, current_actor, find_actor, set_actor
from app.access.scope import everywhere
from app.accounts.models import Account, Credential
from app.accounts.services import find_by_email, password_fits
from app.activity.recorder import record_authentication
from app.core.clock import now
from app.core.database import db, transaction

LONGEST_PASSWORD = 128


def sign_in(email: str, password: str) -> Actor | None:
    """Sign in by email and password; None when they do not fit, whatever the cause: unknown, wrong, suspended (spec §8)."""
    account = find_by_email(email) if len(email) <= 190 else None
    with everywhere("who signs in is not known yet"):
        credential = db.session.get(Credential, account.id) if account else None
    fits = password_fits(credential, password[:LONGEST_PASSWORD]) and len(password) <= LONGEST_PASSWORD
    actor = find_actor(account.id) if account and fits else None
    with everywhere("the log belongs to whoever tries"), transaction():
        if actor is None:
            _log("sign_in_failed", account, "refused")
        else:
            db.session.get_one(Account, actor.id).last_sign_in_at = now()
            _log("signed_in", account, "ok")
    if actor is None:
        return None
    language = session.get("locale")
    session.clear()
    session["epoch"] = actor.epoch
    session["locale"] = language or actor.language
    login_user(actor)
    set_actor(actor)
    return actor


def sign_out() -> None:
    """End this browser's session."""
    actor = current_actor()
    if actor is not None:
        with everywhere("the log belongs to whoever leaves"), transaction():
            _log("signed_out", db.session.get_one(Account, actor.id), "ok")
    logout_user()
    session.clear()
    set_actor(None)


def _log(event: str, account: Account | None, result: str) -> None:
    # of an unknown address nothing is kept: it may be a password typed into the wrong field
    record_authentication(
        event,
        tenant_id=account.tenant_id if account else None,
        owner_id=account.owner_id if account else None,
        actor_id=account.id if account else None,
        actor_name=account.name if account else "",
        result=result,
    )


