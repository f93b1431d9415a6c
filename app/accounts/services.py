"""Create tenants and accounts, set their keys, passwords and status."""

import re
import secrets
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import delete, func, select
from werkzeug.security import check_password_hash, generate_password_hash

from app.access.actor import current_actor
from app.access.models import Grant
from app.access.permissions import MANAGER_KEYS, RESELLER_KEYS
from app.access.scope import everywhere
from app.accounts.models import PARENTS, RESELLERS, Account, AccountStatus, Credential, Kind, Tenant
from app.activity.recorder import record
from app.core.contact import is_email, normal_mobile
from app.core.database import db, locked
from app.core.errors import Refused
from app.core.language import normalise

SLUG = re.compile(r"[a-z][a-z0-9-]{1,38}[a-z0-9]")
HASH_METHOD = "scrypt:32768:8:3"
PARENTS_OF = {
    Kind.OPERATOR: (Kind.GROUP_ADMIN,),
    Kind.SUB_OPERATOR: (Kind.GROUP_ADMIN, Kind.OPERATOR),
    Kind.MANAGER: PARENTS,
}
"""Which kinds of account may stand above a kind (spec §1)."""


def create_super_admin(email: str, name: str, password_hash: str) -> Account:
    """Create who runs the installation. Raises Refused."""
    return _create(None, None, Kind.SUPER_ADMIN, name, email, "", password_hash, must_change=False)


def create_group_admin(
    *, slug: str, tenant_name: str, tenant_name_bn: str, name: str, email: str, password_hash: str, must_change: bool = True
) -> Account:
    """Create a tenant and the Group Admin at its head. Raises Refused."""
    if not SLUG.fullmatch(slug):
        raise Refused(_("A short name has 3 to 40 small letters, digits and dashes."), "slug")
    with everywhere("short names are unique in the installation"):
        if db.session.execute(select(Tenant.id).where(Tenant.slug == slug)).first():
            raise Refused(_("This short name is in use already."), "slug")
        tenant = Tenant(slug=slug, name=normalise(tenant_name), name_bn=normalise(tenant_name_bn))
        db.session.add(tenant)
        db.session.flush()
        account = _create(tenant.id, None, Kind.GROUP_ADMIN, name, email, "", password_hash, must_change=must_change)
        account.owner_id = account.id
        db.session.flush()
    return account


def create_account(
    kind: Kind,
    parent: Account,
    *,
    name: str,
    email: str,
    password_hash: str,
    mobile: str = "",
    must_change: bool = True,
    balance_kind: str | None = None,
    credit_limit: int = 0,
) -> Account:
    """Create an Operator, Sub-Operator or Manager below a parent; ``credit_limit`` is paisa, 0 is unlimited. Raises Refused."""
    if parent.kind not in PARENTS_OF.get(kind, ()):
        raise Refused(_("This kind of account cannot stand below that one."), "kind")
    if kind in RESELLERS and balance_kind not in ("debit", "credit"):
        raise Refused(_("Choose a debit or a credit account."), "balance_kind")
    account = _create(parent.tenant_id, parent, kind, name, email, mobile, password_hash, must_change=must_change)
    if kind in RESELLERS:
        account.balance_kind, account.credit_limit = balance_kind, credit_limit
    db.session.flush()
    record_account(account, "account.created", kind=kind)
    return account


def _create(
    tenant_id: int | None, parent: Account | None, kind: Kind, name: str, email: str, mobile: str, password_hash: str, *, must_change: bool
) -> Account:
    name, email = normalise(name), normalise(email).lower()
    if not name or len(name) > 120:
        raise Refused(_("Enter a name of at most 120 characters."), "name")
    if not is_email(email):
        raise Refused(_("This is not an email address."), "email")
    with everywhere("email addresses are unique in the installation"):
        if db.session.execute(select(Account.id).where(func.lower(Account.email) == email)).first():
            raise Refused(_("This email address cannot be used. Choose another."), "email")
    account = Account(
        tenant_id=tenant_id,
        parent_id=parent.id if parent else None,
        owner_id=parent.id if parent else None,
        kind=kind,
        name=name,
        email=email,
        mobile=normal_mobile(mobile),
    )
    db.session.add(account)
    db.session.flush()
    db.session.add(Credential(account_id=account.id, password_hash=password_hash, must_change=must_change))
    db.session.flush()
    return account


def hash_password(password: str) -> str:
    """Return the salted hash of a password."""
    return generate_password_hash(password, method=HASH_METHOD)


def password_fits(credential: Credential | None, password: str) -> bool:
    """Tell whether a password is right; takes the same time when there is no such account."""
    if credential is None:
        check_password_hash(_NOBODY, password)
        return False
    return check_password_hash(credential.password_hash, password)


_NOBODY = hash_password(secrets.token_hex(16))


def find_by_email(email: str) -> Account | None:
    """Return the account of an email address, whatever its case."""
    with everywhere("who signs in is not known yet"):
        return db.session.execute(
            select(Account).where(func.lower(Account.email) == email.strip().lower())
        ).scalar_one_or_none()


def held_keys(account: Account) -> set[str]:
    """Return the keys granted to an account, timed ones included."""
    return set(db.session.execute(select(Grant.key).where(Grant.account_id == account.id)).scalars())


def set_keys(account: Account, keys: set[str], *, until: datetime | None = None) -> tuple[set[str], set[str]]:
    """Make these the keys an account holds and return what was added and what was withdrawn; one entry in the activity log.

    Raises Refused for an unknown key or one that this kind of account cannot hold.
    """
    allowed = MANAGER_KEYS if account.kind == Kind.MANAGER else RESELLER_KEYS
    unknown = sorted(key for key in keys if key not in allowed)
    if unknown or account.kind not in (Kind.MANAGER, Kind.OPERATOR):
        raise Refused(_("There is no such permission: %(names)s.", names=", ".join(unknown)[:200]))
    db.session.execute(locked(select(Account.id).where(Account.id == account.id)))
    before = held_keys(account)
    added, withdrawn = keys - before, before - keys
    if withdrawn:
        db.session.execute(delete(Grant).where(Grant.account_id == account.id, Grant.key.in_(withdrawn)))
    actor = current_actor()
    db.session.add_all(
        Grant(
            tenant_id=account.tenant_id,
            owner_id=account.owner_id,
            account_id=account.id,
            key=key,
            granted_by_id=actor.id if actor else None,
            until=until,
        )
        for key in sorted(added)
    )
    db.session.flush()
    if added or withdrawn:
        changes = {key: (key in before, key in keys) for key in sorted(added | withdrawn)}
        record_account(account, "account.keys", changes=changes)
    return added, withdrawn


def set_status(account: Account, status: AccountStatus) -> Account:
    """Activate, suspend or disable an account; its sessions end at the next request. Raises Refused."""
    actor = current_actor()
    if actor and actor.id == account.id:
        raise Refused(_("You cannot change the status of your own account."))
    before = account.status
    if before == status:
        raise Refused(_("This account has that status already."))
    account.status = status
    _end_sessions(account)
    record_account(account, "account.status", changes={"status": (before, str(status))})
    return account


def _end_sessions(account: Account) -> None:
    credential = db.session.get_one(Credential, account.id)
    credential.epoch += 1


def record_account(account: Account, event: str, changes: dict[str, tuple[object, object]] | None = None, **words: object) -> None:
    """Record what happened to an account in the activity log."""
    record(
        "accounts",
        event,
        tenant_id=account.tenant_id,
        owner_id=account.owner_id,
        subject=account,
        changes=changes,
        account=account.name,
        **words,
    )




def keep_preferences(account_id: int, language: str, digits: str, theme: str) -> None:
    """Keep how pages look to an account."""
    with everywhere("one's own account, whatever its scope"):
        account = db.session.get_one(Account, account_id)
        account.language, account.digits, account.theme = language, digits, theme
        db.session.flush()
