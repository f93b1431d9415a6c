"""Passkeys (WebAuthn): registered, used as second factor, and to sign in without a password.

The library checks signature, origin and relying party. Ours to check: a challenge is used once, the passkey belongs to who is
asked, the user handle is the account's, the counter moves forward (reference: webauthn 3.0, what it does not check).

The library is imported where a passkey is made or used: it brings certificates of every maker of authenticators, six
megabytes that each worker would hold for nothing.
"""

import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import current_app, session
from flask_babel import gettext as _
from sqlalchemy import delete, select, update

from app.access.actor import Actor
from app.core.clock import now
from app.core.database import db, transaction
from app.core.errors import NotFound, Refused
from app.core.language import normalise
from app.core.tokens import digest, new_token
from app.security.factors import factor_changed, forget_codes_without_factor
from app.security.models import Challenge, Passkey

if TYPE_CHECKING:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

CHALLENGE_LIFE = timedelta(minutes=5)
MOST_PASSKEYS = 10
LONGEST_ANSWER = 20_000
COOKIE = "challenge"


@dataclass(frozen=True)
class Party:
    """Who relies on the passkeys: the host's name, and the origins its pages come from."""

    id: str
    origin: str


def party() -> Party:
    """Return the relying party of the installation, by its public address: never by the request's Host header."""
    address = urlsplit(current_app.config["PUBLIC_URL"])
    return Party(address.hostname or "localhost", f"{address.scheme}://{address.netloc}")


def passkeys_of(account_id: int) -> list[Passkey]:
    """Return an account's passkeys, oldest first."""
    return list(
        db.session.execute(select(Passkey).where(Passkey.account_id == account_id).order_by(Passkey.id)).scalars()
    )


def registration_options(actor: Actor) -> str:
    """Return what the browser needs to make a passkey, as JSON, with a new challenge."""
    import webauthn
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    known = passkeys_of(actor.id)
    options = webauthn.generate_registration_options(
        rp_id=party().id,
        rp_name=current_app.config["APP_NAME"],
        user_id=known[0].user_handle if known else _new_handle(),
        user_name=actor.email,
        user_display_name=actor.name,
        challenge=_new_challenge("register", actor.id),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=_descriptors(known),
    )
    return webauthn.options_to_json(options)


def _new_handle() -> bytes:
    handle = secrets.token_bytes(32)
    # the browser tells it only when the passkey is used: until the answer comes it waits with the session
    session["handle"] = handle.hex()
    return handle


def add_passkey(actor: Actor, name: str, answer: str) -> Passkey:
    """Keep the passkey a browser has made. All other sessions are over. Raises Refused."""
    import webauthn

    handle = session.pop("handle", None)
    challenge = take_challenge("register", actor.id)
    name = normalise(name)
    if not name or len(name) > 60:
        raise Refused(_("Give the passkey a name of at most 60 characters."), "name")
    known = passkeys_of(actor.id)
    if len(known) >= MOST_PASSKEYS:
        raise Refused(_("There are ten passkeys already. Remove one first."))
    if challenge is None or not (known or handle):
        raise Refused(_("That took too long. Try again."))
    try:
        given = _parsed(answer)
        verified = webauthn.verify_registration_response(
            credential=given,
            expected_challenge=challenge,
            expected_rp_id=party().id,
            expected_origin=party().origin,
            require_user_verification=True,
        )
    except Exception:
        # whatever the browser sent: it is no passkey for this site
        raise Refused(_("The passkey could not be added. Try again.")) from None
    with transaction() as at_work:
        taken = select(Passkey.id).where(Passkey.credential_id == verified.credential_id)
        if at_work.execute(taken).first():
            raise Refused(_("This passkey is in use already."))
        row = Passkey(
            account_id=actor.id,
            name=name,
            credential_id=verified.credential_id,
            user_handle=known[0].user_handle if known else bytes.fromhex(handle),
            public_key=verified.credential_public_key,
            sign_count=verified.sign_count,
            transports=" ".join(_transports(given))[:100],
        )
        at_work.add(row)
        at_work.flush()
        factor_changed(actor, "passkey_added", passkey=name)
        return row


def remove_passkey(actor: Actor, passkey_id: int) -> None:
    """Take a passkey away. All other sessions are over. Raises NotFound for another's."""
    row = own_passkey(actor, passkey_id)
    db.session.delete(row)
    db.session.flush()
    forget_codes_without_factor(actor.id)
    factor_changed(actor, "passkey_removed", passkey=row.name)


def own_passkey(actor: Actor, passkey_id: int) -> Passkey:
    """Return one of one's own passkeys. Raises NotFound for any other."""
    row = next((one for one in passkeys_of(actor.id) if one.id == passkey_id), None)
    if row is None:
        raise NotFound("Passkey")
    return row


def request_options(purpose: str, account_id: int | None) -> str:
    """Return what the browser needs to use a passkey, as JSON: of one account, or of whoever the passkey says it is."""
    import webauthn
    from webauthn.helpers.structs import UserVerificationRequirement

    known = passkeys_of(account_id) if account_id is not None else []
    options = webauthn.generate_authentication_options(
        rp_id=party().id,
        challenge=_new_challenge(purpose, account_id),
        allow_credentials=_descriptors(known) or None,
        user_verification=UserVerificationRequirement.PREFERRED
        if account_id is not None
        else UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


def use_passkey(purpose: str, answer: str, account_id: int | None) -> Passkey | None:
    """Return the passkey that has answered the challenge; None for every answer that is not right, whatever the cause.

    Without ``account_id`` the passkey says who it is: then its holder must have been verified and named by its handle.
    """
    import webauthn
    from webauthn.helpers import base64url_to_bytes

    challenge = take_challenge(purpose, account_id)
    if challenge is None:
        return None
    try:
        given = _parsed(answer)
        wanted = base64url_to_bytes(given["rawId"])
        handle = given["response"].get("userHandle")
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    found = select(Passkey).where(Passkey.credential_id == wanted)
    if account_id is not None:
        found = found.where(Passkey.account_id == account_id)
    row = db.session.execute(found).scalar_one_or_none()
    if row is None:
        return None
    # as it was when the answer was judged: a transaction reads anew
    passkey_id, counted_so_far = row.id, row.sign_count
    try:
        if (handle or account_id is None) and not secrets.compare_digest(base64url_to_bytes(handle), row.user_handle):
            return None
        verified = webauthn.verify_authentication_response(
            credential=given,
            expected_challenge=challenge,
            expected_rp_id=party().id,
            expected_origin=party().origin,
            credential_public_key=row.public_key,
            credential_current_sign_count=counted_so_far,
            require_user_verification=account_id is None,
        )
    except Exception:
        # whatever the browser sent: it proves nothing
        return None
    with transaction() as at_work:
        counted = at_work.execute(
            update(Passkey)
            .where(Passkey.id == passkey_id, Passkey.sign_count == counted_so_far)
            .values(sign_count=verified.new_sign_count, last_used_at=now())
            .execution_options(synchronize_session=False)
        )
        return row if counted.rowcount == 1 else None


def _parsed(answer: str) -> dict[str, Any]:
    if len(answer) > LONGEST_ANSWER:
        raise ValueError("no authenticator says that much")
    given = json.loads(answer)
    if not isinstance(given, dict):
        raise ValueError("an answer is an object")
    return given


def _transports(given: dict[str, Any]) -> list[str]:
    from webauthn.helpers.structs import AuthenticatorTransport

    known = {one.value for one in AuthenticatorTransport}
    named = given.get("response", {}).get("transports") or []
    return [name for name in named if name in known] if isinstance(named, list) else []


def _descriptors(rows: list[Passkey]) -> "list[PublicKeyCredentialDescriptor]":
    from webauthn.helpers.structs import AuthenticatorTransport, PublicKeyCredentialDescriptor

    return [
        PublicKeyCredentialDescriptor(
            id=row.credential_id, transports=[AuthenticatorTransport(name) for name in row.transports.split()] or None
        )
        for row in rows
    ]


# --- Challenges --------------------------------------------------------------------------------------------------


def _new_challenge(purpose: str, account_id: int | None) -> bytes:
    token, challenge = new_token(), secrets.token_bytes(32)
    with transaction() as at_work:
        at_work.execute(delete(Challenge).where(Challenge.expires_at < now()))
        at_work.add(
            Challenge(
                token_hash=digest(token),
                purpose=purpose,
                account_id=account_id,
                challenge=challenge,
                expires_at=now() + CHALLENGE_LIFE,
            )
        )
    session[COOKIE] = token
    return challenge


def take_challenge(purpose: str, account_id: int | None) -> bytes | None:
    """Take this browser's challenge away and return it; None when it is used, old, or for something else."""
    token = session.pop(COOKIE, None)
    if not isinstance(token, str):
        return None
    with transaction() as at_work:
        row = at_work.get(Challenge, digest(token))
        if row is None:
            return None
        challenge = row.challenge
        fits = row.purpose == purpose and row.account_id == account_id and row.expires_at > now()
        taken = at_work.execute(delete(Challenge).where(Challenge.token_hash == digest(token)))
        return challenge if taken.rowcount == 1 and fits else None
