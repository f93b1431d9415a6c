"""Questions about second factors."""

from sqlalchemy import or_, select, union

from app.access.models import ApiKey
from app.core.clock import now
from app.core.database import db
from app.security.models import Passkey, TotpFactor


def programs_of(account_id: int) -> list[ApiKey]:
    """Return the API keys that open something as an account now, newest first: whoever has made them."""
    is_live = ApiKey.revoked_at.is_(None) & or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now())
    found = select(ApiKey).where(ApiKey.account_id == account_id, is_live).order_by(ApiKey.id.desc())
    return list(db.session.execute(found).scalars())


def with_factor(account_ids: list[int]) -> set[int]:
    """Return which of the accounts have a second factor."""
    apps = select(TotpFactor.account_id).where(
        TotpFactor.account_id.in_(account_ids), TotpFactor.confirmed_at.is_not(None)
    )
    passkeys = select(Passkey.account_id).where(Passkey.account_id.in_(account_ids))
    return set(db.session.execute(union(apps, passkeys)).scalars())
