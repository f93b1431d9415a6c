"""Questions about second factors."""

from sqlalchemy import select, union

from app.core.database import db
from app.security.models import Passkey, TotpFactor


def with_factor(account_ids: list[int]) -> set[int]:
    """Return which of the accounts have a second factor."""
    apps = select(TotpFactor.account_id).where(
        TotpFactor.account_id.in_(account_ids), TotpFactor.confirmed_at.is_not(None)
    )
    passkeys = select(Passkey.account_id).where(Passkey.account_id.in_(account_ids))
    return set(db.session.execute(union(apps, passkeys)).scalars())
