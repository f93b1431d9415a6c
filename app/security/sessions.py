"""Sessions on the server: opened, renewed, ended. The browser's cookie holds a random id and nothing about who it is."""

from datetime import timedelta
from typing import Any

from flask import after_this_request, current_app, flash, request, session
from flask_babel import gettext as _
from sqlalchemy import delete, select, update
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response

from app.access.actor import Actor, find_signed_in, set_actor
from app.access.models import ApiKey
from app.access.scope import everywhere
from app.accounts.models import Account, Credential
from app.accounts.services import log_authentication
from app.core.clock import now
from app.core.database import db, transaction
from app.core.errors import NotFound
from app.core.tokens import digest, new_token
from app.security.models import (
    REMEMBERED_LIFE,
    Challenge,
    PendingSignIn,
    RememberedDevice,
    SignInSession,
    Throttle,
)

TOKEN = "_user_id"
"""Flask-Login's name for what it hands to load_user: here the session's token."""

TOUCHED_EVERY = timedelta(minutes=1)
PATIENCE_MS = 100
"""How long a look waits to write when it was: on SQLite another may be writing. The next request tries again."""


def device_text() -> str:
    """Return what the browser calls itself."""
    return "".join(c if c.isprintable() else "�" for c in request.headers.get("User-Agent", "")[:200])


def device_of_browser(account_id: int | None, epoch: int | None) -> RememberedDevice | None:
    """Return the device an account is remembered in, by this browser's cookie; None when it is not or no longer."""
    token = request.cookies.get(current_app.config["DEVICE_COOKIE_NAME"], "")
    if not token or account_id is None:
        return None
    return db.session.execute(
        select(RememberedDevice).where(
            RememberedDevice.token_hash == digest(token),
            RememberedDevice.account_id == account_id,
            RememberedDevice.epoch == epoch,
            RememberedDevice.expires_at > now(),
        )
    ).scalar_one_or_none()


def open_session(actor: Actor, way: str, *, remember: bool, device_id: int | None = None, proven: bool = True) -> Actor:
    """Sign an account in with this browser under a new id, and return who acts.

    ``way`` says how: password, totp, recovery, passkey. ``proven`` is whether a sensitive act needs no further proof for now.
    """
    token, moment = new_token(), now()
    with everywhere("who signs in has no scope yet"), transaction():
        end_by_token(session.get(TOKEN))
        account, credential = db.session.get_one(Account, actor.id), db.session.get_one(Credential, actor.id)
        account.last_sign_in_at = moment
        told, credential.notice = credential.notice, ""
        if remember and device_id is None:
            device_id = _remember(account, credential.epoch)
        db.session.add(
            SignInSession(
                account_id=actor.id,
                token_hash=digest(token),
                # the number read with the password: whatever ended sessions since then ends this one too
                epoch=actor.epoch,
                device_id=device_id,
                way=way,
                device=device_text(),
                address=(request.remote_addr or "")[:45],
                created_at=moment,
                seen_at=moment,
                confirmed_at=moment if proven else None,
            )
        )
        log_authentication(account, "signed_in", way=way)
    language = session.get("chosen_locale")
    session.clear()
    session["locale"] = language or actor.language
    _keep(token, lasting=device_id is not None)
    if told:
        flash(str(NOTICES[told]()), "warning")
    signed_in = find_signed_in(token)
    set_actor(signed_in)
    return signed_in or actor


def _keep(token: str, *, lasting: bool) -> None:
    session[TOKEN] = token
    session.permanent = lasting


def _remember(account: Account, epoch: int) -> int:
    token = new_token()
    row = RememberedDevice(
        account_id=account.id,
        token_hash=digest(token),
        epoch=epoch,
        device=device_text(),
        expires_at=now() + REMEMBERED_LIFE,
    )
    db.session.add(row)
    db.session.flush()
    log_authentication(account, "device_remembered")
    config = current_app.config

    @after_this_request
    def give_cookie(response: Response) -> Response:
        response.set_cookie(
            config["DEVICE_COOKIE_NAME"],
            token,
            max_age=int(REMEMBERED_LIFE.total_seconds()),
            secure=config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite=config["SESSION_COOKIE_SAMESITE"],
        )
        return response

    return row.id


NOTICES = {
    "factors_reset": lambda: _(
        "Your second factor was taken away by the account above yours. Was it not your wish? Call them. Set it up again under “Security”."
    ),
    "api_key_made": lambda: _(
        "A program may act as you now: the account above yours has made an API key for it. See it under “Security”."
    ),
    "factors_reset_here": lambda: _(
        "Your second factor was taken away on the server. Was it not your wish? Ask who runs it. Set it up again under “Security”."
    ),
}
"""What somebody is told at the next sign-in, by the name kept with the credential."""


def touch(actor: Actor) -> None:
    """Note that a session is alive, at most once a minute, in a transaction of its own that waits for nobody."""
    facts = actor.session
    if facts is None or now() - facts.seen_at < TOUCHED_EVERY:
        return
    _touch(update(SignInSession).where(SignInSession.id == facts.id).values(seen_at=now()))


API_KEY_TOUCHED_EVERY = timedelta(minutes=5)


def touch_api_key(actor: Actor) -> None:
    """Note that an API key is in use, at most every five minutes, in a transaction that waits for nobody."""
    facts = actor.api_key
    if facts is None or (facts.last_used_at and now() - facts.last_used_at < API_KEY_TOUCHED_EVERY):
        return
    _touch(update(ApiKey).where(ApiKey.id == facts.id).values(last_used_at=now()))


def _touch(statement: Any) -> None:
    try:
        with (
            everywhere("who acts is known before its scope is at work"),
            transaction(patience_ms=PATIENCE_MS) as at_work,
        ):
            at_work.execute(statement)
    except OperationalError:
        return


def end_by_token(token: object) -> None:
    """End the session of a token, whoever's it is: a copied cookie is dead from now on."""
    if isinstance(token, str) and token:
        db.session.execute(
            update(SignInSession)
            .where(SignInSession.token_hash == digest(token), SignInSession.ended_at.is_(None))
            .values(ended_at=now())
        )


def forget_browser_s_session() -> None:
    """End what is left of a session that does not hold any more, and keep the browser's language."""
    language = session.get("locale")
    with transaction():
        end_by_token(session.get(TOKEN))
    session.clear()
    session["locale"] = language or current_app.config["BABEL_DEFAULT_LOCALE"]


def go_on_with(actor: Actor, epoch: int) -> None:
    """Let this browser's session outlive a change of its own password or factors, under a new id; all others are over.

    ``epoch`` is the credential's new number.
    """
    if actor.session is None:
        return
    token = new_token()
    db.session.execute(
        update(SignInSession).where(SignInSession.id == actor.session.id).values(epoch=epoch, token_hash=digest(token))
    )
    if actor.session.device_id is not None:
        db.session.execute(
            update(RememberedDevice).where(RememberedDevice.id == actor.session.device_id).values(epoch=epoch)
        )
    _keep(token, lasting=actor.session.device_id is not None)


def live_sessions(actor: Actor) -> list[SignInSession]:
    """Return an account's sessions that hold, the last seen first."""
    rows = db.session.execute(
        select(SignInSession)
        .where(SignInSession.account_id == actor.id, SignInSession.ended_at.is_(None))
        .order_by(SignInSession.seen_at.desc(), SignInSession.id.desc())
    ).scalars()
    return [row for row in rows if row.is_live(actor.epoch, now())]


def end_session(actor: Actor, session_id: int) -> None:
    """End one of one's own sessions and forget its device. Raises NotFound for any other."""
    row = next((one for one in live_sessions(actor) if one.id == session_id), None)
    if row is None:
        raise NotFound("SignInSession")
    _end(actor, [row])


def end_other_sessions(actor: Actor) -> int:
    """End all of one's own sessions but the acting one, forget their devices, and return how many there were."""
    acting = actor.session.id if actor.session else None
    rows = [row for row in live_sessions(actor) if row.id != acting]
    devices = update(RememberedDevice).where(
        RememberedDevice.account_id == actor.id, RememberedDevice.expires_at > now()
    )
    if actor.session is not None and actor.session.device_id is not None:
        devices = devices.where(RememberedDevice.id != actor.session.device_id)
    db.session.execute(devices.values(expires_at=now()))
    _end(actor, rows)
    return len(rows)


def _end(actor: Actor, rows: list[SignInSession]) -> None:
    with everywhere("one's own account, whatever its scope"):
        account = db.session.get_one(Account, actor.id)
    for row in rows:
        row.ended_at = now()
        if row.device_id is not None:
            db.session.get_one(RememberedDevice, row.device_id).expires_at = now()
        log_authentication(account, "session_ended", device=row.device, address=row.address)
    db.session.flush()


KEPT = timedelta(days=90)
"""How long a session that is over stays in its table."""


def clear_away() -> None:
    """Remove what is over: old sessions and devices, sign-ins and challenges nobody finished, attempts long ago."""
    moment = now()
    with transaction() as at_work:
        at_work.execute(delete(SignInSession).where(SignInSession.seen_at < moment - KEPT))
        used = select(SignInSession.device_id).where(SignInSession.device_id.is_not(None))
        at_work.execute(
            delete(RememberedDevice).where(
                RememberedDevice.expires_at < moment - KEPT, RememberedDevice.id.not_in(used)
            )
        )
        at_work.execute(delete(PendingSignIn).where(PendingSignIn.expires_at < moment))
        at_work.execute(delete(Challenge).where(Challenge.expires_at < moment))
        at_work.execute(delete(Throttle).where(Throttle.tried_at < moment - timedelta(days=1)))
