"""The accounts that Operators and Sub-Operators have with whom they buy from: prepaid (debit) or postpaid (credit)."""

from flask_babel import gettext as _
from sqlalchemy import select

from app.access.actor import shown_taka
from app.access.scope import everywhere
from app.accounts.models import Account
from app.accounts.services import record_account
from app.books.models import EntryKind, Ledger
from app.books.services import Side, post
from app.core.database import db, locked
from app.core.errors import Refused


def locked_account(account_id: int) -> Account:
    """Lock an account's row and read it again. Accounts are locked after customers and bills, from the owner upwards."""
    statement = locked(select(Account).where(Account.id == account_id)).execution_options(populate_existing=True)
    return db.session.execute(statement).scalar_one()


def refuse_if_short(payer: Account, amount: int) -> None:
    """Raise Refused when an Operator's account cannot bear an amount in paisa: debit below zero, credit beyond its limit (0 = unlimited)."""
    if payer.balance_kind == "debit" and payer.balance < amount:
        missing = amount - payer.balance
    elif payer.balance_kind == "credit" and payer.credit_limit and payer.balance - amount < -payer.credit_limit:
        missing = amount - payer.balance - payer.credit_limit
    else:
        return
    raise Refused(
        _(
            "The account of %(name)s is too small for this payment: %(missing)s are missing. Nothing was recorded.",
            name=payer.name,
            missing=shown_taka(missing),
        )
    )


def add_operator_balance(account: Account, amount: int, note: str = "") -> Account:
    """Add ``amount`` paisa to an Operator's account: prepaid money, or a settlement of what it owes (spec §5.4). Raises Refused."""
    if amount <= 0:
        raise Refused(_("The amount must be above zero."), "amount")
    with everywhere("the account above receives the money"):
        account = locked_account(account.id)
        account.balance += amount
        db.session.flush()
        post(
            EntryKind.OPERATOR_BALANCE,
            account.tenant_id or 0,
            account.id,
            Side(Ledger.BUSINESS, account.parent_id or 0, amount, owner_id=account.parent_id),
            Side(Ledger.OPERATOR, account.id, -amount),
            note=note,
        )
    record_account(account, "account.balance", amount_paisa=amount)
    return account
