"""Questions about accounts."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select

from app.access.actor import Actor
from app.access.models import Grant, KeyRequest
from app.access.scope import everywhere, get_or_404
from app.accounts.models import RESELLERS, Account, Kind
from app.core.clock import now
from app.core.database import db
from app.core.errors import NotFound


def managers_of(actor: Actor) -> Select[tuple[Account]]:
    """Select the Managers right below a parent account: it manages its own and nobody else's (spec §1)."""
    return select(Account).where(Account.parent_id == actor.id, Account.kind == Kind.MANAGER.value)


def resellers_below(actor: Actor) -> Select[tuple[Account]]:
    """Select the Operators and Sub-Operators below a parent account."""
    return select(Account).where(Account.kind.in_([kind.value for kind in RESELLERS]), Account.id != actor.id)


def resellers_right_below(owner_id: int) -> list[Account]:
    """Return the Operators and Sub-Operators right below a parent account, by name."""
    kinds = [kind.value for kind in RESELLERS]
    return list(
        db.session.execute(
            select(Account)
            .where(Account.parent_id == owner_id, Account.kind.in_(kinds))
            .order_by(Account.name, Account.id)
        ).scalars()
    )


def tenants_heads() -> Select[tuple[Account]]:
    """Select the Group Admins of the installation."""
    return select(Account).where(Account.kind == Kind.GROUP_ADMIN.value)


def head_of(tenant_id: int) -> int:
    """Return the account id of a tenant's Group Admin."""
    with everywhere("the Group Admin lies above who acts"):
        return db.session.execute(
            select(Account.id).where(Account.tenant_id == tenant_id, Account.kind == Kind.GROUP_ADMIN.value)
        ).scalar_one()


def one_of(selection: Select[tuple[Account]], row_id: object) -> Account:
    """Return an account of a selection by its id. Raises NotFound for any other."""
    account = get_or_404(Account, row_id)
    found = db.session.execute(selection.where(Account.id == account.id)).scalar_one_or_none()
    if found is None:
        raise NotFound("Account")
    return found


@dataclass(frozen=True)
class HeldKey:
    """A key an account holds, for good or until a moment."""

    key: str
    until: datetime | None


def held_by(account_ids: list[int]) -> dict[int, dict[str, HeldKey]]:
    """Return the keys accounts hold now, by account and key."""
    held: dict[int, dict[str, HeldKey]] = {account_id: {} for account_id in account_ids}
    rows = db.session.execute(
        select(Grant.account_id, Grant.key, Grant.until).where(
            Grant.account_id.in_(account_ids), (Grant.until.is_(None)) | (Grant.until > now())
        )
    )
    for account_id, key, until in rows:
        held[account_id][key] = HeldKey(key, until)
    return held


def key_counts(account_ids: list[int]) -> dict[int, int]:
    """Return how many keys accounts hold now."""
    return {account_id: len(keys) for account_id, keys in held_by(account_ids).items()}


def open_requests(account_id: int | None = None) -> list[KeyRequest]:
    """Return the requests for keys that wait for an answer, oldest first: all of the scope's, or one account's."""
    statement = select(KeyRequest).where(KeyRequest.answered_at.is_(None)).order_by(KeyRequest.id)
    if account_id is not None:
        statement = statement.where(KeyRequest.account_id == account_id)
    return list(db.session.execute(statement).scalars())


def parent_of(actor: Actor) -> Account | None:
    """Return the account above, for its name and phone."""
    if actor.parent_id is None:
        return None
    with everywhere("everybody may know whom to call"):
        return db.session.get(Account, actor.parent_id)


def account_names(account_ids: set[int]) -> dict[int, str]:
    """Return names by id of accounts in scope."""
    rows = db.session.execute(select(Account.id, Account.name).where(Account.id.in_(account_ids)))
    return {account_id: name for account_id, name in rows}


def collectors(actor: Actor) -> list[Account]:
    """Return who may have taken money for the owners in scope, by name: their staff, themselves, and the accounts above."""
    statement = select(Account).where(Account.tenant_id == actor.tenant_id).order_by(Account.name, Account.id)
    if actor.scope.shape != "tenant":
        owners = actor.scope.owners
        is_staff = Account.owner_id.in_(owners) & (Account.kind == Kind.MANAGER.value)
        statement = statement.where(is_staff | Account.id.in_((*owners, *actor.above)))
    with everywhere("who took the money stands on the receipt, also when that account lies above the reader"):
        return list(db.session.execute(statement).scalars())
