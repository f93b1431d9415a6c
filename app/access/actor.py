"""Who acts: a snapshot of the signed-in account, its keys and its place in the tenant, made once a request."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import CompoundSelect, Select, bindparam, exists, literal, null, select, union_all
from sqlalchemy.orm import aliased

from app.access.models import ApiKey, Grant
from app.access.permissions import KEYS, may
from app.access.scope import Scope, everywhere, seeing
from app.accounts.models import Account, AccountStatus, Credential, Kind, Tenant
from app.core.clock import now
from app.core.database import db
from app.core.errors import Forbidden
from app.core.language import in_digits, locale_at_work
from app.core.money import taka
from app.core.tokens import digest
from app.security.models import Passkey, SignInSession, TotpFactor

RESELLERS = (Kind.OPERATOR.value, Kind.SUB_OPERATOR.value)


@dataclass(frozen=True)
class SessionFacts:
    """The browser session somebody acts in."""

    id: int
    device_id: int | None
    seen_at: datetime
    confirmed_at: datetime | None


@dataclass(frozen=True)
class ApiFacts:
    """The API key with which a program of the account acts."""

    id: int
    name: str
    keys: frozenset[str]
    expires_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True)
class Actor:
    """An account at work. ``owner_id`` is the parent account whose rows it works on; ``above`` and ``below`` are other owners of the chain.

    ``company`` and ``company_bn`` are the tenant's names; ``has_resellers`` tells whether Operators or Sub-Operators are its own.
    """

    id: int
    kind: Kind
    name: str
    email: str
    tenant_id: int | None
    owner_id: int | None
    parent_id: int | None
    epoch: int = 1
    language: str = "bn"
    digits: str = "auto"
    theme: str = "auto"
    page_size: int = 25
    company: str = ""
    company_bn: str = ""
    above: tuple[int, ...] = ()
    below: tuple[int, ...] = ()
    has_resellers: bool = False
    keys: frozenset[str] = field(default_factory=frozenset)
    must_change: bool = False
    factors: frozenset[str] = field(default_factory=frozenset)
    factor_demanded: bool = False
    session: SessionFacts | None = None
    seen_by: "Actor | None" = None
    api_key: ApiFacts | None = None

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        """Return the account's id as Flask-Login wants it."""
        return str(self.id)

    def may(self, key: str) -> bool:
        """Tell whether a key or an audience of the table opens to this account."""
        return may(self, key)

    @property
    def hand(self) -> "Actor":
        """Who really acts: the parent, where it looks at the panel as one of its Managers."""
        return self.seen_by or self

    @property
    def gate(self) -> str:
        """What must be done before anything else opens: a given password changed ("password"), a demanded factor set up ("factor"), or ""."""
        if self.must_change:
            return "password"
        return "factor" if self.factor_demanded and not self.factors else ""

    @property
    def initials(self) -> str:
        """One or two letters that stand for the name."""
        return "".join(word[0] for word in self.name.split()[:2]).upper()

    @property
    def scope(self) -> Scope:
        """Whose rows this account sees and changes (spec §1)."""
        if self.tenant_id is None or self.owner_id is None:
            return Scope.of_installation(self.id) if self.kind == Kind.SUPER_ADMIN else Scope.nothing()
        if self.kind == Kind.GROUP_ADMIN:
            return Scope.of_tenant(self.tenant_id, self.owner_id)
        return Scope.of_owners(self.tenant_id, self.owner_id, below=self.below, above=self.above, oneself=self.id)


def find_actor(account_id: int, at: datetime | None = None) -> Actor | None:
    """Load an account with its keys; None when it, or an account above it, is not active. Two statements at the most."""
    return _load(at or now(), {"account_id": account_id})


def find_signed_in(token: str) -> Actor | None:
    """Load who is signed in with a session's token; None once the session is over (spec §11.13). Two statements at the most."""
    return _load(now(), {"token_hash": digest(token)}, by=SignInSession)


def find_by_api_key(token: str) -> Actor | None:
    """Load the account that a program's API key is bound to; None for a key that is unknown, revoked or over. Two statements at the most.

    Nobody sits there who could change a given password or set up a factor: what a sign-in would ask for first is not asked.
    """
    found = _load(now(), {"token_hash": digest(token)}, by=ApiKey)
    return replace(found, must_change=False, factor_demanded=False) if found is not None else None


@cache
def _who(by: type[SignInSession] | type[ApiKey] | None) -> Select[*tuple[Any, ...]]:
    # put together once: every request begins with it, and putting it together took longer than running it
    parent, grandparent, top, reseller = (aliased(Account) for _one in range(4))
    statement = (
        select(
            by if by is not None else null(),
            Account,
            Credential,
            exists().where(TotpFactor.account_id == Account.id, TotpFactor.confirmed_at.is_not(None)),
            exists().where(Passkey.account_id == Account.id),
            parent.demands_factor,
            Tenant.name,
            Tenant.name_bn,
            exists().where(reseller.parent_id == Account.id, reseller.kind.in_(RESELLERS)),
            *(parent.id, parent.status, grandparent.id, grandparent.status, top.id, top.status),
        )
        .outerjoin(Tenant, Tenant.id == Account.tenant_id)
        .outerjoin(Credential, Credential.account_id == Account.id)
        .outerjoin(parent, parent.id == Account.parent_id)
        .outerjoin(grandparent, grandparent.id == parent.parent_id)
        .outerjoin(top, top.id == grandparent.parent_id)
    )
    if by is None:
        return statement.where(Account.id == bindparam("account_id"))
    return statement.join(by, by.account_id == Account.id).where(by.token_hash == bindparam("token_hash"))


@cache
def _held() -> CompoundSelect[Any]:
    return union_all(
        select(Grant.key, null().label("below")).where(
            Grant.account_id == bindparam("account_id"), (Grant.until.is_(None)) | (Grant.until > bindparam("moment"))
        ),
        select(literal(""), Account.id).where(
            Account.parent_id == bindparam("account_id"), Account.kind == Kind.SUB_OPERATOR.value
        ),
    )


def _load(
    moment: datetime, wanted: dict[str, Any], *, by: type[SignInSession] | type[ApiKey] | None = None
) -> Actor | None:
    session = db.session()
    with everywhere("the signed-in account is known before its scope is"):
        row = session.execute(_who(by), wanted).first()
        if row is None:
            return None
        acts_by, account, credential, has_totp, has_passkey, demands, company, company_bn, has_resellers, *chain = row
        signed_in = acts_by if isinstance(acts_by, SignInSession) else None
        api_key = acts_by if isinstance(acts_by, ApiKey) else None
        if api_key is not None and not api_key.is_live(moment):
            return None
        if signed_in is not None and (credential is None or not signed_in.is_live(credential.epoch, moment)):
            return None
        statuses = [account.status, *(status for status in chain[1::2] if status is not None)]
        if any(status != AccountStatus.ACTIVE for status in statuses):
            return None
        kind = Kind(account.kind)
        held: frozenset[str] = frozenset()
        below: tuple[int, ...] = ()
        if kind in (Kind.MANAGER, Kind.OPERATOR):
            rows: Any = session.execute(_held(), {"account_id": account.id, "moment": moment}).all()
            held = frozenset(key for key, sub_operator in rows if key in KEYS and sub_operator is None)
            below = tuple(sorted(sub_operator for _key, sub_operator in rows if sub_operator is not None))
    ancestors: tuple[Any, ...] = tuple(ancestor for ancestor in chain[0::2] if ancestor is not None)
    is_manager = kind == Kind.MANAGER
    factors = {name for name, there in (("totp", has_totp), ("passkey", has_passkey)) if there}
    return Actor(
        id=account.id,
        kind=kind,
        name=account.name,
        email=account.email,
        tenant_id=account.tenant_id,
        owner_id=account.parent_id if is_manager else account.id,
        parent_id=account.parent_id,
        epoch=credential.epoch if credential else 0,
        language=account.language,
        digits=account.digits,
        theme=account.theme,
        page_size=account.page_size,
        company=company or "",
        company_bn=company_bn or "",
        above=ancestors[1:] if is_manager else ancestors,
        below=() if is_manager else below,
        has_resellers=has_resellers,
        keys=held,
        must_change=bool(credential and credential.must_change),
        factors=frozenset(factors),
        factor_demanded=is_manager and bool(demands),
        session=SessionFacts(signed_in.id, signed_in.device_id, signed_in.seen_at, signed_in.confirmed_at)
        if signed_in is not None
        else None,
        api_key=ApiFacts(api_key.id, api_key.name, frozenset(api_key.keys), api_key.expires_at, api_key.last_used_at)
        if api_key is not None
        else None,
    )


_actor: ContextVar[Actor | None] = ContextVar("actor", default=None)


def current_actor() -> Actor | None:
    """Return who acts; None for the system itself and for strangers."""
    return _actor.get()


def set_actor(actor: Actor | None) -> None:
    """Make an account the one at work for the rest of this request, with its scope."""
    _actor.set(actor)
    Scope.enter(actor.scope if actor else Scope.nothing())


@contextmanager
def acting_as(actor: Actor) -> Iterator[Actor]:
    """Act as an account, in its scope, for the length of a block."""
    token = _actor.set(actor)
    try:
        with seeing(actor.scope):
            yield actor
    finally:
        _actor.reset(token)


def demand(key: str) -> Actor:
    """Return who acts, or raise Forbidden when the key is not held."""
    actor = current_actor()
    if actor is None or not actor.may(key):
        raise Forbidden(key)
    return actor


def reader_digits() -> str:
    """Return the digits the reader sees, "latn" or "beng": the account's choice, else those of the language of the page."""
    actor = current_actor()
    if actor is not None and actor.digits != "auto":
        return actor.digits
    locale = locale_at_work()
    return "beng" if locale is not None and locale.language == "bn" else "latn"


def shown_number(number: int) -> str:
    """Return a number or an identifier in the reader's digits."""
    return in_digits(number, reader_digits())


def shown_taka(paisa: int) -> str:
    """Return an amount in paisa as the reader sees it."""
    return taka(paisa, reader_digits())
