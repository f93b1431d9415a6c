"""Make and revoke API keys."""

from datetime import date

from flask_babel import gettext as _
from sqlalchemy import select

from app.access.actor import Actor, demand, shown_number
from app.access.models import ApiKey
from app.access.permissions import KEYS
from app.access.scope import get_or_404
from app.accounts.models import Account, Credential
from app.accounts.queries import managers_of, one_of
from app.activity.recorder import record
from app.core.clock import end_of_day, now, today
from app.core.database import db, locked
from app.core.errors import Refused
from app.core.language import normalise
from app.core.tokens import digest, new_token

BEGINS = "sanjog_"
"""What every API key begins with: who finds one in a program or a log knows what it is."""

SHOWN = len(BEGINS) + 6
"""How many characters of a key stay visible; 37 random ones stay secret."""

LONGEST_NAME = 60
FURTHEST_YEARS = 5


def bindable(actor: Actor) -> list[Account]:
    """Return the accounts an API key of a parent may be bound to: itself, and its own Managers by name."""
    managers = db.session.execute(managers_of(actor).order_by(Account.name, Account.id)).scalars()
    return [db.session.get_one(Account, actor.id), *managers]


def make_api_key(account_id: int, name: str, keys: list[str], expires_on: date | None = None) -> tuple[ApiKey, str]:
    """Make an API key with which programs act as an account, and return it with the secret, which is kept nowhere.

    ``keys`` are permission keys of the table; at each request what the account may do then narrows them. The key holds to the
    end of the day ``expires_on`` in Dhaka. Raises Refused for bad input, NotFound for an account it cannot be bound to.
    """
    actor = demand("parents")
    account = (
        db.session.get_one(Account, actor.id) if account_id == actor.id else one_of(managers_of(actor), account_id)
    )
    name = normalise(name)
    if not name:
        raise Refused(_("Enter the name."), "name")
    if len(name) > LONGEST_NAME:
        raise Refused(_("At most %(count)s characters.", count=shown_number(LONGEST_NAME)), "name")
    if not keys or not set(keys) <= set(KEYS):
        raise Refused(_("Choose at least one permission."), "keys")
    if expires_on and not today() <= expires_on <= today().replace(year=today().year + FURTHEST_YEARS, day=1):
        raise Refused(_("The date lies in the past or too far away."), "expires_on")
    secret = f"{BEGINS}{new_token()}"
    row = ApiKey(
        account_id=account.id,
        name=name,
        prefix=secret[:SHOWN],
        token_hash=digest(secret),
        keys=sorted(set(keys)),
        created_by_id=actor.id,
        expires_at=end_of_day(expires_on) if expires_on else None,
    )
    db.session.add(row)
    db.session.flush()
    if account.id != actor.id:
        _tell(account)
    _record(row, account, "api_key.made", keys=", ".join(row.keys), prefix=row.prefix)
    return row, secret


def _tell(account: Account) -> None:
    """Let an account know at its next sign-in that a program acts as it; what it is to be told already comes first."""
    credential = db.session.execute(locked(select(Credential).where(Credential.account_id == account.id))).scalar_one()
    credential.notice = credential.notice or "api_key_made"


def revoke_api_key(row: ApiKey) -> ApiKey:
    """Make an API key open nothing from the next request on. Raises Refused when it was revoked before."""
    actor = demand("parents")
    row = get_or_404(ApiKey, row.id, lock=True)
    if row.revoked_at is not None:
        raise Refused(_("This API key is revoked already."))
    row.revoked_at, row.revoked_by_id = now(), actor.id
    _record(row, db.session.get_one(Account, row.account_id), "api_key.revoked", prefix=row.prefix)
    return row


def _record(row: ApiKey, account: Account, event: str, **words: object) -> None:
    record(
        "access",
        event,
        tenant_id=row.tenant_id,
        owner_id=row.owner_id,
        subject=row,
        name=row.name,
        account=account.name,
        **words,
    )
