"""The authenticator app and the recovery codes: set up, used once, taken away."""

import secrets

import pyotp
from sqlalchemy import delete, func, select, update

from app.access.actor import Actor, current_actor
from app.access.scope import everywhere
from app.accounts.models import Account
from app.accounts.services import end_every_session, log_authentication, record_account
from app.core.clock import now
from app.core.database import db, transaction
from app.core.language import to_ascii_digits
from app.core.sealing import seal, unseal
from app.core.tokens import digest
from app.security.models import Passkey, RecoveryCode, TotpFactor
from app.security.sessions import go_on_with
from app.security.throttling import forget_attempts, take_attempt

STEP_SECONDS = 30
DRIFT = 1
"""How many steps a phone's clock may be off, either way (ASVS 5.0 6.5.5 would have it more exact than cheap phones are)."""

PURPOSE = "totp"
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
CODES, GROUPS, GROUP = 10, 5, 5


def own_account(actor: Actor) -> Account:
    """Return the account of who acts, whatever its scope."""
    with everywhere("one's own account, whatever its scope"):
        return db.session.get_one(Account, actor.id)


# --- The authenticator app ---------------------------------------------------------------------------------------


def begin_totp(actor: Actor) -> None:
    """Make a new secret that counts once a code has confirmed it; a confirmed one stays until then."""
    row = db.session.get(TotpFactor, actor.id)
    if row is None:
        row = TotpFactor(account_id=actor.id)
        db.session.add(row)
    if row.confirmed_at is None:
        row.secret = seal(PURPOSE, actor.id, pyotp.random_base32(32))
    db.session.flush()


def totp_to_confirm(actor: Actor) -> str | None:
    """Return the secret that waits for its first code; None when there is none."""
    row = db.session.get(TotpFactor, actor.id)
    return unseal(PURPOSE, actor.id, row.secret) if row is not None and row.confirmed_at is None else None


def totp_address(actor: Actor, secret: str, issuer: str) -> str:
    """Return the otpauth address of a secret, for the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=actor.email, issuer_name=issuer)


def confirm_totp(actor: Actor, code: str) -> bool:
    """Let the app count from now on when its code is right; that code is used up. All other sessions are over."""
    if not take_attempt(PURPOSE, actor.id).allowed:
        return False
    secret = totp_to_confirm(actor)
    step = matching_step(secret, code) if secret else None
    if step is None:
        return False
    forget_attempts(PURPOSE, actor.id)
    with transaction() as session:
        confirmed = session.execute(
            update(TotpFactor)
            .where(TotpFactor.account_id == actor.id, TotpFactor.confirmed_at.is_(None))
            .values(confirmed_at=now(), last_step=step)
        )
        if confirmed.rowcount != 1:
            return False
        factor_changed(actor, "totp_added")
    return True


def remove_totp(actor: Actor) -> None:
    """Take the app away. All other sessions are over."""
    db.session.execute(delete(TotpFactor).where(TotpFactor.account_id == actor.id))
    forget_codes_without_factor(actor.id)
    factor_changed(actor, "totp_removed")


def matching_step(secret: str, code: str) -> int | None:
    """Return the step of 30 seconds a code belongs to, of the present one and its neighbours; None when it fits none."""
    typed = "".join(to_ascii_digits(code).split()).replace("-", "")
    if not (len(typed) == 6 and typed.isascii() and typed.isdigit()):
        return None
    present, totp = int(now().timestamp()) // STEP_SECONDS, pyotp.TOTP(secret)
    fitting = [
        step
        for step in range(present - DRIFT, present + DRIFT + 1)
        if secrets.compare_digest(totp.generate_otp(step), typed)
    ]
    return max(fitting, default=None)


def use_totp(account_id: int, code: str) -> bool:
    """Use a code of the app: once, and none older than the newest used (one statement decides, also among many at once)."""
    row = db.session.get(TotpFactor, account_id)
    step = matching_step(unseal(PURPOSE, account_id, row.secret), code) if row is not None else None
    if step is None:
        return False
    with transaction() as session:
        used = session.execute(
            update(TotpFactor)
            .where(
                TotpFactor.account_id == account_id, TotpFactor.confirmed_at.is_not(None), TotpFactor.last_step < step
            )
            .values(last_step=step)
            .execution_options(synchronize_session=False)
        )
        return used.rowcount == 1


# --- Recovery codes ----------------------------------------------------------------------------------------------


def new_recovery_codes(actor: Actor) -> list[str]:
    """Make ten codes in place of all older ones and return them: they are shown once, the database keeps their hashes."""
    codes = [
        "-".join("".join(secrets.choice(LETTERS) for _letter in range(GROUP)) for _group in range(GROUPS))
        for _code in range(CODES)
    ]
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == actor.id))
    db.session.add_all(RecoveryCode(account_id=actor.id, code_hash=_code_hash(actor.id, code)) for code in codes)
    db.session.flush()
    log_authentication(own_account(actor), "recovery_codes_made")
    return codes


def recovery_codes_left(account_id: int) -> int:
    """Return how many codes have not been used."""
    return db.session.execute(
        select(func.count(RecoveryCode.id)).where(RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None))
    ).scalar_one()


def use_recovery_code(account: Account, code: str) -> bool:
    """Use a recovery code: once, whatever its case, spaces and dashes."""
    with transaction() as session:
        used = session.execute(
            update(RecoveryCode)
            .where(
                RecoveryCode.account_id == account.id,
                RecoveryCode.code_hash == _code_hash(account.id, code),
                RecoveryCode.used_at.is_(None),
            )
            .values(used_at=now())
            .execution_options(synchronize_session=False)
        )
        if used.rowcount == 1:
            log_authentication(account, "recovery_code_used")
        return used.rowcount == 1


def _code_hash(account_id: int, code: str) -> str:
    plain = "".join(letter for letter in code.upper() if letter in LETTERS)
    return digest(f"{account_id}:{plain}")


# --- All factors of an account -----------------------------------------------------------------------------------


def reset_factors(account: Account, notice: str = "factors_reset") -> None:
    """Take every second factor of an account away: its sessions end, and it is told at the next sign-in (spec §8).

    A parent does it for a Manager, who runs the server for everybody; ``notice`` names what the person is told.
    """
    for model in (TotpFactor, RecoveryCode, Passkey):
        db.session.execute(delete(model).where(model.account_id == account.id))
    credential = end_every_session(account)
    credential.notice = notice
    db.session.flush()
    record_account(account, "account.factors_reset")
    acting = current_actor()
    log_authentication(account, "factors_reset", by=acting.name if acting else "")


def factor_changed(actor: Actor, event: str, **words: object) -> None:
    """Record a change of one's own factors: every other session is over, this one goes on under a new id."""
    account = own_account(actor)
    credential = end_every_session(account)
    go_on_with(actor, credential.epoch)
    record_account(account, f"account.{event}")
    log_authentication(account, event, **words)


def forget_codes_without_factor(account_id: int) -> None:
    """Take the recovery codes away with the last factor: they stand in for one."""
    with_totp = db.session.execute(select(TotpFactor.account_id).where(TotpFactor.account_id == account_id)).first()
    with_passkey = db.session.execute(select(Passkey.id).where(Passkey.account_id == account_id)).first()
    if not with_totp and not with_passkey:
        db.session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
