"""The accounts that Operators and Sub-Operators have with whom they buy from: prepaid (debit) or postpaid (credit)."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask_babel import gettext as _
from sqlalchemy import Select, case, or_, select

from app.access.actor import shown_taka
from app.access.scope import everywhere
from app.accounts.models import RESELLERS, Account
from app.accounts.services import record_account
from app.books.models import EntryKind, JournalEntry, Ledger
from app.books.once import made_by
from app.books.services import Side, given, post
from app.core.database import db
from app.core.errors import Refused


def lock_chain(owner_id: int) -> tuple[Account, ...]:
    """Lock and return the Operators' accounts that bills of an owner's customers move, from the owner upwards.

    A Group Admin's direct customers have none. Accounts are locked after customers and bills, and before counters.
    """
    chains = db.session().info.setdefault("chains", {})
    if owner_id not in chains:
        parent_id = select(Account.parent_id).where(Account.id == owner_id).scalar_subquery()
        kinds = [kind.value for kind in RESELLERS]
        statement = (
            select(Account)
            .where(or_(Account.id == owner_id, Account.id == parent_id), Account.kind.in_(kinds))
            .order_by(case((Account.id == owner_id, 0), else_=1))
        )
        with everywhere("the chain goes up beyond the scope of who moves the money"):
            chains[owner_id] = tuple(db.session.execute(_for_balance(statement)).scalars())
    return chains[owner_id]


def locked_account(account_id: int) -> Account:
    """Lock and return an Operator's account by its id, whatever chain it is in."""
    with everywhere("who paid or was credited once may be out of the scope of who changes it now"):
        return db.session.execute(_for_balance(select(Account).where(Account.id == account_id))).scalar_one()


def _for_balance(statement: Select[tuple[Account]]) -> Select[tuple[Account]]:
    # a lock that leaves the key alone: rows that name the account as their owner can still be added meanwhile
    return statement.with_for_update(key_share=True).execution_options(populate_existing=True)


@contextmanager
def cash_taken_for(owner_id: int) -> Iterator[None]:
    """Refuse the cash taken inside the block when an Operator's account of the chain cannot bear it (spec §5.4, §11.2).

    What counts is the whole payment: its operator amounts less what is credited for money collected above. Raises
    Refused.
    """
    chain = lock_chain(owner_id)
    before = [account.balance for account in chain]
    yield
    for account, balance in zip(chain, before, strict=True):
        missing = _missing(account)
        if account.balance < balance and missing > 0:
            raise Refused(
                _(
                    "The account of %(name)s is too small for this payment: %(missing)s are missing."
                    " Nothing was recorded.",
                    name=account.name,
                    missing=shown_taka(missing),
                )
            )


def _missing(account: Account) -> int:
    """Return how many paisa an account lies below zero (debit) or beyond its limit (credit; a limit of 0 is none)."""
    if account.balance_kind == "debit":
        return -account.balance
    return -account.balance - account.credit_limit if account.credit_limit else 0


def add_operator_balance(account: Account, amount: int, note: str = "", *, request_id: str | None = None) -> Account:
    """Add ``amount`` paisa to an Operator's account: prepaid money, or a settlement of what it owes (spec §5.4).

    The same request id adds it once. Raises Refused.
    """
    if amount <= 0:
        raise Refused(_("The amount must be above zero."), "amount")
    if account.kind not in RESELLERS:
        raise ValueError("only Operators and Sub-Operators have an account with whom they buy from")
    with everywhere("the account above receives the money"):
        account = db.session.execute(_for_balance(select(Account).where(Account.id == account.id))).scalar_one()
        if made_by(JournalEntry, request_id, account.tenant_id, owner_id=account.id):
            return account
        account.balance += amount
        db.session.flush()
        post(
            EntryKind.OPERATOR_BALANCE,
            account.tenant_id or 0,
            account.id,
            Side(Ledger.BUSINESS, account.parent_id or 0, amount, owner_id=account.parent_id),
            Side(Ledger.OPERATOR, account.id, -amount),
            note=given(note, "note"),
            request_id=request_id,
        )
    record_account(account, "account.balance", amount_paisa=amount)
    return account
