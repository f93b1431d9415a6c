"""THE row scope: every select, update and delete sees the rows of the scope at work and no others. No scope, no rows."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, event, false, select
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction, with_loader_criteria

from app.accounts.models import Account
from app.activity.models import INSTALLATION, Chained
from app.core.database import HouseSession, db
from app.core.errors import NotFound
from app.core.ownership import Offered, Owned, OwnerColumns

Row = TypeVar("Row")


@dataclass(frozen=True)
class Scope:
    """Whose rows are seen: a whole tenant, some owners of it, everything (jobs), or nothing."""

    shape: str
    tenant_id: int = 0
    owner_id: int = 0
    owners: tuple[int, ...] = ()
    above: tuple[int, ...] = ()
    oneself: int = 0
    reason: str = ""

    @classmethod
    def nothing(cls) -> "Scope":
        """No row at all: strangers."""
        return cls("nothing")

    @classmethod
    def of_installation(cls, oneself: int) -> "Scope":
        """What was logged outside of every tenant or done by ``oneself``, and no other row: the Super Admin, who sees no customer data."""
        return cls("installation", INSTALLATION, oneself=oneself)

    @classmethod
    def of_tenant(cls, tenant_id: int, owner_id: int) -> "Scope":
        """Every row of a tenant: a Group Admin's."""
        return cls("tenant", tenant_id, owner_id)

    @classmethod
    def of_owners(
        cls,
        tenant_id: int,
        owner_id: int,
        below: tuple[int, ...] = (),
        above: tuple[int, ...] = (),
        oneself: int = 0,
    ) -> "Scope":
        """The rows of one owner and of those below it; of offered rows also those of the accounts above, of logs also what ``oneself`` did."""
        return cls("owners" if below else "owner", tenant_id, owner_id, (owner_id, *below), above, oneself)

    def covers(self, tenant_id: int | None, owner_id: int | None) -> bool:
        """Tell whether a row with these owners may be written in this scope."""
        if self.shape == "everywhere":
            return True
        if self.shape == "tenant":
            return tenant_id == self.tenant_id
        return tenant_id == self.tenant_id and owner_id in self.owners

    @staticmethod
    def enter(scope: "Scope") -> None:
        """Set the scope for the rest of this request."""
        _scope.set(scope)


NOTHING = Scope.nothing()

_scope: ContextVar[Scope] = ContextVar("scope", default=NOTHING)


def by_owner(model: type[Any]) -> list[ColumnElement[bool]]:
    """Return a condition for each of the several owners whose rows of a model are seen.

    None where its rows lie together in an index that begins with whose they are: those of a tenant, or of one owner.
    """
    scope = _scope.get()
    if scope.shape != "owners" or not issubclass(model, Owned):
        return []
    return [model.owner_id == owner for owner in scope.owners]


def current_scope() -> Scope:
    """Return the scope at work."""
    return _scope.get()


@contextmanager
def seeing(scope: Scope) -> Iterator[None]:
    """Work in a scope for the length of a block."""
    token = _scope.set(scope)
    try:
        yield
    finally:
        _scope.reset(token)


@contextmanager
def everywhere(reason: str) -> Iterator[None]:
    """See every row for the length of a block. The reason is for the reader; a test holds the list of places that do this."""
    with seeing(Scope("everywhere", reason=reason)):
        yield


@contextmanager
def within(tenant_id: int, owner_id: int) -> Iterator[None]:
    """Work on the rows of a tenant for the length of a block: public pages, callbacks and jobs that know whose business it is."""
    with seeing(Scope.of_tenant(tenant_id, owner_id)):
        yield


# SQLAlchemy caches a criteria lambda by its code: one lambda per shape, and only the values it closes over may vary.
def _criteria(scope: Scope) -> list[Any]:
    tenant, owner, owners, oneself = scope.tenant_id, scope.owner_id, scope.owners, scope.oneself
    readable = (*scope.owners, *scope.above)
    if scope.shape == "tenant":
        return [
            _criterion(OwnerColumns, lambda cls: cls.tenant_id == tenant),
            _criterion(Account, lambda cls: cls.tenant_id == tenant),
            _criterion(Chained, lambda cls: cls.tenant_id == tenant),
        ]
    if scope.shape == "owner":
        return [
            _criterion(Owned, lambda cls: cls.owner_id == owner),
            _criterion(Offered, lambda cls: cls.owner_id.in_(readable)),
            _criterion(Account, lambda cls: (cls.tenant_id == tenant) & ((cls.owner_id == owner) | (cls.id == owner))),
            _criterion(
                Chained, lambda cls: (cls.tenant_id == tenant) & ((cls.owner_id == owner) | (cls.actor_id == oneself))
            ),
        ]
    if scope.shape == "owners":
        return [
            _criterion(Owned, lambda cls: cls.owner_id.in_(owners)),
            _criterion(Offered, lambda cls: cls.owner_id.in_(readable)),
            _criterion(
                Account, lambda cls: (cls.tenant_id == tenant) & (cls.owner_id.in_(owners) | cls.id.in_(owners))
            ),
            _criterion(
                Chained,
                lambda cls: (cls.tenant_id == tenant) & (cls.owner_id.in_(owners) | (cls.actor_id == oneself)),
            ),
        ]
    if scope.shape == "installation":
        return [
            _criterion(OwnerColumns, lambda cls: false()),
            _criterion(Account, lambda cls: false()),
            _criterion(Chained, lambda cls: (cls.tenant_id == tenant) | (cls.actor_id == oneself)),
        ]
    return [_criterion(mixin, lambda cls: false()) for mixin in (OwnerColumns, Account, Chained)]


def _criterion(entity: type, condition: Callable[[Any], Any]) -> Any:
    # not propagated: a lazy load passes the hook itself and gets the criteria of the scope at work then
    return with_loader_criteria(entity, condition, include_aliases=True, propagate_to_loaders=False)


@event.listens_for(HouseSession, "do_orm_execute")
def _scope_statement(state: ORMExecuteState) -> None:
    # a refresh of attributes concerns a row that was already seen in scope
    if state.is_column_load:
        return
    state.statement = scoped(state.statement)


def scoped(statement: Any) -> Any:
    """Return a statement narrowed to the scope at work, for what no session runs: PostgreSQL's COPY."""
    scope = current_scope()
    return statement if scope.shape == "everywhere" else statement.options(*_criteria(scope))


@event.listens_for(HouseSession, "before_flush")
def _guard_writes(session: Session, _context: UOWTransaction, _instances: Any) -> None:
    scope = current_scope()
    for row in session.new:
        if isinstance(row, OwnerColumns):
            if row.tenant_id is None and row.owner_id is None and scope.shape != "everywhere":
                row.tenant_id, row.owner_id = scope.tenant_id, scope.owner_id
            _refuse_unless_covered(scope, row)
    for row in (*session.dirty, *session.deleted):
        if isinstance(row, OwnerColumns):
            _refuse_unless_covered(scope, row)


def _refuse_unless_covered(scope: Scope, row: OwnerColumns) -> None:
    if not scope.covers(row.tenant_id, row.owner_id):
        raise NotFound(type(row).__name__)


def own(model: type[OwnerColumns]) -> Any:
    """Return the condition for the rows of the very owner at work: what a new row of its own may point to."""
    return model.owner_id == current_scope().owner_id


def get_or_404(model: type[Row], row_id: object, *options: Any, lock: bool = False) -> Row:
    """Return a row of the scope at work by its id. Raises NotFound for a foreign, unknown or nonsensical id (spec §1)."""
    statement = select(model).where(model.id == parse_id(row_id)).options(*options)  # type: ignore[attr-defined]
    if lock and not db.is_sqlite:
        # the key stays free: rows that name this one can still be added, and who has added one can still lock it
        statement = statement.with_for_update(of=model, key_share=True)
    if lock:
        statement = statement.execution_options(populate_existing=True)
    row = db.session.execute(statement).scalar_one_or_none()
    if row is None:
        raise NotFound(model.__name__)
    return row


def parse_id(text: object) -> int:
    """Read an id as typed in an address. Raises NotFound for anything but a plain number that a database can hold."""
    word = str(text)
    if not (word.isascii() and word.isdigit() and len(word) <= 18):
        raise NotFound(word[:20])
    # PostgreSQL's ids are 32 bits wide: a larger number is no row of ours, and would be an error there
    number = int(word)
    if number > 2**31 - 1:
        raise NotFound(word)
    return number
