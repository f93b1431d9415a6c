"""Sign in and out."""

from dataclasses import replace

from flask import session
from flask_login import login_user, logout_user

from app.access.actor import Actor, acting_as, current_actor, find_actor, set_actor
from app.access.scope import everywhere
from app.accounts.models import Account, Credential, Kind
from app.accounts.services import LONGEST_PASSWORD, find_by_email, password_fits, record_account
from app.activity.recorder import record_authentication
from app.core.clock import now
from app.core.database import db, transaction


def sign_in(email: str, password: str) -> Actor | None:
    """Sign in by email and password; None when they do not fit, whatever the cause: unknown, wrong, suspended (spec §8)."""
    account = find_by_email(email) if len(email) <= 190 and "\x00" not in email else None
    with everywhere("who signs in is not known yet"):
        credential = db.session.get(Credential, account.id) if account else None
    fits = password_fits(credential, password[:LONGEST_PASSWORD]) and len(password) <= LONGEST_PASSWORD
    if credential is not None and credential.expires_at is not None and credential.expires_at < now():
        fits = False
    actor = find_actor(account.id) if account and fits else None
    with everywhere("the log belongs to whoever tries"), transaction():
        if actor is None:
            _log("sign_in_failed", account, "refused")
        else:
            db.session.get_one(Account, actor.id).last_sign_in_at = now()
            _log("signed_in", account, "ok")
    if actor is None:
        return None
    language = session.get("chosen_locale")
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


def go_on_with(epoch: int) -> None:
    """Let this browser's session outlive a change of its own password; all others are over."""
    session["epoch"] = epoch


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
