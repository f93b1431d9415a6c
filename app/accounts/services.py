"""Create tenants and accounts, set their keys, passwords and status."""

import re
import secrets
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import delete, select

from app.access.actor import current_actor, shown_number, shown_taka
from app.access.models import Grant, KeyRequest
from app.access.permissions import MANAGER_KEYS, RESELLER_KEYS
from app.access.scope import everywhere
from app.accounts.models import PARENTS, RESELLERS, Account, AccountStatus, Credential, Kind, Tenant
from app.accounts.passwords import hash_password, password_fits, refuse_weak
from app.activity.recorder import record, record_authentication
from app.core.clock import now
from app.core.contact import is_email, normal_mobile
from app.core.database import db, locked
from app.core.errors import Refused
from app.core.language import normalise

SLUG = re.compile(r"[a-z][a-z0-9-]{1,38}[a-z0-9]")
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
    *,
    slug: str,
    tenant_name: str,
    tenant_name_bn: str,
    name: str,
    email: str,
    password_hash: str,
    must_change: bool = True,
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
        record_account(account, "account.created", kind=Kind.GROUP_ADMIN)
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
    tenant_id: int | None,
    parent: Account | None,
    kind: Kind,
    name: str,
    email: str,
    mobile: str,
    password_hash: str,
    *,
    must_change: bool,
) -> Account:
    name, email = normalise(name), normalise(email).lower()
    _check_name_and_email(name, email)
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
    # who gives a password knows it: it is good for a day and must be changed
    expires_at = now() + timedelta(hours=ONE_TIME_HOURS) if must_change else None
    db.session.add(
        Credential(account_id=account.id, password_hash=password_hash, must_change=must_change, expires_at=expires_at)
    )
    db.session.flush()
    return account


def _check_name_and_email(name: str, email: str, account: Account | None = None) -> None:
    if not name or len(name) > 120:
        raise Refused(_("Enter a name of at most 120 characters."), "name")
    if not is_email(email):
        raise Refused(_("This is not an email address."), "email")
    with everywhere("email addresses are unique in the installation"):
        taken = select(Account.id).where(Account.email == email)
        if account is not None:
            taken = taken.where(Account.id != account.id)
        # no hint whose it is (spec: an address in use says nothing of its owner)
        if db.session.execute(taken).first():
            raise Refused(_("This email address cannot be used. Choose another."), "email")


def find_by_email(email: str) -> Account | None:
    """Return the account of an email address, whatever its case."""
    with everywhere("who signs in is not known yet"):
        return db.session.execute(select(Account).where(Account.email == email.strip().lower())).scalar_one_or_none()


def held_keys(account: Account) -> set[str]:
    """Return the keys an account holds now, timed ones included."""
    return set(
        db.session.execute(
            select(Grant.key).where(Grant.account_id == account.id, (Grant.until.is_(None)) | (Grant.until > now()))
        ).scalars()
    )


def set_keys(account: Account, keys: set[str]) -> tuple[set[str], set[str]]:
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
    # what has run out leaves with what is withdrawn: a grant begins anew
    db.session.execute(delete(Grant).where(Grant.account_id == account.id, Grant.key.not_in(before & keys)))
    for key in sorted(added):
        _grant_one(account, key, None)
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
    end_every_session(account)
    record_account(account, "account.status", changes={"status": (before, str(status))})
    log_authentication(account, "sessions_ended", by=_acting_name())
    return account


def end_sessions(account: Account) -> None:
    """End every session of an account at its next request."""
    end_every_session(account)
    record_account(account, "account.sessions_ended")
    log_authentication(account, "sessions_ended", by=_acting_name())


def _acting_name() -> str:
    actor = current_actor()
    return actor.hand.name if actor else ""


def end_every_session(account: Account) -> Credential:
    """End every session of an account and forget the devices it is remembered in; return its credential with the new number."""
    credential = db.session.execute(locked(select(Credential).where(Credential.account_id == account.id))).scalar_one()
    credential.epoch += 1
    db.session.flush()
    return credential


ONE_TIME_HOURS = 24
"""How long a password that somebody else has given is good for."""


def give_one_time_password(account: Account) -> str:
    """Give an account a password that must be changed at the first sign-in, and return it: it is shown once and kept nowhere."""
    password = _made_up()
    credential = end_every_session(account)
    credential.password_hash = hash_password(password)
    credential.must_change = True
    credential.expires_at = now() + timedelta(hours=ONE_TIME_HOURS)
    record_account(account, "account.password_given")
    log_authentication(account, "password_given", by=_acting_name())
    return password


def new_one_time_password() -> tuple[str, str]:
    """Return a password for a new account and its hash."""
    password = _made_up()
    return password, hash_password(password)


def _made_up() -> str:
    # letters alone, without those that look like others: read out on the phone and typed without a change of keyboard
    return "-".join("".join(secrets.choice("abcdefghjkmnpqrstuvwxyz") for _letter in range(4)) for _group in range(4))


def change_password(account_id: int, current: str, new: str, again: str) -> int:
    """Change one's own password and return the new epoch: every other session ends. Raises Refused."""
    with everywhere("one's own account, whatever its scope"):
        account = db.session.get_one(Account, account_id)
        credential = db.session.execute(
            locked(select(Credential).where(Credential.account_id == account_id))
        ).scalar_one()
        if not password_fits(credential, current):
            raise Refused(_("The current password is not right."), "current")
        if new == current:
            raise Refused(_("The new password must differ from the current one."), "new")
        tenant = db.session.get(Tenant, account.tenant_id) if account.tenant_id else None
        refuse_weak(new, account, tenant.name if tenant else "")
        if new != again:
            raise Refused(_("The two new passwords differ."), "again")
        credential.password_hash = hash_password(new)
        credential.must_change, credential.expires_at = False, None
        credential.epoch += 1
        db.session.flush()
        record_account(account, "account.password_changed")
        log_authentication(account, "password_changed")
        return credential.epoch


def edit_account(account: Account, *, name: str, email: str, mobile: str) -> Account:
    """Change an account's name, email and mobile. Raises Refused."""
    name, email = normalise(name), normalise(email).lower()
    _check_name_and_email(name, email, account)
    new = {"name": name, "email": email, "mobile": normal_mobile(mobile)}
    changes = {
        field: (getattr(account, field), value) for field, value in new.items() if getattr(account, field) != value
    }
    for field, (_old, value) in changes.items():
        setattr(account, field, value)
    db.session.flush()
    if changes:
        record_account(account, "account.edited", changes=changes)
    return account


def set_terms(account: Account, balance_kind: str, credit_limit: int) -> Account:
    """Set how an Operator stands with whom it buys from: debit, or credit up to ``credit_limit`` paisa (0 is unlimited).

    Raises Refused, also for a debit account that owes: what is owed is settled first (spec §5.4).
    """
    if account.kind not in RESELLERS or balance_kind not in ("debit", "credit"):
        raise Refused(_("Choose a debit or a credit account."), "balance_kind")
    account = db.session.execute(
        locked(select(Account).where(Account.id == account.id)).execution_options(populate_existing=True)
    ).scalar_one()
    if balance_kind == "debit" and account.balance_kind != "debit" and account.balance < 0:
        raise Refused(
            _("This account owes %(amount)s. Record the settlement first.", amount=shown_taka(-account.balance)),
            "balance_kind",
        )
    limit = credit_limit if balance_kind == "credit" else 0
    changes: dict[str, tuple[object, object]] = {}
    if account.balance_kind != balance_kind:
        changes["balance_kind"] = (account.balance_kind, balance_kind)
    if account.credit_limit != limit:
        changes["credit_limit_paisa"] = (account.credit_limit, limit)
    account.balance_kind, account.credit_limit = balance_kind, limit
    db.session.flush()
    if changes:
        record_account(account, "account.terms", changes=changes)
    return account


LONGEST_GRANT_HOURS = 24 * 30


def demand_factor(account_id: int, wanted: bool) -> None:
    """Demand a second factor of all Managers right below an account, or demand it no longer (spec §8)."""
    account = db.session.execute(locked(select(Account).where(Account.id == account_id))).scalar_one()
    if account.demands_factor != wanted:
        account.demands_factor = wanted
        db.session.flush()
        record_account(account, "account.factor_demanded" if wanted else "account.factor_not_demanded")


def request_key(key: str, reason: str) -> KeyRequest:
    """Ask the parent for a key one does not hold. Raises Refused."""
    actor = current_actor()
    reason = normalise(reason)
    if actor is None or actor.kind != Kind.MANAGER:
        raise Refused(_("Only a Manager asks for permissions."))
    if key not in MANAGER_KEYS:
        raise Refused(_("There is no such permission: %(names)s.", names=key[:200]), "key")
    if key in actor.keys:
        raise Refused(_("You hold this permission already."), "key")
    if not reason or len(reason) > 200:
        raise Refused(_("Say in a sentence what you need it for."), "reason")
    waiting = select(KeyRequest.id).where(
        KeyRequest.account_id == actor.id, KeyRequest.key == key, KeyRequest.answered_at.is_(None)
    )
    account = db.session.execute(locked(select(Account).where(Account.id == actor.id))).scalar_one()
    if db.session.execute(waiting).first():
        raise Refused(_("You have asked for this permission already; it waits for an answer."), "key")
    request = KeyRequest(
        tenant_id=account.tenant_id, owner_id=account.owner_id, account_id=actor.id, key=key, reason=reason
    )
    db.session.add(request)
    db.session.flush()
    record_account(account, "account.key_requested", key=key, reason=reason)
    return request


def answer_request(request: KeyRequest, *, grant: bool, hours: int | None = None, word: str = "") -> KeyRequest:
    """Grant a requested key, for good or for some hours, or decline it with a word. Raises Refused."""
    request = db.session.execute(
        locked(select(KeyRequest).where(KeyRequest.id == request.id)).execution_options(populate_existing=True)
    ).scalar_one()
    if request.answered_at is not None:
        raise Refused(_("This request has an answer already."))
    if hours is not None and not 1 <= hours <= LONGEST_GRANT_HOURS:
        raise Refused(
            _("Grant it for 1 to %(most)s hours, or for good.", most=shown_number(LONGEST_GRANT_HOURS)), "hours"
        )
    word = normalise(word)[:200]
    if not grant and not word:
        raise Refused(_("Say in a word why not."), "word")
    account = db.session.execute(locked(select(Account).where(Account.id == request.account_id))).scalar_one()
    actor = current_actor()
    request.answered_at, request.answered_by_id = now(), actor.id if actor else None
    request.granted, request.word = grant, word
    if grant:
        _grant_one(account, request.key, now() + timedelta(hours=hours) if hours else None)
    record_account(
        account,
        "account.key_granted" if grant else "account.key_declined",
        key=request.key,
        word=word,
        hours=hours or 0,
    )
    return request


def _grant_one(account: Account, key: str, until: datetime | None) -> None:
    actor = current_actor()
    held = db.session.execute(
        select(Grant).where(Grant.account_id == account.id, Grant.key == key)
    ).scalar_one_or_none()
    if held is None:
        held = Grant(tenant_id=account.tenant_id, owner_id=account.owner_id, account_id=account.id, key=key)
        db.session.add(held)
    held.until, held.granted_at, held.granted_by_id = until, now(), actor.id if actor else None
    db.session.flush()


def record_account(
    account: Account, event: str, changes: dict[str, tuple[object, object]] | None = None, **words: object
) -> None:
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


def log_authentication(account: Account | None, event: str, result: str = "ok", **words: object) -> None:
    """Record a step of an account's sign-in, factors or sessions in the authentication log; of an unknown one nothing but the words."""
    record_authentication(
        event,
        tenant_id=account.tenant_id if account else None,
        owner_id=account.owner_id if account else None,
        actor_id=account.id if account else None,
        actor_name=account.name if account else "",
        result=result,
        **words,
    )


def keep_preferences(account_id: int, language: str, digits: str, theme: str, page_size: int | None = None) -> None:
    """Keep how pages look to an account."""
    with everywhere("one's own account, whatever its scope"):
        account = db.session.get_one(Account, account_id)
        account.language, account.digits, account.theme = language, digits, theme
        if page_size is not None:
            account.page_size = page_size
        db.session.flush()
