"""Changes of many customers as jobs: one status for all, another owner, suspended and brought back with their owner's account."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.access.scope import get_or_404
from app.accounts.models import Account, AccountStatus
from app.accounts.services import record_account
from app.billing.owner_services import (
    BRING_BACK_WITH_OWNER,
    SUSPEND_WITH_OWNER,
    Mapping,
    bring_back_customers_of,
    move_customers,
    new_owner,
    not_yet_moved,
    suspend_customers_of,
)
from app.core.database import transaction
from app.core.errors import NotFound, Refused
from app.customers.models import Customer, CustomerStatus
from app.customers.queries import present_customer
from app.customers.services import change_status
from app.jobs.services import Outcome, Progress, worker
from app.web.exports import write_csv
from app.web.formats import language

MOVE = "move-customers"
A_TIME = 100
"""How many customers are suspended or brought back with their owner in one transaction."""


# --- One status for all ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """What became of one of the chosen rows."""

    id: int
    customer: Customer | None
    refusal: str = ""


def change_one(row_id: object, status: CustomerStatus, reason: str) -> Told:
    """Change the status of one of many customers in a transaction of its own, and say what became of it. Raises NotFound."""
    customer = present_customer(row_id)
    try:
        with transaction():
            change_status(present_customer(row_id), status, reason)
    except Refused as refused:
        return Told(customer.id, present_customer(row_id), refused.message)
    return Told(customer.id, present_customer(row_id))


def status_job(what: str) -> str:
    """Return the kind of job that makes a change of status, "activate", "suspend" or "disable"."""
    return f"customers-{what}"


def _change(status: CustomerStatus, arguments: dict[str, Any], progress: Progress) -> Outcome:
    ids, refused = arguments["ids"], []
    progress.total(len(ids))
    for row_id in ids:
        try:
            told = change_one(row_id, status, arguments["reason"])
        except NotFound:
            told = Told(0, None, _("There is no such customer."))
        if told.refusal:
            refused.append(told)
        progress.step()
    sentence, words = (
        _l("Done for %(done)s of %(count)s customers."),
        {"done": len(ids) - len(refused), "count": len(ids)},
    )
    if not refused:
        return Outcome(sentence, words, f"/customers/list/?status={status}")
    path = progress.file(".csv")
    rows = [
        [one.customer.number, one.customer.name_for(language()), one.refusal] if one.customer else ["", "", one.refusal]
        for one in refused
    ]
    write_csv(path, [_("No."), _("Name"), _("Result")], rows)
    return Outcome(sentence, words, file=path, name="customers-not-changed.csv")


for _what, _status, _sentence in (
    ("activate", CustomerStatus.ACTIVE, _l("Activate %(count)s customers")),
    ("suspend", CustomerStatus.SUSPENDED, _l("Suspend %(count)s customers")),
    ("disable", CustomerStatus.DISABLED, _l("Disable %(count)s customers")),
):
    worker(status_job(_what), key="parents", sentence=_sentence)(partial(_change, _status))


# --- Another owner -----------------------------------------------------------------------------------------------


@worker(MOVE, key="reseller-module", sentence=_l("Move %(count)s customers to %(name)s"), resumable=True)
def move(arguments: dict[str, Any], progress: Progress) -> Outcome:
    """Move customers, all of them or none; begun again after its end it finds that it is done."""
    ids = arguments["ids"]
    progress.total(len(ids))
    mapping = Mapping(*({int(old): new for old, new in arguments[name].items()} for name in ("packages", "profiles")))
    with transaction():
        owner = new_owner(arguments["owner"])
        if left := not_yet_moved(ids, owner):
            move_customers(left, owner, mapping, progress.step)
        words = {"count": len(ids), "name": owner.name}
    return Outcome(_l("%(count)s customers moved to %(name)s."), words, f"/customers/list/?owner={arguments['owner']}")


# --- With their owner's account ----------------------------------------------------------------------------------


@worker(
    SUSPEND_WITH_OWNER,
    key="reseller-module",
    sentence=_l("Suspend the %(count)s customers of %(name)s"),
    resumable=True,
)
def suspend_with_owner(arguments: dict[str, Any], progress: Progress) -> Outcome:
    """Suspend the customers of an account that is suspended; when it is activated meanwhile they come back."""
    count = _turn(arguments, progress, AccountStatus.SUSPENDED, suspend_customers_of)
    account = get_or_404(Account, arguments["account"])
    if account.status == AccountStatus.ACTIVE:
        while _some(account.id, bring_back_customers_of):
            pass
    return Outcome(_l("%(count)s customers suspended."), {"count": count}, f"/operators/show/{account.id}")


@worker(
    BRING_BACK_WITH_OWNER,
    key="reseller-module",
    sentence=_l("Bring back the %(count)s customers of %(name)s"),
    resumable=True,
)
def bring_back_with_owner(arguments: dict[str, Any], progress: Progress) -> Outcome:
    """Activate the customers that were suspended with an account, while it is active."""
    count = _turn(arguments, progress, AccountStatus.ACTIVE, bring_back_customers_of)
    return Outcome(
        _l("%(count)s customers are served again."), {"count": count}, f"/operators/show/{arguments['account']}"
    )


TURNED = {
    suspend_customers_of: "account.customers_suspended",
    bring_back_customers_of: "account.customers_back",
}
Turning = Callable[[Account, int | None], int]


def _turn(arguments: dict[str, Any], progress: Progress, status: AccountStatus, turn: Turning) -> int:
    """Change an account's customers a part at a time, while it has a status; what was done stands in the log, also when somebody cancels."""
    account_id, count = arguments["account"], 0
    progress.total(arguments["count"])
    try:
        while get_or_404(Account, account_id).status == status and (some := _some(account_id, turn)):
            count += some
            progress.step(some)
    finally:
        if count:
            with transaction():
                record_account(get_or_404(Account, account_id), TURNED[turn], count=count)
    return count


def _some(account_id: int, turn: Turning) -> int:
    with transaction():
        return turn(get_or_404(Account, account_id), A_TIME)
